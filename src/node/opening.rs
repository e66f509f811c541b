//! Channels that are offered: what this node offers, what it accepts, and the account's nonces that it promises meanwhile.

use super::{
    ChangeSet, ChannelRefusal, CommandResult, EventKind, Node, OpenChannel, Output, Transfer,
    channels::{Held, MAX_CHANNELS},
};
use crate::{
    chain::{check_funding, fee_of},
    channel::{Body, Channel, Context, MAX_REASON_BYTES, Message, Offer, Request},
    gossip::PeerId,
    primitives::{
        Amount, Checks, Funding, Hash, Height, Memo, Nonce, Party, PublicKey, Signature, Tag, Terms, Timestamp, ordered,
    },
};

const SALT: Tag = Tag::new("tabchain/channel-salt");
/// Blocks within which a funding must be included.
const FUNDING_VALID: u64 = 20;
/// The most blocks that this node agrees to leave a funding open.
const MAX_FUNDING_VALID: u64 = 200;
/// Channels that are past and still shown.
const MAX_PAST: usize = 192;
/// Channels that one peer may be opening with this node at a time: each holds a nonce of its account.
const MAX_OPENING: usize = 8;
/// Bytes of a funding transaction, about, but for keys and signatures.
const FUNDING_BYTES: usize = 224;
/// What a transfer to oneself offers that fills the gap of a promised nonce which was not used.
const FILLER_FEE: Amount = Amount::literal(200);

impl Node {
    /// Whether a channel could be offered now.
    ///
    /// # Errors
    /// The [`ChannelRefusal`] that would stop it.
    pub fn try_open(&self, open: &OpenChannel) -> Result<(), ChannelRefusal> {
        if !self.gossip.peers().any(|(peer, _)| peer == open.peer) {
            return Err(ChannelRefusal::NotConnected);
        }
        self.affordable(open)
    }

    /// Whether terms, count and money allow it, connected or not.
    ///
    /// # Errors
    /// As [`Node::try_open`].
    pub fn affordable(&self, open: &OpenChannel) -> Result<(), ChannelRefusal> {
        if self.live_channels() >= MAX_CHANNELS {
            return Err(ChannelRefusal::TooMany { limit: MAX_CHANNELS });
        }
        let (available, deposit, fee) = (self.available(), open.ours, open.fee);
        // The other key comes with the answer; whoever has a longer one asks for more.
        let own = self.keyring.public();
        let minimum = self.funding_fee([&own, &own], 0);
        if fee < minimum {
            return Err(ChannelRefusal::FeeTooLow { fee, minimum });
        }
        if deposit.checked_add(fee).is_none_or(|needed| needed > available) {
            return Err(ChannelRefusal::CannotDeposit { available, deposit, fee });
        }
        let terms = self.terms(open);
        let party = |deposit, key| Party { key, nonce: Nonce(0), deposit, salt: Hash::ZERO };
        let nobody = PublicKey::Ed25519([0; 32]);
        let parties = [party(open.ours, own), party(open.theirs, nobody)];
        Ok(check_funding(&Funding { parties, terms, resizes: None })?)
    }

    pub(super) fn open_channel(&mut self, now: Timestamp, open: &OpenChannel, checks: &mut Checks) -> CommandResult {
        if let Err(refusal) = self.try_open(open) {
            return CommandResult::ChannelRefused(refusal);
        }
        let OpenChannel { peer, theirs, fee, .. } = *open;
        let request = Request { party: self.party(open.ours), theirs, terms: self.terms(open), fee, resizes: None };
        CommandResult::Offered(self.offer(now, peer, request, checks))
    }

    /// Offers a channel; its handle.
    pub(super) fn offer(&mut self, now: Timestamp, peer: PeerId, request: Request, checks: &mut Checks) -> Hash {
        let (genesis, handle) = (self.chain.genesis_id(), request.party.salt);
        let context = Context { now, key: self.keyring.key(), genesis: &genesis, checks, balance: &|| Amount::ZERO };
        let (offer, message) = Offer::new(&context, request);
        self.channels.offers.insert(handle, (peer, offer));
        self.say(peer, message);
        handle
    }

    pub(super) fn on_offer(
        &mut self,
        now: Timestamp,
        from: PeerId,
        handle: Hash,
        request: Request,
        points: [Hash; 2],
        checks: &mut Checks,
    ) {
        match self.judge_offer(from, &handle, &request) {
            Ok(true) => {}
            // It will ask again.
            Ok(false) => return,
            Err(reason) => {
                let reason = reason.chars().take(MAX_REASON_BYTES / 4).collect();
                self.say(from, Message { handle, body: Body::Refuse { reason } });
                return;
            }
        }
        let party = self.party(request.theirs);
        let genesis = self.chain.genesis_id();
        let mut context =
            Context { now, key: self.keyring.key(), genesis: &genesis, checks, balance: &|| Amount::ZERO };
        let (channel, effects) = Channel::accept(&mut context, &request, points, party);
        self.keep_channel(now, from, channel, effects, checks);
        self.make_room(now, handle, &request, checks);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one message")]
    pub(super) fn on_accepted(
        &mut self,
        now: Timestamp,
        from: PeerId,
        handle: Hash,
        party: Party,
        points: [Hash; 2],
        signature: Signature,
        checks: &mut Checks,
    ) {
        let Some((_, offer)) = self.channels.offers.get(&handle).filter(|(peer, _)| *peer == from).cloned() else {
            return;
        };
        if self.is_with_another(offer.request(), &party) {
            return self.blame_in_channel(now, from, handle, "accepts with another key".to_owned());
        }
        let genesis = self.chain.genesis_id();
        let mut context =
            Context { now, key: self.keyring.key(), genesis: &genesis, checks, balance: &|| Amount::ZERO };
        match offer.accepted(&mut context, party, points, signature) {
            Ok((channel, effects)) => {
                self.channels.offers.remove(&handle);
                self.keep_channel(now, from, channel, effects, checks);
            }
            Err(breach) => self.blame_in_channel(now, from, handle, breach.to_string()),
        }
    }

    pub(super) fn on_offer_refused(
        &mut self,
        now: Timestamp,
        from: PeerId,
        handle: Hash,
        reason: String,
        checks: &mut Checks,
    ) {
        if self.channels.offers.get(&handle).is_some_and(|(peer, _)| *peer == from) {
            self.drop_offer(now, handle, reason, checks);
        }
    }

    /// Repeats offers, and gives up those that nobody answers.
    pub(super) fn wake_offers(&mut self, now: Timestamp, checks: &mut Checks) {
        let due: Vec<Hash> =
            self.channels.offers.iter().filter(|(_, (_, offer))| offer.next_wake() <= now).map(|(id, _)| *id).collect();
        for handle in due {
            let Some((peer, offer)) = self.channels.offers.get_mut(&handle) else { continue };
            match (*peer, offer.wake(now)) {
                (peer, Some(message)) => self.say(peer, message),
                (_, None) => self.drop_offer(now, handle, "no answer".to_owned(), checks),
            }
        }
    }

    /// A promised nonce was not used.
    pub(super) fn release(&mut self, now: Timestamp, nonce: Nonce, checks: &mut Checks) {
        self.channels.gaps.insert(nonce);
        self.fill_gaps(now, checks);
    }

    /// Own transactions that wait behind a gap would wait for ever, so it is filled.
    pub(super) fn fill_gaps(&mut self, now: Timestamp, checks: &mut Checks) {
        let account = self.chain.ledger().account(&self.address);
        self.channels.gaps.retain(|nonce| *nonce >= account.nonce);
        loop {
            let next = self.mempool.next_nonce(&self.address, account);
            let promised = self.promises().any(|(nonce, _)| nonce == next);
            let gap = self.channels.gaps.contains(&next) && !promised;
            if !gap || !self.mempool.waits_beyond(&self.address, next) {
                return;
            }
            let (to, amount) = (self.address, Amount::literal(1));
            let memo = Memo::new("instead of a channel").unwrap_or_default();
            let filler = Transfer { to, amount, fee: FILLER_FEE, memo, nonce: Some(next) };
            if !matches!(self.transfer(now, filler, checks), CommandResult::Accepted(_)) {
                // Too poor now; the next block may change that.
                return;
            }
        }
    }

    /// After a restart: offers are forgotten, and what was promised to them leaves gaps before own transactions.
    pub(super) fn find_gaps(&mut self) {
        let mut nonce = self.chain.ledger().account(&self.address).nonce;
        while self.mempool.waits_beyond(&self.address, nonce) {
            if !self.mempool.takes(&self.address, nonce) {
                self.channels.gaps.insert(nonce);
            }
            nonce = nonce.next();
        }
    }

    /// The next nonce that is neither waiting nor promised.
    pub(super) fn next_nonce(&self) -> Nonce {
        let account = self.chain.ledger().account(&self.address);
        let mut next = self.mempool.next_nonce(&self.address, account);
        while self.promises().any(|(nonce, _)| nonce == next) || self.mempool.takes(&self.address, next) {
            next = next.next();
        }
        next
    }

    /// Forgets those that are past, oldest first, until few enough are left.
    pub(super) fn forget_channels(&mut self) {
        let past = self.channels.held.iter().filter(|(_, held)| held.channel.is_past());
        let mut past: Vec<_> = past.map(|(handle, held)| (held.ending.map(|(height, _)| height), *handle)).collect();
        past.sort_unstable();
        for (_, handle) in &past[..past.len().saturating_sub(MAX_PAST)] {
            self.channels.held.remove(handle);
            let channels = ordered([(*handle, None)]);
            self.outbox.push_back(Output::Persist(ChangeSet { channels, ..ChangeSet::default() }));
        }
    }

    pub(super) fn drop_offer(&mut self, now: Timestamp, handle: Hash, reason: String, checks: &mut Checks) {
        if let Some((peer, offer)) = self.channels.offers.remove(&handle) {
            self.event(EventKind::OfferRefused { handle, peer, reason });
            self.release(now, offer.request().party.nonce, checks);
            self.match_resizes(now, checks);
        }
    }

    /// Whether this node wants the channel; not now, if that is `false`.
    fn judge_offer(&self, from: PeerId, handle: &Hash, request: &Request) -> Result<bool, String> {
        let Request { party, theirs, terms, fee, resizes } = request;
        let height = self.chain.height();
        if party.salt != *handle {
            return Err("the handle is not the opener's salt".to_owned());
        }
        if self.channels.offers.contains_key(handle) {
            return Err("the handle is taken".to_owned());
        }
        let opening = |held: &&Held| held.peer == from && held.channel.promised().is_some();
        if self.channels.held.values().filter(opening).count() >= MAX_OPENING {
            return Err(format!("{MAX_OPENING} channels with you are being opened already"));
        }
        let minimum = self.funding_fee([&party.key, &self.keyring.public()], 0);
        if *fee < minimum {
            return Err(format!("fee {fee} < {minimum}"));
        }
        let balance = self.chain.ledger().account(&party.key.address()).balance;
        let brought = resizes.map(|resizing| resizing.balances[0]).unwrap_or_default();
        let owned = balance.checked_add(brought).unwrap_or(Amount::MAX);
        if party.deposit.checked_add(*fee).is_none_or(|needed| needed > owned) {
            return Err(format!("your balance {owned} < deposit {} + fee {fee}", party.deposit));
        }
        let Height(last) = terms.valid_until;
        if last <= height.0 || last > height.0 + MAX_FUNDING_VALID {
            return Err(format!("valid until height {last}, this is {height}"));
        }
        let ours = Party { key: self.keyring.public(), nonce: Nonce(0), deposit: *theirs, salt: Hash::ZERO };
        check_funding(&request.funding(ours)).map_err(|error| error.to_string())?;
        match resizes {
            Some(resizing) => self.judge_resize(from, &resizing.channel, request),
            None => self.judge_new(*theirs).map(|()| true),
        }
    }

    /// Whether there is room and money for one more channel: not more than half of ours.
    fn judge_new(&self, deposit: Amount) -> Result<(), String> {
        if self.live_channels() >= MAX_CHANNELS {
            return Err(format!("this node has {MAX_CHANNELS} channels already"));
        }
        let half = self.available().units() / 2;
        if deposit.units() > half {
            return Err(format!("deposit {deposit} > {half}, half of what is available"));
        }
        Ok(())
    }

    fn live_channels(&self) -> usize {
        let live = self.channels.held.values().filter(|held| !held.channel.is_over()).count();
        live + self.channels.offers.len()
    }

    /// Base units below which our mempool takes no funding of two with these keys now, if it is so many bytes longer than others.
    pub(super) fn funding_fee(&self, keys: [&PublicKey; 2], more: usize) -> Amount {
        let bytes = FUNDING_BYTES + keys.map(PublicKey::footprint).iter().sum::<usize>() + more;
        fee_of(self.mempool.floor(), bytes)
    }

    fn terms(&self, open: &OpenChannel) -> Terms {
        let valid_until = self.funding_valid_until();
        Terms { policy: open.policy, window: open.window, reserve: open.reserve, valid_until }
    }

    /// The last height at which a funding that is agreed on now may be included.
    pub(super) fn funding_valid_until(&self) -> Height {
        Height(self.chain.height().0.saturating_add(FUNDING_VALID))
    }

    /// Our part of a new channel. The salt is like no other also where the random stream begins anew after a restart.
    pub(super) fn party(&mut self, deposit: Amount) -> Party {
        let (nonce, random) = (self.next_nonce(), self.keyring.draw_bytes());
        let count = (self.channels.held.len() + self.channels.offers.len()) as u64;
        let salt = SALT.hash_of(&(random, self.keyring.public(), nonce, count, self.chain.height()));
        Party { key: self.keyring.public(), nonce, deposit, salt }
    }
}
