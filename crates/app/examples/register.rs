//! What the register costs on this machine, on both databases: an import, everything judged, one in a hundred changed,
//! list pages in every order, one key.
//!
//! `cargo run --release -p tenure-app --example register -- [KEYS] [sqlite|postgres]`
//!
//! Seconds on the clock, CPU seconds of this process, and of PostgreSQL beside it.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::panic,
    reason = "measures, and is not shipped"
)]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, time::Instant};
use tenure_app::{
    catalog,
    register::{self, Desk, Facet, Filter, Place, Reading, Rules, Sort, Store, Taken},
    state::State,
};
use tenure_model::{
    access::Actor, catalog::Provider, id::KeyId, moment::Moment, policy::Policy, secret::Pepper,
};
use tenure_testkit::database::{Database, Engine};

const AT: Moment = Moment::from_micros(1_795_721_000_000_000);

struct House {
    store: Store,
    access: Rules,
    providers: Vec<Provider>,
    policy: Policy,
    pepper: Pepper,
    caller: Actor,
    folder: tempfile::TempDir,
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let keys: usize = args.next().map_or(100_000, |text| text.parse().unwrap());
    let only = args.next();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let name = format!("{engine:?}").to_lowercase();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        if let Some(database) = Database::new(engine) {
            println!("{engine:?}, {keys} keys");
            measure(&database, keys).await;
        }
    }
}

async fn measure(database: &Database, keys: usize) {
    let folder = tempfile::tempdir().unwrap();
    let place = database.file().map_or_else(
        || Place::Postgres(database.url().unwrap().to_owned()),
        Place::File,
    );
    let house = House {
        store: register::open(&place, &State::at(folder.path()), AT)
            .await
            .unwrap(),
        folder,
        access: Rules::builtin(),
        providers: catalog::load(None).unwrap(),
        policy: Policy::builtin(),
        pepper: Pepper::new([7; 32]),
        caller: Actor::Operator("root".to_owned()),
    };
    let taken = house.read(&table(keys, 0), AT);
    timed("import", async {
        house.desk(AT).import(&taken).await.unwrap();
    })
    .await;
    timed("judge everything, all new", async {
        let done = house.desk(AT).reassess().await.unwrap();
        assert_eq!(done.new, u64::try_from(keys).unwrap());
    })
    .await;
    drop(taken);
    let later = AT.plus_seconds(60);
    let taken = house.read(&table(keys, 1), later);
    timed("import again, 1 % changed", async {
        house.desk(later).import(&taken).await.unwrap();
    })
    .await;
    drop(taken);
    timed("judge what changed", async {
        let done = house.desk(later).reassess().await.unwrap();
        assert_eq!(done.changed, u64::try_from(keys.div_ceil(100)).unwrap());
    })
    .await;
    timed("judge everything, nothing changed", async {
        house.store.keep_judged_with("another").await.unwrap();
        let done = house.desk(later).reassess().await.unwrap();
        assert_eq!(done.changed, 0);
    })
    .await;
    let list = house
        .desk(later)
        .list(&Filter::default(), Sort::Name, None, 1)
        .await
        .unwrap();
    let one = [list.entries[0].id.clone()];
    timed(
        "one key: people said something of it, judged again",
        async {
            let permit = tenure_testkit::permit::to(tenure_model::access::Action::OwnerAssign);
            let mut txn = house.store.begin(&permit, later).await.unwrap();
            txn.assign_owner(&one, Some("olga"), None).await.unwrap();
            txn.mark_stale(&one).await.unwrap();
            txn.commit_noted().await.unwrap();
            house.desk(later).settle().await.unwrap();
        },
    )
    .await;
    pages(&house, later).await;
    one_key(&house, later).await;
    if let Some(file) = database.file() {
        println!("  file: {} MiB", fs::metadata(file).unwrap().len() >> 20);
    }
    println!("  peak memory of this process: {} MiB", peak_memory());
    house.store.close().await;
}

impl House {
    fn desk(&self, now: Moment) -> Desk<'_> {
        Desk {
            store: &self.store,
            access: &self.access,
            providers: &self.providers,
            policy: &self.policy,
            pepper: &self.pepper,
            caller: &self.caller,
            now,
        }
    }

    fn read(&self, text: &str, now: Moment) -> Taken {
        let file = self.folder.path().join("keys.csv");
        fs::write(&file, text).unwrap();
        let reading = Reading {
            providers: &self.providers,
            policy: &self.policy,
            pepper: &self.pepper,
            today: now.day(),
        };
        Taken::export(reading, "table", &file, "keys.csv").unwrap()
    }
}

/// A spreadsheet; from the second version on, one row in a hundred says something else.
fn table(keys: usize, version: usize) -> String {
    const PROVIDERS: [&str; 8] = [
        "aws",
        "github",
        "stripe",
        "openai",
        "datadog",
        "okta",
        "cloudflare",
        "sendgrid",
    ];
    const PURPOSES: [&str; 4] = ["ci_cd", "deployment", "service_to_service", "monitoring"];
    let mut out =
        "name,provider,key id,account,owner,system,purpose,created,last used,expires,environment\n"
            .to_owned();
    for n in 0..keys {
        let moved = usize::from(n % 100 == 0) * version;
        let _ = writeln!(
            out,
            "svc-{n},{},KEYOFTHELOAD{n:08},acct-{},user{}@northwind.example,system-{},{},202{}-0{}-1{},{},{},{}",
            PROVIDERS[n % PROVIDERS.len()],
            n % 200,
            (n + moved) % (keys / 33 + 1),
            n % 400,
            PURPOSES[n % PURPOSES.len()],
            n % 6,
            1 + n % 9,
            n % 9,
            if n % 3 == 0 { "" } else { "2026-11-02" },
            if n % 7 == 0 { "2027-03-01" } else { "" },
            ["prod", "test", ""][n % 3],
        );
    }
    out
}

async fn timed(name: &str, work: impl Future<Output = ()>) {
    let (begun, cpu, beside) = (Instant::now(), own_cpu(), postgres_cpu());
    work.await;
    println!(
        "  {name}: {:.2} s, CPU {:.2} s, PostgreSQL {:.2} s",
        begun.elapsed().as_secs_f64(),
        own_cpu() - cpu,
        (postgres_cpu() - beside).max(0.0)
    );
}

/// Every filter in every order: a page, the next page, the count.
async fn pages(house: &House, now: Moment) {
    let by = |facet, value: &str| Filter {
        facets: BTreeMap::from([(facet, vec![value.to_owned()])]),
        ..Filter::default()
    };
    let search = |words: &str| Filter {
        search: Some(words.to_owned()),
        ..Filter::default()
    };
    let filters = [
        ("all", Filter::default()),
        ("a provider", by(Facet::Provider, "github")),
        ("a verdict", by(Facet::Verdict, "unowned")),
        ("an owner", by(Facet::Owner, "user7@northwind.example")),
        ("an account", by(Facet::Account, "acct-7")),
        ("search, few", search("svc-777")),
        ("search, none", search("nosuchthing")),
    ];
    for (name, filter) in &filters {
        let mut times = Vec::new();
        for sort in Sort::ALL {
            for _ in 0..20 {
                let begun = Instant::now();
                let desk = house.desk(now);
                let page = desk.list(filter, *sort, None, 50).await.unwrap();
                times.push(begun.elapsed().as_micros());
                if let Some(next) = page.next {
                    let begun = Instant::now();
                    desk.list(filter, *sort, Some(&next), 50).await.unwrap();
                    times.push(begun.elapsed().as_micros());
                }
            }
        }
        print_times(&format!("a page, {name}"), times);
    }
}

async fn one_key(house: &House, now: Moment) {
    let ids: Vec<KeyId> = house
        .desk(now)
        .list(&Filter::default(), Sort::Name, None, 200)
        .await
        .unwrap()
        .entries
        .into_iter()
        .map(|entry| entry.id)
        .collect();
    let mut times = Vec::new();
    for id in &ids {
        let begun = Instant::now();
        house.desk(now).key(id).await.unwrap();
        house.desk(now).history(id, 50).await.unwrap();
        times.push(begun.elapsed().as_micros());
    }
    print_times("one key with its history", times);
}

fn print_times(name: &str, mut times: Vec<u128>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    println!("  {name}: median {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
}

/// CPU seconds of this process.
fn own_cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// CPU seconds of every process called postgres.
fn postgres_cpu() -> f64 {
    let Ok(all) = fs::read_dir("/proc") else {
        return 0.0;
    };
    let ticks: u64 = all
        .flatten()
        .filter_map(|entry| of_postgres(&entry.path()))
        .sum();
    ticks as f64 / 100.0
}

/// User and system time of one process, those of its children that ended too, in ticks of a hundredth of a second.
fn of_postgres(process: &Path) -> Option<u64> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let (name, rest) = stat.rsplit_once(')')?;
    if !name.ends_with("(postgres") {
        return None;
    }
    let fields = rest.split_whitespace().skip(11).take(4);
    Some(fields.filter_map(|text| text.parse::<u64>().ok()).sum())
}

fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kib.unwrap_or_default() >> 10
}
