//! The world: one queue of events over many nodes.
//!
//! [`World::step`] does exactly one event, the one with the lowest key. Nothing is ever scheduled in the present, so keys only grow.

use std::collections::BTreeMap;

use borsh::BorshSerialize;
use serde::Serialize;

use super::{
    Carrier, Class, Envelope, EventKey, Link, LinkQuality, LogEntry, NodeConfig, Record, Scenario, ScriptEntry,
    Workload, invariants::Lights, log::Log, miner::Search, random::Stream, traffic::Slot,
};
use crate::{
    chain::Genesis,
    gossip::PeerId,
    node::{ChangeSet, Command, CommandResult, EventKind, Input, Node, Output, PeerChange, Transfer},
    primitives::{Address, Amount, Checks, Hash, Memo, Tag, Timestamp},
};

const HISTORY: Tag = Tag::new("tabchain/history");
const DIGEST: Tag = Tag::new("tabchain/world-digest");
/// Milliseconds after which a closed connection is dialled again.
const REDIAL: u64 = 60_000;
/// Fees the workload offers, in base units.
const WORKLOAD_FEES: (u32, u32) = (50, 400);
/// Amounts the workload sends, in base units.
const WORKLOAD_AMOUNTS: (u32, u32) = (1, 2_000);

/// A node's place in the world, from 0. It never changes and is never reused.
pub type NodeIndex = u32;

/// A node and what the world keeps for it.
#[derive(Debug, Clone)]
pub struct SimNode {
    /// Its name, unique.
    pub name: String,
    /// Its account.
    pub address: Address,
    /// The node; nothing while it is off.
    pub node: Option<Node>,
    /// Hashes per virtual second.
    pub hash_rate: u32,
    pub(super) disk: ChangeSet,
    search: Option<Search>,
    wake: Option<EventKey>,
    traffic: Stream,
    next_transfer: Option<EventKey>,
    sequence: u64,
    root: Hash,
}

/// What happened so far, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Events done.
    pub events: u64,
    /// Messages delivered.
    pub deliveries: u64,
    /// Messages lost on their way.
    pub lost: u64,
    /// Blocks found by all nodes.
    pub mined: u64,
    /// Times a node left its best chain for another.
    pub reorgs: u64,
    /// The most blocks that one of these took back.
    pub deepest_reorg: u64,
    /// Actions of the script that could not be carried out.
    pub refused: u64,
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// This event.
    Done(EventKey),
    /// Nothing: the next event waits for its bytes from the carrier.
    Waiting(EventKey),
    /// Nothing: no event up to the limit is left; the clock stands at the limit.
    Idle,
}

/// What stands in the queue.
#[derive(Debug, Clone)]
pub(super) enum Pending {
    Peer {
        node: NodeIndex,
        peer: NodeIndex,
        change: PeerChange,
    },
    Redial {
        a: NodeIndex,
        b: NodeIndex,
    },
    Delivery(Slot),
    Wake(NodeIndex),
    Workload(NodeIndex),
}

/// Nodes, links, time and everything under way.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) scenario: Scenario,
    genesis: Genesis,
    now: Timestamp,
    last: Option<EventKey>,
    cause: Option<EventKey>,
    queue: BTreeMap<EventKey, (Option<EventKey>, Pending)>,
    pub(super) nodes: Vec<SimNode>,
    pub(super) links: BTreeMap<(NodeIndex, NodeIndex), Link>,
    pub(super) workload: Workload,
    next_entry: usize,
    history: Hash,
    pub(super) carrier: Carrier,
    pub(super) outgoing: Vec<Envelope>,
    pub(super) unfilled: usize,
    pub(super) checks: Checks,
    pub(super) stats: Stats,
    pub(super) lights: Lights,
    log: Log,
    commands: u64,
    last_result: Option<CommandResult>,
}

impl World {
    /// The world at the beginning of a scenario, which must be valid ([`Scenario::validate`]).
    pub fn new(scenario: Scenario) -> Self {
        let genesis = scenario.genesis();
        let mut world = Self {
            genesis,
            now: Timestamp(0),
            last: None,
            cause: None,
            queue: BTreeMap::new(),
            nodes: Vec::new(),
            links: BTreeMap::new(),
            workload: scenario.config.workload,
            next_entry: 0,
            history: Hash::ZERO,
            carrier: Carrier::Loopback,
            outgoing: Vec::new(),
            unfilled: 0,
            checks: Checks::remembering(),
            stats: Stats::default(),
            lights: Lights::default(),
            log: Log::default(),
            commands: 0,
            last_result: None,
            scenario,
        };
        for config in world.scenario.config.nodes.clone() {
            world.add_node(&config);
        }
        for link in world.scenario.config.links.clone() {
            let find = |name: &str| world.index_of(name).expect("validated");
            let (a, b) = (find(&link.a), find(&link.b));
            world.add_link(a, b, link.quality);
        }
        world
    }

    /// Forgets shared results of signature checks from now on: every check is computed.
    pub fn without_memo(mut self) -> Self {
        self.checks = Checks::forgetful();
        self
    }

    /// What was run so far, and what the script holds beyond.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The contents of the genesis block.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Virtual time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The last event done.
    pub fn last_key(&self) -> Option<EventKey> {
        self.last
    }

    /// Counts.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// The shared memo of signature checks.
    pub fn checks(&self) -> &Checks {
        &self.checks
    }

    /// All nodes, also those that are off, in order.
    pub fn nodes(&self) -> &[SimNode] {
        &self.nodes
    }

    /// A node by its place.
    pub fn node(&self, index: NodeIndex) -> Option<&SimNode> {
        self.nodes.get(index as usize)
    }

    /// A node by its name.
    pub fn index_of(&self, name: &str) -> Option<NodeIndex> {
        let at = self.nodes.iter().position(|node| node.name == name)?;
        u32::try_from(at).ok()
    }

    /// Whose account this is.
    pub fn name_of(&self, address: &Address) -> Option<&str> {
        self.nodes
            .iter()
            .find(|node| node.address == *address)
            .map(|node| node.name.as_str())
    }

    /// The nodes that are on.
    pub fn running(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        (0..)
            .zip(&self.nodes)
            .filter_map(|(index, sim)| Some((index, sim.node.as_ref()?)))
    }

    /// All links, by their ends (lower index first).
    pub fn links(&self) -> impl Iterator<Item = ((NodeIndex, NodeIndex), &Link)> {
        self.links.iter().map(|(ends, link)| (*ends, link))
    }

    /// Transfers made by themselves.
    pub fn workload(&self) -> Workload {
        self.workload
    }

    /// What happened lately, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.log.iter()
    }

    /// What became of the last transfer that was asked for.
    pub fn last_result(&self) -> Option<&CommandResult> {
        self.last_result.as_ref()
    }

    /// A hash over the whole history, the clock and the state of every node. Equal digests mean equal runs.
    pub fn digest(&self) -> Hash {
        let nodes: Vec<(&str, Option<Hash>, u32)> = self
            .nodes
            .iter()
            .map(|sim| (sim.name.as_str(), sim.node.as_ref().map(Node::digest), sim.hash_rate))
            .collect();
        DIGEST.hash_of(&(self.history, self.now, self.stats.events, nodes))
    }

    /// When the next event is due at the latest known; searches may end earlier.
    pub fn next_due(&self) -> Option<Timestamp> {
        let queued = self.queue.first_key_value().map(|(key, _)| key.time);
        queued
            .into_iter()
            .chain(self.next_entry().map(|entry| entry.at.key().time))
            .min()
    }

    /// Does the next event, if it is due by `limit`.
    pub fn step(&mut self, limit: Timestamp) -> Step {
        let mined = self.search(limit);
        let queued = self.queue.first_key_value().map(|(key, _)| *key);
        let next = queued
            .into_iter()
            .chain(mined.map(|(key, _)| key))
            .min()
            .filter(|key| key.time <= limit);
        if let Some(entry) = self.next_entry().filter(|entry| entry.at.key().time <= limit)
            && next.is_none_or(|next| entry.at.key() < next)
        {
            return Step::Done(self.run_entry());
        }
        let Some(key) = next else {
            self.now = self.now.max(limit);
            return Step::Idle;
        };
        if let Some((_, Pending::Delivery(slot))) = self.queue.get(&key)
            && slot.bytes.is_none()
        {
            return Step::Waiting(key);
        }
        self.begin(key);
        match mined.filter(|(found, _)| *found == key) {
            Some((_, nonce)) => self.finish_search(key.actor, nonce),
            None => self.run_pending(key),
        }
        Step::Done(key)
    }

    /// Does every event up to `limit`; over a loopback this always gets there.
    pub fn run_until(&mut self, limit: Timestamp) {
        while let Step::Done(_) = self.step(limit) {}
    }

    /// Appends an action to the script right after the last event. [`World::step`] carries it out next.
    pub(super) fn append(&mut self, entry: ScriptEntry) {
        self.scenario.script.truncate(self.next_entry);
        self.scenario.script.push(entry);
    }

    /// Script entries carried out so far.
    pub fn entries_done(&self) -> usize {
        self.next_entry
    }

    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    pub(super) fn change_hash_rate(&mut self, index: NodeIndex, rate: u32) {
        let now = self.now;
        let sim = &mut self.nodes[index as usize];
        let was_mining = sim.hash_rate > 0;
        sim.hash_rate = rate;
        sim.search = sim
            .search
            .as_ref()
            .filter(|_| rate > 0)
            .map(|search| search.at_rate(now, rate));
        if was_mining != (rate > 0) {
            self.command(index, Command::SetMining(rate > 0));
        }
    }

    pub(super) fn add_node(&mut self, config: &NodeConfig) {
        let index = u32::try_from(self.nodes.len()).expect("at most a thousand nodes");
        let keyring = self.scenario.keyring(&config.name);
        let node = Node::new(&self.genesis, keyring);
        self.nodes.push(SimNode {
            name: config.name.clone(),
            address: node.address(),
            root: node.chain().ledger().root(),
            node: Some(node),
            hash_rate: config.hash_rate,
            disk: ChangeSet::default(),
            search: None,
            wake: None,
            traffic: Stream::new(self.scenario.seed, "workload", &config.name),
            next_transfer: None,
            sequence: 0,
        });
        self.absorb(&(config.name.as_str(), config.hash_rate));
        self.switched_on(index);
    }

    pub(super) fn add_link(&mut self, a: NodeIndex, b: NodeIndex, quality: LinkQuality) {
        let (a, b) = (a.min(b), a.max(b));
        let name = |index: NodeIndex| self.nodes[index as usize].name.as_str();
        let link = Link::new(self.scenario.seed, name(a), name(b), quality);
        self.links.insert((a, b), link);
        self.connect(a, b);
    }

    pub(super) fn link_mut(&mut self, a: NodeIndex, b: NodeIndex) -> Option<&mut Link> {
        self.links.get_mut(&(a.min(b), a.max(b)))
    }

    pub(super) fn neighbours(&self, of: NodeIndex) -> Vec<NodeIndex> {
        self.links
            .keys()
            .filter(|(a, b)| *a == of || *b == of)
            .map(|(a, b)| if *a == of { *b } else { *a })
            .collect()
    }

    pub(super) fn switch_off(&mut self, index: NodeIndex) {
        let sim = &mut self.nodes[index as usize];
        let timers = [sim.wake.take(), sim.next_transfer.take()];
        (sim.node, sim.search) = (None, None);
        timers.iter().flatten().for_each(|key| drop(self.queue.remove(key)));
        for other in self.neighbours(index) {
            self.hang_up(other, index);
        }
    }

    pub(super) fn switch_on(&mut self, index: NodeIndex) {
        let sim = &self.nodes[index as usize];
        let keyring = self.scenario.keyring(&sim.name);
        let node = Node::from_change_set(&self.genesis, keyring, &sim.disk, self.now, &mut self.checks);
        self.nodes[index as usize].node = Some(node);
        self.switched_on(index);
        for other in self.neighbours(index) {
            self.connect(index, other);
        }
    }

    pub(super) fn plan_workload(&mut self, index: NodeIndex) {
        let now = self.now;
        let per_hour = u64::from(self.workload.transfers_per_hour);
        let sim = &mut self.nodes[index as usize];
        if let Some(planned) = sim.next_transfer.take() {
            self.queue.remove(&planned);
        }
        if per_hour == 0 || self.nodes[index as usize].node.is_none() {
            return;
        }
        let wait = self.nodes[index as usize].traffic.exponential(3_600_000 / per_hour);
        let key = EventKey {
            time: now.after(wait),
            class: Class::Workload,
            actor: index,
            sequence: self.next_sequence(index),
        };
        self.schedule(key, Pending::Workload(index));
        self.nodes[index as usize].next_transfer = Some(key);
    }

    /// Hands an input to a node that is on and does what it asks for.
    pub(super) fn hand(&mut self, index: NodeIndex, input: Input) {
        let sim = &mut self.nodes[index as usize];
        let Some(node) = &mut sim.node else {
            return;
        };
        let outputs: Vec<Output> = node.handle(self.now, input, &mut self.checks).collect();
        let root = node.chain().ledger().root();
        let changed = std::mem::replace(&mut sim.root, root) != root;
        for output in outputs {
            self.obey(index, output);
        }
        self.plan_wake(index);
        if changed {
            self.check_node(index);
        }
    }

    pub(super) fn command(&mut self, index: NodeIndex, command: Command) {
        self.commands += 1;
        let id = self.commands;
        self.hand(index, Input::Command { id, command });
    }

    pub(super) fn record(&mut self, node: Option<NodeIndex>, entry: LogEntry) {
        let key = self.last.unwrap_or(EventKey::at(self.now));
        self.log.push(Record {
            key,
            cause: self.cause,
            node,
            entry,
        });
    }

    pub(super) fn schedule(&mut self, key: EventKey, pending: Pending) {
        self.queue.insert(key, (self.last, pending));
    }

    pub(super) fn pending_mut(&mut self, key: &EventKey) -> Option<&mut Pending> {
        self.queue.get_mut(key).map(|(_, pending)| pending)
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = (&EventKey, &Pending)> {
        self.queue.iter().map(|(key, (_, pending))| (key, pending))
    }

    pub(super) fn next_sequence(&mut self, index: NodeIndex) -> u64 {
        let sim = &mut self.nodes[index as usize];
        sim.sequence += 1;
        sim.sequence
    }

    /// Takes something into the history that the digest covers.
    pub(super) fn absorb<T: BorshSerialize>(&mut self, what: &T) {
        self.history = HISTORY.hash_of(&(self.history, what));
    }

    fn next_entry(&self) -> Option<&ScriptEntry> {
        self.scenario.script.get(self.next_entry)
    }

    fn begin(&mut self, key: EventKey) {
        debug_assert!(
            self.last.is_none_or(|last| last < key),
            "event {key:?} comes after {:?}",
            self.last
        );
        self.now = self.now.max(key.time);
        self.last = Some(key);
        self.cause = None;
        self.stats.events += 1;
        self.absorb(&key);
    }

    fn run_entry(&mut self) -> EventKey {
        let entry = self.scenario.script[self.next_entry].clone();
        self.next_entry += 1;
        self.now = self.now.max(entry.at.key().time);
        // An entry that follows an event of this very millisecond keeps that event's key, so that keys never go back.
        let key = self
            .last
            .filter(|last| last.time >= self.now)
            .unwrap_or(EventKey::at(self.now));
        self.last = Some(key);
        self.cause = None;
        self.stats.events += 1;
        let bytes = serde_json::to_vec(&entry).expect("actions are plain data");
        self.absorb(&bytes);
        self.act(entry.action);
        key
    }

    fn run_pending(&mut self, key: EventKey) {
        let (cause, pending) = self.queue.remove(&key).expect("the caller found it there");
        self.cause = cause;
        match pending {
            Pending::Peer { node, peer, change } => {
                self.hand(
                    node,
                    Input::Peer {
                        peer: PeerId(u64::from(peer)),
                        change,
                    },
                );
            }
            Pending::Redial { a, b } => self.connect(a, b),
            Pending::Delivery(slot) => {
                self.stats.deliveries += 1;
                let bytes = slot.bytes.expect("step() waits for a full slot").to_vec();
                self.hand(
                    slot.to,
                    Input::Received {
                        from: PeerId(u64::from(slot.from)),
                        bytes,
                    },
                );
            }
            Pending::Wake(node) => {
                self.nodes[node as usize].wake = None;
                self.hand(node, Input::Wake);
            }
            Pending::Workload(node) => {
                self.nodes[node as usize].next_transfer = None;
                self.make_transfer(node);
                self.plan_workload(node);
            }
        }
    }

    /// Searches up to the next known event; returns the earliest find, if it comes before.
    fn search(&mut self, limit: Timestamp) -> Option<(EventKey, u64)> {
        let mut horizon = self.next_due().map_or(limit, |due| due.min(limit));
        let mut earliest = None;
        for (index, sim) in (0..).zip(&mut self.nodes) {
            let Some((time, nonce)) = sim.search.as_mut().and_then(|search| search.advance(horizon)) else {
                continue;
            };
            let key = EventKey {
                time,
                class: Class::Mined,
                actor: index,
                sequence: sim.sequence,
            };
            if earliest.is_none_or(|(best, _)| key < best) {
                earliest = Some((key, nonce));
            }
            horizon = horizon.min(time);
        }
        earliest
    }

    fn finish_search(&mut self, index: NodeIndex, nonce: u64) {
        let Some(search) = self.nodes[index as usize].search.take() else {
            return;
        };
        self.absorb(&nonce);
        self.hand(
            index,
            Input::Mined {
                template: search.template(),
                nonce,
            },
        );
    }

    fn obey(&mut self, index: NodeIndex, output: Output) {
        let now = self.now;
        let sim = &mut self.nodes[index as usize];
        match output {
            Output::Persist(changes) => sim.disk.merge(changes),
            Output::Send { to, message } => self.send(index, narrow(to), &message),
            Output::Disconnect { peer, .. } => self.hang_up(narrow(peer), index),
            Output::Mine(template) => {
                sim.search = (sim.hash_rate > 0).then(|| Search::new(&template, now, sim.hash_rate));
            }
            Output::StopMining => sim.search = None,
            Output::Done { result, .. } => self.last_result = Some(result),
            Output::Event { event, .. } => self.note(index, event),
        }
    }

    fn note(&mut self, index: NodeIndex, event: EventKind) {
        match &event {
            EventKind::Mined { .. } => self.stats.mined += 1,
            EventKind::Reorged { disconnected, .. } => {
                self.stats.reorgs += 1;
                self.stats.deepest_reorg = self.stats.deepest_reorg.max(*disconnected as u64);
            }
            _ => {}
        }
        self.record(Some(index), LogEntry::Node(event));
    }

    fn plan_wake(&mut self, index: NodeIndex) {
        let earliest = self.now.after(1);
        let sim = &mut self.nodes[index as usize];
        let due = sim.node.as_ref().and_then(Node::next_wake).map(|due| due.max(earliest));
        if sim.wake.map(|key| key.time) == due {
            return;
        }
        if let Some(old) = sim.wake.take() {
            self.queue.remove(&old);
        }
        if let Some(time) = due {
            let key = EventKey {
                time,
                class: Class::Wake,
                actor: index,
                sequence: self.next_sequence(index),
            };
            self.schedule(key, Pending::Wake(index));
            self.nodes[index as usize].wake = Some(key);
        }
    }

    fn switched_on(&mut self, index: NodeIndex) {
        if self.nodes[index as usize].hash_rate > 0 {
            self.command(index, Command::SetMining(true));
        }
        self.plan_workload(index);
        self.plan_wake(index);
    }

    /// Both ends learn of the connection a moment later, if both are on.
    fn connect(&mut self, a: NodeIndex, b: NodeIndex) {
        let on = |index: NodeIndex| self.nodes[index as usize].node.is_some();
        if !on(a)
            || !on(b)
            || self
                .link_mut(a, b)
                .is_none_or(|link| std::mem::replace(&mut link.connected, true))
        {
            return;
        }
        self.tell(a, b, PeerChange::Connected);
        self.tell(b, a, PeerChange::Connected);
    }

    /// `gone` has closed the connection; `other` learns of it a moment later, and it is dialled again after a while.
    fn hang_up(&mut self, other: NodeIndex, gone: NodeIndex) {
        let Some(link) = self.link_mut(other, gone).filter(|link| link.connected) else {
            return;
        };
        link.connected = false;
        self.tell(other, gone, PeerChange::Disconnected);
        let key = EventKey {
            time: self.now.after(REDIAL),
            class: Class::Peer,
            actor: gone,
            sequence: self.next_sequence(gone),
        };
        self.schedule(key, Pending::Redial { a: other, b: gone });
    }

    fn tell(&mut self, node: NodeIndex, peer: NodeIndex, change: PeerChange) {
        let key = EventKey {
            time: self.now.after(1),
            class: Class::Peer,
            actor: node,
            sequence: self.next_sequence(node),
        };
        self.schedule(key, Pending::Peer { node, peer, change });
    }

    fn make_transfer(&mut self, index: NodeIndex) {
        let others = u32::try_from(self.nodes.len()).expect("at most a thousand") - 1;
        let sim = &mut self.nodes[index as usize];
        let stream = &mut sim.traffic;
        let pick = stream.below(others.max(1));
        let amount = WORKLOAD_AMOUNTS.0 + stream.below(WORKLOAD_AMOUNTS.1);
        let fee = WORKLOAD_FEES.0 + stream.below(WORKLOAD_FEES.1);
        if others == 0 {
            return;
        }
        let to = self.nodes[(pick + u32::from(pick >= index)) as usize].address;
        let units = |units: u32| Amount::new(u64::from(units)).expect("small");
        let transfer = Transfer {
            to,
            amount: units(amount),
            fee: units(fee),
            memo: Memo::default(),
            nonce: None,
        };
        self.command(index, Command::Transfer(transfer));
    }
}

fn narrow(peer: PeerId) -> NodeIndex {
    u32::try_from(peer.0).expect("the world names peers by their index")
}
