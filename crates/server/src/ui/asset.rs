//! Files that pages load: held in the binary, with a digest of their bytes in the address, so that a browser may keep
//! them for ever.

use std::sync::LazyLock;
use tenure_model::digest;

/// One file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its name.
    pub name: &'static str,
    /// What it is sent as.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

/// Every file that a page may load.
pub const ASSETS: &[Asset] = &[
    Asset {
        name: "tenure.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../static/tenure.css"),
    },
    Asset {
        name: "tenure.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../static/tenure.js"),
    },
    // https://www.npmjs.com/package/htmx.org 2.0.11, 0BSD; the licence stands beside the file.
    Asset {
        name: "htmx.min.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../static/htmx.min.js"),
    },
    Asset {
        name: "icon.svg",
        content_type: "image/svg+xml",
        bytes: include_bytes!("../../static/icon.svg"),
    },
];

/// The first half of the digest of each file, in the order of [`ASSETS`].
static HASHES: LazyLock<Vec<String>> = LazyLock::new(|| {
    ASSETS
        .iter()
        .map(|asset| {
            let whole = digest::of_bytes(asset.bytes);
            whole.chars().take(32).collect()
        })
        .collect()
});

/// The address of a file: `/static/{hash}/{name}`. A name that is not among [`ASSETS`] gives an address that leads
/// nowhere.
#[must_use]
pub fn asset(name: &str) -> String {
    let hash = ASSETS
        .iter()
        .zip(HASHES.iter())
        .find(|(asset, _)| asset.name == name)
        .map_or("none", |(_, hash)| hash.as_str());
    format!("/static/{hash}/{name}")
}

/// The file at an address; `None` where hash or name is of no file held here.
#[must_use]
pub fn find(hash: &str, name: &str) -> Option<&'static Asset> {
    ASSETS
        .iter()
        .zip(HASHES.iter())
        .find(|(asset, known)| asset.name == name && known.as_str() == hash)
        .map(|(asset, _)| asset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_by_its_address_and_by_no_other() {
        for one in ASSETS {
            let address = asset(one.name);
            let mut parts = address.trim_start_matches("/static/").split('/');
            let (hash, name) = (parts.next().unwrap(), parts.next().unwrap());
            assert_eq!(find(hash, name), Some(one));
            assert_eq!(find("00000000000000000000000000000000", name), None);
        }
        assert_eq!(find("none", "../Cargo.toml"), None);
    }
}
