//! The node's channels: messages find them, blocks are shown to them, and what they want is done.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use super::{ChangeSet, CommandResult, EventKind, Node, Output, StoredChannel};
use crate::{
    chain::{ChannelRecord, CheckedBlock, PoolError},
    channel::{
        Channel, Context, Effect, Ending, Event, Invalid, Observation, Offer, Refusal, Seen, routing::Announcement,
    },
    gossip::{Fault, PeerId},
    primitives::{
        Action, Amount, ChannelId, Checks, Dispute, DisputeStep, Hash, Height, Nonce, Side, Timestamp, Transaction,
        ordered,
    },
};

/// Channels that are not over.
pub(super) const MAX_CHANNELS: usize = 64;

/// All channels of a node.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Channels {
    pub(super) offers: BTreeMap<Hash, (PeerId, Offer)>,
    pub(super) held: BTreeMap<Hash, Held>,
    /// Nonces that were promised to fundings which will not be, and that nothing has taken since.
    pub(super) gaps: BTreeSet<Nonce>,
}

/// A channel, whom it is with, and what the best chain has of it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Held {
    pub(super) peer: PeerId,
    /// Shared with what was stored, until it changes.
    pub(super) channel: Arc<Channel>,
    funding: Option<Height>,
    publisher: Option<Side>,
    pub(super) ending: Option<(Height, Ending)>,
    /// What this node announced of it last.
    pub(super) announced: Option<Announcement>,
}

/// Why a command about a channel is not possible. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ChannelRefusal {
    /// This node has no such channel.
    #[error("this node has no channel {channel}")]
    Unknown {
        /// Which.
        channel: ChannelId,
    },
    /// The channel says no.
    #[error(transparent)]
    Channel(#[from] Refusal),
    /// There is no connection to the peer.
    #[error("no connection to the other party")]
    NotConnected,
    /// The node has too many channels.
    #[error("this node has {limit} channels already")]
    TooMany {
        /// How many it may have.
        limit: usize,
    },
    /// Terms or deposits out of range.
    #[error(transparent)]
    Terms(#[from] crate::chain::ChannelError),
    /// Too little money for it. For a resize, what the channel would bring counts as available.
    #[error("available {available} < deposit {deposit} + fee {fee}")]
    CannotDeposit {
        /// What the account could spend.
        available: Amount,
        /// What was to be locked.
        deposit: Amount,
        /// For the miner.
        fee: Amount,
    },
    /// Too little for the miner.
    #[error("fee {fee} < {minimum}, the least for a funding")]
    FeeTooLow {
        /// What was offered.
        fee: Amount,
        /// The least.
        minimum: Amount,
    },
}

impl ChannelRefusal {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-channel",
            Self::Channel(refusal) => refusal.code(),
            Self::NotConnected => "not-connected",
            Self::TooMany { .. } => "too-many-channels",
            Self::Terms(error) => error.code(),
            Self::CannotDeposit { .. } => "cannot-deposit",
            Self::FeeTooLow { .. } => "fee-too-low",
        }
    }
}

impl Held {
    pub(super) fn new(peer: PeerId, channel: Arc<Channel>) -> Self {
        Self { peer, channel, funding: None, publisher: None, ending: None, announced: None }
    }

    /// Notes what a block of the best chain does to the channel, or did before it left.
    fn note(&mut self, block: &CheckedBlock, joins: bool) {
        let height = block.header.height;
        for transaction in &block.transactions {
            let id = self.channel.id();
            match &transaction.unsigned.action {
                Action::Transfer { .. } => {}
                Action::Fund(funding) => {
                    if funding.parties[0].salt == self.channel.handle_name() && transaction.id() == id {
                        self.funding = joins.then_some(height);
                    }
                    if funding.resizes.is_some_and(|resizing| resizing.channel == id) {
                        self.ending = joins.then_some((height, Ending::Resized));
                    }
                }
                action if action.channel() != Some(&id) => {}
                Action::Close(_) => self.ending = joins.then_some((height, Ending::Cooperative)),
                Action::Dispute(dispute) => self.note_step(dispute, height, joins),
                _ => {}
            }
        }
    }

    fn note_step(&mut self, dispute: &Dispute, height: Height, joins: bool) {
        let publisher = self.publisher;
        match dispute.step {
            DisputeStep::Publish(_) => {
                let keys = self.channel.funding().keys();
                self.publisher = Side::BOTH.into_iter().find(|side| joins && keys[side.index()] == dispute.payer);
            }
            DisputeStep::Refute(_) | DisputeStep::Reveal(_) => {}
            DisputeStep::Punish(_) => {
                self.ending = publisher.filter(|_| joins).map(|loser| (height, Ending::Punished(loser)));
            }
            DisputeStep::Settle(_) => self.ending = joins.then_some((height, Ending::Settled)),
        }
    }
}

impl Node {
    /// This node's channels with the other party of each, also those that are over.
    pub fn channels(&self) -> impl Iterator<Item = (PeerId, &Channel)> + '_ {
        self.channels.held.values().map(|held| (held.peer, &*held.channel))
    }

    /// A channel by its id.
    pub fn channel(&self, id: &ChannelId) -> Option<(PeerId, &Channel)> {
        self.channels().find(|(_, channel)| channel.id() == *id)
    }

    /// Channels that this node has offered and that are not answered yet, with whom it was asked.
    pub fn offers(&self) -> impl Iterator<Item = (PeerId, &Offer)> + '_ {
        self.channels.offers.values().map(|(peer, offer)| (*peer, offer))
    }

    /// Whether a command about a channel would be possible now; tries it on a copy.
    ///
    /// # Errors
    /// The [`ChannelRefusal`] that would stop it.
    pub fn try_channel(&self, id: &ChannelId, event: Event) -> Result<(), ChannelRefusal> {
        let unknown = ChannelRefusal::Unknown { channel: *id };
        let mut channel = self.channel(id).ok_or(unknown)?.1.clone();
        let genesis = self.chain.genesis_id();
        let mut checks = Checks::forgetful();
        let (now, key, balance) = (Timestamp(0), self.keyring.key(), &|| self.available());
        let mut context = Context { now, key, genesis: &genesis, checks: &mut checks, balance };
        match channel.handle(&mut context, event) {
            Err(Invalid::Refused(refusal)) => Err(refusal.into()),
            Ok(_) | Err(Invalid::Breach(_)) => Ok(()),
        }
    }

    pub(super) fn on_channel_command(
        &mut self,
        now: Timestamp,
        id: &ChannelId,
        event: Event,
        checks: &mut Checks,
    ) -> CommandResult {
        let Some(handle) = self.handle_of(id) else {
            return CommandResult::ChannelRefused(ChannelRefusal::Unknown { channel: *id });
        };
        match self.give(now, &handle, event, checks) {
            Err(Invalid::Refused(refusal)) => CommandResult::ChannelRefused(refusal.into()),
            Ok(()) | Err(Invalid::Breach(_)) => CommandResult::Done,
        }
    }

    /// Gives an event to a channel and does what it wants.
    pub(super) fn give(
        &mut self,
        now: Timestamp,
        handle: &Hash,
        event: Event,
        checks: &mut Checks,
    ) -> Result<(), Invalid> {
        let Some(held) = self.channels.held.get(handle) else {
            return Ok(());
        };
        let (before, mut channel) = (Arc::clone(&held.channel), Arc::clone(&held.channel));
        let (genesis, balance) = (self.chain.genesis_id(), || self.available());
        let mut context = Context { now, key: self.keyring.key(), genesis: &genesis, checks, balance: &balance };
        let learns = matches!(event, Event::Fulfil { .. });
        let effects = Arc::make_mut(&mut channel).handle(&mut context, event)?;
        let (promised, promises) = (before.promised(), channel.promised());
        if channel != before
            && let Some(held) = self.channels.held.get_mut(handle)
        {
            held.channel = channel;
            self.persist_channel(handle);
        }
        if learns {
            // The other party hears of a preimage only after our tower.
            self.report(now, handle);
        }
        self.obey_channel(now, handle, effects, checks);
        if let (Some((nonce, _)), None) = (promised, promises) {
            self.release(now, nonce, checks);
        }
        self.report(now, handle);
        self.announce(now, handle);
        self.follow_resize(now, handle, &before, checks);
        Ok(())
    }

    /// Keeps a new channel and does what it wants.
    pub(super) fn keep_channel(
        &mut self,
        now: Timestamp,
        peer: PeerId,
        channel: Channel,
        effects: Vec<Effect>,
        checks: &mut Checks,
    ) {
        self.forget_channels();
        let handle = channel.handle_name();
        self.channels.held.insert(handle, Held::new(peer, Arc::new(channel)));
        self.persist_channel(&handle);
        self.obey_channel(now, &handle, effects, checks);
    }

    /// Shows the newest block to every channel.
    pub(super) fn show_chain(&mut self, now: Timestamp, checks: &mut Checks) {
        let handles: Vec<Hash> = self.channels.held.keys().copied().collect();
        for handle in handles {
            let seen = self.observe(&self.channels.held[&handle]);
            // Nothing that the chain shows is refused.
            drop(self.give(now, &handle, Event::Chain(seen), checks));
        }
        self.fill_gaps(now, checks);
    }

    /// Notes what blocks that joined or left the best chain do to channels.
    pub(super) fn note_blocks(&mut self, blocks: &[CheckedBlock], join: bool) {
        for held in self.channels.held.values_mut() {
            blocks.iter().for_each(|block| held.note(block, join));
        }
    }

    /// After a restart: channels as stored, with what the best chain has of them.
    pub(super) fn restore_channels(&mut self, now: Timestamp, stored: &ChangeSet, checks: &mut Checks) {
        for (handle, stored) in &stored.channels {
            if let Some(StoredChannel { peer, channel, announced }) = stored.as_deref() {
                let held = Held { announced: announced.clone(), ..Held::new(*peer, Arc::clone(channel)) };
                self.channels.held.insert(*handle, held);
            }
        }
        if !self.channels.held.is_empty() {
            let best: Vec<CheckedBlock> =
                self.chain.best().iter().filter_map(|id| self.chain.tree().block(id)).cloned().collect();
            self.note_blocks(&best, true);
            self.match_resizes(now, checks);
            self.show_chain(now, checks);
            let peers: BTreeSet<PeerId> = ordered(self.channels.held.values().map(|held| held.peer));
            peers.into_iter().for_each(|peer| self.channels_connected(now, peer, checks));
        }
        self.find_gaps();
        self.fill_gaps(now, checks);
    }

    pub(super) fn channels_connected(&mut self, now: Timestamp, peer: PeerId, checks: &mut Checks) {
        let with = |held: &Held| held.peer == peer;
        let handles: Vec<Hash> =
            self.channels.held.iter().filter(|(_, held)| with(held)).map(|(handle, _)| *handle).collect();
        for handle in handles {
            drop(self.give(now, &handle, Event::Connected, checks));
        }
    }

    pub(super) fn wake_channels(&mut self, now: Timestamp, checks: &mut Checks) {
        self.wake_offers(now, checks);
        let due = |held: &Held| held.channel.next_wake().is_some_and(|due| due <= now);
        let handles: Vec<Hash> =
            self.channels.held.iter().filter(|(_, held)| due(held)).map(|(handle, _)| *handle).collect();
        for handle in handles {
            drop(self.give(now, &handle, Event::Wake, checks));
        }
    }

    pub(super) fn next_channel_wake(&self) -> Option<Timestamp> {
        let offers = self.channels.offers.values().map(|(_, offer)| offer.next_wake());
        offers.chain(self.channels.held.values().filter_map(|held| held.channel.next_wake())).min()
    }

    /// Nonces and deposits that this node owes to fundings which are not on the chain.
    pub(super) fn promises(&self) -> impl Iterator<Item = (Nonce, Amount)> + '_ {
        let offered = self.channels.offers.values().map(|(_, offer)| offer.promised());
        let held = self.channels.held.values().filter_map(|held| held.channel.promised());
        offered.chain(held).filter(|(nonce, _)| !self.mempool.takes(&self.address, *nonce))
    }

    pub(super) fn blame_in_channel(&mut self, now: Timestamp, peer: PeerId, channel: Hash, reason: String) {
        self.gossip.blame(now, peer, Fault::Channel { channel, reason });
    }

    pub(super) fn handle_of(&self, id: &ChannelId) -> Option<Hash> {
        self.channels.held.iter().find(|(_, held)| held.channel.id() == *id).map(|(handle, _)| *handle)
    }

    fn observe(&self, held: &Held) -> Observation {
        let (ledger, channel) = (self.chain.ledger(), &held.channel);
        let record = ledger.channel(&channel.id());
        let publication = record.as_deref().and_then(seen_of);
        let parties = channel.funding().parties.iter();
        let unspent = parties.clone().all(|party| ledger.account(&party.key.address()).nonce <= party.nonce);
        let possible = unspent && self.can_replace(channel);
        let known = channel.payments().into_iter().filter_map(|payment| ledger.revealed(&payment));
        let register = known.map(|revealed| (revealed.preimage, revealed.height)).collect();
        Observation {
            height: ledger.height(),
            funding: held.funding,
            possible,
            publication,
            ending: held.ending,
            register,
        }
    }

    fn obey_channel(&mut self, now: Timestamp, handle: &Hash, effects: Vec<Effect>, checks: &mut Checks) {
        let Some((peer, channel)) = self.channels.held.get(handle).map(|held| (held.peer, held.channel.id())) else {
            return;
        };
        for effect in effects {
            match effect {
                Effect::Send(message) => self.say(peer, message),
                Effect::Htlc(news) => self.on_htlc(now, handle, news, checks),
                Effect::Resize(wish) => self.offer_resize(now, handle, wish, checks),
                Effect::Notice(notice) => self.event(EventKind::Channel { channel, peer, notice }),
                Effect::Submit(transaction) => self.submit_for_channel(now, transaction, checks),
            }
            self.take_gossip_effects();
        }
    }

    /// A channel asks for its transactions again with every block: what waits already, or is outbid by the other party's, is no news.
    pub(super) fn submit_for_channel(&mut self, now: Timestamp, transaction: Transaction, checks: &mut Checks) {
        let (id, transaction) = (transaction.id(), Arc::new(transaction));
        match self.take_transaction(now, Arc::clone(&transaction), checks) {
            Ok(_) => self.keep_own(now, id, transaction),
            Err(PoolError::ReplacementUnderpriced { .. } | PoolError::Outdated { .. }) => {}
            Err(error) => self.event(EventKind::TransactionRejected { transaction: id, error }),
        }
    }

    pub(super) fn persist_channel(&mut self, handle: &Hash) {
        let Some(held) = self.channels.held.get(handle) else {
            return;
        };
        let Held { peer, channel, announced, .. } = held;
        let stored = StoredChannel { peer: *peer, channel: Arc::clone(channel), announced: announced.clone() };
        let channels = ordered([(*handle, Some(Arc::new(stored)))]);
        self.outbox.push_back(Output::Persist(ChangeSet { channels, ..ChangeSet::default() }));
    }
}

/// A force close, as whoever watches the chain sees it.
pub(super) fn seen_of(record: &ChannelRecord) -> Option<Seen> {
    let at = record.publication?;
    let (publisher, published, number, window_ends) = (at.publisher, at.published, at.number, at.window_ends);
    Some(Seen { publisher, published, number, window_ends, charged: record.charged })
}
