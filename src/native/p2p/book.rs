//! Who could be dialled, and when: boot addresses and the peers that were met or told of, how they have behaved, and how long
//! to wait before they are tried again.
//!
//! Knows no sockets: it is told what was tried and what came of it, and is handed the time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::{Limits, address, random};

/// Peers that are remembered.
const MAX_KNOWN: usize = 1_024;
/// Addresses that are remembered of each.
const MAX_ADDRESSES: usize = 4;
/// A peer that was only told of is forgotten after so many failures.
const MAX_FAILURES: u32 = 6;
/// A score's bounds.
const SCORES: (i32, i32) = (-100, 100);
/// A connection that lasts less counts as a failure.
const SHORT: Duration = Duration::from_secs(10);
/// A node of another chain stays one for a while.
const WRONG_CHAIN: Duration = Duration::from_secs(600);

/// What is dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A boot address, by its place in the settings.
    Boot(usize),
    /// A peer that is known.
    Peer(PeerId),
    /// An address that somebody has asked for.
    Asked,
}

/// What changes a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// It has stayed connected for a minute.
    Stayed,
    /// It could not be reached.
    Unreachable,
    /// It did what honest peers do not.
    Fault,
    /// The driver has banned it.
    Banned,
}

impl Deed {
    fn weight(self) -> i32 {
        match self {
            Self::Stayed => 1,
            Self::Unreachable => -2,
            Self::Fault => -20,
            Self::Banned => -50,
        }
    }
}

pub(super) struct Book {
    local: PeerId,
    boots: Vec<Boot>,
    known: BTreeMap<PeerId, Known>,
    first: Duration,
    most: Duration,
}

struct Boot {
    address: Multiaddr,
    /// Who was met there last.
    peer: Option<PeerId>,
    /// Nobody dials himself twice.
    myself: bool,
    wait: Wait,
}

#[derive(Default)]
struct Known {
    addresses: BTreeSet<Multiaddr>,
    wait: Wait,
    score: i32,
    /// Whether there was ever a conversation.
    met: bool,
}

#[derive(Default)]
struct Wait {
    failures: u32,
    until: Option<Instant>,
}

impl Wait {
    fn is_over(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    /// Twice as long with each failure, less up to a half of it, so that many who lost one peer do not come back at once.
    fn again(&mut self, now: Instant, first: Duration, most: Duration) {
        let longest = first.saturating_mul(1 << self.failures.min(16)).min(most);
        let part = u32::try_from(random() % 512).unwrap_or_default() + 512;
        self.until = Some(now + longest * part / 1_024);
        self.failures = self.failures.saturating_add(1);
    }
}

impl Book {
    pub(super) fn new(local: PeerId, boot: Vec<Multiaddr>, limits: &Limits) -> Self {
        let boot = boot.into_iter().map(|address| {
            let peer = address::peer_of(&address);
            Boot { address, peer, myself: peer == Some(local), wait: Wait::default() }
        });
        let (first, most) = (limits.retry_first, limits.retry_most);
        Self { local, boots: boot.collect(), known: BTreeMap::new(), first, most }
    }

    /// Boot addresses to dial now; `busy` are those that are connected or being dialled.
    pub(super) fn boots_due(&self, now: Instant, busy: impl Fn(&Target) -> bool) -> Vec<(Target, Multiaddr)> {
        let due = |(at, boot): (usize, &Boot)| {
            let busy = busy(&Target::Boot(at)) || boot.peer.is_some_and(|peer| busy(&Target::Peer(peer)));
            (!boot.myself && !busy && boot.wait.is_over(now)).then(|| (Target::Boot(at), boot.address.clone()))
        };
        self.boots.iter().enumerate().filter_map(due).collect()
    }

    /// The best peer to dial now, of those that are not boot nodes.
    pub(super) fn peer_due(&self, now: Instant, busy: impl Fn(&Target) -> bool) -> Option<(PeerId, Vec<Multiaddr>)> {
        let due = |(peer, known): &(&PeerId, &Known)| {
            let boot = self.boots.iter().any(|boot| boot.peer == Some(**peer));
            !boot && !known.addresses.is_empty() && known.wait.is_over(now) && !busy(&Target::Peer(**peer))
        };
        let best = self.known.iter().filter(due).max_by_key(|(_, known)| (known.score, known.met))?;
        Some((*best.0, best.1.addresses.iter().cloned().collect()))
    }

    /// Takes note of where a peer may be dialled.
    pub(super) fn learn(&mut self, peer: PeerId, addresses: impl IntoIterator<Item = Multiaddr>) {
        if peer == self.local {
            return;
        }
        let addresses = addresses.into_iter().filter(address::is_dialable).map(address::without_peer);
        let known = self.known.entry(peer).or_default();
        for address in addresses {
            if known.addresses.len() < MAX_ADDRESSES {
                known.addresses.insert(address);
            }
        }
        self.forget(Some(peer));
    }

    /// Somebody was reached there.
    pub(super) fn reached(&mut self, target: Target, peer: PeerId) {
        if let Target::Boot(at) = target
            && let Some(boot) = self.boots.get_mut(at)
        {
            boot.peer = Some(peer);
        }
    }

    /// This node itself answers there.
    pub(super) fn is_myself(&mut self, target: Target) {
        match target {
            Target::Boot(at) => self.boots[at..].iter_mut().take(1).for_each(|boot| boot.myself = true),
            Target::Peer(peer) => drop(self.known.remove(&peer)),
            Target::Asked => {}
        }
    }

    /// Nobody was reached there, or not the one who was expected.
    pub(super) fn failed(&mut self, target: Target, now: Instant) {
        match target {
            Target::Boot(at) => {
                let (first, most) = (self.first, self.most);
                self.boots[at..].iter_mut().take(1).for_each(|boot| boot.wait.again(now, first, most));
            }
            Target::Peer(peer) => {
                self.wait(peer, now);
                self.note(peer, Deed::Unreachable);
                self.forget(None);
            }
            Target::Asked => {}
        }
    }

    /// A peer is connected no more; `lasted` is how long there was a conversation, if there was.
    pub(super) fn lost(&mut self, peer: PeerId, lasted: Option<Duration>, now: Instant) {
        let long = lasted.is_some_and(|lasted| lasted >= SHORT);
        let boots = self.boots.iter_mut().filter(|boot| boot.peer == Some(peer)).map(|boot| &mut boot.wait);
        if let Some(known) = self.known.get_mut(&peer) {
            known.met |= lasted.is_some();
        }
        for wait in boots.chain(self.known.get_mut(&peer).map(|known| &mut known.wait)) {
            wait.failures = if long { 0 } else { wait.failures };
            wait.again(now, self.first, self.most);
        }
    }

    /// A peer is on another chain: not dialled again soon. (Boot addresses are, as ever.)
    pub(super) fn wrong_chain(&mut self, peer: PeerId, now: Instant) {
        let known = self.known.entry(peer).or_default();
        known.wait.until = Some(now + WRONG_CHAIN);
    }

    /// Lets a deed count.
    pub(super) fn note(&mut self, peer: PeerId, deed: Deed) {
        let known = self.known.entry(peer).or_default();
        known.score = (known.score + deed.weight()).clamp(SCORES.0, SCORES.1);
        self.forget(Some(peer));
    }

    /// How a peer has behaved, -100…100.
    pub(super) fn score(&self, peer: &PeerId) -> i32 {
        self.known.get(peer).map_or(0, |known| known.score)
    }

    fn wait(&mut self, peer: PeerId, now: Instant) {
        if let Some(known) = self.known.get_mut(&peer) {
            known.wait.again(now, self.first, self.most);
        }
    }

    /// Forgets peers that nobody reaches, and of too many the one that failed most; never `keep`.
    fn forget(&mut self, keep: Option<PeerId>) {
        self.known.retain(|peer, known| known.met || known.wait.failures < MAX_FAILURES || keep == Some(*peer));
        while self.known.len() > MAX_KNOWN {
            let others = self.known.iter().filter(|(peer, _)| keep != Some(**peer));
            let Some(worst) = others.max_by_key(|(_, known)| (!known.met, known.wait.failures)) else { return };
            let worst = *worst.0;
            self.known.remove(&worst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Multiaddr {
        text.parse().expect("an address")
    }

    fn book(boot: &[&str]) -> Book {
        Book::new(PeerId::random(), boot.iter().map(|text| address(text)).collect(), &Limits::default())
    }

    fn free(_: &Target) -> bool {
        false
    }

    #[test]
    fn waits_double_with_jitter_and_are_bounded() {
        let (now, mut book) = (Instant::now(), book(&["/ip4/127.0.0.1/tcp/1"]));
        for longest in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            assert_eq!(book.boots_due(now + Duration::from_secs(61), free).len(), 1);
            book.failed(Target::Boot(0), now);
            let (early, late) = (Duration::from_millis(longest * 500 - 1), Duration::from_secs(longest));
            assert!(book.boots_due(now + early, free).is_empty(), "{longest}");
            assert_eq!(book.boots_due(now + late, free).len(), 1, "{longest}");
        }
    }

    #[test]
    fn a_boot_node_is_dialled_unless_it_is_there_or_oneself() {
        let (now, mut book) = (Instant::now(), book(&["/ip4/127.0.0.1/tcp/1", "/dns/me/tcp/1"]));
        let peer = PeerId::random();
        book.is_myself(Target::Boot(1));
        assert_eq!(book.boots_due(now, free).len(), 1);
        assert!(book.boots_due(now, |target| *target == Target::Boot(0)).is_empty());
        book.reached(Target::Boot(0), peer);
        assert!(book.boots_due(now, |target| *target == Target::Peer(peer)).is_empty());
        // After a conversation that lasted, the waits begin anew.
        (0..9).for_each(|_| book.failed(Target::Boot(0), now));
        book.lost(peer, Some(SHORT), now);
        assert_eq!(book.boots_due(now + Duration::from_secs(1), free).len(), 1);
    }

    #[test]
    fn the_best_peer_comes_first_and_hopeless_ones_are_forgotten() {
        let (now, mut book) = (Instant::now(), book(&[]));
        let (good, bad) = (PeerId::random(), PeerId::random());
        for peer in [good, bad] {
            book.learn(peer, (1..20).map(|port| address(&format!("/ip4/127.0.0.1/tcp/{port}"))));
        }
        book.note(good, Deed::Stayed);
        book.note(bad, Deed::Fault);
        let (peer, addresses) = book.peer_due(now, free).expect("two are known");
        assert_eq!((peer, addresses.len()), (good, MAX_ADDRESSES));
        let busy = |target: &Target| *target == Target::Peer(good);
        assert_eq!(book.peer_due(now, busy).map(|due| due.0), Some(bad));
        (0..MAX_FAILURES).for_each(|_| book.failed(Target::Peer(bad), now));
        assert_eq!(book.peer_due(now + Duration::from_secs(99), busy).map(|due| due.0), None);
        assert_eq!(book.score(&bad), 0, "forgotten");
    }

    #[test]
    fn what_is_told_is_bounded_and_read_with_care() {
        let (now, mut book) = (Instant::now(), book(&[]));
        book.learn(book.local, [address("/ip4/127.0.0.1/tcp/1")]);
        book.learn(PeerId::random(), [address("/ip4/127.0.0.1/udp/1"), address("/memory/1")]);
        assert!(book.peer_due(now, free).is_none());
        for _ in 0..2 * MAX_KNOWN {
            book.learn(PeerId::random(), [address("/ip4/127.0.0.1/tcp/1")]);
        }
        assert_eq!(book.known.len(), MAX_KNOWN);
        let peer = PeerId::random();
        (0..99).for_each(|_| book.note(peer, Deed::Fault));
        assert_eq!(book.score(&peer), -100);
        (0..999).for_each(|_| book.note(peer, Deed::Stayed));
        assert_eq!(book.score(&peer), 100);
    }
}
