//! Issues of Jira as its search page exports them: a row per issue, columns with the names of fields, and several
//! columns called `Comment`, each `time;author;text`
//! (<https://confluence.atlassian.com/adminjiraserver/importing-data-from-csv-938847533.html> names the form of
//! comments; unverified for every version).

use tenure_model::{
    day::Day,
    document::{Document, Origin, Place},
    place::PlaceKind,
};
use zeroize::Zeroizing;

/// Whether the first line of a table names the columns of issues.
pub(super) fn is_export(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let has = |name: &[u8]| memchr::memmem::find(line, name).is_some();
    has(b"Issue key") && (has(b"Summary") || has(b"Issue id"))
}

/// The fields and comments of every issue; none where the table is none.
pub(super) fn parts(place: &Place, bytes: &[u8]) -> Option<Vec<Document>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
    let delimiter = if count(b';') > count(b',') {
        b';'
    } else {
        b','
    };
    let mut table = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(bytes);
    let names = table.byte_headers().ok()?.clone();
    let column = |name: &[u8]| names.iter().position(|one| one.eq_ignore_ascii_case(name));
    let (key, created) = (column(b"Issue key")?, column(b"Created"));
    let author = column(b"Creator").or_else(|| column(b"Reporter"));
    let mut documents = Vec::new();
    for row in table.byte_records() {
        let row = row.ok()?;
        let text = |at: usize| {
            let text = String::from_utf8_lossy(row.get(at)?).trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let key = text(key).unwrap_or_else(|| "without a key".to_owned());
        let part =
            |part: String, author: Option<String>, date: Option<Day>, said: &[u8]| Document {
                place: Place {
                    origin: Origin::Ticket {
                        service: "Jira",
                        ticket: key.clone(),
                        part,
                    },
                    kind: PlaceKind::Ticket,
                    first_line: None,
                    author,
                    date,
                    ..place.clone()
                },
                bytes: Zeroizing::new(said.to_vec()),
            };
        let mut fields = Zeroizing::new(Vec::new());
        let mut comments: Vec<&[u8]> = Vec::new();
        for (at, value) in row
            .iter()
            .enumerate()
            .filter(|(_, value)| !value.is_empty())
        {
            let name = names.get(at).unwrap_or_default();
            if name.eq_ignore_ascii_case(b"Comment") {
                comments.push(value);
                continue;
            }
            if !name.eq_ignore_ascii_case(b"Description") && !name.eq_ignore_ascii_case(b"Summary")
            {
                fields.extend_from_slice(name);
                fields.extend_from_slice(b": ");
            }
            fields.extend_from_slice(value);
            fields.push(b'\n');
        }
        let on = created.and_then(text).and_then(|text| day(&text));
        let by = author.and_then(text);
        documents.push(part("fields".to_owned(), by, on, &fields));
        for (at, comment) in comments.into_iter().enumerate() {
            let mut pieces = comment.splitn(3, |byte| *byte == b';');
            let (time, who) = (pieces.next(), pieces.next());
            let said = pieces.next();
            let plain = |bytes: Option<&[u8]>| {
                bytes.map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned())
            };
            let on = plain(time).and_then(|text| day(&text));
            // Without a time before it, all of it is the text.
            let by = on.and(plain(who)).filter(|who| !who.is_empty());
            let said = said.filter(|_| on.is_some()).unwrap_or(comment);
            let number = format!("comment {}", at.saturating_add(1));
            documents.push(part(number, by, on, said));
        }
    }
    (!documents.is_empty()).then_some(documents)
}

/// The day of a time as Jira writes it: `03/Mar/26 9:00 AM`, or as RFC 3339 does.
fn day(text: &str) -> Option<Day> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    if let Some(day) = text.get(..10).and_then(|day| day.parse().ok()) {
        return Some(day);
    }
    let date = text.split(' ').next()?;
    let mut pieces = date.split('/');
    let (day, month, year) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let day: u8 = day.parse().ok()?;
    let month = month.to_ascii_lowercase();
    let month = MONTHS
        .iter()
        .position(|name| *name == month)?
        .checked_add(1)?;
    let year: u16 = year.parse().ok()?;
    let year = if year < 100 {
        year.checked_add(2000)?
    } else {
        year
    };
    format!("{year:04}-{month:02}-{day:02}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_and_its_comments_are_told_apart() {
        let table = "Summary,Issue key,Issue id,Creator,Created,Description,Comment,Comment\n\
            Rotate,OPS-12,1,ann,03/Mar/26 9:00 AM,\"first line\n\nKEY=\"\"AB\"\"\",04/Mar/26 8:15 PM;bob;use K2; soon,no time in it\n\
            Other,OPS-13,2,,,,,\n";
        assert!(is_export(table.as_bytes()));
        let found = parts(
            &Place::of_file("jira.csv", PlaceKind::Config),
            table.as_bytes(),
        )
        .unwrap();
        let said: Vec<(String, String)> = found
            .iter()
            .map(|document| {
                (
                    document.place.sentence(None),
                    String::from_utf8_lossy(&document.bytes).into_owned(),
                )
            })
            .collect();
        assert_eq!(said[0].0, "Jira OPS-12, fields, by ann, 3 March 2026");
        assert!(said[0].1.contains("first line\n\nKEY=\"AB\"\n"), "{said:?}");
        assert!(said[0].1.contains("Issue id: 1\n"), "{said:?}");
        assert_eq!(said[1].0, "Jira OPS-12, comment 1, by bob, 4 March 2026");
        assert_eq!(said[1].1, "use K2; soon");
        assert_eq!(
            said[2],
            (
                "Jira OPS-12, comment 2".to_owned(),
                "no time in it".to_owned()
            )
        );
        assert_eq!(said[3].0, "Jira OPS-13, fields");
        assert!(!is_export(b"name,key\n"));
        assert!(
            parts(
                &Place::of_file("x.csv", PlaceKind::Config),
                b"Issue key,Summary\n"
            )
            .is_none()
        );
    }

    #[test]
    fn times_are_read_in_the_forms_of_jira() {
        for (text, day) in [
            ("03/Mar/26 9:00 AM", Some("2026-03-03")),
            ("31/dec/2025", Some("2025-12-31")),
            ("2026-03-03T09:00:00.000+0000", Some("2026-03-03")),
            ("45/Mar/26", None),
            ("soon", None),
            ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", None),
        ] {
            assert_eq!(
                super::day(text),
                day.map(|day| day.parse().unwrap()),
                "{text}"
            );
        }
    }
}
