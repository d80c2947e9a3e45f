//! The engine against providers that behave, and that do not.

use super::*;
use http::{HeaderMap, HeaderValue};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// A provider in memory.
struct Fake<F>(F, Mutex<Vec<String>>);

impl<F: Fn(&str, usize) -> Result<(u16, &'static str), HttpError> + Sync> Out for Fake<F> {
    fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        let key = request
            .headers
            .iter()
            .find(|(name, _)| name == "Authorization");
        let key = key
            .map_or("", |(_, value)| {
                value.strip_prefix("Bearer ").unwrap_or(value)
            })
            .to_owned();
        let mut log = self.1.lock().unwrap();
        let (status, body) = (self.0)(&key, log.len())?;
        log.push(key);
        Ok(Answer {
            status,
            headers: HeaderMap::from_iter([(
                "retry-after".parse().unwrap(),
                HeaderValue::from_static("9999"),
            )]),
            body: Zeroizing::new(body.as_bytes().to_vec()),
        })
    }
}

const PROVIDER: &str = "ex";

fn kind(more: &str) -> Credential {
    toml::from_str(&format!(
        r#"
kind = "token"
name = "Token"
stands_on = "static"
[[format]]
part = "secret"
template = "ex_{{base62:20}}"
[recipe.validate]
by = "api"
request = "GET https://api.example.com/me"
auth = "bearer"
read_only = true
live = [200]
refused = [401]
subject = "/login"
{more}
"#
    ))
    .unwrap()
}

fn key(letter: char) -> String {
    format!("ex_{}", letter.to_string().repeat(20))
}

const FAST: Pace = Pace {
    hosts: 4,
    gap: Duration::ZERO,
};

fn run(
    kind: &Credential,
    letters: &str,
    settings: &Settings,
    provider: impl Fn(&str, usize) -> Result<(u16, &'static str), HttpError> + Sync,
) -> (Vec<Checked>, Vec<String>) {
    let asked = letters
        .chars()
        .map(|letter| Asked {
            provider: PROVIDER,
            kind,
            secret: Secret::new(key(letter).as_bytes()),
            key_id: None,
        })
        .collect();
    let fake = Fake(provider, Mutex::new(Vec::new()));
    let outcome = validate(asked, settings, FAST, &fake, &|| {});
    let log = fake.1.into_inner().unwrap();
    (outcome.checked, log)
}

fn states(checked: &[Checked]) -> Vec<Liveness> {
    checked.iter().map(|one| one.liveness).collect()
}

/// Accepts what is in `living`, refuses all else.
fn honest(
    living: &'static str,
) -> impl Fn(&str, usize) -> Result<(u16, &'static str), HttpError> + Sync {
    move |sent, _| {
        let lives = living.chars().any(|letter| key(letter) == sent);
        Ok(if lives {
            (200, r#"{"login":"ann"}"#)
        } else {
            (401, "{}")
        })
    }
}

fn control(letter: char) -> Settings {
    Settings {
        controls: vec![settings::Control {
            provider: PROVIDER.to_owned(),
            kind: "token".to_owned(),
            key_id: None,
            secret: Secret::new(key(letter).as_bytes()),
        }],
        ..Settings::default()
    }
}

use Liveness::{CannotCheck, FailedToCheck, Live, Refused};

#[test]
fn live_and_refused_are_told_apart_where_both_controls_hold() {
    let (checked, log) = run(&kind(""), "abc", &Settings::default(), honest("b"));
    assert_eq!(states(&checked), [Refused, Live, Refused]);
    assert_eq!(checked[1].check.subject.as_deref(), Some("ann"));
    assert_eq!(checked[1].check.host.as_deref(), Some("api.example.com"));
    // A made-up key, three keys, and the living one again after what was refused.
    assert_eq!(log.len(), 5);
    assert!(
        !"abc".chars().any(|letter| key(letter) == log[0]),
        "the first one is made up"
    );
    assert_eq!(log[4], key('b'));
}

#[test]
fn a_refusal_without_a_living_key_is_no_refusal() {
    let (checked, _) = run(&kind(""), "ac", &Settings::default(), honest(""));
    assert_eq!(states(&checked), [CannotCheck, CannotCheck]);
    assert!(
        checked[0].check.why.contains("--validate-control"),
        "{}",
        checked[0].check.why
    );
    let (checked, log) = run(&kind(""), "ac", &control('z'), honest("z"));
    assert_eq!(states(&checked), [Refused, Refused]);
    assert_eq!(log.last(), Some(&key('z')));
    let (checked, _) = run(&kind(""), "ac", &control('y'), honest("z"));
    assert_eq!(
        states(&checked),
        [FailedToCheck, FailedToCheck],
        "the named key is dead"
    );
}

#[test]
fn a_provider_that_answers_everything_alike_tells_nothing() {
    for control in [Settings::default(), control('z')] {
        for (status, body) in [
            (200, r#"{"login":"ann"}"#),
            (200, "<html>sign in to this network</html>"),
            (204, ""),
            (302, ""),
            (401, "{}"),
            (403, ""),
            (404, ""),
            (407, ""),
            (429, ""),
            (500, ""),
            (503, ""),
        ] {
            let (checked, _) = run(&kind(""), "ab", &control, move |_, _| Ok((status, body)));
            for one in &checked {
                assert!(
                    matches!(one.liveness, CannotCheck | FailedToCheck),
                    "{status} {body}: {one:?}"
                );
            }
        }
    }
}

#[test]
fn a_block_that_begins_on_the_way_is_no_refusal() {
    // From the fourth request on, everything is refused: the living key is asked again, and found refused.
    let provider = |sent: &str, at: usize| {
        if at >= 3 {
            Ok((401, "{}"))
        } else {
            honest("abc")(sent, at)
        }
    };
    let (checked, _) = run(&kind(""), "abc", &Settings::default(), provider);
    assert_eq!(states(&checked), [Live, Live, FailedToCheck]);
}

#[test]
fn a_host_that_fails_or_asks_for_less_is_left_alone() {
    let down = |_: &str, _: usize| {
        Err(HttpError::Timeout {
            host: "api.example.com".to_owned(),
        })
    };
    let (checked, _) = run(&kind(""), "abcdef", &Settings::default(), down);
    assert!(states(&checked).iter().all(|state| *state == FailedToCheck));
    let later = |sent: &str, at: usize| {
        if at == 0 {
            honest("")(sent, at)
        } else {
            Ok((503, ""))
        }
    };
    let (checked, log) = run(&kind(""), "abcdef", &Settings::default(), later);
    assert!(states(&checked).iter().all(|state| *state == FailedToCheck));
    assert_eq!(log.len(), 1 + 3, "after three failures nothing is sent");
    let busy = |sent: &str, at: usize| {
        if at == 0 {
            honest("")(sent, at)
        } else {
            Ok((429, ""))
        }
    };
    let (_, log) = run(&kind(""), "abcdef", &Settings::default(), busy);
    assert_eq!(log.len(), 1 + 1, "who asks for fewer requests gets none");
}

#[test]
fn a_recipe_that_is_not_marked_read_only_is_never_called() {
    for mark in ["read_only = false", ""] {
        let text = format!(
            "kind = \"token\"\nname = \"T\"\nstands_on = \"static\"\n[recipe.validate]\nby = \"api\"\nrequest = \"GET https://api.example.com/me\"\nauth = \"bearer\"\nlive = [200]\n{mark}"
        );
        let kind: Credential = toml::from_str(&text).unwrap();
        assert!(!has_request(&kind));
        let (checked, log) = run(&kind, "ab", &control('z'), honest("ab"));
        assert_eq!(states(&checked), [CannotCheck, CannotCheck]);
        assert!(log.is_empty(), "nothing is sent, no control either");
    }
    assert!(has_request(&kind("")));
}

#[test]
fn a_key_that_may_be_of_another_address_is_not_called_refused() {
    let elsewhere = kind("elsewhere = true");
    let (checked, _) = run(&elsewhere, "ab", &Settings::default(), honest("b"));
    assert_eq!(states(&checked), [CannotCheck, Live]);
    let mut named = Settings::default();
    let at = settings::address("https://eu.example.com").unwrap();
    named.at.insert(PROVIDER.to_owned(), at);
    let (checked, _) = run(&elsewhere, "ab", &named, honest("b"));
    assert_eq!(states(&checked), [Refused, Live]);
    assert_eq!(checked[0].check.host.as_deref(), Some("eu.example.com"));
}

#[test]
fn results_stand_in_the_order_of_the_keys_whatever_the_threads_do() {
    let kinds: Vec<Credential> = (0..12)
        .map(|n| {
            let mut kind = kind("");
            let recipe = kind.recipe.validate.as_mut().unwrap();
            recipe.request = Some(format!("GET https://h{n}.example.com/me"));
            kind
        })
        .collect();
    let asked: Vec<Asked<'_>> = (0..120)
        .map(|n| Asked {
            provider: PROVIDER,
            kind: &kinds[n % 12],
            secret: Secret::new(key(char::from(b'a' + u8::try_from(n / 12).unwrap())).as_bytes()),
            key_id: None,
        })
        .collect();
    let fake = Fake(honest("bdf"), Mutex::new(Vec::new()));
    let heard = AtomicU64::new(0);
    let outcome = validate(asked, &Settings::default(), FAST, &fake, &|| {
        heard.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(heard.into_inner(), 120);
    for (n, one) in outcome.checked.iter().enumerate() {
        let lives = [1, 3, 5].contains(&(n / 12));
        assert_eq!(one.liveness, if lives { Live } else { Refused }, "{n}");
        assert_eq!(one.check.host, Some(format!("h{}.example.com", n % 12)));
    }
    let made_up: BTreeSet<String> = fake
        .1
        .into_inner()
        .unwrap()
        .into_iter()
        .filter(|key| !key.chars().skip(4).all(|c| Some(c) == key.chars().nth(3)))
        .collect();
    assert_eq!(made_up.len(), 12, "one control per host, each another");
    assert_eq!(outcome.requests, 12 * (1 + 10 + 1));
}

#[test]
fn a_bare_status_counts_only_while_made_up_keys_are_refused() {
    let bare = kind("rights = \"/x\"");
    let mut bare = bare;
    bare.recipe.validate.as_mut().unwrap().subject = None;
    bare.recipe.validate.as_mut().unwrap().live = vec![200, 403];
    // A firewall that steps in after the first request gives everybody the status that a live key may get.
    let wall = |sent: &str, at: usize| {
        if at == 0 {
            honest("")(sent, at)
        } else {
            Ok((403, ""))
        }
    };
    let (checked, _) = run(&bare, "ab", &Settings::default(), wall);
    assert_eq!(states(&checked), [FailedToCheck, FailedToCheck]);
    let narrow = |sent: &str, at: usize| {
        if sent == key('a') {
            Ok((403, ""))
        } else {
            honest("")(sent, at)
        }
    };
    let (checked, _) = run(&bare, "ab", &Settings::default(), narrow);
    assert_eq!(states(&checked), [Live, Refused]);
}

#[test]
fn an_answer_that_gives_the_key_back_is_not_repeated() {
    let echo = |sent: &str, at: usize| {
        if sent == key('a') {
            Ok((
                200,
                r#"{"login":"key ex_aaaaaaaaaaaaaaaaaaaa of ann","s":["ok","ex_aaaaaaaaaaaaaaaaaaaa"]}"#,
            ))
        } else {
            honest("")(sent, at)
        }
    };
    let (checked, _) = run(&kind("rights = \"/s\""), "a", &Settings::default(), echo);
    assert_eq!(checked[0].liveness, Live);
    assert_eq!(checked[0].check.subject, None);
    assert_eq!(checked[0].check.rights, ["ok"]);
}

#[test]
fn where_the_body_tells_a_live_key_it_also_tells_a_made_up_one() {
    let mut slack = kind("");
    let recipe = slack.recipe.validate.as_mut().unwrap();
    recipe.live_when = [("/ok".to_owned(), vec!["true".to_owned()])].into();
    recipe.refused_when = [("/error".to_owned(), vec!["token_revoked".to_owned()])].into();
    let provider = |sent: &str, _: usize| {
        Ok(match sent {
            _ if sent == key('a') => (200, r#"{"ok":true,"login":"ann"}"#),
            _ if sent == key('b') => (200, r#"{"ok":false,"error":"token_revoked"}"#),
            _ => (200, r#"{"ok":false,"error":"invalid_auth"}"#),
        })
    };
    let (checked, _) = run(&slack, "abc", &Settings::default(), provider);
    assert_eq!(states(&checked), [Live, Refused, FailedToCheck]);
    let portal = |_: &str, _: usize| Ok((200, "<html>sign in</html>"));
    let (checked, _) = run(&slack, "abc", &Settings::default(), portal);
    assert_eq!(states(&checked), [FailedToCheck; 3]);
}
