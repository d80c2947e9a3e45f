//! Logs of CI jobs: GitHub Actions (a time stamp before every line, `##[group]`), GitLab (`section_start`), Jenkins
//! (`[Pipeline]`). The text of each step without what the system adds, line for line.
//!
//! <https://docs.github.com/actions/how-tos/monitor-workflows/use-workflow-run-logs>,
//! <https://docs.gitlab.com/ci/jobs/job_logs/>, read 2026-11-26.

use tenure_model::{
    document::{Document, Origin, Place},
    place::PlaceKind,
};
use zeroize::Zeroizing;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    GithubActions,
    Gitlab,
    Jenkins,
}

/// Which system wrote a log, by its first lines.
pub(super) fn system(head: &[u8]) -> Option<System> {
    let mut lines = head.split(|b| *b == b'\n').take(40).peekable();
    let first = lines.peek().copied().unwrap_or_default();
    if stamped(first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first)).is_some() {
        return Some(System::GithubActions);
    }
    lines.find_map(|line| {
        if find(line, b"section_start:").is_some()
            || line.starts_with(b"Running with gitlab-runner ")
        {
            return Some(System::Gitlab);
        }
        line.starts_with(b"[Pipeline] ").then_some(System::Jenkins)
    })
}

/// The steps of a log.
pub(super) fn steps(place: &Place, bytes: &[u8]) -> Option<Vec<Document>> {
    let system = system(bytes)?;
    let (job, named) = of_path(&place.path);
    let mut all: Vec<Document> = Vec::new();
    let mut step = named;
    let mut text = Zeroizing::new(Vec::new());
    let (mut line_number, mut begins) = (0u32, 1u32);
    for line in bytes.split(|b| *b == b'\n') {
        line_number = line_number.saturating_add(1);
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let said = Zeroizing::new(bare(stamped(line).unwrap_or(line)));
        if let Some(next) = heading(system, &said, line) {
            if all.len() < MOST {
                let done = std::mem::replace(&mut text, Zeroizing::new(Vec::new()));
                all.push(document(place, system, job.clone(), step, begins, done));
                begins = line_number;
            }
            step = Some(next);
        }
        text.extend_from_slice(&said);
        text.push(b'\n');
    }
    all.push(document(place, system, job, step, begins, text));
    all.retain(|document| document.bytes.iter().any(|b| !b.is_ascii_whitespace()));
    Some(all)
}

/// Steps that are told apart in one log.
const MOST: usize = 10_000;

fn document(
    place: &Place,
    system: System,
    job: Option<String>,
    step: Option<String>,
    begins: u32,
    bytes: Zeroizing<Vec<u8>>,
) -> Document {
    let system = match system {
        System::GithubActions => "GitHub Actions",
        System::Gitlab => "GitLab CI",
        System::Jenkins => "Jenkins",
    };
    Document {
        place: Place {
            origin: Origin::Step { system, job, step },
            kind: PlaceKind::CiLog,
            first_line: Some(begins),
            ..place.clone()
        },
        bytes,
    }
}

/// The archive of GitHub has `JOB/3_STEP.txt` for a step and `0_JOB.txt` for a whole job.
fn of_path(path: &str) -> (Option<String>, Option<String>) {
    let inner = path.rsplit('!').next().unwrap_or(path);
    let mut parts = inner.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let file = file.rsplit_once('.').map_or(file, |(name, _)| name);
    let numbered = file
        .split_once('_')
        .filter(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        .map(|(_, name)| name.to_owned());
    match (parts.next().filter(|folder| !folder.is_empty()), numbered) {
        (Some(folder), Some(step)) => (Some(folder.to_owned()), Some(step)),
        (None, Some(job)) => (Some(job), None),
        _ => (None, None),
    }
}

/// The name of the step that begins with this line.
fn heading(system: System, said: &[u8], line: &[u8]) -> Option<String> {
    let name = match system {
        System::GithubActions => said.strip_prefix(b"##[group]".as_slice())?,
        System::Gitlab => {
            let at = find(line, b"section_start:")?;
            let rest = line.get(at.saturating_add(b"section_start:".len())..)?;
            let name = rest.split(|b| *b == b':').nth(1)?;
            name.split(|b| matches!(b, b'\r' | b'[' | 0x1b)).next()?
        }
        System::Jenkins => said
            .strip_prefix(b"[Pipeline] { (".as_slice())?
            .strip_suffix(b")")?,
    };
    // A name is never cut: whoever shows it has to see whether a key is in it.
    let name = String::from_utf8_lossy(name);
    let name = name.trim();
    (!name.is_empty() && name.len() <= LONGEST).then(|| name.to_owned())
}

/// The longest name of a step, in bytes.
const LONGEST: usize = 400;

/// What follows `2026-03-03T10:00:00.0000000Z `.
fn stamped(line: &[u8]) -> Option<&[u8]> {
    const SHORTEST: usize = 20;
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let fits = line.len() >= SHORTEST
        && shape.iter().zip(line).all(|(shape, byte)| match shape {
            b'd' => byte.is_ascii_digit(),
            sign => sign == byte,
        });
    let rest = line.get(shape.len()..).filter(|_| fits)?;
    let end = rest.iter().take(12).position(|b| *b == b'Z')?;
    let after = rest.get(end.saturating_add(1)..)?;
    // The runner of GitLab adds a stream and a sign of its own behind the time.
    after
        .strip_prefix(b" ")
        .or(after.is_empty().then_some(after))
}

/// A line without the codes that colour it (ECMA-48).
fn bare(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte == 0x1b
            && let Some(codes) = tail.strip_prefix(b"[")
        {
            let end = codes
                .iter()
                .take(32)
                .position(|b| (0x40..=0x7e).contains(b));
            rest = end
                .and_then(|end| codes.get(end.saturating_add(1)..))
                .unwrap_or(codes);
            continue;
        }
        out.push(*byte);
    }
    out
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, log: &str) -> Vec<(String, Option<u32>, String)> {
        steps(&Place::of_file(path, PlaceKind::Config), log.as_bytes())
            .unwrap_or_default()
            .into_iter()
            .map(|document| {
                let text = String::from_utf8_lossy(&document.bytes).into_owned();
                (
                    document.place.sentence(None),
                    document.place.first_line,
                    text,
                )
            })
            .collect()
    }

    #[test]
    fn a_log_of_github_actions_loses_its_time_stamps_and_keeps_its_lines() {
        let log = "\u{feff}2026-03-03T10:00:00.1234567Z start\r\n2026-03-03T10:00:01.1234567Z ##[group]Run make\n\
                   2026-03-03T10:00:01.1234567Z \u{1b}[36;1mmake\u{1b}[0m\n2026-03-03T10:00:01.1234567Z ##[endgroup]\n";
        let found = read("logs.zip!build/3_Run make.txt", log);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].2, "start\n");
        assert_eq!(found[1].0, "GitHub Actions, job build, step Run make");
        assert_eq!(found[1].1, Some(2));
        assert!(
            found[1].2.starts_with("##[group]Run make\nmake\n"),
            "{:?}",
            found[1].2
        );
        assert_eq!(
            read("logs.zip!0_build.txt", log)[0].0,
            "GitHub Actions, job build"
        );
    }

    #[test]
    fn sections_of_gitlab_and_stages_of_jenkins_are_steps() {
        let gitlab = "Running with gitlab-runner 17.0.0\n\u{1b}[0Ksection_start:1560896352:step_script\r\u{1b}[0K\u{1b}[0Kx\n$ make\n";
        assert_eq!(
            read("trace.log", gitlab)[1].0,
            "GitLab CI, step step_script"
        );
        let jenkins =
            "Started by user ann\n[Pipeline] Start of Pipeline\n[Pipeline] { (Deploy)\n+ make\n";
        assert_eq!(read("build.log", jenkins)[1].0, "Jenkins, step Deploy");
        assert!(steps(&Place::of_file("a.log", PlaceKind::Config), b"plain\n").is_none());
    }
}
