//! The provider catalogue at work: the embedded files, files of one's own, and the check of both.

use std::{collections::BTreeMap, path::Path};
use tenure_model::{
    catalog::{CatalogError, Provider, detectors::Detectors, template},
    place::Part,
};
use tenure_scan::rule::Rules;

/// The embedded files: slug and text.
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/providers.rs"));

/// The embedded files of detectors: name and text.
static DETECTORS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/detectors.rs"));

/// How many examples the check makes of every format.
const EXAMPLES: u64 = 32;

/// The embedded catalogue, with the files of `folder` added or put in place of embedded ones. Kinds that
/// are only recognised (`catalog/detectors`) stand behind the others of their provider.
///
/// # Errors
/// Every file that cannot be read, by name and line.
pub fn load(folder: Option<&Path>) -> Result<Vec<Provider>, Vec<CatalogError>> {
    let mut faults = Vec::new();
    let mut texts: BTreeMap<String, (String, String)> = EMBEDDED
        .iter()
        .map(|(slug, text)| {
            (
                (*slug).to_owned(),
                (format!("{slug}.toml"), (*text).to_owned()),
            )
        })
        .collect();
    let mut detectors: BTreeMap<String, (String, String)> = DETECTORS
        .iter()
        .map(|(name, text)| {
            let file = format!("detectors/{name}.toml");
            ((*name).to_owned(), (file, (*text).to_owned()))
        })
        .collect();
    if let Some(folder) = folder {
        match own_files(folder) {
            Ok(files) => {
                let (lists, own): (Vec<_>, Vec<_>) = files
                    .into_iter()
                    .partition(|(_, (_, text))| Detectors::is_one(text));
                texts.extend(own);
                detectors.extend(lists);
            }
            Err(error) => faults.push(error),
        }
    }
    let mut providers = Vec::new();
    for (slug, (file, text)) in texts {
        match Provider::parse(&file, &text) {
            Ok(provider) if provider.provider == slug => providers.push(provider),
            Ok(provider) => faults.push(CatalogError {
                file,
                at: "provider".to_owned(),
                problem: format!(
                    "is `{}`; it has to be the file's name, `{slug}`",
                    provider.provider
                ),
            }),
            Err(error) => faults.push(error),
        }
    }
    for (file, text) in detectors.into_values() {
        let added = Detectors::parse(&file, &text)
            .map_err(|error| vec![error])
            .and_then(|detectors| detectors.add_to(&file, &mut providers));
        faults.extend(added.err().unwrap_or_default());
    }
    providers.sort_by(|a, b| a.provider.cmp(&b.provider));
    if faults.is_empty() {
        Ok(providers)
    } else {
        Err(faults)
    }
}

/// A provider's slug, and the name and text of its file.
type NamedFile = (String, (String, String));

fn own_files(folder: &Path) -> Result<Vec<NamedFile>, CatalogError> {
    let fail = |path: &Path, error: std::io::Error| CatalogError {
        file: path.display().to_string(),
        at: "file".to_owned(),
        problem: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| fail(folder, error))? {
        let path = entry.map_err(|error| fail(folder, error))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = std::fs::read_to_string(&path).map_err(|error| fail(&path, error))?;
            let slug = path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            files.push((slug, (path.display().to_string(), text)));
        }
    }
    Ok(files)
}

/// Everything that the catalogue promises and does not keep: sources, dates, examples, counter-examples.
#[must_use]
pub fn check(providers: &[Provider]) -> Vec<CatalogError> {
    let mut faults: Vec<CatalogError> = providers
        .iter()
        .flat_map(|provider| provider.faults(&format!("{}.toml", provider.provider)))
        .collect();
    match Rules::compile(providers) {
        Ok(rules) => faults.extend(
            providers
                .iter()
                .flat_map(|provider| examples(provider, &rules)),
        ),
        Err(error) => faults.push(CatalogError {
            file: format!("{}.toml", error.provider),
            at: error.credential,
            problem: error.problem,
        }),
    }
    faults
}

/// Makes examples of every format and sees whether the scanner itself finds them, and nothing of what is
/// broken, cut short or a counter-example.
fn examples(provider: &Provider, rules: &Rules) -> Vec<CatalogError> {
    let mut faults = Vec::new();
    for credential in &provider.credentials {
        for (version, format) in credential.formats.iter().enumerate() {
            let mut random = template::numbers(u64::try_from(version).unwrap_or(0));
            let name = credential.names.first().map_or("KEY", String::as_str);
            let finds = |value: &str, part: Part| {
                let line = format!("export {name}=\"{value}\"\n");
                let from = line.len().saturating_sub(value.len()).saturating_sub(2);
                let whole = from..from.saturating_add(value.len());
                rules.find(line.as_bytes()).iter().any(|found| {
                    found.rule.provider == provider.provider
                        && found.rule.credential == credential.kind
                        && found.rule.part == part
                        && found.span == whole
                })
            };
            let mut missed = 0u64;
            let mut unchecked = 0u64;
            for _ in 0..EXAMPLES {
                let raw = format.template.example(&mut random);
                let prefix = format.template.prefix();
                let value = format
                    .checksum
                    .and_then(|sum| sum.mended(&raw, prefix))
                    .unwrap_or_else(|| raw.clone());
                if !finds(&value, format.part) {
                    missed = missed.saturating_add(1);
                }
                if format.checksum.is_some() && raw != value && finds(&raw, format.part) {
                    unchecked = unchecked.saturating_add(1);
                }
            }
            let hit: Vec<&tenure_model::catalog::template::Template> = format
                .counter
                .iter()
                .filter(|counter| finds(&counter.example(&mut random), format.part))
                .collect();
            let mut fault = |problem: String| {
                faults.push(CatalogError {
                    file: credential
                        .detected_by
                        .clone()
                        .unwrap_or_else(|| format!("{}.toml", provider.provider)),
                    at: format!("{}.format[{version}]", credential.kind),
                    problem,
                });
            };
            if missed > 0 {
                fault(format!(
                    "{missed} of {EXAMPLES} generated examples are not found by the scanner"
                ));
            }
            if unchecked > 0 {
                fault(format!(
                    "{unchecked} examples with a wrong checksum are found all the same"
                ));
            }
            for counter in hit {
                fault(format!("finds its counter-example {:?}", counter.prefix()));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_reads() {
        assert!(load(None).unwrap().len() >= 25);
    }

    #[test]
    fn the_embedded_catalogue_keeps_its_promises() {
        let faults: Vec<_> = check(&load(None).unwrap())
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
