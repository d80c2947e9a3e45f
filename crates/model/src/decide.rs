//! The decision: one verdict per key, by ordered rules of which the first match wins.

pub use crate::classify::Level;
use crate::{
    classify::{self, BlastRadius},
    control::{self, Set},
    day::Day,
    facts::{
        BackupOwner, Contract, Exposure, Facts, Integration, IssuedTo, LastUsed, OptionState,
        OwnerState, Proof, Publishable, ReplacementOption, Since, StandsOn, Status, UsedBy,
        Verdict,
    },
    policy::Policy,
};

words! {
    /// The code word of what is to be done.
    pub enum Action {
        Closed = "closed", ContainNow = "contain_now", Retire = "retire", RotateNow = "rotate_now",
        AssignOwner = "assign_owner", MovePerson = "move_person", Rehome = "rehome", Keep = "keep", Migrate = "migrate",
        RequestTransitional = "request_transitional", NotAcceptable = "not_acceptable", RequestPermanent = "request_permanent",
    }
}
words! {
    /// How pressing a finding is, apart from how bad it is. Most urgent first.
    pub enum Urgency { Now = "now", Overdue = "overdue", Due = "due", Planned = "planned", Covered = "covered", None = "none" }
}

impl Urgency {
    /// Whether it needs somebody by now, or soon.
    #[must_use]
    pub const fn presses(self) -> bool {
        matches!(self, Self::Now | Self::Overdue | Self::Due)
    }
}

words! {
    /// Who may accept the risk.
    pub enum Acceptor { Executive = "executive", SystemRiskOwner = "system_risk_owner" }
}

/// What is decided about one key, without words: the pure core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// The finding.
    pub verdict: Verdict,
    /// The blast radius.
    pub radius: BlastRadius,
    /// The option to migrate to, for `replaceable` and `later`.
    pub to: Option<ReplacementOption>,
    /// When it is due.
    pub due: Option<Day>,
    /// How pressing it is.
    pub urgency: Urgency,
    /// Days until a kept key is looked at again.
    pub review_days: Option<u32>,
    /// Who may accept the risk.
    pub acceptor: Option<Acceptor>,
    /// Whether an exception can be asked for.
    pub exception_allowed: bool,
    /// Behind a gate: the finding once the gate is cleared.
    pub then: Option<Verdict>,
    /// The controls it needs.
    pub controls: Set,
    /// What somebody has to find out.
    pub tasks: Set,
}

impl Verdict {
    /// What a finding asks for.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Self::ProvenRevoked => Action::Closed,
            Self::Exposed => Action::ContainNow,
            Self::NoLongerNeeded | Self::Unused => Action::Retire,
            Self::ExposureOpen => Action::RotateNow,
            Self::Unowned => Action::AssignOwner,
            Self::HumanUse => Action::MovePerson,
            Self::BorrowedIdentity => Action::Rehome,
            Self::Public | Self::Minor => Action::Keep,
            Self::Replaceable => Action::Migrate,
            Self::Later | Self::Unassessed | Self::Constrain => Action::RequestTransitional,
            Self::SharedTooWidely => Action::NotAcceptable,
            Self::Irreplaceable => Action::RequestPermanent,
        }
    }

    /// A finding behind which the rest of the decision waits.
    #[must_use]
    pub fn is_gate(self) -> bool {
        matches!(
            self,
            Self::ExposureOpen | Self::Unowned | Self::HumanUse | Self::BorrowedIdentity
        )
    }
}

impl Facts {
    /// The exposure that counts, once a key that is public by design has been allowed for.
    #[must_use]
    pub fn exposure_in_effect(&self) -> Exposure {
        match (self.publishable, self.exposure) {
            (Publishable::Restricted, _) => Exposure::None,
            (Publishable::Unrestricted, Exposure::Internal | Exposure::Confirmed) => {
                Exposure::Suspected
            }
            (_, exposure) => exposure,
        }
    }

    /// Somebody is accountable on `today`.
    #[must_use]
    pub fn is_owned(&self, today: Day) -> bool {
        let owner = matches!(self.owner, OwnerState::Active | OwnerState::OnLeave)
            && self.owner_until.is_none_or(|day| day > today);
        owner || self.backup_owner == BackupOwner::Active
    }

    /// Revocation is proved: P2 or better, or P1 where no probe is possible.
    #[must_use]
    pub fn is_proven_revoked(&self) -> bool {
        match self.proof {
            Proof::P2 | Proof::P3 => true,
            Proof::P1 => !self.probe_possible,
            Proof::None | Proof::P0 => false,
        }
    }

    /// Not used for the dormancy period, by a source that can say so.
    #[must_use]
    pub fn is_unused(&self, policy: &Policy, today: Day) -> bool {
        let LastUsed { offered: true, at } = self.last_used else {
            return false;
        };
        at.or(self.created_at)
            .is_some_and(|day| today.since(day) >= policy.dormancy_days(self.expected_every_days))
    }

    fn without_gate(&self) -> Self {
        Self {
            exposure: Exposure::None,
            owner: OwnerState::Active,
            owner_until: None,
            // With it unknown, who uses the key decides nothing.
            issued_to: IssuedTo::Unknown,
            ..*self
        }
    }
}

/// What the replacement options say together.
enum Replacement {
    Now(ReplacementOption),
    Later(ReplacementOption, Option<Day>),
    Unknown,
    Impossible,
}

fn replacement(facts: &Facts, start: Day, cap: i64, today: Day) -> Replacement {
    let candidates = || {
        ReplacementOption::REPLACING
            .into_iter()
            .filter(|option| option.improves_on(facts.stands_on))
            .map(|option| (option, facts.options.state(option).on(today)))
    };
    // A client secret is still a standing secret: it is not taken while something better comes in time.
    let better_comes = candidates()
        .filter(|(option, _)| option.improves_on(StandsOn::OauthClientSecret))
        .any(|(_, state)| matches!(state, OptionState::Later { on: Some(day), .. } if day <= start.plus(cap)));
    let now = candidates().find(|(option, state)| {
        *state == OptionState::Now
            && !(better_comes && *option == ReplacementOption::OauthClientSecret)
    });
    if let Some((option, _)) = now {
        return Replacement::Now(option);
    }
    let later = candidates().find_map(|(option, state)| match state {
        OptionState::Later { on, .. } => Some(Replacement::Later(option, on)),
        _ => None,
    });
    if let Some(later) = later {
        return later;
    }
    if candidates().any(|(_, state)| state == OptionState::Unknown) {
        return Replacement::Unknown;
    }
    Replacement::Impossible
}

/// The finding, the option it points to, and the date that option names.
fn find(
    facts: &Facts,
    since: &Since,
    radius: &BlastRadius,
    policy: &Policy,
    today: Day,
) -> (Verdict, Option<ReplacementOption>, Option<Day>) {
    let plain = |verdict| (verdict, None, None);
    if facts.is_proven_revoked() {
        return plain(Verdict::ProvenRevoked);
    }
    let exposure = facts.exposure_in_effect();
    if exposure == Exposure::Confirmed {
        return plain(Verdict::Exposed);
    }
    if matches!(facts.status, Status::Inactive | Status::Refused)
        || facts.integration == Integration::Retired
        || facts.issuer == Contract::Ended
        || facts.holder == Contract::Ended
        || facts.consumers == Some(0)
    {
        return plain(Verdict::NoLongerNeeded);
    }
    if !facts.break_glass && facts.is_unused(policy, today) {
        return plain(Verdict::Unused);
    }
    if exposure != Exposure::None {
        return plain(Verdict::ExposureOpen);
    }
    if !facts.is_owned(today) {
        return plain(Verdict::Unowned);
    }
    if !facts.break_glass {
        if facts.issued_to == IssuedTo::Service
            && matches!(facts.used_by, UsedBy::Person | UsedBy::Both)
        {
            return plain(Verdict::HumanUse);
        }
        if facts.issued_to == IssuedTo::Person
            && matches!(facts.used_by, UsedBy::Workload | UsedBy::Both)
        {
            return plain(Verdict::BorrowedIdentity);
        }
    }
    if facts.publishable == Publishable::Restricted {
        return plain(Verdict::Public);
    }
    let one_tenant = matches!(facts.customer_tenants, Some(0 | 1));
    if !facts.break_glass {
        let start = since.of(Verdict::Replaceable).unwrap_or(today);
        match replacement(facts, start, policy.due.later_cap.at(radius.level), today) {
            Replacement::Now(option) => return (Verdict::Replaceable, Some(option), None),
            Replacement::Later(option, on) => return (Verdict::Later, Some(option), on),
            Replacement::Unknown => return plain(Verdict::Unassessed),
            Replacement::Impossible => {}
        }
        if radius.level <= Level::B1
            && radius.certain()
            && one_tenant
            && facts.environments_shared == Some(false)
        {
            return plain(Verdict::Minor);
        }
    }
    let wide =
        facts.customer_tenants.is_some_and(|n| n >= 2) || facts.environments_shared == Some(true);
    if wide && !facts.tenant_split && !facts.gateway_fronted {
        return plain(Verdict::SharedTooWidely);
    }
    let undrilled = facts.break_glass
        && !Policy::fresh(
            facts.revocation_drill_passed_on,
            policy.evidence.break_glass_drill_days,
            today,
        );
    if !facts.isolated
        || !facts.monitored
        || facts.customer_tenants.is_none()
        || facts.environments_shared.is_none()
        || undrilled
    {
        return plain(Verdict::Constrain);
    }
    plain(Verdict::Irreplaceable)
}

fn due(
    facts: &Facts,
    verdict: Verdict,
    level: Level,
    option_on: Option<Day>,
    start: Day,
    policy: &Policy,
) -> Option<Day> {
    let due = &policy.due;
    let exposed = facts.exposure_in_effect() != Exposure::None;
    let after = |days: u32| Some(start.plus(i64::from(days)));
    match verdict {
        Verdict::ProvenRevoked | Verdict::Public | Verdict::Minor => None,
        Verdict::Exposed => after(due.exposed),
        Verdict::NoLongerNeeded | Verdict::Unused if exposed => after(due.retire_with_exposure),
        Verdict::NoLongerNeeded => after(due.no_longer_needed),
        Verdict::Unused => after(due.unused),
        Verdict::ExposureOpen => Some(start.plus(due.exposure_open.at(level))),
        Verdict::Unowned => Some(start.plus(due.unowned.at(level))),
        Verdict::HumanUse => after(due.human_use),
        Verdict::BorrowedIdentity => {
            let leaving = facts
                .owner_until
                .map(|day| day.plus(-i64::from(due.before_owner_leaves)));
            after(due.borrowed_identity)
                .into_iter()
                .chain(leaving)
                .min()
        }
        Verdict::Replaceable => Some(start.plus(due.replaceable.at(level))),
        Verdict::Later => Some(start.plus(due.later_cap.at(level)))
            .into_iter()
            .chain(option_on)
            .min(),
        Verdict::Unassessed
        | Verdict::Constrain
        | Verdict::SharedTooWidely
        | Verdict::Irreplaceable => after(due.to_sign),
    }
}

/// Judges one key: total, pure, and the same for ever for the same facts, `since`, policy and day.
#[must_use]
pub fn judge(facts: &Facts, since: &Since, policy: &Policy, today: Day) -> Judgement {
    let radius = classify::blast_radius(facts, policy, today);
    let level = radius.level;
    let (verdict, to, option_on) = find(facts, since, &radius, policy, today);
    let start = since.of(verdict).unwrap_or(today);
    let due = due(facts, verdict, level, option_on, start, policy);
    let overdue = due.is_some_and(|day| day < today);
    let exception_allowed = match verdict {
        Verdict::Later | Verdict::Constrain | Verdict::Irreplaceable => true,
        Verdict::Unassessed => !overdue,
        Verdict::Replaceable => overdue,
        _ => false,
    };
    let excepted = facts
        .exception
        .and_then(|exception| exception.approved_until)
        .is_some_and(|day| day > today);
    let urgency = match due {
        _ if verdict == Verdict::Exposed => Urgency::Now,
        _ if exception_allowed && excepted => Urgency::Covered,
        None => Urgency::None,
        Some(_) if overdue => Urgency::Overdue,
        Some(day) if today.since(day) >= -i64::from(policy.due.soon) => Urgency::Due,
        Some(_) => Urgency::Planned,
    };
    let review_days = match verdict {
        Verdict::Public => Some(policy.review.public),
        Verdict::Minor => Some(policy.review.minor),
        Verdict::Irreplaceable => u32::try_from(policy.review.irreplaceable.at(level)).ok(),
        _ => None,
    };
    let acceptor = match verdict {
        Verdict::Irreplaceable if level >= Level::B3 => Some(Acceptor::Executive),
        Verdict::Irreplaceable | Verdict::Minor => Some(Acceptor::SystemRiskOwner),
        _ => None,
    };
    let then = verdict
        .is_gate()
        .then(|| find(&facts.without_gate(), since, &radius, policy, today).0);
    Judgement {
        verdict,
        radius,
        to,
        due,
        urgency,
        review_days,
        acceptor,
        exception_allowed,
        then,
        controls: control::required(facts, verdict, level),
        tasks: control::tasks(facts, verdict, &radius, today),
    }
}
