//! The words of the contract as a reader of the report, or of the console, knows them.

use tenure_model::{
    classify::Level,
    control::{Control, Task},
    decide::{Action, Urgency},
    facts::Verdict,
    horizon::{End, Fill},
    key::CoverageState,
};

/// What is found, in a few words.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::ProvenRevoked => "Revocation proved",
        Verdict::Exposed => "Exposed",
        Verdict::NoLongerNeeded => "No longer needed",
        Verdict::Unused => "Unused",
        Verdict::ExposureOpen => "Exposure open",
        Verdict::Unowned => "Unowned",
        Verdict::HumanUse => "Used by a person",
        Verdict::BorrowedIdentity => "Borrowed identity",
        Verdict::Public => "Public by design",
        Verdict::Replaceable => "Replaceable",
        Verdict::Later => "Replaceable later",
        Verdict::Unassessed => "Not assessed",
        Verdict::Minor => "Minor",
        Verdict::SharedTooWidely => "Shared too widely",
        Verdict::Constrain => "To be constrained",
        Verdict::Irreplaceable => "Irreplaceable",
    }
}

/// When a verdict is given, for the method.
#[must_use]
pub fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::ProvenRevoked => "The provider refuses it, and that is shown.",
        Verdict::Exposed => "Readable outside the organisation, or misuse is confirmed.",
        Verdict::NoLongerNeeded => {
            "The provider says inactive, its integration or a contract has ended, or nothing uses it any more."
        }
        Verdict::Unused => {
            "No use for the dormancy period, by a source that can tell. Never a break-glass key."
        }
        Verdict::ExposureOpen => {
            "More people can read a copy than may use the key, or nobody knows who can."
        }
        Verdict::Unowned => "No accountable person: never had one, or left without a successor.",
        Verdict::HumanUse => "Issued to a service, used by a person.",
        Verdict::BorrowedIdentity => "Issued to a person, used by a workload.",
        Verdict::Public => "Made to be public, and restricted at the provider.",
        Verdict::Replaceable => "Something better can be taken now.",
        Verdict::Later => "Something better is coming, or waits for something that is named.",
        Verdict::Unassessed => "Nobody has found out yet whether something better exists.",
        Verdict::Minor => {
            "Nothing better exists; B0 or B1 with nothing assumed; one customer, one environment."
        }
        Verdict::SharedTooWidely => {
            "Nothing better exists, and several customers or environments share one key."
        }
        Verdict::Constrain => "Nothing better exists, and it is not yet isolated and monitored.",
        Verdict::Irreplaceable => "Nothing better exists; bounded, isolated, monitored.",
    }
}

/// What is to be done.
#[must_use]
pub fn action(action: Action) -> &'static str {
    match action {
        Action::Closed => "Closed",
        Action::ContainNow => "Contain now",
        Action::Retire => "Retire",
        Action::RotateNow => "Rotate now",
        Action::AssignOwner => "Assign an owner",
        Action::MovePerson => "Move the person",
        Action::Rehome => "Rehome",
        Action::Keep => "Keep",
        Action::Migrate => "Migrate",
        Action::RequestTransitional => "Request a transitional exception",
        Action::NotAcceptable => "Split, front or end it",
        Action::RequestPermanent => "Request a permanent exception",
    }
}

/// How pressing it is.
#[must_use]
pub fn urgency(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Now => "now",
        Urgency::Overdue => "overdue",
        Urgency::Due => "due soon",
        Urgency::Planned => "planned",
        Urgency::Covered => "covered by an exception",
        Urgency::None => "no date",
    }
}

/// What a level means, for the method.
#[must_use]
pub fn level(level: Level) -> &'static str {
    match level {
        Level::B4 => {
            "Administration, code to production, or ten customers and more behind one key."
        }
        Level::B3 => {
            "Wide writing, reading of secrets, regulated data, uncapped spend, agents that can write, or several customers."
        }
        Level::B2 => {
            "Narrow writing or wide reading, confidential data, or an unknown that counts as 2."
        }
        Level::B1 => "Narrow reading, internal data, capped spend.",
        Level::B0 => "Opens nothing that is not public.",
    }
}

/// A control as its expectation.
#[must_use]
pub fn control(control: Control) -> String {
    control.word().replace('_', " ")
}

/// A task as an order.
#[must_use]
pub fn task(task: Task) -> &'static str {
    match task {
        Task::AssessOptions => "find out what could replace it",
        Task::FindData => "find out which data it opens",
        Task::FindHolder => "find out who holds it",
        Task::FindLastUse => "find out when it was last used",
        Task::FindPrivilege => "find out what it may do",
        Task::FindPrivilegedPath => "find out which path it lies on",
        Task::FindReach => "find out what uses and shares it",
        Task::FindSpend => "find out whether it can run up a bill",
    }
}

/// How much of a source was read.
#[must_use]
pub fn coverage(state: CoverageState) -> &'static str {
    match state {
        CoverageState::Complete => "read whole",
        CoverageState::Partial => "read in part",
        CoverageState::NotCovered => "not covered",
        CoverageState::NotOffered => "cannot tell",
    }
}

/// What is to become of the keys of an area.
#[must_use]
pub fn fill(fill: Fill) -> &'static str {
    match fill {
        Fill::ToBeEnded => "to be ended, or still to be signed for",
        Fill::BetterWay => "a better way exists",
        Fill::TimeBoxed => "time-boxed by an exception",
        Fill::SignedPermanent => "signed permanent",
    }
}

/// The same as a short heading.
#[must_use]
pub fn fill_short(fill: Fill) -> &'static str {
    match fill {
        Fill::ToBeEnded => "to be ended",
        Fill::BetterWay => "better way",
        Fill::TimeBoxed => "time-boxed",
        Fill::SignedPermanent => "signed permanent",
    }
}

/// Whether something ends them.
#[must_use]
pub fn end(end: End) -> &'static str {
    match end {
        End::Ending => "with an end",
        End::Endless => "nothing ends them",
    }
}

/// The anchor of the list of one area: `keys-b4-endless-better-way`.
#[must_use]
pub fn area_anchor(level: Level, end: End, fill: Fill) -> String {
    format!(
        "{}-{}",
        group_anchor(level, end),
        fill.word().replace('_', "-")
    )
}

/// The anchor of the list of both: `keys-b4-endless`.
#[must_use]
pub fn group_anchor(level: Level, end: End) -> String {
    format!("keys-{}-{}", level.word().to_lowercase(), end.word())
}
