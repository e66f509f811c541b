//! What answers a publication that should not stand, and what that may cost: the same for a party and for its watchtower.

use super::{RevealedSecrets, Seen};
use crate::primitives::{Amount, CoSigned, CommitmentSecret, Height, Policy, Side};

/// Base units that a step of a dispute offers the miner at first: well above the least that is relayed.
const STEP_FEE: u64 = 1_500;
/// Each block that passes without the step raises the fee by a quarter, up to this many times (a hundredfold).
const MAX_RAISES: u32 = 20;

/// What one party of a channel holds against publications by the other.
pub(super) struct Justice<'a> {
    /// Whose rights these are.
    pub side: Side,
    pub policy: Policy,
    pub newest: &'a CoSigned,
    /// By which the other has revoked.
    pub revealed: &'a RevealedSecrets,
}

impl Justice<'_> {
    /// The publisher had revoked it, and that costs everything.
    pub(super) fn punishes(&self, seen: &Seen) -> Option<CommitmentSecret> {
        let theirs = seen.publisher == self.side.other() && self.policy == Policy::Penalty;
        self.revealed.get(seen.published).filter(|_| theirs)
    }

    /// Ours is newer, and the next block is not too late.
    pub(super) fn refutes(&self, seen: &Seen, height: Height) -> bool {
        let theirs = seen.publisher == self.side.other() && seen.number < self.newest.commitment.number;
        theirs && height < seen.window_ends
    }
}

/// Base units that a step offers the miner that has waited for so many blocks: never more than what is at stake.
pub fn step_fee(waited: u32, stake: Amount) -> Amount {
    let wanted = (0..waited.min(MAX_RAISES)).fold(STEP_FEE, |fee, _| fee + fee / 4);
    Amount::new(wanted.min(stake.units().max(STEP_FEE))).unwrap_or(Amount::MAX)
}
