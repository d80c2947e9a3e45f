//! The document of the API (OpenAPI 3.1), made from the same table that the server routes by. Schemas are JSON Schema
//! 2020-12 as `schemars` makes them of the types that are sent, so that no second description of them exists.

use crate::{
    error::MEDIA,
    guard::CSRF_HEADER,
    route::{Access, Again, Gives, Route, Sends},
};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// What an operation is called: the method and the words of its path.
fn id(route: &Route) -> String {
    let words = route.path.trim_start_matches("/api/v1");
    let mut id = route.method.as_str().to_ascii_lowercase();
    for word in words.split(['/', '-', '.']).filter(|word| !word.is_empty()) {
        let word = word.trim_matches(['{', '}']);
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            id.push(first.to_ascii_uppercase());
            id.push_str(letters.as_str());
        }
    }
    id
}

/// The noun that an operation is sorted under.
fn noun(route: &Route) -> &str {
    let rest = route.path.strip_prefix("/api/v1/").unwrap_or("server");
    rest.split('/').next().unwrap_or(rest)
}

fn of_schema(media: &str, schema: Value) -> Value {
    json!({"content": {media: {"schema": schema}}})
}

fn with(mut value: Value, name: &str, what: impl Into<Value>) -> Value {
    if let Some(map) = value.as_object_mut() {
        map.insert(name.to_owned(), what.into());
    }
    value
}

fn parameters(route: &Route, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let mut all: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1, "pattern": NO_NUL}})
        })
        .collect();
    if let Some(query) = route.query {
        let schema = query(schemas).to_value();
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fields = schema.get("properties").and_then(Value::as_object);
        for (name, field) in fields.into_iter().flatten() {
            let says = field.get("description").cloned().unwrap_or_default();
            let mut field = without_null(field.clone());
            no_nul(&mut field);
            if let Some(map) = field.as_object_mut() {
                map.remove("description");
            }
            all.push(json!({
                "name": name, "in": "query", "required": required.contains(&name.as_str()),
                "description": says, "schema": field,
            }));
        }
    }
    let header = |name: &str, required: bool, pattern: &str, says: &str| {
        json!({
            "name": name, "in": "header", "required": required, "description": says,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": pattern},
        })
    };
    if route.conditional {
        let says = "The ETag of the version that was seen, or `*`.";
        all.push(header("If-Match", true, "^(\\*|\"[^\"]*\")$", says));
    }
    if route.is_api() && route.method == axum::http::Method::POST && route.again != Again::Harmless
    {
        let says =
            "The same call with the same key within a day is done once, and answered as it was.";
        all.push(header("Idempotency-Key", false, "^[!-~]+$", says));
    }
    all
}

/// A text without NUL, which no database of ours keeps.
const NO_NUL: &str = "^[^\\u0000]*$";

fn no_nul(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    if let Some(items) = map.get_mut("items") {
        no_nul(items);
    }
    let is_text = map.get("type").is_some_and(|kind| kind == "string");
    if is_text
        && !["enum", "format", "pattern"]
            .iter()
            .any(|name| map.contains_key(*name))
    {
        map.insert("pattern".to_owned(), NO_NUL.into());
    }
}

/// A parameter that is not sent is left out: there is no null in a query.
fn without_null(mut schema: Value) -> Value {
    if let Some(map) = schema.as_object_mut() {
        let of_types = map.get("type").and_then(Value::as_array).cloned();
        if let Some(types) = of_types {
            let left: Vec<Value> = types.into_iter().filter(|one| one != "null").collect();
            if let [only] = left.as_slice() {
                map.insert("type".to_owned(), only.clone());
            }
        }
        let alternatives = map.get("anyOf").and_then(Value::as_array).cloned();
        if let Some(alternatives) = alternatives {
            let is_null = |one: &Value| one.get("type").is_some_and(|kind| kind == "null");
            let left: Vec<Value> = alternatives
                .into_iter()
                .filter(|one| !is_null(one))
                .collect();
            if let [only] = left.as_slice() {
                return only.clone();
            }
        }
        map.remove("default");
    }
    schema
}

fn answers(route: &Route, schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let done = |says: &str, content: Value| with(content, "description", says);
    let (status, told) = match route.gives {
        Gives::Nothing => ("204", done("It is done.", json!({}))),
        Gives::Json(schema) => {
            let schema = schema(schemas).to_value();
            (
                "200",
                done("What was asked for.", of_schema("application/json", schema)),
            )
        }
        Gives::Created(schema) => {
            let schema = schema(schemas).to_value();
            (
                "201",
                done("What was made.", of_schema("application/json", schema)),
            )
        }
        Gives::Text(media) => (
            "200",
            done("The text.", of_schema(media, json!({"type": "string"}))),
        ),
        Gives::Page => (
            "200",
            done("A page.", of_schema("text/html", json!({"type": "string"}))),
        ),
        Gives::Away => ("303", done("Elsewhere.", json!({}))),
    };
    let mut all = Map::new();
    all.insert(status.to_owned(), told);
    if route.is_api() || route.path == "/readyz" {
        let problem = |says: &str| {
            let schema = json!({"$ref": "#/components/schemas/Problem"});
            done(says, of_schema(MEDIA, schema))
        };
        all.insert(
            "4XX".to_owned(),
            problem("It cannot be done as it was asked for; nothing changed."),
        );
        all.insert("5XX".to_owned(), problem("Tenure cannot do it now."));
    }
    all
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let mut all = json!({
        "operationId": id(route),
        "summary": route.says,
        "tags": [noun(route)],
        "responses": answers(route, schemas),
    });
    let parameters = parameters(route, schemas);
    if !parameters.is_empty() {
        all = with(all, "parameters", parameters);
    }
    let body = |content: Value| with(content, "required", true);
    match route.sends {
        Sends::Nothing => {}
        Sends::Json(schema) => {
            let schema = schema(schemas).to_value();
            all = with(
                all,
                "requestBody",
                body(of_schema("application/json", schema)),
            );
        }
        Sends::Bytes => {
            let bytes = json!({"type": "string", "format": "binary"});
            let content = of_schema("application/octet-stream", bytes);
            all = with(all, "requestBody", body(content));
        }
        Sends::Form => {
            let form = json!({"type": "object"});
            let content = of_schema("application/x-www-form-urlencoded", form);
            all = with(all, "requestBody", body(content));
        }
        Sends::Upload => {
            let form = json!({"type": "object"});
            let content = of_schema("multipart/form-data", form);
            all = with(all, "requestBody", body(content));
        }
    }
    if let Access::Known(actions) = route.access {
        let words: Vec<&str> = actions.iter().map(|action| action.word()).collect();
        all = with(all, "security", json!([{"token": []}, {"session": []}]));
        if !words.is_empty() {
            all = with(all, "x-tenure-acts", words);
        }
    } else {
        all = with(all, "security", json!([]));
    }
    all
}

/// The document.
pub(crate) fn document(routes: &[Route]) -> Value {
    let mut schemas = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes.iter().filter(|route| route.is_api()) {
        let operation = operation(route, &mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    let mut known = schemas.take_definitions(true);
    known.insert(
        "Problem".to_owned(),
        json!({
            "type": "object",
            "description": "RFC 9457, with a word for programs at the end of `type`.",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string"}, "title": {"type": "string"},
                "status": {"type": "integer"}, "detail": {"type": "string"},
            },
        }),
    );
    let csrf = format!(
        "The cookie of a session. Calls that change something send {CSRF_HEADER} too, which GET /api/v1/me gives."
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tenure",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Governance of API keys: what there is, who answers for it, what is decided, and the proof of it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": known,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token: tenure_api_…"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-tenure_session", "description": csrf},
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::routes;

    /// What the log keeps of any kind of thing, in the form that it had when it was kept.
    const AS_KEPT: [&str; 3] = [
        "/components/schemas/Change/oneOf/declared/now",
        "/components/schemas/Change/oneOf/run/counts",
        "/components/schemas/Change/oneOf/act/detail",
    ];

    /// Words of JSON Schema that say what a value is.
    const SAYS: [&str; 8] = [
        "type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const", "not",
    ];

    /// What it is a schema of: an alternative by the word that tells it from the others.
    fn word(schema: &Value, at: usize) -> String {
        let fields = schema.get("properties").and_then(Value::as_object);
        let mut words = fields.into_iter().flatten();
        let word = words.find_map(|(_, field)| field.get("const")?.as_str());
        word.map_or_else(|| at.to_string(), str::to_owned)
    }

    /// Every place below a schema where anything at all is allowed.
    fn open(schema: &Value, at: &str, found: &mut Vec<String>) {
        let Some(map) = schema.as_object() else {
            if *schema == Value::Bool(true) {
                found.push(at.to_owned());
            }
            return;
        };
        if !SAYS.iter().any(|word| map.contains_key(*word)) {
            found.push(at.to_owned());
        }
        let is = |kind: &str| {
            map.get("type").is_some_and(|told| {
                let of_several = told.as_array();
                told == kind || of_several.is_some_and(|all| all.iter().any(|one| one == kind))
            })
        };
        let says_more = |words: &[&str]| words.iter().any(|word| map.contains_key(*word));
        let alternatives = ["anyOf", "oneOf", "allOf", "$ref"];
        if is("object")
            && !says_more(&["properties", "additionalProperties", "patternProperties"])
            && !says_more(&alternatives)
        {
            found.push(at.to_owned());
        }
        if is("array") && !says_more(&["items", "prefixItems"]) {
            found.push(at.to_owned());
        }
        for name in ["properties", "patternProperties"] {
            let fields = map.get(name).and_then(Value::as_object);
            for (field, schema) in fields.into_iter().flatten() {
                open(schema, &format!("{at}/{field}"), found);
            }
        }
        for name in ["items", "additionalProperties"] {
            if let Some(schema) = map.get(name) {
                open(schema, &format!("{at}/{name}"), found);
            }
        }
        for name in ["anyOf", "oneOf", "allOf", "prefixItems"] {
            let all = map.get(name).and_then(Value::as_array);
            for (n, schema) in all.into_iter().flatten().enumerate() {
                open(schema, &format!("{at}/{name}/{}", word(schema, n)), found);
            }
        }
    }

    #[test]
    fn no_operation_answers_with_what_nobody_can_say() {
        let document = document(&routes());
        let mut found = Vec::new();
        let mut seen = 0;
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                for (status, answer) in operation["responses"].as_object().unwrap() {
                    let contents = answer.get("content").and_then(Value::as_object);
                    for (_, content) in contents.into_iter().flatten() {
                        open(
                            &content["schema"],
                            &format!("{method} {path} {status}"),
                            &mut found,
                        );
                        seen += 1;
                    }
                }
            }
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            open(schema, &format!("/components/schemas/{name}"), &mut found);
        }
        assert!(seen > 100, "{seen}");
        let mut kept: Vec<String> = AS_KEPT.map(str::to_owned).to_vec();
        kept.sort();
        found.sort();
        assert_eq!(found, kept);
    }

    #[test]
    fn an_open_schema_is_found() {
        for (schema, at) in [
            (json!(true), ""),
            (json!({}), ""),
            (json!({"description": "anything"}), ""),
            (json!({"type": "object"}), ""),
            (json!({"type": "array"}), ""),
            (json!({"type": ["array", "null"]}), ""),
            (json!({"type": "array", "items": true}), "/items"),
            (json!({"type": "object", "properties": {"a": {}}}), "/a"),
            (
                json!({"type": "object", "additionalProperties": true}),
                "/additionalProperties",
            ),
            (json!({"anyOf": [{"type": "null"}, {}]}), "/anyOf/1"),
        ] {
            let mut found = Vec::new();
            open(&schema, "", &mut found);
            assert_eq!(found, [at], "{schema}");
        }
    }
}
