//! Error answers saved in place of an export: "not covered", never "none".

use super::{
    aws_access_keys, aws_credential_report, aws_last_used, github_deploy_keys,
    github_fine_grained_pats,
    imported::{Cover, Imported, Input},
    people,
    reading::guard,
};
use serde_json::Value;

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// In short: `403: Resource not accessible by integration`.
    pub(super) reason: String,
    /// What was most likely asked for.
    pub(super) guess: Option<&'static str>,
}

/// Error answers are short; anything longer is not read as one.
const LONGEST: usize = 64 * 1024;

/// Recognises the error answers of GitHub, AWS, Google, Microsoft, SCIM and most other APIs.
pub(super) fn of(input: &Input<'_>) -> Option<Refusal> {
    if input.bytes.len() > LONGEST {
        return None;
    }
    let text = std::str::from_utf8(input.bytes)
        .ok()?
        .trim_start_matches('\u{feff}')
        .trim();
    let (reason, hint) = if text.starts_with('{') {
        // `gh` and other tools write a line of their own behind the body.
        let body = serde_json::Deserializer::from_str(text)
            .into_iter::<Value>()
            .next()?
            .ok()?;
        json(&body, text)?
    } else if text.starts_with('<') {
        (xml(text)?, text.to_owned())
    } else {
        (line(text)?, text.to_owned())
    };
    Some(Refusal {
        reason: shown(&reason),
        guess: guess(&hint).or_else(|| guess_by_name(input.name)),
    })
}

/// The import of an error answer: no rows, and coverage that says why.
pub(super) fn not_covered(input: &Input<'_>, kind: &'static str, reason: &str) -> Imported {
    let part = match kind {
        super::kubernetes_secrets::KIND => "secrets of the namespaces listed",
        super::github_secret_scanning::KIND => "findings",
        super::cmdb::KIND => "systems and their owners",
        aws_credential_report::KIND | aws_access_keys::KIND => "access keys",
        aws_last_used::KIND => "last use",
        github_fine_grained_pats::KIND => "fine-grained personal access tokens",
        github_deploy_keys::KIND => "deploy keys",
        people::KIND => "people",
        _ => "keys",
    };
    Imported {
        kind,
        coverage: vec![Cover::of(input).not_covered(part, reason)],
        notes: vec![format!(
            "{} is an error answer, not a list ({reason}); never counted as 0",
            input.name
        )],
        ..Imported::default()
    }
}

/// The reason, and the text that says what was asked for.
fn json(body: &Value, text: &str) -> Option<(String, String)> {
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    let number = |name: &str| {
        match body.get(name)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
        .filter(|status| (400..600).contains(status))
    };
    let scim = body
        .get("schemas")
        .and_then(Value::as_array)
        .is_some_and(|schemas| {
            schemas.iter().any(|s| {
                s.as_str()
                    .is_some_and(|s| s.ends_with("messages:2.0:Error"))
            })
        });
    let hint = text.to_owned();
    if scim {
        let detail = field("detail").unwrap_or("SCIM error");
        return Some((coded(number("status"), detail), hint));
    }
    // GitHub, and others of that form.
    if let Some(message) = field("message").or_else(|| field("Message")) {
        let status = number("status")
            .or_else(|| number("code"))
            .or_else(|| number("statusCode"));
        let github = field("documentation_url").is_some_and(|url| url.contains("github"));
        let aws = field("__type").is_some();
        if status.is_some() || github || aws {
            return Some((coded(status.or_else(|| by_words(message)), message), hint));
        }
    }
    // Okta.
    if let (Some(code), Some(summary)) = (field("errorCode"), field("errorSummary")) {
        return Some((format!("{code}: {summary}"), hint));
    }
    match body.get("error").or_else(|| body.get("Error")) {
        // Google, Microsoft Graph, AWS, Anthropic, OpenAI.
        Some(Value::Object(error)) => {
            let inner = |names: [&str; 2]| names.iter().find_map(|name| error.get(*name));
            let message = inner(["message", "Message"]).and_then(Value::as_str)?;
            let code = match inner(["code", "Code"]).or_else(|| error.get("type")) {
                Some(Value::Number(code)) => Some(code.to_string()),
                Some(Value::String(code)) => Some(code.clone()),
                _ => None,
            };
            let code = code.or_else(|| by_words(message).map(|status| status.to_string()))?;
            Some((format!("{code}: {message}"), hint))
        }
        // Slack, OAuth.
        Some(Value::String(error)) => {
            let described = field("error_description");
            let refused =
                body.get("ok").and_then(Value::as_bool) == Some(false) || described.is_some();
            refused.then(|| {
                (
                    described.map_or_else(|| error.clone(), |d| format!("{error}: {d}")),
                    hint,
                )
            })
        }
        _ => errors(body).map(|reason| (reason, hint)),
    }
}

/// `{"errors": […]}` and nothing else, as Vault, Datadog and Cloudflare answer.
fn errors(body: &Value) -> Option<String> {
    let first = body.get("errors")?.as_array()?.first()?;
    let failed = body.get("success").and_then(Value::as_bool) == Some(false);
    let alone = body.as_object().is_some_and(|object| object.len() == 1);
    let message = match first {
        Value::String(message) => message.clone(),
        Value::Object(error) => error.get("message")?.as_str()?.to_owned(),
        _ => return None,
    };
    (failed || alone && by_words(&message).is_some()).then(|| coded(by_words(&message), &message))
}

fn coded(status: Option<u64>, message: &str) -> String {
    match status {
        Some(status) => format!("{status}: {message}"),
        None => message.to_owned(),
    }
}

/// The status that usual words stand for.
fn by_words(message: &str) -> Option<u64> {
    let lower = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&[
        "bad credentials",
        "unauthorized",
        "authentication",
        "invalid token",
        "expired token",
    ]) {
        Some(401)
    } else if has(&[
        "not accessible",
        "forbidden",
        "permission",
        "not authorized",
        "access denied",
        "must have admin",
    ]) {
        Some(403)
    } else if has(&["not found"]) {
        Some(404)
    } else if has(&["rate limit", "too many requests"]) {
        Some(429)
    } else {
        None
    }
}

/// What the AWS query API answers.
fn xml(text: &str) -> Option<String> {
    text.contains("<Error>").then_some(())?;
    let between = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        rest.split_once(&format!("</{tag}>"))
            .map(|(inner, _)| inner.trim())
    };
    Some(format!(
        "{}: {}",
        between("Code")?,
        between("Message").unwrap_or("no message")
    ))
}

/// What command-line tools print: `An error occurred (AccessDenied) when calling the … operation: …`.
fn line(text: &str) -> Option<String> {
    let first = text.lines().next()?.trim();
    if let Some(rest) = first.strip_prefix("An error occurred (") {
        let (code, message) = rest.split_once(')')?;
        let message = message
            .split_once("operation:")
            .map_or(message, |(_, message)| message);
        return Some(format!("{code}: {}", message.trim()));
    }
    // `kubectl`: `Error from server (Forbidden): secrets is forbidden: User "x" cannot list resource "secrets" …`.
    if let Some(rest) = first.strip_prefix("Error from server (") {
        let (code, message) = rest.split_once("): ")?;
        return Some(format!("{code}: {message}"));
    }
    let rest = first.strip_prefix("gh: ")?;
    let (message, status) = rest.rsplit_once(" (HTTP ")?;
    Some(format!("{}: {message}", status.trim_end_matches(')')))
}

/// A message of a stranger, fit to be shown.
fn shown(reason: &str) -> String {
    const LONGEST: usize = 160;
    let (clean, _) = guard::scrub(reason);
    let line: String = clean
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let short: String = line.trim().chars().take(LONGEST).collect();
    if short.len() < line.trim().len() {
        format!("{short}…")
    } else {
        short
    }
}

/// The kind that an answer itself names, by its documentation or its operation.
fn guess(text: &str) -> Option<&'static str> {
    const NAMED: [(&str, &str); 10] = [
        ("personal-access-tokens", github_fine_grained_pats::KIND),
        ("fine-grained", github_fine_grained_pats::KIND),
        ("deploy-keys", github_deploy_keys::KIND),
        ("ListAccessKeys", aws_access_keys::KIND),
        ("GetAccessKeyLastUsed", aws_last_used::KIND),
        ("GetCredentialReport", aws_credential_report::KIND),
        ("GenerateCredentialReport", aws_credential_report::KIND),
        ("scim/v2/Users", people::KIND),
        ("scim:api:messages:2.0:Error", people::KIND),
        ("list-users", people::KIND),
    ];
    NAMED
        .iter()
        .find(|(name, _)| text.contains(name))
        .map(|(_, kind)| *kind)
}

/// The kind that the name of a file hints at, where its content says no more than "no".
fn guess_by_name(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase().replace('_', "-");
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&[
        "personal-access-token",
        "fine-grained",
        "/pats",
        "pats.",
        "-pats",
    ]) || lower.starts_with("pats")
    {
        Some(github_fine_grained_pats::KIND)
    } else if has(&["deploy-key", "deploykey"]) {
        Some(github_deploy_keys::KIND)
    } else if has(&["credential-report"]) {
        Some(aws_credential_report::KIND)
    } else if has(&["last-used"]) {
        Some(aws_last_used::KIND)
    } else if has(&["access-keys", "accesskeys"]) {
        Some(aws_access_keys::KIND)
    } else if has(&["people", "scim", "employees"]) {
        Some(people::KIND)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn got(name: &str, text: &str) -> Option<(String, Option<&'static str>)> {
        let input = Input::new(name, text.as_bytes(), "2026-11-23".parse().unwrap());
        of(&input).map(|refusal| (refusal.reason, refusal.guess))
    }

    #[test]
    fn error_answers_of_many_apis() {
        for (text, reason) in [
            (
                r#"{"message":"Resource not accessible by integration","documentation_url":"https://docs.github.com/rest","status":"403"}"#,
                "403: Resource not accessible by integration",
            ),
            (
                r#"{"message":"Not Found","documentation_url":"https://docs.github.com/rest"}"#,
                "404: Not Found",
            ),
            (
                "{\"message\":\"Bad credentials\",\"status\":\"401\"}\ngh: Bad credentials (HTTP 401)\n",
                "401: Bad credentials",
            ),
            ("gh: Not Found (HTTP 404)", "404: Not Found"),
            (
                r#"{"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}}"#,
                "403: The caller does not have permission",
            ),
            (
                r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}}"#,
                "Authorization_RequestDenied: Insufficient privileges",
            ),
            (
                r#"{"Error":{"Code":"AccessDenied","Message":"no"}}"#,
                "AccessDenied: no",
            ),
            (
                r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
                "authentication_error: invalid x-api-key",
            ),
            (
                r#"{"errorCode":"E0000006","errorSummary":"You do not have permission"}"#,
                "E0000006: You do not have permission",
            ),
            (r#"{"ok":false,"error":"missing_scope"}"#, "missing_scope"),
            (
                r#"{"errors":["permission denied"]}"#,
                "403: permission denied",
            ),
            (
                r#"{"success":false,"errors":[{"code":1000,"message":"Invalid API Token"}],"result":null}"#,
                "Invalid API Token",
            ),
            (
                "\n\nAn error occurred (AccessDenied) when calling the ListAccessKeys operation: User: x is not authorized\n",
                "AccessDenied: User: x is not authorized",
            ),
            (
                "Error from server (Forbidden): secrets is forbidden: User \"x\" cannot list resource \"secrets\"\n",
                "Forbidden: secrets is forbidden: User \"x\" cannot list resource \"secrets\"",
            ),
            (
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
                "AccessDenied: no",
            ),
            (
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"403","detail":"no"}"#,
                "403: no",
            ),
        ] {
            assert_eq!(
                got("x", text).map(|(reason, _)| reason).as_deref(),
                Some(reason),
                "{text}"
            );
        }
    }

    #[test]
    fn ordinary_files_are_no_error_answers() {
        for text in [
            r#"{"message":"hello"}"#,
            r#"{"error":"x"}"#,
            r#"{"errors":[]}"#,
            r#"{"name":"package","version":"1.0.0"}"#,
            "name,owner\na,b\n",
            "<html></html>",
            "{",
            "",
        ] {
            assert_eq!(got("pats.json", text), None, "{text}");
        }
    }

    #[test]
    fn the_kind_is_named_by_the_answer_or_else_by_the_file() {
        let url = r#"{"message":"Not Found","documentation_url":"https://docs.github.com/rest/deploy-keys/deploy-keys"}"#;
        assert_eq!(
            got("pats.json", url).unwrap().1,
            Some(github_deploy_keys::KIND)
        );
        let plain = r#"{"message":"no","status":"403"}"#;
        assert_eq!(
            got("github/pats.json", plain).unwrap().1,
            Some(github_fine_grained_pats::KIND)
        );
        assert_eq!(got("answer.json", plain).unwrap().1, None);
    }

    #[test]
    fn a_secret_in_an_answer_is_not_repeated() {
        let text = r#"{"error":{"code":"invalid","message":"Incorrect key sk-proj-AbCdEfGhIjKlMnOp1234 given"}}"#;
        assert!(!got("x", text).unwrap().0.contains("AbCdEf"));
    }
}
