//! Error answers saved in place of an export: "not covered", never "none".

mod guess;

use super::{
    anthropic_api_keys, atlassian_api_tokens, aws_access_keys, aws_credential_report,
    aws_last_used, aws_service_credentials, cloudflare_api_tokens, databricks_tokens, datadog_keys,
    entra_app_credentials, gcp_api_keys, gcp_service_account_keys,
    github_credential_authorizations, github_deploy_keys, github_fine_grained_pats,
    github_org_installations, gitlab_deploy_tokens, gitlab_tokens, hcp_service_principal_keys,
    hcp_terraform_tokens,
    imported::{Cover, Imported, Input},
    mongodb_atlas_keys, okta_api_tokens, openai_api_keys, people,
    reading::guard,
    slack_approved_apps, snowflake_access_tokens, snowflake_users, stripe_api_keys,
    vault_kv_metadata,
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
        guess: guess::by_content(&hint).or_else(|| guess::by_name(input.name)),
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
        aws_service_credentials::KIND => "service-specific credentials",
        github_org_installations::KIND => "app installations",
        github_credential_authorizations::KIND => "classic personal access tokens",
        gcp_service_account_keys::KIND => "user-managed keys of service accounts",
        gcp_api_keys::KIND
        | anthropic_api_keys::KIND
        | stripe_api_keys::KIND
        | mongodb_atlas_keys::KIND => "API keys",
        entra_app_credentials::KIND => "client secrets and certificates",
        vault_kv_metadata::KIND => "secrets kept",
        okta_api_tokens::KIND | cloudflare_api_tokens::KIND | atlassian_api_tokens::KIND => {
            "API tokens"
        }
        slack_approved_apps::KIND => "approved apps",
        snowflake_access_tokens::KIND => "programmatic access tokens",
        snowflake_users::KIND => "RSA keys",
        databricks_tokens::KIND => "personal access tokens",
        gitlab_tokens::KIND => "access tokens",
        gitlab_deploy_tokens::KIND => "deploy tokens",
        hcp_terraform_tokens::KIND => "team tokens",
        openai_api_keys::KIND => "admin and project keys",
        datadog_keys::KIND => "API keys and application keys",
        hcp_service_principal_keys::KIND => "keys of service principals",
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
    // GitLab puts the status into the message, Snowflake and Databricks a word of their own beside it.
    if let Some(message) = field("message") {
        let status = message.split(' ').next().and_then(|word| word.parse().ok());
        if body.as_object().is_some_and(|object| object.len() == 1)
            && status.is_some_and(|status: u64| (400..600).contains(&status))
        {
            return Some((message.replacen(' ', ": ", 1), hint));
        }
        if let Some(code) = field("error_code") {
            return Some((format!("{code}: {message}"), hint));
        }
        if field("sqlState").is_some() || body.get("details").is_some_and(Value::is_array) {
            return Some((coded(by_words(message), message), hint));
        }
    }
    // MongoDB Atlas.
    if let (Some(Value::Number(status)), Some(detail)) = (body.get("error"), field("detail")) {
        return Some((format!("{status}: {detail}"), hint));
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
            let code = inner(["code", "Code"]).filter(|code| !code.is_null());
            let code = match code.or_else(|| error.get("type")) {
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
        // JSON:API, as HCP Terraform and Atlassian answer, with a status and a title.
        Value::Object(error) if error.contains_key("status") => {
            let text = |name: &str| error.get(name).and_then(Value::as_str);
            let status = text("status")?
                .parse()
                .ok()
                .filter(|s| (400..600).contains(s));
            let title = text("detail").or_else(|| text("title"))?;
            return status.map(|status| coded(Some(status), title));
        }
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
        "privilege",
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
    // `gcloud` and `az`.
    if let Some(rest) = first.strip_prefix("ERROR: ") {
        return by_words(rest).map(|status| coded(Some(status), rest));
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
    fn error_answers_of_more_vendors() {
        for (text, reason, kind) in [
            (
                r#"{"error":{"message":"Missing scopes: api.management.read","type":"invalid_request_error","param":null,"code":null}}"#,
                "invalid_request_error: Missing scopes: api.management.read",
                Some(openai_api_keys::KIND),
            ),
            (
                r#"{"error":{"code":403,"message":"Permission 'iam.serviceAccountKeys.list' denied","status":"PERMISSION_DENIED"}}"#,
                "403: Permission 'iam.serviceAccountKeys.list' denied",
                Some(gcp_service_account_keys::KIND),
            ),
            (
                "ERROR: (gcloud.services.api-keys.list) PERMISSION_DENIED: Permission denied",
                "403: (gcloud.services.api-keys.list) PERMISSION_DENIED: Permission denied",
                Some(gcp_api_keys::KIND),
            ),
            (
                r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}"#,
                "Authorization_RequestDenied: Insufficient privileges to complete the operation.",
                Some(entra_app_credentials::KIND),
            ),
            (
                r#"{"error_code":"PERMISSION_DENIED","message":"Only an administrator"}"#,
                "PERMISSION_DENIED: Only an administrator",
                None,
            ),
            (
                r#"{"code":"003001","message":"SQL access control error: Insufficient privileges","sqlState":"42501"}"#,
                "403: SQL access control error: Insufficient privileges",
                Some(snowflake_users::KIND),
            ),
            (
                r#"{"message":"401 Unauthorized"}"#,
                "401: Unauthorized",
                None,
            ),
            (
                r#"{"detail":"You are not authorized","error":401,"errorCode":"NOT_AUTHORIZED","reason":"Unauthorized"}"#,
                "401: You are not authorized",
                None,
            ),
            (
                r#"{"errors":[{"status":"404","title":"not found"}]}"#,
                "404: not found",
                None,
            ),
            (
                r#"{"code":7,"message":"permission denied","details":[]}"#,
                "403: permission denied",
                None,
            ),
            (r#"{"errors":["Forbidden"]}"#, "403: Forbidden", None),
            (
                r#"{"success":false,"errors":[{"code":9109,"message":"Unauthorized to access requested resource"}],"result":null}"#,
                "401: Unauthorized to access requested resource",
                None,
            ),
            (
                r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
                "authentication_error: invalid x-api-key",
                Some(anthropic_api_keys::KIND),
            ),
        ] {
            assert_eq!(
                got("answer.json", text),
                Some((reason.to_owned(), kind)),
                "{text}"
            );
        }
    }

    #[test]
    fn the_name_of_a_file_hints_at_the_vendor() {
        let no = r#"{"ok":false,"error":"missing_scope"}"#;
        for (name, kind) in [
            ("slack/apps.json", slack_approved_apps::KIND),
            ("okta_tokens.json", okta_api_tokens::KIND),
            ("gitlab/deploy_tokens.json", gitlab_deploy_tokens::KIND),
            ("gitlab/tokens.json", gitlab_tokens::KIND),
            ("atlassian.json", atlassian_api_tokens::KIND),
            ("mongodb-atlas.json", mongodb_atlas_keys::KIND),
            ("entra/apps.json", entra_app_credentials::KIND),
            (
                "gcp/service_account_keys.json",
                gcp_service_account_keys::KIND,
            ),
        ] {
            assert_eq!(got(name, no).unwrap().1, Some(kind), "{name}");
        }
    }

    #[test]
    fn ordinary_files_are_no_error_answers() {
        for text in [
            r#"{"message":"hello"}"#,
            r#"{"error":"x"}"#,
            r#"{"message":"42 things done"}"#,
            r#"{"message":"400 things done","more":1}"#,
            r#"{"errors":[{"status":"fine","title":"x"}]}"#,
            "ERROR: no such file",
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
