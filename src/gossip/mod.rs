//! Layer 1: talking to peers.
//!
//! Owns the wire messages, what is known about each peer, what was asked of whom, orphan blocks and blame. Must never know the rules
//! of consensus: it reads the chain through [`Source`] and is told by the node what turned out good or bad. Announce–ask–send relay
//! and headers-first sync follow Bitcoin's protocol (BIP 130 in spirit); what sides of channels announce is sent on when it is news, and
//! compared with every status. Every collection that a peer can grow has a bound.

mod announce;
mod blame;
mod orphans;
mod peer;
mod requests;
mod seen;
mod source;
mod wire;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use announce::Telling;
use blame::Record;
pub use blame::{BAN_MS, BAN_SCORE, Fault};
use orphans::Orphans;
use peer::Peer;
use requests::Requests;
pub use seen::Seen;
pub use source::{Delivery, Effect, Source};
pub use wire::{
    Announcements, Direction, Item, MAX_ANNOUNCED_BYTES, MAX_ANNOUNCEMENTS, MAX_DIRECT_BYTES, MAX_HEADERS, MAX_ITEMS,
    MAX_LOCATOR, MAX_MESSAGE_BYTES, MAX_PARTS, Message, PROTOCOL_VERSION, Status, Wanted, WireError,
};

use crate::primitives::{Block, BlockId, Timestamp, TransactionId};

/// Peers a node talks to at once.
pub const MAX_PEERS: usize = 128;
/// Milliseconds between two statuses to one peer; up to [`STATUS_JITTER`] more.
const STATUS_EVERY: u64 = 10_000;
const STATUS_JITTER: u32 = 2_000;
/// Milliseconds during which new transactions are gathered before they are announced together.
const GATHER: u64 = 200;
/// Bodies asked for at once while syncing.
const SYNC_WINDOW: usize = 32;
/// Transactions announced to a peer that has just connected, and again with every [`SAMPLE_EVERY`]th status: announcements get lost.
const POOL_SAMPLE: usize = MAX_ITEMS;
const SAMPLE_EVERY: u32 = 3;

/// A peer, named by the driver: the same remote has the same id on every connection, so that blame outlives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(transparent)]
pub struct PeerId(pub u64);

/// The state of all conversations.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Gossip {
    peers: BTreeMap<PeerId, Peer>,
    record: Record,
    requests: Requests,
    orphans: Orphans,
    seen: Seen<TransactionId, 2_048>,
    flush_at: Option<Timestamp>,
    telling: Telling,
    #[serde(skip)]
    effects: VecDeque<Effect>,
}

impl Gossip {
    /// What is to be done, in order; empties the list.
    pub fn take_effects(&mut self) -> impl Iterator<Item = Effect> + '_ {
        self.effects.drain(..)
    }

    /// The peers, with what they last said of themselves.
    pub fn peers(&self) -> impl Iterator<Item = (PeerId, Option<&Status>)> + '_ {
        self.peers.iter().map(|(id, peer)| (*id, peer.status.as_ref()))
    }

    /// Whether `peer` is banned at `now`.
    pub fn is_banned(&self, peer: PeerId, now: Timestamp) -> bool {
        self.record.is_banned(peer, now)
    }

    /// When [`Gossip::tick`] wants to be called next.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let statuses = self.peers.values().map(|peer| peer.next_status);
        statuses.chain(self.flush_at).chain(self.telling.next_wake()).chain(self.requests.next_deadline()).min()
    }

    /// A connection came up. Says who we are.
    pub fn connected(&mut self, now: Timestamp, peer: PeerId, source: &impl Source) {
        if self.is_banned(peer, now) {
            self.effects.push_back(Effect::Disconnect(peer, Fault::Banned));
        } else if self.peers.len() >= MAX_PEERS && !self.peers.contains_key(&peer) {
            self.effects.push_back(Effect::Disconnect(peer, Fault::TooManyPeers));
        } else {
            self.peers.insert(peer, Peer::new(now.after(STATUS_EVERY)));
            self.send(peer, Message::Status(source.status()));
        }
    }

    /// A connection went down.
    pub fn disconnected(&mut self, now: Timestamp, peer: PeerId) {
        self.peers.remove(&peer);
        let retry = self.requests.forget_peer(now, peer);
        self.ask(retry);
    }

    /// Bytes from a peer. Answers what can be answered here and returns what the node must judge.
    pub fn received(&mut self, now: Timestamp, from: PeerId, bytes: &[u8], source: &impl Source) -> Option<Delivery> {
        let message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(error) => {
                self.blame(now, from, Fault::Malformed(error));
                return None;
            }
        };
        let greeted = self.peers.get(&from)?.status.is_some();
        match message {
            Message::Status(status) => self.on_status(now, from, status, source),
            // Whoever has not said which chain it is on is not listened to; its next status comes soon.
            _ if !greeted => {}
            Message::Inventory(items) => self.on_inventory(now, from, items, source),
            Message::Get(items) => self.on_get(from, items, source),
            Message::NotFound(items) => self.on_not_found(now, from, &items),
            Message::GetHeaders(locator) => {
                let headers = source.headers_after(&locator, MAX_HEADERS);
                self.send(from, Message::Headers(headers));
            }
            Message::Headers(headers) => {
                let full = headers.len() == MAX_HEADERS;
                return Some(Delivery::Headers { headers, full });
            }
            Message::Block(block) => {
                self.arrived(now, from, Item::Block(block.id()));
                return Some(Delivery::Block(block));
            }
            Message::Transaction(transaction) => {
                self.arrived(now, from, Item::Transaction(transaction.id()));
                return Some(Delivery::Transaction(transaction));
            }
            Message::Direct(bytes) => return Some(Delivery::Direct(bytes)),
            Message::Announcements(announcements) => return self.on_announcements(now, from, announcements),
            Message::GetAnnouncements(wanted) => self.on_get_announcements(now, from, &wanted, source),
        }
        None
    }

    /// Does what is due: statuses, gathered announcements, requests that were not answered.
    pub fn tick(&mut self, now: Timestamp, jitter: &mut impl FnMut(u32) -> u32, source: &impl Source) {
        let due: Vec<PeerId> =
            self.peers.iter().filter(|(_, peer)| peer.next_status <= now).map(|(id, _)| *id).collect();
        for peer in due {
            self.send(peer, Message::Status(source.status()));
            let wait = STATUS_EVERY + u64::from(jitter(STATUS_JITTER));
            let state = self.peers.get_mut(&peer).expect("just listed");
            state.next_status = now.after(wait);
            state.statuses = state.statuses.wrapping_add(1);
            if state.status.is_some() && state.statuses.is_multiple_of(SAMPLE_EVERY) {
                self.send_sample(peer, source);
            }
        }
        if self.flush_at.is_some_and(|at| at <= now) {
            self.flush_announcements();
        }
        self.tell_directions(now, source);
        let retry = self.requests.expire(now);
        self.ask(retry);
        self.record.expire(now);
        self.fetch_bodies(now, source);
    }

    /// Sends bytes that only the other node can read.
    pub fn send_direct(&mut self, to: PeerId, bytes: Vec<u8>) {
        if self.peers.contains_key(&to) {
            self.send(to, Message::Direct(bytes));
        }
    }

    /// Announces a block to every peer that is not known to have it.
    pub fn announce_block(&mut self, id: BlockId) {
        let item = Item::Block(id);
        let mut ignorant = Vec::new();
        for (peer, state) in &mut self.peers {
            if state.status.is_some() && state.known.insert(item) {
                ignorant.push(*peer);
            }
        }
        ignorant.into_iter().for_each(|peer| self.send(peer, Message::Inventory(vec![item])));
    }

    /// Announces a transaction soon, together with others; `again` also to peers that were told before.
    pub fn announce_transaction(&mut self, now: Timestamp, id: TransactionId, again: bool) {
        self.seen.insert(id);
        for state in self.peers.values_mut().filter(|peer| peer.status.is_some()) {
            if state.known.insert(Item::Transaction(id)) || again {
                state.announce(id);
            }
        }
        self.flush_at.get_or_insert(now.after(GATHER));
    }

    /// A block whose parent is missing: kept within bounds, and its ancestry asked for.
    pub fn orphan(&mut self, from: PeerId, id: BlockId, block: Block, source: &impl Source) {
        self.orphans.insert(from, id, block);
        self.send(from, Message::GetHeaders(source.locator()));
    }

    /// Asks the peer that says to have done the most work for what follows our chain; false if there is none.
    pub fn sync(&mut self, source: &impl Source) -> bool {
        let known = self.peers.iter().filter_map(|(peer, known)| Some((known.status.as_ref()?.work, *peer)));
        let best = known.max().map(|(_, peer)| peer);
        best.into_iter().for_each(|peer| self.send(peer, Message::GetHeaders(source.locator())));
        best.is_some()
    }

    /// Orphans that waited for `parent`.
    pub fn adopt(&mut self, parent: &BlockId) -> Vec<(PeerId, Block)> {
        self.orphans.take_children(parent)
    }

    /// How many orphans wait.
    pub fn orphan_count(&self) -> usize {
        self.orphans.len()
    }

    /// Headers of a peer were good: ask for bodies, and for what follows `last` if the peer has more. That may lie on a branch that is
    /// not the best one yet. Nothing follows a header that was too far ahead to be kept: a later status asks again.
    pub fn headers_accepted(&mut self, now: Timestamp, from: PeerId, last: Option<BlockId>, source: &impl Source) {
        let locator = last.map_or(Vec::new(), |last| source.locator_from(&last));
        if !locator.is_empty() {
            self.send(from, Message::GetHeaders(locator));
        }
        self.fetch_bodies(now, source);
    }

    /// Asks for the bodies that the heaviest headers need.
    pub fn fetch_bodies(&mut self, now: Timestamp, source: &impl Source) {
        let wanted = source.missing_bodies(SYNC_WINDOW);
        if wanted.is_empty() {
            return;
        }
        let ours = source.status().work;
        let able: Vec<PeerId> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.status.as_ref().is_some_and(|s| s.work >= ours || source.is_led_by_votes()))
            .map(|(id, _)| *id)
            .collect();
        for (turn, id) in wanted.into_iter().enumerate() {
            let item = Item::Block(id);
            if able.is_empty() || self.orphans.contains(&id) || self.requests.contains(&item) {
                continue;
            }
            // Spread by id too, so that one peer that keeps silent is not the first asked every time.
            let first = (turn + usize::from(id.0[31])) % able.len();
            let order = able.iter().cycle().skip(first).take(able.len());
            let asked: Vec<_> = order.filter_map(|peer| self.requests.need(now, item, *peer)).collect();
            self.ask(asked);
        }
    }

    /// A peer did something wrong; enough of it and it is banned.
    pub fn blame(&mut self, now: Timestamp, peer: PeerId, fault: Fault) {
        if !self.peers.contains_key(&peer) {
            return;
        }
        self.effects.push_back(Effect::Blamed(peer, fault.clone()));
        if self.record.add(now, peer, fault.points()) {
            self.orphans.forget_peer(peer);
            self.disconnected(now, peer);
            self.effects.push_back(Effect::Disconnect(peer, fault));
        }
    }

    fn on_status(&mut self, now: Timestamp, from: PeerId, status: Status, source: &impl Source) {
        let ours = source.status();
        if let Err(fault) = status.same_chain(&ours).into_result() {
            self.blame(now, from, fault);
            return;
        }
        let Some(peer) = self.peers.get_mut(&from) else {
            return;
        };
        let ahead = (status.work >= ours.work || source.is_led_by_votes()) && status.tip != ours.tip;
        let differs = status.tip == ours.tip && status.announcements != ours.announcements;
        let unknown = ahead && !source.has_header(&status.tip);
        peer.known.insert(Item::Block(status.tip));
        if peer.status.replace(status).is_none() {
            self.send(from, Message::Status(ours));
            self.send_sample(from, source);
        }
        if unknown {
            self.send(from, Message::GetHeaders(source.locator()));
        } else if ahead {
            self.fetch_bodies(now, source);
        }
        if differs {
            self.ask_for_announcements(now, from, source);
        }
    }

    fn on_inventory(&mut self, now: Timestamp, from: PeerId, items: Vec<Item>, source: &impl Source) {
        let mut wanted = Vec::new();
        for item in items {
            if let Some(peer) = self.peers.get_mut(&from) {
                peer.known.insert(item);
            }
            let have = match &item {
                Item::Block(id) => source.has_block(id) || self.orphans.contains(id),
                Item::Transaction(id) => self.seen.contains(id),
            };
            if !have {
                wanted.extend(self.requests.add(now, item, from));
            }
        }
        self.ask(wanted);
    }

    /// Answers once for each item, and with at most [`SYNC_WINDOW`] blocks, which is all that an honest peer asks for at once.
    fn on_get(&mut self, from: PeerId, items: Vec<Item>, source: &impl Source) {
        let (mut missing, mut answered, mut blocks) = (Vec::new(), BTreeSet::new(), 0);
        for item in items {
            if !answered.insert(item) {
                continue;
            }
            blocks += usize::from(matches!(item, Item::Block(_)));
            if blocks > SYNC_WINDOW {
                break;
            }
            let message = match &item {
                Item::Block(id) => source.block(id).map(Message::Block),
                Item::Transaction(id) => source.transaction(id).map(Message::Transaction),
            };
            match message {
                Some(message) => {
                    if let Some(peer) = self.peers.get_mut(&from) {
                        peer.known.insert(item);
                    }
                    self.send(from, message);
                }
                None => missing.push(item),
            }
        }
        if !missing.is_empty() {
            self.send(from, Message::NotFound(missing));
        }
    }

    fn on_not_found(&mut self, now: Timestamp, from: PeerId, items: &[Item]) {
        let retry: Vec<_> = items.iter().filter_map(|item| self.requests.refused(now, item, from)).collect();
        self.ask(retry);
    }

    fn arrived(&mut self, now: Timestamp, from: PeerId, item: Item) {
        self.requests.arrived(now, &item, from);
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.known.insert(item);
        }
    }

    fn send_sample(&mut self, to: PeerId, source: &impl Source) {
        let sample = source.pool_sample(POOL_SAMPLE);
        if !sample.is_empty() {
            self.send(to, Message::Inventory(sample.into_iter().map(Item::Transaction).collect()));
        }
    }

    fn flush_announcements(&mut self) {
        self.flush_at = None;
        let batches: Vec<(PeerId, Vec<Item>)> = self
            .peers
            .iter_mut()
            .map(|(id, peer)| (*id, peer.take_announcements()))
            .filter(|(_, items)| !items.is_empty())
            .collect();
        batches.into_iter().for_each(|(peer, items)| self.send(peer, Message::Inventory(items)));
    }

    /// One message per peer for all that is asked of it.
    fn ask(&mut self, requests: Vec<(PeerId, Item)>) {
        let mut by_peer: BTreeMap<PeerId, Vec<Item>> = BTreeMap::new();
        for (peer, item) in requests {
            by_peer.entry(peer).or_default().push(item);
        }
        for (peer, items) in by_peer {
            for batch in items.chunks(MAX_ITEMS) {
                self.send(peer, Message::Get(batch.to_vec()));
            }
        }
    }

    fn send(&mut self, to: PeerId, message: Message) {
        self.effects.push_back(Effect::Send(to, message));
    }
}
