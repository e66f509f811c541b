//! One event or record as a line: a code and its values, and where it leads to.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{
    chain::Dropped,
    channel::Notice,
    node::{EventKind, PaymentNotice},
    primitives::Hash,
    sim::{Carried, Class, EventKey, LogEntry, NodeIndex, Occurrence, Record, Subject, What, World},
    view::{
        LogLine, Selection, grouped,
        log::{of_action, peer_name},
    },
};

/// Something that happened, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CauseRow {
    /// The event in which it happened.
    pub key: EventKey,
    /// In which node.
    pub node: Option<String>,
    /// The key of its sentence.
    pub code: String,
    /// What the sentence's places are filled with, in order.
    pub values: Vec<String>,
    /// What can be looked at from here.
    pub links: Vec<Selection>,
}

/// What is said of an event.
type Said = (&'static str, Vec<String>, Vec<Selection>);

pub(super) fn name(world: &World, index: NodeIndex) -> Option<String> {
    world.node(index).map(|sim| sim.name.clone())
}

impl CauseRow {
    /// A line of one's own about something recorded.
    pub(super) fn new(world: &World, record: &Record, code: &str, values: Vec<String>, links: Vec<Selection>) -> Self {
        let node = record.node.and_then(|index| name(world, index));
        Self { key: record.key, node, code: code.to_owned(), values, links }
    }

    /// What was recorded.
    pub(super) fn of(world: &World, record: &Record) -> Self {
        let links = leads_to(world, record);
        match LogLine::of(world, record) {
            Some(line) => Self::new(world, record, &format!("log-{}", line.code), line.values, links),
            None => {
                let (code, values) = unlogged(world, &record.entry);
                Self::new(world, record, code, values, links)
            }
        }
    }

    /// An event, as a cause of others.
    pub(super) fn of_event(world: &World, event: &Occurrence) -> Self {
        let (code, values, links) = match &event.what {
            What::Action(action) => {
                let (code, values, _) = of_action(world, action);
                return Self { key: event.key, node: None, code: format!("log-{code}"), values, links: Vec::new() };
            }
            What::Message(carried) => of_message(world, event.key, carried),
            What::Connection { peer, up, .. } => {
                let code = if *up { "cause-connected" } else { "cause-disconnected" };
                (code, vec![peer_name(world, *peer).unwrap_or_default()], Vec::new())
            }
            What::Remote => ("cause-remote", Vec::new(), Vec::new()),
            What::Redial => ("cause-redial", Vec::new(), Vec::new()),
            What::Command(_) => ("cause-command", Vec::new(), Vec::new()),
            What::Mined(_) => ("cause-mined", Vec::new(), Vec::new()),
            What::Wake(_) => ("cause-wake", Vec::new(), Vec::new()),
            What::Workload(_) => ("cause-workload", Vec::new(), Vec::new()),
        };
        let node = event.node().and_then(|index| name(world, index));
        Self { key: event.key, node, code: code.to_owned(), values, links }
    }

    /// By which message something was heard of, if it was by one.
    pub(super) fn heard(world: &World, record: &Record) -> Option<Self> {
        let What::Message(carried) = &record.origin.as_ref()?.what else {
            return None;
        };
        let values = vec![name(world, carried.from).unwrap_or_default(), way(record.key, carried)];
        Some(Self::new(world, record, "cause-heard", values, message(world, record.key).into_iter().collect()))
    }
}

fn of_message(world: &World, key: EventKey, carried: &Carried) -> Said {
    let from = name(world, carried.from).unwrap_or_default();
    let mut values = vec![carried.kind.to_owned(), from, way(key, carried)];
    let mut links: Vec<Selection> = message(world, key).into_iter().collect();
    let code = match carried.about {
        None => "cause-message",
        Some(Subject::Block(id)) => {
            values.push(id.short());
            links.push(Selection::block(id));
            "cause-message-block"
        }
        Some(Subject::Transaction(id)) => {
            values.push(id.short());
            links.push(Selection::Transaction { id, block: None });
            "cause-message-transaction"
        }
    };
    (code, values, links)
}

/// Milliseconds from sending to arrival.
fn way(key: EventKey, carried: &Carried) -> String {
    key.time.since(carried.sent).to_string()
}

/// The message whose arrival this event was, if it is still kept.
fn message(world: &World, key: EventKey) -> Option<Selection> {
    (key.class == Class::Delivery && world.message(&key).is_some()).then_some(Selection::Message { key })
}

/// What a record is about, besides its node.
fn leads_to(world: &World, record: &Record) -> Vec<Selection> {
    let transaction = |id: &Hash| Selection::Transaction { id: *id, block: None };
    let about = match &record.entry {
        LogEntry::Lost { block, .. } => Some(Selection::block(*block)),
        LogEntry::Node(event) => match event {
            EventKind::Mined { block, .. }
            | EventKind::Extended { block, .. }
            | EventKind::SideBranch { block, .. }
            | EventKind::Orphaned { block, .. }
            | EventKind::Held { block }
            | EventKind::BlockRejected { block, .. }
            | EventKind::Reorged { to: block, .. } => Some(Selection::block(*block)),
            EventKind::TransactionAccepted { transaction: id, .. }
            | EventKind::TransactionRejected { transaction: id, .. } => Some(transaction(id)),
            EventKind::TransactionDropped { transaction: id, by, .. } => Some(transaction(by.as_ref().unwrap_or(id))),
            EventKind::Channel { channel, .. } | EventKind::Tower { channel, .. } => {
                Some(Selection::Channel { id: *channel })
            }
            EventKind::Payment { payment, .. } => Some(Selection::Payment { id: *payment }),
            _ => None,
        },
        LogEntry::Action(action) => of_action(world, action).2.map(Selection::block),
        LogEntry::Refused(_) => None,
    };
    about.into_iter().chain(message(world, record.key)).collect()
}

/// What the log does not tell.
fn unlogged(world: &World, entry: &LogEntry) -> (&'static str, Vec<String>) {
    match entry {
        LogEntry::Lost { to, kind, block, cut_by } => {
            let code = if cut_by.is_some() { "cause-lost-cut" } else { "cause-lost" };
            (code, vec![(*kind).to_owned(), name(world, *to).unwrap_or_default(), block.short()])
        }
        LogEntry::Node(event) => of_node(world, event),
        LogEntry::Action(_) | LogEntry::Refused(_) => ("cause-command", Vec::new()),
    }
}

fn of_node(world: &World, event: &EventKind) -> (&'static str, Vec<String>) {
    match event {
        EventKind::Extended { block, height, transactions } => {
            ("cause-extended", vec![height.to_string(), block.short(), transactions.to_string()])
        }
        EventKind::HeadersAccepted { new } => ("cause-headers", vec![new.to_string()]),
        EventKind::TransactionAccepted { transaction, replaced: None } => ("cause-accepted", vec![transaction.short()]),
        EventKind::TransactionAccepted { transaction, replaced: Some(old) } => {
            ("cause-replaced", vec![transaction.short(), old.short()])
        }
        EventKind::TransactionDropped { transaction, reason, by } => {
            let code = match (reason, by) {
                (Dropped::Replaced, _) => "cause-gave-way",
                (Dropped::Evicted, _) => "cause-evicted",
                (Dropped::Spent, Some(_)) => "cause-nonce-taken",
                (Dropped::Spent, None) => "cause-nonce-spent",
                (Dropped::Past, _) => "cause-past",
                (Dropped::Unpayable, _) => "cause-unpayable",
            };
            (code, vec![transaction.short(), by.map(|by| by.short()).unwrap_or_default()])
        }
        EventKind::Channel { peer, notice: Notice::Paid { amount, number }, .. } => {
            let with = peer_name(world, *peer).unwrap_or_default();
            ("cause-channel-paid", vec![with, grouped(*amount), number.to_string()])
        }
        EventKind::Channel { peer, notice: Notice::Received { amount, number }, .. } => {
            let with = peer_name(world, *peer).unwrap_or_default();
            ("cause-channel-received", vec![with, grouped(*amount), number.to_string()])
        }
        EventKind::Payment { notice, .. } => of_payment(notice),
        _ => ("cause-late", Vec::new()),
    }
}

fn of_payment(notice: &PaymentNotice) -> (&'static str, Vec<String>) {
    match notice {
        PaymentNotice::Sent { amount, hops, fee } => {
            ("cause-payment-sent", vec![grouped(*amount), hops.to_string(), grouped(*fee)])
        }
        PaymentNotice::Retried { reason, .. } => ("cause-payment-retried", vec![reason.to_string()]),
        PaymentNotice::Paid { amount, fee } => ("cause-payment-paid", vec![grouped(*amount), grouped(*fee)]),
        PaymentNotice::Received { amount } => ("cause-payment-received", vec![grouped(*amount)]),
        PaymentNotice::Forwarded { amount, .. } => ("cause-payment-forwarded", vec![grouped(*amount)]),
        PaymentNotice::Earned { fee } => ("cause-payment-earned", vec![grouped(*fee)]),
        PaymentNotice::NotForwarded { reason, needed, available, .. } => {
            ("cause-payment-not-forwarded", vec![reason.to_string(), grouped(*needed), grouped(*available)])
        }
        PaymentNotice::Failed { amount, .. } => ("log-payment-failed", vec![grouped(*amount)]),
        PaymentNotice::Held { amount } => ("log-payment-held", vec![grouped(*amount)]),
    }
}
