//! Values that look like keys, made up at run time, so that none stands in this repository.

use std::sync::OnceLock;
use tenure_model::{
    catalog::{
        Credential, Format, Provider,
        template::{Template, numbers},
    },
    place::Part,
};

/// The catalogue.
pub fn providers() -> &'static [Provider] {
    static PROVIDERS: OnceLock<Vec<Provider>> = OnceLock::new();
    PROVIDERS.get_or_init(|| tenure_app::catalog::load(None).unwrap())
}

/// Every kind of key in the catalogue.
pub fn kinds() -> impl Iterator<Item = (&'static Provider, &'static Credential)> {
    providers().iter().flat_map(|provider| {
        provider
            .credentials
            .iter()
            .map(move |kind| (provider, kind))
    })
}

/// An example of a format, with a checksum that holds.
pub fn of_format(format: &Format, seed: u64) -> String {
    let raw = format.template.example(numbers(seed));
    format
        .checksum
        .and_then(|sum| sum.mended(&raw, format.template.prefix()))
        .unwrap_or(raw)
}

fn part(provider: &str, kind: &str, part: Part, seed: u64) -> String {
    let format = kinds()
        .filter(|(of, known)| of.provider == provider && known.kind == kind)
        .flat_map(|(_, known)| &known.formats)
        .find(|format| format.part == part)
        .unwrap_or_else(|| panic!("the catalogue has no form for {provider}/{kind}"));
    of_format(format, seed)
}

/// A secret of a kind.
pub fn secret(provider: &str, kind: &str, seed: u64) -> String {
    part(provider, kind, Part::Secret, seed)
}

/// A public id of a kind.
pub fn key_id(provider: &str, kind: &str, seed: u64) -> String {
    part(provider, kind, Part::KeyId, seed)
}

/// A secret without a form.
pub fn generic(seed: u64) -> String {
    text("{base62:32}", seed)
}

/// A text of a shape.
pub fn text(shape: &str, seed: u64) -> String {
    Template::parse(shape).unwrap().example(numbers(seed))
}

/// A private key, as far as a reader of its text can tell.
pub fn private_key(seed: u64) -> String {
    let mut random = numbers(seed);
    let line = Template::parse("{base64:64}").unwrap();
    let body: Vec<String> = (0..12).map(|_| line.example(&mut random)).collect();
    let kind = "PRIVATE KEY";
    format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        body.join("\n")
    )
}
