use super::*;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::io::{Read as _, Write as _};

const WORDS: &str = "user:q8Zk2LmX7vTr4WnYb1CdP0 and more ways to say it? yes>";

fn read(text: &[u8]) -> Option<(String, Vec<Coding>)> {
    let mut budget = BUDGET;
    run::runs(text).find_map(|run| {
        let decoded = in_run(text, run, &mut budget)?;
        assert!(decoded.span.end <= text.len());
        Some((
            String::from_utf8_lossy(&decoded.bytes).into_owned(),
            decoded.chain,
        ))
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).unwrap();
    to.finish().unwrap()
}

#[test]
fn base64_reads_in_each_alphabet_at_each_phase_and_over_lines() {
    for before in ["", "a", "ab", "abc"] {
        let plain = format!("{before}{WORDS}");
        for coded in [
            STANDARD.encode(&plain),
            STANDARD_NO_PAD.encode(&plain),
            URL_SAFE_NO_PAD.encode(&plain),
        ] {
            for (start, end) in [
                ("x = \"", "\""),
                ("Basic ", "\n"),
                ("", ""),
                ("/v1/", " "),
                ("\n", "==\n"),
            ] {
                let text = format!("{start}{coded}{end}");
                let (read, chain) = read(text.as_bytes()).unwrap();
                assert!(read.contains(&plain), "{text}: {read}");
                assert_eq!(chain, [Coding::Base64]);
            }
        }
    }
    let long = WORDS.repeat(5);
    let coded = STANDARD.encode(&long);
    for (width, newline) in [
        (64, "\n"),
        (76, "\r\n"),
        (60, "\\n"),
        (64, "\n    "),
        (76, "\" \\\n  \""),
    ] {
        let lines: Vec<&str> = coded
            .as_bytes()
            .chunks(width)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        let text = format!("data: {}\nnext: x", lines.join(newline));
        // A word on the next line may be taken for more of it; what is there is there.
        let (read, _) = read(text.as_bytes()).unwrap();
        assert!(read.starts_with(&long), "{newline:?}: {read}");
    }
}

#[test]
fn hex_reads_in_both_cases() {
    for text in [
        WORDS
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>(),
        WORDS.bytes().map(|byte| format!("{byte:02X}")).collect(),
    ] {
        let (read, chain) = read(format!("k = '{text}'").as_bytes()).unwrap();
        assert_eq!(
            (read.as_str(), chain.as_slice()),
            (WORDS, &[Coding::Hex][..])
        );
    }
}

#[test]
fn what_is_packed_or_wide_inside_is_read() {
    let wide: Vec<u8> = WORDS.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = WORDS.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut twice = vec![0xff, 0xfe];
    twice.extend(&wide);
    for (bytes, expected) in [
        (gzip(WORDS.as_bytes()), vec![Coding::Gzip]),
        (
            gzip(&gzip(WORDS.as_bytes())),
            vec![Coding::Gzip, Coding::Gzip],
        ),
        (wide.clone(), vec![Coding::Utf16]),
        (big, vec![Coding::Utf16]),
        (twice, vec![Coding::Utf16]),
        (gzip(&wide), vec![Coding::Gzip, Coding::Utf16]),
    ] {
        let (read, chain) = read(STANDARD.encode(&bytes).as_bytes()).unwrap();
        assert_eq!(read, WORDS);
        assert_eq!(chain[1..], expected);
    }
}

#[test]
fn every_packer_opens() {
    let mut bzip = bzip2::read::BzEncoder::new(WORDS.as_bytes(), bzip2::Compression::fast());
    let mut bz = Vec::new();
    bzip.read_to_end(&mut bz).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(WORDS.as_bytes()).unwrap();
    // `xz` and `zstd` of five bytes, by the reference programs.
    let xz = STANDARD
        .decode("/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAEaGVsbG8AAAAAsTe52+XaHpsAAR0FuC2Arx+2830BAAAAAARZWg==")
        .unwrap();
    let zstd = STANDARD.decode("KLUv/QRYKQAAaGVsbG+jbZ+I").unwrap();
    for (bytes, coding, expected) in [
        (bz, Coding::Bzip2, WORDS),
        (zlib.finish().unwrap(), Coding::Zlib, WORDS),
        (gzip(WORDS.as_bytes()), Coding::Gzip, WORDS),
        (zstd, Coding::Zstd, "hello"),
        (xz, Coding::Xz, "hello"),
    ] {
        assert_eq!(packed(&bytes), Some(coding));
        let mut text = String::new();
        let read =
            open(coding, bytes.as_slice()).and_then(|mut from| from.read_to_string(&mut text));
        assert!(read.is_ok(), "{coding:?}: {read:?}");
        assert_eq!(text, expected, "{coding:?}");
    }
}

#[test]
fn names_paths_and_chance_read_as_nothing() {
    let mut random = tenure_model::catalog::template::numbers(21);
    let key = tenure_model::catalog::template::Template::parse("{base64:44}").unwrap();
    let read_by_chance = (0..2000)
        .filter(|_| read(key.example(&mut random).as_bytes()).is_some())
        .count();
    assert!(read_by_chance <= 2, "{read_by_chance}");
    for text in [
        "AuthenticationTokenProviderFactoryBean2",
        "/usr/share/doc/Packages/python3/README.Debian",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg",
    ] {
        assert!(read(text.as_bytes()).is_none(), "{text}");
    }
}

#[test]
fn a_bomb_is_cut_at_the_budget() {
    let bomb = gzip(&vec![b'a'; 4 << 20]);
    let coded = STANDARD.encode(&bomb);
    let mut budget = 1000;
    let run = run::runs(coded.as_bytes()).next().unwrap();
    let decoded = in_run(coded.as_bytes(), run.clone(), &mut budget);
    assert!(decoded.is_none_or(|decoded| decoded.bytes.len() <= 1000));
    let mut budget = BUDGET;
    let mut left = BUDGET;
    for _ in 0..40 {
        let _ = in_run(coded.as_bytes(), run.clone(), &mut budget);
        assert!(budget <= left);
        left = budget;
    }
    assert_eq!(budget, 0);
}

#[test]
fn escapes_read_as_what_they_stand_for() {
    let reads = |text: &str, mark: &str| {
        let decoded = escaped_at(text.as_bytes(), text.find(mark).unwrap())?;
        let map = decoded.map?;
        assert_eq!(map.len(), decoded.bytes.len() + 1);
        Some(String::from_utf8_lossy(&decoded.bytes).into_owned())
    };
    assert_eq!(
        reads("k=abcdef%2Fghij%2bklm%3D x", "%2F").as_deref(),
        Some("k=abcdef/ghij+klm=")
    );
    assert_eq!(
        reads(r#""abcdef\/ghij\u002bklm\x3d""#, "\\u").as_deref(),
        Some("abcdef/ghij+klm=")
    );
    assert_eq!(
        reads(r#""100%zzabcdefghijklm\/""#, "\\/").as_deref(),
        Some("100%zzabcdefghijklm/")
    );
    assert_eq!(reads("a%2Fb", "%2F"), None);
}
