//! The authenticated map over all consensus state: a compact sparse Merkle tree.
//!
//! Keys are placed by their hash; a leaf stands at the shallowest place where it is alone, so the shape (and the root) depends on
//! the contents only, never on the order of writes. Follows "Efficient Sparse Merkle Trees" (Dahlberg, Pulls, Peeters, 2016) with
//! the leaf compaction of Jellyfish Merkle (Gao, Hu, Wu, 2021, section 3). Nodes are shared between versions: a clone is one pointer.

use std::{fmt, sync::Arc};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize, Serializer};

use super::{Beacon, ChannelRecord, Committee, Revealed, StakeTerms, Validator};
use crate::primitives::{Address, Amount, ChannelId, Epoch, Hash, Height, Nonce, PaymentHash, Tag};

const PATH: Tag = Tag::new("tabchain/state-path");
const VALUE: Tag = Tag::new("tabchain/state-value");
const LEAF: Tag = Tag::new("tabchain/state-leaf");
const BRANCH: Tag = Tag::new("tabchain/state-branch");
/// Paths have 256 bits; a proof can carry no more siblings.
const MAX_DEPTH: usize = 256;

/// A place in the consensus state.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum StateKey {
    /// How much money exists.
    Supply,
    /// One account.
    Account(Address),
    /// One channel that holds money.
    Channel(ChannelId),
    /// One payment whose preimage is registered.
    Preimage(PaymentHash),
    /// What was registered in the block of a height, so that it is found again when its time is over.
    Revealed(Height),
    /// What a chain of stake is run by.
    StakeTerms,
    /// Where a chain of stake stands.
    Beacon,
    /// One validator.
    Validator(Address),
    /// Who all of them are.
    Registry,
    /// Who has duties in an epoch.
    Committee(Epoch),
    /// Which of these have voted.
    Voted(Epoch),
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub enum StateValue {
    /// At [`StateKey::Supply`]: base units ever created.
    Supply(Amount),
    /// At [`StateKey::Account`].
    Account(Account),
    /// At [`StateKey::Channel`].
    Channel(Arc<ChannelRecord>),
    /// At [`StateKey::Preimage`].
    Preimage(Revealed),
    /// At [`StateKey::Revealed`]: at least one, in order.
    Revealed(Vec<PaymentHash>),
    /// At [`StateKey::StakeTerms`].
    StakeTerms(StakeTerms),
    /// At [`StateKey::Beacon`].
    Beacon(Box<Beacon>),
    /// At [`StateKey::Validator`].
    Validator(Box<Validator>),
    /// At [`StateKey::Registry`]: in order.
    Registry(Vec<Address>),
    /// At [`StateKey::Committee`].
    Committee(Committee),
    /// At [`StateKey::Voted`]: a bit for each member that has voted.
    Voted(Vec<u8>),
}

/// What an address owns, and how often it has spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Account {
    /// Base units.
    pub balance: Amount,
    /// The number its next transaction must carry.
    pub nonce: Nonce,
}

/// Evidence that a key has a value, or none, under a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct StateProof {
    /// From the root down.
    pub siblings: Vec<Hash>,
    /// The leaf found at the end of the path: (path, value hash). Nothing if the place is empty.
    pub leaf: Option<(Hash, Hash)>,
}

/// A persistent authenticated map.
#[derive(Clone, Default)]
pub struct StateMap {
    top: Tree,
    length: usize,
}

#[derive(Clone, Default)]
enum Tree {
    #[default]
    Empty,
    Leaf(Arc<Leaf>),
    Branch(Arc<Branch>),
}

struct Leaf {
    path: Hash,
    key: StateKey,
    value: StateValue,
    hash: Hash,
}

struct Branch {
    left: Tree,
    right: Tree,
    hash: Hash,
}

impl StateMap {
    /// The root: equal exactly when the contents are equal. [`Hash::ZERO`] if empty.
    pub fn root(&self) -> Hash {
        self.top.hash()
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The value of a key.
    pub fn get(&self, key: &StateKey) -> Option<StateValue> {
        let path = PATH.hash_of(key);
        let mut tree = &self.top;
        for depth in 0.. {
            match tree {
                Tree::Empty => return None,
                Tree::Leaf(leaf) => return (leaf.path == path).then(|| leaf.value.clone()),
                Tree::Branch(branch) => tree = if bit(&path, depth) { &branch.right } else { &branch.left },
            }
        }
        None
    }

    /// Sets or removes a value; returns the one that stood there.
    pub fn set(&mut self, key: StateKey, value: Option<StateValue>) -> Option<StateValue> {
        let path = PATH.hash_of(&key);
        let before = self.get(&key);
        let there = value.is_some();
        self.top = match value {
            Some(value) => self.top.with(Leaf::new(path, key, value), 0),
            None if before.is_some() => self.top.without(&path, 0),
            None => return None,
        };
        self.length = self.length + usize::from(there) - usize::from(before.is_some());
        before
    }

    /// Every entry, in the order of hashed keys.
    pub fn iter(&self) -> impl Iterator<Item = (StateKey, StateValue)> + '_ {
        let mut stack = vec![&self.top];
        std::iter::from_fn(move || {
            while let Some(tree) = stack.pop() {
                match tree {
                    Tree::Empty => {}
                    Tree::Leaf(leaf) => return Some((leaf.key, leaf.value.clone())),
                    Tree::Branch(branch) => stack.extend([&branch.right, &branch.left]),
                }
            }
            None
        })
    }

    /// Evidence for what `key` has (or has not).
    pub fn prove(&self, key: &StateKey) -> StateProof {
        let path = PATH.hash_of(key);
        let (mut siblings, mut tree) = (Vec::new(), &self.top);
        while let Tree::Branch(branch) = tree {
            let right = bit(&path, siblings.len());
            siblings.push(if right { branch.left.hash() } else { branch.right.hash() });
            tree = if right { &branch.right } else { &branch.left };
        }
        let leaf = if let Tree::Leaf(leaf) = tree { Some((leaf.path, VALUE.hash_of(&leaf.value))) } else { None };
        StateProof { siblings, leaf }
    }
}

impl StateProof {
    /// Whether this shows that `key` has `value` (or, with `None`, has no value) under `root`.
    pub fn proves(&self, root: &Hash, key: &StateKey, value: Option<&StateValue>) -> bool {
        let path = PATH.hash_of(key);
        let consistent = match (value, &self.leaf) {
            (Some(value), Some((found, hash))) => *found == path && *hash == VALUE.hash_of(value),
            (None, Some((found, _))) => *found != path && agrees(found, &path, self.siblings.len()),
            (None, None) => true,
            (Some(_), None) => false,
        };
        if !consistent || self.siblings.len() > MAX_DEPTH {
            return false;
        }
        let start = self.leaf.as_ref().map_or(Hash::ZERO, |(path, value)| leaf_hash(path, value));
        let folded = self.siblings.iter().enumerate().rev().fold(start, |hash, (depth, sibling)| {
            if bit(&path, depth) { branch_hash(sibling, &hash) } else { branch_hash(&hash, sibling) }
        });
        folded == *root
    }
}

impl Leaf {
    fn new(path: Hash, key: StateKey, value: StateValue) -> Arc<Self> {
        let hash = leaf_hash(&path, &VALUE.hash_of(&value));
        Arc::new(Self { path, key, value, hash })
    }
}

impl Tree {
    fn hash(&self) -> Hash {
        match self {
            Self::Empty => Hash::ZERO,
            Self::Leaf(leaf) => leaf.hash,
            Self::Branch(branch) => branch.hash,
        }
    }

    /// Joins two subtrees, lifting a lone leaf so that the shape stays canonical.
    fn join(left: Self, right: Self) -> Self {
        match (&left, &right) {
            (Self::Empty, Self::Empty) => Self::Empty,
            (Self::Empty, Self::Leaf(_)) => right,
            (Self::Leaf(_), Self::Empty) => left,
            _ => {
                let hash = branch_hash(&left.hash(), &right.hash());
                Self::Branch(Arc::new(Branch { left, right, hash }))
            }
        }
    }

    fn with(&self, leaf: Arc<Leaf>, depth: usize) -> Self {
        let right = bit(&leaf.path, depth);
        match self {
            Self::Empty => Self::Leaf(leaf),
            Self::Leaf(old) if old.path == leaf.path => Self::Leaf(leaf),
            Self::Leaf(old) => {
                let lower = if bit(&old.path, depth) == right { self.with(leaf, depth + 1) } else { Self::Leaf(leaf) };
                let other = if bit(&old.path, depth) == right { Self::Empty } else { self.clone() };
                if right { Self::join(other, lower) } else { Self::join(lower, other) }
            }
            Self::Branch(branch) if right => Self::join(branch.left.clone(), branch.right.with(leaf, depth + 1)),
            Self::Branch(branch) => Self::join(branch.left.with(leaf, depth + 1), branch.right.clone()),
        }
    }

    fn without(&self, path: &Hash, depth: usize) -> Self {
        match self {
            Self::Branch(branch) if bit(path, depth) => {
                Self::join(branch.left.clone(), branch.right.without(path, depth + 1))
            }
            Self::Branch(branch) => Self::join(branch.left.without(path, depth + 1), branch.right.clone()),
            Self::Leaf(leaf) if leaf.path == *path => Self::Empty,
            other => other.clone(),
        }
    }
}

fn bit(path: &Hash, depth: usize) -> bool {
    path.0[depth / 8] >> (7 - depth % 8) & 1 == 1
}

fn agrees(a: &Hash, b: &Hash, bits: usize) -> bool {
    bits <= MAX_DEPTH && (0..bits).all(|depth| bit(a, depth) == bit(b, depth))
}

fn leaf_hash(path: &Hash, value: &Hash) -> Hash {
    LEAF.hash(&[&path.0, &value.0])
}

fn branch_hash(left: &Hash, right: &Hash) -> Hash {
    BRANCH.hash(&[&left.0, &right.0])
}

impl PartialEq for StateMap {
    fn eq(&self, other: &Self) -> bool {
        self.root() == other.root()
    }
}

impl Eq for StateMap {}

impl fmt::Debug for StateMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl FromIterator<(StateKey, StateValue)> for StateMap {
    fn from_iter<I: IntoIterator<Item = (StateKey, StateValue)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.set(key, Some(value));
        }
        map
    }
}

impl Serialize for StateMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::primitives::{PublicKey, Tag};

    fn key(n: u8) -> StateKey {
        StateKey::Account(PublicKey::Ed25519(Tag::new("test").hash(&[&[n]]).0).address())
    }

    fn value(n: u64) -> StateValue {
        StateValue::Account(Account { balance: Amount::literal(n), nonce: Nonce(n) })
    }

    proptest! {
        /// Against a plain map: same contents, same root whatever the history, and proofs that hold for that only.
        #[test]
        fn equals_a_plain_map(writes in prop::collection::vec((0u8..40, prop::option::of(0u64..5)), 0..120)) {
            let (mut map, mut model) = (StateMap::default(), BTreeMap::new());
            for (n, write) in writes {
                let before = match write {
                    Some(units) => model.insert(key(n), value(units)),
                    None => model.remove(&key(n)),
                };
                prop_assert_eq!(map.set(key(n), write.map(value)), before);
            }
            prop_assert_eq!(map.len(), model.len());
            prop_assert_eq!(map.iter().collect::<BTreeMap<_, _>>(), model.clone());
            prop_assert_eq!(model.iter().rev().map(|(k, v)| (*k, v.clone())).collect::<StateMap>().root(), map.root());
            for n in 0..40 {
                let key = key(n);
                let proof = map.prove(&key);
                let there = model.get(&key);
                prop_assert_eq!(map.get(&key), there.cloned());
                prop_assert!(proof.proves(&map.root(), &key, there));
                prop_assert!(!proof.proves(&map.root(), &key, Some(&value(99))));
                prop_assert!(there.is_none() || !proof.proves(&map.root(), &key, None));
            }
        }
    }
}
