//! Why a channel ended as it did, or why it is stuck; and why a payment over a route arrived or failed.

use super::{Tale, WhyPart, nothing};
use crate::{
    channel::{Ending, Notice, TowerNotice},
    node::{EventKind, PaymentNotice},
    primitives::{ChannelId, PaymentHash},
    sim::{LogEntry, Occurrence, Record, What, World},
};

pub(super) fn explain(world: &World, id: &ChannelId) -> WhyPart {
    let told: Vec<&Record> = world.log().filter(|record| is_worth_telling(record, id)).collect();
    if told.is_empty() {
        return nothing(world);
    }
    let closed = told.iter().find_map(|record| match notice(record) {
        Some(Notice::Closed { ending }) => Some(ending),
        _ => None,
    });
    let dispute = told.iter().position(|record| {
        matches!(notice(record), Some(Notice::Publishing { .. } | Notice::Published { .. } | Notice::Lost { .. }))
    });
    let end = told.iter().position(|record| matches!(notice(record), Some(Notice::Closed { .. } | Notice::Abandoned)));
    let mut tale = Tale::new(world);
    for record in &told[dispute.or(end).unwrap_or(0)..] {
        // Whoever asked for it, or found the block that brought it.
        if matches!(root(record), Some(What::Action(_) | What::Mined(_))) {
            tale.root(record);
        }
        tale.complete &= record.origin.as_ref().is_none_or(|origin| origin.root().is_first());
        tale.record(record);
    }
    let code = match (closed, dispute, end) {
        (Some(Ending::Punished(_)), ..) => "cause-is-punished",
        (Some(Ending::Settled), ..) => "cause-is-settled",
        (Some(Ending::Cooperative), ..) => "cause-is-closed",
        (Some(Ending::Resized), ..) => "cause-is-resized",
        (None, Some(_), _) => "cause-is-disputed",
        (None, None, Some(_)) => "cause-is-abandoned",
        (None, None, None) => "cause-is-channel",
    };
    tale.answer(code, vec![])
}

pub(super) fn explain_payment(world: &World, id: &PaymentHash) -> WhyPart {
    let told: Vec<&Record> = world.log().filter(|record| is_of_payment(record, id)).collect();
    let Some(first) = told.first() else {
        return nothing(world);
    };
    let mut tale = Tale::new(world);
    tale.root(first);
    told.iter().for_each(|record| tale.record(record));
    let has = |is: fn(&PaymentNotice) -> bool| {
        told.iter()
            .any(|record| matches!(&record.entry, LogEntry::Node(EventKind::Payment { notice, .. }) if is(notice)))
    };
    tale.complete &= has(|notice| matches!(notice, PaymentNotice::Sent { .. })) || told.len() == 1;
    let why = told.iter().find_map(|record| match &record.entry {
        LogEntry::Node(EventKind::Payment { notice: PaymentNotice::Failed { why, .. }, .. }) => Some(why.to_string()),
        _ => None,
    });
    match why {
        Some(why) => tale.answer("cause-is-failed", vec![why]),
        None if has(|notice| matches!(notice, PaymentNotice::Paid { .. })) => tale.answer("cause-is-paid", vec![]),
        None => tale.answer("cause-is-under-way", vec![]),
    }
}

fn notice(record: &Record) -> Option<&Notice> {
    match &record.entry {
        LogEntry::Node(EventKind::Channel { notice, .. }) => Some(notice),
        _ => None,
    }
}

fn root(record: &Record) -> Option<&What> {
    record.origin.as_deref().map(Occurrence::root).map(|root| &root.what)
}

/// Payments and what a tower is shown of them are too many.
fn is_worth_telling(record: &Record, id: &ChannelId) -> bool {
    match &record.entry {
        LogEntry::Node(EventKind::Channel { channel, notice, .. }) => {
            channel == id && !matches!(notice, Notice::Paid { .. } | Notice::Received { .. })
        }
        LogEntry::Node(EventKind::Tower { channel, notice, .. }) => {
            channel == id && !matches!(notice, TowerNotice::Watching { .. })
        }
        _ => false,
    }
}

/// Whether a record tells of a payment.
pub(super) fn is_of_payment(record: &Record, id: &PaymentHash) -> bool {
    matches!(&record.entry, LogEntry::Node(EventKind::Payment { payment, .. }) if payment == id)
}
