//! The provider catalogue: what is known about the keys that one provider issues, each fact with its
//! source and the day it was read. The format is `docs/catalogue-format.md`.

pub mod auth;
pub mod checksum;
pub mod detectors;
pub mod template;

use crate::{
    day::Day,
    facts::{IssuedTo, Needs, Privilege, PrivilegedPath, ReplacementOption, Spend, StandsOn},
    place::{Part, Runtime},
};
use auth::Auth;
use checksum::Checksum;
use serde::{Deserialize, Deserializer, de};
use std::{collections::BTreeMap, fmt};
use template::Template;

/// The schema name of a provider file.
pub const SCHEMA: &str = "tenure.provider/1";

words! {
    /// How well a fact of the catalogue is known.
    pub enum Grade { Documented = "documented", Reported = "reported" }
}
words! {
    /// Whether a provider offers something.
    pub enum Offer { Offered = "offered", NotOffered = "not_offered" }
}
words! {
    /// Yes or no.
    pub enum YesNo { Yes = "yes", No = "no" }
}
words! {
    /// Whether keys of a kind end by themselves.
    pub enum ExpiryRule { Never = "never", Optional = "optional", Always = "always" }
}
words! {
    /// How finely rights are cut.
    pub enum Scoping { None = "none", Coarse = "coarse", Fine = "fine" }
}
words! {
    /// How use can be tied to a source.
    pub enum SourceRule {
        None = "none", IpAllowlist = "ip_allowlist", NetworkPolicy = "network_policy", Application = "application", Policy = "policy",
    }
}
words! {
    /// How a test-mode key is told apart.
    pub enum TestMode { None = "none", ByPrefix = "by_prefix", ByProvider = "by_provider" }
}
words! {
    /// Whether a replacement option exists.
    pub enum OptionOffer { Offered = "offered", None = "none", Announced = "announced" }
}
words! {
    /// Whom a replacement option is for.
    pub enum OptionFor { Machine = "machine", UserOnly = "user_only", OtherApi = "other_api", SameSecret = "same_secret" }
}
words! {
    /// What a sunset date does.
    pub enum SunsetEffect { NoNew = "no_new", Refused = "refused" }
}
words! {
    /// How a recipe is carried out.
    pub enum RecipeBy { Api = "api", Console = "console", Sql = "sql", Cli = "cli", None = "none" }
}

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Evidence {
    /// The page or file that says so.
    pub source: Option<String>,
    /// The day on which it was read.
    pub read_on: Option<Day>,
    /// How well it is known.
    pub basis: Option<Grade>,
    /// The words it rests on, at most 15.
    pub words: Option<String>,
    /// What a reader should know.
    pub note: Option<String>,
    /// It was looked for and not found: never the same as "no".
    #[serde(default)]
    pub not_found: bool,
    /// Refuses every field that nobody knows.
    #[serde(flatten)]
    pub nothing_else: NothingElse,
}

/// No further field. `deny_unknown_fields` does not reach into flattened tables; this does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NothingElse;

impl<'de> Deserialize<'de> for NothingElse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = NothingElse;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("no further field")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<NothingElse, A::Error> {
                match map.next_key::<String>()? {
                    None => Ok(NothingElse),
                    Some(field) => Err(de::Error::custom(format!("unknown field `{field}`"))),
                }
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// One fact of a credential by name, with its evidence.
#[derive(Debug)]
pub struct EvidenceFor<'f> {
    /// The fact, as `option.vendor_short_lived`.
    pub name: String,
    /// Where it comes from.
    pub evidence: &'f Evidence,
    /// The value as text; absent where it was not found.
    pub value: Option<String>,
}

/// One fact: a value, or "not found", and the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(bound = "T: serde::de::DeserializeOwned")]
pub struct Fact<T> {
    /// The value; absent where it was not found.
    pub value: Option<T>,
    /// Further fields: the longest life in days.
    pub max_days: Option<u32>,
    /// The life in days where nobody chooses one.
    pub default_days: Option<u32>,
    /// How many keys can live at once.
    pub max_keys: Option<u32>,
    /// The prefixes of test-mode keys.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// One version of a format.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Format {
    /// Which half of the credential.
    pub part: Part,
    /// The shape.
    pub template: Template,
    /// The checksum in it.
    pub checksum: Option<Checksum>,
    /// From when keys of this form were issued: a year, month or day.
    pub since: Option<String>,
    /// Until when.
    pub until: Option<String>,
    /// Shapes that must not match.
    #[serde(default)]
    pub counter: Vec<Template>,
    /// Where it comes from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// One replacement option.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OptionFact {
    /// Which.
    pub option: ReplacementOption,
    /// Whether it exists.
    pub state: Option<OptionOffer>,
    /// Whom it is for.
    #[serde(rename = "for")]
    pub reach: Option<OptionFor>,
    /// What taking it asks for.
    #[serde(default)]
    pub needs: Vec<Needs>,
    /// The only runtimes whose identity is accepted; empty: any.
    #[serde(default)]
    pub runtimes: Vec<Runtime>,
    /// The only privileged paths that it serves; empty: all that the key does.
    #[serde(default)]
    pub covers: Vec<PrivilegedPath>,
    /// The date of an announced option.
    pub on: Option<Day>,
    /// Where it comes from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// A date on which the vendor ends this kind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sunset {
    /// What happens.
    pub effect: SunsetEffect,
    /// `YYYY-MM-DD` or `YYYY-MM`.
    pub on: String,
    /// Which of them.
    pub whom: Option<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// How one act is carried out at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Recipe {
    /// By what.
    pub by: Option<RecipeBy>,
    /// The method and URL, the statement or the command.
    pub request: Option<String>,
    /// How the request is authenticated.
    pub auth: Option<Auth>,
    /// Headers that go with the request, whatever the key.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Option<String>,
    /// It writes nothing and costs nothing.
    pub read_only: Option<bool>,
    /// Statuses that mean accepted.
    #[serde(default)]
    pub live: Vec<u16>,
    /// Statuses that mean refused.
    #[serde(default)]
    pub refused: Vec<u16>,
    /// What else a key that is accepted shows in the answer: JSON Pointer to the values that say so, as text.
    #[serde(default)]
    pub live_when: BTreeMap<String, Vec<String>>,
    /// What in an answer with a status of `live` says that the key is refused all the same.
    #[serde(default)]
    pub refused_when: BTreeMap<String, Vec<String>>,
    /// Keys of the same form are issued at other addresses too, so that a refusal counts only at an address that
    /// the user named.
    #[serde(default)]
    pub elsewhere: bool,
    /// As whom: a JSON Pointer, or `xml:ELEMENT`.
    pub subject: Option<String>,
    /// With which rights: a JSON Pointer or a header.
    pub rights: Option<String>,
    /// Where the list stands in the answer.
    pub items: Option<String>,
    /// How the next page is asked for.
    pub page: Option<String>,
    /// JSON Pointers inside one item.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Where the new secret stands in the answer.
    pub secret: Option<String>,
    /// Where the new key id stands in the answer.
    pub key_id: Option<String>,
    /// It disables and can be undone.
    pub reversible: Option<bool>,
    /// Statuses that mean done.
    #[serde(default)]
    pub done: Vec<u16>,
    /// Statuses that mean that it was gone already.
    #[serde(default)]
    pub gone: Vec<u16>,
    /// The server that was not written from this recipe and has answered it, by name and version. Absent: unproven.
    pub proven_by: Option<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// The four acts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipes {
    /// List the keys.
    pub list: Option<Recipe>,
    /// Check whether a key is live.
    pub validate: Option<Recipe>,
    /// Mint a second one.
    pub rotate: Option<Recipe>,
    /// Revoke one.
    pub revoke: Option<Recipe>,
}

/// One kind of credential.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Slug, stable.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// What it already stands on.
    pub stands_on: StandsOn,
    /// The file of detectors that it comes from; absent where its provider's own file tells of it.
    #[serde(skip)]
    pub detected_by: Option<String>,
    /// Every fact is present.
    #[serde(default)]
    pub complete: bool,
    /// Variable and setting names that usually hold it.
    #[serde(default)]
    pub names: Vec<String>,
    /// A note on the kind.
    pub note: Option<String>,
    /// What it looks like.
    #[serde(default, rename = "format")]
    pub formats: Vec<Format>,
    /// The most that a key of this kind can do.
    pub privilege: Option<Fact<Privilege>>,
    /// A privileged path that the kind by its nature is on.
    pub path: Option<Fact<PrivilegedPath>>,
    /// Whether use runs up a bill.
    pub spend: Option<Fact<Spend>>,
    /// Meant to stand in public code.
    pub publishable: Option<Fact<YesNo>>,
    /// Whom it is tied to.
    pub issued_to: Option<Fact<IssuedTo>>,
    /// How test keys are told apart.
    pub test_mode: Option<Fact<TestMode>>,
    /// Whether it ends by itself.
    pub expiry: Option<Fact<ExpiryRule>>,
    /// How finely rights are cut.
    pub scoping: Option<Fact<Scoping>>,
    /// How use can be tied to a source.
    pub source_restriction: Option<Fact<SourceRule>>,
    /// Whether the provider tells last use.
    pub last_used: Option<Fact<Offer>>,
    /// Whether two can live at once.
    pub overlap: Option<Fact<YesNo>>,
    /// Who may manage it.
    pub callers: Option<Fact<String>>,
    /// Seconds until a revocation holds everywhere.
    pub propagation: Option<Fact<u32>>,
    /// What could replace it.
    #[serde(default, rename = "option")]
    pub options: Vec<OptionFact>,
    /// When the vendor ends it.
    #[serde(default, rename = "sunset")]
    pub sunsets: Vec<Sunset>,
    /// How it is handled.
    #[serde(default)]
    pub recipe: Recipes,
}

/// One provider file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Slug, the same as the file's name.
    pub provider: String,
    /// What people call it.
    pub name: String,
    /// A rough category.
    pub category: String,
    /// A note on the provider.
    pub note: Option<String>,
    /// Its kinds of credentials.
    #[serde(default, rename = "credential")]
    pub credentials: Vec<Credential>,
}

/// A file that cannot be read, or a promise of the format that it does not keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {at}: {problem}")]
pub struct CatalogError {
    /// The file.
    pub file: String,
    /// The field or line.
    pub at: String,
    /// What is wrong.
    pub problem: String,
}

impl Provider {
    /// Reads one provider file.
    ///
    /// # Errors
    /// Names the field or the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, CatalogError> {
        let provider: Self = read(file, text)?;
        if provider.schema != SCHEMA {
            return Err(CatalogError {
                file: file.to_owned(),
                at: "schema".to_owned(),
                problem: format!("write `{SCHEMA}`"),
            });
        }
        Ok(provider)
    }

    /// What the file promises and does not keep, apart from its examples.
    #[must_use]
    pub fn faults(&self, file: &str) -> Vec<CatalogError> {
        let mut faults = Vec::new();
        let mut fault = |at: String, problem: &str| {
            faults.push(CatalogError {
                file: file.to_owned(),
                at,
                problem: problem.to_owned(),
            });
        };
        if !slug(&self.provider) {
            fault(
                "provider".to_owned(),
                "is no slug: lower-case letters, digits and `-`",
            );
        }
        let mut kinds = std::collections::BTreeSet::new();
        for credential in &self.credentials {
            let file = credential.detected_by.as_deref().unwrap_or(file);
            let mut fault = |at: String, problem: &str| {
                faults.push(CatalogError {
                    file: file.to_owned(),
                    at,
                    problem: problem.to_owned(),
                });
            };
            let kind = &credential.kind;
            if !slug(&kind.replace('_', "-")) {
                fault(
                    kind.clone(),
                    "is no slug: lower-case letters, digits and `_`",
                );
            }
            if !kinds.insert(kind) {
                fault(kind.clone(), "stands twice");
            }
            for EvidenceFor {
                name,
                evidence,
                value,
            } in credential.evidence()
            {
                let has_value = value.is_some();
                let at = format!("{kind}.{name}");
                if evidence.read_on.is_none() {
                    fault(at.clone(), "has no `read_on`");
                }
                if has_value == evidence.not_found {
                    fault(at.clone(), "needs either a value or `not_found = true`");
                }
                if has_value && evidence.source.as_deref().unwrap_or("").trim().is_empty() {
                    fault(at.clone(), "has no `source`");
                }
                if has_value && evidence.basis.is_none() {
                    fault(at.clone(), "has no `basis`");
                }
                let words = evidence
                    .words
                    .as_deref()
                    .map_or(0, |words| words.split_whitespace().count());
                if words > 15 {
                    fault(at.clone(), "quotes more than 15 words");
                }
                if has_value && words == 0 && evidence.basis == Some(Grade::Documented) {
                    fault(
                        at.clone(),
                        "is `documented` without the `words` that it rests on: quote them, or write `reported`",
                    );
                }
            }
            for option in &credential.options {
                if matches!(
                    option.state,
                    Some(OptionOffer::Offered | OptionOffer::Announced)
                ) && option.reach.is_none()
                {
                    fault(format!("{kind}.option.{}", option.option), "has no `for`");
                }
            }
            for format in &credential.formats {
                if !format.template.is_anchored() && credential.names.is_empty() {
                    fault(
                        format!("{kind}.format"),
                        "starts with fewer than three fixed characters and has no `names`",
                    );
                }
            }
            for (at, text) in credential.dates() {
                if !is_date(text) {
                    fault(
                        format!("{kind}.{at}"),
                        "is no date: write YYYY, YYYY-MM or YYYY-MM-DD",
                    );
                }
            }
            for (name, recipe) in credential.recipes() {
                let at = format!("{kind}.recipe.{name}");
                if recipe.by == Some(RecipeBy::Api) && recipe.request.is_none() {
                    fault(at.clone(), "is an API call without a `request`");
                }
                if recipe
                    .proven_by
                    .as_deref()
                    .is_some_and(|by| by.trim().is_empty())
                    || (recipe.proven_by.is_some() && recipe.request.is_none())
                {
                    fault(
                        at.clone(),
                        "has a `proven_by` that names no server, or nothing that a server could answer",
                    );
                }
                if recipe.by == Some(RecipeBy::Api)
                    && matches!(name, "validate" | "list")
                    && recipe.read_only != Some(true)
                {
                    fault(at.clone(), "is not marked `read_only = true`");
                }
            }
            if credential.complete {
                for missing in credential.missing() {
                    fault(
                        format!("{kind}.{missing}"),
                        "is missing although the credential is `complete`",
                    );
                }
            }
        }
        faults
    }
}

/// Reads one file of the catalogue.
fn read<T: de::DeserializeOwned>(file: &str, text: &str) -> Result<T, CatalogError> {
    let line = |span: Option<std::ops::Range<usize>>| {
        let upto = span.and_then(|span| text.get(..span.start)).unwrap_or("");
        format!(
            "line {}",
            upto.bytes()
                .filter(|b| *b == b'\n')
                .count()
                .saturating_add(1)
        )
    };
    let error = |at: String, problem: String| CatalogError {
        file: file.to_owned(),
        at,
        problem,
    };
    let deserializer = toml::Deserializer::parse(text)
        .map_err(|e| error(line(e.span()), e.message().to_owned()))?;
    serde_path_to_error::deserialize(deserializer).map_err(|e| {
        let path = e.path().to_string();
        let inner = e.into_inner();
        error(
            if path == "." {
                line(inner.span())
            } else {
                path
            },
            inner.message().to_owned(),
        )
    })
}

/// A year, a month or a day.
fn is_date(text: &str) -> bool {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    whole.len() == 10 && whole.parse::<Day>().is_ok()
}

fn slug(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl Credential {
    /// Every piece of evidence with its name, and the value that stands with it.
    #[must_use]
    pub fn evidence(&self) -> Vec<EvidenceFor<'_>> {
        fn fact<'f, T: std::fmt::Display>(
            name: &str,
            fact: Option<&'f Fact<T>>,
        ) -> Option<EvidenceFor<'f>> {
            fact.map(|fact| EvidenceFor {
                name: name.to_owned(),
                evidence: &fact.evidence,
                value: fact.value.as_ref().map(ToString::to_string),
            })
        }
        let facts = [
            fact("privilege", self.privilege.as_ref()),
            fact("path", self.path.as_ref()),
            fact("spend", self.spend.as_ref()),
            fact("publishable", self.publishable.as_ref()),
            fact("issued_to", self.issued_to.as_ref()),
            fact("test_mode", self.test_mode.as_ref()),
            fact("expiry", self.expiry.as_ref()),
            fact("scoping", self.scoping.as_ref()),
            fact("source_restriction", self.source_restriction.as_ref()),
            fact("last_used", self.last_used.as_ref()),
            fact("overlap", self.overlap.as_ref()),
            fact("callers", self.callers.as_ref()),
            fact("propagation", self.propagation.as_ref()),
        ];
        let told = |name: String, evidence, value| EvidenceFor {
            name,
            evidence,
            value,
        };
        let mut all: Vec<_> = facts.into_iter().flatten().collect();
        all.extend(self.formats.iter().map(|f| {
            told(
                "format".to_owned(),
                &f.evidence,
                Some(f.template.to_string()),
            )
        }));
        all.extend(self.options.iter().map(|o| {
            let value = o.state.map(|state| {
                o.reach
                    .map_or_else(|| state.to_string(), |reach| format!("{state} ({reach})"))
            });
            told(format!("option.{}", o.option), &o.evidence, value)
        }));
        all.extend(self.sunsets.iter().map(|s| {
            told(
                "sunset".to_owned(),
                &s.evidence,
                Some(format!("{} on {}", s.effect, s.on)),
            )
        }));
        all.extend(self.recipes().map(|(name, r)| {
            let value = r.by.map(|by| {
                r.request.as_ref().map_or_else(
                    || by.to_string(),
                    |request| match &r.proven_by {
                        Some(server) => format!("{by}: {request} (proven by {server})"),
                        None => format!("{by}: {request} (unproven)"),
                    },
                )
            });
            told(format!("recipe.{name}"), &r.evidence, value)
        }));
        all
    }

    /// The dates that may be less than a day, by field.
    fn dates(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let issued = self.formats.iter().flat_map(|format| {
            let since = format.since.as_deref().map(|since| ("format.since", since));
            let until = format.until.as_deref().map(|until| ("format.until", until));
            since.into_iter().chain(until)
        });
        let ended = self.sunsets.iter().map(|s| ("sunset.on", s.on.as_str()));
        issued.chain(ended)
    }

    /// The recipes that are there.
    pub fn recipes(&self) -> impl Iterator<Item = (&'static str, &Recipe)> {
        [
            ("list", &self.recipe.list),
            ("validate", &self.recipe.validate),
            ("rotate", &self.recipe.rotate),
            ("revoke", &self.recipe.revoke),
        ]
        .into_iter()
        .filter_map(|(name, recipe)| recipe.as_ref().map(|recipe| (name, recipe)))
    }

    /// The facts that a complete credential would have and this one has not.
    fn missing(&self) -> Vec<String> {
        let there: Vec<String> = self.evidence().into_iter().map(|told| told.name).collect();
        let facts = [
            "privilege",
            "spend",
            "publishable",
            "issued_to",
            "test_mode",
            "expiry",
            "scoping",
            "source_restriction",
            "last_used",
            "overlap",
            "callers",
            "propagation",
            "recipe.list",
            "recipe.validate",
            "recipe.rotate",
            "recipe.revoke",
        ];
        facts
            .into_iter()
            .map(str::to_owned)
            .chain(
                ReplacementOption::REPLACING
                    .iter()
                    .map(|option| format!("option.{option}")),
            )
            .filter(|name| !there.contains(name))
            .collect()
    }

    /// What stands here already is something a replacement option can be held against.
    #[must_use]
    pub fn option(&self, option: ReplacementOption) -> Option<&OptionFact> {
        self.options.iter().find(|fact| fact.option == option)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_catalogue_reads_and_keeps_its_promises() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalog/providers");
        let mut faults = Vec::new();
        let mut files = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            files += 1;
            match Provider::parse(&name, &std::fs::read_to_string(&path).unwrap()) {
                Ok(provider) => {
                    assert_eq!(provider.provider, name);
                    faults.extend(provider.faults(&name));
                }
                Err(error) => faults.push(error),
            }
        }
        let text: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{}", text.join("\n"));
        assert!(files >= 25);
    }

    /// A provider file with one format and one recipe; `told` and `recipe` stand in them.
    fn file(told: &str, recipe: &str) -> Provider {
        let text = format!(
            r#"
schema = "tenure.provider/1"
provider = "acme"
name = "Acme"
category = "test"

[[credential]]
kind = "api_key"
name = "API key"
stands_on = "static"

[[credential.format]]
part = "secret"
template = "acme_{{base62:32}}"
source = "https://acme.example/keys"
read_on = "2026-11-26"
{told}

[credential.recipe.validate]
by = "api"
request = "GET https://acme.example/me"
read_only = true
source = "https://acme.example/keys"
read_on = "2026-11-26"
basis = "reported"
{recipe}
"#
        );
        Provider::parse("acme.toml", &text).unwrap()
    }

    #[test]
    fn a_documented_value_quotes_the_words_that_it_rests_on() {
        let fifteen = ["word"; 15].join(" ");
        for (told, expected) in [
            (
                format!("basis = \"documented\"\nwords = \"{fifteen}\""),
                None,
            ),
            ("basis = \"reported\"".to_owned(), None),
            (
                "basis = \"documented\"".to_owned(),
                Some("without the `words`"),
            ),
            (
                "basis = \"documented\"\nwords = \" \"".to_owned(),
                Some("without the `words`"),
            ),
            (
                format!("basis = \"documented\"\nwords = \"{fifteen} more\""),
                Some("more than 15 words"),
            ),
            (
                format!("basis = \"reported\"\nwords = \"{fifteen} more\""),
                Some("more than 15 words"),
            ),
        ] {
            let faults = file(&told, "").faults("acme.toml");
            match expected {
                None => assert!(faults.is_empty(), "{told}: {faults:?}"),
                Some(problem) => {
                    assert_eq!(faults.len(), 1, "{told}: {faults:?}");
                    let text = faults[0].to_string();
                    assert!(text.starts_with("acme.toml: api_key.format: "), "{text}");
                    assert!(text.contains(problem), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_recipe_is_unproven_until_a_server_is_named() {
        let shown = |recipe: &str| {
            let provider = file("basis = \"reported\"", recipe);
            let value = provider.credentials[0]
                .evidence()
                .into_iter()
                .find(|told| told.name == "recipe.validate")
                .and_then(|told| told.value)
                .unwrap();
            (value, provider.faults("acme.toml").len())
        };
        assert_eq!(
            shown(""),
            ("api: GET https://acme.example/me (unproven)".to_owned(), 0)
        );
        assert_eq!(
            shown("proven_by = \"acmed 1.2\""),
            (
                "api: GET https://acme.example/me (proven by acmed 1.2)".to_owned(),
                0
            )
        );
        assert_eq!(shown("proven_by = \" \"").1, 1);
        let nothing = file("basis = \"reported\"", "proven_by = \"acmed 1.2\"");
        let mut console = nothing;
        let recipe = console.credentials[0].recipe.validate.as_mut().unwrap();
        recipe.by = Some(RecipeBy::Console);
        recipe.request = None;
        assert_eq!(console.faults("acme.toml").len(), 1);
    }
}
