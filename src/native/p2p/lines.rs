//! Which lines there are: one table, looked up by whoever sends and changed by whoever opens or ends a line.
//!
//! Owns the rule which of two conversations between the same accounts stays, and how many there may be.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use libp2p::{Multiaddr, PeerId};
use tokio::{
    sync::{Semaphore, mpsc},
    time::Instant,
};

use super::{
    Direction, FromNetwork, Limits, Line,
    open::{End, Ends, Open, Shared, Who},
    task::Report,
    wire::{Reading, Refusal},
};
use crate::primitives::{Address, BlockId};

/// Everything that lines share.
pub(super) struct Table {
    pub(super) limits: Limits,
    pub(super) genesis: BlockId,
    /// The main account.
    pub(super) account: Address,
    pub(super) local: PeerId,
    pub(super) events: mpsc::Sender<FromNetwork>,
    reports: mpsc::Sender<Report>,
    budget: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) lines: BTreeMap<Line, Arc<Open>>,
    /// Accounts here.
    pub(super) served: BTreeSet<Address>,
    /// What the network's task knows of its peers, for people.
    pub(super) facts: BTreeMap<PeerId, Facts>,
    pub(super) listening: Vec<Multiaddr>,
    /// Machines whose tabs are not let in before.
    pub(super) banned: BTreeMap<IpAddr, Instant>,
    /// No line is opened any more.
    pub(super) closed: bool,
}

/// What is known of a connected peer.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) address: Multiaddr,
    pub(super) direction: Direction,
    pub(super) latency: Option<Duration>,
    pub(super) score: i32,
    pub(super) agent: String,
}

impl Table {
    pub(super) fn new(
        limits: Limits,
        genesis: BlockId,
        account: Address,
        local: PeerId,
        events: mpsc::Sender<FromNetwork>,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        let budget =
            Arc::new(Semaphore::new(limits.budget_bytes.max(limits.message_bytes).min(Semaphore::MAX_PERMITS)));
        let state = Mutex::new(State { served: [account].into(), ..State::default() });
        Self { limits, genesis, account, local, events, reports, budget, state }
    }

    /// The state, for a moment: nobody waits while holding it.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the network's task something.
    pub(super) async fn report(&self, report: Report) {
        // When that task has ended, nobody need know.
        let _ = self.reports.send(report).await;
    }

    /// Tells it that a peer has done what honest ones do not; if it hears of too many at a time, one more says nothing new.
    pub(super) fn blame(&self, peer: PeerId) {
        let _ = self.reports.try_send(Report::Fault { peer });
    }

    /// How a line's messages are read.
    pub(super) fn reading(&self, open: &Open) -> Reading {
        let (most, within) = (self.limits.message_bytes, self.limits.read_time);
        Reading { most, within, long: Arc::clone(&open.shared.long), budget: Arc::clone(&self.budget) }
    }

    /// The line, if it stands.
    pub(super) fn line(&self, line: &Line) -> Option<Arc<Open>> {
        self.state().lines.get(line).cloned()
    }

    /// The main line with a peer.
    pub(super) fn main_with(&self, peer: &PeerId) -> Option<Arc<Open>> {
        self.state().lines.values().find(|open| open.main && open.is_with(peer)).cloned()
    }

    /// Whether there is any line with a peer.
    pub(super) fn talks_with(&self, peer: &PeerId) -> bool {
        self.state().lines.values().any(|open| open.is_with(peer))
    }

    /// Ends all lines with a peer.
    pub(super) fn end_all(&self, peer: &PeerId, reason: &End) {
        self.state().lines.values().filter(|open| open.is_with(peer)).for_each(|open| open.end(reason.clone()));
    }

    /// Puts a new line into the table, and ends the one whose place it takes.
    ///
    /// # Errors
    /// If another is there that stays, or there are too many.
    pub(super) fn open(&self, line: Line, who: Who, ours: bool, main: bool) -> Result<Ends, Refusal> {
        let mut state = self.state();
        if state.closed {
            return Err(Refusal::Full);
        }
        let before = state.lines.get(&line).cloned();
        match (&before, who) {
            (Some(before), _) if before.who != who => return Err(Refusal::Full),
            (Some(_), Who::Guest { .. }) => return Err(Refusal::Duplicate),
            (Some(before), Who::Peer { id, .. }) if !replaces(before.ours, ours, self.local < id) => {
                return Err(Refusal::Duplicate);
            }
            (Some(_), Who::Peer { .. }) => {}
            (None, who) if state.has_room_for(who, &self.limits) => {}
            (None, _) => return Err(Refusal::Full),
        }
        let main = main || before.as_ref().is_some_and(|before| before.main);
        let turn = before.as_ref().map(|before| Arc::clone(&before.turn)).unwrap_or_default();
        let ends = Open::begin(line, who, ours, main, state.shared_with(who), turn);
        state.lines.insert(line, Arc::clone(&ends.open));
        drop(state);
        before.inspect(|before| before.end(End::Replaced));
        Ok(ends)
    }

    /// Takes a line out of the table, unless another has taken its place.
    pub(super) fn remove(&self, open: &Arc<Open>) {
        let mut state = self.state();
        if state.lines.get(&open.line).is_some_and(|stands| Arc::ptr_eq(stands, open)) {
            state.lines.remove(&open.line);
        }
    }
}

impl State {
    /// What this line shares with others of the same peer; a tab has one line only.
    fn shared_with(&self, who: Who) -> Arc<Shared> {
        let Who::Peer { id, .. } = who else { return Arc::default() };
        self.lines.values().find(|open| open.is_with(&id)).map(|open| Arc::clone(&open.shared)).unwrap_or_default()
    }

    fn has_room_for(&self, who: Who, limits: &Limits) -> bool {
        match who {
            Who::Peer { id, .. } => {
                self.lines.values().filter(|open| open.is_with(&id)).count() < limits.lines_per_peer
            }
            Who::Guest { from } => {
                let guest = |open: &Arc<Open>| match open.who {
                    Who::Guest { from } => Some(from.ip()),
                    Who::Peer { .. } => None,
                };
                let guests: Vec<IpAddr> = self.lines.values().filter_map(guest).collect();
                let same = guests.iter().filter(|ip| **ip == from.ip()).count();
                guests.len() < limits.guests && (from.ip().is_loopback() || same < limits.per_address)
            }
        }
    }
}

/// Whether a new conversation takes the place of one between the same accounts. If one side has opened both, its newer one stands:
/// it knows that the older is gone. If both sides have, the one of the lower libp2p id stands, so that both sides keep the same.
fn replaces(before_ours: bool, ours: bool, lower: bool) -> bool {
    before_ours == ours || ours == lower
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::{
        native::p2p::open::ended,
        primitives::{Hash, SecretKey},
    };

    fn account(seed: u8) -> Address {
        SecretKey::from_seed([seed; 32]).public().address()
    }

    fn table(limits: Limits) -> Table {
        Table::new(limits, Hash::ZERO, account(1), PeerId::random(), mpsc::channel(1).0, mpsc::channel(1).0)
    }

    fn peer(table: &Table, id: PeerId, seed: u8) -> (Line, Who) {
        (Line::with(table.account, &id, &account(seed)), Who::Peer { id, account: account(seed) })
    }

    #[test]
    fn both_sides_keep_the_same() {
        // Of two streams, opened by the lower (true) or the higher side, in either order: which stays here and there.
        for first in [true, false] {
            for second in [true, false] {
                let at = |lower: bool| replaces(first == lower, second == lower, lower);
                assert_eq!(at(true), at(false), "{first} {second}");
                assert_eq!(at(true), first == second || second, "the newer of one opener, else the lower's");
            }
        }
    }

    #[tokio::test]
    async fn a_newer_line_ends_the_older() {
        let table = table(Limits::default());
        let (line, who) = peer(&table, PeerId::random(), 2);
        let mut first = table.open(line, who, true, true).expect("room");
        let second = table.open(line, who, true, false).expect("it takes the place");
        assert!(matches!(ended(&mut first.end).await, End::Replaced));
        assert!(second.open.main && Arc::ptr_eq(&first.open.turn, &second.open.turn));
        table.remove(&first.open);
        assert!(table.line(&line).is_some_and(|open| Arc::ptr_eq(&open, &second.open)));
        table.remove(&second.open);
        assert!(table.line(&line).is_none());
    }

    #[test]
    fn room_is_bounded() {
        let table = table(Limits { lines_per_peer: 2, guests: 3, per_address: 2, ..Limits::default() });
        let id = PeerId::random();
        let open = |seed| {
            let (line, who) = peer(&table, id, seed);
            table.open(line, who, false, false).is_ok()
        };
        assert!(open(2) && open(3) && !open(4));
        let guest = |number, from: &str| {
            let line = Line { local: table.account, peer: crate::gossip::PeerId(number) };
            table.open(line, Who::Guest { from: from.parse().expect("an address") }, false, false).is_ok()
        };
        assert!(guest(1, "192.0.2.1:1") && guest(2, "192.0.2.1:2") && !guest(3, "192.0.2.1:3"));
        assert!(!guest(1, "192.0.2.1:1"), "a number that is taken");
        assert!(guest(4, "127.0.0.1:4") && !guest(5, "127.0.0.1:5"));
    }

    #[tokio::test]
    async fn what_waits_is_bounded() {
        let table = table(Limits::default());
        let (line, who) = peer(&table, PeerId::random(), 2);
        let mut ends = table.open(line, who, true, true).expect("room");
        for _ in 0..3 {
            ends.open.send(vec![0; 400], 1_000);
            assert_eq!(ends.queue.next().await.map(|bytes| bytes.len()), Some(400));
        }
        let Who::Peer { id, .. } = who else { unreachable!("it is a peer") };
        let (line, who) = peer(&table, id, 3);
        let mut second = table.open(line, who, true, false).expect("room");
        second.open.send(vec![0; 536], 1_000);
        assert!(ends.end.borrow().is_none() && second.end.borrow().is_none(), "full, and not more");
        ends.open.send(vec![0; 1], 1_000);
        assert!(matches!(ended(&mut ends.end).await, End::Slow(1_064)), "what waits on all lines counts");
        assert!(second.end.borrow_and_update().is_none());
        drop(ends.queue);
        second.open.send(vec![0; 336], 1_000);
        assert!(second.end.borrow().is_none(), "what is lost does not count");
        drop(second.queue);
        assert_eq!(second.open.shared.waiting.load(Ordering::Relaxed), 0);
    }
}
