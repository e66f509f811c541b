//! What a payer learned from its attempts: bounds of what a direction of a channel can carry, for a while.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Serialize, Serializer};

use super::Route;
use crate::primitives::{Amount, ChannelId, Side, Timestamp};

/// Milliseconds after which what was learned is forgotten: by then others have paid, too.
pub const FORGET_AFTER: u64 = 600_000;
/// Directions remembered; when there are as many, the half learned first is forgotten.
pub const MAX_REMEMBERED: usize = 4_096;

/// Bounds of what directions of channels can carry, each with the time it was learned.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct Memory(BTreeMap<(ChannelId, Side), Remembered>);

/// What is remembered of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remembered {
    /// The most base units known to pass, and since when (ms).
    pub passes: Option<(Amount, Timestamp)>,
    /// The least base units known to fail, and since when (ms); more than what passes.
    pub fails: Option<(Amount, Timestamp)>,
}

impl Memory {
    /// The direction in which `side` pays could not carry `amount`.
    pub fn failed(&mut self, channel: ChannelId, side: Side, amount: Amount, now: Timestamp) {
        let known = self.entry(channel, side, now);
        if known.fails.is_none_or(|(least, _)| amount <= least) {
            known.fails = Some((amount, now));
        }
        known.passes = known.passes.filter(|(most, _)| *most < amount);
    }

    /// The direction in which `side` pays would have carried `amount`, but did not in the end, because a later hop failed.
    pub fn passed(&mut self, channel: ChannelId, side: Side, amount: Amount, now: Timestamp) {
        let known = self.entry(channel, side, now);
        if known.passes.is_none_or(|(most, _)| amount >= most) {
            known.passes = Some((amount, now));
        }
        known.fails = known.fails.filter(|(least, _)| *least > amount);
    }

    /// The direction in which `side` pays did carry `amount`: that much less is left there, and more the other way.
    pub fn settled(&mut self, channel: ChannelId, side: Side, amount: Amount, now: Timestamp) {
        self.passed(channel, side, amount, now);
        let less = |bound: Option<(Amount, Timestamp)>| {
            bound.and_then(|(bound, since)| bound.checked_sub(amount).map(|bound| (bound, since)))
        };
        let known = self.entry(channel, side, now);
        (known.passes, known.fails) = (less(known.passes), less(known.fails));
        let more = |(bound, since): (Amount, Timestamp)| bound.checked_add(amount).map(|bound| (bound, since));
        let back = self.entry(channel, side.other(), now);
        back.passes = back.passes.or(Some((Amount::ZERO, now))).and_then(more);
        back.fails = back.fails.and_then(more);
    }

    /// An attempt failed at the hop of this index: it could not carry its amount, all before it could.
    pub fn learn_failure(&mut self, route: &Route, failed: usize, now: Timestamp) {
        for hop in route.hops.iter().take(failed) {
            self.passed(hop.channel, hop.side, hop.amount, now);
        }
        if let Some(hop) = route.hops.get(failed) {
            self.failed(hop.channel, hop.side, hop.amount, now);
        }
    }

    /// An attempt succeeded.
    pub fn learn_success(&mut self, route: &Route, now: Timestamp) {
        for hop in &route.hops {
            self.settled(hop.channel, hop.side, hop.amount, now);
        }
    }

    /// What is remembered of the direction in which `side` pays.
    pub fn of(&self, channel: &ChannelId, side: Side, now: Timestamp) -> Remembered {
        self.0.get(&(*channel, side)).map(|known| known.at(now)).unwrap_or_default()
    }

    /// All that is remembered, by channel and side.
    pub fn iter(&self, now: Timestamp) -> impl Iterator<Item = (&ChannelId, Side, Remembered)> {
        let known = self.0.iter().map(move |((channel, side), known)| (channel, *side, known.at(now)));
        known.filter(|(_, _, known)| *known != Remembered::default())
    }

    fn entry(&mut self, channel: ChannelId, side: Side, now: Timestamp) -> &mut Remembered {
        let key = (channel, side);
        if self.0.len() >= MAX_REMEMBERED && !self.0.contains_key(&key) {
            self.forget_half(now);
        }
        let known = self.0.entry(key).or_default();
        *known = known.at(now);
        known
    }

    fn forget_half(&mut self, now: Timestamp) {
        self.0.retain(|_, known| known.at(now) != Remembered::default());
        let mut times: Vec<Timestamp> = self.0.values().map(Remembered::newest).collect();
        times.sort_unstable();
        if self.0.len() > MAX_REMEMBERED / 2 {
            let mut surplus = self.0.len() - MAX_REMEMBERED / 2;
            let median = times[surplus];
            self.0.retain(|_, known| {
                let old = surplus > 0 && known.newest() <= median;
                surplus -= usize::from(old);
                !old
            });
        }
    }
}

impl Remembered {
    /// What of it is still remembered.
    fn at(self, now: Timestamp) -> Self {
        let fresh = |(_, since): &(Amount, Timestamp)| now.since(*since) < FORGET_AFTER;
        Self { passes: self.passes.filter(fresh), fails: self.fails.filter(fresh) }
    }

    fn newest(&self) -> Timestamp {
        [self.passes, self.fails].into_iter().flatten().map(|(_, since)| since).max().unwrap_or_default()
    }
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: ChannelId = crate::primitives::Hash([1; 32]);
    const NOW: Timestamp = Timestamp(1_000_000);

    fn bounds(memory: &Memory, side: Side, now: Timestamp) -> (Option<u64>, Option<u64>) {
        let known = memory.of(&CHANNEL, side, now);
        (known.passes.map(|(amount, _)| amount.units()), known.fails.map(|(amount, _)| amount.units()))
    }

    #[test]
    fn bounds_narrow_and_news_wins() {
        #[derive(Clone, Copy)]
        enum Did {
            Passed(u64),
            Failed(u64),
            Settled(u64),
        }
        use Did::{Failed, Passed, Settled};
        // What happened in turn; what is known of this direction and of the other then.
        let table: [(&[Did], _, _); 8] = [
            (&[Passed(5)], (Some(5), None), (None, None)),
            (&[Passed(5), Passed(3)], (Some(5), None), (None, None)),
            (&[Failed(9), Failed(12)], (None, Some(9)), (None, None)),
            (&[Failed(9), Passed(4), Failed(7)], (Some(4), Some(7)), (None, None)),
            (&[Passed(5), Failed(5)], (None, Some(5)), (None, None)),
            (&[Failed(9), Passed(9)], (Some(9), None), (None, None)),
            (&[Failed(9), Settled(4)], (Some(0), Some(5)), (Some(4), None)),
            (&[Passed(6), Settled(4), Settled(3)], (Some(0), None), (Some(7), None)),
        ];
        for (events, this, other) in table {
            let mut memory = Memory::default();
            for did in events {
                let (Passed(units) | Failed(units) | Settled(units)) = *did;
                let learn = match did {
                    Passed(_) => Memory::passed,
                    Failed(_) => Memory::failed,
                    Settled(_) => Memory::settled,
                };
                learn(&mut memory, CHANNEL, Side::Opener, Amount::literal(units), NOW);
            }
            assert_eq!(bounds(&memory, Side::Opener, NOW), this);
            assert_eq!(bounds(&memory, Side::Accepter, NOW), other);
        }
    }

    #[test]
    fn each_bound_is_forgotten_in_its_time() {
        let mut memory = Memory::default();
        memory.failed(CHANNEL, Side::Opener, Amount::literal(9), NOW);
        memory.passed(CHANNEL, Side::Opener, Amount::literal(4), NOW.after(1));
        assert_eq!(bounds(&memory, Side::Opener, NOW.after(FORGET_AFTER - 1)), (Some(4), Some(9)));
        assert_eq!(bounds(&memory, Side::Opener, NOW.after(FORGET_AFTER)), (Some(4), None));
        assert_eq!(memory.iter(NOW.after(FORGET_AFTER + 1)).count(), 0);
        // What is forgotten holds nothing back.
        memory.failed(CHANNEL, Side::Opener, Amount::literal(50), NOW.after(2 * FORGET_AFTER));
        assert_eq!(bounds(&memory, Side::Opener, NOW.after(2 * FORGET_AFTER)), (None, Some(50)));
    }

    #[test]
    fn the_oldest_are_forgotten_when_it_is_full() {
        let mut memory = Memory::default();
        let id = |number: usize| crate::primitives::Tag::new("test").hash(&[&(number as u64).to_le_bytes()]);
        for number in 0..=MAX_REMEMBERED {
            memory.failed(id(number), Side::Opener, Amount::literal(9), NOW.after(number as u64 / 2));
        }
        assert_eq!(memory.0.len(), MAX_REMEMBERED / 2 + 1);
        let kept = |number| memory.of(&id(number), Side::Opener, NOW).fails.is_some();
        assert!(!kept(0) && !kept(MAX_REMEMBERED / 2 - 10) && kept(MAX_REMEMBERED / 2 + 10) && kept(MAX_REMEMBERED));
    }
}
