//! How a channel ends on the chain: as both agree, or step by step without the other's consent.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::{Amount, ChannelId, CoSigned, CommitmentSecret, Height, Preimage, PublicKey, State};

/// A cooperative close. Carries no account nonce: a channel closes once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// Which channel.
    pub channel: ChannelId,
    /// Its parties; both sign.
    pub keys: [PublicKey; 2],
    /// What each is paid. With the fee, all that is locked.
    pub balances: [Amount; 2],
}

/// A step of a force close. Carries no account nonce, so that a stuck transfer cannot block justice: the channel's state on the chain allows
/// each step once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dispute {
    /// Which channel.
    pub channel: ChannelId,
    /// Its parties.
    pub keys: [PublicKey; 2],
    /// Who signs this step and pays for it: anybody, but only a party can publish.
    pub payer: PublicKey,
    /// What the fee is taken from.
    pub fee_from: FeeSource,
    /// What is done.
    pub step: DisputeStep,
}

/// What the fee of a dispute's step is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub enum FeeSource {
    /// The payer's account.
    Account,
    /// The payer's reserve in the channel; only for its parties.
    Reserve,
}

/// What a step of a dispute does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "step", content = "with", rename_all = "camelCase")]
pub enum DisputeStep {
    /// Opens the dispute window. The payer becomes the publisher.
    Publish(CoSigned),
    /// Replaces what was published by a strictly newer commitment, until the window ends.
    Refute(CoSigned),
    /// Shows that the publisher had revoked what it published: it loses everything.
    Punish(CommitmentSecret),
    /// After the window: reveals the state that the newest commitment stands for, and pays it out.
    Settle(State),
    /// Registers a preimage, for every channel of the chain; also where nothing is published.
    Reveal(Revelation),
}

/// A preimage on its way into the chain's register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revelation {
    /// What is registered, with the height of its block.
    pub preimage: Preimage,
    /// Of the HTLC that it is for: included later it would be worthless, so it is not.
    pub expiry: Height,
}

impl DisputeStep {
    /// Its name, for people and for the pool, which holds one of a kind per channel.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Publish(_) => "publish",
            Self::Refute(_) => "refute",
            Self::Punish(_) => "punish",
            Self::Settle(_) => "settle",
            Self::Reveal(_) => "reveal",
        }
    }

    /// The commitment it brings.
    pub const fn commitment(&self) -> Option<&CoSigned> {
        match self {
            Self::Publish(commitment) | Self::Refute(commitment) => Some(commitment),
            Self::Punish(_) | Self::Settle(_) | Self::Reveal(_) => None,
        }
    }
}
