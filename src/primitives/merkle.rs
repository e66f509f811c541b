//! Merkle trees with inclusion proofs, exactly as RFC 6962, section 2.1.
//!
//! Leaves and inner nodes are hashed under different prefixes, and an odd level never duplicates a leaf (CVE-2012-2459): a list of n leaves
//! splits at the largest power of two below n.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Hash;

/// The most siblings a proof may carry: trees of up to 2^32 leaves.
const MAX_SIBLINGS: usize = 32;

/// Evidence that a leaf stands at an index of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct InclusionProof {
    /// Which leaf, from 0.
    pub index: u32,
    /// How many leaves the tree has.
    pub size: u32,
    /// Siblings from the leaf up.
    pub siblings: Vec<Hash>,
}

/// SHA-256(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(data).finalize().into())
}

/// SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root over leaf hashes; the empty tree has SHA-256 of nothing.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash(Sha256::digest([]).into()),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The proof for the leaf at `index`, or nothing if there is no such leaf.
pub fn prove(leaves: &[Hash], index: u32) -> Option<InclusionProof> {
    let size = u32::try_from(leaves.len()).ok()?;
    (index < size).then(|| InclusionProof { index, size, siblings: path(leaves, index as usize) })
}

impl InclusionProof {
    /// The root this proof leads to from `leaf` (RFC 9162, section 2.1.3.2), or nothing if its shape is impossible.
    pub fn root(&self, leaf: Hash) -> Option<Hash> {
        if self.index >= self.size || self.siblings.len() > MAX_SIBLINGS {
            return None;
        }
        let (mut index, mut last, mut hash) = (self.index, self.size - 1, leaf);
        for sibling in &self.siblings {
            if last == 0 {
                return None;
            }
            if index & 1 == 1 || index == last {
                hash = node_hash(sibling, &hash);
                while index & 1 == 0 && index != 0 {
                    (index, last) = (index >> 1, last >> 1);
                }
            } else {
                hash = node_hash(&hash, sibling);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        (last == 0).then_some(hash)
    }

    /// Whether `leaf` stands where this proof says, under `root`.
    pub fn proves(&self, leaf: Hash, root: &Hash) -> bool {
        self.root(leaf).as_ref() == Some(root)
    }
}

fn split(length: usize) -> usize {
    length.next_power_of_two() / 2
}

fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut siblings, other) = if index < left.len() {
        (path(left, index), root(right))
    } else {
        (path(right, index - left.len()), root(left))
    };
    siblings.push(other);
    siblings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The eight leaves and the roots of RFC 6962 test data, as published with the reference implementation.
    const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn leaves(count: usize) -> Vec<Hash> {
        LEAVES.iter().take(count).map(|text| leaf_hash(&hex::decode(text).expect("hex"))).collect()
    }

    #[test]
    fn rfc_6962_roots() {
        assert_eq!(root(&[]).to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (count, expected) in (1..).zip(ROOTS) {
            assert_eq!(root(&leaves(count)).to_string(), expected, "{count} leaves");
        }
    }

    #[test]
    fn every_leaf_of_every_size_is_proved_and_nothing_else() {
        for size in 1..=70u8 {
            let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&[n])).collect();
            let root = root(&leaves);
            for index in 0..u32::from(size) {
                let proof = prove(&leaves, index).expect("in range");
                assert!(proof.proves(leaves[index as usize], &root), "{index} of {size}");
                assert!(!proof.proves(leaf_hash(b"other"), &root));
                for at in 0..proof.siblings.len() {
                    let mut broken = proof.clone();
                    broken.siblings[at].0[0] ^= 1;
                    assert!(!broken.proves(leaves[index as usize], &root));
                    let mut short = proof.clone();
                    short.siblings.remove(at);
                    assert!(!short.proves(leaves[index as usize], &root));
                }
                let mut moved = proof.clone();
                moved.index = (index + 1) % u32::from(size);
                assert!(size == 1 || !moved.proves(leaves[index as usize], &root));
            }
            assert_eq!(prove(&leaves, u32::from(size)), None);
        }
    }

    /// CVE-2012-2459: repeating the last leaf must change the root.
    #[test]
    fn repeating_leaves_changes_the_root() {
        for size in 1..=33u8 {
            let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&[n])).collect();
            for tail in 1..=leaves.len() {
                let mut repeated = leaves.clone();
                repeated.extend_from_slice(&leaves[leaves.len() - tail..]);
                assert_ne!(root(&repeated), root(&leaves), "{tail} of {size} repeated");
            }
        }
    }
}
