//! Nodes that do not keep to the rules: the world bends what they say, at their door.
//!
//! The node behind the door is an honest one: it cannot do otherwise. What its owner would do with the key and with what the node has stored, the
//! world does: it keeps back or forges messages on their way out, and gives commands when a block has come. No promise about the honest is asked of
//! somebody who has misbehaved once.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::{NodeIndex, World};
use crate::{
    channel::{Body, Change, Channel, Direct, Message as Word, step_fee},
    gossip::{Message, PeerId},
    node::{Command, Node, Output},
    primitives::{
        Action, Amount, ChannelId, CoSigned, Commitment, Dispute, DisputeStep, Epoch, FeeSource, Hash, Height,
        MAX_HTLCS, MIN_HTLC, PaymentHash, Preimage, Revelation, SecretKey, Signature, Slot, State, Transaction,
        UnsignedTransaction,
    },
};

/// Blocks before an expiry at which a racer claims: off the chain, and on it.
const LAST_BLOCKS: [u64; 2] = [1, 2];
/// Blocks after a forged commitment was shown to the peer, when it is shown to everybody.
const SHOW_AFTER: u64 = 3;
/// An old commitment is published against a watchful peer once it is worth this part of the capacity more than the newest.
const TEMPTING: u64 = 8;

/// How a node misbehaves.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Misbehaviour {
    /// Goes silent in the middle of an update: in each channel, nothing is heard of it any more after its next proposal or first signature.
    Silent,
    /// Signs another commitment of each number, in its own favour, and shows it: to its peer before the true one, and to everybody later.
    DoubleSign,
    /// Never reveals the preimage of a payment to it.
    Withhold,
    /// Pays somebody who withholds, or jams too, with every block as often as there is room for, so that others find none.
    Jam,
    /// Claims payments in the last blocks before they expire: off the chain or on it.
    Race,
    /// Publishes the revoked commitment that is worth most to it: once that pays, or as soon as the other party looks away.
    PublishOld,
    /// As a validator, makes two blocks for each of its slots.
    Equivocate,
    /// As a validator, votes twice in each epoch: nothing is at stake for it, it believes.
    VoteTwice,
}

/// What the world knows of a node's misdeeds.
#[derive(Debug, Clone, Default)]
pub(super) struct Adversary {
    how: Option<Misbehaviour>,
    ever: bool,
    /// Channels, by handle, in which a silent one has had its last word.
    mute: BTreeSet<Hash>,
    /// What it has forged last, by channel, and at which height; until it was shown to everybody.
    forged: BTreeMap<ChannelId, (CoSigned, Height)>,
    /// Payments that a racer has claimed on the chain.
    claimed: BTreeSet<PaymentHash>,
    /// The last slot and the last epoch in which it said two things as a validator.
    pub(super) doubled: (Slot, Epoch),
}

impl Misbehaviour {
    /// Whether payments to it are left pending.
    const fn holds(self) -> bool {
        matches!(self, Self::Withhold | Self::Jam | Self::Race)
    }
}

impl Adversary {
    /// How it misbehaves now.
    pub(super) const fn how(&self) -> Option<Misbehaviour> {
        self.how
    }
}

impl World {
    /// Whether a node has kept to the rules so far.
    pub fn is_honest(&self, index: NodeIndex) -> bool {
        self.node(index).is_some_and(|sim| !sim.adversary.ever)
    }

    /// No promise about the honest is asked of a node any more.
    pub(super) fn distrust(&mut self, index: NodeIndex) {
        self.nodes[index as usize].adversary.ever = true;
    }

    /// From now on a node misbehaves like this, or not any more.
    pub(super) fn misbehave(&mut self, index: NodeIndex, how: Option<Misbehaviour>) {
        let adversary = &mut self.nodes[index as usize].adversary;
        let ever = adversary.ever || how.is_some();
        let before = std::mem::replace(adversary, Adversary { how, ever, ..Adversary::default() });
        let (held, holds) = (before.how.is_some_and(Misbehaviour::holds), how.is_some_and(Misbehaviour::holds));
        if held != holds {
            self.command(index, Command::HoldPayments(holds));
        }
        self.scheme(index);
    }

    /// What really leaves a misbehaving node instead of this.
    pub(super) fn bend(&mut self, index: NodeIndex, output: Output) -> Vec<Output> {
        let how = self.nodes[index as usize].adversary.how;
        let Output::Send { to, message: Message::Direct(bytes) } = &output else {
            return vec![output];
        };
        let (Some(how), Ok(Direct::Channel(word))) = (how, Direct::parse(bytes)) else {
            return vec![output];
        };
        match how {
            Misbehaviour::Silent if self.is_mute(index, &word) => Vec::new(),
            Misbehaviour::Race if self.is_too_early(index, &word) => Vec::new(),
            Misbehaviour::DoubleSign => {
                let forged = self.forge(index, &word).map(|word| Direct::Channel(word).to_bytes());
                let forged = forged.map(|bytes| Output::Send { to: *to, message: Message::Direct(bytes) });
                forged.into_iter().chain([output]).collect()
            }
            _ => vec![output],
        }
    }

    /// What a misbehaving node's owner does when a block has come.
    pub(super) fn scheme(&mut self, index: NodeIndex) {
        if self.nodes[index as usize].node.is_none() {
            return;
        }
        match self.nodes[index as usize].adversary.how {
            Some(Misbehaviour::DoubleSign) => self.show_forged(index),
            Some(Misbehaviour::Jam) => self.jam(index),
            Some(Misbehaviour::Race) => self.race(index),
            Some(Misbehaviour::PublishOld) => self.publish_best(index),
            Some(Misbehaviour::Equivocate) => self.propose_twice(index),
            Some(Misbehaviour::VoteTwice) => self.vote_twice(index),
            Some(Misbehaviour::Silent | Misbehaviour::Withhold) | None => {}
        }
    }

    /// Silent: whether this stays unsaid. A proposal or a first signature is the last that is heard.
    fn is_mute(&mut self, index: NodeIndex, word: &Word) -> bool {
        let mute = &mut self.nodes[index as usize].adversary.mute;
        let last = matches!(word.body, Body::Propose { .. } | Body::Sign { .. });
        if last { !mute.insert(word.handle) } else { mute.contains(&word.handle) }
    }

    /// Race: a claim is kept back until the last blocks.
    fn is_too_early(&self, index: NodeIndex, word: &Word) -> bool {
        let Body::Propose { change: Change::Fulfil { id, .. }, .. } = &word.body else {
            return false;
        };
        let expiry = self.channel_of(index, &word.handle).and_then(|channel| channel.htlc(*id)).map(|htlc| htlc.expiry);
        expiry.is_some_and(|expiry| self.height_of(index).0 + LAST_BLOCKS[1] < expiry.0)
    }

    /// Double sign: another signature of the number that this signs.
    fn forge(&mut self, index: NodeIndex, word: &Word) -> Option<Word> {
        let channel = self.channel_of(index, &word.handle)?;
        let (number, side, id) = (number_signed(&word.body)?, channel.side(), channel.id());
        let newest = channel.newest();
        let draft = channel.pending().map(|draft| (draft.commitment, &draft.state));
        let known = [Some((newest.0.commitment, newest.1)), draft].into_iter().flatten();
        let (commitment, state) = known.into_iter().find(|(commitment, _)| commitment.number == number)?;
        let forged = Commitment { state: in_favour(state, side.index())?.hash(), ..commitment };
        let mut signatures = newest.0.signatures.clone();
        let (key, height) = (self.key_of(index), self.height_of(index));
        let forgery = forged.sign(&key, &self.genesis_id(), &id);
        signatures[side.index()] = forgery.clone();
        let shown = CoSigned { commitment: forged, signatures };
        let at = &mut self.nodes[index as usize].adversary.forged;
        at.entry(id).or_insert((shown, height)).0 = shown.clone();
        Some(Word { handle: word.handle, body: resigned(&word.body, forgery)? })
    }

    /// Double sign: the forged commitment goes to everybody, as a publication.
    fn show_forged(&mut self, index: NodeIndex) {
        let height = self.height_of(index);
        let forged = &self.nodes[index as usize].adversary.forged;
        let due = forged
            .iter()
            .find(|(_, (_, at))| at.0 + SHOW_AFTER <= height.0)
            .map(|(id, (shown, _))| (*id, shown.clone()));
        let Some((id, shown)) = due else { return };
        let signed = self.dispute_of(index, &id, DisputeStep::Publish(shown));
        self.nodes[index as usize].adversary.forged.remove(&id);
        for other in self.neighbours(index) {
            if let Some(transaction) = &signed {
                self.send_to_peer(index, PeerId(u64::from(other)), &Message::Transaction(transaction.clone()));
            }
        }
    }

    /// Jam: fills what room there is with payments that an accomplice will not take.
    fn jam(&mut self, index: NodeIndex) {
        let helps = |how: Option<Misbehaviour>| matches!(how, Some(Misbehaviour::Jam | Misbehaviour::Withhold));
        let mut others = (0..).zip(&self.nodes).filter(|(at, _)| *at != index);
        let accomplice = others.find(|(_, sim)| sim.node.is_some() && helps(sim.adversary.how)).map(|(at, _)| at);
        let Some((accomplice, node)) = accomplice.zip(self.nodes[index as usize].node.as_ref()) else {
            return;
        };
        let room = |channel: &Channel| MAX_HTLCS.saturating_sub(channel.unsettled().count() + channel.queued().count());
        let open = node.channels().map(|(_, channel)| channel).filter(|channel| channel.is_usable());
        let room: usize = open.map(room).sum();
        for _ in 0..room.min(MAX_HTLCS) {
            self.send_payment(index, accomplice, MIN_HTLC, None);
        }
    }

    /// Race: claims what expires now, by turns off the chain and on it.
    fn race(&mut self, index: NodeIndex) {
        let (height, mut takes) = (self.height_of(index).0, false);
        let Some(node) = &self.nodes[index as usize].node else {
            return;
        };
        let held: Vec<(ChannelId, Preimage, Height)> = node
            .pending_here()
            .filter_map(|(handle, id, preimage)| {
                let channel = channel_by(node, &handle)?;
                Some((channel.id(), preimage, channel.htlc(id)?.expiry))
            })
            .collect();
        for (id, preimage, expiry) in held {
            let on_chain = usize::from(preimage.payment().0[0] % 2);
            if height + LAST_BLOCKS[on_chain] < expiry.0 || height >= expiry.0 {
                continue;
            }
            if on_chain == 0 {
                takes = true;
            } else if self.nodes[index as usize].adversary.claimed.insert(preimage.payment()) {
                let step = DisputeStep::Reveal(Revelation { preimage, expiry });
                if let Some(transaction) = self.dispute_of(index, &id, step) {
                    self.command(index, Command::Submit(Box::new(transaction)));
                }
            }
        }
        if takes {
            self.command(index, Command::HoldPayments(false));
            self.command(index, Command::HoldPayments(true));
        }
    }

    /// Publish old: in each channel whatever is worth most, if that is worth it.
    fn publish_best(&mut self, index: NodeIndex) {
        let Some(node) = &self.nodes[index as usize].node else {
            return;
        };
        let open = node.channels().filter(|(_, channel)| channel.phase().is_live());
        let best: Vec<_> = open
            .filter_map(|(peer, channel)| {
                let (side, newest) = (channel.side().index(), channel.newest());
                let kept = self.kept.get(&(index, channel.id()))?.iter();
                let revoked = kept.filter(|(shown, _)| shown.commitment.number < newest.0.commitment.number);
                let old = revoked.max_by_key(|(shown, state)| (state.balances[side], shown.commitment.number))?;
                let gain = old.1.balances[side].checked_sub(newest.1.balances[side])?;
                let capacity = channel.funding().capacity()?;
                let least = if self.is_away(index, peer) { Amount::ZERO } else { part(capacity, TEMPTING) };
                let fee = step_fee(0, capacity);
                (gain > least.max(fee)).then(|| (channel.id(), Box::new(old.clone())))
            })
            .collect();
        for (channel, old) in best {
            self.command(index, Command::PublishOld { channel, old });
        }
    }

    /// Whether a peer is off, or cannot be heard.
    fn is_away(&self, index: NodeIndex, peer: PeerId) -> bool {
        let other = u32::try_from(peer.0).ok().filter(|other| (*other as usize) < self.nodes.len());
        other.is_none_or(|other| {
            let link = self.links.get(&(index.min(other), index.max(other)));
            self.nodes[other as usize].node.is_none() || link.is_none_or(|link| link.cut)
        })
    }

    /// A step of a dispute that the node itself would not take.
    fn dispute_of(&self, index: NodeIndex, id: &ChannelId, step: DisputeStep) -> Option<Transaction> {
        let (_, channel) = self.nodes[index as usize].node.as_ref()?.channel(id)?;
        let (key, keys, capacity) = (self.key_of(index), channel.funding().keys(), channel.funding().capacity()?);
        let dispute = Dispute { channel: *id, keys, payer: key.public(), fee_from: FeeSource::Account, step };
        let unsigned = UnsignedTransaction { fee: step_fee(4, capacity), action: Action::Dispute(Box::new(dispute)) };
        Some(unsigned.sign(&key, &self.genesis_id()))
    }

    pub(super) fn key_of(&self, index: NodeIndex) -> SecretKey {
        self.keyring_of(&self.nodes[index as usize]).key().clone()
    }

    fn height_of(&self, index: NodeIndex) -> Height {
        self.nodes[index as usize].node.as_ref().map(|node| node.chain().height()).unwrap_or_default()
    }

    fn channel_of(&self, index: NodeIndex, handle: &Hash) -> Option<&Channel> {
        channel_by(self.nodes[index as usize].node.as_ref()?, handle)
    }
}

fn channel_by<'a>(node: &'a Node, handle: &Hash) -> Option<&'a Channel> {
    node.channels().map(|(_, channel)| channel).find(|channel| channel.handle_name() == *handle)
}

/// The number of the commitment that a message brings a signature of.
const fn number_signed(body: &Body) -> Option<u64> {
    match body {
        Body::Sign { number, .. } | Body::Commit { number, .. } => Some(*number),
        _ => None,
    }
}

/// The same with another signature.
fn resigned(body: &Body, signature: Signature) -> Option<Body> {
    match body.clone() {
        Body::Sign { number, .. } => Some(Body::Sign { number, signature }),
        Body::Commit { number, secret, next_point, .. } => Some(Body::Commit { number, signature, secret, next_point }),
        _ => None,
    }
}

/// The state in which one party owns what the other did; nothing if that was nothing.
fn in_favour(state: &State, side: usize) -> Option<State> {
    let mut forged = state.clone();
    let theirs = std::mem::take(&mut forged.balances[1 - side]);
    forged.balances[side] = forged.balances[side].checked_add(theirs)?;
    (theirs > Amount::ZERO).then_some(forged)
}

fn part(amount: Amount, of: u64) -> Amount {
    Amount::new(amount.units() / of).unwrap_or_default()
}
