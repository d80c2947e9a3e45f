//! `tenure serve`: the first start, what it logs, and its end.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

fn serve(folder: &std::path::Path, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tenure"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder)
        .args(more)
        .env_remove("TENURE_DATABASE")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn ask(at: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
#[cfg(unix)]
fn the_first_start_prints_a_link_once_and_it_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = serve(folder.path(), &[]);
    let mut said = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let at = line.trim().strip_prefix("Serving at http://").unwrap();
    let at = at.trim_end_matches('/').to_owned();
    let mut link = String::new();
    while !link.contains("/setup?token=") {
        link.clear();
        assert!(said.read_line(&mut link).unwrap() > 0, "no link");
    }
    let token = link.trim().split("token=").nth(1).unwrap().to_owned();
    let get = |path: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
        ask(&at, &head)
    };
    assert!(get("/readyz").starts_with("HTTP/1.1 200"));
    let page = get(&format!("/setup?token={token}"));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let form = format!("token={token}&email=ann%40example.com");
    let post = format!(
        "POST /setup HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    );
    let entered = ask(&at, &post);
    assert!(entered.starts_with("HTTP/1.1 303"), "{entered}");
    let told = Command::new("kill")
        .args(["-TERM", &server.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    assert!(server.wait().unwrap().success(), "it ends well");
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\"at\":\"/setup\""), "{rest}");
    for secret in [token.as_str(), "tenure_ses_", "ann@"] {
        assert!(!rest.contains(secret), "{secret} in the log: {rest}");
    }
    assert!(
        folder.path().join("log.checkpoint").is_file(),
        "the log is signed"
    );
    // Somebody runs it now: no further link.
    let mut server = serve(folder.path(), &[]);
    let mut said = BufReader::new(server.stderr.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first).unwrap();
    let _ = server.kill();
    let _ = server.wait();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(first.starts_with("Serving at"), "{first}");
    assert!(!rest.contains("tenure_setup_"), "{rest}");
}

#[test]
fn settings_that_cannot_be_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |toml: &str, more: &[&str]| {
        std::fs::write(folder.path().join("tenure.toml"), toml).unwrap();
        let out = serve(folder.path(), more).wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{out:?}");
        String::from_utf8(out.stderr).unwrap()
    };
    assert!(refused("[server]\npublic = 1\n", &[]).contains("public"));
    assert!(refused("", &["--public-url", "http://tenure.example.com"]).contains("https"));
    let login = "[login]\nissuer = \"x\"\nclient_id = \"t\"\nclient_secret_file = \"none\"\n";
    assert!(refused(login, &[]).contains("login."));
}
