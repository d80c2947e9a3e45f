//! `tenure backup` and `tenure restore`.

use crate::{
    args::{Backup, Restore},
    command::{self, register},
    exit::Failure,
    text,
};
use std::{
    fs::File,
    io::{self, BufReader, BufWriter, IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
};
use tenure_app::register::{Checked, Manifest, Opener, Rules, Sealed, check_backup, restore};
use tenure_model::access::Actor;
use zeroize::Zeroizing;

/// The shortest passphrase that a backup is made with, in characters: it can be tried without end.
const SHORTEST: usize = 12;

pub(crate) fn run(args: &Backup) -> Result<ExitCode, Failure> {
    if let Some(file) = &args.check {
        let opener = opener(args.identity.as_deref(), args.passphrase_file.as_deref())?;
        let manifest = check_backup(opened(file)?, &opener)
            .map_err(|error| Failure::input(format!("{}: {error}", file.display()), ""))?;
        return command::print(None, told("This backup is whole", &manifest).as_bytes());
    }
    let Some(output) = &args.output else {
        return Err(Failure::input("no file is named", "name one with -o FILE"));
    };
    let at = register::needed(&args.at)?;
    let sealed = sealed(args)?;
    let unwritten = |error| Failure::Output {
        to: output.display().to_string(),
        error,
    };
    let folder = output
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    // Readable by its user alone until it is put in place, and afterwards.
    let file =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(unwritten)?;
    let mut out = BufWriter::new(file);
    let manifest = register::look(&at, async |desk, state| {
        desk.backup(state, &sealed, &mut out).await
    })?;
    let file = out
        .into_inner()
        .map_err(|error| unwritten(error.into_error()))?;
    file.as_file().sync_all().map_err(unwritten)?;
    file.persist(output)
        .map_err(|error| unwritten(error.error))?;
    let head = format!("Backup in {}", text::tame(&output.display().to_string()));
    command::print(None, told(&head, &manifest).as_bytes())
}

pub(crate) fn run_restore(args: &Restore) -> Result<ExitCode, Failure> {
    let (state, place) = register::place(&args.at)?;
    let opener = opener(args.identity.as_deref(), args.passphrase_file.as_deref())?;
    let file = opened(&args.file)?;
    let caller = Actor::Operator(register::user());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("no runtime: {error}")))?;
    let restored = runtime.block_on(restore(
        &place,
        &state,
        &Rules::builtin(),
        &caller,
        file,
        &opener,
        register::now(),
    ));
    let restored = restored
        .map_err(|error| Failure::input(format!("{}: {error}", args.file.display()), ""))?;
    match restored.checked {
        Checked::Holds(verified) => {
            let mut said = told("Restored", &restored.manifest);
            said.push_str(&format!(
                "The log is whole: {}, with this restore as the last.\n",
                text::count(verified.checkpoint.size, "event")
            ));
            command::print(None, said.as_bytes())
        }
        Checked::Tampered(found) => Err(Failure::Failed(format!(
            "it was restored, and its log does not hold: {found}; report this as a defect"
        ))),
    }
}

/// What a backup says of itself.
fn told(head: &str, manifest: &Manifest) -> String {
    let contents = &manifest.contents;
    let files: Vec<&str> = manifest
        .files
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let mut out = format!(
        "{head}: made at {} by Tenure {} from {}, schema version {}.\n{} of {}, and {}.\n",
        manifest.made_at,
        text::tame(&manifest.tenure),
        text::tame(&contents.database),
        contents.version(),
        text::count(contents.events, "event"),
        text::tame(&contents.origin),
        text::tame(&files.join(", ")),
    );
    let rows: Vec<Vec<String>> = contents
        .counts()
        .filter(|(_, rows)| *rows > 0)
        .map(|(table, rows)| vec![format!("  {table}"), rows.to_string()])
        .collect();
    out.push_str(&register::columns(&rows));
    out
}

fn opened(file: &Path) -> Result<BufReader<File>, Failure> {
    File::open(file).map(BufReader::new).map_err(|error| {
        Failure::input(
            format!("{}: {error}", file.display()),
            "name a file that exists and that you may read",
        )
    })
}

/// For whom it is encrypted, as the command line says; else a passphrase is asked for twice.
fn sealed(args: &Backup) -> Result<Sealed, Failure> {
    let mut recipients = args.recipient.clone();
    if let Some(file) = &args.recipients_file {
        let text = command::read(file)?;
        let lines = text.lines().map(str::trim);
        let named = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        recipients.extend(named.map(str::to_owned));
        if recipients.is_empty() {
            return Err(Failure::input(
                format!("{}: names nobody", file.display()),
                "write a public key a line",
            ));
        }
    }
    if !recipients.is_empty() {
        return Sealed::recipients(recipients.iter().map(String::as_str))
            .map_err(|error| Failure::input(error.to_string(), ""));
    }
    let phrase = match &args.passphrase_file {
        Some(file) => first_line(file)?,
        None => {
            let phrase = asked("Passphrase: ")?;
            if *asked("The same again: ")? != *phrase {
                return Err(Failure::input(
                    "the two passphrases are not the same",
                    "try again",
                ));
            }
            phrase
        }
    };
    if phrase.chars().count() < SHORTEST {
        return Err(Failure::input(
            format!("the passphrase has fewer than {SHORTEST} characters"),
            "whoever has the file can try without end: take six random words, or --recipient",
        ));
    }
    Ok(Sealed::passphrase(&phrase))
}

fn opener(identity: Option<&Path>, passphrase: Option<&Path>) -> Result<Opener, Failure> {
    if let Some(file) = identity {
        let text = Zeroizing::new(command::read(file)?);
        return Opener::identities(&text)
            .map_err(|error| Failure::input(format!("{}: {error}", file.display()), ""));
    }
    let phrase = match passphrase {
        Some(file) => first_line(file)?,
        None => asked("Passphrase: ")?,
    };
    Ok(Opener::passphrase(&phrase))
}

fn first_line(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = Zeroizing::new(command::read(file)?);
    Ok(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}

/// Asks at the terminal, without showing what is typed.
fn asked(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let nobody = || {
        Failure::input(
            "there is no terminal to ask for a passphrase at",
            "name --passphrase-file FILE, or for whom it is: --recipient to make a backup, --identity to open one",
        )
    };
    if !io::stdin().is_terminal() {
        return Err(nobody());
    }
    let _ = io::stderr().flush();
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|_| nobody())
}
