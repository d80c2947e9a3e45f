//! Mails (RFC 5322, MIME) and mailboxes of them (mbox, RFC 4155): texts decoded, attachments opened.

use super::opened::Opener;
use mail_parser::{MessageParser, MimeHeaders as _};
use tenure_model::{
    day::Day,
    document::{Document, Origin, Place},
    place::PlaceKind,
};
use zeroize::Zeroizing;

/// Whether a file without extension begins as a mailbox does.
pub(super) fn is_mbox(head: &[u8]) -> bool {
    head.starts_with(b"From ")
        && head
            .windows(6)
            .any(|window| window.eq_ignore_ascii_case(b"\nfrom:"))
}

/// The mails of a file; false where there is none.
pub(super) fn mails(opener: &mut Opener<'_>, place: &Place, bytes: &[u8]) -> bool {
    let mut any = false;
    for raw in split(bytes) {
        let Some(message) = MessageParser::default().parse(raw) else {
            continue;
        };
        if message.headers().is_empty() {
            continue;
        }
        any = true;
        let from = message.from().and_then(|from| from.first());
        let author = from.and_then(|one| one.name().or_else(|| one.address()));
        let place = Place {
            origin: Origin::Mail {
                subject: message.subject().map(str::to_owned),
            },
            kind: PlaceKind::Mail,
            first_line: None,
            author: author.map(str::to_owned),
            date: message
                .date()
                .map(|date| Day::from_unix_seconds(date.to_timestamp())),
            ..place.clone()
        };
        let mut text = Zeroizing::new(String::new());
        for (name, value) in message.headers_raw() {
            text.push_str(name);
            text.push(':');
            text.push_str(value);
        }
        for at in 0..message.text_body.len() {
            text.push_str(&message.body_text(at).unwrap_or_default());
            text.push('\n');
        }
        for at in 0..message.html_body.len() {
            text.push_str(&message.body_html(at).unwrap_or_default());
            text.push('\n');
        }
        opener.take.document(Document {
            place: place.clone(),
            bytes: Zeroizing::new(text.as_bytes().to_vec()),
        });
        for (at, attachment) in message.attachments().enumerate() {
            if !opener.another(&place.path) {
                break;
            }
            let name = attachment.attachment_name().map_or_else(
                || format!("attachment {}", at.saturating_add(1)),
                str::to_owned,
            );
            let inner = Place {
                path: format!("{}!{name}", place.path),
                ..place.clone()
            };
            opener.member(inner, Zeroizing::new(attachment.contents().to_vec()));
        }
    }
    any
}

/// The mails of a mailbox: each begins after a line that begins with `From `; a single mail is itself.
fn split(bytes: &[u8]) -> Vec<&[u8]> {
    if !bytes.starts_with(b"From ") {
        return vec![bytes];
    }
    let mut starts = vec![0usize];
    let borders = bytes
        .windows(6)
        .enumerate()
        .filter(|(_, window)| *window == b"\nFrom ");
    starts.extend(
        borders
            .filter(|(at, _)| is_border(bytes, *at))
            .map(|(at, _)| at.saturating_add(1)),
    );
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| {
            let mail = bytes.get(*start..end)?;
            let line = mail.iter().position(|b| *b == b'\n')?;
            mail.get(line.saturating_add(1)..)
        })
        .collect()
}

/// Whether a mail begins after the line break at `at`: behind an empty line, with a line that ends with a year.
fn is_border(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    let rest = bytes.get(at.saturating_add(1)..).unwrap_or_default();
    let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.trim_ascii_end();
    let year = line.rsplit(|b| *b == b' ').next().unwrap_or_default();
    (before.ends_with(b"\n") || before.ends_with(b"\n\r"))
        && year.len() == 4
        && year.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::opened::{Kind, Limits, Take, kind, open};

    #[derive(Default)]
    struct Seen(Vec<(String, String)>);

    impl Take for Seen {
        fn document(&mut self, document: Document) {
            self.0.push((
                document.place.sentence(None),
                String::from_utf8_lossy(&document.bytes).into_owned(),
            ));
        }
        fn refused(&mut self, path: &str, reason: String) {
            self.0.push((path.to_owned(), reason));
        }
    }

    #[test]
    fn the_mails_of_a_mailbox_are_decoded_and_told_apart() {
        let mbox = "From ann@example.com Tue Mar  3 10:00:00 2026\nFrom: Ann <ann@example.com>\nSubject: keys\n\
                    Date: Tue, 3 Mar 2026 10:00:00 +0000\nContent-Transfer-Encoding: base64\n\ndGhlIHNlY3JldA==\n\n\
                    From bob@example.com Wed Mar  4 10:00:00 2026\nFrom: bob@example.com\nSubject: re\n\nFrom here on\n";
        assert_eq!(kind("Inbox", mbox.as_bytes()), Some(Kind::Mail));
        let place = Place::of_file("Inbox", PlaceKind::Config);
        let mut seen = Seen::default();
        let opened = open(
            &place,
            Kind::Mail,
            &mut std::io::Cursor::new(mbox),
            Limits::of_file(1),
            &mut seen,
        );
        assert!(opened.unwrap());
        let sentences: Vec<&str> = seen
            .0
            .iter()
            .map(|(sentence, _)| sentence.as_str())
            .collect();
        assert_eq!(
            sentences,
            [
                "the mail “keys”, by Ann, 3 March 2026",
                "the mail “re”, by bob@example.com"
            ]
        );
        assert!(seen.0[0].1.contains("the secret"), "{:?}", seen.0[0]);
        assert!(seen.0[1].1.contains("From here on"));
    }
}
