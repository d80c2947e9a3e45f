use super::*;
use base64::Engine as _;

fn b64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn item(kind: &str, data: &Value, annotations: &Value) -> Value {
    serde_json::json!({"apiVersion": "v1", "kind": "Secret", "type": kind, "data": data,
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "creationTimestamp": "2024-01-01T00:00:00Z",
            "labels": {"app.kubernetes.io/part-of": "Web shop", "team": "payments"}, "annotations": annotations}})
}

fn list(items: &[Value]) -> String {
    serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items, "metadata": {"resourceVersion": ""}}).to_string()
}

fn input(text: &str) -> Input<'_> {
    Input::new(
        "secrets.json",
        text.as_bytes(),
        "2026-11-23".parse().unwrap(),
    )
}

fn got(text: &str) -> Imported {
    assert_eq!(recognise(&input(text)), Recognition::Yes, "{text}");
    read(&input(text)).unwrap()
}

fn named<'i>(imported: &'i Imported, name: &str) -> &'i Row {
    imported
        .rows
        .iter()
        .find(|row| row.name.as_deref() == Some(name))
        .unwrap_or_else(|| panic!("{name}: {:?}", imported.rows))
}

#[test]
fn values_are_secrets_and_settings_are_none() {
    let data = serde_json::json!({"api-token": b64("a-made-up-token-of-nobody"), "username": b64("app"),
        "API_URL": b64("https://api.example.net"), "DATABASE_URL": b64("postgres://app:hunter2hunter2@db/x"),
        "ca.crt": b64("-----BEGIN CERTIFICATE-----\nx\n"), "note": b64("see the wiki")});
    let got = got(&list(&[item("Opaque", &data, &Value::Null)]));
    let names: Vec<_> = got
        .rows
        .iter()
        .filter_map(|row| row.name.as_deref())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let token = named(&got, "shop/web api-token");
    assert_eq!(
        token.secret.as_ref().unwrap().expose(),
        b"a-made-up-token-of-nobody"
    );
    assert_eq!(token.system.as_deref(), Some("Web shop"));
    assert_eq!(token.tags["team"], "payments");
    assert_eq!(token.runtimes, [Runtime::Kubernetes]);
    assert_eq!(
        token.created,
        When::NotOffered,
        "a secret's creation is not its key's"
    );
    let url = named(&got, "shop/web DATABASE_URL");
    assert_eq!(url.secret.as_ref().unwrap().expose(), b"hunter2hunter2");
    assert!(
        got.plaintext
            && got
                .notes
                .iter()
                .any(|note| note.contains("4 values that are settings"))
    );
    assert!(!format!("{got:?}").contains("hunter2"));
}

#[test]
fn the_annotation_that_repeats_values_is_read_and_never_shown() {
    let applied = item(
        "Opaque",
        &serde_json::json!({"token": b64("an-older-token-of-nobody"), "same": b64("x")}),
        &Value::Null,
    );
    let annotations = serde_json::json!({APPLIED: applied.to_string()});
    let data = serde_json::json!({"token": b64("a-newer-token-of-nobody")});
    let got = got(&list(&[item("Opaque", &data, &annotations)]));
    assert_eq!(got.rows.len(), 2);
    let older = named(&got, "shop/web token (last applied)");
    assert_eq!(
        older.secret.as_ref().unwrap().expose(),
        b"an-older-token-of-nobody"
    );
    let told = format!("{got:?}");
    assert!(!told.contains("older-token") && !told.contains(&b64("an-older-token-of-nobody")));

    // The same value twice is one key; a values-free export has the trap all the same.
    let annotations = serde_json::json!({APPLIED: item("Opaque", &data, &Value::Null).to_string()});
    assert_eq!(
        super::tests::got(&list(&[item("Opaque", &data, &annotations)]))
            .rows
            .len(),
        1
    );
    let bare = super::tests::got(&list(&[item("Opaque", &Value::Null, &annotations)]));
    assert!(bare.plaintext && bare.rows[0].secret.is_some());
}

#[test]
fn metadata_alone_is_a_row_without_a_secret() {
    let got = got(&list(&[item("Opaque", &Value::Null, &Value::Null)]));
    assert_eq!(got.rows[0].name.as_deref(), Some("shop/web"));
    assert!(got.rows[0].secret.is_none() && !got.plaintext);
    assert_eq!(got.coverage[1].state.word(), "not_offered");
}

#[test]
fn typed_secrets() {
    let token = item(
        "kubernetes.io/service-account-token",
        &serde_json::json!({"token": b64("a.b.c"), "namespace": b64("shop"), "ca.crt": b64("x")}),
        &serde_json::json!({"kubernetes.io/service-account.name": "deployer"}),
    );
    let login = serde_json::json!({"auths": {"registry.example.net": {"auth": b64("robot:a-made-up-password")}}});
    let docker = item(
        "kubernetes.io/dockerconfigjson",
        &serde_json::json!({".dockerconfigjson": b64(&login.to_string())}),
        &Value::Null,
    );
    let helm = item(
        "helm.sh/release.v1",
        &serde_json::json!({"release": b64("H4sIAAAA")}),
        &Value::Null,
    );
    let got = got(&list(&[token, docker, helm]));
    assert_eq!(got.rows.len(), 2, "{:?}", got.rows);
    let account = named(&got, "shop/web token");
    assert_eq!(
        (account.provider.as_str(), account.expires),
        ("kubernetes", When::Never)
    );
    assert!(account.associates[0].machine && account.associates[0].who == "deployer");
    let registry = named(&got, "shop/web .dockerconfigjson registry.example.net");
    assert_eq!(
        registry.secret.as_ref().unwrap().expose(),
        b"a-made-up-password"
    );
    assert!(got.notes.iter().any(|note| note.contains("1 Helm release")));
}

#[test]
fn the_two_halves_of_an_aws_key_are_one_key() {
    let secret = "ab".repeat(20);
    let data = serde_json::json!({"AWS_ACCESS_KEY_ID": b64("AKIAIOSFODNN7EXAMPLE"), "AWS_SECRET_ACCESS_KEY": b64(&secret)});
    let got = got(&list(&[item("Opaque", &data, &Value::Null)]));
    assert_eq!(got.rows.len(), 1);
    let row = &got.rows[0];
    assert_eq!(
        (row.provider.as_str(), row.credential.as_deref()),
        ("aws", Some("iam_access_key"))
    );
    assert_eq!(row.key_id.as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
    assert_eq!(row.secret.as_ref().unwrap().len(), 40);
}

#[test]
fn yaml_is_the_same_as_json_and_a_manifest_is_no_export() {
    let yaml = format!(
        "apiVersion: v1\nitems:\n- apiVersion: v1\n  data:\n    token: {}\n  kind: Secret\n  metadata:\n    name: web\n    namespace: shop\n    uid: u-1\n  type: Opaque\nkind: List\n",
        b64("a-made-up-token-of-nobody")
    );
    let found = got(&yaml);
    assert_eq!(found.rows[0].name.as_deref(), Some("shop/web token"));
    let manifest = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata:\n  token: YQ==\n";
    assert_eq!(recognise(&input(manifest)), Recognition::No);
    let cut = yaml.replace("kind: List", "kind: [List");
    let error = read(&input(&cut)).unwrap_err().to_string();
    assert!(
        error.contains("secrets.json, line") && error.contains("YAML"),
        "{error}"
    );
    assert!(!error.contains("made-up"));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\nkind: Secret\nitems: []\n";
    assert!(read(&input(bomb)).is_err());
}

#[test]
fn a_page_that_is_not_the_last_and_a_secret_without_a_name() {
    let text = serde_json::json!({"kind": "SecretList", "metadata": {"continue": "x", "remainingItemCount": 3},
        "items": [{"metadata": {"namespace": "a"}}, {"metadata": {"name": "b"}}]}).to_string();
    let got = got(&text);
    assert_eq!((got.rows.len(), got.problems.len()), (1, 1));
    assert_eq!(got.problems[0].at, "/items/0/metadata/name");
    assert_eq!(got.coverage[0].state.word(), "partial");
    assert!(read(&input("{\"kind\":\"Pod\"}")).is_err());
}
