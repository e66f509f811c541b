//! A few nodes driven by hand through their one door, with peers among them that a test plays itself.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};

use tabchain::{
    chain::{Chain, Genesis},
    channel::Direct,
    gossip::{Fault, Message, PROTOCOL_VERSION, PeerId, Status},
    node::{ChangeSet, Command, CommandResult, EventKind, Input, Keyring, Node, Output, PeerChange},
    primitives::{Block, BlockId, Checks, SecretKey, Timestamp},
};

/// How much longer than usual random tests run: the environment's TORTURE_SCALE, or 1.
pub fn scale() -> u64 {
    std::env::var("TORTURE_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// SplitMix64 (Steele, Lea and Flood 2014): numbers for tests, repeated by their seed.
#[derive(Debug, Clone)]
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in 0 .. `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    /// An id that nobody has seen.
    pub fn id(&mut self) -> BlockId {
        let mut id = BlockId::ZERO;
        id.0.chunks_mut(8).for_each(|part| part.copy_from_slice(&self.next().to_le_bytes()));
        id
    }
}

/// Milliseconds every message takes.
const LATENCY: u64 = 20;

/// Nodes by index; whoever has no node is played by the test. Peers are named by index.
#[derive(Clone)]
pub struct Lab {
    pub genesis: Genesis,
    pub now: Timestamp,
    pub nodes: BTreeMap<u64, Node>,
    /// What each node stored.
    pub disks: BTreeMap<u64, ChangeSet>,
    /// Messages to peers that the test plays: (from, to, message).
    pub inbox: Vec<(u64, u64, Message)>,
    /// What the nodes reported.
    pub events: Vec<(u64, EventKind)>,
    /// Whom the nodes closed the connection to.
    pub closed: Vec<(u64, u64, Fault)>,
    /// Bytes a second of every link, 0 for no limit.
    pub bandwidth: u64,
    /// Messages lost of a hundred.
    pub loss: usize,
    /// How many messages about channels still arrive between their parties; nothing for all.
    pub words_left: Option<usize>,
    /// Things that a node still stores or says before it is killed.
    pub killings: BTreeMap<u64, usize>,
    /// Who was killed; the test empties it.
    pub killed: Vec<u64>,
    pub messages: u64,
    result: Option<CommandResult>,
    /// How many of each kind.
    pub kinds: BTreeMap<&'static str, u64>,
    checks: Checks,
    queue: BTreeMap<(Timestamp, u64), (u64, u64, Vec<u8>)>,
    busy: BTreeMap<(u64, u64), Timestamp>,
    links: BTreeSet<(u64, u64)>,
    numbers: Numbers,
}

impl Lab {
    /// A lab at a moment.
    pub fn new(genesis: Genesis, now: Timestamp) -> Self {
        Self {
            genesis,
            now,
            nodes: BTreeMap::new(),
            disks: BTreeMap::new(),
            inbox: Vec::new(),
            events: Vec::new(),
            closed: Vec::new(),
            bandwidth: 0,
            loss: 0,
            words_left: None,
            killings: BTreeMap::new(),
            killed: Vec::new(),
            messages: 0,
            result: None,
            kinds: BTreeMap::new(),
            checks: Checks::remembering(),
            queue: BTreeMap::new(),
            busy: BTreeMap::new(),
            links: BTreeSet::new(),
            numbers: Numbers(1),
        }
    }

    /// Other messages are lost from now on.
    pub fn reseed(&mut self, seed: u64) {
        self.numbers = Numbers(seed);
    }

    /// Adds a node that has these blocks.
    pub fn add(&mut self, who: u64, blocks: &[Block]) {
        let mut stored = ChangeSet::default();
        let mut chain = Chain::new(&self.genesis);
        for block in blocks {
            chain.import(Timestamp(u64::MAX >> 1), block.clone(), &mut self.checks).expect("a valid block");
            let checked = chain.tree().block(&block.id()).expect("just imported").clone();
            stored.blocks.insert(block.id(), checked);
        }
        let now = self.now;
        let node = Node::from_change_set(&self.genesis, keyring(who), &stored, now, &mut self.checks);
        self.nodes.insert(who, node);
        self.disks.insert(who, stored);
    }

    /// Stops a node; what it stored stays. Connections are lost.
    pub fn stop(&mut self, who: u64) {
        let peers: Vec<u64> = self.links.iter().filter(|(a, _)| *a == who).map(|(_, b)| *b).collect();
        peers.iter().for_each(|peer| self.disconnect(who, *peer));
        self.nodes.remove(&who);
    }

    /// Counts what a node stores and says; kills it when its time has come: what was not stored or said yet never is.
    fn is_killed(&mut self, who: u64) -> bool {
        match self.killings.get_mut(&who) {
            Some(0) => {
                self.killings.remove(&who);
                self.nodes.remove(&who);
                self.killed.push(who);
                let peers: Vec<u64> = self.links.iter().filter(|(a, _)| *a == who).map(|(_, b)| *b).collect();
                peers.iter().for_each(|peer| self.disconnect(who, *peer));
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    /// Stops a node and starts it again from what it stored. Connections are lost.
    pub fn restart(&mut self, who: u64) {
        self.stop(who);
        let (disk, now) = (&self.disks[&who], self.now);
        let node = Node::from_change_set(&self.genesis, keyring(who), disk, now, &mut self.checks);
        self.nodes.insert(who, node);
    }

    pub fn node(&self, who: u64) -> &Node {
        &self.nodes[&who]
    }

    pub fn connect(&mut self, a: u64, b: u64) {
        for (one, other) in [(a, b), (b, a)] {
            self.links.insert((one, other));
            self.peer(one, other, PeerChange::Connected);
        }
    }

    pub fn disconnect(&mut self, a: u64, b: u64) {
        for (one, other) in [(a, b), (b, a)] {
            self.links.remove(&(one, other));
            self.peer(one, other, PeerChange::Disconnected);
        }
    }

    fn peer(&mut self, who: u64, peer: u64, change: PeerChange) {
        self.hand(who, Input::Peer { peer: PeerId(peer), change });
    }

    /// Connects a peer that the test plays, and says hello like an honest one of an empty chain.
    pub fn greet(&mut self, node: u64, peer: u64) {
        self.connect(node, peer);
        let status = self.status();
        self.say(peer, node, &Message::Status(status));
    }

    /// An honest status of an empty chain.
    pub fn status(&self) -> Status {
        let chain = Chain::new(&self.genesis);
        let work = chain.tree().get(&chain.tip()).expect("genesis").work;
        Status {
            version: PROTOCOL_VERSION,
            genesis: chain.genesis_id(),
            tip: chain.tip(),
            height: chain.height(),
            work,
            announcements: 0,
        }
    }

    /// A message arrives now.
    pub fn say(&mut self, from: u64, to: u64, message: &Message) {
        self.say_bytes(from, to, message.to_bytes());
    }

    pub fn say_bytes(&mut self, from: u64, to: u64, bytes: Vec<u8>) {
        self.hand(to, Input::Received { from: PeerId(from), bytes });
    }

    pub fn command(&mut self, who: u64, command: Command) {
        self.hand(who, Input::Command { id: 1, command });
    }

    /// What comes of a command; nothing if nobody is there, or it is killed over it.
    pub fn ask(&mut self, who: u64, command: Command) -> Option<CommandResult> {
        self.result = None;
        self.command(who, command);
        self.result.take()
    }

    /// Hands an input to a node and does what it asks for.
    pub fn hand(&mut self, who: u64, input: Input) {
        let Some(node) = self.nodes.get_mut(&who) else {
            return;
        };
        let outputs: Vec<Output> = node.handle(self.now, input, &mut self.checks).collect();
        for output in outputs {
            if matches!(output, Output::Persist(_) | Output::Send { .. }) && self.is_killed(who) {
                return;
            }
            match output {
                Output::Persist(changes) => self.disks.entry(who).or_default().apply(changes),
                Output::Send { to, message } => self.send(who, to.0, message),
                Output::Disconnect { peer, fault } => {
                    self.closed.push((who, peer.0, fault));
                    self.links.remove(&(who, peer.0));
                    self.links.remove(&(peer.0, who));
                    self.peer(peer.0, who, PeerChange::Disconnected);
                }
                Output::Event { event, .. } => self.events.push((who, event)),
                Output::Done { result, .. } => self.result = Some(result),
                Output::Mine(_) | Output::StopMining => {}
            }
        }
    }

    fn send(&mut self, from: u64, to: u64, message: Message) {
        self.messages += 1;
        *self.kinds.entry(message.kind()).or_default() += 1;
        if !self.nodes.contains_key(&to) {
            self.inbox.push((from, to, message));
            return;
        }
        if let Message::Direct(bytes) = &message
            && let (Ok(Direct::Channel(_)), Some(left)) = (Direct::parse(bytes), &mut self.words_left)
        {
            let Some(less) = left.checked_sub(1) else { return };
            *left = less;
        }
        let bytes = message.to_bytes();
        if !self.links.contains(&(from, to)) || self.numbers.below(100) < self.loss {
            return;
        }
        let mut sent = self.now;
        if self.bandwidth > 0 {
            let busy = self.busy.entry((from, to)).or_default();
            *busy = self.now.max(*busy).after((bytes.len() as u64 * 1_000).div_ceil(self.bandwidth));
            sent = *busy;
        }
        self.queue.insert((sent.after(LATENCY), self.messages), (from, to, bytes));
    }

    /// Lets everything happen that is due in the next `milliseconds`.
    pub fn run(&mut self, milliseconds: u64) {
        let end = self.now.after(milliseconds);
        loop {
            let wake = self.nodes.iter().filter_map(|(who, node)| Some((node.next_wake()?, *who))).min();
            let arrival = self.queue.first_key_value().map(|(key, _)| *key);
            match (arrival, wake) {
                (Some(key), wake) if key.0 <= end && wake.is_none_or(|(time, _)| key.0 <= time) => {
                    self.now = self.now.max(key.0);
                    let (from, to, bytes) = self.queue.remove(&key).expect("just seen");
                    self.say_bytes(from, to, bytes);
                }
                (_, Some((time, who))) if time <= end => {
                    self.now = self.now.max(time);
                    self.hand(who, Input::Wake);
                    let next = self.nodes.get(&who).and_then(Node::next_wake);
                    assert!(next.is_none_or(|next| next > self.now), "node {who} wants to be woken for ever");
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// Runs until all nodes have one tip; how long that took, or nothing if it takes longer than `milliseconds`.
    pub fn agree(&mut self, milliseconds: u64) -> Option<u64> {
        let start = self.now;
        while self.now.since(start) < milliseconds {
            let tips: BTreeSet<BlockId> = self.nodes.values().map(|node| node.chain().tip()).collect();
            if tips.len() == 1 {
                return Some(self.now.since(start));
            }
            self.run(500);
        }
        None
    }

    /// Bytes of a node as JSON: a measure of its memory.
    pub fn size(&self, who: u64) -> usize {
        serde_json::to_string(self.node(who)).expect("plain data").len()
    }

    pub fn is_banned(&self, node: u64, peer: u64) -> bool {
        self.node(node).gossip().is_banned(PeerId(peer), self.now)
    }

    /// Messages that `peer`, played by the test, has got; empties its list.
    pub fn received(&mut self, peer: u64) -> Vec<Message> {
        let (mine, others): (Vec<_>, Vec<_>) = self.inbox.drain(..).partition(|(_, to, _)| *to == peer);
        self.inbox = others;
        mine.into_iter().map(|(_, _, message)| message).collect()
    }
}

/// A node's secrets.
pub fn keyring(who: u64) -> Keyring {
    let seed = [u8::try_from(who).expect("few"); 32];
    Keyring::new(SecretKey::from_seed(seed), seed)
}
