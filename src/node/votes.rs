//! The votes that a node has heard: to pass on, to put into blocks, and to notice who says two things.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use crate::primitives::{Address, Epoch, Offence, SignedVote, Transaction, TransactionId};

/// Epochs for which votes are kept.
const KEPT_EPOCHS: u64 = 8;
/// Votes kept of one validator for one epoch: the second is the proof that there are two.
const MAX_VOTES: usize = 2;

/// Votes by epoch and validator.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Votes {
    by: BTreeMap<(Epoch, Address), Vec<Arc<Transaction>>>,
    ids: BTreeMap<TransactionId, Arc<Transaction>>,
    /// Of these, those that cannot be counted yet.
    pub(super) waiting: BTreeSet<TransactionId>,
}

impl Votes {
    /// A vote.
    pub(super) fn get(&self, id: &TransactionId) -> Option<&Arc<Transaction>> {
        self.ids.get(id)
    }

    /// Whether there is room for a vote of a validator for an epoch.
    pub(super) fn has_room(&self, epoch: Epoch, validator: Address) -> bool {
        self.by.get(&(epoch, validator)).is_none_or(|votes| votes.len() < MAX_VOTES)
    }

    /// Votes for these epochs, the oldest first.
    pub(super) fn of(&self, from: Epoch, to: Epoch) -> impl Iterator<Item = &Arc<Transaction>> {
        let kept = self.by.range((from, Address::LEAST)..).take_while(move |((epoch, _), _)| *epoch <= to);
        kept.flat_map(|(_, votes)| votes)
    }

    /// The newest first.
    pub(super) fn latest(&self) -> impl Iterator<Item = &Arc<Transaction>> {
        self.by.values().rev().flatten()
    }

    /// Keeps a vote; returns what it proves together with another one.
    pub(super) fn insert(&mut self, id: TransactionId, transaction: Arc<Transaction>) -> Option<Offence> {
        let vote = SignedVote::of(&transaction)?;
        let (validator, epoch) = (vote.attestation.validator.address(), vote.attestation.vote.target.epoch);
        let others = self.by.iter().filter(|((_, other), _)| *other == validator).flat_map(|(_, votes)| votes);
        let offends = |other: &SignedVote| other.attestation.vote.offends(&vote.attestation.vote).is_some();
        let other = others.filter_map(|other| SignedVote::of(other)).find(offends);
        self.by.entry((epoch, validator)).or_default().push(Arc::clone(&transaction));
        self.ids.insert(id, transaction);
        Some(Offence::Votes(Box::new([other?, vote])))
    }

    /// Forgets what is too old to matter.
    pub(super) fn forget_before(&mut self, epoch: Epoch) {
        while let Some(entry) = self.by.first_entry().filter(|entry| entry.key().0.after(KEPT_EPOCHS) < epoch) {
            for vote in entry.remove() {
                let id = vote.id();
                self.ids.remove(&id);
                self.waiting.remove(&id);
            }
        }
    }
}
