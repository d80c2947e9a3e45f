//! The facts about one key, in the words of the contract `tenure.facts/1`.
//!
//! What is missing or `null` takes its default, and the defaults never flatter: what nobody knows is
//! `unknown`. An unknown field or word is an error that names it.

use crate::day::Day;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// The schema name that a facts file may carry.
pub const SCHEMA: &str = "tenure.facts/1";

words! {
    /// What the provider says about the key now.
    pub enum Status { Active = "active", Inactive = "inactive", Refused = "refused", Unknown = "unknown" }
}
words! {
    /// How far the revocation of the key is proved.
    pub enum Proof { None = "none", P0 = "P0", P1 = "P1", P2 = "P2", P3 = "P3" }
}
words! {
    /// Who can read a copy of the key, against who may use it.
    pub enum Exposure { None = "none", Suspected = "suspected", Internal = "internal", Confirmed = "confirmed" }
}
words! {
    /// Whether the key is meant to stand in public, and whether the provider then restricts its use.
    pub enum Publishable { No = "no", Restricted = "restricted", Unrestricted = "unrestricted" }
}
words! {
    /// The integration that the key serves.
    pub enum Integration { Live = "live", Retired = "retired" }
}
words! {
    /// A contract with the issuer or the holder of the key.
    pub enum Contract { Live = "live", Ended = "ended" }
}
words! {
    /// Who keeps the key.
    pub enum HeldBy { Us = "us", ThirdParty = "third_party", Unknown = "unknown" }
}
words! {
    /// What the key may do at its provider.
    pub enum Privilege {
        None = "none", ReadNarrow = "read_narrow", WriteNarrow = "write_narrow", ReadWide = "read_wide",
        WriteWide = "write_wide", ReadsSecrets = "reads_secrets", BulkRestricted = "bulk_restricted",
        Admin = "admin", Unknown = "unknown",
    }
}
words! {
    /// The classification of the data that the key opens.
    pub enum DataClass { Public = "public", Internal = "internal", Confidential = "confidential", Restricted = "restricted", Unknown = "unknown" }
}
words! {
    /// A path on which a key carries more power than its rights say.
    pub enum PrivilegedPath {
        None = "none", AgentRead = "agent_read", AgentWrite = "agent_write", SupportScript = "support_script",
        Deployment = "deployment", AdminConnector = "admin_connector", Publishing = "publishing", Unknown = "unknown",
    }
}
words! {
    /// Whether use of the key runs up a bill.
    pub enum Spend { None = "none", Capped = "capped", Uncapped = "uncapped", Unknown = "unknown" }
}
words! {
    /// The state of the accountable owner.
    pub enum OwnerState { Active = "active", OnLeave = "on_leave", Inactive = "inactive", None = "none" }
}
words! {
    /// The state of the backup owner.
    pub enum BackupOwner { Active = "active", None = "none" }
}
words! {
    /// Whom the provider issued the key to.
    pub enum IssuedTo { Person = "person", Service = "service", Unknown = "unknown" }
}
words! {
    /// Who uses the key.
    pub enum UsedBy { Person = "person", Workload = "workload", Both = "both", Unknown = "unknown" }
}
words! {
    /// What a later option still waits for.
    pub enum Needs { PlanTier = "plan_tier", VendorFeature = "vendor_feature", ConsumerChange = "consumer_change" }
}
words! {
    /// What the key itself is, in the order of preference of replacement options.
    pub enum StandsOn {
        Static = "static", PrivateKeyJwtOrMtls = "private_key_jwt_or_mtls",
        OauthClientSecret = "oauth_client_secret", VendorShortLived = "vendor_short_lived",
    }
}
words! {
    /// A way to do without the key, in order of preference. The gateway constrains and does not replace.
    pub enum ReplacementOption {
        WorkloadIdentityFederation = "workload_identity_federation", PrivateKeyJwtOrMtls = "private_key_jwt_or_mtls",
        OauthClientSecret = "oauth_client_secret", VendorShortLived = "vendor_short_lived", Gateway = "gateway",
    }
}
words! {
    /// What is found about a key: the first rule that matches, in this order.
    pub enum Verdict {
        ProvenRevoked = "proven_revoked", Exposed = "exposed", NoLongerNeeded = "no_longer_needed", Unused = "unused",
        ExposureOpen = "exposure_open", Unowned = "unowned", HumanUse = "human_use", BorrowedIdentity = "borrowed_identity",
        Public = "public", Replaceable = "replaceable", Later = "later", Unassessed = "unassessed", Minor = "minor",
        SharedTooWidely = "shared_too_widely", Constrain = "constrain", Irreplaceable = "irreplaceable",
    }
}

impl ReplacementOption {
    /// The four options that replace a key: all but the gateway.
    pub const REPLACING: [Self; 4] = [
        Self::WorkloadIdentityFederation,
        Self::PrivateKeyJwtOrMtls,
        Self::OauthClientSecret,
        Self::VendorShortLived,
    ];

    /// Whether this option is better than what the key already stands on.
    #[must_use]
    pub fn improves_on(self, stands_on: StandsOn) -> bool {
        match stands_on {
            StandsOn::Static => self < Self::Gateway,
            StandsOn::PrivateKeyJwtOrMtls => self < Self::PrivateKeyJwtOrMtls,
            StandsOn::OauthClientSecret => self < Self::OauthClientSecret,
            StandsOn::VendorShortLived => self < Self::VendorShortLived,
        }
    }
}

/// Whether one replacement option is there for this key, this provider and these consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OptionState {
    /// It can be taken today.
    Now,
    /// It does not exist, with evidence.
    No,
    /// Nobody has found out.
    #[default]
    Unknown,
    /// It comes later: on a day, or once something is there.
    Later {
        /// The day from which it is there.
        on: Option<Day>,
        /// What it waits for.
        needs: Option<Needs>,
    },
}

impl OptionState {
    /// The word of the state, without its date.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Later { .. } => "later",
        }
    }

    /// The state as it counts on `today`: a date that has come is no longer `later` but unknown.
    #[must_use]
    pub fn on(self, today: Day) -> Self {
        match self {
            Self::Later { on: Some(day), .. } if day <= today => Self::Unknown,
            state => state,
        }
    }
}

impl Serialize for OptionState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Later {
            later: Option<Day>,
            #[serde(skip_serializing_if = "Option::is_none")]
            needs: Option<Needs>,
        }
        match *self {
            Self::Later { on, needs } => Later { later: on, needs }.serialize(serializer),
            state => serializer.serialize_str(state.word()),
        }
    }
}

impl<'de> Deserialize<'de> for OptionState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = OptionState;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "\"now\", \"no\", \"unknown\" or {\"later\": date or null, \"needs\": …}",
                )
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<OptionState, E> {
                match word {
                    "now" => Ok(OptionState::Now),
                    "no" => Ok(OptionState::No),
                    "unknown" => Ok(OptionState::Unknown),
                    "later" => Err(E::custom(
                        "`later` is written {\"later\": \"YYYY-MM-DD\"} or {\"later\": null}",
                    )),
                    _ => Err(E::unknown_variant(
                        word,
                        &["now", "no", "unknown", "{\"later\": …}"],
                    )),
                }
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<OptionState, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Later {
                    #[serde(deserialize_with = "present")]
                    later: Option<Day>,
                    #[serde(default)]
                    needs: Option<Needs>,
                }
                fn present<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Day>, D::Error> {
                    Option::deserialize(d)
                }
                let Later { later, needs } =
                    Later::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(OptionState::Later { on: later, needs })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The state of every replacement option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Workload identity federation or a platform role.
    #[serde(deserialize_with = "nullable")]
    pub workload_identity_federation: OptionState,
    /// OAuth client credentials with `private_key_jwt` (RFC 7523) or mutual TLS (RFC 8705).
    #[serde(deserialize_with = "nullable")]
    pub private_key_jwt_or_mtls: OptionState,
    /// OAuth client credentials with a client secret: a standing secret all the same.
    #[serde(deserialize_with = "nullable")]
    pub oauth_client_secret: OptionState,
    /// The vendor's short-lived tokens, minted from a vaulted root.
    #[serde(deserialize_with = "nullable")]
    pub vendor_short_lived: OptionState,
    /// The gateway: constrains, does not replace, and decides no verdict.
    #[serde(deserialize_with = "nullable")]
    pub gateway: OptionState,
}

impl Options {
    /// The state of one option.
    #[must_use]
    pub fn state(&self, option: ReplacementOption) -> OptionState {
        match option {
            ReplacementOption::WorkloadIdentityFederation => self.workload_identity_federation,
            ReplacementOption::PrivateKeyJwtOrMtls => self.private_key_jwt_or_mtls,
            ReplacementOption::OauthClientSecret => self.oauth_client_secret,
            ReplacementOption::VendorShortLived => self.vendor_short_lived,
            ReplacementOption::Gateway => self.gateway,
        }
    }

    /// The same options with one of them changed.
    #[must_use]
    pub fn with(mut self, option: ReplacementOption, state: OptionState) -> Self {
        *match option {
            ReplacementOption::WorkloadIdentityFederation => &mut self.workload_identity_federation,
            ReplacementOption::PrivateKeyJwtOrMtls => &mut self.private_key_jwt_or_mtls,
            ReplacementOption::OauthClientSecret => &mut self.oauth_client_secret,
            ReplacementOption::VendorShortLived => &mut self.vendor_short_lived,
            ReplacementOption::Gateway => &mut self.gateway,
        } = state;
        self
    }
}

/// When the key was last used, and whether its source can say so at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LastUsed {
    /// The source can state last use for this key.
    #[serde(deserialize_with = "nullable")]
    pub offered: bool,
    /// The day of last use; with `offered`, `null` means never used.
    pub at: Option<Day>,
}

/// An approved exception for this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exception {
    /// The day on which it ends.
    pub approved_until: Option<Day>,
}

/// Since when each verdict has stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Since([Option<Day>; Verdict::ALL.len()]);

impl Since {
    /// The day on which this finding began.
    #[must_use]
    pub fn of(&self, verdict: Verdict) -> Option<Day> {
        self.0.get(verdict as usize).copied().flatten()
    }

    /// Sets the day on which this finding began.
    pub fn set(&mut self, verdict: Verdict, day: Option<Day>) {
        if let Some(slot) = self.0.get_mut(verdict as usize) {
            *slot = day;
        }
    }
}

impl<'de> Deserialize<'de> for Since {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Since;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of verdict ids and dates")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Since, A::Error> {
                let mut since = Since::default();
                let mut seen = [false; Verdict::ALL.len()];
                while let Some((verdict, day)) = map.next_entry::<Verdict, Option<Day>>()? {
                    if let Some(flag) = seen.get_mut(verdict as usize)
                        && std::mem::replace(flag, true)
                    {
                        return Err(de::Error::duplicate_field(verdict.word()));
                    }
                    since.set(verdict, day);
                }
                Ok(since)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Everything that the rules read about one key, with every default filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// What the provider says about the key.
    pub status: Status,
    /// How far its revocation is proved.
    pub proof: Proof,
    /// Whether a probe with the secret is possible at all.
    pub probe_possible: bool,
    /// Who can read a copy.
    pub exposure: Exposure,
    /// Public by design, and restricted or not.
    pub publishable: Publishable,
    /// The integration it serves.
    pub integration: Integration,
    /// The contract with its issuer.
    pub issuer: Contract,
    /// Who keeps it.
    pub held_by: HeldBy,
    /// The contract with its holder.
    pub holder: Contract,
    /// What it may do.
    pub privilege: Privilege,
    /// It reaches test data only, by format or by the provider's answer.
    pub test_mode: bool,
    /// Class of the data it opens.
    pub data: DataClass,
    /// How many workloads use it.
    pub consumers: Option<u64>,
    /// It serves production and something else.
    pub environments_shared: Option<bool>,
    /// Downstream customers behind it.
    pub customer_tenants: Option<u64>,
    /// The privileged path it lies on.
    pub privileged_path: PrivilegedPath,
    /// Whether use runs up a bill.
    pub spend: Spend,
    /// Use is restricted to a source or workload.
    pub source_restricted: bool,
    /// The last passed revocation drill.
    pub revocation_drill_passed_on: Option<Day>,
    /// When it was issued.
    pub created_at: Option<Day>,
    /// When it was last used.
    pub last_used: LastUsed,
    /// The rhythm of a rare job, in days.
    pub expected_every_days: Option<u64>,
    /// It is a break-glass key.
    pub break_glass: bool,
    /// The accountable person's state.
    pub owner: OwnerState,
    /// The backup's state.
    pub backup_owner: BackupOwner,
    /// The day on which the owner leaves.
    pub owner_until: Option<Day>,
    /// Whom the provider issued it to.
    pub issued_to: IssuedTo,
    /// Who uses it.
    pub used_by: UsedBy,
    /// The ways to do without it.
    pub options: Options,
    /// What it already stands on.
    pub stands_on: StandsOn,
    /// One consumer or one gateway route, with evidence.
    pub isolated: bool,
    /// Each use is recorded, with evidence.
    pub monitored: bool,
    /// Tenants are split behind it.
    pub tenant_split: bool,
    /// The gateway stands in front.
    pub gateway_fronted: bool,
    /// It can be rotated.
    pub rotatable: bool,
    /// An approved exception.
    pub exception: Option<Exception>,
}

/// One input of `tenure decide`: an id, the facts, and since when each finding has stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Whatever the caller calls this key.
    pub id: String,
    /// The facts, defaults filled in.
    pub facts: Facts,
    /// Since when each verdict has stood.
    pub since: Since,
}

/// What is wrong with a facts document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// A field or a value that the contract does not know.
    #[error("{field}: {problem}")]
    Field {
        /// The path of the field, as `options.gateway`; empty where the document as a whole is meant.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A date that lies in the future although it can only have happened.
    #[error("{field}: {day} is after today ({today}); it can only have happened")]
    Future {
        /// The field.
        field: String,
        /// Its value.
        day: Day,
        /// The clock reading it was held against.
        today: Day,
    },
}

fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The document as typed: every field may be missing or `null`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Typed {
    schema: Option<String>,
    id: Option<String>,
    status: Option<Status>,
    proof: Option<Proof>,
    probe_possible: Option<bool>,
    exposure: Option<Exposure>,
    publishable: Option<Publishable>,
    integration: Option<Integration>,
    issuer: Option<Contract>,
    held_by: Option<HeldBy>,
    holder: Option<Contract>,
    privilege: Option<Privilege>,
    test_mode: Option<bool>,
    data: Option<DataClass>,
    consumers: Option<u64>,
    environments_shared: Option<bool>,
    customer_tenants: Option<u64>,
    privileged_path: Option<PrivilegedPath>,
    spend: Option<Spend>,
    source_restricted: Option<bool>,
    revocation_drill_passed_on: Option<Day>,
    created_at: Option<Day>,
    last_used: Option<LastUsed>,
    expected_every_days: Option<u64>,
    break_glass: Option<bool>,
    owner: Option<OwnerState>,
    backup_owner: Option<BackupOwner>,
    owner_until: Option<Day>,
    issued_to: Option<IssuedTo>,
    used_by: Option<UsedBy>,
    options: Option<Options>,
    stands_on: Option<StandsOn>,
    isolated: Option<bool>,
    monitored: Option<bool>,
    tenant_split: Option<bool>,
    gateway_fronted: Option<bool>,
    rotatable: Option<bool>,
    exception: Option<Exception>,
    since: Option<Since>,
}

impl Default for Facts {
    fn default() -> Self {
        Typed::default().filled()
    }
}

impl Typed {
    fn filled(&self) -> Facts {
        Facts {
            status: self.status.unwrap_or(Status::Unknown),
            proof: self.proof.unwrap_or(Proof::None),
            probe_possible: self.probe_possible.unwrap_or(true),
            exposure: self.exposure.unwrap_or(Exposure::None),
            publishable: self.publishable.unwrap_or(Publishable::No),
            integration: self.integration.unwrap_or(Integration::Live),
            issuer: self.issuer.unwrap_or(Contract::Live),
            held_by: self.held_by.unwrap_or(HeldBy::Unknown),
            holder: self.holder.unwrap_or(Contract::Live),
            privilege: self.privilege.unwrap_or(Privilege::Unknown),
            test_mode: self.test_mode.unwrap_or(false),
            data: self.data.unwrap_or(DataClass::Unknown),
            consumers: self.consumers,
            environments_shared: self.environments_shared,
            customer_tenants: self.customer_tenants,
            privileged_path: self.privileged_path.unwrap_or(PrivilegedPath::Unknown),
            spend: self.spend.unwrap_or(Spend::Unknown),
            source_restricted: self.source_restricted.unwrap_or(false),
            revocation_drill_passed_on: self.revocation_drill_passed_on,
            created_at: self.created_at,
            last_used: self.last_used.unwrap_or_default(),
            expected_every_days: self.expected_every_days,
            break_glass: self.break_glass.unwrap_or(false),
            owner: self.owner.unwrap_or(OwnerState::None),
            backup_owner: self.backup_owner.unwrap_or(BackupOwner::None),
            owner_until: self.owner_until,
            issued_to: self.issued_to.unwrap_or(IssuedTo::Unknown),
            used_by: self.used_by.unwrap_or(UsedBy::Unknown),
            options: self.options.unwrap_or_default(),
            stands_on: self.stands_on.unwrap_or(StandsOn::Static),
            isolated: self.isolated.unwrap_or(false),
            monitored: self.monitored.unwrap_or(false),
            tenant_split: self.tenant_split.unwrap_or(false),
            gateway_fronted: self.gateway_fronted.unwrap_or(false),
            rotatable: self.rotatable.unwrap_or(true),
            exception: self
                .exception
                .filter(|exception| exception.approved_until.is_some()),
        }
    }
}

impl Case {
    /// Reads one facts object and holds its dates against `today`.
    ///
    /// # Errors
    /// Names the field that is unknown, has a value the contract does not know, or lies in the future.
    pub fn parse(json: &str, today: Day) -> Result<Self, FactsError> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let case = Self::from_deserializer(&mut deserializer, today)?;
        deserializer.end().map_err(|error| FactsError::Field {
            field: "document".to_owned(),
            problem: error.to_string(),
        })?;
        Ok(case)
    }

    /// As [`Case::parse`], from anything that serde can read.
    ///
    /// # Errors
    /// As [`Case::parse`].
    pub fn from_deserializer<'de, D>(deserializer: D, today: Day) -> Result<Self, FactsError>
    where
        D: Deserializer<'de>,
    {
        let typed: Typed = serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let path = error.path().to_string();
            FactsError::Field {
                field: if path == "." {
                    "document".to_owned()
                } else {
                    path
                },
                problem: error.into_inner().to_string(),
            }
        })?;
        if let Some(schema) = &typed.schema
            && schema != SCHEMA
        {
            return Err(FactsError::Field {
                field: "schema".to_owned(),
                problem: format!("`{schema}` is not understood; write `{SCHEMA}`"),
            });
        }
        let Some(id) = typed.id.clone() else {
            return Err(FactsError::Field {
                field: "id".to_owned(),
                problem: "is missing; every facts object needs one, a text of your choice"
                    .to_owned(),
            });
        };
        let case = Self {
            id,
            facts: typed.filled(),
            since: typed.since.unwrap_or_default(),
        };
        case.refuse_future(today)?;
        Ok(case)
    }

    /// Refuses days that can only have happened and yet lie after `today`.
    ///
    /// # Errors
    /// Names the first such field.
    pub fn refuse_future(&self, today: Day) -> Result<(), FactsError> {
        let facts = &self.facts;
        let happened = [
            ("created_at", facts.created_at),
            ("last_used.at", facts.last_used.at),
            (
                "revocation_drill_passed_on",
                facts.revocation_drill_passed_on,
            ),
        ];
        let since = Verdict::ALL
            .iter()
            .map(|verdict| (format!("since.{verdict}"), self.since.of(*verdict)));
        for (field, day) in happened
            .into_iter()
            .map(|(field, day)| (field.to_owned(), day))
            .chain(since)
        {
            if let Some(day) = day
                && day > today
            {
                return Err(FactsError::Future { field, day, today });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Day {
        "2026-11-23".parse().unwrap()
    }

    fn error(json: &str) -> String {
        Case::parse(json, today()).unwrap_err().to_string()
    }

    #[test]
    fn missing_and_null_take_the_default() {
        let bare = Case::parse(r#"{"id":"k"}"#, today()).unwrap();
        let nulls = Case::parse(
            r#"{"schema":null,"id":"k","status":null,"probe_possible":null,"consumers":null,"last_used":null,
                "options":null,"exception":null,"since":null,"rotatable":null,"owner":null}"#,
            today(),
        )
        .unwrap();
        assert_eq!(bare, nulls);
        assert!(bare.facts.probe_possible && bare.facts.rotatable);
        assert_eq!(bare.facts.privilege, Privilege::Unknown);
        let inner = Case::parse(
            r#"{"id":"k","last_used":{"offered":null,"at":null},"options":{"gateway":null},"exception":{"approved_until":null}}"#,
            today(),
        )
        .unwrap();
        assert_eq!(inner.facts.options, bare.facts.options);
        assert_eq!(inner.facts.last_used, bare.facts.last_used);
    }

    #[test]
    fn errors_name_the_field_and_the_value() {
        assert!(error(r#"{"id":"k","colour":1}"#).contains("colour"));
        assert!(error(r#"{"id":"k","status":"sleepy"}"#).contains("sleepy"));
        assert!(error(r#"{"id":"k","status":"sleepy"}"#).starts_with("status"));
        assert!(error(r#"{"id":"k","options":{"magic":"now"}}"#).contains("magic"));
        assert!(error(r#"{"id":"k","options":{"gateway":"soon"}}"#).starts_with("options.gateway"));
        assert!(
            error(r#"{"id":"k","options":{"gateway":{"needs":"plan_tier"}}}"#).contains("later")
        );
        assert!(
            error(r#"{"id":"k","options":{"gateway":{"later":null,"needs":"luck"}}}"#)
                .contains("luck")
        );
        let later = error(r#"{"id":"k","options":{"gateway":"later"}}"#);
        assert!(later.contains(r#"{"later": null}"#), "{later}");
        let number = error(r#"{"id":"k","options":{"gateway":5}}"#);
        assert!(number.contains(r#""now", "no", "unknown""#), "{number}");
        let number = error(r#"{"id":"k","since":5}"#);
        assert!(number.contains("verdict ids and dates"), "{number}");
        assert!(error(r#"{"id":"k","consumers":"unknown"}"#).starts_with("consumers"));
        assert!(error(r#"{"id":"k","consumers":-1}"#).starts_with("consumers"));
        assert!(error(r#"{"id":"k","owner":"unknown"}"#).starts_with("owner"));
        assert!(error(r#"{"id":"k","since":{"tired":"2026-01-01"}}"#).contains("tired"));
        assert!(error(r#"{"id":"k","created_at":"soon"}"#).starts_with("created_at"));
        assert!(error(r#"{"id":"k","schema":"tenure.facts/2"}"#).contains("tenure.facts/1"));
        assert!(error(r#"{"status":"active"}"#).starts_with("id"));
        assert!(error(r#"{"id":"k","id":"l"}"#).contains("duplicate"));
        assert!(
            error(r#"{"id":"k","since":{"exposed":null,"exposed":null}}"#).contains("duplicate")
        );
    }

    #[test]
    fn what_happened_cannot_lie_ahead() {
        for json in [
            r#"{"id":"k","created_at":"2026-11-24"}"#,
            r#"{"id":"k","last_used":{"offered":false,"at":"2026-11-24"}}"#,
            r#"{"id":"k","revocation_drill_passed_on":"2026-11-24"}"#,
            r#"{"id":"k","since":{"unowned":"2026-11-24"}}"#,
        ] {
            assert!(error(json).contains("after today"), "{json}");
        }
        assert!(
            Case::parse(
                r#"{"id":"k","created_at":"2026-11-23T23:59:59Z","owner_until":"2030-01-01"}"#,
                today()
            )
            .is_ok()
        );
    }

    #[test]
    fn one_option_changes_alone() {
        for option in ReplacementOption::ALL {
            let changed = Options::default().with(*option, OptionState::Now);
            for other in ReplacementOption::ALL {
                let expected = if other == option {
                    OptionState::Now
                } else {
                    OptionState::Unknown
                };
                assert_eq!(changed.state(*other), expected, "{option}: {other}");
            }
        }
    }

    #[test]
    fn option_states_keep_their_shape() {
        let case = Case::parse(
            r#"{"id":"k","options":{"oauth_client_secret":{"later":"2027-02-01T01:00:00+02:00"},"gateway":{"later":null,"needs":"plan_tier"}}}"#,
            today(),
        )
        .unwrap();
        let json = serde_json::to_value(case.facts.options).unwrap();
        assert_eq!(
            json["oauth_client_secret"],
            serde_json::json!({"later":"2027-01-31"})
        );
        assert_eq!(
            json["gateway"],
            serde_json::json!({"later":null,"needs":"plan_tier"})
        );
        assert_eq!(json["vendor_short_lived"], "unknown");
    }
}
