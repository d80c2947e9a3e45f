//! The register on the command line: who sits at the machine acts as operator, and is recorded as such.

use crate::{args::At, command, exit::Failure, text};
use std::ops::AsyncFnOnce;
use tenure_app::{
    register::{self, Clock, Desk, Place, Register, RegisterError},
    state::State,
};
use tenure_model::{access::Actor, catalog::Provider, id::KeyId, moment::Moment, policy::Policy};

/// Names the database.
const DATABASE: &str = "TENURE_DATABASE";

/// The state folder, and where the register is.
pub(crate) fn place(at: &At) -> Result<(State, Place), Failure> {
    let state = match &at.data_dir {
        Some(folder) => State::at(folder),
        None => State::of_user().map_err(|error| Failure::input(error.to_string(), ""))?,
    };
    if at.database.as_deref().is_some_and(holds_password) {
        return Err(Failure::input(
            "--database holds a password, and everybody on this machine can see the arguments of a program",
            format!("give the address in {DATABASE}, or leave the password to ~/.pgpass"),
        ));
    }
    let named = std::env::var(DATABASE).ok().filter(|url| !url.is_empty());
    let database = at.database.clone().or(named);
    let place = register::place(&state, database.as_deref()).map_err(|error| failure(&error))?;
    Ok((state, place))
}

fn holds_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let has_user = authority.rsplit_once('@');
    has_user.is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
}

/// The register, where there is one.
pub(crate) fn existing(at: &At) -> Result<Option<(State, Place)>, Failure> {
    let (state, place) = place(at)?;
    Ok(register::is_there(&place).then_some((state, place)))
}

/// The register, which has to be there.
pub(crate) fn needed(at: &At) -> Result<(State, Place), Failure> {
    existing(at)?.ok_or_else(|| {
        Failure::input(
            "there is no register yet",
            "`tenure import KIND FILE` makes one; --data-dir and --database say where it is",
        )
    })
}

/// Does one thing with the register. The log is signed anew afterwards, whatever came of it.
pub(crate) fn with<T>(
    (state, place): &(State, Place),
    providers: &[Provider],
    policy: &Policy,
    work: impl AsyncFnOnce(Desk<'_>, &State) -> register::Result<T>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("no runtime: {error}")))?;
    let done = runtime.block_on(async {
        let register = Register::open(
            place,
            state.clone(),
            providers.to_vec(),
            policy.clone(),
            Clock::system(),
        )
        .await?;
        let caller = Actor::Operator(user());
        let done = work(register.desk(&caller), state).await;
        register.seal().await?;
        done
    });
    done.map_err(|error| failure(&error))
}

/// The id of a key that is named as people name it.
pub(crate) fn key(at: &(State, Place), name: &str) -> Result<KeyId, Failure> {
    let assessment = look(at, async |desk, _| desk.assessment().await)?;
    command::why::find(&assessment, name).map(|key| KeyId::new(key.id.clone()))
}

/// Rows in columns, each as wide as its widest cell and at most 40; the last one takes what it needs.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let wide = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells
            .map(|cell| text::tame(cell).chars().count())
            .max()
            .unwrap_or_default()
            .min(40)
    };
    let widths: Vec<usize> = (0..count).map(wide).collect();
    let mut out = String::new();
    for row in rows {
        let last = row.len().saturating_sub(1);
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if at == last {
                line.push_str(&text::tame(cell));
            } else {
                line.push_str(&text::pad(cell, *width));
                line.push_str("  ");
            }
        }
        out.push_str(text::wrap(&line, text::width(), "    ").trim_end());
        out.push('\n');
    }
    out
}

/// The same with the built-in catalogue and policy, for what judges nothing.
pub(crate) fn look<T>(
    at: &(State, Place),
    work: impl AsyncFnOnce(Desk<'_>, &State) -> register::Result<T>,
) -> Result<T, Failure> {
    with(at, &command::providers(None)?, &Policy::builtin(), work)
}

pub(crate) fn now() -> Moment {
    Moment::from_micros(jiff::Timestamp::now().as_microsecond())
}

/// What went wrong, as the caller can mend it or not.
pub(crate) fn failure(error: &RegisterError) -> Failure {
    use tenure_app::register::StoreError;
    let text = error.to_string();
    match error {
        RegisterError::Store(
            StoreError::Refused(_) | StoreError::Unrecorded(_) | StoreError::Conflict(_),
        ) => Failure::Failed(text),
        RegisterError::Denied(_) => Failure::input(
            text,
            "at the machine nobody signs and nobody decides on a key: do it as a person, in the console, after a \
             sign-in of just now. The refusal is in the log",
        ),
        RegisterError::NeedsPerson => Failure::input(text, "name who asks with --for PERSON"),
        _ => Failure::input(text, ""),
    }
}

/// The name that the system has for who runs this.
pub(crate) fn user() -> String {
    #[cfg(unix)]
    {
        let uid = rustix::process::geteuid().as_raw();
        let named = std::fs::read_to_string("/etc/passwd")
            .ok()
            .and_then(|list| {
                list.lines().find_map(|line| {
                    let mut parts = line.split(':');
                    let name = parts.next()?;
                    (parts.nth(1)?.parse::<u32>().ok()? == uid).then(|| name.to_owned())
                })
            });
        named.unwrap_or_else(|| format!("uid {uid}"))
    }
    #[cfg(not(unix))]
    std::env::var("USERNAME").unwrap_or_else(|_| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_password_is_known() {
        assert!(holds_password("postgresql://ann:x@db/tenure"));
        assert!(holds_password("postgresql://db/tenure?user=ann&password=x"));
        assert!(!holds_password("postgresql://ann@db:5432/tenure"));
        assert!(!holds_password("sqlite:/srv/a@b:c.db"));
    }
}
