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
    /// A part of a document: of an Office file, of a PDF.
    Part {
        /// The document.
        file: String,
        /// Which part: `slide 3`, `page 12`, `comments`.
        part: String,
    },
    /// A sheet of a workbook; its lines are rows.
    Sheet {
        /// The workbook.
        file: String,
        /// The name of the sheet.
        sheet: String,
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
    /// The message of a commit.
    CommitMessage,
    /// The message of an annotated tag.
    TagMessage {
        /// The name of the tag.
        tag: String,
    },
    /// A file as a commit brought it.
    Version {
        /// The last commit that took it out again.
        removed: Option<String>,
        /// The names under which it stands now, as people say them: `main`, `tag v1`.
        tips: Vec<String>,
    },
    /// A file as it would be committed.
    Staged,
    /// An object of a repository that no name reaches.
    Unreachable,
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
            // A member of a container that came by a pipe.
            Origin::Archived | Origin::Layer if self.path.starts_with("-!") => {
                format!("standard input{}", self.path.trim_start_matches('-'))
            }
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
            Origin::Part { file, part } => format!("{file}, {part}"),
            Origin::Sheet { file, sheet } => format!("{file}, sheet “{sheet}”"),
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
            Origin::TagMessage { tag } => format!("the message of tag {tag}"),
            Origin::Version { removed, tips } => return self.version(removed.as_deref(), tips),
            Origin::Staged => format!("{}, staged", self.path),
            Origin::Unreachable => return format!("{}, which no name reaches", self.path),
        };
        if let Origin::Layer = self.origin {
            out.push_str(" in a container image");
        }
        if let Some(line) = line {
            let word = if let Origin::Sheet { .. } = self.origin {
                "row"
            } else {
                "line"
            };
            let _ = write!(out, ", {word} {line}");
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

    /// A version of a file: `app/.env at 3f2a91c by Ann, 3 March 2026; removed in 91ab2c0; still on main`.
    fn version(&self, removed: Option<&str>, tips: &[String]) -> String {
        const MOST: usize = 2;
        let short = |id: &str| id.chars().take(7).collect::<String>();
        let mut out = self.path.clone();
        if let Some(commit) = &self.commit {
            let _ = write!(out, " at {}", short(commit));
        }
        if let Some(author) = &self.author {
            let _ = write!(out, " by {}", name_of(author));
        }
        if let Some(date) = self.date {
            let _ = write!(out, ", {}", date.long());
        }
        if let Some(commit) = removed {
            let _ = write!(out, "; removed in {}", short(commit));
        }
        let named: Vec<&str> = tips.iter().take(MOST).map(String::as_str).collect();
        match tips.len().saturating_sub(MOST) {
            // What a push brings in is on no branch yet.
            _ if named.is_empty() && removed.is_none() => out.push_str("; on no branch"),
            _ if named.is_empty() => out.push_str("; on no branch any more"),
            0 => {
                let _ = write!(out, "; still on {}", named.join(" and "));
            }
            more => {
                let _ = write!(out, "; still on {} and {more} more", named.join(", "));
            }
        }
        out
    }
}

/// The name of somebody, without the address.
#[must_use]
pub fn name_of(author: &str) -> &str {
    match author.split_once(" <") {
        Some((name, _)) if !name.is_empty() => name,
        _ => author,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_who_brought_it_and_where_it_stands() {
        let of = |removed: Option<&str>, tips: &[&str]| {
            let place = Place {
                origin: Origin::Version {
                    removed: removed.map(str::to_owned),
                    tips: tips.iter().map(|tip| (*tip).to_owned()).collect(),
                },
                commit: Some("3f2a91c0123456789abcdef0123456789abcdef0".to_owned()),
                author: Some("Ann <ann@example.com>".to_owned()),
                date: "2026-03-03".parse().ok(),
                ..Place::of_file("packages/api/.env", PlaceKind::Commit)
            };
            place.sentence(Some(3))
        };
        let start = "packages/api/.env at 3f2a91c by Ann, 3 March 2026";
        assert_eq!(
            of(Some("91ab2c0ffff"), &["main"]),
            format!("{start}; removed in 91ab2c0; still on main")
        );
        assert_eq!(
            of(Some("91ab2c0ffff"), &[]),
            format!("{start}; removed in 91ab2c0; on no branch any more")
        );
        assert_eq!(of(None, &[]), format!("{start}; on no branch"));
        assert_eq!(
            of(None, &["dev", "main", "tag v1"]),
            format!("{start}; still on dev, main and 1 more")
        );
    }

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
        let sheet = Place {
            origin: Origin::Sheet {
                file: "keys.xlsx".to_owned(),
                sheet: "Keys".to_owned(),
            },
            ..file.clone()
        };
        assert_eq!(sheet.sentence(Some(7)), "keys.xlsx, sheet “Keys”, row 7");
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
