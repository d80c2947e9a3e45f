//! Names of commits as people type them: branches, tags, ids in full or short, `HEAD~2`, `v1^`.
//!
//! Source: gitrevisions(7), <https://git-scm.com/docs/gitrevisions>, read 2026-11-26. What of it is not understood
//! is an error.

use super::{
    layout::Repository,
    objects::{Buffer, Number, Objects, Reader},
    pack::Kind,
    refs,
};
use gix_hash::ObjectId;
use gix_object::{CommitRef, TagRef};

/// The fewest hex digits that stand for an id.
const SHORTEST: usize = 4;
/// How many tags of tags are followed.
const TAGS: usize = 16;

/// A name that stands for no commit here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` {problem}")]
pub struct RevisionError {
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

/// The commit that a name stands for.
///
/// # Errors
/// No commit of this repository is called so, or several are.
pub fn revision(repository: &Repository, name: &str) -> Result<ObjectId, RevisionError> {
    let fail = |problem: &str| RevisionError {
        name: name.to_owned(),
        problem: problem.to_owned(),
    };
    let base = name.split(['~', '^']).next().unwrap_or_default();
    let mut steps = name.get(base.len()..).unwrap_or_default();
    let objects = Objects::of(repository, 1 << 20);
    let start = match named(repository, base) {
        Some(id) => id,
        None => by_digits(&objects, base).map_err(fail)?,
    };
    let mut number = objects
        .number(start.as_slice())
        .and_then(|number| peeled(&objects, number))
        .ok_or_else(|| fail("stands for a commit that is not here"))?;
    while let Some(sign) = steps.chars().next() {
        let rest = steps.get(1..).unwrap_or_default();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count = match rest.get(..digits).unwrap_or_default() {
            "" => 1,
            digits => digits
                .parse::<usize>()
                .map_err(|_| fail("goes back too far"))?,
        };
        let (times, parent) = if sign == '~' { (count, 1) } else { (1, count) };
        for _ in 0..times {
            if let Some(at) = parent.checked_sub(1) {
                number = parents(&objects, number)
                    .and_then(|parents| parents.get(at).copied().flatten())
                    .ok_or_else(|| fail("goes back beyond what is here"))?;
            }
        }
        steps = rest.get(digits..).unwrap_or_default();
        if !steps.is_empty() && !steps.starts_with(['~', '^']) {
            return Err(fail("is not understood; name a branch, a tag or an id"));
        }
    }
    Ok(objects.object_id(number))
}

/// What a name of the repository stands for, in the order in which git looks.
fn named(repository: &Repository, name: &str) -> Option<ObjectId> {
    if matches!(name, "HEAD" | "@") {
        return refs::head(repository);
    }
    let (tips, _) = refs::tips(repository);
    ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"]
        .iter()
        .find_map(|start| {
            let full = format!("{start}{name}");
            tips.iter().find(|tip| tip.name == full).map(|tip| tip.id)
        })
}

fn by_digits(objects: &Objects, text: &str) -> Result<ObjectId, &'static str> {
    const NOBODY: &str = "is no branch, tag or commit here";
    if text.len() < SHORTEST || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(NOBODY);
    }
    let text = text.to_ascii_lowercase();
    let fits = |number: &Number| {
        let id = objects.object_id(*number);
        id.to_string().starts_with(&text) && peeled(objects, *number).is_some()
    };
    let mut all = (0u32..).take(objects.len()).filter(fits);
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(objects.object_id(one)),
        (Some(_), Some(_)) => Err("stands for several commits; write more of it"),
        (None, _) => Err(NOBODY),
    }
}

/// The commit that an object is, or that a tag stands for.
fn peeled(objects: &Objects, mut number: Number) -> Option<Number> {
    let mut text = Buffer::default();
    for _ in 0..TAGS {
        match objects
            .read(number, &mut Reader::default(), &mut text)
            .ok()?
        {
            Kind::Commit => return Some(number),
            Kind::Tag => {
                let kind = objects.object_id(number).kind();
                let target = TagRef::from_bytes(&text, kind).ok()?.target();
                number = objects.number(target.as_slice())?;
            }
            _ => return None,
        }
    }
    None
}

/// The parents of a commit, none for each that is not here.
fn parents(objects: &Objects, number: Number) -> Option<Vec<Option<Number>>> {
    let mut text = Buffer::default();
    objects
        .read(number, &mut Reader::default(), &mut text)
        .ok()?;
    let commit = CommitRef::from_bytes(&text, objects.object_id(number).kind()).ok()?;
    let all = commit.parents();
    Some(
        all.map(|parent| objects.number(parent.as_slice()))
            .collect(),
    )
}
