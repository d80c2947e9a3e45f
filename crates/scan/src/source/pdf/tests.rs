use super::*;
use crate::source::opened::{Apart, Kind, Limits, kind, open as open_file};
use std::io::{Cursor, Write as _};

/// A PDF with these objects, from number 1; the first is the catalogue.
fn made(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.5\n".to_vec();
    let mut offsets = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        writeln!(out, "{} 0 obj", at + 1).unwrap();
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let start = out.len();
    writeln!(out, "xref\n0 {}\n0000000000 65535 f ", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(out, "{offset:010} 00000 n ").unwrap();
    }
    writeln!(
        out,
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF",
        objects.len() + 1
    )
    .unwrap();
    out
}

/// One page per text.
fn pages(texts: &[&str]) -> Vec<u8> {
    let kids: Vec<String> = (0..texts.len())
        .map(|at| format!("{} 0 R", 4 + 2 * at))
        .collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!(
            "<< /Type /Pages /Kids [{}] /Count {} /MediaBox [0 0 600 800] >>",
            kids.join(" "),
            texts.len()
        )
        .into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>".to_vec(),
    ];
    for (at, text) in texts.iter().enumerate() {
        objects.push(
            format!(
                "<< /Type /Page /Parent 2 0 R /Contents {} 0 R /Resources << /Font << /F1 3 0 R >> >> \
                 /Annots [<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://x.example/{at}) >> >>] >>",
                5 + 2 * at
            )
            .into_bytes(),
        );
        let lines: Vec<String> = text
            .lines()
            .map(|line| format!("({line}) Tj 0 -14 Td"))
            .collect();
        let content = format!("BT /F1 10 Tf 20 700 Td {} ET", lines.join(" "));
        objects.push(
            format!(
                "<< /Length {} >>\nstream\n{content}\nendstream",
                content.len()
            )
            .into_bytes(),
        );
    }
    made(&objects)
}

fn said(bytes: &[u8]) -> (Vec<String>, Result<(), &'static str>) {
    let mut parts = Vec::new();
    let read = read(bytes, &mut |part| {
        parts.push(match part {
            Part::Page(number, bytes) => {
                format!("{number}: {}", String::from_utf8_lossy(&bytes).trim())
            }
            Part::Beside(bytes) => format!("beside: {}", String::from_utf8_lossy(&bytes).trim()),
            Part::Broken(number) => format!("{number} is broken"),
        });
    });
    (parts, read)
}

#[test]
fn pages_say_their_lines_and_what_stands_beside_them() {
    let pdf = pages(&["the key is ABCDEF123456\nnext line", "second"]);
    let (parts, read) = said(&pdf);
    assert_eq!(read, Ok(()));
    assert!(
        parts
            .iter()
            .any(|part| part == "1: the key is ABCDEF123456\nnext line"),
        "{parts:?}"
    );
    assert!(parts.iter().any(|part| part == "2: second"), "{parts:?}");
    assert!(parts[0].contains("https://x.example/0"), "{parts:?}");
}

#[test]
fn what_is_broken_is_an_error_and_says_nothing_of_its_bytes() {
    assert_eq!(
        said(b"%PDF-1.5\nsecret").1,
        Err("it is no PDF that can be read")
    );
    let pdf = pages(&["x"]);
    for cut in [pdf.len() / 3, pdf.len() / 2, pdf.len() - 40] {
        // However it ends, it ends.
        let _ = said(&pdf[..cut]);
    }
}

#[test]
fn a_length_that_lies_takes_no_page_away() {
    let pdf = pages(&["the first page", "the second page"]);
    for lie in ["0", "-5", "3", "4294967295", "99999999999999999999"] {
        let text =
            String::from_utf8_lossy(&pdf).replacen("/Length ", &format!("/Length {lie} /Was "), 1);
        let (parts, _) = said(text.as_bytes());
        assert!(
            parts.iter().any(|part| part.contains("the second page")) || parts.is_empty(),
            "{lie}: {parts:?}"
        );
    }
}

struct Here;

impl Apart for Here {
    fn pdf(&self, bytes: &[u8], part: &mut dyn FnMut(Part)) -> Result<(), String> {
        read(bytes, part)?;
        part(Part::Broken(7));
        part(Part::Broken(9));
        Err("it broke".to_owned())
    }
}

#[derive(Default)]
struct Seen {
    apart: Option<Here>,
    said: Vec<String>,
    refused: Vec<String>,
}

impl Take for Seen {
    fn document(&mut self, document: Document) {
        self.said
            .push(document.place.sentence(document.place.first_line));
    }
    fn refused(&mut self, path: &str, reason: String) {
        self.refused.push(format!("{path}: {reason}"));
    }
    fn apart(&self) -> Option<&dyn Apart> {
        self.apart.as_ref().map(|apart| apart as &dyn Apart)
    }
}

#[test]
fn a_page_is_a_place_and_without_a_process_nothing_is_read() {
    let pdf = pages(&["one", "two"]);
    assert_eq!(kind("x.bin", &pdf), Some(Kind::Pdf));
    assert_eq!(kind("x.pdf", b"junk\n%PDF-1.4"), Some(Kind::Pdf));
    assert_eq!(kind("x.txt", b"begins with %PDF-1.4"), None);
    let place = Place::of_file("a/x.pdf", PlaceKind::Config);
    let limits = Limits::of_file(pdf.len() as u64);
    let go = |seen: &mut Seen| {
        open_file(&place, Kind::Pdf, &mut Cursor::new(&pdf), limits, seen).unwrap()
    };
    let mut seen = Seen {
        apart: Some(Here),
        ..Seen::default()
    };
    assert!(go(&mut seen));
    assert_eq!(
        seen.said,
        [
            "a/x.pdf, beside the pages",
            "a/x.pdf, page 1",
            "a/x.pdf, page 2"
        ]
    );
    assert_eq!(
        seen.refused,
        ["a/x.pdf: pages 7, 9 could not be read", "a/x.pdf: it broke"]
    );
    let mut seen = Seen::default();
    assert!(go(&mut seen));
    assert!(seen.said.is_empty());
    assert!(seen.refused[0].contains("process of its own"));
}
