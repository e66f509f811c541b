//! The engine: a timeline, played at a pace.
//!
//! Lives in the worker. [`Engine::pump`] is called by a timer and by arriving messages; it does as much as is due, for a few milliseconds
//! at a time, and never waits.

mod answers;
mod breaks;
mod hand;
mod room;
mod text;

use super::{
    carrier::Channels,
    clock::now_ms,
    protocol::{Breaks, Moment, Request, Stop, Transport},
};
use crate::{
    primitives::Timestamp,
    sim::{Capsule, Carrier, Cursor, Scenario, Step, Timeline, World, preset},
    view::{Focus, Inspector, WorldView, deed},
};
use room::InRoom;
pub(super) use text::{is_capsule, is_json};

/// Milliseconds of work between two looks at the clock and at requests.
const BUDGET: u64 = 12;
/// The same while going to another time: the page shows only where to.
const SEEK_BUDGET: u64 = 40;
/// Virtual milliseconds within which the next block must come, or the step to it stops.
const MAX_WAIT_FOR_BLOCK: u64 = 3_600_000;
/// Real milliseconds time may lag behind before it is let go.
const MAX_LAG: u64 = 250;
/// Real milliseconds over which the achieved speed is measured.
const MEASURE: u64 = 1_000;
/// Percent of real time, least and most.
const SPEEDS: (u32, u32) = (10, 10_000);

/// What is being done besides playing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    Time(Timestamp),
    Cursor(Cursor),
    Event(u64),
    NextEvent,
    BlockAfter { mined: u64, until: Timestamp },
}

/// A refused request: a stable code and a sentence.
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// A timeline, played at a pace.
pub(super) struct Engine {
    timeline: Timeline,
    focus: Focus,
    inspector: Inspector,
    playing: bool,
    speed: u32,
    anchor: (u64, Timestamp),
    measured: (u64, Timestamp),
    achieved: Option<u32>,
    goal: Option<Goal>,
    channels: Option<Channels>,
    waiting: bool,
    carrier_slow: bool,
    foreign: u64,
    played_ms: u64,
    acts: u32,
    room: Option<InRoom>,
    breaks: Breaks,
    /// Why time has stopped by itself.
    stopped: Option<Stop>,
    /// Whether an invariant was violated already.
    violated: bool,
    /// What the anchor holds for.
    paced: u32,
    /// Whether a nonce is searched for a copy that is edited.
    digging: bool,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl ToString) -> Self {
        Self { code, message: message.to_string() }
    }
}

impl Engine {
    /// An engine that plays `scenario`, which must be valid, over `channels` if the browser has them.
    pub(super) fn new(scenario: Scenario, channels: Option<Channels>) -> Self {
        let mut engine = Self {
            timeline: Timeline::new(World::new(scenario)),
            focus: Focus::default(),
            inspector: Inspector::default(),
            playing: false,
            speed: 100,
            anchor: (now_ms(), Timestamp(0)),
            measured: (now_ms(), Timestamp(0)),
            achieved: None,
            goal: None,
            channels,
            waiting: false,
            carrier_slow: false,
            foreign: 0,
            played_ms: 0,
            acts: 0,
            room: None,
            breaks: Breaks::default(),
            stopped: None,
            violated: false,
            paced: 100,
            digging: false,
        };
        engine.choose_carrier(true);
        engine
    }

    /// Does what the page asks, if it can be done at once. Returns JSON for requests that answer with a value.
    pub(super) fn request(&mut self, request: Request) -> Result<String, Refusal> {
        if self.in_room(&request)? {
            return Ok(String::new());
        }
        if let Some(answer) = self.answer(&request) {
            return Ok(answer);
        }
        match request {
            Request::Generate { nodes, seed, staked } => self.begin(text::generated(nodes, &seed, staked)?),
            Request::LoadText { text } => self.load(&text)?,
            Request::Preset { name } => {
                let text =
                    preset(&name).ok_or_else(|| Refusal::new("preset", format!("no scenario is named {name:?}")))?;
                self.load(text)?;
            }
            Request::Play => self.set_playing(true),
            Request::Pause => self.set_playing(false),
            Request::StepEvent => self.aim(Goal::NextEvent),
            Request::StepBlock => self.aim_at_block()?,
            Request::StepBack => self.aim(Goal::Event(self.world().stats().events.saturating_sub(1))),
            Request::Seek { time } => self.aim(Goal::Time(time.clamp(self.world().scenario().begin(), self.end()))),
            Request::Speed { percent } => {
                self.speed = percent.clamp(SPEEDS.0, SPEEDS.1);
                self.set_anchor();
            }
            Request::Breaks { breaks } => self.breaks = breaks,
            Request::Act { .. } | Request::Undo | Request::Redo | Request::Edit { .. } | Request::Publish { .. } => {
                self.by_hand(request)?;
            }
            Request::Branch { index } => {
                let end = self.timeline.switch(index as usize);
                let end = end.ok_or_else(|| Refusal::new("branch", format!("there is no future number {index}")))?;
                self.aim(Goal::Cursor(end));
            }
            Request::Focus { focus } => self.focus = focus,
            Request::Carrier { live } => self.choose_carrier(live),
            Request::SeekEvent { events } => {
                // Whoever asks may not know that we are on our way to another place.
                if self.goal.is_some() || self.world().stats().events != events {
                    self.aim(Goal::Event(events));
                }
            }
            Request::OpenRoom { .. } | Request::LeaveRoom | Request::Rejoin => {}
            _ => return Err(Refusal::new("internal", "this is the worker's to do")),
        }
        Ok(String::new())
    }

    /// Begins with the run of a capsule that was found good, and goes to its cursor.
    pub(super) fn show(&mut self, capsule: Capsule) {
        self.begin(capsule.scenario);
        self.aim(Goal::Cursor(capsule.cursor));
    }

    /// Does what is due, for a few milliseconds. True if anything changed.
    pub(super) fn pump(&mut self) -> bool {
        let started = now_ms();
        let before = (self.timeline.cursor(), self.goal, self.waiting, self.room_revision());
        self.receive();
        self.pump_room();
        if self.goal.is_some() {
            let budget = if self.is_seeking() { SEEK_BUDGET } else { BUDGET };
            while self.goal.is_some() && !self.waiting && now_ms() - started < budget {
                self.pursue();
            }
        } else if self.playing || self.room_target().is_some() {
            self.play(started);
        }
        self.send();
        self.measure();
        let dug = self.dig(started);
        dug || before != (self.timeline.cursor(), self.goal, self.waiting, self.room_revision())
    }

    /// What there is to see.
    pub(super) fn moment(&mut self) -> Moment {
        let (world, scenario) = (self.timeline.world(), self.timeline.world().scenario());
        let transport = Transport {
            name: scenario.name.clone(),
            seed: scenario.seed.to_string(),
            block_interval: scenario.config.rules.block_interval,
            now: world.now(),
            events: world.stats().events,
            begin: scenario.begin(),
            end: self.timeline.end().time,
            playing: self.playing,
            acts: self.acts,
            speed: self.speed,
            achieved: self.achieved,
            seeking: self.is_seeking(),
            stopped: self.stopped.clone(),
            target: match self.goal {
                Some(Goal::Time(time) | Goal::Cursor(Cursor { time, .. })) => Some(time),
                _ => None,
            },
            live: self.is_live(),
            carrier_slow: self.carrier_slow,
            foreign: self.foreign,
            deeds: [self.timeline.undoable(), self.timeline.redoable()].map(|one| one.map(|one| deed(world, one))),
            branches: self.timeline.branches().iter().map(|branch| (branch.left_at.time, branch.end.time)).collect(),
        };
        let room = self.room_view();
        Moment { transport, world: WorldView::of(world, &self.focus, &mut self.inspector), room }
    }

    /// Whether time passes by itself or something is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.playing || self.goal.is_some()
    }

    fn world(&self) -> &World {
        self.timeline.world()
    }

    /// The end of time.
    fn end(&self) -> Timestamp {
        self.world().scenario().end()
    }

    fn is_live(&self) -> bool {
        self.world().carrier() == Carrier::External
    }

    fn begin(&mut self, scenario: Scenario) {
        let live = self.is_live();
        self.leave_room();
        (self.timeline, self.inspector) = (Timeline::new(World::new(scenario)), Inspector::default());
        (self.focus, self.goal, self.waiting, self.acts) = (Focus::default(), None, false, 0);
        (self.stopped, self.violated) = (None, false);
        self.begin_epoch();
        self.choose_carrier(live);
        self.set_anchor();
    }

    /// A scenario begins at once. Capsules come here only after the worker has replayed them.
    fn load(&mut self, text: &str) -> Result<(), Refusal> {
        let scenario = Scenario::from_json(text).map_err(|error| Refusal::new("scenario", error))?;
        self.begin(scenario);
        Ok(())
    }

    fn set_playing(&mut self, playing: bool) {
        self.playing = playing;
        self.stopped = None;
        self.goal = self.goal.filter(|_| !playing);
        (self.achieved, self.carrier_slow) = (None, false);
        self.set_anchor();
    }

    /// Stepping and seeking stop the playing.
    fn aim(&mut self, goal: Goal) {
        self.set_playing(false);
        self.goal = Some(goal);
        if self.is_seeking() {
            self.begin_epoch();
        }
    }

    fn is_seeking(&self) -> bool {
        matches!(self.goal, Some(Goal::Time(_) | Goal::Cursor(_) | Goal::Event(_)))
    }

    fn aim_at_block(&mut self) -> Result<(), Refusal> {
        let (mined, now) = (self.world().stats().mined, self.world().now());
        if !self.world().is_mining() {
            return Err(Refusal::new("nobody-mines", "no node is mining: no block will come"));
        }
        self.aim(Goal::BlockAfter { mined, until: now.after(MAX_WAIT_FOR_BLOCK) });
        Ok(())
    }

    fn begin_epoch(&self) {
        self.channels.iter().for_each(Channels::begin_epoch);
    }

    fn choose_carrier(&mut self, live: bool) {
        let carrier = if live && self.channels.is_some() { Carrier::External } else { Carrier::Loopback };
        self.timeline.world_mut().set_carrier(carrier);
        self.carrier_slow = false;
    }

    fn set_anchor(&mut self) {
        self.anchor = (now_ms(), self.world().now());
        self.measured = self.anchor;
    }

    fn play(&mut self, started: u64) {
        let pace = self.pace();
        if pace != self.paced {
            (self.paced, self.anchor) = (pace, (started, self.world().now()));
        }
        let (wall, virtual_time) = self.anchor;
        let own = virtual_time.after((started - wall) * u64::from(pace) / 100).min(self.end());
        let led = self.room_target();
        let target = led.unwrap_or(own);
        self.waiting = false;
        while now_ms() - started < BUDGET {
            match self.timeline.step(target) {
                Step::Done(_) if led.is_none() && (self.stop_at_break() || self.pace() != pace) => return,
                Step::Done(_) | Step::Searching => {}
                Step::Idle => return,
                Step::Waiting(_) => {
                    self.waiting = true;
                    break;
                }
            }
        }
        let lag = target.since(self.world().now()) * 100 / u64::from(self.speed);
        // The room does not wait for a tab that follows.
        if lag > MAX_LAG && led.is_none() {
            self.carrier_slow = self.waiting;
            self.anchor = (started, self.world().now());
        }
    }

    /// One bounded piece of what was asked for.
    fn pursue(&mut self) {
        let reached = match self.goal {
            None => true,
            Some(Goal::Time(time)) => self.timeline.seek(time, 50),
            Some(Goal::Cursor(cursor)) => self.timeline.seek_cursor(cursor, 50),
            Some(Goal::Event(events)) => self.timeline.seek_event(events, 50),
            Some(Goal::NextEvent) => self.step_once(),
            Some(Goal::BlockAfter { mined, until }) => {
                let is_there = |world: &World| world.stats().mined > mined || world.now() > until;
                let done = |engine: &Self| is_there(engine.world()) || !engine.world().has_more();
                is_there(self.world()) || (self.step_once() && (self.stop_at_break() || done(self)))
            }
        };
        if reached {
            self.goal = None;
            self.set_anchor();
        }
    }

    /// True if an event was done, or none is left.
    fn step_once(&mut self) -> bool {
        if !self.world().has_more() {
            return true;
        }
        match self.timeline.step(self.end()) {
            Step::Done(_) | Step::Idle => true,
            Step::Searching => false,
            Step::Waiting(_) => {
                self.waiting = true;
                false
            }
        }
    }

    fn send(&mut self) {
        if let Some(channels) = &self.channels {
            channels.post_outgoing(self.timeline.world_mut());
        }
        self.flush_room();
    }

    fn receive(&mut self) {
        if let Some(channels) = &self.channels {
            self.foreign += channels.take_arrived(self.timeline.world_mut());
        }
        self.waiting = false;
    }

    fn measure(&mut self) {
        let (since, from) = self.measured;
        let wall = now_ms() - since;
        if self.playing && wall >= MEASURE {
            let percent = self.world().now().since(from) * 100 / wall;
            self.achieved = Some(u32::try_from(percent).unwrap_or(u32::MAX));
            self.carrier_slow &= percent * 10 < u64::from(self.speed) * 9;
            self.played_ms += wall;
            self.measured = (now_ms(), self.world().now());
        }
    }
}
