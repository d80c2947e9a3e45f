//! `GET /applications` and `GET /servicePrincipals` of Microsoft Graph: client secrets and certificates of
//! Entra applications. Both lists hold both, and neither holds the other's.
//!
//! Fields: @microsoft/microsoft-graph-types 2.43.1. A service principal for SAML holds a pair of signing
//! certificates and the password of their file, tied by `customKeyIdentifier`: these sign Entra's own
//! tokens and open nothing
//! (<https://learn.microsoft.com/graph/api/serviceprincipal-addtokensigningcertificate>, read 2026-11-26).

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use serde_json::Value;
use std::collections::BTreeSet;
use tenure_model::{
    facts::IssuedTo,
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "entra-app-credentials";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/value"],
    entry: |value| {
        value.get("appId").is_some()
            && (value.get("passwordCredentials").is_some() || value.get("keyCredentials").is_some())
    },
    rest: |head| answer::more(head, "/@odata.nextLink"),
    // `az ad app list` prints the entries alone; how many it leaves out, it only warns of.
    bare: None,
    save: "the answer of Microsoft Graph",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let with = |field| answer::recognise(input, &FORM, &["appId", field]);
    match with("passwordCredentials") {
        Recognition::Yes => Recognition::Yes,
        _ => with("keyCredentials"),
    }
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let mut seen = Seen::default();
    for page in &pages.pages {
        let context = page.head.get("@odata.context").and_then(Value::as_str);
        let principals = context.is_some_and(|context| context.contains("#servicePrincipals"));
        if page.head.is_null() && page.entries.len() == 100 {
            gathered.partial(
                "exactly 100 entries: perhaps more exist; `az ad app list --all` shows them",
            );
        }
        for (at, value) in &page.entries {
            application(
                &Entry::new(value, at, input),
                principals,
                &mut seen,
                &mut gathered,
            );
        }
    }
    cover(&seen, &mut gathered);
    Ok(gathered.finish(true))
}

/// What was met on the way.
#[derive(Default)]
struct Seen {
    applications: usize,
    principals: usize,
    without_secrets: bool,
    without_certificates: bool,
    signing: usize,
    managed: usize,
    federated: BTreeSet<String>,
}

fn application(entry: &Entry<'_>, principals: bool, seen: &mut Seen, gathered: &mut Gathered) {
    let principal = principals || entry.has("servicePrincipalType");
    if principal {
        seen.principals += 1;
    } else {
        seen.applications += 1;
    }
    if entry.text("servicePrincipalType") == Some("ManagedIdentity") {
        seen.managed += 1;
        return;
    }
    seen.without_secrets |= !entry.has("passwordCredentials");
    seen.without_certificates |= !entry.has("keyCredentials");
    let list = |field: &str| {
        let list = entry.field(field).and_then(Value::as_array);
        list.map_or(&[][..], Vec::as_slice)
    };
    let identifier = |value: &Value| {
        let text = value.get("customKeyIdentifier").and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let signing: BTreeSet<String> = list("keyCredentials")
        .iter()
        .filter(|key| principal && key.get("usage").and_then(Value::as_str) == Some("Sign"))
        .filter_map(identifier)
        .collect();
    for field in ["passwordCredentials", "keyCredentials"] {
        for (nth, value) in list(field).iter().enumerate() {
            if identifier(value).is_some_and(|id| signing.contains(&id)) {
                seen.signing += 1;
                continue;
            }
            let at = format!("{}/{field}/{nth}", entry.at.trim_end_matches('/'));
            let held = Entry::new(value, &at, entry.input);
            let row = credential(entry, &held, field == "passwordCredentials", principal);
            gathered.take(value, row, &["secretText"]);
        }
    }
    let federated = list("federatedIdentityCredentials");
    if !federated.is_empty() {
        seen.federated.extend(entry.name("displayName"));
    }
}

fn credential(
    app: &Entry<'_>,
    held: &Entry<'_>,
    secret: bool,
    principal: bool,
) -> Result<Row, Problem> {
    let id = held.id("keyId")?;
    let mut row = entry::row(
        held,
        "azure",
        Some(if secret {
            "app_client_secret"
        } else {
            "app_certificate"
        }),
        Some(id),
    );
    row.account = app.who("appId");
    let (of, own) = (app.name("displayName"), held.name("displayName"));
    row.system.clone_from(&of);
    row.name = match (of, own) {
        (Some(of), Some(own)) => Some(format!("{of}: {own}")),
        (of, own) => of.or(own),
    };
    row.hint = held
        .text("hint")
        .filter(|hint| secret && hint.len() <= 3)
        .map(|hint| format!("{}…", guard::name(hint)));
    // A credential may be valid from a later day; then its age is not known.
    row.created = match held.moment("startDateTime", When::Unknown, When::Unknown)? {
        When::On(day) if day > held.input.today => When::Unknown,
        when => when,
    };
    row.expires = held.moment("endDateTime", When::Unknown, When::Unknown)?;
    row.issued_to = Some(IssuedTo::Service);
    let owners = app.field("owners").and_then(Value::as_array);
    for owner in owners.into_iter().flatten() {
        let owner = Entry::new(owner, app.at, app.input);
        let who = ["userPrincipalName", "mail", "displayName", "id"]
            .iter()
            .find_map(|field| owner.who(field));
        let machine = owner
            .text("@odata.type")
            .is_some_and(|kind| kind.contains("servicePrincipal"));
        row.associates
            .extend(who.map(|who| entry::associate(who, "owns the application", machine)));
    }
    let subjects: Vec<&str> = app
        .field("federatedIdentityCredentials")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|federated| federated.get("subject")?.as_str())
        .collect();
    if !subjects.is_empty() {
        row.tags
            .insert("federated_identity".to_owned(), entry::listed(&subjects));
    }
    if !secret {
        row.tags
            .insert("credential".to_owned(), "certificate".to_owned());
    }
    if principal {
        row.tags
            .insert("held_on".to_owned(), "service principal".to_owned());
    }
    Ok(row)
}

fn cover(seen: &Seen, gathered: &mut Gathered) {
    let lists = [
        ("applications", seen.applications, "GET /applications"),
        (
            "service principals",
            seen.principals,
            "GET /servicePrincipals",
        ),
    ];
    let none = seen.applications + seen.principals == 0;
    for (what, count, request) in lists {
        let of = |credentials: &str| format!("{credentials} of {what}");
        if count == 0 && !none {
            gathered.not_offered(
                &of("client secrets and certificates"),
                &format!("they stand in a list of their own: {request}"),
            );
            continue;
        }
        for (credentials, field, missing) in [
            (
                "client secrets",
                "passwordCredentials",
                seen.without_secrets,
            ),
            ("certificates", "keyCredentials", seen.without_certificates),
        ] {
            if missing {
                let reason = format!("not asked for: put {field} into $select");
                gathered.not_covered(&of(credentials), &reason);
            } else {
                gathered.read(&of(credentials));
            }
        }
    }
    gathered.read("expiry");
    gathered.not_offered(
        "last use",
        "only the beta report appCredentialSignInActivities tells it",
    );
    if seen.signing > 0 {
        gathered.note(format!(
            "{} credential(s) for signing SAML tokens left out: they open nothing",
            seen.signing
        ));
    }
    if seen.managed > 0 {
        gathered.note(format!(
            "{} managed identit{} left out: Azure holds and rotates their credentials",
            seen.managed,
            if seen.managed == 1 { "y" } else { "ies" }
        ));
    }
    for name in &seen.federated {
        gathered.note(format!(
            "{name} already trusts federated identities: what still uses its secrets can follow"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/azure_applications.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("a.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    fn states(got: &Imported) -> Vec<(&str, &str)> {
        let parts = got.coverage.iter();
        parts
            .map(|part| (part.part.as_str(), part.state.word()))
            .collect()
    }

    #[test]
    fn secrets_and_certificates_of_an_application() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        assert_eq!(got.rows.len(), 3);
        let row = &got.rows[0];
        assert_eq!(row.credential.as_deref(), Some("app_client_secret"));
        assert_eq!(
            row.key_id.as_deref(),
            Some("00000000-0000-0000-0000-00000000c001")
        );
        assert_eq!(
            row.account.as_deref(),
            Some("00000000-0000-0000-0000-00000000b001")
        );
        assert_eq!(row.name.as_deref(), Some("payroll-sync: prod"));
        assert_eq!(row.hint.as_deref(), Some("q8Z…"));
        assert_eq!(row.created, When::On("2022-01-01".parse().unwrap()));
        assert_eq!(row.expires, When::On("2299-12-31".parse().unwrap()));
        assert_eq!(row.last_used, When::NotOffered);
        assert_eq!(got.rows[1].name.as_deref(), Some("payroll-sync"));
        let certificate = &got.rows[2];
        assert_eq!(certificate.credential.as_deref(), Some("app_certificate"));
        assert_eq!(certificate.hint, None);
        assert_eq!(certificate.tags["credential"], "certificate");
        assert_eq!(
            states(&got),
            [
                ("client secrets of applications", "complete"),
                ("certificates of applications", "complete"),
                (
                    "client secrets and certificates of service principals",
                    "not_offered"
                ),
                ("expiry", "complete"),
                ("last use", "not_offered"),
            ]
        );
        assert!(got.rows.iter().all(|row| row.secret.is_none()));
    }

    #[test]
    fn the_list_of_service_principals_is_another() {
        let got = got(&LIST.replace("$metadata#applications", "$metadata#servicePrincipals"));
        assert_eq!(
            states(&got)[0],
            (
                "client secrets and certificates of applications",
                "not_offered"
            )
        );
        assert_eq!(got.rows[0].tags["held_on"], "service principal");
    }

    #[test]
    fn what_was_not_asked_for_is_not_covered() {
        let got = got(&LIST.replace("\"keyCredentials\"", "\"other\""));
        assert_eq!(got.rows.len(), 2);
        assert_eq!(
            states(&got)[1],
            ("certificates of applications", "not_covered")
        );
        let cut = LIST.replacen('{', "{\"@odata.nextLink\": \"https://x\",", 1);
        assert_eq!(states(&self::got(&cut))[0].1, "partial");
    }

    #[test]
    fn signing_certificates_and_managed_identities_are_no_keys() {
        let signing = LIST
            .replace("$metadata#applications", "$metadata#servicePrincipals")
            .replace("\"usage\": \"Verify\"", "\"usage\": \"Sign\"")
            .replacen(
                "\"customKeyIdentifier\": null",
                "\"customKeyIdentifier\": \"AA11\"",
                1,
            );
        let left = got(&signing);
        assert_eq!(left.rows.len(), 1);
        assert!(left.notes[0].starts_with("2 credential(s) for signing"));
        let managed = LIST.replace(
            "\"appId\"",
            "\"servicePrincipalType\": \"ManagedIdentity\", \"appId\"",
        );
        assert_eq!(got(&managed).rows.len(), 0);
        assert!(got(&managed).notes[0].contains("managed identity"));
    }

    #[test]
    fn federated_identities_and_owners_stand_beside_the_application() {
        let beside = LIST.replace(
            "\"appId\"",
            r##""federatedIdentityCredentials": [{"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:acme/payroll:ref:refs/heads/main"}],
            "owners": [{"@odata.type": "#microsoft.graph.user", "userPrincipalName": "ann@example.com"}, {"@odata.type": "#microsoft.graph.servicePrincipal", "displayName": "deployer"}],
            "appId""##,
        );
        let got = got(&beside);
        let row = &got.rows[0];
        assert_eq!(
            row.tags["federated_identity"],
            "repo:acme/payroll:ref:refs/heads/main"
        );
        assert_eq!(row.associates[0].who, "ann@example.com");
        assert!(!row.associates[0].machine && row.associates[1].machine);
        assert!(got.notes[0].starts_with("payroll-sync already trusts"));
    }

    #[test]
    fn a_secret_text_is_taken_out() {
        let held = LIST.replacen("\"secretText\": null", "\"secretText\": \"not-for-you\"", 1);
        let held = got(&held);
        assert!(held.plaintext && held.rows[0].secret.is_some() && held.rows[1].secret.is_none());
        assert!(!format!("{held:?}").contains("not-for-you"));
        let later = got(&LIST.replacen(
            "2022-01-01T00:00:00Z\"\n    }",
            "2027-01-01T00:00:00Z\"\n    }",
            1,
        ));
        assert_eq!(later.rows[0].created, When::Unknown, "{:?}", later.problems);
    }
}
