//! A tab in a room: the machine that knows who is here, and the timeline whose nodes take part.
//!
//! A driver calls [`Session::receive`] with whatever was posted, [`Session::pump`] often, and [`Session::flush`] when the world has gone on. Leaving
//! the present (rewinding, another run) needs [`Session::detach`] first: the run is private from then on, and the room goes on without it.

mod about;
mod outbox;

use std::collections::{BTreeMap, VecDeque};

use super::{
    Body, Card, Letter, Pace, Post, Role, RoomName, TabId, Wall, Welcome,
    guest::Belongings,
    links,
    machine::{Event, Machine},
};
use crate::{
    primitives::{Address, Timestamp},
    sim::{Action, MAX_SCENARIO_BYTES, MAX_SCRIPT, Payload, Timeline, World},
};

/// Bytes of JSON that a room's log may take; a capsule has to hold it and the rest.
const MAX_LOG_BYTES: usize = MAX_SCENARIO_BYTES / 4 * 3;
/// The same of a tab that has joined a native node: a whole chain comes over the line, and few of these runs are to be shared.
const MAX_NODE_LOG_BYTES: usize = 64 << 20;
/// Entries of the script that are left for parting.
const SPARE_ENTRIES: usize = 2_000;
/// Posts and bytes that wait to be read.
const MAX_INBOX: (usize, usize) = (1_024, 16 << 20);
/// Posts read in one pump.
const POSTS_PER_PUMP: usize = 256;
/// Bytes of letters in one post, unless a single one is longer.
const MAX_BATCH: usize = 256 << 10;
/// Bytes of a letter besides the largest block.
const LETTER_ROOM: usize = 65_536;
/// Hash power of a newcomer's nodes, hashes per virtual second.
const HASH_RATES: [u32; 3] = [1_200, 1_200, 0];
/// Real milliseconds between two looks at who should be connected with whom.
const LINK_MS: u64 = 1_000;

/// Why a run is private, though its tab was in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Time was left: rewound, or another future was taken up.
    Rewound,
    /// The log of what came from other tabs is full.
    LogFull,
    /// The room has as many tabs as it can have.
    RoomFull,
}

/// What has changed for the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The timeline is another one, at the room's present.
    Joined,
    /// Nobody was here: this tab hosts the run at hand.
    Founded,
    /// The host has gone, this tab keeps the clock now: time goes on from here.
    TookOver(Timestamp),
    /// This tab slept and asks again who is here.
    Slept,
    /// Somebody asks the host to play, pause, or change the speed.
    Asked {
        /// Whether time shall pass.
        playing: Option<bool>,
        /// Percent of real time.
        speed: Option<u32>,
    },
    /// The run is private from now on.
    Detached(Why),
}

/// A tab in a room.
#[derive(Debug, Clone)]
pub struct Session {
    name: String,
    seed: u64,
    hash_rates: [u32; 3],
    max_log_bytes: usize,
    machine: Machine,
    detached: Option<Why>,
    /// Whether this tab's nodes have been in the room, so that it comes back with them.
    returning: bool,
    owners: BTreeMap<Address, TabId>,
    stale: bool,
    linked: Wall,
    shown: Option<(Timestamp, bool, u32, u32, usize)>,
    inbox: VecDeque<Vec<u8>>,
    inbox_bytes: usize,
    overflow: u64,
    lost: u64,
    posts: Vec<Vec<u8>>,
    revision: u64,
}

impl Session {
    /// Opens a room. `tab` (not 0) and `seed` are drawn at random by the driver; the seed gives a newcomer's nodes their keys.
    pub fn open(name: RoomName, tab: TabId, seed: u64, now: Wall) -> Self {
        Self::new(name.to_string(), tab, seed, now)
    }

    /// Joins a native node, whose [`super::Gate`] answers for it. A newcomer's nodes have these hash rates.
    pub fn at_node(name: String, tab: TabId, seed: u64, hash_rates: [u32; 3], now: Wall) -> Self {
        Self { hash_rates, max_log_bytes: MAX_NODE_LOG_BYTES, ..Self::new(name, tab, seed, now) }
    }

    fn new(name: String, tab: TabId, seed: u64, now: Wall) -> Self {
        Self {
            name,
            seed,
            hash_rates: HASH_RATES,
            max_log_bytes: MAX_LOG_BYTES,
            machine: Machine::new(tab, None, now),
            detached: None,
            returning: false,
            owners: BTreeMap::new(),
            stale: true,
            linked: Wall(0),
            shown: None,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            overflow: 0,
            lost: 0,
            posts: Vec::new(),
            revision: 0,
        }
    }

    /// Something was posted. Kept until the next pump, within bounds.
    pub fn receive(&mut self, bytes: Vec<u8>) {
        if self.inbox.len() >= MAX_INBOX.0 || self.inbox_bytes + bytes.len() > MAX_INBOX.1 {
            self.refuse();
        } else if self.detached.is_none() {
            self.inbox_bytes += bytes.len();
            self.inbox.push_back(bytes);
        }
    }

    /// Something was posted that is not even bytes.
    pub fn refuse(&mut self) {
        self.overflow += 1;
        self.revision += 1;
    }

    /// Does what is due: reads posts, lets time pass in the room, connects and disconnects. The timeline is replaced when this tab joins.
    pub fn pump(&mut self, now: Wall, pace: Pace, timeline: &mut Timeline) -> Vec<Change> {
        if self.detached.is_some() {
            return Vec::new();
        }
        let before = self.dropped();
        self.read(now);
        self.machine.tick(now);
        let mut changes = Vec::new();
        for event in self.machine.take_events() {
            changes.extend(self.on_event(now, event, timeline));
            if self.detached.is_some() {
                return changes;
            }
        }
        if self.machine.role() != Role::Seeking {
            self.link(now, timeline);
            // A host that steps shows every step.
            let stands = if pace.playing { Timestamp(0) } else { timeline.world().now() };
            let shown = (
                stands,
                pace.playing,
                pace.speed,
                links::speaker(timeline.world()).unwrap_or(u32::MAX),
                timeline.world().nodes().len(),
            );
            let changed = self.shown.replace(shown) != Some(shown);
            if changed || self.machine.is_due(now) {
                self.beat(now, pace, timeline.world());
            }
        }
        self.revision += u64::from(before != self.dropped());
        self.post();
        changes
    }

    /// Posts that are to go out; empties the list.
    pub fn take_posts(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.posts)
    }

    /// How far this tab's world may go at `now`; nothing if it keeps the clock itself. While it seeks its world stands still.
    pub fn target(&self, now: Wall, world: &World) -> Option<Timestamp> {
        match self.role()? {
            Role::Host => None,
            Role::Seeking => Some(world.now()),
            Role::Guest => Some(self.machine.clock().at(now).max(world.now())),
        }
    }

    /// Asks the host to play, pause, or change the speed.
    pub fn ask(&mut self, playing: Option<bool>, speed: Option<u32>) {
        if let (Some(Role::Guest), Some(host)) = (self.role(), self.machine.host()) {
            self.machine.say(Some(host), Body::Ask { playing, speed });
            self.post();
        }
    }

    /// Leaves the room into a private copy, at the present.
    pub fn detach(&mut self, why: Why, timeline: &mut Timeline) {
        if self.detached.is_some() {
            return;
        }
        self.part(timeline);
        self.detached = Some(why);
        self.revision += 1;
    }

    /// Leaves the room for good; what is left to say is in [`Session::take_posts`].
    pub fn part(&mut self, timeline: &mut Timeline) {
        links::disconnect_all(timeline);
        timeline.world_mut().set_attached(false);
        self.owners.clear();
        self.inbox.clear();
        self.inbox_bytes = 0;
        if self.detached.is_none() {
            self.machine.say(None, Body::Bye);
            self.post();
        }
    }

    /// Comes back into the room that was left, with the same nodes if the chain is still the same.
    pub fn rejoin(&mut self, now: Wall) {
        self.machine = Machine::new(self.machine.me(), self.machine.letter(), now);
        (self.detached, self.stale, self.shown) = (None, true, None);
        self.revision += 1;
    }

    /// What is said when a tab closes, as bytes for its page.
    pub fn farewell(&self) -> Vec<u8> {
        Post { from: self.tab(), to: None, body: Body::Bye }.to_bytes()
    }

    fn read(&mut self, now: Wall) {
        for _ in 0..POSTS_PER_PUMP {
            let Some(bytes) = self.inbox.pop_front() else {
                break;
            };
            self.inbox_bytes -= bytes.len();
            match Post::parse(&bytes, self.machine.me()) {
                Ok(Some(post)) => self.machine.receive(now, post, bytes.len()),
                Ok(None) => {}
                Err(_) => self.machine.drop_one(),
            }
        }
    }

    fn on_event(&mut self, now: Wall, event: Event, timeline: &mut Timeline) -> Option<Change> {
        self.revision += 1;
        match event {
            Event::Welcomed { from, welcome } => {
                self.join(now, from, &welcome, timeline);
                Some(Change::Joined)
            }
            Event::Founded => {
                let world = timeline.world_mut();
                world.set_attached(true);
                self.machine.found(now, world.genesis().block().id(), world.now());
                (self.returning, self.stale) = (true, true);
                Some(Change::Founded)
            }
            Event::TookOver(time) => Some(Change::TookOver(time)),
            Event::Asked { playing, speed } => Some(Change::Asked { playing, speed }),
            Event::Letters { from, letters } => {
                letters.into_iter().find_map(|letter| self.deliver(from, letter, timeline))
            }
            Event::Slept | Event::Yielded => {
                self.returning &= event == Event::Slept;
                links::disconnect_all(timeline);
                timeline.world_mut().set_attached(false);
                Some(Change::Slept)
            }
            Event::Full => {
                self.detach(Why::RoomFull, timeline);
                Some(Change::Detached(Why::RoomFull))
            }
            Event::Members => {
                self.stale = true;
                None
            }
        }
    }

    /// A fresh world at the room's present. Who comes back brings the nodes it had, unless somebody else claims them by now.
    fn join(&mut self, now: Wall, from: TabId, welcome: &Welcome, timeline: &mut Timeline) {
        let world = timeline.world();
        let mine = |card: &Card| world.nodes().iter().any(|sim| sim.address == card.address);
        let claimed = self.machine.others().values().flat_map(|other| &other.beat.cards).any(mine);
        let same = world.genesis() == &welcome.genesis && !claimed && !world.nodes().is_empty();
        let belongings = if self.returning && same {
            Belongings::of(world)
        } else {
            Belongings::fresh(self.seed, welcome.letter, self.hash_rates)
        };
        self.machine.join(now, from, welcome);
        let time = self.machine.clock().at(now);
        *timeline = belongings.timeline(&welcome.genesis, time, self.name.clone());
        timeline.world_mut().set_attached(true);
        (self.returning, self.stale) = (true, true);
    }

    fn link(&mut self, now: Wall, timeline: &mut Timeline) {
        if !self.stale && now.since(self.linked) < LINK_MS {
            return;
        }
        (self.stale, self.linked) = (false, now);
        self.revision += 1;
        self.owners = links::owners(timeline.world(), self.machine.others(), &self.machine.by_seniority());
        links::reconcile(timeline, self.machine.others(), &self.owners);
    }

    /// A message for one of our nodes: taken only over a connection that is up. Beyond the bounds of the log the room is left.
    fn deliver(&mut self, from: TabId, letter: Letter, timeline: &mut Timeline) -> Option<Change> {
        let world = timeline.world();
        let longest = world.genesis().rules.max_block_bytes as usize + LETTER_ROOM;
        let owner = self.owners.get(&letter.from);
        if owner.is_some_and(|owner| *owner != from) || letter.bytes.len() > longest {
            self.machine.drop_one();
            return None;
        }
        // It may be known to us only with the next look.
        let remote = owner.and_then(|_| links::number(world, &letter.from));
        let node = world.nodes().iter().find(|sim| sim.address == letter.to).map(|sim| sim.name.clone());
        let (Some(remote), Some(node)) = (remote, node) else {
            self.lost += 1;
            return None;
        };
        let log = world.script_bytes() + letter.bytes.len() / 3 * 4 + 200;
        if log > self.max_log_bytes || world.entries_done() + SPARE_ENTRIES > MAX_SCRIPT {
            self.detach(Why::LogFull, timeline);
            return Some(Change::Detached(Why::LogFull));
        }
        let action = Action::External { node, remote, bytes: Payload(letter.bytes.into()) };
        self.lost += u64::from(timeline.act(action).is_err());
        None
    }

    fn beat(&mut self, now: Wall, pace: Pace, world: &World) {
        let Some(beat) = self.machine.beat(now, world.now(), pace, || outbox::beat_of(world)) else {
            return;
        };
        self.machine.say(None, Body::Beat(beat.clone()));
        self.machine.welcome(world.genesis(), &beat);
        self.revision += 1;
    }

    fn post(&mut self) {
        self.posts.extend(self.machine.take_posts().iter().map(Post::to_bytes));
    }
}
