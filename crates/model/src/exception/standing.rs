//! What an exception rests on, taken from what was judged.

use super::Standing;
use crate::{
    digest,
    explain::{Because, FactName, Outcome},
    facts::Verdict,
};

impl Standing {
    /// What was judged of a key. Facts that change with every use, as the day of the last one, and the exception
    /// itself are no part of it, and no sentence in it reads differently tomorrow.
    #[must_use]
    pub fn of(key: &str, name: &str, verdict: Verdict, outcome: &Outcome) -> Self {
        let rests_on: Vec<&Because> = outcome
            .because
            .iter()
            .map(|one| &**one)
            .filter(|one| {
                !matches!(
                    one.fact.parse(),
                    Ok(FactName::LastUsed | FactName::Exception)
                )
            })
            .collect();
        let facts: Vec<_> = rests_on.iter().map(|one| (&one.fact, &one.value)).collect();
        Self {
            key: key.to_owned(),
            name: name.to_owned(),
            verdict,
            level: outcome.level,
            exception_allowed: outcome.exception_allowed,
            because: rests_on.iter().map(|one| sentence(one)).collect(),
            facts: digest::of_bytes(&digest::canonical(&facts)),
            policy: outcome.policy.clone(),
        }
    }

    /// The same for holding it against what was signed: what people call the key, and which policy was in force when
    /// it was judged, are no facts of it.
    #[must_use]
    pub fn to_compare(self, signed: &Self) -> Self {
        Self {
            key: signed.key.clone(),
            name: signed.name.clone(),
            policy: signed.policy.clone(),
            ..self
        }
    }
}

/// A sentence that counts no days.
fn sentence(because: &Because) -> String {
    match because.fact.parse() {
        Ok(FactName::CreatedAt | FactName::RevocationDrillPassedOn) => {
            let day = because.value.as_str().unwrap_or("unknown");
            format!("{}: {day}", because.fact)
        }
        _ => because.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decide::judge, explain, facts::Case, policy::Policy};

    fn standing(facts: &str, today: &str) -> Standing {
        let (policy, today) = (Policy::builtin(), today.parse().unwrap());
        let case = Case::parse(facts, today).unwrap();
        let judged = judge(&case.facts, &case.since, &policy, today);
        let digest = policy.digest();
        let outcome = explain::outcome(&case.facts, &case.since, &judged, &policy, &digest, today);
        Standing::of("k1", "deploy", judged.verdict, &outcome)
    }

    #[test]
    fn time_and_use_alone_change_nothing_and_a_fact_does() {
        let facts = |more: &str| {
            format!(
                r#"{{"id":"x","status":"active","owner":"active","held_by":"us","created_at":"2026-01-01",
                "privilege":"write_wide","data":"confidential","consumers":1,"environments_shared":false,
                "customer_tenants":0,"privileged_path":"none","spend":"none",
                "options":{{"workload_identity_federation":"no","private_key_jwt_or_mtls":"no",
                "oauth_client_secret":"no","vendor_short_lived":"no"}}{more}}}"#
            )
        };
        let first = standing(&facts(""), "2026-02-01");
        assert_eq!(first.verdict, Verdict::Constrain);
        assert_eq!(first, standing(&facts(""), "2026-03-11"));
        let used = r#","last_used":{"offered":true,"at":"2026-03-10"}"#;
        assert_eq!(first, standing(&facts(used), "2026-03-11"));
        let excepted = r#","exception":{"approved_until":"2026-12-01"}"#;
        assert_eq!(first, standing(&facts(excepted), "2026-03-11"));
        let read = facts(r#","source_restricted":true"#);
        assert_ne!(first, standing(&read, "2026-03-11"));
    }
}
