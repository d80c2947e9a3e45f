//! Known keys without plaintext: what is kept of a secret so that copies of it are found by somebody who does
//! not hold it. The file of many of them is `docs/watchlist.md`.

use crate::secret::{Pepper, Secret};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use siphasher::sip::SipHasher24;
use std::fmt;
use zeroize::Zeroizing;

/// How many bytes of a secret its window has.
pub const WINDOW: usize = 16;
/// The fewest bits of choice that a window carries, at the least, before anything of it is written down.
pub const LEAST_BITS: f64 = 64.0;
/// The farthest from the end of the secret that a window ends, in bytes.
pub const FARTHEST: usize = 64;
/// The longest secret that can be watched for, in bytes.
pub const LONGEST: usize = 4096;

/// The two keys of a watch list. They stand in its file, for whoever looks has to make the same hashes; they
/// are of no use for anything else, and no pepper follows from them.
#[derive(Clone, PartialEq, Eq)]
pub struct WatchKeys {
    /// For the hashes of windows.
    window: Zeroizing<[u8; 16]>,
    /// For the proofs of whole secrets.
    proof: Zeroizing<[u8; 32]>,
}

/// What is kept of one secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// The keyed hash of its window, cut to 32 bits.
    pub window: u32,
    /// How many bytes the secret has.
    pub length: u16,
    /// How many bytes of the secret come after the window.
    pub after: u8,
    /// The keyed hash of the whole secret, cut to 128 bits.
    pub proof: [u8; 16],
}

words! {
    /// Why a secret cannot be watched for.
    pub enum Unwatchable {
        /// It has fewer than 16 bytes.
        TooShort = "too_short",
        /// It has more than 4,096 bytes.
        TooLong = "too_long",
        /// No 16 bytes near its end carry 64 bits by its format, or by a careful estimate.
        TooGuessable = "too_guessable",
    }
}

/// What a register keeps of one secret, beside its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Kept {
    /// The fingerprint of the secret, as in an assessment.
    pub fingerprint: String,
    /// What a list can hold of it, or why it can hold nothing.
    #[serde(flatten)]
    pub watched: Watched,
}

/// What a list can hold of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// Its mark; and whether its window has a digit, as nearly all have.
    Mark {
        /// The mark.
        mark: Mark,
        /// The window has no digit.
        letters_only: bool,
    },
    /// Nothing.
    Not(Unwatchable),
}

impl Unwatchable {
    /// The reason as a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::TooShort => "has fewer than 16 characters",
            Self::TooLong => "has more than 4,096 characters",
            Self::TooGuessable => {
                "no 16 characters near its end carry 64 bits, so that a list could be used to guess it"
            }
        }
    }
}

impl WatchKeys {
    /// The keys that belong to a pepper.
    #[must_use]
    pub fn of(pepper: &Pepper) -> Self {
        Self {
            window: pepper.derived("tenure watch list 1: windows"),
            proof: pepper.derived("tenure watch list 1: proofs"),
        }
    }

    /// The keys as they stand in a file: 16 bytes for windows, then 32 for proofs.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 48]) -> Self {
        let mut keys = Self {
            window: Zeroizing::new([0; 16]),
            proof: Zeroizing::new([0; 32]),
        };
        let (window, proof) = bytes.split_at(16);
        keys.window.copy_from_slice(window);
        keys.proof.copy_from_slice(proof);
        keys
    }

    /// The same bytes, for a file.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 48] {
        let mut bytes = [0u8; 48];
        let (window, proof) = bytes.split_at_mut(16);
        window.copy_from_slice(self.window.as_slice());
        proof.copy_from_slice(self.proof.as_slice());
        bytes
    }

    /// How windows are hashed.
    #[must_use]
    pub fn windows(&self) -> WindowHash {
        WindowHash(SipHasher24::new_with_key(&self.window))
    }

    /// The keyed hash of a whole secret: HMAC-SHA-256 (RFC 2104), cut to 128 bits.
    #[must_use]
    pub fn proof(&self, secret: &[u8]) -> [u8; 16] {
        let mut proof = [0u8; 16];
        // HMAC takes a key of any length, so there is always one.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.proof.as_slice()) {
            mac.update(secret);
            if let Some(cut) = mac.finalize().into_bytes().get(..16) {
                proof.copy_from_slice(cut);
            }
        }
        proof
    }

    /// What is kept of a secret: `window` is how many bytes of it stand behind its window, or why it has none.
    #[must_use]
    pub fn watched(&self, secret: &Secret, window: Result<usize, Unwatchable>) -> Watched {
        let marked = window.and_then(|after| Ok((after, self.mark(secret, after)?)));
        match marked {
            Err(why) => Watched::Not(why),
            Ok((after, mark)) => {
                let end = secret.len().saturating_sub(after);
                let window = secret.expose().get(end.saturating_sub(WINDOW)..end);
                Watched::Mark {
                    mark,
                    letters_only: !window.is_some_and(|bytes| bytes.iter().any(u8::is_ascii_digit)),
                }
            }
        }
    }

    /// What is kept of a secret whose window ends `after` bytes before its end. The caller knows that the
    /// window carries [`LEAST_BITS`].
    ///
    /// # Errors
    /// The secret is too short or too long.
    pub fn mark(&self, secret: &Secret, after: usize) -> Result<Mark, Unwatchable> {
        let bytes = secret.expose();
        if bytes.len() > LONGEST {
            return Err(Unwatchable::TooLong);
        }
        let end = bytes
            .len()
            .checked_sub(after)
            .ok_or(Unwatchable::TooShort)?;
        let window: &[u8; WINDOW] = bytes
            .get(..end)
            .and_then(|upto| upto.last_chunk())
            .ok_or(Unwatchable::TooShort)?;
        Ok(Mark {
            window: self.windows().of(window),
            length: u16::try_from(bytes.len()).map_err(|_| Unwatchable::TooLong)?,
            after: u8::try_from(after).map_err(|_| Unwatchable::TooGuessable)?,
            proof: self.proof(bytes),
        })
    }
}

impl fmt::Debug for WatchKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WatchKeys(***)")
    }
}

/// How many windows are hashed at a time.
pub const LANES: usize = 8;

/// SipHash-2-4 (Aumasson and Bernstein, 2012) of 16 bytes, cut to 32 bits.
#[derive(Clone, Copy)]
pub struct WindowHash(SipHasher24);

impl WindowHash {
    /// The hash of one window.
    #[must_use]
    #[inline]
    pub fn of(&self, window: &[u8; WINDOW]) -> u32 {
        cut(self.0.hash(window))
    }

    /// The hashes of several windows: each as by [`Self::of`], all at once in the vector registers of the processor.
    #[must_use]
    pub fn of_each(&self, windows: &[[u8; WINDOW]; LANES]) -> [u32; LANES] {
        let keys = self.0.keys();
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || windows.map(|window| cut(sip24(keys, u128::from_le_bytes(window)))),
        )
    }
}

fn cut(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(u32::MAX)
}

/// SipHash-2-4 of 16 bytes, without a branch, so that a compiler makes it many at a time. The paper's section 2.
#[inline(always)]
fn sip24((k0, k1): (u64, u64), message: u128) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    let (low, high) = (message as u64, (message >> 64) as u64);
    // What follows the message: its length in the highest byte.
    let last = 16 << 56;
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    for word in [low, high, last] {
        v[3] ^= word;
        v = sip_round(sip_round(v));
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    let [a, b, c, d] = sip_round(sip_round(sip_round(sip_round(v))));
    a ^ b ^ c ^ d
}

#[inline(always)]
fn sip_round([mut a, mut b, mut c, mut d]: [u64; 4]) -> [u64; 4] {
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    [a, b, c, d]
}

impl fmt::Debug for WindowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WindowHash(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"ex_q8Zk2LmX7vTr4WnYb1CdP0Hs";

    fn mark(pepper: u8, secret: &[u8], after: usize) -> Result<Mark, Unwatchable> {
        WatchKeys::of(&Pepper::new([pepper; 32])).mark(&Secret::new(secret), after)
    }

    #[test]
    fn a_mark_is_of_its_pepper_its_window_and_its_whole() {
        let one = mark(1, SECRET, 0).unwrap();
        assert_eq!(one, mark(1, SECRET, 0).unwrap());
        assert_eq!(usize::from(one.length), SECRET.len());
        let other = mark(2, SECRET, 0).unwrap();
        assert!(one.window != other.window && one.proof != other.proof);
        let mut changed = SECRET.to_vec();
        changed[0] = b'E';
        let head = mark(1, &changed, 0).unwrap();
        assert_eq!(head.window, one.window);
        assert_ne!(head.proof, one.proof);
        assert_ne!(mark(1, SECRET, 1).unwrap().window, one.window);
    }

    #[test]
    fn many_windows_hash_as_each_alone() {
        let hash = WatchKeys::of(&Pepper::new([3; 32])).windows();
        let mut random = crate::catalog::template::numbers(5);
        for _ in 0..200 {
            let windows: [[u8; WINDOW]; LANES] = std::array::from_fn(|_| {
                let (low, high) = (u128::from(random()), u128::from(random()));
                (low | high << 64).to_le_bytes()
            });
            assert_eq!(
                hash.of_each(&windows),
                windows.map(|window| hash.of(&window))
            );
        }
    }

    #[test]
    fn what_is_too_short_or_too_long_has_no_mark() {
        assert_eq!(mark(1, b"short", 0), Err(Unwatchable::TooShort));
        assert_eq!(mark(1, SECRET, 20), Err(Unwatchable::TooShort));
        assert_eq!(mark(1, &[b'a'; 4097], 0), Err(Unwatchable::TooLong));
    }

    #[test]
    fn the_keys_of_a_list_are_not_those_of_fingerprints() {
        let pepper = Pepper::new([7; 32]);
        let keys = WatchKeys::of(&pepper);
        assert_eq!(WatchKeys::from_bytes(&keys.to_bytes()), keys);
        let bytes = keys.to_bytes();
        assert!(bytes.windows(16).all(|part| part != [7; 16]));
        // Whoever has the list cannot make the fingerprints of the register.
        let secret = Secret::new(SECRET);
        let fingerprint = pepper.fingerprint(&secret);
        let proof = crate::digest::hex(&keys.proof(SECRET));
        assert!(!fingerprint.as_str().starts_with(&proof));
        let mut stolen = [0; 32];
        stolen.copy_from_slice(&bytes[16..]);
        assert_ne!(Pepper::new(stolen).fingerprint(&secret), fingerprint);
        assert_eq!(format!("{keys:?}"), "WatchKeys(***)");
    }
}
