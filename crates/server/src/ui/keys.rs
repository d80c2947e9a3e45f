//! Keys: the list, narrowed by what stands in its address, and what is done to many at once.

use super::{Result, form, form::Choice, frame::Frame, shown::filters};
use askama::Template;
use tenure_app::report::{text, words};
use tenure_model::{
    assessment::Key, day::Day, decide::Urgency, facts::Verdict, horizon::label, key::Basis,
    level::Level,
};

/// The page. Filled by `Desk::list` with its count and facets; the address alone says what is shown.
#[derive(Template)]
#[template(path = "keys.html")]
pub struct Keys {
    /// What stands around it.
    pub frame: Frame,
    /// What was asked for.
    pub asked: Asked,
    /// The rows.
    pub lines: Vec<Line>,
    /// How many keys there are in all, up to [`Keys::MOST_COUNTED`].
    pub count: u64,
    /// What the list can be narrowed by: facet and its most frequent values with their counts.
    pub facets: Vec<(Facet, Vec<(String, u64)>)>,
    /// Saved views of the caller and of their unit.
    pub views: Vec<View>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// What the caller may do to many keys at once: the word of the act and it as an order.
    pub bulk: Vec<(&'static str, &'static str)>,
    /// The caller may save views.
    pub saves: bool,
}

/// One key in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The provider's slug.
    pub provider: String,
    /// The account; empty where unknown.
    pub account: String,
    /// The accountable person; empty where there is none.
    pub owner: String,
    /// How sure that is.
    pub owner_basis: Basis,
    /// The system; empty where unknown.
    pub system: String,
    /// The finding.
    pub verdict: Verdict,
    /// The level.
    pub level: Level,
    /// How pressing it is.
    pub urgency: Urgency,
    /// When it is due.
    pub due: Option<Day>,
    /// When it was last used, where known.
    pub last_used: Option<Day>,
    /// In how many places a copy was seen.
    pub copies: u64,
    /// No source names it any more.
    pub gone: bool,
}

impl Line {
    /// The line of a judged key.
    #[must_use]
    pub fn of(key: &Key) -> Self {
        let outcome = &key.verdict.outcome;
        Self {
            id: key.id.clone(),
            name: label(key),
            provider: key.provider.clone(),
            account: key.account.clone().unwrap_or_default(),
            owner: key.owner.value.clone().unwrap_or_default(),
            owner_basis: key.owner.basis,
            system: key.system.value.clone().unwrap_or_default(),
            verdict: key.verdict.id,
            level: outcome.level,
            urgency: outcome.urgency,
            due: outcome.due,
            last_used: key.last_used.value,
            copies: u64::try_from(key.sightings.len()).unwrap_or(u64::MAX),
            gone: false,
        }
    }
}

/// A list that somebody keeps under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The name.
    pub name: String,
    /// The address that it stands for: always one of this page.
    pub asked: Asked,
}

tenure_model::words! {
    /// What the list can be narrowed by.
    pub enum Facet {
        Verdict = "verdict", Level = "level", Urgency = "urgency", Provider = "provider", Owner = "owner",
        System = "system", Account = "account", Credential = "credential", Exception = "exception",
    }
}

impl Facet {
    /// The facet as a reader knows it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Verdict => "Verdict",
            Self::Level => "Level",
            Self::Urgency => "Urgency",
            Self::Provider => "Provider",
            Self::Owner => "Owner",
            Self::System => "System",
            Self::Account => "Account",
            Self::Credential => "Kind",
            Self::Exception => "Exception",
        }
    }

    /// A value of it as a reader knows it.
    #[must_use]
    pub fn value(self, value: &str) -> String {
        match (self, value) {
            (Self::Verdict, word) => word.parse().map_or_else(
                |_| word.to_owned(),
                |known| words::verdict(known).to_owned(),
            ),
            (Self::Urgency, word) => word.parse().map_or_else(
                |_| word.to_owned(),
                |known| words::urgency(known).to_owned(),
            ),
            (Self::Owner, "") => "nobody".to_owned(),
            (Self::Exception, "") => "none".to_owned(),
            (_, "") => "unknown".to_owned(),
            (_, word) => word.to_owned(),
        }
    }
}

tenure_model::words! {
    /// What the list is sorted by: the words of the register's list.
    pub enum Sort {
        Due = "due", Verdict = "verdict", Level = "level", Name = "name", LastUsed = "last_used", Created = "created",
    }
}

impl Sort {
    /// The order as a reader knows it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Due => "due first",
            Self::Verdict => "most urgent finding",
            Self::Level => "highest level",
            Self::Name => "name",
            Self::LastUsed => "used longest ago",
            Self::Created => "oldest",
        }
    }
}

/// What an address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Values by facet, in the order of the address; several of one are alternatives.
    pub values: Vec<(Facet, String)>,
    /// Words that name, provider, account, owner, system or id contain.
    pub search: String,
    /// Keys that no source names any more are wanted too.
    pub gone: bool,
    /// Due on this day or before.
    pub due_by: Option<Day>,
    /// The order.
    pub sort: Sort,
    /// Where the page begins, as it was handed out.
    pub after: Option<String>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            search: String::new(),
            gone: false,
            due_by: None,
            sort: Sort::Due,
            after: None,
        }
    }
}

/// What stands in an address for a value that is empty, such as the owner of a key that nobody answers for.
const NO_VALUE: &str = "-";

/// A value as it is sent.
fn sent(value: &str) -> &str {
    if value.is_empty() { NO_VALUE } else { value }
}

impl Asked {
    /// What the pairs of an address ask for. Empty ones are fields of the form that were left open; what is not known,
    /// or cannot be read, narrows nothing.
    #[must_use]
    pub fn of<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        let mut asked = Self::default();
        for (name, value) in pairs {
            match (name, value) {
                (_, "") => {}
                ("q", words) => asked.search = words.to_owned(),
                ("gone", flag) => asked.gone = flag == "yes",
                ("due_by", day) => asked.due_by = day.parse().ok(),
                ("sort", word) => asked.sort = word.parse().unwrap_or(Sort::Due),
                ("after", cursor) => asked.after = Some(cursor.to_owned()),
                (name, value) => asked.values.extend(name.parse().ok().map(|facet: Facet| {
                    let value = if value == NO_VALUE { "" } else { value };
                    (facet, value.to_owned())
                })),
            }
        }
        asked
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> String {
        let mut pairs: Vec<(&str, String)> = self
            .values
            .iter()
            .map(|(facet, value)| (facet.word(), text::segment(sent(value))))
            .collect();
        if !self.search.is_empty() {
            pairs.push(("q", text::segment(&self.search)));
        }
        if self.gone {
            pairs.push(("gone", "yes".to_owned()));
        }
        if let Some(day) = self.due_by {
            pairs.push(("due_by", day.to_string()));
        }
        if self.sort != Sort::Due {
            pairs.push(("sort", self.sort.word().to_owned()));
        }
        if let Some(after) = &self.after {
            pairs.push(("after", text::segment(after)));
        }
        if pairs.is_empty() {
            return "/keys".to_owned();
        }
        let pairs: Vec<String> = pairs
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("/keys?{}", pairs.join("&"))
    }

    /// One chip for everything that narrows the list: what it says, and the address without it.
    fn chips(&self) -> Vec<(String, String, String)> {
        let mut chips: Vec<(String, String, String)> = self
            .values
            .iter()
            .map(|(facet, value)| {
                let without = self.toggled(facet, value);
                (
                    facet.title().to_owned(),
                    facet.value(value),
                    without.address(),
                )
            })
            .collect();
        let first = || Self {
            after: None,
            ..self.clone()
        };
        let mut push = |name: &str, value: String, without: Self| {
            chips.push((name.to_owned(), value, without.address()));
        };
        if !self.search.is_empty() {
            let search = String::new();
            push("Contains", self.search.clone(), Self { search, ..first() });
        }
        if let Some(day) = self.due_by {
            let value = tenure_model::reason::short(day);
            push(
                "Due by",
                value,
                Self {
                    due_by: None,
                    ..first()
                },
            );
        }
        if self.gone {
            push(
                "With those that are gone",
                String::new(),
                Self {
                    gone: false,
                    ..first()
                },
            );
        }
        chips
    }

    /// The same with a value added, or taken away where it was there.
    fn toggled(&self, facet: &Facet, value: &str) -> Self {
        let mut other = Self {
            after: None,
            ..self.clone()
        };
        let before = other.values.len();
        other
            .values
            .retain(|(known, has)| known != facet || has != value);
        if other.values.len() == before {
            other.values.push((*facet, value.to_owned()));
        }
        other
    }

    fn has(&self, facet: &Facet, value: &str) -> bool {
        self.values
            .iter()
            .any(|(known, has)| known == facet && has == value)
    }

    fn sorted(&self, sort: Sort) -> Self {
        Self {
            sort,
            after: None,
            ..self.clone()
        }
    }
}

impl Keys {
    /// Counting stops here.
    pub const MOST_COUNTED: u64 = 10_000;

    fn counted(&self) -> String {
        if self.count > Self::MOST_COUNTED {
            format!("{}+ keys", text::number(Self::MOST_COUNTED))
        } else {
            text::keys(self.count)
        }
    }

    fn is_narrowed(&self) -> bool {
        !self.asked.chips().is_empty()
    }

    fn following(&self) -> Option<String> {
        let after = Some(self.next.clone()?);
        Some(
            Asked {
                after,
                ..self.asked.clone()
            }
            .address(),
        )
    }

    fn beginning(&self) -> Option<String> {
        self.asked.after.as_ref()?;
        Some(self.asked.sorted(self.asked.sort).address())
    }

    fn by(&self, sort: Sort) -> String {
        self.asked.sorted(sort).address()
    }

    /// `descending` for the one order that begins with the highest.
    fn order(&self, sort: Sort) -> Option<&'static str> {
        (self.asked.sort == sort).then_some(match sort {
            Sort::Level => "descending",
            _ => "ascending",
        })
    }
}

/// Whether a value is among those that the form offers.
fn offered(facets: &[(Facet, Vec<(String, u64)>)], facet: &Facet, value: &str) -> bool {
    facets
        .iter()
        .filter(|(known, _)| known == facet)
        .any(|(_, values)| values.iter().any(|(has, _)| has == value))
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Keys) -> Result<String> {
    view.render()
}

/// What an act would do to many keys: shown before it is done. Filled by the same use case with nothing committed; the
/// keys are named in the form again, so that what is confirmed is what was seen.
#[derive(Template)]
#[template(path = "bulk.html")]
pub struct Bulk {
    /// What stands around it.
    pub frame: Frame,
    /// The word of the act.
    pub act: &'static str,
    /// It as an order: `Assign an owner`.
    pub order: String,
    /// What is filled in once for all, where the act needs something.
    pub asks: Option<Asks>,
    /// The keys that it would change.
    pub changes: Vec<Preview>,
    /// Those that it leaves alone, and why.
    pub leaves: Vec<Preview>,
    /// The list that one came from.
    pub back: String,
}

/// One value that an act on many needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// A person.
    Person(Vec<Choice>),
    /// A typed reason.
    Reason,
}

/// One key in a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is now.
    pub before: String,
    /// What it would be, or why it is left alone.
    pub after: String,
}

/// Makes the page of a preview.
///
/// # Errors
/// A fault of Tenure.
pub fn render_bulk(view: &Bulk) -> Result<String> {
    view.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stands_in_the_address_and_each_chip_takes_one_thing_away() {
        let asked = Asked {
            values: vec![
                (Facet::Level, "B4".to_owned()),
                (Facet::Owner, "a&b=c/é".to_owned()),
            ],
            search: "x y".to_owned(),
            due_by: "2026-12-01".parse().ok(),
            sort: Sort::Name,
            after: Some("k1~n".to_owned()),
            ..Asked::default()
        };
        assert_eq!(
            asked.address(),
            "/keys?level=B4&owner=a%26b%3Dc%2F%C3%A9&q=x%20y&due_by=2026-12-01&sort=name&after=k1~n"
        );
        let chips = asked.chips();
        assert_eq!(chips.len(), 4);
        assert_eq!(
            chips[0].2,
            "/keys?owner=a%26b%3Dc%2F%C3%A9&q=x%20y&due_by=2026-12-01&sort=name"
        );
        assert_eq!(asked.toggled(&Facet::Level, "B3").values.len(), 3);
        assert_eq!(Asked::default().address(), "/keys");
        let nobody = Asked::default().toggled(&Facet::Owner, "");
        assert_eq!(nobody.address(), "/keys?owner=-");
    }

    #[test]
    fn an_address_is_read_back_and_open_fields_of_the_form_narrow_nothing() {
        let pairs = [
            ("level", "B4"),
            ("owner", "-"),
            ("verdict", ""),
            ("due_by", "2026-12-01"),
            ("gone", "yes"),
            ("sort", "name"),
            ("made_up", "x"),
            ("q", "x y"),
        ];
        let asked = Asked::of(pairs);
        assert_eq!(
            asked.address(),
            "/keys?level=B4&owner=-&q=x%20y&gone=yes&due_by=2026-12-01&sort=name"
        );
        assert_eq!(
            Asked::of([("due_by", "soon"), ("sort", "x")]),
            Asked::default()
        );
    }
}
