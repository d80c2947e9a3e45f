//! Controls and tasks: what has to hold for a key, and what somebody has to find out.

use crate::{
    classify::Factor,
    classify::{BlastRadius, Level},
    day::Day,
    facts::{Facts, HeldBy, LastUsed, OptionState, PrivilegedPath, ReplacementOption, Verdict},
};

words! {
    /// A control, evaluated from evidence. In the order in which sets of them are written.
    pub enum Control {
        Attested = "attested", BreakGlassDrill = "break_glass_drill", EnhancedMonitoring = "enhanced_monitoring",
        ExposureMonitoring = "exposure_monitoring", FormalRiskAcceptance = "formal_risk_acceptance", Isolation = "isolation",
        LeastScope = "least_scope", ManagedStorageVerified = "managed_storage_verified", MigrationPlan = "migration_plan",
        NotInAgentContext = "not_in_agent_context", OffboardingTrigger = "offboarding_trigger", OwnerActive = "owner_active",
        PerAgentKey = "per_agent_key", RestrictionVerified = "restriction_verified", RevocationDrill = "revocation_drill",
        Rotation = "rotation", ScheduledReview = "scheduled_review", SealedStorage = "sealed_storage",
        SourceRestriction = "source_restriction", SpendOrRateLimit = "spend_or_rate_limit", ThirdPartyTerms = "third_party_terms",
        TwoPersonRelease = "two_person_release", UsageKnown = "usage_known", UseAlert = "use_alert",
        UseBaselineAlert = "use_baseline_alert",
    }
}
words! {
    /// Something that somebody has to find out. In the order in which sets of them are written.
    pub enum Task {
        AssessOptions = "assess_options", FindData = "find_data", FindHolder = "find_holder", FindLastUse = "find_last_use",
        FindPrivilege = "find_privilege", FindPrivilegedPath = "find_privileged_path", FindReach = "find_reach", FindSpend = "find_spend",
    }
}

/// A set of controls or tasks, iterated in the order of their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Set(u32);

impl Set {
    /// The set with one more member, given by its position.
    #[must_use]
    const fn with(self, position: u32) -> Self {
        Self(self.0 | (1 << position))
    }

    /// The controls in the set, sorted.
    pub fn controls(self) -> impl Iterator<Item = Control> {
        Control::ALL
            .iter()
            .copied()
            .filter(move |control| self.0 & (1 << *control as u32) != 0)
    }

    /// The tasks in the set, sorted.
    pub fn tasks(self) -> impl Iterator<Item = Task> {
        Task::ALL
            .iter()
            .copied()
            .filter(move |task| self.0 & (1 << *task as u32) != 0)
    }

    fn of(controls: &[Control]) -> Self {
        Self::default().and(controls)
    }

    fn and(self, controls: &[Control]) -> Self {
        controls
            .iter()
            .fold(self, |set, control| set.with(*control as u32))
    }
}

/// The controls that a key with this verdict needs.
#[must_use]
pub fn required(facts: &Facts, verdict: Verdict, level: Level) -> Set {
    use Control::*;
    match verdict {
        Verdict::ProvenRevoked => return Set::default(),
        Verdict::Public => {
            return Set::of(&[
                OwnerActive,
                OffboardingTrigger,
                RestrictionVerified,
                SpendOrRateLimit,
            ]);
        }
        _ => {}
    }
    let mut set = Set::of(&[
        OwnerActive,
        LeastScope,
        OffboardingTrigger,
        ExposureMonitoring,
        UsageKnown,
        Attested,
    ]);
    let mut add = |condition: bool, controls: &[Control]| {
        if condition {
            set = set.and(controls);
        }
    };
    let third_party = facts.held_by == HeldBy::ThirdParty;
    add(third_party, &[ThirdPartyTerms]);
    add(!third_party, &[ManagedStorageVerified]);
    add(
        !matches!(verdict, Verdict::NoLongerNeeded | Verdict::Unused),
        &[Rotation],
    );
    add(
        level >= Level::B3,
        &[SourceRestriction, UseBaselineAlert, RevocationDrill],
    );
    add(
        matches!(verdict, Verdict::Constrain | Verdict::Irreplaceable),
        &[
            Isolation,
            EnhancedMonitoring,
            FormalRiskAcceptance,
            ScheduledReview,
        ],
    );
    add(
        facts.break_glass,
        &[SealedStorage, TwoPersonRelease, UseAlert, BreakGlassDrill],
    );
    add(
        matches!(
            facts.privileged_path,
            PrivilegedPath::AgentRead | PrivilegedPath::AgentWrite
        ),
        &[NotInAgentContext, PerAgentKey, SpendOrRateLimit],
    );
    add(
        matches!(verdict, Verdict::Replaceable | Verdict::Later),
        &[MigrationPlan],
    );
    set
}

/// What somebody has to find out about a key with this verdict.
#[must_use]
pub fn tasks(facts: &Facts, verdict: Verdict, radius: &BlastRadius, today: Day) -> Set {
    if verdict == Verdict::ProvenRevoked {
        return Set::default();
    }
    let mut set = Set::default();
    for factor in radius.assumed() {
        set = set.with(match factor {
            Factor::Privilege => Task::FindPrivilege,
            Factor::Data => Task::FindData,
            Factor::Reach => Task::FindReach,
            Factor::PrivilegedPath => Task::FindPrivilegedPath,
            Factor::Spend => Task::FindSpend,
        } as u32);
    }
    if !matches!(facts.last_used, LastUsed { offered: true, .. }) {
        set = set.with(Task::FindLastUse as u32);
    }
    let open = ReplacementOption::REPLACING
        .iter()
        .any(|option| facts.options.state(*option).on(today) == OptionState::Unknown);
    if open {
        set = set.with(Task::AssessOptions as u32);
    }
    if facts.held_by == HeldBy::Unknown {
        set = set.with(Task::FindHolder as u32);
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_stays_in_a_set_that_it_joins_again() {
        let set = Set::of(&[Control::Rotation]);
        assert_eq!(set.and(&[Control::Rotation]), set);
    }

    #[test]
    fn sets_are_written_in_the_order_of_their_words() {
        assert!(Control::ALL.is_sorted_by_key(|control| control.word()));
        assert!(Task::ALL.is_sorted_by_key(|task| task.word()));
    }
}
