//! Whether a text is a secret at all: placeholders, entropy, and what only looks like one.

use crate::{letters, name::Says};

/// Words that stand in texts which stand for a secret.
const STAND_INS: [&str; 22] = [
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "your_",
    "your-",
    "yourkey",
    "yourtoken",
    "yourapi",
    "replace",
    "redacted",
    "insert",
    "dummy",
    "xxxx",
    "....",
    "****",
    "<",
    "${",
    "{{",
    "%(",
    "todo",
];

/// Why a candidate is not a secret, as a stable word for counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dismissal {
    /// It stands for a secret: `YOUR_KEY`, `${TOKEN}`, `xxxx`.
    Placeholder,
    /// Too regular to be random.
    LowEntropy,
    /// A word, a path, an address, a version or an identifier.
    OrdinaryText,
    /// A made-up value in a test, an example or documentation.
    TestMaterial,
}

impl Dismissal {
    /// The stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Placeholder => "placeholder",
            Self::LowEntropy => "low entropy",
            Self::OrdinaryText => "ordinary text",
            Self::TestMaterial => "test material",
        }
    }
}

/// Whether `text` stands for a secret rather than being one. `prefix` is the fixed start of its format.
#[must_use]
pub fn is_placeholder(text: &str, prefix: &str) -> bool {
    let body = text.strip_prefix(prefix).unwrap_or(text);
    let lower = body.to_ascii_lowercase();
    STAND_INS.iter().any(|word| lower.contains(word)) || is_monotonous(body)
}

/// Whether what a format vouches for stands for a key all the same. A format without a fixed start vouches
/// for little, so that words in it count, too.
#[must_use]
pub fn is_stand_in(text: &str, prefix: &str, anchored: bool) -> bool {
    is_placeholder(text, prefix)
        || (!anchored
            && text.len() >= 16
            && letters::in_words(text.as_bytes()).saturating_mul(2) > text.len())
}

/// Whether letters alone may be a secret: long enough, and no words.
#[must_use]
pub fn may_be_letters(text: &[u8]) -> bool {
    text.len() >= 20 && letters::wordiness(text).is_some_and(|score| score < -0.4)
}

/// One short text three times or more: `abc123abc123abc123`.
fn is_periodic(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 3).any(|period| {
        bytes
            .iter()
            .zip(bytes.iter().skip(period))
            .all(|(a, b)| a == b)
    })
}

/// Few different characters, one repeated at length, or a run up the alphabet.
fn is_monotonous(body: &str) -> bool {
    let bytes = body.as_bytes();
    if bytes.len() < 8 {
        return false;
    }
    let mut seen = [false; 256];
    for byte in bytes {
        if let Some(slot) = seen.get_mut(usize::from(*byte)) {
            *slot = true;
        }
    }
    let distinct = seen.iter().filter(|seen| **seen).count();
    let mut repeated = 1usize;
    let mut rising = 1usize;
    let (mut longest_repeat, mut longest_rise) = (1usize, 1usize);
    for pair in bytes.windows(2) {
        let [a, b] = pair else { continue };
        repeated = if a == b {
            repeated.saturating_add(1)
        } else {
            1
        };
        rising = if a.checked_add(1) == Some(*b) {
            rising.saturating_add(1)
        } else {
            1
        };
        longest_repeat = longest_repeat.max(repeated);
        longest_rise = longest_rise.max(rising);
    }
    distinct <= 4 || longest_repeat.saturating_mul(2) > bytes.len() || longest_rise >= 8
}

/// Shannon entropy in bits per character.
#[must_use]
pub fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX).max(1));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

/// Judges the value that a name is set to, where no format vouches for it.
///
/// # Errors
/// Why it is no secret.
pub fn generic(value: &str, says: Says) -> Result<(), Dismissal> {
    let lower = value.to_ascii_lowercase();
    if is_placeholder(value, "")
        || lower.ends_with("...")
        || lower.contains('…')
        || lower.contains("sample")
        || lower.contains("fake")
        || lower.contains("12345")
        || lower.starts_with("test")
        || lower.starts_with("foo")
        || is_periodic(lower.as_bytes())
    {
        return Err(Dismissal::Placeholder);
    }
    if !value.is_ascii() || is_reference(value) || is_known_shape(value) {
        return Err(Dismissal::OrdinaryText);
    }
    match says {
        Says::Password => password(value, &lower),
        Says::Token => token(value),
        Says::Perhaps => {
            let worded = letters::in_words(value.as_bytes());
            if value.len() < 20 || is_uuid(value) || worded.saturating_mul(4) > value.len() {
                return Err(Dismissal::OrdinaryText);
            }
            token(value)
        }
    }
}

/// Something that leads to a value: an expression, a path, an address, a variable.
fn is_reference(value: &str) -> bool {
    let expression = [
        "()", "::", "->", "=>", "${", "$(", "%(", "{{", "#{", "==", "!=",
    ]
    .iter()
    .any(|mark| value.contains(mark) && !value.ends_with(mark));
    let variable = value.starts_with(['$', '%', '@', '&', '*', '<', '{', '[', '!', '#']) && {
        let name = value.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        name.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-' | b'%' | b'}')
        }) && (letters::in_words(name.as_bytes()).saturating_mul(2) > name.len() || name.is_empty())
    };
    let starts = [
        "arn:",
        "projects/",
        "vault:",
        "env.",
        "process.env",
        "os.environ",
        "./",
        "../",
        "~/",
        "secrets.",
        "self.",
        "this.",
        "config.",
        "settings.",
        "kms:",
        "ssm:",
        "op://",
        "file:",
        "data:",
        "urn:",
        "var.",
        "local.",
        "module.",
        "sha256-",
        "sha256:",
        "sha512-",
        "sha384-",
        "sha1-",
        "sha1:",
        "md5:",
        "AAAAB3NzaC1",
        "iVBORw0KGgo",
        "/9j/",
        "R0lGOD",
        "ssh-",
    ];
    let is_path = value.contains('/') && {
        let parts: Vec<&str> = value.split('/').filter(|part| !part.is_empty()).collect();
        let wordy = parts
            .iter()
            .filter(|part| letters::in_words(part.as_bytes()).saturating_mul(2) > part.len())
            .count();
        wordy.saturating_mul(2) > parts.len()
            || (value.starts_with('/') && wordy > 0)
            || parts.iter().all(|part| {
                part.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
                    && part.len() < 24
            })
    };
    expression
        || variable
        || value.contains("://")
        || starts.iter().any(|start| value.starts_with(start))
        || is_path
}

/// A number, a date, a version, an address of a person or a machine.
fn is_known_shape(value: &str) -> bool {
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let numeric = letters <= 1
        && digits > 0
        && value.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'/' | b'_' | b'+' | b',')
        });
    let email = value.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty()
            && host.contains('.')
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
            && host
                .rsplit('.')
                .next()
                .is_some_and(|top| top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic()))
    });
    let dated = value.get(..10).is_some_and(|day| {
        day.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    });
    let setting = value.split_once('=').is_some_and(|(name, rest)| {
        name.len() >= 3
            && !rest.trim_matches('=').is_empty()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    });
    let hexadecimal = value
        .strip_prefix("0x")
        .is_some_and(|rest| rest.len() <= 16 && rest.bytes().all(|b| b.is_ascii_hexdigit()));
    numeric || email || hexadecimal || dated || setting
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a value is as random as a token is.
fn token(value: &str) -> Result<(), Dismissal> {
    let bytes = value.as_bytes();
    let count = |class: fn(&u8) -> bool| bytes.iter().filter(|byte| class(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let upper = count(u8::is_ascii_uppercase);
    let lower = count(u8::is_ascii_lowercase);
    let letters = upper.saturating_add(lower);
    let other = bytes.len().saturating_sub(digits).saturating_sub(letters);
    if bytes.len() < 12 || letters < 3 || other.saturating_mul(4) > bytes.len() {
        return Err(Dismissal::OrdinaryText);
    }
    if is_uuid(value) {
        return if entropy(bytes) >= 3.0 {
            Ok(())
        } else {
            Err(Dismissal::LowEntropy)
        };
    }
    if bytes.iter().all(u8::is_ascii_hexdigit) {
        return if bytes.len() < 16 || digits < 3 {
            Err(Dismissal::OrdinaryText)
        } else if entropy(bytes) < 2.9 {
            Err(Dismissal::LowEntropy)
        } else {
            Ok(())
        };
    }
    let worded = letters::in_words(bytes);
    if worded.saturating_mul(5) > bytes.len().saturating_mul(2) {
        return Err(Dismissal::OrdinaryText);
    }
    let word_and_number = value
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .bytes()
        .all(|b| b.is_ascii_alphabetic());
    let mixed = upper >= 3 && lower >= 3;
    if digits == 0
        && (bytes.len() < 20
            || !(mixed || bytes.len() >= 24)
            || letters::wordiness(bytes).is_none_or(|score| score > -0.4))
    {
        return Err(Dismissal::OrdinaryText);
    }
    if digits > 0 && word_and_number && letters::wordiness(bytes).is_none_or(|score| score > -0.4) {
        return Err(Dismissal::OrdinaryText);
    }
    // A random text of n characters has about log2(n) bits each, less what repeats by chance.
    let length = f64::from(u32::try_from(bytes.len().min(64)).unwrap_or(64));
    let least = (length.log2() * 0.78).min(4.0);
    if entropy(bytes) < least {
        return Err(Dismissal::LowEntropy);
    }
    Ok(())
}

/// What people write in place of a password, and what nobody's password is.
const NO_PASSWORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "admin",
    "administrator",
    "root",
    "user",
    "username",
    "guest",
    "test",
    "testing",
    "qwerty",
    "letmein",
    "welcome",
    "postgres",
    "mysql",
    "redis",
    "rabbitmq",
    "mongo",
    "default",
    "none",
    "null",
    "true",
    "false",
    "empty",
    "string",
    "value",
    "required",
    "optional",
    "hidden",
    "secure",
    "basic",
    "bearer",
    "token",
    "login",
    "pass",
    "pwd",
    "mypass",
    "mypassword",
    "hunter",
    "demo",
];

/// Whether the letters of a text say no more than that it is a password, in any way of writing that.
#[must_use]
pub fn calls_itself_a_password(lower: &str) -> bool {
    let plain: String = lower
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            c => c,
        })
        .collect();
    let bare = |text: &str| -> String { text.chars().filter(char::is_ascii_alphabetic).collect() };
    [bare(lower), bare(&plain)].iter().any(|text| {
        NO_PASSWORDS.contains(&text.as_str())
            || text
                .strip_prefix("my")
                .is_some_and(|rest| NO_PASSWORDS.contains(&rest))
            || text.contains("password")
    })
}

/// Whether a value is a password that somebody uses.
fn password(value: &str, lower: &str) -> Result<(), Dismissal> {
    let bytes = value.as_bytes();
    if bytes.len() < 6 || bytes.len() > 128 {
        return Err(Dismissal::OrdinaryText);
    }
    // A template or a pattern of passwords.
    if (value.starts_with('{') && value.ends_with('}')) || lower.contains("a-z") {
        return Err(Dismissal::Placeholder);
    }
    if calls_itself_a_password(lower) {
        return Err(Dismissal::Placeholder);
    }
    if token(value).is_ok() {
        return Ok(());
    }
    let count = |class: fn(&u8) -> bool| bytes.iter().filter(|byte| class(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let upper = count(u8::is_ascii_uppercase);
    let lower = count(u8::is_ascii_lowercase);
    // Dots, dashes and slashes join the words of names, too.
    let special = bytes
        .iter()
        .filter(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'.' | b'-' | b'_' | b'/' | b':'))
        .count();
    let classes = [digits, upper, lower, special]
        .iter()
        .filter(|count| **count > 0)
        .count();
    let worded = letters::in_words(bytes);
    let word_and_number = value
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-')
        || value.bytes().take_while(u8::is_ascii_alphabetic).count() == bytes.len();
    let by_chance = bytes.len() >= 10
        && upper >= 3
        && lower >= 3
        && letters::wordiness(bytes).is_some_and(|score| score < -0.4);
    let made_up = by_chance
        || if bytes.len() < 8 {
            classes >= 4
        } else {
            (classes >= 3
                && (special > 0 || worded.saturating_mul(3) < bytes.len().saturating_mul(2)))
                || (classes >= 2 && special > 0 && digits > 0)
                || (classes >= 2
                    && digits > 0
                    && !word_and_number
                    && worded.saturating_mul(2) < bytes.len())
        };
    if !made_up || bytes.iter().any(|b| matches!(b, b'(' | b')')) && special == 2 {
        return Err(Dismissal::OrdinaryText);
    }
    if entropy(bytes) < 2.25 {
        return Err(Dismissal::LowEntropy);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_told_from_secrets() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "your_api_key_here",
            "xxxxxxxxxxxxxxxx",
            "${TOKEN}",
            "0000000000000000",
            "abcdefghijklmnop",
            "<token>",
        ] {
            assert!(is_placeholder(text, ""), "{text}");
        }
        assert!(!is_placeholder("q8Zk2LmX7vTr4WnYb1Cd", ""));
    }

    #[test]
    fn a_token_has_to_look_random() {
        for text in [
            "q8Zk2LmX7vTr4WnYb1CdP0",
            "9f86d081884c7d659a2feaa0c55ad015",
            "3b2c1d0e-9f8a-4b7c-a6d5-e4f3021b2a39",
            "QzkVjxwPFhgTbnRmLcqYdSk",
            "k3v9x0q2m7c1z8",
            "J+9xQ/2Kf0vLr7bTzWm4Ng==",
        ] {
            assert_eq!(generic(text, Says::Token), Ok(()), "{text}");
        }
        for text in [
            "short1",
            "get_token_from_environment1",
            "https://example.org/a1b2c3d4",
            "aaaaaaaaaaaaaaaa1",
            "correct-horse-battery-staple",
            "org/users/current-user/s3-access-keys",
            "ABC123abc123ABC123abc123ABC123ab",
            "dnacsolutions123",
            "01234567-5678-9abc-78de-9fgabc123def",
            "ABAQDAwXxn7kIMNWzcDfo...",
            "process.env.API_KEY2",
            "config.services.payment2.token",
            "/etc/ssl/private/server1.key",
            "AuthenticationTokenProviderV2",
            "2026-11-26T10:00:00",
            "1.2.3-beta.4",
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NM",
            "bob.smith2@mail.example.net",
            "$PAYMENT_TOKEN_2",
            "2018-01-01-preview",
            "end_exclusive=True1",
            "12345ABCDE67890FGHIJ123ABC456DEF",
            "application/vnd.api2+json",
        ] {
            assert!(generic(text, Says::Token).is_err(), "{text}");
        }
        // What may be anything has to be longer, and no id.
        assert!(generic("k3v9x0q2m7c1z8", Says::Perhaps).is_err());
        assert!(generic("3b2c1d0e-9f8a-4b7c-a6d5-e4f3021b2a39", Says::Perhaps).is_err());
        assert_eq!(generic("q8Zk2LmX7vTr4WnYb1CdP0", Says::Perhaps), Ok(()));
    }

    #[test]
    fn a_password_is_what_somebody_made_up() {
        for text in [
            "Tr0ub4dor&3x",
            "gr8-Wine!77",
            "k3v9x0q2",
            "x7#Kq!",
            "vTacUNzGaErSVE",
            "q8Zk2LmX7vTr4WnYb1CdP0",
        ] {
            assert_eq!(generic(text, Says::Password), Ok(()), "{text}");
        }
        for text in [
            "password",
            "P@ssw0rd",
            "admin123",
            "mypassword1",
            "hunter2",
            "changeme!1",
            "getpass",
            "user_password_field",
            "${DB_PASSWORD}",
            "{urlsafe:27}",
            "[A-Za-z0-9._~%!*-]",
            "<password>",
            "********",
            "secret",
            "None",
            "postgres",
            "string",
            "description",
        ] {
            assert!(generic(text, Says::Password).is_err(), "{text}");
        }
    }
}
