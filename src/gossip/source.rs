//! What gossip reads, what it brings, and what it wants: its borders with the node.

use super::{Announcements, Direction, Fault, Message, PeerId, Status, Wanted};
use crate::primitives::{Block, BlockId, Header, Transaction, TransactionId};

/// What gossip reads of the chain and the mempool.
pub trait Source {
    /// Where our chain ends.
    fn status(&self) -> Status;
    /// Whether a branch with less work than ours may be the better one, because votes decide.
    fn is_led_by_votes(&self) -> bool;
    /// Whether a header is known.
    fn has_header(&self, id: &BlockId) -> bool;
    /// Whether a block's body is here.
    fn has_block(&self, id: &BlockId) -> bool;
    /// A block we can send: judged by every rule, so that nobody blames us for it.
    fn block(&self, id: &BlockId) -> Option<Block>;
    /// A waiting transaction we can send.
    fn transaction(&self, id: &TransactionId) -> Option<Transaction>;
    /// The waiting transactions that pay best.
    fn pool_sample(&self, limit: usize) -> Vec<TransactionId>;
    /// Where our best header chain and a peer's may part.
    fn locator(&self) -> Vec<BlockId>;
    /// Where the chain that ends with this header and a peer's may part; empty if it is not known.
    fn locator_from(&self, header: &BlockId) -> Vec<BlockId>;
    /// Headers of our best chain after the locator.
    fn headers_after(&self, locator: &[BlockId], limit: usize) -> Vec<Header>;
    /// Bodies we need, lowest first.
    fn missing_bodies(&self, limit: usize) -> Vec<BlockId>;
    /// The newest announcement of a direction.
    fn announcement(&self, direction: &Direction) -> Option<Vec<u8>>;
    /// What we know, to be compared: as in [`Wanted::parts`].
    fn announced(&self) -> Vec<(u8, u64)>;
    /// What we know and whoever asks does not, at most so many.
    fn announcements_for(&self, wanted: &Wanted, limit: usize) -> Announcements;
}

/// What a message brought that the node must judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A block.
    Block(Block),
    /// A transaction.
    Transaction(Transaction),
    /// Bytes for the node alone.
    Direct(Vec<u8>),
    /// What sides of channels say.
    Announcements(Announcements),
    /// Headers in order; `full` if the peer probably has more.
    Headers {
        /// At most [`super::MAX_HEADERS`].
        headers: Vec<Header>,
        /// Whether the message held as many as it may.
        full: bool,
    },
}

/// What gossip wants from the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a message; it may be lost.
    Send(PeerId, Message),
    /// Close a connection.
    Disconnect(PeerId, Fault),
    /// A peer did something wrong.
    Blamed(PeerId, Fault),
}
