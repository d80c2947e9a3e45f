//! What could not be seen: never counted as nothing.

use crate::report::{text, words};
use std::collections::BTreeMap;
use tenure_model::{
    assessment::Assessment,
    horizon::label,
    key::{Coverage, CoverageState},
};

/// What a reader has to know about what is missing.
pub(super) struct Unseen {
    pub(super) notes: Vec<String>,
    pub(super) gaps: Vec<Source>,
    pub(super) gaps_left: usize,
    pub(super) whole: Vec<Source>,
    pub(super) whole_left: usize,
    pub(super) skipped: Vec<(String, String)>,
    pub(super) skipped_left: usize,
    pub(super) unmerged: Vec<Pair>,
    pub(super) unmerged_left: usize,
}

/// One part of one source.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) part: String,
    pub(super) state: &'static str,
    pub(super) reason: String,
    pub(super) rows: String,
    pub(super) hash: String,
}

/// Two keys that may be one.
pub(super) struct Pair {
    pub(super) a: String,
    pub(super) b: String,
    pub(super) why: String,
}

/// The longest list of each kind.
const MOST: usize = 200;

impl Unseen {
    pub(super) fn of(assessment: &Assessment) -> Self {
        let (whole, gaps): (Vec<&Coverage>, Vec<&Coverage>) = assessment
            .coverage
            .iter()
            .partition(|coverage| coverage.state == CoverageState::Complete);
        let names: BTreeMap<&str, String> = assessment
            .keys
            .iter()
            .map(|key| (key.id.as_str(), text::brief(&label(key), 60)))
            .collect();
        let name = |id: &str| {
            names
                .get(id)
                .cloned()
                .unwrap_or_else(|| text::brief(id, 60))
        };
        let left = |all: usize| all.saturating_sub(MOST);
        Self {
            notes: assessment
                .summary
                .notes
                .iter()
                .take(MOST)
                .map(|note| text::visible(note))
                .collect(),
            gaps_left: left(gaps.len()),
            gaps: gaps.into_iter().take(MOST).map(source).collect(),
            whole_left: left(whole.len()),
            whole: whole.into_iter().take(MOST).map(source).collect(),
            skipped: assessment
                .skipped
                .iter()
                .take(MOST)
                .map(|skipped| (text::visible(&skipped.path), text::visible(&skipped.reason)))
                .collect(),
            skipped_left: left(assessment.skipped.len()),
            unmerged: assessment
                .unmerged
                .iter()
                .take(MOST)
                .map(|pair| Pair {
                    a: name(&pair.a),
                    b: name(&pair.b),
                    why: text::visible(&pair.why),
                })
                .collect(),
            unmerged_left: left(assessment.unmerged.len()),
        }
    }

    pub(super) fn nothing(&self) -> bool {
        self.notes.is_empty()
            && self.gaps.is_empty()
            && self.skipped.is_empty()
            && self.unmerged.is_empty()
    }
}

fn source(coverage: &Coverage) -> Source {
    Source {
        name: text::brief(&coverage.source, 90),
        part: text::brief(&coverage.part, 60),
        state: words::coverage(coverage.state),
        reason: coverage
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| text::visible(reason)),
        rows: coverage.rows.map_or_else(|| "–".to_owned(), text::number),
        hash: coverage
            .hash
            .as_ref()
            .map_or_else(String::new, |hash| text::brief(hash, 64)),
    }
}
