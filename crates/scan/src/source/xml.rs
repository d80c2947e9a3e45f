//! What the sources in XML share: elements, texts and values of attributes, in order. Entities that a document
//! defines itself are not resolved, and nothing is recursive.

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};
use zeroize::Zeroizing;

/// A piece of a document.
pub(super) enum Piece<'x> {
    /// An element begins.
    Open(Element<'x>),
    /// An element ends: its name without prefix.
    Close(&'x str),
    /// A part of a text.
    Text(&'x str),
}

/// The start of an element.
pub(super) struct Element<'x>(&'x BytesStart<'x>);

impl Element<'_> {
    /// Its name without prefix.
    pub(super) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of an attribute, by its name without prefix.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let mut all = self.0.attributes();
        let mut all = all.with_checks(false).flatten();
        all.find(|one| one.key.local_name().into_inner() == name)
            .map(|one| plain(&one))
    }

    /// The value of an attribute, by its whole name.
    pub(super) fn value_of(&self, name: &str) -> Option<String> {
        let mut all = self.0.attributes();
        let mut all = all.with_checks(false).flatten();
        all.find(|one| one.key.into_inner() == name)
            .map(|one| plain(&one))
    }
}

fn plain(attribute: &quick_xml::events::attributes::Attribute<'_>) -> String {
    attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .map_or_else(
            |_| attribute.value.clone().into_owned(),
            std::borrow::Cow::into_owned,
        )
}

/// Walks through a document; false where it is not well formed, behind what came before.
pub(super) fn walk(bytes: &[u8], take: &mut dyn FnMut(Piece<'_>)) -> bool {
    let Ok(text) = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) else {
        return false;
    };
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => take(Piece::Open(Element(&start))),
            Ok(Event::Empty(start)) => {
                take(Piece::Open(Element(&start)));
                take(Piece::Close(start.local_name().into_inner()));
            }
            Ok(Event::End(end)) => take(Piece::Close(end.local_name().into_inner())),
            Ok(Event::Text(text)) => take(Piece::Text(&text)),
            Ok(Event::CData(text)) => take(Piece::Text(&text)),
            Ok(Event::GeneralRef(name)) => {
                let mut buffer = [0u8; 4];
                match name.resolve_char_ref() {
                    Ok(Some(one)) => take(Piece::Text(one.encode_utf8(&mut buffer))),
                    _ => match resolve_predefined_entity(&name) {
                        Some(one) => take(Piece::Text(one)),
                        None => take(Piece::Text(&format!("&{};", &*name))),
                    },
                }
            }
            Ok(Event::Eof) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// What a text document says: paragraphs as lines, rows of tables with tabs, and behind that where its links lead
/// and what its pictures are called.
#[derive(Default)]
pub(super) struct Prose {
    text: Zeroizing<String>,
    aside: Zeroizing<String>,
    /// Within what is there for old readers, which says the same again.
    fallback: u32,
}

impl Prose {
    pub(super) fn take(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Open(element) if element.name() == "Fallback" => {
                self.fallback = self.fallback.saturating_add(1);
            }
            Piece::Close("Fallback") => self.fallback = self.fallback.saturating_sub(1),
            _ if self.fallback > 0 => {}
            Piece::Open(element) => self.open(element),
            Piece::Text(text) => {
                let between = text.chars().all(char::is_whitespace) && text.contains('\n');
                if !between {
                    self.text.push_str(text);
                }
            }
            Piece::Close(name) => self.close(name),
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        match element.name() {
            "tab" => self.text.push('\t'),
            "br" | "cr" | "line-break" => self.text.push('\n'),
            "s" => {
                const MOST: usize = 64;
                let count = element.value("c").and_then(|c| c.parse().ok());
                let count: usize = count.unwrap_or(1);
                self.text.extend(std::iter::repeat_n(' ', count.min(MOST)));
            }
            _ => {}
        }
        for name in ["href", "descr", "title", "tooltip"] {
            if let Some(value) = element.value(name) {
                self.aside.push_str(&value);
                self.aside.push('\n');
            }
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" | "h" | "si" | "comment" | "tr" | "table-row" => self.end_line(),
            // A cell ends with a paragraph; a row is one line.
            "tc" | "table-cell" => {
                while self.text.ends_with('\n') {
                    self.text.pop();
                }
                self.text.push('\t');
            }
            _ => {}
        }
    }

    fn end_line(&mut self) {
        while self.text.ends_with('\t') {
            self.text.pop();
        }
        self.text.push('\n');
    }

    /// How many bytes it says so far.
    pub(super) fn len(&self) -> usize {
        self.text.len().saturating_add(self.aside.len())
    }

    /// All of it, after which there is nothing.
    pub(super) fn said(&mut self) -> Zeroizing<Vec<u8>> {
        let mut all = Zeroizing::new(Vec::with_capacity(self.len()));
        all.extend_from_slice(self.text.as_bytes());
        all.extend_from_slice(self.aside.as_bytes());
        *self = Self {
            fallback: self.fallback,
            ..Self::default()
        };
        all
    }
}
