//! A people list: a SCIM 2.0 list (RFC 7644) or a table with id, e-mail, manager, state and last day.

use super::{
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition, rejected},
    reading::{
        dates, guard, json,
        sheet::{self, Record, normal},
        text,
    },
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    day::Day,
    key::{Coverage, Person, PersonState},
};

/// The name of this kind.
pub(super) const KIND: &str = "people";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let listed = json::shaped(input, &["Resources", "userName"], |answer| {
        answer.get("Resources").is_some_and(Value::is_array)
    });
    if listed == Recognition::Yes {
        return listed;
    }
    let Some(header) = sheet::header(input) else {
        return Recognition::No;
    };
    let columns = Columns::of(&header);
    let has = |field| columns.0.contains_key(&field);
    if has(Field::Email) && (has(Field::Manager) || has(Field::Until) && has(Field::State)) {
        Recognition::Yes
    } else {
        Recognition::No
    }
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    let text = text::of_table(input)?;
    let first = text.text.trim_start().chars().next();
    let why = if matches!(first, Some('{' | '[')) {
        scim(input, &mut imported)?
    } else {
        imported.notes.extend(text.note);
        table(input, &text.text, &mut imported)?
    };
    twins(&mut imported);
    imported.coverage = vec![coverage(input, &imported, why)];
    imported.whole = true;
    Ok(imported)
}

fn coverage(input: &Input<'_>, imported: &Imported, why: Option<String>) -> Coverage {
    let why: Vec<String> = rejected(imported.problems.len())
        .into_iter()
        .chain(why)
        .collect();
    let why = (!why.is_empty()).then(|| why.join("; "));
    Cover::of(input).read("people", imported.people.len(), why)
}

/// Two people with one id or address: whoever asks for it would get the first.
fn twins(imported: &mut Imported) {
    let mut known = BTreeSet::new();
    for person in &imported.people {
        let email = person.email.iter().map(String::as_str);
        let ids: BTreeSet<String> = email
            .chain([person.id.as_str()])
            .map(str::to_lowercase)
            .collect();
        for id in ids {
            if !known.insert(id.clone()) {
                imported.notes.push(format!(
                    "`{}` stands for more than one person; the first one counts",
                    guard::quoted(&id)
                ));
            }
        }
    }
}

fn scim(input: &Input<'_>, imported: &mut Imported) -> Result<Option<String>, ImportError> {
    let answers = json::elements(json::documents(input)?);
    let mut total = 0;
    let mut seen = 0;
    let many = answers.len() > 1;
    for (number, answer) in answers.iter().enumerate() {
        let prefix = if many {
            format!("/{number}")
        } else {
            String::new()
        };
        let (resources, path): (&[Value], _) = match answer.get("Resources") {
            Some(Value::Array(resources)) => (resources, format!("{prefix}/Resources")),
            // SCIM leaves the field out of an empty answer.
            None if answer.get("totalResults").is_some() => (&[], prefix),
            None if answer.get("userName").is_some() => (std::slice::from_ref(answer), prefix),
            _ => {
                return Err(ImportError::Shape {
                    file: input.name.to_owned(),
                    kind: KIND,
                    why: format!("document {} has no list `Resources`", number + 1),
                    todo: "save the answer of GET /scim/v2/Users as it is, or give a CSV with id, email, manager, active, until".to_owned(),
                });
            }
        };
        let told = answer.get("totalResults").and_then(Value::as_u64);
        total = total.max(
            told.and_then(|told| usize::try_from(told).ok())
                .unwrap_or(0),
        );
        seen += resources.len();
        for (at, resource) in resources.iter().enumerate() {
            let kind = resource
                .pointer("/meta/resourceType")
                .and_then(Value::as_str);
            if kind.is_some_and(|kind| kind != "User") {
                continue;
            }
            match scim_person(resource) {
                Some(person) => imported.people.push(person),
                None => imported.problems.push(Problem::new(
                    format!("{path}/{at}"),
                    "the person has neither id nor user name, or `active` is neither true nor false",
                    "export the list again",
                )),
            }
        }
    }
    Ok((total > seen).then(|| format!("{seen} of {total} people: further pages are missing")))
}

fn scim_person(resource: &Value) -> Option<Person> {
    let user_name = json::text(resource, "userName").map(guard::id);
    let emails = resource.get("emails").and_then(Value::as_array);
    let primary = emails.and_then(|emails| {
        emails
            .iter()
            .find(|email| email.get("primary").and_then(Value::as_bool) == Some(true))
            .or(emails.first())
            .and_then(|email| json::text(email, "value").or(email.as_str()))
    });
    let email = primary
        .map(guard::id)
        .or_else(|| user_name.clone().filter(|name| name.contains('@')));
    let manager = resource
        .get(ENTERPRISE)
        .and_then(|extension| extension.get("manager"));
    let manager = manager.and_then(|manager| {
        json::text(manager, "value")
            .or_else(|| json::text(manager, "displayName"))
            .or(manager.as_str())
    });
    let state = match resource.get("active") {
        None | Some(Value::Null) | Some(Value::Bool(true)) => PersonState::Active,
        Some(Value::Bool(false)) => PersonState::Inactive,
        Some(other) => state(other.as_str()?)?,
    };
    let others = ["externalId", "displayName", "nickName"]
        .into_iter()
        .filter_map(|field| json::text(resource, field).map(guard::id));
    Some(Person {
        id: json::id(resource, "id")
            .map(|id| guard::id(&id))
            .or_else(|| user_name.clone())?,
        email: email.map(|email| email.to_lowercase()),
        names: user_name.into_iter().chain(others).collect(),
        manager: manager.map(guard::id),
        state,
        until: None,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Id,
    Email,
    Name,
    Manager,
    State,
    Until,
}

const SYNONYMS: &[(Field, &str)] = &[
    (
        Field::Id,
        "id, employee id, user id, person id, employee number, personnel number, \
         worker id, username, user name, user, login, sam account name, uid",
    ),
    (
        Field::Email,
        "email, e mail, mail, email address, e mail address, work email, primary email, \
         user principal name, upn",
    ),
    (
        Field::Name,
        "username, user name, user, login, github, git hub, git hub login, github login, \
         github user, gitlab, git lab, slack, aws user, iam user, handle, aliases, alias, \
         name, full name, display name",
    ),
    (
        Field::Manager,
        "manager, manager email, manager e mail, manager id, supervisor, reports to, \
         line manager, boss",
    ),
    (
        Field::State,
        "active, status, state, employment status, account status, enabled, is active, \
         account enabled",
    ),
    (
        Field::Until,
        "until, last day, last working day, end date, leave date, leaving date, \
         termination date, contract end, ends, end, employed until, offboarding date",
    ),
];

/// Which columns say what; several may give names.
struct Columns(BTreeMap<Field, Vec<usize>>);

impl Columns {
    fn of(header: &[String]) -> Self {
        let mut columns: BTreeMap<Field, Vec<usize>> = BTreeMap::new();
        for (field, names) in SYNONYMS {
            for name in names.split(", ") {
                let found = header
                    .iter()
                    .enumerate()
                    .filter(|(_, cell)| normal(cell) == name)
                    .map(|(at, _)| at);
                columns.entry(*field).or_default().extend(found);
            }
        }
        columns.retain(|_, found| !found.is_empty());
        Self(columns)
    }

    fn all<'r>(&self, record: &'r Record, field: Field) -> impl Iterator<Item = &'r str> {
        self.0
            .get(&field)
            .into_iter()
            .flatten()
            .map(|at| record.cell(*at))
            .filter(|cell| !cell.is_empty())
    }
}

fn table(
    input: &Input<'_>,
    text: &str,
    imported: &mut Imported,
) -> Result<Option<String>, ImportError> {
    let sheet = sheet::parse(input, text)?;
    let columns = Columns::of(&sheet.header);
    if !columns.0.contains_key(&Field::Email) && !columns.0.contains_key(&Field::Id) {
        return Err(ImportError::Header {
            file: input.name.to_owned(),
            what: format!("line {}: no column names a person", sheet.header_line),
            todo: "write a header row such as `id,email,manager,active,until`".to_owned(),
        });
    }
    if !columns.0.contains_key(&Field::State) {
        imported.notes.push(
            "no column says who is active: everybody in the list counts as active".to_owned(),
        );
    }
    let order = columns.0.get(&Field::Until).and_then(|found| {
        let at = *found.first()?;
        dates::order(sheet.records.iter().map(|record| record.cell(at)))
    });
    for record in &sheet.records {
        match person(&columns, record, order) {
            Ok(person) => imported.people.push(person),
            Err((what, todo)) => {
                imported
                    .problems
                    .push(Problem::new(format!("line {}", record.line), what, todo))
            }
        }
    }
    Ok(sheet.stopped.map(|problem| {
        let why = format!("reading stopped at {}", problem.at);
        imported.notes.push(format!(
            "{}: {}; {}",
            problem.at, problem.what, problem.todo
        ));
        why
    }))
}

fn person(
    columns: &Columns,
    record: &Record,
    order: Option<dates::Order>,
) -> Result<Person, (String, &'static str)> {
    let one = |field| columns.all(record, field).next();
    let email = one(Field::Email).map(|email| guard::id(email).to_lowercase());
    let id = one(Field::Id)
        .map(guard::id)
        .or_else(|| email.clone())
        .ok_or_else(|| {
            (
                "the row names nobody: no id and no e-mail address".to_owned(),
                "say who it is, or delete the row",
            )
        })?;
    let state = match one(Field::State) {
        None if columns.0.contains_key(&Field::State) => {
            return Err((
                "the row does not say whether this person is active".to_owned(),
                "write true, false or on_leave",
            ));
        }
        None => PersonState::Active,
        Some(word) => state(word).ok_or_else(|| {
            (
                format!("`{}` is no state of a person", guard::quoted(word)),
                "write true, false or on_leave",
            )
        })?,
    };
    let until: Option<Day> = match one(Field::Until) {
        Some(cell) if !nothing(cell) => Some(dates::day(cell, order).map_err(|error| {
            let cell = guard::quoted(cell);
            match error {
                dates::BadDate::Ambiguous => (
                    format!("`{cell}` can be read with the day or with the month first"),
                    "write YYYY-MM-DD",
                ),
                dates::BadDate::NotADate => (format!("`{cell}` is not a date"), "write YYYY-MM-DD"),
            }
        })?),
        _ => None,
    };
    let mut names: Vec<String> = Vec::new();
    for cell in columns
        .all(record, Field::Name)
        .chain(columns.all(record, Field::Id).skip(1))
    {
        for name in cell
            .split([';', '|', ','])
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let name = guard::id(name);
            if name != id && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(Person {
        id,
        email,
        names,
        manager: one(Field::Manager)
            .filter(|cell| !nothing(cell))
            .map(guard::id),
        state,
        until,
    })
}

fn nothing(cell: &str) -> bool {
    let lower = cell.to_lowercase();
    dates::is_unknown(&lower)
        || matches!(
            lower.as_str(),
            "none" | "never" | "open" | "permanent" | "unlimited"
        )
}

fn state(word: &str) -> Option<PersonState> {
    let word = word.trim().to_lowercase().replace([' ', '-'], "_");
    Some(match word.as_str() {
        "true" | "yes" | "y" | "1" | "active" | "enabled" | "employed" | "current" => {
            PersonState::Active
        }
        "on_leave" | "leave" | "parental_leave" | "sabbatical" | "sick_leave"
        | "leave_of_absence" => PersonState::OnLeave,
        "false" | "no" | "n" | "0" | "inactive" | "disabled" | "left" | "leaver" | "terminated"
        | "suspended" | "deprovisioned" | "deactivated" | "former" | "offboarded" | "departed" => {
            PersonState::Inactive
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(text: &str) -> Input<'_> {
        Input::new("people", text.as_bytes(), "2026-11-23".parse().unwrap())
    }

    #[test]
    fn a_table_of_people() {
        let text = "Employee ID;E-mail;GitHub;Manager;Active;Last day\r\n\
                    1;Bob@X.io;bob-gh;carol@x.io;true;\r\n\
                    2;carol@x.io;;;on leave;31.01.2027\r\n\
                    3;dan@x.io;;;No;2026-06-30\r\n\
                    4;eve@x.io;;;perhaps;\r\n\
                    ;;;;yes;\r\n";
        assert_eq!(recognise(&input(text)), Recognition::Yes);
        let got = read(&input(text)).unwrap();
        assert_eq!(got.people.len(), 3);
        assert_eq!(
            got.people[0],
            Person {
                id: "1".to_owned(),
                email: Some("bob@x.io".to_owned()),
                names: vec!["bob-gh".to_owned()],
                manager: Some("carol@x.io".to_owned()),
                state: PersonState::Active,
                until: None,
            }
        );
        assert_eq!(got.people[1].state, PersonState::OnLeave);
        assert_eq!(got.people[1].until, Some("2027-01-31".parse().unwrap()));
        assert_eq!(got.people[2].state, PersonState::Inactive);
        assert_eq!(got.problems[0].at, "line 5");
        assert_eq!(got.problems[1].at, "line 6");
        assert_eq!(got.coverage[0].state.word(), "partial");
    }

    #[test]
    fn a_scim_list() {
        let text = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 3,
            "Resources": [
                {"id": "a1", "userName": "bob", "active": true, "displayName": "Bob",
                 "emails": [{"value": "old@x.io"}, {"value": "Bob@x.io", "primary": true}],
                 ENTERPRISE: {"manager": {"value": "a2"}}},
                {"id": "a2", "userName": "carol@x.io", "active": false},
            ]
        })
        .to_string();
        assert_eq!(recognise(&input(&text)), Recognition::Yes);
        let got = read(&input(&text)).unwrap();
        assert_eq!(got.people[0].email.as_deref(), Some("bob@x.io"));
        assert_eq!(got.people[0].names, ["bob", "Bob"]);
        assert_eq!(got.people[0].manager.as_deref(), Some("a2"));
        assert_eq!(got.people[1].email.as_deref(), Some("carol@x.io"));
        assert_eq!(got.people[1].state, PersonState::Inactive);
        assert!(
            got.coverage[0]
                .reason
                .as_deref()
                .unwrap()
                .contains("2 of 3")
        );
    }

    #[test]
    fn what_is_no_people_list() {
        for text in [
            "email,active\na@x,1\n",
            "name,provider,owner\na,b,c\n",
            "id,name\n1,x\n",
            "{}",
        ] {
            assert_eq!(recognise(&input(text)), Recognition::No, "{text}");
        }
        assert!(
            read(&input("colour\nred\n"))
                .unwrap_err()
                .to_string()
                .contains("id,email")
        );
        assert!(
            read(&input("{\"a\":1}"))
                .unwrap_err()
                .to_string()
                .contains("Resources")
        );
    }
}
