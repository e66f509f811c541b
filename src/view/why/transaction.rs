//! Why a transaction is confirmed, waits or was refused: who wanted it, how it travelled, who put it into a block.

use super::{CauseRow, Tale, WhyPart, find_of, nothing};
use crate::{
    chain::Dropped,
    node::EventKind,
    primitives::{BlockId, TransactionId},
    sim::{LogEntry, Record, World},
    view::{Selection, transaction::Found},
};

/// Nodes of which it is told how they heard of it.
const MAX_HEARD: usize = 12;

pub(super) fn explain(world: &World, id: &TransactionId, block: Option<BlockId>) -> WhyPart {
    let place = Found::of(world, id, block).map(|found| found.place);
    let heard: Vec<&Record> = world.log().filter(|record| is_about(record, id)).collect();
    if heard.is_empty() && place.is_none() {
        return nothing(world);
    }
    let mut tale = Tale::new(world);
    // The first record that was kept may be of somebody who only heard of it.
    let first = heard.iter().min_by_key(|record| record.key);
    match first {
        Some(first) => tale.root(first),
        None => tale.complete = false,
    }
    for (at, record) in heard.iter().enumerate() {
        match &record.entry {
            LogEntry::Node(EventKind::TransactionAccepted { replaced: None, .. }) if at > MAX_HEARD => {}
            LogEntry::Node(EventKind::TransactionAccepted { replaced: None, .. }) => {
                let row = CauseRow::heard(world, record);
                tale.rows.push(row.unwrap_or_else(|| CauseRow::of(world, record)));
            }
            LogEntry::Node(EventKind::TransactionRejected { .. }) => {
                record.origin.iter().for_each(|origin| tale.chain(origin));
                tale.record(record);
            }
            _ => tale.record(record),
        }
    }
    let (code, values) = match place.flatten() {
        Some(place) => {
            let found = find_of(world, &place.block);
            match found {
                Some(found) => {
                    let links = vec![Selection::block(place.block)];
                    let values = vec![place.height.to_string(), place.block.short()];
                    tale.rows.push(CauseRow::new(world, found, "cause-carried", values, links));
                }
                None => tale.complete = false,
            }
            (if place.best { "cause-is-confirmed" } else { "cause-is-in-stale" }, vec![place.height.to_string()])
        }
        None => unconfirmed(world, id, &heard),
    };
    tale.answer(code, values)
}

/// What it waits for, or why it never will be.
fn unconfirmed(world: &World, id: &TransactionId, heard: &[&Record]) -> (&'static str, Vec<String>) {
    let waiting = world.running().filter(|(_, node)| node.mempool().get(id).is_some()).count();
    let dropped = heard.iter().rev().find_map(|record| match &record.entry {
        LogEntry::Node(EventKind::TransactionAccepted { transaction, replaced: Some(old) }) if old == id => {
            Some((Dropped::Replaced, Some(*transaction)))
        }
        LogEntry::Node(EventKind::TransactionDropped { reason, by, .. }) => Some((*reason, *by)),
        _ => None,
    });
    let refused = heard.iter().rev().find_map(|record| match &record.entry {
        LogEntry::Node(EventKind::TransactionRejected { error, .. }) => Some(error.to_string()),
        _ => None,
    });
    match (waiting, dropped, refused) {
        (0, Some((reason, by)), _) => {
            let code = match (reason, by) {
                (Dropped::Replaced, _) => "cause-is-replaced",
                (Dropped::Evicted, _) => "cause-is-evicted",
                (Dropped::Spent, Some(_)) => "cause-is-spent",
                (Dropped::Unpayable, _) => "cause-is-unpayable",
                (Dropped::Past, _) | (Dropped::Spent, None) => "cause-is-past",
            };
            (code, vec![by.map(|by| by.short()).unwrap_or_default()])
        }
        (0, None, Some(error)) => ("cause-is-rejected", vec![error]),
        (0, None, None) => ("cause-is-dropped", vec![]),
        (count, ..) => ("cause-is-waiting", vec![count.to_string()]),
    }
}

/// Whether a record tells of a transaction.
pub(super) fn is_about(record: &Record, id: &TransactionId) -> bool {
    match &record.entry {
        LogEntry::Node(EventKind::TransactionAccepted { transaction, replaced }) => {
            transaction == id || replaced.as_ref() == Some(id)
        }
        LogEntry::Node(
            EventKind::TransactionRejected { transaction, .. } | EventKind::TransactionDropped { transaction, .. },
        ) => transaction == id,
        _ => false,
    }
}
