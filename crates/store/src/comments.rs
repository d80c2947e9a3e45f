//! Comments on keys and exceptions, and files that are kept as evidence beside them.

use crate::{
    db::{Result, Store, StoreError, new_id},
    dialect::{Row, args},
    txn::Txn,
};
use serde_json::json as value;
use tenure_model::{
    digest,
    event::Change,
    id::{ExceptionId, KeyId},
    moment::Moment,
};

/// What a comment or a file is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A key.
    Key(KeyId),
    /// An exception.
    Exception(ExceptionId),
}

impl About {
    /// Its kind as a word, and its id.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Key(id) => ("key", id.as_str()),
            Self::Exception(id) => ("exception", id.as_str()),
        }
    }

    fn of(kind: &str, id: String) -> Result<Self> {
        match kind {
            "key" => Ok(Self::Key(KeyId::new(id))),
            "exception" => Ok(Self::Exception(ExceptionId::new(id))),
            other => Err(StoreError::Broken(format!("a comment on a `{other}`"))),
        }
    }
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Comment {
    /// Its id.
    pub id: String,
    /// Who.
    pub said_by: String,
    /// When.
    pub said_at: Moment,
    /// Their words.
    pub text: String,
}

/// A file that is kept as evidence; its content is read apart.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its content type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its content, in lower-case hex.
    pub sha256: String,
    /// Who attached it.
    pub added_by: String,
    /// When.
    pub added_at: Moment,
}

const ATTACHMENT: &str = "id, name, content_type, size, sha256, added_by, added_at";

fn attachment(row: &Row) -> Result<Attachment> {
    Ok(Attachment {
        id: row.text(0)?,
        name: row.text(1)?,
        content_type: row.text(2)?,
        size: row.int(3)?.unsigned_abs(),
        sha256: row.text(4)?,
        added_by: row.text(5)?,
        added_at: Moment::from_micros(row.int(6)?),
    })
}

impl Store {
    /// The comments on something, oldest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn comments(&self, about: &About) -> Result<Vec<Comment>> {
        let (kind, id) = about.parts();
        let sql = "SELECT id, said_by, said_at, body FROM comments WHERE kind = $1 AND about = $2 \
                   ORDER BY said_at, id";
        let rows = self.pool.rows(sql, args![kind, id]).await?;
        rows.iter()
            .map(|row| {
                Ok(Comment {
                    id: row.text(0)?,
                    said_by: row.text(1)?,
                    said_at: Moment::from_micros(row.int(2)?),
                    text: row.text(3)?,
                })
            })
            .collect()
    }

    /// The files that are kept beside something, oldest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn attachments(&self, about: &About) -> Result<Vec<Attachment>> {
        let (kind, id) = about.parts();
        let sql = format!(
            "SELECT {ATTACHMENT} FROM attachments WHERE kind = $1 AND about = $2 ORDER BY added_at, id"
        );
        let rows = self.pool.rows(&sql, args![kind, id]).await?;
        rows.iter().map(attachment).collect()
    }

    /// What a file is about.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn attached_to(&self, id: &str) -> Result<About> {
        let sql = "SELECT kind, about FROM attachments WHERE id = $1";
        let rows = self.pool.rows(sql, args![id]).await?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::Unknown(format!("attachment {id}")))?;
        About::of(&row.text(0)?, row.text(1)?)
    }

    /// One file with its content, which has to be what was hashed when it was attached.
    ///
    /// # Errors
    /// There is none of this id, or its content was altered since.
    pub async fn attachment(&self, id: &str) -> Result<(Attachment, Vec<u8>)> {
        let sql = format!("SELECT {ATTACHMENT}, content FROM attachments WHERE id = $1");
        let rows = self.pool.rows(&sql, args![id]).await?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::Unknown(format!("attachment {id}")))?;
        let (file, content) = (attachment(row)?, row.bytes(7)?);
        if digest::of_bytes(&content) != file.sha256 {
            return Err(StoreError::Broken(format!("an altered attachment {id}")));
        }
        Ok((file, content))
    }
}

impl Txn {
    /// Adds a comment. Its text is not in the log, its digest is.
    ///
    /// # Errors
    /// The tables do not allow it.
    pub async fn add_comment(&mut self, about: &About, text: &str) -> Result<Comment> {
        let (kind, at) = (about.parts(), self.at());
        let comment = Comment {
            id: new_id('m')?,
            said_by: self.who().label(),
            said_at: at,
            text: text.to_owned(),
        };
        self.run(
            "INSERT INTO comments (id, kind, about, said_by, said_at, body) VALUES ($1, $2, $3, $4, $5, $6)",
            args![
                comment.id.as_str(),
                kind.0,
                kind.1,
                comment.said_by.as_str(),
                at.micros(),
                text,
            ],
        )
        .await?;
        self.note(Change::Act {
            act: "commented".to_owned(),
            kind: kind.0.to_owned(),
            id: kind.1.to_owned(),
            detail: value!({"comment": comment.id, "sha256": digest::of_bytes(text.as_bytes())}),
        });
        Ok(comment)
    }

    /// Keeps a file as evidence. Its content is not in the log, its digest is.
    ///
    /// # Errors
    /// The tables do not allow it.
    pub async fn add_attachment(
        &mut self,
        about: &About,
        name: &str,
        content_type: &str,
        content: &[u8],
    ) -> Result<Attachment> {
        let (kind, at) = (about.parts(), self.at());
        let file = Attachment {
            id: new_id('f')?,
            name: name.to_owned(),
            content_type: content_type.to_owned(),
            size: u64::try_from(content.len()).unwrap_or(u64::MAX),
            sha256: digest::of_bytes(content),
            added_by: self.who().label(),
            added_at: at,
        };
        self.run(
            "INSERT INTO attachments (id, kind, about, name, content_type, size, sha256, added_by, added_at, content) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            args![
                file.id.as_str(),
                kind.0,
                kind.1,
                name,
                content_type,
                file.size,
                file.sha256.as_str(),
                file.added_by.as_str(),
                at.micros(),
                content.to_vec(),
            ],
        )
        .await?;
        self.note(Change::Act {
            act: "attached".to_owned(),
            kind: kind.0.to_owned(),
            id: kind.1.to_owned(),
            detail: value!({"attachment": file.id, "name": name, "size": file.size, "sha256": file.sha256}),
        });
        Ok(file)
    }
}
