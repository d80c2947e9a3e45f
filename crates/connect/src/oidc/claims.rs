//! What an identity provider says of a person (`OpenID Connect` Core 5.1), and the person that follows from it.

use super::discovery::Issuer;
use serde::Deserialize;
use serde_json::{Map, Number, Value};
use std::collections::BTreeSet;
use tenure_model::{
    moment::Moment,
    session::{Method, Proof},
};

/// The longest text of a claim, in bytes.
const LONGEST: usize = 512;
/// The most groups of one person.
const MOST_GROUPS: usize = 2_000;
/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

/// The claims of an ID token or of the `UserInfo` endpoint, as they are written: nothing in them is checked yet.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) iss: Option<String>,
    pub(super) sub: String,
    #[serde(default)]
    pub(super) aud: Audience,
    pub(super) azp: Option<String>,
    pub(super) exp: Option<Number>,
    pub(super) nbf: Option<Number>,
    pub(super) iat: Option<Number>,
    pub(super) nonce: Option<String>,
    pub(super) at_hash: Option<String>,
    pub(super) auth_time: Option<Number>,
    acr: Option<String>,
    amr: Option<Value>,
    email: Option<String>,
    email_verified: Option<Value>,
    name: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// `aud`: one text or several (RFC 7519, 4.1.3).
#[derive(Deserialize, Default)]
#[serde(untagged)]
pub(super) enum Audience {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Whether it is this client, and nobody beside it.
    pub(super) fn is_only(&self, client: &str) -> bool {
        match self {
            Self::None => false,
            Self::One(one) => one == client,
            Self::Several(all) => !all.is_empty() && all.iter().all(|one| one == client),
        }
    }
}

/// Seconds since 1970 (RFC 7519, 2: `NumericDate`, which may have a fraction), if they lie in years that there are.
pub(super) fn seconds(number: &Number) -> Option<i64> {
    let whole = number.as_i64().or_else(|| {
        let float = number.as_f64()?.floor();
        // Below 2^53 every whole number is exact.
        #[allow(
            clippy::cast_possible_truncation,
            reason = "looked at before: it is between 0 and the year 9999"
        )]
        (0.0..=253_402_300_799.0)
            .contains(&float)
            .then_some(float as i64)
    })?;
    (0..=LAST).contains(&whole).then_some(whole)
}

/// The moment of a `NumericDate`.
pub(super) fn moment(number: &Number) -> Option<Moment> {
    seconds(number).map(|seconds| Moment::from_micros(0).plus_seconds(seconds))
}

/// The groups of a person, as far as the identity provider tells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Groups {
    /// These, and no other.
    Told(BTreeSet<String>),
    /// It says nothing of groups: that is not "in none".
    NotTold,
    /// It says that they have to be asked for elsewhere, as Entra does of somebody in too many (Core 5.6.2).
    Elsewhere,
}

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The identity provider.
    pub issuer: Issuer,
    /// Its id of the person. Only issuer and subject together identify anybody; an address can be given to another.
    pub subject: String,
    /// The address, only where the provider says that it was verified.
    pub email: Option<String>,
    /// A name to show.
    pub name: Option<String>,
    /// The groups.
    pub groups: Groups,
    /// When they last proved who they are, at most now. Nothing where the provider does not tell.
    pub auth_time: Option<Moment>,
    /// The class of the sign-in (`acr`).
    pub acr: Option<String>,
    /// The means of the sign-in (`amr`, RFC 8176).
    pub amr: Vec<String>,
}

impl SignedIn {
    /// The proof that a session begins with. Where nobody told when it was given, it is of 1970, so that nothing can
    /// be signed with it: the time of the redirect proves nothing.
    #[must_use]
    pub fn proof(&self) -> Proof {
        Proof {
            method: Method::Oidc,
            at: self.auth_time.unwrap_or(Moment::from_micros(0)),
        }
    }

    /// Whether something is missing that the `UserInfo` endpoint may know.
    pub(super) fn is_thin(&self) -> bool {
        self.email.is_none() || self.name.is_none() || self.groups == Groups::NotTold
    }

    /// Adds what the `UserInfo` endpoint says, where the ID token says nothing.
    pub(super) fn add(&mut self, told: &Claims, groups_claim: &str) {
        self.email = self.email.take().or_else(|| told.verified_email());
        self.name = self.name.take().or_else(|| told.shown_name());
        if self.groups == Groups::NotTold {
            self.groups = told.groups(groups_claim);
        }
    }
}

/// A text that can be shown and compared: not empty, not too long, nothing that is no character.
fn text(text: &str) -> Option<String> {
    let text = text.trim();
    let well = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
    well.then(|| text.to_owned())
}

/// One text or several, whatever form the provider chose.
fn texts(value: &Value) -> impl Iterator<Item = String> {
    let one = value.as_str().into_iter();
    let several = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    one.chain(several).filter_map(text)
}

impl Claims {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    fn verified_email(&self) -> Option<String> {
        // Some providers write `true` as a text.
        let verified = match self.email_verified.as_ref()? {
            Value::Bool(verified) => *verified,
            Value::String(verified) => verified == "true",
            _ => false,
        };
        let email = text(self.email.as_deref()?)?;
        (verified && email.contains('@') && !email.contains(char::is_whitespace)).then_some(email)
    }

    fn shown_name(&self) -> Option<String> {
        text(self.name.as_deref()?)
    }

    fn groups(&self, claim: &str) -> Groups {
        if let Some(value) = self.rest.get(claim) {
            let groups: BTreeSet<String> =
                texts(value).take(MOST_GROUPS.saturating_add(1)).collect();
            if groups.len() <= MOST_GROUPS && matches!(value, Value::Array(_) | Value::String(_)) {
                return Groups::Told(groups);
            }
            return Groups::NotTold;
        }
        let names = self.rest.get("_claim_names").and_then(Value::as_object);
        let elsewhere = names.is_some_and(|names| names.contains_key(claim));
        // The short form of the same in answers that come by the browser.
        let hinted = self.rest.get("hasgroups").and_then(Value::as_bool) == Some(true);
        if elsewhere || hinted {
            Groups::Elsewhere
        } else {
            Groups::NotTold
        }
    }

    /// The person, of claims that were checked.
    pub(super) fn signed_in(&self, issuer: &Issuer, groups_claim: &str, now: Moment) -> SignedIn {
        let auth_time = self.auth_time.as_ref().and_then(moment);
        SignedIn {
            issuer: issuer.clone(),
            subject: self.sub.clone(),
            email: self.verified_email(),
            name: self.shown_name(),
            groups: self.groups(groups_claim),
            // The provider's clock may go ahead of ours by the skew; nothing is fresher than now.
            auth_time: auth_time.map(|time| time.min(now)),
            acr: self.acr.as_deref().and_then(text),
            amr: self
                .amr
                .as_ref()
                .map(|amr| texts(amr).take(20).collect())
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Moment = Moment::from_micros(1_790_000_000_000_000);

    fn person(claims: Value) -> SignedIn {
        let mut all = json!({"sub": "1"});
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        let claims = Claims::parse(all.to_string().as_bytes()).unwrap();
        claims.signed_in(
            &Issuer::parse("https://id.example.com").unwrap(),
            "groups",
            NOW,
        )
    }

    #[test]
    fn an_address_counts_only_where_it_was_verified() {
        let of = |email: &str, verified: Value| {
            person(json!({"email": email, "email_verified": verified})).email
        };
        assert_eq!(
            of("ann@example.com", json!(true)).as_deref(),
            Some("ann@example.com")
        );
        assert_eq!(
            of("ann@example.com", json!("true")).as_deref(),
            Some("ann@example.com")
        );
        for unverified in [json!(false), json!("false"), json!(1), Value::Null] {
            assert_eq!(of("ann@example.com", unverified), None);
        }
        assert_eq!(person(json!({"email": "ann@example.com"})).email, None);
        for bad in [
            "",
            "ann",
            "ann@example.com\r\nBcc: bob@example.com",
            "a b@example.com",
        ] {
            assert_eq!(of(bad, json!(true)), None, "{bad}");
        }
    }

    #[test]
    fn groups_that_are_not_told_are_not_none() {
        let told = |names: &[&str]| Groups::Told(names.iter().map(|n| (*n).to_owned()).collect());
        assert_eq!(
            person(json!({"groups": ["b", "a"]})).groups,
            told(&["a", "b"])
        );
        assert_eq!(person(json!({"groups": "a"})).groups, told(&["a"]));
        assert_eq!(person(json!({"groups": []})).groups, told(&[]));
        assert_eq!(person(json!({})).groups, Groups::NotTold);
        assert_eq!(person(json!({"groups": 1})).groups, Groups::NotTold);
        let many: Vec<String> = (0..=MOST_GROUPS).map(|nth| nth.to_string()).collect();
        assert_eq!(person(json!({"groups": many})).groups, Groups::NotTold);
        let elsewhere = json!({"_claim_names": {"groups": "src1"}});
        assert_eq!(person(elsewhere).groups, Groups::Elsewhere);
        assert_eq!(person(json!({"hasgroups": true})).groups, Groups::Elsewhere);
    }

    #[test]
    fn a_proof_whose_time_nobody_told_signs_nothing() {
        use tenure_model::session::Limits;
        let limits = Limits::default();
        let at = |seconds: i64| json!({"auth_time": 1_790_000_000_i64 + seconds});
        assert!(!person(json!({})).proof().is_fresh(&limits, NOW));
        assert!(person(at(-10)).proof().is_fresh(&limits, NOW));
        assert!(!person(at(-3_600)).proof().is_fresh(&limits, NOW));
        assert_eq!(
            person(at(30)).auth_time,
            Some(NOW),
            "their clock goes ahead"
        );
    }

    #[test]
    fn times_may_have_a_fraction_and_lie_in_years_that_there_are() {
        let of = |text: &str| seconds(&serde_json::from_str(text).unwrap());
        assert_eq!(of("1790000000"), Some(1_790_000_000));
        assert_eq!(of("1790000000.75"), Some(1_790_000_000));
        for bad in [
            "-1",
            "-0.5",
            "1e300",
            "253402300800",
            "18446744073709551615",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
