//! Which 16 bytes of a secret may be written down as a hash: the last that nobody can guess.

use crate::{judge, letters, run};
use tenure_model::watch::{FARTHEST, LEAST_BITS, LONGEST, Unwatchable, WINDOW};

/// How many bytes stand behind the window of a secret. `by_format` are the bits of choice in its last 16 bytes
/// by the format that vouches for it, if one does.
///
/// # Errors
/// Why it has none.
pub fn window(secret: &[u8], by_format: Option<f64>) -> Result<usize, Unwatchable> {
    if secret.len() < WINDOW {
        return Err(Unwatchable::TooShort);
    }
    if secret.len() > LONGEST {
        return Err(Unwatchable::TooLong);
    }
    let fitting = |after: &usize| {
        let end = secret.len().checked_sub(*after);
        end.and_then(|end| secret.get(..end)?.last_chunk::<WINDOW>())
            .is_some_and(|window| {
                let bits = match by_format {
                    Some(bits) if *after == 0 => bits,
                    _ => estimate(secret, window),
                };
                window.iter().all(|byte| run::is_member(*byte)) && bits >= LEAST_BITS
            })
    };
    let has_digit = |after: &usize| {
        let end = secret.len().saturating_sub(*after);
        let window = secret
            .get(end.saturating_sub(WINDOW)..end)
            .unwrap_or_default();
        window.iter().any(u8::is_ascii_digit)
    };
    let farthest = FARTHEST.min(secret.len().saturating_sub(WINDOW));
    let mut all = (0..=farthest).filter(fitting);
    let first = all.next().ok_or(Unwatchable::TooGuessable)?;
    // A window with a digit is looked for faster.
    Ok(std::iter::once(first)
        .chain(all)
        .find(has_digit)
        .unwrap_or(first))
}

/// A careful guess at the bits of choice in a window, where no format says them.
fn estimate(secret: &[u8], window: &[u8; WINDOW]) -> f64 {
    let worded = letters::in_words(window).saturating_mul(4) > WINDOW;
    let all_worded = letters::in_words(secret).saturating_mul(3) > secret.len();
    // What stands for a key, and steps that somebody typed, are no choice at all.
    let readable = std::str::from_utf8(secret).unwrap_or_default();
    if worded || all_worded || judge::entropy(window) < 2.6 || judge::is_placeholder(readable, "") {
        return 0.0;
    }
    let any = |class: fn(&u8) -> bool| window.iter().any(class);
    let one_case = !(any(u8::is_ascii_uppercase) && any(u8::is_ascii_lowercase));
    let counted = window
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .count();
    let each = if window.iter().all(u8::is_ascii_digit) {
        3.3
    } else if counted == WINDOW && one_case && window.iter().all(u8::is_ascii_hexdigit) {
        4.0
    } else if window
        .iter()
        .all(|byte| byte.is_ascii_hexdigit() || !byte.is_ascii_alphanumeric())
    {
        // Hex with separators, as a UUID has.
        4.0
    } else if one_case {
        4.5
    } else {
        5.0
    };
    f64::from(u32::try_from(counted).unwrap_or(0)) * each
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Rules;
    use tenure_model::catalog::{Provider, template};

    #[test]
    fn what_can_be_guessed_has_no_window() {
        for text in [
            "Summer2024Winter2025",
            "correct-horse-battery-staple",
            "01234567890123456789",
            "4729105837264910",
            "aaaaaaaaaaaaaaaaaaaa",
            "my_database_password_1",
            // A UUID has at most 60 bits in 16 characters.
            "3b2c1d0e-9f8a-4b7c-a6d5-e4f3021b2a39",
            "ABABABABABABABABABAB",
        ] {
            assert_eq!(
                window(text.as_bytes(), None),
                Err(Unwatchable::TooGuessable),
                "{text}"
            );
        }
        assert_eq!(window(b"k3v9x0q2", None), Err(Unwatchable::TooShort));
    }

    #[test]
    fn padding_and_ends_without_choice_are_stepped_over() {
        assert_eq!(window(b"J9xQ2Kf0vLr7bTzWm4Ng==", None), Ok(2));
        assert_eq!(window(b"9f86d081884c7d659a2feaa0c55ad015", None), Ok(0));
    }

    /// Every window of every format of the catalogue: its bits by the format, or by the careful estimate.
    #[test]
    fn no_window_below_64_bits_is_ever_chosen() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalog/providers");
        let mut chosen = 0;
        let mut random = template::numbers(64);
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let provider = Provider::parse("x", &text).unwrap();
            let rules = Rules::compile(std::slice::from_ref(&provider)).unwrap();
            for (rule, format) in rules
                .all()
                .iter()
                .zip(provider.credentials.iter().flat_map(|kind| &kind.formats))
            {
                let secret = format.template.example(&mut random);
                let Ok(after) = window(secret.as_bytes(), Some(rule.tail_bits(WINDOW))) else {
                    continue;
                };
                chosen += 1;
                let bits = if after == 0 {
                    format.template.tail_bits(WINDOW)
                } else {
                    let end = secret.len() - after;
                    let window = secret.as_bytes()[..end].last_chunk().unwrap();
                    estimate(secret.as_bytes(), window)
                };
                assert!(
                    bits >= LEAST_BITS,
                    "{} {}: {bits}",
                    rule.provider,
                    rule.credential
                );
            }
        }
        assert!(chosen > 100, "{chosen}");
    }
}
