//! Proof of stake: who may make a block, who votes, what is final, and what it costs to lie.
//!
//! Follows Casper FFG (Buterin and Griffith, 2017) and Gasper (Buterin et al., 2020). What differs is written down in ADR 027: a checkpoint is the last block
//! before its epoch, votes have no aggregates, and the randomness is committed to and revealed instead of signed.
//!
//! `records` is what the ledger holds; `epoch` and `steps` change it; `seal` judges who proposes; `choice` picks the branch; `duty` tells a validator
//! what is its turn.

mod choice;
mod duty;
mod epoch;
mod error;
mod records;
mod rules;
mod seal;
mod steps;

pub(super) use choice::Staked;
pub use choice::VoteError;
pub use duty::{Duty, Proposer};
pub(super) use epoch::first_records;
pub use error::StakeError;
pub(super) use records::Records;
pub use records::{Beacon, Committee, Member, Validator};
pub use rules::{Consensus, GenesisValidator, StakeRules, StakeTerms};
pub(super) use seal::{SEAL_RULES, SealCase};
pub use steps::{MAX_VALIDATORS, first_secret};
pub(super) use steps::{Step, check_terms};

use super::Ledger;
use crate::primitives::{Address, BlockId, Epoch, Header, Reveal, Slot};

/// A block's place in time on a chain of stake, and what it adds to the randomness.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// Its slot.
    pub(super) slot: Slot,
    /// The block below.
    pub(super) parent: BlockId,
    /// Whose secret it reveals.
    pub(super) reveals: Option<(Address, Reveal)>,
}

impl Turn {
    /// Of a header on top of a ledger; nothing on a chain of work.
    pub(super) fn of(header: &Header, below: &Ledger) -> Option<Self> {
        let slot = below.terms()?.slot_at(header.timestamp);
        let reveals = header.seal.proposal().map(|proposal| (proposal.proposer.address(), proposal.reveal));
        Some(Self { slot, parent: header.parent, reveals })
    }
}
