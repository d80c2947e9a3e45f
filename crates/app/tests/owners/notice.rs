//! People are told what needs them, once; a pager what has to be contained at once; a dead channel is a finding.

use crate::house::{House, Shop};
use std::{
    fs,
    sync::{Arc, Mutex},
};
use tenure_app::{
    channels::{ChannelSettings, Channels},
    register::{EventFilter, Turn, Worker},
    schedule::Work,
};
use tenure_model::{
    access::{Held, PersonId, Role, Unit},
    event::Change,
};
use tenure_testkit::{
    mail,
    server::{Server, reply},
};

const PEOPLE: &str =
    "id,email,name,active\nu1,ann@x.io,ann,true\nu2,bob@x.io,bob,true\nu3,gone@x.io,gone,false\n";
const KEYS: &str = "provider,name,owner,exposure\nstripe,leaked,ann@x.io,confirmed\nstripe,calm,bob@x.io,none\n\
                    stripe,left,gone@x.io,confirmed\n";

fn settings(house: &House, text: &str) -> Vec<ChannelSettings> {
    #[derive(serde::Deserialize)]
    struct File {
        channel: Vec<ChannelSettings>,
    }
    let mut file: File = toml::from_str(text).unwrap();
    for one in &mut file.channel {
        one.beside(house.folder.path());
    }
    file.channel
}

fn channels(house: &House, text: &str) -> Channels {
    let page = "https://tenure.example/".parse().unwrap();
    Channels::new(&settings(house, text), &page).unwrap()
}

fn mail_to_people(port: u16) -> String {
    format!(
        "[[channel]]\nname = \"mail\"\ngets = \"people\"\nkind = \"email\"\nserver = \"127.0.0.1\"\nport = {port}\n\
         security = \"none\"\nfrom = \"tenure@x.io\"\nnetworks = [\"127.0.0.1\"]\n"
    )
}

/// Every turn that is due, and how each ended.
async fn work_off(house: &House, channels: &Channels) -> Vec<Turn> {
    let shop = Shop::of(house, channels);
    let worker = Worker::new("w1");
    let mut turns = Vec::new();
    loop {
        match worker.turn(&shop).await.unwrap() {
            Turn::Idle => return turns,
            turn => turns.push(turn),
        }
    }
}

fn heard_by(heard: &Arc<Mutex<Vec<String>>>, start: &str) -> Vec<String> {
    let lines = heard.lock().unwrap();
    lines
        .iter()
        .filter(|line| line.starts_with(start))
        .cloned()
        .collect()
}

async fn with_keys(house: &House) {
    house.people(PEOPLE).await;
    house.take("table", "keys.csv", KEYS).await;
}

/// What the log says of channels, the newest first.
async fn acts(house: &House) -> Vec<String> {
    let desk = house.desk();
    let logged = desk.log(&EventFilter::default(), None, 50).await.unwrap();
    let of_channel = logged
        .into_iter()
        .filter_map(|one| match one.event?.change {
            Change::Act { act, kind, .. } if kind == "channel" => Some(act),
            _ => None,
        });
    of_channel.collect()
}

async fn each_person_is_told_once_what_needs_them(mut house: House) {
    with_keys(&house).await;
    let (address, heard) = mail::server("250 good\r\n");
    let channels = channels(&house, &mail_to_people(address.port()));
    let turns = work_off(&house, &channels).await;
    assert!(turns.contains(&Turn::Done(Work::Digest)), "{turns:?}");
    // Who left is told nothing, and whom nothing needs neither.
    let to = heard_by(&heard, "RCPT TO");
    assert_eq!(to, ["RCPT TO:<ann@x.io>"], "{heard:?}");
    let lines = heard.lock().unwrap().join("\n");
    assert!(lines.contains("- leaked: "), "{lines}");
    assert!(
        !lines.contains("calm") && !lines.contains("left"),
        "{lines}"
    );
    assert!(lines.contains("https://tenure.example/"), "{lines}");
    // The same is not told again the next day; what changed is.
    house.days_pass(1);
    work_off(&house, &channels).await;
    assert_eq!(heard_by(&heard, "RCPT TO").len(), 1);
    let more = format!("{KEYS}stripe,second,ann@x.io,confirmed\n");
    house.take("table", "keys.csv", &more).await;
    house.days_pass(1);
    work_off(&house, &channels).await;
    assert_eq!(heard_by(&heard, "RCPT TO").len(), 2);
    assert!(acts(&house).await.is_empty(), "what was told is no event");
}

async fn a_dead_channel_is_a_finding_until_something_arrives(mut house: House) {
    with_keys(&house).await;
    let (address, _) = mail::server("550 no such user\r\n");
    let dead = channels(&house, &mail_to_people(address.port()));
    let turns = work_off(&house, &dead).await;
    assert!(
        turns.contains(&Turn::Done(Work::Digest)),
        "trying again leads nowhere: {turns:?}"
    );
    assert_eq!(acts(&house).await, ["channel.dead"]);
    house.calls("admin", &[(Role::Administrator, "*")]);
    let failing = house.desk().failing_channels(&dead).await.unwrap();
    assert!(
        failing[0].dead && failing[0].why.contains("refuses"),
        "{failing:?}"
    );
    assert!(
        !failing[0].why.contains("no such user"),
        "nothing of what a server said"
    );
    house.calls("viewer", &[(Role::Viewer, "*")]);
    assert!(
        house
            .desk()
            .failing_channels(&dead)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(house.desk().channels(&dead).await.is_err(), "denied");
    house.operator_calls();
    house.days_pass(1);
    work_off(&house, &dead).await;
    assert_eq!(
        acts(&house).await,
        ["channel.dead"],
        "one event for as long as it is dead"
    );
    let (address, heard) = mail::server("250 good\r\n");
    let mended = channels(&house, &mail_to_people(address.port()));
    house.days_pass(1);
    work_off(&house, &mended).await;
    assert_eq!(
        heard_by(&heard, "RCPT TO").len(),
        1,
        "what did not arrive is told now"
    );
    assert_eq!(acts(&house).await, ["channel.mended", "channel.dead"]);
}

async fn an_address_that_is_wrong_is_told_of_its_person_and_not_of_the_channel(mut house: House) {
    house.people(PEOPLE).await;
    let both = KEYS.replace("calm,bob@x.io,none", "second,bob@x.io,confirmed");
    house.take("table", "keys.csv", &both).await;
    let (address, heard) = mail::choosy(|line| {
        if line.contains("ann@x.io") {
            "550 no such user\r\n"
        } else {
            "250 good\r\n"
        }
    });
    let channels = channels(&house, &mail_to_people(address.port()));
    let turns = work_off(&house, &channels).await;
    assert!(turns.contains(&Turn::Done(Work::Digest)), "{turns:?}");
    assert_eq!(heard_by(&heard, "RCPT TO").len(), 2, "{heard:?}");
    assert!(acts(&house).await.is_empty(), "the channel works");
    let log = house.desk().log(&EventFilter::default(), None, 50).await;
    let refused = log
        .unwrap()
        .into_iter()
        .find_map(|one| match one.event?.change {
            Change::Act { act, id, .. } if act == "notice.refused" => Some(id),
            _ => None,
        });
    assert_eq!(refused.as_deref(), Some("u1"));
    house.calls("admin", &[(Role::Administrator, "*")]);
    let failing = house.desk().failing_channels(&channels).await.unwrap();
    assert!(failing.is_empty(), "{failing:?}");
}

async fn who_has_an_account_under_another_name_is_told_once(mut house: House) {
    with_keys(&house).await;
    house.calls("admin", &[(Role::Administrator, "*")]);
    let ann = PersonId::new("ann@x.io").unwrap();
    let viewer = vec![Held::new(Role::Viewer, Unit::whole())];
    house.desk().set_roles(&ann, viewer, None).await.unwrap();
    house.operator_calls();
    let (address, heard) = mail::server("250 good\r\n");
    let channels = channels(&house, &mail_to_people(address.port()));
    work_off(&house, &channels).await;
    assert_eq!(
        heard_by(&heard, "RCPT TO"),
        ["RCPT TO:<ann@x.io>"],
        "{heard:?}"
    );
}

async fn a_channel_that_is_away_is_tried_again(mut house: House) {
    with_keys(&house).await;
    let (address, _) = mail::server("451 later\r\n");
    let away = channels(&house, &mail_to_people(address.port()));
    let turns = work_off(&house, &away).await;
    let failed = turns
        .iter()
        .any(|turn| matches!(turn, Turn::Failed(Work::Digest, Some(_))));
    assert!(failed, "{turns:?}");
    assert_eq!(acts(&house).await, ["channel.failing"]);
    let (address, heard) = mail::server("250 good\r\n");
    let back = channels(&house, &mail_to_people(address.port()));
    house.now = house.now.plus_seconds(3600);
    work_off(&house, &back).await;
    assert_eq!(heard_by(&heard, "RCPT TO").len(), 1);
}

async fn a_pager_is_told_of_each_key_that_has_to_be_contained_once(mut house: House) {
    with_keys(&house).await;
    let hook = Server::start(|_, stream| reply(stream, 200, &[], "{}"));
    fs::write(
        house.folder.path().join("pager"),
        format!("{}/T0/B0/made-up", hook.url()),
    )
    .unwrap();
    let pager = channels(
        &house,
        "[[channel]]\nname = \"pager\"\ngets = \"pager\"\nkind = \"incoming_webhook\"\naddress_file = \"pager\"\n\
         networks = [\"127.0.0.1\"]\n",
    );
    work_off(&house, &pager).await;
    let texts = |hook: &Server| -> Vec<String> {
        let seen = hook.seen().into_iter();
        seen.map(|one| String::from_utf8_lossy(&one.body).into_owned())
            .collect()
    };
    let first = texts(&hook);
    assert_eq!(first.len(), 2, "{first:?}");
    assert!(
        first.iter().all(|text| text.contains("/keys/k")),
        "{first:?}"
    );
    assert!(!first.iter().any(|text| text.contains("calm")), "{first:?}");
    house.days_pass(1);
    work_off(&house, &pager).await;
    assert_eq!(
        texts(&hook).len(),
        2,
        "each once: {:?} {:?}",
        texts(&hook),
        house.listed(&tenure_app::register::Filter::default()).await
    );
    let mut many = KEYS.to_owned();
    for n in 0..30 {
        many.push_str(&format!("stripe,more {n},ann@x.io,confirmed\n"));
    }
    house.take("table", "keys.csv", &many).await;
    house.days_pass(1);
    work_off(&house, &pager).await;
    let all = texts(&hook);
    assert_eq!(all.len(), 3, "many at once are one message");
    assert!(
        all[2].contains("30 keys have to be contained now"),
        "{}",
        all[2]
    );
}

async fn a_try_is_permitted_recorded_and_told(mut house: House) {
    with_keys(&house).await;
    let (address, heard) = mail::server("250 good\r\n");
    let channels = channels(&house, &mail_to_people(address.port()));
    house.calls("u1", &[(Role::Viewer, "*")]);
    house
        .desk()
        .try_channel(&channels, "mail")
        .await
        .unwrap_err();
    assert!(heard.lock().unwrap().is_empty());
    house.calls("u1", &[(Role::Administrator, "*")]);
    house
        .desk()
        .try_channel(&channels, "none")
        .await
        .unwrap_err();
    let tried = house.desk().try_channel(&channels, "mail").await.unwrap();
    assert!(tried.arrived_at.is_some() && tried.why.is_empty());
    assert_eq!(heard_by(&heard, "RCPT TO"), ["RCPT TO:<ann@x.io>"]);
    house.operator_calls();
    assert_eq!(acts(&house).await, ["channel.try"]);
}

async fn settings_that_cannot_be_are_refused_by_name(house: House) {
    let text = |more: &str| format!("[[channel]]\nname = \"c\"\n{more}");
    fs::write(house.folder.path().join("s"), "not-a-secret").unwrap();
    let page = "https://tenure.example/".parse().unwrap();
    for (more, says) in [
        (
            "gets = \"all\"\nkind = \"webhook\"\nto = \"https://x.io/\"\nsecret_file = \"s\"",
            "people, team and pager",
        ),
        (
            "gets = \"team\"\nkind = \"webhook\"\nto = \"https://x.io/\"\nsecret_file = \"s\"",
            "whsec_",
        ),
        (
            "gets = \"team\"\nkind = \"webhook\"\nto = \"https://x.io/\"\nsecret_file = \"none\"",
            "none",
        ),
        (
            "gets = \"people\"\nkind = \"incoming_webhook\"\naddress_file = \"s\"",
            "where others read it",
        ),
        (
            "gets = \"team\"\nkind = \"incoming_webhook\"\naddress_file = \"s\"",
            "holds no address",
        ),
        (
            "gets = \"team\"\nkind = \"email\"\nserver = \"x.io\"\nfrom = \"a@x.io\"",
            "`to` names nobody",
        ),
        (
            "gets = \"people\"\nkind = \"email\"\nserver = \"x.io\"\nfrom = \"a\"",
            "no e-mail address",
        ),
        (
            "gets = \"people\"\nkind = \"email\"\nserver = \"x.io\"\nfrom = \"a@x.io\"\nsecurity = \"none\"\n\
             user = \"u\"\npassword_file = \"s\"",
            "login without TLS",
        ),
        (
            "gets = \"people\"\nkind = \"email\"\nserver = \"x.io\"\nfrom = \"a@x.io\"\nuser = \"u\"",
            "password_file",
        ),
        (
            "gets = \"people\"\nkind = \"email\"\nserver = \"x.io\"\nfrom = \"a@x.io\"\nnetworks = [\"x\"]",
            "no network",
        ),
    ] {
        let bad = Channels::new(&settings(&house, &text(more)), &page)
            .unwrap_err()
            .to_string();
        assert!(
            bad.contains("channel c") && bad.contains(says),
            "{more}: {bad}"
        );
        assert!(!bad.contains("not-a-secret"), "{bad}");
    }
    let twice = format!("{}\n{}", mail_to_people(25), mail_to_people(25));
    let bad = Channels::new(&settings(&house, &twice), &page).unwrap_err();
    assert!(bad.to_string().contains("two channels"), "{bad}");
    let unknown = text(
        "gets = \"team\"\nkind = \"webhook\"\nto = \"https://x.io/\"\nsecret_file = \"s\"\nsecrt = 1",
    );
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code, reason = "read by nobody")]
    struct File {
        channel: Vec<ChannelSettings>,
    }
    let error = toml::from_str::<File>(&unknown).unwrap_err().to_string();
    assert!(error.contains("secrt"), "{error}");
}

crate::on_both!(
    each_person_is_told_once_what_needs_them,
    a_dead_channel_is_a_finding_until_something_arrives,
    an_address_that_is_wrong_is_told_of_its_person_and_not_of_the_channel,
    who_has_an_account_under_another_name_is_told_once,
    a_channel_that_is_away_is_tried_again,
    a_pager_is_told_of_each_key_that_has_to_be_contained_once,
    a_try_is_permitted_recorded_and_told,
    settings_that_cannot_be_are_refused_by_name,
);
