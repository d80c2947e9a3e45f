//! What importers of API answers share: the pages of a list, and whether they are all of it.

use super::{
    imported::{ImportError, Input, Recognition},
    reading::json,
};
use serde_json::Value;

/// Where an answer holds its list, and how it says that more of it follows.
pub(super) struct Form {
    /// The kind of export.
    pub(super) kind: &'static str,
    /// JSON pointers to the list; the first that exists counts.
    pub(super) lists: &'static [&'static str],
    /// Whether an object is an entry of such a list.
    pub(super) entry: fn(&Value) -> bool,
    /// What an answer says about further pages.
    pub(super) rest: fn(&Value) -> Rest,
    /// Why entries without their answer around them may not be all; `None` where a tool prints them so.
    pub(super) bare: Option<&'static str>,
    /// What the user has to save.
    pub(super) save: &'static str,
}

/// What an answer says about further pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing, or that this is the last one.
    End,
    /// More pages follow, by this field.
    More(&'static str),
    /// The whole list has so many entries, by this field.
    Total(&'static str, u64),
}

/// One answer.
pub(super) struct Page {
    /// The answer without its list; `null` where the entries stand alone.
    pub(super) head: Value,
    /// Its entries, and where they stand.
    pub(super) entries: Vec<(String, Value)>,
}

/// All answers of a file, and why they may not be the whole list.
pub(super) struct Pages {
    pub(super) pages: Vec<Page>,
    pub(super) why_partial: Option<String>,
}

impl Pages {
    /// The entries of all pages.
    pub(super) fn entries(&self) -> impl Iterator<Item = &(String, Value)> {
        self.pages.iter().flat_map(|page| &page.entries)
    }
}

/// Recognises answers of this form, and entries that stand alone. All `fields` have to be named.
pub(super) fn recognise(input: &Input<'_>, form: &Form, fields: &[&str]) -> Recognition {
    json::shaped(input, fields, |value| {
        list(value, form).map_or_else(
            || (form.entry)(value),
            |(_, entries)| entries.iter().any(form.entry),
        )
    })
}

/// Recognises an answer of this form with nothing in its list, where the name of the list and these fields
/// beside it leave no doubt.
pub(super) fn recognise_empty(input: &Input<'_>, form: &Form, beside: &[&str]) -> Recognition {
    let names = form
        .lists
        .iter()
        .map(|pointer| pointer.trim_start_matches('/'));
    let fields: Vec<&str> = names.chain(beside.iter().copied()).collect();
    json::shaped(input, &fields, |value| {
        let empty = list(value, form).is_some_and(|(_, entries)| entries.is_empty());
        empty && beside.iter().all(|field| value.get(field).is_some())
    })
}

/// Reads one answer or several, as they are printed in a row, in an array, or one per line.
pub(super) fn pages(input: &Input<'_>, form: &Form) -> Result<Pages, ImportError> {
    let shape = |why: String| ImportError::Shape {
        file: input.name.to_owned(),
        kind: form.kind,
        why,
        todo: format!("save {} as it is", form.save),
    };
    let documents = json::documents(input)?;
    let many = documents.len() > 1;
    let mut pages: Vec<Page> = Vec::new();
    let mut alone: Vec<(String, Value)> = Vec::new();
    let mut empty_list = false;
    for (number, document) in documents.into_iter().enumerate() {
        let prefix = if many {
            format!("/{number}")
        } else {
            String::new()
        };
        let items = match document {
            Value::Array(items) => {
                empty_list |= items.is_empty();
                let within = items.into_iter().enumerate();
                within
                    .map(|(at, item)| (format!("{prefix}/{at}"), item))
                    .collect()
            }
            other => vec![(prefix, other)],
        };
        for (at, item) in items {
            match page(item, &at, form).map_err(shape)? {
                Found::Page(page) => pages.push(page),
                Found::Entries(entries) => alone.extend(entries),
            }
        }
    }
    let none = pages.is_empty() && !alone.iter().any(|(_, entry)| entry.is_object());
    if none && !empty_list {
        return Err(shape("it holds no list".to_owned()));
    }
    let mut why: Vec<String> = missing(&pages, form).into_iter().collect();
    if !alone.is_empty() {
        why.extend(form.bare.map(str::to_owned));
        pages.push(Page {
            head: Value::Null,
            entries: alone,
        });
    }
    Ok(Pages {
        pages,
        why_partial: (!why.is_empty()).then(|| why.join("; ")),
    })
}

enum Found {
    Page(Page),
    Entries(Vec<(String, Value)>),
}

fn page(mut item: Value, at: &str, form: &Form) -> Result<Found, String> {
    let placed = |entries: Vec<Value>, pointer: &str| {
        let numbered = entries.into_iter().enumerate();
        numbered
            .map(|(nth, entry)| (format!("{at}{pointer}/{nth}"), entry))
            .collect::<Vec<_>>()
    };
    if let Value::Array(entries) = item {
        return Ok(Found::Entries(placed(entries, "")));
    }
    let pointer = form
        .lists
        .iter()
        .find(|pointer| item.pointer(pointer).is_some_and(|list| !list.is_null()));
    match pointer {
        Some(pointer) => match item.pointer_mut(pointer).map(Value::take) {
            Some(Value::Array(entries)) => Ok(Found::Page(Page {
                head: item,
                entries: placed(entries, pointer),
            })),
            _ => Err(format!("`{pointer}` in it is no list")),
        },
        None if (form.entry)(&item) => Ok(Found::Entries(vec![(place(at), item)])),
        None if at.is_empty() && form.lists.is_empty() => Err("it holds no list".to_owned()),
        None if at.is_empty() => {
            let wanted: Vec<&str> = form.lists.iter().map(|l| l.trim_matches('/')).collect();
            Err(format!("it has no list `{}`", wanted.join("` or `")))
        }
        // In the middle of others: rejected as an entry, with its place.
        None => Ok(Found::Entries(vec![(at.to_owned(), item)])),
    }
}

fn place(at: &str) -> String {
    if at.is_empty() {
        "/".to_owned()
    } else {
        at.to_owned()
    }
}

fn list<'v>(value: &'v Value, form: &Form) -> Option<(&'static str, &'v Vec<Value>)> {
    form.lists
        .iter()
        .find_map(|pointer| Some((*pointer, value.pointer(pointer)?.as_array()?)))
}

/// Pages of one list have one total: together they have to come to it, or to a multiple where several
/// lists of that length stand in one file.
fn missing(pages: &[Page], form: &Form) -> Option<String> {
    let mut totals: Vec<(&str, u64, u64)> = Vec::new();
    for page in pages {
        if let Rest::Total(field, total) = (form.rest)(&page.head) {
            let rows = u64::try_from(page.entries.len()).unwrap_or(u64::MAX);
            match totals.iter_mut().find(|(_, known, _)| *known == total) {
                Some((.., sum)) => *sum = sum.saturating_add(rows),
                None => totals.push((field, total, rows)),
            }
        }
    }
    let short = totals
        .iter()
        .find(|(_, total, rows)| rows < total || *total > 0 && !rows.is_multiple_of(*total));
    if let Some((field, total, rows)) = short {
        return Some(format!(
            "{rows} of {total} are in it (`{field}`): further pages are missing"
        ));
    }
    match pages.last().map(|page| (form.rest)(&page.head)) {
        Some(Rest::More(field)) => {
            Some(format!("it goes on (`{field}`): a further page is missing"))
        }
        _ => None,
    }
}

/// The total that a field tells, if it does.
pub(super) fn total(head: &Value, pointer: &'static str) -> Rest {
    match head.pointer(pointer).and_then(Value::as_u64) {
        Some(total) => Rest::Total(pointer.trim_start_matches('/'), total),
        None => Rest::End,
    }
}

/// More pages, where the field is true or says where they are.
pub(super) fn more(head: &Value, pointer: &'static str) -> Rest {
    let more = match head.pointer(pointer) {
        Some(Value::Bool(more)) => *more,
        Some(Value::String(next)) => !next.trim().is_empty(),
        Some(Value::Object(next)) => !next.is_empty(),
        _ => false,
    };
    if more {
        Rest::More(pointer.trim_start_matches('/'))
    } else {
        Rest::End
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form = Form {
        kind: "table",
        lists: &["/data"],
        entry: |value| value.get("id").is_some(),
        rest: |head| match total(head, "/total") {
            Rest::End => more(head, "/next"),
            total => total,
        },
        bare: Some("bare"),
        save: "the answer",
    };

    fn why(text: &str) -> Option<String> {
        let input = Input::new("x", text.as_bytes(), "2026-11-23".parse().unwrap());
        pages(&input, &FORM).unwrap().why_partial
    }

    #[test]
    fn paging_flags_make_it_partial() {
        assert_eq!(why(r#"{"data":[{"id":1}]}"#), None);
        assert_eq!(why(r#"{"data":[]}"#), None);
        assert_eq!(why("[]"), None);
        assert!(
            why(r#"{"data":[{"id":1}],"next":"abc"}"#)
                .unwrap()
                .contains("`next`")
        );
        assert!(why(r#"{"data":[{"id":1}],"next":true}"#).is_some());
        assert_eq!(why(r#"{"data":[{"id":1}],"next":null}"#), None);
        assert_eq!(why(r#"{"data":[{"id":1}],"next":""}"#), None);
        // The next page follows in the file.
        assert_eq!(
            why(r#"{"data":[{"id":1}],"next":"a"}{"data":[{"id":2}]}"#),
            None
        );
        assert_eq!(
            why(r#"[{"data":[{"id":1}],"next":"a"},{"data":[{"id":2}]}]"#),
            None
        );
        assert_eq!(why(r#"{"id":1}"#).as_deref(), Some("bare"));
        assert_eq!(why(r#"[{"id":1}]"#).as_deref(), Some("bare"));
    }

    #[test]
    fn totals_have_to_be_reached() {
        assert_eq!(why(r#"{"data":[{"id":1}],"total":1}"#), None);
        let cut = why(r#"{"data":[{"id":1}],"total":3}"#).unwrap();
        assert!(cut.starts_with("1 of 3"), "{cut}");
        let two = r#"{"data":[{"id":1}],"total":2}"#;
        assert_eq!(why(&format!("{two}{two}")), None);
        assert!(why(&format!("{two}{two}{two}")).is_some());
        assert!(why(&format!("{two}{}", r#"{"data":[{"id":1}],"total":1}"#)).is_some());
        assert_eq!(why(r#"{"data":[],"total":0}"#), None);
    }

    #[test]
    fn what_is_no_list_says_so() {
        let error = |text: &str| {
            let input = Input::new("x", text.as_bytes(), "2026-11-23".parse().unwrap());
            pages(&input, &FORM).err().map(|e| e.to_string()).unwrap()
        };
        assert!(error("{}").contains("no list `data`"));
        assert!(error(r#"{"data":{}}"#).contains("is no list"));
        assert!(error("3").contains("no list"));
        assert!(error("[3, null]").contains("it holds no list"));
    }
}
