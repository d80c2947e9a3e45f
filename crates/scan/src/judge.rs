//! Whether a text is a secret at all: placeholders, entropy, and what only looks like one.

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

/// Judges the value of a generic assignment (`api_key = "…"`), where no format vouches for it.
///
/// # Errors
/// Why it is no secret.
pub fn generic(value: &str) -> Result<(), Dismissal> {
    let lower = value.to_ascii_lowercase();
    if is_placeholder(value, "")
        || lower.ends_with("...")
        || lower.contains("sample")
        || lower.contains("password")
        || is_periodic(lower.as_bytes())
    {
        return Err(Dismissal::Placeholder);
    }
    let bytes = value.as_bytes();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = bytes.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let other = bytes.len().saturating_sub(digits).saturating_sub(letters);
    let address = value.contains("://")
        || value.contains('@')
        || value.starts_with('/')
        || value.starts_with("./");
    let expression =
        value.contains("()") || value.contains("::") || value.contains("->") || value.contains('$');
    if bytes.len() < 16
        || address
        || expression
        || !value.is_ascii()
        || digits == 0
        || letters < 4
        || other.saturating_mul(4) > bytes.len()
    {
        return Err(Dismissal::OrdinaryText);
    }
    let is_path = value.contains('/')
        && value.split('/').all(|part| {
            part.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        });
    let word_and_number = value
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .bytes()
        .all(|b| b.is_ascii_lowercase());
    if is_path || word_and_number {
        return Err(Dismissal::OrdinaryText);
    }
    let longest_word = value
        .split(|c: char| !c.is_ascii_lowercase())
        .map(str::len)
        .max()
        .unwrap_or(0);
    if longest_word >= 10 && digits.saturating_mul(8) < bytes.len() {
        return Err(Dismissal::OrdinaryText);
    }
    let hex = bytes.iter().all(u8::is_ascii_hexdigit);
    let least = if hex { 3.0 } else { 3.5 };
    if entropy(bytes) < least {
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
    fn a_generic_value_has_to_look_random() {
        assert_eq!(generic("q8Zk2LmX7vTr4WnYb1CdP0"), Ok(()));
        assert_eq!(generic("9f86d081884c7d659a2feaa0c55ad015"), Ok(()));
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
        ] {
            assert!(generic(text).is_err(), "{text}");
        }
    }
}
