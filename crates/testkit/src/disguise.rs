//! The disguises in which a secret can leave a program.

use base64::Engine as _;

/// The longest piece of a secret that may be shown is shorter than this.
pub const PIECE: usize = 10;

/// Every text that would give a secret away, with what it is called. `fixed` bytes at its start belong to the
/// format of its kind and give nothing away.
#[must_use]
pub fn forms(secret: &str, fixed: usize) -> Vec<(String, String)> {
    let bytes = secret.as_bytes();
    let mut forms = vec![("raw".to_owned(), secret.to_owned())];
    for offset in 0..3usize {
        let mut shifted = vec![0u8; offset];
        shifted.extend_from_slice(bytes);
        for (name, engine) in [
            ("base64", base64::engine::general_purpose::STANDARD_NO_PAD),
            (
                "base64url",
                base64::engine::general_purpose::URL_SAFE_NO_PAD,
            ),
        ] {
            let text = engine.encode(&shifted);
            // What the neighbours of the secret decide is cut off.
            let inner = &text[if offset == 0 { 0 } else { 4 }..text.len() - text.len() % 4];
            forms.push((format!("{name} at offset {offset}"), inner.to_owned()));
        }
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.push(("upper hex".to_owned(), hex.to_uppercase()));
    forms.push(("hex".to_owned(), hex));
    let url = |lower: bool| -> String {
        bytes
            .iter()
            .map(|byte| match byte {
                b if b.is_ascii_alphanumeric() || b"-._~".contains(b) => char::from(*b).to_string(),
                b if lower => format!("%{b:02x}"),
                b => format!("%{b:02X}"),
            })
            .collect()
    };
    forms.push(("URL-encoded".to_owned(), url(false)));
    forms.push(("URL-encoded in small letters".to_owned(), url(true)));
    let json = serde_json::to_string(secret).unwrap();
    forms.push(("JSON-escaped".to_owned(), json.trim_matches('"').to_owned()));
    // Pieces of the random part, so that a cut is no disguise.
    let tail = secret.len().saturating_sub(4);
    let random: Vec<usize> = (fixed..tail.saturating_sub(PIECE))
        .filter(|at| is_random(&secret[*at..*at + PIECE]))
        .collect();
    let picked = [random.first(), random.get(random.len() / 2), random.last()];
    for at in picked.into_iter().flatten() {
        forms.push((
            format!("a piece from {at}"),
            secret[*at..*at + PIECE].to_owned(),
        ));
    }
    forms
}

/// A piece that no fixed part of a format explains.
fn is_random(piece: &str) -> bool {
    let has = |wanted: fn(&u8) -> bool| piece.as_bytes().iter().any(wanted);
    has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && piece.bytes().all(|b| b.is_ascii_alphanumeric())
}
