//! What happened to one thing, newest first, as far as the log reaches.

use super::{CauseRow, Tale, channel::is_of_payment, message, transaction::is_about};
use crate::{
    node::EventKind,
    primitives::{BlockId, ChannelId},
    sim::{Action, LogEntry, Record, World},
    view::{Selection, transaction::Found},
};

/// Lines at most.
const MAX_LINES: usize = 60;

pub(in crate::view) fn history(world: &World, selection: &Selection) -> Vec<CauseRow> {
    let tell = |concerns: &dyn Fn(&Record) -> bool| -> Vec<CauseRow> {
        let records = world.log().rev().filter(|record| concerns(record)).take(MAX_LINES);
        records.map(|record| CauseRow::of(world, record)).collect()
    };
    match selection {
        Selection::Node { name } => {
            let index = world.index_of(name);
            tell(&|record| match &record.entry {
                LogEntry::Action(action) => names(action, name),
                _ => index.is_some() && record.node == index,
            })
        }
        Selection::Block { id } => tell(&|record| is_of_block(record, id)),
        Selection::Transaction { id, block } => {
            let place = Found::of(world, id, *block).and_then(|found| found.place).map(|place| place.block);
            tell(&|record| is_about(record, id) || place.is_some_and(|block| is_of_block(record, &block)))
        }
        Selection::Channel { id } => tell(&|record| is_of_channel(record, id)),
        Selection::Payment { id } => tell(&|record| is_of_payment(record, id)),
        Selection::Message { key } => {
            let mut tale = Tale::new(world);
            message::origin(world, key).iter().for_each(|origin| tale.event(origin));
            let mut told = tell(&|record| record.key == *key);
            told.extend(tale.rows);
            told
        }
    }
}

fn is_of_block(record: &Record, id: &BlockId) -> bool {
    match &record.entry {
        LogEntry::Node(event) => match event {
            EventKind::Mined { block, .. }
            | EventKind::Extended { block, .. }
            | EventKind::SideBranch { block, .. }
            | EventKind::Orphaned { block, .. }
            | EventKind::Held { block }
            | EventKind::BlockRejected { block, .. } => block == id,
            EventKind::Reorged { from, to, .. } => from == id || to == id,
            _ => false,
        },
        LogEntry::Lost { block, .. } => block == id,
        LogEntry::Action(_) | LogEntry::Refused(_) => false,
    }
}

fn is_of_channel(record: &Record, id: &ChannelId) -> bool {
    match &record.entry {
        LogEntry::Node(EventKind::Channel { channel, .. } | EventKind::Tower { channel, .. }) => channel == id,
        _ => false,
    }
}

/// Whether an action is done by a node, or to it.
fn names(action: &Action, name: &str) -> bool {
    match action {
        Action::Transfer { from, to, .. }
        | Action::OpenChannel { from, to, .. }
        | Action::Pay { from, to, .. }
        | Action::Send { from, to, .. }
        | Action::Resize { from, to, .. }
        | Action::CloseChannel { from, to, .. }
        | Action::Cheat { from, to, .. } => from == name || to == name,
        Action::Cut { a, b } | Action::Heal { a, b } | Action::SetLink { a, b, .. } => a == name || b == name,
        Action::Hold { node, .. }
        | Action::Misbehave { node, .. }
        | Action::Publish { node, .. }
        | Action::Stop { node }
        | Action::Start { node }
        | Action::ConnectRemote { node, .. }
        | Action::DisconnectRemote { node, .. }
        | Action::External { node, .. }
        | Action::Stake { node, .. }
        | Action::Unstake { node, .. }
        | Action::Trust { node, .. }
        | Action::SetHashRate { node, .. } => node == name,
        Action::Watch { client, tower } => client == name || tower.as_deref() == Some(name),
        Action::Partition { nodes } => nodes.iter().any(|node| node == name),
        Action::AddNode { node, links } => node.name == name || links.iter().any(|link| link == name),
        Action::AddRemote { .. } => false,
        Action::HealAll | Action::SetWorkload { .. } | Action::Quiesce => true,
    }
}
