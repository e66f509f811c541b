//! Which lines of the log are shown: those of a node, those of a kind.

use borsh::{BorshDeserialize, BorshSerialize};

use super::LogLine;
use crate::{
    node::EventKind,
    sim::{LogEntry, World},
};

/// Which lines of the log are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct LogFilter {
    /// Only what happened in this node, or was done to it.
    pub node: Option<String>,
    /// Only what is of this kind.
    pub kind: Option<LogKind>,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum LogKind {
    /// Blocks, transactions and peers.
    Chain,
    /// Channels and their watchtowers.
    Channels,
    /// Payments over routes.
    Payments,
    /// What was done to the world.
    Actions,
}

impl LogFilter {
    /// The lines that pass, newest first.
    pub(super) fn lines<'a>(&'a self, world: &'a World) -> impl Iterator<Item = LogLine> + 'a {
        // A filter that was kept may name a node of another run.
        let node = self.node.as_deref().filter(|name| world.index_of(name).is_some());
        let of_kind = |entry: &LogEntry| self.kind.is_none_or(|kind| kind == LogKind::of(entry));
        let records = world.log().rev().filter(move |record| of_kind(&record.entry));
        records
            .filter_map(|record| LogLine::of(world, record))
            .filter(move |line| node.is_none_or(|name| takes(line, name)))
    }
}

/// Whether a line is of a node.
fn takes(line: &LogLine, name: &str) -> bool {
    match &line.node {
        Some(node) => node == name,
        None => line.values.iter().any(|value| value == name),
    }
}

impl LogKind {
    fn of(entry: &LogEntry) -> Self {
        match entry {
            LogEntry::Action(_) | LogEntry::Refused(_) => Self::Actions,
            LogEntry::Node(EventKind::Channel { .. } | EventKind::Tower { .. } | EventKind::OfferRefused { .. }) => {
                Self::Channels
            }
            LogEntry::Node(EventKind::Payment { .. }) => Self::Payments,
            LogEntry::Node(_) | LogEntry::Lost { .. } => Self::Chain,
        }
    }
}
