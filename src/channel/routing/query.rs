//! What is asked of a search, and what it answers.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::Memory;
use crate::primitives::{Amount, ChannelId, Height, PublicKey, Side, Timestamp};

/// Channels of a route at most, as in BOLT 4 before its packets had a variable payload.
pub const MAX_HOPS: u32 = 20;

/// A payment to find a route for.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// Who pays.
    pub payer: PublicKey,
    /// Who is paid.
    pub payee: PublicKey,
    /// Base units that are to arrive, at least 1.
    pub amount: Amount,
    /// The height of the payer's chain.
    pub height: Height,
    /// Blocks from then on that the payee is to have to claim.
    pub final_delta: u32,
    /// What a route may cost and be.
    pub limits: Limits,
    /// What the payer minds.
    pub weights: Weights,
    /// Base units that the payer can pay now in each of its channels. Others of its channels are not used.
    pub spendable: &'a BTreeMap<ChannelId, Amount>,
    /// What the payer learned before.
    pub memory: &'a Memory,
    /// Directions not to use, by channel and who pays in it: whatever failed in this payment for another reason than its amount.
    pub excluded: &'a BTreeSet<(ChannelId, Side)>,
    /// Decides what is still remembered.
    pub now: Timestamp,
}

/// What a route may cost and be, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Base units of fees in all.
    pub fee: Amount,
    /// Blocks from now until the first hop's expiry, `final_delta` included.
    pub blocks: u32,
    /// Channels, 1 ..= [`MAX_HOPS`]; a higher number means that.
    pub hops: u32,
}

/// What the payer minds besides fees, in fees that it would rather pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Weights {
    /// Billionths of the amount for each block that a hop may hold it.
    pub risk: u16,
    /// Base units for each halving of the chance that it arrives;
    pub doubt_base: Amount,
    /// and millionths of the amount for that.
    pub doubt_rate: u32,
}

/// A way for a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// From the payer's channel to the payee's; at least one, at most [`MAX_HOPS`].
    pub hops: Vec<Hop>,
    /// Base units that the payer pays above what arrives.
    pub fee: Amount,
    /// What the search minimised, in thousandths of a base unit: fees, risk and doubt.
    pub cost: u64,
}

/// One channel of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    /// Which channel.
    pub channel: ChannelId,
    /// Who pays in it.
    pub side: Side,
    /// Who is paid in it.
    pub to: PublicKey,
    /// Base units it carries.
    pub amount: Amount,
    /// When its HTLC expires.
    pub expiry: Height,
}

impl Limits {
    /// For an amount: a twentieth of it in fees, or 50 base units if that is more; 2,016 blocks; [`MAX_HOPS`].
    pub fn of(amount: Amount) -> Self {
        let fee = Amount::new((amount.units() / 20).max(50)).expect("less than an amount, or 50");
        Self { fee, blocks: 2_016, hops: MAX_HOPS }
    }
}

impl Default for Weights {
    /// A risk of 15 billionths per block, as LND has it; a halved chance is as bad as 10 base units and a thousandth in fees.
    fn default() -> Self {
        Self { risk: 15, doubt_base: Amount::literal(10), doubt_rate: 1_000 }
    }
}

impl Route {
    /// Base units that arrive.
    pub fn delivered(&self) -> Amount {
        self.hops.last().map(|hop| hop.amount).unwrap_or_default()
    }

    /// Base units that the payer pays in all.
    pub fn sent(&self) -> Amount {
        self.hops.first().map(|hop| hop.amount).unwrap_or_default()
    }
}
