//! The one clock of a room.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{primitives::Timestamp, sim::MAX_TIME};

/// Percent of real time, least and most.
pub const SPEEDS: (u32, u32) = (10, 10_000);
/// Real milliseconds for which a clock is believed without being announced again.
const MAX_UNHEARD: u64 = 5_000;

/// A time of the wall: milliseconds since the Unix epoch, as all tabs of one machine read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, BorshSerialize, BorshDeserialize)]
pub struct Wall(pub u64);

/// How a tab plays its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Whether time passes.
    pub playing: bool,
    /// Percent of real time that is wanted, [`SPEEDS`].
    pub speed: u32,
    /// Percent of real time that is reached.
    pub reached: u32,
}

/// The room's time as its host announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Clock {
    /// Virtual time at `wall`.
    pub time: Timestamp,
    /// From when on it holds.
    pub wall: Wall,
    /// Percent of real time that is wanted, [`SPEEDS`].
    pub speed: u32,
    /// Percent of real time that the host reaches: the others do not run ahead of it.
    pub reached: u32,
    /// Whether time passes.
    pub playing: bool,
}

impl Wall {
    /// This time and `milliseconds` more, saturating.
    pub const fn after(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// Milliseconds since `earlier`, 0 if it lies ahead.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Clock {
    /// A clock that stands at the beginning of time.
    pub const fn still() -> Self {
        Self { time: Timestamp(0), wall: Wall(0), speed: 100, reached: 100, playing: false }
    }

    /// What it shows at `now`: extrapolated, but not for longer than a few seconds without news.
    pub fn at(&self, now: Wall) -> Timestamp {
        if !self.playing {
            return self.time;
        }
        let passed = now.since(self.wall).min(MAX_UNHEARD);
        self.time.after(passed * u64::from(self.reached.min(self.speed)) / 100).min(MAX_TIME)
    }

    /// The clock of a host whose world stands at `time`. It never shows less than was announced before.
    pub fn announce(&self, time: Timestamp, now: Wall, pace: Pace) -> Self {
        let Pace { playing, speed, reached } = pace;
        Self { time: time.max(self.time), wall: now, speed, reached: reached.clamp(1, speed), playing }
    }

    /// Takes what a host announced, but never a time before one that was announced already.
    pub fn follow(&self, announced: Self) -> Self {
        Self { time: announced.time.max(self.time), ..announced }
    }

    /// Whether every number is in range.
    pub fn is_sane(&self) -> bool {
        self.time <= MAX_TIME && (SPEEDS.0..=SPEEDS.1).contains(&self.speed) && (1..=self.speed).contains(&self.reached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_extrapolated_for_a_while_and_never_goes_back() {
        let clock = Clock { time: Timestamp(1_000), wall: Wall(50_000), speed: 200, reached: 150, playing: true };
        for (now, time) in [(0, 1_000), (50_000, 1_000), (51_000, 2_500), (55_000, 8_500), (90_000, 8_500)] {
            assert_eq!(clock.at(Wall(now)), Timestamp(time), "at {now}");
        }
        assert_eq!(Clock { playing: false, ..clock }.at(Wall(90_000)), Timestamp(1_000));
        let pace = Pace { playing: true, speed: 100, reached: 0 };
        let next = clock.announce(Timestamp(900), Wall(51_000), pace);
        assert_eq!((next.time, next.reached, next.is_sane()), (Timestamp(1_000), 1, true));
        assert_eq!(clock.follow(Clock { time: Timestamp(5), ..next }).time, Timestamp(1_000));
        assert!(!Clock { speed: 0, ..clock }.is_sane() && !Clock { time: Timestamp(u64::MAX), ..clock }.is_sane());
    }
}
