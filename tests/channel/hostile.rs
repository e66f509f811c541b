//! A node whose channel peers lie: garbage, floods, replays and words of others change nothing, are bounded, and are blamed on who sent them.

use proptest::prelude::*;
use tabchain::{
    channel::{
        Body, Channel, Direct, DirectError, Effect, Event, MAX_MESSAGE_BYTES, MAX_REASON_BYTES, Message, MessageError,
    },
    gossip::{Fault, Message as Wire, PeerId},
    node::{Command, EventKind, OpenChannel},
    primitives::{Block, Checks, Hash, Policy, Side},
};

use crate::{
    lab::{Lab, Numbers, scale},
    pair::{Setup, context},
    support::{ChainBuilder, LATER, genesis, key, properties, rules, units},
};

const NODE: u64 = 1;
const OTHER: u64 = 2;
const STRANGER: u64 = 66;

/// A node, and the other party of its channel, which the test plays.
struct Table {
    lab: Lab,
    builder: ChainBuilder,
    channel: Option<Channel>,
    /// What the other party has said.
    said: Vec<Message>,
}

fn table() -> Table {
    let builder = ChainBuilder::new(genesis(3, rules(1)));
    let mut lab = Lab::new(builder.genesis.clone(), LATER);
    lab.add(NODE, &[]);
    lab.greet(NODE, OTHER);
    lab.greet(NODE, STRANGER);
    Table { lab, builder, channel: None, said: Vec::new() }
}

fn offer() -> OpenChannel {
    let (ours, theirs, fee, reserve) = (units(50_000), units(40_000), units(1_000), units(0));
    OpenChannel { peer: PeerId(OTHER), ours, theirs, fee, policy: Policy::Penalty, window: 5, reserve }
}

/// As it goes over the wire.
fn bytes_of(message: &Message) -> Vec<u8> {
    Direct::Channel(message.clone()).to_bytes()
}

fn said(message: &Message) -> Wire {
    Wire::Direct(bytes_of(message))
}

impl Table {
    /// Blocks with what the node wants included reach it.
    fn mine(&mut self, count: usize) {
        for _ in 0..count {
            let body = self.lab.node(NODE).mempool().iter().map(|pooled| (*pooled.transaction).clone()).collect();
            let block: Block = self.builder.mine(body);
            self.lab.say(STRANGER, NODE, &Wire::Block(block));
            self.lab.run(20);
        }
    }

    fn node_channel(&self) -> Option<&Channel> {
        self.lab.node(NODE).channels().next().map(|(_, channel)| channel)
    }

    /// What the node has said to the other party since.
    fn heard(&mut self) -> Vec<Message> {
        let direct = |wire| match wire {
            Wire::Direct(bytes) => match Direct::parse(&bytes).expect("a node says what can be read") {
                Direct::Channel(message) => Some(message),
                Direct::Tower(_) | Direct::Asking(_) => None,
            },
            _ => None,
        };
        self.lab.received(OTHER).into_iter().filter_map(direct).collect()
    }

    /// The other party answers honestly; what it says is handed to `deliver` first.
    fn answer(&mut self, deliver: &mut dyn FnMut(&mut Self, &Message)) {
        loop {
            let heard = self.heard();
            if heard.is_empty() {
                return;
            }
            for message in heard {
                for reply in self.reply(message) {
                    deliver(self, &reply);
                    self.said.push(reply.clone());
                    self.lab.say(OTHER, NODE, &said(&reply));
                }
            }
        }
    }

    fn reply(&mut self, message: Message) -> Vec<Message> {
        let (key, genesis, mut checks) = (key(2), self.lab.genesis.block().id(), Checks::forgetful());
        let mut context = context(&key, &genesis, self.lab.now, &mut checks, &|| units(1_000_000));
        let effects = match (&mut self.channel, message.body) {
            (Some(channel), body) => channel.handle(&mut context, Event::Message(body)).expect("the node is honest"),
            (none, Body::Open { party, theirs, terms, fee, points, resizes }) => {
                let request = tabchain::channel::Request { party, theirs, terms, fee, resizes };
                let mut ours = Setup::default().party(Side::Accepter);
                ours.deposit = theirs;
                let (channel, effects) = Channel::accept(&mut context, &request, points, ours);
                *none = Some(channel);
                effects
            }
            _ => Vec::new(),
        };
        let said = |effect| if let Effect::Send(message) = effect { Some(message) } else { None };
        effects.into_iter().filter_map(said).collect()
    }

    fn see(&mut self) {
        let (key, genesis, mut checks) = (key(2), self.lab.genesis.block().id(), Checks::forgetful());
        let mut context = context(&key, &genesis, self.lab.now, &mut checks, &|| units(1_000_000));
        let seen = self.node_channel().expect("a channel").seen().clone();
        self.channel.as_mut().expect("a channel").handle(&mut context, Event::Chain(seen)).expect("never refused");
    }

    fn blamed(&self, who: u64) -> bool {
        let faults = self.lab.events.iter().filter_map(|(_, event)| match event {
            EventKind::PeerBlamed { peer, fault } => Some((*peer, fault)),
            _ => None,
        });
        faults
            .into_iter()
            .any(|(peer, fault)| peer == PeerId(who) && matches!(fault, Fault::Channel { .. } | Fault::Malformed(_)))
    }

    /// Opens, pays ten times, and closes.
    fn live(&mut self, deliver: &mut dyn FnMut(&mut Self, &Message)) {
        self.lab.command(NODE, Command::OpenChannel(Box::new(offer())));
        self.answer(deliver);
        self.mine(4);
        self.see();
        let channel = self.node_channel().expect("open").id();
        for _ in 0..10 {
            self.lab.command(NODE, Command::Pay { channel, amount: units(10), times: 1 });
            self.answer(deliver);
        }
        assert_eq!(self.node_channel().map(|channel| channel.newest().0.commitment.number), Some(10));
        self.lab.command(NODE, Command::CloseChannel { channel, force: false });
        self.answer(deliver);
        self.mine(1);
        assert_eq!(self.node_channel().map(|channel| channel.phase().name()), Some("closed"));
    }
}

#[test]
fn an_honest_life() {
    table().live(&mut |_, _| {});
}

/// Every word that the other party says comes from a stranger first, whole, broken, and again later: nothing changes.
#[test]
fn words_of_others_change_nothing() {
    let (mut table, mut numbers, mut peer) = (table(), Numbers(5), STRANGER + 1);
    table.live(&mut |table, message| {
        let before = table.node_channel().cloned();
        let old = table.said.clone();
        for _ in 0..20 * scale() {
            table.lab.greet(NODE, peer);
            let mut bytes = bytes_of(message);
            match numbers.below(5) {
                0 => {}
                1 => bytes.truncate(numbers.below(bytes.len())),
                2 => bytes.extend(numbers.bytes(2_000)),
                3 if !old.is_empty() => bytes = bytes_of(&old[numbers.below(old.len())]),
                _ => {
                    let at = numbers.below(bytes.len());
                    bytes[at] ^= 1 << numbers.below(8);
                }
            }
            let readable = Direct::parse(&bytes).is_ok();
            table.lab.say(peer, NODE, &Wire::Direct(bytes));
            assert_eq!(table.node_channel(), before.as_ref());
            assert!(readable || table.blamed(peer), "what cannot be read is blamed");
            table.lab.disconnect(NODE, peer);
            peer += 1;
        }
        let from_peers = |message: &(u64, u64, Wire)| message.1 != OTHER;
        table.lab.inbox.retain(|message| !from_peers(message));
    });
    let blames = table.lab.closed.iter().filter(|(_, guilty, _)| *guilty == OTHER).count();
    assert_eq!(blames, 0, "the honest party is never blamed");
}

/// The other party repeats everything that it has ever said, at the end of each step: nothing changes, and it is not blamed.
#[test]
fn replays_change_nothing() {
    let mut table = table();
    table.live(&mut |table, _| {
        let before = table.node_channel().cloned();
        for message in table.said.clone() {
            // The newest may still be answered.
            table.lab.say(OTHER, NODE, &said(&message));
        }
        let after = table.node_channel().cloned();
        let known = |channel: &Option<Channel>| {
            channel.as_ref().map(|channel| (channel.newest().0.clone(), channel.phase().clone()))
        };
        assert_eq!(known(&after), known(&before));
    });
    assert!(table.lab.closed.is_empty(), "{:?}", table.lab.closed);
}

/// The other party itself says what is broken: whatever becomes of the channel, the node's money is safe by what it holds.
#[test]
fn a_lying_party_is_survived() {
    for seed in 0..60 * scale() {
        let (mut table, mut numbers) = (table(), Numbers(seed));
        table.lab.command(NODE, Command::OpenChannel(Box::new(offer())));
        table.answer(&mut |_, _| {});
        table.mine(4);
        table.see();
        let channel = table.node_channel().expect("open").id();
        for _ in 0..4 {
            table.lab.command(NODE, Command::Pay { channel, amount: units(10), times: 1 });
            table.answer(&mut |table, message| {
                if numbers.below(4) == 0 {
                    let mut bytes = bytes_of(message);
                    let at = 33 + numbers.below(bytes.len() - 33);
                    bytes[at] ^= 1 << numbers.below(8);
                    table.lab.say(OTHER, NODE, &Wire::Direct(bytes));
                }
            });
        }
        let held = table.node_channel().expect("kept");
        let (shown, state) = held.newest();
        let genesis = table.lab.genesis.block().id();
        assert!(shown.is_signed(&held.funding().keys(), &genesis, &channel, &mut Checks::forgetful()));
        assert_eq!(
            (state.hash(), state.balances[0]),
            (shown.commitment.state, units(50_000 - 10 * shown.commitment.number))
        );
        table.lab.command(NODE, Command::CloseChannel { channel, force: true });
        table.mine(7);
        assert_eq!(table.node_channel().expect("kept").phase().name(), "closed");
    }
}

/// A peer can hold a few nonces of a node for a while, not many; and a handle belongs to whoever came first.
#[test]
fn a_flood_of_offers_is_bounded() {
    let mut table = table();
    table.lab.command(NODE, Command::OpenChannel(Box::new(offer())));
    let open = table.heard().remove(0);
    table.lab.say(STRANGER, NODE, &said(&open));
    assert_eq!(table.lab.node(NODE).channels().count(), 0, "the handle of its own offer is not given away");
    table.lab.say(STRANGER, NODE, &said(&Message { handle: open.handle, body: Body::Refuse { reason: "no".into() } }));
    assert_eq!(table.lab.node(NODE).offers().count(), 1, "only who was asked can refuse");
    for salt in 0..200u8 {
        let mut request = Setup::default().request();
        request.party.key = key(3).public();
        request.party.salt = Hash([salt; 32]);
        let tabchain::channel::Request { party, theirs, terms, fee, resizes } = request;
        let body = Body::Open { party, theirs, terms, fee, points: [Hash::ZERO; 2], resizes };
        table.lab.say(STRANGER, NODE, &said(&Message { handle: Hash([salt; 32]), body }));
    }
    assert!(table.lab.node(NODE).channels().count() <= 8, "{}", table.lab.node(NODE).channels().count());
    assert!(table.lab.size(NODE) < 200_000);
    // They end, and nothing is held any more.
    table.lab.run(200_000);
    let live = table.lab.node(NODE).channels().filter(|(_, channel)| !channel.is_over()).count();
    assert_eq!((live, table.lab.node(NODE).offers().count()), (0, 0));
    assert_eq!(table.lab.node(NODE).available(), units(1_000_000));
}

/// What is too long is not read, and blamed.
#[test]
fn long_words() {
    let handle = Hash([1; 32]);
    let refuse = |bytes| Message { handle, body: Body::Refuse { reason: "x".repeat(bytes) } }.to_bytes();
    assert!(Message::parse(&refuse(MAX_REASON_BYTES)).is_ok());
    let long = MessageError::LongReason { bytes: MAX_REASON_BYTES + 1 };
    assert_eq!(Message::parse(&refuse(MAX_REASON_BYTES + 1)), Err(long));
    let huge = vec![0; MAX_MESSAGE_BYTES + 1];
    let (what, bytes, most) = ("channel message", MAX_MESSAGE_BYTES + 1, MAX_MESSAGE_BYTES);
    let too_large = MessageError::TooLarge { what, bytes, most };
    assert_eq!(Message::parse(&huge), Err(too_large.clone()));
    let huge = [&[0], &huge[..]].concat();
    assert_eq!(Direct::parse(&huge), Err(DirectError::Message(too_large)));
    let mut table = table();
    table.lab.say(STRANGER, NODE, &Wire::Direct(huge));
    assert!(table.blamed(STRANGER) && !table.lab.is_banned(NODE, STRANGER), "once may be an accident");
    (0..50).for_each(|_| table.lab.say(STRANGER, NODE, &Wire::Direct(vec![0; 40])));
    assert!(table.lab.is_banned(NODE, STRANGER));
}

proptest! {
    #![proptest_config(properties(2_000))]

    /// Random bytes are no message, or one whose bytes they are.
    #[test]
    fn one_message_one_encoding(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0u8..14) {
        let bytes = [&[5; 32][..], &[kind], &bytes].concat();
        if let Ok(message) = Message::parse(&bytes) {
            prop_assert_eq!(&message.to_bytes(), &bytes);
        }
        for about in 0..4 {
            let bytes = [&[about, kind], &bytes[..]].concat();
            if let Ok(message) = Direct::parse(&bytes) {
                prop_assert_eq!(message.to_bytes(), bytes);
            }
        }
    }
}
