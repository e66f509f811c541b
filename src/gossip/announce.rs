//! Announcements of channels: what is news goes on to the other peers, and with every status two peers compare what they know.
//!
//! Gossip does not read an announcement: the node says of each who announces it and whether it is news. It is news once only, so what is
//! sent on comes to an end. What was lost on its way is found by comparison: a hash over all in the status, then hashes of parts, then the parts that
//! differ, in pages. Two peers compare only on the same tip, where they know the same channels.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use super::{Announcements, Delivery, Direction, GATHER, Gossip, MAX_ANNOUNCEMENTS, Message, PeerId, Source, Wanted};
use crate::primitives::Timestamp;

/// Milliseconds between two announcements of one direction that are sent on: what comes in between is sent as its newest.
const PACE: u64 = 5_000;
/// Milliseconds after which a page that has not come is asked for no more; a later status begins anew.
const PATIENCE: u64 = 5_000;
/// Directions that wait to be told to one peer. What is more is found by comparison.
const MAX_UNTOLD: usize = 4 * MAX_ANNOUNCEMENTS;
/// Announcements that a peer may bring unasked, or ask for, every millisecond, and how many it can save up.
const ALLOWED_PER_MS: u64 = 1;
const MAX_ALLOWED: u64 = 64 * MAX_ANNOUNCEMENTS as u64;

/// What is to be told to all peers, and when.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Telling {
    at: Option<Timestamp>,
    /// When each direction was told last, as long as that matters.
    #[serde(serialize_with = "as_pairs")]
    told: BTreeMap<Direction, Timestamp>,
}

/// What one peer is told, and what is asked of it.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Hearing {
    untold: BTreeSet<Direction>,
    comparing: Option<Comparing>,
    used: u64,
    used_at: Timestamp,
}

/// A comparison under way: a page was asked for, and has not come.
#[derive(Debug, Clone, Copy, Serialize)]
struct Comparing {
    since: Timestamp,
    after: Option<Direction>,
}

impl Telling {
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.at
    }
}

impl Hearing {
    /// Whether a peer may still do so much.
    fn allows(&mut self, now: Timestamp, count: usize) -> bool {
        let left = self.used.saturating_sub(now.since(self.used_at).saturating_mul(ALLOWED_PER_MS));
        (self.used, self.used_at) = (left, now);
        let used = left.saturating_add(count as u64);
        let allowed = used <= MAX_ALLOWED;
        if allowed {
            self.used = used;
        }
        allowed
    }
}

impl Gossip {
    /// An announcement is news here: all peers are told soon, but for the one that it came from.
    pub fn announce(&mut self, now: Timestamp, direction: Direction, from: Option<PeerId>) {
        for (id, peer) in &mut self.peers {
            if peer.status.is_some() && Some(*id) != from && peer.hearing.untold.len() < MAX_UNTOLD {
                peer.hearing.untold.insert(direction);
                let soon = now.after(GATHER);
                self.telling.at = Some(self.telling.at.map_or(soon, |at| at.min(soon)));
            }
        }
        if let Some(from) = from {
            self.knows(from, &direction);
        }
    }

    /// A peer has said just what we know: it need not be told.
    pub fn knows(&mut self, peer: PeerId, direction: &Direction) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.hearing.untold.remove(direction);
        }
    }

    /// Announcements of a peer were taken, `last` of them the last: if they were a page and there is more, the next one is asked for.
    pub fn announcements_taken(
        &mut self,
        now: Timestamp,
        from: PeerId,
        last: Option<Direction>,
        more: bool,
        source: &impl Source,
    ) {
        let Some(comparing) = self.peers.get_mut(&from).and_then(|peer| peer.hearing.comparing.take()) else {
            return;
        };
        if more && last > comparing.after {
            self.ask_for_page(now, from, last, source);
        }
    }

    pub(super) fn on_announcements(
        &mut self,
        now: Timestamp,
        from: PeerId,
        announcements: Announcements,
    ) -> Option<Delivery> {
        let hearing = &mut self.peers.get_mut(&from)?.hearing;
        let asked = hearing.comparing.is_some();
        let allowed = asked || hearing.allows(now, announcements.entries.len().max(1));
        allowed.then_some(Delivery::Announcements(announcements))
    }

    pub(super) fn on_get_announcements(&mut self, now: Timestamp, from: PeerId, wanted: &Wanted, source: &impl Source) {
        let allowed = self.peers.get_mut(&from).is_some_and(|peer| peer.hearing.allows(now, MAX_ANNOUNCEMENTS));
        if !allowed {
            return;
        }
        let page = source.announcements_for(wanted, MAX_ANNOUNCEMENTS);
        if !page.entries.is_empty() {
            self.send(from, Message::Announcements(page));
        }
    }

    /// A peer on the same tip knows something else.
    pub(super) fn ask_for_announcements(&mut self, now: Timestamp, from: PeerId, source: &impl Source) {
        let comparing = self.peers.get(&from).and_then(|peer| peer.hearing.comparing);
        if comparing.is_none_or(|comparing| comparing.since.after(PATIENCE) <= now) {
            self.ask_for_page(now, from, None, source);
        }
    }

    fn ask_for_page(&mut self, now: Timestamp, from: PeerId, after: Option<Direction>, source: &impl Source) {
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.hearing.comparing = Some(Comparing { since: now, after });
            self.send(from, Message::GetAnnouncements(Wanted { after, parts: source.announced() }));
        }
    }

    /// Tells every peer what it has not been told, except what was told a moment ago: that waits.
    pub(super) fn tell_directions(&mut self, now: Timestamp, source: &impl Source) {
        if self.telling.at.is_none_or(|at| at > now) {
            return;
        }
        let told = &mut self.telling.told;
        told.retain(|_, at| at.after(PACE) > now);
        let (mut batches, mut due, mut late) = (Vec::new(), BTreeSet::new(), None);
        for (id, peer) in &mut self.peers {
            let (wait, tell) = peer.hearing.untold.iter().partition(|direction| told.contains_key(direction));
            peer.hearing.untold = wait;
            late = late.into_iter().chain(peer.hearing.untold.iter().map(|waits| told[waits].after(PACE))).min();
            due.extend(&tell);
            batches.push((*id, tell));
        }
        self.telling.told.extend(due.into_iter().map(|direction| (direction, now)));
        self.telling.at = late;
        for (peer, tell) in batches {
            let entries: Vec<Vec<u8>> = tell.iter().filter_map(|direction| source.announcement(direction)).collect();
            for entries in entries.chunks(MAX_ANNOUNCEMENTS) {
                let entries = entries.to_vec();
                self.send(peer, Message::Announcements(Announcements { entries, more: false }));
            }
        }
    }
}

fn as_pairs<S: Serializer>(told: &BTreeMap<Direction, Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(told)
}
