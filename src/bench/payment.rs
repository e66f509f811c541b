//! Payments over several hops, through the doors of whole nodes: what they say travels as bytes, what they keep is handed out to be stored.

use std::collections::{BTreeMap, VecDeque};

use super::{bare, row::Piece};
use crate::{
    chain::{Genesis, Rules},
    gossip::PeerId,
    node::{Command, CommandResult, EventKind, Input, Keyring, Node, OpenChannel, Output, PaymentNotice, PeerChange},
    primitives::{Amount, Checks, Midstate, Policy, SecretKey, Tag, Timestamp},
};

const SEED: Tag = Tag::new("tabchain/bench-node");
/// Payments of one piece, all one way; the next piece goes the other way.
const PAYMENTS: u64 = 8;
const PAYMENT: Amount = Amount::literal(1_000);
const BALANCE: Amount = Amount::literal(1_000_000_000);
const DEPOSIT: Amount = Amount::literal(100_000_000);
const FEE: Amount = Amount::literal(1_000);
/// Blocks after which channels are buried and announced.
const BLOCKS: usize = 8;
/// Virtual milliseconds between two blocks, and between two looks at whether a node wants to do something.
const INTERVAL: u64 = 10_000;
const TICK: u64 = 1_000;

/// Nodes in a line, each with a channel to the next.
struct Line {
    nodes: Vec<Node>,
    now: Timestamp,
    wires: VecDeque<(u64, u64, Vec<u8>)>,
    /// What each node wants to mine.
    blocks: BTreeMap<u64, crate::chain::BlockTemplate>,
    result: Option<CommandResult>,
    paid: u64,
}

/// One piece: 8 payments from one end of a line of channels to the other, one after the other: an invoice, a route, an HTLC offered hop by hop and fulfilled
/// hop by hop. Every node judges every message by itself. One unit a hop of a payment.
pub(super) fn hops(hops: usize) -> Piece {
    let (mut line, mut ends) = (Line::open(hops + 1), (0, hops as u64));
    Box::new(move || {
        let before = line.paid;
        for _ in 0..PAYMENTS {
            line.pay(ends.0, ends.1);
        }
        ends = (ends.1, ends.0);
        (line.paid - before) * hops as u64
    })
}

/// One piece: the signatures and verifications of such a payment, bare: of the two updates on each hop two each, and of the invoice one. One unit a
/// hop.
pub(super) fn bound(hops: u32) -> Piece {
    let mut payments = bare::signatures(4 * hops + 1, 4 * hops + 1);
    Box::new(move || payments() * u64::from(hops))
}

impl Line {
    fn open(count: usize) -> Self {
        let keys: Vec<SecretKey> = (0..count as u64).map(|node| SecretKey::from_seed(seed(node))).collect();
        let rules = Rules { initial_difficulty: 1, ..Rules::default() };
        let allocations = keys.iter().map(|key| (key.public().address(), BALANCE)).collect();
        let genesis = Genesis { rules, timestamp: Timestamp(0), allocations, validators: Vec::new() };
        let ids = 0u64..;
        let nodes = ids.zip(keys).map(|(id, key)| Node::new(&genesis, Keyring::new(key, seed(id)))).collect();
        let (wires, blocks) = (VecDeque::new(), BTreeMap::new());
        let mut line = Self { nodes, now: Timestamp(0), wires, blocks, result: None, paid: 0 };
        let last = count as u64 - 1;
        for node in 0..last {
            for (one, other) in [(node, node + 1), (node + 1, node)] {
                line.give(one, Input::Peer { peer: PeerId(other), change: PeerChange::Connected });
            }
        }
        line.pass(INTERVAL);
        for node in 0..last {
            let peer = PeerId(node + 1);
            let open = OpenChannel {
                peer,
                ours: DEPOSIT,
                theirs: DEPOSIT,
                fee: FEE,
                policy: Policy::Penalty,
                window: 6,
                reserve: FEE,
            };
            line.command(node, Command::OpenChannel(Box::new(open)));
        }
        line.command(0, Command::SetMining(true));
        (0..BLOCKS).for_each(|_| line.mine());
        line.command(0, Command::SetMining(false));
        line.pass(INTERVAL);
        line
    }

    /// One payment from end to end.
    fn pay(&mut self, payer: u64, payee: u64) {
        self.command(payee, Command::Invoice { amount: PAYMENT });
        let Some(CommandResult::Invoiced(invoice)) = self.result.take() else {
            unreachable!("the amount is allowed");
        };
        self.command(payer, Command::PayInvoice { invoice, max_fee: None });
    }

    fn mine(&mut self) {
        self.pass(INTERVAL);
        let template = self.blocks.remove(&0).expect("the first node mines");
        let search = Midstate::new(&template.id());
        let nonce = search.search(template.header.target, 0, u64::MAX).expect("the target is easy");
        self.give(0, Input::Mined { template: template.id(), nonce });
        self.pass(TICK);
    }

    /// Time passes, and nodes do what they meant to do in it.
    fn pass(&mut self, time: u64) {
        let end = self.now.after(time);
        while self.now < end {
            self.now = self.now.after(TICK);
            for node in 0..self.nodes.len() as u64 {
                if self.nodes[node as usize].next_wake().is_some_and(|due| due <= self.now) {
                    self.give(node, Input::Wake);
                }
            }
        }
    }

    fn command(&mut self, node: u64, command: Command) {
        self.give(node, Input::Command { id: 0, command });
    }

    /// Gives a node an input, and everything that is said because of it to whom it is said.
    fn give(&mut self, node: u64, input: Input) {
        self.obey(node, input);
        while let Some((from, to, bytes)) = self.wires.pop_front() {
            self.obey(to, Input::Received { from: PeerId(from), bytes });
        }
    }

    fn obey(&mut self, node: u64, input: Input) {
        let outputs = self.nodes[node as usize].handle(self.now, input, &mut Checks::forgetful());
        for output in outputs {
            match output {
                Output::Send { to, message } => self.wires.push_back((node, to.0, message.to_bytes())),
                Output::Mine(template) => drop(self.blocks.insert(node, template)),
                Output::Done { result, .. } => self.result = Some(result),
                Output::Event { event: EventKind::Payment { notice: PaymentNotice::Paid { .. }, .. }, .. } => {
                    self.paid += 1;
                }
                Output::Persist(_) | Output::Disconnect { .. } | Output::StopMining | Output::Event { .. } => {}
            }
        }
    }
}

fn seed(node: u64) -> [u8; 32] {
    SEED.hash_of(&node).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every payment arrives, in both directions, again and again.
    #[test]
    fn every_payment_arrives() {
        for count in [1, 3] {
            let mut piece = hops(count);
            assert_eq!([piece(), piece(), piece()], [PAYMENTS * count as u64; 3], "{count} hops");
        }
    }
}
