//! Randomness, for what Tenure hands out.

use tenure_model::bearer::{Bearer, Kind};
use zeroize::Zeroizing;

/// The machine gave no random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes ({0}); try again")]
pub struct NoEntropy(String);

/// Random bytes of the operating system.
pub(crate) fn entropy<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoEntropy> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| NoEntropy(error.to_string()))?;
    Ok(bytes)
}

/// A new token, session or set-up link, of 256 bits of the operating system.
///
/// # Errors
/// The operating system gave none.
pub fn mint<K: Kind>() -> Result<Bearer<K>, NoEntropy> {
    entropy().map(|bits| Bearer::of(&bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::token::Api;

    #[test]
    fn each_is_another() {
        let one = mint::<Api>().unwrap();
        assert_ne!(one.hash(), mint::<Api>().unwrap().hash());
        assert!(Bearer::<Api>::parse(one.expose()).is_ok());
    }
}
