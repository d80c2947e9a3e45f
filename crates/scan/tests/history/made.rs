//! Repositories made from a seed, with all that is known of them.

use super::marker;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;
use tenure_scan::history::{Place, Report};

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn word(&mut self, len: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        (0..len)
            .map(|_| char::from(LETTERS[self.below(36)]))
            .collect()
    }
}

/// The content of all files, by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A repository and all that is known of it.
pub struct Made {
    pub folder: TempDir,
    pub snapshots: Vec<Files>,
    pub parents: Vec<Vec<usize>>,
    pub ids: Vec<String>,
    /// Names of branches and the commits that they stand for.
    pub tips: BTreeMap<String, usize>,
}

/// What one finding is expected to tell: the commits that brought it in and took it out, and where it stands.
pub type Story = (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>);
/// By secret and path.
pub type Stories = BTreeMap<(Vec<u8>, String), Story>;

pub fn git(folder: &Path, words: &[&str]) -> String {
    let out = command(folder).args(words).output().unwrap();
    assert!(
        out.status.success(),
        "git {words:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Ada")
        .env("GIT_AUTHOR_EMAIL", "ada@example.org")
        .env("GIT_COMMITTER_NAME", "Ada")
        .env("GIT_COMMITTER_EMAIL", "ada@example.org")
        .env("GIT_AUTHOR_DATE", "2024-05-01T12:00:00Z")
        .env("GIT_COMMITTER_DATE", "2024-05-01T12:00:00Z")
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_OBJECT_DIRECTORY")
        .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"]);
    command
}

impl Made {
    /// A history of `count` commits with branches and merges.
    pub fn new(seed: u64, count: usize, format: &str, loose: bool) -> Self {
        let random = &mut Random(seed);
        let (mut snapshots, mut parents): (Vec<Files>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        let mut heads: Vec<usize> = Vec::new();
        for at in 0..count {
            let (from, files) = if at == 0 {
                (vec![], first(random))
            } else {
                let one = heads[random.below(heads.len())];
                let other = heads[random.below(heads.len())];
                if one != other && random.below(3) == 0 {
                    (
                        vec![one, other],
                        merge(&snapshots[one], &snapshots[other], random),
                    )
                } else {
                    (vec![one], snapshots[one].clone())
                }
            };
            let mut files = files;
            for _ in 0..=random.below(3) {
                edit(&mut files, random);
            }
            let keep = random.below(5) == 0;
            heads.retain(|head| keep && heads_few(&from) || !from.contains(head));
            heads.push(at);
            heads.truncate(4);
            if !heads.contains(&at) {
                heads[0] = at;
            }
            snapshots.push(files);
            parents.push(from);
        }
        let tips = heads
            .iter()
            .enumerate()
            .map(|(n, at)| (format!("refs/heads/b{n}"), *at))
            .collect();
        Self::write(snapshots, parents, tips, format, loose)
    }

    /// Writes commits as they are told.
    pub fn write(
        snapshots: Vec<Files>,
        parents: Vec<Vec<usize>>,
        tips: BTreeMap<String, usize>,
        format: &str,
        loose: bool,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let object_format = format!("--object-format={format}");
        git(
            folder.path(),
            &["init", "--quiet", "-b", "b0", &object_format],
        );
        let mut stream = Vec::new();
        for (at, files) in snapshots.iter().enumerate() {
            let time = 1_600_000_000 + at * 100;
            write!(
                stream,
                "commit refs/made\nmark :{}\nauthor Ada {at} <ada@example.org> {time} +0200\ncommitter Ada <ada@example.org> {time} +0200\ndata 4\nmade\n",
                at + 1
            )
            .unwrap();
            for (n, parent) in parents[at].iter().enumerate() {
                let word = if n == 0 { "from" } else { "merge" };
                writeln!(stream, "{word} :{}", parent + 1).unwrap();
            }
            stream.extend_from_slice(b"deleteall\n");
            for (path, content) in files {
                writeln!(stream, "M 100644 inline {path}\ndata {}", content.len()).unwrap();
                stream.extend_from_slice(content);
                stream.push(b'\n');
            }
            if parents[at].is_empty() {
                // The next commit without parents begins anew.
            }
            stream.extend_from_slice(b"\n");
        }
        for (name, at) in &tips {
            write!(stream, "reset {name}\nfrom :{}\n\n", at + 1).unwrap();
        }
        let marks = folder.path().join("marks");
        let limit = if loose { "1000000" } else { "1" };
        let mut child = command(folder.path())
            .args(["-c", &format!("fastimport.unpackLimit={limit}")])
            .args(["fast-import", "--quiet", "--force", "--depth=20"])
            .arg(format!("--export-marks={}", marks.display()))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&stream).unwrap();
        assert!(child.wait().unwrap().success());
        git(folder.path(), &["update-ref", "-d", "refs/made"]);
        let mut ids = vec![String::new(); snapshots.len()];
        for line in fs::read_to_string(&marks).unwrap().lines() {
            let (mark, id) = line.split_once(' ').unwrap();
            ids[mark[1..].parse::<usize>().unwrap() - 1] = id.to_owned();
        }
        Self {
            folder,
            snapshots,
            parents,
            ids,
            tips,
        }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn repack(&self, depth: usize, window: usize) {
        let (depth, window) = (format!("--depth={depth}"), format!("--window={window}"));
        git(&self.path(), &["repack", "-adfq", &depth, &window]);
    }

    /// What looking at every file of every commit tells.
    pub fn stories(&self) -> Stories {
        let held: Vec<BTreeMap<String, BTreeSet<Vec<u8>>>> = self
            .snapshots
            .iter()
            .map(|files| {
                files
                    .iter()
                    .map(|(path, text)| (path.clone(), secrets(path, text)))
                    .collect()
            })
            .collect();
        let holds = |at: usize, path: &str, secret: &Vec<u8>| {
            held[at].get(path).is_some_and(|all| all.contains(secret))
        };
        let mut stories = Stories::new();
        for at in self.reached() {
            let mut all: BTreeSet<(Vec<u8>, String)> = BTreeSet::new();
            for one in self.parents[at].iter().chain([&at]) {
                for (path, secrets) in &held[*one] {
                    all.extend(secrets.iter().map(|secret| (secret.clone(), path.clone())));
                }
            }
            for (secret, path) in all {
                let here = holds(at, &path, &secret);
                let before = self.parents[at]
                    .iter()
                    .any(|one| holds(*one, &path, &secret));
                let story = stories.entry((secret, path)).or_default();
                if here && !before {
                    story.0.insert(self.ids[at].clone());
                } else if before && !here {
                    story.1.insert(self.ids[at].clone());
                }
            }
        }
        for (name, at) in &self.tips {
            for (path, secrets) in &held[*at] {
                for secret in secrets {
                    let story = stories.get_mut(&(secret.clone(), path.clone())).unwrap();
                    story.2.insert(name.clone());
                }
            }
        }
        stories
    }

    pub fn reached(&self) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut ahead: Vec<usize> = self.tips.values().copied().collect();
        while let Some(at) = ahead.pop() {
            if seen.insert(at) {
                ahead.extend(&self.parents[at]);
            }
        }
        seen
    }
}

/// What a report tells, in the same form.
pub fn told(report: &Report<(Vec<u8>, usize)>) -> Stories {
    let ids = |commits: &[std::sync::Arc<tenure_scan::history::Commit>]| {
        commits.iter().map(|commit| commit.id.to_string()).collect()
    };
    let mut stories = Stories::new();
    for one in &report.findings {
        let Place::File(path) = &one.place else {
            panic!("{:?}", one.place);
        };
        let story = (
            ids(&one.introduced),
            ids(&one.removed),
            one.tips.iter().cloned().collect(),
        );
        let before = stories.insert((one.found.0.clone(), path.clone()), story);
        assert!(before.is_none(), "told twice: {path}");
    }
    stories
}

fn secrets(path: &str, text: &[u8]) -> BTreeSet<Vec<u8>> {
    let class = u32::from(path.starts_with("tests/"));
    if text.iter().take(8192).any(|b| *b == 0) {
        return BTreeSet::new();
    }
    marker::find(text)
        .into_iter()
        .filter(|(_, _, classes)| classes & (1 << class) != 0)
        .map(|(_, secret, _)| secret)
        .collect()
}

fn heads_few(from: &[usize]) -> bool {
    from.len() == 1
}

fn first(random: &mut Random) -> Files {
    let mut files = Files::new();
    for path in [
        "a.txt",
        "src/b.rs",
        "src/deep/c.rs",
        "tests/d.txt",
        "long.js",
    ] {
        let lines = 20 + random.below(300);
        let text: String = (0..lines).map(|_| line(random)).collect();
        files.insert(path.to_owned(), text.into_bytes());
    }
    // One line without a break, as minified text has.
    let one: String = (0..900).map(|_| format!("{};", random.word(12))).collect();
    files.insert("long.js".to_owned(), one.into_bytes());
    files
}

fn line(random: &mut Random) -> String {
    let words: Vec<String> = (0..random.below(9))
        .map(|_| {
            let len = 1 + random.below(9);
            random.word(len)
        })
        .collect();
    format!("{}\n", words.join(" "))
}

fn merge(one: &Files, other: &Files, random: &mut Random) -> Files {
    let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let mut files = Files::new();
    for path in paths {
        let from = if random.below(2) == 0 { one } else { other };
        if let Some(text) = from.get(path) {
            files.insert(path.clone(), text.clone());
        }
    }
    files
}

/// Changes one thing.
fn edit(files: &mut Files, random: &mut Random) {
    let paths: Vec<String> = files.keys().cloned().collect();
    if paths.is_empty() {
        *files = first(random);
        return;
    }
    let path = paths[random.below(paths.len())].clone();
    let mut text = files[&path].clone();
    let at = random.below(text.len() + 1);
    let to_line = |text: &[u8], at: usize| {
        text[..at]
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1)
    };
    match random.below(20) {
        0..=3 => {
            let border = [" ", "\n", "x", "=", "\""][random.below(5)];
            let len = 6 + random.below(80);
            let key = format!("{border}KEY_{} ", random.word(len));
            text.splice(at..at, key.into_bytes());
        }
        4 | 5 => {
            let from = to_line(&text, at);
            let new: String = (0..random.below(5)).map(|_| line(random)).collect();
            text.splice(from..from, new.into_bytes());
        }
        6 | 7 => {
            let end = (at + random.below(200)).min(text.len());
            text.drain(at..end);
        }
        8 | 9 => {
            let found = marker::find(&text);
            if !found.is_empty() {
                // Within what was found: it is cut, mended, made another.
                let (span, ..) = &found[random.below(found.len())];
                let inside = span.start + random.below(span.len());
                let new = ["", "z", "BAD", " ", "\n"][random.below(5)];
                let end = inside + random.below(2);
                text.splice(inside..end.min(text.len()), new.bytes());
            }
        }
        10 | 11 => {
            let mut block = "LONG{\n".to_owned();
            for _ in 0..random.below(40) {
                block.push_str(&line(random));
            }
            block.push_str(["}LONG\n", "BAD }LONG\n", "\n"][random.below(3)]);
            let from = to_line(&text, at);
            text.splice(from..from, block.into_bytes());
        }
        12 => {
            if let Some(bad) = memchr::memmem::find(&text, b"BAD") {
                text.drain(bad..bad + 3);
            }
        }
        13 => {
            if let Some(open) = memchr::memmem::rfind(&text, b"LONG{") {
                let after = (open + 5 + random.below(2000)).min(text.len());
                text.splice(after..after, *b"\n}LONG\n");
            }
        }
        14 => {
            let moved = ["tests/", "src/", "src/deep/", ""][random.below(4)];
            let name = path.rsplit('/').next().unwrap();
            files.remove(&path);
            files.insert(format!("{moved}{name}"), text);
            return;
        }
        15 => {
            let name = path.rsplit('/').next().unwrap();
            let copy = format!(
                "{}copy{}-{name}",
                ["tests/", ""][random.below(2)],
                random.below(3)
            );
            files.insert(copy, text);
            return;
        }
        16 if paths.len() > 3 => {
            files.remove(&path);
            return;
        }
        17 => {
            // A part of the text is moved or doubled.
            let end = (at + random.below(600)).min(text.len());
            let part = text[at..end].to_vec();
            let to = random.below(text.len() + 1);
            text.splice(to..to, part);
        }
        18 => {
            let zero = text.iter().position(|b| *b == 0);
            match zero {
                Some(zero) => {
                    text.remove(zero);
                }
                None if random.below(3) == 0 => text.insert(at, 0),
                None => {}
            }
        }
        _ => {
            if at < text.len() {
                text[at] = b'q';
            }
        }
    }
    files.insert(path, text);
}
