//! What lies in a file: the page that names every source with a parser. A file is known by its name and by its
//! first bytes; what no parser knows is searched as it is.

use super::{agent, archive, chat, ci_log, jira_csv, json, mail, notebook, pdf, ticket, wiki};
use crate::decode;
use std::io::{self, Read, Seek, SeekFrom};
use tenure_model::document::{Document, Place};
use zeroize::Zeroizing;

/// Bytes at the start of a file that tell what it is.
pub const HEAD: usize = crate::reader::HEAD;

/// Takes what a source holds.
pub trait Take {
    /// A text to search.
    fn document(&mut self, document: Document);
    /// A part that was not read, or not whole, and why.
    fn refused(&mut self, path: &str, reason: String);
    /// What reads the files whose libraries are not trusted with this process; none refuses such files.
    fn apart(&self) -> Option<&dyn Apart> {
        None
    }
}

/// Reads files in a process of its own, so that no bomb and no fault of a library reaches this one. `scan` itself
/// starts none: who wants such files read hands one in.
pub trait Apart: Sync {
    /// The parts of a PDF, as [`pdf::read`] gives them, as long as it goes well; and why it did not to its end.
    fn pdf(&self, bytes: &[u8], part: &mut dyn FnMut(pdf::Part)) -> Result<(), String>;
}

/// What may still be unpacked of one file. Nothing is written to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Containers in containers.
    pub depth: u8,
    /// Members of all containers.
    pub members: u32,
    /// Bytes of all members, unpacked.
    pub bytes: u64,
    /// Bytes of one text that is held in memory.
    pub text: u64,
}

impl Limits {
    /// For a file of so many bytes: a hundred times that, and never less than 256 MiB nor more than 8 GiB.
    #[must_use]
    pub fn of_file(bytes: u64) -> Self {
        Self {
            depth: 4,
            members: 100_000,
            bytes: bytes.saturating_mul(100).clamp(256 << 20, 8 << 30),
            text: 128 << 20,
        }
    }
}

/// The sources with a parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Zip: also jar, whl, and the exports and logs that come so.
    Zip,
    /// Tar, plain; also container images.
    Tar,
    /// A tar that is packed with gzip, zstd, bzip2 or xz.
    Packed,
    /// A notebook.
    Notebook,
    /// The log of a CI job.
    CiLog,
    /// Messages or tickets as JSON.
    Json,
    /// Mails.
    Mail,
    /// The transcript of an agent.
    Transcript,
    /// A PDF.
    Pdf,
    /// An archive that is known and not opened.
    Closed(&'static str),
    /// A page of a Confluence space.
    ConfluencePage,
    /// The database of a Confluence space.
    ConfluenceXml,
    /// A page of Notion.
    NotionPage,
    /// Issues of Jira as a table.
    JiraCsv,
}

/// What a file is, by its name and its first bytes; none where it is to be searched as it is.
#[must_use]
pub fn kind(path: &str, head: &[u8]) -> Option<Kind> {
    let lower = path.to_ascii_lowercase();
    let extension = lower
        .rsplit(['/', '!'])
        .next()
        .and_then(|name| name.rsplit_once('.'));
    let extension = extension.map_or("", |(_, extension)| extension);
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Some(Kind::Zip);
    }
    if decode::packed(head).is_some() {
        return Some(Kind::Packed);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(Kind::Tar);
    }
    if let Some(name) = closed(head) {
        return Some(Kind::Closed(name));
    }
    if pdf::is_pdf(head, extension == "pdf") {
        return Some(Kind::Pdf);
    }
    if wiki::notion_title(path).is_some() {
        return Some(Kind::NotionPage);
    }
    match extension {
        "html" | "htm" if wiki::is_confluence_page(head) => Some(Kind::ConfluencePage),
        "xml" if wiki::is_confluence_xml(head) => Some(Kind::ConfluenceXml),
        "csv" if jira_csv::is_export(head) => Some(Kind::JiraCsv),
        "ipynb" => Some(Kind::Notebook),
        "jsonl" if agent::is_transcript(head) => Some(Kind::Transcript),
        "json" if json::is_export(head) => Some(Kind::Json),
        "eml" | "mbox" => Some(Kind::Mail),
        "txt" | "log" if ci_log::system(head).is_some() => Some(Kind::CiLog),
        "" if mail::is_mbox(head) => Some(Kind::Mail),
        _ => None,
    }
}

/// Archives that nothing here opens: said rather than passed over as no text.
fn closed(head: &[u8]) -> Option<&'static str> {
    const SIGNS: [(&[u8], &str); 2] = [(b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar")];
    let mut known = SIGNS.into_iter();
    known
        .find(|(sign, _)| head.starts_with(sign))
        .map(|(_, name)| name)
}

/// Something that can be read, from anywhere in it.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Gives what a file of this kind holds to `take`. False where it is not what it seemed to be: then it is to be
/// searched as it is, from its start.
///
/// # Errors
/// The file cannot be read.
pub fn open(
    place: &Place,
    kind: Kind,
    from: &mut dyn ReadSeek,
    limits: Limits,
    take: &mut dyn Take,
) -> io::Result<bool> {
    let mut opener = Opener {
        limits,
        take,
        public_channels: Vec::new(),
    };
    from.seek(SeekFrom::Start(0))?;
    match kind {
        Kind::Zip => archive::zip(&mut opener, place, from),
        Kind::Tar => archive::tar(&mut opener, place, from),
        Kind::Packed => archive::packed(&mut opener, place, from),
        Kind::Closed(name) => {
            opener.take.refused(&place.path, not_opened(name));
            Ok(true)
        }
        _ => {
            let mut bytes = Zeroizing::new(Vec::new());
            from.take(limits.text.saturating_add(1))
                .read_to_end(&mut bytes)?;
            let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= limits.text);
            if !fits && kind == Kind::Pdf {
                let reason = format!("it is larger than {} MiB", limits.text >> 20);
                opener.take.refused(&place.path, reason);
                return Ok(true);
            }
            Ok(fits && opener.text(place, kind, &bytes))
        }
    }
}

/// Opens what it is given, and what lies in that, as long as the limits last.
pub(super) struct Opener<'t> {
    pub(super) limits: Limits,
    pub(super) take: &'t mut dyn Take,
    /// Channels that an export calls public.
    pub(super) public_channels: Vec<String>,
}

impl Opener<'_> {
    /// A member of a container, held in memory.
    pub(super) fn member(&mut self, place: Place, bytes: Zeroizing<Vec<u8>>) {
        let head = bytes.get(..bytes.len().min(HEAD)).unwrap_or_default();
        let Some(kind) = kind(&place.path, head) else {
            self.take.document(Document { place, bytes });
            return;
        };
        let container = matches!(kind, Kind::Zip | Kind::Tar | Kind::Packed);
        if container && self.limits.depth == 0 {
            self.take.refused(
                &place.path,
                "containers are nested too deep; it was not opened".to_owned(),
            );
            return;
        }
        self.limits.depth = self.limits.depth.saturating_sub(u8::from(container));
        let mut from = io::Cursor::new(bytes.as_slice());
        let opened = match kind {
            Kind::Zip => archive::zip(self, &place, &mut from),
            Kind::Tar => archive::tar(self, &place, &mut from),
            Kind::Packed => archive::packed(self, &place, &mut from),
            kind => Ok(self.text(&place, kind, &bytes)),
        };
        self.limits.depth = self.limits.depth.saturating_add(u8::from(container));
        match opened {
            Ok(true) => {}
            Ok(false) => self.take.document(Document { place, bytes }),
            Err(error) => self.take.refused(&place.path, error.to_string()),
        }
    }

    fn text(&mut self, place: &Place, kind: Kind, bytes: &[u8]) -> bool {
        let documents = match kind {
            Kind::Notebook => notebook::cells(place, bytes),
            Kind::ConfluencePage => wiki::confluence_page(place, bytes),
            Kind::ConfluenceXml => wiki::confluence_xml(place, bytes),
            Kind::NotionPage => wiki::notion(place, bytes),
            Kind::JiraCsv => jira_csv::parts(place, bytes),
            Kind::CiLog => ci_log::steps(place, bytes),
            Kind::Transcript => agent::turns(place, bytes),
            Kind::Json => json::read(bytes).and_then(|value| {
                chat::messages(place, &value, &self.public_channels)
                    .or_else(|| ticket::parts(place, &value))
            }),
            Kind::Mail => return mail::mails(self, place, bytes),
            Kind::Closed(name) => {
                self.take.refused(&place.path, not_opened(name));
                return true;
            }
            Kind::Pdf => {
                pdf::open(self.take, place, bytes);
                return true;
            }
            Kind::Zip | Kind::Tar | Kind::Packed => None,
        };
        let Some(documents) = documents else {
            return false;
        };
        for document in documents {
            self.take.document(document);
        }
        true
    }

    /// Reads a member whole, within the limits; none, and a refusal, where it goes beyond them.
    pub(super) fn read(&mut self, path: &str, from: &mut dyn Read) -> Option<Zeroizing<Vec<u8>>> {
        let most = self.limits.text.min(self.limits.bytes);
        let mut bytes = Zeroizing::new(Vec::new());
        let read = from.take(most.saturating_add(1)).read_to_end(&mut bytes);
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.limits.bytes = self.limits.bytes.saturating_sub(length);
        let reason = match read {
            Err(error) => error.to_string(),
            Ok(_) if length > most && most < self.limits.text => TOO_MUCH.to_owned(),
            Ok(_) if length > most => {
                format!("it is larger than {} MiB unpacked", self.limits.text >> 20)
            }
            Ok(_) => return Some(bytes),
        };
        self.take.refused(path, reason);
        None
    }

    /// Counts a member; false, and a refusal, where there are too many or too much was unpacked.
    pub(super) fn another(&mut self, container: &str) -> bool {
        if self.limits.members > 0 && self.limits.bytes > 0 {
            self.limits.members = self.limits.members.saturating_sub(1);
            return true;
        }
        self.take.refused(container, TOO_MUCH.to_owned());
        false
    }
}

fn not_opened(name: &str) -> String {
    format!(
        "it is an archive of the kind {name}, which is not opened; unpack it, and name the folder"
    )
}

const TOO_MUCH: &str =
    "it unpacks to more than is opened of a file of its size; the rest was not read";

/// The start of a file, up to [`HEAD`] bytes, after which it stands behind that.
///
/// # Errors
/// The file cannot be read.
pub fn head(from: &mut dyn Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for a little more, so that the end of a short file is met without more room being made.
    let mut head = Zeroizing::new(Vec::with_capacity(HEAD + 64));
    from.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}
