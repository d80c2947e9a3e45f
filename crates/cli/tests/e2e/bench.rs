//! A folder to assess, a state folder of its own, and the binary.

use serde_json::Value;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

pub(crate) const TODAY: &str = "2026-11-23";

/// Two folders that are gone afterwards: one to assess, one for what Tenure keeps.
pub(crate) struct Bench {
    tree: TempDir,
    state: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            tree: tempfile::tempdir().unwrap(),
            state: tempfile::tempdir().unwrap(),
        }
    }

    /// With these files in the folder.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let bench = Self::new();
        for (path, text) in files {
            bench.write(path, text);
        }
        bench
    }

    /// The folder to assess; every run starts in it.
    pub(crate) fn tree(&self) -> &Path {
        self.tree.path()
    }

    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.tree().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The binary in a world of its own, 100 columns wide.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenure"));
        command
            .args(args)
            .current_dir(self.tree())
            .env("TENURE_DATA_DIR", self.state())
            .env("HOME", self.state())
            .env("NO_COLOR", "1")
            .env("COLUMNS", "100")
            // Where lines are broken depends on how long the name of a made folder is.
            .env("TMPDIR", "/tmp")
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// Runs with this text on standard input.
    pub(crate) fn fed(&self, args: &[&str], text: &str) -> Ran {
        self.fed_bytes(args, text.as_bytes())
    }

    /// Runs the program with these bytes as its standard input.
    pub(crate) fn fed_bytes(&self, args: &[&str], bytes: &[u8]) -> Ran {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A run that ends before it has read everything is no fault of this test.
        let _ = stdin.write_all(bytes);
        drop(stdin);
        Ran::of(child.wait_with_output().unwrap())
    }

    /// `tenure assess` on the folder, on the day of the tests.
    pub(crate) fn assess(&self, more: &[&str]) -> Ran {
        let mut args = vec!["assess", ".", "--title", "Test", "--today", TODAY];
        args.extend(more);
        self.run(&args)
    }

    /// The assessment as JSON, whatever the exit code says about its being whole.
    pub(crate) fn assessment(&self, more: &[&str]) -> Value {
        let mut args = vec!["-f", "json"];
        args.extend(more);
        self.assess(&args).json()
    }
}

impl Ran {
    fn of(output: std::process::Output) -> Self {
        let ran = Self {
            code: output.status.code().expect("ended by a signal"),
            out: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }

    /// The exit code, and that the last line on standard error says why.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        let start: String = self.out.chars().take(600).collect();
        assert_eq!(self.code, code, "{}\n{start}", self.err);
        let last = self.err.lines().last().unwrap_or_default();
        if code == 0 {
            assert!(!self.err.contains("exit "), "{}", self.err);
        } else {
            let why = last.strip_prefix(&format!("exit {code}: "));
            assert!(
                why.is_some_and(|why| why.len() > 5),
                "the last line says why: {}",
                self.err
            );
        }
        self
    }

    /// Standard error says all of this.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "{word:?} in {}", self.err);
        }
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.err, self.out))
    }
}

/// The keys of an assessment.
pub(crate) fn keys(assessment: &Value) -> &[Value] {
    assessment["keys"].as_array().unwrap()
}

/// The only key that fits.
#[track_caller]
pub(crate) fn only(assessment: &Value, fits: impl Fn(&Value) -> bool) -> &Value {
    let found: Vec<&Value> = keys(assessment).iter().filter(|key| fits(key)).collect();
    assert_eq!(found.len(), 1, "{found:#?}\n{:#?}", told(assessment));
    found[0]
}

/// The only key of a provider.
#[track_caller]
pub(crate) fn of<'a>(assessment: &'a Value, provider: &str) -> &'a Value {
    only(assessment, |key| key["provider"] == provider)
}

/// The keys in short, for messages of failed tests.
pub(crate) fn told(assessment: &Value) -> Vec<String> {
    keys(assessment)
        .iter()
        .map(|key| {
            format!(
                "{} {} {} {} {} {}",
                key["provider"],
                key["credential"],
                key["key_id"],
                key["name"],
                key["hint"],
                key["verdict"]["id"]
            )
        })
        .collect()
}

/// The reasons in `skipped` for paths that start so.
pub(crate) fn skipped(assessment: &Value, path: &str) -> Vec<String> {
    assessment["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| {
            let at = one["path"].as_str().unwrap();
            at.trim_start_matches("./").starts_with(path)
        })
        .map(|one| {
            format!(
                "{}: {}",
                one["path"].as_str().unwrap(),
                one["reason"].as_str().unwrap()
            )
        })
        .collect()
}

/// The coverage entries of sources that end so.
pub(crate) fn coverage<'a>(assessment: &'a Value, source: &str) -> Vec<&'a Value> {
    assessment["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| part["source"].as_str().unwrap().ends_with(source))
        .collect()
}
