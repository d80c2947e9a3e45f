//! Backups: what comes back is what was there, on either database; what is broken restores nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
};
use tenure_app::{
    catalog,
    register::{
        Checked, Clock, Manifest, Opener, Place, Register, RegisterError, Restored, Rules, Sealed,
        Store, check_backup, is_there, restore,
    },
    state::State,
};
use tenure_model::{access::Actor, moment::Moment, policy::Policy};
use tenure_testkit::database::{Database, Engine};

const NOW: Moment = Moment::from_micros(1_795_721_000_000_000);

/// Keys of age that nobody else has: made for this run.
struct Pair {
    sealed: Sealed,
    opener: Opener,
}

impl Pair {
    fn new() -> Self {
        use age::secrecy::ExposeSecret as _;
        let identity = age::x25519::Identity::generate();
        Self {
            sealed: Sealed::recipients([identity.to_public().to_string().as_str()]).unwrap(),
            opener: Opener::identities(identity.to_string().expose_secret()).unwrap(),
        }
    }
}

fn operator() -> Actor {
    Actor::Operator("root".to_owned())
}

/// The example company, of which every table has something, as a backup.
async fn example(pair: &Pair) -> (tempfile::TempDir, Register, Vec<u8>, Manifest) {
    let folder = tempfile::tempdir().unwrap();
    let providers = catalog::load(None).unwrap();
    let register = Register::of_demo(folder.path(), providers, Policy::builtin())
        .await
        .unwrap();
    fs::write(register.state().folder().join("tenure.toml"), "[server]\n").unwrap();
    let (bytes, manifest) = backup(&register, &pair.sealed).await;
    (folder, register, bytes, manifest)
}

async fn backup(register: &Register, sealed: &Sealed) -> (Vec<u8>, Manifest) {
    let mut bytes = Vec::new();
    let caller = operator();
    let desk = register.desk(&caller);
    let manifest = desk
        .backup(register.state(), sealed, &mut bytes)
        .await
        .unwrap();
    (bytes, manifest)
}

async fn restored(
    bytes: &[u8],
    opener: &Opener,
    place: &Place,
    state: &State,
) -> Result<Restored, RegisterError> {
    restore(
        place,
        state,
        &Rules::builtin(),
        &operator(),
        bytes,
        opener,
        NOW,
    )
    .await
}

/// Every row of every table, as text; of the log the events alone, since a restore adds one.
async fn rows(store: &Store) -> (BTreeSet<String>, Vec<String>) {
    let mut bytes = Vec::new();
    store
        .snapshot()
        .await
        .unwrap()
        .write(&mut bytes)
        .await
        .unwrap();
    let (mut all, mut events, mut table) = (BTreeSet::new(), Vec::new(), String::new());
    for line in String::from_utf8(bytes).unwrap().lines() {
        if let Some(name) = line.strip_prefix("{\"table\":") {
            table = name.to_owned();
        } else if table.starts_with("\"events\"") {
            events.push(line.to_owned());
        } else if !table.starts_with("\"log_") && line.starts_with('[') {
            all.insert(format!("{table} {line}"));
        }
    }
    (all, events)
}

async fn is_the_same(before: &Store, place: &Place, made: &Restored) {
    let store = Store::open(place, NOW).await.unwrap();
    let ((rows_before, events_before), (rows_now, events_now)) =
        (rows(before).await, rows(&store).await);
    assert_eq!(rows_before, rows_now);
    assert_eq!(events_before, events_now[..events_before.len()]);
    assert_eq!(
        events_now.len(),
        events_before.len() + 1,
        "the restore is an event"
    );
    assert!(events_now.last().unwrap().contains("backup.restore"));
    let Checked::Holds(verified) = &made.checked else {
        panic!("{:?}", made.checked);
    };
    assert!(verified.is_whole());
    assert_eq!(verified.checkpoint.size, made.manifest.contents.events + 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_is_what_was_there_on_both_databases_and_from_one_to_the_other() {
    let pair = Pair::new();
    let (_folder, register, bytes, manifest) = example(&pair).await;
    let names: Vec<&str> = manifest
        .files
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(
        names.contains(&"pepper") && names.contains(&"log.key") && names.contains(&"tenure.toml"),
        "{names:?}"
    );
    // The sample has something of most tables, so that a table that is left out is noticed.
    let filled = manifest
        .contents
        .counts()
        .filter(|(_, rows)| *rows > 0)
        .count();
    assert!(
        filled >= 20,
        "{:?}",
        manifest.contents.counts().collect::<Vec<_>>()
    );

    // SQLite to SQLite.
    let target = tempfile::tempdir().unwrap();
    let state = State::at(target.path().join("state"));
    let place = Place::in_folder(state.folder());
    let made = restored(&bytes, &pair.opener, &place, &state)
        .await
        .unwrap();
    is_the_same(register.store(), &place, &made).await;
    for (name, _) in &manifest.files {
        let of = |state: &State| fs::read(state.folder().join(name)).unwrap();
        assert_eq!(of(register.state()), of(&state), "{name}");
    }
    assert!(!state.folder().join("restoring").exists());
    #[cfg(unix)]
    for entry in fs::read_dir(state.folder()).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
    }
    // A second time there is a register.
    let again = restored(&bytes, &pair.opener, &place, &state)
        .await
        .unwrap_err();
    assert!(again.to_string().contains("is there already"), "{again}");

    // SQLite to PostgreSQL, and back.
    let Some(database) = Database::new(Engine::Postgres) else {
        return;
    };
    let postgres = Place::Postgres(database.url().unwrap().to_owned());
    let state = State::at(target.path().join("of-postgres"));
    let made = restored(&bytes, &pair.opener, &postgres, &state)
        .await
        .unwrap();
    is_the_same(register.store(), &postgres, &made).await;
    let open = Register::open(
        &postgres,
        state.clone(),
        catalog::load(None).unwrap(),
        Policy::builtin(),
        Clock::set(NOW),
    );
    let moved = open.await.unwrap();
    let (back, manifest) = backup(&moved, &pair.sealed).await;
    assert_eq!(manifest.contents.database, "postgresql");
    let state = State::at(target.path().join("back"));
    let place = Place::in_folder(state.folder());
    let made = restored(&back, &pair.opener, &place, &state).await.unwrap();
    is_the_same(moved.store(), &place, &made).await;
    // PostgreSQL to PostgreSQL; the one that was restored into takes no second one.
    let second = Database::new(Engine::Postgres).unwrap();
    let second = Place::Postgres(second.url().unwrap().to_owned());
    let state = State::at(target.path().join("second"));
    let made = restored(&back, &pair.opener, &second, &state)
        .await
        .unwrap();
    is_the_same(moved.store(), &second, &made).await;
    let state = State::at(target.path().join("third"));
    let again = restored(&back, &pair.opener, &second, &state)
        .await
        .unwrap_err();
    assert!(again.to_string().contains("already"), "{again}");
    assert!(!state.folder().exists(), "nothing is left");
}

fn everything_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_restores_nothing_and_says_why() {
    let pair = Pair::new();
    let (_folder, register, bytes, _) = example(&pair).await;
    let target = tempfile::tempdir().unwrap();
    let state = State::at(target.path());
    let place = Place::in_folder(target.path());
    let refused = async |bytes: &[u8], opener: &Opener, says: &str| {
        let restored = restored(bytes, opener, &place, &state).await.map(|_| ());
        let checked = check_backup(bytes, opener).map(|_| ());
        for (how, error) in [("restore", restored), ("check", checked)] {
            let error = error.unwrap_err().to_string();
            assert!(error.contains(says), "{how}: {error}, not {says}");
        }
        assert_eq!(
            everything_below(target.path()),
            Vec::<PathBuf>::new(),
            "{says}"
        );
    };
    refused(&bytes, &Pair::new().opener, "for none of the identities").await;
    refused(
        &bytes,
        &Opener::passphrase("correct horse battery"),
        "--identity",
    )
    .await;
    refused(b"", &pair.opener, "").await;
    refused(b"PRAGMA", &pair.opener, "no file of age").await;
    // Cut off: in the header, in the first piece, between pieces, before the last byte.
    let pieces = 64 * 1024 + 16;
    for cut in [
        10,
        150,
        400,
        bytes.len() / 2,
        bytes.len() / pieces * pieces,
        bytes.len() - 1,
    ] {
        refused(&bytes[..cut], &pair.opener, "").await;
    }
    refused(
        &bytes[..bytes.len() - 1],
        &pair.opener,
        "cut off, or was altered",
    )
    .await;
    // Altered: one bit, anywhere.
    for at in [60, 300, bytes.len() / 3, bytes.len() / 2, bytes.len() - 20] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        refused(&altered, &pair.opener, "").await;
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    refused(&longer, &pair.opener, "").await;
    // Whole, and never a backup.
    let sealed = |inside: &[u8]| {
        let Sealed::For(recipients) = &pair.sealed else {
            panic!("no recipients")
        };
        let recipients = recipients.iter().map(|one| &**one as &dyn age::Recipient);
        let mut file = Vec::new();
        let mut writer = age::Encryptor::with_recipients(recipients)
            .unwrap()
            .wrap_output(&mut file)
            .unwrap();
        writer.write_all(inside).unwrap();
        writer.finish().unwrap();
        file
    };
    refused(&sealed(b"hello\n"), &pair.opener, "no backup of Tenure").await;

    // Made anew by somebody who has the public key: the log tells.
    let open = |file: &[u8]| {
        let Opener::Identities(identities) = &pair.opener else {
            panic!("no identities")
        };
        let identities = identities.iter().map(|one| &**one as &dyn age::Identity);
        let mut inside = Vec::new();
        let mut reader = age::Decryptor::new(file)
            .unwrap()
            .decrypt(identities)
            .unwrap();
        std::io::copy(&mut reader, &mut inside).unwrap();
        let line = inside.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let manifest: serde_json::Value = serde_json::from_slice(&inside[..line]).unwrap();
        let files: u64 = manifest["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file[1].as_u64().unwrap())
            .sum();
        let rows = line + usize::try_from(files).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(
            &mut flate2::read::GzDecoder::new(&inside[rows..]),
            &mut text,
        )
        .unwrap();
        (manifest, inside[line..rows].to_vec(), text)
    };
    let (manifest, files, text) = open(&bytes);
    let again = |manifest: &serde_json::Value, text: &str| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        let head = format!("{manifest}\n").into_bytes();
        sealed(&[head, files.clone(), packed.finish().unwrap()].concat())
    };
    check_backup(again(&manifest, &text).as_slice(), &pair.opener).unwrap();
    let events: Vec<&str> = text.lines().skip(1).take(2).collect();
    refused(
        &again(&manifest, &text.replacen(events[0], events[1], 1)),
        &pair.opener,
        "event 0",
    )
    .await;
    let altered = text.replacen(r#"\"user\":\"demo\""#, r#"\"user\":\"eve0\""#, 1);
    assert!(altered != text);
    refused(
        &again(&manifest, &altered),
        &pair.opener,
        "event 1 was altered",
    )
    .await;
    let fewer: Vec<&str> = text.lines().collect();
    let of_keys = fewer
        .iter()
        .position(|line| line.contains("\"table\":\"keys\""))
        .unwrap();
    let mut fewer = fewer.clone();
    fewer.remove(of_keys + 1);
    refused(
        &again(&manifest, &(fewer.join("\n") + "\n")),
        &pair.opener,
        "of the table keys",
    )
    .await;
    // Names of tables and columns get into no statement that the steps did not make.
    let mut evil = manifest.clone();
    evil["contents"]["tables"][3]["name"] = "keys\"; DROP TABLE events; --".into();
    let error = restored(&again(&evil, &text), &pair.opener, &place, &state)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("other tables"), "{error}");
    assert_eq!(everything_below(target.path()), Vec::<PathBuf>::new());
    // A later release's.
    let mut newer = manifest.clone();
    newer["contents"]["steps"]
        .as_array_mut()
        .unwrap()
        .push("0".into());
    refused(&again(&newer, &text), &pair.opener, "at least as new").await;
    drop(register);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_in_the_state_folder_is_neither_replaced_nor_gone_behind() {
    let pair = Pair::new();
    let (folder, register, bytes, _) = example(&pair).await;
    // The pepper of another register.
    let target = tempfile::tempdir().unwrap();
    let state = State::at(target.path());
    let place = Place::in_folder(target.path());
    state.pepper().unwrap();
    let pepper = fs::read(target.path().join("pepper")).unwrap();
    let error = restored(&bytes, &pair.opener, &place, &state)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("pepper is another one"),
        "{error}"
    );
    assert_eq!(fs::read(target.path().join("pepper")).unwrap(), pepper);
    assert!(!is_there(&place));

    // The same folder after its database was lost: with the checkpoint of the backup it goes, and with a later one it
    // would go behind what is known.
    register.seal().await.unwrap();
    backup(&register, &pair.sealed).await;
    let caller = operator();
    register
        .desk(&caller)
        .verify(register.state())
        .await
        .unwrap();
    let own = register.state().clone();
    let checkpoint = fs::read(own.folder().join("log.checkpoint")).unwrap();
    register.seal().await.unwrap();
    register.close().await;
    let place = Place::in_folder(own.folder());
    for entry in everything_below(own.folder()) {
        if entry
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("tenure.db")
        {
            fs::remove_file(entry).unwrap();
        }
    }
    let error = restored(&bytes, &pair.opener, &place, &own)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("move log.checkpoint away"),
        "{error}"
    );
    assert!(!is_there(&place));
    fs::write(own.folder().join("log.checkpoint"), checkpoint).unwrap();
    let made = restored(&bytes, &pair.opener, &place, &own).await.unwrap();
    assert!(matches!(made.checked, Checked::Holds(_)));
    drop(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passphrase_opens_what_it_closed_and_another_does_not() {
    let pair = Pair::new();
    let (_folder, register, _, _) = example(&pair).await;
    let phrase = "six words that nobody would guess";
    let (bytes, _) = backup(&register, &Sealed::passphrase(phrase)).await;
    check_backup(bytes.as_slice(), &Opener::passphrase(phrase)).unwrap();
    let wrong = check_backup(bytes.as_slice(), &Opener::passphrase("six other words")).unwrap_err();
    assert_eq!(wrong.to_string(), "the backup has another passphrase");
    let wrong = check_backup(bytes.as_slice(), &pair.opener).unwrap_err();
    assert_eq!(wrong.to_string(), "the backup is opened by a passphrase");
    // Nothing of a secret stands in it in the clear.
    let pepper = fs::read(register.state().folder().join("pepper")).unwrap();
    assert!(!bytes.windows(16).any(|window| pepper.starts_with(window)));
    assert!(!bytes.windows(9).any(|window| window == b"adam.demo"));
}
