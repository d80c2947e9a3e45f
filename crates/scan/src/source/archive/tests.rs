use crate::source::opened::{Kind, Limits, Take, head, kind, open};
use std::io::{Cursor, Write as _};
use tenure_model::{
    document::{Document, Place},
    place::PlaceKind,
};

#[derive(Default)]
struct Seen {
    documents: Vec<(String, String)>,
    bytes: usize,
    refused: Vec<(String, String)>,
}

impl Take for Seen {
    fn document(&mut self, document: Document) {
        self.bytes += document.bytes.len();
        let text: String = String::from_utf8_lossy(&document.bytes)
            .chars()
            .take(40)
            .collect();
        self.documents.push((document.place.sentence(None), text));
    }
    fn refused(&mut self, path: &str, reason: String) {
        self.refused.push((path.to_owned(), reason));
    }
}

fn opened_within(name: &str, bytes: Vec<u8>, limits: Limits) -> Seen {
    let mut from = Cursor::new(bytes);
    let kind = kind(name, &head(&mut from).unwrap()).expect("it is known");
    let mut seen = Seen::default();
    let place = Place::of_file(name, PlaceKind::Config);
    assert!(open(&place, kind, &mut from, limits, &mut seen).unwrap());
    seen
}

fn opened(name: &str, bytes: Vec<u8>) -> Seen {
    let limits = Limits::of_file(bytes.len() as u64);
    opened_within(name, bytes, limits)
}

fn zipped(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default();
    for (name, bytes) in members {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tarred(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tar = ::tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = ::tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Bytes that no packing makes smaller.
fn random(length: usize) -> Vec<u8> {
    let mut next = tenure_model::catalog::template::numbers(7);
    (0..length).map(|_| next().to_le_bytes()[3]).collect()
}

#[test]
fn archives_in_each_other_are_opened_and_their_members_named() {
    let inner = zipped(&[("b/.env", b"K=1".to_vec())]);
    let tar = tarred(&[("./lib/in.jar", inner), ("a.txt", b"plain".to_vec())]);
    let seen = opened("x.tgz", gzipped(&tar));
    assert_eq!(
        seen.documents,
        [
            ("x.tgz!lib/in.jar!b/.env".to_owned(), "K=1".to_owned()),
            ("x.tgz!a.txt".to_owned(), "plain".to_owned())
        ]
    );
    assert!(seen.refused.is_empty());
}

#[test]
fn one_packed_text_is_left_to_the_reader() {
    let bytes = gzipped(b"text");
    let limits = Limits::of_file(bytes.len() as u64);
    let mut from = Cursor::new(bytes);
    let kind = kind("x.log.gz", &head(&mut from).unwrap()).expect("it is known");
    let (place, mut seen) = (
        Place::of_file("x.log.gz", PlaceKind::Config),
        Seen::default(),
    );
    assert!(!open(&place, kind, &mut from, limits, &mut seen).unwrap());
    assert!(seen.documents.is_empty() && seen.refused.is_empty());
}

#[test]
fn the_layers_of_an_image_are_told() {
    let layer = gzipped(&tarred(&[("app/.env", b"K=1".to_vec())]));
    let image = tarred(&[("index.json", b"{}".to_vec()), ("blobs/sha256/abc", layer)]);
    let seen = opened("image.tar", image);
    assert_eq!(
        seen.documents[1].0,
        "image.tar!blobs/sha256/abc!app/.env in a container image"
    );
}

#[test]
fn a_log_archive_and_a_chat_export_are_read_as_such() {
    let log = b"2026-03-03T10:00:00.1234567Z hello\n".to_vec();
    let seen = opened("logs.zip", zipped(&[("build/3_Run.txt", log)]));
    assert_eq!(seen.documents[0].0, "GitHub Actions, job build, step Run");
    let day = br#"[{"ts":"1772533800.0","text":"hi","user":"U1"}]"#.to_vec();
    let channels = br#"[{"id":"C1","name":"deploys"}]"#.to_vec();
    let seen = opened(
        "export.zip",
        zipped(&[
            ("deploys/2026-03-03.json", day),
            ("channels.json", channels),
        ]),
    );
    assert_eq!(seen.documents[0].0, "Slack #deploys, by U1, 3 March 2026");
}

#[test]
fn a_bomb_is_stopped_and_named() {
    let zeros = vec![b'a'; 40 << 20];
    let layers = zipped(&[("a", zeros.clone()), ("b", zeros.clone()), ("c", zeros)]);
    assert!(layers.len() < 1 << 20);
    let limits = Limits {
        bytes: 50 << 20,
        ..Limits::of_file(1)
    };
    let seen = opened_within("bomb.zip", layers, limits);
    assert!(seen.bytes <= 50 << 20, "{}", seen.bytes);
    assert!(
        seen.refused
            .iter()
            .any(|(_, why)| why.contains("unpacks to more")),
        "{:?}",
        seen.refused
    );
    let many: Vec<(String, Vec<u8>)> = (0..50).map(|n| (n.to_string(), Vec::new())).collect();
    let many: Vec<(&str, Vec<u8>)> = many
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.clone()))
        .collect();
    let seen = opened_within(
        "many.zip",
        zipped(&many),
        Limits {
            members: 10,
            ..Limits::of_file(1)
        },
    );
    assert_eq!((seen.documents.len(), seen.refused.len()), (10, 1));
    let seen = opened_within(
        "large.zip",
        zipped(&[("a", vec![b'a'; 3000])]),
        Limits {
            text: 1000,
            ..Limits::of_file(1)
        },
    );
    assert!(
        seen.documents.is_empty() && seen.refused[0].1.contains("larger than"),
        "{:?}",
        seen.refused
    );
}

#[test]
fn archives_that_never_end_are_left_at_a_depth() {
    let mut bytes = zipped(&[("end.txt", b"x".to_vec())]);
    for _ in 0..20 {
        bytes = zipped(&[("in.zip", bytes)]);
    }
    let seen = opened("deep.zip", bytes);
    assert!(seen.documents.is_empty());
    assert_eq!(seen.refused.len(), 1);
    assert!(
        seen.refused[0].1.contains("nested too deep"),
        "{:?}",
        seen.refused
    );
}

#[test]
fn what_is_cut_off_or_broken_is_named_and_the_rest_is_read() {
    let zip = zipped(&[("a.txt", vec![b'x'; 4000]), ("b.txt", b"y".to_vec())]);
    let seen = opened("cut.zip", zip[..zip.len() - 30].to_vec());
    assert!(
        seen.refused[0].1.contains("no whole zip"),
        "{:?}",
        seen.refused
    );
    let tar = tarred(&[("a.txt", b"first".to_vec()), ("b.txt", vec![b'y'; 4000])]);
    let seen = opened("cut.tar", tar[..2100].to_vec());
    assert_eq!(seen.documents[0].1, "first");
    assert!(!seen.refused.is_empty());
    let packed = gzipped(&tarred(&[
        ("a.txt", b"first".to_vec()),
        ("b.txt", random(40_000)),
    ]));
    let seen = opened("cut.tgz", packed[..packed.len() / 2].to_vec());
    assert_eq!(seen.documents[0].1, "first");
    let names: Vec<&str> = seen.refused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["cut.tgz!b.txt", "cut.tgz"]);
}

#[test]
fn names_are_known_by_their_bytes_first() {
    assert_eq!(kind("a.txt", b"PK\x03\x04rest"), Some(Kind::Zip));
    assert_eq!(kind("a.zip", b"no zip"), None);
    assert_eq!(
        kind("a.bin", b"Rar!\x1a\x07\x01\x00"),
        Some(Kind::Closed("rar"))
    );
    assert_eq!(
        kind("a.bin", b"7z\xbc\xaf\x27\x1c\x00\x04"),
        Some(Kind::Closed("7z"))
    );
    assert_eq!(kind("a.json", b"{\"name\": 1}"), None);
}

#[test]
fn an_archive_that_nothing_opens_is_named_also_in_another() {
    let rar = b"Rar!\x1a\x07\x01\x00 and so on".to_vec();
    let seen = opened("a.rar", rar.clone());
    assert!(seen.refused[0].1.contains("kind rar"), "{:?}", seen.refused);
    let seen = opened(
        "a.zip",
        zipped(&[("in.rar", rar), ("b.txt", b"y".to_vec())]),
    );
    assert_eq!(seen.refused[0].0, "a.zip!in.rar");
    assert_eq!(seen.documents[0].1, "y");
}
