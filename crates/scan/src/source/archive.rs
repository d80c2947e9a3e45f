//! Archives: zip (jar, whl), tar, gzip, in each other; the layers of container images are tars in a tar.

use super::{
    chat, office,
    opened::{Opener, ReadSeek},
};
use crate::decode;
use std::{
    collections::BTreeSet,
    io::{self, Read},
};
use tenure_model::{
    document::{Origin, Place},
    place::hints,
};

/// A member of a container as a place: its audience is that of the container.
fn inside(container: &Place, name: &str, layer: bool) -> Place {
    let origin = if layer || container.origin == Origin::Layer {
        Origin::Layer
    } else {
        Origin::Archived
    };
    Place {
        origin,
        kind: hints::of_path(name).kind,
        path: format!("{}!{name}", container.path),
        first_line: Some(1),
        ..container.clone()
    }
}

/// Layers of an OCI layout are blobs, those of `docker save` were called `layer.tar`
/// (<https://github.com/opencontainers/image-spec/blob/main/image-layout.md>, read 2026-11-26).
fn is_layer(path: &str) -> bool {
    path.contains("!blobs/sha256/") || path.ends_with("/layer.tar")
}

pub(super) fn zip(
    opener: &mut Opener<'_>,
    place: &Place,
    from: &mut dyn ReadSeek,
) -> io::Result<bool> {
    let mut archive = match ::zip::ZipArchive::new(from) {
        Ok(archive) => archive,
        Err(error) => {
            opener
                .take
                .refused(&place.path, format!("it is no whole zip: {error}"));
            return Ok(true);
        }
    };
    if let Ok(mut list) = archive.by_name("channels.json")
        && let Some(bytes) = opener.read(&format!("{}!channels.json", place.path), &mut list)
    {
        opener.public_channels = chat::public_channels(&bytes);
    }
    let mut office = {
        let names: BTreeSet<String> = archive
            .file_names()
            .flatten()
            .map(|name| name.into_owned())
            .collect();
        let mut member = |name: &str| {
            let mut from = archive.by_name(name).ok()?;
            opener.read(&format!("{}!{name}", place.path), &mut from)
        };
        office::of(place, &|name| names.contains(name), &mut member)
    };
    for index in 0..archive.len() {
        if !opener.another(&place.path) {
            break;
        }
        let name = archive
            .name_for_index(index)
            .and_then(|name| Some(name.ok()?.into_owned()))
            .unwrap_or_else(|| format!("member {index}"));
        let inner = inside(place, &name, false);
        match archive.by_index(index) {
            Ok(member) if member.is_dir() => {}
            Ok(mut member) => {
                let bytes = opener.read(&inner.path, &mut member);
                drop(member);
                let Some(bytes) = bytes else { continue };
                let known = office
                    .as_mut()
                    .is_some_and(|office| office.member(opener, &inner, &name, &bytes));
                if !known {
                    opener.member(inner, bytes);
                }
            }
            Err(error) => {
                let reason = format!("it cannot be unpacked: {error}");
                opener.take.refused(&inner.path, reason);
            }
        }
    }
    if let Some(office) = office {
        office.rest(opener, place);
    }
    Ok(true)
}

pub(super) fn tar(opener: &mut Opener<'_>, place: &Place, from: &mut dyn Read) -> io::Result<bool> {
    let layer = is_layer(&place.path);
    let mut archive = ::tar::Archive::new(from);
    let entries = archive.entries()?;
    for entry in entries {
        if !opener.another(&place.path) {
            break;
        }
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                opener.take.refused(
                    &place.path,
                    format!("it is no whole tar: {error}; the rest was not read"),
                );
                break;
            }
        };
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let inner = inside(place, name.trim_start_matches("./"), layer);
        if let Some(bytes) = opener.read(&inner.path, &mut entry) {
            opener.member(inner, bytes);
        }
    }
    Ok(true)
}

/// What is packed as one stream: a tar in it is opened; anything else is unpacked by the reader itself.
pub(super) fn packed(
    opener: &mut Opener<'_>,
    place: &Place,
    from: &mut dyn ReadSeek,
) -> io::Result<bool> {
    let mut head = [0u8; 8];
    let got = from.read(&mut head)?;
    from.seek(io::SeekFrom::Start(0))?;
    let Some(coding) = decode::packed(head.get(..got).unwrap_or_default()) else {
        return Ok(false);
    };
    let mut unpacked = match decode::open(coding, from) {
        Ok(unpacked) => unpacked,
        Err(error) => {
            opener
                .take
                .refused(&place.path, format!("it cannot be unpacked: {error}"));
            return Ok(true);
        }
    };
    let mut head = Vec::new();
    if let Err(error) = (&mut unpacked).take(512).read_to_end(&mut head) {
        opener
            .take
            .refused(&place.path, format!("it cannot be unpacked: {error}"));
        return Ok(true);
    }
    let is_tar = head.get(257..262) == Some(b"ustar");
    if !is_tar {
        return Ok(false);
    }
    tar(opener, place, &mut io::Cursor::new(head).chain(unpacked))
}

#[cfg(test)]
mod tests;
