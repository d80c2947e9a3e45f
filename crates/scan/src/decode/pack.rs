//! What is packed or in wide characters, within a budget.

use super::Coding;
use std::io::{self, Read};
use zeroize::Zeroizing;

/// How many times something packed may be packed again.
const LAYERS: usize = 3;

/// What the first bytes say that something is packed with.
#[must_use]
pub fn packed(head: &[u8]) -> Option<Coding> {
    match head {
        [0x1f, 0x8b, 0x08, ..] => Some(Coding::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Coding::Zstd),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Some(Coding::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Coding::Xz),
        // The two bytes are a multiple of 31 (RFC 1950); only the usual window of 32 KiB counts.
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Some(Coding::Zlib),
        _ => None,
    }
}

/// What unpacks a stream, if it is packed with one of those that are known.
///
/// # Errors
/// The stream cannot be opened.
pub fn open<'r>(coding: Coding, from: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    Ok(match coding {
        Coding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(from)),
        Coding::Zlib => Box::new(flate2::read::ZlibDecoder::new(from)),
        Coding::Zstd => Box::new(
            ruzstd::decoding::StreamingDecoder::new(from)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?,
        ),
        Coding::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(from)),
        Coding::Xz => Box::new(lzma_rust2::XzReader::new(from, true)),
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "is not packed")),
    })
}

/// Bytes as they are unpacked and in UTF-8, and what was done to them. What cannot be unpacked to its end
/// gives what came before; `None` where nothing came.
#[must_use]
pub fn unpacked(
    bytes: Zeroizing<Vec<u8>>,
    budget: usize,
) -> Option<(Zeroizing<Vec<u8>>, Vec<Coding>)> {
    let mut bytes = bytes;
    let mut chain = Vec::new();
    for _ in 0..LAYERS {
        let Some(coding) = packed(&bytes) else { break };
        let mut out = Zeroizing::new(Vec::new());
        let reader = open(coding, bytes.as_slice()).ok()?;
        let most = u64::try_from(budget).unwrap_or(u64::MAX);
        let _ = reader.take(most).read_to_end(&mut out);
        if out.is_empty() {
            return None;
        }
        bytes = out;
        chain.push(coding);
    }
    if let Some(text) = utf16(&bytes) {
        bytes = text;
        chain.push(Coding::Utf16);
    }
    Some((bytes, chain))
}

/// UTF-16 as UTF-8: with a byte order mark, or without one where every other byte is 0, as in western text.
#[must_use]
pub fn utf16(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (little, body) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        _ => {
            let head = bytes.get(..bytes.len().min(512))?;
            memchr::memchr(0, head)?;
            let zeros = |odd: bool| {
                head.chunks_exact(2)
                    .filter(|pair| matches!(pair, [a, b] if if odd { *b == 0 && *a != 0 } else { *a == 0 && *b != 0 }))
                    .count()
            };
            let pairs = head.len() / 2;
            let most = pairs.saturating_mul(9).div_ceil(10);
            if pairs < 4 {
                return None;
            }
            if zeros(true) >= most {
                (true, bytes)
            } else if zeros(false) >= most {
                (false, bytes)
            } else {
                return None;
            }
        }
    };
    let units = body.chunks_exact(2).filter_map(|pair| {
        let pair: [u8; 2] = pair.try_into().ok()?;
        Some(if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    });
    let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut buffer = [0u8; 4];
    for read in char::decode_utf16(units) {
        let one = read.unwrap_or(char::REPLACEMENT_CHARACTER);
        text.extend_from_slice(one.encode_utf8(&mut buffer).as_bytes());
    }
    Some(text)
}
