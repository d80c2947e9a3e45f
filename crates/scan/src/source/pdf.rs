//! PDF (ISO 32000): the text of each page, and what stands beside the pages: notes, fields of forms, where links lead,
//! properties. Libraries for it break on hostile files, so that only a process of its own may call [`read`].

use super::opened::Take;
use crate::reader::PDF;
use lopdf::{Dictionary, Document as Pdf, Object};
use pdf_extract::{self as lopdf, PlainTextOutput, output_doc_page};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tenure_model::{
    document::{Document, Origin, Place},
    place::PlaceKind,
};
use zeroize::Zeroizing;

/// A part of a PDF, in the order in which it is read.
pub enum Part {
    /// The text of a page, by its number from 1.
    Page(u32, Zeroizing<Vec<u8>>),
    /// Texts that stand on no page, or beside its text; one a line.
    Beside(Zeroizing<Vec<u8>>),
    /// A page that could not be read, by its number from 1.
    Broken(u32),
}

/// Whether the first bytes are those of a PDF; by its name, other bytes may stand before it.
pub(super) fn is_pdf(head: &[u8], named: bool) -> bool {
    const MOST_BEFORE: usize = 1024;
    head.starts_with(PDF)
        || (named
            && memchr::memmem::find(
                head.get(..head.len().min(MOST_BEFORE)).unwrap_or_default(),
                PDF,
            )
            .is_some())
}

/// Gives what a PDF says, as far as something reads it in a process of its own.
pub(super) fn open(take: &mut dyn Take, place: &Place, bytes: &[u8]) {
    let mut parts = Vec::new();
    let read = take.apart().map_or_else(
        || {
            Err(
                "it is a PDF, which is read only in a process of its own, and there is none"
                    .to_owned(),
            )
        },
        |apart| apart.pdf(bytes, &mut |part| parts.push(part)),
    );
    let mut broken = Vec::new();
    for part in parts {
        let (part, bytes) = match part {
            Part::Page(number, bytes) => (format!("page {number}"), bytes),
            Part::Beside(bytes) => ("beside the pages".to_owned(), bytes),
            Part::Broken(number) => {
                broken.push(number.to_string());
                continue;
            }
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        take.document(Document {
            place: Place {
                origin: Origin::Part {
                    file: place.path.clone(),
                    part,
                },
                kind: PlaceKind::Documentation,
                first_line: None,
                ..place.clone()
            },
            bytes,
        });
    }
    if !broken.is_empty() {
        const MOST: usize = 5;
        let (more, some) = (broken.len().saturating_sub(MOST), broken.iter().take(MOST));
        let mut named = some.cloned().collect::<Vec<_>>().join(", ");
        if more > 0 {
            named.push_str(&format!(" and {more} more"));
        }
        let word = if broken.len() == 1 { "page" } else { "pages" };
        take.refused(&place.path, format!("{word} {named} could not be read"));
    }
    if let Err(reason) = read {
        take.refused(&place.path, reason);
    }
}

/// Reads a PDF. May take any amount of memory and time, and the stack may overflow: bound the process.
///
/// # Errors
/// Why it cannot be read at all. Says nothing of what is in it.
pub fn read(bytes: &[u8], give: &mut dyn FnMut(Part)) -> Result<(), &'static str> {
    const BROKEN: &str = "it is no PDF that can be read";
    let mut pdf = catch_unwind(|| Pdf::load_mem(bytes))
        .map_err(|_| BROKEN)?
        .map_err(|_| BROKEN)?;
    if pdf.is_encrypted() {
        // Most that are encrypted open with an empty password.
        let opened = catch_unwind(AssertUnwindSafe(|| pdf.decrypt("")));
        opened
            .ok()
            .and_then(Result::ok)
            .ok_or("it is encrypted with a password")?;
    }
    let beside = catch_unwind(AssertUnwindSafe(|| beside(&pdf))).unwrap_or_default();
    if !beside.is_empty() {
        give(Part::Beside(beside));
    }
    let pages = catch_unwind(AssertUnwindSafe(|| pdf.get_pages())).map_err(|_| BROKEN)?;
    if pages.is_empty() {
        return Err("it has no page that can be read");
    }
    for (number, page) in pages {
        let mut text = Zeroizing::new(String::new());
        let whole = catch_unwind(AssertUnwindSafe(|| {
            let mut output = PlainTextOutput::new(&mut *text);
            output_doc_page(&pdf, &mut output, number).is_ok() && contents_are_there(&pdf, page)
        }));
        if !text.is_empty() {
            let bytes = Zeroizing::new(text.as_bytes().to_vec());
            give(Part::Page(number, bytes));
        }
        if !whole.unwrap_or(false) {
            give(Part::Broken(number));
        }
    }
    Ok(())
}

/// Whether everything that a page is made of can be read: the library passes over what cannot.
fn contents_are_there(pdf: &Pdf, page: lopdf::ObjectId) -> bool {
    pdf.get_page_contents(page).into_iter().all(|id| {
        pdf.get_object(id)
            .and_then(Object::as_stream)
            .is_ok_and(|stream| stream.decompressed_content().is_ok())
    })
}

/// The strings of dictionaries that people write or that lead somewhere.
fn beside(pdf: &Pdf) -> Zeroizing<Vec<u8>> {
    const NAMES: [&[u8]; 10] = [
        b"URI",
        b"Contents",
        b"V",
        b"DV",
        b"JS",
        b"Title",
        b"Subject",
        b"Keywords",
        b"TU",
        b"F",
    ];
    let mut said = Zeroizing::new(Vec::new());
    let mut ahead: Vec<&Object> = pdf.objects.values().rev().collect();
    while let Some(object) = ahead.pop() {
        let dictionary = match object {
            Object::Dictionary(dictionary) => dictionary,
            Object::Stream(stream) => &stream.dict,
            Object::Array(all) => {
                ahead.extend(all);
                continue;
            }
            _ => continue,
        };
        texts(dictionary, &NAMES, &mut said);
        ahead.extend(dictionary.iter().map(|(_, value)| value));
    }
    said
}

fn texts(dictionary: &Dictionary, names: &[&[u8]], said: &mut Zeroizing<Vec<u8>>) {
    for name in names {
        let Ok(Object::String(bytes, _)) = dictionary.get(name) else {
            continue;
        };
        // UTF-16 with its mark; else bytes as they are, which for ASCII is what they say.
        match crate::decode::utf16(bytes).filter(|_| bytes.starts_with(&[0xfe, 0xff])) {
            Some(text) => said.extend_from_slice(&text),
            None => said.extend_from_slice(bytes),
        }
        said.push(b'\n');
    }
}

#[cfg(test)]
mod tests;
