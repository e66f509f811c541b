//! The promises about channels: 2 and 4 whenever a node stores one, 5 when one closes.

use std::collections::BTreeMap;

use super::{Invariant, Violation, forwards::Forwards};
use crate::{
    chain::decide,
    channel::{CONFIRMATIONS, Channel, Ending, Notice, Phase, TowerNotice},
    gossip::PeerId,
    node::{ChangeSet, Node, StoredChannel},
    primitives::{Action, Amount, ChannelId, Commitment, DisputeStep, Height, Side, State, Transaction},
    sim::{NodeIndex, World},
};

/// Commitments remembered of each channel: one number is not signed twice, also not a few updates later.
const MAX_REMEMBERED: usize = 8;
/// Blocks that must be left when a party sees a publication for its refutation to be included surely.
const BLOCKS_LEFT: u64 = 4;

/// What is known of channels from what nodes have stored before.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct Watch {
    parties: BTreeMap<(NodeIndex, ChannelId), Watched>,
    signed: BTreeMap<ChannelId, BTreeMap<u64, Commitment>>,
    pub(super) forwards: Forwards,
    troubles: u64,
}

/// One party of a channel, as it was stored last.
#[derive(Debug, Clone, Copy, Default)]
struct Watched {
    number: u64,
    /// The number of the newest commitment that it had signed when it published.
    published: Option<u64>,
    /// The world's troubles when it saw a publication in good time.
    in_time: Option<u64>,
}

impl Watch {
    /// Something happened after which a party may not count as online: a node or link failed, or many blocks were taken back.
    pub(in crate::sim) fn trouble(&mut self) {
        self.troubles += 1;
    }

    pub(super) const fn troubles(&self) -> u64 {
        self.troubles
    }
}

impl World {
    /// Evaluates 2 and 4 on what a node stores; 4 only on the honest.
    pub(in crate::sim) fn check_stored(&mut self, index: NodeIndex, changes: &ChangeSet) {
        for stored in changes.channels.values().flatten() {
            let key = (index, stored.channel.id());
            let before = self.watch.parties.get(&key).copied();
            let balanced = self.check_balances(&stored.channel, before);
            let faithful = self.is_honest(index).then(|| self.check_signatures(stored, before));
            let results = [(Invariant::Balances, Some(balanced)), (Invariant::Commitments, faithful)];
            for (invariant, result) in results.into_iter().filter_map(|(kind, result)| Some((kind, result?))) {
                let detail = result.clone().err().unwrap_or_default();
                let violation = Violation { invariant, key: self.last_key(), node: Some(index), detail };
                self.lights.tally(violation, result.is_ok());
            }
            let after = self.watch.parties.entry(key).or_default();
            after.number = stored.channel.newest().0.commitment.number;
            after.published = after.published.or(stored.channel.published().map(|_| highest_signed(&stored.channel)));
        }
    }

    /// Evaluates 5 when a node sees that a channel has ended, and remembers publications that it saw in good time.
    pub(in crate::sim) fn check_notice(&mut self, index: NodeIndex, id: &ChannelId, notice: &Notice) {
        match notice {
            Notice::Published { window_ends, .. } => {
                let height = self.running().map(|(_, node)| node.chain().height()).max().unwrap_or_default();
                let troubles = self.watch.troubles;
                let party = self.watch.parties.entry((index, *id)).or_default();
                // Whoever comes back and sees it late may have a tower that saw it in time.
                party.in_time = in_time(*window_ends, height).then_some(troubles).or(party.in_time);
            }
            Notice::Closed { ending } => {
                self.check_forwards_of(index, id, *ending);
                let Some((owed, paid)) = self.owed_and_paid(index, id, *ending).filter(|_| self.is_honest(index))
                else {
                    return;
                };
                let detail = format!("channel {} owes {owed}, pays {paid}", id.short());
                let (invariant, key) = (Invariant::Payout, self.last_key());
                self.lights.tally(Violation { invariant, key, node: Some(index), detail }, paid >= owed);
            }
            _ => {}
        }
    }

    /// A tower acts for a party, which counts as online if the tower holds its newest commitment, or need not.
    pub(in crate::sim) fn check_tower(&mut self, client: PeerId, id: &ChannelId, notice: &TowerNotice) {
        let troubles = self.watch.troubles;
        let height = self.running().map(|(_, node)| node.chain().height()).max().unwrap_or_default();
        let party = NodeIndex::try_from(client.0).ok().and_then(|client| self.watch.parties.get_mut(&(client, *id)));
        let Some(party) = party else { return };
        match notice {
            TowerNotice::Refuting { number, window_ends } if *number == party.number => {
                party.in_time = in_time(*window_ends, height).then_some(troubles);
            }
            TowerNotice::Punishing { window_ends, .. } => {
                party.in_time = in_time(*window_ends, height).then_some(troubles);
            }
            TowerNotice::TooPoor { .. } => party.in_time = None,
            _ => {}
        }
    }

    /// 2: what both own and what is pending is the capacity, and numbers grow one by one.
    fn check_balances(&self, channel: &Channel, before: Option<Watched>) -> Result<(), String> {
        let (signed, state) = channel.newest();
        let capacity = channel.funding().capacity();
        if state.total() != capacity {
            let (balances, pending) = (state.balances, state.pending());
            return Err(format!("balances {balances:?}, HTLCs {pending:?}, capacity {capacity:?}"));
        }
        let (number, last) = (signed.commitment.number, before.map_or(0, |before| before.number));
        if number < last || number > last + 1 {
            return Err(format!("commitment {number} after {last}"));
        }
        Ok(())
    }

    /// 4: one commitment of a number, none after publishing, and no revocation of a current one.
    fn check_signatures(&mut self, stored: &StoredChannel, before: Option<Watched>) -> Result<(), String> {
        let (channel, PeerId(peer)) = (&stored.channel, stored.peer);
        let id = channel.id();
        let known = self.watch.signed.entry(id).or_default();
        let pending = channel.pending().filter(|draft| draft.ours.is_some()).map(|draft| draft.commitment);
        for commitment in [Some(channel.newest().0.commitment), pending].into_iter().flatten() {
            let first = known.entry(commitment.number).or_insert(commitment);
            if *first != commitment {
                return Err(format!("two commitments of number {}", commitment.number));
            }
        }
        while known.len() > MAX_REMEMBERED {
            known.pop_first();
        }
        let published = before.and_then(|before| before.published);
        if published.is_some_and(|last| highest_signed(channel) > last) {
            return Err(format!("signed {} after publishing", highest_signed(channel)));
        }
        let other = u32::try_from(peer).ok().and_then(|peer| self.watch.parties.get(&(peer, id)));
        match other {
            Some(other) if channel.revoked() > other.number => {
                Err(format!("has revoked {} commitments, holds number {}", channel.revoked(), other.number))
            }
            _ => Ok(()),
        }
    }

    /// The least that an honest party who was online was owed, and what the chain has paid it; before its own fees.
    fn owed_and_paid(&self, index: NodeIndex, id: &ChannelId, ending: Ending) -> Option<(Amount, Amount)> {
        let node = self.node(index)?.node.as_ref()?;
        let (_, channel) = node.channel(id)?;
        let (newest, watched) = (channel.newest(), self.watch.parties.get(&(index, *id)).copied()?);
        let cheated = channel.published().is_some_and(|number| number < newest.0.commitment.number);
        let online = channel.published().is_some() || watched.in_time == Some(self.watch.troubles);
        let agreed = matches!(ending, Ending::Cooperative | Ending::Resized);
        if cheated || (!agreed && !online) || *channel.phase() != Phase::Closed(ending) {
            return None;
        }
        let (height, _) = channel.seen().ending?;
        let of = |state: &State| worth(node, state, channel.side(), height);
        let pending = channel.pending().map(|draft| of(&draft.state));
        let owed = pending.into_iter().chain([of(newest.1)]).min()?;
        Some((owed, paid(node, channel, ending)?))
    }
}

/// What a state is worth to a party in the block at `height`: its balance, and the HTLCs that the register of preimages decides for it.
fn worth(node: &Node, state: &State, side: Side, height: Height) -> Amount {
    let decided = state.htlcs.iter().filter(|htlc| decide(htlc, height, node.chain().ledger()) == Some(side));
    let owned = decided.map(|htlc| htlc.amount).chain([state.balances[side.index()]]);
    Amount::checked_sum(owned).unwrap_or(Amount::MAX)
}

/// The transaction that has ended a channel, and the height of its block.
fn last_step<'a>(node: &'a Node, channel: &Channel) -> Option<(&'a Transaction, Height)> {
    let (id, (height, _)) = (channel.id(), channel.seen().ending?);
    let block = node.chain().tree().block(node.chain().best().get(usize::try_from(height.0).ok()?)?)?;
    let last = block.transactions.iter().rfind(|transaction| transaction.unsigned.action.channel() == Some(&id))?;
    Some((last, height))
}

/// The state that was paid out, if a dispute has ended with one, and at which height.
pub(super) fn settled(node: &Node, channel: &Channel) -> Option<(State, Height)> {
    let (last, height) = last_step(node, channel)?;
    match &last.unsigned.action {
        Action::Dispute(dispute) => match &dispute.step {
            DisputeStep::Settle(state) => Some((state.clone(), height)),
            _ => None,
        },
        _ => None,
    }
}

/// What the chain has paid a party before its own fees.
fn paid(node: &Node, channel: &Channel, ending: Ending) -> Option<Amount> {
    let (side, id) = (channel.side(), channel.id());
    if let Ending::Punished(loser) = ending {
        return if loser == side { Some(Amount::ZERO) } else { channel.funding().capacity() };
    }
    let (last, height) = last_step(node, channel)?;
    match &last.unsigned.action {
        Action::Close(closing) => {
            // Who proposed it has agreed to pay the fee.
            let lacks =
                |side: Side| channel.newest().1.balances[side.index()].checked_sub(closing.balances[side.index()]);
            let fee = if lacks(side) == Some(last.unsigned.fee) { last.unsigned.fee } else { Amount::ZERO };
            closing.balances[side.index()].checked_add(fee)
        }
        Action::Dispute(dispute) => match &dispute.step {
            DisputeStep::Settle(state) => Some(worth(node, state, side, height)),
            _ => None,
        },
        Action::Fund(funding) => {
            let resizing = funding.resizes.filter(|resizing| resizing.channel == id)?;
            let key = channel.funding().keys()[side.index()].clone();
            Some(resizing.balances[funding.keys().iter().position(|party| *party == key)?])
        }
        _ => None,
    }
}

fn in_time(window_ends: Height, height: Height) -> bool {
    window_ends.0 >= height.0 + BLOCKS_LEFT
}

fn highest_signed(channel: &Channel) -> u64 {
    let pending = channel.pending().filter(|draft| draft.ours.is_some()).map(|draft| draft.commitment.number);
    pending.unwrap_or(0).max(channel.newest().0.commitment.number)
}

/// Whether a reorg takes back more than channels count on.
pub(in crate::sim) const fn is_deep(disconnected: usize) -> bool {
    disconnected as u64 >= CONFIRMATIONS
}
