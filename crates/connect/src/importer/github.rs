//! What the GitHub importers share: pages of a list, and fields of an entry.

use super::{
    imported::{ImportError, Input, Problem},
    reading::{dates, guard, json},
};
use serde_json::Value;
use tenure_model::key::When;

/// The entries of a list, from one page or from several, and why it may not be the whole list.
pub(super) struct Pages {
    pub(super) entries: Vec<(String, Value)>,
    pub(super) why_partial: Option<String>,
}

/// Reads one array, several in a row (`gh api --paginate`), an array of arrays (`--slurp`), or one entry
/// per line, which then has this id.
pub(super) fn pages(input: &Input<'_>, kind: &'static str, id: &str) -> Result<Pages, ImportError> {
    let documents = json::documents(input)?;
    let mut pages: Vec<(String, Vec<Value>)> = Vec::new();
    let many = documents.len() > 1;
    let mut loose = Vec::new();
    for (number, document) in documents.into_iter().enumerate() {
        let prefix = if many {
            format!("/{number}")
        } else {
            String::new()
        };
        match document {
            Value::Array(items) if items.iter().any(Value::is_array) => {
                for (at, page) in items.into_iter().enumerate() {
                    let entries = match page {
                        Value::Array(entries) => entries,
                        other => vec![other],
                    };
                    pages.push((format!("{prefix}/{at}"), entries));
                }
            }
            Value::Array(items) => pages.push((prefix, items)),
            other => loose.push((prefix, other)),
        }
    }
    if pages.is_empty() && loose.iter().all(|(_, value)| value.get(id).is_none()) {
        return Err(ImportError::Shape {
            file: input.name.to_owned(),
            kind,
            why: "it holds no list".to_owned(),
            todo: "save the answer of GitHub's API as it is".to_owned(),
        });
    }
    let why_partial = perhaps_one_page(&pages);
    let mut entries: Vec<(String, Value)> = Vec::new();
    for (prefix, page) in pages {
        let page = page.into_iter().enumerate();
        entries.extend(page.map(|(at, entry)| (format!("{prefix}/{at}"), entry)));
    }
    entries.extend(loose);
    Ok(Pages {
        entries,
        why_partial,
    })
}

/// GitHub gives 30 entries a page, or up to 100 where asked: a full last page may not be the last.
fn perhaps_one_page(pages: &[(String, Vec<Value>)]) -> Option<String> {
    let last = pages.last()?.1.len();
    let full = match pages {
        [_] => last == 30 || last > 0 && last.is_multiple_of(100),
        [(_, first), ..] => last == first.len() && (last == 30 || last == 100),
        [] => false,
    };
    full.then(|| {
        let total: usize = pages.iter().map(|(_, page)| page.len()).sum();
        format!(
            "exactly {total} rows, the last page is full: perhaps further pages are missing; export with `gh api --paginate`"
        )
    })
}

/// A point in time that can only have happened. Absent: not told; `null`: `when_null`.
pub(super) fn past(
    entry: &Value,
    field: &str,
    when_null: When,
    when_absent: When,
    input: &Input<'_>,
    at: &str,
) -> Result<When, Problem> {
    let when = moment(entry, field, when_null, when_absent, at)?;
    match when {
        When::On(day) if day > input.today => Err(Problem::new(
            format!("{at}/{field}"),
            format!("{day} is after today ({})", input.today),
            "check the date and the clock, and export again",
        )),
        when => Ok(when),
    }
}

/// A point in time.
pub(super) fn moment(
    entry: &Value,
    field: &str,
    when_null: When,
    when_absent: When,
    at: &str,
) -> Result<When, Problem> {
    match entry.get(field) {
        None => Ok(when_absent),
        Some(Value::Null) => Ok(when_null),
        Some(value) => {
            let text = value.as_str().unwrap_or_default();
            // Some GitHub lists write `2011-01-26 19:01:12 UTC`.
            dates::stamp(text)
                .map(|(day, _)| day)
                .or_else(|| dates::day(text.trim_end_matches(" UTC"), None).ok())
                .map(When::On)
                .ok_or_else(|| {
                    Problem::new(
                        format!("{at}/{field}"),
                        format!("`{}` is no date", guard::quoted(text)),
                        "export the list again",
                    )
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(sizes: &[usize]) -> bool {
        let pages: Vec<(String, Vec<Value>)> = sizes
            .iter()
            .map(|size| (String::new(), vec![Value::Null; *size]))
            .collect();
        perhaps_one_page(&pages).is_some()
    }

    #[test]
    fn a_full_last_page_may_not_be_the_last() {
        assert!(why(&[30]) && why(&[100]) && why(&[200]) && why(&[100, 100]) && why(&[30, 30]));
        assert!(!why(&[]) && !why(&[0]) && !why(&[29]) && !why(&[100, 30]) && !why(&[100, 99]));
    }
}
