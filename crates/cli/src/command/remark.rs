//! `tenure key comment`, `tenure exception comment`, `tenure key evidence`.

use crate::{
    args::{Evidence, Remark},
    command::{self, register},
    exit::Failure,
    text,
};
use std::{path::Path, process::ExitCode};
use tenure_app::register::{About, MOST_BYTES};
use tenure_model::id::ExceptionId;

pub(super) fn key(args: &Remark) -> Result<ExitCode, Failure> {
    let at = register::needed(&args.plain.at)?;
    let about = About::Key(register::key(&at, &args.about)?);
    run(args, &about)
}

pub(super) fn exception(args: &Remark) -> Result<ExitCode, Failure> {
    run(
        args,
        &About::Exception(ExceptionId::new(args.about.as_str())),
    )
}

fn run(args: &Remark, about: &About) -> Result<ExitCode, Failure> {
    let at = register::needed(&args.plain.at)?;
    let file = args.attach.as_deref().map(read).transpose()?;
    let remarks = register::look(&at, async |desk, _| {
        if let Some((name, content)) = &file {
            desk.attach(about, name, content).await?;
        }
        if let Some(said) = &args.text {
            desk.comment(about, said).await?;
        }
        desk.remarks(about).await
    })?;
    if args.plain.format == "json" {
        return command::print_json(&remarks);
    }
    let mut rows: Vec<Vec<String>> = remarks
        .comments
        .iter()
        .map(|one| {
            let said = one.text.replace('\n', " / ");
            vec![one.said_at.day().to_string(), one.said_by.clone(), said]
        })
        .collect();
    rows.extend(remarks.attachments.iter().map(|file| {
        let told = format!(
            "file {}: {}, {}, sha256 {}",
            file.id,
            file.name,
            text::bytes(file.size),
            file.sha256
        );
        vec![file.added_at.day().to_string(), file.added_by.clone(), told]
    }));
    if rows.is_empty() {
        return command::print(None, b"Nothing was said or kept.\n");
    }
    command::print(None, register::columns(&rows).as_bytes())
}

fn read(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let wrong = |error: std::io::Error| {
        let todo = "name a file that exists and that you may read";
        Failure::input(format!("{}: {error}", path.display()), todo)
    };
    let size = std::fs::metadata(path).map_err(wrong)?.len();
    if size > u64::try_from(MOST_BYTES).unwrap_or(u64::MAX) {
        return Err(Failure::input(
            format!("{}: is larger than 5 MiB", path.display()),
            "attach an extract of it",
        ));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok((name.into_owned(), std::fs::read(path).map_err(wrong)?))
}

pub(super) fn evidence(args: &Evidence) -> Result<ExitCode, Failure> {
    let at = register::needed(&args.at)?;
    let (_, content) = register::look(&at, async |desk, _| desk.evidence(&args.id).await)?;
    let to = Some(args.output.as_path()).filter(|path| *path != Path::new("-"));
    command::print_with(to, |out| out.write_all(&content))
}
