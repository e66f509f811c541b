//! The register of preimages: what was revealed on the chain, and at which height.
//!
//! One register for all channels: a payment over several hops has one hash, so one revelation decides it everywhere. An entry is dropped
//! when nothing that it could decide is left.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::primitives::{Height, Htlc, PaymentHash, Preimage, Side};

/// Blocks that a preimage stays registered. More than the longest dispute window (10,000) after the latest expiry that it is taken for
/// (`MAX_EXPIRY`, 5,000): whoever relies on an entry has 5,000 blocks more to settle. And more than `MAX_EXPIRY` alone, so that a
/// revelation is past its expiry before it could be brought a second time.
pub const REGISTRY_BLOCKS: u64 = 20_000;

/// A preimage that the chain knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revealed {
    /// What was revealed. Public, once it stands here.
    pub preimage: Preimage,
    /// The height of the block that registered it.
    pub height: Height,
}

/// Whoever knows the register: a ledger, or a block under way on top of one.
pub trait Register {
    /// What is registered for a payment.
    fn revealed(&self, payment: &PaymentHash) -> Option<Revealed>;
}

/// Who is paid an HTLC in the block at `height`: the receiver if its preimage was registered in time, the offerer once that can no longer be;
/// nobody yet in between.
pub fn decide(htlc: &Htlc, height: Height, register: &impl Register) -> Option<Side> {
    let in_time = register.revealed(&htlc.payment).is_some_and(|revealed| revealed.height <= htlc.expiry);
    if in_time {
        return Some(htlc.offerer.other());
    }
    (height > htlc.expiry).then_some(htlc.offerer)
}
