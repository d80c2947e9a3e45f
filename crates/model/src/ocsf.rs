//! Events of the log in the words of OCSF, the Open Cybersecurity Schema Framework, for whoever gathers events of many
//! products. Classes and what they require: events/iam/{account_change,authentication,entity_management}.json of
//! <https://github.com/ocsf/ocsf-schema> (read 2026-11-27).

use crate::event::{Actor, Change, Event, Outcome};
use serde_json::{Map, Value, json};

/// The version of the schema.
pub const VERSION: &str = "1.3.0";

/// A class of events: number and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    AccountChange,
    Authentication,
    EntityManagement,
}

impl Class {
    const fn uid(self) -> u64 {
        match self {
            Self::AccountChange => 3001,
            Self::Authentication => 3002,
            Self::EntityManagement => 3004,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::AccountChange => "Account Change",
            Self::Authentication => "Authentication",
            Self::EntityManagement => "Entity Management",
        }
    }
}

/// One event, the `index`-th of the log `origin`, as an object of OCSF. `raw_data` holds its canonical bytes, whose hash
/// is the leaf of the log.
#[must_use]
pub fn ocsf(index: u64, event: &Event, origin: &str, release: &str) -> Value {
    let (class, activity, activity_name) = classified(&event.change);
    let (what, about) = about(&event.change);
    let millis = event.at.micros().div_euclid(1_000);
    let why = match (&event.outcome, &event.change) {
        (Outcome::Denied { why, .. }, _) | (_, Change::JobFailed { why, .. }) => Some(why.as_str()),
        _ => None,
    };
    let mut made = json!({
        "category_uid": 3,
        "category_name": "Identity & Access Management",
        "class_uid": class.uid(),
        "class_name": class.name(),
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": class.uid().saturating_mul(100).saturating_add(activity),
        "type_name": format!("{}: {activity_name}", class.name()),
        "severity_id": if why.is_some() { 2 } else { 1 },
        "severity": if why.is_some() { "Low" } else { "Informational" },
        "status_id": if why.is_some() { 2 } else { 1 },
        "status": if why.is_some() { "Failure" } else { "Success" },
        "time": millis,
        "message": format!("{}: {what} {about}", event.who.label()).trim_end(),
        "actor": actor(&event.who),
        "metadata": {
            "version": VERSION,
            "product": {"name": "Tenure", "vendor_name": "Tenure", "version": release},
            "uid": format!("{origin}/{index}"),
            "sequence": index,
            "log_name": origin,
            "event_code": what,
            "original_time": event.at.to_string(),
        },
        "raw_data": String::from_utf8(event.bytes()).unwrap_or_default(),
    });
    let more = match class {
        Class::EntityManagement => json!({"entity": entity(&event.change)}),
        Class::AccountChange => json!({"user": user(&about)}),
        Class::Authentication => json!({"user": user(&about), "service": {"name": "Tenure"}}),
    };
    if let (Value::Object(made), Value::Object(more)) = (&mut made, more) {
        made.extend(more);
        if let Some(why) = why {
            made.insert("status_detail".to_owned(), why.into());
        }
    }
    made
}

/// The class, the activity in it, and its name.
fn classified(change: &Change) -> (Class, u64, String) {
    use Class::{AccountChange, Authentication, EntityManagement};
    let of_entity = |activity: u64| {
        let name = match activity {
            1 => "Create",
            2 => "Read",
            _ => "Update",
        };
        (EntityManagement, activity, name.to_owned())
    };
    match change {
        Change::Act { act, kind, .. } => match (kind.as_str(), act.as_str()) {
            ("account", "sign_in" | "setup_link.use") => (Authentication, 1, "Logon".to_owned()),
            ("account", "session.end" | "sign_out") => (Authentication, 2, "Logoff".to_owned()),
            // What is asked of the class has no word for it.
            ("account", act) if !reads(act) => (AccountChange, 99, act.to_owned()),
            (_, act) if reads(act) => of_entity(2),
            (_, act) if makes(act) => of_entity(1),
            _ => of_entity(3),
        },
        Change::RegisterMade { .. } | Change::KeyAdded { .. } => of_entity(1),
        Change::Exception { step, .. } if step == "requested" => of_entity(1),
        _ => of_entity(3),
    }
}

fn verb(act: &str) -> &str {
    act.rsplit('.').next().unwrap_or(act)
}

fn reads(act: &str) -> bool {
    matches!(
        verb(act),
        "list" | "view" | "read" | "verify" | "export" | "preview"
    )
}

fn makes(act: &str) -> bool {
    matches!(
        verb(act),
        "make" | "request" | "request_class" | "start" | "attach" | "send"
    )
}

/// What happened, and to what, by id.
fn about(change: &Change) -> (String, String) {
    let (what, about) = change.about();
    match change {
        Change::Act { act, .. } => (act.clone(), about),
        Change::Exception { step, .. } => (format!("exception.{step}"), about),
        _ => (what.to_owned(), about),
    }
}

/// What a change is made to: the sort of it, and its id; a name where it has none.
fn entity(change: &Change) -> Value {
    let sort = match change {
        Change::RegisterMade { .. } => "register",
        Change::ImportBegun { .. }
        | Change::ImportContinued { .. }
        | Change::ImportFinished { .. }
        | Change::ImportAbandoned { .. } => "source",
        Change::KeyAdded { .. }
        | Change::FactsChanged { .. }
        | Change::KeyVanished { .. }
        | Change::KeyReturned { .. }
        | Change::KeysJoined { .. }
        | Change::Decided { .. }
        | Change::OwnerAssigned { .. } => "key",
        Change::Exception { .. } => "exception",
        Change::PeopleChanged { .. } => "people list",
        Change::Declared { kind, .. } | Change::Act { kind, .. } => kind,
        Change::Run { .. } => "run",
        Change::JobFailed { .. } => "job",
    };
    let id = match change {
        Change::Exception { exception, .. } => exception.to_string(),
        change => about(change).1,
    };
    match id.as_str() {
        "" => json!({"type": sort, "name": sort}),
        id => json!({"type": sort, "uid": id}),
    }
}

fn user(id: &str) -> Value {
    match id {
        "" => json!({"name": "unknown", "type_id": 0, "type": "Unknown"}),
        id => json!({"uid": id, "type_id": 1, "type": "User"}),
    }
}

fn actor(who: &Actor) -> Value {
    let mut made = Map::new();
    match who {
        Actor::Person { id } => made.insert("user".to_owned(), user(id.as_str())),
        Actor::Token { id, of } => {
            let mut user = user(of.as_str());
            if let Value::Object(user) = &mut user {
                user.insert("credential_uid".to_owned(), id.as_str().into());
            }
            made.insert("user".to_owned(), user)
        }
        Actor::Operator { user } => made.insert(
            "user".to_owned(),
            json!({"name": user, "type_id": 2, "type": "Admin"}),
        ),
        Actor::System { part } => {
            made.insert("app_name".to_owned(), format!("tenure {part}").into())
        }
        Actor::Anonymous => made.insert("user".to_owned(), user("")),
    };
    Value::Object(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{KeyId, PersonId},
        moment::Moment,
    };

    const AT: Moment = Moment::from_micros(1_795_721_000_123_456);

    fn event(who: Actor, change: Change, outcome: Outcome) -> Event {
        let mut event = Event::of_product("store", AT, change);
        event.who = who;
        event.outcome = outcome;
        event
    }

    fn done() -> Outcome {
        Outcome::Done {
            policies: Vec::new(),
            rules: None,
        }
    }

    fn act(act: &str, kind: &str, id: &str) -> Change {
        Change::Act {
            act: act.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            detail: Value::Null,
        }
    }

    fn anna() -> Actor {
        Actor::Person {
            id: PersonId::new("anna"),
        }
    }

    #[test]
    fn each_event_has_the_class_that_fits_and_what_that_requires() {
        let of = |change: Change| {
            let made = ocsf(7, &event(anna(), change, done()), "tenure/x", "0.1.0");
            // What the base event and every class of the category require.
            for field in [
                "activity_id",
                "category_uid",
                "class_uid",
                "severity_id",
                "type_uid",
                "time",
            ] {
                assert!(
                    made[field].is_i64() || made[field].is_u64(),
                    "{field}: {made}"
                );
            }
            assert_eq!(made["metadata"]["version"], VERSION);
            assert_eq!(made["metadata"]["product"]["vendor_name"], "Tenure");
            let (class, activity) = (
                made["class_uid"].as_u64().unwrap(),
                made["activity_id"].as_u64().unwrap(),
            );
            assert_eq!(made["type_uid"], class * 100 + activity);
            let required = match class {
                3004 => "entity",
                _ => "user",
            };
            let object = &made[required];
            assert!(
                object["uid"].is_string() || object["name"].is_string(),
                "{made}"
            );
            assert_eq!(
                made["service"].is_object(),
                class == 3002,
                "one of service and dst_endpoint"
            );
            (class, activity)
        };
        let added = Change::KeyAdded {
            key: KeyId::new("k1"),
            provider: "aws".to_owned(),
            name: None,
        };
        assert_eq!(of(added), (3004, 1));
        assert_eq!(of(act("audit.export", "unit", "*")), (3004, 2));
        assert_eq!(of(act("policy.change", "unit", "*")), (3004, 3));
        assert_eq!(of(act("sign_in", "account", "anna")), (3002, 1));
        assert_eq!(of(act("session.end", "account", "anna")), (3002, 2));
        assert_eq!(of(act("role.assign", "account", "bob")), (3001, 99));
        assert_eq!(of(act("token.view", "account", "bob")), (3004, 2));
        assert_eq!(of(Change::PeopleChanged { people: Vec::new() }), (3004, 3));
    }

    #[test]
    fn a_denial_is_a_failure_with_its_reason_and_the_bytes_lead_back_to_the_leaf() {
        let denied = Outcome::Denied {
            policies: Vec::new(),
            rules: None,
            why: "no role permits it".to_owned(),
        };
        let event = event(anna(), act("exception.approve", "exception", "x1"), denied);
        let made = ocsf(3, &event, "tenure/x", "0.1.0");
        assert_eq!(
            (&made["status_id"], &made["status_detail"]),
            (&json!(2), &json!("no role permits it"))
        );
        assert_eq!(made["actor"]["user"]["uid"], "anna");
        assert_eq!(made["time"], 1_795_721_000_123_i64);
        assert_eq!(made["metadata"]["uid"], "tenure/x/3");
        let raw = made["raw_data"].as_str().unwrap();
        assert_eq!(
            crate::log::leaf(raw.as_bytes()),
            crate::log::leaf(&event.bytes())
        );
    }

    #[test]
    fn whoever_acts_is_somebody() {
        let token = Actor::Token {
            id: "t1".to_owned(),
            of: PersonId::new("anna"),
        };
        let system = Actor::System {
            part: "worker".to_owned(),
        };
        let operator = Actor::Operator {
            user: "root".to_owned(),
        };
        for who in [anna(), token, system, operator, Actor::Anonymous] {
            let made = actor(&who);
            assert!(
                made["user"].is_object() || made["app_name"].is_string(),
                "{made}"
            );
        }
    }
}
