//! The document of the API names every route of the table, and nothing in it leads nowhere.

use crate::setup::{Server, call};
use serde_json::Value;
use std::collections::BTreeSet;
use tenure_server::router::routes;

fn refs(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(to)) = map.get("$ref") {
                found.insert(to.clone());
            }
            map.values().for_each(|value| refs(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| refs(value, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_names_every_operation_with_paths_from_the_root() {
    let server = Server::new().await;
    let answer = call("GET", "/openapi.json").to(&server).await;
    assert_eq!(answer.status, 200);
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut named = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with("/api/v1/"), "{path}");
        for (method, operation) in operations.as_object().unwrap() {
            named.insert(format!("{} {path}", method.to_uppercase()));
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
            assert!(
                operation["summary"]
                    .as_str()
                    .is_some_and(|says| !says.is_empty()),
                "{path}"
            );
            let answers = operation["responses"].as_object().unwrap();
            assert!(
                answers.contains_key("4XX") && answers.contains_key("5XX"),
                "{path}"
            );
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')) {
                let name = name.trim_end_matches('}');
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(
                    parameters
                        .iter()
                        .any(|one| one["name"] == name && one["in"] == "path")
                );
            }
        }
    }
    let served: BTreeSet<String> = routes()
        .iter()
        .filter(|route| route.is_api())
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(named, served);
    assert!(named.len() >= 100, "{}", named.len());
    let mut found = BTreeSet::new();
    refs(&document, &mut found);
    assert!(!found.is_empty());
    for to in found {
        let at = to
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{to} leads out of the document"));
        assert!(document.pointer(at).is_some(), "{to} leads nowhere");
    }
}
