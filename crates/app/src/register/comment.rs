//! Comments on keys and exceptions, and files that are kept as evidence. No key may be in either.

use super::{Desk, RegisterError, Result};
use tenure_model::{
    access::{Action, Involved, Object, Unit},
    id::KeyId,
};
use tenure_scan::{
    engine::{self, Candidate, Context, Sink},
    judge::Dismissal,
    rule::Rules,
};
use tenure_store::{About, Attachment, Comment};

/// The longest comment, in characters.
pub const MOST_CHARACTERS: usize = 10_000;

/// The largest file, in bytes: 5 MiB.
pub const MOST_BYTES: usize = 5 * 1024 * 1024;

/// What is taken as evidence: the content type, the ending of its name, and how its content begins.
const TYPES: &[(&str, &str, &[u8])] = &[
    ("application/pdf", "pdf", b"%PDF-"),
    ("image/png", "png", b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", "jpg", b"\xff\xd8\xff"),
    ("image/jpeg", "jpeg", b"\xff\xd8\xff"),
    ("application/json", "json", b""),
    ("text/csv", "csv", b""),
    ("text/plain", "txt", b""),
    ("text/plain", "log", b""),
    ("text/plain", "md", b""),
];

/// What people said and kept about something.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct Remarks {
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
    /// Files, oldest first; their content is read apart.
    pub attachments: Vec<Attachment>,
}

impl Desk<'_> {
    /// Says something about a key or an exception.
    ///
    /// # Errors
    /// The caller may not; the text is empty, too long, or holds a key.
    pub async fn comment(&self, about: &About, text: &str) -> Result<Comment> {
        let (about, object) = self.place(about).await?;
        let permit = self.permit(Action::KeyComment, &object).await?;
        let text = text.trim();
        if text.is_empty() {
            return Err(wrong("the comment is empty: write a sentence"));
        }
        if text.chars().count() > MOST_CHARACTERS {
            return Err(wrong(
                "the comment is longer than 10,000 characters: attach it as a file",
            ));
        }
        if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
            return Err(wrong(
                "the comment holds control characters: leave them out",
            ));
        }
        self.holds_no_key("the comment", text.as_bytes())?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        let comment = txn.add_comment(&about, text).await?;
        txn.commit_noted().await?;
        Ok(comment)
    }

    /// Keeps a file as evidence beside a key or an exception. Its type follows from its name, and its content has to be
    /// of that type.
    ///
    /// # Errors
    /// The caller may not; the file is empty, too large, of no type that is taken, or holds a key as text.
    pub async fn attach(&self, about: &About, name: &str, content: &[u8]) -> Result<Attachment> {
        let (about, object) = self.place(about).await?;
        let permit = self.permit(Action::EvidenceAttach, &object).await?;
        let name = plain_name(name)?;
        if content.is_empty() || content.len() > MOST_BYTES {
            return Err(wrong("a file has 1 byte to 5 MiB: attach an extract of it"));
        }
        let content_type = type_of(&name, content)?;
        self.holds_no_key(&name, content)?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        let file = txn
            .add_attachment(&about, &name, content_type, content)
            .await?;
        txn.commit_noted().await?;
        Ok(file)
    }

    /// What was said and kept about a key or an exception.
    ///
    /// # Errors
    /// There is no such thing, or the caller may not see it.
    pub async fn remarks(&self, about: &About) -> Result<Remarks> {
        let (about, object) = self.place(about).await?;
        self.permit(Action::KeyView, &object).await?;
        Ok(Remarks {
            comments: self.store.comments(&about).await?,
            attachments: self.store.attachments(&about).await?,
        })
    }

    /// What was said and kept about something, as far as the caller may read it: nothing where they may not, which is
    /// not recorded. For pages about something else.
    ///
    /// # Errors
    /// There is no such thing, or the database refuses.
    pub async fn remarks_if_seen(&self, about: &About) -> Result<Remarks> {
        let (_, object) = self.place(about).await?;
        if self.access.allows(self.caller, Action::KeyView, &object) {
            return self.remarks(about).await;
        }
        Ok(Remarks {
            comments: Vec::new(),
            attachments: Vec::new(),
        })
    }

    /// A file with its content.
    ///
    /// # Errors
    /// There is none of this id, the caller may not read evidence of that key, or the content was altered.
    pub async fn evidence(&self, id: &str) -> Result<(Attachment, Vec<u8>)> {
        let about = self.store.attached_to(id).await?;
        let (_, object) = self.place(&about).await?;
        self.permit(Action::EvidenceRead, &object).await?;
        Ok(self.store.attachment(id).await?)
    }

    /// The key that it is about, as rules of access see it. An acceptance of a class has none of its own, so that it
    /// stands for itself.
    async fn place(&self, about: &About) -> Result<(About, Object)> {
        let key = match about {
            About::Key(key) => key.clone(),
            About::Exception(id) => {
                let stored = self.store.exception(id).await?;
                let request = stored.exception.request();
                let Some(standing) = request.subject().standing() else {
                    let level = request.subject().level();
                    let people = Involved::default();
                    let object = Object::key(id.as_str(), Unit::whole(), level, people);
                    return Ok((about.clone(), object));
                };
                KeyId::new(standing.key.as_str())
            }
        };
        let registered = self.store.key(&key).await?;
        let object = self.object(&registered).await?;
        let about = match about {
            About::Key(_) => About::Key(registered.id),
            About::Exception(_) => about.clone(),
        };
        Ok((about, object))
    }

    /// No plaintext of a key goes into the database, not even as evidence of its leak.
    fn holds_no_key(&self, what: &str, text: &[u8]) -> Result<()> {
        let rules = Rules::compile(self.providers)
            .map_err(|error| RegisterError::Catalog(error.to_string()))?;
        let mut seen = Seen(None);
        let context = Context {
            code: false,
            test_material: false,
            encoded: false,
        };
        engine::scan(&rules, text, context, &mut seen);
        match seen.0 {
            None => Ok(()),
            Some((line, provider)) => Err(RegisterError::Name(format!(
                "{what}, line {line}: holds what looks like a key of {provider}; black it out"
            ))),
        }
    }
}

/// The first key that is seen; its secret ends here.
struct Seen(Option<(u32, String)>);

impl Sink for Seen {
    fn candidate(&mut self, candidate: Candidate) {
        self.0.get_or_insert((candidate.line, candidate.provider));
    }

    fn dismissed(&mut self, _why: Dismissal) {}
}

fn wrong(text: &str) -> RegisterError {
    RegisterError::Name(text.to_owned())
}

/// The last part of a file's name, which shows as itself.
fn plain_name(name: &str) -> Result<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let shows = name.chars().all(tenure_model::access::visible);
    if name.is_empty() || name.chars().count() > 200 || !shows {
        return Err(wrong(
            "a file's name has 1 to 200 characters that show: rename it",
        ));
    }
    Ok(name.to_owned())
}

fn type_of(name: &str, content: &[u8]) -> Result<&'static str> {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase())
        .unwrap_or_default();
    let Some((content_type, _, begin)) = TYPES.iter().find(|(_, known, _)| *known == ending) else {
        let mut known: Vec<&str> = TYPES.iter().map(|(_, known, _)| *known).collect();
        known.sort_unstable();
        return Err(RegisterError::Name(format!(
            "{name}: such files are not taken; there are {}",
            known.join(", ")
        )));
    };
    let fits = if begin.is_empty() {
        let text = std::str::from_utf8(content);
        let is_text = text.is_ok_and(|text| !text.contains('\0'));
        is_text
            && (*content_type != "application/json"
                || serde_json::from_slice::<serde::de::IgnoredAny>(content).is_ok())
    } else {
        content.starts_with(begin)
    };
    if fits {
        Ok(content_type)
    } else {
        Err(RegisterError::Name(format!(
            "{name}: its content is not {content_type}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_says() {
        let taken = |name: &str, content: &[u8]| type_of(name, content).is_ok();
        assert!(taken("a.pdf", b"%PDF-1.7"));
        assert!(taken("a.PNG", b"\x89PNG\r\n\x1a\nxx"));
        assert!(taken("a.json", b"{}"));
        assert!(taken("a.txt", "gr\u{fc}n".as_bytes()));
        for (name, content) in [
            ("a.pdf", &b"<html>"[..]),
            ("a.html", b"<html>"),
            ("a.svg", b"<svg/>"),
            ("a", b"x"),
            ("a.json", b"{"),
            ("a.txt", b"\xff"),
            ("a.txt", b"a\0b"),
        ] {
            assert!(!taken(name, content), "{name}");
        }
        assert_eq!(plain_name("../../etc/a.txt").unwrap(), "a.txt");
        assert_eq!(plain_name("c:\\x\\a.txt").unwrap(), "a.txt");
        assert!(plain_name("a\u{202e}txt.pdf").is_err());
        assert!(plain_name("x/").is_err());
    }
}
