//! The targets: one function per parser, and real content to start from. Shared, word for word, by the
//! cargo-fuzz binaries in `fuzz_targets/` and by the seeded runner `crates/app/tests/fuzz.rs`.
//!
//! A target fails by panicking: the parser panics itself, or breaks a promise that is checked here.

use std::{cell::OnceCell, fmt::Write as _, fs, io::Write as _, path::Path};
use tempfile::TempDir;
use tenure_connect::{
    edits,
    http::Answer,
    importer::{self, ColumnMap, Input, Recognised},
    oidc,
    validate::answer::{self, Reading},
};
use tenure_model::{
    access::{Authority, Involved, PersonId, Unit},
    allow::Allow,
    baseline::Baseline,
    bearer::{Bearer, Hashed},
    catalog::{
        Provider,
        detectors::Detectors,
        template::{self, Template},
    },
    day::Day,
    decide::judge,
    declare,
    document::{Document, Place},
    exception::{Event, Exception, Reasons, Request, Subject},
    explain::{self, FactName},
    facts::Case,
    log,
    moment::Moment,
    pick::Pick,
    place::{PlaceKind, hints},
    policy::{self, Policy},
    secret::{Pepper, Secret},
    token::Api,
    watch::WatchKeys,
};
use tenure_scan::{
    decode,
    engine::{self, Candidate, Context, Sink},
    history::{self, Hit, Look, Opener, Options, Repository, Scope, format},
    judge::Dismissal,
    reader,
    rule::{
        Rules,
        gitleaks::{Gitleaks, Origin},
    },
    run,
    source::{
        git::WorkTree,
        opened::{self, Kind, Limits, Take},
    },
    watchlist::{self, Known, Watch, WatchKey},
};

/// One parser.
pub struct Target {
    /// The name of its cargo-fuzz binary.
    pub name: &'static str,
    /// Feeds it.
    pub run: fn(&[u8]),
    /// Real content to start from.
    pub corpus: fn() -> Vec<Vec<u8>>,
}

macro_rules! importers {
    ($($name:ident, $kind:literal, [$($fixture:expr),+];)+) => {
        $(
            #[allow(missing_docs, reason = "named after its kind")]
            pub fn $name(bytes: &[u8]) {
                import(Some($kind), bytes);
            }
        )+
        /// One target per kind of import.
        pub static IMPORTERS: &[Target] = &[$(Target {
            name: stringify!($name),
            run: $name,
            corpus: || vec![$($fixture.to_vec()),+],
        }),+];
        /// The kinds that have a target.
        pub static KINDS: &[&str] = &[$($kind),+];
    };
}

macro_rules! documents {
    ($($name:ident, $kind:ident, $path:literal, $corpus:ident;)+) => {
        $(
            #[allow(missing_docs, reason = "named after its source")]
            pub fn $name(bytes: &[u8]) {
                documents(Kind::$kind, $path, bytes);
            }
        )+
        /// One target per source with a parser.
        pub static SOURCES: &[Target] = &[$(Target {
            name: stringify!($name),
            run: $name,
            corpus: $corpus,
        }),+];
    };
}

const REPORT_22: &[u8] =
    include_bytes!("../../crates/connect/tests/fixtures/aws_credential_report_22col.csv");
const REPORT_23: &[u8] =
    include_bytes!("../../crates/connect/tests/fixtures/aws_credential_report_23col.csv");
const KEYS: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/aws_list_access_keys.json");
const USED: &[u8] =
    include_bytes!("../../crates/connect/tests/fixtures/aws_get_access_key_last_used.json");
const NEVER_USED: &[u8] =
    include_bytes!("../../crates/connect/tests/fixtures/aws_get_access_key_last_used_never.json");
const DEPLOY: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/github_deploy_keys.json");
const PATS: &[u8] =
    include_bytes!("../../crates/connect/tests/fixtures/github_org_personal_access_tokens.json");
const GITHUB_ALERTS: &[u8] =
    include_bytes!("../../crates/connect/tests/fixtures/github_secret_scanning_alerts.json");
const GITLEAKS: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/gitleaks.json");
const BETTERLEAKS: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/betterleaks.jsonl");
const TRUFFLEHOG: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/trufflehog.jsonl");
const KINGFISHER: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/kingfisher.json");
const SARIF: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/results.sarif");
const KUBERNETES: &[u8] =
    include_bytes!("../../crates/connect/tests/fixtures/kubernetes_secrets.json");
const TERRAFORM: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/terraform.tfstate");
const CMDB: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/cmdb.json");
const CMDB_TABLE: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/cmdb.csv");
const SECRETS_YAML: &[u8] = b"apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  type: Opaque\n  metadata:\n    name: web\n    namespace: shop\n    uid: u-1\n  data:\n    token: YS1tYWRlLXVwLXNlY3JldA==\n";
const PEOPLE: &[u8] =
    b"id,email,manager,active,until\n1,bob@x.io,,true,\n2,eve@x.io,1,false,2026-06-30\n";
const SCIM: &[u8] = br#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1,"Resources":[{"id":"1","userName":"bob","active":true,"emails":[{"value":"bob@x.io","primary":true}]}]}"#;
const TABLE: &[u8] = include_bytes!("../../examples/northwind/vendors/partners.csv");
const SMALL_TABLE: &[u8] = b"name;provider;Owner;expires;secret\nbatch;Anthropic;bob;never;sk-x\n";
const XLSX: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/keys.xlsx");
const ODS: &[u8] = include_bytes!("../../crates/connect/tests/fixtures/keys.ods");
const REFUSAL: &[u8] = br#"{"message":"Resource not accessible by integration","status":"403"}"#;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../crates/connect/tests/fixtures/", $name))
    };
}

importers! {
    import_aws_credential_report, "aws-credential-report", [REPORT_22, REPORT_23];
    import_aws_access_keys, "aws-access-keys", [KEYS];
    import_aws_access_key_last_used, "aws-access-key-last-used", [USED, NEVER_USED];
    import_github_fine_grained_pats, "github-fine-grained-pats", [PATS, REFUSAL];
    import_github_deploy_keys, "github-deploy-keys", [DEPLOY, REFUSAL];
    import_aws_service_specific_credentials, "aws-service-specific-credentials", [fixture!("aws_list_service_specific_credentials.json")];
    import_github_org_installations, "github-org-installations", [fixture!("github_org_installations.json")];
    import_github_credential_authorizations, "github-credential-authorizations", [fixture!("github_credential_authorizations.json")];
    import_gcp_service_account_keys, "gcp-service-account-keys", [fixture!("gcp_service_account_keys.json")];
    import_gcp_api_keys, "gcp-api-keys", [fixture!("gcp_api_keys.json")];
    import_entra_app_credentials, "entra-app-credentials", [fixture!("azure_applications.json")];
    import_vault_kv_metadata, "vault-kv-metadata", [fixture!("openbao_kv_list.json"), fixture!("openbao_kv_metadata.json")];
    import_okta_api_tokens, "okta-api-tokens", [fixture!("okta_api_tokens.json")];
    import_anthropic_api_keys, "anthropic-api-keys", [fixture!("anthropic_api_keys.json"), fixture!("anthropic_api_keys_legacy.json")];
    import_openai_api_keys, "openai-api-keys", [fixture!("openai_admin_api_keys.json"), fixture!("openai_project_api_keys.json")];
    import_cloudflare_api_tokens, "cloudflare-api-tokens", [fixture!("cloudflare_tokens.json")];
    import_datadog_keys, "datadog-keys", [fixture!("datadog_api_keys.json"), fixture!("datadog_application_keys.json")];
    import_stripe_api_keys, "stripe-api-keys", [fixture!("stripe_v2_api_keys.json")];
    import_slack_approved_apps, "slack-approved-apps", [fixture!("slack_admin_apps_approved.json")];
    import_snowflake_access_tokens, "snowflake-access-tokens", [fixture!("snowflake_access_tokens.csv")];
    import_snowflake_users, "snowflake-users", [fixture!("snowflake_users.csv")];
    import_databricks_tokens, "databricks-tokens", [fixture!("databricks_tokens.json")];
    import_gitlab_tokens, "gitlab-tokens", [fixture!("gitlab_project_access_tokens.json")];
    import_gitlab_deploy_tokens, "gitlab-deploy-tokens", [fixture!("gitlab_deploy_tokens.json")];
    import_atlassian_api_tokens, "atlassian-api-tokens", [fixture!("atlassian_api_tokens.json")];
    import_mongodb_atlas_keys, "mongodb-atlas-keys", [fixture!("mongodb_atlas_api_keys.json"), fixture!("mongodb_atlas_service_accounts.json")];
    import_hcp_terraform_tokens, "hcp-terraform-tokens", [fixture!("hcp_terraform_team_tokens.json")];
    import_hcp_service_principal_keys, "hcp-service-principal-keys", [fixture!("hcp_service_principal_keys.json")];
    import_github_secret_scanning_alerts, "github-secret-scanning-alerts", [GITHUB_ALERTS];
    import_gitleaks, "gitleaks", [GITLEAKS];
    import_betterleaks, "betterleaks", [BETTERLEAKS];
    import_trufflehog, "trufflehog", [TRUFFLEHOG];
    import_kingfisher, "kingfisher", [KINGFISHER];
    import_sarif, "sarif", [SARIF];
    import_kubernetes_secrets, "kubernetes-secrets", [KUBERNETES, SECRETS_YAML];
    import_terraform_state, "terraform-state", [TERRAFORM];
    import_cmdb, "cmdb", [CMDB, CMDB_TABLE];
    import_people, "people", [PEOPLE, SCIM];
    import_workbook, "workbook", [XLSX, ODS];
    import_table, "table", [TABLE, SMALL_TABLE];
}

documents! {
    source_zip, Zip, "x.zip", zips;
    source_tar, Tar, "x.tar", tars;
    source_packed, Packed, "x.tgz", gzips;
    source_notebook, Notebook, "x.ipynb", notebooks;
    source_ci_log, CiLog, "logs.zip!build/3_Run.txt", ci_logs;
    source_json, Json, "deploys/2026-03-03.json", chats_and_tickets;
    source_mail, Mail, "x.mbox", mails;
    source_transcript, Transcript, "x.jsonl", transcripts;
    source_confluence_page, ConfluencePage, "OPS/Keys_1.html", confluence_pages;
    source_confluence_xml, ConfluenceXml, "entities.xml", confluence_spaces;
    source_notion, NotionPage, "Keys 0123456789abcdef0123456789abcdef.html", confluence_pages;
    source_jira_csv, JiraCsv, "jira.csv", jira_tables;
}

/// Every parser that is no importer.
pub static OTHERS: &[Target] = &[
    Target {
        name: "recognise",
        run: recognise,
        corpus: exports,
    },
    Target {
        name: "column_map",
        run: column_map,
        corpus: column_maps,
    },
    Target {
        name: "scan",
        run: scan,
        corpus: sources,
    },
    Target {
        name: "decode",
        run: decode,
        corpus: forms,
    },
    Target {
        name: "watchlist",
        run: watchlist,
        corpus: watchlists,
    },
    Target {
        name: "gitleaks",
        run: gitleaks,
        corpus: rule_files,
    },
    Target {
        name: "detectors",
        run: detectors,
        corpus: || vec![include_bytes!("../../catalog/detectors/package-registries.toml").to_vec()],
    },
    Target {
        name: "provider",
        run: provider,
        corpus: providers,
    },
    Target {
        name: "template",
        run: template,
        corpus: templates,
    },
    Target {
        name: "policy",
        run: policy,
        corpus: || vec![policy::DEFAULT_TOML.as_bytes().to_vec()],
    },
    Target {
        name: "facts",
        run: facts,
        corpus: cases,
    },
    Target {
        name: "declare",
        run: declare,
        corpus: declarations,
    },
    Target {
        name: "stated",
        run: stated,
        corpus: statements,
    },
    Target {
        name: "git_index",
        run: git_index,
        corpus: indexes,
    },
    Target {
        name: "edits",
        run: edits,
        corpus: workbooks,
    },
    Target {
        name: "git_pack",
        run: git_pack,
        corpus: packs,
    },
    Target {
        name: "git_history",
        run: git_history,
        corpus: histories,
    },
    Target {
        name: "bearer",
        run: bearer,
        corpus: bearers,
    },
    Target {
        name: "oidc_document",
        run: oidc_document,
        corpus: oidc_documents,
    },
    Target {
        name: "oidc_answer",
        run: oidc_answer,
        corpus: oidc_answers,
    },
    Target {
        name: "exception",
        run: exception,
        corpus: exceptions,
    },
    Target {
        name: "provider_answer",
        run: provider_answer,
        corpus: provider_answers,
    },
    Target {
        name: "words",
        run: words,
        corpus: names,
    },
    Target {
        name: "baseline",
        run: baseline,
        corpus: baselines,
    },
    Target {
        name: "log_note",
        run: log_note,
        corpus: log_corpus,
    },
    Target {
        name: "log_export",
        run: log_export,
        corpus: log_corpus,
    },
    Target {
        name: "rule_filter",
        run: rule_filter,
        corpus: filters,
    },
    Target {
        name: "source_office",
        run: source_office,
        corpus: office_parts,
    },
];

/// Every target.
pub fn all() -> impl Iterator<Item = &'static Target> {
    IMPORTERS.iter().chain(SOURCES).chain(OTHERS)
}

fn today() -> Day {
    Day::from_unix_seconds(1_795_392_000)
}

fn import(kind: Option<&str>, bytes: &[u8]) {
    let mut input = Input::new("file.txt", bytes, today());
    if let Some(kind) = kind {
        input = input.declared(kind);
    }
    match importer::read(&input) {
        Ok(imported) => {
            assert!(
                !imported.coverage.is_empty(),
                "an import that covers nothing"
            );
            for problem in &imported.problems {
                assert!(!problem.at.is_empty() && !problem.what.is_empty());
            }
            for row in &imported.rows {
                assert!(
                    row.fingerprint.is_none(),
                    "an importer makes no fingerprints"
                );
            }
            for sighting in &imported.sightings {
                assert!(!sighting.at.is_empty() && !sighting.tool.is_empty());
                assert!(!sighting.is_plaintext() || imported.plaintext);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What a source gave, held against its limits.
struct Given {
    bytes: u64,
    documents: u64,
}

impl Take for Given {
    fn document(&mut self, document: Document) {
        assert!(!document.place.path.is_empty(), "a document without a path");
        assert!(!document.place.sentence(Some(1)).is_empty());
        let length = u64::try_from(document.bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        self.documents += 1;
    }

    fn refused(&mut self, path: &str, reason: String) {
        assert!(!path.is_empty() && !reason.is_empty());
    }
}

fn documents(kind: Kind, path: &str, bytes: &[u8]) {
    let limits = Limits {
        depth: 3,
        members: 100,
        bytes: 1 << 20,
        text: 1 << 18,
    };
    let mut given = Given {
        bytes: 0,
        documents: 0,
    };
    let place = Place::of_file(path, PlaceKind::Config);
    let mut from = std::io::Cursor::new(bytes);
    let _ = opened::open(&place, kind, &mut from, limits, &mut given);
    // What is unpacked is bounded, and a text says at most what its bytes say, with the names of its fields.
    let most = limits.bytes + u64::try_from(bytes.len()).unwrap_or(0);
    assert!(
        given.bytes <= most.saturating_mul(16),
        "{} bytes",
        given.bytes
    );
}

/// Notes and public keys of logs: what is taken is written as it was read.
pub fn log_note(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let verifier = log_signer().verifier();
    if let Ok(checkpoint) = log::Checkpoint::open(text, &verifier) {
        assert!(
            text.starts_with(&checkpoint.text()),
            "another text was signed"
        );
    }
    if let Ok(key) = text.parse::<log::Verifier>() {
        assert_eq!(key.to_string(), text.trim());
    }
}

/// Exports of logs: none that was changed is taken for the whole log.
pub fn log_export(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(verified) = log::export::verify(text, &log_signer().verifier(), None) {
        assert!(verified.to <= verified.checkpoint.size);
    }
}

fn log_signer() -> log::Signer {
    log::Signer::new("tenure.example/fuzz", &[7; 32]).unwrap()
}

/// A log of three events: its checkpoint, its key, its export.
fn log_corpus() -> Vec<Vec<u8>> {
    let entries = ["{\"n\":0}", "{\"n\":1}", "{\"n\":2}"];
    let leaves: Vec<log::Hash> = entries
        .iter()
        .map(|entry| log::leaf(entry.as_bytes()))
        .collect();
    let mut tree = log::Tree::default();
    for leaf in &leaves {
        tree.push(*leaf, |_, _| ());
    }
    let signer = log_signer();
    let checkpoint = log::Checkpoint {
        origin: signer.verifier().name().to_owned(),
        size: 3,
        root: tree.root(),
    };
    let note = checkpoint.sign(&signer).unwrap();
    let header = log::export::Header {
        schema: log::export::SCHEMA.to_owned(),
        from: 0,
        to: 3,
        checkpoint: note.clone(),
    };
    let block = log::export::Block {
        block: 0,
        leaves,
        proof: Vec::new(),
    };
    let mut export = format!(
        "{}\n{}\n",
        serde_json::to_string(&header).unwrap(),
        serde_json::to_string(&block).unwrap()
    );
    for (index, entry) in entries.iter().enumerate() {
        let _ = writeln!(export, "{{\"index\":{index},\"event\":{entry}}}");
    }
    log::export::verify(&export, &signer.verifier(), None).unwrap();
    vec![
        note.into_bytes(),
        signer.verifier().to_string().into_bytes(),
        export.into_bytes(),
    ]
}

/// The parts of Office files: each input is every part at once.
pub fn source_office(bytes: &[u8]) {
    for (name, members) in [
        (
            "x.docx",
            &[
                "[Content_Types].xml",
                "word/document.xml",
                "word/_rels/document.xml.rels",
            ][..],
        ),
        (
            "x.pptx",
            &[
                "[Content_Types].xml",
                "ppt/presentation.xml",
                "ppt/_rels/presentation.xml.rels",
                "ppt/slides/slide1.xml",
            ],
        ),
        (
            "x.xlsx",
            &[
                "[Content_Types].xml",
                "xl/workbook.xml",
                "xl/_rels/workbook.xml.rels",
                "xl/sharedStrings.xml",
                "xl/worksheets/sheet1.xml",
            ],
        ),
        ("x.ods", &["mimetype", "content.xml", "styles.xml"]),
        ("x.odp", &["mimetype", "content.xml", "meta.xml"]),
    ] {
        let kind: &[u8] = if name == "x.ods" {
            b"application/vnd.oasis.opendocument.spreadsheet"
        } else {
            b"application/vnd.oasis.opendocument.presentation"
        };
        let members: Vec<(&str, &[u8])> = members
            .iter()
            .map(|member| match *member {
                "mimetype" => (*member, kind),
                // Each part leads to the others, whatever the input is.
                "xl/_rels/workbook.xml.rels" => (
                    *member,
                    &b"<R><Relationship Id=\"rId1\" Target=\"worksheets/sheet1.xml\"/></R>"[..],
                ),
                member => (member, bytes),
            })
            .collect();
        documents(Kind::Zip, name, &packed(&members));
    }
}

/// A file of decisions, and `tenure:allow` in it.
pub fn baseline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for line in text.lines() {
        if let Some(allow) = Allow::of_line(line) {
            assert!(allow.reason.is_some() || allow.objection(today()).is_some());
        }
    }
    match Baseline::parse(text) {
        Ok(baseline) => assert_eq!(Baseline::parse(&baseline.to_text()), Ok(baseline)),
        Err(error) => assert!(error.line >= 1 && !error.problem.is_empty()),
    }
}

/// Content decides what a file is.
pub fn recognise(bytes: &[u8]) {
    let input = Input::new("file.txt", bytes, today());
    if let Recognised::Kind(importer) = importer::recognise(&input) {
        assert!(
            KINDS.contains(&importer.kind),
            "{} has no fuzz target",
            importer.kind
        );
    }
    import(None, bytes);
}

/// A saved column map, and a table read by it.
pub fn column_map(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(map) = ColumnMap::from_toml(text) {
        let _ = map.to_toml();
        let _ = map.listing();
        let input = Input::new("file.csv", SMALL_TABLE, today()).declared("table");
        let _ = importer::read(&input.with_columns(&map));
    }
}

/// Checks what the engine hands out.
struct Checked {
    length: usize,
    lines: u32,
    seen: usize,
}

impl Sink for Checked {
    fn candidate(&mut self, candidate: Candidate) {
        let end = candidate.offset.checked_add(candidate.length);
        assert!(
            end.is_some_and(|end| end <= self.length),
            "a place behind the end"
        );
        assert!(
            candidate.line >= 1 && candidate.line <= self.lines,
            "line {}",
            candidate.line
        );
        assert!(!candidate.secret.is_empty(), "an empty secret");
        assert!(!candidate.provider.is_empty() && !candidate.credential.is_empty());
        let _ = candidate.secret.hint(&candidate.prefix, 4);
        self.seen += 1;
    }

    fn dismissed(&mut self, _: Dismissal) {}
}

/// The scan engine with the embedded catalogue, in every context, and the reader around it.
pub fn scan(bytes: &[u8]) {
    thread_local! {
        static RULES: OnceCell<Option<Rules>> = const { OnceCell::new() };
    }
    let breaks = bytes.iter().filter(|byte| **byte == b'\n').count();
    let lines = u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1);
    RULES.with(|rules| {
        let rules =
            rules.get_or_init(|| Rules::compile(&tenure_app::catalog::load(None).ok()?).ok());
        let Some(rules) = rules else {
            panic!("the embedded catalogue does not compile")
        };
        for context in 0..8u8 {
            let context = Context {
                code: context & 1 != 0,
                test_material: context & 2 != 0,
                encoded: context & 4 != 0,
            };
            let mut sink = Checked {
                length: bytes.len(),
                lines,
                seen: 0,
            };
            engine::scan(rules, bytes, context, &mut sink);
        }
        let plain = Context {
            code: false,
            test_material: false,
            encoded: false,
        };
        // UTF-16 is read as UTF-8, which is longer; what is packed may be of any length, and broken.
        let packed = decode::packed(bytes).is_some();
        let mut sink = Checked {
            length: if packed {
                usize::MAX
            } else {
                bytes.len().saturating_mul(2)
            },
            lines: u32::MAX,
            seen: 0,
        };
        let read = reader::search_from(rules, &mut &bytes[..], 0, plain, &mut sink);
        assert!(read.is_ok() || packed);
    });
}

/// What stands in other forms: every run and every escape, and the bytes as something packed.
pub fn decode(bytes: &[u8]) {
    let mut budget = 1 << 20;
    for run in run::runs(bytes) {
        let before = budget;
        if let Some(decoded) = decode::in_run(bytes, run, &mut budget) {
            assert!(decoded.span.start < decoded.span.end && decoded.span.end <= bytes.len());
            assert!(!decoded.chain.is_empty() && !decoded.bytes.is_empty());
        }
        assert!(budget <= before);
    }
    for at in 0..bytes.len() {
        if matches!(bytes.get(at), Some(b'%' | b'\\'))
            && let Some(decoded) = decode::escaped_at(bytes, at)
        {
            let map = decoded.map.unwrap_or_default();
            assert_eq!(map.len(), decoded.bytes.len() + 1);
            assert!(map.is_sorted() && map.last().is_some_and(|end| *end <= bytes.len()));
        }
    }
    let whole = zeroize::Zeroizing::new(bytes.to_vec());
    if let Some((text, chain)) = decode::unpacked(whole, 1 << 20) {
        assert!(text.len() <= (1 << 20).max(bytes.len() * 3) && chain.len() <= 4);
    }
}

/// A watch list: refused, or good for looking with.
pub fn watchlist(bytes: &[u8]) {
    if let Ok(watch) = Watch::parse(bytes.to_vec()) {
        assert!(watch.knows(bytes).is_none());
        let mut within = |span: std::ops::Range<usize>, _| assert!(span.end <= bytes.len());
        let mut search = watch.search(bytes);
        for run in run::runs(bytes) {
            search.run(run, &mut within);
        }
        search.finish(&mut within);
    }
}

/// A rule file of gitleaks, looked with over itself.
pub fn gitleaks(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Gitleaks::parse(text) {
        Ok(rules) => {
            for hit in rules.find(bytes, Origin::default()) {
                assert!(hit.span.end <= bytes.len() && !hit.rule.is_empty());
            }
        }
        Err(error) => assert!(!error.at.is_empty() && !error.problem.is_empty()),
    }
}

/// The filter of a rule.
pub fn rule_filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if text.contains("'''") {
        return;
    }
    let file = format!("[[rules]]\nid = \"a\"\nregex = \"k=(.+)\"\nfilter = '''{text}'''\n");
    match Gitleaks::parse(&file) {
        Ok(rules) => assert!(rules.find(b"k=value", Origin::default()).len() <= 1),
        Err(error) => assert!(!error.at.is_empty() && !error.problem.is_empty()),
    }
}

fn filters() -> Vec<Vec<u8>> {
    [
        r#"filter.matchesAny(attributes[?"path"].orValue(""), [r"(?i)\.(?:md|txt)$"]) && entropy(finding["secret"]) <= 2.5"#,
        r#"containsAny(finding.secret, ["a", "b"]) or not (get(attributes, "path", "") endsWith `x`) ? true : -1 < len(finding.line)"#,
        r#"finding.rule_id not in ["x"] and (attributes.path ?? "") + "a" matches "^a" // why"#,
        r#"let raw = finding["fragment_raw"]; let lines = split(raw[max(finding["match_start_idx"] - 9, 0):], "\n"); join(lines[len(lines) - 1:], "-") + findMatch(raw, "^k") == "k" || tokenRatio(finding.secret) >= 2.5"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// A file of detectors.
pub fn detectors(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut providers = Vec::new();
    let added = Detectors::parse("file.toml", text)
        .map_err(|error| vec![error])
        .and_then(|detectors| detectors.add_to("file.toml", &mut providers));
    for error in added.err().unwrap_or_default() {
        assert!(!error.at.is_empty() && !error.problem.is_empty());
    }
    let _ = Rules::compile(&providers);
}

/// One provider file.
pub fn provider(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Provider::parse("file.toml", text) {
        Ok(provider) => {
            let _ = provider.faults("file.toml");
            let _ = Rules::compile(&[provider]);
        }
        Err(error) => assert!(!error.at.is_empty() && !error.problem.is_empty()),
    }
}

/// A template of a key format: pattern and generator at once.
pub fn template(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(template) = Template::parse(text) {
        let example = template.example(template::numbers(7));
        let length = example.len();
        assert!(template.shortest() <= length && length <= template.longest());
        assert!(example.starts_with(template.prefix()));
        let _ = (template.pattern(), template.last_alphabet());
    }
}

/// A policy file.
pub fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Policy::parse(text) {
        Ok(policy) => {
            assert_eq!(policy.digest().len(), 64);
            if let Ok(case) = Case::parse(r#"{"id":"k"}"#, today()) {
                let _ = judge(&case.facts, &case.since, &policy, today());
            }
        }
        Err(error) => assert!(!error.field.is_empty() && !error.problem.is_empty()),
    }
}

/// A facts file of `tenure decide`, and the whole answer.
pub fn facts(bytes: &[u8]) {
    thread_local! {
        static POLICY: Policy = Policy::builtin();
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Case::parse(text, today()) {
        Ok(case) => POLICY.with(|policy| {
            let answer = explain::answer(&case, policy, "digest", today());
            assert!(answer.outcome.would_change.len() <= 5);
            assert!(serde_json::to_string(&answer).is_ok());
        }),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A fact that is stated of one key, and a selector of keys.
pub fn stated(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(pick) = Pick::parse(text) {
        assert_eq!(Pick::parse(&pick.to_string()), Ok(pick));
    }
    let Some((fact, value)) = text.split_once('=') else {
        return;
    };
    match declare::stated("x", fact, value, today()) {
        Ok(said) => {
            assert!(said.owner.is_none() && said.since.is_empty());
            assert!(said.values.len() <= 1, "one fact at a time");
            let never = [FactName::Proof, FactName::Exception, FactName::Owner];
            assert!(never.iter().all(|fact| !said.values.contains_key(fact)));
        }
        Err(error) => assert!(!error.problem.is_empty()),
    }
}

/// A facts file of `--facts`.
pub fn declare(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match declare::parse("facts.toml", text, today()) {
        Ok(declared) => {
            for (selector, _) in &declared.keys {
                let named = selector.key_id.is_some() || selector.name.is_some();
                assert!(
                    named || selector.fingerprint.is_some(),
                    "a selector of everything"
                );
            }
        }
        Err(error) => assert!(!error.at.is_empty() && !error.problem.is_empty()),
    }
}

/// The index of a git work tree, from the disk, as it is read in the field.
pub fn git_index(bytes: &[u8]) {
    thread_local! {
        static TREE: Option<TempDir> = work_tree();
    }
    TREE.with(|tree| {
        let Some(tree) = tree else {
            panic!("no temporary folder")
        };
        for bytes in [bytes.to_vec(), unsigned(bytes)] {
            write(&tree.path().join(".git/index"), &bytes);
            match WorkTree::at(tree.path()) {
                Ok(Some(tree)) => assert!(tree.commit.is_none()),
                Ok(None) => panic!("the work tree is gone"),
                Err(why) => assert!(!why.is_empty()),
            }
        }
    });
}

/// The bytes as an index of a pack, as the head of an entry, and as a base with a delta on it.
pub fn git_pack(bytes: &[u8]) {
    for width in [20, 32] {
        if let Ok(index) = format::index(bytes, width) {
            assert_eq!(index.ids.len(), index.offsets.len() * width);
        }
        if let Ok(head) = format::head(bytes, width) {
            assert!(head.len <= bytes.len(), "a head longer than its bytes");
        }
    }
    let (base, delta) = halves(bytes);
    let (mut text, mut pieces) = (Vec::new(), Vec::new());
    if format::apply(base, delta, 1 << 20, &mut text, &mut pieces).is_ok() {
        let mut end = 0;
        for piece in pieces {
            assert_eq!(piece.start, end, "pieces leave a gap");
            end = piece.end();
            if let Some(from) = piece.from {
                let copied = base.get(from..from + piece.len);
                assert_eq!(copied, text.get(piece.start..piece.end()));
            }
        }
        assert_eq!(end, text.len(), "pieces end before their text");
    }
}

/// Two parts, the first as long as the first two bytes say.
fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = bytes.split_at(bytes.len().min(2));
    let length = length
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    rest.split_at(length.min(rest.len()))
}

/// A repository whose pack, index, commit, folder, names and staged files are all made of the bytes.
pub fn git_history(bytes: &[u8]) {
    thread_local! {
        static TREE: Option<TempDir> = work_tree();
    }
    TREE.with(|tree| {
        let Some(tree) = tree else {
            panic!("no temporary folder")
        };
        let git = tree.path().join(".git");
        for folder in [
            "objects/pack",
            "objects/11",
            "objects/22",
            "objects/33",
            "logs/refs",
        ] {
            assert!(fs::create_dir_all(git.join(folder)).is_ok());
        }
        let (one, two) = halves(bytes);
        write(&git.join("objects/pack/pack-1.pack"), one);
        write(&git.join("objects/pack/pack-1.idx"), two);
        let rest = "1".repeat(38);
        write(
            &git.join(format!("objects/11/{rest}")),
            &loose("commit", COMMIT.as_bytes()),
        );
        write(
            &git.join(format!("objects/22/{rest}")),
            &loose("tree", bytes),
        );
        write(
            &git.join(format!("objects/33/{rest}")),
            &loose("commit", bytes),
        );
        let names = format!("11{rest} refs/heads/a\n33{rest} refs/heads/b\n");
        write(&git.join("packed-refs"), names.as_bytes());
        write(&git.join("logs/refs/stash"), bytes);
        write(&git.join("index"), &unsigned(bytes));
        write(&git.join("config"), bytes);
        let Ok(repository) = Repository::at(tree.path()) else {
            return;
        };
        let options = Options {
            unreachable: true,
            limit: 1 << 20,
            ..Options::default()
        };
        let report = history::scan(&repository, &Ends, &options, &());
        assert!(report.findings.len() < 1 << 16);
        history::staged(&repository, &Ends, &options);
        let part = Options {
            scope: Scope::Since(0),
            ..options
        };
        history::scan(&repository, &Ends, &part, &());
    });
}

const COMMIT: &str = "tree 2211111111111111111111111111111111111111\nauthor A <a@x.io> 1 +0000\ncommitter A <a@x.io> 1 +0000\n\none\n";

/// Finds something in every text, so that everything behind it runs as well.
struct Ends;

impl Look for Ends {
    type Found = usize;
    fn digest(&self) -> [u8; 32] {
        [0; 32]
    }
    fn class(&self, _: &str) -> u8 {
        0
    }
    fn openers(&self) -> &[Opener] {
        &[Opener {
            bytes: b"e",
            reach: 64,
        }]
    }
    fn look(&self, text: &[u8], windows: &[std::ops::Range<usize>], hits: &mut dyn FnMut(Hit)) {
        for window in windows {
            assert!(window.start <= window.end && window.end <= text.len());
            if let Some(last) = text.get(window.clone()).and_then(<[u8]>::last) {
                hits(Hit {
                    span: window.end - 1..window.end,
                    identity: u128::from(*last),
                    classes: 1,
                });
            }
        }
    }
    fn take(&self, _: &[u8], hit: &Hit, _: &str) -> Option<usize> {
        Some(hit.span.start)
    }
}

/// An object as a file of its own: stored, not compressed (RFC 1950, RFC 1951).
fn loose(kind: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("{kind} {}\0", content.len());
    stored(&[head.as_bytes(), content].concat())
}

/// A zlib stream of stored blocks.
fn stored(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = content.chunks(0xffff).peekable();
    if blocks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).unwrap_or(0);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for byte in content {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// A pack of a text, a delta on it by offset and one by name, and its index; and a folder.
fn histories() -> Vec<Vec<u8>> {
    let entry = |kind: u8, extra: &[u8], content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap_or(0);
        let mut out = vec![kind << 4 | (length & 15) | 0x80, length >> 4];
        out.extend(extra);
        out.extend(stored(content));
        out
    };
    let text = b"one line and another line\n";
    // Copies the first eight bytes, adds two, copies the rest.
    let delta = [26, 20, 0x90, 8, 2, b'x', b'\n', 0x91, 16, 10];
    let first = entry(3, b"", text);
    let second = entry(6, &[u8::try_from(first.len()).unwrap_or(0)], &delta);
    let third = entry(7, &[0x44; 20], &delta);
    let mut pack = b"PACK\0\0\0\x02\0\0\0\x03".to_vec();
    let mut offsets = Vec::new();
    for one in [first, second, third] {
        offsets.push(u32::try_from(pack.len()).unwrap_or(0));
        pack.extend(one);
    }
    pack.extend([0; 20]);
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255u8 {
        let below = [0x44, 0x55, 0x66].iter().filter(|id| **id <= first).count();
        index.extend(u32::try_from(below).unwrap_or(0).to_be_bytes());
    }
    for id in [0x44, 0x55, 0x66u8] {
        index.extend([id; 20]);
    }
    index.extend([0; 12]);
    for offset in offsets {
        index.extend(offset.to_be_bytes());
    }
    index.extend([0; 40]);
    let mut both = u16::try_from(pack.len())
        .unwrap_or(0)
        .to_be_bytes()
        .to_vec();
    both.extend(pack);
    both.extend(index);
    let mut folder = Vec::new();
    for (name, id) in [
        ("40000 inner", 0x22u8),
        ("100644 a.txt", 0x44),
        ("100644 b.txt", 0x55),
    ] {
        folder.extend(name.as_bytes());
        folder.push(0);
        folder.extend([id; 20]);
    }
    let commit = COMMIT.as_bytes().to_vec();
    vec![
        both,
        folder,
        commit,
        b"[extensions]\n\tobjectFormat = sha256\n".to_vec(),
    ]
}

/// An index, and a base with a delta on it.
fn packs() -> Vec<Vec<u8>> {
    let mut delta = vec![0, 16];
    delta.extend(b"0123456789abcdef");
    delta.extend([16, 13, 0x90, 4, 3, b'x', b'y', b'z', 0x91, 10, 6]);
    let index = histories()
        .into_iter()
        .next()
        .map(|both| halves(&both).1.to_vec());
    index.into_iter().chain([delta]).collect()
}

fn work_tree() -> Option<TempDir> {
    let tree = tempfile::tempdir().ok()?;
    fs::create_dir(tree.path().join(".git")).ok()?;
    write(&tree.path().join(".git/HEAD"), b"ref: refs/heads/main\n");
    Some(tree)
}

fn write(path: &Path, bytes: &[u8]) {
    assert!(fs::write(path, bytes).is_ok(), "{}", path.display());
}

/// The index with a checksum of zeros, which git takes for "not checked": so that changed bytes get to the parser.
fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let body = bytes.len().saturating_sub(20);
    bytes.iter_mut().skip(body).for_each(|byte| *byte = 0);
    bytes
}

/// A workbook that was exported for editing and comes back.
pub fn edits(bytes: &[u8]) {
    match edits::read(bytes) {
        Ok(rows) => {
            for line in rows.into_iter().filter_map(|row| row.line.ok()) {
                assert!(!line.id.is_empty() && !line.version.is_empty());
            }
        }
        Err(error) => assert!(error.to_string().contains("--editable")),
    }
}

fn workbooks() -> Vec<Vec<u8>> {
    let line = edits::Line {
        id: "k0123456789a".to_owned(),
        version: "0123456789abcdef".to_owned(),
        identifying: ["aws", "iam_access_key", "1", "AKIA", "=ci", ""].map(str::to_owned),
        shown: ["Unowned", "B3", "due", "", "nobody owns it"].map(str::to_owned),
        ..edits::Line::default()
    };
    edits::write(&[line]).into_iter().collect()
}

/// What somebody presents as a token, and what they say who they are and where: refused, or the same again.
pub fn bearer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(token) = Bearer::<Api>::parse(&text) {
        assert!(
            token.expose() == text && Hashed::from_hex(&token.hash().hex()) == Some(token.hash())
        );
    }
    if let Ok(person) = PersonId::new(&text) {
        assert_eq!(PersonId::new(person.as_str()), Ok(person));
    }
    if let Ok(unit) = Unit::parse(&text) {
        assert_eq!(Unit::parse(unit.as_str()).as_ref(), Ok(&unit));
        assert!(unit.covers(&unit) && unit.parent().is_none_or(|above| above.covers(&unit)));
    }
}

fn bearers() -> Vec<Vec<u8>> {
    let token = Bearer::<Api>::of(&std::array::from_fn(|at| u8::try_from(at).unwrap_or(0)));
    ["Ann@X.io", "emea/payments", "*", token.expose()]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
}

/// What an identity provider says: discovery, keys, tokens, claims. Refused, or read into what can be held.
pub fn oidc_document(bytes: &[u8]) {
    if let Ok(issuer) = oidc::Issuer::parse("https://id.example.com")
        && let Ok(read) = oidc::Metadata::parse(bytes, &issuer)
    {
        let required = [
            &read.authorization_endpoint,
            &read.token_endpoint,
            &read.jwks_uri,
        ];
        let optional = [&read.userinfo_endpoint, &read.end_session_endpoint];
        for url in required.into_iter().chain(optional.into_iter().flatten()) {
            assert!(url.scheme() == "https" && url.fragment().is_none());
        }
        assert!(!read.algorithms.is_empty());
    }
    if let Ok(keys) = oidc::KeySet::parse(bytes) {
        assert!(keys.len() <= 100);
    }
    let now = Moment::from_micros(1_790_000_000_000_000);
    if let Some(who) = oidc::read_unchecked(bytes, now) {
        assert!(who.auth_time.is_none_or(|time| time <= now));
        assert!(
            who.email
                .is_none_or(|email| !email.contains(char::is_control))
        );
        assert!(who.amr.len() <= 20);
    }
}

fn oidc_documents() -> Vec<Vec<u8>> {
    [
        r#"{"issuer":"https://id.example.com","authorization_endpoint":"https://id.example.com/auth?a=1",
            "token_endpoint":"https://id.example.com/token","jwks_uri":"https://id.example.com/keys",
            "userinfo_endpoint":"https://id.example.com/me","end_session_endpoint":"https://id.example.com/out",
            "response_types_supported":["code"],"id_token_signing_alg_values_supported":["RS256","EdDSA"],
            "token_endpoint_auth_methods_supported":["private_key_jwt"],
            "code_challenge_methods_supported":["S256"],
            "authorization_response_iss_parameter_supported":true}"#,
        r#"{"keys":[{"kty":"RSA","kid":"1","use":"sig","alg":"RS256","n":"AQAB","e":"AQAB"},
            {"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
             "y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
            {"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#,
        r#"{"iss":"https://id.example.com","sub":"ann","aud":["tenure"],"azp":"tenure","exp":1790000300,
            "nbf":1790000000,"iat":1790000000.5,"nonce":"nonce","auth_time":1790000001,"acr":"1","amr":["pwd","mfa"],
            "email":"ann@example.com","email_verified":"true","name":"Ann","groups":["a","b"],
            "_claim_names":{"groups":"src1"}}"#,
        // {"alg":"EdDSA","kid":"1"} . {"sub":"ann"}
        r#"{"id_token":"eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiJhbm4ifQ.AAAA","access_token":"a",
            "token_type":"Bearer"}"#,
        "eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiJhbm4ifQ.AAAA",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// What a browser brings: an answer of an identity provider, a path to go back to, an issuer. What is taken for a path of
/// this server leads nowhere else.
pub fn oidc_answer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = oidc::Callback::parse(&text);
    if let Ok(issuer) = oidc::Issuer::parse(&text) {
        assert_eq!(issuer.as_str(), text);
    }
    if let Ok(path) = oidc::ReturnTo::parse(&text) {
        let path = path.as_str();
        assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'));
        assert!(path.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

fn oidc_answers() -> Vec<Vec<u8>> {
    [
        "code=a%20b&state=c&iss=https%3A%2F%2Fid.example.com",
        "error=access_denied&error_description=no&state=c",
        "/keys?owner=ann&next=%2F%2F",
        "/.//evil.example",
        "https://id.example.com/realm",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// An exception as it is stored: refused, or one that nobody tied to its key has signed.
pub fn exception(bytes: &[u8]) {
    let Ok(exception) = serde_json::from_slice::<Exception>(bytes) else {
        return;
    };
    let signed = match &exception {
        Exception::Transitional(granted) => Some(granted.signed()),
        Exception::Permanent(granted) => Some(granted.signed()),
        Exception::Class(granted) => Some(granted.signed()),
        _ => None,
    };
    if let Some(signed) = signed {
        let asker = signed.request().by();
        assert!(signed.approval().by() != asker && signed.acceptance().by() != asker);
    }
    let _ = (
        exception.stage(None, today()),
        exception.request().statement(),
    );
    let again = serde_json::to_vec(&exception).unwrap_or_default();
    assert_eq!(
        serde_json::from_slice::<Exception>(&again).ok(),
        Some(exception)
    );
}

fn exceptions() -> Vec<Vec<u8>> {
    let granted = || {
        let [asker, ann, rita] = ["asker", "ann", "rita"].map(PersonId::new);
        let subject = Subject::Class {
            selector: "provider = example".to_owned(),
            review_days: 365,
        };
        let text = |text: &str| text.to_owned();
        let reasons = Reasons {
            bypassed: text("b"),
            why: text("w"),
            blocker: text("x"),
            compensating: vec![text("c")],
        };
        let now = Moment::from_micros(1_790_000_000_000_000);
        let policy = Policy::builtin();
        let nobody = Involved::default();
        let request = Request::make(
            "EX-1",
            subject,
            reasons,
            &asker.ok()?,
            &nobody,
            None,
            &policy,
            now,
        )
        .ok()?;
        let statement = request.statement();
        let approval = request
            .approve(&ann.ok()?, "r", statement.digest(), now)
            .ok()?;
        let by = Authority::Executive;
        let acceptance = request
            .accept(&approval, &rita.ok()?, by, "r", statement.digest(), now)
            .ok()?;
        let asked = Exception::Requested(request.clone());
        let events = [Event::Approved(approval), Event::Accepted(acceptance)];
        Some([asked, Exception::fold(request, events).ok()?])
    };
    granted()
        .into_iter()
        .flatten()
        .filter_map(|exception| serde_json::to_vec(&exception).ok())
        .collect()
}

/// What a provider answers, by recipes of every form: the first byte picks the status. Nothing is accepted that
/// does not show what its recipe wants, and what is told of it is short.
pub fn provider_answer(bytes: &[u8]) {
    const RECIPES: [&str; 4] = [
        "subject = \"/user/login\"\nrights = \"/scopes\"",
        "subject = \"xml:Arn\"",
        "live_when = { \"/ok\" = [\"true\"] }\nrefused_when = { \"/error\" = [\"revoked\"] }",
        "rights = \"\"",
    ];
    const STATUSES: [u16; 6] = [200, 201, 401, 403, 429, 500];
    let (first, body) = bytes.split_first().unwrap_or((&0, &[]));
    let answer = Answer {
        status: STATUSES[usize::from(*first) % STATUSES.len()],
        headers: Default::default(),
        body: body.to_vec().into(),
    };
    for lines in RECIPES {
        let text = format!(
            "schema = \"tenure.provider/1\"\nprovider = \"ex\"\nname = \"Ex\"\ncategory = \"x\"\n[[credential]]\nkind = \"k\"\nname = \"K\"\nstands_on = \"static\"\n[credential.recipe.validate]\nlive = [200, 403]\nrefused = [401]\n{lines}\n"
        );
        let provider = Provider::parse("ex.toml", &text).unwrap();
        let recipe = provider.credentials[0].recipe.validate.as_ref().unwrap();
        let reading = answer::read(recipe, &answer);
        match &reading {
            Reading::Accepted { subject, rights } => {
                assert!(matches!(answer.status, 200 | 403));
                assert!(recipe.subject.is_none() || subject.is_some() || answer.status == 403);
                let texts = rights.iter().chain(subject);
                assert!(texts.clone().count() <= 65);
                for text in texts {
                    assert!(text.chars().count() <= 128 && !text.chars().any(char::is_control));
                }
            }
            Reading::Refused => assert!(answer.status == 401 || !recipe.refused_when.is_empty()),
            Reading::Neither(_) => assert_ne!(answer.status, 401),
        }
    }
}

fn provider_answers() -> Vec<Vec<u8>> {
    [
        &br#"x{"user":{"login":"ann"},"scopes":["repo","read:org"]}"#[..],
        br#"x{"ok":false,"error":"revoked","a":true}"#,
        br#"x{"ok":true,"user":{"login":7}}"#,
        b"x<R><Arn>arn:aws:iam::1:user/a</Arn></R>",
        br#"x["a",{"name":"b"},{"handle":"c"},null,1]"#,
        b"z",
    ]
    .map(<[u8]>::to_vec)
    .to_vec()
}

/// Dates, paths and names, as they stand everywhere.
pub fn words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(day) = text.parse::<Day>() {
        assert_eq!(day.to_string().parse::<Day>(), Ok(day));
        let _ = (day.plus(i64::MAX), day.plus(i64::MIN), day.short(today()));
    }
    let _ = hints::of_path(&text);
    let _ = (hints::environments(&text), hints::environment(&text));
}

fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default();
        if zip.start_file(*name, options).is_err() || zip.write_all(bytes).is_err() {
            return Vec::new();
        }
    }
    zip.finish()
        .map(std::io::Cursor::into_inner)
        .unwrap_or_default()
}

fn office_parts() -> Vec<Vec<u8>> {
    [
        "<w:document><w:body><w:p><w:r><w:t>the key is AB</w:t></w:r><w:r><w:t>CD&amp;EF</w:t><w:tab/></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:t>a</w:t></w:p></w:tc></w:tr></w:tbl></w:body></w:document>",
        "<workbook><sheets><sheet name=\"Keys\" r:id=\"rId1\"/></sheets><sheetData><row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c t=\"inlineStr\"><is><t>x</t></is></c></row></sheetData><si><t>shared</t></si></workbook>",
        "<p:presentation><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId7\"/></p:sldIdLst><Relationship Id=\"rId7\" Target=\"slides/slide1.xml\" TargetMode=\"External\"/><a:p><a:t>one</a:t></a:p></p:presentation>",
        "<office:spreadsheet><table:table table:name=\"Keys\"><table:table-row table:number-rows-repeated=\"3\"><table:table-cell><text:p>a<text:s text:c=\"3\"/></text:p></table:table-cell></table:table-row></table:table><draw:page/></office:spreadsheet>",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn confluence_pages() -> Vec<Vec<u8>> {
    vec![
        b"<html><title>Ops : Keys</title><div id=\"breadcrumb-section\"></div><span class='author'> Ann</span><div id=\"main-content\" class=\"wiki-content\"><p>T=A<b>B</b>&amp;&#65;</p><!-- K=1 --><a href=\"https://u:p@h/\">x</a></div></html>".to_vec(),
        b"<html><title>Keys</title><![CDATA[<x>]]><pre>a\nb</pre></html>".to_vec(),
    ]
}

fn confluence_spaces() -> Vec<Vec<u8>> {
    vec![
        b"<hibernate-generic><object class=\"Page\"><id name=\"id\">1</id><property name=\"title\"><![CDATA[Keys]]></property><property name=\"parent\" class=\"Page\"><id name=\"id\">1</id></property></object><object class=\"BodyContent\"><id name=\"id\">2</id><property name=\"body\"><![CDATA[<p>K=1</p>]]></property><property name=\"content\" class=\"Page\"><id name=\"id\">1</id></property></object><object class=\"ContentPermissionSet\"><property name=\"type\">View</property><property name=\"owningContent\"><id name=\"id\">1</id></property></object><object class=\"SpacePermission\"><property name=\"type\">VIEWSPACE</property></object></hibernate-generic>".to_vec(),
    ]
}

fn jira_tables() -> Vec<Vec<u8>> {
    vec![
        b"Summary,Issue key,Issue id,Creator,Created,Description,Comment,Comment\nRotate,OPS-12,1,ann,03/Mar/26 9:00 AM,\"first\n\nKEY=1\",04/Mar/26 8:15 PM;bob;use K2,x\n".to_vec(),
        b"Issue key;Summary\nA-1;x\n".to_vec(),
    ]
}

fn zips() -> Vec<Vec<u8>> {
    let pack = packed;
    let inner = pack(&[("b.txt", b"K=1")]);
    vec![
        pack(&[("a/.env", b"K=1"), ("in.zip", &inner)]),
        pack(&[
            ("channels.json", br#"[{"name":"x"}]"#),
            ("x/2026-03-03.json", br#"[{"ts":"1","text":"a"}]"#),
        ]),
        pack(&[]),
    ]
}

fn tars() -> Vec<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in [
        ("blobs/sha256/ab", zips().concat()),
        ("b.txt", b"K=1".to_vec()),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(bytes.len()).unwrap_or(0));
        header.set_mode(0o644);
        let _ = tar.append_data(&mut header, name, bytes.as_slice());
    }
    tar.into_inner().into_iter().collect()
}

fn gzips() -> Vec<Vec<u8>> {
    tars()
        .into_iter()
        .chain([b"K=1\n".to_vec()])
        .filter_map(|bytes| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&bytes).ok()?;
            gzip.finish().ok()
        })
        .collect()
}

fn notebooks() -> Vec<Vec<u8>> {
    vec![
        br#"{"cells":[{"cell_type":"code","source":["a=1\n","b"],"outputs":[{"text":"x"}],"metadata":{}}],"metadata":{},"nbformat":4}"#.to_vec(),
        br#"{"cells":[{"source":["-----BEGIN PRIVATE KEY-----\n","x"]}]}"#.to_vec(),
    ]
}

fn ci_logs() -> Vec<Vec<u8>> {
    vec![
        b"2026-03-03T10:00:00.1234567Z ##[group]Run make\n2026-03-03T10:00:00.1234567Z \x1b[36;1mmake\x1b[0m\n".to_vec(),
        b"Running with gitlab-runner 17\n\x1b[0Ksection_start:1:step_script\r\x1b[0Kx\n".to_vec(),
        b"[Pipeline] { (Deploy)\n+ make\n".to_vec(),
    ]
}

fn chats_and_tickets() -> Vec<Vec<u8>> {
    vec![
        br#"[{"type":"message","user":"U1","text":"x","ts":"1772533800.1","thread_ts":"1772533800.1","reply_count":3}]"#.to_vec(),
        br#"{"value":[{"messageType":"message","createdDateTime":"2026-03-03T10:00:00Z","body":{"content":"x"}}]}"#.to_vec(),
        br#"{"issues":[{"key":"A-1","fields":{"created":"2026-03-03","comment":{"comments":[{"body":"x"}]}}}]}"#.to_vec(),
        br#"[{"html_url":"https://github.com/o/r/issues/7","body":"x","comments":[{"body":"y"}]}]"#.to_vec(),
        br#"[{"iid":3,"title":"t","notes":[{"body":"x"}]}]"#.to_vec(),
    ]
}

fn mails() -> Vec<Vec<u8>> {
    vec![
        b"From a@x Tue Mar  3 10:00:00 2026\nFrom: A <a@x>\nSubject: s\n\nbody\n\nFrom b@x Tue Mar  3 10:00:00 2026\nFrom: b@x\n\nb\n".to_vec(),
        b"From: A <a@x>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/zip\nContent-Disposition: attachment; filename=a.zip\nContent-Transfer-Encoding: base64\n\nUEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\n--b--\n".to_vec(),
    ]
}

fn transcripts() -> Vec<Vec<u8>> {
    vec![
        b"{\"type\":\"user\",\"sessionId\":\"s\",\"message\":{\"content\":\"x\"}}\n{\"type\":".to_vec(),
        b"{\"type\":\"response_item\",\"timestamp\":\"2026-03-03T10:00:00Z\",\"payload\":{\"text\":\"x\"}}\n".to_vec(),
    ]
}

fn baselines() -> Vec<Vec<u8>> {
    vec![
        b"{\"id\":\"k1_0\",\"path\":\"a\",\"rule\":\"r\",\"reason\":\"x\",\"until\":\"2027-01-31\"}\n{\"id\":\"k1_0\",\"path\":\"a\",\"rule\":\"r\"}\n".to_vec(),
        b"x # tenure:allow reason=\"sandbox\" until=2027-01-31\n# tenure:allow reason=\\\"a\\\"\n".to_vec(),
    ]
}

fn exports() -> Vec<Vec<u8>> {
    IMPORTERS
        .iter()
        .flat_map(|target| (target.corpus)())
        .collect()
}

fn column_maps() -> Vec<Vec<u8>> {
    let input = Input::new("file.csv", SMALL_TABLE, today()).declared("table");
    let map = importer::read(&input)
        .ok()
        .and_then(|imported| imported.column_map);
    map.and_then(|map| map.to_toml().ok())
        .map(String::into_bytes)
        .into_iter()
        .collect()
}

fn sources() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        include_bytes!("../../examples/northwind/repos/web/.env").to_vec(),
        include_bytes!("../../examples/northwind/repos/infra/compose.yaml").to_vec(),
        b"api_key = \"q8Zk2LmX7vTr4WnYb1CdP0\"\ntoken: cThaazJMbVg3dlRyNFduWWIxQ2RQMA==\n".to_vec(),
        b"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDH1x2Y3z4A5b6C7d8E9f0G1h2I3j4K5l6\n-----END PRIVATE KEY-----".to_vec(),
    ].to_vec();
    // One text per provider with a key of every format: made now, so that none stands in a file.
    for provider in tenure_app::catalog::load(None).unwrap_or_default() {
        let mut text = String::new();
        for credential in &provider.credentials {
            let name = credential.names.first().map_or("KEY", String::as_str);
            for format in &credential.formats {
                let raw = format.template.example(template::numbers(11));
                let mended = format
                    .checksum
                    .and_then(|sum| sum.mended(&raw, format.template.prefix()));
                let _ = writeln!(text, "{name}=\"{}\"", mended.unwrap_or(raw));
            }
        }
        all.push(text.into_bytes());
    }
    all
}

fn providers() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../catalog/providers/npm.toml").to_vec(),
        include_bytes!("../../catalog/providers/sendgrid.toml").to_vec(),
        include_bytes!("../../catalog/providers/stripe.toml").to_vec(),
    ]
}

fn forms() -> Vec<Vec<u8>> {
    [
        "x = cThaazJMbVg3dlRyNFduWWIxQ2RQMCBhbmQgbW9yZSB3YXlzIHRvIHNheSBpdA==",
        "x = 71385a6b324c6d58377654723457",
        "k=abcdef%2Fghij%2bklm%3D \"abc\\/def\\u002bghijklmno\"",
        "H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA== KLUv/QRYKQAAaGVsbG+jbZ+I",
        "aABlAGwAbABvACAAdwBvAHIAbABkACEA",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}

fn watchlists() -> Vec<Vec<u8>> {
    let pepper = Pepper::new([1; 32]);
    let keys = WatchKeys::of(&pepper);
    let template = Template::parse("ex_{base62:32}");
    let all = (1..4)
        .filter_map(|seed| {
            let secret = template.as_ref().ok()?.example(template::numbers(seed));
            Some(WatchKey {
                mark: keys.mark(&Secret::new(secret.as_bytes()), 0).ok()?,
                letters_only: seed == 1,
                known: Known {
                    id: Some(format!("key_{seed}")),
                    name: None,
                },
            })
        })
        .collect();
    let empty = watchlist::write(&keys, Vec::new());
    let some = watchlist::write(&keys, all);
    [empty, some].into_iter().flatten().collect()
}

fn rule_files() -> Vec<Vec<u8>> {
    vec![
        br#"[[rules]]
id = "abc"
regex = '(?i)abc[\w[\]]*\s*=\s*"(abc_[0-9a-z]{16})"'
secretGroup = 1
entropy = 3.0
keywords = ["abc"]
[[rules.allowlists]]
condition = "AND"
paths = ['\.md$']
stopwords = ["sample"]
[allowlist]
regexes = ['^0+$']
"#
        .to_vec(),
    ]
}

fn templates() -> Vec<Vec<u8>> {
    [
        "SG.{urlsafe:22}.{urlsafe:43}",
        "{hex:32-40}",
        "a{{b}}{[a-z]:3}",
        "ghp_{base62:30}{base62:6}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}

fn cases() -> Vec<Vec<u8>> {
    include_str!("../../crates/model/tests/decisions.jsonl")
        .lines()
        .filter_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(line.get("facts")?.to_string().into_bytes())
        })
        .collect()
}

fn declarations() -> Vec<Vec<u8>> {
    vec![
        b"[[key]]\nprovider='stripe'\nname='x'\nowner='ann@example.com'\nisolated=true\npurpose='ci_cd'\n\
          exception={approved_until=2027-03-01}\noptions={gateway='now'}\nruntimes=['kubernetes']\n\
          since={unowned=2026-01-01}\n[[key]]\nkey_id='1'\nowner='inactive'\n\
          [[place]]\npath='web'\naudience='anyone outside the organisation'\n"
            .to_vec(),
        b"[[key]]\nfingerprint='0123456789abcdef'\nlast_used={offered=true, at=2026-01-01}\n".to_vec(),
    ]
}

fn statements() -> Vec<Vec<u8>> {
    [
        "isolated=true",
        "data=restricted",
        "options.vendor_short_lived={later = 2027-03-01}",
        "exception={approved_until = 2027-03-01}",
        "runtimes=['kubernetes']",
        "provider=stripe account=\"Main account\" level=B2",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}

fn names() -> Vec<Vec<u8>> {
    [
        "2026-11-23",
        "2026-11-23T23:59:59.9+14:00",
        ".github/workflows/release.yml",
        "k8s/prod/secret.yaml",
        "web-prod_STAGING.test",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}

/// Git indexes of both common versions, with and without an extension.
fn indexes() -> Vec<Vec<u8>> {
    let paths: [&[u8]; 3] = [b".env", b"src/main.rs", b"\xff\xfename with space"];
    let tree: &[u8] = b"TREE\0\0\0\x1a\x003 0\n\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\0";
    let build = |version: u8, extension: &[u8]| {
        let mut index = vec![b'D', b'I', b'R', b'C', 0, 0, 0, version, 0, 0, 0, 3];
        for path in paths {
            let start = index.len();
            index.extend([0; 24]);
            index.extend([0, 0, 0x81, 0xa4]);
            index.extend([0; 12]);
            index.extend([7; 20]);
            index.extend([0, u8::try_from(path.len()).unwrap_or(0)]);
            index.extend(path);
            let length = index.len() - start;
            index.extend(std::iter::repeat_n(0, 8 - length % 8));
        }
        index.extend(extension);
        index.extend([0; 20]);
        index
    };
    vec![build(2, b""), build(3, b""), build(2, tree), build(4, b"")]
}
