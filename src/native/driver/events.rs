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
    primitives::{Address, Timestamp},
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
    pub data: Value,
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

impl EventLog {
    /// An empty one, of a process that starts now. So a number that an earlier process gave is older than all of this one's.
    pub fn new(now: Timestamp) -> Self {
        Self { kept: Arc::default(), newest: Arc::new(watch::channel(now.0.saturating_mul(1_000)).0) }
    }

    /// Tells of something.
    pub fn push(&self, topic: Topic, data: Value) {
        let id = {
            let mut kept = self.lock();
            let id = self.newest() + 1;
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(Arc::new(Event { id, topic, data }));
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
        let id = if kept.back().is_some_and(|last| id > last.id) { 0 } else { id };
        let lost = kept.front().is_some_and(|first| first.id > id + 1);
        (kept.iter().filter(|event| event.id > id).cloned().collect(), lost)
    }

    /// Comes back when there is a newer one.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Event>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of what a node says. What is of all nodes is told once, by the first.
    pub(super) fn note(&self, nodes: &Nodes, account: Address, event: &EventKind) {
        let first = account == nodes.own();
        let topic = match event {
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
        let mut data = serde_json::to_value(event).unwrap_or_default();
        data["account"] = json!(account);
        self.push(topic, data);
        if first && let EventKind::Extended { block, height, .. } = event {
            self.push(Topic::Head, json!({ "hash": block, "height": height }));
        }
        if first && let EventKind::Reorged { to, .. } = event {
            let height = nodes.view(Default::default()).first().chain().height();
            self.push(Topic::Head, json!({ "hash": to, "height": height }));
        }
    }
}
