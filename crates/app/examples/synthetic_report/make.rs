//! Made-up assessments of any size, decided by the real rules: the same for the same size.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use tenure_model::{
    assessment::*,
    classify::Level,
    control::Control,
    day::Day,
    explain,
    facts::{Case, Verdict},
    horizon::{Fill, Horizon, is_living},
    key::{Basis, Coverage, CoverageState, Told},
    note::*,
    place::{Audience, Liveness, Part, PlaceKind, Purpose},
    policy::Policy,
};

/// A small generator: SplitMix64.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        let at = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(at)
            .copied()
            .unwrap_or_else(|| unreachable!("not empty"))
    }
}

const PROVIDERS: [(&str, &str, &str); 8] = [
    ("aws", "iam_access_key", "AKIA"),
    ("github", "personal_access_token", "ghp_"),
    ("okta", "api_token", "00"),
    ("stripe", "secret_key", "sk_live_"),
    ("openai", "project_key", "sk-proj-"),
    ("anthropic", "api_key", "sk-ant-"),
    ("datadog", "application_key", ""),
    ("slack", "bot_token", "xoxb-"),
];
const WORK: [&str; 8] = [
    "deploy",
    "batch",
    "billing-sync",
    "admin-api",
    "metrics",
    "release",
    "support-export",
    "etl",
];
const PLACES: [&str; 4] = ["prod", "staging", "eu", "core"];

/// An assessment of `count` keys as of `today`.
pub(crate) fn assessment(count: usize, today: &str) -> Result<Assessment, Box<dyn Error>> {
    let today: Day = today.parse()?;
    let policy = Policy::builtin();
    let digest = policy.digest();
    let mut dice = Dice::new(7 + count as u64);
    let mut keys = Vec::with_capacity(count);
    for at in 0..count {
        keys.push(key(at, count, &mut dice, &policy, &digest, today)?);
    }
    keys.sort_by_key(|key| {
        let outcome = &key.verdict.outcome;
        (
            outcome.urgency,
            std::cmp::Reverse(outcome.level),
            outcome.due,
        )
    });
    let mut assessment = Assessment {
        schema: SCHEMA.to_owned(),
        title: "Northwind".to_owned(),
        complete: false,
        today,
        policy: digest,
        policy_version: policy.version.clone(),
        keys,
        coverage: coverage(),
        unmerged: vec![],
        skipped: vec![Skipped {
            path: "infra/old-backups".to_owned(),
            reason: "permission denied".to_owned(),
        }],
        summary: empty(),
    };
    if let [first, second, ..] = assessment.keys.as_slice() {
        assessment.unmerged = vec![Unmerged {
            a: first.id.clone(),
            b: second.id.clone(),
            why: "same name and provider, but no common key id".to_owned(),
        }];
    }
    assessment.summary = summary(&assessment);
    Ok(assessment)
}

/// What makes each of the sixteen verdicts, and how often of a hundred.
fn shape(verdict: Verdict, dice: &mut Dice, today: Day) -> (u64, Value) {
    let no = json!({"workload_identity_federation":"no","private_key_jwt_or_mtls":"no","oauth_client_secret":"no","vendor_short_lived":"no","gateway":"now"});
    let now = json!({"workload_identity_federation":"now","private_key_jwt_or_mtls":"no","oauth_client_secret":"no","vendor_short_lived":"now","gateway":"now"});
    let later = json!({"workload_identity_federation":{"later":today.plus(120).to_string(),"needs":"consumer_change"},"private_key_jwt_or_mtls":"no","oauth_client_secret":"no","vendor_short_lived":"no","gateway":"now"});
    let covered = json!({"approved_until": today.plus(20 + i64::try_from(dice.below(340)).unwrap_or(0)).to_string()});
    let signed = |document: Value, percent: u64, dice: &mut Dice| {
        let mut document = document;
        if dice.chance(percent)
            && let Some(map) = document.as_object_mut()
        {
            map.insert("exception".to_owned(), covered.clone());
        }
        document
    };
    match verdict {
        Verdict::ProvenRevoked => (2, json!({"status":"refused","proof":"P2"})),
        Verdict::Exposed => (1, json!({"exposure":"confirmed"})),
        Verdict::NoLongerNeeded => (4, json!({"status":"inactive"})),
        Verdict::Unused => (
            6,
            json!({"last_used":{"offered":true,"at":today.plus(-300).to_string()}}),
        ),
        Verdict::ExposureOpen => (3, json!({"exposure":"internal"})),
        Verdict::Unowned => (
            16,
            json!({"owner": if dice.chance(50) {"none"} else {"inactive"}, "options": if dice.chance(60) {now} else {no}}),
        ),
        Verdict::HumanUse => (
            3,
            json!({"issued_to":"service","used_by":"both","options":now}),
        ),
        Verdict::BorrowedIdentity => (
            4,
            json!({"issued_to":"person","used_by":"workload","options":no}),
        ),
        Verdict::Public => (2, signed(json!({"publishable":"restricted"}), 50, dice)),
        Verdict::Replaceable => (24, json!({"options":now})),
        Verdict::Later => (13, signed(json!({"options":later}), 60, dice)),
        Verdict::Unassessed => (
            7,
            signed(
                json!({"options":{"workload_identity_federation":"no"}}),
                50,
                dice,
            ),
        ),
        Verdict::Minor => (
            3,
            signed(
                json!({"options":no,"privilege":"read_narrow","data":"internal","privileged_path":"none","spend":"none"}),
                60,
                dice,
            ),
        ),
        Verdict::SharedTooWidely => (3, json!({"options":no,"environments_shared":true})),
        Verdict::Constrain => (5, signed(json!({"options":no}), 40, dice)),
        Verdict::Irreplaceable => (
            4,
            signed(
                json!({"options":no,"isolated":true,"monitored":true}),
                80,
                dice,
            ),
        ),
    }
}

fn key(
    at: usize,
    count: usize,
    dice: &mut Dice,
    policy: &Policy,
    digest: &str,
    today: Day,
) -> Result<Key, Box<dyn Error>> {
    let mut document: Map<String, Value> = Map::new();
    let base = json!({
        "status":"active","owner":"active","consumers":1,"environments_shared":false,"customer_tenants":1,
        "held_by":"us","issued_to":"service","used_by":"workload",
        "privilege": dice.pick(&["read_narrow","write_narrow","read_wide","write_wide","reads_secrets","admin","read_narrow"]),
        "data": dice.pick(&["internal","confidential","restricted","internal"]),
        "privileged_path": dice.pick(&["none","none","agent_read","deployment","none"]),
        "spend": dice.pick(&["none","capped","none"]),
        "last_used":{"offered":true,"at":today.plus(-i64::try_from(dice.below(60))?).to_string()},
    });
    let wanted = wanted(at, count, dice, today);
    let (_, special) = shape(wanted, dice, today);
    for source in [base, special] {
        if let Value::Object(source) = source {
            document.extend(source);
        }
    }
    let back = i64::try_from(dice.below(2200) * dice.below(2200) / 2200)?;
    let created = (!dice.chance(9)).then(|| today.plus(-20 - back));
    if let Some(created) = created
        && wanted != Verdict::Unused
    {
        document.insert("created_at".to_owned(), json!(created.to_string()));
    }
    if let Some(start) = created
        .map(|day| today.since(day))
        .filter(|_| dice.chance(30))
    {
        let start = today.plus(-start.min(25 + i64::try_from(dice.below(40))?));
        document.insert(
            "since".to_owned(),
            json!({ wanted.word(): start.to_string() }),
        );
    }
    document.insert("id".to_owned(), json!(format!("k-{at:05}")));
    let case = Case::parse(&Value::Object(document.clone()).to_string(), today)?;
    let answer = explain::answer(&case, policy, digest, today);
    Ok(told(at, dice, &document, answer, created, today))
}

/// Each verdict once, then by its share.
fn wanted(at: usize, count: usize, dice: &mut Dice, today: Day) -> Verdict {
    if count >= 20
        && let Some(verdict) = Verdict::ALL.get(at)
    {
        return *verdict;
    }
    let mut left = i64::try_from(dice.below(100)).unwrap_or(0);
    for verdict in Verdict::ALL {
        left -= i64::try_from(shape(*verdict, &mut Dice::new(0), today).0).unwrap_or(0);
        if left < 0 {
            return *verdict;
        }
    }
    Verdict::Replaceable
}

fn told(
    at: usize,
    dice: &mut Dice,
    document: &Map<String, Value>,
    answer: explain::Answer,
    created: Option<Day>,
    today: Day,
) -> Key {
    let provider = usize::try_from(dice.below(8)).unwrap_or(0);
    let (provider, credential, prefix) =
        PROVIDERS
            .get(provider)
            .copied()
            .unwrap_or(("aws", "iam_access_key", "AKIA"));
    let name = format!("{}-{}-{at}", dice.pick(&WORK), dice.pick(&PLACES));
    let tail: String = format!("{:04X}", dice.below(65_536));
    let people = 12 + at / 40;
    let owner = format!("person{}@northwind.example", dice.below(people as u64));
    let from = |value: Option<Day>| match value {
        Some(day) => Told::new(day, Basis::Observed, "exports/keys.csv"),
        None => Told::unknown(),
    };
    let expires = dice
        .chance(28)
        .then(|| today.plus(10 + i64::try_from(dice.below(420)).unwrap_or(0)));
    let level = answer.outcome.level;
    let seen =
        matches!(answer.verdict, Verdict::Exposed | Verdict::ExposureOpen) || dice.chance(30);
    Key {
        id: answer.id.clone(),
        provider: provider.to_owned(),
        credential: Some(credential.to_owned()),
        key_id: (provider == "aws").then(|| format!("AKIAEXAMPLE{at:08}")),
        name: Some(name),
        hint: Some(format!("{prefix}…{tail}")),
        fingerprint: Some(format!("fp-{at:08}")),
        account: Some(format!("acct-{}", dice.below(9))),
        owner: match document.get("owner").and_then(Value::as_str) {
            Some("none") => Told::unknown(),
            _ => Told::new(owner.clone(), Basis::Declared, "people.csv"),
        },
        system: Told::new(dice.pick(&WORK).to_owned(), Basis::Inferred, "name"),
        created_at: from(created),
        last_used: from(
            document
                .get("last_used")
                .and_then(|v| v.get("at"))
                .and_then(Value::as_str)
                .and_then(|day| day.parse().ok()),
        ),
        expires_at: from(expires),
        purpose: Purpose::CiCd,
        blast_radius: BlastRadius {
            level,
            set_by: answer.outcome.set_by,
            factors: vec![],
            nearest_change: answer.outcome.would_change.first().cloned(),
        },
        options: vec![],
        controls: answer
            .outcome
            .controls
            .iter()
            .map(|control| control_note(*control, dice).into())
            .collect(),
        verdict: VerdictAnswer {
            id: answer.verdict,
            outcome: answer.outcome,
        },
        owner_candidates: vec![OwnerCandidate {
            who: owner,
            why: "created it".to_owned(),
            confidence: Confidence::Medium,
        }],
        sightings: if seen {
            vec![sighting(at, answer.verdict)]
        } else {
            vec![]
        },
        facts: document
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "id" | "since" | "options"))
            .map(|(name, value)| {
                (
                    name.clone().into(),
                    FactNote {
                        value: value.clone().into(),
                        basis: Basis::Declared,
                        source: "facts.toml".to_owned(),
                    }
                    .into(),
                )
            })
            .collect(),
        disputes: vec![],
        merged: vec![],
        runtimes: vec![],
        note: None,
        sunsets: match (provider, at % 7) {
            ("slack", 0) => vec![
                SunsetNote {
                    effect: "refused".to_owned(),
                    on: "2027-03-31".to_owned(),
                    whom: None,
                    source: "vendor".to_owned(),
                }
                .into(),
            ],
            ("okta", _) => vec![
                SunsetNote {
                    effect: "no_new".to_owned(),
                    on: "2027-06".to_owned(),
                    whom: None,
                    source: "vendor".to_owned(),
                }
                .into(),
            ],
            _ => vec![],
        },
    }
}

fn control_note(id: Control, dice: &mut Dice) -> ControlNote {
    let state = match dice.below(4) {
        0 => ControlState::Met,
        1 => ControlState::Failing,
        _ => ControlState::Unknown,
    };
    ControlNote {
        id,
        state,
        since: None,
        why: "no evidence".to_owned(),
    }
}

fn sighting(at: usize, verdict: Verdict) -> SightingNote {
    SightingNote {
        source: "repos/web".to_owned(),
        kind: PlaceKind::EnvFile,
        path: format!("services/app-{}/.env.production", at % 50),
        line: Some(3),
        audience: match verdict {
            Verdict::Exposed => Audience::Public,
            Verdict::ExposureOpen => Audience::Organisation,
            _ => Audience::You,
        },
        audience_why: "git remote".to_owned(),
        liveness: Liveness::NotChecked,
        part: Part::Secret,
        commit: Some("3f2a91c".to_owned()),
    }
}

fn coverage() -> Vec<Coverage> {
    let of = |source: &str, part: &str, state, reason: Option<&str>| Coverage {
        source: source.to_owned(),
        part: part.to_owned(),
        state,
        reason: reason.map(str::to_owned),
        rows: (state == CoverageState::Complete).then_some(412),
        hash: Some("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned()),
    };
    vec![
        of(
            "exports/aws/credential_report.csv",
            "access keys",
            CoverageState::Complete,
            None,
        ),
        of(
            "exports/github/pats.json",
            "personal access tokens",
            CoverageState::NotCovered,
            Some("the file holds a 403 answer, not a list"),
        ),
        of(
            "exports/okta/tokens.csv",
            "last use",
            CoverageState::NotOffered,
            Some("the provider does not report it"),
        ),
        of(
            "repos/web",
            "files",
            CoverageState::Partial,
            Some("2 files could not be opened"),
        ),
    ]
}

fn empty() -> Summary {
    Summary {
        keys: 0,
        living: 0,
        providers: 8,
        endless: 0,
        signed: 0,
        better_way: 0,
        change_production: 0,
        high: 0,
        by_verdict: BTreeMap::new(),
        by_level: BTreeMap::new(),
        sources_whole: 1,
        sources: 4,
        files: 18_204,
        dismissed: [
            ("placeholder".to_owned(), 311),
            ("low entropy".to_owned(), 1_204),
        ]
        .into(),
        notes: vec![
            "Owners are as declared: no people list was given, so nobody knows who has left."
                .to_owned(),
        ],
        changes: vec![],
    }
}

fn summary(assessment: &Assessment) -> Summary {
    let horizon = Horizon::of(assessment, None);
    let mut summary = empty();
    summary.keys = assessment.keys.len() as u64;
    summary.living = horizon.living;
    summary.endless = horizon.endless();
    summary.signed = horizon.with_fill(Fill::TimeBoxed) + horizon.with_fill(Fill::SignedPermanent);
    summary.better_way = horizon.with_fill(Fill::BetterWay);
    for key in assessment.keys.iter().filter(|key| is_living(key)) {
        *summary.by_verdict.entry(key.verdict.id).or_default() += 1;
        *summary
            .by_level
            .entry(key.verdict.outcome.level)
            .or_default() += 1;
        summary.high += u64::from(key.verdict.outcome.level >= Level::B3);
        summary.change_production += u64::from(key.verdict.outcome.level == Level::B4);
    }
    summary.changes = changes(assessment);
    summary
}

fn changes(assessment: &Assessment) -> Vec<Change> {
    let mut groups: BTreeMap<(&str, Verdict), Vec<&Key>> = BTreeMap::new();
    for key in assessment.keys.iter().filter(|key| is_living(key)) {
        groups
            .entry((&key.provider, key.verdict.id))
            .or_default()
            .push(key);
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .filter(|(_, keys)| keys.len() > 1)
        .collect();
    groups.sort_by_key(|(_, keys)| std::cmp::Reverse(keys.len()));
    groups.truncate(10);
    groups
        .into_iter()
        .map(|((provider, verdict), keys)| Change {
            text: format!(
                "{} all {provider} keys that are {}",
                verdict.action().word().replace('_', " "),
                verdict.word().replace('_', " ")
            ),
            high: keys
                .iter()
                .filter(|key| key.verdict.outcome.level >= Level::B3)
                .count() as u64,
            keys: keys.iter().map(|key| key.id.clone()).collect(),
        })
        .collect()
}
