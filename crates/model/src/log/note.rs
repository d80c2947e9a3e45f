//! Signed notes and checkpoints: <https://c2sp.org/signed-note> and <https://c2sp.org/tlog-checkpoint>, with
//! Ed25519 (RFC 8032). What is not written exactly as the specifications say is refused.

use super::tree::Hash;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;

/// The signature type of Ed25519 in key ids and encoded keys.
const ED25519: u8 = 1;
/// The longest note that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// The most signatures of a note that are looked at.
const MOST_SIGNATURES: usize = 64;
/// What every signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// Why a note, a checkpoint or a key is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not in the form of the specification.
    #[error("{0}")]
    Form(&'static str),
    /// No signature of the trusted key.
    #[error("is not signed by {0}; check that the public key is the one of this log")]
    Unsigned(String),
    /// A signature of the trusted key that does not hold.
    #[error("the signature of {0} does not hold: the text was changed after signing")]
    Forged(String),
}

/// Signs for a log. Debug shows its name alone; dropping it wipes the key.
pub struct Signer {
    name: String,
    key: SigningKey,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.name)
    }
}

impl Signer {
    /// A signer of this name with a secret key of 32 random bytes.
    ///
    /// # Errors
    /// The name is empty, or holds a space, a plus or a control character.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        Ok(Self {
            name: key_name(name)?.to_owned(),
            key: SigningKey::from_bytes(seed),
        })
    }

    /// What others check its signatures with.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// The text as a signed note. Every line of it ends with a newline.
    ///
    /// # Errors
    /// The text cannot stand in a note.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        if !text.ends_with('\n') || text.chars().any(|c| c != '\n' && c < ' ') {
            return Err(NoteError::Form(
                "the text of a note ends with a newline and holds no control characters",
            ));
        }
        let mut bytes = self.verifier().id().to_vec();
        bytes.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        Ok(format!(
            "{text}\n{DASH}{} {}\n",
            self.name,
            BASE64.encode(bytes)
        ))
    }
}

/// The public key of a log, written `name+id+key` as `golang.org/x/mod/sumdb/note` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
}

impl Verifier {
    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `SHA-256(name || 0x0A || 0x01 || key)[:4]`
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        let mut id = [0; 4];
        id.iter_mut().zip(hash).for_each(|(to, byte)| *to = byte);
        id
    }

    /// The text of a note that this key signed.
    ///
    /// # Errors
    /// Not in the form, not signed by this key, or changed since.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, NoteError> {
        if note.len() > LONGEST {
            return Err(NoteError::Form("the note is longer than a mebibyte"));
        }
        if note.chars().any(|c| c != '\n' && c < ' ') {
            return Err(NoteError::Form("the note holds control characters"));
        }
        let at = note
            .rfind("\n\n")
            .ok_or(NoteError::Form("the note has no signatures"))?;
        let (text, signatures) = note.split_at(at.saturating_add(1));
        let lines = signatures
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .filter(|lines| !lines.is_empty())
            .ok_or(NoteError::Form("the note has no signatures"))?;
        let mut is_signed = false;
        for line in lines.split('\n').take(MOST_SIGNATURES) {
            let (name, bytes) = signature(line)?;
            let Some((id, rest)) = bytes.split_first_chunk::<4>() else {
                return Err(NoteError::Form("a signature is too short"));
            };
            if name != self.name || *id != self.id() {
                continue;
            }
            let forged = || NoteError::Forged(self.name.clone());
            let signature = Signature::from_slice(rest).map_err(|_| forged())?;
            self.key
                .verify_strict(text.as_bytes(), &signature)
                .map_err(|_| forged())?;
            is_signed = true;
        }
        if is_signed {
            Ok(text)
        } else {
            Err(NoteError::Unsigned(self.name.clone()))
        }
    }
}

fn signature(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    let form = || NoteError::Form("a signature line is not `— name base64`");
    let (name, base64) = line
        .strip_prefix(DASH)
        .and_then(|rest| rest.split_once(' '))
        .ok_or_else(form)?;
    let bytes = BASE64.decode(base64).map_err(|_| form())?;
    Ok((key_name(name)?, bytes))
}

fn key_name(name: &str) -> Result<&str, NoteError> {
    let is_good = !name.is_empty()
        && !name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control());
    is_good.then_some(name).ok_or(NoteError::Form(
        "the name of a key is not empty and holds no spaces and no plus",
    ))
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend_from_slice(self.key.as_bytes());
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.name, BASE64.encode(key))
    }
}

impl std::str::FromStr for Verifier {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        const FORM: NoteError =
            NoteError::Form("a public key of a log is written `name+id+key`, on one line");
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(FORM);
        };
        let bytes = BASE64.decode(key).map_err(|_| FORM)?;
        let key = match bytes.split_first() {
            Some((&ED25519, key)) => key.try_into().map_err(|_| FORM)?,
            _ => return Err(FORM),
        };
        let verifier = Self {
            name: key_name(name)?.to_owned(),
            key: VerifyingKey::from_bytes(key).map_err(|_| FORM)?,
        };
        if format!("{:08x}", u32::from_be_bytes(verifier.id())) == id {
            Ok(verifier)
        } else {
            Err(NoteError::Form(
                "the id in the public key is not the id of the key: it was not copied whole",
            ))
        }
    }
}

/// What a log says of itself: so many events, and this root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many events.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text to be signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            BASE64.encode(self.root.bytes())
        )
    }

    /// Signs it. The name of the key is its origin.
    ///
    /// # Errors
    /// The origin cannot stand in a note.
    pub fn sign(&self, signer: &Signer) -> Result<String, NoteError> {
        signer.sign(&self.text())
    }

    /// Reads a signed checkpoint of the log whose key this is.
    ///
    /// # Errors
    /// Not in the form, of another log, not signed by this key, or changed since.
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, NoteError> {
        let checkpoint = Self::read(verifier.open(note)?)?;
        if checkpoint.origin == verifier.name {
            Ok(checkpoint)
        } else {
            Err(NoteError::Form("the checkpoint is of another log"))
        }
    }

    fn read(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Form("a checkpoint has three lines"));
        };
        if origin.is_empty() {
            return Err(NoteError::Form("a checkpoint begins with its origin"));
        }
        let is_plain =
            size.bytes().all(|b| b.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        let size = size
            .parse()
            .ok()
            .filter(|_| is_plain)
            .ok_or(NoteError::Form(
                "the size of a checkpoint is a plain number",
            ))?;
        let root = BASE64
            .decode(root)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(NoteError::Form(
                "the root of a checkpoint is a hash in base64",
            ))?;
        // Extension lines would be signed and looked at by nobody: this log writes none.
        if lines.next() != Some("") || lines.next().is_some() {
            return Err(NoteError::Form("a checkpoint of this log has three lines"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root: Hash::new(root),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new("tenure.example/register", &[7; 32]).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "tenure.example/register".to_owned(),
            size: 42,
            root: super::super::leaf(b"x"),
        }
    }

    #[test]
    fn a_checkpoint_is_read_back_by_its_key_alone() {
        let note = checkpoint().sign(&signer()).unwrap();
        let verifier: Verifier = signer().verifier().to_string().parse().unwrap();
        assert_eq!(Checkpoint::open(&note, &verifier).unwrap(), checkpoint());
        let other = Signer::new("tenure.example/register", &[8; 32]).unwrap();
        assert!(matches!(
            Checkpoint::open(&note, &other.verifier()),
            Err(NoteError::Unsigned(_))
        ));
        let other = Signer::new("other.example", &[7; 32]).unwrap();
        assert!(matches!(
            other.verifier().open(&note),
            Err(NoteError::Unsigned(_))
        ));
    }

    #[test]
    fn no_byte_of_a_checkpoint_can_be_changed() {
        let note = checkpoint().sign(&signer()).unwrap();
        let verifier = signer().verifier();
        for at in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(Checkpoint::open(&changed, &verifier).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn what_the_specification_does_not_allow_is_refused() {
        let verifier = signer().verifier();
        let root = BASE64.encode([0; 32]);
        for text in [
            format!("tenure.example/register\n042\n{root}\n"),
            format!("tenure.example/register\n+4\n{root}\n"),
            format!("tenure.example/register\n4\n{root}\nmore\n"),
            format!("tenure.example/register\n4\n{}\n", BASE64.encode([0; 31])),
            format!("\n4\n{root}\n"),
            "tenure.example/register\n4\n".to_owned(),
            format!("other.example\n4\n{root}\n"),
        ] {
            let note = signer().sign(&text).unwrap();
            assert!(matches!(
                Checkpoint::open(&note, &verifier),
                Err(NoteError::Form(_))
            ));
        }
        assert!(signer().sign("no newline").is_err());
        assert!(Signer::new("a b", &[7; 32]).is_err());
        assert!(Signer::new("a+b", &[7; 32]).is_err());
        for key in ["", "a", "a+b+c", "tenure.example/register+00000000+AQ=="] {
            assert!(key.parse::<Verifier>().is_err(), "{key}");
        }
    }

    #[test]
    fn signatures_of_others_do_not_matter() {
        let note = checkpoint().sign(&signer()).unwrap();
        let witness = Signer::new("witness.example", &[9; 32]).unwrap();
        let two = witness.sign(&checkpoint().text()).unwrap();
        let line = two.split_once("\n\n").unwrap().1;
        let both = format!("{note}{line}");
        assert_eq!(
            Checkpoint::open(&both, &signer().verifier()).unwrap(),
            checkpoint()
        );
    }
}
