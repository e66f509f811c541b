//! What has happened, for those who follow along: numbered, and the newest kept for whoever was away for a moment.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::nodes::Nodes;
use crate::{
    node::EventKind,
    primitives::{Address, BlockId, Height, Timestamp},
};

/// Events that are kept.
const KEPT: usize = 4_096;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The best chain has another tip.
    Head,
    /// A block came, on whatever branch.
    Block,
    /// Blocks have left the best chain.
    Reorg,
    /// A transaction waits for a block, or was refused.
    Transaction,
    /// Something happened to a channel.
    Channel,
    /// Something happened to a payment.
    Payment,
    /// A peer came, left, or was blamed.
    Peer,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Counts up, also from one process to the next: it begins at the time of the start, in microseconds.
    pub id: u64,
    /// What it is about.
    pub topic: Topic,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A node of this process says so.
    Node {
        /// Whose.
        account: Address,
        /// What it says.
        kind: EventKind,
    },
    /// The best chain has another tip.
    Head {
        /// Which.
        block: BlockId,
        /// Its height.
        height: Height,
    },
}

/// The newest events; its copies share them.
#[derive(Debug, Clone)]
pub struct EventLog {
    kept: Arc<Mutex<VecDeque<Arc<Event>>>>,
    newest: Arc<watch::Sender<u64>>,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Head, Self::Block, Self::Reorg, Self::Transaction, Self::Channel, Self::Payment, Self::Peer];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Block => "block",
            Self::Reorg => "reorg",
            Self::Transaction => "transaction",
            Self::Channel => "channel",
            Self::Payment => "payment",
            Self::Peer => "peer",
        }
    }
}

impl What {
    /// As JSON, for whoever follows along.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Node { account, kind } => {
                let mut data = serde_json::to_value(kind).unwrap_or_default();
                data["account"] = json!(account);
                data
            }
            Self::Head { block, height } => json!({ "hash": block, "height": height }),
        }
    }
}

impl EventLog {
    /// An empty one, of a process that starts now. So a number that an earlier process gave is older than all of this one's.
    pub fn new(now: Timestamp) -> Self {
        Self { kept: Arc::default(), newest: Arc::new(watch::channel(now.0.saturating_mul(1_000)).0) }
    }

    /// Tells of something.
    pub fn push(&self, topic: Topic, what: What) {
        let id = {
            let mut kept = self.lock();
            let id = self.newest() + 1;
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(Arc::new(Event { id, topic, what }));
            id
        };
        self.newest.send_replace(id);
    }

    /// The number of the newest; before the first, the one that it follows.
    pub fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// Those after `id` that are still kept, oldest first; `true` if some are not kept any more. A number that was never given counts as one long
    /// ago.
    pub fn after(&self, id: u64) -> (Vec<Arc<Event>>, bool) {
        let kept = self.lock();
        let (Some(first), Some(last)) = (kept.front(), kept.back()) else {
            return (Vec::new(), false);
        };
        let id = if id > last.id { 0 } else { id };
        // They are numbered without a gap.
        let known = usize::try_from((id + 1).saturating_sub(first.id)).unwrap_or(usize::MAX);
        (kept.iter().skip(known).cloned().collect(), first.id > id + 1)
    }

    /// Comes back when there is a newer one.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Event>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of what a node says. What is of all nodes is told once, by the first.
    pub(super) fn note(&self, nodes: &Nodes, account: Address, event: EventKind) {
        let first = account == nodes.own();
        let topic = match &event {
            EventKind::Channel { .. } | EventKind::OfferRefused { .. } | EventKind::Tower { .. } => Topic::Channel,
            EventKind::Payment { .. } => Topic::Payment,
            EventKind::PeerBlamed { .. } => Topic::Peer,
            EventKind::TransactionAccepted { .. } | EventKind::TransactionRejected { .. } if first => {
                Topic::Transaction
            }
            EventKind::Reorged { .. } if first => Topic::Reorg,
            EventKind::Extended { .. }
            | EventKind::SideBranch { .. }
            | EventKind::Orphaned { .. }
            | EventKind::Held { .. }
            | EventKind::BlockRejected { .. }
            | EventKind::Mined { .. }
                if first =>
            {
                Topic::Block
            }
            _ => return,
        };
        let head = match &event {
            EventKind::Extended { block, height, .. } => Some(What::Head { block: *block, height: *height }),
            EventKind::Reorged { to, .. } => {
                let height = nodes.view(Default::default()).first().chain().height();
                Some(What::Head { block: *to, height })
            }
            _ => None,
        };
        self.push(topic, What::Node { account, kind: event });
        if let Some(head) = head.filter(|_| first) {
            self.push(Topic::Head, head);
        }
    }
}
