//! Resizing: the channel that this node offers or accepts in place of another, and how the two follow each other.
//!
//! What both sign for the new one says what each owns of the old one, so the old one stands still from before anything is signed until the new one
//! is on the chain or can never be. Here is what neither channel knows of the other.

use std::sync::Arc;

use super::{ChannelRefusal, CommandResult, EventKind, Node, channels::Held};
use crate::{
    chain::check_funding,
    channel::{Channel, Ending, Event, Invalid, Notice, Phase, Refusal, Request, Successor, Wish},
    gossip::PeerId,
    primitives::{Amount, ChannelId, Checks, Hash, Nonce, Party, Terms, Timestamp},
};

/// What naming the channel that ends adds to a funding, bytes.
const RESIZING_BYTES: usize = 48;

impl Node {
    /// Whether a channel could be resized now, as far as this node knows.
    ///
    /// # Errors
    /// The [`ChannelRefusal`] that would stop it.
    pub fn try_resize(&self, id: &ChannelId, wish: Wish) -> Result<(), ChannelRefusal> {
        let (peer, channel) = self.channel(id).ok_or(ChannelRefusal::Unknown { channel: *id })?;
        if !self.gossip.peers().any(|(other, _)| other == peer) {
            return Err(ChannelRefusal::NotConnected);
        }
        self.try_channel(id, Event::Resize(wish))?;
        self.can_resize(channel, wish)
    }

    pub(super) fn resize(&mut self, now: Timestamp, id: &ChannelId, wish: Wish, checks: &mut Checks) -> CommandResult {
        match self.try_resize(id, wish) {
            Ok(()) => self.on_channel_command(now, id, Event::Resize(wish), checks),
            Err(refusal) => CommandResult::ChannelRefused(refusal),
        }
    }

    /// The turn is ours: offers the channel that is to take the place of another.
    pub(super) fn offer_resize(&mut self, now: Timestamp, handle: &Hash, wish: Wish, checks: &mut Checks) {
        let Some((peer, channel)) = self.channels.held.get(handle).map(|held| (held.peer, Arc::clone(&held.channel)))
        else {
            return;
        };
        if self.can_resize(&channel, wish).is_err() {
            let (channel, notice) = (channel.id(), Notice::NotResized);
            return self.event(EventKind::Channel { channel, peer, notice });
        }
        let party = self.party(wish.ours);
        let request = self.replacement(&channel, party, wish.fee);
        let successor = self.offer(now, peer, request.clone(), checks);
        self.make_room(now, successor, &request, checks);
    }

    /// Whether another channel may take the place of one that we have with `from`; not now, if that is `false`.
    pub(super) fn judge_resize(&self, from: PeerId, id: &ChannelId, request: &Request) -> Result<bool, String> {
        let known = self.channel(id).filter(|(peer, _)| *peer == from);
        let (_, channel) = known.ok_or_else(|| "this node has no such channel with you".to_owned())?;
        channel.may_resize(request).map_err(str::to_owned)
    }

    /// The channel that a request would end stands still from now on.
    pub(super) fn make_room(&mut self, now: Timestamp, handle: Hash, request: &Request, checks: &mut Checks) {
        let ends = request.resizes.and_then(|resizing| self.handle_of(&resizing.channel));
        if let Some(old) = ends {
            let successor = Successor { handle, valid_until: request.terms.valid_until };
            // What it could refuse was judged before.
            drop(self.give(now, &old, Event::Resizing(successor), checks));
        }
    }

    /// Whether an accepter is not the other party of the channel that would end.
    pub(super) fn is_with_another(&self, request: &Request, accepter: &Party) -> bool {
        let ends = request.resizes.and_then(|resizing| self.channel(&resizing.channel));
        ends.is_some_and(|(_, channel)| channel.funding().keys()[channel.side().other().index()] != accepter.key)
    }

    /// Whether nothing but its own inclusion can have ended the channel whose place this one takes.
    pub(super) fn can_replace(&self, channel: &Channel) -> bool {
        let Some(resizing) = channel.funding().resizes else {
            return true;
        };
        let published = self.chain.ledger().channel(&resizing.channel).is_some_and(|old| old.publication.is_some());
        let held = self.handle_of(&resizing.channel).and_then(|handle| self.channels.held.get(&handle)?.ending);
        !published && held.is_none_or(|(_, ending)| ending == Ending::Resized)
    }

    /// A channel has changed: the other one of a resize may have to.
    pub(super) fn follow_resize(&mut self, now: Timestamp, handle: &Hash, before: &Channel, checks: &mut Checks) {
        let Some(held) = self.channels.held.get(handle) else { return };
        let (was, is) = (before.phase(), held.channel.phase());
        if was == is {
            return;
        }
        if *was == Phase::Resizing || (*was == Phase::Accepted && before.funding().resizes.is_some()) {
            self.match_resizes(now, checks);
        }
        let waits = |phase: &Phase| matches!(phase, Phase::Accepted | Phase::Funding | Phase::Abandoned);
        let begins = self.channels.held.get(handle).is_some_and(|held| waits(was) && !waits(held.channel.phase()));
        if begins && let Some(resizing) = before.funding().resizes {
            self.hand_over(now, &resizing.channel, handle, checks);
        }
    }

    /// What is not signed is given up once the channel whose place it would take is needed, or has ended; and one whose successor is given up unsigned
    /// goes on.
    pub(super) fn match_resizes(&mut self, now: Timestamp, checks: &mut Checks) {
        let offers = self.channels.offers.iter();
        let vain =
            offers.filter(|(handle, (_, offer))| !self.has_room(handle, offer.request().resizes.map(|it| it.channel)));
        for handle in vain.map(|(handle, _)| *handle).collect::<Vec<_>>() {
            self.drop_offer(now, handle, "the channel does not stand as it did".to_owned(), checks);
        }
        let held = self.channels.held.iter();
        let off = held.filter(|(handle, held)| match held.channel.phase() {
            Phase::Accepted => !self.has_room(handle, held.channel.funding().resizes.map(|it| it.channel)),
            Phase::Resizing => held.channel.successor().is_none_or(|next| self.is_given_up(&next.handle)),
            _ => false,
        });
        for handle in off.map(|(handle, _)| *handle).collect::<Vec<_>>() {
            drop(self.give(now, &handle, Event::ResizeOff, checks));
        }
    }

    /// Whether the channel whose place `handle` is to take, if there is one, stands still for it.
    fn has_room(&self, handle: &Hash, ends: Option<ChannelId>) -> bool {
        let waits = |(_, channel): (PeerId, &Channel)| {
            *channel.phase() == Phase::Resizing && channel.successor().is_some_and(|next| next.handle == *handle)
        };
        ends.is_none_or(|id| self.channel(&id).is_some_and(waits))
    }

    /// Whether there is no such channel, and we have not signed its funding.
    fn is_given_up(&self, handle: &Hash) -> bool {
        let unsigned = |held: &Held| held.channel.is_over() && !held.channel.is_cosigned();
        !self.channels.offers.contains_key(handle) && self.channels.held.get(handle).is_none_or(unsigned)
    }

    /// Payments that waited in a channel are made by the one that has taken its place.
    fn hand_over(&mut self, now: Timestamp, old: &ChannelId, to: &Hash, checks: &mut Checks) {
        let Some(from) = self.handle_of(old) else { return };
        let Some(held) = self.channels.held.get_mut(&from) else { return };
        let payments = Arc::make_mut(&mut held.channel).hand_over();
        if payments.is_empty() {
            return;
        }
        let peer = held.peer;
        self.persist_channel(&from);
        for (amount, times) in payments {
            if let Err(Invalid::Refused(refusal)) = self.give(now, to, Event::Pay { amount, times }, checks) {
                let spendable = match refusal {
                    Refusal::CannotPay { spendable, .. } => spendable,
                    _ => Amount::ZERO,
                };
                let total = (0..times).try_fold(Amount::ZERO, |sum, _| sum.checked_add(amount));
                let notice = Notice::NotPaid { amount: total.unwrap_or(Amount::MAX), spendable };
                self.event(EventKind::Channel { channel: *old, peer, notice });
            }
        }
    }

    /// Whether fee, money and terms allow it. What the channel has for us is available.
    fn can_resize(&self, channel: &Channel, wish: Wish) -> Result<(), ChannelRefusal> {
        let Wish { ours: deposit, fee } = wish;
        let minimum = self.funding_fee(channel.funding().keys().each_ref(), RESIZING_BYTES);
        if fee < minimum {
            return Err(ChannelRefusal::FeeTooLow { fee, minimum });
        }
        let available = self.available().checked_add(channel.resizing().balances[0]).unwrap_or(Amount::MAX);
        if deposit.checked_add(fee).is_none_or(|needed| needed > available) {
            return Err(ChannelRefusal::CannotDeposit { available, deposit, fee });
        }
        let party = Party { key: self.keyring.public(), nonce: Nonce(0), deposit, salt: Hash::ZERO };
        let request = self.replacement(channel, party, fee);
        let key = channel.funding().keys()[channel.side().other().index()].clone();
        let other = Party { key, nonce: Nonce(0), deposit: request.theirs, salt: Hash::ZERO };
        Ok(check_funding(&request.funding(other))?)
    }

    /// A channel on the same terms, of which the other party locks what it owns now.
    fn replacement(&self, channel: &Channel, party: Party, fee: Amount) -> Request {
        let (resizing, valid_until) = (channel.resizing(), self.funding_valid_until());
        let terms = Terms { valid_until, ..channel.funding().terms.clone() };
        Request { party, theirs: resizing.balances[1], terms, fee, resizes: Some(resizing) }
    }
}
