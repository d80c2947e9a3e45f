//! Catalogue: what each kind of key could be replaced by, and the dates on which vendors end some.

use super::{Result, form, frame::Frame, shown::filters};
use askama::Template;
use tenure_app::{report::text, sunsets::SunsetDate};
use tenure_model::catalog::{Credential, OptionFact, OptionOffer, Provider};

/// The page. Filled by the catalogue in force and `tenure_app::sunsets`, with the counts of the register.
#[derive(Template)]
#[template(path = "catalogue.html")]
pub struct Catalogue {
    /// What stands around it.
    pub frame: Frame,
    /// Providers, by name; their keys are counted where the caller may list keys.
    pub providers: Vec<Line>,
    /// Dates that vendors have set, the next first.
    pub sunsets: Vec<SunsetDate>,
    /// What was searched for among the providers.
    pub search: String,
}

/// One provider in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// How many kinds of keys of it are known.
    pub kinds: u64,
    /// For how many of them a better way is offered to machines.
    pub replaceable: u64,
    /// How many living keys of it there are; `None` where the caller may not list keys.
    pub keys: Option<u64>,
}

impl Line {
    /// The line of a provider.
    #[must_use]
    pub fn of(provider: &Provider, keys: Option<u64>) -> Self {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let offered = provider.credentials.iter().filter(|kind| {
            kind.options
                .iter()
                .any(|option| option.state == Some(OptionOffer::Offered))
        });
        Self {
            slug: provider.provider.clone(),
            name: provider.name.clone(),
            kinds: count(provider.credentials.len()),
            replaceable: count(offered.count()),
            keys,
        }
    }

    fn address(&self) -> String {
        format!("/catalogue/{}", text::segment(&self.slug))
    }
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Catalogue) -> Result<String> {
    view.render()
}

/// The page of one provider. Filled by the catalogue in force.
#[derive(Template)]
#[template(path = "provider.html")]
pub struct OneProvider {
    /// What stands around it.
    pub frame: Frame,
    /// The provider.
    pub provider: Provider,
    /// Dates of its kinds.
    pub sunsets: Vec<SunsetDate>,
}

impl OneProvider {
    fn state(option: &OptionFact) -> String {
        match (option.state, option.on) {
            (Some(OptionOffer::Offered), _) => "offered".to_owned(),
            (Some(OptionOffer::Announced), Some(day)) => {
                format!("announced for {}", tenure_model::reason::short(day))
            }
            (Some(OptionOffer::Announced), None) => "announced".to_owned(),
            (Some(OptionOffer::None), _) => "not offered".to_owned(),
            (None, _) => "not found".to_owned(),
        }
    }

    fn ways(kind: &Credential) -> Vec<(&'static str, bool)> {
        let recipe = &kind.recipe;
        vec![
            ("listed", recipe.list.is_some()),
            ("checked", recipe.validate.is_some()),
            ("rotated", recipe.rotate.is_some()),
            ("revoked", recipe.revoke.is_some()),
        ]
    }
}

/// How many keys a date hits.
fn counted(keys: &[tenure_app::sunsets::HitKey]) -> String {
    text::counted(keys.len())
}

/// Makes the page of one provider.
///
/// # Errors
/// A fault of Tenure.
pub fn render_one(view: &OneProvider) -> Result<String> {
    view.render()
}
