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
fn the_first_start_leaves_a_link_once_and_it_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = serve(folder.path(), &[]);
    let mut said = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let at = line.trim().strip_prefix("Serving at http://").unwrap();
    let at = at.trim_end_matches('/').to_owned();
    let mut told = String::new();
    while !told.contains("setup-link") {
        told.clear();
        assert!(
            said.read_line(&mut told).unwrap() > 0,
            "no word of the link"
        );
    }
    // Nobody sits at a terminal: what is said goes into a journal, and the link does not.
    let kept = folder.path().join("setup-link");
    assert_eq!(told.trim(), kept.to_str().unwrap());
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&kept).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let link = std::fs::read_to_string(&kept).unwrap();
    let token = link.trim().split("token=").nth(1).unwrap().to_owned();
    let get = |path: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
        ask(&at, &head)
    };
    assert!(get("/readyz").starts_with("HTTP/1.1 200"));
    let healthy = |at: &str| {
        let mut asked = Command::new(env!("CARGO_BIN_EXE_tenure"));
        asked.args(["healthy", at]).output().unwrap().status.code()
    };
    assert_eq!(healthy(&format!("http://{at}")), Some(0));
    assert_eq!(healthy("http://127.0.0.1:1"), Some(1), "nobody listens");
    assert_eq!(
        healthy("http://192.0.2.1"),
        Some(1),
        "elsewhere nobody is asked"
    );
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
    assert!(!kept.exists(), "it was used");
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
    assert!(!kept.exists());
}

/// Starts a server, gives where it is and the rest of what it says first, and lets the caller ask.
fn started(folder: &std::path::Path, more: &[&str], ask: impl FnOnce(&str, &mut Child)) -> String {
    let mut server = serve(folder, more);
    let mut said = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let at = line.trim().strip_prefix("Serving at http://").unwrap();
    ask(at.trim_end_matches('/'), &mut server);
    let _ = server.kill();
    let _ = server.wait();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    rest
}

#[test]
#[cfg(unix)]
fn a_link_that_lapsed_or_was_replaced_leaves_no_file_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("setup-link");
    started(folder.path(), &[], |_, _| {});
    let first = std::fs::read_to_string(&kept).unwrap();
    started(folder.path(), &[], |at, _| {
        let second = std::fs::read_to_string(&kept).unwrap();
        assert_ne!(first, second);
        let path = first.trim().split_once("/setup").unwrap().1;
        let head = format!("GET /setup{path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
        assert!(
            !ask(at, &head).starts_with("HTTP/1.1 200"),
            "the first works no more"
        );
    });
    // A worker makes none, and takes away none that works.
    let second = std::fs::read_to_string(&kept).unwrap();
    let said = started(folder.path(), &["--role", "worker"], |at, _| {
        let head = format!("GET /readyz HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
        assert!(ask(at, &head).starts_with("HTTP/1.1 200"));
        let head = format!("GET /login HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
        assert!(ask(at, &head).starts_with("HTTP/1.1 404"));
    });
    assert!(!said.contains("setup-link"), "{said}");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), second);
    // Its day is over: whoever tidies next removes it.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(86_401);
    std::fs::File::options()
        .write(true)
        .open(&kept)
        .unwrap()
        .set_modified(old)
        .unwrap();
    started(folder.path(), &["--role", "worker"], |_, _| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while kept.exists() {
            assert!(std::time::Instant::now() < deadline, "it is still there");
            std::thread::yield_now();
        }
    });
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
    assert!(refused("[server]\ntrusted_proxies = [\"all\"]\n", &[]).contains("trusted_proxies"));
    assert!(refused("[server]\nproxies_say = \"x-real-ip\"\n", &[]).contains("proxies_say"));
    assert!(refused("", &["--public-url", "http://tenure.example.com"]).contains("https"));
    let login = "[login]\nissuer = \"x\"\nclient_id = \"t\"\nclient_secret_file = \"none\"\n";
    assert!(refused(login, &[]).contains("login."));
}
