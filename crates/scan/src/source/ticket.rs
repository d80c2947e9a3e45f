//! Tickets: issues of Jira, GitHub and GitLab as their interfaces give them in JSON.
//!
//! Jira: <https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/>; GitHub:
//! <https://docs.github.com/rest/issues>; GitLab: <https://docs.gitlab.com/api/issues/>; read 2026-11-26.

use super::json::{day, document, text};
use serde_json::Value;
use tenure_model::{
    document::{Document, Origin, Place},
    place::PlaceKind,
};

/// The parts of every ticket of an export; none where it is no export of tickets.
pub(super) fn parts(place: &Place, value: &Value) -> Option<Vec<Document>> {
    let list: Vec<&Value> = match value.get("issues").unwrap_or(value) {
        Value::Array(all) => all.iter().collect(),
        one @ Value::Object(_) => vec![one],
        _ => return None,
    };
    let mut documents = Vec::new();
    for issue in list {
        documents.extend(
            jira(place, issue)
                .or_else(|| github(place, issue))
                .or_else(|| gitlab(place, issue))?,
        );
    }
    (!documents.is_empty()).then_some(documents)
}

fn part(place: &Place, service: &'static str, ticket: &str, part: String) -> Place {
    Place {
        origin: Origin::Ticket {
            service,
            ticket: ticket.to_owned(),
            part,
        },
        kind: PlaceKind::Ticket,
        ..place.clone()
    }
}

/// The ticket without what is told apart, and each of its comments.
fn split(
    issue: &Value,
    own: Place,
    comments: &[Value],
    of_comment: impl Fn(usize, &Value) -> Place,
) -> Vec<Document> {
    let mut all = vec![document(own, issue)];
    for (at, comment) in comments.iter().enumerate() {
        all.push(document(of_comment(at.saturating_add(1), comment), comment));
    }
    all
}

/// The value without one field.
fn without(value: &Value, field: &str) -> Value {
    let mut value = value.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove(field);
    }
    value
}

fn jira(place: &Place, issue: &Value) -> Option<Vec<Document>> {
    let key = text(issue, &["key"])?;
    let fields = issue.get("fields").filter(|fields| fields.is_object())?;
    let comments = fields
        .pointer("/comment/comments")
        .and_then(Value::as_array);
    let own = Place {
        author: text(fields, &["creator", "displayName"]),
        date: day(fields, &["created"]),
        ..part(place, "Jira", &key, "fields".to_owned())
    };
    let documents = split(
        &without(fields, "comment"),
        own,
        comments.map_or(&[], Vec::as_slice),
        |number, comment| Place {
            author: text(comment, &["author", "displayName"]),
            date: day(comment, &["created"]),
            ..part(place, "Jira", &key, format!("comment {number}"))
        },
    );
    Some(documents)
}

fn github(place: &Place, issue: &Value) -> Option<Vec<Document>> {
    let url = text(issue, &["html_url"]).filter(|_| issue.get("body").is_some())?;
    // https://github.com/OWNER/REPO/issues/12, and behind it #issuecomment-3 for a comment.
    let (page, comment) = url
        .split_once('#')
        .map_or((url.as_str(), None), |(page, at)| (page, Some(at)));
    let parts: Vec<&str> = page.rsplit('/').take(4).collect();
    let [number, _, repository, owner] = parts.as_slice() else {
        return None;
    };
    let ticket = format!("{owner}/{repository}#{number}");
    let what = comment.map_or_else(|| "title and text".to_owned(), |at| format!("comment {at}"));
    let told = |value: &Value, what: String| Place {
        author: text(value, &["user", "login"]),
        date: day(value, &["created_at"]),
        ..part(place, "GitHub", &ticket, what)
    };
    let comments = issue.get("comments").and_then(Value::as_array);
    let documents = split(
        &without(issue, "comments"),
        told(issue, what),
        comments.map_or(&[], Vec::as_slice),
        |number, comment| told(comment, format!("comment {number}")),
    );
    Some(documents)
}

fn gitlab(place: &Place, issue: &Value) -> Option<Vec<Document>> {
    let number = issue.get("iid").and_then(Value::as_u64)?;
    text(issue, &["title"])?;
    let ticket = text(issue, &["references", "full"]).unwrap_or_else(|| format!("#{number}"));
    let told = |value: &Value, what: String| Place {
        author: text(value, &["author", "name"]),
        date: day(value, &["created_at"]),
        ..part(place, "GitLab", &ticket, what)
    };
    let notes = issue.get("notes").and_then(Value::as_array);
    let documents = split(
        &without(issue, "notes"),
        told(issue, "title and description".to_owned()),
        notes.map_or(&[], Vec::as_slice),
        |number, note| told(note, format!("comment {number}")),
    );
    Some(documents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sentences(value: &Value) -> Vec<String> {
        parts(&Place::of_file("x.json", PlaceKind::Config), value)
            .unwrap_or_default()
            .iter()
            .map(|document| document.place.sentence(None))
            .collect()
    }

    #[test]
    fn a_ticket_and_its_comments_are_told_apart() {
        let jira = json!({"issues": [{"key": "OPS-12", "fields": {"summary": "s", "created": "2026-03-03T09:00:00.000+0000",
            "creator": {"displayName": "Ann"}, "description": {"type": "doc", "content": [{"type": "text", "text": "K"}]},
            "comment": {"comments": [{"author": {"displayName": "Bob"}, "created": "2026-03-04T09:00:00.000+0000", "body": "x"}]}}}]});
        assert_eq!(
            sentences(&jira),
            [
                "Jira OPS-12, fields, by Ann, 3 March 2026",
                "Jira OPS-12, comment 1, by Bob, 4 March 2026"
            ]
        );
        let github = json!([{"html_url": "https://github.com/o/r/issues/7", "title": "t", "body": "K",
            "user": {"login": "ann"}, "created_at": "2026-03-03T09:00:00Z", "comments": 2}]);
        assert_eq!(
            sentences(&github),
            ["GitHub o/r#7, title and text, by ann, 3 March 2026"]
        );
        let gitlab = json!([{"iid": 3, "title": "t", "description": "K", "author": {"name": "Ann"}, "created_at": "2026-03-03T09:00:00Z",
            "references": {"full": "g/p#3"}, "notes": [{"body": "x", "author": {"name": "Bob"}}]}]);
        assert_eq!(
            sentences(&gitlab),
            [
                "GitLab g/p#3, title and description, by Ann, 3 March 2026",
                "GitLab g/p#3, comment 1, by Bob"
            ]
        );
        assert!(sentences(&json!({"key": "a", "fields": 3})).is_empty());
    }
}
