//! Watchtowers: the one that this node has, and the one that it is for others.

use std::{collections::BTreeMap, sync::Arc};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{
    ChangeSet, CommandResult, EventKind, Node, Output,
    channels::{Held, seen_of},
};
use crate::{
    channel::{
        Claim, Direct, Guard, Phase, Progress, SETTLE_PATIENCE, Sight, Tower, TowerMessage, TowerNotice, TowerRefusal,
        Watch, WatchError, Watched, step_fee,
    },
    gossip::PeerId,
    primitives::{
        Action, Amount, ChannelId, Checks, Dispute, DisputeStep, FeeSource, Hash, PaymentHash, PublicKey, Tag,
        Timestamp, UnsignedTransaction, ordered,
    },
};

const DIGEST: Tag = Tag::new("tabchain/node-towers");

/// What its owner has set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct TowerSettings {
    /// Who watches this node's channels.
    pub tower: Option<PeerId>,
    /// Whether this node watches those of others.
    pub serves: bool,
}

/// Both halves.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Towers {
    settings: TowerSettings,
    /// What this node's tower knows of its channels.
    guards: BTreeMap<ChannelId, Guard>,
    /// What this node watches for others.
    watched: Tower<PeerId>,
}

impl Towers {
    pub(super) fn digest(&self) -> Hash {
        let TowerSettings { tower, serves } = self.settings;
        DIGEST.hash_of(&(tower, serves, &self.guards, self.watched.digest()))
    }
}

impl Node {
    /// What its owner has set about watchtowers.
    pub fn tower_settings(&self) -> TowerSettings {
        self.towers.settings
    }

    /// Who watches a channel of this node, and the number of the newest commitment that it has said to hold.
    pub fn tower_of(&self, channel: &ChannelId) -> Option<(PeerId, Option<u64>)> {
        let guard = self.towers.guards.get(channel)?;
        self.towers.settings.tower.map(|tower| (tower, guard.acknowledged()))
    }

    /// The channels that this node watches for others.
    pub fn watched(&self) -> &Tower<PeerId> {
        &self.towers.watched
    }

    /// Has another tower, or none, from now on.
    pub(super) fn set_tower(&mut self, now: Timestamp, tower: Option<PeerId>) -> CommandResult {
        let before = std::mem::replace(&mut self.towers.settings.tower, tower);
        if before != tower {
            self.persist_settings();
            for channel in std::mem::take(&mut self.towers.guards).into_keys() {
                self.persist_guard(&channel);
                before.into_iter().for_each(|before| self.tell(before, TowerMessage::Forget { channel }));
            }
            let handles: Vec<Hash> = self.channels.held.keys().copied().collect();
            handles.iter().for_each(|handle| self.report(now, handle));
        }
        CommandResult::Done
    }

    /// Watches channels of others from now on, or none any more.
    pub(super) fn serve_as_tower(&mut self, serves: bool) -> CommandResult {
        if std::mem::replace(&mut self.towers.settings.serves, serves) != serves {
            self.persist_settings();
            if !serves {
                let all: Vec<_> = self.towers.watched.iter().map(|(client, channel, _)| (client, channel)).collect();
                all.into_iter().for_each(|(client, channel)| self.stop_watching(client, channel));
            }
        }
        CommandResult::Done
    }

    pub(super) fn on_tower_message(
        &mut self,
        now: Timestamp,
        from: PeerId,
        message: TowerMessage,
        checks: &mut Checks,
    ) {
        match message {
            TowerMessage::Watch(watch) => self.on_watch(now, from, &watch, checks),
            TowerMessage::Forget { channel } => {
                if self.towers.watched.get(from, &channel).is_some() {
                    self.stop_watching(from, channel);
                }
            }
            TowerMessage::Watching { channel, progress } => {
                if let Some(guard) = self.guard_by(from, &channel) {
                    guard.answered(now, progress);
                    self.persist_guard(&channel);
                    self.remind(now, &channel);
                }
            }
            TowerMessage::Refused { channel, reason } => {
                if self.guard_by(from, &channel).is_some_and(|guard| guard.refuse(reason)) {
                    self.event(EventKind::Tower { channel, peer: from, notice: TowerNotice::Refused { reason } });
                }
            }
        }
    }

    /// A channel may have changed: its tower is told what is new, or forgets it by itself once it is over.
    pub(super) fn report(&mut self, now: Timestamp, handle: &Hash) {
        let (Some(tower), Some(held)) = (self.towers.settings.tower, self.channels.held.get(handle)) else {
            return;
        };
        let (channel, progress) = (held.channel.id(), Progress::of(&held.channel));
        if !can_be_watched(held, tower) {
            if self.towers.guards.remove(&channel).is_some() {
                self.persist_guard(&channel);
            }
            return;
        }
        self.towers.guards.entry(channel).or_insert_with(|| Guard::new(now, progress)).advanced(now, progress);
        self.remind(now, &channel);
    }

    /// The tower came back: it is told of everything.
    pub(super) fn tower_connected(&mut self, now: Timestamp, peer: PeerId) {
        if self.towers.settings.tower == Some(peer) {
            self.towers.guards.values_mut().for_each(|guard| guard.connected(now));
        }
    }

    pub(super) fn wake_guards(&mut self, now: Timestamp) {
        let channels: Vec<ChannelId> = self.towers.guards.keys().copied().collect();
        channels.iter().for_each(|channel| self.remind(now, channel));
    }

    pub(super) fn next_guard_wake(&self) -> Option<Timestamp> {
        let reachable = self.towers.settings.tower.is_some_and(|tower| self.is_connected(tower));
        let wakes = self.towers.guards.values().filter_map(Guard::next_wake);
        wakes.min().filter(|_| reachable)
    }

    /// Looks at the newest block for all that it watches, and for what its own tower brought there.
    pub(super) fn watch_chain(&mut self, now: Timestamp, checks: &mut Checks) {
        let guarded: Vec<ChannelId> = self.towers.guards.keys().copied().collect();
        guarded.iter().for_each(|channel| self.settle_shown(now, channel, checks));
        let all: Vec<_> = self.towers.watched.iter().map(|(client, channel, _)| (client, channel)).collect();
        for (client, channel) in all {
            self.look(now, client, channel, checks);
        }
        self.forget_brought();
        for (client, channel) in self.towers.watched.past() {
            self.stop_watching(client, channel);
            self.event(EventKind::Tower { channel, peer: client, notice: TowerNotice::Forgotten });
        }
    }

    /// After a restart.
    pub(super) fn restore_towers(&mut self, now: Timestamp, stored: &ChangeSet, checks: &mut Checks) {
        self.towers.settings = stored.towers.unwrap_or_default();
        for (client, watched) in &stored.watched {
            for (channel, watched) in watched.iter().filter_map(|(id, watched)| Some((id, watched.as_ref()?))) {
                self.towers.watched.keep(*client, *channel, Watched::clone(watched));
            }
        }
        for (channel, brought) in stored.brought.iter().filter_map(|(id, brought)| Some((id, brought.as_ref()?))) {
            self.towers.watched.keep_brought(*channel, Some((**brought).clone()));
        }
        let guards = stored.guards.iter().filter_map(|(id, guard)| Some((*id, Guard::clone(guard.as_ref()?))));
        self.towers.guards = ordered(guards);
        self.towers.guards.values_mut().for_each(|guard| guard.connected(now));
        let handles: Vec<Hash> = self.channels.held.keys().copied().collect();
        handles.iter().for_each(|handle| self.report(now, handle));
        self.watch_chain(now, checks);
    }

    fn on_watch(&mut self, now: Timestamp, from: PeerId, watch: &Watch, checks: &mut Checks) {
        let channel = watch.channel;
        if !self.towers.settings.serves {
            return self.tell(from, TowerMessage::Refused { channel, reason: TowerRefusal::NotServing });
        }
        let (before, genesis) = (self.towers.watched.get(from, &channel).cloned(), self.chain.genesis_id());
        let on_chain = self.chain.ledger().channel(&channel).map(|record| (record.keys.clone(), record.terms.policy));
        match self.towers.watched.watch(from, watch, on_chain, &genesis, checks) {
            Ok(progress) => {
                let after = self.towers.watched.get(from, &channel).cloned();
                let news = after != before;
                if news {
                    self.persist_watched(from, channel, after);
                }
                if before.is_none() {
                    let notice = TowerNotice::Watching { number: progress.number };
                    self.event(EventKind::Tower { channel, peer: from, notice });
                }
                self.tell(from, TowerMessage::Watching { channel, progress });
                if news {
                    // It may be late already.
                    self.look(now, from, channel, checks);
                }
            }
            Err(WatchError::Refused(reason)) => self.tell(from, TowerMessage::Refused { channel, reason }),
            Err(WatchError::Breach(breach)) => self.blame_in_channel(now, from, channel, breach.to_string()),
        }
    }

    /// Looks at the newest block for one channel, and answers what should not stand there.
    fn look(&mut self, now: Timestamp, client: PeerId, channel: ChannelId, checks: &mut Checks) {
        let ledger = self.chain.ledger();
        let (record, height) = (ledger.channel(&channel), ledger.height());
        let publication = record.as_deref().and_then(seen_of);
        let claims = self.towers.watched.get(client, &channel).map(|watched| &watched.claims[..]).unwrap_or_default();
        let registered = claims.iter().map(Claim::payment).filter(|payment| ledger.revealed(payment).is_some());
        let registered: Vec<PaymentHash> = registered.collect();
        let idle = publication.is_none() && registered.len() == claims.len();
        let sight = Sight { height, locked: record.map(|record| record.locked()), publication, registered };
        let budget = if idle { Amount::ZERO } else { self.budget(&channel) };
        let before = self.towers.watched.brought().get(&channel).cloned();
        let Some(answer) = self.towers.watched.look(client, &channel, &sight, budget) else {
            return;
        };
        if self.towers.watched.brought().get(&channel) != before.as_ref() {
            self.persist_brought(channel);
        }
        for notice in answer.notices {
            self.event(EventKind::Tower { channel, peer: client, notice });
        }
        for (step, fee) in answer.steps {
            self.take_step(now, channel, answer.keys.clone(), step, fee, checks);
        }
    }

    /// Brings a step to the chain, paid for by the account; nothing if there is nothing to pay with.
    fn take_step(
        &mut self,
        now: Timestamp,
        channel: ChannelId,
        keys: [PublicKey; 2],
        step: DisputeStep,
        fee: Amount,
        checks: &mut Checks,
    ) {
        let (payer, fee_from) = (self.keyring.public(), FeeSource::Account);
        let dispute = Dispute { channel, keys, payer, fee_from, step };
        let unsigned = UnsignedTransaction { fee, action: Action::Dispute(Box::new(dispute)) };
        if fee > Amount::ZERO {
            let transaction = unsigned.sign(self.keyring.key(), &self.chain.genesis_id());
            self.submit_for_channel(now, transaction, checks);
        }
    }

    /// Says what is due of one channel.
    fn remind(&mut self, now: Timestamp, channel: &ChannelId) {
        let Some(tower) = self.towers.settings.tower.filter(|tower| self.is_connected(*tower)) else {
            return;
        };
        let Some((watch, state)) = self.channel(channel).map(|(_, held)| (Watch::of(held), held.newest().1.clone()))
        else {
            return;
        };
        if self.towers.guards.get_mut(channel).is_some_and(|guard| guard.is_due(now, &state)) {
            self.persist_guard(channel);
            let watch = watch.sign(self.keyring.key(), &self.chain.genesis_id());
            self.tell(tower, TowerMessage::Watch(Box::new(watch)));
        }
    }

    /// The tower has shown a commitment that is not the newest, so that perhaps nobody else knows what it stands for.
    fn settle_shown(&mut self, now: Timestamp, id: &ChannelId, checks: &mut Checks) {
        let (Some((_, channel)), Some(guard)) = (self.channel(id), self.towers.guards.get(id)) else {
            return;
        };
        let Phase::Disputed(Some(seen)) = *channel.phase() else {
            return;
        };
        let (height, state) = (self.chain.height().0, guard.state_of(seen.number).cloned());
        let waited = height.checked_sub(seen.window_ends.0 + SETTLE_PATIENCE);
        let (Some(waited), Some(state), None) = (waited, state, channel.state_of(seen.number)) else {
            return;
        };
        let (keys, stake) = (channel.funding().keys(), channel.funding().capacity().unwrap_or_default());
        let wanted = step_fee(u32::try_from(waited).unwrap_or(u32::MAX), stake);
        self.take_step(now, *id, keys, DisputeStep::Settle(state), wanted.min(self.budget(id)), checks);
    }

    /// The guard of a channel, if `from` is the tower.
    fn guard_by(&mut self, from: PeerId, channel: &ChannelId) -> Option<&mut Guard> {
        let tower = self.towers.settings.tower == Some(from);
        self.towers.guards.get_mut(channel).filter(|_| tower)
    }

    /// What could be offered for steps about a channel: what is available, and what own ones that wait, and would be replaced, offer.
    fn budget(&self, channel: &ChannelId) -> Amount {
        let key = self.keyring.public();
        let own = |transaction: &crate::primitives::Transaction| matches!(&transaction.unsigned.action, Action::Dispute(dispute) if dispute.payer == key && dispute.channel == *channel);
        let waits = self.mempool.iter().filter(|pooled| own(&pooled.transaction));
        let offered = waits.map(|pooled| pooled.transaction.unsigned.fee);
        Amount::checked_sum(offered.chain([self.available()])).unwrap_or(Amount::MAX)
    }

    fn is_connected(&self, peer: PeerId) -> bool {
        self.gossip.peers().any(|(other, _)| other == peer)
    }

    fn tell(&mut self, to: PeerId, message: TowerMessage) {
        self.gossip.send_direct(to, Direct::Tower(message).to_bytes());
        self.take_gossip_effects();
    }

    fn stop_watching(&mut self, client: PeerId, channel: ChannelId) {
        self.towers.watched.forget(client, &channel);
        self.persist_watched(client, channel, None);
    }

    /// What was brought to the chain for channels that have ended does not count any more.
    fn forget_brought(&mut self) {
        let ended = |channel: &&ChannelId| self.chain.ledger().channel(channel).is_none();
        let ended: Vec<ChannelId> = self.towers.watched.brought().keys().filter(ended).copied().collect();
        for channel in ended {
            self.towers.watched.keep_brought(channel, None);
            self.persist_brought(channel);
        }
    }

    fn persist_brought(&mut self, channel: ChannelId) {
        let brought = self.towers.watched.brought().get(&channel).cloned().map(Arc::new);
        let brought = ordered([(channel, brought)]);
        self.outbox.push_back(Output::Persist(ChangeSet { brought, ..ChangeSet::default() }));
    }

    fn persist_settings(&mut self) {
        let towers = Some(self.towers.settings);
        self.outbox.push_back(Output::Persist(ChangeSet { towers, ..ChangeSet::default() }));
    }

    /// Stores what the tower was told, or that it does not matter any more.
    fn persist_guard(&mut self, channel: &ChannelId) {
        let guards = ordered([(*channel, self.towers.guards.get(channel).cloned().map(Arc::new))]);
        self.outbox.push_back(Output::Persist(ChangeSet { guards, ..ChangeSet::default() }));
    }

    fn persist_watched(&mut self, client: PeerId, channel: ChannelId, watched: Option<Watched>) {
        let watched = ordered([(client, ordered([(channel, watched.map(Arc::new))]))]);
        self.outbox.push_back(Output::Persist(ChangeSet { watched, ..ChangeSet::default() }));
    }
}

/// Whether a tower can stand in for this node in a channel: it is on the chain, and the tower is not the other party.
fn can_be_watched(held: &Held, tower: PeerId) -> bool {
    let channel = &held.channel;
    let on_chain = channel.seen().funding.is_some() && !channel.is_over();
    on_chain && channel.is_cosigned() && held.peer != tower
}
