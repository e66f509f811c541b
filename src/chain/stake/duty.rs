//! What a validator has to do in a slot, and the blocks that it makes.

use super::records::{Committee, Records};
use super::{StakeError, StakeTerms, Turn};
use crate::{
    chain::{BlockError, BlockTemplate, Chain, Mempool, draft::Draft, rules::nobody},
    primitives::{
        Address, Attestation, Block, BlockId, Coinbase, Header, Proposal, Reveal, Seal, SecretKey, Slot, Transaction,
        UnsealedHeader, Vote, merkle,
    },
};

/// What a validator has to do in a slot, on the best branch as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Which slot.
    pub slot: Slot,
    /// Whether it leads.
    pub proposes: bool,
    /// What it votes for, if this is where it votes.
    pub votes: Option<Vote>,
}

/// Who makes a block, and what goes in first.
#[derive(Debug, Clone, Copy)]
pub struct Proposer<'a> {
    /// Signs.
    pub key: &'a SecretKey,
    /// Whom the block pays.
    pub to: Address,
    /// Votes that may be included, oldest first; those that cannot are left out.
    pub votes: &'a [Transaction],
}

impl Draft<'_> {
    /// Who leads a slot of this or the next epoch; nobody if the leader has been slashed.
    pub(in crate::chain) fn leader(&self, slot: Slot) -> Option<Address> {
        let epoch = self.terms()?.rules.epoch_of(slot);
        let leader = self.committee(epoch)?.leader(slot)?;
        self.validator(&leader).is_some_and(|validator| !validator.slashed).then_some(leader)
    }

    /// Where somebody votes in the epoch of a slot.
    fn voting_slot(&self, terms: &StakeTerms, address: &Address, slot: Slot) -> Option<Slot> {
        let epoch = terms.rules.epoch_of(slot);
        let place = self.committee(epoch)?.place(address)?;
        Some(Slot(terms.rules.first_slot(epoch).0 + Committee::turn(place, terms.rules.epoch_slots)))
    }
}

impl Chain {
    /// What a validator has to do in a slot after the tip's; nothing on a chain of work, or if that is over.
    pub fn duty(&self, address: &Address, slot: Slot) -> Option<Duty> {
        let terms = self.stake_terms()?;
        let state = self.state_in(slot)?;
        let votes = (state.voting_slot(terms, address, slot) == Some(slot)).then(|| self.vote_in(&state, slot));
        let later = slot > self.ledger().beacon()?.slot;
        Some(Duty { slot, proposes: later && state.leader(slot) == Some(*address), votes: votes.flatten() })
    }

    /// Who leads each of the slots of the epoch of `slot`, as the best branch has it.
    pub fn leaders(&self, slot: Slot) -> Vec<(Slot, Option<Address>)> {
        let (Some(terms), Some(state)) = (self.stake_terms(), self.state_in(slot)) else {
            return Vec::new();
        };
        let first = terms.rules.first_slot(terms.rules.epoch_of(slot)).0;
        (first..first + terms.rules.epoch_slots).map(|slot| (Slot(slot), state.leader(Slot(slot)))).collect()
    }

    /// The block that a leader makes in its slot on the tip, with its votes and what pays best in the pool. The slot must be after the tip's.
    ///
    /// # Errors
    /// As [`Chain::template`]; [`StakeError::WrongConsensus`] on a chain of work.
    pub fn propose(&self, slot: Slot, by: Proposer<'_>, pool: &Mempool) -> Result<Block, BlockError> {
        let (address, genesis) = (by.key.public().address(), self.genesis_id());
        let terms = self.stake_terms().ok_or(StakeError::WrongConsensus { what: "proposal" })?;
        let proposer = self.ledger().validator(&address);
        let secret = proposer.map_or(0, |proposer| proposer.first_secret + proposer.reveals);
        let reveal = Reveal::of(by.key, &terms.salt(), secret);
        let begin = terms.begin_of(slot);
        let turn = Turn { slot, parent: self.tip(), reveals: Some((address, reveal)) };
        let template = self.build(begin, by.to, Some(&turn), by.votes, pool)?;
        Ok(template.sealed(by.key, &genesis, reveal))
    }

    /// Another block of a proposer for the slot of one that it made: what nobody who wants to keep its stake signs. It pays nobody, and has no transactions.
    pub fn twin(&self, block: &Block, key: &SecretKey) -> Option<Block> {
        let below = self.stake.as_ref()?.ledger(&block.header.parent)?;
        let reveal = block.header.seal.proposal()?.reveal;
        let (turn, height) = (Turn::of(&block.header, below)?, block.header.height);
        let coinbase = Coinbase { to: nobody(), amount: self.rules().subsidy_at(height) };
        let state_root = below.root_after_turn(Some(&turn), self.rules(), height, &coinbase, &[]).ok()?;
        let merkle_root = merkle::root(&Block::leaves(&coinbase, &[]));
        let header = UnsealedHeader { merkle_root, state_root, ..block.header.unsealed.clone() };
        let template = BlockTemplate { header, coinbase, transactions: Vec::new() };
        Some(template.sealed(key, &self.genesis_id(), reveal))
    }

    /// The state after the tip in the slot of a child.
    fn state_in(&self, slot: Slot) -> Option<Draft<'_>> {
        let beacon = self.ledger().beacon()?;
        let mut state = self.ledger().draft();
        state.begin(&Turn { slot: slot.max(beacon.slot), parent: self.tip(), reveals: None });
        Some(state)
    }

    fn vote_in(&self, state: &Draft<'_>, slot: Slot) -> Option<Vote> {
        let beacon = state.beacon()?;
        let epoch = state.terms()?.rules.epoch_of(slot);
        // The tip is of the voter's slot or earlier, so the state is in the slot's epoch.
        (beacon.epoch == epoch).then(|| Vote {
            slot,
            head: self.tip(),
            source: beacon.justified[1],
            target: beacon.checkpoints[1],
        })
    }
}

impl Vote {
    /// The transaction by which a validator casts it.
    pub fn cast(self, key: &SecretKey, genesis: &BlockId) -> Transaction {
        Attestation { validator: key.public(), vote: self }.unsigned().sign(key, genesis)
    }
}

impl BlockTemplate {
    /// The block that a proposer makes of it.
    fn sealed(self, key: &SecretKey, genesis: &BlockId, reveal: Reveal) -> Block {
        let proposal = Proposal::sign(key, genesis, &self.header.hash(), reveal);
        let header = Header { unsealed: self.header, seal: Seal::Stake(Box::new(proposal)) };
        Block { header, coinbase: self.coinbase, transactions: self.transactions }
    }
}
