//! Every event with the one that caused it: the chain behind "why?", as far back as it is kept.
//!
//! Derived from the run, outside the digest. Links are shared by whatever refers to them, so copies of a world cost nothing; a chain ends at what
//! is nobody's consequence, or after [`MAX_CHAIN`] events, so that it stays bounded.

use std::sync::Arc;

use super::{Action, EventKey, NodeIndex, world::Pending};
use crate::{
    gossip::{Item, Message, PeerId},
    node::PeerChange,
    primitives::{BlockId, Hash, Header, Timestamp, TransactionId},
};

/// Events of a chain at most.
const MAX_CHAIN: u16 = 64;

/// An event, and what it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Its place among all.
    pub key: EventKey,
    /// What it was.
    pub what: What,
    /// The event that caused it, kept or not.
    pub after: Option<EventKey>,
    cause: Option<Arc<Self>>,
    depth: u16,
}

/// What an event was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An action of the script.
    Action(Arc<Action>),
    /// Bytes from a node of another tab.
    Remote,
    /// A node learned of a connection.
    Connection {
        /// Who.
        node: NodeIndex,
        /// With whom.
        peer: PeerId,
        /// Whether it came up.
        up: bool,
    },
    /// Two nodes were connected again.
    Redial,
    /// What an action asks for, later.
    Command(NodeIndex),
    /// A message arrived.
    Message(Carried),
    /// A search ended well.
    Mined(NodeIndex),
    /// A node's timer.
    Wake(NodeIndex),
    /// The workload wanted a transfer or payment.
    Workload(NodeIndex),
}

/// A message, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Sender.
    pub from: NodeIndex,
    /// Receiver.
    pub to: NodeIndex,
    /// When it was sent.
    pub sent: Timestamp,
    /// Which message.
    pub kind: &'static str,
    /// What it brings or names first.
    pub about: Option<Subject>,
    /// What had healed its link, if that was ever cut.
    pub healed: Option<Arc<Occurrence>>,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A block.
    Block(BlockId),
    /// A transaction.
    Transaction(TransactionId),
}

impl Occurrence {
    pub(super) fn new(key: EventKey, what: What, cause: Option<&Arc<Self>>) -> Arc<Self> {
        let after = cause.map(|cause| cause.key);
        let linked = cause.filter(|cause| !what.is_first() && cause.depth + 1 < MAX_CHAIN);
        Arc::new(Self { key, what, after, depth: linked.map_or(0, |cause| cause.depth + 1), cause: linked.cloned() })
    }

    /// From this event back to the first that is kept.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |one| one.cause.as_deref())
    }

    /// The first event that is kept.
    pub fn root(&self) -> &Self {
        self.chain().last().unwrap_or(self)
    }

    /// Whether nothing came before it.
    pub fn is_first(&self) -> bool {
        self.what.is_first() || self.after.is_none()
    }

    /// The node in which it happened.
    pub fn node(&self) -> Option<NodeIndex> {
        match &self.what {
            What::Action(_) | What::Remote | What::Redial => None,
            What::Message(carried) => Some(carried.to),
            What::Connection { node, .. }
            | What::Command(node)
            | What::Mined(node)
            | What::Wake(node)
            | What::Workload(node) => Some(*node),
        }
    }
}

impl What {
    pub(super) fn of(pending: &Pending, healed: Option<Arc<Occurrence>>) -> Self {
        match pending {
            Pending::Peer { node, peer, change } => {
                let (node, peer) = (*node, PeerId(u64::from(*peer)));
                Self::Connection { node, peer, up: *change == PeerChange::Connected }
            }
            Pending::Redial { .. } => Self::Redial,
            Pending::Command { node, .. } => Self::Command(*node),
            Pending::Delivery(slot) => Self::Message(Carried {
                from: slot.from,
                to: slot.to,
                sent: slot.sent,
                kind: slot.kind,
                about: slot.about,
                healed,
            }),
            Pending::Wake(node) => Self::Wake(*node),
            Pending::Workload(node, _) => Self::Workload(*node),
        }
    }

    /// Bytes of others are not kept.
    pub(super) fn of_action(action: &Action) -> Self {
        match action {
            Action::External { .. } => Self::Remote,
            _ => Self::Action(Arc::new(action.clone())),
        }
    }

    /// What somebody or chance does, and a node's own clock: nobody's consequence.
    const fn is_first(&self) -> bool {
        matches!(self, Self::Action(_) | Self::Remote | Self::Mined(_) | Self::Wake(_) | Self::Workload(_))
    }
}

impl Subject {
    /// Its id.
    pub const fn id(self) -> Hash {
        match self {
            Self::Block(id) | Self::Transaction(id) => id,
        }
    }

    pub(super) fn of(message: &Message) -> Option<Self> {
        let newest = |items: &[Item]| items.iter().rev().find(|item| matches!(item, Item::Block(_))).copied();
        let named = |items: &[Item]| match newest(items).or_else(|| items.first().copied())? {
            Item::Block(id) => Some(Self::Block(id)),
            Item::Transaction(id) => Some(Self::Transaction(id)),
        };
        match message {
            Message::Inventory(items) | Message::Get(items) | Message::NotFound(items) => named(items),
            Message::Headers(headers) => headers.last().map(Header::id).map(Self::Block),
            Message::Block(block) => Some(Self::Block(block.id())),
            Message::Transaction(transaction) => Some(Self::Transaction(transaction.id())),
            Message::Status(status) => Some(Self::Block(status.tip)),
            Message::Direct(_) | Message::GetHeaders(_) | Message::Announcements(_) | Message::GetAnnouncements(_) => {
                None
            }
        }
    }
}
