//! What is worth knowing of a node's life.

use serde::Serialize;

use super::PaymentNotice;
use crate::{
    chain::{BlockError, Dropped, PoolError},
    channel::{Notice, TowerNotice},
    gossip::{Fault, PeerId},
    primitives::{Address, BlockId, ChannelId, Checkpoint, Hash, Height, OffenceKind, PaymentHash, TransactionId},
};

/// Something that happened in a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EventKind {
    /// This node found a block.
    Mined {
        /// Which.
        block: BlockId,
        /// Where.
        height: Height,
    },
    /// A search ended too late: the template is gone.
    MinedLate,
    /// The best chain grew by one block.
    Extended {
        /// The new tip.
        block: BlockId,
        /// Its height.
        height: Height,
        /// Transactions it confirmed.
        transactions: usize,
    },
    /// Another branch became the best chain.
    Reorged {
        /// The tip that was.
        from: BlockId,
        /// The tip that is.
        to: BlockId,
        /// Blocks that left the best chain.
        disconnected: usize,
        /// Blocks that joined it.
        connected: usize,
    },
    /// A block was kept on a branch that is not the best.
    SideBranch {
        /// Which.
        block: BlockId,
        /// Where.
        height: Height,
    },
    /// A block waits for its parent.
    Orphaned {
        /// Which.
        block: BlockId,
        /// What it waits for.
        parent: BlockId,
    },
    /// A block lies too far in the future and waits for its time.
    Held {
        /// Which.
        block: BlockId,
    },
    /// A block breaks a rule.
    BlockRejected {
        /// Which.
        block: BlockId,
        /// The rule and its values.
        error: BlockError,
    },
    /// Headers were taken.
    HeadersAccepted {
        /// How many were new.
        new: usize,
    },
    /// A transaction waits for a block.
    TransactionAccepted {
        /// Which.
        transaction: TransactionId,
        /// Which one it replaced.
        replaced: Option<TransactionId>,
    },
    /// A transaction was not taken.
    TransactionRejected {
        /// Which.
        transaction: TransactionId,
        /// The rule and its values.
        error: PoolError,
    },
    /// A transaction waits no more, and no block of the best chain has it.
    TransactionDropped {
        /// Which.
        transaction: TransactionId,
        /// Why.
        reason: Dropped,
        /// The one that took its place, its room or its nonce.
        by: Option<TransactionId>,
    },
    /// Something happened to a channel of this node.
    Channel {
        /// Which.
        channel: ChannelId,
        /// The other party.
        peer: PeerId,
        /// What.
        notice: Notice,
    },
    /// Something happened between a watchtower and its client.
    Tower {
        /// Of which channel.
        channel: ChannelId,
        /// The client, if this node is the tower; the tower, if it is the client.
        peer: PeerId,
        /// What.
        notice: TowerNotice,
    },
    /// Something happened to a payment.
    Payment {
        /// Which.
        payment: PaymentHash,
        /// What.
        notice: PaymentNotice,
    },
    /// A validator was seen to break a rule, by two messages that it signed.
    OffenceSeen {
        /// Whose.
        offender: Address,
        /// Which rule.
        offence: OffenceKind,
    },
    /// A checkpoint became final here.
    Finalized {
        /// The latest.
        checkpoint: Checkpoint,
    },
    /// A peer does not want a channel, or has not answered.
    OfferRefused {
        /// The channel's handle.
        handle: Hash,
        /// Who.
        peer: PeerId,
        /// What it says: text from outside.
        reason: String,
    },
    /// A peer did something wrong.
    PeerBlamed {
        /// Who.
        peer: PeerId,
        /// What.
        fault: Fault,
    },
}
