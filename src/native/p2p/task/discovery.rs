//! Finding peers: boot nodes, those that others know, and keeping up as many as wanted.

use std::time::Duration;

use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;
use tracing::{debug, info};

use super::{Deed, Direction, Peer, Purpose, Target, Task};
use crate::native::p2p::{
    address,
    open::End,
    random,
    wire::{FrameError, MAX_PEERS},
};

/// Before the main conversation with a peer that was dialled is begun again.
const TALK_AGAIN: Duration = Duration::from_secs(5);
/// Before a peer is asked again whom it knows: first so long, and twice as long each time. Who has just come to it has not said yet where it listens.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// Never longer than this.
const ASK_AGAIN_AT_LAST: Duration = Duration::from_secs(30);
/// Addresses that are passed on of one peer.
const MAX_TOLD: usize = 4;

impl Task {
    /// Does what is due.
    pub(super) fn on_tick(&mut self, now: Instant) {
        self.drop_silent(now);
        self.drop_quiet(now);
        self.reward(now);
        self.talk_again(now);
        self.dial_boots(now);
        self.dial_others(now);
        self.ask_again(now);
    }

    /// Closes connections to peers that answer no ping.
    fn drop_silent(&mut self, now: Instant) {
        let silence = self.table.limits.silence;
        let silent = self.peers.iter().filter(|(_, known)| now - known.heard >= silence);
        for peer in silent.map(|(peer, _)| *peer).collect::<Vec<_>>() {
            info!(target: "p2p", %peer, seconds = silence.as_secs(), "peer answers no ping and is dropped");
            self.leave(peer, &End::Broken("it answers no ping".to_owned()));
            if let Some(known) = self.peers.get_mut(&peer) {
                // Closing may take a while: not again at the next tick.
                known.heard = now;
            }
        }
    }

    /// Closes connections on which nobody talks, though they are not idle.
    fn drop_quiet(&mut self, now: Instant) {
        let mut quiet = Vec::new();
        for (peer, known) in &mut self.peers {
            if self.table.talks_with(peer) {
                known.quiet = None;
            } else if now - *known.quiet.get_or_insert(now) >= self.table.limits.silence {
                known.quiet = None;
                quiet.push(*peer);
            }
        }
        for peer in quiet {
            debug!(target: "p2p", %peer, "peer does not talk and is dropped");
            self.leave(peer, &End::Left);
        }
    }

    /// A minute's conversation is worth a point.
    fn reward(&mut self, now: Instant) {
        let mut stayed = Vec::new();
        for (peer, known) in &mut self.peers {
            if self.table.main_with(peer).is_none() {
                continue;
            }
            let minutes = (now - *known.talked.get_or_insert(now)).as_secs() / 60;
            if minutes > known.minutes {
                known.minutes = minutes;
                stayed.push(*peer);
            }
        }
        for peer in stayed {
            self.book.note(peer, Deed::Stayed);
            self.show(peer);
        }
    }

    /// Begins the main conversation anew with peers that this side has dialled.
    fn talk_again(&mut self, now: Instant) {
        let due = |known: &Peer| {
            let long = known.main_tried.is_some_and(|at| now - at >= TALK_AGAIN);
            long && !known.waiting_main && known.is_outbound()
        };
        let due: Vec<PeerId> = self.peers.iter().filter(|(_, known)| due(known)).map(|(peer, _)| *peer).collect();
        for peer in due {
            self.talk(peer);
        }
    }

    fn is_busy(&self, target: &Target) -> bool {
        let connected = match target {
            Target::Peer(peer) => self.peers.contains_key(peer) || self.swarm.behaviour().gate.is_banned(peer),
            Target::Boot(_) | Target::Asked => false,
        };
        connected || self.dials.values().any(|dial| dial.target == *target)
    }

    /// Peers and those that may become some soon.
    fn coming(&self) -> usize {
        self.peers.len() + self.dials.len()
    }

    fn dial_boots(&mut self, now: Instant) {
        for (target, address) in self.book.boots_due(now, |target| self.is_busy(target)) {
            if self.coming() < self.max_peers {
                self.dial(target, address::peer_of(&address), vec![address], Vec::new());
            }
        }
    }

    fn wants_more(&self) -> bool {
        let outbound = self.peers.values().filter(|known| known.is_outbound()).count() + self.dials.len();
        outbound < self.table.limits.outbound && self.coming() < self.max_peers
    }

    fn dial_others(&mut self, now: Instant) {
        while self.wants_more() {
            let Some((peer, addresses)) = self.book.peer_due(now, |target| self.is_busy(target)) else { return };
            self.dial(Target::Peer(peer), Some(peer), addresses, Vec::new());
        }
    }

    /// Asks a new peer whom it knows, if there is room for more.
    pub(super) fn ask_if_room(&mut self, peer: PeerId) {
        let wants = self.wants_more();
        let Some(known) = self.peers.get_mut(&peer) else { return };
        if wants {
            (known.asked, known.asks) = (Some(Instant::now()), known.asks.saturating_add(1));
            self.open(peer, Purpose::Ask);
        }
    }

    /// Asks the peer that was asked longest ago.
    fn ask_again(&mut self, now: Instant) {
        let wait = |asks: u32| ASK_AGAIN.saturating_mul(2_u32.saturating_pow(asks - 1)).min(ASK_AGAIN_AT_LAST);
        let due = self.peers.iter().filter(|(_, known)| known.asked.is_none_or(|at| now - at >= wait(known.asks)));
        let talks = due.filter(|(peer, _)| self.table.main_with(peer).is_some());
        if let Some(peer) = talks.min_by_key(|(_, known)| known.asked).map(|(peer, _)| *peer) {
            self.ask_if_room(peer);
        }
    }

    /// What this peer is told when it asks whom we know: where the others listen; ways into this machine only if it is on it.
    pub(super) fn told_to(&self, asker: PeerId) -> Vec<Multiaddr> {
        let here = self.peers.get(&asker).is_some_and(Peer::is_loopback);
        let fits = |address: &&Multiaddr| {
            address::ip(address).is_some_and(|ip| here || !ip.is_loopback()) && address::is_dialable(address)
        };
        let others = self.peers.iter().filter(|(peer, _)| **peer != asker && self.table.main_with(peer).is_some());
        let mut told: Vec<Multiaddr> = others
            .flat_map(|(peer, known)| {
                let dialled = known.links.values().filter(|link| link.direction == Direction::Outbound);
                let mut addresses: Vec<&Multiaddr> = dialled.map(|link| &link.address).collect();
                addresses.extend(&known.listens);
                addresses.dedup();
                let fitting = addresses.into_iter().filter(fits).take(MAX_TOLD);
                fitting.map(|address| address::with_peer(address.clone(), *peer)).collect::<Vec<_>>()
            })
            .collect();
        if told.len() > MAX_PEERS {
            // Not always the same ones.
            let start = usize::try_from(random() % told.len() as u64).unwrap_or_default();
            told.rotate_left(start);
            told.truncate(MAX_PEERS);
        }
        told
    }

    /// A peer has answered whom it knows.
    pub(super) fn on_learned(&mut self, peer: PeerId, answer: Result<Vec<Multiaddr>, FrameError>) {
        self.opening_ended(peer);
        let addresses = match answer {
            Ok(addresses) => addresses,
            Err(error) => {
                debug!(target: "p2p", %peer, %error, "peer does not say whom it knows");
                if error.is_fault() {
                    self.on_fault(peer);
                }
                return;
            }
        };
        let here = self.peers.get(&peer).is_some_and(Peer::is_loopback);
        debug!(target: "p2p", %peer, count = addresses.len(), "peer says whom it knows");
        for address in addresses {
            // No names: a peer could make us ask for any.
            let fits = address::ip(&address).is_some_and(|ip| here || !ip.is_loopback());
            if let Some(other) = address::peer_of(&address).filter(|_| fits) {
                self.book.learn(other, [address]);
            }
        }
    }
}
