//! What a key is for, what it may do, and on which path it lies.

use super::{Ballot, Subject, declarations_of};
use crate::{
    catalog::{Credential, TestMode},
    explain::FactName,
    facts::{Privilege, PrivilegedPath},
    key::Basis,
    place::{Part, Purpose, hints},
};

/// The purpose: declared, else by the place, else by the name.
pub(super) fn purpose(subject: &Subject, kind: Option<&Credential>) -> Purpose {
    let declared = subject
        .declarations
        .iter()
        .find_map(|declaration| declaration.purpose);
    let tagged = || {
        let tags = subject
            .rows
            .iter()
            .filter_map(|told| told.row.tags.get("purpose"));
        tags.filter_map(|text| {
            text.trim()
                .to_ascii_lowercase()
                .replace([' ', '-'], "_")
                .parse()
                .ok()
        })
        .next()
    };
    let placed = || {
        subject
            .sightings
            .iter()
            .find_map(|sighting| sighting.purpose)
    };
    let named = || subject.spoken_names().into_iter().find_map(by_name);
    let publishes = || {
        let path = kind
            .and_then(|kind| kind.path.as_ref())
            .and_then(|fact| fact.value);
        (path == Some(PrivilegedPath::Publishing)).then_some(Purpose::CiCd)
    };
    declared
        .or_else(tagged)
        .or_else(placed)
        .or_else(named)
        .or_else(publishes)
        .unwrap_or(Purpose::Unknown)
}

fn by_name(name: &str) -> Option<Purpose> {
    let lower = name.to_ascii_lowercase();
    let words = hints::words(&lower);
    let has = |names: &[&str]| words.iter().any(|word| names.contains(word));
    if has(&["breakglass", "emergency"])
        || lower.contains("break-glass")
        || lower.contains("break glass")
    {
        Some(Purpose::BreakGlass)
    } else if has(&[
        "deploy",
        "deployment",
        "deployer",
        "argocd",
        "terraform",
        "pulumi",
        "rollout",
    ]) {
        Some(Purpose::Deployment)
    } else if has(&[
        "ci", "cd", "jenkins", "build", "actions", "pipeline", "release", "publish",
    ]) {
        Some(Purpose::CiCd)
    } else if has(&["admin", "provisioner", "provisioning", "scim"]) {
        Some(Purpose::AdminConnector)
    } else if has(&["support", "helpdesk"]) {
        Some(Purpose::SupportScript)
    } else if has(&["agent", "mcp", "copilot", "assistant", "claude"]) {
        Some(Purpose::AgentTool)
    } else if has(&["webhook"]) {
        Some(Purpose::WebhookSigning)
    } else if has(&["etl", "warehouse", "batch", "ingest", "dbt", "airflow"]) {
        Some(Purpose::DataPipeline)
    } else if has(&[
        "monitoring",
        "metrics",
        "alerting",
        "telemetry",
        "grafana",
        "observability",
    ]) {
        Some(Purpose::Monitoring)
    } else {
        None
    }
}

/// The provider's answer, else the kind's ceiling, else nothing: then it is assumed.
pub(super) fn privilege(subject: &Subject, kind: Option<&Credential>, ballot: &mut Ballot) {
    let mut answers: Vec<_> = subject
        .rows
        .iter()
        .filter_map(|told| Some((told, told.row.privilege.as_ref()?)))
        .filter(|(_, (privilege, _))| *privilege != Privilege::Unknown)
        .collect();
    // INVARIANT: words are declared from `none` up, and the first of equal voices counts: the widest.
    answers.sort_by_key(|(_, (privilege, _))| std::cmp::Reverse(*privilege));
    for (told, (privilege, how)) in &answers {
        ballot.say(
            FactName::Privilege,
            privilege.word(),
            told.basis,
            format!("{}: {how}", told.source),
        );
    }
    let observed = answers
        .iter()
        .any(|(told, _)| told.basis == Basis::Observed);
    test_mode(subject, kind, observed, ballot);
    let Some(kind) = kind else { return };
    if let Some(fact) = &kind.privilege
        && let Some(ceiling) = fact.value
        && ceiling != Privilege::Unknown
    {
        ballot.say(
            FactName::Privilege,
            ceiling.word(),
            Basis::Inferred,
            format!("the most that a {} can do", kind.name),
        );
    }
    if let Some(fact) = &kind.spend
        && let Some(spend) = fact.value
    {
        ballot.say(
            FactName::Spend,
            spend.word(),
            Basis::Inferred,
            format!("what a {} can spend", kind.name),
        );
    }
}

/// A test key: by its form, else by declaration, which lowers nothing that was observed.
fn test_mode(
    subject: &Subject,
    kind: Option<&Credential>,
    privilege_observed: bool,
    ballot: &mut Ballot,
) {
    let by_prefix = kind
        .and_then(|kind| kind.test_mode.as_ref())
        .is_some_and(|fact| fact.value == Some(TestMode::ByPrefix));
    let test_form = subject.sightings.iter().any(|sighting| sighting.test_mode);
    let live_form = subject
        .sightings
        .iter()
        .any(|sighting| sighting.part == Part::Secret && !sighting.test_mode);
    if by_prefix && test_form {
        ballot.say(
            FactName::TestMode,
            true,
            Basis::Observed,
            "the format of a test key",
        );
        return;
    }
    let declared: Vec<_> = declarations_of(subject, FactName::TestMode).collect();
    if !declared.is_empty() && (privilege_observed || by_prefix && live_form) {
        ballot.say(
            FactName::TestMode,
            false,
            Basis::Observed,
            "neither its format nor its provider says that it is a test key",
        );
    }
    for (value, source) in declared {
        ballot.say(FactName::TestMode, value.clone(), Basis::Declared, source);
    }
}

/// The path: what its places show, raised by declarations, and by names where nothing else speaks.
/// "Internal" or "not customer-facing" never lowers it.
pub(super) fn privileged_path(
    subject: &Subject,
    kind: Option<&Credential>,
    purpose: Purpose,
    ballot: &mut Ballot,
) {
    let seen = subject.sightings.iter().filter_map(|sighting| {
        Some((
            sighting.privileged_path?,
            Basis::Observed,
            format!("{}/{}", sighting.source, sighting.path),
        ))
    });
    let by_kind = kind.and_then(|kind| kind.path.as_ref()).and_then(|fact| {
        Some((
            fact.value?,
            Basis::Inferred,
            "the nature of this kind of key".to_owned(),
        ))
    });
    let by_purpose =
        of_purpose(purpose).map(|path| (path, Basis::Inferred, format!("purpose {purpose}")));
    let declared =
        declarations_of(subject, FactName::PrivilegedPath).filter_map(|(value, source)| {
            let path: PrivilegedPath = value.as_str()?.parse().ok()?;
            (path != PrivilegedPath::Unknown).then(|| (path, Basis::Declared, source.to_owned()))
        });
    // INVARIANT: words are declared from `none` up; a later word never counts less, so the greatest is the worst.
    let declared: Vec<_> = declared.collect();
    let observed = seen.reduce(worse);
    let inferred = if declared.is_empty() {
        by_kind.into_iter().chain(by_purpose).reduce(worse)
    } else {
        by_kind
    };
    let best = observed
        .into_iter()
        .chain(declared)
        .chain(inferred)
        .reduce(worse);
    if let Some((path, basis, source)) = best {
        ballot.say(FactName::PrivilegedPath, path.word(), basis, source);
    }
}

type Said = (PrivilegedPath, Basis, String);

fn worse(a: Said, b: Said) -> Said {
    if b.0 > a.0 { b } else { a }
}

fn of_purpose(purpose: Purpose) -> Option<PrivilegedPath> {
    match purpose {
        Purpose::Deployment => Some(PrivilegedPath::Deployment),
        Purpose::AdminConnector => Some(PrivilegedPath::AdminConnector),
        Purpose::SupportScript => Some(PrivilegedPath::SupportScript),
        Purpose::AgentTool => Some(PrivilegedPath::AgentWrite),
        _ => None,
    }
}
