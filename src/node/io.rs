//! What goes in and out of a node's one door.

use serde::Serialize;

use super::{ChangeSet, EventKind};
use crate::{
    chain::{BlockTemplate, PoolError},
    gossip::{Fault, Message, PeerId},
    primitives::{Address, Amount, Hash, Memo, Nonce, Transaction, TransactionId},
};

/// Counts the inputs a node has handled; every event names the one that caused it.
pub type InputSequence = u64;

/// Names a command, so that its result can be told from others. Chosen by the driver.
pub type CommandId = u64;

/// Everything that can happen to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Input {
    /// A connection came up or went down.
    Peer {
        /// Which one.
        peer: PeerId,
        /// What happened to it.
        change: PeerChange,
    },
    /// Bytes arrived. They may be anything.
    Received {
        /// From whom.
        from: PeerId,
        /// As sent.
        bytes: Vec<u8>,
    },
    /// Its owner wants something.
    Command {
        /// Comes back with the result.
        id: CommandId,
        /// What is wanted.
        command: Command,
    },
    /// A search has ended well.
    Mined {
        /// [`BlockTemplate::id`].
        template: Hash,
        /// What was found.
        nonce: u64,
    },
    /// The time asked for by [`super::Node::next_wake`] has come.
    Wake,
}

/// What happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PeerChange {
    /// It came up.
    Connected,
    /// It went down.
    Disconnected,
}

/// What a node's owner can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Command {
    /// Sign and send a transfer from this node's account, with its next nonce.
    Transfer(Transfer),
    /// Take a transaction that somebody signed.
    Submit(Transaction),
    /// Start or stop asking for blocks to be mined.
    SetMining(bool),
}

/// A transfer to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Who is paid.
    pub to: Address,
    /// Base units.
    pub amount: Amount,
    /// Base units for the miner.
    pub fee: Amount,
    /// A text.
    pub memo: Memo,
    /// Replaces the waiting transaction with this nonce; `None` takes the next one.
    pub nonce: Option<Nonce>,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "camelCase")]
pub enum CommandResult {
    /// The transaction waits in the pool and is being announced.
    Accepted(TransactionId),
    /// Nothing changed.
    Refused(PoolError),
    /// Done.
    Done,
}

/// Everything a node wants from the world, in the order in which it must be done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "camelCase")]
pub enum Output {
    /// Make durable before any later [`Output::Send`] leaves.
    Persist(ChangeSet),
    /// Send; it may be lost.
    Send {
        /// To whom.
        to: PeerId,
        /// What.
        message: Message,
    },
    /// Close a connection.
    Disconnect {
        /// Which.
        peer: PeerId,
        /// Why.
        fault: Fault,
    },
    /// Search a nonce for this template instead of the one before.
    Mine(BlockTemplate),
    /// Stop searching.
    StopMining,
    /// A command is done.
    Done {
        /// As given.
        id: CommandId,
        /// What came of it.
        result: CommandResult,
    },
    /// Something worth knowing happened.
    Event {
        /// The input that caused it.
        cause: InputSequence,
        /// What happened.
        event: EventKind,
    },
}
