use super::{
    Checkpoint, Hash, NodeId, Signer, Tree, Verifier,
    export::{self, BLOCK, Block, Header, Line, Tampered},
    leaf, proof, tree,
};
use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};
use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
};

/// A log with every node, as a store keeps it.
#[derive(Default)]
struct Whole {
    tree: Tree,
    nodes: BTreeMap<NodeId, Hash>,
    entries: Vec<Vec<u8>>,
    roots: Vec<Hash>,
}

impl Whole {
    fn of(entries: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut whole = Self::default();
        whole.roots.push(whole.tree.root());
        for entry in entries {
            let nodes = &mut whole.nodes;
            whole.tree.push(leaf(&entry), |node, hash| {
                assert!(nodes.insert(node, hash).is_none(), "{node:?} twice");
            });
            whole.roots.push(whole.tree.root());
            whole.entries.push(entry);
        }
        whole
    }

    fn size(&self) -> u64 {
        self.tree.size()
    }

    fn made(&self, plan: Result<Vec<proof::Element>, proof::Bad>) -> Vec<Hash> {
        proof::made(&plan.unwrap(), |node| self.nodes.get(&node).copied()).unwrap()
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        self.made(proof::inclusion(index, size))
    }

    fn consistency(&self, earlier: u64, size: u64) -> Vec<Hash> {
        self.made(proof::consistency(earlier, size))
    }

    fn root(&self, size: u64) -> Hash {
        self.roots[usize::try_from(size).unwrap()]
    }

    /// An export of this log, as a store writes it.
    fn export(&self, signer: &Signer, from: u64, to: u64) -> String {
        let size = self.size();
        let header = Header {
            schema: export::SCHEMA.to_owned(),
            from,
            to,
            checkpoint: self.checkpoint(signer, size).sign(signer).unwrap(),
        };
        let mut lines = vec![serde_json::to_string(&header).unwrap()];
        let mut start = from - from % BLOCK;
        while start < to {
            let end = (start + BLOCK).min(size);
            let entries = &self.entries[start as usize..end as usize];
            let block = Block {
                block: start,
                leaves: entries.iter().map(|entry| leaf(entry)).collect(),
                proof: self.made(proof::range(start, end, size)),
            };
            lines.push(serde_json::to_string(&block).unwrap());
            for (index, entry) in (start..).zip(entries) {
                if (from..to).contains(&index) {
                    let event =
                        RawValue::from_string(String::from_utf8(entry.clone()).unwrap()).unwrap();
                    let event = &event;
                    lines.push(serde_json::to_string(&Line { index, event }).unwrap());
                }
            }
            start = end;
        }
        lines.join("\n") + "\n"
    }

    fn checkpoint(&self, signer: &Signer, size: u64) -> Checkpoint {
        Checkpoint {
            origin: signer.verifier().name().to_owned(),
            size,
            root: self.root(size),
        }
    }
}

fn signer() -> Signer {
    Signer::new("tenure.example/register", &[7; 32]).unwrap()
}

fn numbered(n: u64) -> Vec<u8> {
    format!("{{\"n\":{n}}}").into_bytes()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The leaves and roots of the reference implementation of Certificate Transparency (merkletree tests of
/// google/certificate-transparency, as in github.com/transparency-dev/merkle/testonly).
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn roots_are_those_of_the_published_vectors() {
    let whole = Whole::of(LEAVES.map(bytes));
    let roots: Vec<String> = whole.roots.iter().map(ToString::to_string).collect();
    assert_eq!(roots, ROOTS);
}

#[test]
fn every_proof_of_small_trees_holds_and_no_other_does() {
    let whole = Whole::of((0..40).map(numbered));
    for size in 1..=whole.size() {
        let root = whole.root(size);
        for index in 0..size {
            let own = leaf(&whole.entries[index as usize]);
            let path = whole.inclusion(index, size);
            proof::check_inclusion(own, index, size, root, &path).unwrap();
            let other = leaf(b"other");
            assert!(proof::check_inclusion(other, index, size, root, &path).is_err());
            let wrong = (index + 1) % size;
            assert!(size == 1 || proof::check_inclusion(own, wrong, size, root, &path).is_err());
            assert!(proof::check_inclusion(own, index, size, whole.root(size - 1), &path).is_err());
            let longer = [path.clone(), vec![own]].concat();
            assert!(proof::check_inclusion(own, index, size, root, &longer).is_err());
        }
        for earlier in 0..=size {
            let path = whole.consistency(earlier, size);
            let before = whole.root(earlier);
            proof::check_consistency(earlier, before, size, root, &path).unwrap();
            let forged = leaf(b"forged");
            if earlier > 0 {
                assert!(proof::check_consistency(earlier, forged, size, root, &path).is_err());
            }
            if earlier > 0 && earlier < size {
                assert!(proof::check_consistency(earlier, before, size, forged, &path).is_err());
                assert!(proof::check_consistency(earlier, before, size, root, &path[1..]).is_err());
                let longer = [path.clone(), vec![forged]].concat();
                assert!(proof::check_consistency(earlier, before, size, root, &longer).is_err());
            }
        }
    }
    assert!(proof::inclusion(40, 40).is_err());
    assert!(proof::consistency(41, 40).is_err());
    assert!(proof::range(1, 3, 40).is_err(), "no node of the tree");
}

proptest! {
    #[test]
    fn a_tree_read_back_grows_as_the_tree_did(size in 0u64..700, more in 0u64..80) {
        let whole = Whole::of((0..size).map(numbered));
        let mut back = Tree::read_back(size, whole.tree.frontier().to_vec()).unwrap();
        for n in size..size + more {
            back.push(leaf(&numbered(n)), |_, _| ());
        }
        let longer = Whole::of((0..size + more).map(numbered));
        prop_assert_eq!(back.root(), longer.tree.root());
        let path = longer.consistency(size, size + more);
        let checked = proof::check_consistency(size, whole.tree.root(), size + more, back.root(), &path);
        prop_assert_eq!(checked, Ok(()));
        prop_assert!(Tree::read_back(size + 1, vec![leaf(b""); 20]).is_none());
    }

    #[test]
    fn any_proof_that_is_not_the_proof_is_refused(
        size in 1u64..300, index in 0u64..300, at in 0usize..9, flip in 0usize..256,
    ) {
        let index = index % size;
        let whole = Whole::of((0..size).map(numbered));
        let mut path = whole.inclusion(index, size);
        prop_assume!(!path.is_empty());
        let at = at % path.len();
        let mut bytes = *path[at].bytes();
        bytes[flip / 8] ^= 1 << (flip % 8);
        path[at] = Hash::new(bytes);
        let own = leaf(&whole.entries[index as usize]);
        let checked = proof::check_inclusion(own, index, size, whole.tree.root(), &path);
        prop_assert_eq!(checked, Err(proof::Bad::Root));
    }
}

#[test]
fn an_export_verifies_whole_and_in_part() {
    let (signer, whole) = (signer(), Whole::of((0..700).map(numbered)));
    let verifier = signer.verifier();
    for size in [0, 1, 255, 256, 257, 512, 700] {
        let whole = Whole::of((0..size).map(numbered));
        let text = whole.export(&signer, 0, size);
        let earlier = whole.checkpoint(&signer, size / 2);
        let verified = export::verify(&text, &verifier, Some(earlier)).unwrap();
        assert!(verified.is_whole());
        assert_eq!(verified.since, Some(size / 2), "{size}");
    }
    for (from, to) in [(0, 1), (255, 257), (300, 301), (512, 700), (699, 700)] {
        let text = whole.export(&signer, from, to);
        let verified = export::verify(&text, &verifier, None).unwrap();
        assert_eq!((verified.from, verified.to), (from, to));
        assert!(!verified.is_whole());
    }
    let later = Whole::of((0..701).map(numbered)).checkpoint(&signer, 701);
    let cut = export::verify(&whole.export(&signer, 0, 700), &verifier, Some(later)).unwrap_err();
    assert_eq!(cut.index(), Some(700), "{cut}");
}

/// An export with its lines taken apart, to be changed.
fn lines(size: u64) -> (Verifier, Vec<String>) {
    let text = Whole::of((0..size).map(numbered)).export(&signer(), 0, size);
    (
        signer().verifier(),
        text.lines().map(str::to_owned).collect(),
    )
}

fn refused(verifier: &Verifier, lines: &[String]) -> Tampered {
    export::verify(&lines.join("\n"), verifier, None).unwrap_err()
}

fn position(lines: &[String], index: u64) -> usize {
    let start = format!("{{\"index\":{index},");
    lines
        .iter()
        .position(|line| line.starts_with(&start))
        .unwrap()
}

#[test]
fn deleting_reordering_altering_and_truncating_name_the_event() {
    for index in [0u64, 1, 100, 255, 256, 300, 399] {
        let (verifier, whole) = lines(400);
        let at = position(&whole, index);

        let mut deleted = whole.clone();
        deleted.remove(at);
        assert_eq!(refused(&verifier, &deleted).index(), Some(index));

        // Deleted, and the numbers after it mended.
        let mut mended = whole.clone();
        mended.remove(at);
        for line in &mut mended {
            if let Some(rest) = line.strip_prefix("{\"index\":") {
                let (number, rest) = rest.split_once(',').unwrap();
                let number: u64 = number.parse().unwrap();
                if number > index {
                    *line = format!("{{\"index\":{},{rest}", number - 1);
                }
            }
        }
        let refusal = refused(&verifier, &mended);
        assert_eq!(refusal.index(), Some(index), "{refusal}");

        let mut altered = whole.clone();
        altered[at] = altered[at].replace("\"n\":", "\"m\":");
        assert!(matches!(
            refused(&verifier, &altered),
            Tampered::Altered { index: found, .. } if found == index
        ));

        // White space alone, which changes no value.
        let mut spaced = whole.clone();
        spaced[at] = spaced[at].replace("{\"n\":", "{\"n\": ");
        assert_eq!(refused(&verifier, &spaced).index(), Some(index));

        let mut truncated = whole.clone();
        truncated.truncate(at);
        assert_eq!(refused(&verifier, &truncated).index(), Some(index));

        if index < 399 {
            let mut swapped = whole.clone();
            swapped.swap(at, position(&whole, index + 1));
            assert_eq!(refused(&verifier, &swapped).index(), Some(index));
        }
    }
}

#[test]
fn a_block_that_is_mended_to_fit_a_changed_event_is_refused() {
    let (verifier, mut whole) = lines(400);
    let at = position(&whole, 300);
    let changed = b"{\"n\":999}";
    whole[at] = "{\"index\":300,\"event\":{\"n\":999}}".to_owned();
    let block = whole
        .iter()
        .rposition(|line| line.starts_with("{\"block\":256"))
        .unwrap();
    let old = leaf(&numbered(300)).to_string();
    whole[block] = whole[block].replace(&old, &leaf(changed).to_string());
    let refusal = refused(&verifier, &whole);
    assert!(
        matches!(
            refusal,
            Tampered::Block {
                from: 256,
                last: 399,
                ..
            }
        ),
        "{refusal}"
    );
}

#[test]
fn a_log_that_was_written_anew_or_set_back_does_not_fit_an_earlier_checkpoint() {
    let (signer, honest) = (signer(), Whole::of((0..300).map(numbered)));
    let kept = honest.checkpoint(&signer, 300);
    // The server itself lies, with its own key: event 17 is another one.
    let forged = Whole::of((0..400).map(|n| numbered(if n == 17 { 999 } else { n })));
    let text = forged.export(&signer, 0, 400);
    export::verify(&text, &signer.verifier(), None).unwrap();
    let refusal = export::verify(&text, &signer.verifier(), Some(kept.clone())).unwrap_err();
    assert_eq!(refusal, Tampered::Rewritten { size: 300 });
    // An old database was put back.
    let old = Whole::of((0..120).map(numbered)).export(&signer, 0, 120);
    let refusal = export::verify(&old, &signer.verifier(), Some(kept)).unwrap_err();
    assert_eq!(
        refusal,
        Tampered::SetBack {
            index: 120,
            size: 300
        }
    );
}

#[test]
fn a_header_that_is_not_signed_by_the_key_is_refused() {
    let (_, whole) = lines(3);
    let other = Signer::new("tenure.example/register", &[8; 32]).unwrap();
    assert!(matches!(
        refused(&other.verifier(), &whole),
        Tampered::Checkpoint(_)
    ));
    let verifier = signer().verifier();
    for first in ["", "{}", "null", &whole[1]] {
        let mut changed = whole.clone();
        first.clone_into(&mut changed[0]);
        assert!(matches!(refused(&verifier, &changed), Tampered::Header(_)));
    }
    let mut changed = whole.clone();
    changed[2] = "{\"index\":0".to_owned();
    let refusal = refused(&verifier, &changed);
    assert!(
        matches!(
            refusal,
            Tampered::Form {
                line: 3,
                index: 0,
                ..
            }
        ),
        "{refusal}"
    );
    let mut changed = whole;
    changed.remove(1);
    assert_eq!(refused(&verifier, &changed).index(), Some(0));
}

/// Needs Go and its module proxy; says loudly where they are not.
#[test]
fn two_independent_implementations_agree() {
    let whole = Whole::of((0..40).map(numbered));
    let checkpoint = whole.checkpoint(&signer(), 40);
    let text = format!(
        "tenure.example/go\n40\n{}\n",
        checkpoint.text().lines().last().unwrap()
    );
    let question = json!({
        "leaves": whole.entries.iter().map(|e| crate::digest::hex(e)).collect::<Vec<_>>(),
        "note": checkpoint.sign(&signer()).unwrap(),
        "key": signer().verifier().to_string(),
        "text": text,
    });
    let Some(answer) = ask_go(&question) else {
        return;
    };
    for size in 1..=40u64 {
        assert_eq!(
            answer["roots"][size as usize - 1],
            whole.root(size).to_string()
        );
        for index in 0..size {
            let ours = json!(whole.inclusion(index, size));
            assert_eq!(
                answer["inclusion"][format!("{index}/{size}")],
                ours,
                "{index}/{size}"
            );
        }
        for earlier in 1..=size {
            let ours = json!(whole.consistency(earlier, size));
            assert_eq!(answer["consistency"][format!("{earlier}/{size}")], ours);
        }
    }
    assert_eq!(answer["opened"], checkpoint.text());
    let key: Verifier = answer["key"].as_str().unwrap().parse().unwrap();
    let theirs = Checkpoint::open(answer["note"].as_str().unwrap(), &key).unwrap();
    assert_eq!((theirs.size, theirs.root), (40, whole.tree.root()));
}

fn ask_go(question: &Value) -> Option<Value> {
    let say = |why: &str| {
        // Not by a macro, whose output a test runner keeps to itself.
        let _ = writeln!(
            std::io::stderr(),
            "\n*** the log is NOT compared with the Go implementations: {why} ***\n"
        );
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/go");
    let child = Command::new("go")
        .args(["run", "."])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            say(&format!("go: {error}"));
            return None;
        }
    };
    let mut input = child.stdin.take().unwrap();
    // Go may end before it reads, and says why by itself.
    let _ = input.write_all(question.to_string().as_bytes());
    drop(input);
    let out = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    if !out.status.success() {
        // Only what Go needs and this machine has not is a reason to skip.
        let is_missing = [
            "dial tcp",
            "no such host",
            "i/o timeout",
            "toolchain",
            "proxy",
        ];
        assert!(is_missing.iter().any(|word| said.contains(word)), "{said}");
        say(&said);
        return None;
    }
    Some(serde_json::from_slice(&out.stdout).unwrap())
}

#[test]
fn the_root_of_nothing_is_the_hash_of_nothing() {
    assert_eq!(tree::fold(&[]).to_string(), ROOTS[0]);
    assert!("00".parse::<Hash>().is_err());
    assert!(ROOTS[0].to_uppercase().parse::<Hash>().is_err());
}
