//! AWS as moto plays it: a server that was not written from our recipe and checks signatures and rights itself.

use crate::{bench::Bench, bench::TODAY};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Requests that moto takes unsigned, before it checks every one.
const UNSIGNED: usize = 5;

struct Moto {
    child: Child,
    port: u16,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where `scripts/test` puts it, or where TENURE_MOTO says it is.
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TENURE_MOTO") {
        return Some(PathBuf::from(named));
    }
    let made = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/moto/bin/moto_server"
    ));
    made.exists().then_some(made)
}

impl Moto {
    fn start(program: &PathBuf) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", UNSIGNED.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("TENURE_MOTO names a moto_server");
        let moto = Self { child, port };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "moto does not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        moto
    }

    fn iam(&self, action: &str) -> String {
        let body = format!("Version=2010-05-08&Action={action}");
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: iam.amazonaws.com\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{action}: {answer}");
        answer
    }

    fn access_key(&self) -> (String, String) {
        let answer = self.iam("CreateAccessKey&UserName=tenure-test");
        let of = |name: &str| {
            let (_, rest) = answer.split_once(&format!("<{name}>")).unwrap();
            rest.split_once('<').unwrap().0.to_owned()
        };
        (of("AccessKeyId"), of("SecretAccessKey"))
    }
}

#[test]
fn aws_keys_are_asked_about_by_a_signed_request() {
    let Some(program) = program() else {
        // Written past the harness, so that nobody misses it.
        let _ = std::io::stderr().write_all(
            b"\nSKIPPED: AWS against moto. scripts/test installs moto into target/moto; TENURE_MOTO names another moto_server\n",
        );
        return;
    };
    let moto = Moto::start(&program);
    moto.iam("CreateUser&UserName=tenure-test");
    moto.iam("PutUserPolicy&UserName=tenure-test&PolicyName=all&PolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22*%22%2C%22Resource%22%3A%22*%22%7D%5D%7D");
    let (live_id, live) = moto.access_key();
    let (dead_id, dead) = moto.access_key();
    moto.iam(&format!(
        "DeleteAccessKey&UserName=tenure-test&AccessKeyId={dead_id}"
    ));
    let bench = Bench::new();
    let profile = |id: &str, secret: &str| {
        format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
    };
    bench.write("live/credentials", profile(&live_id, &live));
    bench.write("dead/credentials", profile(&dead_id, &dead));
    bench.write(
        "half/credentials",
        format!(
            "aws_secret_access_key = {}\n",
            dead.chars().rev().collect::<String>()
        ),
    );
    let at = format!("aws=http://127.0.0.1:{}", moto.port);
    let json = bench
        .run(&[
            "scan",
            ".",
            "--today",
            TODAY,
            "--validate",
            "--validate-at",
            &at,
            "--validate-allow-address",
            "127.0.0.1",
            "-f",
            "json",
            "--fail-on",
            "none",
        ])
        .json();
    let state = |path: &str| {
        let found = super::of(&json, path);
        (
            found["liveness"].as_str().unwrap().to_owned(),
            found["check"].clone(),
        )
    };
    let (liveness, check) = state("live/credentials");
    assert_eq!(liveness, "live", "{json:#}");
    assert!(
        check["subject"]
            .as_str()
            .unwrap()
            .ends_with("user/tenure-test"),
        "{check:#}"
    );
    let (liveness, check) = state("dead/credentials");
    assert_eq!(
        (liveness.as_str(), &check["status"]),
        ("refused", &403.into()),
        "{check:#}"
    );
    let (liveness, check) = state("half/credentials");
    assert_eq!(liveness, "cannot_check", "{check:#}");
    assert!(
        check["why"].as_str().unwrap().contains("public half"),
        "{check:#}"
    );
    assert!(!json.to_string().contains(&live) && !json.to_string().contains(&dead));
}
