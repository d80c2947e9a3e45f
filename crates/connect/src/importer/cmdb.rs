//! Applications of a configuration database, as ServiceNow exports them: `GET /api/now/table/cmdb_ci_business_app`
//! (`result[]`, values as text or as `{display_value, value}`) or a list saved as CSV.
//!
//! Fields of `cmdb_ci`: `name`, `owned_by`, `managed_by`, `operational_status` (1 operational, 6 retired),
//! `install_status` (7 retired), `environment`/`used_for`, and `business_criticality` of applications
//! (<https://www.servicenow.com/docs>, Table API and CMDB tables, read 2026-11-26). A data classification is a field
//! that each organisation adds: `data_classification` and `u_data_classification` are read.

use super::{
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition, rejected},
    reading::{
        guard, json,
        sheet::{self, normal},
        text,
    },
};
use serde_json::Value;
use std::collections::BTreeMap;
use tenure_model::{facts::DataClass, place::hints, system::System};

/// The name of this kind.
pub(super) const KIND: &str = "cmdb";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Name,
    Owner,
    Manager,
    Criticality,
    Data,
    Operational,
    Installed,
    Environment,
}

impl Field {
    /// By the name of a column, as `owned_by` or `Owned by`.
    fn of(header: &str) -> Option<Self> {
        let name = normal(header);
        let name = name.strip_prefix("u ").unwrap_or(&name);
        Some(match name {
            "name" => Self::Name,
            "owned by" | "business owner" | "it application owner" => Self::Owner,
            "managed by" => Self::Manager,
            "business criticality" => Self::Criticality,
            "data classification" | "information classification" => Self::Data,
            "operational status" => Self::Operational,
            "install status" | "life cycle status" => Self::Installed,
            "environment" | "used for" => Self::Environment,
            _ => return None,
        })
    }

    /// Only a configuration database has these.
    fn is_telling(self) -> bool {
        matches!(
            self,
            Self::Owner | Self::Criticality | Self::Operational | Self::Installed
        )
    }
}

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let answers = json::shaped(input, &["result", "name"], |answer| {
        let first = answer
            .get("result")
            .and_then(Value::as_array)
            .and_then(|all| all.first());
        first
            .and_then(Value::as_object)
            .is_some_and(|first| is_application(first.keys().map(String::as_str)))
    });
    if answers == Recognition::Yes {
        return answers;
    }
    match sheet::header(input) {
        Some(header) if is_application(header.iter().map(String::as_str)) => Recognition::Yes,
        _ => Recognition::No,
    }
}

fn is_application<'h>(headers: impl Iterator<Item = &'h str>) -> bool {
    let fields: Vec<Field> = headers.filter_map(Field::of).collect();
    let telling = fields.iter().filter(|field| field.is_telling()).count();
    fields.contains(&Field::Name) && telling >= 1 && fields.len() >= 3
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    let decoded = text::of_table(input)?;
    let mut records = Vec::new();
    let mut stopped = None;
    if matches!(
        decoded.text.trim_start().as_bytes().first(),
        Some(b'{' | b'[')
    ) {
        records = answers(input)?;
    } else {
        imported.notes.extend(decoded.note);
        let table = sheet::parse(input, &decoded.text)?;
        let fields: Vec<Option<Field>> = table.header.iter().map(|cell| Field::of(cell)).collect();
        for record in &table.records {
            let cells = fields.iter().enumerate();
            let cells =
                cells.filter_map(|(at, field)| Some(((*field)?, record.cell(at).to_owned())));
            records.push((format!("line {}", record.line), cells.collect()));
        }
        stopped = table.stopped;
    }
    let (mut ids, mut no_name) = (0usize, 0usize);
    for (at, cells) in &records {
        match system(input, at, cells, &mut imported.problems, &mut ids) {
            Some(system) => imported.systems.push(system),
            None => {
                no_name += 1;
                imported.problems.push(Problem::new(
                    at.as_str(),
                    "the entry has no name",
                    "give it one, or leave it out",
                ));
            }
        }
    }
    if ids > 0 {
        imported.notes.push(format!(
            "{ids} owner{} given as record ids: export with sysparm_display_value=true to have names",
            if ids == 1 { " is" } else { "s are" }
        ));
    }
    let mut why: Vec<String> = rejected(no_name).into_iter().collect();
    if let Some(problem) = stopped {
        why.push(format!("reading stopped at {}", problem.at));
        imported.problems.push(problem);
    }
    let why = (!why.is_empty()).then(|| why.join("; "));
    let cover = Cover::of(input);
    imported.coverage = vec![
        cover.read("systems and their owners", imported.systems.len(), why),
        cover.not_offered(
            "keys",
            "a configuration database lists applications, not their keys",
        ),
    ];
    Ok(imported)
}

type Cells = BTreeMap<Field, String>;

/// The entries of all answers, each with what its fields show.
fn answers(input: &Input<'_>) -> Result<Vec<(String, Cells)>, ImportError> {
    let mut records = Vec::new();
    for answer in json::elements(json::documents(input)?) {
        let Some(entries) = answer.get("result").and_then(Value::as_array) else {
            return Err(ImportError::Shape {
                file: input.name.to_owned(),
                kind: KIND,
                why: "it has no list `result`".to_owned(),
                todo: "save the answer of /api/now/table/cmdb_ci_business_app as it is, or the list as CSV".to_owned(),
            });
        };
        for entry in entries {
            let at = format!("/result/{}", records.len());
            let fields = entry.as_object().into_iter().flatten();
            let cells = fields
                .filter_map(|(name, value)| Some((Field::of(name)?, shown(value)?)))
                .collect();
            records.push((at, cells));
        }
    }
    Ok(records)
}

/// What a field shows: the words where both words and value are there.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(_) => json::text(value, "display_value")
            .or_else(|| json::text(value, "value"))
            .map(str::to_owned),
        _ => None,
    }
}

fn system(
    input: &Input<'_>,
    at: &str,
    cells: &Cells,
    problems: &mut Vec<Problem>,
    ids: &mut usize,
) -> Option<System> {
    let cell = |field| {
        cells
            .get(&field)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    };
    let mut person = |field| {
        let who = cell(field)?;
        // A record id (32 hex digits) names nobody outside the database.
        let is_id = who.len() == 32 && who.bytes().all(|b| b.is_ascii_hexdigit());
        *ids += usize::from(is_id);
        (!is_id).then(|| guard::name(who))
    };
    let (owner, manager) = (person(Field::Owner), person(Field::Manager));
    let data = cell(Field::Data).and_then(|word| {
        let class = class(word);
        if class.is_none() {
            problems.push(Problem::new(
                at,
                format!("the data classification `{}` is not known", guard::quoted(word)),
                "write public, internal, confidential or restricted; until then it counts as unknown",
            ));
        }
        class
    });
    Some(System {
        source: format!("{} {at}", input.name),
        name: guard::name(cell(Field::Name)?),
        owner,
        manager,
        criticality: cell(Field::Criticality).map(guard::name),
        data,
        environment: cell(Field::Environment).and_then(hints::environment),
        retired: cell(Field::Operational).is_some_and(|word| is_retired(word, "6"))
            || cell(Field::Installed).is_some_and(|word| is_retired(word, "7")),
    })
}

fn is_retired(word: &str, code: &str) -> bool {
    word == code
        || matches!(
            word.to_ascii_lowercase().as_str(),
            "retired" | "end of life" | "decommissioned"
        )
}

/// A classification in the words that organisations use. One that is not known is not guessed.
fn class(word: &str) -> Option<DataClass> {
    let lower = word.to_ascii_lowercase();
    // `3 - Confidential`
    let name = lower.trim_start_matches(|c: char| c.is_ascii_digit() || " -.)".contains(c));
    Some(match name.trim() {
        "public" | "unclassified" => DataClass::Public,
        "internal" | "internal use" | "internal use only" | "private" => DataClass::Internal,
        "confidential" | "sensitive" | "personal" | "pii" => DataClass::Confidential,
        "restricted"
        | "highly confidential"
        | "strictly confidential"
        | "highly restricted"
        | "secret"
        | "regulated"
        | "phi"
        | "pci" => DataClass::Restricted,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::place::Environment;

    const JSON: &str = r#"{"result":[{"sys_id":"0f","name":"Web shop","owned_by":{"display_value":"ann@example.com",
        "link":"https://x.service-now.com/api/now/table/sys_user/1"},"managed_by":{"display_value":"Bob","value":"1"},
        "business_criticality":"1 - most critical","u_data_classification":"Restricted","operational_status":"1",
        "environment":"Production"},{"name":"Old portal","owned_by":"62826bf03710200044e0bfc8bcbe5df1",
        "operational_status":"6","business_criticality":""}]}"#;
    const CSV: &str = "Name,Owned by,Managed by,Business criticality,Data classification,Operational status,Environment\n\
        Web shop,ann@example.com,Bob,1 - most critical,restricted,Operational,Production\n\
        Old portal,,,,,Retired,\n,x,,,,,\nOther,,,,rosy,,\n";

    fn got(text: &str) -> Imported {
        let input = Input::new("cmdb.x", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn answers_and_tables_say_the_same() {
        let shop = System {
            name: "Web shop".to_owned(),
            owner: Some("ann@example.com".to_owned()),
            manager: Some("Bob".to_owned()),
            criticality: Some("1 - most critical".to_owned()),
            data: Some(DataClass::Restricted),
            environment: Some(Environment::Production),
            ..System::default()
        };
        let json = got(JSON);
        let csv = got(CSV);
        for (got, at) in [(&json, "/result/0"), (&csv, "line 2")] {
            let source = format!("cmdb.x {at}");
            assert_eq!(
                got.systems[0],
                System {
                    source,
                    ..shop.clone()
                }
            );
            assert!(got.systems[1].retired && !got.systems[0].retired);
        }
        assert!(json.rows.is_empty() && csv.rows.is_empty());
    }

    #[test]
    fn a_record_id_is_nobody_and_is_told() {
        let got = got(JSON);
        assert_eq!(got.systems[1].owner, None);
        assert!(
            got.notes[0].contains("sysparm_display_value=true"),
            "{:?}",
            got.notes
        );
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        let got = got(CSV);
        let at: Vec<_> = got.problems.iter().map(|p| p.at.as_str()).collect();
        assert_eq!(at, ["line 4", "line 5"]);
        assert_eq!(got.systems[2].data, None);
        assert_eq!(got.coverage[0].state.word(), "partial");
        assert_eq!(class("3 - Confidential"), Some(DataClass::Confidential));
    }

    #[test]
    fn a_list_of_keys_or_of_people_is_none_of_these() {
        for text in [
            "name,provider,owner,environment\nx,aws,ann,production\n",
            "id,email,manager,active,until\n1,a@x.io,,true,\n",
            r#"{"result":[{"id":"1","name":"n","status":"active","issued_on":"2026-01-01"}]}"#,
        ] {
            let input = Input::new("x", text.as_bytes(), "2026-11-23".parse().unwrap());
            assert_eq!(recognise(&input), Recognition::No, "{text}");
        }
    }
}
