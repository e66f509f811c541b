//! The time machine: a world with checkpoints, so that any moment can be seen again and another future tried.

use super::{Action, ActionError, Capsule, Carrier, Cursor, Scenario, ScriptEntry, Step, World, undo::Deeds};
use crate::primitives::{Hash, Timestamp};

/// Checkpoints kept at most.
const MAX_CHECKPOINTS: usize = 160;
/// Bytes that all checkpoints together may weigh, estimated by [`World::weight`].
const MAX_WEIGHT: usize = 32 << 20;
/// Events between two checkpoints at least.
const MIN_SPACING: u64 = 256;
/// Futures kept for comparison; the oldest is dropped first.
const MAX_BRANCHES: usize = 16;

/// A run that can be rewound.
#[derive(Debug, Clone)]
pub struct Timeline {
    world: World,
    checkpoints: Vec<World>,
    pub(super) end: Cursor,
    branches: Vec<Branch>,
    pub(super) deeds: Deeds,
}

/// A future that was left by acting in its past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The scenario with the script that leads there.
    pub scenario: Scenario,
    /// Where the other future began.
    pub left_at: Cursor,
    /// How far this one had been seen.
    pub end: Cursor,
}

impl Timeline {
    /// A timeline that begins with a world.
    pub fn new(world: World) -> Self {
        let end = cursor(&world);
        let mut first = world.clone();
        drop(first.take_script());
        Self { checkpoints: vec![first], world, end, branches: Vec::new(), deeds: Deeds::default() }
    }

    /// The world at the cursor.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The world at the cursor, for its carrier.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Where we are.
    pub fn cursor(&self) -> Cursor {
        cursor(&self.world)
    }

    /// The farthest place seen on this branch.
    pub fn end(&self) -> Cursor {
        self.end
    }

    /// Futures that were left.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// How many checkpoints are kept.
    pub fn checkpoints(&self) -> usize {
        self.checkpoints.len()
    }

    /// Does the next event that is due by `limit`.
    pub fn step(&mut self, limit: Timestamp) -> Step {
        let step = self.world.step(limit);
        self.keep();
        step
    }

    /// Goes towards a place, doing at most `budget` events; true once there. A checkpoint on the way is restored first. Over an external
    /// carrier this travels by loopback.
    pub fn seek(&mut self, to: Timestamp, budget: u64) -> bool {
        let carrier = self.world.carrier();
        let back = to < self.world.now() || self.world.unfilled() > 0;
        self.restore(back, |checkpoint| checkpoint.now() <= to);
        self.world.set_carrier(Carrier::Loopback);
        let arrived = (0..budget).any(|_| self.step(to) == Step::Idle);
        self.world.set_carrier(carrier);
        arrived
    }

    /// Goes to where so many events were done, back or on, doing at most `budget` events on the way; true once there.
    pub fn seek_event(&mut self, events: u64, budget: u64) -> bool {
        let carrier = self.world.carrier();
        let back = events < self.world.stats().events || self.world.unfilled() > 0;
        self.restore(back, |checkpoint| checkpoint.stats().events <= events);
        self.world.set_carrier(Carrier::Loopback);
        for _ in 0..budget {
            if self.world.stats().events >= events || self.step(self.world.scenario().end()) == Step::Idle {
                break;
            }
        }
        self.world.set_carrier(carrier);
        self.world.stats().events >= events
    }

    /// Goes to exactly this place, doing at most `budget` events; true once there.
    pub fn seek_cursor(&mut self, to: Cursor, budget: u64) -> bool {
        if !self.seek_event(to.events, budget) {
            return false;
        }
        // A place in the middle of a millisecond stands at its last event; any other has nothing left to do up to its time.
        to.time <= self.world.now() || self.seek(to.time, budget)
    }

    /// Does something here and now. In the past this begins another future; the one that was seen is kept as a branch.
    ///
    /// # Errors
    /// [`ActionError`]; nothing has changed then.
    pub fn act(&mut self, action: Action) -> Result<(), ActionError> {
        self.world.check(&action)?;
        let here = self.cursor();
        self.note_deed(&action);
        self.leave(here);
        self.checkpoints.retain(|checkpoint| cursor(checkpoint) <= here);
        self.end = here;
        self.world.act_now(action)?;
        self.keep();
        Ok(())
    }

    /// Keeps the future that was seen beyond a place, if there is one.
    pub(super) fn leave(&mut self, here: Cursor) {
        if here < self.end {
            let scenario = self.world.scenario().clone();
            if self.branches.len() == MAX_BRANCHES {
                self.branches.remove(0);
            }
            self.branches.push(Branch { scenario, left_at: here, end: self.end });
        }
    }

    /// The future that was left at a place is the present one again.
    pub(super) fn forget_branch(&mut self, left_at: Cursor, end: Cursor) {
        if let Some(index) = self.branches.iter().rposition(|one| (one.left_at, one.end) == (left_at, end)) {
            self.branches.remove(index);
        }
    }

    /// Another script from a place on; the world stands at or before that place afterwards.
    pub(super) fn rewrite(&mut self, from: Cursor, script: Vec<ScriptEntry>) {
        let (carrier, attached) = (self.world.carrier(), self.world.is_attached());
        self.checkpoints.retain(|checkpoint| cursor(checkpoint) <= from);
        self.world = self.checkpoints.last().expect("the beginning is always kept").clone();
        self.world.set_script(script);
        self.world.set_carrier(carrier);
        self.world.set_attached(attached);
    }

    /// Takes up a future that was left, and keeps the present one instead. Returns where it had been seen to; go there by
    /// [`Timeline::seek_cursor`]. Nothing if there is no such branch.
    pub fn switch(&mut self, index: usize) -> Option<Cursor> {
        let branch = (index < self.branches.len()).then(|| self.branches.remove(index))?;
        let left = Branch { scenario: self.world.scenario().clone(), left_at: branch.left_at, end: self.end };
        self.rewrite(branch.left_at, branch.scenario.script);
        self.deeds.keep_before(branch.left_at);
        (self.end, self.branches) = (branch.end, self.branches.drain(..).chain([left]).collect());
        Some(branch.end)
    }

    /// A capsule of the cursor.
    pub fn capsule(&self) -> Capsule {
        Capsule::of(&self.world)
    }

    /// The digest at the cursor.
    pub fn digest(&self) -> Hash {
        self.world.digest()
    }

    /// Jumps to the last checkpoint that is early enough, if we must go back or it lies ahead.
    fn restore(&mut self, back: bool, early_enough: impl Fn(&World) -> bool) {
        let found = self.checkpoints.iter().rev().find(|checkpoint| early_enough(checkpoint));
        let checkpoint = found.unwrap_or(&self.checkpoints[0]);
        if !back && checkpoint.stats().events <= self.world.stats().events {
            return;
        }
        let (carrier, attached) = (self.world.carrier(), self.world.is_attached());
        let script = self.world.take_script();
        self.world = checkpoint.clone();
        self.world.set_script(script);
        self.world.set_carrier(carrier);
        self.world.set_attached(attached);
    }

    /// About how many bytes all checkpoints take.
    fn weight(&self) -> usize {
        let mut before = 0;
        let weigh = |checkpoint: &World| {
            let events = checkpoint.stats().events;
            checkpoint.weight(events - std::mem::replace(&mut before, events))
        };
        self.checkpoints.iter().map(weigh).sum()
    }

    /// Notes progress and keeps a checkpoint where one is due: in long runs when a half of the mean distance was gone.
    fn keep(&mut self) {
        self.end = self.end.max(self.cursor());
        let newest = self.checkpoints.last().map_or(0, |checkpoint| checkpoint.stats().events);
        let events = self.world.stats().events;
        let spacing = MIN_SPACING.max(events / (2 * self.checkpoints.len() as u64));
        if events < newest + spacing || self.world.unfilled() > 0 {
            return;
        }
        let script = self.world.take_script();
        self.checkpoints.push(self.world.clone());
        self.world.set_script(script);
        while self.checkpoints.len() > MAX_CHECKPOINTS || (self.checkpoints.len() > 2 && self.weight() > MAX_WEIGHT) {
            self.thin_out();
        }
    }

    /// Drops the checkpoint that is missed least: the one whose neighbours are nearest to each other.
    fn thin_out(&mut self) {
        let gap = |three: &[World]| three[2].stats().events - three[0].stats().events;
        let nearest = self.checkpoints.windows(3).enumerate().min_by_key(|(_, three)| gap(three));
        if let Some((before, _)) = nearest {
            self.checkpoints.remove(before + 1);
        }
    }
}

impl World {
    /// Gives a restored past the script of the present, so that playing on repeats what was done. Checkpoints have none: it can be
    /// long, and is the same for all.
    fn set_script(&mut self, script: Vec<ScriptEntry>) {
        self.scenario.script = script;
    }

    fn take_script(&mut self) -> Vec<ScriptEntry> {
        std::mem::take(&mut self.scenario.script)
    }
}

fn cursor(world: &World) -> Cursor {
    Cursor { time: world.now(), events: world.stats().events }
}
