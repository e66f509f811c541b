//! Why something is as it is: what was recorded of its causes, first cause first; and what happened to it.
//!
//! Nothing is guessed: a line stands for an event of the run or for what a node reported in one, and a part says when the record does not reach
//! back to its beginning.

mod block;
mod channel;
mod history;
mod message;
mod node;
mod row;
mod transaction;

use borsh::{BorshDeserialize, BorshSerialize};

pub(super) use history::history;
pub use row::CauseRow;

use super::Selection;
use crate::{
    node::EventKind,
    primitives::BlockId,
    sim::{LogEntry, Occurrence, Record, What, World},
};

/// Lines of a part.
const MAX_ROWS: usize = 40;

/// Why something is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct WhyView {
    /// Each with an answer of its own.
    pub parts: Vec<WhyPart>,
}

/// One answer, and how it came to that.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct WhyPart {
    /// The key of the answer's sentence.
    pub code: String,
    /// What the sentence's places are filled with, in order.
    pub values: Vec<String>,
    /// The causes, the first one first.
    pub rows: Vec<CauseRow>,
    /// Whether the record reaches back to the first cause.
    pub complete: bool,
}

/// What is told of one thing.
struct Tale<'a> {
    world: &'a World,
    rows: Vec<CauseRow>,
    complete: bool,
}

impl WhyView {
    pub(super) fn of(world: &World, selection: &Selection) -> Self {
        let parts = match selection {
            Selection::Node { name } => node::explain(world, name),
            Selection::Block { id } => vec![block::explain(world, id)],
            Selection::Transaction { id, block } => vec![transaction::explain(world, id, *block)],
            Selection::Channel { id } => vec![channel::explain(world, id)],
            Selection::Payment { id } => vec![channel::explain_payment(world, id)],
            Selection::Message { key } => vec![message::explain(world, key)],
        };
        Self { parts }
    }
}

/// What is said of something that nothing is recorded of.
fn nothing(world: &World) -> WhyPart {
    Tale { complete: false, ..Tale::new(world) }.answer("cause-is-unknown", vec![])
}

impl<'a> Tale<'a> {
    fn new(world: &'a World) -> Self {
        Self { world, rows: Vec::new(), complete: true }
    }

    /// What a node reported, or what was done to the world.
    fn record(&mut self, record: &Record) {
        self.rows.push(CauseRow::of(self.world, record));
    }

    /// An event; a find is told as what was found.
    fn event(&mut self, event: &Occurrence) {
        let found = match event.what {
            What::Mined(_) => self.world.log().find(|record| record.key == event.key && is_find(record)),
            _ => None,
        };
        self.rows
            .push(found.map_or_else(|| CauseRow::of_event(self.world, event), |found| CauseRow::of(self.world, found)));
    }

    /// An event and what it came from.
    fn chain(&mut self, event: &Occurrence) {
        event.chain().for_each(|one| self.event(one));
        self.complete &= event.root().is_first();
    }

    fn with_chain(mut self, event: &Occurrence) -> Self {
        self.chain(event);
        self
    }

    /// What somebody or chance did that led to a record.
    fn root(&mut self, record: &Record) {
        match record.origin.as_deref().map(Occurrence::root) {
            Some(root) if root.is_first() => self.event(root),
            Some(_) => self.complete = false,
            None => {}
        }
    }

    /// The first cause of all that is told, unless it is lost.
    fn needs(&mut self, found: Option<&Record>) {
        match found {
            Some(record) => self.record(record),
            None => self.complete = false,
        }
    }

    /// In the order of events. Of too many, the first and the last are told.
    fn answer(mut self, code: &str, values: Vec<String>) -> WhyPart {
        self.rows.sort_by_key(|row| row.key);
        let mut told: Vec<CauseRow> = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            if !told.iter().rev().take_while(|other| other.key == row.key).any(|other| *other == row) {
                told.push(row);
            }
        }
        if told.len() > MAX_ROWS {
            told.drain(1..=told.len() - MAX_ROWS);
            self.complete = false;
        }
        WhyPart { code: code.to_owned(), values, rows: told, complete: self.complete }
    }
}

fn is_find(record: &Record) -> bool {
    matches!(record.entry, LogEntry::Node(EventKind::Mined { .. }))
}

/// Who found a block, and when.
fn find_of<'a>(world: &'a World, id: &BlockId) -> Option<&'a Record> {
    world.log().find(|record| matches!(&record.entry, LogEntry::Node(EventKind::Mined { block, .. }) if block == id))
}
