//! Capsules: a scenario, a place in it, and the digest expected there. A bug report, a homework, a lesson, a test.

use serde::{Deserialize, Serialize};

use super::{MAX_SCENARIO_BYTES, Scenario, ScenarioError, Step, World, place::said};
use crate::primitives::{Hash, Timestamp};

/// The version of the capsule format.
pub const CAPSULE_VERSION: u32 = 1;
/// Events a capsule may ask for.
const MAX_EVENTS: u64 = 1_000_000_000;

/// A place in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Virtual ms.
    pub time: Timestamp,
    /// Events done.
    pub events: u64,
}

/// A run that can be repeated and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capsule {
    /// [`CAPSULE_VERSION`].
    pub capsule: u32,
    /// What is run.
    pub scenario: Scenario,
    /// How far.
    pub cursor: Cursor,
    /// What [`World::digest`] must be there.
    pub digest: Hash,
}

/// Why a text is not a capsule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CapsuleError {
    /// Too long to be read.
    #[error("capsule has {0} bytes, at most {MAX_SCENARIO_BYTES} are read")]
    TooLarge(usize),
    /// Not JSON, or not of this shape.
    #[error("not a capsule: {0}")]
    Malformed(String),
    /// Of another version.
    #[error("capsule version {0}, this program reads version {CAPSULE_VERSION}")]
    Version(u64),
    /// The cursor lies beyond what is allowed.
    #[error("cursor.{field} is {value}, at most {limit} is allowed")]
    Cursor {
        /// Which number.
        field: &'static str,
        /// What was given.
        value: u64,
        /// The most allowed.
        limit: u64,
    },
    /// The scenario in it is not valid.
    #[error("scenario: {0}")]
    Scenario(#[from] ScenarioError),
}

/// A replay that did not come to what the capsule says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The run has no such place.
    #[error("the run has no place with {expected_events} events at {time} ms: it has {events} events there")]
    Place {
        /// What the capsule says.
        expected_events: u64,
        /// When.
        time: Timestamp,
        /// What the run has.
        events: u64,
    },
    /// The digest differs.
    #[error(
        "digest {found}, the capsule expects {expected} (it is damaged, or another version of this program made it)"
    )]
    Digest {
        /// Of this run.
        found: Hash,
        /// Of the capsule.
        expected: Hash,
    },
}

/// A replay under way, to be run in slices.
#[derive(Debug, Clone)]
pub struct Replay {
    world: World,
    cursor: Cursor,
    expected: Hash,
}

impl Capsule {
    /// A capsule of where a world stands.
    pub fn of(world: &World) -> Self {
        let cursor = Cursor { time: world.now(), events: world.stats().events };
        Self { capsule: CAPSULE_VERSION, scenario: world.scenario().clone(), cursor, digest: world.digest() }
    }

    /// Reads and checks a capsule.
    ///
    /// # Errors
    /// [`CapsuleError`] that names the place and the values.
    pub fn from_json(text: &str) -> Result<Self, CapsuleError> {
        if text.len() > MAX_SCENARIO_BYTES {
            return Err(CapsuleError::TooLarge(text.len()));
        }
        let malformed = |error: serde_json::Error| CapsuleError::Malformed(said(&error));
        let value: serde_json::Value = serde_json::from_str(text).map_err(malformed)?;
        match value.get("capsule").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(CAPSULE_VERSION) => {}
            Some(version) => return Err(CapsuleError::Version(version)),
            None => {
                return Err(CapsuleError::Malformed("no version number in \"capsule\"".to_owned()));
            }
        }
        // Read from the text again: so that an error tells the line and column.
        let capsule: Self = serde_json::from_str(text).map_err(malformed)?;
        capsule.scenario.validate()?;
        let end = capsule.scenario.end().0;
        for (field, value, limit) in
            [("events", capsule.cursor.events, MAX_EVENTS), ("time", capsule.cursor.time.0, end)]
        {
            if value > limit {
                return Err(CapsuleError::Cursor { field, value, limit });
            }
        }
        Ok(capsule)
    }

    /// The capsule as JSON, on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data")
    }

    /// Starts a replay.
    pub fn replay(&self) -> Replay {
        Replay { world: World::new(self.scenario.clone()), cursor: self.cursor, expected: self.digest }
    }
}

impl Replay {
    /// Does at most `budget` events; true once nothing is left to do.
    pub fn advance(&mut self, budget: u64) -> bool {
        for _ in 0..budget {
            if self.world.stats().events >= self.cursor.events {
                return true;
            }
            if !matches!(self.world.step(self.cursor.time), Step::Done(_) | Step::Searching) {
                return true;
            }
        }
        self.world.stats().events >= self.cursor.events
    }

    /// Events done and to do.
    pub fn progress(&self) -> (u64, u64) {
        (self.world.stats().events, self.cursor.events)
    }

    /// The world at the capsule's cursor, if the replay came to what the capsule says.
    ///
    /// # Errors
    /// [`Mismatch`] with both values.
    pub fn finish(mut self) -> Result<World, Mismatch> {
        while !self.advance(u64::MAX) {}
        let events = self.world.stats().events;
        if events != self.cursor.events || self.world.now() > self.cursor.time {
            let time = self.world.now();
            return Err(Mismatch::Place { expected_events: self.cursor.events, time, events });
        }
        self.world.set_now(self.cursor.time);
        let found = self.world.digest();
        if found != self.expected {
            return Err(Mismatch::Digest { found, expected: self.expected });
        }
        Ok(self.world)
    }
}
