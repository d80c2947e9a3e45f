use super::*;
use crate::watchlist::{Watch, WatchKey, window, write};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use tenure_model::{
    catalog::template::{Template, numbers},
    secret::Pepper,
    watch::WatchKeys,
};

#[derive(Default)]
struct Seen(Vec<(String, String, u32, Option<String>)>, usize);

impl Sink for Seen {
    fn candidate(&mut self, c: Candidate) {
        self.0.push((c.provider, c.credential, c.line, c.variable));
    }
    fn dismissed(&mut self, _: Dismissal) {
        self.1 += 1;
    }
}

const PLAIN: Context = Context {
    code: false,
    test_material: false,
    encoded: false,
};

fn seen(text: &str, context: Context) -> Seen {
    let rules = Rules::compile(&[]).unwrap();
    let mut seen = Seen::default();
    scan(&rules, text.as_bytes(), context, &mut seen);
    seen
}

#[test]
fn a_generic_assignment_has_its_line_and_name() {
    let seen = seen("a=1\nPAYMENT_API_KEY=\"q8Zk2LmX7vTr4WnYb1CdP0\"\n", PLAIN);
    assert_eq!(
        seen.0,
        [(
            "unknown".into(),
            "generic_secret".into(),
            2,
            Some("PAYMENT_API_KEY".into())
        )]
    );
}

#[test]
fn a_password_of_an_address_counts_as_it_reads_and_templates_do_not() {
    let found = |text: &str| seen(text, PLAIN).0.len();
    for none in [
        "postgres://my-login:my-pa%2Fssword@my-host:5432/my-schema",
        "spark://mysecret%2Fuser:mysecret%2Fpassword@spark",
        "amqp://u:p%40ssw0rd@rabbit/",
        "acme://{digit:15}:{urlsafe:27}@{name}",
        "{scheme}://{user}:{Pass9_w}@host/",
    ] {
        assert_eq!(found(none), 0, "{none}");
    }
    for one in [
        "postgres://app:kX9%2Fq2mZw7@db1.corp.example/app",
        "mysql://svc:gr8-Wine!77{@10.1.2.3/pay",
    ] {
        assert_eq!(found(one), 1, "{one}");
    }
}

#[test]
fn code_counts_only_quoted_values_and_tests_none() {
    let text = "token = q8Zk2LmX7vTr4WnYb1CdP0\n";
    assert!(
        seen(
            text,
            Context {
                code: true,
                ..PLAIN
            }
        )
        .0
        .is_empty()
    );
    assert_eq!(seen(text, PLAIN).0.len(), 1);
    assert!(
        seen(
            text,
            Context {
                test_material: true,
                ..PLAIN
            }
        )
        .0
        .is_empty()
    );
}

#[test]
fn placeholders_are_counted_and_dropped() {
    let seen = seen(
        "api_key = your_api_key_goes_here_1\nsecret: ${SOME_SECRET_1}\n",
        PLAIN,
    );
    assert!(seen.0.is_empty());
    assert!(seen.1 >= 1);
}

#[test]
fn an_assignment_within_a_json_text_counts_as_in_a_notebook() {
    let text = r#"{"cells":[{"source":["api_key = \"q8Zk2LmX7vTr4WnYb1CdP0\"\n"]}]}"#;
    assert_eq!(seen(text, PLAIN).0.len(), 1);
}

#[test]
fn windows_see_what_overlaps_them_and_what_is_around_them() {
    let text = "x\nPAYMENT_API_KEY=\"q8Zk2LmX7vTr4WnYb1CdP0\"\nDB_PASSWORD: 'gr8-Wine!77'\nend\n";
    let rules = Rules::compile(&[]).unwrap();
    let one = |from: usize, to: usize| std::iter::once(from..to).collect::<Vec<_>>();
    let within = |windows: &[Range<usize>]| {
        let mut seen = Seen::default();
        scan_within(&rules, text.as_bytes(), windows, PLAIN, &mut seen);
        seen.0.into_iter().map(|one| one.2).collect::<Vec<_>>()
    };
    let whole = 0..text.len();
    assert_eq!(within(std::slice::from_ref(&whole)), [2, 3]);
    let at = text.find("Zk2").unwrap();
    let second = text.find("8-Wine").unwrap();
    assert_eq!(within(&one(at, at + 1)), [2]);
    assert_eq!(within(&one(second, second + 1)), [3]);
    assert_eq!(within(&[at..at + 1, second..second + 1]), [2, 3]);
    // A name alone is no value.
    assert_eq!(within(&one(2, 5)), Vec::<u32>::new());
    assert_eq!(within(&one(text.len(), text.len() + 9)), Vec::<u32>::new());
    assert_eq!(within(&[]), Vec::<u32>::new());
}

#[test]
fn base64_in_a_manifest_is_looked_into() {
    use base64::Engine as _;
    let inner = base64::engine::general_purpose::STANDARD.encode("q8Zk2LmX7vTr4WnYb1CdP0");
    let seen = seen(
        &format!("data:\n  api-token: {inner}\n"),
        Context {
            encoded: true,
            ..PLAIN
        },
    );
    assert_eq!(
        seen.0,
        [(
            "unknown".into(),
            "generic_secret".into(),
            2,
            Some("api-token".into())
        )]
    );
}

#[test]
fn a_private_key_is_one_candidate() {
    let mut random = tenure_model::catalog::template::numbers(3);
    let body = tenure_model::catalog::template::Template::parse("{base64:64}").unwrap();
    let lines: Vec<_> = (0..6).map(|_| body.example(&mut random)).collect();
    let text = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    );
    assert_eq!(
        seen(&text, PLAIN).0,
        [("unknown".into(), "private_key".into(), 1, None)]
    );
}

/// What finds this key, and nothing else.
fn watching(keys: &[&str]) -> Rules {
    let list = WatchKeys::of(&Pepper::new([5; 32]));
    let all = keys
        .iter()
        .map(|key| {
            let after = window(key.as_bytes(), None).unwrap();
            WatchKey {
                mark: list.mark(&Secret::new(key.as_bytes()), after).unwrap(),
                letters_only: false,
                known: Known {
                    id: Some("key_1".to_owned()),
                    name: None,
                },
            }
        })
        .collect();
    Rules::known_only(Watch::parse(write(&list, all).unwrap()).unwrap()).unwrap()
}

#[derive(Default)]
struct All(Vec<Candidate>);

impl Sink for All {
    fn candidate(&mut self, candidate: Candidate) {
        self.0.push(candidate);
    }
    fn dismissed(&mut self, _: Dismissal) {}
}

fn all(rules: &Rules, text: &[u8]) -> Vec<Candidate> {
    let mut all = All::default();
    scan(rules, text, PLAIN, &mut all);
    all.0
}

/// The forms in which a copy of a key may stand, by name.
fn disguises(key: &str) -> Vec<(String, String)> {
    let escaped = |escape: fn(u8) -> String| -> String {
        key.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    escape(byte)
                }
            })
            .collect()
    };
    let wide: Vec<u8> = format!("$k = '{key}'")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut all = vec![
        ("raw".to_owned(), key.to_owned()),
        (
            "hex".to_owned(),
            key.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ),
        (
            "HEX".to_owned(),
            key.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ),
        ("url".to_owned(), escaped(|byte| format!("%{byte:02X}"))),
        (
            "url, lower".to_owned(),
            escaped(|byte| format!("%{byte:02x}")),
        ),
        (
            "url, all of it".to_owned(),
            key.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        ),
        ("json".to_owned(), key.replace('/', "\\/")),
        (
            "json, unicode".to_owned(),
            escaped(|byte| format!("\\u{byte:04x}")),
        ),
        ("yaml".to_owned(), escaped(|byte| format!("\\x{byte:02x}"))),
        (
            "basic".to_owned(),
            format!("Basic {}", STANDARD.encode(format!("bob:{key}"))),
        ),
        (
            "url credentials".to_owned(),
            format!("https://bob:{key}@host.example/x"),
        ),
        ("in a word".to_owned(), format!("prefix{key}suffix")),
        ("utf-16 in base64".to_owned(), STANDARD.encode(&wide)),
        (
            "base64 twice".to_owned(),
            STANDARD.encode(STANDARD.encode(format!("key is {key}."))),
        ),
    ];
    for before in ["", "a", "ab"] {
        let plain = format!("{before}{key}{before}");
        all.push((
            format!("base64 at phase {}", before.len()),
            STANDARD.encode(&plain),
        ));
        all.push((
            format!("base64url at phase {}", before.len()),
            URL_SAFE_NO_PAD.encode(&plain),
        ));
    }
    all
}

#[test]
fn a_known_key_is_found_in_every_disguise_and_a_near_miss_in_none() {
    for (seed, template) in [
        (1, "ex_{base62:32}"),
        (2, "{[A-Za-z0-9/+]:40}"),
        (3, "{hex:40}"),
        (4, "z/{base62:9}+/{base62:20}"),
    ] {
        let key = Template::parse(template).unwrap().example(numbers(seed));
        let rules = watching(&[&key]);
        let changed = {
            let at = key.len() / 3;
            let other = if key.as_bytes()[at] == b'q' { "w" } else { "q" };
            format!("{}{other}{}", &key[..at], &key[at + 1..])
        };
        for ((form, text), (_, miss)) in disguises(&key).into_iter().zip(disguises(&changed)) {
            for (start, end) in [
                ("", ""),
                ("x = \"", "\"\n"),
                ("line\nk: ", " # end"),
                ("(", ")"),
            ] {
                let found = all(&rules, format!("{start}{text}{end}").as_bytes());
                let [one] = found.as_slice() else {
                    panic!("{template}: {form} {start:?}: {found:?}");
                };
                assert_eq!(one.known.as_ref().unwrap().id.as_deref(), Some("key_1"));
                assert_eq!(one.secret.expose(), key.as_bytes());
                assert_eq!(one.line, if start.contains('\n') { 2 } else { 1 });
                assert_eq!(one.decoded.is_empty(), text.contains(&key), "{form}");
                assert!(
                    one.offset + one.length <= start.len() + text.len(),
                    "{form}"
                );
            }
            assert!(
                all(&rules, miss.as_bytes()).is_empty(),
                "{template}: {form}, one byte changed"
            );
        }
        for miss in [&key[1..], &key[..key.len() - 1], &key[key.len() - 16..]] {
            for (form, text) in disguises(miss) {
                assert!(
                    all(&rules, text.as_bytes()).is_empty(),
                    "{template}: {form}, cut"
                );
            }
        }
    }
}

#[test]
fn a_known_key_is_found_through_any_window_that_touches_it() {
    let key = Template::parse("ex_{base62:32}")
        .unwrap()
        .example(numbers(9));
    let rules = watching(&[&key]);
    let text = format!("{} {key} {}", "lorem ".repeat(60), "ipsum ".repeat(60));
    let start = text.find(&key).unwrap();
    for (window, expected) in [
        (start..start + 1, 1),
        (start + key.len() - 1..start + key.len(), 1),
        (start + 9..start + 11, 1),
        (start - 5..start, 0),
        (start + key.len()..start + key.len() + 9, 0),
    ] {
        let mut seen = All::default();
        scan_within(
            &rules,
            text.as_bytes(),
            std::slice::from_ref(&window),
            PLAIN,
            &mut seen,
        );
        assert_eq!(seen.0.len(), expected, "{window:?}");
    }
}

#[test]
fn a_key_that_a_format_finds_is_told_to_be_known() {
    let provider = tenure_model::catalog::Provider::parse(
        "ex",
        "schema = \"tenure.provider/1\"\nprovider = \"ex\"\nname = \"Ex\"\ncategory = \"x\"\n[[credential]]\nkind = \"key\"\nname = \"Key\"\nstands_on = \"static\"\n[[credential.format]]\npart = \"secret\"\ntemplate = \"ex_{base62:32}\"\n",
    )
    .unwrap();
    let key = Template::parse("ex_{base62:32}")
        .unwrap()
        .example(numbers(9));
    let list = watching(&[&key]);
    let both = Rules::compile(&[provider]).unwrap();
    let text = format!("token = '{key}'");
    let plain = all(&both, text.as_bytes());
    assert!(plain.len() == 1 && plain[0].known.is_none() && plain[0].tail_bits.unwrap() > 64.0);
    drop(list);
    let keys = WatchKeys::of(&Pepper::new([5; 32]));
    let mark = keys.mark(&Secret::new(key.as_bytes()), 0).unwrap();
    let known = Known {
        id: None,
        name: Some("n".to_owned()),
    };
    let file = write(
        &keys,
        vec![WatchKey {
            mark,
            letters_only: false,
            known,
        }],
    )
    .unwrap();
    let watched = all(&both.watching(Watch::parse(file).unwrap()), text.as_bytes());
    assert_eq!(watched.len(), 1);
    assert_eq!(watched[0].provider, "ex");
    assert_eq!(
        watched[0].known.as_ref().unwrap().name.as_deref(),
        Some("n")
    );
}

#[test]
fn forms_are_read_within_limits() {
    let rules = Rules::compile(&[]).unwrap();
    let mut text = "API_KEY=q8Zk2LmX7vTr4WnYb1CdP0".to_owned();
    for deep in 1..8u8 {
        text = STANDARD.encode(&text);
        let found = all(&rules, text.as_bytes());
        assert_eq!(found.len(), usize::from(deep <= decode::DEPTH), "{deep}");
        if let Some(one) = found.first() {
            assert_eq!(one.decoded.len(), usize::from(deep));
            assert_eq!(one.variable.as_deref(), Some("API_KEY"));
        }
    }
}
