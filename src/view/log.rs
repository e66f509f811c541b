//! What happened, one line each: a code and its values, to be worded by the page.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{
    channel::{Ending, Notice, TowerNotice},
    gossip::{Message, PeerId},
    node::{EventKind, PaymentNotice},
    primitives::{Hash, OffenceKind},
    sim::{Action, EventKey, LogEntry, Misbehaviour, Payload, Record, World, remote_of, remote_peer},
};

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LogLine {
    /// The event in which it happened.
    pub key: EventKey,
    /// In which node.
    pub node: Option<String>,
    /// The key of its sentence.
    pub code: String,
    /// What the sentence's places are filled with, in order.
    pub values: Vec<String>,
    /// The block it is about.
    pub block: Option<Hash>,
}

impl LogLine {
    /// A record as a line; nothing for what only machines care about.
    pub(super) fn of(world: &World, record: &Record) -> Option<Self> {
        let (code, values, block) = match &record.entry {
            LogEntry::Node(event) => of_event(world, event)?,
            LogEntry::Action(action) => of_action(world, action),
            LogEntry::Refused(reason) => ("refused", vec![reason.clone()], None),
            LogEntry::Lost { .. } => return None,
        };
        let node = record.node.and_then(|index| world.node(index)).map(|sim| sim.name.clone());
        Some(Self { key: record.key, node, code: code.to_owned(), values, block })
    }

    /// The newest of what nobody should miss, whatever the log's filter: chains left, disputes, penalties, failed payments.
    pub(super) fn news(world: &World) -> Option<Self> {
        let record = world.log().rev().find(|record| match &record.entry {
            LogEntry::Node(EventKind::Channel { notice, .. }) => {
                matches!(notice, Notice::Published { .. } | Notice::Closed { ending: Ending::Punished(_) })
            }
            LogEntry::Node(EventKind::Payment { notice, .. }) => matches!(notice, PaymentNotice::Failed { .. }),
            LogEntry::Node(event) => matches!(event, EventKind::Reorged { .. }),
            _ => false,
        })?;
        Self::of(world, record)
    }
}

/// What an action does: the key of its sentence and what fills its places.
pub fn deed(world: &World, action: &Action) -> (String, Vec<String>) {
    let (code, values, _) = of_action(world, action);
    (format!("log-{code}"), values)
}

pub(super) type Line = (&'static str, Vec<String>, Option<Hash>);

fn of_event(world: &World, event: &EventKind) -> Option<Line> {
    let name = |peer: &PeerId| peer_name(world, *peer).unwrap_or_else(|| peer.0.to_string());
    Some(match event {
        EventKind::Mined { block, height } => ("mined", vec![height.to_string(), block.short()], Some(*block)),
        EventKind::Reorged { from, to, disconnected, connected } => {
            ("reorged", vec![disconnected.to_string(), connected.to_string(), from.short(), to.short()], Some(*to))
        }
        EventKind::SideBranch { block, height } => {
            ("side-branch", vec![height.to_string(), block.short()], Some(*block))
        }
        EventKind::Orphaned { block, parent } => ("orphaned", vec![block.short(), parent.short()], None),
        EventKind::Held { block } => ("held", vec![block.short()], None),
        EventKind::BlockRejected { block, error } => {
            ("block-rejected", vec![block.short(), error.to_string()], Some(*block))
        }
        EventKind::PeerBlamed { peer, fault } => ("blamed", vec![name(peer), fault.to_string()], None),
        EventKind::TransactionRejected { transaction, error } => {
            ("transaction-rejected", vec![transaction.short(), error.to_string()], None)
        }
        EventKind::Channel { peer, notice, .. } => of_notice(name(peer), notice)?,
        EventKind::Tower { peer, notice, .. } => of_tower(name(peer), notice),
        EventKind::OffenceSeen { offender, offence } => {
            let who = world.name_of(offender).map_or_else(|| offender.short(), str::to_owned);
            (offence_code(*offence), vec![who], None)
        }
        EventKind::Finalized { checkpoint } => {
            ("finalized", vec![checkpoint.epoch.to_string(), checkpoint.block.short()], Some(checkpoint.block))
        }
        EventKind::OfferRefused { peer, reason, .. } => ("offer-refused", vec![name(peer), reason.clone()], None),
        EventKind::Payment { notice, .. } => of_payment(notice)?,
        EventKind::Extended { .. }
        | EventKind::HeadersAccepted { .. }
        | EventKind::TransactionAccepted { .. }
        | EventKind::TransactionDropped { .. }
        | EventKind::MinedLate => return None,
    })
}

fn of_notice(with: String, notice: &Notice) -> Option<Line> {
    let one = |code, value: String| (code, vec![with.clone(), value], None);
    Some(match notice {
        Notice::Agreed { capacity } => one("channel-agreed", capacity.to_string()),
        Notice::Opened => one("channel-opened", String::new()),
        Notice::Unburied => one("channel-unburied", String::new()),
        Notice::NotPaid { amount, spendable } => {
            ("channel-not-paid", vec![with, amount.to_string(), spendable.to_string()], None)
        }
        Notice::Publishing { number } => one("channel-publishing", number.to_string()),
        Notice::Published { number, window_ends, .. } => {
            ("channel-published", vec![with, number.to_string(), window_ends.to_string()], None)
        }
        Notice::Refuting { number } => one("channel-refuting", number.to_string()),
        Notice::Punishing { number } => one("channel-punishing", number.to_string()),
        Notice::Closed { ending } => match ending {
            Ending::Cooperative => one("channel-closed", String::new()),
            Ending::Settled => one("channel-settled", String::new()),
            Ending::Punished(_) => one("channel-punished", String::new()),
            Ending::Resized => one("channel-resized", String::new()),
        },
        Notice::Resizing => one("channel-resizing", String::new()),
        Notice::NotResized => one("channel-not-resized", String::new()),
        Notice::Lost { number } => one("channel-lost", number.to_string()),
        Notice::Abandoned => one("channel-abandoned", String::new()),
        Notice::Paid { .. } | Notice::Received { .. } => return None,
    })
}

/// Payments that arrive are too many to tell of; the panel has them all.
fn of_payment(notice: &PaymentNotice) -> Option<Line> {
    let (code, amount) = match notice {
        PaymentNotice::Failed { amount, .. } => ("payment-failed", amount),
        PaymentNotice::Held { amount } => ("payment-held", amount),
        _ => return None,
    };
    Some((code, vec![amount.to_string()], None))
}

fn of_tower(with: String, notice: &TowerNotice) -> Line {
    let (code, values) = match notice {
        TowerNotice::Watching { number } => ("tower-watching", vec![with, number.to_string()]),
        TowerNotice::Refuting { number, .. } => ("tower-refuting", vec![with, number.to_string()]),
        TowerNotice::Punishing { number, .. } => ("tower-punishing", vec![with, number.to_string()]),
        TowerNotice::Revealing { expiry } => ("tower-revealing", vec![with, expiry.0.to_string()]),
        TowerNotice::TooPoor { wanted, available } => {
            ("tower-too-poor", vec![with, available.to_string(), wanted.to_string()])
        }
        TowerNotice::Forgotten => ("tower-forgotten", vec![with]),
        TowerNotice::Refused { reason } => ("tower-refused", vec![with, reason.to_string()]),
    };
    (code, values, None)
}

pub(super) fn peer_name(world: &World, peer: PeerId) -> Option<String> {
    match remote_of(peer) {
        Some(remote) => world.remotes().get(remote as usize).map(|remote| remote.name.clone()),
        None => u32::try_from(peer.0).ok().and_then(|index| world.node(index)).map(|sim| sim.name.clone()),
    }
}

pub(super) fn of_action(world: &World, action: &Action) -> Line {
    let remote_name = |remote: u32| peer_name(world, remote_peer(remote)).unwrap_or_default();
    let (code, values) = match action {
        Action::Transfer { from, to, amount, fee, .. } => {
            ("transfer", vec![from.clone(), to.clone(), amount.to_string(), fee.to_string()])
        }
        Action::OpenChannel { from, to, ours, theirs, .. } => {
            ("open-channel", vec![from.clone(), to.clone(), ours.to_string(), theirs.to_string()])
        }
        Action::Pay { from, to, amount, times, .. } => {
            ("pay", vec![from.clone(), to.clone(), amount.to_string(), times.to_string()])
        }
        Action::Resize { from, to, amount, .. } => ("resize", vec![from.clone(), to.clone(), amount.to_string()]),
        Action::CloseChannel { from, to, force, .. } => {
            (if *force { "force-close" } else { "close-channel" }, vec![from.clone(), to.clone()])
        }
        Action::Cheat { from, to, commitment, .. } => ("cheat", vec![from.clone(), to.clone(), commitment.to_string()]),
        Action::Send { from, to, amount, .. } => ("send", vec![from.clone(), to.clone(), amount.to_string()]),
        Action::Publish { node, message } => return published(node, message),
        Action::Hold { node, on } => (if *on { "hold" } else { "unhold" }, vec![node.clone()]),
        Action::Misbehave { node, how } => (misbehaviour(*how), vec![node.clone()]),
        Action::Watch { client, tower: Some(tower) } => ("watch", vec![client.clone(), tower.clone()]),
        Action::Watch { client, tower: None } => ("unwatch", vec![client.clone()]),
        Action::Stake { node, amount, .. } => ("stake", vec![node.clone(), amount.to_string()]),
        Action::Unstake { node, .. } => ("unstake", vec![node.clone()]),
        Action::Trust { node, epoch, block } => ("trust", vec![node.clone(), epoch.to_string(), block.short()]),
        Action::Cut { a, b } => ("cut", vec![a.clone(), b.clone()]),
        Action::Heal { a, b } => ("heal", vec![a.clone(), b.clone()]),
        Action::Partition { nodes } => ("partition", vec![nodes.join(", ")]),
        Action::HealAll => ("heal-all", vec![]),
        Action::SetLink { a, b, .. } => ("set-link", vec![a.clone(), b.clone()]),
        Action::AddNode { node, .. } => ("add-node", vec![node.name.clone()]),
        Action::Stop { node } => ("stop", vec![node.clone()]),
        Action::Start { node } => ("start", vec![node.clone()]),
        Action::SetHashRate { node, hash_rate } => ("set-hash-rate", vec![node.clone(), hash_rate.to_string()]),
        Action::SetWorkload { workload } => {
            let rates = [workload.transfers_per_hour, workload.payments_per_hour, workload.sends_per_hour];
            ("set-workload", rates.map(|rate| rate.to_string()).into())
        }
        Action::AddRemote { name, .. } => ("add-remote", vec![name.clone()]),
        Action::ConnectRemote { node, remote } => ("connect-remote", vec![node.clone(), remote_name(*remote)]),
        Action::DisconnectRemote { node, remote } => ("disconnect-remote", vec![node.clone(), remote_name(*remote)]),
        Action::External { node, remote, .. } => ("external", vec![node.clone(), remote_name(*remote)]),
        Action::Quiesce => ("quiesce", vec![]),
    };
    (code, values, None)
}

/// What was published; nothing that comes from a checked action is anything else.
fn published(node: &str, message: &Payload) -> Line {
    match Message::parse(&message.0) {
        Ok(Message::Block(block)) => ("publish-block", vec![node.to_owned(), block.id().short()], Some(block.id())),
        Ok(Message::Transaction(one)) => ("publish-transaction", vec![node.to_owned(), one.id().short()], None),
        _ => ("publish-nothing", vec![node.to_owned()], None),
    }
}

const fn offence_code(offence: OffenceKind) -> &'static str {
    match offence {
        OffenceKind::Equivocation => "offence-equivocation",
        OffenceKind::DoubleVote => "offence-double-vote",
        OffenceKind::SurroundVote => "offence-surround-vote",
    }
}

const fn misbehaviour(how: Option<Misbehaviour>) -> &'static str {
    match how {
        Some(Misbehaviour::Silent) => "misbehave-silent",
        Some(Misbehaviour::DoubleSign) => "misbehave-double-sign",
        Some(Misbehaviour::Withhold) => "misbehave-withhold",
        Some(Misbehaviour::Jam) => "misbehave-jam",
        Some(Misbehaviour::Race) => "misbehave-race",
        Some(Misbehaviour::PublishOld) => "misbehave-publish-old",
        Some(Misbehaviour::Equivocate) => "misbehave-equivocate",
        Some(Misbehaviour::VoteTwice) => "misbehave-vote-twice",
        None => "behave",
    }
}
