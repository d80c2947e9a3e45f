//! Office files: Word, PowerPoint and Excel (ECMA-376) and OpenDocument. What they say, without the marks that tear
//! words apart: text, notes, comments, headers and footers, cells, and where links lead. Every other member is
//! searched as it is.
//!
//! <https://learn.microsoft.com/office/open-xml/>, <https://docs.oasis-open.org/office/OpenDocument/v1.3/>.

use super::{
    opened::Opener,
    xml::{Element, Piece, Prose, walk},
};
use std::collections::BTreeMap;
use tenure_model::{
    document::{Document, Origin, Place},
    place::PlaceKind,
};
use zeroize::Zeroizing;

/// Gives a member by its name, within limits.
pub(super) type Members<'m> = &'m mut dyn FnMut(&str) -> Option<Zeroizing<Vec<u8>>>;

/// An Office file, as far as its members do not say it themselves.
pub(super) struct Office {
    file: String,
    suite: Suite,
    /// What slides and sheets are called, by the names of their members.
    named: BTreeMap<String, Named>,
    strings: Strings,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Suite {
    Microsoft,
    /// A workbook has sheets.
    OpenDocument {
        workbook: bool,
    },
}

enum Named {
    Part(String),
    Sheet(String),
}

/// The texts that cells of a workbook share.
#[derive(Default)]
struct Strings {
    all: Zeroizing<String>,
    ends: Vec<usize>,
    used: Vec<bool>,
}

/// The last row of a sheet.
const MOST_ROWS: u32 = 1 << 20;

/// The Office file that a zip is; none where it is none.
pub(super) fn of(
    place: &Place,
    names: &dyn Fn(&str) -> bool,
    member: Members<'_>,
) -> Option<Office> {
    let mut office = Office {
        file: place.path.clone(),
        suite: Suite::Microsoft,
        named: BTreeMap::new(),
        strings: Strings::default(),
    };
    if names("mimetype") {
        let kind = member("mimetype")?;
        let kind = std::str::from_utf8(&kind).ok()?.trim();
        let kind = kind.strip_prefix("application/vnd.oasis.opendocument.")?;
        office.suite = Suite::OpenDocument {
            workbook: kind.starts_with("spreadsheet"),
        };
        return Some(office);
    }
    if !names("[Content_Types].xml") {
        return None;
    }
    if names("ppt/presentation.xml") {
        office.slides(names, member);
    } else if names("xl/workbook.xml") {
        office.sheets(names, member);
    } else if !names("word/document.xml") {
        return None;
    }
    Some(office)
}

impl Office {
    fn slides(&mut self, names: &dyn Fn(&str) -> bool, member: Members<'_>) {
        let links = member("ppt/_rels/presentation.xml.rels")
            .map(|bytes| targets("ppt", &bytes))
            .unwrap_or_default();
        let presentation = member("ppt/presentation.xml").unwrap_or_default();
        let mut number = 0u32;
        walk(&presentation, &mut |piece| {
            if let Piece::Open(element) = piece
                && element.name() == "sldId"
                && let Some(path) = element.value_of("r:id").and_then(|id| links.get(&id))
            {
                number = number.saturating_add(1);
                self.named
                    .insert(path.clone(), Named::Part(format!("slide {number}")));
            }
        });
        // A slide leads to its notes.
        let slides: Vec<String> = self.named.keys().cloned().collect();
        for slide in slides {
            let Some(Named::Part(title)) = self.named.get(&slide) else {
                continue;
            };
            let title = format!("notes of {title}");
            let Some((folder, name)) = slide.rsplit_once('/') else {
                continue;
            };
            let path = format!("{folder}/_rels/{name}.rels");
            let links = names(&path).then(|| member(&path)).flatten();
            let links = links
                .map(|bytes| targets(folder, &bytes))
                .unwrap_or_default();
            for notes in links
                .into_values()
                .filter(|to| to.contains("/notesSlides/"))
            {
                self.named.insert(notes, Named::Part(title.clone()));
            }
        }
    }

    fn sheets(&mut self, names: &dyn Fn(&str) -> bool, member: Members<'_>) {
        let links = member("xl/_rels/workbook.xml.rels")
            .map(|bytes| targets("xl", &bytes))
            .unwrap_or_default();
        let workbook = member("xl/workbook.xml").unwrap_or_default();
        walk(&workbook, &mut |piece| {
            if let Piece::Open(element) = piece
                && element.name() == "sheet"
                && let Some(path) = element.value_of("r:id").and_then(|id| links.get(&id))
                && let Some(name) = element.value_of("name")
            {
                self.named.insert(path.clone(), Named::Sheet(name));
            }
        });
        if names("xl/sharedStrings.xml") {
            let bytes = member("xl/sharedStrings.xml").unwrap_or_default();
            self.strings = Strings::of(&bytes);
        }
    }

    /// Gives what a member says; false where it is to be searched as it is.
    pub(super) fn member(
        &mut self,
        opener: &mut Opener<'_>,
        place: &Place,
        name: &str,
        bytes: &[u8],
    ) -> bool {
        if let Suite::OpenDocument { workbook } = self.suite {
            return match name {
                "content.xml" if workbook => self.open_sheets(opener, place, bytes),
                "content.xml" => self.open_text(opener, place, bytes),
                "styles.xml" => self.prose(opener, place, "headers and footers", bytes),
                "meta.xml" => self.prose(opener, place, "properties", bytes),
                _ => false,
            };
        }
        match self.named.get(name) {
            Some(Named::Sheet(sheet)) => {
                let sheet = sheet.clone();
                return self.sheet(opener, place, &sheet, bytes);
            }
            Some(Named::Part(part)) => {
                let part = part.clone();
                return self.prose(opener, place, &part, bytes);
            }
            None => {}
        }
        // Cells say them, those that no cell says come last.
        if name == "xl/sharedStrings.xml" {
            return self.strings.len() > 0;
        }
        let last = name.rsplit('/').next().unwrap_or(name);
        let part = match name.split('/').next() {
            _ if last.ends_with(".rels") => "links",
            _ if !last.ends_with(".xml") => return false,
            Some("docProps") => "properties",
            Some("word" | "ppt" | "xl") => match last.trim_end_matches(".xml") {
                "document" => "text",
                "comments" | "commentsExtended" => "comments",
                "footnotes" => "footnotes",
                "endnotes" => "endnotes",
                one if one.starts_with("header") => "header",
                one if one.starts_with("footer") => "footer",
                one if one.to_ascii_lowercase().contains("comment") => "comments",
                one if one.starts_with("notesSlide") => "notes",
                one if one.starts_with("drawing") => "drawings",
                _ => return false,
            },
            _ => return false,
        };
        if part == "links" {
            return self.links(opener, place, bytes);
        }
        self.prose(opener, place, part, bytes)
    }

    /// What is left when every member was given: texts of a workbook that no cell shows.
    pub(super) fn rest(&self, opener: &mut Opener<'_>, place: &Place) {
        let mut text = Zeroizing::new(Vec::new());
        for (at, _) in self
            .strings
            .used
            .iter()
            .enumerate()
            .filter(|(_, used)| !**used)
        {
            text.extend_from_slice(self.strings.at(at).unwrap_or_default().as_bytes());
            text.push(b'\n');
        }
        if !text.is_empty() {
            let place = Place {
                path: format!("{}!xl/sharedStrings.xml", place.path),
                ..place.clone()
            };
            self.give(opener, &place, "texts that no cell shows", text);
        }
    }

    fn give(&self, opener: &mut Opener<'_>, place: &Place, part: &str, bytes: Zeroizing<Vec<u8>>) {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let origin = Origin::Part {
            file: self.file.clone(),
            part: part.to_owned(),
        };
        opener.take.document(Document {
            place: Place {
                origin,
                kind: PlaceKind::Documentation,
                first_line: None,
                ..place.clone()
            },
            bytes,
        });
    }

    fn prose(&self, opener: &mut Opener<'_>, place: &Place, part: &str, bytes: &[u8]) -> bool {
        let mut prose = Prose::default();
        let whole = walk(bytes, &mut |piece| prose.take(&piece));
        if whole {
            self.give(opener, place, part, prose.said());
        }
        whole
    }

    /// Where links lead that leave the file.
    fn links(&self, opener: &mut Opener<'_>, place: &Place, bytes: &[u8]) -> bool {
        let mut text = Zeroizing::new(Vec::new());
        let whole = walk(bytes, &mut |piece| {
            if let Piece::Open(element) = piece
                && element.value("TargetMode").as_deref() == Some("External")
                && let Some(to) = element.value("Target")
            {
                text.extend_from_slice(to.as_bytes());
                text.push(b'\n');
            }
        });
        if whole {
            self.give(opener, place, "links", text);
        }
        whole
    }

    /// Text and slides of an OpenDocument file.
    fn open_text(&self, opener: &mut Opener<'_>, place: &Place, bytes: &[u8]) -> bool {
        let mut prose = Prose::default();
        let mut parts: Vec<(String, Zeroizing<Vec<u8>>)> = Vec::new();
        let mut slide = 0u32;
        let whole = walk(bytes, &mut |piece| {
            match &piece {
                Piece::Open(element) if element.name() == "page" => {
                    slide = slide.saturating_add(1);
                }
                Piece::Close("page") => {
                    parts.push((format!("slide {slide}"), prose.said()));
                }
                _ => {}
            }
            prose.take(&piece);
        });
        if whole {
            parts.push(("text".to_owned(), prose.said()));
            for (part, bytes) in parts {
                self.give(opener, place, &part, bytes);
            }
        }
        whole
    }

    /// The sheets of an OpenDocument workbook.
    fn open_sheets(&self, opener: &mut Opener<'_>, place: &Place, bytes: &[u8]) -> bool {
        let mut sheets: Vec<Grid> = Vec::new();
        let (mut row, mut cell) = (0u32, Prose::default());
        let (mut repeats, mut inside) = (1u32, false);
        let mut room = opener.limits.text.min(opener.limits.bytes);
        let whole = walk(bytes, &mut |piece| match &piece {
            Piece::Open(element) => match element.name() {
                "table" => {
                    let name = element.value("name").unwrap_or_default();
                    sheets.push(Grid::of(name, room));
                    row = 0;
                }
                "table-row" => {
                    row = row.saturating_add(1);
                    let repeated = element.value("number-rows-repeated");
                    repeats = repeated.and_then(|n| n.parse().ok()).unwrap_or(1);
                }
                "table-cell" | "covered-table-cell" => {
                    inside = true;
                    let _ = cell.said();
                }
                _ if inside => cell.take(&piece),
                _ => {}
            },
            Piece::Close("table-cell" | "covered-table-cell") => {
                inside = false;
                let text = cell.said();
                if let Some(sheet) = sheets.last_mut() {
                    sheet.cell(row, &format!("row {row}"), &String::from_utf8_lossy(&text));
                }
            }
            Piece::Close("table-row") => {
                row = row.saturating_add(repeats.saturating_sub(1)).min(MOST_ROWS);
            }
            Piece::Close("table") => {
                room = sheets.last().map_or(room, |sheet| sheet.room);
            }
            _ if inside => cell.take(&piece),
            _ => {}
        });
        if whole {
            for sheet in sheets {
                self.grid(opener, place, sheet);
            }
        }
        whole
    }

    /// A sheet of an Excel workbook.
    fn sheet(&mut self, opener: &mut Opener<'_>, place: &Place, name: &str, bytes: &[u8]) -> bool {
        let mut grid = Grid::of(name.to_owned(), opener.limits.text.min(opener.limits.bytes));
        let (mut row, mut cell) = (0u32, String::new());
        let mut kind = Cell::Value;
        let mut text = Zeroizing::new(String::new());
        let mut said = false;
        let mut prose = Prose::default();
        let strings = &mut self.strings;
        let whole = walk(bytes, &mut |piece| match &piece {
            Piece::Open(element) => match element.name() {
                "row" => row = row_of(element, row),
                "c" => {
                    cell = element.value("r").unwrap_or_default();
                    kind = match element.value("t").as_deref() {
                        Some("s") => Cell::Shared,
                        _ => Cell::Value,
                    };
                    text.clear();
                }
                "v" | "t" | "f" => {
                    said = true;
                    if !text.is_empty() {
                        text.push(' ');
                    }
                }
                // Headers and footers of the printed page.
                "headerFooter" => {}
                _ => prose.take(&piece),
            },
            Piece::Text(more) if said => text.push_str(more),
            Piece::Text(_) => prose.take(&piece),
            Piece::Close("v" | "t" | "f") => said = false,
            Piece::Close("c") => {
                let shared = match kind {
                    Cell::Shared => text.rsplit(' ').next().and_then(|n| n.parse().ok()),
                    Cell::Value => None,
                };
                match shared {
                    Some(at) => {
                        if let Some(used) = strings.used.get_mut(at) {
                            *used = true;
                        }
                        grid.cell(row, &cell, strings.at(at).unwrap_or_default());
                    }
                    None => grid.cell(row, &cell, &text),
                }
            }
            Piece::Close(_) => prose.take(&piece),
        });
        if whole {
            self.grid(opener, place, grid);
            self.give(
                opener,
                place,
                &format!("sheet “{name}”, beside cells"),
                prose.said(),
            );
        }
        whole
    }

    fn grid(&self, opener: &mut Opener<'_>, place: &Place, grid: Grid) {
        opener.limits.bytes = opener.limits.bytes.saturating_sub(grid.spent);
        if grid.cut {
            opener.take.refused(
                &place.path,
                "its cells say more than is held of a text; the rest was not read".to_owned(),
            );
        }
        for (cell, text) in grid.long {
            let part = format!("sheet “{}”, {cell}", grid.name);
            self.give(opener, place, &part, text);
        }
        if grid.text.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        opener.take.document(Document {
            place: Place {
                origin: Origin::Sheet {
                    file: self.file.clone(),
                    sheet: grid.name,
                },
                kind: PlaceKind::Documentation,
                first_line: Some(1),
                ..place.clone()
            },
            bytes: grid.text,
        });
    }
}

#[derive(Clone, Copy)]
enum Cell {
    Shared,
    Value,
}

fn row_of(element: &Element<'_>, before: u32) -> u32 {
    let told = element.value("r").and_then(|r| r.parse::<u32>().ok());
    told.unwrap_or(before.saturating_add(1)).min(MOST_ROWS)
}

/// The cells of a sheet as text: a row is a line, and stands at its number.
struct Grid {
    name: String,
    text: Zeroizing<Vec<u8>>,
    /// The line that was begun.
    line: u32,
    /// Cells of several lines, each for itself.
    long: Vec<(String, Zeroizing<Vec<u8>>)>,
    /// Bytes that may be held.
    room: u64,
    /// Bytes that are.
    spent: u64,
    cut: bool,
}

impl Grid {
    fn of(name: String, room: u64) -> Self {
        Self {
            name,
            text: Zeroizing::new(Vec::new()),
            line: 1,
            long: Vec::new(),
            room,
            spent: 0,
            cut: false,
        }
    }

    fn cell(&mut self, row: u32, name: &str, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let ahead = row.saturating_sub(self.line);
        let cost = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let cost = cost.saturating_add(u64::from(ahead)).saturating_add(1);
        let Some(room) = self.room.checked_sub(cost) else {
            self.cut = true;
            return;
        };
        self.room = room;
        self.spent = self.spent.saturating_add(cost);
        if text.contains('\n') {
            let bytes = Zeroizing::new(text.as_bytes().to_vec());
            self.long.push((name.to_owned(), bytes));
            return;
        }
        if ahead > 0 {
            self.text.extend(std::iter::repeat_n(
                b'\n',
                usize::try_from(ahead).unwrap_or(0),
            ));
            self.line = row;
        } else if self.text.last().is_some_and(|last| *last != b'\n') {
            self.text.push(b'\t');
        }
        self.text.extend_from_slice(text.as_bytes());
    }
}

impl Strings {
    fn of(bytes: &[u8]) -> Self {
        let mut strings = Self::default();
        let mut inside = false;
        walk(bytes, &mut |piece| match piece {
            Piece::Open(element) if element.name() == "t" => inside = true,
            Piece::Close("t") => inside = false,
            Piece::Text(text) if inside => strings.all.push_str(text),
            Piece::Close("si") => strings.ends.push(strings.all.len()),
            _ => {}
        });
        strings.used = vec![false; strings.ends.len()];
        strings
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn at(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.all.get(start..end)
    }
}

/// Which member each id of a relationships part leads to, from the folder of its source.
fn targets(folder: &str, bytes: &[u8]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    walk(bytes, &mut |piece| {
        if let Piece::Open(element) = piece
            && element.name() == "Relationship"
            && let (Some(id), Some(to)) = (element.value("Id"), element.value("Target"))
        {
            let path = match to.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None => {
                    let mut parts: Vec<&str> = folder.split('/').collect();
                    for part in to.split('/') {
                        match part {
                            ".." => drop(parts.pop()),
                            "." | "" => {}
                            part => parts.push(part),
                        }
                    }
                    parts.join("/")
                }
            };
            all.insert(id, path);
        }
    });
    all
}

#[cfg(test)]
mod tests;
