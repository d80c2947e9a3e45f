//! Cells of declared facts: from what people write to what the contract knows.

use crate::importer::reading::{
    dates::{self, BadDate, Order},
    guard,
};
use serde_json::{Value, json};
use std::str::FromStr;
use tenure_model::{
    day::Day,
    explain::FactName,
    facts::{
        BackupOwner, Contract, DataClass, Exposure, HeldBy, Integration, IssuedTo, OptionState,
        OwnerState, Privilege, PrivilegedPath, Publishable, Spend, StandsOn, Status, UsedBy,
    },
    word::UnknownWord,
};

/// What is wrong with a cell, and what to do. Quotes nothing that looks like a secret.
pub(super) struct BadCell {
    pub(super) what: String,
    pub(super) todo: String,
}

fn bad<T>(what: impl Into<String>, todo: impl Into<String>) -> Result<T, BadCell> {
    Err(BadCell {
        what: what.into(),
        todo: todo.into(),
    })
}

/// The value of one declared fact; `None` where the cell says nothing, or says that nobody knows.
pub(super) fn fact(
    fact: FactName,
    cell: &str,
    order: Option<Order>,
    today: Day,
) -> Result<Option<Value>, BadCell> {
    use FactName as F;
    let word = word(cell);
    if word.is_empty() || word == "unknown" {
        return unknown(fact, &word);
    }
    if dates::is_unknown(&word) {
        return Ok(None);
    }
    match fact {
        F::Proof => bad(
            "a table cannot prove a revocation",
            "remove the column `proof`: proof comes from a provider's own listing or probe",
        ),
        F::Exposure if word == "none" => Ok(None),
        F::Status => words::<Status>(&word),
        F::Exposure => words::<Exposure>(&word),
        F::Publishable => words::<Publishable>(&word),
        F::Integration => words::<Integration>(&word),
        F::Issuer | F::Holder => words::<Contract>(&word),
        F::HeldBy => words::<HeldBy>(&word),
        F::Privilege => words::<Privilege>(&word),
        F::Data => words::<DataClass>(&word),
        F::PrivilegedPath => words::<PrivilegedPath>(&word),
        F::Spend => words::<Spend>(&word),
        F::Owner => words::<OwnerState>(&word),
        F::BackupOwner => words::<BackupOwner>(&word),
        F::IssuedTo => words::<IssuedTo>(&word),
        F::UsedBy => words::<UsedBy>(&word),
        F::StandsOn => words::<StandsOn>(&word),
        F::ProbePossible
        | F::TestMode
        | F::EnvironmentsShared
        | F::SourceRestricted
        | F::BreakGlass
        | F::Isolated
        | F::Monitored
        | F::TenantSplit
        | F::GatewayFronted
        | F::Rotatable => truth(&word).map(|truth| Some(json!(truth))),
        F::Consumers | F::CustomerTenants | F::ExpectedEveryDays => {
            whole(&word).map(|number| Some(json!(number)))
        }
        F::RevocationDrillPassedOn | F::CreatedAt => {
            past(cell, order, today).map(|day| Some(json!(day)))
        }
        F::OwnerUntil => date(cell, order).map(|day| Some(json!(day))),
        F::Exception => date(cell, order).map(|day| Some(json!({"approved_until": day}))),
        F::LastUsed => {
            past(cell, order, today).map(|day| Some(json!({"offered": true, "at": day})))
        }
        F::WorkloadIdentityFederation
        | F::PrivateKeyJwtOrMtls
        | F::OauthClientSecret
        | F::VendorShortLived
        | F::Gateway => option(cell, order),
    }
}

/// Empty and `unknown` say nothing; where the contract has no `unknown`, only a number, a truth or a
/// date may be unknown.
fn unknown(fact: FactName, word: &str) -> Result<Option<Value>, BadCell> {
    use FactName as F;
    let check = match fact {
        _ if word.is_empty() => Ok(None),
        F::Exposure => words::<Exposure>(word),
        F::Publishable => words::<Publishable>(word),
        F::Integration => words::<Integration>(word),
        F::Issuer | F::Holder => words::<Contract>(word),
        F::Owner => words::<OwnerState>(word),
        F::BackupOwner => words::<BackupOwner>(word),
        F::StandsOn => words::<StandsOn>(word),
        _ => Ok(None),
    };
    check.map(|_| None)
}

/// Whether a cell is a word that this fact knows.
pub(super) fn is_word_of(fact: FactName, cell: &str) -> bool {
    !cell.trim().is_empty() && matches!(self::fact(fact, cell, None, Day::MAX), Ok(Some(_)))
}

/// Lower case, with `_` for spaces and dashes.
pub(super) fn word(cell: &str) -> String {
    cell.trim().to_lowercase().replace([' ', '-'], "_")
}

fn words<T: FromStr<Err = UnknownWord> + ToString>(word: &str) -> Result<Option<Value>, BadCell> {
    match word.parse::<T>() {
        Ok(known) => Ok(Some(json!(known.to_string()))),
        Err(unknown) => bad(
            format!("`{}` is not a word of the contract", guard::quoted(word)),
            format!("write one of {}", unknown.known.join(", ")),
        ),
    }
}

/// A truth value.
pub(super) fn truth(word: &str) -> Result<bool, BadCell> {
    match word {
        "true" | "yes" | "y" | "1" | "x" | "on" => Ok(true),
        "false" | "no" | "n" | "0" | "off" => Ok(false),
        _ => bad(
            format!("`{}` is neither true nor false", guard::quoted(word)),
            "write true or false, or leave it empty where nobody knows",
        ),
    }
}

/// A whole number that is not negative.
pub(super) fn whole(word: &str) -> Result<u64, BadCell> {
    let plain = word.strip_suffix(".0").unwrap_or(word);
    plain.parse().or_else(|_| {
        bad(
            format!("`{}` is not a whole number", guard::quoted(word)),
            "write a number, or leave it empty where nobody knows",
        )
    })
}

/// Any day.
pub(super) fn date(cell: &str, order: Option<Order>) -> Result<Day, BadCell> {
    dates::day(cell, order).map_err(|error| bad_date(cell, error))
}

/// A day that can only have happened.
pub(super) fn past(cell: &str, order: Option<Order>, today: Day) -> Result<Day, BadCell> {
    let day = date(cell, order)?;
    if day > today {
        return bad(
            format!("{day} is after today ({today}), and it can only have happened"),
            "correct the date",
        );
    }
    Ok(day)
}

/// Why a cell is no date, in words.
pub(super) fn bad_date(cell: &str, error: BadDate) -> BadCell {
    let cell = guard::quoted(cell);
    match error {
        BadDate::Ambiguous => BadCell {
            what: format!("`{cell}` can be read with the day or with the month first"),
            todo: "write YYYY-MM-DD".to_owned(),
        },
        BadDate::NotADate => BadCell {
            what: format!("`{cell}` is not a date"),
            todo: "write YYYY-MM-DD, or leave it empty where nobody knows".to_owned(),
        },
    }
}

/// `now`, `no`, `later`, `later 2027-02-01`, or the JSON of the facts file.
fn option(cell: &str, order: Option<Order>) -> Result<Option<Value>, BadCell> {
    let todo = "write now, no, unknown, later, `later YYYY-MM-DD`, or {\"later\": null, \"needs\": \"plan_tier\"}";
    let lower = cell.trim().to_lowercase();
    let value = if let Some(rest) = lower.strip_prefix("later") {
        let rest = rest.trim_matches([' ', ':', '(', ')', ',']);
        let rest = rest
            .strip_prefix("on ")
            .or_else(|| rest.strip_prefix("from "))
            .unwrap_or(rest);
        let on = if rest.is_empty() {
            None
        } else {
            Some(date(rest, order)?)
        };
        json!({"later": on})
    } else if lower.starts_with('{') {
        match serde_json::from_str(cell) {
            Ok(value) => value,
            Err(_) => return bad("this is not JSON", todo),
        }
    } else {
        json!(lower)
    };
    let state: Result<OptionState, _> = serde_json::from_value(value);
    match state {
        Ok(state) => Ok(Some(json!(state))),
        Err(_) => bad(
            format!("`{}` is not the state of an option", guard::quoted(cell)),
            todo,
        ),
    }
}

/// The state of a key at its provider, as spreadsheets put it.
pub(super) fn status(cell: &str) -> Result<Option<Status>, BadCell> {
    let word = word(cell);
    match word.as_str() {
        "" => Ok(None),
        "enabled" | "live" | "in_use" | "ok" | "valid" | "true" | "yes" | "y" | "1" => {
            Ok(Some(Status::Active))
        }
        "disabled" | "suspended" | "deactivated" | "archived" | "false" | "no" | "n" | "0" => {
            Ok(Some(Status::Inactive))
        }
        "revoked" | "expired" | "deleted" | "invalid" => Ok(Some(Status::Refused)),
        other if dates::is_unknown(other) => Ok(Some(Status::Unknown)),
        other => match other.parse() {
            Ok(status) => Ok(Some(status)),
            Err(_) => bad(
                format!("`{}` is not a state of a key", guard::quoted(cell)),
                "write active, inactive, refused or unknown (enabled, disabled, revoked and expired are understood)",
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: FactName, cell: &str) -> Result<Option<Value>, String> {
        let today = "2026-11-23".parse().unwrap();
        fact(name, cell, None, today).map_err(|bad| format!("{}; {}", bad.what, bad.todo))
    }

    #[test]
    fn every_fact_takes_its_type() {
        use FactName as F;
        for (name, cell, expected) in [
            (F::Privilege, "Read wide", json!("read_wide")),
            (F::HeldBy, "Third-Party", json!("third_party")),
            (F::TestMode, "Yes", json!(true)),
            (F::Rotatable, "0", json!(false)),
            (F::CustomerTenants, "12", json!(12)),
            (F::OwnerUntil, "31 Jan 2027", json!("2027-01-31")),
            (
                F::Exception,
                "2027/01/31",
                json!({"approved_until": "2027-01-31"}),
            ),
            (F::Gateway, "NOW", json!("now")),
            (F::Gateway, "later", json!({"later": null})),
            (
                F::Gateway,
                "later 2027-02-01",
                json!({"later": "2027-02-01"}),
            ),
            (
                F::Gateway,
                "{\"later\":null,\"needs\":\"plan_tier\"}",
                json!({"later": null, "needs": "plan_tier"}),
            ),
        ] {
            assert_eq!(value(name, cell), Ok(Some(expected)), "{name} {cell}");
        }
        for (name, cell) in [
            (F::TestMode, ""),
            (F::Consumers, "unknown"),
            (F::Privilege, "unknown"),
            (F::OwnerUntil, "n/a"),
            (F::Exposure, "none"),
        ] {
            assert_eq!(value(name, cell), Ok(None), "{name} {cell}");
        }
    }

    #[test]
    fn what_the_contract_does_not_know_names_the_words() {
        use FactName as F;
        let error = value(F::Privilege, "godlike").unwrap_err();
        assert!(
            error.contains("godlike") && error.contains("read_narrow"),
            "{error}"
        );
        assert!(value(F::Proof, "P2").unwrap_err().contains("proof"));
        assert!(
            value(F::Integration, "unknown")
                .unwrap_err()
                .contains("retired")
        );
        assert!(
            value(F::RevocationDrillPassedOn, "2026-11-24")
                .unwrap_err()
                .contains("after today")
        );
        assert!(value(F::Consumers, "-1").is_err());
        assert!(
            value(F::Gateway, "soon")
                .unwrap_err()
                .contains("later YYYY")
        );
        let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
        assert!(
            !value(F::Data, secret)
                .unwrap_err()
                .contains("0123456789abc")
        );
    }
}
