//! ID tokens (`OpenID Connect` Core 3.1.3.7): each check that makes one count.
//!
//! Of the library only the check of a signature with one key and one algorithm is used. Which of both are taken, every
//! claim, and the clock are decided here.

use super::{
    claims::{Claims, moment},
    keys::{Algorithm, KeySet, Unverified},
    pending::Fresh,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;
use tenure_model::moment::Moment;

/// How far two clocks may go apart, in seconds.
pub const SKEW: i64 = 60;
/// The longest token that is read, in bytes.
const LONGEST: usize = 128 * 1024;

/// Why an ID token is not taken. It never quotes the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no signed token of three parts.
    #[error("it is no signed token")]
    Shape,
    /// Its algorithm is none that is taken: `none`, a shared secret, or one that the provider does not announce.
    #[error("it is not signed with an algorithm that is taken (RS256, PS256, ES256, EdDSA)")]
    Algorithm,
    /// Its header asks for an extension, or says that it is another kind of token.
    #[error("its header says that it is something else")]
    Header,
    /// No key of the provider fits.
    #[error("no key of the identity provider fits")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// Its claims are no JSON of the standard's types.
    #[error("its claims are not what the standard asks for")]
    Claims,
    /// A claim is missing or none.
    #[error("`{0}` is missing or not what the standard asks for")]
    Claim(&'static str),
    /// It is of another issuer.
    #[error("it comes from another issuer")]
    Issuer,
    /// It is for somebody else, or for others too.
    #[error("it is not for this client alone")]
    Audience,
    /// It was given to another client (`azp`).
    #[error("it was given to another client")]
    Party,
    /// It has ended.
    #[error("it has expired: compare the clocks of both machines")]
    Expired,
    /// It does not hold yet (`nbf`).
    #[error("it does not hold yet: compare the clocks of both machines")]
    NotYet,
    /// It was made in the future.
    #[error("it was made in the future: compare the clocks of both machines")]
    Ahead,
    /// It was made before this sign-in began.
    #[error("it was made before this sign-in began")]
    Old,
    /// It belongs to another sign-in (`nonce`).
    #[error("it belongs to another sign-in")]
    Nonce,
    /// It belongs to another access token (`at_hash`).
    #[error("it belongs to another access token")]
    AccessToken,
    /// It does not say when the person signed in, though that was asked for.
    #[error("it does not say when the person signed in (`auth_time`), which was asked for")]
    NoAuthTime,
    /// The person signed in too long ago.
    #[error("the person signed in too long ago, though a fresh sign-in was asked for")]
    Stale,
}

impl From<Unverified> for TokenError {
    fn from(error: Unverified) -> Self {
        match error {
            Unverified::UnknownKey => Self::UnknownKey,
            Unverified::Signature => Self::Signature,
        }
    }
}

/// What an ID token has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) algorithms: &'a [Algorithm],
    pub(super) nonce: &'a str,
    pub(super) access_token: Option<&'a str>,
    pub(super) fresh: Fresh,
    /// When this sign-in began.
    pub(super) began: Moment,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

/// The parts of a token, none of them checked.
struct Parts<'a> {
    message: &'a str,
    payload: &'a str,
    signature: &'a str,
    header: Header,
    algorithm: Algorithm,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Shape);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Shape)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Shape)?;
        if payload.contains('.') {
            return Err(TokenError::Shape);
        }
        let header = URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| TokenError::Shape)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| TokenError::Shape)?;
        let algorithm = Algorithm::parse(&header.alg).ok_or(TokenError::Algorithm)?;
        let is_jwt = |typ: &String| typ.eq_ignore_ascii_case("JWT");
        // RFC 7515, 4.1.11: what is critical and not understood; RFC 8725, 3.11: another kind of token.
        if header.crit.is_some() || !header.typ.as_ref().is_none_or(is_jwt) {
            return Err(TokenError::Header);
        }
        Ok(Self {
            message,
            payload,
            signature,
            header,
            algorithm,
        })
    }
}

/// Takes an ID token, or says why not.
pub(super) fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
    now: Moment,
) -> Result<Claims, TokenError> {
    let parts = Parts::of(token)?;
    if !expected.algorithms.contains(&parts.algorithm) {
        return Err(TokenError::Algorithm);
    }
    keys.verify(
        parts.header.kid.as_deref(),
        parts.algorithm,
        parts.message,
        parts.signature,
    )?;
    let payload = URL_SAFE_NO_PAD
        .decode(parts.payload)
        .map_err(|_| TokenError::Shape)?;
    let claims = Claims::parse(&payload).ok_or(TokenError::Claims)?;
    check(&claims, parts.algorithm, expected, now)?;
    Ok(claims)
}

/// Every claim of a token whose signature holds.
pub(super) fn check(
    claims: &Claims,
    algorithm: Algorithm,
    expected: &Expected<'_>,
    now: Moment,
) -> Result<(), TokenError> {
    if claims.iss.as_deref() != Some(expected.issuer) {
        return Err(TokenError::Issuer);
    }
    // Core 2: at most 255 characters of ASCII.
    let printable = claims.sub.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if claims.sub.is_empty() || claims.sub.len() > 255 || !printable {
        return Err(TokenError::Claim("sub"));
    }
    // Core 3.1.3.7, 3: no audience is trusted beside this client.
    if !claims.aud.is_only(expected.client) {
        return Err(TokenError::Audience);
    }
    if claims
        .azp
        .as_deref()
        .is_some_and(|party| party != expected.client)
    {
        return Err(TokenError::Party);
    }
    check_times(claims, expected, now)?;
    let nonce = claims.nonce.as_deref().unwrap_or_default();
    if nonce.is_empty() || !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(TokenError::Nonce);
    }
    if let Some(hash) = claims.at_hash.as_deref() {
        let right = expected
            .access_token
            .is_some_and(|token| at_hash(algorithm, token) == hash);
        if !right {
            return Err(TokenError::AccessToken);
        }
    }
    Ok(())
}

fn check_times(claims: &Claims, expected: &Expected<'_>, now: Moment) -> Result<(), TokenError> {
    let needed = |number: &Option<serde_json::Number>, name| {
        number
            .as_ref()
            .and_then(moment)
            .ok_or(TokenError::Claim(name))
    };
    if now >= needed(&claims.exp, "exp")?.plus_seconds(SKEW) {
        return Err(TokenError::Expired);
    }
    let latest = now.plus_seconds(SKEW);
    if claims.nbf.is_some() && needed(&claims.nbf, "nbf")? > latest {
        return Err(TokenError::NotYet);
    }
    let made = needed(&claims.iat, "iat")?;
    if made > latest {
        return Err(TokenError::Ahead);
    }
    if made < expected.began.plus_seconds(-SKEW) {
        return Err(TokenError::Old);
    }
    let signed_in = match &claims.auth_time {
        Some(_) => Some(needed(&claims.auth_time, "auth_time")?),
        None => None,
    };
    if signed_in.is_some_and(|time| time > latest) {
        return Err(TokenError::Ahead);
    }
    let oldest = match expected.fresh {
        Fresh::Any => return Ok(()),
        Fresh::Within(seconds) => now.plus_seconds(-i64::from(seconds)),
        Fresh::Again => expected.began,
    };
    match signed_in {
        None => Err(TokenError::NoAuthTime),
        Some(time) if time < oldest.plus_seconds(-SKEW) => Err(TokenError::Stale),
        Some(_) => Ok(()),
    }
}

/// The left half of the hash of an access token (Core 3.1.3.6), with the hash of the signature: SHA-512 for Ed25519
/// (RFC 8032, 5.1), else SHA-256.
pub(super) fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let half = |hash: &[u8]| {
        let (left, _) = hash.split_at(hash.len() / 2);
        URL_SAFE_NO_PAD.encode(left)
    };
    match algorithm {
        Algorithm::EdDsa => half(&Sha512::digest(access_token.as_bytes())),
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => {
            half(&Sha256::digest(access_token.as_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::forge::{ALGORITHMS, Forge, encode, hs256, set, unsigned},
        *,
    };
    use serde_json::{Value, json};
    use std::sync::LazyLock;

    const NOW: Moment = Moment::from_micros(1_790_000_000_000_000);
    const AT: i64 = 1_790_000_000;
    const ISSUER: &str = "https://id.example.com";

    /// Keys take a while to make.
    static FORGES: LazyLock<Vec<Forge>> = LazyLock::new(|| {
        ALGORITHMS
            .iter()
            .map(|one| Forge::new(*one, one.as_str()))
            .collect()
    });

    fn forge(algorithm: Algorithm) -> &'static Forge {
        FORGES
            .iter()
            .find(|forge| forge.algorithm == algorithm)
            .unwrap()
    }

    fn keys() -> KeySet {
        let all: Vec<&Forge> = FORGES.iter().collect();
        KeySet::parse(set(&all).as_bytes()).unwrap()
    }

    fn expected() -> Expected<'static> {
        Expected {
            issuer: ISSUER,
            client: "tenure",
            algorithms: &ALGORITHMS,
            nonce: "nonce-1",
            access_token: Some("access-1"),
            fresh: Fresh::Any,
            began: NOW.plus_seconds(-120),
        }
    }

    fn claims() -> Value {
        json!({
            "iss": ISSUER, "sub": "ann", "aud": "tenure", "nonce": "nonce-1",
            "exp": AT + 300, "iat": AT - 10,
        })
    }

    fn taken(token: &str, expected: &Expected<'_>) -> Result<(), TokenError> {
        verify(token, &keys(), expected, NOW).map(|_| ())
    }

    /// A token of good claims but one.
    fn with(name: &str, value: Value) -> Result<(), TokenError> {
        let mut claims = claims();
        claims[name] = value;
        taken(&forge(Algorithm::Es256).token(&claims), &expected())
    }

    #[test]
    fn a_good_token_of_each_algorithm_is_taken() {
        for forge in FORGES.iter() {
            let mut claims = claims();
            claims["at_hash"] = json!(at_hash(forge.algorithm, "access-1"));
            let token = forge.token(&claims);
            assert_eq!(taken(&token, &expected()), Ok(()), "{:?}", forge.algorithm);
        }
    }

    #[test]
    fn a_token_that_anybody_can_make_is_not_taken() {
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            let token = unsigned(&json!({"alg": alg}), &claims());
            assert_eq!(
                taken(&token, &expected()),
                Err(TokenError::Algorithm),
                "{alg}"
            );
        }
        let no_alg = unsigned(&json!({"kid": "ES256"}), &claims());
        assert_eq!(taken(&no_alg, &expected()), Err(TokenError::Shape));
        // The signature cut off a good one.
        let token = forge(Algorithm::Es256).token(&claims());
        let cut = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert_eq!(taken(&cut, &expected()), Err(TokenError::Signature));
    }

    #[test]
    fn a_public_key_is_no_shared_secret() {
        for forge in FORGES.iter() {
            let kid = json!({"kid": forge.jwk["kid"]});
            let secrets = [
                forge.public.clone(),
                forge.jwk.to_string().into_bytes(),
                Vec::new(),
            ];
            for secret in secrets {
                let token = hs256(kid.clone(), &claims(), &secret);
                assert_eq!(taken(&token, &expected()), Err(TokenError::Algorithm));
            }
        }
    }

    #[test]
    fn a_key_counts_for_its_own_algorithm_only() {
        // Signed by one key, said to be by another: the kind of the key decides, not the header.
        for signer in FORGES.iter() {
            for named in FORGES
                .iter()
                .filter(|named| named.algorithm != signer.algorithm)
            {
                let header = json!({"kid": named.jwk["kid"]});
                let token = signer.token_with(header, &claims());
                let error = taken(&token, &expected()).unwrap_err();
                let told = matches!(error, TokenError::UnknownKey | TokenError::Signature);
                assert!(
                    told,
                    "{:?} as {:?}: {error}",
                    signer.algorithm, named.algorithm
                );
            }
        }
        // A key that is bound to PS256 checks no RS256.
        let forge = Forge::new(Algorithm::Rs256, "1");
        let mut jwk = forge.jwk.clone();
        jwk["alg"] = json!("PS256");
        let bound = KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
        let error = verify(&forge.token(&claims()), &bound, &expected(), NOW).err();
        assert_eq!(error, Some(TokenError::UnknownKey));
    }

    #[test]
    fn an_algorithm_that_the_provider_does_not_announce_is_not_taken() {
        let narrow = Expected {
            algorithms: &[Algorithm::Rs256],
            ..expected()
        };
        let token = forge(Algorithm::Es256).token(&claims());
        assert_eq!(taken(&token, &narrow), Err(TokenError::Algorithm));
    }

    #[test]
    fn a_key_is_the_providers_and_never_the_tokens_own() {
        let stranger = Forge::new(Algorithm::Es256, "stranger");
        let header =
            json!({"kid": "stranger", "jwk": stranger.jwk, "jku": "https://evil.example/"});
        let token = stranger.token_with(header, &claims());
        assert_eq!(taken(&token, &expected()), Err(TokenError::UnknownKey));
        let token = stranger.token_with(json!({"kid": "ES256"}), &claims());
        assert_eq!(taken(&token, &expected()), Err(TokenError::Signature));
        // Without a name one key alone may fit.
        let token = forge(Algorithm::Es256).token_with(json!({}), &claims());
        assert_eq!(taken(&token, &expected()), Ok(()));
        let token = forge(Algorithm::Rs256).token_with(json!({}), &claims());
        assert_eq!(
            taken(&token, &expected()),
            Err(TokenError::UnknownKey),
            "two RSA keys"
        );
    }

    #[test]
    fn every_changed_byte_breaks_a_token() {
        let token = forge(Algorithm::EdDsa).token(&claims());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(taken(&changed, &expected()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_token_has_three_parts_and_a_header_that_is_understood() {
        let token = forge(Algorithm::Es256).token(&claims());
        let five = format!("{token}.a.b");
        for bad in [
            "",
            ".",
            "..",
            "...",
            "a.b",
            five.as_str(),
            &"a".repeat(LONGEST + 1),
        ] {
            assert_eq!(
                taken(bad, &expected()),
                Err(TokenError::Shape),
                "{}",
                bad.len()
            );
        }
        let header = |name: &str, value: Value| {
            let mut header = json!({"kid": "ES256"});
            header[name] = value;
            let token = forge(Algorithm::Es256).token_with(header, &claims());
            taken(&token, &expected())
        };
        assert_eq!(header("crit", json!(["b64"])), Err(TokenError::Header));
        assert_eq!(header("typ", json!("at+jwt")), Err(TokenError::Header));
        assert_eq!(header("typ", json!("logout+jwt")), Err(TokenError::Header));
        assert_eq!(header("typ", json!("jwt")), Ok(()));
        let twice = format!(
            "{}.{}.",
            encode(r#"{"alg":"none","alg":"ES256"}"#),
            encode("{}")
        );
        assert_eq!(taken(&twice, &expected()), Err(TokenError::Shape));
    }

    #[test]
    fn a_token_is_of_this_issuer_for_this_client() {
        for other in [
            "https://evil.example",
            "https://id.example.com/",
            "HTTPS://ID.EXAMPLE.COM",
        ] {
            assert_eq!(with("iss", json!(other)), Err(TokenError::Issuer));
        }
        assert_eq!(with("iss", Value::Null), Err(TokenError::Issuer));
        for other in [
            json!("another"),
            json!(["another"]),
            json!([]),
            json!(["tenure", "another"]),
        ] {
            assert_eq!(
                with("aud", other.clone()),
                Err(TokenError::Audience),
                "{other}"
            );
        }
        assert_eq!(with("aud", json!(["tenure"])), Ok(()));
        assert_eq!(with("azp", json!("another")), Err(TokenError::Party));
        assert_eq!(with("azp", json!("tenure")), Ok(()));
        for bad in [
            json!(""),
            json!("a".repeat(256)),
            json!("a\nb"),
            json!("\u{e4}"),
        ] {
            assert_eq!(
                with("sub", bad.clone()),
                Err(TokenError::Claim("sub")),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_token_holds_now_within_the_skew() {
        assert_eq!(with("exp", json!(AT - SKEW)), Err(TokenError::Expired));
        assert_eq!(with("exp", json!(AT - SKEW + 1)), Ok(()));
        assert_eq!(with("exp", Value::Null), Err(TokenError::Claim("exp")));
        assert_eq!(with("exp", json!(-1)), Err(TokenError::Claim("exp")));
        assert_eq!(with("exp", json!(1e300)), Err(TokenError::Claim("exp")));
        assert_eq!(with("nbf", json!(AT + SKEW + 1)), Err(TokenError::NotYet));
        assert_eq!(with("nbf", json!(AT + SKEW)), Ok(()));
        assert_eq!(with("iat", json!(AT + SKEW + 1)), Err(TokenError::Ahead));
        assert_eq!(with("iat", json!(AT + SKEW)), Ok(()));
        assert_eq!(with("iat", Value::Null), Err(TokenError::Claim("iat")));
        assert_eq!(
            with("iat", json!(AT - 120 - SKEW - 1)),
            Err(TokenError::Old)
        );
        assert_eq!(with("iat", json!(AT - 120 - SKEW)), Ok(()));
    }

    #[test]
    fn a_token_is_of_this_sign_in_and_its_access_token() {
        for other in [json!("nonce-2"), json!(""), json!("nonce-"), Value::Null] {
            assert_eq!(with("nonce", other), Err(TokenError::Nonce));
        }
        let right = at_hash(Algorithm::Es256, "access-1");
        assert_eq!(with("at_hash", json!(right)), Ok(()));
        assert_eq!(
            with("at_hash", json!(at_hash(Algorithm::Es256, "access-2"))),
            Err(TokenError::AccessToken)
        );
        assert_eq!(
            with("at_hash", json!(at_hash(Algorithm::EdDsa, "access-1"))),
            Err(TokenError::AccessToken)
        );
        let mut claims = claims();
        claims["at_hash"] = json!(right);
        let without = Expected {
            access_token: None,
            ..expected()
        };
        let token = forge(Algorithm::Es256).token(&claims);
        assert_eq!(taken(&token, &without), Err(TokenError::AccessToken));
    }

    #[test]
    fn the_hash_is_the_one_of_the_standard() {
        // OpenID Connect Core, appendix A.4.
        assert_eq!(
            at_hash(
                Algorithm::Rs256,
                "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
            ),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }

    #[test]
    fn a_fresh_sign_in_is_one_that_the_provider_vouches_for() {
        let fresh = |fresh: Fresh, auth_time: Value| {
            let mut claims = claims();
            claims["auth_time"] = auth_time;
            let expected = Expected {
                fresh,
                ..expected()
            };
            taken(&forge(Algorithm::Es256).token(&claims), &expected)
        };
        assert_eq!(fresh(Fresh::Any, Value::Null), Ok(()));
        assert_eq!(fresh(Fresh::Any, json!(AT - 86_400)), Ok(()));
        assert_eq!(
            fresh(Fresh::Any, json!(AT + SKEW + 1)),
            Err(TokenError::Ahead)
        );
        assert_eq!(
            fresh(Fresh::Within(300), Value::Null),
            Err(TokenError::NoAuthTime)
        );
        assert_eq!(fresh(Fresh::Within(300), json!(AT - 300 - SKEW)), Ok(()));
        assert_eq!(
            fresh(Fresh::Within(300), json!(AT - 301 - SKEW)),
            Err(TokenError::Stale)
        );
        assert_eq!(
            fresh(Fresh::Again, Value::Null),
            Err(TokenError::NoAuthTime)
        );
        assert_eq!(fresh(Fresh::Again, json!(AT - 100)), Ok(()));
        assert_eq!(
            fresh(Fresh::Again, json!(AT - 120 - SKEW - 1)),
            Err(TokenError::Stale)
        );
        assert_eq!(fresh(Fresh::Again, json!("now")), Err(TokenError::Claims));
    }
}
