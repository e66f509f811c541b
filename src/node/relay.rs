//! Between gossip and the chain: what arrived is judged, what is good is kept and passed on, what is bad is blamed.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use super::{ChangeSet, EventKind, Held, MAX_HELD, Node, NodeSource, Output};
use crate::{
    chain::{Admission, BlockError, CheckedBlock, Dropped, Import, PoolError, check_transaction},
    gossip::{Delivery, Effect, Fault, PeerId},
    primitives::{Address, Block, BlockId, Checks, Header, Nonce, Timestamp, Transaction, TransactionId, ordered},
};

impl Node {
    pub(super) fn on_received(&mut self, now: Timestamp, from: PeerId, bytes: &[u8], checks: &mut Checks) {
        let source = NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating);
        match self.gossip.received(now, from, bytes, &source) {
            None => {}
            Some(Delivery::Headers { headers, full }) => self.take_headers(now, from, &headers, full),
            Some(Delivery::Block(block)) => self.take_block(now, Some(from), block, checks),
            Some(Delivery::Transaction(transaction)) => self.take_peers_transaction(now, from, transaction, checks),
            Some(Delivery::Direct(bytes)) => self.on_direct(now, from, &bytes, checks),
            Some(Delivery::Announcements(said)) => self.take_announcements(now, from, &said, checks),
        }
    }

    /// Judges a block, then the orphans that waited for it.
    pub(super) fn take_block(&mut self, now: Timestamp, from: Option<PeerId>, block: Block, checks: &mut Checks) {
        let before = self.chain.tip();
        let mut waiting = VecDeque::from([(from, block)]);
        while let Some((from, block)) = waiting.pop_front() {
            let id = block.id();
            match self.chain.import(now, block.clone(), checks) {
                Ok(Import::Known) => {}
                Ok(import) => {
                    self.imported(now, id, import);
                    self.watch_proposal(now, &block.header);
                    let children = self.gossip.adopt(&id);
                    waiting.extend(children.into_iter().map(|(peer, block)| (Some(peer), block)));
                }
                Err(error) => self.not_imported(now, from, id, block, error),
            }
        }
        if self.chain.tip() != before {
            self.show_chain(now, checks);
            self.watch_chain(now, checks);
            self.rebuild_template(now);
        }
        let source = NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating);
        self.gossip.fetch_bodies(now, &source);
    }

    pub(super) fn take_transaction(
        &mut self,
        now: Timestamp,
        transaction: Arc<Transaction>,
        checks: &mut Checks,
    ) -> Result<TransactionId, PoolError> {
        let id = transaction.id();
        check_transaction(&transaction, &self.chain.genesis_id(), checks)?;
        if Self::is_vote(&transaction) {
            return self.take_vote(now, transaction);
        }
        let Admission::Taken { mut replaced, evicted } = self.mempool.admit(transaction, self.chain.ledger())? else {
            return Ok(id);
        };
        self.gossip.announce_transaction(now, id, false);
        self.event(EventKind::TransactionAccepted { transaction: id, replaced: replaced.pop_first() });
        let replaced = replaced.into_iter().map(|old| (old, Dropped::Replaced));
        for (old, reason) in replaced.chain(evicted.into_iter().map(|old| (old, Dropped::Evicted))) {
            self.event(EventKind::TransactionDropped { transaction: old, reason, by: Some(id) });
        }
        Ok(id)
    }

    pub(super) fn take_gossip_effects(&mut self) {
        for effect in self.gossip.take_effects() {
            self.outbox.push_back(match effect {
                Effect::Send(to, message) => Output::Send { to, message },
                Effect::Disconnect(peer, fault) => Output::Disconnect { peer, fault },
                Effect::Blamed(peer, fault) => {
                    Output::Event { cause: self.inputs, event: EventKind::PeerBlamed { peer, fault } }
                }
            });
        }
    }

    fn take_peers_transaction(&mut self, now: Timestamp, from: PeerId, transaction: Transaction, checks: &mut Checks) {
        let id = transaction.id();
        if let Err(error) = self.take_transaction(now, Arc::new(transaction), checks) {
            if error.is_senders_fault() {
                self.gossip.blame(
                    now,
                    from,
                    Fault::InvalidTransaction { rule: error.code(), reason: error.to_string() },
                );
            }
            self.event(EventKind::TransactionRejected { transaction: id, error });
        }
    }

    fn take_headers(&mut self, now: Timestamp, from: PeerId, headers: &[Header], full: bool) {
        let result = self.chain.accept_headers(now, headers);
        match result {
            Err(error) if !error.is_temporary() && !error.is_view() => {
                self.gossip.blame(now, from, Fault::InvalidHeader { rule: error.code(), reason: error.to_string() });
            }
            // What was good before it is kept: its bodies say who else may propose.
            Err(error) if error.is_view() => {
                let source = NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating);
                self.gossip.fetch_bodies(now, &source);
            }
            Err(_) => {}
            Ok(new) => {
                if new > 0 {
                    self.event(EventKind::HeadersAccepted { new });
                }
                let last = headers.last().filter(|_| full).map(Header::id);
                let source = NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating);
                self.gossip.headers_accepted(now, from, last, &source);
            }
        }
    }

    fn imported(&mut self, now: Timestamp, id: BlockId, import: Import) {
        let stored = self.chain.tree().block(&id).cloned().map(|block| (id, block));
        self.outbox.push_back(Output::Persist(ChangeSet { blocks: ordered(stored), ..ChangeSet::default() }));
        if import == Import::SideBranch {
            let height = self.chain.tree().get(&id).map(|entry| entry.header.height).unwrap_or_default();
            self.event(EventKind::SideBranch { block: id, height });
            // By work, its state has not been judged yet: it is not announced, and whoever wants it asks for its headers first.
            if self.chain.is_staked() {
                self.gossip.announce_block(id);
            }
            return;
        }
        self.moved(now, import);
        self.gossip.announce_block(id);
    }

    /// The best chain has changed.
    pub(super) fn moved(&mut self, now: Timestamp, import: Import) {
        match import {
            Import::Known | Import::SideBranch => {}
            Import::Extended(block) => {
                let (id, height) = (block.id(), block.header.height);
                self.event(EventKind::Extended { block: id, height, transactions: block.transactions.len() });
                self.note_blocks(std::slice::from_ref(&block), true);
                self.network.follow([&block], self.chain.ledger());
                let gone = self.mempool.refresh(self.chain.ledger());
                self.tell_dropped(gone, &[block]);
            }
            Import::Reorged { disconnected, connected } => {
                self.note_blocks(&disconnected, false);
                self.note_blocks(&connected, true);
                self.network.follow(disconnected.iter().chain(&connected), self.chain.ledger());
                let gone = self.mempool.refresh(self.chain.ledger());
                self.readmit(now, &disconnected);
                self.tell_dropped(gone, &connected);
                let to = self.chain.tip();
                let from = disconnected.first().map_or(to, CheckedBlock::id);
                let (disconnected, connected) = (disconnected.len(), connected.len());
                self.event(EventKind::Reorged { from, to, disconnected, connected });
            }
        }
    }

    /// What waits no more since these blocks came, but for what they have confirmed.
    fn tell_dropped(&mut self, gone: Vec<(Arc<Transaction>, Dropped)>, blocks: &[CheckedBlock]) {
        if gone.is_empty() {
            return;
        }
        let confirmed = || blocks.iter().flat_map(|block| &block.transactions);
        let ids: BTreeSet<TransactionId> = ordered(confirmed().map(Transaction::id));
        let spent: BTreeMap<(Address, Nonce), TransactionId> =
            ordered(confirmed().flat_map(|one| one.unsigned.nonces().into_iter().map(|nonce| (nonce, one.id()))));
        for (transaction, reason) in gone {
            let id = transaction.id();
            if !ids.contains(&id) && self.mempool.get(&id).is_none() {
                let by = transaction.unsigned.nonces().iter().find_map(|nonce| spent.get(nonce).copied());
                self.event(EventKind::TransactionDropped { transaction: id, reason, by });
            }
        }
    }

    /// Transactions of blocks that left the best chain wait again, where they still can.
    fn readmit(&mut self, now: Timestamp, disconnected: &[CheckedBlock]) {
        for transaction in disconnected.iter().rev().flat_map(|block| &block.transactions) {
            if self.mempool.admit(Arc::new(transaction.clone()), self.chain.ledger()).is_ok() {
                let id = transaction.id();
                self.gossip.announce_transaction(now, id, false);
                if transaction.unsigned.sender().address() == self.address {
                    self.keep_own(now, id, Arc::new(transaction.clone()));
                }
            }
        }
    }

    fn not_imported(&mut self, now: Timestamp, from: Option<PeerId>, id: BlockId, block: Block, error: BlockError) {
        let parent = block.header.parent;
        // What cannot be judged yet is kept only if it may turn out good: else it costs nothing to make.
        let error = if error.is_temporary() { self.flaw(&block).unwrap_or(error) } else { error };
        match (&error, from) {
            (BlockError::UnknownParent { .. }, Some(from)) => {
                let source = NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating);
                self.gossip.orphan(from, id, block, &source);
                self.event(EventKind::Orphaned { block: id, parent });
                return;
            }
            (BlockError::TimestampTooNew { .. }, _) => {
                self.hold(id, from, block);
                return;
            }
            (_, Some(from)) if !error.is_view() => {
                let fault = Fault::InvalidBlock { block: id, rule: error.code(), reason: error.to_string() };
                self.gossip.blame(now, from, fault);
            }
            _ => {}
        }
        self.event(EventKind::BlockRejected { block: id, error });
    }

    /// What is wrong with a block whatever its parent and the time may be.
    fn flaw(&self, block: &Block) -> Option<BlockError> {
        let (bytes, limit) = (block.size(), self.chain.rules().max_block_bytes);
        if bytes > limit as usize {
            return Some(BlockError::TooLarge { bytes, limit });
        }
        let (computed, header) = (block.merkle_root(), block.header.merkle_root);
        (computed != header).then_some(BlockError::WrongMerkleRoot { computed, header })
    }

    /// Keeps a block until its time. Whatever would have to wait longest makes room.
    fn hold(&mut self, id: BlockId, from: Option<PeerId>, block: Block) {
        let drift = self.chain.rules().max_future_drift;
        let due = Timestamp(block.header.timestamp.0.saturating_sub(drift));
        self.held.insert(id, Held { due, from, block });
        let last = self.held.iter().max_by_key(|(_, held)| held.due).map(|(id, _)| *id);
        if let Some(last) = last.filter(|_| self.held.len() > MAX_HELD) {
            self.held.remove(&last);
        }
        if self.held.contains_key(&id) {
            self.event(EventKind::Held { block: id });
        }
    }
}
