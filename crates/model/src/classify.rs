//! Blast radius: B0 to B4, the maximum of few factors, with floors. Never a sum.

use crate::{
    day::Day,
    facts::{DataClass, Facts, Privilege, PrivilegedPath, Spend},
    policy::Policy,
};

pub use crate::level::Level;

words! {
    /// What the level is the maximum of, in table order.
    pub enum Factor { Privilege = "privilege", Data = "data", Reach = "reach", PrivilegedPath = "privileged_path", Spend = "spend" }
}
words! {
    /// What set the level.
    pub enum SetBy {
        Privilege = "privilege", Data = "data", Reach = "reach", PrivilegedPath = "privileged_path", Spend = "spend",
        Compounded = "compounded", Floor = "floor",
    }
}

impl From<Factor> for SetBy {
    fn from(factor: Factor) -> Self {
        match factor {
            Factor::Privilege => Self::Privilege,
            Factor::Data => Self::Data,
            Factor::Reach => Self::Reach,
            Factor::PrivilegedPath => Self::PrivilegedPath,
            Factor::Spend => Self::Spend,
        }
    }
}

/// What one factor counts, and whether that was assumed because an input is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// 0 to 4.
    pub value: u8,
    /// An input was unknown.
    pub assumed: bool,
}

/// The level of a key and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlastRadius {
    /// The level.
    pub level: Level,
    /// What set it.
    pub set_by: SetBy,
    /// Each factor, in table order.
    pub counts: [Count; 5],
}

impl BlastRadius {
    /// The factors that rest on an assumption, in table order.
    pub fn assumed(&self) -> impl Iterator<Item = Factor> + '_ {
        Factor::ALL
            .iter()
            .zip(self.counts)
            .filter_map(|(factor, count)| count.assumed.then_some(*factor))
    }

    /// Nothing was assumed.
    #[must_use]
    pub fn certain(&self) -> bool {
        self.counts.iter().all(|count| !count.assumed)
    }
}

/// What one factor counts for these facts.
#[must_use]
pub fn count(facts: &Facts, factor: Factor) -> Count {
    let (value, assumed) = match factor {
        Factor::Privilege => {
            let value = match facts.privilege {
                Privilege::None => 0,
                Privilege::ReadNarrow => 1,
                Privilege::WriteNarrow | Privilege::ReadWide => 2,
                Privilege::WriteWide
                | Privilege::ReadsSecrets
                | Privilege::BulkRestricted
                | Privilege::Unknown => 3,
                Privilege::Admin => 4,
            };
            if facts.test_mode {
                (value.min(1), false)
            } else {
                (value, facts.privilege == Privilege::Unknown)
            }
        }
        Factor::Data => match facts.data {
            DataClass::Public => (0, false),
            DataClass::Internal => (1, false),
            DataClass::Confidential => (2, false),
            DataClass::Restricted => (3, false),
            DataClass::Unknown => (2, true),
        },
        Factor::Reach => reach(facts),
        Factor::PrivilegedPath => match facts.privileged_path {
            PrivilegedPath::None => (0, false),
            PrivilegedPath::AgentRead => (2, false),
            PrivilegedPath::AgentWrite | PrivilegedPath::SupportScript => (3, false),
            PrivilegedPath::Deployment
            | PrivilegedPath::AdminConnector
            | PrivilegedPath::Publishing => (4, false),
            PrivilegedPath::Unknown => (2, true),
        },
        Factor::Spend => match facts.spend {
            Spend::None => (0, false),
            Spend::Capped => (1, false),
            Spend::Uncapped => (3, false),
            Spend::Unknown => (2, true),
        },
    };
    Count { value, assumed }
}

fn reach(facts: &Facts) -> (u8, bool) {
    let consumers = match facts.consumers {
        Some(0 | 1) => 0,
        Some(_) => 1,
        None => 2,
    };
    let environments = match facts.environments_shared {
        Some(false) => 0,
        Some(true) | None => 2,
    };
    let tenants = match facts.customer_tenants {
        Some(0 | 1) => 0,
        Some(2..=9) => 3,
        Some(_) => 4,
        None => 2,
    };
    let unknown = facts.consumers.is_none()
        || facts.environments_shared.is_none()
        || facts.customer_tenants.is_none();
    (consumers.max(environments).max(tenants), unknown)
}

/// The level below which these facts never fall.
#[must_use]
pub fn floor(facts: &Facts) -> u8 {
    let path = match facts.privileged_path {
        PrivilegedPath::SupportScript
        | PrivilegedPath::AgentWrite
        | PrivilegedPath::Deployment
        | PrivilegedPath::AdminConnector
        | PrivilegedPath::Publishing => 3,
        PrivilegedPath::AgentRead | PrivilegedPath::Unknown => 2,
        PrivilegedPath::None => 0,
    };
    let tenants = match facts.customer_tenants {
        None | Some(0 | 1) => 0,
        Some(2..=9) => 3,
        Some(_) => 4,
    };
    path.max(tenants)
}

/// Use is restricted to a source or workload, and a revocation drill passed recently.
#[must_use]
pub fn is_restrained(facts: &Facts, policy: &Policy, today: Day) -> bool {
    facts.source_restricted
        && Policy::fresh(
            facts.revocation_drill_passed_on,
            policy.evidence.revocation_drill_days,
            today,
        )
}

/// The blast radius of a key: the maximum of the factors, one more where two or more of them are 3 or
/// higher, one less where it [is restrained](is_restrained), and then the floors.
#[must_use]
pub fn blast_radius(facts: &Facts, policy: &Policy, today: Day) -> BlastRadius {
    let counts = [
        count(facts, Factor::Privilege),
        count(facts, Factor::Data),
        count(facts, Factor::Reach),
        count(facts, Factor::PrivilegedPath),
        count(facts, Factor::Spend),
    ];
    let highest = counts.iter().map(|count| count.value).max().unwrap_or(4);
    let high = counts.iter().filter(|count| count.value >= 3).count();
    let compounded = if high >= 2 {
        highest.saturating_add(1).min(4)
    } else {
        highest
    };
    let restrained = is_restrained(facts, policy, today);
    let lowered = if restrained {
        compounded.saturating_sub(1)
    } else {
        compounded
    };
    let floored = lowered.max(floor(facts));

    let set_by = if floored > lowered {
        SetBy::Floor
    } else if compounded > highest && !restrained {
        SetBy::Compounded
    } else {
        Factor::ALL
            .iter()
            .zip(counts)
            .find(|(_, count)| count.value == highest)
            .map_or(SetBy::Privilege, |(factor, _)| SetBy::from(*factor))
    };
    BlastRadius {
        level: Level::of(floored),
        set_by,
        counts,
    }
}
