//! The page: what each section shows, ready for the template.

mod keys;
mod numbers;
mod owners;
mod unseen;
mod verdicts;

use super::{
    REASONS_IN_FULL, ReportError, ReportOptions,
    horizon_svg::{Canvas, Place, Width, svg},
    text, words,
};
use askama::Template;
use keys::{Group, KeyRow};
use numbers::Numbers;
use owners::Owners;
use std::collections::BTreeSet;
use tenure_model::{
    assessment::{Assessment, Key},
    classify::Level,
    decide::Urgency,
    digest,
    facts::Verdict,
    horizon::{Fill, Horizon, is_living, label},
    reason,
};
use unseen::Unseen;
use verdicts::Section;

/// How long the lists may get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limits {
    /// Bytes of reasons in full, about.
    reasons: usize,
    /// Rows in the list of all keys.
    rows: usize,
    /// Rows on the pages of owners together.
    owner_rows: usize,
    /// Pages of owners.
    owners: usize,
    step: u32,
}

impl Limits {
    pub(super) fn for_keys(keys: usize) -> Self {
        if keys <= REASONS_IN_FULL {
            return Self {
                reasons: usize::MAX,
                rows: usize::MAX,
                owner_rows: usize::MAX,
                owners: 600,
                step: 0,
            };
        }
        Self {
            reasons: 2_700_000,
            rows: if keys > 10_000 { 7_000 } else { keys },
            owner_rows: 6_000,
            owners: 300,
            step: 0,
        }
    }

    /// The same with about a third less; `None` where nothing is left to cut.
    pub(super) fn shorter(&self) -> Option<Self> {
        let less = |n: usize, first: usize| {
            if n == usize::MAX { first } else { n / 3 * 2 }
        };
        (self.step < 30).then(|| Self {
            reasons: less(self.reasons, 2_700_000),
            rows: less(self.rows, 8_000),
            owner_rows: less(self.owner_rows, 6_000),
            owners: less(self.owners, 300),
            step: self.step + 1,
        })
    }

    pub(super) fn is_cut(&self) -> bool {
        self.step > 0
    }
}

/// Everything on the page.
#[derive(Template)]
#[template(path = "report.html", whitespace = "minimize")]
pub(super) struct Page {
    title: String,
    sentence: String,
    lead: Vec<String>,
    wide: String,
    narrow: String,
    numbers: Numbers,
    dated: Vec<(&'static str, String)>,
    complete: bool,
    urgent: Vec<Urgent>,
    changes: Vec<Change>,
    sections: Vec<Section>,
    not_in_full: usize,
    unseen: Unseen,
    owners: Owners,
    groups: Vec<Group>,
    closed: Vec<KeyRow>,
    closed_left: usize,
    csv: Option<String>,
    levels: Vec<(&'static str, &'static str)>,
    verdicts: Vec<VerdictRow>,
    method: Method,
}

/// Urgent keys of one kind of urgency.
struct Urgent {
    heading: &'static str,
    keys: String,
    rows: Vec<KeyRow>,
    left: usize,
}

/// One change that ends or decides several keys.
struct Change {
    text: String,
    keys: String,
    high: String,
    first: Vec<(String, Option<String>)>,
    left: usize,
}

/// One verdict as the method explains it.
struct VerdictRow {
    id: &'static str,
    name: &'static str,
    meaning: &'static str,
    action: &'static str,
    keys: String,
}

struct Method {
    policy: String,
    policy_version: String,
    facts: String,
    replay: String,
    dismissed: Vec<(String, String)>,
    files: String,
}

/// The most urgent keys of each kind that are shown at the top.
const URGENT_SHOWN: usize = 25;

impl Page {
    pub(super) fn of(
        assessment: &Assessment,
        horizon: &Horizon,
        options: &ReportOptions,
        limits: &Limits,
    ) -> Self {
        let shown = Shown::of(assessment, limits);
        let has_csv = assessment.keys.len() > REASONS_IN_FULL || limits.is_cut();
        let (closed, closed_left) = keys::closed(assessment, &shown);
        let draw = |width| {
            let place = Place::Page;
            svg(horizon, Canvas { width, place })
        };
        Self {
            title: text::visible(&assessment.title),
            sentence: sentence(horizon),
            lead: lead(assessment, horizon),
            wide: draw(Width::Wide),
            narrow: draw(Width::Narrow),
            numbers: Numbers::of(horizon),
            dated: dated(assessment, horizon),
            complete: assessment.complete,
            urgent: urgent(assessment, &shown),
            changes: changes(assessment, &shown),
            sections: verdicts::sections(assessment, &shown),
            not_in_full: assessment.keys.len() - shown.explained.len(),
            unseen: Unseen::of(assessment),
            owners: Owners::of(assessment, &shown, limits.owner_rows, limits.owners),
            groups: keys::groups(assessment, horizon, &shown),
            closed,
            closed_left,
            csv: has_csv.then(|| text::link_target(options.csv_name)),
            levels: Level::ALL
                .iter()
                .rev()
                .map(|level| (level.word(), words::level(*level)))
                .collect(),
            verdicts: explained(assessment),
            method: method(assessment, options),
        }
    }

    pub(super) fn write(&self) -> Result<String, ReportError> {
        Ok(self.render()?)
    }
}

/// Which keys stand on the page with their reasons, and which with a row in the list of all keys.
pub(super) struct Shown {
    explained: BTreeSet<usize>,
    listed: BTreeSet<usize>,
}

impl Shown {
    fn of(assessment: &Assessment, limits: &Limits) -> Self {
        let mut order: Vec<(u8, usize)> = assessment
            .keys
            .iter()
            .enumerate()
            .map(|(at, key)| (precedence(key), at))
            .collect();
        order.sort_unstable();
        let few = assessment.keys.len() <= REASONS_IN_FULL;
        let mut room = limits.reasons;
        let mut explained = BTreeSet::new();
        for (precedence, at) in &order {
            let Some(key) = assessment.keys.get(*at) else {
                continue;
            };
            let length = verdicts::length(key);
            if (!few && *precedence > 3) || length > room {
                break;
            }
            room -= length;
            explained.insert(*at);
        }
        Self {
            explained,
            listed: keys::listed(assessment, limits.rows),
        }
    }

    /// Where a key is found on this page.
    fn link(&self, at: usize) -> Option<String> {
        if self.explained.contains(&at) {
            Some(format!("why-{}", at + 1))
        } else {
            self.listed.contains(&at).then(|| format!("k{}", at + 1))
        }
    }
}

/// Whose reasons come first: urgent keys, then those at B4 and B3.
fn precedence(key: &Key) -> u8 {
    match (key.verdict.outcome.urgency, key.verdict.outcome.level) {
        (Urgency::Now, _) => 0,
        (Urgency::Overdue, _) => 1,
        (_, Level::B4) => 2,
        (_, Level::B3) | (Urgency::Due, _) => 3,
        _ => 4,
    }
}

fn sentence(horizon: &Horizon) -> String {
    let (endless, living) = (horizon.endless(), horizon.living);
    match (endless, living) {
        (_, 0) => "No living key was found".to_owned(),
        (0, 1) => "The one key has an end".to_owned(),
        (0, _) => format!("All {} have an end", text::keys(living)),
        (_, 1) => "The one key has no end".to_owned(),
        (1, _) => format!("1 of {} has no end", text::keys(living)),
        _ => format!(
            "{} of {} have no end",
            text::number(endless),
            text::keys(living)
        ),
    }
}

fn lead(assessment: &Assessment, horizon: &Horizon) -> Vec<String> {
    if horizon.living == 0 {
        return vec!["What was read, and what was not, stands below.".to_owned()];
    }
    let signed = horizon.with_fill(Fill::TimeBoxed) + horizon.with_fill(Fill::SignedPermanent);
    let mut lead = vec![if signed == 0 {
        let them = if horizon.living == 1 {
            "it"
        } else {
            "any of them"
        };
        format!("Nobody has signed for {them}.")
    } else {
        format!("Somebody has signed for {}.", text::number(signed))
    }];
    let summary = &assessment.summary;
    if summary.better_way > 0 {
        lead.push(format!(
            "{} need not exist: something better is already offered.",
            text::number(summary.better_way)
        ));
    }
    if summary.change_production > 0 {
        lead.push(format!(
            "{} can change production.",
            text::number(summary.change_production)
        ));
    }
    lead
}

fn dated(assessment: &Assessment, horizon: &Horizon) -> Vec<(&'static str, String)> {
    let summary = &assessment.summary;
    let mut rows = vec![
        ("As of", text::long_date(assessment.today)),
        (
            "Keys",
            match horizon.closed {
                0 => text::keys(horizon.living),
                closed => format!(
                    "{} living, {} proved revoked",
                    text::number(horizon.living),
                    text::number(closed)
                ),
            },
        ),
        ("Providers", text::number(summary.providers)),
        (
            "Sources",
            format!(
                "{} of {} read whole",
                text::number(summary.sources_whole),
                text::number(summary.sources)
            ),
        ),
    ];
    if summary.files > 0 {
        rows.push(("Files searched", text::number(summary.files)));
    }
    if let Some(previous) = horizon.previous {
        rows.push(("Compared with", text::long_date(previous)));
    }
    rows
}

fn urgent(assessment: &Assessment, shown: &Shown) -> Vec<Urgent> {
    [
        (Urgency::Now, "Now"),
        (Urgency::Overdue, "Overdue"),
        (Urgency::Due, "Due soon"),
    ]
    .into_iter()
    .filter_map(|(urgency, heading)| {
        let mut those: Vec<usize> = (0..assessment.keys.len())
            .filter(|at| {
                assessment
                    .keys
                    .get(*at)
                    .is_some_and(|key| key.verdict.outcome.urgency == urgency && is_living(key))
            })
            .collect();
        those.sort_by_key(|at| {
            assessment.keys.get(*at).map(|key| {
                let outcome = &key.verdict.outcome;
                (std::cmp::Reverse(outcome.level), outcome.due, *at)
            })
        });
        (!those.is_empty()).then(|| Urgent {
            heading,
            keys: text::keys(u64::try_from(those.len()).unwrap_or(u64::MAX)),
            left: those.len().saturating_sub(URGENT_SHOWN),
            rows: those
                .iter()
                .take(URGENT_SHOWN)
                .filter_map(|at| KeyRow::of(assessment, *at, shown))
                .collect(),
        })
    })
    .collect()
}

fn changes(assessment: &Assessment, shown: &Shown) -> Vec<Change> {
    const FIRST: usize = 4;
    let position: std::collections::BTreeMap<&str, usize> = assessment
        .keys
        .iter()
        .enumerate()
        .map(|(at, key)| (key.id.as_str(), at))
        .collect();
    assessment
        .summary
        .changes
        .iter()
        .take(10)
        .map(|change| Change {
            text: text::visible(&change.text),
            keys: text::keys(u64::try_from(change.keys.len()).unwrap_or(u64::MAX)),
            high: text::number(change.high),
            left: change.keys.len().saturating_sub(FIRST),
            first: change
                .keys
                .iter()
                .take(FIRST)
                .filter_map(|id| {
                    let at = *position.get(id.as_str())?;
                    let key = assessment.keys.get(at)?;
                    Some((text::brief(&label(key), 48), shown.link(at)))
                })
                .collect(),
        })
        .collect()
}

fn explained(assessment: &Assessment) -> Vec<VerdictRow> {
    Verdict::ALL
        .iter()
        .map(|verdict| {
            let keys = assessment
                .keys
                .iter()
                .filter(|key| key.verdict.id == *verdict)
                .count();
            VerdictRow {
                id: verdict.word(),
                name: words::verdict(*verdict),
                meaning: words::meaning(*verdict),
                action: words::action(verdict.action()),
                keys: text::counted(keys),
            }
        })
        .collect()
}

fn method(assessment: &Assessment, options: &ReportOptions) -> Method {
    let facts: Vec<(&str, &str)> = assessment
        .keys
        .iter()
        .map(|key| (key.id.as_str(), key.verdict.outcome.facts.as_str()))
        .collect();
    Method {
        policy: text::visible(&assessment.policy),
        policy_version: text::visible(&assessment.policy_version),
        facts: digest::of(&facts),
        replay: format!(
            "tenure decide --facts {} --policy {} --today {}",
            text::link_target(options.facts_name),
            text::link_target(options.policy_name),
            assessment.today
        ),
        dismissed: assessment
            .summary
            .dismissed
            .iter()
            .map(|(why, n)| (text::visible(why), text::number(*n)))
            .collect(),
        files: text::number(assessment.summary.files),
    }
}

/// The reason of a key in one line.
fn because(key: &Key) -> String {
    text::visible(&reason::cause(key))
}

/// What the templates call.
#[expect(unreachable_pub, reason = "askama's macro makes public items")]
mod filters {
    /// A length with its thousands marked.
    #[askama::filter_fn]
    pub(super) fn counted(n: &usize, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(crate::report::text::counted(*n))
    }
}
