//! What an answer says about the key that was sent: a pure function of the recipe and the answer.

use crate::http::Answer;
use serde_json::Value;
use std::collections::BTreeMap;
use tenure_model::catalog::Recipe;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// The key was accepted.
    Accepted {
        /// As whom.
        subject: Option<String>,
        /// With which rights.
        rights: Vec<String>,
    },
    /// The key was refused.
    Refused,
    /// Neither, and why not: words that follow on "the answer ".
    Neither(String),
}

/// Rights that are told, and the characters of one.
const RIGHTS: usize = 64;
const LONGEST: usize = 128;

/// Reads an answer.
#[must_use]
pub fn read(recipe: &Recipe, answer: &Answer) -> Reading {
    let status = answer.status;
    if recipe.refused.contains(&status) {
        return Reading::Refused;
    }
    if !recipe.live.contains(&status) {
        return Reading::Neither(match status {
            300..=399 => format!("leads elsewhere ({status}), where it was not followed"),
            429 => "asks for fewer requests (429)".to_owned(),
            500..=599 => format!("says that the provider itself fails ({status})"),
            _ => format!("has a status that says nothing about the key ({status})"),
        });
    }
    let body = Body::of(&answer.body);
    let shows = |wanted: &BTreeMap<String, Vec<String>>, pointer: &String| {
        let found = body.at(pointer);
        found.is_some_and(|found| {
            wanted
                .get(pointer)
                .is_some_and(|values| values.contains(&found))
        })
    };
    if recipe
        .refused_when
        .keys()
        .any(|pointer| shows(&recipe.refused_when, pointer))
    {
        return Reading::Refused;
    }
    // A status such as 403 that a live key gets tells of no more than that.
    if !(200..300).contains(&status) {
        return Reading::Accepted {
            subject: None,
            rights: Vec::new(),
        };
    }
    if !recipe
        .live_when
        .keys()
        .all(|pointer| shows(&recipe.live_when, pointer))
    {
        return Reading::Neither(format!(
            "does not show what that of a live key does ({status})"
        ));
    }
    let subject = recipe.subject.as_ref().and_then(|pointer| body.at(pointer));
    if recipe.subject.is_some()
        && subject
            .as_deref()
            .is_none_or(|subject| subject.trim().is_empty())
    {
        return Reading::Neither(format!("does not say whose key it is ({status})"));
    }
    Reading::Accepted {
        subject: subject.map(|subject| cut(&subject)),
        rights: recipe
            .rights
            .as_deref()
            .map_or_else(Vec::new, |at| rights(at, &body, answer)),
    }
}

/// A body, as far as a recipe can point into it.
struct Body<'b> {
    text: &'b str,
    json: Option<Value>,
}

impl<'b> Body<'b> {
    fn of(bytes: &'b [u8]) -> Self {
        Self {
            text: std::str::from_utf8(bytes).unwrap_or_default(),
            // serde_json ends at a depth of 128.
            json: serde_json::from_slice(bytes).ok(),
        }
    }

    /// The value at a JSON Pointer (RFC 6901), or the text of the first `xml:ELEMENT` that holds nothing but text.
    fn at(&self, pointer: &str) -> Option<String> {
        if let Some(element) = pointer.strip_prefix("xml:") {
            let (_, rest) = self.text.split_once(&format!("<{element}>"))?;
            let (text, _) = rest.split_once(&format!("</{element}>"))?;
            return (!text.contains('<')).then(|| text.trim().to_owned());
        }
        match self.json.as_ref()?.pointer(pointer)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(yes) => Some(yes.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// Rights: a list, the names that are set to true, or words between commas and spaces.
fn rights(at: &str, body: &Body<'_>, answer: &Answer) -> Vec<String> {
    let words = |text: &str| -> Vec<String> {
        text.split([',', ' '])
            .filter(|word| !word.is_empty())
            .map(cut)
            .collect()
    };
    let mut rights = if let Some(name) = at.strip_prefix("header:") {
        let value = answer
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        words(value.unwrap_or_default())
    } else {
        match body.json.as_ref().and_then(|json| json.pointer(at)) {
            Some(Value::String(text)) => words(text),
            Some(Value::Array(list)) => list.iter().filter_map(name).collect(),
            Some(Value::Object(set)) => set
                .iter()
                .filter(|(_, value)| **value == Value::Bool(true))
                .map(|(name, _)| cut(name))
                .collect(),
            _ => Vec::new(),
        }
    };
    rights.truncate(RIGHTS);
    rights
}

/// The name of one right in a list.
fn name(right: &Value) -> Option<String> {
    match right {
        Value::String(text) => Some(cut(text)),
        Value::Object(fields) => ["handle", "name", "id"]
            .iter()
            .find_map(|field| fields.get(*field)?.as_str())
            .map(cut),
        _ => None,
    }
}

/// Text of others: short, and without what a terminal would obey.
fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use zeroize::Zeroizing;

    fn recipe(lines: &str) -> Recipe {
        toml::from_str(&format!("live = [200, 403]\nrefused = [401]\n{lines}")).unwrap()
    }

    fn answer(status: u16, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("x-scopes", HeaderValue::from_static("repo, read:org"));
        Answer {
            status,
            headers,
            body: Zeroizing::new(body.as_bytes().to_vec()),
        }
    }

    fn accepted(subject: Option<&str>, rights: &[&str]) -> Reading {
        Reading::Accepted {
            subject: subject.map(str::to_owned),
            rights: rights.iter().map(|right| (*right).to_owned()).collect(),
        }
    }

    #[test]
    fn a_status_that_the_recipe_does_not_name_says_nothing() {
        let recipe = recipe("");
        assert_eq!(read(&recipe, &answer(200, "")), accepted(None, &[]));
        assert_eq!(read(&recipe, &answer(403, "")), accepted(None, &[]));
        assert_eq!(read(&recipe, &answer(401, "")), Reading::Refused);
        for status in [
            0, 100, 204, 302, 400, 404, 407, 418, 429, 500, 503, 599, 999,
        ] {
            assert!(
                matches!(read(&recipe, &answer(status, "")), Reading::Neither(_)),
                "{status}"
            );
        }
    }

    #[test]
    fn who_and_what_come_from_where_the_recipe_points() {
        let with = recipe("subject = \"/user/login\"\nrights = \"header:x-scopes\"");
        let body = r#"{"user":{"login":"ann"}}"#;
        assert_eq!(
            read(&with, &answer(200, body)),
            accepted(Some("ann"), &["repo", "read:org"])
        );
        for body in [
            "",
            "<html>sign in</html>",
            "{}",
            r#"{"user":{"login":null}}"#,
            r#"{"user":{"login":" "}}"#,
        ] {
            assert!(
                matches!(read(&with, &answer(200, body)), Reading::Neither(_)),
                "{body}"
            );
        }
        for (body, told) in [
            (r#"{"s":["a","b",3]}"#, vec!["a", "b"]),
            (r#"{"s":"a b,c"}"#, vec!["a", "b", "c"]),
            (r#"{"s":{"a":true,"b":false}}"#, vec!["a"]),
            (r#"{"s":[{"handle":"a"},{"x":1}]}"#, vec!["a"]),
            (r#"{"s":7}"#, vec![]),
        ] {
            assert_eq!(
                read(&recipe("rights = \"/s\""), &answer(200, body)),
                accepted(None, &told),
                "{body}"
            );
        }
        let xml = recipe("subject = \"xml:Arn\"");
        assert_eq!(
            read(&xml, &answer(200, "<R><Arn>arn:x</Arn></R>")),
            accepted(Some("arn:x"), &[])
        );
        for body in ["<Arn>", "<Arn><b/></Arn>", "</Arn><Arn>"] {
            assert!(
                matches!(read(&xml, &answer(200, body)), Reading::Neither(_)),
                "{body}"
            );
        }
    }

    #[test]
    fn an_error_behind_a_good_status_is_no_acceptance() {
        let recipe = recipe(
            "[live_when]\n\"/ok\" = [\"true\"]\n[refused_when]\n\"/error\" = [\"invalid_auth\", \"token_revoked\"]",
        );
        assert_eq!(
            read(&recipe, &answer(200, r#"{"ok":true}"#)),
            accepted(None, &[])
        );
        assert_eq!(
            read(
                &recipe,
                &answer(200, r#"{"ok":false,"error":"invalid_auth"}"#)
            ),
            Reading::Refused
        );
        for body in [
            r#"{"ok":false,"error":"ratelimited"}"#,
            r#"{"ok":"no"}"#,
            "",
            "[]",
        ] {
            assert!(
                matches!(read(&recipe, &answer(200, body)), Reading::Neither(_)),
                "{body}"
            );
        }
    }

    #[test]
    fn what_others_write_is_cut_and_tamed() {
        let long = "x".repeat(5000);
        let body = format!(r#"{{"s":"\u001b[2J\n{long}"}}"#);
        let Reading::Accepted {
            subject: Some(subject),
            ..
        } = read(&recipe("subject = \"/s\""), &answer(200, &body))
        else {
            panic!("not accepted");
        };
        assert_eq!(subject.chars().count(), LONGEST);
        assert!(!subject.contains(['\u{1b}', '\n']));
    }
}
