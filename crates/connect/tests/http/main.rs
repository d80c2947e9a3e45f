//! The HTTP client against servers that mean harm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use http::Method;
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};
use tenure_connect::http::{Answer, Client, HttpError, Limits, Request, address::AddressPolicy};
use tenure_testkit::server::{Server, reply};
use zeroize::Zeroizing;

const KEY: &str = "made-up-key-0123456789";

fn client(allowed: &[&str]) -> Client {
    let limits = Limits {
        connect: Duration::from_millis(1500),
        whole: Duration::from_millis(1500),
        most_bytes: 10_000,
    };
    Client::new(
        limits,
        AddressPolicy::allowing(allowed.iter().copied()).unwrap(),
    )
}

fn get(url: &str) -> Request {
    Request {
        method: Method::GET,
        url: url.parse().unwrap(),
        headers: vec![(
            "Authorization".to_owned(),
            Zeroizing::new(format!("Bearer {KEY}")),
        )],
        body: None,
    }
}

fn ask(client: &Client, url: &str) -> Result<Answer, HttpError> {
    client.send(&get(url))
}

const LOOPBACK: &[&str] = &["127.0.0.1"];

#[test]
fn a_request_arrives_as_it_was_made_and_the_answer_comes_back_whatever_its_status() {
    let server = Server::start(|seen, out| {
        let status = seen.path.trim_start_matches('/').parse().unwrap_or(200);
        reply(out, status, &[("X-Scopes", "a, b")], "text")
    });
    for status in [200, 401, 403, 404, 500, 503] {
        let answer = ask(&client(LOOPBACK), &format!("{}/{status}", server.url())).unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (status, &b"text"[..])
        );
        assert_eq!(answer.headers.get("x-scopes").unwrap(), "a, b");
    }
    let post = Request {
        method: Method::POST,
        body: Some(Zeroizing::new(b"a=b".to_vec())),
        ..get(&format!("{}/200?q=1", server.url()))
    };
    client(LOOPBACK).send(&post).unwrap();
    let empty = Request {
        method: Method::POST,
        ..get(&server.url())
    };
    client(LOOPBACK).send(&empty).unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("authorization"), format!("Bearer {KEY}"));
    assert!(seen[0].header("user-agent").starts_with("tenure/"));
    assert_eq!(
        seen[0].header("accept-encoding"),
        "",
        "no answer is unpacked"
    );
    assert_eq!(
        (seen[6].path.as_str(), seen[6].body.as_slice()),
        ("/200?q=1", &b"a=b"[..])
    );
    assert_eq!(
        (seen[7].method.as_str(), seen[7].header("content-length")),
        ("POST", "0")
    );
    assert_eq!(
        server.connections(),
        8,
        "every request has a connection of its own"
    );
}

#[test]
fn an_address_that_no_allowance_names_sees_no_connection() {
    let server = Server::start(|_, out| reply(out, 200, &[], ""));
    let port = server.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
    ] {
        for scheme in ["http", "https"] {
            let error = ask(
                &client(&["10.0.0.0/8"]),
                &format!("{scheme}://{host}:{port}/"),
            )
            .unwrap_err();
            assert!(
                matches!(error, HttpError::Address { .. }),
                "{host}: {error}"
            );
        }
    }
    for host in [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "192.168.0.1",
        "[fe80::1]",
        "224.0.0.1",
    ] {
        let error = ask(&client(&[]), &format!("http://{host}/latest/meta-data/")).unwrap_err();
        assert!(
            matches!(error, HttpError::Address { .. }),
            "{host}: {error}"
        );
    }
    assert_eq!(server.connections(), 0);
    assert!(
        ask(&client(LOOPBACK), &server.url()).is_ok(),
        "the server is there"
    );
}

#[test]
fn without_tls_nothing_goes_to_a_public_address() {
    let error = ask(&client(&[]), "http://1.1.1.1/").unwrap_err();
    assert!(matches!(error, HttpError::Plain { .. }), "{error}");
}

#[test]
fn no_redirect_is_followed_neither_here_nor_to_another_host() {
    let other = Server::start(|_, out| reply(out, 200, &[], "gone astray"));
    let target = other.url();
    let first = Server::start(move |seen, out| {
        let to = if seen.path == "/same" {
            "/elsewhere".to_owned()
        } else {
            format!("{target}/")
        };
        let status = seen.header("x-status").parse().unwrap_or(302);
        reply(out, status, &[("Location", &to)], "")
    });
    for path in ["same", "other"] {
        for status in ["301", "302", "303", "307", "308"] {
            let mut request = get(&format!("{}/{path}", first.url()));
            request
                .headers
                .push(("X-Status".to_owned(), Zeroizing::new(status.to_owned())));
            assert_eq!(
                client(LOOPBACK).send(&request).unwrap().status.to_string(),
                status
            );
        }
    }
    assert_eq!(other.connections(), 0);
    assert_eq!(first.seen().len(), 10);
}

#[test]
fn what_is_too_long_or_too_slow_ends_in_bounded_time_and_space() {
    type Writes = fn(&mut dyn std::io::Write) -> std::io::Result<()>;
    type Fits = fn(&HttpError) -> bool;
    let cases: [(&str, Writes, Fits); 7] = [
        (
            "an endless body",
            |out| {
                out.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
                loop {
                    out.write_all(&[b'x'; 4096])?;
                }
            },
            |error| matches!(error, HttpError::TooLarge { .. }),
        ),
        (
            "a body that says that it is long",
            |out| {
                out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")?;
                loop {
                    out.write_all(&[b'x'; 4096])?;
                }
            },
            |error| matches!(error, HttpError::TooLarge { .. }),
        ),
        (
            "endless headers",
            |out| {
                out.write_all(b"HTTP/1.1 200 OK\r\n")?;
                loop {
                    out.write_all(
                        b"X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
                    )?;
                }
            },
            |error| matches!(error, HttpError::TooLarge { .. } | HttpError::Broken { .. }),
        ),
        (
            "a byte now and then",
            |out| {
                out.write_all(b"HTTP/1.1 200 OK\r\nX: ")?;
                loop {
                    out.write_all(b"y")?;
                    out.flush()?;
                    std::thread::sleep(Duration::from_millis(50));
                }
            },
            |error| matches!(error, HttpError::Timeout { .. }),
        ),
        (
            "a body that drips",
            |out| {
                out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")?;
                loop {
                    out.write_all(b"y")?;
                    out.flush()?;
                    std::thread::sleep(Duration::from_millis(50));
                }
            },
            |error| matches!(error, HttpError::Timeout { .. }),
        ),
        (
            "no HTTP at all",
            |out| out.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"),
            |error| matches!(error, HttpError::Broken { .. } | HttpError::Connect { .. }),
        ),
        (
            "an end before the end",
            |out| out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
            |error| matches!(error, HttpError::Broken { .. } | HttpError::Connect { .. }),
        ),
    ];
    for (what, writes, fits) in cases {
        let server = Server::start(move |_, out| writes(out));
        let started = Instant::now();
        let error = ask(&client(LOOPBACK), &server.url()).unwrap_err();
        assert!(fits(&error), "{what}: {error}");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{what}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_ends_the_connection_before_the_key_is_sent() {
    let server = Server::start_tls(&["127.0.0.1"], |_, out| reply(out, 200, &[], ""));
    let error = ask(
        &client(LOOPBACK),
        &format!("https://127.0.0.1:{}/", server.port()),
    )
    .unwrap_err();
    assert!(matches!(error, HttpError::Tls { .. }), "{error}");
    assert!(server.seen().is_empty());
    // A server that speaks no TLS is asked with none.
    let plain = Server::start(|_, out| reply(out, 200, &[], ""));
    assert!(
        ask(
            &client(LOOPBACK),
            &format!("https://127.0.0.1:{}/", plain.port())
        )
        .is_err()
    );
    assert!(plain.seen().iter().all(|seen| seen.headers.is_empty()));
}

#[test]
fn no_error_shows_what_was_sent() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let broken = Server::start(|_, out| out.write_all(b"HTTP/1.1 banana\r\n\r\n"));
    let broken_port = broken.port();
    let secret = "s3cr3t-in-the-address";
    for url in [
        format!("http://127.0.0.1:{closed}/{secret}?k={secret}"),
        format!("http://127.0.0.1:{broken_port}/{secret}?k={secret}"),
        format!("https://127.0.0.1:{broken_port}/{secret}?k={secret}"),
        format!("http://no-such-name.invalid/{secret}?k={secret}"),
        format!("http://10.0.0.1/{secret}?k={secret}"),
        format!("http://user:{secret}@127.0.0.1:{broken_port}/"),
        format!("ftp://127.0.0.1/{secret}"),
    ] {
        let request = get(&url);
        let error = client(LOOPBACK).send(&request).unwrap_err();
        for text in [
            error.to_string(),
            format!("{error:?}"),
            format!("{request:?}"),
        ] {
            assert!(!text.contains(secret) && !text.contains(KEY), "{text}");
        }
    }
    let mut split = get("http://127.0.0.1:1/");
    split
        .headers
        .push(("X".to_owned(), Zeroizing::new(format!("{KEY}\r\nY: z"))));
    let error = client(LOOPBACK).send(&split).unwrap_err();
    assert!(matches!(error, HttpError::Request(_)) && !error.to_string().contains(KEY));
}
