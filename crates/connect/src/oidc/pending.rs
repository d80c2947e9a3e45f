//! A sign-in that is under way: what the caller keeps, on its side, until the browser comes back.

use super::{discovery::Issuer, random};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, fmt};
use subtle::ConstantTimeEq as _;
use tenure_model::moment::Moment;
use url::Url;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// How long a sign-in may take, in seconds: long enough for a second factor.
pub const LIFE: u32 = 10 * 60;

/// How fresh the proof has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fresh {
    /// Whatever the identity provider is content with.
    Any,
    /// Given within so many seconds (`max_age`).
    Within(u32),
    /// Given now, before the person does anything else (`prompt=login`, `max_age=0`): to sign with.
    Again,
}

/// A path of this server to go to after the sign-in. There is no other kind, so that nobody is sent elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

/// A text that is no path of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no path of this server: one begins with a single /")]
pub struct NotLocal;

impl ReturnTo {
    /// Reads one: a path with its query. Whatever a browser would take for another host is refused.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, NotLocal> {
        // Browsers read `\` as `/`, drop tabs and line breaks, and take `//` for a host.
        let clean =
            text.len() <= 2048 && text.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'\\');
        if !clean || !text.starts_with('/') || text.starts_with("//") {
            return Err(NotLocal);
        }
        let base = Url::parse("https://here.invalid").map_err(|_| NotLocal)?;
        let there = base.join(text).map_err(|_| NotLocal)?;
        // `/.//host` becomes `//host` once somebody tidies it up.
        if there.origin() != base.origin() || there.path().starts_with("//") {
            return Err(NotLocal);
        }
        Ok(Self(text.to_owned()))
    }

    /// The path with its query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A sign-in that is under way. It is used up by the answer, and stays on the server: the browser knows only `state`
/// and `nonce`, never the verifier.
pub struct Pending {
    pub(super) issuer: Issuer,
    pub(super) state: Zeroizing<String>,
    pub(super) nonce: Zeroizing<String>,
    pub(super) verifier: Zeroizing<String>,
    pub(super) fresh: Fresh,
    pub(super) began: Moment,
    pub(super) return_to: ReturnTo,
}

impl Pending {
    /// One that begins now; nothing where the system has no random numbers.
    pub(super) fn begin(
        issuer: &Issuer,
        fresh: Fresh,
        return_to: ReturnTo,
        now: Moment,
    ) -> Option<Self> {
        Some(Self {
            issuer: issuer.clone(),
            state: random::text()?,
            nonce: random::text()?,
            verifier: random::text()?,
            fresh,
            began: now,
            return_to,
        })
    }

    /// The challenge of the verifier: S256 (RFC 7636, 4.2).
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }

    /// Whether an answer with this `state` belongs to it.
    pub(super) fn is_of(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// Whether it still counts.
    #[must_use]
    pub const fn lasts(&self, now: Moment) -> bool {
        self.began.within(LIFE, now)
    }

    /// The `state`: the caller puts it into a cookie of this browser, and takes the answer only from a browser that
    /// brings the same, so that nobody is signed in as somebody else by a link.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }
}

/// What is sealed of a sign-in, so that another replica of this server can take its answer.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Sealed {
    issuer: String,
    state: String,
    nonce: String,
    verifier: String,
    /// Seconds of `Within`; 0 for `Again`, nothing for `Any`.
    fresh: Option<u32>,
    #[zeroize(skip)]
    began: Moment,
    return_to: String,
}

/// The key that seals sign-ins that are under way.
pub struct SealKey(RandomizedNonceKey);

impl SealKey {
    /// From 256 bits that all replicas have and the database does not.
    #[must_use]
    pub fn new(bits: &[u8; 32]) -> Option<Self> {
        RandomizedNonceKey::new(&AES_256_GCM, bits).ok().map(Self)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(***)")
    }
}

/// What the ciphertext is bound to beside the key.
const CONTEXT: &[u8] = b"tenure pending sign-in v1";

impl Pending {
    /// The hash of the `state`, by which it is kept and found: how long a look takes says nothing of it.
    #[must_use]
    pub fn name_of(state: &str) -> String {
        tenure_model::digest::hex(&hash(state))
    }

    /// Sealed (AES-256-GCM) to be kept where replicas share it: without the key nobody reads or makes one.
    #[must_use]
    pub fn seal(&self, key: &SealKey) -> Option<String> {
        let sealed = Sealed {
            issuer: self.issuer.as_str().to_owned(),
            state: self.state.as_str().to_owned(),
            nonce: self.nonce.as_str().to_owned(),
            verifier: self.verifier.as_str().to_owned(),
            fresh: match self.fresh {
                Fresh::Any => None,
                Fresh::Within(seconds) => Some(seconds.max(1)),
                Fresh::Again => Some(0),
            },
            began: self.began,
            return_to: self.return_to.0.clone(),
        };
        // Its whole length beforehand, so that no copy is left behind by growing.
        let mut text = Zeroizing::new(Vec::with_capacity(8 * 1024));
        serde_json::to_writer(&mut *text, &sealed).ok()?;
        let nonce = key
            .0
            .seal_in_place_append_tag(Aad::from(CONTEXT), &mut *text)
            .ok()?;
        let mut whole = nonce.as_ref().to_vec();
        whole.extend_from_slice(&text);
        Some(URL_SAFE_NO_PAD.encode(whole))
    }

    /// One that was sealed with this key; nothing where it was not, or was changed.
    #[must_use]
    pub fn unseal(text: &str, key: &SealKey) -> Option<Self> {
        let mut whole = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (nonce, rest) = whole.split_at_mut_checked(12)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = key.0.open_in_place(nonce, Aad::from(CONTEXT), rest).ok()?;
        let mut sealed: Sealed = serde_json::from_slice(plain).ok()?;
        let mut secret = |text: fn(&mut Sealed) -> &mut String| {
            Zeroizing::new(std::mem::take(text(&mut sealed)))
        };
        Some(Self {
            state: secret(|sealed| &mut sealed.state),
            nonce: secret(|sealed| &mut sealed.nonce),
            verifier: secret(|sealed| &mut sealed.verifier),
            issuer: Issuer::parse(&sealed.issuer).ok()?,
            fresh: match sealed.fresh {
                None => Fresh::Any,
                Some(0) => Fresh::Again,
                Some(seconds) => Fresh::Within(seconds),
            },
            began: sealed.began,
            return_to: ReturnTo::parse(&sealed.return_to).ok()?,
        })
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pending({} ***)", self.issuer)
    }
}

/// The sign-ins that are under way at one server, in its memory. Each is found once.
pub struct Waiting {
    /// By the hash of their `state`, so that how long a look takes says nothing of it.
    all: HashMap<[u8; 32], Pending>,
    most: usize,
}

/// There are too many sign-ins at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people sign in at this moment: try again in a few minutes")]
pub struct TooMany;

impl Waiting {
    /// At most so many at a time.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            all: HashMap::new(),
            most,
        }
    }

    /// Keeps one.
    ///
    /// # Errors
    /// There are too many. Those under way are kept: whoever begins many pushes nobody else out.
    pub fn keep(&mut self, pending: Pending, now: Moment) -> Result<(), TooMany> {
        if self.all.len() >= self.most {
            self.all.retain(|_, kept| kept.lasts(now));
        }
        if self.all.len() >= self.most {
            return Err(TooMany);
        }
        self.all.insert(hash(&pending.state), pending);
        Ok(())
    }

    /// Takes the one of this `state` out, whatever becomes of it.
    pub fn take(&mut self, state: &str) -> Option<Pending> {
        self.all.remove(&hash(state))
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waiting({})", self.all.len())
    }
}

fn hash(state: &str) -> [u8; 32] {
    Sha256::digest(state.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_micros(1_790_000_000_000_000);

    fn pending(now: Moment) -> Pending {
        let issuer = Issuer::parse("https://id.example.com").unwrap();
        Pending::begin(&issuer, Fresh::Any, ReturnTo::parse("/").unwrap(), now).unwrap()
    }

    #[test]
    fn nobody_is_sent_elsewhere() {
        for path in [
            "/",
            "/keys?owner=ann&x=%2F%2F",
            "/a//b",
            "/a?next=https://evil.example",
        ] {
            assert_eq!(ReturnTo::parse(path).unwrap().as_str(), path);
        }
        for path in [
            "",
            "keys",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " /keys",
            "/keys\r\nSet-Cookie: a=b",
            "/.//evil.example",
            "/a/..//evil.example",
            "/%2e//evil.example",
            "/k\u{e9}y",
        ] {
            assert_eq!(ReturnTo::parse(path), Err(NotLocal), "{path:?}");
        }
        assert_eq!(
            ReturnTo::parse(&format!("/{}", "a".repeat(2048))),
            Err(NotLocal)
        );
    }

    #[test]
    fn the_challenge_is_the_one_of_the_standard() {
        // RFC 7636, appendix B.
        let mut pending = pending(NOW);
        pending.verifier = Zeroizing::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(
            pending.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_sign_in_is_found_once_and_by_its_state_alone() {
        let mut waiting = Waiting::new(10);
        let one = pending(NOW);
        let state = one.state().to_owned();
        waiting.keep(one, NOW).unwrap();
        assert!(waiting.take("another").is_none());
        assert!(waiting.take(&state).is_some());
        assert!(waiting.take(&state).is_none(), "replayed");
    }

    #[test]
    fn many_at_once_push_nobody_out() {
        let mut waiting = Waiting::new(2);
        let first = pending(NOW);
        let state = first.state().to_owned();
        waiting.keep(first, NOW).unwrap();
        waiting.keep(pending(NOW), NOW).unwrap();
        assert_eq!(waiting.keep(pending(NOW), NOW), Err(TooMany));
        let later = NOW.plus_seconds(i64::from(LIFE) + 1);
        waiting.keep(pending(later), later).unwrap();
        assert!(waiting.take(&state).is_none(), "over");
    }

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_alone_and_shows_nothing() {
        let key = SealKey::new(&[1; 32]).unwrap();
        for fresh in [Fresh::Any, Fresh::Within(300), Fresh::Again] {
            let mut one = pending(NOW);
            one.fresh = fresh;
            let text = one.seal(&key).unwrap();
            assert_ne!(text, one.seal(&key).unwrap(), "another nonce each time");
            let raw = URL_SAFE_NO_PAD.decode(&text).unwrap();
            assert!(
                !raw.windows(16)
                    .any(|part| part == &one.verifier.as_bytes()[..16])
            );
            let back = Pending::unseal(&text, &key).unwrap();
            assert_eq!(
                (&back.state, &back.nonce, &back.verifier),
                (&one.state, &one.nonce, &one.verifier)
            );
            assert_eq!((back.fresh, back.began), (fresh, NOW));
            assert_eq!(back.return_to, one.return_to);
            let other = SealKey::new(&[2; 32]).unwrap();
            assert!(Pending::unseal(&text, &other).is_none());
            for at in [0, raw.len() / 2, raw.len() - 1] {
                let mut changed = raw.clone();
                changed[at] ^= 1;
                let changed = URL_SAFE_NO_PAD.encode(changed);
                assert!(Pending::unseal(&changed, &key).is_none());
            }
        }
        for bad in ["", "AAAA", "!", &"A".repeat(200)] {
            assert!(Pending::unseal(bad, &key).is_none());
        }
    }

    #[test]
    fn nothing_prints_what_is_pending() {
        let pending = pending(NOW);
        let text = format!("{pending:?}");
        for secret in [&pending.state, &pending.nonce, &pending.verifier] {
            assert!(!text.contains(secret.as_str()));
        }
    }
}
