//! What was asked of whom, and whom to ask next.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::{Item, PeerId};
use crate::primitives::Timestamp;

/// Milliseconds an answer may take before the next peer is asked.
const TIMEOUT: u64 = 5_000;
/// Items asked for at once, over all peers.
const MAX_REQUESTS: usize = 1_024;
/// Items asked of one peer at once, so that one cannot fill the list.
const MAX_PER_PEER: usize = 256;
/// Further peers remembered for an item.
const MAX_OTHERS: usize = 8;

/// All open requests.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Requests {
    #[serde(serialize_with = "as_pairs")]
    open: BTreeMap<Item, Request>,
}

#[derive(Debug, Clone, Serialize)]
struct Request {
    asked: PeerId,
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

    /// Notes that `peer` has `item`. Returns the request to send, or nothing if it was asked for already or too much is open.
    pub(super) fn add(&mut self, now: Timestamp, item: Item, peer: PeerId) -> Option<(PeerId, Item)> {
        if let Some(request) = self.open.get_mut(&item) {
            if request.asked != peer && !request.others.contains(&peer) && request.others.len() < MAX_OTHERS {
                request.others.push_back(peer);
            }
            return None;
        }
        let of_peer = self.open.values().filter(|request| request.asked == peer).count();
        if self.open.len() >= MAX_REQUESTS || of_peer >= MAX_PER_PEER {
            return None;
        }
        self.open.insert(
            item,
            Request {
                asked: peer,
                deadline: now.after(TIMEOUT),
                others: VecDeque::new(),
            },
        );
        Some((peer, item))
    }

    pub(super) fn remove(&mut self, item: &Item) {
        self.open.remove(item);
    }

    /// `peer` does not have `item`: returns the request to the next one.
    pub(super) fn refused(&mut self, now: Timestamp, item: &Item, peer: PeerId) -> Option<(PeerId, Item)> {
        let request = self.open.get(item)?;
        if request.asked == peer {
            self.ask_next(now, *item)
        } else {
            None
        }
    }

    /// Requests whose time is over go to the next peer that has the item, or are given up.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<(PeerId, Item)> {
        let late: Vec<Item> = self
            .open
            .iter()
            .filter(|(_, request)| request.deadline <= now)
            .map(|(item, _)| *item)
            .collect();
        late.into_iter().filter_map(|item| self.ask_next(now, item)).collect()
    }

    /// A peer is gone: what was asked of it goes to others.
    pub(super) fn forget_peer(&mut self, now: Timestamp, peer: PeerId) -> Vec<(PeerId, Item)> {
        self.open
            .values_mut()
            .for_each(|request| request.others.retain(|other| *other != peer));
        let lost: Vec<Item> = self
            .open
            .iter()
            .filter(|(_, request)| request.asked == peer)
            .map(|(item, _)| *item)
            .collect();
        lost.into_iter().filter_map(|item| self.ask_next(now, item)).collect()
    }

    fn ask_next(&mut self, now: Timestamp, item: Item) -> Option<(PeerId, Item)> {
        let request = self.open.get_mut(&item)?;
        match request.others.pop_front() {
            Some(next) => {
                request.asked = next;
                request.deadline = now.after(TIMEOUT);
                Some((next, item))
            }
            None => {
                self.open.remove(&item);
                None
            }
        }
    }
}

fn as_pairs<S: serde::Serializer>(open: &BTreeMap<Item, Request>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(open)
}
