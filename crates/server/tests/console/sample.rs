//! Every page of the console with sample data: an assessment, the catalogue, and what no use case gives yet.

use std::collections::BTreeMap;
use tenure_model::{
    access::{Involved, PersonId, Role},
    assessment::{Assessment, Key},
    catalog::Provider,
    day::Day,
    event::{Actor, Change, Event, FactChange, Outcome},
    exception::{Reasons, Request, Stage, Standing, Subject},
    facts::Verdict,
    horizon::{Horizon, is_living, label},
    id::{ExceptionId, KeyId, PersonId as Person, RunId, SourceId},
    key::CoverageState,
    level::Level,
    moment::Moment,
    policy::Policy,
    secret::Secret,
};
use tenure_server::ui::{
    answers, catalogue, decisions, door, exposures,
    form::{self, Act, Choice, How, Problem, Typed},
    frame::{Caller, Demo, Door, Frame, Notice, Place, Theme, Tone},
    happened::Happened,
    key, keys,
    life::{Life, Point},
    proof, settings, sheet, today, work,
};

/// What pages are made from.
pub struct Sample<'s> {
    pub assessment: &'s Assessment,
    pub providers: &'s [Provider],
    /// What a text of people becomes: itself, or something hostile.
    pub say: &'s dyn Fn(&str) -> String,
}

/// A page: its name and its text.
pub type Page = (&'static str, String);

impl Sample<'_> {
    /// Every page.
    pub fn pages(&self) -> Vec<Page> {
        let mut pages = self.todays();
        pages.extend(self.key_pages());
        pages.extend(self.decision_pages());
        pages.extend(self.other_pages());
        pages.extend(self.setting_pages());
        pages.extend(self.doors());
        pages
    }

    fn say(&self, text: &str) -> String {
        (self.say)(text)
    }

    fn now(&self) -> Moment {
        format!("{}T09:30:00Z", self.assessment.today)
            .parse()
            .unwrap()
    }

    fn today(&self) -> Day {
        self.assessment.today
    }

    fn frame(&self, title: &str) -> Frame {
        let waiting = |place| match place {
            Place::Decisions => 3,
            Place::Exposures => 1_204,
            _ => 0,
        };
        Frame {
            doors: Place::ALL
                .iter()
                .map(|place| Door {
                    place: *place,
                    waiting: waiting(*place),
                })
                .collect(),
            caller: Some(Caller {
                name: self.say("Anna Kowalska"),
                roles: vec![self.say("Analyst in payments"), self.say("Viewer")],
            }),
            csrf: "token-of-forms".to_owned(),
            ..Frame::plain(title, self.now())
        }
    }

    fn at(&self, place: Place, title: &str) -> Frame {
        self.frame(title).at(place, title)
    }

    /// Living keys, most urgent first.
    fn living(&self) -> Vec<&Key> {
        let keys = self.assessment.keys.iter();
        keys.filter(|key| is_living(key)).collect()
    }

    fn waiting(&self, key: &Key, order: &str) -> today::Waiting {
        let outcome = &key.verdict.outcome;
        today::Waiting {
            text: format!("{} {}", self.say(order), label(key)),
            why: tenure_model::reason::cause(key),
            level: Some(outcome.level),
            urgency: outcome.urgency,
            due: outcome.due,
            address: form::key(&key.id),
        }
    }

    fn events(&self) -> Vec<Event> {
        let at = self.now();
        let (key, other) = (&self.living()[0].id, &self.living()[1].id);
        let done = Outcome::Done {
            policies: vec!["analyst.work".to_owned()],
            rules: None,
        };
        let denied = Outcome::Denied {
            policies: vec!["separation.sign".to_owned()],
            rules: None,
            why: self.say("bo answers for this key and cannot approve an exception of it"),
        };
        let anna = || Actor::Person {
            id: Person::new(self.say("anna")),
        };
        let made = |seconds: i64, who: Actor, change, outcome: &Outcome| Event {
            schema: tenure_model::event::SCHEMA.to_owned(),
            at: at.plus_seconds(-seconds),
            who,
            change,
            outcome: outcome.clone(),
        };
        vec![
            made(
                120,
                Actor::System {
                    part: "worker".to_owned(),
                },
                Change::Decided {
                    key: KeyId::new(key.clone()),
                    from: Some(Verdict::Unowned),
                    to: Verdict::Exposed,
                    level: Level::B4,
                    due: Some(self.today().plus(1)),
                    facts: String::new(),
                    policy: String::new(),
                },
                &done,
            ),
            made(
                900,
                anna(),
                Change::FactsChanged {
                    key: KeyId::new(other.clone()),
                    facts: vec![FactChange {
                        fact: "customer_tenants".to_owned(),
                        from: 1.into(),
                        to: self.say("12").into(),
                        source: self.say("cmdb.csv"),
                    }],
                },
                &done,
            ),
            made(
                3_600,
                Actor::Operator {
                    user: self.say("root"),
                },
                Change::ImportFinished {
                    run: RunId::new("r1"),
                    source: SourceId::new(self.say("stripe-keys.csv")),
                    records: 412,
                    new: 3,
                    changed: 17,
                    vanished: 1,
                },
                &done,
            ),
            made(
                86_400,
                Actor::Person {
                    id: Person::new(self.say("bo")),
                },
                Change::Act {
                    act: "exception.approve".to_owned(),
                    kind: "key".to_owned(),
                    id: key.clone(),
                    detail: serde_json::Value::Null,
                },
                &denied,
            ),
            made(
                100_000,
                anna(),
                Change::OwnerAssigned {
                    keys: vec![KeyId::new(key.clone())],
                    owner: Some(self.say("bo")),
                },
                &done,
            ),
            made(
                200_000,
                anna(),
                Change::Exception {
                    exception: ExceptionId::new(self.say("x7")),
                    key: Some(KeyId::new(other.clone())),
                    step: "requested".to_owned(),
                    statement: None,
                },
                &done,
            ),
        ]
    }

    fn happened(&self) -> Vec<Happened> {
        let names: BTreeMap<&str, String> = self
            .assessment
            .keys
            .iter()
            .map(|key| (key.id.as_str(), label(key)))
            .collect();
        let name = |id: &str| names.get(id).cloned();
        let events = self.events();
        events
            .iter()
            .map(|event| Happened::of(event, &name))
            .collect()
    }

    fn todays(&self) -> Vec<Page> {
        let living = self.living();
        let horizon = Horizon::of(self.assessment, None);
        let high = |level: Level| {
            let keys = living
                .iter()
                .filter(|key| key.verdict.outcome.level == level);
            u64::try_from(keys.count()).unwrap()
        };
        let figure = |name: &str, count, address: &str| today::Figure {
            name: name.to_owned(),
            count,
            address: address.to_owned(),
        };
        let week = |n: i64| self.today().plus(7 * n);
        let burn = |start: u64, real: &[u64]| today::Burn {
            real: real
                .iter()
                .enumerate()
                .map(|(at, n)| (week(i64::try_from(at).unwrap() - 5), *n))
                .collect(),
            planned: vec![(week(-5), start), (week(8), 0)],
        };
        let team = today::Team {
            sentence: format!(
                "{} living keys, {} of them nothing ends",
                horizon.living,
                horizon.endless()
            ),
            horizon: Some(today::Drawing::of(&horizon)),
            figures: vec![
                figure("At B4", high(Level::B4), "/keys?level=B4"),
                figure("At B3", high(Level::B3), "/keys?level=B3"),
                figure("To contain now", 1, "/keys?urgency=now"),
                figure("Without an owner", 8, "/keys?verdict=unowned"),
                figure("Signed for", 2, "/keys?exception=granted"),
            ],
            since: today::Since {
                when: Some(self.now().plus_seconds(-200_000)),
                events: self.happened(),
                left: 31,
            },
            queue: living
                .iter()
                .take(7)
                .map(|key| self.waiting(key, "See to"))
                .collect(),
            queue_left: 12,
            backlog: Some(today::Backlog {
                baseline: week(-5),
                unowned: burn(2_800, &[2_800, 2_610, 2_300, 2_120, 1_700, 1_480]),
                undecided: burn(3_900, &[3_900, 3_880, 3_600, 3_320, 3_100, 2_700]),
                new_unowned: 2,
            }),
        };
        let empty = today::Team {
            sentence: "Nothing is known yet".to_owned(),
            horizon: None,
            figures: Vec::new(),
            since: today::Since::default(),
            queue: Vec::new(),
            queue_left: 0,
            backlog: None,
        };
        let owner = today::Owner {
            keys: 7,
            need: living
                .iter()
                .take(2)
                .map(|key| self.waiting(key, "See to"))
                .collect(),
            rest: living
                .iter()
                .skip(2)
                .take(5)
                .map(|key| today::Mine {
                    name: label(key),
                    address: form::key(&key.id),
                    verdict: key.verdict.id,
                    level: key.verdict.outcome.level,
                })
                .collect(),
            asked: Some("/ask/a1".to_owned()),
        };
        let signed = |at: usize, permanent, days, reopened: Option<&str>| today::Signed {
            name: label(living[at]),
            address: "/exceptions/x1".to_owned(),
            level: living[at].verdict.outcome.level,
            permanent,
            day: self.today().plus(days),
            reopened: reopened.map(|why| self.say(why)),
        };
        let risk = today::RiskOwner {
            waits: vec![self.waiting(living[3], "Accept the risk of")],
            ends: vec![
                signed(4, false, 12, None),
                signed(5, true, 60, Some("its level rose from B2 to B3")),
            ],
            signed: vec![signed(6, true, 200, None), signed(7, false, 150, None)],
        };
        let only = |places: &[Place]| {
            let mut frame = self.at(Place::Today, "Today");
            frame.doors.retain(|door| places.contains(&door.place));
            frame
        };
        let demo = Frame {
            demo: Some(Demo {
                role: Role::Analyst,
            }),
            notices: vec![
                Notice {
                    tone: Tone::Done,
                    text: self.say("bo answers for 12 keys now."),
                },
                Notice {
                    tone: Tone::Warning,
                    text: self.say("The pager channel is dead since yesterday."),
                },
            ],
            ..self.at(Place::Today, "Today")
        };
        let page = |frame, body| today::render(&today::Today { frame, body }).unwrap();
        vec![
            (
                "today",
                page(
                    self.at(Place::Today, "Today"),
                    today::Body::Team(Box::new(team)),
                ),
            ),
            (
                "today-empty",
                page(demo, today::Body::Team(Box::new(empty))),
            ),
            (
                "today-owner",
                page(
                    only(&[Place::Today, Place::Keys]),
                    today::Body::Owner(owner),
                ),
            ),
            (
                "today-risk-owner",
                page(
                    only(&[Place::Today, Place::Keys, Place::Decisions, Place::Proof]),
                    today::Body::RiskOwner(risk),
                ),
            ),
        ]
    }

    fn key_pages(&self) -> Vec<Page> {
        let living = self.living();
        let mut counts: BTreeMap<(keys::Facet, String), u64> = BTreeMap::new();
        for key in &living {
            let line = keys::Line::of(key);
            for (facet, value) in [
                (keys::Facet::Verdict, line.verdict.word().to_owned()),
                (keys::Facet::Level, line.level.word().to_owned()),
                (keys::Facet::Urgency, line.urgency.word().to_owned()),
                (keys::Facet::Provider, line.provider),
                (keys::Facet::Owner, line.owner),
            ] {
                *counts.entry((facet, value)).or_default() += 1;
            }
        }
        let facets = || {
            keys::Facet::ALL
                .iter()
                .map(|facet| {
                    let mut values: Vec<(String, u64)> = counts
                        .iter()
                        .filter(|((known, _), _)| known == facet)
                        .map(|((_, value), n)| (value.clone(), *n))
                        .collect();
                    values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
                    values.truncate(8);
                    (*facet, values)
                })
                .collect::<Vec<_>>()
        };
        let narrowed = keys::Asked {
            values: vec![
                (keys::Facet::Level, "B3".to_owned()),
                (keys::Facet::Level, "B4".to_owned()),
                (keys::Facet::Provider, self.say("aws")),
            ],
            search: self.say("prod"),
            due_by: Some(self.today().plus(30)),
            sort: keys::Sort::Level,
            ..keys::Asked::default()
        };
        let views = vec![
            keys::View {
                name: self.say("Overdue in payments"),
                asked: keys::Asked {
                    values: vec![(keys::Facet::Urgency, "overdue".to_owned())],
                    ..keys::Asked::default()
                },
            },
            keys::View {
                name: self.say("The big ones"),
                asked: narrowed.clone(),
            },
        ];
        let list = |title: &str, asked: keys::Asked, lines: Vec<keys::Line>, count| {
            keys::render(&keys::Keys {
                frame: self.at(Place::Keys, title),
                asked,
                lines,
                count,
                facets: facets(),
                views: views.clone(),
                next: Some("k9~17".to_owned()),
                bulk: vec![
                    ("assign", "Assign an owner"),
                    ("assess", "Judge again"),
                    ("ask", "Ask the likely owner"),
                ],
                saves: true,
            })
            .unwrap()
        };
        let lines = living.iter().take(25).map(|key| keys::Line::of(key));
        let mut lines: Vec<keys::Line> = lines.collect();
        lines[3].gone = true;
        let preview = |key: &Key, before: &str, after: &str| keys::Preview {
            id: key.id.clone(),
            name: label(key),
            before: self.say(before),
            after: self.say(after),
        };
        let bulk = keys::Bulk {
            frame: self.at(Place::Keys, "Assign an owner"),
            act: "assign",
            order: "Assign an owner".to_owned(),
            asks: Some(keys::Asks::Person(vec![Choice {
                value: self.say("bo"),
                label: self.say("Bo Lindqvist"),
                chosen: true,
            }])),
            changes: living[..4]
                .iter()
                .map(|key| preview(key, "nobody", "bo"))
                .collect(),
            leaves: vec![preview(living[4], "", "bo answers for it already")],
            back: narrowed.address(),
        };
        let mut pages = vec![
            (
                "keys",
                list("Keys", keys::Asked::default(), lines.clone(), 10_001),
            ),
            (
                "keys-narrowed",
                list("Keys", narrowed.clone(), lines[..6].to_vec(), 6),
            ),
            ("keys-none", list("Keys", narrowed, Vec::new(), 0)),
            ("keys-bulk", keys::render_bulk(&bulk).unwrap()),
        ];
        let rich = living
            .iter()
            .max_by_key(|key| key.sightings.len().min(4) + key.disputes.len() * 3)
            .unwrap();
        pages.push(("key", self.one_key(rich)));
        pages.push(("key-first", self.one_key(living[0])));
        pages
    }

    fn one_key(&self, key: &Key) -> String {
        let day = |days| self.today().plus(days);
        let history = vec![
            Point {
                day: day(-400),
                text: self.say("first seen in stripe-keys.csv"),
            },
            Point {
                day: day(-40),
                text: self.say("judged unowned"),
            },
            Point {
                day: day(-2),
                text: self.say("an exception was asked for"),
            },
        ];
        key::render(&key::OneKey {
            frame: self.at(Place::Keys, &label(key)),
            gone: false,
            assigned: Some(key::Assigned {
                owner: self.say("bo"),
                backup: Some(self.say("chi")),
                until: Some(day(70)),
            }),
            exceptions: vec![key::Excepted {
                id: self.say("x7"),
                address: "/exceptions/x7".to_owned(),
                stage: Stage::AwaitingApproval,
                permanent: false,
                day: Some(day(90)),
                says: self.say("asked for by anna; nobody approved it yet"),
            }],
            comments: vec![key::Comment {
                by: self.say("anna"),
                at: self.now(),
                text: self
                    .say("The vendor says that OIDC comes in March.\nI asked for it in writing."),
                attachments: vec![key::Attachment {
                    name: self.say("vendor-mail.pdf"),
                    bytes: 48_213,
                    digest: "9f2c".repeat(16),
                    address: "/attachments/1".to_owned(),
                }],
            }],
            may_comment: true,
            may_attach: true,
            typed: Typed::default(),
            life: Life::of(key, history, self.today()),
            events: self.happened(),
            acts: vec![
                Act::open(
                    "Ask for an exception",
                    Some("its verdict allows one"),
                    format!("{}/exception", form::key(&key.id)),
                ),
                Act::open(
                    "Assign an owner",
                    None,
                    format!("{}/owner", form::key(&key.id)),
                ),
                Act {
                    label: "Judge again".to_owned(),
                    why: None,
                    how: How::Send("/keys/assess".to_owned(), vec![("key", key.id.clone())]),
                },
            ],
            key: Box::new(key.clone()),
        })
        .unwrap()
    }

    fn request(&self, key: &Key, why: &str) -> Request {
        let outcome = &key.verdict.outcome;
        let person = |name: &str| PersonId::new(name).unwrap();
        let standing = Standing {
            key: key.id.clone(),
            name: label(key),
            verdict: key.verdict.id,
            level: outcome.level,
            exception_allowed: true,
            because: outcome.because.iter().map(|one| one.text.clone()).collect(),
            facts: outcome.facts.clone(),
            policy: outcome.policy.clone(),
        };
        // Longer ones are refused before there is a statement.
        let say = |text: &str| self.say(text).chars().take(3_900).collect::<String>();
        let reasons = Reasons {
            bypassed: say("rotation within 90 days"),
            why: say(why),
            blocker: say("the vendor offers no other way before March"),
            compensating: vec![
                say("only from two addresses"),
                say("each use raises an alert"),
            ],
        };
        let involved = Involved {
            owners: vec![person("bo")],
            ..Involved::default()
        };
        Request::make(
            "x7",
            Subject::Transitional {
                key: standing,
                until: self.today().plus(60),
            },
            reasons,
            &person("anna"),
            &involved,
            None,
            &Policy::builtin(),
            self.now(),
        )
        .unwrap()
    }

    fn decision_pages(&self) -> Vec<Page> {
        let living = self.living();
        let request = self.request(living[5], "settlement files are sent with it every night");
        let statement = request.statement();
        let waiting = |at: usize, kind, theirs| decisions::Waiting {
            id: format!("x{at}"),
            kind,
            name: label(living[at]),
            level: living[at].verdict.outcome.level,
            by: self.say("anna"),
            since: self.today().plus(-3),
            due: (at % 2 == 1).then(|| self.today().plus(4)),
            theirs,
        };
        let list = || {
            vec![
                waiting(5, decisions::Kind::Approve, true),
                waiting(6, decisions::Kind::Accept, true),
                waiting(7, decisions::Kind::Reopened, false),
                waiting(8, decisions::Kind::Review, true),
                waiting(9, decisions::Kind::KeyRequest, true),
            ]
        };
        let chosen = |sign| decisions::Chosen {
            waiting: waiting(5, decisions::Kind::Approve, true),
            key: Some(form::key(&living[5].id)),
            statement: statement.text().to_owned(),
            digest: statement.digest().to_owned(),
            version: 3,
            signed: vec![decisions::Signature {
                by: self.say("chi"),
                what: self.say("approved"),
                reason: self.say("Two addresses and an alert are enough until March."),
                at: self.now().plus_seconds(-80_000),
            }],
            comments: vec![key::Comment {
                by: self.say("dana"),
                at: self.now().plus_seconds(-40_000),
                text: self.say("Which two addresses are they?"),
                attachments: Vec::new(),
            }],
            sign,
        };
        let page = |chosen| {
            decisions::render(&decisions::Decisions {
                frame: self.at(Place::Decisions, "Decisions"),
                list: list(),
                next: Some("/decisions?after=x9".to_owned()),
                chosen,
                acts: Vec::new(),
            })
            .unwrap()
        };
        let form = |typed, stale| decisions::Sign::Form {
            typed,
            order: "Approve the exception",
            refuse: Some("Deny it"),
            may_ask: true,
            stale,
        };
        let back = Typed {
            values: vec![("reason", self.say("ok")), ("act", "approve".to_owned())],
            problems: vec![Problem {
                field: "reason",
                text: self.say("The reason is too short: write a sentence"),
            }],
        };
        let changed = self.request(living[5], "settlement files are sent with it every hour");
        vec![
            ("decisions", page(None)),
            ("decision", page(Some(chosen(form(Typed::default(), true))))),
            ("decision-back", page(Some(chosen(form(back, false))))),
            (
                "decision-not",
                page(Some(chosen(decisions::Sign::Not {
                    why: self.say("You answer for this key, and nobody signs for what they own."),
                    policies: vec!["separation.sign".to_owned()],
                    who: vec![self.say("chi"), self.say("dana")],
                }))),
            ),
            (
                "decisions-none",
                decisions::render(&decisions::Decisions {
                    frame: self.at(Place::Decisions, "Decisions"),
                    list: Vec::new(),
                    next: None,
                    chosen: None,
                    acts: Vec::new(),
                })
                .unwrap(),
            ),
            (
                "decision-changed",
                decisions::render_changed(&decisions::Changed {
                    frame: self.at(Place::Decisions, "Facts changed"),
                    name: label(living[5]),
                    before: statement.text().to_owned(),
                    after: changed.statement().text().to_owned(),
                    digest: changed.statement().digest().to_owned(),
                    reason: self.say("Two addresses and an alert are enough until March."),
                    again: "/decisions/x5".to_owned(),
                })
                .unwrap(),
            ),
            (
                "statement",
                decisions::render_statement(&decisions::Statement {
                    frame: self.at(Place::Decisions, "Statement"),
                    name: label(living[5]),
                    key: Some(form::key(&living[5].id)),
                    statement: statement.text().to_owned(),
                    digest: statement.digest().to_owned(),
                    signed: chosen(form(Typed::default(), false)).signed,
                    comments: chosen(form(Typed::default(), false)).comments,
                    holds: self.say("It holds until 22 January 2027."),
                    acts: Vec::new(),
                })
                .unwrap(),
            ),
        ]
    }

    fn sheet(&self) -> String {
        let field = |name, label: &str, hint: &str, kind| sheet::Field {
            name,
            label: label.to_owned(),
            hint: self.say(hint),
            optional: name == "review",
            kind,
        };
        let choices = vec![Choice {
            value: self.say("bo"),
            label: self.say("Bo Lindqvist"),
            chosen: false,
        }];
        let key = self.living()[5];
        sheet::render(&sheet::Sheet {
            frame: self.at(Place::Keys, "Ask for an exception"),
            back: (label(key), form::key(&key.id)),
            order: "Ask for an exception".to_owned(),
            lead: vec![self.say("Somebody else approves it, and a risk owner accepts it.")],
            address: format!("{}/exception", form::key(&key.id)),
            fixed: vec![("statement", self.say("9f2c"))],
            fields: vec![
                field(
                    "why",
                    "Why it is needed",
                    "A sentence that stands alone.",
                    sheet::Kind::Sentences,
                ),
                field(
                    "bypassed",
                    "Control that is bypassed",
                    "",
                    sheet::Kind::Line(4_000),
                ),
                field(
                    "until",
                    "Until",
                    "At most 90 days ahead at B4.",
                    sheet::Kind::Day,
                ),
                field(
                    "review",
                    "Days between reviews",
                    "",
                    sheet::Kind::Number(1, 365),
                ),
                field(
                    "option",
                    "Why not the first option",
                    "",
                    sheet::Kind::Choice(choices.clone()),
                ),
                field(
                    "owner",
                    "Who answers for it",
                    "By mail or name.",
                    sheet::Kind::Person(choices),
                ),
            ],
            typed: Typed {
                values: vec![
                    ("why", self.say("Settlement files")),
                    ("owner", self.say("bo")),
                ],
                problems: vec![Problem {
                    field: "until",
                    text: self.say("2028-01-01 is later than 2027-02-21: name an earlier end date"),
                }],
            },
            button: "Ask".to_owned(),
        })
        .unwrap()
    }

    fn other_pages(&self) -> Vec<Page> {
        let secrets: Vec<exposures::Secret> = self
            .living()
            .iter()
            .filter_map(|key| {
                let acts = vec![
                    Act::open("Contain it", Some("a copy is readable"), form::key(&key.id)),
                    Act::open("Say who can read it", None, form::key(&key.id)),
                ];
                exposures::Secret::of(key, acts)
            })
            .take(8)
            .collect();
        let step = |text: &str, state| work::Step {
            text: self.say(text),
            state,
        };
        let job = |name: &str, failed: Option<&str>| work::Job {
            name: self.say(name),
            last: Some(self.now().plus_seconds(-600)),
            next: Some(self.now().plus_seconds(3_000)),
            waiting: 2,
            failed: failed.map(|why| self.say(why)),
            acts: vec![Act {
                label: "Start now".to_owned(),
                why: None,
                how: How::Send("/work/jobs".to_owned(), Vec::new()),
            }],
        };
        let works = |cases| {
            work::render(&work::Work {
                frame: self.at(Place::Work, "Work"),
                cases,
                jobs: vec![
                    job("Judge keys again", None),
                    job(
                        "Send notices",
                        Some("the mail server refuses the connection"),
                    ),
                ],
            })
            .unwrap()
        };
        let case = work::Case {
            title: self.say("Rotate the settlement key"),
            address: "/work/c1".to_owned(),
            owner: Some(self.say("bo")),
            due: Some(self.today().plus(3)),
            steps: vec![
                step("Make a second key", work::StepState::Done),
                step("Wait until it is used", work::StepState::Now),
                step("Revoke the first one", work::StepState::Waits),
            ],
        };
        let dates = tenure_app::sunsets::dates(self.providers, Some(self.assessment), self.today());
        let mut lines: Vec<catalogue::Line> = self
            .providers
            .iter()
            .take(30)
            .map(|provider| {
                let keys = self.living();
                let keys = keys.iter().filter(|key| key.provider == provider.provider);
                catalogue::Line::of(provider, Some(u64::try_from(keys.count()).unwrap()))
            })
            .collect();
        lines[0].name = self.say(&lines[0].name);
        let events = self.happened();
        let events = events.into_iter().enumerate();
        vec![
            (
                "exposures",
                exposures::render(&exposures::Exposures {
                    frame: self.at(Place::Exposures, "Exposures"),
                    part: true,
                    secrets,
                    next: Some("/exposures?after=k1".to_owned()),
                    unseen: [self.say("github.com/northwind/legacy")].into(),
                })
                .unwrap(),
            ),
            ("sheet", self.sheet()),
            ("work", works(Vec::new())),
            ("work-cases", works(vec![case])),
            (
                "proof",
                proof::render(&proof::Proof {
                    frame: self.at(Place::Proof, "Proof"),
                    head: Some(proof::Head {
                        size: 48_213,
                        root: "5c1f".repeat(16),
                        checkpoint: "tenure.example/register\n48213\nXB8...=\n\n— tenure.example/register AbCd...=\n".to_owned(),
                        public_key: "tenure.example/register+1a2b3c4d+AbCd".to_owned(),
                    }),
                    verified: Some(proof::Verified {
                        at: self.now(),
                        whole: true,
                        says: self.say("All 48,213 events are what was signed."),
                    }),
                    events: events
                        .map(|(at, event)| (48_212 - u64::try_from(at).unwrap(), event))
                        .collect(),
                    asked: proof::Asked {
                        who: self.say("anna"),
                        ..proof::Asked::default()
                    },
                    next: Some("/proof?before=48206".to_owned()),
                    may_verify: true,
                    may_export: true,
                })
                .unwrap(),
            ),
            (
                "catalogue",
                catalogue::render(&catalogue::Catalogue {
                    frame: self.at(Place::Catalogue, "Catalogue"),
                    providers: lines,
                    sunsets: dates,
                    search: String::new(),
                })
                .unwrap(),
            ),
            (
                "provider",
                catalogue::render_one(&catalogue::OneProvider {
                    frame: self.at(Place::Catalogue, "GitHub"),
                    provider: self
                        .providers
                        .iter()
                        .find(|provider| provider.provider == "github")
                        .unwrap()
                        .clone(),
                    sunsets: Vec::new(),
                })
                .unwrap(),
            ),
            (
                "ask",
                answers::render(&answers::Answers {
                    frame: self.at(Place::Today, "Your keys"),
                    address: "/ask/a1".to_owned(),
                    asker: self.say("Anna Kowalska"),
                    due: Some(self.today().plus(14)),
                    keys: self.living()[..4]
                        .iter()
                        .enumerate()
                        .map(|(at, key)| answers::Asked {
                            id: key.id.clone(),
                            name: label(key),
                            says: format!("A key of {}.", key.provider),
                            why: self.say("you made it"),
                            level: key.verdict.outcome.level,
                            answer: (at == 1).then_some(answers::Answer::Mine),
                        })
                        .collect(),
                    people: vec![Choice {
                        value: self.say("bo"),
                        label: self.say("Bo Lindqvist"),
                        chosen: false,
                    }],
                    typed: Typed::default(),
                    done: false,
                })
                .unwrap(),
            ),
        ]
    }

    fn setting_pages(&self) -> Vec<Page> {
        let end = |label: &str| {
            vec![Act {
                label: label.to_owned(),
                why: None,
                how: How::Send("/settings/act".to_owned(), vec![("id", self.say("7"))]),
            }]
        };
        let page = |name: &'static str, body| {
            let frame = self.at(Place::Settings, "Settings");
            let rooms = settings::Room::ALL.to_vec();
            let text = settings::render(&settings::Settings { frame, rooms, body });
            (name, text.unwrap())
        };
        let choice = |value: &str, label: &str| Choice {
            value: value.to_owned(),
            label: self.say(label),
            chosen: false,
        };
        let source = |id: &str, failed: Option<&str>, stale| settings::Source {
            id: self.say(id),
            kind: self.say("Stripe, API keys"),
            last: Some(self.now().plus_seconds(-90_000)),
            records: 412,
            parts: vec![
                (self.say("live keys"), CoverageState::Complete),
                (self.say("test keys"), CoverageState::NotCovered),
            ],
            failed: failed.map(|why| self.say(why)),
            stale,
            acts: end("Read it again"),
        };
        let policy = Policy::builtin();
        let moved = settings::Moved {
            address: form::key(&self.living()[0].id),
            name: label(self.living()[0]),
            level: Level::B4,
            before: self.say("Replaceable, due 1 Dec 2026"),
            after: self.say("Replaceable, due 8 Dec 2026"),
        };
        let token = Secret::new(self.say("a token that is shown once").as_bytes());
        vec![
            page(
                "settings",
                settings::Body::Sources(vec![
                    source("stripe-keys.csv", None, false),
                    source(
                        "github, northwind",
                        Some("403: the token may not list deploy keys"),
                        false,
                    ),
                    source("vault.json", None, true),
                ]),
            ),
            page(
                "settings-policy",
                settings::Body::Policy(Box::new(settings::Policy {
                    version: self.say(&policy.version),
                    digest: policy.digest(),
                    text: self.say("[due]\nexposed = 1\n"),
                    tried: self.say("[due]\nexposed = 2\n"),
                    problem: Some(self.say("line 2: `exposed` has to be at most 1")),
                    what_if: Some(settings::WhatIf {
                        digest: policy.digest(),
                        keys: 4_012,
                        verdicts: vec![
                            (Verdict::Exposed, 3, 3),
                            (Verdict::Unused, 410, 388),
                            (Verdict::Replaceable, 1_201, 1_223),
                        ],
                        changed: vec![moved],
                        left: 21,
                    }),
                    may_change: true,
                    tries: true,
                })),
            ),
            page(
                "settings-people",
                settings::Body::People(settings::People {
                    people: vec![settings::Person {
                        id: self.say("bo"),
                        name: self.say("Bo Lindqvist"),
                        state: self.say("active"),
                        until: Some(self.today().plus(70)),
                        keys: 12,
                    }],
                    count: 1,
                    search: self.say("bo"),
                    next: None,
                }),
            ),
            page(
                "settings-roles",
                settings::Body::Roles(settings::Roles {
                    held: vec![settings::Held {
                        person: self.say("chi"),
                        role: self.say("Risk owner, executive"),
                        unit: self.say("payments"),
                        acts: end("Take it away"),
                    }],
                    roles: Role::ALL
                        .iter()
                        .map(|role| choice(role.word(), role.name()))
                        .collect(),
                    units: vec![choice("*", "everywhere"), choice("payments", "payments")],
                    may_assign: true,
                    typed: Typed::default(),
                }),
            ),
            page(
                "settings-channels",
                settings::Body::Channels(vec![settings::Channel {
                    name: self.say("digest"),
                    kind: self.say("e-mail"),
                    gets: self.say("team"),
                    to: self.say("iam@northwind.example"),
                    last: Some(self.now()),
                    failed: Some(self.say("refused since yesterday")),
                    dead: true,
                    acts: end("Try it"),
                }]),
            ),
            page(
                "settings-tokens",
                settings::Body::Tokens(settings::Tokens {
                    tokens: vec![settings::Token {
                        id: self.say("t1"),
                        name: self.say("nightly export"),
                        scopes: self.say("read"),
                        ends: self.now().plus_seconds(8_000_000),
                        last_used: None,
                        acts: end("Revoke it"),
                    }],
                    made: Some(settings::Made {
                        name: self.say("nightly export"),
                        secret: token,
                    }),
                    scopes: vec![choice("read", "look"), choice("supply", "bring facts in")],
                    may_make: true,
                    typed: Typed::default(),
                }),
            ),
            page(
                "settings-sessions",
                settings::Body::Sessions(vec![settings::Session {
                    since: self.now().plus_seconds(-9_000),
                    last: self.now(),
                    browser: self.say("Firefox on Linux"),
                    this: true,
                    acts: end("End it"),
                }]),
            ),
        ]
    }

    fn doors(&self) -> Vec<Page> {
        let plain = |title: &str| Frame {
            csrf: "token-of-forms".to_owned(),
            ..Frame::plain(title, self.now())
        };
        let searched = Frame {
            search: self.say("settlement"),
            theme: Theme::Dark,
            ..self.frame("Found")
        };
        let hits = self.living()[..3]
            .iter()
            .map(|key| door::Hit {
                name: label(key),
                address: form::key(&key.id),
                detail: tenure_model::reason::cause(key),
            })
            .collect();
        vec![
            (
                "sign-in",
                door::render_sign_in(&door::SignIn {
                    frame: plain("Sign in"),
                    who: None,
                    start: Some("/login/start?return_to=%2Fkeys".to_owned()),
                    fresh: false,
                })
                .unwrap(),
            ),
            (
                "sign-in-again",
                door::render_sign_in(&door::SignIn {
                    frame: plain("Sign in"),
                    who: Some(self.say("Anna")),
                    start: Some("/login/start?again=true".to_owned()),
                    fresh: true,
                })
                .unwrap(),
            ),
            (
                "set-up",
                door::render_set_up(&door::SetUp {
                    frame: plain("Set up"),
                    link: Secret::new(self.say("a link that works once").as_bytes()),
                    who: None,
                })
                .unwrap(),
            ),
            (
                "set-up-of-a-person",
                door::render_set_up(&door::SetUp {
                    frame: plain("Set up"),
                    link: Secret::new(self.say("a link that works once").as_bytes()),
                    who: Some(self.say("Anna")),
                })
                .unwrap(),
            ),
            (
                "error",
                door::render_failed(&door::Failed {
                    frame: self.frame("Not allowed"),
                    status: 403,
                    what: self.say("bo may not approve an exception of this key"),
                    advice: self.say("Ask somebody who neither owns nor uses it."),
                    policies: vec!["separation.sign".to_owned()],
                    request: Some("01J9".to_owned()),
                })
                .unwrap(),
            ),
            (
                "search",
                door::render_found(&door::Found {
                    frame: searched,
                    groups: vec![
                        door::Group {
                            heading: "Keys".to_owned(),
                            hits,
                            all: Some("/keys?q=settlement".to_owned()),
                        },
                        door::Group {
                            heading: "People".to_owned(),
                            hits: Vec::new(),
                            all: None,
                        },
                    ],
                })
                .unwrap(),
            ),
        ]
    }
}

/// The example company, judged.
pub fn northwind(folder: &std::path::Path) -> (Assessment, Vec<Provider>) {
    let providers = tenure_app::catalog::load(None).unwrap();
    tenure_app::demo::write(folder, &providers).unwrap();
    let facts = tenure_app::demo::text(tenure_app::demo::FACTS, &providers).unwrap();
    let assessed = tenure_app::assess::assess(
        &tenure_app::assess::Request {
            paths: &[folder.to_owned()],
            imports: &[],
            people: &[folder.join(tenure_app::demo::PEOPLE)],
            facts: &[(tenure_app::demo::FACTS.to_owned(), facts)],
            columns: None,
            exclude: &[tenure_app::demo::FACTS.to_owned()],
            since: None,
            providers: &providers,
            policy: &Policy::builtin(),
            pepper: &tenure_app::demo::pepper(),
            today: tenure_app::demo::TODAY.parse().unwrap(),
            title: Some(tenure_app::demo::TITLE.to_owned()),
            validation: None,
            apart: None,
        },
        &tenure_app::progress::Silent,
    )
    .unwrap();
    // Where the example stands changes from run to run.
    let text = serde_json::to_string(&assessed.assessment).unwrap();
    let text = text.replace(&format!("{}/", folder.display()), "");
    let text = text.replace(&folder.display().to_string(), "northwind");
    (serde_json::from_str(&text).unwrap(), providers)
}
