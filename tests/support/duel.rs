//! Two parties of a channel over a wire that loses, repeats and reorders, on a chain that takes blocks back; and what must hold after every event.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::collections::BTreeMap;

use tabchain::{
    channel::{Body, Channel, Effect, Event, Invalid, Message, NewHtlc, Notice, Offer, Origin, Packet, Phase},
    primitives::{
        Action, CoSigned, Commitment, CommitmentSecret, DisputeStep, FeeSource, Height, Htlc, Side, Signature, State,
        Timestamp, Transaction, decode, encode,
    },
};

use crate::{
    chainlet::Chainlet,
    owed::{Decision, Owed, preimage},
    pair::{Setup, context, fail, key_of},
    support::units,
};

/// One party.
#[derive(Clone, Default)]
pub struct Seat {
    pub offer: Option<Offer>,
    pub channel: Option<Channel>,
    /// Every commitment it could publish, oldest first.
    pub kept: Vec<(CoSigned, State)>,
    /// Base units of payments: promised to its owner, made, given up.
    pub promised: u64,
    pub paid: u64,
    pub given_up: u64,
    pub received: u64,
    pub wants_close: bool,
    pub published: bool,
    /// What its owner knows of HTLCs.
    pub owed: Owed,
    /// It does nothing any more, and hears nothing.
    pub silent: bool,
    /// It was restored from an old backup, so that it may blame and be blamed.
    pub restored: bool,
    /// It was shown that it has lost what came after.
    pub lost: bool,
    /// All that it ever stored, if that is kept.
    pub backups: Option<Vec<(Channel, Owed)>>,
    /// It publishes what it has revoked.
    pub cheats: bool,
    /// Commitments of which it has revealed the secret.
    revoked: u64,
    signed: BTreeMap<u64, Signature>,
}

#[derive(Clone)]
pub struct Duel {
    pub setup: Setup,
    pub chain: Chainlet,
    pub now: Timestamp,
    pub seats: [Seat; 2],
    /// What is on its way to each, in the order it was said.
    pub wires: [Vec<Message>; 2],
    /// Whether the chain includes what it is brought so late that a preimage known in time may not be registered in time.
    pub slow: bool,
    /// How often one of them blamed the other, where one was restored from an old backup.
    pub blames: usize,
    /// Payments so far.
    pub payments: u64,
    commitments: BTreeMap<u64, (Commitment, State)>,
}

impl Duel {
    /// The opener has made its offer.
    pub fn new(mut setup: Setup) -> Self {
        let chain = Chainlet::new();
        setup.genesis = chain.genesis_id();
        let now = Timestamp(1_000);
        let mut checks = tabchain::primitives::Checks::forgetful();
        let key = key_of(Side::Opener);
        let (offer, message) =
            Offer::new(&context(&key, &setup.genesis, now, &mut checks, &|| units(0)), setup.request());
        let seats = [Seat { offer: Some(offer), ..Seat::default() }, Seat::default()];
        Self {
            setup,
            chain,
            now,
            seats,
            wires: [Vec::new(), vec![message]],
            slow: false,
            blames: 0,
            payments: 0,
            commitments: BTreeMap::new(),
        }
    }

    pub fn seat(&self, side: Side) -> &Seat {
        &self.seats[side.index()]
    }

    pub fn channel(&self, side: Side) -> Option<&Channel> {
        self.seat(side).channel.as_ref()
    }

    /// Something happens to a party; what it wants is done, and what must hold is looked at.
    pub fn give(&mut self, side: Side, event: Event) -> Result<(), Invalid> {
        let Some(before) = self.channel(side).cloned().filter(|_| !self.seat(side).silent) else { return Ok(()) };
        let key = key_of(side);
        let balance = || units(self.chain.balance(&key.public().address()));
        let mut checks = tabchain::primitives::Checks::forgetful();
        let genesis = self.setup.genesis;
        let mut context = context(&key, &genesis, self.now, &mut checks, &balance);
        let mut after = before.clone();
        let result = after.handle(&mut context, event);
        if result.is_err() {
            assert_eq!(after, before, "an error changes nothing");
        }
        self.seats[side.index()].channel = Some(after);
        let effects = result?;
        self.check_step(side, &before);
        self.obey(side, effects);
        let seat = &mut self.seats[side.index()];
        if let (Some(backups), Some(channel)) = (&mut seat.backups, &seat.channel) {
            backups.push((channel.clone(), seat.owed.clone()));
        }
        Ok(())
    }

    /// A message arrives, at a party that may not have a channel yet. No honest party is ever blamed.
    pub fn receive(&mut self, side: Side, message: Message) {
        if self.channel(side).is_some() {
            let words = format!("{message:?}");
            let phase = self.channel(side).map(|channel| channel.phase().clone());
            if let Err(error) = self.give(side, Event::Message(message.body)) {
                if self.seats.iter().any(|seat| seat.restored) {
                    self.blames += 1;
                    return;
                }
                panic!("{side:?} at {phase:?} blames an honest party for {words}: {error}");
            }
            return;
        }
        let (key, mut checks) = (key_of(side), tabchain::primitives::Checks::forgetful());
        let genesis = self.setup.genesis;
        let mut context = context(&key, &genesis, self.now, &mut checks, &|| units(0));
        let made = match (side, message.body) {
            (Side::Accepter, Body::Open { points, .. }) => {
                Channel::accept(&mut context, &self.setup.request(), points, self.setup.party(side))
            }
            (Side::Opener, Body::Accept { party, points, signature }) => match &self.seat(side).offer {
                Some(offer) => offer.accepted(&mut context, party, points, signature).expect("an honest accepter"),
                None => return,
            },
            _ => return,
        };
        let (channel, effects) = made;
        self.seats[side.index()].channel = Some(channel);
        self.obey(side, effects);
    }

    /// A party's owner wants to offer an HTLC that nobody has offered before.
    pub fn offer(&mut self, side: Side, amount: u64, blocks: u64) {
        if self.channel(side).is_none() {
            return;
        }
        self.payments += 1;
        let payment = preimage(self.payments).payment();
        let expiry = Height(self.chain.height() + blocks);
        let new = NewHtlc { amount: units(amount), payment, expiry, packet: Packet::of(&[]) };
        // It may fail in the same breath.
        self.seats[side.index()].owed.wants(new.clone());
        let event = Event::Offer { htlc: Box::new(new), origin: Origin::Own { payment, attempt: 0 } };
        if self.seat(side).silent || self.give(side, event).is_err() {
            self.seats[side.index()].owed.offered.remove(&payment);
        }
    }

    /// A party's owner decides on an HTLC that was offered to it.
    pub fn decide(&mut self, side: Side, htlc: &Htlc, take: bool) {
        let Some(channel) = self.channel(side) else { return };
        let early = channel.seen().height < htlc.expiry && !channel.is_over() && !self.seat(side).silent;
        let decision = match (take, early) {
            (true, true) => Decision::InTime,
            (true, false) => Decision::TooLate,
            (false, _) => Decision::GivenBack,
        };
        let known = (1..=self.payments).map(preimage).find(|preimage| preimage.payment() == htlc.payment);
        let event = if take {
            Event::Fulfil { id: htlc.id, preimage: known.expect("it was offered") }
        } else {
            fail(side, htlc.id)
        };
        self.seats[side.index()].owed.decides(&htlc.payment, decision);
        self.give(side, event).expect("never refused");
    }

    /// What is on its way is lost, and both connect again.
    pub fn disconnect(&mut self) {
        self.wires = Default::default();
        Side::BOTH.into_iter().for_each(|side| self.connect(side));
    }

    /// A party goes on with what it stored earlier, and so does its owner; what was on its way is lost. Both connect again.
    pub fn restore(&mut self, side: Side, (channel, owed): (Channel, Owed)) {
        let seat = &mut self.seats[side.index()];
        (seat.channel, seat.owed) = (Some(channel), owed);
        (seat.restored, seat.offer) = (true, None);
        self.disconnect();
    }

    /// A party loses its memory but for what it has stored, which is all that it knew before it said its last words.
    pub fn restart(&mut self, side: Side) {
        let seat = &mut self.seats[side.index()];
        seat.offer = None;
        if let Some(channel) = &mut seat.channel {
            let stored: Channel = decode("channel", &encode(&*channel)).expect("what was encoded");
            assert_eq!((&stored, stored.digest()), (&*channel, channel.digest()));
            *channel = stored;
        }
        self.connect(side);
        self.look(side);
    }

    /// The connection comes up, or the party does.
    pub fn connect(&mut self, side: Side) {
        self.give(side, Event::Connected).expect("never refused");
    }

    /// Time passes.
    pub fn pass(&mut self, milliseconds: u64) {
        self.now = self.now.after(milliseconds);
        Side::BOTH.into_iter().for_each(|side| self.wake(side));
    }

    pub fn wake(&mut self, side: Side) {
        let now = self.now;
        if let Some(message) = self.seats[side.index()].offer.as_mut().and_then(|offer| offer.wake(now)) {
            self.wires[side.other().index()].push(message);
        }
        self.give(side, Event::Wake).expect("waking is never refused");
    }

    /// Both see the newest block.
    pub fn show(&mut self) {
        Side::BOTH.into_iter().for_each(|side| self.look(side));
    }

    pub fn look(&mut self, side: Side) {
        if let Some(channel) = self.channel(side) {
            let seen = self.chain.observe(channel);
            self.give(side, Event::Chain(seen)).expect("the chain is never refused");
        }
    }

    pub fn mine(&mut self) {
        self.chain.mine(true);
        self.show();
    }

    pub fn reorg(&mut self, depth: usize, empty: usize) {
        let depth = depth.min(self.chain.height() as usize);
        self.chain.take_back(depth);
        (0..=depth).for_each(|at| self.chain.mine(at >= empty));
        self.show();
    }

    fn obey(&mut self, side: Side, effects: Vec<Effect>) {
        self.remember(side);
        for effect in effects {
            match effect {
                Effect::Send(message) => {
                    self.check_words(side, &message.body);
                    self.wires[side.other().index()].push(message);
                }
                Effect::Submit(transaction) => {
                    if let Some(shown) = published(&transaction) {
                        let number = shown.commitment.number;
                        let known = self.channel(side.other()).is_some_and(|other| other.revealed(number).is_some());
                        let seat = &mut self.seats[side.index()];
                        seat.published = true;
                        let revoked = known || (!seat.restored && number < seat.revoked);
                        assert!(seat.cheats || !revoked, "publishes {number}, which it has revoked");
                    }
                    self.chain.submit(&transaction);
                }
                Effect::Notice(notice) => self.count(side, &notice),
                Effect::Resize(_) => unreachable!("nobody resizes"),
                Effect::Htlc(news) => self.seats[side.index()].owed.hears(&news),
            }
        }
    }

    fn count(&mut self, side: Side, notice: &Notice) {
        let seat = &mut self.seats[side.index()];
        match notice {
            Notice::Paid { amount, .. } => seat.paid += amount.units(),
            Notice::Received { amount, .. } => seat.received += amount.units(),
            Notice::NotPaid { amount, .. } => seat.given_up += amount.units(),
            Notice::Lost { .. } => seat.lost = true,
            _ => {}
        }
    }

    /// Keeps what both could bring to the chain; there is one commitment of each number.
    fn remember(&mut self, side: Side) {
        let Some(channel) = self.channel(side).cloned() else { return };
        let (shown, state) = channel.newest();
        let signed = channel.pending().filter(|draft| draft.ours.is_some());
        let drafts = signed.map(|draft| (draft.commitment, draft.state.clone()));
        for (commitment, state) in [(shown.commitment, state.clone())].into_iter().chain(drafts) {
            let known = self.commitments.entry(commitment.number).or_insert((commitment, state.clone()));
            assert_eq!(*known, (commitment, state), "two commitments of one number");
        }
        let kept = &mut self.seats[side.index()].kept;
        let new = kept.last().is_none_or(|(last, _)| last.commitment.number < shown.commitment.number);
        if new && *channel.phase() != Phase::Accepted {
            kept.push((shown.clone(), state.clone()));
        }
    }

    /// Invariant 2, and that nothing moves once a party has signed a publication or the channel has ended.
    fn check_step(&self, side: Side, before: &Channel) {
        let after = self.channel(side).expect("it was there before");
        let (old, new) = (before.newest(), after.newest());
        assert_eq!(new.1.total(), after.funding().capacity(), "what is locked is owned");
        assert_eq!(new.1.hash(), new.0.commitment.state);
        let (old, new) = (old.0.commitment.number, new.0.commitment.number);
        assert!(new == old || new == old + 1, "{old} to {new}");
        let still = matches!(
            before.phase(),
            Phase::Closing | Phase::Publishing | Phase::Disputed(_) | Phase::Lost | Phase::Closed(_)
        );
        assert!(new == old || !still, "{} grew from {old}", before.phase().name());
    }

    /// Invariant 4.
    fn check_words(&mut self, side: Side, body: &Body) {
        let newest = self.channel(side).expect("it speaks").newest().0.commitment;
        let seat = &mut self.seats[side.index()];
        let signs = matches!(body, Body::Sign { .. } | Body::Commit { .. } | Body::Revoke { .. } | Body::Close { .. });
        assert!(!(seat.published && signs), "{} after publishing", body.kind());
        let mut sign_once = |number: u64, signature: Signature| {
            assert_eq!(*seat.signed.entry(number).or_insert(signature.clone()), signature, "signed {number} twice");
        };
        let mut revoked = seat.revoked;
        let mut reveal = |number: u64, secret: &CommitmentSecret| {
            revoked = revoked.max(number + 1);
            assert!(number < newest.number && newest.points[side.index()] != secret.point(), "reveals {number}");
            assert_eq!(self.commitments[&number].0.points[side.index()], secret.point());
        };
        match body {
            Body::Sign { number, signature } => sign_once(*number, signature.clone()),
            Body::Commit { number, signature, secret, .. } => {
                sign_once(*number, signature.clone());
                reveal(number - 1, secret);
            }
            Body::Revoke { number, secret, .. } => reveal(*number, secret),
            _ => {}
        }
        seat.revoked = revoked;
    }

    /// What somebody has spent on fees, on the account or in the channel.
    pub fn fees(&self, side: Side) -> u64 {
        let key = key_of(side).public();
        // Nothing was signed after it, also if one of them has forgotten it.
        let owned = self.commitments.values().next_back().expect("number 0").1.balances[side.index()];
        let of = |transaction: &Transaction| {
            let fee = transaction.unsigned.fee.units();
            match &transaction.unsigned.action {
                Action::Fund(_) if side == Side::Opener => fee,
                // Whoever proposes a close pays for it.
                Action::Close(closing) if closing.balances[side.index()] < owned => fee,
                Action::Dispute(dispute) if dispute.payer == key => fee,
                _ => 0,
            }
        };
        self.chain.transactions().map(|(_, transaction)| of(transaction)).sum()
    }

    /// Invariant 5: the least that an honest party must have in the end, by the commitments that the other has not revoked.
    pub fn least(&self, side: Side) -> u64 {
        self.least_from(side, self.channel(side).expect("a channel").revoked())
    }

    /// The same, if nobody publishes a commitment before this one.
    pub fn least_from(&self, side: Side, number: u64) -> u64 {
        let balance = |state: &State| {
            let own = state.htlcs.iter().filter(|htlc| self.is_own(side, htlc)).map(|htlc| htlc.amount.units());
            state.balances[side.index()].units() + own.sum::<u64>()
        };
        let publishable = self.commitments.range(number..);
        let least = publishable.map(|(_, (_, state))| balance(state)).min().expect("the newest, at least");
        (1_000_000 + least).saturating_sub(self.setup.deposits[side.index()] + self.fees(side))
    }

    /// Whether a pending HTLC is to be paid to this side: its preimage was known in time, or never registered.
    fn is_own(&self, side: Side, htlc: &Htlc) -> bool {
        let registered = self.is_registered(htlc);
        if htlc.offerer == side {
            !registered
        } else {
            registered || (!self.slow && self.seat(side).owed.is_due(&htlc.payment))
        }
    }

    pub fn is_registered(&self, htlc: &Htlc) -> bool {
        self.chain.ledger.revealed(&htlc.payment).is_some_and(|revealed| revealed.height <= htlc.expiry)
    }

    pub fn wealth(&self, side: Side) -> u64 {
        self.chain.balance(&key_of(side).public().address())
    }
}

/// What a transaction publishes.
fn published(transaction: &Transaction) -> Option<&CoSigned> {
    match &transaction.unsigned.action {
        Action::Dispute(dispute) => match &dispute.step {
            DisputeStep::Publish(shown) => Some(shown),
            _ => None,
        },
        _ => None,
    }
}

/// One step of a dispute by hand, its fee from the account.
pub fn step(duel: &Duel, side: Side, step: DisputeStep) -> Transaction {
    let channel = duel.channel(side).expect("a channel");
    let (key, keys) = (key_of(side), channel.funding().keys());
    let dispute = tabchain::primitives::Dispute {
        channel: channel.id(),
        keys,
        payer: key.public(),
        fee_from: FeeSource::Account,
        step,
    };
    let action = Action::Dispute(Box::new(dispute));
    tabchain::primitives::UnsignedTransaction { fee: units(700), action }.sign(&key, &duel.setup.genesis)
}
