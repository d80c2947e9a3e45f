//! How long one decision takes: `cargo bench -p tenure-access`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark, not a public surface"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tenure_access::Rules;
use tenure_model::{
    access::{Action, Actor, Caller, Held, Involved, Object, PersonId, Role, Unit, Via},
    level::Level,
};

fn bench(c: &mut Criterion) {
    let rules = Rules::builtin();
    let person = |name: &str| PersonId::new(name).unwrap();
    let unit = |path: &str| Unit::parse(path).unwrap();
    let call = |roles: &[Role]| {
        Actor::Person(Caller {
            person: person("ann"),
            active: true,
            roles: roles
                .iter()
                .map(|role| Held::new(*role, unit("emea")))
                .collect(),
            via: Via::Session { fresh: true },
        })
    };
    let people = Involved {
        owners: vec![person("bob"), person("eve")],
        users: vec![person("dan")],
        ..Involved::default()
    };
    let key = Object::key("k1", unit("emea/payments/cards"), Level::B3, people);
    let mut group = c.benchmark_group("decide");
    let analyst = call(&[Role::Analyst, Role::Viewer]);
    group.bench_function("permit", |b| {
        b.iter(|| {
            rules
                .decide(black_box(&analyst), Action::KeyEdit, &key)
                .is_ok()
        });
    });
    group.bench_function("allows", |b| {
        b.iter(|| rules.allows(black_box(&analyst), Action::KeyEdit, &key));
    });
    let viewer = call(&[Role::Viewer]);
    group.bench_function("denial_with_its_sentence", |b| {
        b.iter(|| {
            rules
                .decide(black_box(&viewer), Action::KeyEdit, &key)
                .is_err()
        });
    });
    group.bench_function("load", |b| b.iter(Rules::builtin));
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = bench
}
criterion_main!(benches);
