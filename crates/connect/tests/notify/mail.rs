//! E-mail to a small mail server that writes down what it is told.

use super::{LOOPBACK, notice, now};
use std::net::SocketAddr;
use tenure_connect::{
    http::{HttpError, address::AddressPolicy},
    notify::{
        Notice, NotifyError,
        email::{Mail, Security},
    },
};
use tenure_testkit::mail::server;
use zeroize::Zeroizing;

fn allowed() -> AddressPolicy {
    AddressPolicy::allowing(LOOPBACK.iter().copied()).unwrap()
}

fn plain(address: SocketAddr) -> Mail {
    let from = "Tenure <tenure@corp.example>";
    Mail::new("127.0.0.1", address.port(), Security::Plain, from, None).unwrap()
}

#[test]
fn a_mail_is_taken_with_its_link_and_an_id_of_its_own() {
    let (address, heard) = server("250 good\r\n");
    let mail = plain(address);
    mail.send(&allowed(), "ann@corp.example", &notice())
        .unwrap();
    let heard = heard.lock().unwrap().join("\n");
    assert!(heard.contains("RCPT TO:<ann@corp.example>"), "{heard}");
    assert!(heard.contains("Subject: 2 keys need you"), "{heard}");
    assert!(
        heard.contains("Message-ID: <digest-1@corp.example>"),
        "{heard}"
    );
    assert!(heard.contains("Auto-Submitted: auto-generated"), "{heard}");
    assert!(heard.contains("https://tenure.example/today"), "{heard}");
}

#[test]
fn no_name_and_no_address_writes_to_somebody_else() {
    let (address, heard) = server("250 good\r\n");
    let page = "https://tenure.example/today".parse().unwrap();
    let forged = "x\r\nBcc: eve@evil.example\r\n\r\nbody";
    let lines = [
        "key\r\n.\r\nMAIL FROM:<eve@evil.example>".to_owned(),
        ".".to_owned(),
    ];
    let notice = Notice::new("d-1", now(), forged, &lines, page).unwrap();
    plain(address)
        .send(&allowed(), "ann@corp.example", &notice)
        .unwrap();
    let lines = heard.lock().unwrap().clone();
    assert!(
        !lines.iter().any(|line| line.starts_with("Bcc")),
        "{lines:?}"
    );
    let senders = lines.iter().filter(|line| line.starts_with("MAIL FROM"));
    assert_eq!(senders.count(), 1, "{lines:?}");
    let ends = lines.iter().filter(|line| *line == ".");
    assert_eq!(ends.count(), 1, "a dot alone is doubled: {lines:?}");
    for bad in [
        "ann@corp.example\r\nRCPT TO:<eve@evil.example>",
        "nobody",
        "",
        "a@b, c@d",
    ] {
        let error = plain(address).send(&allowed(), bad, &notice).unwrap_err();
        assert!(matches!(error, NotifyError::Channel(_)), "{bad:?}: {error}");
    }
}

#[test]
fn what_the_server_refuses_for_good_and_for_now_is_told_apart() {
    for (answer, for_good) in [("550 no such user\r\n", true), ("451 later\r\n", false)] {
        let (address, _) = server(answer);
        let error = plain(address)
            .send(&allowed(), "ann@corp.example", &notice())
            .unwrap_err();
        assert_eq!(error.is_for_good(), for_good, "{error}");
        assert!(!error.to_string().contains("such user"), "{error}");
    }
    let (address, _) = server("250 good\r\n");
    // A server that offers no TLS gets nothing from a channel that asks for it.
    let login = Some(("tenure".to_owned(), Zeroizing::new("made-up".to_owned())));
    let mail = Mail::new(
        "localhost",
        address.port(),
        Security::StartTls,
        "tenure@corp.example",
        login.clone(),
    )
    .unwrap();
    let both = AddressPolicy::allowing(["127.0.0.1", "::1"]).unwrap();
    let error = mail.send(&both, "ann@corp.example", &notice()).unwrap_err();
    assert!(matches!(error, NotifyError::Mail { .. }), "{error}");
    assert!(!format!("{mail:?} {error}").contains("made-up"));
    let refused = Mail::new(
        "localhost",
        25,
        Security::Plain,
        "tenure@corp.example",
        login,
    );
    assert!(matches!(refused, Err(NotifyError::Channel(_))));
}

#[test]
fn no_mail_goes_to_an_address_that_nobody_allowed() {
    let (address, heard) = server("250 good\r\n");
    let error = plain(address)
        .send(&AddressPolicy::default(), "ann@corp.example", &notice())
        .unwrap_err();
    assert!(
        matches!(error, NotifyError::Http(HttpError::Address { .. })),
        "{error}"
    );
    assert!(heard.lock().unwrap().is_empty());
}
