//! Who is here and who keeps the clock: a state machine that is told the time and what arrived, and says what to post.
//!
//! Two phases. *Seeking*: ask who is here; the host answers with a place, or nobody does and this tab founds the room (of two that seek at
//! once, the one with the lower number). *Member*: beat every second. The host is whoever has the lowest (place, number) of those here, a rule that all
//! tabs compute alike, so nobody has to be asked when a host closes or falls silent. A tab that has slept seeks again, because the others went on.

mod hear;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Beat, Body, Clock, Letter, Pace, Post, TabId, Wall, Welcome,
    budget::{Budget, Limit},
};
use crate::{
    chain::Genesis,
    primitives::{BlockId, Timestamp},
};

/// Tabs of one room.
pub const MAX_TABS: usize = 16;
/// Milliseconds between two beats.
pub const BEAT_MS: u64 = 1_000;
/// Milliseconds of silence after which a tab counts as gone, and after which a tab knows that it has slept.
pub const SILENT_MS: u64 = 4_000;
/// Milliseconds a newcomer waits for a host.
pub const JOIN_MS: u64 = 1_200;
/// Milliseconds between two hellos.
const HELLO_MS: u64 = 300;
/// Milliseconds during which a place given to a newcomer is kept, and a new room yields to an older one of its name.
const FRESH_MS: u64 = 10_000;
/// Bytes and posts of one member.
const MEMBER_BYTES: Limit = Limit { burst: 8 << 20, per_second: 1 << 20 };
const MEMBER_POSTS: Limit = Limit { burst: 600, per_second: 200 };
/// Posts of all who are not members.
const STRANGER_POSTS: Limit = Limit { burst: 200, per_second: 50 };

/// Another tab.
#[derive(Debug, Clone)]
pub struct Other {
    /// What it last said of itself.
    pub beat: Beat,
    /// When.
    pub heard: Wall,
    bytes: Budget,
    posts: Budget,
}

/// What this tab is in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It asks who is here.
    Seeking,
    /// It keeps the clock.
    Host,
    /// It follows the clock.
    Guest,
}

/// What the session must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// Join this network.
    Welcomed { from: TabId, welcome: Box<Welcome> },
    /// Nobody is here: this tab begins a room with the run at hand.
    Founded,
    /// The host has gone; this tab keeps the clock from now on, from this time on.
    TookOver(Timestamp),
    /// A member asks the host.
    Asked { playing: Option<bool>, speed: Option<u32> },
    /// A member's nodes say something.
    Letters { from: TabId, letters: Vec<Letter> },
    /// This tab slept, and asks again who is here.
    Slept,
    /// Two rooms of one name began at once; the other one stays.
    Yielded,
    /// The room has as many tabs as it can have.
    Full,
    /// Who is here has changed.
    Members,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Seeking { until: Wall, next_hello: Wall },
    Member { order: u32, letter: u8, since: Wall },
}

/// A room as one tab knows it.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    me: TabId,
    phase: Phase,
    letter: Option<u8>,
    others: BTreeMap<TabId, Other>,
    granted: BTreeMap<TabId, (u32, u8, Wall)>,
    unanswered: BTreeSet<TabId>,
    highest: u32,
    clock: Clock,
    hosting: bool,
    ticked: Wall,
    next_beat: Wall,
    strangers: Budget,
    chain: Option<BlockId>,
    posts: Vec<Post>,
    events: Vec<Event>,
    dropped: u64,
}

impl Machine {
    /// A tab that begins to seek; `letter` is the one it had before.
    pub(super) fn new(me: TabId, letter: Option<u8>, now: Wall) -> Self {
        Self {
            me,
            phase: Phase::Seeking { until: now.after(JOIN_MS), next_hello: now },
            letter,
            others: BTreeMap::new(),
            granted: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            highest: 0,
            clock: Clock::still(),
            hosting: false,
            ticked: now,
            next_beat: now,
            strangers: Budget::new(STRANGER_POSTS, now),
            chain: None,
            posts: Vec::new(),
            events: Vec::new(),
            dropped: 0,
        }
    }

    pub(super) fn me(&self) -> TabId {
        self.me
    }

    pub(super) fn role(&self) -> Role {
        match self.phase {
            Phase::Seeking { .. } => Role::Seeking,
            Phase::Member { .. } if self.host() == Some(self.me) => Role::Host,
            Phase::Member { .. } => Role::Guest,
        }
    }

    /// This tab's letter, 0 for A; while seeking the one it had.
    pub(super) fn letter(&self) -> Option<u8> {
        self.letter
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn others(&self) -> &BTreeMap<TabId, Other> {
        &self.others
    }

    /// Who keeps the clock, of those this tab knows to be here.
    pub(super) fn host(&self) -> Option<TabId> {
        let me = match self.phase {
            Phase::Member { order, .. } => Some((order, self.me)),
            Phase::Seeking { .. } => None,
        };
        self.others.iter().map(|(id, other)| (other.beat.order, *id)).chain(me).min().map(|(_, id)| id)
    }

    /// Members by seniority.
    pub(super) fn by_seniority(&self) -> Vec<TabId> {
        let mut ids: Vec<(u32, TabId)> = self.others.iter().map(|(id, other)| (other.beat.order, *id)).collect();
        ids.sort_unstable();
        ids.into_iter().map(|(_, id)| id).collect()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Something arrived that was not taken.
    pub(super) fn drop_one(&mut self) {
        self.dropped += 1;
    }

    pub(super) fn take_posts(&mut self) -> Vec<Post> {
        std::mem::take(&mut self.posts)
    }

    pub(super) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub(super) fn say(&mut self, to: Option<TabId>, body: Body) {
        self.posts.push(Post { from: self.me, to, body });
    }

    /// Whether a beat is due.
    pub(super) fn is_due(&self, now: Wall) -> bool {
        matches!(self.phase, Phase::Member { .. }) && now >= self.next_beat
    }

    /// Time has passed. Silent tabs go, the clock is handed on, seeking goes on.
    pub(super) fn tick(&mut self, now: Wall) {
        let (gap, back) = (now.since(self.ticked), now < self.ticked);
        self.ticked = now;
        if back {
            // Somebody set the machine's clock: nobody is to blame for that.
            self.others.values_mut().for_each(|other| other.heard = now);
            self.next_beat = now;
        } else if gap > SILENT_MS && matches!(self.phase, Phase::Member { .. }) {
            self.seek(now);
            self.events.push(Event::Slept);
        }
        let before = self.others.len();
        self.others.retain(|_, other| now.since(other.heard) <= SILENT_MS);
        self.granted.retain(|_, (_, _, at)| now.since(*at) <= FRESH_MS);
        if self.others.len() != before {
            self.events.push(Event::Members);
        }
        self.go_on(now, back);
        self.look_who_hosts(now);
    }

    /// Announces what this tab is; the host answers newcomers with it too.
    pub(super) fn beat(&mut self, now: Wall, time: Timestamp, pace: Pace, of: impl FnOnce() -> Beat) -> Option<Beat> {
        let Phase::Member { order, letter, .. } = self.phase else {
            return None;
        };
        let mut beat = of();
        if self.role() == Role::Host {
            self.clock = self.clock.announce(time, now, pace);
            beat.clock = Some(self.clock);
        }
        (beat.order, beat.letter) = (order, letter);
        self.next_beat = now.after(BEAT_MS);
        Some(beat)
    }

    /// A beat is due at once.
    pub(super) fn hurry(&mut self) {
        self.next_beat = Wall(0);
    }

    /// This tab is welcome and has built its world.
    pub(super) fn join(&mut self, now: Wall, from: TabId, welcome: &Welcome) {
        self.enter(now, welcome.order, welcome.letter, welcome.host.chain);
        self.highest = self.highest.max(welcome.order);
        self.clock = welcome.host.clock.unwrap_or(Clock::still());
        self.insert(now, from, welcome.host.clone());
    }

    /// This tab begins the room, its world on this chain at this time.
    pub(super) fn found(&mut self, now: Wall, chain: BlockId, time: Timestamp) {
        self.enter(now, 0, self.letter.unwrap_or(0), chain);
        self.clock = Clock { time, wall: now, ..Clock::still() };
        self.hosting = true;
    }

    /// Answers newcomers who were given a place.
    pub(super) fn welcome(&mut self, genesis: &Genesis, host: &Beat) {
        for to in std::mem::take(&mut self.unanswered) {
            if let Some((order, letter, _)) = self.granted.get(&to).copied() {
                let welcome = Welcome { order, letter, genesis: genesis.clone(), host: host.clone() };
                self.say(Some(to), Body::Welcome(Box::new(welcome)));
            }
        }
    }

    fn enter(&mut self, now: Wall, order: u32, letter: u8, chain: BlockId) {
        self.phase = Phase::Member { order, letter, since: now };
        (self.letter, self.chain, self.hosting) = (Some(letter), Some(chain), false);
        self.others.retain(|_, other| other.beat.chain == chain);
        self.hurry();
    }

    fn seek(&mut self, now: Wall) {
        self.phase = Phase::Seeking { until: now.after(JOIN_MS), next_hello: now };
        (self.chain, self.hosting) = (None, false);
        self.others.clear();
        self.granted.clear();
        self.unanswered.clear();
    }

    fn go_on(&mut self, now: Wall, back: bool) {
        let Phase::Seeking { until, next_hello } = &mut self.phase else {
            return;
        };
        if back {
            (*until, *next_hello) = (now.after(JOIN_MS), now);
        }
        // While members are heard somebody will answer.
        if !self.others.is_empty() {
            *until = (*until).max(now.after(JOIN_MS / 2));
        }
        if now >= *until {
            self.events.push(Event::Founded);
        } else if now >= *next_hello {
            *next_hello = now.after(HELLO_MS);
            let letter = self.letter;
            self.say(None, Body::Hello { letter });
        }
    }

    fn look_who_hosts(&mut self, now: Wall) {
        let hosting = self.role() == Role::Host;
        if hosting && !self.hosting {
            let time = self.clock.at(now);
            self.clock = Clock { time, wall: now, ..self.clock };
            self.hurry();
            self.events.push(Event::TookOver(time));
        }
        self.hosting = hosting;
    }
}
