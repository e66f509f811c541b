//! Which lines there are: one table, looked up by whoever sends and changed by whoever opens or ends a line.
//!
//! Owns the rule which of two conversations between the same accounts stays, and what may wait to be written to a line.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use libp2p::{Multiaddr, PeerId};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::Instant,
};

use super::{
    Direction, FromNetwork, Limits, Line,
    task::Report,
    wire::{Reading, Refusal},
};
use crate::primitives::{Address, BlockId};

/// What a message costs in a queue besides its bytes.
const MESSAGE_OVERHEAD: usize = 64;

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

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Peer { id: PeerId, account: Address },
    Guest { from: SocketAddr },
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer { id, account } => write!(f, "{} at {id}", account.short()),
            Self::Guest { from } => write!(f, "tab at {from}"),
        }
    }
}

/// Why a line ends, for the log.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum End {
    #[error("the peer has left")]
    Left,
    #[error("{0}")]
    Broken(String),
    #[error("the peer does not read: more than {0} bytes wait for it")]
    Slow(usize),
    #[error("a newer conversation takes its place")]
    Replaced,
    #[error("{0}")]
    Asked(String),
    #[error("the node shuts down")]
    ShutDown,
}

/// A line that stands.
pub(super) struct Open {
    pub(super) line: Line,
    pub(super) who: Who,
    /// Whether this side has opened it.
    pub(super) ours: bool,
    /// Whether it is the main conversation with a peer.
    pub(super) main: bool,
    pub(super) since: Instant,
    queue: mpsc::UnboundedSender<Vec<u8>>,
    waiting: AtomicUsize,
    end: watch::Sender<Option<End>>,
    /// Held by whoever tells the driver of this line, so that the end of one conversation is told before the next begins.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
}

/// What a line's own tasks hold of it.
pub(super) struct Ends {
    pub(super) open: Arc<Open>,
    pub(super) queue: Queue,
    pub(super) end: watch::Receiver<Option<End>>,
}

/// What waits to be written.
pub(super) struct Queue {
    open: Arc<Open>,
    waiting: mpsc::UnboundedReceiver<Vec<u8>>,
    /// What the one that was taken last still counts.
    taken: usize,
}

impl Open {
    /// Puts a message into the queue, or ends the line if too much waits there.
    pub(super) fn send(&self, bytes: Vec<u8>, most: usize) {
        let size = bytes.len() + MESSAGE_OVERHEAD;
        let before = self.waiting.fetch_add(size, Ordering::Relaxed);
        if before + size > most + MESSAGE_OVERHEAD {
            self.waiting.fetch_sub(size, Ordering::Relaxed);
            self.end(End::Slow(before));
        } else if self.queue.send(bytes).is_err() {
            self.waiting.fetch_sub(size, Ordering::Relaxed);
        }
    }

    /// Ends it; the first reason counts.
    pub(super) fn end(&self, reason: End) {
        self.end.send_if_modified(|end| {
            let first = end.is_none();
            first.then(|| *end = Some(reason));
            first
        });
    }
}

impl Queue {
    /// The next message to write; what was taken before is written by now. Waits if there is none, and is never over before the line.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        self.open.waiting.fetch_sub(std::mem::take(&mut self.taken), Ordering::Relaxed);
        let next = self.waiting.recv().await?;
        self.taken = next.len() + MESSAGE_OVERHEAD;
        Some(next)
    }
}

/// Waits for the line's end.
pub(super) async fn ended(end: &mut watch::Receiver<Option<End>>) -> End {
    match end.wait_for(Option::is_some).await {
        Ok(end) => end.clone().unwrap_or(End::Left),
        Err(_) => End::Left,
    }
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
        let budget = Arc::new(Semaphore::new(limits.budget_bytes.min(Semaphore::MAX_PERMITS)));
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

    /// How messages are read.
    pub(super) fn reading(&self) -> Reading {
        Reading { most: self.limits.message_bytes, within: self.limits.read_time, budget: Arc::clone(&self.budget) }
    }

    /// The line, if it stands.
    pub(super) fn line(&self, line: &Line) -> Option<Arc<Open>> {
        self.state().lines.get(line).cloned()
    }

    /// The main line with a peer.
    pub(super) fn main_with(&self, peer: &PeerId) -> Option<Arc<Open>> {
        let is = |open: &&Arc<Open>| open.main && matches!(&open.who, Who::Peer { id, .. } if id == peer);
        self.state().lines.values().find(is).cloned()
    }

    /// Ends all lines with a peer.
    pub(super) fn end_all(&self, peer: &PeerId, reason: &End) {
        let with = |open: &&Arc<Open>| matches!(&open.who, Who::Peer { id, .. } if id == peer);
        self.state().lines.values().filter(with).for_each(|open| open.end(reason.clone()));
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
        let (queue, waiting) = mpsc::unbounded_channel();
        let (sender, end) = watch::channel(None);
        let (since, count) = (Instant::now(), AtomicUsize::new(0));
        let open = Arc::new(Open { line, who, ours, main, since, queue, waiting: count, end: sender, turn });
        state.lines.insert(line, Arc::clone(&open));
        drop(state);
        before.inspect(|before| before.end(End::Replaced));
        let queue = Queue { open: Arc::clone(&open), waiting, taken: 0 };
        Ok(Ends { open, queue, end })
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
    fn has_room_for(&self, who: Who, limits: &Limits) -> bool {
        match who {
            Who::Peer { id, .. } => {
                let same = |open: &&Arc<Open>| matches!(open.who, Who::Peer { id: other, .. } if other == id);
                self.lines.values().filter(same).count() < limits.lines_per_peer
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
    use super::*;
    use crate::primitives::{Hash, SecretKey};

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
        ends.open.send(vec![0; 536], 1_000);
        assert!(ends.end.borrow().is_none(), "full, and not more");
        ends.open.send(vec![0; 1], 1_000);
        assert!(matches!(ended(&mut ends.end).await, End::Slow(1_064)));
    }
}
