//! `tenure backup` and `tenure restore`: as they are typed, and killed in the middle.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

fn tenure(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tenure"))
        .args(args)
        .arg("--data-dir")
        .arg(folder)
        .env_remove("TENURE_DATABASE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

fn done(out: &Output) -> String {
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout.clone()).unwrap()
}

fn refused(out: &Output) -> String {
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    String::from_utf8(out.stderr.clone()).unwrap()
}

/// A register with so many keys, made by an import.
fn register(folder: &Path, keys: u32) -> std::path::PathBuf {
    let state = folder.join("state");
    let list = folder.join("tokens.json");
    let token = |n: u32| {
        // Names that pack badly, so that many keys make a long file.
        let noise = n.wrapping_mul(2_654_435_761);
        format!(
            r#"{{"token_id": "tok-{n}", "comment": "job {noise:08x}", "creation_time": 1700000000000,
                "expiry_time": -1, "created_by_username": "ann{noise:x}@example.com"}}"#
        )
    };
    let tokens: Vec<String> = (1..=keys).map(token).collect();
    std::fs::write(
        &list,
        format!("{{\"token_infos\": [{}]}}", tokens.join(",")),
    )
    .unwrap();
    let list = list.to_str().unwrap();
    done(&tenure(&state, &["import", "databricks-tokens", list]));
    state
}

#[test]
fn a_backup_is_made_checked_and_restored_and_wrong_ways_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let state = register(folder.path(), 1);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (phrase, other, short) = (path("phrase"), path("other"), path("short"));
    std::fs::write(&phrase, "six words that nobody guesses\n").unwrap();
    std::fs::write(&other, "six words that somebody guesses\n").unwrap();
    std::fs::write(&short, "short\n").unwrap();
    let file = path("register.age");
    let made = done(&tenure(
        &state,
        &["backup", "-o", &file, "--passphrase-file", &phrase],
    ));
    assert!(
        made.contains("from sqlite, schema version") && made.contains("  keys  "),
        "{made}"
    );
    #[cfg(unix)]
    {
        let about = std::fs::metadata(&file).unwrap().permissions();
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&about) & 0o777,
            0o600
        );
    }
    assert!(
        std::fs::read(&file)
            .unwrap()
            .starts_with(b"age-encryption.org/v1\n")
    );
    let checked = done(&tenure(
        &state,
        &["backup", "--check", &file, "--passphrase-file", &phrase],
    ));
    assert!(checked.contains("This backup is whole"), "{checked}");

    let target = folder.path().join("target");
    let nothing = |says: &str, args: &[&str]| {
        let said = refused(&tenure(&target, args));
        assert!(said.contains(says), "{said}");
        assert!(!target.exists(), "{args:?}");
    };
    nothing(
        "has another passphrase",
        &["restore", &file, "--passphrase-file", &other],
    );
    nothing("no terminal", &["restore", &file]);
    nothing(
        "is no file of age",
        &["restore", &phrase, "--passphrase-file", &phrase],
    );
    nothing(
        "there is no register",
        &["backup", "-o", &path("x"), "--passphrase-file", &phrase],
    );
    let said = refused(&tenure(
        &state,
        &["backup", "-o", &path("x"), "--passphrase-file", &short],
    ));
    assert!(said.contains("fewer than 12"), "{said}");
    let said = refused(&tenure(
        &state,
        &["backup", "-o", &path("x"), "--recipient", "age1nobody"],
    ));
    assert!(said.contains("number 1 is no recipient"), "{said}");
    assert!(!Path::new(&path("x")).exists());

    let restored = done(&tenure(
        &target,
        &["restore", &file, "--passphrase-file", &phrase],
    ));
    assert!(restored.contains("The log is whole"), "{restored}");
    assert!(done(&tenure(&target, &["verify"])).contains("The log is whole"));
    assert!(done(&tenure(&target, &["key", "list"])).contains("job"));
    let said = refused(&tenure(
        &target,
        &["restore", &file, "--passphrase-file", &phrase],
    ));
    assert!(said.contains("is there already"), "{said}");
}

#[test]
#[cfg(unix)]
fn a_restore_that_is_killed_leaves_no_register_and_the_next_one_works() {
    use age::secrecy::ExposeSecret as _;
    let folder = tempfile::tempdir().unwrap();
    let state = register(folder.path(), 600);
    let identity = age::x25519::Identity::generate();
    let keys = folder.path().join("identity");
    std::fs::write(&keys, identity.to_string().expose_secret()).unwrap();
    let keys = keys.to_str().unwrap();
    let file = folder.path().join("register.age");
    let public = identity.to_public().to_string();
    done(&tenure(
        &state,
        &[
            "backup",
            "-o",
            file.to_str().unwrap(),
            "--recipient",
            &public,
        ],
    ));

    let target = folder.path().join("target");
    let pipe = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut restoring = Command::new(env!("CARGO_BIN_EXE_tenure"))
        .args([
            "restore",
            pipe.to_str().unwrap(),
            "--identity",
            keys,
            "--data-dir",
        ])
        .arg(&target)
        .env_remove("TENURE_DATABASE")
        .spawn()
        .unwrap();
    let bytes = std::fs::read(&file).unwrap();
    assert!(
        bytes.len() > 3 * 64 * 1024,
        "so long that rows come before the last piece"
    );
    let mut writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    writer.write_all(&bytes[..bytes.len() - 1]).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    // The database is being filled: it waits for the last piece.
    while !target.join("tenure.db.restoring").exists() {
        assert!(Instant::now() < deadline, "it does not begin");
        assert!(restoring.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    restoring.kill().unwrap();
    restoring.wait().unwrap();
    drop(writer);
    for absent in ["tenure.db", "pepper", "log.key", "log.checkpoint"] {
        assert!(!target.join(absent).exists(), "{absent}");
    }
    let said = refused(&tenure(&target, &["verify"]));
    assert!(said.contains("there is no register"), "{said}");
    let args = ["restore", file.to_str().unwrap(), "--identity", keys];
    let restored = done(&tenure(&target, &args));
    assert!(restored.contains("The log is whole"), "{restored}");
    let left: Vec<_> = std::fs::read_dir(&target)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_str().unwrap().contains("restoring")),
        "{left:?}"
    );
}

#[test]
fn the_log_goes_out_in_the_words_of_ocsf() {
    let folder = tempfile::tempdir().unwrap();
    let state = register(folder.path(), 1);
    let lines = done(&tenure(&state, &["audit", "export", "--format", "ocsf"]));
    let events: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events.len() >= 4, "{lines}");
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["metadata"]["sequence"], at);
        assert_eq!(event["category_uid"], 3);
    }
    let last = events.last().unwrap();
    assert_eq!(
        last["metadata"]["event_code"], "audit.export",
        "that it was taken is in it"
    );
    assert_eq!(last["activity_name"], "Read");
}
