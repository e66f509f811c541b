//! What happened, bounded, each with the event that caused it: the chain behind "why?".

use std::collections::VecDeque;

use serde::Serialize;

use super::{Action, EventKey, NodeIndex};
use crate::node::EventKind;

/// Records kept.
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
}

/// The last records.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    records: VecDeque<Record>,
}

impl Log {
    pub(super) fn push(&mut self, record: Record) {
        if self.records.len() == MAX_RECORDS {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter()
    }
}
