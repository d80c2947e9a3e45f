use super::*;
use proptest::prelude::*;

const DIGEST: &str = "aaaa";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn at(text: &str) -> Moment {
    Moment::from_micros(i64::from(day(text).number()) * 86_400_000_000)
}

fn who(name: &str) -> PersonId {
    PersonId::new(name).unwrap()
}

fn standing(verdict: Verdict, level: Level) -> Standing {
    Standing {
        key: "key-1".to_owned(),
        name: "deploy".to_owned(),
        verdict,
        level,
        exception_allowed: true,
        because: vec!["It may deploy to production.".to_owned()],
        facts: DIGEST.to_owned(),
        policy: DIGEST.to_owned(),
    }
}

fn reasons() -> Reasons {
    Reasons {
        bypassed: "no standing credentials".to_owned(),
        why: "the vendor offers nothing else".to_owned(),
        blocker: "no federation before March".to_owned(),
        compensating: vec!["one source address".to_owned()],
    }
}

fn involved() -> Involved {
    Involved {
        owners: vec![who("owner")],
        users: vec![who("user")],
        ..Involved::default()
    }
}

fn until(level: Level, until: &str) -> Subject {
    Subject::Transitional {
        key: standing(Verdict::Constrain, level),
        until: day(until),
    }
}

fn permanent(level: Level) -> Subject {
    Subject::Permanent {
        key: standing(Verdict::Irreplaceable, level),
        review_days: 90,
    }
}

fn class() -> Subject {
    Subject::Class {
        selector: "provider = example".to_owned(),
        review_days: 365,
    }
}

fn ask_on(subject: Subject, earlier: Option<&Transitional>, on: &str) -> Result<Request, Refusal> {
    let policy = Policy::builtin();
    Request::make(
        "EX-1",
        subject,
        reasons(),
        &who("asker"),
        &involved(),
        earlier.map(|earlier| earlier.signed().request()),
        &policy,
        at(on),
    )
}

fn ask(subject: Subject) -> Request {
    ask_on(subject, None, "2026-11-01").unwrap()
}

fn sign(
    request: &Request,
    approver: &str,
    acceptor: &str,
    authority: Authority,
) -> Result<(Approval, Acceptance), Refusal> {
    sign_on(request, approver, acceptor, authority, "2026-11-01")
}

fn sign_on(
    request: &Request,
    approver: &str,
    acceptor: &str,
    authority: Authority,
    on: &str,
) -> Result<(Approval, Acceptance), Refusal> {
    let seen = request.statement();
    let approval = request.approve(&who(approver), "fine", seen.digest(), at(on))?;
    let acceptance = request.accept(
        &approval,
        &who(acceptor),
        authority,
        "mine",
        seen.digest(),
        at(on),
    )?;
    Ok((approval, acceptance))
}

fn transitional(level: Level, end: &str) -> Transitional {
    let request = ask(until(level, end));
    let (approval, acceptance) = sign(&request, "ann", "rita", Authority::Executive).unwrap();
    Transitional::grant(request, approval, acceptance).unwrap()
}

fn granted(subject: Subject) -> Exception {
    let request = ask(subject);
    let (approval, acceptance) = sign(&request, "ann", "rita", Authority::Executive).unwrap();
    Exception::fold(
        request,
        [Event::Approved(approval), Event::Accepted(acceptance)],
    )
    .unwrap()
}

#[test]
fn nobody_signs_what_they_request_own_or_use() {
    for subject in [
        until(Level::B1, "2026-12-01"),
        permanent(Level::B4),
        class(),
    ] {
        let request = ask(subject);
        for (person, tie) in [
            ("asker", Tie::Requested),
            ("owner", Tie::Owns),
            ("user", Tie::Uses),
            ("OWNER", Tie::Owns),
        ] {
            let conflict = Refusal::Conflict {
                person: who(person),
                tie,
            };
            assert_eq!(
                sign(&request, person, "rita", Authority::Executive),
                Err(conflict.clone())
            );
            assert_eq!(
                sign(&request, "ann", person, Authority::Executive),
                Err(conflict)
            );
        }
    }
}

#[test]
fn from_b3_approver_and_acceptor_are_two_people() {
    for level in Level::ALL {
        let signed = sign(
            &ask(until(*level, "2026-12-01")),
            "ann",
            "ann",
            Authority::Executive,
        );
        assert_eq!(signed.is_ok(), *level < Level::B3, "{level}");
    }
}

#[test]
fn the_acceptors_authority_reaches_the_level() {
    for level in Level::ALL {
        let signed = sign(
            &ask(until(*level, "2026-12-01")),
            "ann",
            "rita",
            Authority::SystemRiskOwner,
        );
        assert_eq!(signed.is_ok(), *level < Level::B3, "{level}");
        assert!(
            sign(
                &ask(until(*level, "2026-12-01")),
                "ann",
                "rita",
                Authority::Executive
            )
            .is_ok()
        );
    }
}

#[test]
fn signatures_are_of_one_statement_and_not_of_another_request() {
    let one = ask(until(Level::B1, "2026-12-01"));
    let other = ask(until(Level::B1, "2026-12-02"));
    let (approval, acceptance) = sign(&one, "ann", "rita", Authority::Executive).unwrap();
    assert!(Transitional::grant(one.clone(), approval.clone(), acceptance.clone()).is_ok());
    assert_eq!(
        Transitional::grant(other, approval.clone(), acceptance.clone()),
        Err(Refusal::OtherStatement)
    );
    assert_eq!(
        Permanent::grant(one.clone(), approval, acceptance),
        Err(Refusal::OtherKind("permanent"))
    );
    assert_eq!(
        one.approve(&who("ann"), " ", one.statement().digest(), at("2026-11-01")),
        Err(Refusal::Text {
            field: "the reason",
            problem: "is empty: write a sentence"
        })
    );
    assert_eq!(
        one.approve(&who("ann"), "x", one.statement().digest(), at("2026-10-31")),
        Err(Refusal::OutOfOrder)
    );
}

#[test]
fn what_was_stored_passes_the_same_checks_when_read_back() {
    let granted = transitional(Level::B3, "2026-12-01");
    let text = serde_json::to_string(&granted).unwrap();
    assert_eq!(
        serde_json::from_str::<Transitional>(&text).unwrap(),
        granted
    );
    // Each change of a row by hand makes it unreadable: another end, another signer, less authority.
    for (from, to) in [
        ("2026-12-01", "2027-12-01"),
        ("\"rita\"", "\"ann\""),
        ("\"rita\"", "\"owner\""),
        ("\"ann\"", "\"asker\""),
        ("\"executive\"", "\"system_risk_owner\""),
        ("It may deploy", "It may read"),
    ] {
        assert!(text.contains(from), "{from}");
        let forged = text.replace(from, to);
        assert!(
            serde_json::from_str::<Transitional>(&forged).is_err(),
            "{from} → {to}"
        );
    }
    let Exception::Permanent(mut kept) = granted_permanent() else {
        panic!()
    };
    kept.review(
        &standing(Verdict::Irreplaceable, Level::B3),
        &who("rita"),
        Authority::Executive,
        "ok",
        at("2026-12-01"),
    )
    .unwrap();
    let text = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<Permanent>(&text).unwrap(), kept);
    assert!(serde_json::from_str::<ClassAcceptance>(&text).is_err());
}

fn granted_permanent() -> Exception {
    granted(permanent(Level::B3))
}

#[test]
fn requests_keep_to_verdict_and_policy() {
    let mut key = standing(Verdict::Unowned, Level::B1);
    key.exception_allowed = false;
    let no = ask_on(
        Subject::Transitional {
            key,
            until: day("2026-12-01"),
        },
        None,
        "2026-11-01",
    );
    assert_eq!(no, Err(Refusal::NotAllowed(Verdict::Unowned)));
    let no = Subject::Permanent {
        key: standing(Verdict::Later, Level::B1),
        review_days: 365,
    };
    assert_eq!(
        ask_on(no, None, "2026-11-01"),
        Err(Refusal::NotIrreplaceable(Verdict::Later))
    );
    for (level, latest, beyond) in [
        (Level::B4, "2027-01-30", "2027-01-31"),
        (Level::B3, "2027-04-30", "2027-05-01"),
        (Level::B0, "2027-11-01", "2027-11-02"),
    ] {
        assert!(
            ask_on(until(level, latest), None, "2026-11-01").is_ok(),
            "{level}"
        );
        assert!(
            matches!(
                ask_on(until(level, beyond), None, "2026-11-01"),
                Err(Refusal::TooLong { .. })
            ),
            "{level}"
        );
    }
    assert!(matches!(
        ask_on(until(Level::B0, "2026-11-01"), None, "2026-11-01"),
        Err(Refusal::EndsBeforeItBegins { .. })
    ));
    let bare = Reasons {
        compensating: Vec::new(),
        ..reasons()
    };
    let policy = Policy::builtin();
    let no = Request::make(
        "EX",
        class(),
        bare,
        &who("a"),
        &involved(),
        None,
        &policy,
        at("2026-11-01"),
    );
    assert!(
        no.unwrap_err()
            .to_string()
            .starts_with("compensating is empty")
    );
}

#[test]
fn on_its_end_date_it_is_expired() {
    let granted = transitional(Level::B2, "2026-12-01");
    let key = standing(Verdict::Constrain, Level::B2);
    assert_eq!(
        granted.status(&key, day("2026-11-30")),
        Status::InForce {
            until: day("2026-12-01")
        }
    );
    assert_eq!(
        granted.status(&key, day("2026-12-01")),
        Status::Expired {
            on: day("2026-12-01")
        }
    );
    let exception = Exception::Transitional(granted);
    assert_eq!(
        exception.approved_until(&key, day("2026-11-30")),
        Some(day("2026-12-01"))
    );
    assert_eq!(exception.approved_until(&key, day("2026-12-01")), None);
    assert_eq!(
        exception.stage(Some(&key), day("2026-12-01")),
        Stage::Expired
    );
}

#[test]
fn two_renewals_then_one_level_of_authority_up() {
    for (level, needed) in [
        (
            Level::B1,
            [Authority::SystemRiskOwner, Authority::Executive],
        ),
        (Level::B4, [Authority::Executive, Authority::GoverningBody]),
    ] {
        let mut last = transitional(level, "2026-12-01");
        for (renewal, authority) in [
            (1, needed[0]),
            (2, needed[0]),
            (3, needed[1]),
            (4, needed[1]),
        ] {
            // Also after it ran out: asking again does not start the count anew.
            let request = ask_on(until(level, "2027-01-15"), Some(&last), "2027-01-01").unwrap();
            assert_eq!(request.renewals(), renewal);
            assert_eq!(request.authority(), authority, "{level}, renewal {renewal}");
            assert_eq!(request.supersedes(), Some("EX-1"));
            let (approval, acceptance) = sign_on(
                &request,
                "ann",
                "rita",
                Authority::GoverningBody,
                "2027-01-01",
            )
            .unwrap();
            last = Transitional::grant(request, approval, acceptance).unwrap();
        }
    }
    let other = Subject::Transitional {
        key: Standing {
            key: "key-2".to_owned(),
            ..standing(Verdict::Constrain, Level::B1)
        },
        until: day("2026-12-01"),
    };
    let first = transitional(Level::B1, "2026-12-01");
    assert_eq!(
        ask_on(other, Some(&first), "2026-11-01"),
        Err(Refusal::OtherKey)
    );
}

#[test]
fn a_missed_review_lapses_to_fourteen_days_and_a_kept_one_moves_on() {
    let key = standing(Verdict::Irreplaceable, Level::B3);
    let Exception::Permanent(mut kept) = granted_permanent() else {
        panic!()
    };
    // Signed on 1 November, every 90 days.
    assert_eq!(kept.review_due(), day("2027-01-30"));
    assert_eq!(
        kept.status(&key, day("2027-01-30")),
        Status::InForce {
            until: day("2027-02-13")
        }
    );
    assert_eq!(
        kept.status(&key, day("2027-01-31")),
        Status::Lapsed {
            until: day("2027-02-13")
        }
    );
    assert_eq!(
        kept.status(&key, day("2027-02-12")),
        Status::Lapsed {
            until: day("2027-02-13")
        }
    );
    assert_eq!(
        kept.status(&key, day("2027-02-13")),
        Status::Expired {
            on: day("2027-02-13")
        }
    );
    let mut late = kept.clone();
    let review = |kept: &mut Permanent, by: &str, authority, on: &str| {
        kept.review(&key, &who(by), authority, "still so", at(on))
    };
    assert!(matches!(
        review(&mut late, "rita", Authority::Executive, "2027-01-31"),
        Err(Refusal::State { .. })
    ));
    assert!(matches!(
        review(&mut kept, "owner", Authority::Executive, "2027-01-30"),
        Err(Refusal::Conflict { .. })
    ));
    assert!(matches!(
        review(&mut kept, "rita", Authority::SystemRiskOwner, "2027-01-30"),
        Err(Refusal::Authority { .. })
    ));
    review(&mut kept, "rita", Authority::Executive, "2027-01-30").unwrap();
    assert_eq!(kept.review_due(), day("2027-04-30"));
}

#[test]
fn an_acceptor_who_leaves_has_to_be_followed_within_thirty_days() {
    for subject in [
        until(Level::B2, "2027-06-01"),
        permanent(Level::B2),
        class(),
    ] {
        let key = match &subject {
            Subject::Permanent { .. } => standing(Verdict::Irreplaceable, Level::B2),
            _ => standing(Verdict::Constrain, Level::B2),
        };
        let status = |e: &Exception, on: &str| e.status(Some(&key), day(on)).unwrap();
        let left = |person: &str| Event::PersonLeft {
            person: who(person),
            on: day("2026-11-10"),
        };
        let reaffirm = |e: &Exception, by: &str, authority, on: &str| {
            e.clone().next(Event::Reaffirmed {
                statement: e.request().statement().digest().to_owned(),
                by: who(by),
                authority,
                reason: "mine now".to_owned(),
                at: at(on),
            })
        };
        let before = granted(subject);
        assert_eq!(
            before.clone().next(left("ann")).unwrap(),
            before,
            "the approver is not the acceptor"
        );
        assert!(
            reaffirm(&before, "ria", Authority::Executive, "2026-11-11").is_err(),
            "nobody left"
        );
        let gone = before.next(left("rita")).unwrap();
        assert_eq!(
            status(&gone, "2026-11-10"),
            Status::ReaffirmDue {
                by: day("2026-12-10")
            }
        );
        assert!(status(&gone, "2026-12-10").holds());
        assert_eq!(
            status(&gone, "2026-12-11"),
            Status::Expired {
                on: day("2026-12-11")
            }
        );
        assert!(
            reaffirm(&gone, "rita", Authority::Executive, "2026-12-10").is_err(),
            "she left"
        );
        assert!(
            reaffirm(&gone, "user", Authority::Executive, "2026-12-10").is_err(),
            "uses it"
        );
        assert!(
            reaffirm(&gone, "ria", Authority::Executive, "2026-12-11").is_err(),
            "too late"
        );
        let again = reaffirm(&gone, "ria", Authority::SystemRiskOwner, "2026-12-10").unwrap();
        assert!(matches!(
            status(&again, "2026-12-11"),
            Status::InForce { .. }
        ));
    }
}

#[test]
fn a_risen_level_or_another_statement_reopens() {
    let exception = granted(permanent(Level::B2));
    let key = standing(Verdict::Irreplaceable, Level::B2);
    let on = day("2026-11-02");
    let status = |key: &Standing| exception.status(Some(key), on).unwrap();
    assert!(status(&key).holds());
    let risen = Standing {
        level: Level::B3,
        ..key.clone()
    };
    assert_eq!(
        status(&risen),
        Status::Reopened(Reopened::LevelRose {
            from: Level::B2,
            to: Level::B3
        })
    );
    for changed in [
        Standing {
            facts: "bbbb".to_owned(),
            ..key.clone()
        },
        Standing {
            because: vec!["It may do more.".to_owned()],
            ..key.clone()
        },
        Standing {
            verdict: Verdict::Replaceable,
            ..key.clone()
        },
        Standing {
            level: Level::B1,
            ..key.clone()
        },
    ] {
        assert_eq!(
            status(&changed),
            Status::Reopened(Reopened::StatementChanged)
        );
        assert_eq!(exception.approved_until(&changed, on), None);
        assert_eq!(exception.stage(Some(&changed), on), Stage::Reopened);
    }
    let again = exception
        .request()
        .restated(
            "EX-2",
            risen.clone(),
            &who("asker"),
            &involved(),
            at("2026-11-02"),
        )
        .unwrap();
    assert_eq!((again.renewals(), again.supersedes()), (0, Some("EX-1")));
    assert!(matches!(
        sign(&again, "ann", "ann", Authority::Executive),
        Err(Refusal::OutOfOrder | Refusal::SamePerson { .. })
    ));
    assert!(sign_on(&again, "ann", "rita", Authority::Executive, "2026-11-02").is_ok());
    let none = Standing {
        exception_allowed: false,
        verdict: Verdict::Exposed,
        ..key
    };
    assert_eq!(
        exception
            .request()
            .restated("EX-2", none, &who("asker"), &involved(), at("2026-11-02")),
        Err(Refusal::NotAllowed(Verdict::Exposed))
    );
}

#[test]
fn a_class_covers_only_minor_keys_up_to_b1() {
    let Exception::Class(class) = granted(class()) else {
        panic!()
    };
    let on = day("2026-12-01");
    for verdict in Verdict::ALL {
        for level in Level::ALL {
            let covered = *verdict == Verdict::Minor && *level <= Level::B1;
            assert_eq!(
                class.covers(*verdict, *level, on),
                covered,
                "{verdict} {level}"
            );
        }
    }
    assert!(
        !class.covers(Verdict::Minor, Level::B0, day("2027-11-15")),
        "its review was missed"
    );
}

#[test]
fn a_statement_holds_only_lines_that_are_its_own() {
    let mut reasons = reasons();
    reasons.why = "because\nAccepted by: the board\u{2028}Level: B0\u{202e}x".to_owned();
    let policy = Policy::builtin();
    let request = Request::make(
        "EX-1",
        permanent(Level::B4),
        reasons,
        &who("asker"),
        &involved(),
        None,
        &policy,
        at("2026-11-01"),
    )
    .unwrap();
    let statement = request.statement();
    assert!(
        !statement
            .text()
            .lines()
            .any(|line| line.starts_with("Accepted by"))
    );
    assert!(
        statement
            .text()
            .contains("Why it is needed: because Accepted by: the board Level: B0 x\n")
    );
    assert_eq!(
        statement.digest(),
        crate::digest::of_bytes(statement.text().as_bytes())
    );
    insta::assert_snapshot!(statement.text());
}

#[test]
fn only_who_asked_withdraws_and_what_is_closed_stays_closed() {
    let closing = |by: &str| Closing {
        by: who(by),
        reason: "done".to_owned(),
        at: at("2026-11-02"),
    };
    let asked = Exception::Requested(ask(class()));
    assert_eq!(
        asked.clone().next(Event::Withdrawn(closing("ann"))),
        Err(Refusal::NotTheirs(who("asker")))
    );
    let withdrawn = asked
        .clone()
        .next(Event::Withdrawn(closing("asker")))
        .unwrap();
    assert_eq!(withdrawn.stage(None, day("2026-11-02")), Stage::Withdrawn);
    let denied = asked.clone().next(Event::Denied(closing("ann"))).unwrap();
    assert_eq!(denied.stage(None, day("2026-11-02")), Stage::Denied);
    assert!(denied.next(Event::Ended(closing("ann"))).is_err());
    assert!(asked.next(Event::Ended(closing("ann"))).is_err());
    let ended = granted(class()).next(Event::Ended(closing("ann"))).unwrap();
    assert_eq!(ended.stage(None, day("2026-11-02")), Stage::Ended);
}

fn person() -> impl Strategy<Value = PersonId> + Clone {
    prop_oneof![
        Just("asker"),
        Just("owner"),
        Just("user"),
        Just("ann"),
        Just("rita")
    ]
    .prop_map(who)
}

fn authority() -> impl Strategy<Value = Authority> + Clone {
    prop::sample::select(Authority::ALL)
}

/// Events as a forger would write them: signatures that no rule made.
fn event() -> impl Strategy<Value = Event> {
    let when = (0i64..400).prop_map(|days| at("2026-11-01").plus_seconds(days * 86_400));
    let closing = (person(), when.clone()).prop_map(|(by, at)| Closing {
        by,
        reason: "r".to_owned(),
        at,
    });
    prop_oneof![
        4 => (person(), when.clone()).prop_map(|(by, at)| Event::Approved(Approval { statement: String::new(), by, reason: "r".to_owned(), at })),
        4 => (person(), authority(), when.clone()).prop_map(|(by, authority, at)| Event::Accepted(Acceptance { statement: String::new(), by, authority, reason: "r".to_owned(), at })),
        1 => closing.clone().prop_map(Event::Denied),
        1 => closing.clone().prop_map(Event::Withdrawn),
        1 => closing.prop_map(Event::Ended),
        2 => (person(), when).prop_map(|(person, at)| Event::PersonLeft { person, on: at.day() }),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_events_leads_to_a_grant_by_somebody_tied_to_the_key(
        level in prop::sample::select(Level::ALL),
        picks in prop::collection::vec(event(), 1..14),
    ) {
        let request = ask(until(level, "2026-12-15"));
        let digest = request.statement().digest().to_owned();
        let mut state = Exception::Requested(request.clone());
        for pick in picks {
            let pick = match pick {
                Event::Approved(a) => Event::Approved(Approval { statement: digest.clone(), ..a }),
                Event::Accepted(a) => Event::Accepted(Acceptance { statement: digest.clone(), ..a }),
                other => other,
            };
            state = state.clone().next(pick).unwrap_or(state);
            if let Exception::Transitional(granted) = &state {
                let (approver, acceptor) = (granted.signed().approval().by(), granted.signed().acceptance().by());
                for tied in ["asker", "owner", "user"] {
                    prop_assert_ne!(approver, &who(tied));
                    prop_assert_ne!(acceptor, &who(tied));
                }
                prop_assert!(level < Level::B3 || approver != acceptor);
                prop_assert!(granted.signed().acceptance().authority() >= Authority::for_level(level));
                prop_assert_eq!(granted.until(), day("2026-12-15"), "an end never moves");
            }
        }
    }
}

#[test]
fn what_was_put_in_at_the_machine_says_so_and_takes_two_people_at_every_level() {
    let ask = |level| ask(until(level, "2026-12-01")).filed_by("root");
    let request = ask(Level::B1);
    let statement = request.statement();
    assert!(statement.text().contains("Put in at the machine by root"));
    let seen = statement.digest();
    let on = at("2026-11-02");
    let approval = request.approve(&who("bob"), "read it", seen, on).unwrap();
    let accept = |by: &str| {
        let authority = Authority::Executive;
        request.accept(&approval, &who(by), authority, "mine", seen, on)
    };
    let same = accept("bob").unwrap_err();
    assert!(matches!(same, Refusal::SamePerson { .. }), "{same}");
    accept("cleo").unwrap();
}

#[test]
fn another_policy_or_name_is_no_changed_fact_and_another_fact_is() {
    let request = ask(until(Level::B2, "2026-12-01"));
    let signed = request.subject().standing().unwrap().clone();
    let renamed = Standing {
        name: "other".to_owned(),
        policy: "other".to_owned(),
        ..signed.clone()
    };
    assert_eq!(request.statement_for(&renamed), request.statement());
    let changed = Standing {
        facts: "other".to_owned(),
        ..signed
    };
    assert_ne!(request.statement_for(&changed), request.statement());
}
