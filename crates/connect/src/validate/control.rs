//! Keys that were never issued: what a provider says to one shows whether its answers mean anything.

use tenure_model::{
    catalog::{Credential, Format, template::numbers},
    place::Part,
    secret::Secret,
};

/// A made-up key of a kind, and a made-up public id.
pub(super) struct MadeUp {
    pub(super) secret: Secret,
    pub(super) key_id: String,
}

/// Makes one of the form that `like` has, so that the provider takes it for a key of that kind. `seed` is random:
/// nobody can know beforehand what is asked.
pub(super) fn made_up(kind: &Credential, like: &Secret, seed: u64) -> MadeUp {
    let of = |part: Part| {
        kind.formats
            .iter()
            .filter(move |format| format.part == part)
    };
    let fits = |format: &&Format| format.template.end_in(like.expose()) == Some(like.len());
    let secret = of(Part::Secret)
        .find(fits)
        .or_else(|| of(Part::Secret).next());
    let example = |format: &Format, seed: u64| {
        let raw = format.template.example(numbers(seed));
        let mended = format
            .checksum
            .and_then(|sum| sum.mended(&raw, format.template.prefix()));
        mended.unwrap_or(raw)
    };
    let filler = |seed: u64| {
        let mut next = numbers(seed);
        format!("{:016x}{:016x}", next(), next())
    };
    let second = seed.rotate_left(32) ^ 0x5bd1_e995;
    MadeUp {
        secret: Secret::new(
            secret
                .map_or_else(|| filler(seed), |f| example(f, seed))
                .as_bytes(),
        ),
        // A name that no account has: a wrong password for a real one could lock it.
        key_id: of(Part::KeyId).next().map_or_else(
            || format!("tenure-{}@example.invalid", filler(second)),
            |f| example(f, second),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(formats: &str) -> Credential {
        toml::from_str(&format!(
            "kind = \"k\"\nname = \"K\"\nstands_on = \"static\"\n{formats}"
        ))
        .unwrap()
    }

    #[test]
    fn a_made_up_key_has_the_form_of_the_one_that_is_checked() {
        let both = kind(
            "[[format]]\npart = \"secret\"\ntemplate = \"old_{hex:8}\"\n[[format]]\npart = \"secret\"\ntemplate = \"new_{base62:20}\"\n[[format]]\npart = \"key_id\"\ntemplate = \"ID{upper:6}\"",
        );
        let like = Secret::new(format!("new_{}", "a".repeat(20)).as_bytes());
        let made = made_up(&both, &like, 7);
        assert!(made.secret.expose().starts_with(b"new_") && made.secret.len() == 24);
        assert!(made.secret != like && made.key_id.starts_with("ID"));
        assert!(made_up(&both, &like, 8).secret != made.secret);
        let bare = made_up(&kind(""), &like, 7);
        assert!(bare.secret.len() == 32 && bare.key_id.ends_with("@example.invalid"));
    }
}
