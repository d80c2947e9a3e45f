//! How many decisions the pure core makes: `cargo bench -p tenure-model`.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark, not a public surface"
)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tenure_model::{day::Day, decide::judge, explain, facts::Case, policy::Policy};

fn cases(today: Day) -> Vec<Case> {
    let texts = include_str!("../tests/decisions.jsonl");
    texts
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .map(|row| Case::parse(&row["facts"].to_string(), today).unwrap())
        .collect()
}

fn bench(c: &mut Criterion) {
    let today: Day = "2026-11-23".parse().unwrap();
    let policy = Policy::builtin();
    let digest = policy.digest();
    let cases = cases(today);
    let mut group = c.benchmark_group("decide");
    group.throughput(Throughput::Elements(cases.len() as u64));
    group.bench_function("judge", |b| {
        b.iter(|| {
            for case in &cases {
                black_box(judge(black_box(&case.facts), &case.since, &policy, today));
            }
        });
    });
    group.bench_function("answer", |b| {
        b.iter(|| {
            for case in &cases {
                black_box(explain::answer(black_box(case), &policy, &digest, today));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
