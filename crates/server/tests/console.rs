//! The console's pages: what must hold of each of them, with sample data and with hostile data.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

#[path = "console/sample.rs"]
mod sample;

use html5ever::{ParseOpts, parse_document, tendril::TendrilSink};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use sample::{Page, Sample};
use std::{collections::BTreeSet, sync::LazyLock};
use tenure_model::{assessment::Assessment, catalog::Provider};
use tenure_server::ui::{CONTENT_SECURITY_POLICY, asset};

static NORTHWIND: LazyLock<(Assessment, Vec<Provider>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    sample::northwind(folder.path())
});

fn pages() -> Vec<Page> {
    let say = str::to_owned;
    Sample {
        assessment: &NORTHWIND.0,
        providers: &NORTHWIND.1,
        say: &say,
    }
    .pages()
}

/// Names as an attacker would choose them: markup, quotes, an end of an attribute, a change of direction, no end.
const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)//\u{202e}txt.exe\u{0}\r\n",
    "</textarea></title></svg><b id=hostile>",
];

/// The fields of an assessment that hold text of people, whatever it is.
const TEXTS: [&str; 18] = [
    "account",
    "also",
    "audience_why",
    "credential",
    "hint",
    "key_id",
    "name",
    "note",
    "path",
    "provider",
    "source",
    "system_name",
    "taken",
    "text",
    "title",
    "who",
    "whom",
    "why",
];

/// The same assessment with every such field made hostile.
fn hostile_assessment(with: &str) -> Assessment {
    fn walk(value: &mut serde_json::Value, with: &str) {
        match value {
            serde_json::Value::Object(map) => {
                for (name, inner) in map.iter_mut() {
                    let is_person = matches!(name.as_str(), "owner" | "system");
                    if let (true, Some(told)) = (is_person, inner.get_mut("value"))
                        && told.is_string()
                        && inner.get("fact").is_none()
                    {
                        inner["value"] = format!("{with} owner").into();
                    }
                    if TEXTS.contains(&name.as_str()) && inner.is_string() {
                        let before = inner.as_str().unwrap_or_default().to_owned();
                        *inner = format!("{with}{before}").into();
                    } else {
                        walk(inner, with);
                    }
                }
            }
            serde_json::Value::Array(all) => all.iter_mut().for_each(|inner| walk(inner, with)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(&NORTHWIND.0).unwrap();
    walk(&mut value, with);
    serde_json::from_value(value).unwrap()
}

fn hostile_pages(with: &str) -> Vec<Page> {
    let assessment = hostile_assessment(with);
    let say = |text: &str| format!("{with}{text}{with}");
    Sample {
        assessment: &assessment,
        providers: &NORTHWIND.1,
        say: &say,
    }
    .pages()
}

/// Every element of a page: its name and its attributes.
fn elements(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    fn walk(node: &Handle, out: &mut Vec<(String, Vec<(String, String)>)>) {
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let attrs = attrs.borrow();
            let attrs = attrs
                .iter()
                .map(|one| (one.name.local.to_string(), one.value.to_string()))
                .collect();
            out.push((name.local.to_string(), attrs));
        }
        for child in node.children.borrow().iter() {
            walk(child, out);
        }
    }
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(text);
    let mut out = Vec::new();
    walk(&dom.document, &mut out);
    out
}

fn attribute<'a>(attrs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = attrs.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// What must hold of every page, whatever it shows.
fn check(name: &str, text: &str) {
    let all = elements(text);
    let mut ids = BTreeSet::new();
    for (element, attrs) in &all {
        for (attr, value) in attrs {
            assert_ne!(attr, "style", "{name}: <{element}> has a style of its own");
            assert!(!attr.starts_with("on"), "{name}: <{element}> has {attr}");
            assert!(!attr.starts_with("hx-on"), "{name}: <{element}> has {attr}");
            if matches!(
                attr.as_str(),
                "href" | "src" | "action" | "formaction" | "hx-get"
            ) {
                let here = value.starts_with('/') && !value.starts_with("//");
                let source = element == "a" && value.starts_with("https://");
                assert!(
                    here || value.starts_with('#') || source,
                    "{name}: {element} {attr}={value}"
                );
            }
        }
        match element.as_str() {
            "style" | "iframe" | "object" | "embed" | "base" => panic!("{name}: <{element}>"),
            "script" => {
                let address = attribute(attrs, "src").unwrap();
                let mut parts = address.trim_start_matches("/static/").split('/');
                let held = asset::find(parts.next().unwrap(), parts.next().unwrap());
                assert!(held.is_some(), "{name}: {address} is no file of ours");
            }
            "input" | "select" | "textarea" => {
                let hidden = attribute(attrs, "type") == Some("hidden");
                assert!(hidden || attribute(attrs, "name").is_some() || element == "input");
            }
            _ => {}
        }
        if let Some(id) = attribute(attrs, "id") {
            assert!(
                ids.insert(id.to_owned()),
                "{name}: the id {id} is there twice"
            );
        }
    }
    let count = |element: &str| all.iter().filter(|(name, _)| name == element).count();
    assert_eq!(count("h1"), 1, "{name}: one heading of the page");
    assert_eq!(count("main"), 1, "{name}: one main part");
    // Marks without width or of direction never reach a browser as they are.
    for c in text.chars() {
        assert!(
            c == '\n' || !tenure_app::report::text::is_hidden(c),
            "{name}: U+{:04X}",
            u32::from(c)
        );
    }
    forms(name, text);
}

/// Every form that changes something is sent by POST with the token; every other one is a GET with nothing secret.
fn forms(name: &str, text: &str) {
    for part in text.split("<form ").skip(1) {
        let form = part.split("</form>").next().unwrap();
        let head = form.split('>').next().unwrap();
        let token = form.contains(r#"name="csrf" value="token-of-forms""#);
        if head.contains(r#"method="post""#) {
            assert!(token, "{name}: a form without its token: {head}");
        } else {
            assert!(
                head.contains(r#"method="get""#),
                "{name}: a form without a method: {head}"
            );
            assert!(
                !token,
                "{name}: the token would stand in an address: {head}"
            );
        }
    }
}

#[test]
fn every_page_keeps_the_rules() {
    let pages = pages();
    assert!(pages.len() >= 35);
    for (name, text) in &pages {
        check(name, text);
    }
}

#[test]
fn hostile_names_change_no_page() {
    let plain: Vec<(Page, usize)> = pages()
        .into_iter()
        .map(|page| {
            let count = elements(&page.1).len();
            (page, count)
        })
        .collect();
    for with in HOSTILE {
        for ((name, text), ((_, _), before)) in hostile_pages(with).iter().zip(&plain) {
            check(&format!("{name} with {with:?}"), text);
            let all = elements(text);
            let made = |element: &str| all.iter().any(|(name, _)| name == element);
            assert!(!made("img"), "{name}: {with:?}");
            let found = all
                .iter()
                .any(|(_, attrs)| attribute(attrs, "id") == Some("hostile"));
            assert!(!found, "{name}: {with:?} became an element");
            // A name that is no address any more makes a link less; nothing makes an element more.
            assert!(
                all.len() <= before + 40,
                "{name}: {with:?}: {} and {before}",
                all.len()
            );
        }
    }
}

#[test]
fn very_long_names_are_cut_where_lists_show_them() {
    let long = "x".repeat(20_000);
    for (name, text) in hostile_pages(&long) {
        check(name, &text);
        if matches!(
            name,
            "today" | "today-owner" | "exposures" | "keys-bulk" | "work-cases"
        ) {
            let visible = visible(&text);
            let longest = visible.split(char::is_whitespace).map(str::len).max();
            assert!(longest <= Some(400), "{name}: {longest:?}");
        }
    }
}

/// What a page says, without its markup.
fn visible(text: &str) -> String {
    // The drawing's flags name providers of the catalogue in full.
    let body = text.split_once("<main").unwrap().1;
    let parts = body.split("<svg ");
    let body: String = parts
        .map(|part| part.split_once("</svg>").map_or(part, |(_, rest)| rest))
        .collect();
    let pieces = body
        .split('<')
        .map(|piece| piece.split_once('>').map_or("", |(_, text)| text));
    pieces.collect::<Vec<_>>().join(" ")
}

#[test]
fn nothing_inline_is_allowed_and_the_harness_of_the_browser_uses_the_same_words() {
    assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    assert!(CONTENT_SECURITY_POLICY.starts_with("default-src 'none'"));
    let harness = include_str!("../../../e2e/pages.mjs");
    assert!(harness.contains(CONTENT_SECURITY_POLICY));
}

#[test]
fn htmx_runs_no_text_as_code_and_keeps_no_page() {
    let (_, text) = pages().into_iter().next().unwrap();
    let all = elements(&text);
    let config = all
        .iter()
        .find(|(_, attrs)| attribute(attrs, "name") == Some("htmx-config"))
        .and_then(|(_, attrs)| attribute(attrs, "content"))
        .unwrap();
    let config: serde_json::Value = serde_json::from_str(config).unwrap();
    for (name, wanted) in [
        ("allowEval", serde_json::json!(false)),
        ("allowScriptTags", serde_json::json!(false)),
        ("includeIndicatorStyles", serde_json::json!(false)),
        ("selfRequestsOnly", serde_json::json!(true)),
        ("historyCacheSize", serde_json::json!(0)),
    ] {
        assert_eq!(config[name], wanted, "{name}");
    }
    // What is named here is known to the version that is held.
    let htmx = include_str!("../static/htmx.min.js");
    for name in config.as_object().unwrap().keys() {
        assert!(htmx.contains(name.as_str()), "{name}");
    }
    assert!(htmx.contains("version:\"2.0.11\""));
}

#[test]
fn who_may_not_sign_gets_no_form_and_is_told_why() {
    let pages = pages();
    let (_, text) = pages
        .iter()
        .find(|(name, _)| *name == "decision-not")
        .unwrap();
    assert!(!text.contains("data-sign"));
    assert!(text.contains("nobody signs for what they own"));
    assert!(text.contains("separation.sign"));
}

#[test]
fn a_page_shows_only_the_places_that_its_caller_may_go_to() {
    let pages = pages();
    let (_, text) = pages
        .iter()
        .find(|(name, _)| *name == "today-owner")
        .unwrap();
    assert!(text.contains(r#"href="/keys""#));
    for place in ["/decisions", "/exposures", "/proof", "/catalogue", "/work"] {
        assert!(!text.contains(&format!("href=\"{place}\"")), "{place}");
    }
}

/// The values of settings in a file of the example company, as whoever holds the file reads them.
fn secrets_in(file: &str) -> Vec<String> {
    let text = tenure_app::demo::text(file, &NORTHWIND.1).unwrap();
    let ids: BTreeSet<&str> = NORTHWIND
        .0
        .keys
        .iter()
        .filter_map(|key| key.key_id.as_deref())
        .collect();
    text.lines()
        .filter_map(|line| {
            line.split_once('=')
                .map(|(_, value)| value.trim_matches(['"', '\'', ' ']))
        })
        .filter(|value| value.len() >= 20 && !ids.contains(value) && !value.contains("://"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_page_holds_a_secret_that_was_found() {
    let secrets: Vec<String> = [
        "repos/website/.env.production",
        "repos/web/.env",
        "repos/web/.env.staging",
    ]
    .into_iter()
    .flat_map(secrets_in)
    .collect();
    assert!(secrets.len() >= 3, "{}", secrets.len());
    for (name, text) in pages() {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{name} holds a secret");
        }
    }
}

#[test]
fn no_page_grades() {
    for (name, text) in pages() {
        let low = text.to_lowercase();
        for word in ["risk score", "grade", "rating"] {
            assert!(!low.contains(word), "{name}: {word}");
        }
    }
}

/// The page as it is kept for comparison: addresses of files without their digest, drawings by their size alone.
fn kept(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<svg ") {
        let (drawing, behind) = after.split_once("</svg>").unwrap();
        out.push_str(before);
        let size = drawing.split_once("viewBox=").map_or("", |(_, size)| size);
        let size = size.split('"').nth(1).unwrap_or_default();
        out.push_str(&format!("<svg viewBox=\"{size}\">…</svg>"));
        rest = behind;
    }
    out.push_str(rest);
    for one in asset::ASSETS {
        out = out.replace(&asset::asset(one.name), &format!("/static/…/{}", one.name));
    }
    // Public ids are made up, and look like real ones all the same.
    for key in &NORTHWIND.0.keys {
        if let Some(id) = key.key_id.as_deref().filter(|id| id.len() >= 12) {
            out = out.replace(id, "…public-id…");
        }
    }
    out.replace("><", ">\n<")
}

#[test]
fn pages_are_as_they_were() {
    for (name, text) in pages() {
        insta::assert_snapshot!(name, kept(&text));
    }
}
