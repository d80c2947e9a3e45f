use super::*;
use tenure_model::{
    catalog::template::{Template, numbers},
    secret::{Pepper, Secret},
};

fn known(name: &str) -> Known {
    Known {
        id: None,
        name: Some(name.to_owned()),
    }
}

fn list(secrets: &[&str]) -> Vec<u8> {
    let keys = WatchKeys::of(&Pepper::new([3; 32]));
    let all = secrets
        .iter()
        .map(|secret| {
            let after = window(secret.as_bytes(), None).unwrap();
            WatchKey {
                mark: keys.mark(&Secret::new(secret.as_bytes()), after).unwrap(),
                letters_only: false,
                known: known(&format!("key {}", secret.len())),
            }
        })
        .collect();
    write(&keys, all).unwrap()
}

fn secret(seed: u64, template: &str) -> String {
    Template::parse(template).unwrap().example(numbers(seed))
}

fn found(watch: &Watch, text: &[u8]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut search = watch.search(text);
    for run in run::runs(text) {
        search.run(run, &mut |span, _| spans.push(span));
    }
    search.finish(&mut |span, _| spans.push(span));
    spans
}

#[test]
fn a_copy_is_found_at_every_offset_and_a_near_miss_is_not() {
    let key = secret(1, "ex_{base62:32}");
    let watch = Watch::parse(list(&[&key])).unwrap();
    for before in 0..70 {
        for filler in ["a", " ", "/"] {
            let text = format!("{}{key}{}", filler.repeat(before), filler.repeat(5));
            assert_eq!(
                found(&watch, text.as_bytes()),
                std::iter::once(before..before + key.len()).collect::<Vec<_>>()
            );
        }
    }
    let text = |key: &str| format!("x = \"{key}\" end");
    for at in 0..key.len() {
        let mut changed = key.clone().into_bytes();
        changed[at] = if changed[at] == b'q' { b'r' } else { b'q' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(found(&watch, text(&changed).as_bytes()).is_empty(), "{at}");
    }
    let misses = [
        &key[1..],
        &key[..key.len() - 1],
        &key[key.len() - 16..],
        &key.to_uppercase(),
    ];
    for miss in misses {
        assert!(found(&watch, text(miss).as_bytes()).is_empty());
    }
}

#[test]
fn padding_and_other_ends_are_part_of_the_key() {
    let key = format!("{}==", secret(2, "{base64:22}"));
    let watch = Watch::parse(list(&[&key])).unwrap();
    let text = format!("k: {key}\n");
    assert_eq!(
        found(&watch, text.as_bytes()),
        std::iter::once(3..3 + key.len()).collect::<Vec<_>>()
    );
    assert!(found(&watch, text.replace("==", "=").as_bytes()).is_empty());
    assert_eq!(watch.knows(key.as_bytes()), Some(known("key 24")));
    assert_eq!(watch.knows(&key.as_bytes()[1..]), None);
    assert_eq!(watch.knows(b""), None);
}

#[test]
fn two_keys_with_one_tail_are_told_apart() {
    let tail = secret(3, "{base62:24}");
    let (one, two) = (format!("a_{tail}"), format!("live_{tail}"));
    let watch = Watch::parse(list(&[&one, &two])).unwrap();
    assert_eq!(watch.knows(one.as_bytes()), Some(known("key 26")));
    assert_eq!(watch.knows(two.as_bytes()), Some(known("key 29")));
    assert_eq!(
        found(&watch, two.as_bytes()),
        std::iter::once(0..two.len()).collect::<Vec<_>>()
    );
}

#[test]
fn the_same_keys_give_the_same_file_and_no_secret_is_in_it() {
    let (one, two) = (secret(4, "ex_{base62:32}"), secret(5, "ex_{hex:40}"));
    let bytes = list(&[&one, &two]);
    assert_eq!(bytes, list(&[&two, &one, &two]));
    for secret in [&one, &two] {
        for part in secret.as_bytes().windows(5) {
            assert!(!bytes.windows(5).any(|five| five == part));
        }
    }
}

/// With the file alone, a guess is confirmed only when it is the whole key: every window hash stands for 2^32
/// and more windows, since 64 bits went in and 32 came out.
#[test]
fn nothing_of_a_key_follows_from_the_file_but_whether_a_guess_is_right() {
    let key = secret(6, "ex_{base62:32}");
    let watch = Watch::parse(list(&[&key])).unwrap();
    let mark = watch.file.mark(0).unwrap();
    let mut random = numbers(7);
    let template = Template::parse("{base62:16}").unwrap();
    // Other windows have the same hash as often as chance has it: here, none of a million short of 32 bits.
    let alike = (0..1_000_000)
        .filter(|_| {
            let window = template.example(&mut random);
            watch.hash.of(window.as_bytes().first_chunk().unwrap()) >> 16 == mark.window >> 16
        })
        .count();
    assert!((1..60).contains(&alike), "{alike}");
    assert!(!format!("{watch:?}").contains(&key));
    assert_eq!(format!("{watch:?}"), "Watch { keys: 1, .. }");
}

#[test]
fn a_file_that_is_not_what_was_written_is_refused() {
    let bytes = list(&[&secret(8, "ex_{base62:32}")]);
    assert!(Watch::parse(bytes.clone()).is_ok());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Watch::parse(changed).is_err(), "{at}");
        assert!(Watch::parse(bytes[..at].to_vec()).is_err(), "{at}");
    }
    let mut later = bytes.clone();
    later[8] = 2;
    assert_eq!(Watch::parse(later).unwrap_err(), WatchError::Version(2));
    assert_eq!(Watch::parse(b"{}".to_vec()).unwrap_err(), WatchError::Other);
    let mut longer = bytes;
    longer.push(0);
    assert!(Watch::parse(longer).is_err());
}

#[test]
fn a_million_keys_are_all_found_and_nothing_else() {
    const KEYS: u64 = 1_000_000;
    let keys = WatchKeys::of(&Pepper::new([9; 32]));
    // Marks alone, so that the test stays quick: the proofs of all but a few are nobody's.
    let template = Template::parse("{base62:40}").unwrap();
    let real: Vec<String> = (0..50)
        .map(|seed| template.example(numbers(seed)))
        .collect();
    let mut random = numbers(1 << 40);
    let mut all: Vec<WatchKey> = (0..KEYS)
        .map(|_| WatchKey {
            mark: tenure_model::watch::Mark {
                window: u32::try_from(random() >> 32).unwrap(),
                length: 40,
                after: 0,
                proof: u128::from(random()).to_le_bytes(),
            },
            letters_only: false,
            known: Known {
                id: None,
                name: None,
            },
        })
        .collect();
    all.extend(real.iter().map(|secret| WatchKey {
        mark: keys.mark(&Secret::new(secret.as_bytes()), 0).unwrap(),
        letters_only: false,
        known: known(secret.get(..4).unwrap()),
    }));
    let watch = Watch::parse(write(&keys, all).unwrap()).unwrap();
    assert_eq!(watch.len(), 1_000_050);
    for secret in &real {
        assert_eq!(watch.knows(secret.as_bytes()), Some(known(&secret[..4])));
    }
    let mut text = String::new();
    for seed in 1000..3000 {
        text.push_str(&template.example(numbers(seed)));
        text.push(' ');
    }
    assert!(found(&watch, text.as_bytes()).is_empty());
}
