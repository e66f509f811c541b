//! The client's side: what its tower has been told of a channel, when to tell it again, and what the tower might bring to the chain.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{Progress, TowerRefusal};
use crate::{
    channel::{MAX_RESEND, RESEND},
    primitives::{State, Timestamp},
};

/// States remembered of commitments that the tower may hold.
const MAX_SHOWN: usize = 8;

/// What a tower is told of one channel: the newest only, one message at a time, again and again until it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Guard {
    wanted: Progress,
    acknowledged: Option<Progress>,
    /// Whether that was said since the connection came up: a tower may have lost its memory.
    confirmed: bool,
    /// What was said and is not answered.
    sent: Option<Progress>,
    refused: Option<TowerRefusal>,
    /// What the commitments stand for that were said, from the one that the tower holds for certain. If the tower refutes by an older one than
    /// the newest, nobody else may be left who can settle it.
    shown: BTreeMap<u64, State>,
    send_at: Timestamp,
    backoff: u64,
}

impl Guard {
    /// Nothing was said yet.
    pub const fn new(now: Timestamp, wanted: Progress) -> Self {
        Self {
            wanted,
            acknowledged: None,
            confirmed: false,
            sent: None,
            refused: None,
            shown: BTreeMap::new(),
            send_at: now,
            backoff: RESEND,
        }
    }

    /// The number of the newest commitment that the tower has said to hold.
    pub fn acknowledged(&self) -> Option<u64> {
        self.acknowledged.map(|held| held.number)
    }

    /// Why the tower does not watch, if it said so last.
    pub const fn refused(&self) -> Option<TowerRefusal> {
        self.refused
    }

    /// The channel has come so far. What waits for an answer is not overtaken, but by a preimage, which the other party hears of next; an update that
    /// is not complete has a while to become so.
    pub fn advanced(&mut self, now: Timestamp, to: Progress) {
        if to == self.wanted {
            return;
        }
        let learned = to.claims > self.wanted.claims;
        self.wanted = to;
        if learned {
            (self.backoff, self.send_at) = (RESEND, now);
        } else if self.sent.is_none() {
            self.backoff = RESEND;
            self.send_at = if to.is_complete() { now } else { now.after(RESEND) };
        }
    }

    /// The connection came up: all is said again.
    pub fn connected(&mut self, now: Timestamp) {
        (self.sent, self.confirmed) = (None, false);
        (self.send_at, self.backoff) = (now, RESEND);
    }

    /// When something is to be said, if the tower can be reached.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let known = self.confirmed && self.acknowledged == Some(self.wanted);
        (!known).then_some(self.send_at)
    }

    /// What a commitment stands for that the tower may bring to the chain.
    pub fn state_of(&self, number: u64) -> Option<&State> {
        self.shown.get(&number)
    }

    /// Whether the newest is to be said now; if so, it counts as said. `state` is what it stands for.
    pub fn is_due(&mut self, now: Timestamp, state: &State) -> bool {
        let due = self.next_wake().is_some_and(|at| at <= now);
        if due {
            self.sent = Some(self.wanted);
            self.shown.entry(self.wanted.number).or_insert_with(|| state.clone());
            // What the tower certainly holds stays.
            let oldest = self.shown.keys().copied().find(|number| Some(*number) != self.acknowledged());
            oldest.filter(|_| self.shown.len() > MAX_SHOWN).map(|number| self.shown.remove(&number));
            self.send_at = now.after(self.backoff);
            self.backoff = (self.backoff * 2).min(MAX_RESEND);
        }
        due
    }

    /// The tower holds this. That it holds more than there is says nothing, but that we may have lost a preimage.
    pub fn answered(&mut self, now: Timestamp, held: Progress) {
        let as_far = (held.number, held.revoked) == (self.wanted.number, self.wanted.revoked);
        let held = if as_far { held.min(self.wanted) } else { held };
        if held > self.wanted {
            return;
        }
        (self.acknowledged, self.refused) = (self.acknowledged.max(Some(held)), None);
        let least = self.acknowledged().unwrap_or_default();
        self.shown.retain(|number, _| *number >= least);
        if self.sent == Some(held) {
            (self.sent, self.confirmed) = (None, true);
            (self.send_at, self.backoff) = (now, RESEND);
        }
    }

    /// The tower does not watch; it is asked again later. Whether that is news.
    pub fn refuse(&mut self, reason: TowerRefusal) -> bool {
        (self.acknowledged, self.confirmed) = (None, false);
        self.refused.replace(reason) != Some(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: u64) -> Progress {
        Progress { number, revoked: number, claims: 0 }
    }

    fn state() -> State {
        State { balances: Default::default(), htlcs: Vec::new() }
    }

    /// A tower that never answers is told again and again, and costs little room; what it holds for certain is remembered.
    #[test]
    fn what_may_be_shown_is_remembered() {
        let (mut guard, mut now) = (Guard::new(Timestamp(0), at(3)), Timestamp(0));
        assert!(guard.is_due(now, &state()));
        guard.answered(now, at(3));
        for number in 4..40 {
            guard.advanced(now, at(number));
            now = guard.next_wake().expect("not answered");
            assert!(guard.is_due(now, &state()));
            assert!(guard.state_of(3).is_some() && guard.state_of(number).is_some());
            assert!(guard.shown.len() <= MAX_SHOWN);
        }
        guard.answered(now, at(37));
        assert_eq!(guard.shown.keys().copied().collect::<Vec<_>>(), [37, 38, 39]);
    }

    /// Said, lost, said again ever later; what came meanwhile goes with it, and is said at once when an old one is answered.
    #[test]
    fn one_message_at_a_time() {
        let mut guard = Guard::new(Timestamp(0), at(0));
        assert!(guard.is_due(Timestamp(0), &state()) && !guard.is_due(Timestamp(RESEND - 1), &state()));
        guard.advanced(Timestamp(10), at(1));
        assert!(!guard.is_due(Timestamp(10), &state()), "one waits for its answer");
        assert!(guard.is_due(Timestamp(RESEND), &state()));
        guard.answered(Timestamp(RESEND + 1), at(0));
        assert_eq!((guard.acknowledged(), guard.is_due(Timestamp(RESEND + 1), &state())), (Some(0), false));
        guard.advanced(Timestamp(RESEND + 2), at(2));
        guard.answered(Timestamp(RESEND + 3), at(1));
        assert!(guard.is_due(Timestamp(RESEND + 3), &state()));
        guard.answered(Timestamp(RESEND + 4), at(9));
        assert_eq!(guard.acknowledged(), Some(1), "it cannot hold what there is not");
        guard.answered(Timestamp(RESEND + 4), at(2));
        guard.answered(Timestamp(RESEND + 5), at(0));
        assert_eq!((guard.acknowledged(), guard.next_wake()), (Some(2), None));
        let mut waits = Vec::new();
        guard.advanced(Timestamp(20_000), at(3));
        for _ in 0..6 {
            let now = guard.next_wake().expect("not answered");
            assert!(guard.is_due(now, &state()));
            waits.push(guard.next_wake().expect("not answered").since(now));
        }
        assert_eq!(waits, [RESEND, 2 * RESEND, 4 * RESEND, 8 * RESEND, MAX_RESEND, MAX_RESEND]);
    }

    /// An update that waits for the other's revocation is said after a while, and again with the revocation.
    #[test]
    fn incomplete_updates_wait() {
        let mut guard = Guard::new(Timestamp(0), at(0));
        assert!(guard.is_due(Timestamp(0), &state()));
        guard.answered(Timestamp(1), at(0));
        let half = Progress { number: 1, ..at(0) };
        guard.advanced(Timestamp(2), half);
        assert!(!guard.is_due(Timestamp(2), &state()));
        assert!(guard.is_due(Timestamp(2 + RESEND), &state()));
        guard.answered(Timestamp(3 + RESEND), half);
        assert_eq!(guard.next_wake(), None);
        guard.advanced(Timestamp(4 + RESEND), at(1));
        assert!(guard.is_due(Timestamp(4 + RESEND), &state()));
    }

    /// A preimage does not wait for an answer, once; that a tower holds more of the same commitment is as good.
    #[test]
    fn preimages_do_not_wait() {
        let claims = |number, claims| Progress { claims, ..at(number) };
        let mut guard = Guard::new(Timestamp(0), at(1));
        assert!(guard.is_due(Timestamp(0), &state()));
        for (now, to, is_said) in
            [(1, claims(1, 1), true), (2, claims(1, 1), false), (3, at(2), false), (4, claims(2, 1), true)]
        {
            guard.advanced(Timestamp(now), to);
            assert_eq!(guard.is_due(Timestamp(now), &state()), is_said, "{now}");
        }
        guard.answered(Timestamp(5), at(1));
        assert_eq!((guard.acknowledged(), guard.next_wake()), (Some(1), Some(Timestamp(4 + RESEND))));
        guard.answered(Timestamp(6), claims(2, 3));
        assert_eq!((guard.acknowledged(), guard.next_wake()), (Some(2), None));
    }

    /// After a reconnection all is said again; a refusal is news once.
    #[test]
    fn reconnecting_and_refusals() {
        let mut guard = Guard::new(Timestamp(0), at(0));
        assert!(guard.is_due(Timestamp(0), &state()));
        guard.answered(Timestamp(1), at(0));
        guard.connected(Timestamp(2));
        assert_eq!((guard.acknowledged(), guard.next_wake()), (Some(0), Some(Timestamp(2))));
        assert!(guard.is_due(Timestamp(2), &state()));
        assert!(guard.refuse(TowerRefusal::NotServing) && !guard.refuse(TowerRefusal::NotServing));
        assert_eq!((guard.acknowledged(), guard.next_wake()), (None, Some(Timestamp(2 + RESEND))));
        assert!(guard.is_due(Timestamp(2 + RESEND), &state()));
        guard.answered(Timestamp(3 + RESEND), at(0));
        assert_eq!((guard.refused(), guard.next_wake()), (None, None));
    }
}
