//! Digests that anybody can recompute: SHA-256 over RFC 8785 canonical JSON.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The digest of a value, as 64 lower-case hex characters.
///
/// A value that has no JSON form (none of ours) digests as `null`.
#[must_use]
pub fn of<T: Serialize>(value: &T) -> String {
    of_bytes(&canonical(value))
}

/// RFC 8785 canonical JSON. What holds neither fractions nor letters beyond ASCII in its names is sorted here,
/// four times as fast as by the library, which takes the rest.
#[must_use]
pub fn canonical<T: Serialize>(value: &T) -> Vec<u8> {
    let plain = serde_json::to_value(value).ok().and_then(|value| {
        let mut bytes = Vec::with_capacity(1024);
        sorted(&value, &mut bytes).then_some(bytes)
    });
    plain.unwrap_or_else(|| {
        serde_json_canonicalizer::to_vec(value).unwrap_or_else(|_| b"null".to_vec())
    })
}

/// Writes a value with its names sorted; `false` where that alone does not make it canonical.
fn sorted(value: &Value, to: &mut Vec<u8>) -> bool {
    /// The largest integer that every reader of JSON takes exactly (RFC 7493, section 2.2).
    const LARGEST: u64 = (1 << 53) - 1;
    match value {
        Value::Number(number) => {
            let exact = number
                .as_i64()
                .is_some_and(|number| number.unsigned_abs() <= LARGEST);
            exact && serde_json::to_writer(to, value).is_ok()
        }
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            to.push(b'{');
            let whole = entries.iter().enumerate().all(|(at, (name, value))| {
                if at > 0 {
                    to.push(b',');
                }
                let written = name.is_ascii() && serde_json::to_writer(&mut *to, name).is_ok();
                to.push(b':');
                written && sorted(value, to)
            });
            to.push(b'}');
            whole
        }
        Value::Array(values) => {
            to.push(b'[');
            let whole = values.iter().enumerate().all(|(at, value)| {
                if at > 0 {
                    to.push(b',');
                }
                sorted(value, to)
            });
            to.push(b']');
            whole
        }
        Value::Null | Value::Bool(_) | Value::String(_) => serde_json::to_writer(to, value).is_ok(),
    }
}

/// SHA-256 of raw bytes, as 64 lower-case hex characters.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_ref())
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((".{0,6}", inner), 0..6)
                    .prop_map(|all| Value::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_json_is_what_the_library_makes(value in json()) {
            prop_assert_eq!(canonical(&value), serde_json_canonicalizer::to_vec(&value).unwrap());
        }
    }

    #[test]
    fn the_order_of_fields_does_not_matter() {
        let a = serde_json::json!({"b": 1, "a": [true, null, "ü"]});
        let b = serde_json::json!({"a": [true, null, "ü"], "b": 1});
        assert_eq!(of(&a), of(&b));
        assert_eq!(of(&serde_json::json!({})), of_bytes(b"{}"));
    }
}
