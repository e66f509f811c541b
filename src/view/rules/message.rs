//! What a message must keep before it is listened to.

use super::{RuleRow, RulesView, values};
use crate::{
    channel::{
        Direct,
        routing::{Announcement, Applied},
    },
    gossip::{Announcements, Fault, MAX_MESSAGE_BYTES, Message, PeerId, WireError},
    node::Node,
    primitives::{Checks, Finding, Verdict},
    sim::{Flight, World},
};

impl RulesView {
    pub(in crate::view) fn of_message(world: &World, flight: &Flight, arrived: bool) -> Self {
        let Some(bytes) = &flight.bytes else {
            return Self { rows: vec![RuleRow::open("slot", "no-bytes")], ..Self::default() };
        };
        let (findings, message) = Message::audit(bytes);
        let size = values![flight.size];
        let mut rows = vec![RuleRow::compared("slot", bytes.len() == flight.size, size)];
        rows.extend(findings.iter().map(|finding| RuleRow::new("wire-", finding, compared)));
        let receiver = world.node(flight.to).and_then(|sim| sim.node.as_ref());
        if let Some(Message::Direct(bytes)) = &message {
            let readable = Verdict::from(Direct::parse(bytes).map(drop));
            rows.push(RuleRow::new("wire-", &Finding::new("direct", readable), |_| vec![]));
        }
        if let Some(Message::Announcements(said)) = &message {
            rows.extend(of_announcements(said, receiver));
        }
        rows.extend(message.and_then(|message| by_receiver(&message, flight, receiver, arrived)));
        Self { rows, ..Self::default() }
    }
}

/// What each announcement must keep. Those of channels that the receiver's chain does not have, and what it knows already, are passed over.
fn of_announcements(said: &Announcements, receiver: Option<&Node>) -> [RuleRow; 2] {
    let read: Result<Vec<_>, _> = said.entries.iter().map(|bytes| Announcement::parse(bytes)).collect();
    let readable = RuleRow::compared("wire-announcement", read.is_ok(), vec![]);
    let signed = match (read, receiver) {
        (Err(_), _) => RuleRow::open("wire-bad-signer", "undecodable"),
        (_, None) => RuleRow::open("wire-bad-signer", "node-off"),
        (Ok(read), Some(node)) => {
            let (genesis, checks) = (node.chain().genesis_id(), &mut Checks::forgetful());
            let forged = read.iter().any(|one| node.graph().judge(one, &genesis, checks) == Applied::BadSigner);
            RuleRow::compared("wire-bad-signer", !forged, vec![])
        }
    };
    [readable, signed]
}

/// What only the receiver can judge.
fn by_receiver(message: &Message, flight: &Flight, receiver: Option<&Node>, arrived: bool) -> Option<RuleRow> {
    let code = if matches!(message, Message::Status(_)) { "wire-wrong-chain" } else { "wire-greeted" };
    let Some(receiver) = receiver else {
        return Some(RuleRow::open(code, "node-off"));
    };
    match message {
        Message::Status(status) => {
            let ours = receiver.status();
            let compared = |fault: &Fault| match fault {
                Fault::WrongChain { version, genesis } => values![version, ours.version, genesis, ours.genesis],
                _ => vec![],
            };
            Some(RuleRow::new("wire-", &Finding::new("wrong-chain", status.same_chain(&ours)), compared))
        }
        // Whether it had, when the message arrived, is not remembered.
        _ if arrived => None,
        _ => {
            let from = PeerId(u64::from(flight.from));
            let greeted = receiver.gossip().peers().any(|(id, status)| id == from && status.is_some());
            Some(RuleRow::compared(code, greeted, vec![]))
        }
    }
}

fn compared(error: &WireError) -> Vec<String> {
    match error {
        WireError::TooLarge { bytes } => values![bytes, MAX_MESSAGE_BYTES],
        WireError::Undecodable { .. } | WireError::Unlinked => vec![],
        WireError::TooMany { count, limit, .. } => values![count, limit],
    }
}
