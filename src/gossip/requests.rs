//! What was asked of whom, and whom to ask next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use super::{Item, PeerId};
use crate::primitives::{Timestamp, ordered};

/// Milliseconds an answer may take before the next peer is asked.
const TIMEOUT: u64 = 5_000;
/// Milliseconds an answer of a slow peer may take if nobody else could be asked.
const MAX_PATIENCE: u64 = 60_000;
/// Items asked for at once because a peer announced them, over all peers.
const MAX_REQUESTS: usize = 1_024;
/// Room beyond for items that we need, so that announcements cannot starve them.
const MAX_NEEDED: usize = 256;
/// Announced items asked of one peer at once, so that one cannot fill the list.
const MAX_PER_PEER: usize = 256;
/// Further peers remembered for an item.
const MAX_OTHERS: usize = 8;

/// All open requests.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Requests {
    #[serde(serialize_with = "as_pairs")]
    open: BTreeMap<Item, Request>,
    /// Milliseconds we wait for blocks of peers that have proved slow: doubled in vain, and measured anew by every answer, so that loss is
    /// soon told from slowness. A link may take longer for one block than [`TIMEOUT`], and whoever asks again and again fills it with copies.
    patience: BTreeMap<PeerId, u64>,
}

#[derive(Debug, Clone, Serialize)]
struct Request {
    asked: PeerId,
    since: Timestamp,
    deadline: Timestamp,
    others: VecDeque<PeerId>,
}

impl Requests {
    pub(super) fn contains(&self, item: &Item) -> bool {
        self.open.contains_key(item)
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.open.values().map(|request| request.deadline).min()
    }

    /// Notes that `peer` announced `item`. Returns the request to send, or nothing if it was asked for already or too much is open.
    pub(super) fn add(&mut self, now: Timestamp, item: Item, peer: PeerId) -> Option<(PeerId, Item)> {
        let full = |this: &Self| {
            let of_peer = this.open.values().filter(|request| request.asked == peer).count();
            this.open.len() >= MAX_REQUESTS || of_peer >= MAX_PER_PEER
        };
        if !self.contains(&item) && full(self) {
            return None;
        }
        self.ask(now, item, peer)
    }

    /// Notes that we need `item` and `peer` may have it. Returns the request to send, or nothing if it was asked for already.
    pub(super) fn need(&mut self, now: Timestamp, item: Item, peer: PeerId) -> Option<(PeerId, Item)> {
        if !self.contains(&item) && self.open.len() >= MAX_REQUESTS + MAX_NEEDED {
            return None;
        }
        self.ask(now, item, peer)
    }

    /// An item came, whether or not it was asked for.
    pub(super) fn arrived(&mut self, now: Timestamp, item: &Item, from: PeerId) {
        let request = self.open.remove(item);
        if matches!(item, Item::Transaction(_)) {
            return;
        }
        if let Some(request) = request.filter(|request| request.asked == from) {
            let patience = 2 * now.since(request.since);
            self.patience.insert(from, patience.clamp(TIMEOUT, MAX_PATIENCE));
        }
        // What else we wait for from this peer may come right behind.
        let deadline = now.after(self.patience_with(from));
        for (item, other) in &mut self.open {
            if matches!(item, Item::Block(_)) && other.asked == from && other.others.is_empty() {
                other.deadline = other.deadline.max(deadline);
            }
        }
    }

    /// `peer` does not have `item`: returns the request to the next one.
    pub(super) fn refused(&mut self, now: Timestamp, item: &Item, peer: PeerId) -> Option<(PeerId, Item)> {
        let request = self.open.get(item)?;
        if request.asked == peer { self.ask_next(now, *item) } else { None }
    }

    /// Requests whose time is over go to the next peer that has the item, or are given up.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<(PeerId, Item)> {
        let late = self.matching(|request| request.deadline <= now);
        let blocks = late.iter().filter(|item| matches!(item, Item::Block(_)));
        let slow: BTreeSet<PeerId> = ordered(blocks.map(|item| self.open[item].asked));
        for peer in slow {
            let patience = (self.patience_with(peer) * 2).min(MAX_PATIENCE);
            self.patience.insert(peer, patience);
        }
        late.into_iter().filter_map(|item| self.ask_next(now, item)).collect()
    }

    /// A peer is gone: what was asked of it goes to others.
    pub(super) fn forget_peer(&mut self, now: Timestamp, peer: PeerId) -> Vec<(PeerId, Item)> {
        self.patience.remove(&peer);
        self.open.values_mut().for_each(|request| request.others.retain(|other| *other != peer));
        let lost = self.matching(|request| request.asked == peer);
        lost.into_iter().filter_map(|item| self.ask_next(now, item)).collect()
    }

    fn ask(&mut self, now: Timestamp, item: Item, peer: PeerId) -> Option<(PeerId, Item)> {
        if let Some(request) = self.open.get_mut(&item) {
            let new = request.asked != peer && !request.others.contains(&peer);
            if new && request.others.len() < MAX_OTHERS {
                request.others.push_back(peer);
                request.deadline = request.deadline.min(now.after(TIMEOUT));
            }
            return None;
        }
        let deadline = now.after(self.wait_for(&item, peer));
        self.open.insert(item, Request { asked: peer, since: now, deadline, others: VecDeque::new() });
        Some((peer, item))
    }

    fn ask_next(&mut self, now: Timestamp, item: Item) -> Option<(PeerId, Item)> {
        let mut others = self.open.remove(&item)?.others;
        let asked = others.pop_front()?;
        let wait = if others.is_empty() { self.wait_for(&item, asked) } else { TIMEOUT };
        self.open.insert(item, Request { asked, since: now, deadline: now.after(wait), others });
        Some((asked, item))
    }

    fn patience_with(&self, peer: PeerId) -> u64 {
        self.patience.get(&peer).copied().unwrap_or(TIMEOUT)
    }

    fn wait_for(&self, item: &Item, peer: PeerId) -> u64 {
        match item {
            Item::Block(_) => self.patience_with(peer),
            Item::Transaction(_) => TIMEOUT,
        }
    }

    fn matching(&self, which: impl Fn(&Request) -> bool) -> Vec<Item> {
        self.open.iter().filter(|(_, request)| which(request)).map(|(item, _)| *item).collect()
    }
}

fn as_pairs<S: serde::Serializer>(open: &BTreeMap<Item, Request>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(open)
}
