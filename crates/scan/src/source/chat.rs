//! Chat exports: the day files of Slack, and messages of Microsoft Teams as Graph gives them.
//!
//! Slack: a list of messages with `ts` and `text`, in a file per day in a folder per channel
//! (<https://slack.com/help/articles/220556107>, read 2026-11-26). Teams: `value` with messages
//! (<https://learn.microsoft.com/graph/api/resources/chatmessage>, read 2026-11-26).

use super::json::{day, document, read, text};
use serde_json::Value;
use tenure_model::{
    day::Day,
    document::{Document, Origin, Place},
    place::{Audience, PlaceKind},
};

/// The names of the channels in the `channels.json` of an export: those are the public ones.
pub(super) fn public_channels(bytes: &[u8]) -> Vec<String> {
    let list = read(bytes)
        .and_then(|value| value.as_array().cloned())
        .unwrap_or_default();
    list.iter()
        .filter_map(|channel| text(channel, &["name"]))
        .collect()
}

/// The messages of an export; none where it is no export of messages.
pub(super) fn messages(place: &Place, value: &Value, public: &[String]) -> Option<Vec<Document>> {
    slack(place, value, public).or_else(|| teams(place, value))
}

fn slack(place: &Place, value: &Value, public: &[String]) -> Option<Vec<Document>> {
    let list = value.as_array()?;
    let is_message = |one: &Value| text(one, &["ts"]).is_some() && one.get("text").is_some();
    if list.is_empty() || !list.iter().all(is_message) {
        return None;
    }
    let folder = place.path.rsplit(['/', '!']).nth(1).unwrap_or_default();
    let is_public = public.iter().any(|name| name == folder);
    let documents = list.iter().map(|message| {
        let of_thread = |other: &&Value| {
            let thread = text(message, &["thread_ts"]);
            thread.is_some() && text(other, &["thread_ts"]) == thread
        };
        let counted = list.iter().filter(of_thread).count();
        let counted = u32::try_from(counted).unwrap_or(u32::MAX);
        let replies = message.get("reply_count").and_then(Value::as_u64);
        let replies = replies.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        let seconds =
            text(message, &["ts"]).and_then(|ts| ts.split('.').next()?.parse::<i64>().ok());
        let place = Place {
            origin: Origin::Message {
                service: "Slack",
                channel: format!("#{folder}"),
                thread: counted.max(replies.saturating_add(1)),
            },
            kind: PlaceKind::Chat,
            author: text(message, &["user_profile", "real_name"])
                .or_else(|| text(message, &["user"])),
            date: seconds.map(Day::from_unix_seconds),
            ..audience(place, is_public)
        };
        document(place, message)
    });
    Some(documents.collect())
}

fn audience(place: &Place, public: bool) -> Place {
    if !public {
        return place.clone();
    }
    Place {
        audience: Audience::Organisation,
        audience_why: "the export lists the channel as public".to_owned(),
        ..place.clone()
    }
}

fn teams(place: &Place, value: &Value) -> Option<Vec<Document>> {
    let list = value
        .get("value")
        .and_then(Value::as_array)
        .or_else(|| value.as_array())?;
    let is_message = |one: &Value| {
        text(one, &["createdDateTime"]).is_some()
            && one.get("messageType").is_some()
            && one.get("body").is_some()
    };
    if list.is_empty() || !list.iter().all(is_message) {
        return None;
    }
    let documents = list.iter().map(|message| {
        let channel =
            text(message, &["channelIdentity", "channelId"]).map(|id| format!("channel {id}"));
        let chat = text(message, &["chatId"]).map(|id| format!("chat {id}"));
        let replies = message
            .get("replies")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        let place = Place {
            origin: Origin::Message {
                service: "Teams",
                channel: channel.or(chat).unwrap_or_else(|| "a chat".to_owned()),
                thread: u32::try_from(replies).unwrap_or(u32::MAX).saturating_add(1),
            },
            kind: PlaceKind::Chat,
            author: text(message, &["from", "user", "displayName"]),
            date: day(message, &["createdDateTime"]),
            ..place.clone()
        };
        document(place, message)
    });
    Some(documents.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn place() -> Place {
        Place::of_file("export.zip!deploys/2026-03-03.json", PlaceKind::Config)
    }

    #[test]
    fn a_slack_message_has_channel_day_thread_and_audience() {
        // 1772533800 is 2026-03-03T10:30:00Z.
        let day = json!([
            {"type": "message", "user": "U1", "text": "the key is K", "ts": "1772533800.000100", "thread_ts": "1772533800.000100", "reply_count": 3},
            {"type": "message", "user": "U2", "text": "thanks", "ts": "1772533900.000100",
             "files": [{"name": "k.env", "preview": "TOKEN=x"}]},
        ]);
        let found = messages(&place(), &day, &["deploys".to_owned()]).unwrap();
        assert_eq!(
            found[0].place.sentence(None),
            "Slack #deploys, by U1, 3 March 2026, thread of 4"
        );
        assert_eq!(found[0].place.audience, Audience::Organisation);
        assert!(String::from_utf8_lossy(&found[1].bytes).contains("preview: TOKEN=x"));
        let found = messages(&place(), &day, &[]).unwrap();
        assert_eq!(found[0].place.audience, Audience::Unknown);
        assert!(messages(&place(), &json!([{"ts": "1", "text": "x"}, {"a": 1}]), &[]).is_none());
    }

    #[test]
    fn a_teams_message_has_its_author_and_day() {
        let answer = json!({"value": [{"id": "1", "messageType": "message", "createdDateTime": "2026-03-03T10:00:00Z",
            "from": {"user": {"displayName": "Ann"}}, "chatId": "19:x", "body": {"contentType": "html", "content": "<p>K</p>"}}]});
        let found = messages(&place(), &answer, &[]).unwrap();
        assert_eq!(
            found[0].place.sentence(None),
            "Teams chat 19:x, by Ann, 3 March 2026"
        );
    }
}
