//! Jupyter notebooks (<https://nbformat.readthedocs.io/en/latest/format_description.html>, read 2026-11-26): each cell,
//! its text and its output, at their lines of the file.

use serde::Deserialize;
use serde_json::value::RawValue;
use tenure_model::{
    document::{Document, Origin, Place},
    place::PlaceKind,
};
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Notebook<'n> {
    #[serde(borrow)]
    cells: Vec<&'n RawValue>,
    #[serde(borrow)]
    metadata: Option<&'n RawValue>,
}

#[derive(Deserialize)]
struct Cell<'n> {
    #[serde(borrow)]
    source: Option<&'n RawValue>,
    #[serde(borrow)]
    outputs: Option<&'n RawValue>,
    #[serde(borrow)]
    metadata: Option<&'n RawValue>,
    #[serde(borrow)]
    attachments: Option<&'n RawValue>,
}

/// The cells of a notebook; none where it is none.
pub(super) fn cells(place: &Place, bytes: &[u8]) -> Option<Vec<Document>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let notebook: Notebook<'_> = serde_json::from_str(text).ok()?;
    let mut lines = Lines::of(bytes);
    let mut all = Vec::new();
    let mut take = |raw: &RawValue, origin: Origin| {
        let first = lines.at(offset(text, raw.get()));
        all.push(as_it_stands(place, raw.get(), origin, first));
    };
    if let Some(metadata) = notebook.metadata {
        take(metadata, Origin::File);
    }
    for (at, raw) in notebook.cells.iter().enumerate() {
        let number = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
        let cell = |output| Origin::Cell { number, output };
        let Ok(parts) = serde_json::from_str::<Cell<'_>>(raw.get()) else {
            take(raw, cell(false));
            continue;
        };
        for (part, output) in [
            (parts.source, false),
            (parts.outputs, true),
            (parts.metadata, false),
            (parts.attachments, false),
        ] {
            if let Some(part) = part {
                take(part, cell(output));
            }
        }
    }
    Some(all)
}

/// The text as it stands in the file.
fn as_it_stands(place: &Place, raw: &str, origin: Origin, first: u32) -> Document {
    Document {
        place: Place {
            origin,
            kind: PlaceKind::Notebook,
            first_line: Some(first),
            ..place.clone()
        },
        bytes: Zeroizing::new(raw.as_bytes().to_vec()),
    }
}

/// Where a part of a text begins in it.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// The lines of offsets.
struct Lines(Vec<usize>);

impl Lines {
    fn of(bytes: &[u8]) -> Self {
        let breaks = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n');
        Self(breaks.map(|(at, _)| at).collect())
    }

    fn at(&mut self, offset: usize) -> u32 {
        let before = self.0.partition_point(|at| *at < offset);
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_its_number_and_its_lines_of_the_file() {
        let text = "{\n \"cells\": [\n  {\"cell_type\": \"code\",\n   \"source\": [\"a\"],\n   \"outputs\": [\n    {\"text\": \"b\"}]},\n  \
                    {\"cell_type\": \"markdown\", \"source\": \"c\"}\n ],\n \"metadata\": {}, \"nbformat\": 4\n}\n";
        let place = Place::of_file("x.ipynb", PlaceKind::Notebook);
        let found: Vec<_> = cells(&place, text.as_bytes())
            .unwrap()
            .iter()
            .map(|d| {
                (
                    d.place.sentence(d.place.first_line),
                    String::from_utf8_lossy(&d.bytes).into_owned(),
                )
            })
            .collect();
        let said: Vec<&str> = found
            .iter()
            .map(|(sentence, _)| sentence.as_str())
            .collect();
        assert_eq!(
            said,
            [
                "x.ipynb, line 9",
                "x.ipynb, cell 1, line 4",
                "x.ipynb, the output of cell 1, line 5",
                "x.ipynb, cell 2, line 7"
            ]
        );
        assert_eq!(found[1].1, "[\"a\"]");
        assert!(cells(&place, b"{\"cells\": 3}").is_none());
        assert!(cells(&place, b"\xff").is_none());
    }
}
