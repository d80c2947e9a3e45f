//! What importers of API answers share: the pages of a list, the fields of an entry, and the import that
//! comes of them.

use super::{
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition, rejected},
    reading::{dates, guard, json},
};
use serde_json::{Map, Value};
use tenure_model::{
    explain::FactName,
    facts::Status,
    key::{Associate, Row, When},
    secret::Secret,
};

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

/// One entry of a list, with its place. A field is a name, or a JSON pointer where it begins with `/`.
#[derive(Clone, Copy)]
pub(super) struct Entry<'e> {
    pub(super) value: &'e Value,
    pub(super) at: &'e str,
    pub(super) input: &'e Input<'e>,
}

impl<'e> Entry<'e> {
    pub(super) fn new(value: &'e Value, at: &'e str, input: &'e Input<'e>) -> Self {
        Self { value, at, input }
    }

    pub(super) fn field(&self, field: &str) -> Option<&'e Value> {
        if field.starts_with('/') {
            self.value.pointer(field)
        } else {
            self.value.get(field)
        }
    }

    /// Whether the field stands there, `null` included.
    pub(super) fn has(&self, field: &str) -> bool {
        self.field(field).is_some()
    }

    pub(super) fn text(&self, field: &str) -> Option<&'e str> {
        let text = self.field(field)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// A name that people gave, fit to be shown.
    pub(super) fn name(&self, field: &str) -> Option<String> {
        self.text(field).map(guard::name)
    }

    /// A text or number that the provider gave, fit to be shown.
    pub(super) fn who(&self, field: &str) -> Option<String> {
        match self.field(field)? {
            Value::Number(number) => Some(number.to_string()),
            _ => self.text(field).map(guard::id),
        }
    }

    pub(super) fn flag(&self, field: &str) -> Option<bool> {
        match self.field(field)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(word) => match word.trim().to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&self, field: &str) -> Vec<&'e str> {
        let list = self.field(field).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// The public id. An entry without one cannot be told from others.
    pub(super) fn id(&self, field: &str) -> Result<String, Problem> {
        let id = self.who(field);
        id.filter(|id| id != "…").ok_or_else(|| {
            self.problem(
                field,
                format!("the entry has no `{}`", field.trim_start_matches('/')),
            )
        })
    }

    /// A point in time that can only have happened. Absent: not told; `null`: `when_null`.
    pub(super) fn past(
        &self,
        field: &str,
        when_null: When,
        when_absent: When,
    ) -> Result<When, Problem> {
        match self.moment(field, when_null, when_absent)? {
            When::On(day) if day > self.input.today => Err(self.problem(
                field,
                format!(
                    "{day} is after today ({}); check the date and the clock",
                    self.input.today
                ),
            )),
            when => Ok(when),
        }
    }

    /// A point in time: an ISO time stamp, or Unix time in seconds or milliseconds.
    pub(super) fn moment(
        &self,
        field: &str,
        when_null: When,
        when_absent: When,
    ) -> Result<When, Problem> {
        let text = match self.field(field) {
            None => return Ok(when_absent),
            Some(Value::Null) => return Ok(when_null),
            Some(Value::Number(number)) => number.to_string(),
            Some(value) => value.as_str().unwrap_or_default().trim().to_owned(),
        };
        if text.is_empty() {
            return Ok(when_null);
        }
        let day = dates::stamp(&text)
            .map(|(day, _)| day)
            .or_else(|| dates::day(&text, None).ok());
        day.map(When::On)
            .ok_or_else(|| self.problem(field, format!("`{}` is no date", guard::quoted(&text))))
    }

    /// A state by the words of the provider; a word that is not among them leaves it unknown.
    pub(super) fn status(&self, field: &str, words: &[(&str, Status)]) -> Option<Status> {
        let word = self.text(field)?;
        let known = words
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word));
        Some(known.map_or(Status::Unknown, |(_, status)| *status))
    }

    pub(super) fn problem(&self, field: &str, what: String) -> Problem {
        let field = field.trim_start_matches('/');
        let at = format!("{}/{field}", self.at.trim_end_matches('/'));
        Problem::new(at, what, "export the list again")
    }
}

/// A row with what every row of a list has.
pub(super) fn row(
    entry: &Entry<'_>,
    provider: &str,
    credential: Option<&str>,
    key_id: Option<String>,
) -> Row {
    Row {
        at: entry.at.to_owned(),
        provider: provider.to_owned(),
        credential: credential.map(str::to_owned),
        key_id,
        ..Row::default()
    }
}

/// Somebody who has to do with a key.
pub(super) fn associate(who: String, why: &str, machine: bool) -> Associate {
    Associate {
        who,
        why: why.to_owned(),
        machine,
    }
}

/// Names of scopes, roles or permissions for a message: short, and without a secret glued to one of them.
pub(super) fn listed(names: &[&str]) -> String {
    let holds = |name: &str| {
        let starts = name
            .char_indices()
            .filter(|(_, c)| !c.is_ascii_alphanumeric())
            .map(|(at, c)| at + c.len_utf8());
        std::iter::once(0)
            .chain(starts)
            .any(|at| name.get(at..).is_some_and(guard::has_secret_prefix))
    };
    let shown: Vec<&str> = names
        .iter()
        .map(|name| if holds(name) { "…" } else { *name })
        .collect();
    guard::quoted(&shown.join(", "))
}

/// What the provider shows of a secret, where it shows no more than a part.
pub(super) fn masked(text: &str) -> Option<String> {
    guard::is_masked(text).then(|| guard::name(text))
}

/// The last characters of a secret, as the provider shows them; at most eight.
pub(super) fn tail(text: &str) -> Option<String> {
    const LONGEST: usize = 8;
    let shown = text.len() <= LONGEST && text.chars().all(|c| c.is_ascii_graphic());
    shown.then(|| format!("…{text}"))
}

/// Says that the provider takes the key only from these addresses, where they are fewer than all.
pub(super) fn from_addresses(row: &mut Row, ranges: &[&str]) {
    let everywhere = |range: &&str| {
        let (address, prefix) = range.split_once('/').unwrap_or((range, ""));
        // Half of the internet is no restriction either.
        matches!(address, "*" | "0.0.0.0" | "::" | "")
            || prefix.parse().is_ok_and(|bits: u8| bits < 8)
    };
    if !ranges.is_empty() && !ranges.iter().any(everywhere) {
        row.declared
            .insert(FactName::SourceRestricted, Value::Bool(true));
        row.tags
            .insert("addresses".to_owned(), guard::name(&ranges.join(", ")));
    }
}

/// Collects the rows of one file.
pub(super) struct Gathered {
    cover: Cover,
    imported: Imported,
    rejections: usize,
    why: Vec<String>,
}

impl Gathered {
    pub(super) fn new(input: &Input<'_>, kind: &'static str, why_partial: Option<String>) -> Self {
        Self {
            cover: Cover::of(input),
            imported: Imported {
                kind,
                ..Imported::default()
            },
            rejections: 0,
            why: why_partial.into_iter().collect(),
        }
    }

    /// Takes a row, or why there is none. A secret that stands in one of these fields, or with the form of
    /// a secret in any other, goes with the row, to be fingerprinted and dropped.
    pub(super) fn take(&mut self, entry: &Value, row: Result<Row, Problem>, secrets: &[&str]) {
        match row {
            Ok(mut row) => {
                row.secret = secret(entry, secrets);
                self.imported.plaintext |= row.secret.is_some();
                self.imported.rows.push(row);
            }
            Err(problem) => {
                self.rejections += 1;
                self.imported.problems.push(problem);
            }
        }
    }

    /// What else makes the list less than whole.
    pub(super) fn partial(&mut self, why: impl Into<String>) {
        self.why.push(why.into());
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.imported.notes.push(note.into());
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.imported.rows
    }

    pub(super) fn rows_mut(&mut self) -> &mut Vec<Row> {
        &mut self.imported.rows
    }

    fn why(&self) -> Option<String> {
        let why: Vec<String> = rejected(self.rejections)
            .into_iter()
            .chain(self.why.iter().cloned())
            .collect();
        (!why.is_empty()).then(|| why.join("; "))
    }

    /// A part that was read, as far as the list goes.
    pub(super) fn read(&mut self, part: &str) {
        let rows = self.imported.rows.len();
        self.read_rows(part, rows);
    }

    /// A part of which so many rows were read.
    pub(super) fn read_rows(&mut self, part: &str, rows: usize) {
        let entry = self.cover.read(part, rows, self.why());
        self.imported.coverage.push(entry);
    }

    /// A part that was read where the field that tells it stands there, and else is not offered.
    pub(super) fn read_if(&mut self, told: bool, part: &str, reason: &str) {
        if told {
            self.read(part);
        } else {
            self.not_offered(part, reason);
        }
    }

    pub(super) fn not_offered(&mut self, part: &str, reason: &str) {
        let entry = self.cover.not_offered(part, reason);
        self.imported.coverage.push(entry);
    }

    pub(super) fn not_covered(&mut self, part: &str, reason: &str) {
        let entry = self.cover.not_covered(part, reason);
        self.imported.coverage.push(entry);
    }

    /// The import. `lists_all`: a list of this kind holds every key of its account, so that a key's absence
    /// says something.
    pub(super) fn finish(mut self, lists_all: bool) -> Imported {
        // A list in which nothing is active may have been asked for what is not.
        let inactive = |row: &Row| matches!(row.status, Some(Status::Inactive | Status::Refused));
        let filtered = !self.rows().is_empty() && self.rows().iter().all(inactive);
        self.imported.whole = lists_all && self.why().is_none() && !filtered;
        let held = self
            .rows()
            .iter()
            .filter(|row| row.secret.is_some())
            .count();
        if held > 0 {
            self.imported
                .coverage
                .push(self.cover.read("plaintext secrets", held, None));
            self.note(format!(
                "holds {held} secret{} in plaintext: the file itself is an exposure",
                if held == 1 { "" } else { "s" }
            ));
        }
        self.imported
    }
}

/// The secret that an entry holds in one of these fields, or with the form of one in any other.
fn secret(entry: &Value, fields: &[&str]) -> Option<Secret> {
    let named = fields.iter().find_map(|field| {
        let value = if field.starts_with('/') {
            entry.pointer(field)
        } else {
            entry.get(field)
        };
        let text = value?.as_str()?.trim();
        let shown = !text.is_empty() && !guard::is_masked(text) && !guard::is_remark(text);
        shown.then(|| Secret::new(text.as_bytes()))
    });
    named.or_else(|| stray(entry))
}

fn stray(value: &Value) -> Option<Secret> {
    match value {
        Value::String(text) => guard::prefixed(text),
        Value::Array(items) => items.iter().find_map(stray),
        Value::Object(fields) => fields.values().find_map(stray),
        _ => None,
    }
}

/// A table as JSON entries: one object per row, its fields named as the header, in lower case.
pub(super) fn objects(sheet: &super::reading::sheet::Sheet) -> Vec<(String, Value)> {
    let header: Vec<String> = sheet
        .header
        .iter()
        .map(|cell| cell.to_lowercase())
        .collect();
    let object = |record: &super::reading::sheet::Record| {
        let cells = header.iter().enumerate();
        let fields: Map<String, Value> = cells
            .map(|(at, name)| (name.clone(), Value::String(record.cell(at).to_owned())))
            .collect();
        (format!("line {}", record.line), Value::Object(fields))
    };
    sheet.records.iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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

    #[test]
    fn addresses_that_mean_everywhere_restrict_nothing() {
        let restricted = |ranges: &[&str]| {
            let mut row = Row::default();
            from_addresses(&mut row, ranges);
            row.declared.contains_key(&FactName::SourceRestricted)
        };
        assert!(restricted(&["192.0.2.7/32"]) && restricted(&["192.0.2.7"]));
        assert!(restricted(&["10.0.0.0/8", "2001:db8::/32"]));
        for all in [
            &["0.0.0.0/0"][..],
            &["::/0"],
            &["*"],
            &["192.0.2.7/32", "0.0.0.0/0"],
            &["0.0.0.0/1", "128.0.0.0/1"],
            &[],
        ] {
            assert!(!restricted(all), "{all:?}");
        }
    }

    #[test]
    fn a_secret_in_a_field_goes_with_its_row_and_is_not_shown() {
        let input = Input::new("x", b"", "2026-11-23".parse().unwrap());
        let taken = |entry: Value| {
            let mut gathered = Gathered::new(&input, "table", None);
            gathered.take(&entry, Ok(Row::default()), &["secret"]);
            gathered.finish(true)
        };
        let held = taken(json!({"secret": "not-for-you"}));
        assert_eq!(
            held.rows[0].secret.as_ref().unwrap().expose(),
            b"not-for-you"
        );
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
        assert!(
            held.coverage
                .iter()
                .any(|part| part.part == "plaintext secrets")
        );
        let stray = taken(json!({"a": [{"b": "ghp_0123456789abcdefghijABCDEFGHIJ012345"}]}));
        assert!(stray.plaintext);
        for none in [
            json!({"secret": null}),
            json!({"secret": "****1234"}),
            json!({"secret": ""}),
            json!({"secret": "[REDACTED]"}),
        ] {
            assert!(!taken(none).plaintext);
        }
    }

    #[test]
    fn a_secret_among_scopes_is_not_repeated() {
        let glued = "read_ghp_0123456789abcdefghijABCDEFGHIJ012345";
        assert_eq!(listed(&["api", glued, "read:org"]), "api, …, read:org");
    }

    #[test]
    fn a_list_of_nothing_active_proves_no_absence() {
        let input = Input::new("x", b"", "2026-11-23".parse().unwrap());
        let whole = |states: &[Status]| {
            let mut gathered = Gathered::new(&input, "table", None);
            for status in states {
                let row = Row {
                    status: Some(*status),
                    ..Row::default()
                };
                gathered.take(&Value::Null, Ok(row), &[]);
            }
            gathered.finish(true).whole
        };
        assert!(whole(&[Status::Active, Status::Inactive]) && whole(&[]));
        assert!(!whole(&[Status::Inactive, Status::Refused]));
    }
}
