//! The world: one queue of events over many nodes.
//!
//! [`World::step`] does exactly one event, the one with the lowest key. Nothing is ever scheduled in the present, so keys only grow.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Carrier, Class, Envelope, EventKey, Link, LogEntry, NodeKey, Occurrence, Record, Scenario, ScriptEntry, Stats,
    What, Workload,
    adversary::Adversary,
    channels::Kept,
    invariants::{Lights, Watch, is_deep},
    log::Log,
    miner::Search,
    obstacles::Obstacles,
    past::Past,
    remote::Remotes,
    series::Series,
    traffic::{Delivered, Slot},
    workload::{Job, Jobs},
};
use crate::{
    chain::{Chain, Genesis},
    gossip::PeerId,
    node::{ChangeSet, Command, CommandResult, EventKind, Input, Node, Output, PeerChange},
    primitives::{Address, ChannelId, Checks, Hash, Tag, Timestamp},
};
use borsh::BorshSerialize;

const HISTORY: Tag = Tag::new("tabchain/history");

/// A node's place in the world, from 0. It never changes and is never reused.
pub type NodeIndex = u32;

/// A node and what the world keeps for it.
#[derive(Debug, Clone)]
pub struct SimNode {
    /// Its name, unique.
    pub name: String,
    /// The key that it was given.
    pub key: Option<NodeKey>,
    /// Its account.
    pub address: Address,
    /// The node; nothing while it is off.
    pub node: Option<Node>,
    /// Hashes per virtual second.
    pub hash_rate: u32,
    pub(super) disk: ChangeSet,
    pub(super) search: Option<Search>,
    pub(super) wake: Option<EventKey>,
    pub(super) jobs: Jobs,
    pub(super) adversary: Adversary,
    pub(super) sequence: u64,
    pub(super) root: Hash,
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// This event.
    Done(EventKey),
    /// Nothing: the next event waits for its bytes from the carrier.
    Waiting(EventKey),
    /// Nothing yet: miners search towards the next event; more of it comes with the next step.
    Searching,
    /// Nothing: no event up to the limit is left; the clock stands at the limit.
    Idle,
}

/// What stands in the queue.
#[derive(Debug, Clone)]
pub(super) enum Pending {
    Peer { node: NodeIndex, peer: NodeIndex, change: PeerChange },
    Redial { a: NodeIndex, b: NodeIndex },
    Command { node: NodeIndex, command: Command },
    Delivery(Slot),
    Wake(NodeIndex),
    Workload(NodeIndex, Job),
}

/// Nodes, links, time and everything under way.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) scenario: Scenario,
    pub(super) genesis: Genesis,
    pub(super) origin: Chain,
    pub(super) now: Timestamp,
    pub(super) last: Option<EventKey>,
    /// The event that is being done.
    pub(super) present: Option<Arc<Occurrence>>,
    pub(super) queue: BTreeMap<EventKey, (Arc<Occurrence>, Pending)>,
    pub(super) nodes: Vec<SimNode>,
    pub(super) links: BTreeMap<(NodeIndex, NodeIndex), Link>,
    pub(super) workload: Workload,
    next_entry: usize,
    script_bytes: usize,
    pub(super) history: Hash,
    pub(super) carrier: Carrier,
    pub(super) outgoing: Vec<Envelope>,
    pub(super) unfilled: usize,
    pub(super) delivered: Delivered,
    pub(super) remotes: Remotes,
    pub(super) checks: Checks,
    pub(super) stats: Stats,
    pub(super) lights: Lights,
    pub(super) watch: Watch,
    pub(super) kept: BTreeMap<(NodeIndex, ChannelId), Kept>,
    pub(super) log: Log,
    pub(super) past: Past,
    pub(super) series: Series,
    pub(super) obstacles: Obstacles,
    commands: u64,
    /// Whether it was asked to come to rest: validators have no duties any more.
    pub(super) resting: bool,
    pub(super) last_result: Option<CommandResult>,
}

impl World {
    /// The world at the beginning of a scenario, which must be valid ([`Scenario::validate`]).
    pub fn new(scenario: Scenario) -> Self {
        let genesis = scenario.genesis();
        let mut world = Self {
            origin: Chain::new(&genesis),
            genesis,
            now: scenario.config.begins,
            last: None,
            present: None,
            queue: BTreeMap::new(),
            nodes: Vec::new(),
            links: BTreeMap::new(),
            workload: scenario.config.workload,
            next_entry: 0,
            script_bytes: 0,
            history: Hash::ZERO,
            carrier: Carrier::Loopback,
            outgoing: Vec::new(),
            unfilled: 0,
            delivered: Delivered::default(),
            remotes: Remotes::default(),
            checks: Checks::remembering(),
            stats: Stats::default(),
            lights: Lights::default(),
            watch: Watch::default(),
            kept: BTreeMap::new(),
            log: Log::default(),
            past: Past::default(),
            series: Series::new(scenario.config.begins),
            obstacles: Obstacles::default(),
            commands: 0,
            resting: false,
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

    /// When the next event is due at the latest known; searches may end earlier.
    pub fn next_due(&self) -> Option<Timestamp> {
        let queued = self.queue.first_key_value().map(|(key, _)| key.time);
        queued.into_iter().chain(self.next_entry().map(|entry| entry.at.key().time)).min()
    }

    /// Does the next event, if it is due by `limit`.
    pub fn step(&mut self, limit: Timestamp) -> Step {
        let Ok(mined) = self.search(limit) else {
            return Step::Searching;
        };
        let queued = self.queue.first_key_value().map(|(key, _)| *key);
        let next = queued.into_iter().chain(mined.map(|(key, _)| key)).min().filter(|key| key.time <= limit);
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
            Some((_, nonce)) => {
                self.present = Some(Occurrence::new(key, What::Mined(key.actor), None));
                self.finish_search(key.actor, nonce);
            }
            None => self.run_pending(key),
        }
        Step::Done(key)
    }

    /// Does every event up to `limit`; over a loopback this always gets there.
    pub fn run_until(&mut self, limit: Timestamp) {
        while let Step::Done(_) | Step::Searching = self.step(limit) {}
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

    /// About how many bytes of JSON the entries carried out so far take.
    pub fn script_bytes(&self) -> usize {
        self.script_bytes
    }

    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
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
            if self.nodes[index as usize].misbehaves().is_none() {
                self.obey(index, output);
            } else {
                self.bend(index, output).into_iter().for_each(|output| self.obey(index, output));
            }
        }
        self.plan_wake(index);
        if changed {
            self.check_node(index);
            self.scheme(index);
        }
    }

    pub(super) fn command(&mut self, index: NodeIndex, command: Command) {
        self.commands += 1;
        let id = self.commands;
        self.hand(index, Input::Command { id, command });
    }

    pub(super) fn record(&mut self, node: Option<NodeIndex>, entry: LogEntry) {
        let key = self.last.unwrap_or(EventKey::at(self.now));
        self.mark_entry(node, &entry);
        let origin = self.present.clone();
        self.log.push(Record { key, cause: origin.as_ref().and_then(|origin| origin.after), node, entry, origin });
    }

    pub(super) fn schedule(&mut self, key: EventKey, pending: Pending) {
        let healed = match &pending {
            Pending::Delivery(slot) => self.link_mut(slot.from, slot.to).and_then(|link| link.healed_by.clone()),
            _ => None,
        };
        let origin = Occurrence::new(key, What::of(&pending, healed), self.present.as_ref());
        self.queue.insert(key, (origin, pending));
    }

    pub(super) fn pending_mut(&mut self, key: &EventKey) -> Option<&mut Pending> {
        self.queue.get_mut(key).map(|(_, pending)| pending)
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
        self.sample_before(key.time);
        debug_assert!(self.last.is_none_or(|last| last < key), "event {key:?} comes after {:?}", self.last);
        self.now = self.now.max(key.time);
        self.last = Some(key);
        self.stats.events += 1;
        self.absorb(&key);
    }

    fn run_entry(&mut self) -> EventKey {
        let entry = self.scenario.script[self.next_entry].clone();
        self.next_entry += 1;
        self.sample_before(entry.at.key().time);
        self.now = self.now.max(entry.at.key().time);
        // An entry that follows an event of this very millisecond keeps that event's key, so that keys never go back.
        let key = self.last.filter(|last| last.time >= self.now).unwrap_or(EventKey::at(self.now));
        self.last = Some(key);
        self.present = Some(Occurrence::new(key, What::of_action(&entry.action), None));
        self.stats.events += 1;
        let bytes = serde_json::to_vec(&entry).expect("actions are plain data");
        self.script_bytes += bytes.len() + 1;
        self.absorb(&bytes);
        self.act(entry.action);
        key
    }

    fn run_pending(&mut self, key: EventKey) {
        let (origin, pending) = self.queue.remove(&key).expect("the caller found it there");
        self.present = Some(Arc::clone(&origin));
        match pending {
            Pending::Peer { node, peer, change } => {
                self.hand(node, Input::Peer { peer: PeerId(u64::from(peer)), change });
            }
            Pending::Redial { a, b } => self.connect(a, b),
            Pending::Command { node, command } => self.command(node, command),
            Pending::Delivery(slot) => {
                self.stats.deliveries += 1;
                let bytes = slot.bytes.as_ref().expect("step() waits for a full slot").to_vec();
                let (from, to) = (PeerId(u64::from(slot.from)), slot.to);
                let off = self.nodes[to as usize].node.is_none().then_some(&origin);
                self.past.push(slot.passage(key, off));
                self.delivered.push(origin, slot);
                self.hand(to, Input::Received { from, bytes });
            }
            Pending::Wake(node) => {
                self.nodes[node as usize].wake = None;
                self.hand(node, Input::Wake);
            }
            Pending::Workload(node, job) => self.do_job(node, job),
        }
    }

    fn obey(&mut self, index: NodeIndex, output: Output) {
        let now = self.now;
        let sim = &mut self.nodes[index as usize];
        match output {
            Output::Persist(changes) => {
                self.keep_commitments(index, &changes);
                self.check_stored(index, &changes);
                self.check_forwards(index, &changes);
                self.nodes[index as usize].disk.apply(changes);
            }
            Output::Send { to, message } => self.send_to_peer(index, to, &message),
            Output::Disconnect { peer, .. } => self.close_peer(index, peer),
            Output::Mine(template) => {
                sim.search = (sim.hash_rate > 0).then(|| Search::new(&template, now, sim.hash_rate));
            }
            Output::StopMining => sim.search = None,
            Output::Done { result, .. } => self.last_result = Some(result),
            Output::Event { event, .. } => self.note(index, event),
        }
    }

    fn note(&mut self, index: NodeIndex, event: EventKind) {
        self.stats.count(&event);
        match &event {
            EventKind::Reorged { disconnected, .. } if is_deep(*disconnected) => self.watch.trouble(),
            EventKind::Channel { channel, notice, .. } => self.check_notice(index, channel, notice),
            EventKind::Tower { channel, peer, notice } => self.check_tower(*peer, channel, notice),
            EventKind::Payment { payment, notice } => self.trace_payment(index, *payment, notice),
            _ => {}
        }
        self.record(Some(index), LogEntry::Node(event));
    }

    pub(super) fn plan_wake(&mut self, index: NodeIndex) {
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
            let key = EventKey { time, class: Class::Wake, actor: index, sequence: self.next_sequence(index) };
            self.schedule(key, Pending::Wake(index));
            self.nodes[index as usize].wake = Some(key);
        }
    }
}
