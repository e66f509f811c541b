//! Every node knows the channel graph: in step with the ledger, whatever reorgs; and on what terms channels carry payments, whatever gets lost.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tabchain::{
    channel::routing::{Announcement, ChannelPolicy},
    gossip::{
        Announcements, Direction, Fault, MAX_ANNOUNCED_BYTES, MAX_ANNOUNCEMENTS, MAX_PARTS, Message, PeerId, Wanted,
    },
    node::{Command, EventKind, Node, OpenChannel},
    primitives::{Action, Amount, Block, BlockId, ChannelId, Hash, Nonce, Policy, PublicKey, Side, Transaction},
    sim::{Scenario, Step, World, settle},
};

use crate::{
    lab::{Lab, Numbers, scale},
    locked::{Locked, split},
    support::{ChainBuilder, LATER, address, genesis, key, properties, rules, seal, units},
    worlds::{keep, scripts},
};

/// Whoever brings the blocks, and peers that a test plays.
const MINER: u64 = 66;
const LIAR: u64 = 67;
const LISTENER: u64 = 68;

/// A policy that differs from others by its fee.
fn terms(fee: u64) -> ChannelPolicy {
    ChannelPolicy { fee_base: units(fee), ..ChannelPolicy::default() }
}

/// Exactly the channels of the ledger that nobody has published a commitment of.
fn is_in_step(node: &Node) {
    type Row = (ChannelId, [PublicKey; 2], Amount);
    let ledger = node.chain().ledger().channels().filter(|(_, record)| record.publication.is_none());
    let expected: BTreeSet<Row> = ledger.map(|(id, record)| (id, record.keys.clone(), record.capacity)).collect();
    let known: BTreeSet<Row> = node.graph().channels().map(|known| (known.id, known.keys, known.capacity)).collect();
    assert_eq!((known, node.graph().len()), (expected.clone(), expected.len()));
}

/// What is announced, without the channels.
fn announced(node: &Node) -> BTreeMap<Direction, (u64, ChannelPolicy)> {
    let all = node.graph().channels().flat_map(|known| known.announcements).flatten();
    all.map(|said| ((said.channel, said.side), (said.sequence, said.policy))).collect()
}

/// A block on a node's tip with what waits there, brought to this node.
fn mine(lab: &mut Lab, who: u64) {
    let node = lab.node(who);
    let template = node.chain().template(lab.now, address(9), node.mempool()).expect("a block can be made");
    let header = seal(template.header.clone());
    let block = Block { header, coinbase: template.coinbase, transactions: template.transactions };
    lab.greet(who, MINER);
    lab.say(MINER, who, &Message::Block(block));
    lab.disconnect(who, MINER);
}

fn mine_many(lab: &mut Lab, who: u64, count: usize) {
    for _ in 0..count {
        mine(lab, who);
        lab.run(1_000);
    }
}

/// So many nodes in a ring, or two or three in a line, each with a channel to the next.
fn ring(count: u64) -> Lab {
    let mut lab = Lab::new(genesis(u8::try_from(count).expect("few"), rules(1)), LATER);
    (1..=count).for_each(|who| lab.add(who, &[]));
    let links: Vec<(u64, u64)> = links(count);
    links.iter().for_each(|(a, b)| lab.connect(*a, *b));
    lab.run(1_000);
    for (a, b) in links {
        let (ours, theirs, fee, reserve) = (units(50_000), units(40_000), units(1_000), units(0));
        let open = OpenChannel { peer: PeerId(b), ours, theirs, fee, policy: Policy::Penalty, window: 4, reserve };
        lab.command(a, Command::OpenChannel(Box::new(open)));
        lab.run(2_000);
        mine_many(&mut lab, 1, 1);
    }
    mine_many(&mut lab, 1, 3);
    lab
}

fn links(count: u64) -> Vec<(u64, u64)> {
    let line = (1..count).map(|who| (who, who + 1));
    line.chain((count > 3).then_some((count, 1))).collect()
}

fn between(lab: &Lab, a: u64, b: u64) -> ChannelId {
    let with = |(peer, _): &(PeerId, _)| peer.0 == b;
    lab.node(a).channels().find(with).map(|(_, channel)| channel.id()).expect("a channel")
}

/// All nodes know the same, and of every channel what its owners would say of it now.
fn all_agree(lab: &Lab) {
    let mut said = BTreeMap::new();
    for node in lab.nodes.values() {
        is_in_step(node);
        for (_, channel) in node.channels().filter(|(_, channel)| node.graph().channel(&channel.id()).is_some()) {
            let policy = ChannelPolicy { enabled: node.policy().enabled && channel.carries(), ..*node.policy() };
            said.insert((channel.id(), channel.side()), policy);
        }
    }
    for (who, node) in &lab.nodes {
        let known: BTreeMap<_, _> = announced(node).into_iter().map(|(of, (_, policy))| (of, policy)).collect();
        assert_eq!(known, said, "node {who}");
        assert_eq!(node.graph(), lab.node(1).graph(), "node {who}");
        assert_eq!(node.status().announcements, lab.node(1).status().announcements);
    }
}

#[test]
fn ten_nodes_agree_after_losses_partitions_and_restarts() {
    let calm = ring(10);
    all_agree(&calm);
    assert_eq!(announced(calm.node(1)).len(), 20);
    for seed in 1..=3 * scale() {
        let (mut lab, mut numbers) = (calm.clone(), Numbers(seed));
        let (mut cut, links) = (BTreeSet::new(), links(10));
        lab.loss = 30;
        for _ in 0..60 {
            let (who, link) = (1 + numbers.below(10) as u64, links[numbers.below(10)]);
            match numbers.below(10) {
                0..3 => lab.command(who, Command::SetPolicy(Box::new(terms(numbers.below(1_000) as u64)))),
                3..5 => {
                    cut.insert(link);
                    lab.disconnect(link.0, link.1);
                }
                5 if cut.remove(&link) => lab.connect(link.0, link.1),
                6 => {
                    lab.restart(who);
                    cut.extend(links.iter().filter(|(a, b)| who == *a || who == *b));
                }
                7 if numbers.below(3) == 0 => {
                    let channel = between(&lab, link.0, link.1);
                    lab.command(link.0, Command::CloseChannel { channel, force: numbers.below(2) == 0 });
                }
                _ => mine(&mut lab, who),
            }
            lab.run(numbers.below(6_000) as u64);
            lab.nodes.values().for_each(is_in_step);
        }
        lab.loss = 0;
        cut.iter().for_each(|(a, b)| lab.connect(*a, *b));
        lab.run(30_000);
        mine_many(&mut lab, 1, 5);
        assert!(lab.agree(60_000).is_some(), "seed {seed}");
        lab.run(60_000);
        all_agree(&lab);
        assert!(lab.closed.is_empty(), "seed {seed}: nobody is blamed: {:?}", lab.closed);
        // And then there is nothing more to be said.
        let before = lab.kinds.clone();
        lab.run(600_000);
        for kind in ["announcements", "get-announcements"] {
            assert_eq!(lab.kinds.get(kind), before.get(kind), "seed {seed}");
        }
    }
}

#[test]
fn closing_and_publishing_are_heard_before_the_chain_shows_it() {
    for force in [false, true] {
        let mut lab = ring(3);
        let channel = between(&lab, 1, 2);
        let enabled = |lab: &Lab, side: Side| {
            lab.node(3)
                .graph()
                .channel(&channel)
                .and_then(|known| known.announcements[side.index()].clone())
                .map(|said| said.policy.enabled)
        };
        assert_eq!(Side::BOTH.map(|side| enabled(&lab, side)), [Some(true); 2]);
        lab.command(1, Command::CloseChannel { channel, force });
        lab.run(6_000);
        assert_eq!(enabled(&lab, Side::Opener), Some(false), "force {force}");
        assert_eq!(enabled(&lab, Side::Accepter), Some(force), "who does not know of it yet says nothing");
        mine_many(&mut lab, 1, 1);
        assert!(lab.nodes.values().all(|node| node.graph().channel(&channel).is_none()));
        all_agree(&lab);
    }
}

/// Somebody's own word is told from older ones after a restart, and even from an old copy of what it stored.
#[test]
fn sequences_grow_across_restarts_and_old_copies() {
    let mut lab = ring(3);
    let first = (between(&lab, 1, 2), Side::Opener);
    let heard = |lab: &Lab| announced(lab.node(3))[&first];
    let set = |lab: &mut Lab, fee: u64| {
        lab.command(1, Command::SetPolicy(Box::new(terms(fee))));
        lab.run(6_000);
    };
    assert_eq!(heard(&lab), (1, ChannelPolicy::default()));
    set(&mut lab, 5);
    let old = lab.disks[&1].clone();
    (6..9).for_each(|fee| set(&mut lab, fee));
    assert_eq!(heard(&lab), (5, terms(8)));
    lab.restart(1);
    assert_eq!(*lab.node(1).policy(), terms(8), "stored");
    lab.connect(1, 2);
    set(&mut lab, 9);
    assert_eq!(heard(&lab), (6, terms(9)));
    lab.disks.insert(1, old);
    lab.restart(1);
    assert_eq!(announced(lab.node(1))[&first], (2, terms(5)));
    lab.connect(1, 2);
    lab.run(30_000);
    assert_eq!(heard(&lab), (7, terms(5)), "it went on from what others knew");
    all_agree(&lab);
}

#[test]
fn a_policy_that_is_not_safe_is_refused() {
    let mut lab = ring(2);
    let before = announced(lab.node(2));
    for refused in [
        ChannelPolicy { expiry_delta: 7, ..ChannelPolicy::default() },
        ChannelPolicy { fee_rate: 1_000_001, ..ChannelPolicy::default() },
        ChannelPolicy { htlc_minimum: units(2), htlc_maximum: units(1), ..ChannelPolicy::default() },
    ] {
        lab.command(1, Command::SetPolicy(Box::new(refused)));
        assert_eq!(*lab.node(1).policy(), ChannelPolicy::default());
    }
    lab.run(6_000);
    assert_eq!(announced(lab.node(2)), before);
}

/// A funding that is taken back and comes again: its owners say so.
#[test]
fn what_a_reorg_takes_back_is_announced_again() {
    let mut lab = ring(2);
    let channel = between(&lab, 1, 2);
    let before = lab.node(1).chain().height();
    // The same blocks without the funding, and more of them.
    let mut other = ChainBuilder::new(lab.genesis.clone());
    (0..=before.0).for_each(|_| drop(other.mine(Vec::new())));
    for who in [1, 2] {
        lab.greet(who, MINER);
        other.blocks.iter().for_each(|block| lab.say(MINER, who, &Message::Block(block.clone())));
        lab.disconnect(who, MINER);
        assert_eq!(lab.node(who).chain().tip(), other.chain.tip());
        assert!(lab.node(who).graph().is_empty());
    }
    lab.run(5_000);
    mine(&mut lab, 1);
    lab.run(6_000);
    assert!(lab.node(1).graph().channel(&channel).is_some(), "it is back");
    let enabled = |lab: &Lab| announced(lab.node(2)).values().filter(|(_, policy)| policy.enabled).count();
    assert_eq!(enabled(&lab), 0, "but not buried");
    mine_many(&mut lab, 1, 3);
    lab.run(6_000);
    assert_eq!(enabled(&lab), 2);
    all_agree(&lab);
}

/// People with so many channels between them.
struct Town {
    builder: ChainBuilder,
    channels: Vec<Locked>,
}

impl Town {
    fn new(people: u8, channels: usize) -> Self {
        let mut builder = ChainBuilder::new(genesis(people, rules(1)));
        let mut nonces = BTreeMap::<u8, u64>::new();
        let mut next = |who: u8| {
            let nonce = nonces.entry(who).or_default();
            *nonce += 1;
            Nonce(*nonce - 1)
        };
        let made: Vec<Locked> = (0..channels)
            .map(|at| {
                let first = u8::try_from(at % usize::from(people)).expect("few");
                let step = 1 + u8::try_from(at / usize::from(people) % usize::from(people - 1)).expect("few");
                let pair = [1 + first, 1 + (first + step) % people];
                Locked::new(builder.chain.genesis_id(), pair, [300, 200]).with(|funding| {
                    funding.terms.reserve = units(0);
                    funding.terms.valid_until.0 = 1_000;
                    funding.parties.iter_mut().zip(pair).for_each(|(party, who)| party.nonce = next(who));
                })
            })
            .collect();
        for some in made.chunks(40) {
            builder.mine(some.iter().map(Locked::fund).collect());
        }
        Self { builder, channels: made }
    }

    fn announce(&self, at: usize, side: Side, sequence: u64, policy: ChannelPolicy) -> Announcement {
        let channel = &self.channels[at];
        let key = key(channel.people[side.index()]);
        Announcement::sign(&key, &channel.genesis, channel.id(), side, sequence, policy).expect("in range")
    }

    /// Both sides of every channel.
    fn all(&self) -> Vec<Announcement> {
        let sides = (0..self.channels.len()).flat_map(|at| Side::BOTH.map(|side| (at, side)));
        sides.map(|(at, side)| self.announce(at, side, 1, terms(at as u64))).collect()
    }
}

fn say(said: &[Announcement]) -> Message {
    Message::Announcements(Announcements { entries: said.iter().map(Announcement::to_bytes).collect(), more: false })
}

fn tell(lab: &mut Lab, from: u64, to: u64, said: &[Announcement]) {
    said.chunks(MAX_ANNOUNCEMENTS).for_each(|some| lab.say(from, to, &say(some)));
}

#[test]
fn a_late_joiner_learns_all_and_a_difference_costs_little() {
    let town = Town::new(20, 500);
    let mut lab = Lab::new(town.builder.genesis.clone(), LATER);
    lab.add(1, &town.builder.blocks);
    lab.greet(1, LIAR);
    tell(&mut lab, LIAR, 1, &town.all());
    lab.disconnect(1, LIAR);
    lab.add(2, &[]);
    lab.connect(1, 2);
    lab.run(30_000);
    assert_eq!(announced(lab.node(2)).len(), 1_000);
    assert_eq!(lab.node(1).graph(), lab.node(2).graph());
    let asked = lab.kinds["get-announcements"];
    assert!(asked <= 20, "{asked} pages of 64");

    // While they are apart one learns something.
    lab.disconnect(1, 2);
    lab.greet(1, LIAR);
    lab.say(LIAR, 1, &say(&[town.announce(7, Side::Accepter, 2, terms(9))]));
    lab.disconnect(1, LIAR);
    assert_ne!(lab.node(1).graph(), lab.node(2).graph());
    let before = lab.kinds.clone();
    lab.connect(1, 2);
    lab.run(30_000);
    assert_eq!(lab.node(1).graph(), lab.node(2).graph());
    assert!(lab.kinds["get-announcements"] - before["get-announcements"] <= 4);
    assert!(lab.kinds["announcements"] - before["announcements"] <= 4);

    let quiet = lab.kinds.clone();
    lab.run(3_600_000);
    assert_eq!(lab.kinds["get-announcements"], quiet["get-announcements"]);
    assert_eq!(lab.kinds["announcements"], quiet["announcements"]);
}

/// Pages over a link that loses half of what it carries.
#[test]
fn comparing_gets_through_over_a_bad_link() {
    let town = Town::new(20, 300);
    let mut lab = Lab::new(town.builder.genesis.clone(), LATER);
    lab.add(1, &town.builder.blocks);
    lab.add(2, &town.builder.blocks);
    lab.greet(1, LIAR);
    tell(&mut lab, LIAR, 1, &town.all());
    lab.loss = 50;
    lab.connect(1, 2);
    lab.run(600_000);
    assert_eq!(lab.node(1).graph(), lab.node(2).graph());
    assert_eq!(announced(lab.node(2)).len(), 600);
}

#[test]
fn liars_change_nothing_and_pay_for_it() {
    let town = Town::new(4, 6);
    let good = town.announce(0, Side::Opener, 5, terms(1));
    let mut node = Lab::new(town.builder.genesis.clone(), LATER);
    node.add(1, &town.builder.blocks);
    node.greet(1, LIAR);
    node.say(LIAR, 1, &say(std::slice::from_ref(&good)));
    let rule = |fault: &Fault| match fault {
        Fault::InvalidAnnouncement { rule, .. } => (*rule).to_owned(),
        Fault::Malformed(error) => format!("malformed: {error}"),
        other => panic!("{other:?}"),
    };
    let other = town.announce(0, Side::Opener, 6, terms(2));
    let entries = |entries: Vec<Vec<u8>>| Message::Announcements(Announcements { entries, more: false });
    let guilty = [
        ("bad-signer", say(&[Announcement { side: Side::Accepter, ..other.clone() }])),
        ("bad-signer", say(&[Announcement { sequence: 7, ..other.clone() }])),
        ("bad-signer", say(&[Announcement { policy: terms(3), ..other.clone() }])),
        ("bad-signer", say(&[Announcement { channel: town.channels[1].id(), ..other.clone() }])),
        ("undecodable", entries(vec![vec![1, 2, 3]])),
        ("undecodable", entries(vec![Vec::new()])),
        ("too-large", entries(vec![vec![0; MAX_ANNOUNCED_BYTES]])),
        ("sequence", say(&[Announcement { sequence: 1 << 53, ..other.clone() }])),
        ("policy", say(&[Announcement { policy: ChannelPolicy { expiry_delta: 0, ..terms(1) }, ..other.clone() }])),
        ("malformed: announcements lists 65, at most 64 are allowed", entries(vec![Vec::new(); MAX_ANNOUNCEMENTS + 1])),
        (
            "malformed: announcements lists 641, at most 640 are allowed",
            entries(vec![vec![0; MAX_ANNOUNCED_BYTES + 1]]),
        ),
        (
            "malformed: get-announcements lists 257, at most 256 are allowed",
            Message::GetAnnouncements(Wanted { after: None, parts: vec![(0, 0); MAX_PARTS + 1] }),
        ),
    ];
    for (expected, message) in guilty {
        let mut lab = node.clone();
        lab.say(LIAR, 1, &message);
        lab.say(LIAR, 1, &message);
        let (_, _, fault) = lab.closed.first().unwrap_or_else(|| panic!("{expected} is blamed"));
        assert_eq!(rule(fault), expected);
        assert!(lab.is_banned(1, LIAR));
        assert_eq!(lab.node(1).graph(), node.node(1).graph(), "{expected}");
    }
    let nobodys = [
        say(&[town.announce(0, Side::Opener, 4, terms(2))]),
        say(&[good.clone(), good.clone(), good.clone()]),
        say(&[Announcement { channel: Hash([9; 32]), ..good.clone() }]),
        entries(Vec::new()),
        Message::Announcements(Announcements { entries: vec![good.to_bytes()], more: true }),
        Message::GetAnnouncements(Wanted { after: Some((Hash([255; 32]), Side::Accepter)), parts: Vec::new() }),
        Message::GetAnnouncements(Wanted { after: None, parts: vec![(3, 3), (3, 4), (1, 0)] }),
    ];
    for message in nobodys {
        let mut lab = node.clone();
        lab.say(LIAR, 1, &message);
        lab.run(1_000);
        assert!(lab.closed.is_empty() && lab.events.iter().all(|event| node.events.contains(event)), "{message:?}");
        assert_eq!(lab.node(1).graph(), node.node(1).graph());
    }
}

/// Of two texts with one sequence, which only a liar signs, everybody keeps the same.
#[test]
fn whoever_says_two_things_at_once_is_understood_alike() {
    let town = Town::new(4, 6);
    let two = [1, 2].map(|fee| town.announce(0, Side::Opener, 5, terms(fee)));
    let mut lab = Lab::new(town.builder.genesis.clone(), LATER);
    for who in [1, 2] {
        lab.add(who, &town.builder.blocks);
        lab.greet(who, LIAR);
        lab.say(LIAR, who, &say(&[two[who as usize - 1].clone()]));
    }
    lab.connect(1, 2);
    lab.run(30_000);
    assert_eq!(lab.node(1).graph(), lab.node(2).graph());
}

#[test]
fn floods_cost_little() {
    let town = Town::new(4, 6);
    let mut lab = Lab::new(town.builder.genesis.clone(), LATER);
    lab.add(1, &town.builder.blocks);
    [LIAR, LISTENER].iter().for_each(|peer| lab.greet(1, *peer));
    lab.run(1_000);
    lab.received(LISTENER);
    let (before, mut numbers) = (lab.size(1), Numbers(1));
    let good = town.announce(0, Side::Opener, 1, terms(1));
    // Channels that nobody knows, and one of its own that says something new all the time.
    let mut sequence = 0;
    for _ in 0..200 {
        let unknown: Vec<_> =
            (0..MAX_ANNOUNCEMENTS).map(|_| Announcement { channel: numbers.id(), ..good.clone() }).collect();
        lab.say(LIAR, 1, &say(&unknown));
        let news: Vec<_> = (0..8)
            .map(|_| {
                sequence += 1;
                town.announce(0, Side::Opener, sequence, terms(sequence))
            })
            .collect();
        lab.say(LIAR, 1, &say(&news));
        let all = Message::GetAnnouncements(Wanted { after: None, parts: Vec::new() });
        (0..20).for_each(|_| lab.say(LIAR, 1, &all));
        lab.run(300);
    }
    assert!(lab.size(1) < before + 5_000, "{} from {before}", lab.size(1));
    assert!(lab.closed.is_empty());
    let heard =
        lab.received(LISTENER).into_iter().filter(|message| matches!(message, Message::Announcements(_))).count();
    assert!((5..=14).contains(&heard), "once in five seconds of a minute, not {heard} times of 1,600");
    let answers = lab.received(LIAR).into_iter().filter(|message| matches!(message, Message::Announcements(_))).count();
    assert!(answers < 1_100, "a thousand announcements a second, not {answers} pages of 4,000");
    // What was too much is heard later.
    lab.run(60_000);
    lab.say(LIAR, 1, &say(&[town.announce(0, Side::Opener, sequence + 1, terms(3))]));
    assert_eq!(announced(lab.node(1)).values().next(), Some(&(sequence + 1, terms(3))));
}

/// A peer that always has another page for whoever asks.
#[test]
fn a_peer_without_end_is_not_followed_for_ever() {
    let town = Town::new(4, 6);
    let mut lab = Lab::new(town.builder.genesis.clone(), LATER);
    lab.add(1, &town.builder.blocks);
    lab.greet(1, LIAR);
    let mut status = lab.node(1).status();
    status.announcements = 7;
    lab.say(LIAR, 1, &Message::Status(status));
    let asks = |lab: &mut Lab| {
        let all = lab.received(LIAR).into_iter();
        all.filter(|message| matches!(message, Message::GetAnnouncements(_))).count()
    };
    assert_eq!(asks(&mut lab), 1);
    let good = town.announce(0, Side::Opener, 1, terms(1));
    let page = |more| Message::Announcements(Announcements { entries: vec![good.to_bytes()], more });
    lab.say(LIAR, 1, &page(true));
    assert_eq!(asks(&mut lab), 1, "the page after it");
    lab.say(LIAR, 1, &page(true));
    assert_eq!(asks(&mut lab), 0, "the same one again");
    lab.say(LIAR, 1, &page(true));
    assert_eq!(asks(&mut lab), 0, "not asked for");
}

/// Whatever people do to a network, after every event each node's graph is what its ledger says; and at rest all know the same.
fn stays_in_step(scenario: Scenario) {
    let mut world = World::new(scenario);
    let end = world.now().after(300_000);
    let mut tips = BTreeMap::<u32, BlockId>::new();
    let mut look = |world: &World| {
        for (index, node) in (0..).zip(world.nodes()).filter_map(|(index, sim)| Some((index, sim.node.as_ref()?))) {
            let tip = node.chain().tip();
            if tips.insert(index, tip) != Some(tip) {
                is_in_step(node);
            }
        }
    };
    while world.step(end) != Step::Idle {
        look(&world);
    }
    settle(&mut world);
    world.run_until(world.now().after(60_000));
    assert_eq!(world.violation(), None, "{}", keep(&world, "announcements"));
    for ((a, b), link) in world.links() {
        let of = |index: u32| world.node(index).and_then(|sim| sim.node.as_ref());
        if let (Some(a), Some(b), true) = (of(a), of(b), link.connected && !link.cut) {
            is_in_step(a);
            let alike = a.graph() == b.graph() && a.status().announcements == b.status().announcements;
            assert!(alike || a.chain().tip() != b.chain().tip(), "{}", keep(&world, "announcements"));
        }
    }
}

/// All that can be done to a channel on the chain, in whatever order that allows it.
fn steps(genesis: Hash) -> Vec<Transaction> {
    let of = |people: [u8; 2]| {
        let first = Locked::new(genesis, people, [60_000, 40_000]);
        let second = first.resized(split([60_000, 40_000], 3), [70_000, 50_000], [1, 1]);
        let both = [&first, &second].into_iter().flat_map(|channel| {
            vec![
                channel.fund(),
                channel.reveal(people[1], 1, 90),
                channel.publish(people[0], 3),
                channel.refute(people[1], 4),
                channel.punish(people[1], Side::Opener, 3),
                channel.settle(people[1], 3),
                channel.settle(people[0], 4),
                channel.close(3, 700),
            ]
        });
        both.collect::<Vec<_>>()
    };
    [[1, 2], [3, 4], [5, 6]].into_iter().flat_map(of).collect()
}

/// Branches that grow side by side, each with other steps: the graph follows whichever is the best, block by block, and after a restart.
fn follows(seed: u64) -> BTreeSet<usize> {
    let mut numbers = Numbers(seed);
    let mut branches = vec![ChainBuilder::new(genesis(6, rules(1)))];
    let steps = steps(branches[0].chain.genesis_id());
    let mut lab = Lab::new(branches[0].genesis.clone(), LATER);
    lab.add(1, &[]);
    lab.greet(1, MINER);
    let mut sizes = BTreeSet::new();
    for round in 0..60 {
        if branches.len() < 4 && numbers.below(4) == 0 {
            let base = branches[numbers.below(branches.len())].clone();
            branches.push(base);
        }
        let at = numbers.below(branches.len());
        let branch = &mut branches[at];
        let allowed: Vec<&Transaction> =
            steps.iter().filter(|step| branch.chain.ledger().allows(step).is_ok()).collect();
        let body: Vec<Transaction> = allowed.into_iter().filter(|_| numbers.below(3) == 0).take(1).cloned().collect();
        // So that blocks of two branches are never the same.
        let payment = branch.pay(6, branch.chain.ledger().account(&address(6)).nonce.0, 1, 1 + round, 900);
        let steps_of_six = body.iter().any(|step| matches!(step.unsigned.action, Action::Fund(_)));
        let body = if steps_of_six { body } else { body.into_iter().chain([payment]).collect() };
        let block = branch.mine(body);
        lab.say(MINER, 1, &Message::Block(block));
        is_in_step(lab.node(1));
        sizes.insert(lab.node(1).graph().len());
        if numbers.below(15) == 0 {
            lab.restart(1);
            is_in_step(lab.node(1));
            lab.greet(1, MINER);
        }
    }
    let best = branches.iter().map(|branch| branch.chain.height()).max();
    assert_eq!(Some(lab.node(1).chain().height()), best, "blocks are good");
    let reorgs = lab.events.iter().filter(|(_, event)| matches!(event, EventKind::Reorged { .. })).count();
    if reorgs > 0 { sizes } else { BTreeSet::new() }
}

#[test]
fn the_graph_follows_the_ledger_across_reorgs() {
    let all: Vec<BTreeSet<usize>> = (1..=40 * scale()).map(follows).collect();
    let lively = all.iter().filter(|sizes| sizes.len() > 2).count();
    assert!(lively > all.len() / 4, "{lively} of {} runs with reorgs see different graphs", all.len());
}

proptest! {
    #![proptest_config(properties(12))]

    #[test]
    fn worlds_stay_in_step(scenario in scripts()) {
        stays_in_step(scenario);
    }
}
