//! Per-commitment secrets: made from one seed, and stored in little room once revealed.
//!
//! Derivation and storage are those of BOLT 3 ("Per-commitment Secret Requirements" and "Efficient Per-commitment Secret Storage"): the secret of
//! commitment n has index 2^48 − 1 − n, and knowing one lets its owner's peer derive all that were revealed before.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::primitives::{CommitmentSecret, MAX_COMMITMENTS};

const BITS: u32 = 48;

/// One's own secrets. Remembers the way to the last one, so that the next costs two hashes on average instead of 48.
#[derive(Clone, Default)]
pub(super) struct SecretTree {
    path: Vec<(u64, [u8; 32])>,
}

/// A secret that does not belong to the ones revealed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inconsistent;

/// The other party's secrets as far as it has revealed them, in order from number 0: at most 49 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, BorshSerialize, BorshDeserialize)]
pub struct RevealedSecrets {
    known: Vec<Option<(u64, CommitmentSecret)>>,
    count: u64,
}

impl SecretTree {
    /// The secret of commitment `number`, below [`MAX_COMMITMENTS`], of the tree that grows from `seed`, which is asked for once.
    pub(super) fn secret(&mut self, seed: impl FnOnce() -> [u8; 32], number: u64) -> CommitmentSecret {
        let index = MAX_COMMITMENTS - 1 - number;
        if self.path.is_empty() {
            self.path.push((0, seed()));
        }
        // The path holds the nodes whose index is `index` with its lowest bits cleared, one for each bit that is set.
        while self.path.last().is_some_and(|(at, _)| !leads_to(*at, index)) {
            self.path.pop();
        }
        let (mut at, mut value) = *self.path.last().expect("the root leads everywhere");
        let missing = at ^ index;
        for bit in (0..BITS).rev().filter(|bit| missing >> bit & 1 == 1) {
            (at, value) = (at | 1 << bit, step(value, bit));
            self.path.push((at, value));
        }
        CommitmentSecret(value)
    }
}

impl RevealedSecrets {
    /// How many were revealed: those of commitments 0 .. this.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes the secret of the next commitment.
    ///
    /// # Errors
    /// [`Inconsistent`] if the ones before cannot be derived from it; nothing has changed then.
    pub fn insert(&mut self, secret: CommitmentSecret) -> Result<(), Inconsistent> {
        let index = MAX_COMMITMENTS.checked_sub(self.count + 1).ok_or(Inconsistent)?;
        let bucket = index.trailing_zeros().min(BITS) as usize;
        for (low, known) in self.known.iter().enumerate().take(bucket) {
            if known.is_some_and(|(at, value)| derive(secret.0, low as u32 + 1, at) != value.0) {
                return Err(Inconsistent);
            }
        }
        if self.known.len() <= bucket {
            self.known.resize(bucket + 1, None);
        }
        self.known[bucket] = Some((index, secret));
        self.count += 1;
        Ok(())
    }

    /// What is stored of them: with the count all that there is to know.
    pub fn values(&self) -> impl Iterator<Item = CommitmentSecret> + '_ {
        self.known.iter().flatten().map(|(_, secret)| *secret)
    }

    /// The first `count` secrets from what is stored of them, in the order of [`RevealedSecrets::values`].
    ///
    /// # Errors
    /// [`Inconsistent`] if that many secrets are not stored like this, or one does not follow from a later one that it must follow from.
    pub fn from_values(count: u64, values: &[CommitmentSecret]) -> Result<Self, Inconsistent> {
        let lowest = MAX_COMMITMENTS.checked_sub(count).filter(|lowest| *lowest > 0).ok_or(Inconsistent)?;
        let (mut known, mut values) = (Vec::new(), values.iter());
        for bucket in 0..BITS {
            // The last index with so many zeros, if there was one.
            let past = (1u64 << bucket).wrapping_sub(lowest) & ((2 << bucket) - 1);
            if lowest + past < MAX_COMMITMENTS {
                known.resize(bucket as usize + 1, None);
                known[bucket as usize] = Some((lowest + past, *values.next().ok_or(Inconsistent)?));
            }
        }
        let follows = |low: u32, at: u64, value: &CommitmentSecret| {
            let above = known.iter().zip(0..BITS).skip(low as usize + 1);
            let mut above = above.filter_map(|(known, bits)| known.map(|(over, secret)| (over, secret, bits)));
            let covering = above.find(|(over, _, bits)| at >> bits == over >> bits);
            covering.is_none_or(|(_, secret, bits)| derive(secret.0, bits, at) == value.0)
        };
        let mut each = known.iter().zip(0..).filter_map(|(known, low)| known.map(|(at, value)| (low, at, value)));
        let consistent = values.next().is_none() && each.all(|(low, at, value)| follows(low, at, &value));
        if consistent { Ok(Self { known, count }) } else { Err(Inconsistent) }
    }

    /// Whether these are those of `earlier`, and perhaps more.
    pub fn continues(&self, earlier: &Self) -> bool {
        let same = |(at, secret): &(u64, CommitmentSecret)| self.get(MAX_COMMITMENTS - 1 - at) == Some(*secret);
        self.count >= earlier.count && earlier.known.iter().flatten().all(same)
    }

    /// The secret of commitment `number`, if it was revealed.
    pub fn get(&self, number: u64) -> Option<CommitmentSecret> {
        if number >= self.count {
            return None;
        }
        let index = MAX_COMMITMENTS - 1 - number;
        let known =
            self.known.iter().zip(0..).find_map(|(known, bits)| {
                known.filter(|(at, _)| at >> bits == index >> bits).map(|known| (known, bits))
            });
        known.map(|((_, value), bits)| CommitmentSecret(derive(value.0, bits, index)))
    }
}

/// Whether a node of index `at`, whose low bits are not yet decided, lies on the way to `index`.
fn leads_to(at: u64, index: u64) -> bool {
    at & !index == 0 && (index ^ at) < at_lowest(at)
}

/// The lowest set bit of a node: bits below it are open.
fn at_lowest(at: u64) -> u64 {
    if at == 0 { 1 << BITS } else { at & at.wrapping_neg() }
}

/// From a value whose lowest `bits` bits are open to the one at `index`.
fn derive(value: [u8; 32], bits: u32, index: u64) -> [u8; 32] {
    (0..bits).rev().filter(|bit| index >> bit & 1 == 1).fold(value, step)
}

fn step(mut value: [u8; 32], bit: u32) -> [u8; 32] {
    value[bit as usize / 8] ^= 1 << (bit % 8);
    Sha256::digest(value).into()
}

impl PartialEq for SecretTree {
    /// A memory of what can be derived again is no difference.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for SecretTree {}

impl std::fmt::Debug for SecretTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretTree(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_index(seed: [u8; 32], index: u64) -> String {
        hex::encode(SecretTree::default().secret(|| seed, MAX_COMMITMENTS - 1 - index).0)
    }

    /// BOLT 3, appendix D, "Generation Tests".
    #[test]
    fn generation_vectors() {
        #[rustfmt::skip]
        let rows = [
            ([0x00; 32], 281_474_976_710_655, "02a40c85b6f28da08dfdbe0926c53fab2de6d28c10301f8f7c4073d5e42e3148"),
            ([0xff; 32], 281_474_976_710_655, "7cc854b54e3e0dcdb010d7a3fee464a9687be6e8db3be6854c475621e007a5dc"),
            ([0xff; 32], 0xaaa_aaaa_aaaa, "56f4008fb007ca9acf0e15b054d5c9fd12ee06cea347914ddbaed70d1c13a528"),
            ([0xff; 32], 0x5555_5555_5555, "9015daaeb06dba4ccc05b91b2f73bd54405f2be9f217fbacd3c5ac2e62327d31"),
            ([0x01; 32], 1, "915c75942a26bb3a433a8ce2cb0427c29ec6c1775cfc78328b57f6ba7bfeaa9c"),
        ];
        for (seed, index, expected) in rows {
            assert_eq!(at_index(seed, index), expected, "index {index}");
        }
    }

    /// BOLT 3, appendix D, "Storage Tests": the correct sequence, and one with a wrong first secret.
    #[test]
    fn storage_vectors() {
        let secret = |text: &str| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes).expect("hex");
            CommitmentSecret(bytes)
        };
        let sequence = [
            "7cc854b54e3e0dcdb010d7a3fee464a9687be6e8db3be6854c475621e007a5dc",
            "c7518c8ae4660ed02894df8976fa1a3659c1a8b4b5bec0c4b872abeba4cb8964",
            "2273e227a5b7449b6e70f1fb4652864038b1cbf9cd7c043a7d6456b7fc275ad8",
            "27cddaa5624534cb6cb9d7da077cf2b22ab21e9b506fd4998a51d54502e99116",
        ];
        let mut store = RevealedSecrets::default();
        sequence.iter().for_each(|text| assert_eq!(store.insert(secret(text)), Ok(())));
        let mut wrong = RevealedSecrets::default();
        wrong.insert(secret("02a40c85b6f28da08dfdbe0926c53fab2de6d28c10301f8f7c4073d5e42e3148")).expect("the first");
        assert_eq!(wrong.insert(secret(sequence[1])), Err(Inconsistent));
        assert_eq!(wrong.count(), 1);
    }

    /// Whatever is asked in whatever order, memory or none, owner and peer agree; a changed secret is noticed at the next stored one.
    #[test]
    fn both_sides_agree() {
        let (seed, mut tree, mut store) = ([7; 32], SecretTree::default(), RevealedSecrets::default());
        for number in 0..300 {
            let secret = tree.secret(|| seed, number);
            assert_eq!(secret, SecretTree::default().secret(|| seed, number));
            assert_eq!(store.get(number), None);
            store.insert(secret).expect("consistent");
            assert_eq!(tree.secret(|| seed, number / 2), store.get(number / 2).expect("revealed"));
        }
        for number in 0..300 {
            assert_eq!(store.get(number), Some(SecretTree::default().secret(|| seed, number)), "{number}");
        }
        assert!(store.known.len() <= 49);
    }

    /// What is written is read; anything else is no store of so many secrets.
    #[test]
    fn values_are_read_as_written() {
        let (seed, mut tree, mut store) = ([7; 32], SecretTree::default(), RevealedSecrets::default());
        let mut earlier = vec![store.clone()];
        for number in 0..140 {
            let values: Vec<_> = store.values().collect();
            let read = |count, values: &[_]| RevealedSecrets::from_values(count, values);
            assert_eq!(read(number, &values), Ok(store.clone()), "{number}");
            assert_eq!(read(number, &[&values[..], &[CommitmentSecret(seed)]].concat()), Err(Inconsistent));
            assert_eq!(read(number, values.get(1..).unwrap_or(&[CommitmentSecret(seed)])), Err(Inconsistent));
            for at in 0..values.len() {
                let mut broken = values.clone();
                broken[at].0[0] ^= 1;
                let other = read(number, &broken);
                assert!(other.as_ref().is_ok_and(|other| *other != store) || other == Err(Inconsistent));
                assert!(!other.is_ok_and(|other| other.continues(&store)));
            }
            store.insert(tree.secret(|| seed, number)).expect("consistent");
            assert!(earlier.iter().all(|earlier| store.continues(earlier) && !earlier.continues(&store)));
            earlier.push(store.clone());
        }
        assert_eq!(RevealedSecrets::from_values(MAX_COMMITMENTS, &[]), Err(Inconsistent));
        assert_eq!(RevealedSecrets::from_values(u64::MAX, &[]), Err(Inconsistent));
    }

    #[test]
    fn seeds_differ() {
        let (seed, mut tree) = ([7; 32], SecretTree::default());
        let mut other = SecretTree::default();
        assert_ne!(other.secret(|| [8; 32], 5), tree.secret(|| seed, 5), "another seed");
    }
}
