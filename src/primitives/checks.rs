//! A memo of pure signature checks.
//!
//! Simulated nodes may share one, keyed by the hash of the whole input, so that fifty nodes do not verify one signature fifty times. It
//! cannot change a result: forgetting everything gives the same answers, later. How often it helped is counted and shown.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::{Hash, PublicKey, Signature, Tag, VerifyingKey};

const CHECK: Tag = Tag::new("tabchain/check");
/// Entries a generation holds before the older one is forgotten; two generations of about 100 bytes an entry.
const GENERATION: usize = 16_384;

/// Signature checks, remembered up to a bound.
#[derive(Debug, Clone)]
pub struct Checks {
    capacity: usize,
    recent: BTreeMap<Hash, bool>,
    older: Arc<BTreeMap<Hash, bool>>,
    counts: CheckCounts,
}

/// How many checks were computed, and how many were answered from memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CheckCounts {
    /// Verifications made.
    pub computed: u64,
    /// Verifications answered from the memo.
    pub remembered: u64,
}

impl Checks {
    /// A memo that keeps some ten thousand results.
    pub fn remembering() -> Self {
        Self { capacity: GENERATION, ..Self::forgetful() }
    }

    /// No memo: every check is computed.
    pub fn forgetful() -> Self {
        Self { capacity: 0, recent: BTreeMap::new(), older: Arc::default(), counts: CheckCounts::default() }
    }

    /// Whether `signature` by `key` over `message` is valid.
    pub fn verify(&mut self, key: &PublicKey, message: &Hash, signature: &Signature) -> bool {
        self.check(key, message, signature, || key.verify(message, signature))
    }

    /// The same with a prepared key.
    pub fn verify_prepared(&mut self, key: &VerifyingKey, message: &Hash, signature: &Signature) -> bool {
        self.check(key.public(), message, signature, || key.verify(message, signature))
    }

    fn check(&mut self, key: &PublicKey, message: &Hash, signature: &Signature, verify: impl FnOnce() -> bool) -> bool {
        if self.capacity == 0 {
            self.counts.computed += 1;
            return verify();
        }
        let input = CHECK.hash_of(&(key, message, signature));
        if let Some(valid) = self.recent.get(&input).or_else(|| self.older.get(&input)) {
            self.counts.remembered += 1;
            return *valid;
        }
        self.counts.computed += 1;
        let valid = verify();
        self.remember(input, valid);
        valid
    }

    fn remember(&mut self, input: Hash, valid: bool) {
        if self.recent.len() >= self.capacity {
            self.older = Arc::new(std::mem::take(&mut self.recent));
        }
        self.recent.insert(input, valid);
    }

    /// Takes over what another memo found: checks that were made earlier, on another thread.
    pub fn learn(&mut self, other: Self) {
        if self.capacity == 0 {
            return;
        }
        self.counts.computed += other.counts.computed;
        for (input, valid) in other.recent {
            self.remember(input, valid);
        }
    }

    /// How often the memo helped so far.
    pub fn counts(&self) -> CheckCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::SecretKey;

    #[test]
    fn what_another_memo_found_is_not_computed_again() {
        let key = SecretKey::from_seed([7; 32]);
        let messages = [1, 2].map(|byte| Hash([byte; 32]));
        let signature = key.sign(&messages[0]);
        let mut early = Checks::remembering();
        let found = messages.map(|message| early.verify(&key.public(), &message, &signature));
        let mut checks = Checks::remembering();
        checks.learn(early);
        assert_eq!(messages.map(|message| checks.verify(&key.public(), &message, &signature)), found);
        assert_eq!((found, checks.counts()), ([true, false], CheckCounts { computed: 2, remembered: 2 }));
        let mut forgetful = Checks::forgetful();
        forgetful.learn(checks);
        assert!(forgetful.recent.is_empty(), "it keeps nothing");
    }
}
