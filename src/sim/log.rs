//! What happened, bounded, each with the event that caused it: the chain behind "why?".

use std::{collections::VecDeque, sync::Arc};

use serde::Serialize;

use super::{Action, EventKey, NodeIndex, Occurrence};
use crate::{
    channel::{Notice, TowerNotice},
    node::{EventKind, PaymentNotice},
    primitives::BlockId,
};

/// Records kept of what happens all the time, and of what does not.
const MAX_RECORDS: usize = 2_000;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// The event in which it happened.
    pub key: EventKey,
    /// The event that caused that one: the sending of the message, the setting of the timer. Nothing for the first of a chain.
    pub cause: Option<EventKey>,
    /// In which node; nothing for what is done to the world.
    pub node: Option<NodeIndex>,
    /// What.
    pub entry: LogEntry,
    /// The event with its chain of causes; nothing for what was there from the beginning.
    #[serde(skip)]
    pub origin: Option<Arc<Occurrence>>,
}

/// What can be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "camelCase")]
pub enum LogEntry {
    /// A node reported something.
    Node(EventKind),
    /// An action was carried out.
    Action(Action),
    /// An action of the script could not be carried out.
    Refused(String),
    /// A message about a block did not get through.
    Lost {
        /// To whom.
        to: NodeIndex,
        /// Which message.
        kind: &'static str,
        /// The block that it names or brings.
        block: BlockId,
        /// What had cut the link, if it was not just lost.
        #[serde(skip)]
        cut_by: Option<Arc<Occurrence>>,
    },
}

/// The last records. What happens all the time does not drive out what is rare; copies share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    frequent: VecDeque<(u64, Arc<Record>)>,
    rare: VecDeque<(u64, Arc<Record>)>,
    pushed: u64,
}

impl Log {
    pub(super) fn push(&mut self, record: Record) {
        let ring = if is_frequent(&record.entry) { &mut self.frequent } else { &mut self.rare };
        if ring.len() == MAX_RECORDS {
            ring.pop_front();
        }
        ring.push_back((self.pushed, Arc::new(record)));
        self.pushed += 1;
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        let mut all: Vec<_> = self.frequent.iter().chain(&self.rare).collect();
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, record)| &**record)
    }
}

const fn is_frequent(entry: &LogEntry) -> bool {
    let LogEntry::Node(event) = entry else {
        return false;
    };
    match event {
        EventKind::TransactionAccepted { .. }
        | EventKind::TransactionDropped { .. }
        | EventKind::HeadersAccepted { .. }
        | EventKind::MinedLate => true,
        EventKind::Channel { notice, .. } => matches!(notice, Notice::Paid { .. } | Notice::Received { .. }),
        EventKind::Tower { notice, .. } => matches!(notice, TowerNotice::Watching { .. }),
        EventKind::Payment { notice, .. } => {
            !matches!(notice, PaymentNotice::Failed { .. } | PaymentNotice::NotForwarded { .. })
        }
        _ => false,
    }
}
