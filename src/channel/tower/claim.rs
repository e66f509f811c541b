//! What a client lets its tower claim: preimages of HTLCs offered to it, which the chain takes as long as they have not expired.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::Progress;
use crate::{
    channel::{CLAIM_MARGIN, Channel},
    primitives::{Amount, BlockId, ChannelId, Hash, Height, MAX_EXPIRY, MAX_HTLCS, PaymentHash, Preimage, Tag},
};

const CLAIMS: Tag = Tag::new("tabchain/tower-claims");

/// Preimages that a tower brings to the chain, at its own expense, for one side of a channel as long as that lasts.
pub const MAX_REVEALS: usize = MAX_HTLCS;
/// Blocks before the expiry from which a tower reveals, also where nothing is published: two more than a party takes, which can close as well, and knows
/// what its tower has not heard yet.
pub const REVEAL_MARGIN: u64 = CLAIM_MARGIN + 2;

/// The preimage of an HTLC that is pending in the newest commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// What is to be revealed.
    pub preimage: Preimage,
    /// The last height at which that counts.
    pub expiry: Height,
    /// Base units that the HTLC is worth: no fee is higher.
    pub amount: Amount,
}

impl Claim {
    /// The payment that it claims.
    pub fn payment(&self) -> PaymentHash {
        self.preimage.payment()
    }

    /// Whether the next block would take it, and it would count.
    pub(super) fn is_open(&self, height: Height) -> bool {
        (self.expiry.0.saturating_sub(MAX_EXPIRY)..self.expiry.0).contains(&height.0)
    }

    /// Whether it cannot wait much longer. What came since the last block has one more to be settled off the chain, if there is one to spare.
    pub(super) const fn is_due(&self, height: Height, grown: bool) -> bool {
        height.0 + if grown { REVEAL_MARGIN } else { 2 } >= self.expiry.0
    }
}

impl Channel {
    /// HTLCs offered to us in the newest commitment whose preimages we know. As long as that is the newest, there is only more to claim.
    pub fn claimable(&self) -> impl Iterator<Item = Claim> + '_ {
        let offered = self.state.htlcs.iter().filter(|htlc| htlc.offerer != self.side);
        offered.filter_map(|htlc| {
            let preimage = *self.claims.get(&htlc.id)?;
            Some(Claim { preimage, expiry: htlc.expiry, amount: htlc.amount })
        })
    }
}

/// What a client signs, so that nobody else can make a tower pay for its claims.
pub(super) fn signed_hash(genesis: &BlockId, channel: &ChannelId, progress: Progress, claims: &[Claim]) -> Hash {
    CLAIMS.hash_of(&(genesis, channel, progress, claims))
}
