//! What goes in and out of a node's one door.

use serde::Serialize;

use super::{ChangeSet, ChannelRefusal, EventKind, PaymentRefusal};
use crate::{
    chain::{BlockTemplate, PoolError},
    channel::{
        Invoice,
        routing::{ChannelPolicy, PolicyError},
    },
    gossip::{Fault, Message, PeerId},
    primitives::{
        Address, Amount, Block, ChannelId, Checkpoint, CoSigned, Hash, Memo, Nonce, Policy, State, Transaction,
        TransactionId,
    },
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
    Submit(Box<Transaction>),
    /// Take a block that somebody made.
    SubmitBlock(Box<Block>),
    /// Start or stop asking for blocks to be mined; on a chain of stake, proposing and voting.
    SetMining(bool),
    /// Ask the best peer now for what it knows more of the chain.
    Sync,
    /// Lock money as stake, from this node's account. With enough of it, it is a validator.
    Stake {
        /// Base units.
        amount: Amount,
        /// Base units for whoever includes it.
        fee: Amount,
    },
    /// Stop being a validator; the stake is paid out after the delay of the rules.
    Unstake {
        /// Base units for whoever includes it.
        fee: Amount,
    },
    /// Take no chain without this checkpoint.
    Trust(Checkpoint),
    /// Let payments of others pass on these terms from now on.
    SetPolicy(Box<ChannelPolicy>),
    /// Have this peer, or nobody, watch this node's channels.
    SetTower(Option<PeerId>),
    /// Watch channels of others, or stop doing so.
    ServeAsTower(bool),
    /// Offer a channel to a peer.
    OpenChannel(Box<OpenChannel>),
    /// Pay through a channel, so many times.
    Pay {
        /// Which channel.
        channel: ChannelId,
        /// Base units each time.
        amount: Amount,
        /// 1 ..= [`crate::channel::MAX_WAITING`].
        times: u32,
    },
    /// Make an invoice.
    Invoice {
        /// Base units, at least [`crate::primitives::MIN_HTLC`].
        amount: Amount,
    },
    /// Ask a peer for an invoice.
    AskForInvoice {
        /// Whom.
        peer: PeerId,
        /// Base units, at least [`crate::primitives::MIN_HTLC`].
        amount: Amount,
    },
    /// Pay an invoice over whatever route is found.
    PayInvoice {
        /// Signed by the payee.
        invoice: Box<Invoice>,
        /// Base units of fees at most; without it a twentieth of the amount, or 50 if that is more.
        max_fee: Option<Amount>,
    },
    /// Leave payments to this node pending from now on, or take them, with those that are pending: also what expires so soon that the chain may not
    /// hear of the preimage in time, if a reorg comes between.
    HoldPayments(bool),
    /// Have another channel with the same peer take a channel's place.
    Resize {
        /// Which channel.
        channel: ChannelId,
        /// What this node locks in the new one, base units; the peer keeps what it has.
        ours: Amount,
        /// Base units for the miner of the funding, paid by this node.
        fee: Amount,
    },
    /// Close a channel.
    CloseChannel {
        /// Which.
        channel: ChannelId,
        /// Without the other's consent.
        force: bool,
    },
    /// Publish an old commitment of a channel, as a cheat does.
    PublishOld {
        /// Which channel.
        channel: ChannelId,
        /// The commitment, and what it stands for.
        old: Box<(CoSigned, State)>,
    },
}

/// A channel to be offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenChannel {
    /// To whom.
    pub peer: PeerId,
    /// What this node locks, base units.
    pub ours: Amount,
    /// What the peer is to lock, base units.
    pub theirs: Amount,
    /// Base units for the miner of the funding, paid by this node.
    pub fee: Amount,
    /// What becomes of cheats.
    pub policy: Policy,
    /// Blocks of the dispute window.
    pub window: u32,
    /// Base units each side keeps. At most either deposit.
    pub reserve: Amount,
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
    /// Nothing changed.
    ChannelRefused(ChannelRefusal),
    /// Nothing changed.
    PaymentRefused(PaymentRefusal),
    /// An invoice was made.
    Invoiced(Box<Invoice>),
    /// A peer was asked for an invoice; its answer goes by this.
    Asked(Hash),
    /// Nothing changed.
    PolicyRefused(PolicyError),
    /// A channel was offered under this handle.
    Offered(Hash),
    /// There is nobody to ask.
    NoPeers,
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
