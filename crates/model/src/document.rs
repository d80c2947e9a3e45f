//! A text and where it stands: what every source gives to the scanner, whatever it is a source of.

use crate::{
    day::Day,
    place::{Audience, PlaceKind},
};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// A text to search. Its bytes may hold secrets, so they are wiped when it is dropped.
#[derive(Clone)]
pub struct Document {
    /// Where it stands.
    pub place: Place,
    /// The text as it is.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("place", &self.place)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// Where a text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is a part of.
    pub origin: Origin,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// Its path, relative to the source, with `/`; what lies in a container stands after `!`.
    pub path: String,
    /// The line of `path` on which the text begins, from 1; none where lines mean nothing there.
    pub first_line: Option<u32>,
    /// The commit that holds it, in full.
    pub commit: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// When it was written.
    pub date: Option<Day>,
    /// Whether a branch still holds it; none where there is no history.
    pub at_tip: Option<bool>,
    /// Who can read it.
    pub audience: Audience,
    /// How that is known.
    pub audience_why: String,
}

/// What a text is a part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file of a folder.
    File,
    /// Standard input.
    Stream,
    /// A file in an archive.
    Archived,
    /// A file in a layer of a container image.
    Layer,
    /// A step of a CI job.
    Step {
        /// The CI system: `GitHub Actions`.
        system: &'static str,
        /// The job, where it is named.
        job: Option<String>,
        /// The step or group.
        step: Option<String>,
    },
    /// A message in a channel.
    Message {
        /// The service: `Slack`.
        service: &'static str,
        /// The channel, with its sign: `#deploys`.
        channel: String,
        /// How many messages its thread has, itself included; 1 where there is none.
        thread: u32,
    },
    /// A mail.
    Mail {
        /// Its subject.
        subject: Option<String>,
    },
    /// A ticket, an issue or a merge request.
    Ticket {
        /// The service: `Jira`.
        service: &'static str,
        /// Its number or key: `OPS-12`.
        ticket: String,
        /// Which part of it: `description`, `comment 3`.
        part: String,
    },
    /// A page of a documentation space.
    Page {
        /// The service: `Confluence`.
        service: &'static str,
        /// Its title.
        title: String,
    },
    /// A cell of a notebook.
    Cell {
        /// Its number, from 1.
        number: u32,
        /// It is the output of the cell and not its source.
        output: bool,
    },
    /// A turn in the transcript of an agent.
    Turn {
        /// The client: `Claude Code`.
        client: &'static str,
        /// Its number, from 1.
        number: u32,
    },
    /// The message of a commit or a tag.
    CommitMessage,
}

impl Place {
    /// A file of a folder, with everything else unknown.
    #[must_use]
    pub fn of_file(path: impl Into<String>, kind: PlaceKind) -> Self {
        Self {
            origin: Origin::File,
            kind,
            path: path.into(),
            first_line: Some(1),
            commit: None,
            author: None,
            date: None,
            at_tip: None,
            audience: Audience::Unknown,
            audience_why: String::new(),
        }
    }

    /// The place as a reader would say it, with the line of `path`: `Slack #deploys, 3 March 2026, thread of 4`.
    #[must_use]
    pub fn sentence(&self, line: Option<u32>) -> String {
        let mut out = match &self.origin {
            Origin::File | Origin::Archived | Origin::Layer => self.path.clone(),
            Origin::Stream => "standard input".to_owned(),
            Origin::Step { system, job, step } => {
                let mut out = (*system).to_owned();
                for (word, value) in [("job", job), ("step", step)] {
                    if let Some(value) = value {
                        let _ = write!(out, ", {word} {value}");
                    }
                }
                out
            }
            Origin::Message {
                service, channel, ..
            } => format!("{service} {channel}"),
            Origin::Mail { subject } => subject.as_ref().map_or_else(
                || "a mail".to_owned(),
                |subject| format!("the mail “{subject}”"),
            ),
            Origin::Ticket {
                service,
                ticket,
                part,
            } => format!("{service} {ticket}, {part}"),
            Origin::Page { service, title } => format!("{service} page “{title}”"),
            Origin::Cell { number, output } => {
                let part = if *output {
                    "the output of cell"
                } else {
                    "cell"
                };
                format!("{}, {part} {number}", self.path)
            }
            Origin::Turn { client, number } => format!("{client} transcript, turn {number}"),
            Origin::CommitMessage => "a commit message".to_owned(),
        };
        if let Origin::Layer = self.origin {
            out.push_str(" in a container image");
        }
        if let Some(line) = line {
            let _ = write!(out, ", line {line}");
        }
        if let Some(commit) = &self.commit {
            let short: String = commit.chars().take(7).collect();
            let _ = write!(out, ", commit {short}");
        }
        if let Some(author) = &self.author {
            let _ = write!(out, ", by {author}");
        }
        if let Some(date) = self.date {
            let _ = write!(out, ", {}", date.long());
        }
        if let Origin::Message { thread, .. } = self.origin
            && thread > 1
        {
            let _ = write!(out, ", thread of {thread}");
        }
        if self.at_tip == Some(false) {
            out.push_str(", in no branch any more");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_like_a_sentence() {
        let file = Place::of_file("app/.env", PlaceKind::EnvFile);
        assert_eq!(file.sentence(Some(3)), "app/.env, line 3");
        let message = Place {
            origin: Origin::Message {
                service: "Slack",
                channel: "#deploys".to_owned(),
                thread: 4,
            },
            date: "2026-03-03".parse().ok(),
            ..file.clone()
        };
        assert_eq!(
            message.sentence(None),
            "Slack #deploys, 3 March 2026, thread of 4"
        );
        let old = Place {
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            author: Some("Ann".to_owned()),
            date: "2026-03-03".parse().ok(),
            at_tip: Some(false),
            ..file
        };
        assert_eq!(
            old.sentence(Some(3)),
            "app/.env, line 3, commit 0123456, by Ann, 3 March 2026, in no branch any more"
        );
    }

    #[test]
    fn debug_shows_no_byte_of_a_document() {
        let document = Document {
            place: Place::of_file("a", PlaceKind::Config),
            bytes: Zeroizing::new(b"hunter2".to_vec()),
        };
        assert!(!format!("{document:?}").contains("hunter2"));
    }
}
