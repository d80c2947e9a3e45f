//! The policies in force: read from files, checked against the schema, known by their digest.

use crate::entity::Names;
use cedar_policy::{
    Authorizer, Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator,
};
use miette::Diagnostic;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use tenure_model::digest;

/// The schema that policies are checked against, as text.
pub const SCHEMA: &str = include_str!("../policies/schema.cedarschema");

/// The built-in policies, by file.
pub const BUILTIN: &[(&str, &str)] = &[
    ("account.cedar", include_str!("../policies/account.cedar")),
    (
        "administrator.cedar",
        include_str!("../policies/administrator.cedar"),
    ),
    ("analyst.cedar", include_str!("../policies/analyst.cedar")),
    ("approver.cedar", include_str!("../policies/approver.cedar")),
    ("auditor.cedar", include_str!("../policies/auditor.cedar")),
    (
        "key_owner.cedar",
        include_str!("../policies/key_owner.cedar"),
    ),
    ("machine.cedar", include_str!("../policies/machine.cedar")),
    (
        "responder.cedar",
        include_str!("../policies/responder.cedar"),
    ),
    (
        "risk_owner.cedar",
        include_str!("../policies/risk_owner.cedar"),
    ),
    (
        "separation.cedar",
        include_str!("../policies/separation.cedar"),
    ),
    ("session.cedar", include_str!("../policies/session.cedar")),
    ("viewer.cedar", include_str!("../policies/viewer.cedar")),
];

/// Files that a folder cannot replace: separation of duties, and how a call may come in.
pub const FIXED: &[&str] = &["separation.cedar", "session.cedar"];

/// The file that holds the schema, which is part of the product.
const SCHEMA_FILE: &str = "schema.cedarschema";

/// The most that one file may hold, in bytes, and the most files of a folder.
const LARGEST: u64 = 1 << 20;
const MOST_FILES: usize = 200;

/// What is wrong with policies: the file, the line where it is known, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", at(file, *line))]
pub struct RulesError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub problem: String,
}

fn at(file: &str, line: Option<usize>) -> String {
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

/// The policies in force.
pub struct Rules {
    pub(crate) policies: PolicySet,
    pub(crate) names: Names,
    pub(crate) authorizer: Authorizer,
    pub(crate) says: BTreeMap<String, String>,
    digest: String,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rules({})", self.digest)
    }
}

impl Rules {
    /// The built-in policies alone.
    #[must_use]
    pub fn builtin() -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the files are part of the binary and a test reads them"
        )]
        Self::with([]).expect("the built-in policies are well formed")
    }

    /// The built-in policies with those of a folder: a file of the same name takes the place of a built-in one,
    /// others are added. An empty file, or one of comments, takes a role away.
    ///
    /// # Errors
    /// A file that cannot be read, or as [`Rules::with`].
    pub fn load(folder: &Path) -> Result<Self, RulesError> {
        let bad = |path: &Path, error: &io::Error| RulesError {
            file: path.display().to_string(),
            line: None,
            problem: format!("{error}; name a folder with .cedar files that can be read"),
        };
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .and_then(|entries| {
                entries
                    .map(|entry| entry.map(|entry| entry.path()))
                    .collect()
            })
            .map_err(|error| bad(folder, &error))?;
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            let Some(name) = name.filter(|name| name.ends_with(".cedar") || name == SCHEMA_FILE)
            else {
                continue;
            };
            let size = fs::metadata(&path)
                .map_err(|error| bad(&path, &error))?
                .len();
            if size > LARGEST || files.len() >= MOST_FILES {
                return Err(RulesError {
                    file: path.display().to_string(),
                    line: None,
                    problem: format!(
                        "a folder of policies holds at most {MOST_FILES} files of 1 MiB; split or remove"
                    ),
                });
            }
            files.push((
                name,
                fs::read_to_string(&path).map_err(|error| bad(&path, &error))?,
            ));
        }
        if files.is_empty() {
            return Err(RulesError {
                file: folder.display().to_string(),
                line: None,
                problem: "holds no .cedar file; copy those that you want to change there"
                    .to_owned(),
            });
        }
        Self::with(files)
    }

    /// The built-in policies with these files, each a name and its text.
    ///
    /// # Errors
    /// The first thing that is wrong: a file that is fixed, what does not parse, a policy without `@id` or `@says`,
    /// an id that is there twice, or what the schema does not allow.
    pub fn with(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, RulesError> {
        let wrong = |file: &str, line: Option<usize>, problem: String| RulesError {
            file: file.to_owned(),
            line,
            problem,
        };
        let mut texts: BTreeMap<String, String> = BUILTIN
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        for (name, text) in files {
            let builtin = texts.get(&name).is_some_and(|builtin| *builtin == text)
                || (name == SCHEMA_FILE && text == SCHEMA);
            if builtin {
                continue;
            }
            if name == SCHEMA_FILE || FIXED.contains(&name.as_str()) {
                let problem = "is part of the product and cannot be replaced; put further policies into a file of another name";
                return Err(wrong(&name, None, problem.to_owned()));
            }
            texts.insert(name, text);
        }
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA)
            .map_err(|error| wrong(SCHEMA_FILE, line_of(SCHEMA, &error), error.to_string()))?;
        let mut policies = PolicySet::new();
        let mut says = BTreeMap::new();
        let mut file_of: BTreeMap<String, &str> = BTreeMap::new();
        for (file, text) in &texts {
            let parsed: PolicySet = text
                .parse()
                .map_err(|error| wrong(file, line_of(text, &error), explained(&error)))?;
            if let Some(template) = parsed.templates().next() {
                let line = line_holding(text, &template.to_string());
                return Err(wrong(
                    file,
                    line,
                    "is a template; write the policy out".to_owned(),
                ));
            }
            for policy in parsed.policies() {
                let line = line_holding(text, &policy.to_string());
                let annotation = |key: &str, example: &str| {
                    policy
                        .annotation(key)
                        .filter(|value| !value.trim().is_empty())
                        .ok_or_else(|| {
                            wrong(
                                file,
                                line,
                                format!(
                                    "a policy has no @{key}; write @{key}(\"{example}\") before it"
                                ),
                            )
                        })
                };
                let id = annotation("id", "my_policy")?;
                let sentence = annotation("says", "What it means, for the person who reads it.")?;
                if let Some(other) = file_of.insert(id.to_owned(), file) {
                    let problem =
                        format!("the policy `{id}` stands in {other} too; give each its own @id");
                    return Err(wrong(file, line, problem));
                }
                says.insert(id.to_owned(), sentence.to_owned());
                policies
                    .add(policy.new_id(PolicyId::new(id)))
                    .map_err(|error| wrong(file, line, error.to_string()))?;
            }
        }
        let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        let place = |id: &PolicyId, problem: &dyn Diagnostic| {
            let id: &str = id.as_ref();
            let file = file_of.get(id).copied().unwrap_or("policies");
            let text = texts.get(file).map_or("", String::as_str);
            wrong(
                file,
                line_of(text, problem),
                format!("{}: {}", id, explained(problem)),
            )
        };
        // Cedar tells them in no order; the same files always give the same error.
        let errors = result
            .validation_errors()
            .map(|error| place(error.policy_id(), error));
        let warnings = result
            .validation_warnings()
            .map(|warning| place(warning.policy_id(), warning));
        let order =
            |problem: &RulesError| (problem.file.clone(), problem.line, problem.problem.clone());
        if let Some(first) = errors
            .min_by_key(order)
            .or_else(|| warnings.min_by_key(order))
        {
            return Err(first);
        }
        let names =
            Names::new(&schema).map_err(|error| wrong(SCHEMA_FILE, None, error.to_string()))?;
        Ok(Self {
            policies,
            names,
            authorizer: Authorizer::new(),
            says,
            digest: digest::of(&texts),
        })
    }

    /// SHA-256 over the RFC 8785 canonical JSON of all files, in lower-case hex.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Every policy: its id, whether it permits, and its sentence; by id.
    pub fn list(&self) -> impl Iterator<Item = (&str, bool, &str)> {
        self.says.iter().map(|(id, says)| {
            let policy: Option<&Policy> = self.policies.policy(&PolicyId::new(id));
            let permits = policy.is_some_and(|policy| policy.effect() == Effect::Permit);
            (id.as_str(), permits, says.as_str())
        })
    }
}

/// The message and, where Cedar has one, its advice.
fn explained(problem: &dyn Diagnostic) -> String {
    match problem.help() {
        Some(help) => format!("{problem}; {help}"),
        None => problem.to_string(),
    }
}

/// The line of a problem's first label.
fn line_of(text: &str, problem: &dyn Diagnostic) -> Option<usize> {
    let offset = problem.labels()?.next()?.offset();
    Some(line_at(text, offset))
}

/// The line at which a part of the text begins.
fn line_holding(text: &str, part: &str) -> Option<usize> {
    text.find(part.trim()).map(|offset| line_at(text, offset))
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(file: &str, text: &str) -> Result<Rules, RulesError> {
        Rules::with([(file.to_owned(), text.to_owned())])
    }

    fn error(text: &str) -> String {
        with("mine.cedar", text).unwrap_err().to_string()
    }

    #[test]
    fn the_built_in_policies_pass_the_schema_without_a_warning() {
        let rules = Rules::builtin();
        assert_eq!(rules.digest().len(), 64);
        assert!(
            rules
                .list()
                .any(|(id, permits, _)| id == "analyst" && permits)
        );
        assert!(
            rules
                .list()
                .any(|(id, permits, _)| id == "separation.owner" && !permits)
        );
    }

    #[test]
    fn every_file_of_the_folder_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let mut there: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".cedar"))
            .collect();
        there.sort();
        let built_in: Vec<_> = BUILTIN.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(there, built_in);
    }

    #[test]
    fn a_folder_replaces_and_adds_and_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert!(
            Rules::load(folder.path())
                .unwrap_err()
                .to_string()
                .contains("holds no .cedar file")
        );
        write("viewer.cedar", "// nobody is a viewer here\n");
        write("README.md", "not a policy");
        write(
            "session.cedar",
            BUILTIN
                .iter()
                .find(|(n, _)| *n == "session.cedar")
                .unwrap()
                .1,
        );
        write(SCHEMA_FILE, SCHEMA);
        let rules = Rules::load(folder.path()).unwrap();
        assert!(rules.list().all(|(id, ..)| !id.starts_with("viewer")));
        assert_ne!(rules.digest(), Rules::builtin().digest());
        write("session.cedar", "");
        let error = Rules::load(folder.path()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("session.cedar: is part of the product"),
            "{error}"
        );
        assert!(Rules::load(&folder.path().join("none")).is_err());
    }

    #[test]
    fn errors_name_file_and_line_and_what_to_do() {
        let head = "@id(\"mine\")\n@says(\"x\")\n";
        for (text, starts, holds) in [
            (
                format!(
                    "{head}permit (principal, action, resource) when {{ principal.viewer == }};"
                ),
                "mine.cedar:3: ",
                "unexpected",
            ),
            (
                "\n\n@says(\"x\")\npermit (principal, action, resource);".to_owned(),
                "mine.cedar:3: ",
                "write @id(",
            ),
            (
                "@id(\"mine\")\npermit (principal, action, resource);".to_owned(),
                "mine.cedar:1: ",
                "write @says(",
            ),
            (
                format!(
                    "{head}permit (principal is Person, action, resource)\nwhen\n{{ principal.viewers == principal.viewer }};"
                ),
                "mine.cedar:5: mine: ",
                "viewers",
            ),
            (
                format!("{head}permit (principal, action == Action::\"key.fly\", resource);"),
                "mine.cedar:3: mine: ",
                "key.fly",
            ),
            (
                format!("{head}permit (principal is Robot, action, resource);"),
                "mine.cedar:3: mine: ",
                "Robot",
            ),
            (
                format!("{head}permit (principal == ?principal, action, resource);"),
                "mine.cedar:",
                "template",
            ),
            (
                "@id(\"analyst\")\n@says(\"x\")\npermit (principal, action, resource);".to_owned(),
                "mine.cedar:1: ",
                "stands in analyst.cedar too",
            ),
        ] {
            let error = error(&text);
            assert!(error.starts_with(starts), "{error}");
            assert!(error.contains(holds), "{error}");
        }
    }

    #[test]
    fn a_policy_that_can_never_hold_is_refused() {
        let error = error(
            "@id(\"mine\")\n@says(\"x\")\nforbid (principal is Worker, action == Action::\"risk.accept\", resource);",
        );
        assert!(error.starts_with("mine.cedar"), "{error}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn a_file_with_anything_cut_out_is_taken_or_refused_with_a_message(
            which in 0..BUILTIN.len(),
            from in 0usize..600,
            length in 1usize..40,
        ) {
            let (_, text) = BUILTIN[which];
            let cut: String = text.chars().take(from).chain(text.chars().skip(from + length)).collect();
            if let Err(error) = with("cut.cedar", &cut) {
                let shown = error.to_string();
                proptest::prop_assert!(shown.starts_with("cut.cedar") || shown.contains("cut.cedar too") || shown.contains("stands in"), "{shown}");
            }
        }
    }
}
