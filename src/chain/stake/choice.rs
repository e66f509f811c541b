//! Fork choice by votes: HLMD-GHOST (Gasper, section 4.6, algorithm 4.2), from the last justified checkpoint on.
//!
//! Every block is applied to the state of its own branch when it comes, so a branch that is followed is never found broken later. States are kept from the last
//! final block on; what conflicts with that is forgotten and refused.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use super::records::Records;
use super::{Beacon, StakeError, StakeTerms, Turn};
use crate::{
    chain::{BlockTree, Ledger, Undo},
    primitives::{
        Action, Address, Block, BlockId, Checkpoint, Epoch, Header, Height, Offence, Slot, Timestamp, Vote, ordered,
    },
};

/// Slots for which proposals are remembered, to notice a second one.
const WATCHED_SLOTS: u64 = 1_024;

/// Why a vote does not count here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    /// This is a chain of work.
    #[error("this chain has no votes")]
    NoStake,
    /// The block that it is for has not come yet, or its slot: it may count later.
    #[error("block {0} is not known yet")]
    UnknownHead(BlockId),
    /// Nobody with a stake on that branch.
    #[error("{0} is no validator")]
    NotAValidator(Address),
    /// Its target is not the checkpoint of that branch.
    #[error("the target is not on the way to the head")]
    WrongTarget,
}

/// What a node keeps of a chain of stake besides blocks and the ledger at its tip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::chain) struct Staked {
    pub(in crate::chain) terms: StakeTerms,
    states: BTreeMap<BlockId, Post>,
    /// Of `states`, those that no other builds on.
    leaves: BTreeSet<BlockId>,
    latest: BTreeMap<Address, (Slot, BlockId)>,
    proposals: BTreeMap<(Slot, Address), BlockId>,
    offenders: BTreeSet<Address>,
    /// Stakes at the justified checkpoint.
    weights: BTreeMap<Address, u64>,
    pub(in crate::chain) justified: Checkpoint,
    pub(in crate::chain) finalized: Checkpoint,
    /// What was final when states were pruned last.
    pruned: Checkpoint,
    pub(in crate::chain) trusted: Option<Checkpoint>,
    /// What becomes justified and final when an epoch ends, by that epoch.
    coming: BTreeMap<Epoch, [Checkpoint; 2]>,
}

/// The state after a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Post {
    ledger: Ledger,
    undo: Option<Arc<Undo>>,
    slot: Slot,
    /// Justified and final in this state.
    now: [Checkpoint; 2],
    /// The same once its epoch has ended.
    then: [Checkpoint; 2],
}

impl Staked {
    pub(in crate::chain) fn new(terms: StakeTerms, genesis: BlockId, ledger: &Ledger) -> Self {
        let first = Checkpoint { epoch: Epoch(0), block: genesis };
        let post = Post { ledger: ledger.clone(), undo: None, slot: Slot(0), now: [first; 2], then: [first; 2] };
        let mut staked = Self {
            terms,
            states: [(genesis, post)].into(),
            leaves: [genesis].into(),
            latest: BTreeMap::new(),
            proposals: BTreeMap::new(),
            offenders: BTreeSet::new(),
            weights: BTreeMap::new(),
            justified: first,
            finalized: first,
            pruned: first,
            trusted: None,
            coming: BTreeMap::new(),
        };
        staked.weigh();
        staked
    }

    /// The state after a block that is final or later.
    pub(in crate::chain) fn ledger(&self, id: &BlockId) -> Option<&Ledger> {
        self.states.get(id).map(|post| &post.ledger)
    }

    /// The state after a block, and what it overwrote.
    pub(in crate::chain) fn applied(&self, id: &BlockId) -> Option<(Ledger, Arc<Undo>)> {
        let post = self.states.get(id)?;
        Some((post.ledger.clone(), Arc::clone(post.undo.as_ref()?)))
    }

    /// Whether a header may follow its parent here.
    pub(in crate::chain) fn admits(&self, header: &Header, parent: &Header) -> Result<&Ledger, StakeError> {
        let block = header.parent;
        let [from, to] = [parent, header].map(|header| self.terms.epoch_at(header.timestamp));
        if let Some(Checkpoint { epoch, block: trusted }) = self.trusted
            && from < epoch
            && epoch <= to
            && block != trusted
        {
            return Err(StakeError::NotTrusted { epoch, block, trusted });
        }
        let Checkpoint { epoch, block: final_block } = self.finalized;
        self.ledger(&block).ok_or(StakeError::NotFinal { block, final_block, epoch })
    }

    /// A block was applied.
    pub(in crate::chain) fn insert(
        &mut self,
        tree: &BlockTree,
        id: BlockId,
        block: &Block,
        ledger: Ledger,
        undo: Undo,
    ) {
        let slot = self.terms.slot_at(block.header.timestamp);
        let epoch = self.terms.rules.epoch_of(slot);
        let beacon = ledger.beacon().unwrap_or_default();
        let mut ahead = ledger.draft();
        let end = Turn { slot: self.terms.rules.first_slot(epoch.after(1)), parent: id, reveals: None };
        ahead.begin(&end);
        let of = |beacon: &Beacon| [beacon.justified[1], beacon.finalized];
        let (now, then) = (of(&beacon), of(&ahead.beacon().unwrap_or_default()));
        self.learn(now);
        let coming = self.coming.entry(epoch).or_insert(then);
        *coming = [coming[0].max(then[0]), coming[1].max(then[1])];
        self.leaves.remove(&block.header.parent);
        self.leaves.insert(id);
        self.states.insert(id, Post { ledger, undo: Some(Arc::new(undo)), slot, now, then });
        for transaction in &block.transactions {
            match &transaction.unsigned.action {
                Action::Attest(vote) => drop(self.vote(tree, vote.validator.address(), &vote.vote, slot)),
                Action::Report(report) => self.offenders.extend(report.offence.offender().map(|key| key.address())),
                _ => {}
            }
        }
        if let Some(proposal) = block.header.seal.proposal() {
            let proposer = proposal.proposer.address();
            if *self.proposals.entry((slot, proposer)).or_insert(id) != id {
                self.offenders.insert(proposer);
            }
        }
    }

    /// These have left the tree.
    pub(in crate::chain) fn forget(&mut self, tree: &BlockTree, ids: &[BlockId]) {
        let before = self.states.len();
        ids.iter().for_each(|id| drop(self.states.remove(id)));
        if self.states.len() < before {
            self.leaves = ordered(self.states.keys().filter(|id| self.is_leaf(tree, id)).copied());
        }
    }

    /// A vote counts from now on, if it is newer than what its validator said before.
    pub(in crate::chain) fn vote(
        &mut self,
        tree: &BlockTree,
        validator: Address,
        vote: &Vote,
        now: Slot,
    ) -> Result<(), VoteError> {
        let post = self.states.get(&vote.head).filter(|post| post.slot <= vote.slot && vote.slot <= now);
        let post = post.ok_or(VoteError::UnknownHead(vote.head))?;
        if Records::validator(&post.ledger, &validator).is_none() {
            return Err(VoteError::NotAValidator(validator));
        }
        let first = self.terms.rules.first_slot(vote.target.epoch);
        let before = |header: &Header| header.height == Height(0) || self.terms.slot_at(header.timestamp) < first;
        let boundary = tree.ancestry(vote.head).find(|(_, entry)| before(&entry.header)).map(|(id, _)| id);
        if boundary != Some(vote.target.block) || self.terms.rules.epoch_of(vote.slot) != vote.target.epoch {
            return Err(VoteError::WrongTarget);
        }
        let latest = self.latest.entry(validator).or_insert((vote.slot, vote.head));
        if vote.slot > latest.0 {
            *latest = (vote.slot, vote.head);
        }
        Ok(())
    }

    /// Votes of somebody who has broken a rule count no more.
    pub(in crate::chain) fn ignore(&mut self, offender: Address) {
        self.offenders.insert(offender);
    }

    /// What ended epochs have justified and finalised by now.
    pub(in crate::chain) fn tick(&mut self, now: Timestamp) {
        let epoch = self.terms.epoch_at(now);
        while let Some(entry) = self.coming.first_entry().filter(|entry| *entry.key() < epoch) {
            let reached = entry.remove();
            self.learn(reached);
        }
    }

    /// The best leaf: of the children of each block the one with the greatest stake behind it, ties to the lower id.
    pub(in crate::chain) fn head(&self, tree: &BlockTree, now: Timestamp) -> Option<BlockId> {
        let root = tree.get(&self.justified.block)?.header.height;
        let is_under = |leaf: &&BlockId| ancestor(tree, leaf, root) == Some(self.justified.block);
        let under: Vec<BlockId> = self.leaves.iter().filter(is_under).copied().collect();
        let viable: Vec<BlockId> = under.iter().filter(|leaf| self.is_viable(leaf, now)).copied().collect();
        let leaves = if viable.is_empty() { under } else { viable };
        if leaves.len() < 2 {
            return leaves.first().copied();
        }
        let weights = self.attested(tree, root);
        let mut children: BTreeMap<BlockId, BTreeSet<BlockId>> = BTreeMap::new();
        for leaf in leaves {
            for (id, entry) in tree.ancestry(leaf).take_while(|(_, entry)| entry.header.height > root) {
                if !children.entry(entry.header.parent).or_default().insert(id) {
                    break;
                }
            }
        }
        let mut head = self.justified.block;
        let weight = |id: &BlockId| (weights.get(id).copied().unwrap_or_default(), Reverse(*id));
        while let Some(best) = children.get(&head).and_then(|children| children.iter().copied().max_by_key(weight)) {
            head = best;
        }
        Some(head)
    }

    /// Forgets what is before the final block or beside it; returns blocks that conflict with it, of each branch the lowest.
    pub(in crate::chain) fn prune(&mut self, tree: &BlockTree) -> Vec<BlockId> {
        if std::mem::replace(&mut self.pruned, self.finalized) == self.finalized {
            return Vec::new();
        }
        let Some(root) = tree.get(&self.finalized.block).map(|entry| entry.header.height) else {
            return Vec::new();
        };
        let is_aside = |leaf: &&BlockId| ancestor(tree, leaf, root) != Some(self.finalized.block);
        let aside: Vec<BlockId> = self.leaves.iter().filter(is_aside).copied().collect();
        let mut lowest = BTreeSet::new();
        for leaf in aside {
            let branch = tree.ancestry(leaf).take_while(|(_, entry)| entry.header.height > root);
            lowest.extend(branch.last().map(|(id, _)| id));
            self.leaves.remove(&leaf);
        }
        let height = |id: &BlockId| tree.get(id).map(|entry| entry.header.height);
        self.states.retain(|id, _| height(id).is_some_and(|height| height > root) || *id == self.finalized.block);
        let oldest = self.states.values().map(|post| post.slot.0).max().unwrap_or(0).saturating_sub(WATCHED_SLOTS);
        self.proposals.retain(|(slot, _), _| slot.0 >= oldest);
        if self.leaves.is_empty() {
            self.leaves.insert(self.finalized.block);
        }
        if !self.states.contains_key(&self.justified.block) {
            self.justified = self.finalized;
            self.weigh();
        }
        lowest.into_iter().collect()
    }

    /// Takes over a later justified or final checkpoint. Before the one that is trusted, another history may look as good as the true one: nothing is
    /// taken for final there.
    fn learn(&mut self, [justified, finalized]: [Checkpoint; 2]) {
        let untold = |checkpoint: Checkpoint| self.trusted.is_some_and(|trusted| checkpoint.epoch < trusted.epoch);
        if untold(justified) || untold(finalized) {
            return;
        }
        if justified.epoch > self.justified.epoch && self.states.contains_key(&justified.block) {
            self.justified = justified;
            self.weigh();
        }
        if finalized.epoch > self.finalized.epoch && self.states.contains_key(&finalized.block) {
            self.finalized = finalized;
        }
    }

    fn weigh(&mut self) {
        let Some(post) = self.states.get(&self.justified.block) else {
            return;
        };
        let (epoch, minimum) = (self.justified.epoch, self.terms.rules.minimum_stake);
        let serving = post.ledger.validators().filter(|(_, validator)| validator.serves(epoch, minimum));
        self.weights = serving.map(|(address, validator)| (address, validator.stake.units())).collect();
    }

    /// The stake behind each block above a height: of the latest votes for it, or for one above it.
    fn attested(&self, tree: &BlockTree, root: Height) -> BTreeMap<BlockId, u64> {
        let mut open: BTreeMap<(Height, BlockId), u64> = BTreeMap::new();
        for (validator, (_, head)) in &self.latest {
            let weight = self.weights.get(validator).filter(|_| !self.offenders.contains(validator));
            if let (Some(weight), Some(entry)) = (weight, tree.get(head)) {
                *open.entry((entry.header.height, *head)).or_default() += weight;
            }
        }
        let mut attested = BTreeMap::new();
        while let Some(((height, id), weight)) = open.pop_last() {
            if height <= root {
                break;
            }
            attested.insert(id, weight);
            let parent = tree.get(&id).expect("walked from a known block").header.parent;
            *open.entry((Height(height.0 - 1), parent)).or_default() += weight;
        }
        attested
    }

    /// Whether votes on top of a leaf begin where those of everybody do: the specification's `filter_block_tree`.
    fn is_viable(&self, leaf: &BlockId, now: Timestamp) -> bool {
        let epoch = self.terms.epoch_at(now);
        self.states.get(leaf).is_some_and(|post| {
            let ended = self.terms.rules.epoch_of(post.slot) < epoch;
            let source = if ended { post.then[0] } else { post.now[0] }.epoch;
            source >= self.justified.epoch || source.after(2) >= epoch
        })
    }

    fn is_leaf(&self, tree: &BlockTree, id: &BlockId) -> bool {
        tree.get(id).is_some_and(|entry| !entry.children().any(|child| self.states.contains_key(child)))
    }

    /// Two blocks for one slot, if a proposer made another one before this.
    pub(in crate::chain) fn second_proposal(&self, tree: &BlockTree, header: &Header) -> Option<Offence> {
        let proposer = header.seal.proposal()?.proposer.address();
        let first = self.proposals.get(&(self.terms.slot_at(header.timestamp), proposer))?;
        let other = tree.get(first).filter(|_| *first != header.id())?.header.clone();
        Some(Offence::Proposals(Box::new([other, header.clone()])))
    }
}

/// The block of a branch at a height; its end, if that is lower.
fn ancestor(tree: &BlockTree, end: &BlockId, height: Height) -> Option<BlockId> {
    tree.ancestry(*end).find(|(_, entry)| entry.header.height <= height).map(|(id, _)| id)
}
