//! The schema holds exactly the acts and kinds of the model. `TENURE_WRITE_DOCS=1` writes it.

use std::{fmt::Write as _, fs, path::Path};
use tenure_model::access::{Action, Authority, ObjectKind, Role, Sort};

fn schema() -> String {
    let mut text = String::from(
        "// What policies can speak of. Written from the types of `tenure-model::access` by a test; do not edit.\n\n\
         // A business unit lies in those above it, and all lie in Unit::\"*\".\n\
         entity Unit in [Unit];\n\n\
         // Each role is the set of units in which a person holds it; `executive` and `governing_body` are where a\n\
         // risk owner's authority reaches that far.\n\
         entity Person = {\n  active: Bool,\n",
    );
    let roles = Role::ALL.iter().map(|role| role.word());
    let further = Authority::ALL[1..].iter().map(|authority| authority.word());
    for name in roles.chain(further) {
        writeln!(text, "  {name}: Set<Unit>,").unwrap();
    }
    text.push_str(
        "};\n\n// Somebody at the machine itself.\nentity Operator;\n\n\
         // The scheduler and its workers.\nentity Worker;\n\n",
    );
    let kinds: Vec<_> = ObjectKind::ALL
        .iter()
        .filter(|kind| **kind != ObjectKind::Unit)
        .map(|kind| kind.entity())
        .collect();
    writeln!(
        text,
        "// `level` is 0 to 4; `authority` is 1 (owner of a system's risk), 2 (executive) or 3 (governing body).\n\
         entity {} in [Unit] = {{\n  owners: Set<Person>,\n  users: Set<Person>,\n  requested_by: Set<Person>,\n  \
         approved_by: Set<Person>,\n  accepted_by: Set<Person>,\n  asked: Set<Person>,\n  level: Long,\n  \
         authority: Long,\n}};\n\n\
         // `fresh`: the person proved who they are just now. `token`: the call came with an API token.\n\
         type Call = {{\n  fresh: Bool,\n  token?: {{ sorts: Set<String>, within: Unit }},\n}};\n",
        kinds.join(", ")
    )
    .unwrap();
    for sort in Sort::ALL {
        writeln!(text, "action \"{sort}\";").unwrap();
    }
    for act in Action::ALL {
        let who = match act.sort() {
            Sort::Carry => "[Worker]",
            Sort::Sign => "[Person]",
            Sort::Read | Sort::Supply | Sort::Work | Sort::Administer => "[Person, Operator]",
        };
        write!(
            text,
            "\n// {}.\naction \"{act}\" in [\"{}\"] appliesTo {{\n  principal: {who},\n  resource: [{}],\n  context: Call,\n}};\n",
            act.phrase(),
            act.sort(),
            act.object().entity()
        )
        .unwrap();
    }
    text
}

#[test]
fn the_schema_is_that_of_the_model() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/schema.cedarschema");
    if std::env::var_os("TENURE_WRITE_DOCS").is_some() {
        fs::write(&path, schema()).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap();
    assert!(
        there == schema(),
        "run TENURE_WRITE_DOCS=1 cargo test -p tenure-access --test access schema"
    );
}
