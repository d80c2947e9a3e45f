use super::horizon_svg::{Canvas, Place, Width, svg};
use super::*;
use std::io::Write as _;
use tenure_model::{horizon::is_living, key::Told};

#[path = "../../examples/synthetic_report/make.rs"]
mod make;

const TODAY: &str = "2026-11-23";

fn made(count: usize) -> Assessment {
    make::assessment(count, TODAY).unwrap()
}

fn page(assessment: &Assessment) -> Report {
    html(assessment, &ReportOptions::default()).unwrap()
}

fn pictures(horizon: &Horizon) -> Vec<String> {
    [Width::Wide, Width::Narrow]
        .into_iter()
        .flat_map(|width| {
            [Place::Page, Place::Standalone].map(|place| svg(horizon, Canvas { width, place }))
        })
        .collect()
}

fn compressed(text: &str) -> usize {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().len()
}

/// What is wrong with the nesting of a page, by the rules of HTML.
fn faults(html: &str) -> Vec<String> {
    use html5ever::tendril::TendrilSink;
    let dom = html5ever::parse_document(
        markup5ever_rcdom::RcDom::default(),
        html5ever::ParseOpts::default(),
    )
    .one(html);
    dom.errors
        .borrow()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_largest_report_keeps_to_its_limits() {
    let assessment = made(50_000);
    let report = page(&assessment);
    assert!(report.html.len() <= LARGEST, "{}", report.html.len());
    let rows = report.csv.unwrap().lines().count();
    assert_eq!(rows, 50_001, "every key has its reasons in the table");
    for picture in pictures(&Horizon::of(&assessment, Some(&made(45_000)))) {
        assert!(compressed(&picture) <= 20_000, "{}", compressed(&picture));
    }
}

#[test]
fn pictures_are_small_well_formed_and_plain_at_every_size() {
    for count in [0, 1, 40, 41, 300, 301, 1_200] {
        let horizon = Horizon::of(&made(count), Some(&made(count / 2)));
        for picture in pictures(&horizon) {
            assert!(
                compressed(&picture) <= 20_000,
                "{count}: {}",
                compressed(&picture)
            );
            let parsed = roxmltree::Document::parse(&picture).unwrap();
            for node in parsed.descendants().filter(roxmltree::Node::is_element) {
                let name = node.tag_name().name();
                assert!(
                    !matches!(name, "script" | "style" | "image" | "foreignObject"),
                    "{name}"
                );
                assert!(node.attribute("style").is_none() && node.attribute("class").is_none());
                let target = node.attribute("href").unwrap_or("#");
                assert!(target.starts_with('#'), "{target}");
            }
        }
    }
}

#[test]
fn every_link_of_a_page_has_its_target() {
    for count in [0, 1, 30, 200, 1_500] {
        let html = page(&made(count)).html;
        let ids: std::collections::BTreeSet<&str> = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        for target in html
            .split("href=\"#")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            assert!(ids.contains(target), "{count}: {target}");
        }
        let all = html.matches(" id=\"").count();
        assert_eq!(all, ids.len(), "{count}: an id stands twice");
    }
}

#[test]
fn sections_stand_in_their_order_and_load_nothing() {
    let html = page(&made(200)).html;
    let order = [
        "<h1>",
        "id=\"horizon\"",
        "id=\"dated\"",
        "id=\"act-now\"",
        "id=\"changes\"",
        "id=\"verdicts\"",
        "id=\"not-seen\"",
        "id=\"owners\"",
        "id=\"keys\"",
        "id=\"method\"",
    ];
    let places: Vec<usize> = order.iter().map(|mark| html.find(mark).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    for loads in [
        "<script",
        "<link",
        "<img",
        "src=",
        "@import",
        "url(http",
        "href=\"http",
        "javascript:",
    ] {
        assert!(!html.contains(loads), "{loads}");
    }
    assert!(
        html.contains("tenure decide --facts facts.jsonl --policy policy.toml --today 2026-11-23")
    );
    assert_eq!(html, page(&made(200)).html, "the same twice");
}

#[test]
fn pages_nest_as_html_allows() {
    assert!(!faults("<!doctype html><title>x</title><div><p></div></span>").is_empty());
    for count in [0, 1, 30, 1_500] {
        let report = page(&made(count));
        assert_eq!(faults(&report.html), Vec::<String>::new(), "{count} keys");
    }
}

#[test]
fn reasons_stand_in_full_for_every_key_of_a_small_report() {
    let assessment = made(60);
    let report = page(&assessment);
    assert_eq!(report.csv, None);
    assert_eq!(report.html.matches("<details id=\"why-").count(), 60);
    let rows = report.html.matches("<tr id=\"k").count();
    assert_eq!(rows, 60, "all keys, living or not");
}

#[test]
fn hostile_names_are_shown_and_not_run() {
    let mut assessment = made(30);
    let hostile = "</title><script>alert(1)</script>\"'><a href=javascript:x>\u{202e}gpj.exe\u{0}\n]]>--><!--";
    assessment.title = hostile.to_owned();
    for key in &mut assessment.keys {
        key.name = Some(hostile.to_owned());
        key.provider = hostile.to_owned();
        key.owner.value = Some(hostile.to_owned());
        key.account = Some(hostile.to_owned());
        for sighting in &mut key.sightings {
            sighting.path = hostile.to_owned();
        }
    }
    assessment.summary.notes = vec![hostile.to_owned()];
    let options = ReportOptions {
        csv_name: "javascript:alert(1)",
        facts_name: "a; rm -rf ~",
        ..ReportOptions::default()
    };
    let html = html(&assessment, &options).unwrap().html;
    assert!(!html.contains("<script") && !html.contains("<a href=javascript"));
    assert!(!html.contains(['\u{202e}', '\u{0}']));
    assert!(html.contains("⟨U+202E⟩") && !html.contains("rm -rf"));
    assert_eq!(faults(&html), Vec::<String>::new());
    for picture in pictures(&Horizon::of(&assessment, None)) {
        roxmltree::Document::parse(&picture).unwrap();
        assert!(!picture.contains('\u{202e}'));
    }
}

#[test]
fn long_names_do_not_break_the_limit() {
    let mut assessment = made(3_000);
    for (at, key) in assessment.keys.iter_mut().enumerate() {
        key.name = Some(format!("{at}{}", "\u{202e}<&".repeat(2_000)));
        key.owner = Told::new(
            format!("{at}{}", "<".repeat(500)),
            tenure_model::key::Basis::Declared,
            "s",
        );
    }
    assert!(page(&assessment).html.len() <= LARGEST);
}

#[test]
fn a_spreadsheet_takes_no_cell_for_a_formula() {
    let mut assessment = made(1_001);
    assessment.keys[0].name = Some("=HYPERLINK(\"http://x\")".to_owned());
    let csv = page(&assessment).csv.unwrap();
    assert!(csv.contains("'=HYPERLINK") && !csv.contains(",=HYPERLINK"));
}

#[test]
fn nothing_of_the_original_names_is_left() {
    const CANARY: &str = "zanzibar";
    let mut original = serde_json::to_value(made(40)).unwrap();
    // Every text that is no word of the contract becomes a canary.
    fn plant(value: &mut serde_json::Value, name: &str, n: &mut usize) {
        const TYPED: [&str; 34] = [
            "schema",
            "today",
            "basis",
            "purpose",
            "level",
            "set_by",
            "factor",
            "option",
            "state",
            "id_verdict",
            "action",
            "to",
            "due",
            "urgency",
            "acceptor",
            "then",
            "controls",
            "tasks",
            "assumed",
            "verdict",
            "kind",
            "audience",
            "liveness",
            "part_seen",
            "confidence",
            "since",
            "fact",
            "effect",
            "on",
            "by_verdict",
            "by_level",
            "facts_digest",
            "policy_digest",
            "title_",
        ];
        match value {
            serde_json::Value::String(text) => {
                let date = text.len() == 10 && text.as_bytes()[4] == b'-';
                if !TYPED.contains(&name) && !date {
                    *n += 1;
                    *text = format!("{CANARY}{n}");
                }
            }
            serde_json::Value::Array(items) => {
                items.iter_mut().for_each(|item| plant(item, name, n))
            }
            serde_json::Value::Object(map) => {
                for (name, value) in map.iter_mut() {
                    let typed = value.get("id").is_some() && name == "verdict";
                    let id = typed.then(|| value["id"].clone());
                    let controls =
                        (name == "controls" || name == "sightings").then(|| value.clone());
                    plant(value, name, n);
                    if let Some(id) = id {
                        value["id"] = id;
                    }
                    for (at, before) in controls
                        .iter()
                        .flat_map(|c| c.as_array().into_iter().flatten())
                        .enumerate()
                    {
                        for field in ["id", "part"] {
                            if before.get(field).is_some() {
                                value[at][field] = before[field].clone();
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut planted = 0;
    plant(&mut original, "", &mut planted);
    assert!(planted > 1_000, "{planted}");
    let assessment: Assessment = serde_json::from_value(original).unwrap();
    let anonymous = anonymise(&assessment);
    let json = serde_json::to_string(&anonymous).unwrap();
    let at = json.find(CANARY);
    assert_eq!(at.map(|at| &json[at.saturating_sub(80)..at + 12]), None);
    assert!(!page(&anonymous).html.contains(CANARY));
}

#[test]
fn anonymised_keys_keep_dates_decisions_and_their_words() {
    let assessment = made(40);
    let anonymous = anonymise(&assessment);
    assert_eq!(anonymous.keys.len(), 40);
    let text = serde_json::to_string(&anonymous).unwrap();
    for original in [
        "northwind",
        "Northwind",
        "AKIAEXAMPLE",
        "services/app",
        "people.csv",
        "fp-000",
    ] {
        assert!(!text.contains(original), "{original}");
    }
    let mut kept = 0;
    for (before, after) in assessment.keys.iter().zip(&anonymous.keys) {
        assert_eq!(before.created_at.value, after.created_at.value);
        assert_eq!(before.verdict.id, after.verdict.id);
        assert_eq!(before.verdict.outcome.due, after.verdict.outcome.due);
        assert_eq!(is_living(before), is_living(after));
        let said = |key: &tenure_model::assessment::Key| {
            key.verdict
                .outcome
                .because
                .iter()
                .map(|b| b.text.clone())
                .collect::<Vec<_>>()
        };
        kept += usize::from(said(before) == said(after));
    }
    assert!(kept > 35, "{kept} of 40 say the same");
    assert_eq!(
        Horizon::of(&assessment, None).endless(),
        Horizon::of(&anonymous, None).endless()
    );
    assert_eq!(anonymise(&assessment), anonymous, "stable");
}
