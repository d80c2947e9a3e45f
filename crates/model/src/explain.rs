//! The answer of a decision: what was decided, because of which facts, and what would change it.

use crate::{
    classify::{self, Factor, Level, SetBy},
    control::{Control, Task},
    day::Day,
    decide::{Acceptor, Action, Judgement, Urgency, judge},
    digest,
    facts::{
        BackupOwner, Case, Contract, DataClass, Exposure, Facts, HeldBy, Integration, IssuedTo,
        LastUsed, OptionState, OwnerState, Privilege, PrivilegedPath, Proof, Publishable,
        ReplacementOption, Since, Spend, StandsOn, Status, UsedBy, Verdict,
    },
    policy::Policy,
    shared::Shared,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

words! {
    /// One fact of the contract, in table order.
    pub enum FactName {
        Status = "status", Proof = "proof", ProbePossible = "probe_possible", Exposure = "exposure",
        Publishable = "publishable", Integration = "integration", Issuer = "issuer", HeldBy = "held_by", Holder = "holder",
        Privilege = "privilege", TestMode = "test_mode", Data = "data", Consumers = "consumers",
        EnvironmentsShared = "environments_shared", CustomerTenants = "customer_tenants",
        PrivilegedPath = "privileged_path", Spend = "spend", SourceRestricted = "source_restricted",
        RevocationDrillPassedOn = "revocation_drill_passed_on", CreatedAt = "created_at", LastUsed = "last_used",
        ExpectedEveryDays = "expected_every_days", BreakGlass = "break_glass", Owner = "owner",
        BackupOwner = "backup_owner", OwnerUntil = "owner_until", IssuedTo = "issued_to", UsedBy = "used_by",
        WorkloadIdentityFederation = "options.workload_identity_federation",
        PrivateKeyJwtOrMtls = "options.private_key_jwt_or_mtls", OauthClientSecret = "options.oauth_client_secret",
        VendorShortLived = "options.vendor_short_lived", Gateway = "options.gateway", StandsOn = "stands_on",
        Isolated = "isolated", Monitored = "monitored", TenantSplit = "tenant_split", GatewayFronted = "gateway_fronted",
        Rotatable = "rotatable", Exception = "exception",
    }
}

/// One fact that the rule or the level read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Because {
    /// The fact.
    pub fact: String,
    /// Its value, as in the facts file.
    #[schemars(with = "crate::value::FactValue")]
    pub value: Value,
    /// What it means here, as a sentence.
    pub text: String,
}

/// One change of a single fact, and what it would lead to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct WouldChange {
    /// The fact.
    pub fact: String,
    /// The value that it would have to have.
    #[schemars(with = "crate::value::FactValue")]
    pub to: Value,
    /// The change as a sentence.
    pub text: String,
    /// The verdict that would follow.
    pub verdict: Verdict,
    /// The level that would follow.
    pub level: Level,
}

/// The whole answer for one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The id of the input.
    pub id: String,
    /// The finding.
    pub verdict: Verdict,
    /// Its consequences, without the id.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The answer without the id and the verdict: shared by `tenure decide` and the assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The code word of what is to be done.
    pub action: Action,
    /// The blast radius.
    pub level: Level,
    /// What set the level.
    pub set_by: SetBy,
    /// The factors that rest on an assumption.
    pub assumed: Vec<Factor>,
    /// The option to migrate to.
    pub to: Option<ReplacementOption>,
    /// True where the option still leaves a standing secret.
    pub residual_static: bool,
    /// When it is due.
    pub due: Option<Day>,
    /// How pressing it is.
    pub urgency: Urgency,
    /// Days until the next look.
    pub review_days: Option<u32>,
    /// Who may accept the risk.
    pub acceptor: Option<Acceptor>,
    /// Whether an exception can be asked for.
    pub exception_allowed: bool,
    /// The finding behind the gate.
    pub then: Option<Verdict>,
    /// Controls that the key needs, sorted.
    pub controls: Vec<Control>,
    /// What somebody has to find out, sorted.
    pub tasks: Vec<Task>,
    /// The facts that the rule and the level read, in table order.
    pub because: Vec<Shared<Because>>,
    /// At most five single-fact changes, lowest level first.
    pub would_change: Vec<Shared<WouldChange>>,
    /// Digest of the policy in force.
    pub policy: String,
    /// Digest of the facts, defaults filled in.
    pub facts: String,
}

/// Judges one case and explains the judgement.
#[must_use]
pub fn answer(case: &Case, policy: &Policy, policy_digest: &str, today: Day) -> Answer {
    let judgement = judge(&case.facts, &case.since, policy, today);
    Answer {
        id: case.id.clone(),
        verdict: judgement.verdict,
        outcome: outcome(
            &case.facts,
            &case.since,
            &judgement,
            policy,
            policy_digest,
            today,
        ),
    }
}

/// Puts a judgement into words.
#[must_use]
pub fn outcome(
    facts: &Facts,
    since: &Since,
    judgement: &Judgement,
    policy: &Policy,
    policy_digest: &str,
    today: Day,
) -> Outcome {
    Outcome {
        action: judgement.verdict.action(),
        level: judgement.radius.level,
        set_by: judgement.radius.set_by,
        assumed: judgement.radius.assumed().collect(),
        to: judgement.to,
        residual_static: judgement.to == Some(ReplacementOption::OauthClientSecret),
        due: judgement.due,
        urgency: judgement.urgency,
        review_days: judgement.review_days,
        acceptor: judgement.acceptor,
        exception_allowed: judgement.exception_allowed,
        then: judgement.then,
        controls: judgement.controls.controls().collect(),
        tasks: judgement.tasks.tasks().collect(),
        because: because(facts, judgement, policy, today),
        would_change: would_change(facts, since, judgement, policy, today),
        policy: policy_digest.to_owned(),
        facts: digest::of(facts),
    }
}

/// The facts that the level reads.
const LEVEL_READS: [FactName; 10] = [
    FactName::Privilege,
    FactName::TestMode,
    FactName::Data,
    FactName::Consumers,
    FactName::EnvironmentsShared,
    FactName::CustomerTenants,
    FactName::PrivilegedPath,
    FactName::Spend,
    FactName::SourceRestricted,
    FactName::RevocationDrillPassedOn,
];

/// The facts that the fired rule reads.
fn rule_reads(facts: &Facts, verdict: Verdict) -> Vec<FactName> {
    use FactName as F;
    const OPTIONS: [FactName; 5] = [
        F::WorkloadIdentityFederation,
        F::PrivateKeyJwtOrMtls,
        F::OauthClientSecret,
        F::VendorShortLived,
        F::StandsOn,
    ];
    let mut reads: Vec<FactName> = match verdict {
        Verdict::ProvenRevoked => vec![F::Proof, F::ProbePossible],
        Verdict::Exposed | Verdict::ExposureOpen => vec![F::Exposure, F::Publishable],
        Verdict::NoLongerNeeded => vec![
            F::Status,
            F::Integration,
            F::Issuer,
            F::Holder,
            F::Consumers,
        ],
        Verdict::Unused => vec![
            F::LastUsed,
            F::CreatedAt,
            F::ExpectedEveryDays,
            F::BreakGlass,
        ],
        Verdict::Unowned => vec![F::Owner, F::BackupOwner, F::OwnerUntil],
        Verdict::HumanUse => vec![F::IssuedTo, F::UsedBy, F::BreakGlass],
        Verdict::BorrowedIdentity => vec![F::IssuedTo, F::UsedBy, F::OwnerUntil, F::BreakGlass],
        Verdict::Public => vec![F::Publishable],
        Verdict::Replaceable | Verdict::Later | Verdict::Unassessed => vec![F::BreakGlass],
        Verdict::Minor => vec![F::BreakGlass, F::CustomerTenants, F::EnvironmentsShared],
        Verdict::SharedTooWidely => {
            vec![
                F::BreakGlass,
                F::CustomerTenants,
                F::EnvironmentsShared,
                F::TenantSplit,
                F::GatewayFronted,
            ]
        }
        Verdict::Constrain | Verdict::Irreplaceable => {
            vec![
                F::BreakGlass,
                F::Isolated,
                F::Monitored,
                F::CustomerTenants,
                F::EnvironmentsShared,
            ]
        }
    };
    let past_options = verdict >= Verdict::Replaceable && !facts.break_glass;
    if past_options {
        reads.extend(OPTIONS);
    }
    reads
}

fn because(
    facts: &Facts,
    judgement: &Judgement,
    policy: &Policy,
    today: Day,
) -> Vec<Shared<Because>> {
    let rule = rule_reads(facts, judgement.verdict);
    FactName::ALL
        .iter()
        .filter(|name| rule.contains(name) || LEVEL_READS.contains(name))
        .map(|name| Because {
            fact: name.word().to_owned(),
            value: value(facts, *name),
            text: text(facts, *name, judgement, policy, today),
        })
        .map(Shared::new)
        .collect()
}

impl FactName {
    fn option(self) -> Option<ReplacementOption> {
        match self {
            Self::WorkloadIdentityFederation => Some(ReplacementOption::WorkloadIdentityFederation),
            Self::PrivateKeyJwtOrMtls => Some(ReplacementOption::PrivateKeyJwtOrMtls),
            Self::OauthClientSecret => Some(ReplacementOption::OauthClientSecret),
            Self::VendorShortLived => Some(ReplacementOption::VendorShortLived),
            Self::Gateway => Some(ReplacementOption::Gateway),
            _ => None,
        }
    }
}

/// The value of one fact, as it stands in a facts file with defaults filled in.
#[must_use]
pub fn value(facts: &Facts, name: FactName) -> Value {
    fn json<T: Serialize>(value: T) -> Value {
        serde_json::to_value(value).unwrap_or(Value::Null)
    }
    match name {
        FactName::Status => json(facts.status),
        FactName::Proof => json(facts.proof),
        FactName::ProbePossible => json(facts.probe_possible),
        FactName::Exposure => json(facts.exposure),
        FactName::Publishable => json(facts.publishable),
        FactName::Integration => json(facts.integration),
        FactName::Issuer => json(facts.issuer),
        FactName::HeldBy => json(facts.held_by),
        FactName::Holder => json(facts.holder),
        FactName::Privilege => json(facts.privilege),
        FactName::TestMode => json(facts.test_mode),
        FactName::Data => json(facts.data),
        FactName::Consumers => json(facts.consumers),
        FactName::EnvironmentsShared => json(facts.environments_shared),
        FactName::CustomerTenants => json(facts.customer_tenants),
        FactName::PrivilegedPath => json(facts.privileged_path),
        FactName::Spend => json(facts.spend),
        FactName::SourceRestricted => json(facts.source_restricted),
        FactName::RevocationDrillPassedOn => json(facts.revocation_drill_passed_on),
        FactName::CreatedAt => json(facts.created_at),
        FactName::LastUsed => json(facts.last_used),
        FactName::ExpectedEveryDays => json(facts.expected_every_days),
        FactName::BreakGlass => json(facts.break_glass),
        FactName::Owner => json(facts.owner),
        FactName::BackupOwner => json(facts.backup_owner),
        FactName::OwnerUntil => json(facts.owner_until),
        FactName::IssuedTo => json(facts.issued_to),
        FactName::UsedBy => json(facts.used_by),
        FactName::WorkloadIdentityFederation => json(facts.options.workload_identity_federation),
        FactName::PrivateKeyJwtOrMtls => json(facts.options.private_key_jwt_or_mtls),
        FactName::OauthClientSecret => json(facts.options.oauth_client_secret),
        FactName::VendorShortLived => json(facts.options.vendor_short_lived),
        FactName::Gateway => json(facts.options.gateway),
        FactName::StandsOn => json(facts.stands_on),
        FactName::Isolated => json(facts.isolated),
        FactName::Monitored => json(facts.monitored),
        FactName::TenantSplit => json(facts.tenant_split),
        FactName::GatewayFronted => json(facts.gateway_fronted),
        FactName::Rotatable => json(facts.rotatable),
        FactName::Exception => json(facts.exception),
    }
}

/// What one fact means for this judgement.
fn text(
    facts: &Facts,
    name: FactName,
    judgement: &Judgement,
    policy: &Policy,
    today: Day,
) -> String {
    let counts = |factor: Factor| {
        let count = classify::count(facts, factor);
        if count.assumed {
            format!(
                "not known, so {} counts {}",
                spoken(factor.word()),
                count.value
            )
        } else {
            format!("counts {}", count.value)
        }
    };
    let yes = |flag: bool, yes: &str, no: &str| if flag { yes.to_owned() } else { no.to_owned() };
    let on = |day: Option<Day>| day.map_or_else(|| "not known".to_owned(), |day| day.to_string());
    match name {
        FactName::Status => match facts.status {
            Status::Active => "the provider says that it is active".into(),
            Status::Inactive => "the provider says that it is inactive".into(),
            Status::Refused => "the provider refuses it".into(),
            Status::Unknown => "its state at the provider is not known".into(),
        },
        FactName::Proof => match facts.proof {
            Proof::None => "no proof of revocation".into(),
            Proof::P0 => "its revocation is claimed, not proved".into(),
            Proof::P1 => "absent or inactive in a complete listing".into(),
            Proof::P2 => "probed: the provider refuses it".into(),
            Proof::P3 => {
                "probed and silent: the provider refuses it and has seen no use since".into()
            }
        },
        FactName::ProbePossible => yes(
            facts.probe_possible,
            "a probe is possible",
            "no probe is possible",
        ),
        FactName::Exposure => match facts.exposure {
            Exposure::None => "no copy is known where too many can read it".into(),
            Exposure::Suspected => "a copy whose audience or liveness is not known".into(),
            Exposure::Internal => {
                "more people in the organisation can read a copy than may use it".into()
            }
            Exposure::Confirmed => "readable outside the organisation, or misused".into(),
        },
        FactName::Publishable => match facts.publishable {
            Publishable::No => "not meant to be public".into(),
            Publishable::Restricted => "public by design and restricted at the provider".into(),
            Publishable::Unrestricted => {
                "public by design, but not restricted at the provider".into()
            }
        },
        FactName::Integration => match facts.integration {
            Integration::Live => "its integration is not known to be retired".into(),
            Integration::Retired => "its integration is retired".into(),
        },
        FactName::Issuer => contract(facts.issuer, "issuer"),
        FactName::Holder => contract(facts.holder, "holder"),
        FactName::HeldBy => match facts.held_by {
            HeldBy::Us => "we hold it".into(),
            HeldBy::ThirdParty => "a third party holds it".into(),
            HeldBy::Unknown => "nobody knows who holds it".into(),
        },
        FactName::Privilege => format!(
            "privilege {}: {}",
            spoken(facts.privilege.word()),
            counts(Factor::Privilege)
        ),
        FactName::TestMode => yes(
            facts.test_mode,
            "a test key: privilege counts at most 1",
            "not known to be a test key",
        ),
        FactName::Data => format!("data {}: {}", facts.data, counts(Factor::Data)),
        FactName::Consumers => match facts.consumers {
            None => "nobody knows how many workloads use it: reach counts at least 2".into(),
            Some(0) => "nothing uses it any more".into(),
            Some(1) => "one workload uses it".into(),
            Some(n) => format!("{n} workloads use it: reach counts at least 1"),
        },
        FactName::EnvironmentsShared => match facts.environments_shared {
            None => "nobody knows whether production shares it: reach counts at least 2".into(),
            Some(true) => {
                "production shares it with other environments: reach counts at least 2".into()
            }
            Some(false) => "one environment".into(),
        },
        FactName::CustomerTenants => match facts.customer_tenants {
            None => "nobody knows how many customers are behind it: reach counts at least 2".into(),
            Some(0) => "no customer is behind it".into(),
            Some(1) => "one customer is behind it".into(),
            Some(n) => format!(
                "{n} customers are behind one key: never below {}",
                if n >= 10 { "B4" } else { "B3" }
            ),
        },
        FactName::PrivilegedPath => format!(
            "path {}: {}",
            spoken(facts.privileged_path.word()),
            counts(Factor::PrivilegedPath)
        ),
        FactName::Spend => format!("spend {}: {}", facts.spend, counts(Factor::Spend)),
        FactName::SourceRestricted => yes(
            facts.source_restricted,
            "use is restricted to a source or workload",
            "it can be used from anywhere, as far as is known",
        ),
        FactName::RevocationDrillPassedOn => match facts.revocation_drill_passed_on {
            None => "no revocation drill is known".into(),
            Some(day) if classify::is_restrained(facts, policy, today) => {
                format!(
                    "revocation was drilled on {day}: with the restricted source, one level lower"
                )
            }
            Some(day) => format!(
                "revocation was drilled on {day}, {} days ago",
                today.since(day)
            ),
        },
        FactName::CreatedAt => facts.created_at.map_or_else(
            || "nobody knows when it was made".to_owned(),
            |day| format!("made on {day}, {} days ago", today.since(day)),
        ),
        FactName::LastUsed => match facts.last_used {
            LastUsed { offered: false, .. } => "no source can tell when it was last used".into(),
            LastUsed { at: None, .. } => "the source says that it was never used".into(),
            LastUsed { at: Some(day), .. } => {
                let limit = policy.dormancy_days(facts.expected_every_days);
                format!(
                    "last used on {day}, {} days ago; {limit} days make it unused",
                    today.since(day)
                )
            }
        },
        FactName::ExpectedEveryDays => facts.expected_every_days.map_or_else(
            || "no rhythm is declared".to_owned(),
            |days| format!("its job runs every {days} days"),
        ),
        FactName::BreakGlass => yes(
            facts.break_glass,
            "a break-glass key",
            "not a break-glass key",
        ),
        FactName::Owner => match facts.owner {
            OwnerState::Active => "its owner is active".into(),
            OwnerState::OnLeave => "its owner is on leave, not gone".into(),
            OwnerState::Inactive => "its owner has left".into(),
            OwnerState::None => "nobody owns it".into(),
        },
        FactName::BackupOwner => match facts.backup_owner {
            BackupOwner::Active => "its backup owner is active".into(),
            BackupOwner::None => "no backup owner".into(),
        },
        FactName::OwnerUntil => match facts.owner_until {
            None => "no leaving date is known".into(),
            Some(day) if day <= today => format!("its owner left on {day}"),
            Some(day) => format!("its owner leaves on {day}"),
        },
        FactName::IssuedTo => match facts.issued_to {
            IssuedTo::Person => "issued to a person".into(),
            IssuedTo::Service => "issued to a service".into(),
            IssuedTo::Unknown => "nobody knows whom it was issued to".into(),
        },
        FactName::UsedBy => match facts.used_by {
            UsedBy::Person => "used by a person".into(),
            UsedBy::Workload => "used by a workload".into(),
            UsedBy::Both => "used by a person and a workload".into(),
            UsedBy::Unknown => "nobody knows whether a person or a workload uses it".into(),
        },
        FactName::StandsOn => match facts.stands_on {
            StandsOn::Static => "a static key".into(),
            other => format!("it already is {}", spoken(other.word())),
        },
        FactName::Isolated => yes(
            facts.isolated,
            "isolated, with evidence",
            "no evidence of isolation",
        ),
        FactName::Monitored => yes(
            facts.monitored,
            "each use is recorded",
            "no evidence that each use is recorded",
        ),
        FactName::TenantSplit => yes(
            facts.tenant_split,
            "tenants are split",
            "tenants are not split",
        ),
        FactName::GatewayFronted => yes(
            facts.gateway_fronted,
            "a gateway stands in front",
            "no gateway stands in front",
        ),
        FactName::Rotatable => yes(facts.rotatable, "it can be rotated", "it cannot be rotated"),
        FactName::Exception => format!(
            "exception approved until {}",
            on(facts.exception.and_then(|e| e.approved_until))
        ),
        FactName::WorkloadIdentityFederation
        | FactName::PrivateKeyJwtOrMtls
        | FactName::OauthClientSecret
        | FactName::VendorShortLived
        | FactName::Gateway => name.option().map_or_else(String::new, |option| {
            option_text(option, facts.options.state(option), judgement, today)
        }),
    }
}

fn contract(contract: Contract, party: &str) -> String {
    match contract {
        Contract::Live => format!("the contract with its {party} is not known to have ended"),
        Contract::Ended => format!("the contract with its {party} has ended"),
    }
}

fn option_text(
    option: ReplacementOption,
    state: OptionState,
    judgement: &Judgement,
    today: Day,
) -> String {
    let name = option.title();
    let note = match state.on(today) {
        OptionState::Now => "can be taken now".to_owned(),
        OptionState::No => "does not exist for this key".to_owned(),
        OptionState::Unknown if state != OptionState::Unknown => {
            "its date has come; nobody has looked again".to_owned()
        }
        OptionState::Unknown => "nobody has found out".to_owned(),
        OptionState::Later { on, needs } => {
            let on = on.map_or_else(|| "later, no date".to_owned(), |day| format!("from {day}"));
            needs.map_or(on.clone(), |needs| {
                format!("{on}, needs a {}", needs.title())
            })
        }
    };
    let chosen = if judgement.to == Some(option) {
        "; the one to take"
    } else {
        ""
    };
    format!("{name}: {note}{chosen}")
}

/// A code word as words.
fn spoken(word: &str) -> String {
    word.replace('_', " ")
}

impl ReplacementOption {
    /// The option as a reader knows it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::WorkloadIdentityFederation => "workload identity",
            Self::PrivateKeyJwtOrMtls => "signed client assertion or mutual TLS",
            Self::OauthClientSecret => "OAuth client credentials (still a static secret)",
            Self::VendorShortLived => "short-lived vendor tokens",
            Self::Gateway => "the gateway",
        }
    }
}

impl crate::facts::Needs {
    /// What is needed, as a reader knows it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::PlanTier => "higher plan",
            Self::VendorFeature => "feature that the vendor has not shipped",
            Self::ConsumerChange => "change in the consumer",
        }
    }
}

/// The single-fact changes worth trying for one fact, the nearest first.
fn changes(facts: &Facts, name: FactName, today: Day) -> Vec<(Facts, Cow<'static, str>)> {
    let mut tried = Tried {
        facts,
        changed: Vec::new(),
    };
    match name {
        FactName::Status => {
            tried.push(
                |f| f.status = Status::Active,
                "if the provider said that it is active",
            );
            tried.push(
                |f| f.status = Status::Inactive,
                "if the provider said that it is inactive",
            );
        }
        FactName::Proof => tried.push(|f| f.proof = Proof::P2, "once its revocation is proved"),
        FactName::ProbePossible => {
            tried.push(|f| f.probe_possible = false, "if no probe were possible")
        }
        FactName::Exposure => {
            tried.push(
                |f| f.exposure = Exposure::None,
                "once no exposed copy is left",
            );
            tried.push(
                |f| f.exposure = Exposure::Confirmed,
                "if it were readable outside the organisation",
            );
        }
        FactName::Publishable => {
            tried.push(
                |f| f.publishable = Publishable::Restricted,
                "if it were public by design and restricted at the provider",
            );
        }
        FactName::Integration => {
            tried.push(
                |f| f.integration = Integration::Live,
                "if its integration were live",
            );
            tried.push(
                |f| f.integration = Integration::Retired,
                "once its integration is retired",
            );
        }
        FactName::Issuer => {
            tried.push(
                |f| f.issuer = Contract::Live,
                "if the contract with its issuer were live",
            );
            tried.push(
                |f| f.issuer = Contract::Ended,
                "once the contract with its issuer ends",
            );
        }
        FactName::Holder => {
            tried.push(
                |f| f.holder = Contract::Live,
                "if the contract with its holder were live",
            );
            tried.push(
                |f| f.holder = Contract::Ended,
                "once the contract with its holder ends",
            );
        }
        FactName::Privilege => {
            for to in [
                Privilege::WriteWide,
                Privilege::WriteNarrow,
                Privilege::ReadWide,
                Privilege::ReadNarrow,
                Privilege::None,
            ] {
                tried.push(
                    |f| f.privilege = to,
                    format!("if its privilege were {}", spoken(to.word())),
                );
            }
        }
        FactName::TestMode => tried.push(|f| f.test_mode = true, "if it were a test key"),
        FactName::Data => {
            for to in [
                DataClass::Confidential,
                DataClass::Internal,
                DataClass::Public,
            ] {
                tried.push(|f| f.data = to, format!("if it opened {to} data only"));
            }
        }
        FactName::Consumers => {
            tried.push(|f| f.consumers = Some(1), "if exactly one workload used it");
            tried.push(|f| f.consumers = Some(0), "once nothing uses it");
        }
        FactName::EnvironmentsShared => {
            tried.push(
                |f| f.environments_shared = Some(false),
                "if it served one environment only",
            );
        }
        FactName::CustomerTenants => tried.push(
            |f| f.customer_tenants = Some(1),
            "if one customer at most were behind it",
        ),
        FactName::PrivilegedPath => {
            for to in [PrivilegedPath::AgentRead, PrivilegedPath::None] {
                tried.push(
                    |f| f.privileged_path = to,
                    format!("if its path were {}", spoken(to.word())),
                );
            }
        }
        FactName::Spend => {
            for to in [Spend::Capped, Spend::None] {
                tried.push(|f| f.spend = to, format!("if spend were {to}"));
            }
        }
        FactName::SourceRestricted => tried.push(
            |f| f.source_restricted = true,
            "if use were restricted to a source or workload",
        ),
        FactName::RevocationDrillPassedOn => {
            tried.push(
                |f| f.revocation_drill_passed_on = Some(today),
                "if a revocation drill passed today",
            );
        }
        FactName::LastUsed => {
            tried.push(
                |f| {
                    f.last_used = LastUsed {
                        offered: true,
                        at: Some(today),
                    }
                },
                "if it were seen in use today",
            );
            tried.push(
                |f| {
                    f.last_used = LastUsed {
                        offered: true,
                        at: None,
                    }
                },
                "if its source said that it was never used",
            );
        }
        FactName::ExpectedEveryDays => {
            tried.push(
                |f| f.expected_every_days = Some(365),
                "if it served a yearly job",
            );
        }
        FactName::BreakGlass => tried.push(
            |f| f.break_glass = !f.break_glass,
            if facts.break_glass {
                "if it were not a break-glass key"
            } else {
                "if it were a break-glass key"
            },
        ),
        FactName::Owner => tried.push(
            |f| f.owner = OwnerState::Active,
            "once an active person owns it",
        ),
        FactName::BackupOwner => tried.push(
            |f| f.backup_owner = BackupOwner::Active,
            "once it has an active backup owner",
        ),
        FactName::OwnerUntil => tried.push(|f| f.owner_until = None, "if its owner stayed"),
        FactName::IssuedTo => {
            tried.push(
                |f| f.issued_to = IssuedTo::Service,
                "if it were issued to a service",
            );
            tried.push(
                |f| f.issued_to = IssuedTo::Person,
                "if it were issued to a person",
            );
        }
        FactName::UsedBy => {
            tried.push(
                |f| f.used_by = UsedBy::Workload,
                "if only a workload used it",
            );
            tried.push(|f| f.used_by = UsedBy::Person, "if only a person used it");
        }
        FactName::WorkloadIdentityFederation
        | FactName::PrivateKeyJwtOrMtls
        | FactName::OauthClientSecret
        | FactName::VendorShortLived => {
            if let Some(option) = name.option() {
                tried.push(
                    |f| f.options = f.options.with(option, OptionState::Now),
                    format!("if {} could be taken now", option.title()),
                );
                tried.push(
                    |f| f.options = f.options.with(option, OptionState::No),
                    format!("if {} did not exist for this key", option.title()),
                );
            }
        }
        FactName::StandsOn => {}
        FactName::Isolated => {
            tried.push(|f| f.isolated = true, "once it is isolated, with evidence")
        }
        FactName::Monitored => tried.push(|f| f.monitored = true, "once each use is recorded"),
        FactName::TenantSplit => tried.push(|f| f.tenant_split = true, "once tenants are split"),
        FactName::GatewayFronted => tried.push(
            |f| f.gateway_fronted = true,
            "once a gateway stands in front",
        ),
        // These decide neither verdict nor level.
        FactName::HeldBy
        | FactName::CreatedAt
        | FactName::Gateway
        | FactName::Rotatable
        | FactName::Exception => {}
    }
    tried.changed
}

/// Changes of one fact that make a difference to the facts.
struct Tried<'f> {
    facts: &'f Facts,
    changed: Vec<(Facts, Cow<'static, str>)>,
}

impl Tried<'_> {
    fn push(&mut self, change: impl FnOnce(&mut Facts), text: impl Into<Cow<'static, str>>) {
        let mut changed = *self.facts;
        change(&mut changed);
        if changed != *self.facts {
            self.changed.push((changed, text.into()));
        }
    }
}

/// At most five changes, one per fact: lowest level first, then table order.
fn would_change(
    facts: &Facts,
    since: &Since,
    judgement: &Judgement,
    policy: &Policy,
    today: Day,
) -> Vec<Shared<WouldChange>> {
    let mut found: Vec<_> = FactName::ALL
        .iter()
        .filter_map(|name| {
            changes(facts, *name, today)
                .into_iter()
                .map(|(changed, text)| {
                    let then = judge(&changed, since, policy, today);
                    (*name, changed, text, then.verdict, then.radius.level)
                })
                .filter(|(.., verdict, level)| {
                    *verdict != judgement.verdict || *level < judgement.radius.level
                })
                .min_by_key(|(.., level)| *level)
        })
        .collect();
    found.sort_by_key(|(.., level)| *level);
    found.truncate(5);
    found
        .into_iter()
        .map(|(name, changed, text, verdict, level)| WouldChange {
            fact: name.word().to_owned(),
            to: value(&changed, name),
            text: format!("{text}: {} at {level}", spoken(verdict.word())),
            verdict,
            level,
        })
        .map(Shared::new)
        .collect()
}
