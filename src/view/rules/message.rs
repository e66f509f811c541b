//! What a message must keep before it is listened to.

use super::{RuleRow, RulesView, values};
use crate::{
    channel::Direct,
    gossip::{Fault, MAX_MESSAGE_BYTES, Message, PeerId, WireError},
    node::Node,
    primitives::{Finding, Verdict},
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
        rows.extend(message.and_then(|message| by_receiver(&message, flight, receiver, arrived)));
        Self { rows, ..Self::default() }
    }
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
