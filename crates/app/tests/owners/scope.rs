//! What a caller may not see is on no list, in no count, in no facet and in no search, and its key is refused.

use crate::house::{House, rule};
use std::collections::{BTreeMap, BTreeSet};
use tenure_app::register::{Facet, Filter, RegisterError, Sort};
use tenure_model::{
    access::{Action, Actor, Caller, Held, PersonId, Role, Sort as Sorts, Unit, Via},
    container::ContainerKind::Account,
};

/// Two units, one below the other, one beside them, and keys of nobody's unit; `olga` answers for one of each.
async fn fill(house: &House) {
    house
        .import(&[
            ("emea plain", "e-1", "nils"),
            ("emea olga", "e-1", "olga@x.io"),
            ("pay plain", "p-1", ""),
            ("pay olga", "p-1", "Olga-GH"),
            ("apac plain", "a-1", "nils"),
            ("apac olga", "a-1", "u7"),
            ("rest plain", "r-1", ""),
            ("rest olga", "r-1", "olga"),
        ])
        .await;
    house
        .people("id,email,name,manager,active\nu7,olga@x.io,Olga-GH,mia@x.io,true\nu8,nils@x.io,nils,mia@x.io,true\nu9,mia@x.io,mia,,true\n")
        .await;
    for (account, unit) in [("e-1", "emea"), ("p-1", "emea/pay"), ("a-1", "apac")] {
        let made = rule(Account, account, None, Some(unit));
        house.desk().set_container(&made).await.unwrap();
    }
}

const ALL: [&str; 8] = [
    "emea plain",
    "emea olga",
    "pay plain",
    "pay olga",
    "apac plain",
    "apac olga",
    "rest plain",
    "rest olga",
];

fn named(parts: &[&str]) -> BTreeSet<String> {
    let has = |name: &&&str| parts.iter().any(|part| name.contains(part));
    ALL.iter().filter(has).map(ToString::to_string).collect()
}

/// Every way to look gives exactly these keys.
async fn sees(house: &House, what: &str, wanted: &BTreeSet<String>) {
    let desk = house.desk();
    let all = Filter::default();
    if wanted.is_empty() {
        for refused in [
            desk.list(&all, Sort::Due, None, 9).await.err(),
            desk.count(&all).await.err(),
            desk.facet(Facet::Provider, 9).await.err(),
            desk.assessment().await.err(),
        ] {
            assert!(matches!(refused, Some(RegisterError::Denied(_))), "{what}");
        }
    } else {
        assert_eq!(house.names(&all).await, *wanted, "{what}: list");
        let n = u64::try_from(wanted.len()).unwrap();
        assert_eq!(desk.count(&all).await.unwrap(), n, "{what}: count");
        let assessed = desk.assessment().await.unwrap();
        let names: BTreeSet<String> = assessed
            .keys
            .iter()
            .map(|key| key.name.clone().unwrap())
            .collect();
        assert_eq!(names, *wanted, "{what}: assessment");
        assert_eq!(assessed.summary.keys, n, "{what}: nothing else is counted");
        // Facets agree with the list; pages of one row lead over all of it.
        let listed = house.listed(&all).await;
        for (facet, value) in [
            (Facet::Unit, 0),
            (Facet::Owner, 1),
            (Facet::Level, 2),
            (Facet::Provider, 3),
        ] {
            let mut counted: BTreeMap<String, u64> = BTreeMap::new();
            for entry in &listed {
                let values = [
                    entry.unit.to_string(),
                    entry.owner.clone(),
                    entry.level.word().to_owned(),
                    entry.provider.clone(),
                ];
                *counted.entry(values[value].clone()).or_default() += 1;
            }
            let facets = desk.facet(facet, 99).await.unwrap();
            assert_eq!(
                facets.into_iter().collect::<BTreeMap<_, _>>(),
                counted,
                "{what}: {facet}"
            );
        }
        let (mut seen, mut after) = (BTreeSet::new(), None);
        loop {
            let page = desk.list(&all, Sort::Due, after.as_ref(), 1).await.unwrap();
            seen.extend(page.entries.into_iter().map(|entry| entry.label));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, *wanted, "{what}: pages");
        for name in ALL {
            let search = Filter {
                search: Some(name.to_owned()),
                ..Filter::default()
            };
            let found = house.names(&search).await.contains(name);
            assert_eq!(found, wanted.contains(name), "{what}: search {name}");
        }
        // Nor by narrowing to what is not theirs.
        for unit in ["*", "emea", "emea/pay", "apac"] {
            let narrowed = Filter {
                facets: BTreeMap::from([(Facet::Unit, vec![unit.to_owned()])]),
                ..Filter::default()
            };
            let found = house.names(&narrowed).await;
            assert!(found.is_subset(wanted), "{what}: {unit}: {found:?}");
        }
    }
    for name in ALL {
        let id = house.id(name).await;
        let key = desk.key(&id).await;
        let history = desk.history(&id, 9).await;
        if wanted.contains(name) {
            key.unwrap();
            history.unwrap();
        } else {
            assert!(
                matches!(key, Err(RegisterError::Denied(_))),
                "{what}: {name}"
            );
            assert!(
                matches!(history, Err(RegisterError::Denied(_))),
                "{what}: {name}"
            );
        }
    }
}

async fn each_role_sees_its_unit_and_nothing_else(mut house: House) {
    fill(&house).await;
    for role in Role::ALL {
        let reads = house.access.allows(
            &caller("rita", &[(*role, "emea")], fresh()),
            Action::KeyList,
            &tenure_model::access::Object::unit(Unit::parse("emea").unwrap()),
        );
        // Who runs the installation sees no key; a key owner theirs alone, and this one has none.
        assert_eq!(reads, !matches!(role, Role::Administrator | Role::KeyOwner));
        house.calls("rita", &[(*role, "emea")]);
        let wanted = if reads {
            named(&["emea", "pay"])
        } else {
            BTreeSet::new()
        };
        if *role == Role::KeyOwner {
            assert!(house.names(&Filter::default()).await.is_empty());
            assert_eq!(house.desk().count(&Filter::default()).await.unwrap(), 0);
            continue;
        }
        sees(&house, &format!("{role} in emea"), &wanted).await;
        house.calls("rita", &[(*role, "emea/pay")]);
        let wanted = if reads {
            named(&["pay"])
        } else {
            BTreeSet::new()
        };
        sees(&house, &format!("{role} in emea/pay"), &wanted).await;
        house.calls("rita", &[(*role, "*")]);
        let wanted = if reads { named(&[""]) } else { BTreeSet::new() };
        sees(&house, &format!("{role} in all"), &wanted).await;
        house.calls("rita", &[(*role, "em")]);
        sees(
            &house,
            &format!("{role} in a unit of no keys"),
            &BTreeSet::new(),
        )
        .await;
    }
    house.calls("rita", &[]);
    sees(&house, "no role", &BTreeSet::new()).await;
    house.operator_calls();
    sees(&house, "operator", &named(&[""])).await;
}

async fn an_owner_sees_their_own_keys_by_every_name_they_have(mut house: House) {
    fill(&house).await;
    // Owner of all of hers, wherever they lie, whatever name the source had and whatever she signs in with.
    for name in ["u7", "olga@x.io", "OLGA@x.io"] {
        house.calls(name, &[(Role::KeyOwner, "apac")]);
        let hers: &[&str] = &["emea olga", "pay olga", "apac olga", "rest olga"];
        sees(&house, name, &named(hers)).await;
    }
    // Without the role nothing, and what lies in the unit of another role besides.
    house.calls("u7", &[]);
    sees(&house, "olga without a role", &BTreeSet::new()).await;
    house.calls("u7", &[(Role::KeyOwner, "*"), (Role::Viewer, "emea/pay")]);
    sees(&house, "olga, viewer of pay", &named(&["olga", "pay"])).await;
    // What a source covers is not told to who may not see sources.
    house.calls("u7", &[(Role::KeyOwner, "*")]);
    assert!(house.desk().assessment().await.unwrap().coverage.is_empty());
    // Who no longer answers no longer sees.
    let ids = [house.id("pay olga").await];
    house.calls("anna", &[(Role::Analyst, "*")]);
    let desk = house.desk();
    desk.assign_owner(&ids, Some("nils"), None).await.unwrap();
    house.calls("u7", &[(Role::KeyOwner, "*")]);
    let left = named(&["emea olga", "apac olga", "rest olga"]);
    sees(&house, "olga without one", &left).await;
    // Who stands in for another answers too.
    house.calls("anna", &[(Role::Analyst, "*")]);
    let ids = [house.id("rest plain").await];
    let desk = house.desk();
    desk.assign_owner(&ids, Some("nils"), Some("mia@x.io"))
        .await
        .unwrap();
    house.calls("u9", &[(Role::KeyOwner, "*")]);
    sees(&house, "mia, who stands in", &named(&["rest plain"])).await;
}

fn fresh() -> Via {
    Via::Session { fresh: true }
}

fn caller(person: &str, roles: &[(Role, &str)], via: Via) -> Actor {
    Actor::Person(Caller {
        person: PersonId::new(person).unwrap(),
        active: true,
        roles: roles
            .iter()
            .map(|(role, unit)| Held::new(*role, Unit::parse(unit).unwrap()))
            .collect(),
        via,
    })
}

async fn a_token_sees_no_more_than_it_was_made_for(mut house: House) {
    fill(&house).await;
    let token = |sorts: &[Sorts], within: &str| Via::Token {
        sorts: sorts.to_vec(),
        within: Unit::parse(within).unwrap(),
    };
    let whole = [(Role::Viewer, "*"), (Role::KeyOwner, "*")];
    house.caller = caller("u7", &whole, token(&[Sorts::Read], "emea"));
    sees(&house, "a token of emea", &named(&["emea", "pay"])).await;
    let own = [(Role::KeyOwner, "*")];
    house.caller = caller("u7", &own, token(&[Sorts::Read], "apac"));
    sees(&house, "an owner's token of apac", &named(&["apac olga"])).await;
    house.caller = caller("u7", &whole, token(&[Sorts::Supply], "*"));
    sees(&house, "a token that reads nothing", &BTreeSet::new()).await;
    let Actor::Person(mut gone) = caller("u7", &whole, fresh()) else {
        unreachable!()
    };
    gone.active = false;
    house.caller = Actor::Person(gone);
    sees(&house, "an account that ended", &BTreeSet::new()).await;
}

crate::on_both!(
    each_role_sees_its_unit_and_nothing_else,
    an_owner_sees_their_own_keys_by_every_name_they_have,
    a_token_sees_no_more_than_it_was_made_for,
);
