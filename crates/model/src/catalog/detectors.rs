//! Files of detectors: kinds of keys that are only recognised, without a word on what could replace them.
//! The format is `docs/catalogue-format.md`.

use super::{CatalogError, Credential, Format, Provider, Recipes, read, slug};
use crate::facts::StandsOn;
use serde::Deserialize;

/// The schema name of a file of detectors.
pub const SCHEMA: &str = "tenure.detectors/1";

/// One file of detectors, of any number of providers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detectors {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// A rough category of providers that have no file of their own.
    pub category: String,
    /// A note on the file.
    pub note: Option<String>,
    /// The detectors.
    #[serde(default, rename = "detector")]
    pub detectors: Vec<Detector>,
}

/// One kind of key that is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    /// The provider's slug.
    pub provider: String,
    /// What people call the provider; needed where it has no file of its own.
    pub provider_name: Option<String>,
    /// Slug of the kind, stable, unique among the provider's.
    pub kind: String,
    /// What people call the kind.
    pub name: String,
    /// What it already stands on.
    #[serde(default = "static_secret")]
    pub stands_on: StandsOn,
    /// Variable and setting names that usually hold it.
    #[serde(default)]
    pub names: Vec<String>,
    /// A note on the kind.
    pub note: Option<String>,
    /// What it looks like.
    #[serde(default, rename = "format")]
    pub formats: Vec<Format>,
}

fn static_secret() -> StandsOn {
    StandsOn::Static
}

impl Detectors {
    /// Reads one file of detectors.
    ///
    /// # Errors
    /// Names the field or the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, CatalogError> {
        let detectors: Self = read(file, text)?;
        if detectors.schema == SCHEMA {
            Ok(detectors)
        } else {
            Err(CatalogError {
                file: file.to_owned(),
                at: "schema".to_owned(),
                problem: format!("write `{SCHEMA}`"),
            })
        }
    }

    /// Whether a text says of itself that it is a file of detectors.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.lines()
            .map(str::trim)
            .find(|line| line.starts_with("schema"))
            .is_some_and(|line| line.contains("\"tenure.detectors/"))
    }

    /// Adds the kinds to the providers that they belong to, and providers that have no file of their own.
    /// `file` is where they come from.
    ///
    /// # Errors
    /// Every detector that cannot be added: its kind is there already, or nobody knows its provider's name.
    pub fn add_to(
        self,
        file: &str,
        providers: &mut Vec<Provider>,
    ) -> Result<(), Vec<CatalogError>> {
        let mut faults = Vec::new();
        for detector in self.detectors {
            let mut fault = |problem: &str| {
                faults.push(CatalogError {
                    file: file.to_owned(),
                    at: format!("{}/{}", detector.provider, detector.kind),
                    problem: problem.to_owned(),
                });
            };
            if detector.formats.is_empty() {
                fault("has no format, so nothing recognises it");
                continue;
            }
            if !slug(&detector.provider) {
                fault("`provider` is no slug: lower-case letters, digits and `-`");
                continue;
            }
            let known = providers
                .iter()
                .position(|provider| provider.provider == detector.provider);
            let at = match (known, detector.provider_name) {
                (Some(at), _) => at,
                (None, Some(name)) => {
                    providers.push(Provider {
                        schema: super::SCHEMA.to_owned(),
                        provider: detector.provider.clone(),
                        name,
                        category: self.category.clone(),
                        note: None,
                        credentials: Vec::new(),
                    });
                    providers.len().saturating_sub(1)
                }
                (None, None) => {
                    fault("is of a provider without a file; give it a `provider_name`");
                    continue;
                }
            };
            let Some(provider) = providers.get_mut(at) else {
                continue;
            };
            if provider
                .credentials
                .iter()
                .any(|known| known.kind == detector.kind)
            {
                fault("is a kind that the provider has already");
                continue;
            }
            provider.credentials.push(Credential {
                kind: detector.kind,
                name: detector.name,
                stands_on: detector.stands_on,
                detected_by: Some(file.to_owned()),
                complete: false,
                names: detector.names,
                note: detector.note,
                formats: detector.formats,
                privilege: None,
                path: None,
                spend: None,
                publishable: None,
                issued_to: None,
                test_mode: None,
                expiry: None,
                scoping: None,
                source_restriction: None,
                last_used: None,
                overlap: None,
                callers: None,
                propagation: None,
                options: Vec::new(),
                sunsets: Vec::new(),
                recipe: Recipes::default(),
            });
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
schema = "tenure.detectors/1"
category = "test"

[[detector]]
provider = "acme-test"
provider_name = "Acme"
kind = "api_key"
name = "API key"
names = ["ACME_TEST_KEY"]

[[detector.format]]
part = "secret"
template = "acmet_{base62:32}"
source = "https://acme.example/keys"
read_on = "2026-11-26"
basis = "documented"
"#;

    fn problems(text: &str, providers: &mut Vec<Provider>) -> Vec<String> {
        let all = Detectors::parse("x.toml", text)
            .map_err(|error| vec![error])
            .and_then(|detectors| detectors.add_to("x.toml", providers));
        all.err()
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_detector_makes_a_kind_that_says_where_it_comes_from() {
        let mut providers = Vec::new();
        assert!(problems(FILE, &mut providers).is_empty());
        let [acme] = providers.as_slice() else {
            panic!("{providers:?}")
        };
        let [kind] = acme.credentials.as_slice() else {
            panic!("{acme:?}")
        };
        assert_eq!(
            (acme.name.as_str(), kind.kind.as_str()),
            ("Acme", "api_key")
        );
        assert_eq!(kind.detected_by.as_deref(), Some("x.toml"));
        assert!(acme.faults("x.toml").is_empty());
        assert!(Detectors::is_one(FILE));
    }

    #[test]
    fn what_cannot_be_added_is_named() {
        let mut providers = Vec::new();
        assert!(problems(FILE, &mut providers).is_empty());
        for (text, expected) in [
            (FILE.to_owned(), "has already"),
            (FILE.replace("provider_name = \"Acme\"", ""), "has already"),
            (
                FILE.replace("provider_name = \"Acme\"", "")
                    .replace("acme-test\"", "other\""),
                "provider_name",
            ),
            (FILE.replace("acme-test\"", "Acme Test\""), "no slug"),
            (
                FILE.replace("[[detector.format]]", "[[other]]"),
                "unknown field",
            ),
            (
                FILE.replace("tenure.detectors/1", "tenure.provider/1"),
                "write `tenure.detectors/1`",
            ),
            (FILE.replace("base62:32", "base62:x"), "base62:x"),
        ] {
            let found = problems(&text, &mut providers);
            assert!(
                found.len() == 1
                    && found
                        .iter()
                        .all(|one| one.contains(expected) && one.contains("x.toml")),
                "{expected}: {found:?}"
            );
        }
    }
}
