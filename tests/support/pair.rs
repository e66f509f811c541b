//! The two parties of a channel, without nodes: what they say lies on two wires until a test delivers it.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::collections::VecDeque;

use tabchain::{
    channel::{
        Body, Channel, Context, Effect, Event, Failure, FailureReason, Invalid, NewHtlc, Observation, Offer, Origin,
        Packet, Request,
    },
    primitives::{
        Amount, Checks, Hash, Height, Nonce, Party, Policy, Preimage, SecretKey, Side, Terms, Timestamp, Transaction,
    },
};

use crate::support::{key, units};

/// What a channel of these tests is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    pub genesis: Hash,
    pub policy: Policy,
    pub window: u32,
    pub reserve: u64,
    pub deposits: [u64; 2],
    pub nonces: [u64; 2],
    pub valid_until: u64,
    pub fee: u64,
}

/// Two channels that talk to each other.
#[derive(Clone)]
pub struct Pair {
    pub genesis: Hash,
    pub now: Timestamp,
    /// Opener's, accepter's.
    pub channels: [Channel; 2],
    /// What lies on the wire to each.
    pub wires: [VecDeque<Body>; 2],
    /// What each has brought to the chain.
    pub submitted: [Vec<Transaction>; 2],
    /// What was delivered to each.
    pub heard: [Vec<Body>; 2],
    /// Base units on each account.
    pub balance: [u64; 2],
    chain: Observation,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            genesis: Hash([7; 32]),
            policy: Policy::Penalty,
            window: 6,
            reserve: 100,
            deposits: [5_000, 4_000],
            nonces: [0, 0],
            valid_until: 20,
            fee: 1_000,
        }
    }
}

pub fn key_of(side: Side) -> SecretKey {
    key(side.index() as u8 + 1)
}

/// What is revealed for payment `n`.
pub fn preimage(n: u8) -> Preimage {
    Preimage([n; 32])
}

/// An HTLC for the preimage of `n`; its receiver is the payee.
pub fn htlc(amount: u64, n: u8, expiry: u64) -> NewHtlc {
    let payment = preimage(n).payment();
    NewHtlc { amount: units(amount), payment, expiry: Height(expiry), packet: Packet::of(&[]) }
}

/// A wish to offer that, once for each `n`.
pub fn offer(amount: u64, n: u8, expiry: u64) -> Event {
    let origin = Origin::Own { payment: preimage(n).payment(), attempt: 0 };
    Event::Offer { htlc: Box::new(htlc(amount, n, expiry)), origin }
}

/// Why an HTLC goes back.
pub fn failure(side: Side) -> Failure {
    Failure { at: key_of(side).public(), channel: None, reason: FailureReason::Cancelled }
}

/// A wish to give an HTLC back.
pub fn fail(side: Side, id: u64) -> Event {
    Event::Fail { id, failure: failure(side) }
}

/// A wish to take an HTLC with the preimage of `n`.
pub fn fulfil(id: u64, n: u8) -> Event {
    Event::Fulfil { id, preimage: preimage(n) }
}

impl Setup {
    pub fn request(&self) -> Request {
        let terms = Terms {
            policy: self.policy,
            window: self.window,
            reserve: units(self.reserve),
            valid_until: Height(self.valid_until),
        };
        let (party, theirs) = (self.party(Side::Opener), units(self.deposits[1]));
        Request { party, theirs, terms, fee: units(self.fee), resizes: None }
    }

    pub fn party(&self, side: Side) -> Party {
        let (index, salt) = (side.index(), Hash([0x51 + side.index() as u8; 32]));
        Party {
            key: key_of(side).public(),
            nonce: Nonce(self.nonces[index]),
            deposit: units(self.deposits[index]),
            salt,
        }
    }

    /// The opener has heard that its offer is accepted; its signatures are on the wire.
    pub fn pair(&self, now: Timestamp) -> Pair {
        let (mut first, mut second) = (Checks::forgetful(), Checks::forgetful());
        let keys = Side::BOTH.map(key_of);
        let mut opener = context(&keys[0], &self.genesis, now, &mut first, &|| Amount::MAX);
        let mut accepter = context(&keys[1], &self.genesis, now, &mut second, &|| Amount::MAX);
        let (offer, message) = Offer::new(&opener, self.request());
        let Body::Open { points, .. } = message.body else { panic!("an offer opens") };
        let (theirs, said) = Channel::accept(&mut accepter, &self.request(), points, self.party(Side::Accepter));
        let [Effect::Send(accept)] = &said[..] else { panic!("an accept") };
        let Body::Accept { party, points, signature } = accept.body.clone() else { panic!("an accept") };
        let (ours, said) = offer.accepted(&mut opener, party, points, signature).expect("an honest accepter");
        let mut pair = Pair {
            genesis: self.genesis,
            now,
            channels: [ours, theirs],
            wires: Default::default(),
            submitted: Default::default(),
            heard: [vec![accept.body.clone()], vec![message.body]],
            balance: [100_000; 2],
            chain: Observation::default(),
        };
        pair.obey(Side::Opener, &said);
        pair
    }
}

pub fn context<'a>(
    key: &'a SecretKey,
    genesis: &'a Hash,
    now: Timestamp,
    checks: &'a mut Checks,
    balance: &'a dyn Fn() -> Amount,
) -> Context<'a> {
    Context { now, key, genesis, checks, balance }
}

impl Pair {
    /// Both idle at commitment 0, the turn is the opener's; the funding lies under 8 blocks.
    pub fn open(setup: &Setup) -> Self {
        let mut pair = setup.pair(Timestamp(1_000));
        pair.talk();
        pair.see(Observation { height: Height(10), funding: Some(Height(3)), possible: false, ..pair.chain.clone() });
        pair.talk();
        assert!(pair.channels.iter().all(|channel| channel.phase().name() == "idle"));
        pair
    }

    pub fn channel(&self, side: Side) -> &Channel {
        &self.channels[side.index()]
    }

    /// Something happens to one of them.
    pub fn give(&mut self, side: Side, event: Event) -> Result<Vec<Effect>, Invalid> {
        let (key, mut checks, at) = (key_of(side), Checks::forgetful(), side.index());
        let balance = || units(self.balance[at]);
        let mut context = context(&key, &self.genesis, self.now, &mut checks, &balance);
        let before = self.channels[at].clone();
        let result = self.channels[at].handle(&mut context, event);
        match &result {
            Ok(effects) => self.obey(side, effects),
            Err(error) => assert_eq!(self.channels[at], before, "changed by {error}"),
        }
        result
    }

    /// Something happens that must be possible.
    pub fn must(&mut self, side: Side, event: Event) -> Vec<Effect> {
        self.give(side, event.clone()).unwrap_or_else(|error| panic!("{side:?}: {event:?}: {error}"))
    }

    /// The first message on the wire arrives.
    pub fn deliver(&mut self, to: Side) -> Vec<Effect> {
        let body = self.wires[to.index()].pop_front().expect("a message on the wire");
        self.heard[to.index()].push(body.clone());
        self.must(to, Event::Message(body))
    }

    /// Until nobody says anything.
    pub fn talk(&mut self) {
        while let Some(to) = Side::BOTH.into_iter().find(|side| !self.wires[side.index()].is_empty()) {
            self.deliver(to);
        }
    }

    /// Both see the chain.
    pub fn see(&mut self, chain: Observation) {
        self.chain = chain.clone();
        for side in Side::BOTH {
            self.must(side, Event::Chain(chain.clone()));
        }
    }

    pub fn pay(&mut self, from: Side, amount: u64) {
        self.must(from, Event::Pay { amount: units(amount), times: 1 });
        self.talk();
    }

    /// Offers an HTLC irrevocably; its id.
    pub fn offer(&mut self, from: Side, amount: u64, n: u8, expiry: u64) -> u64 {
        self.must(from, offer(amount, n, expiry));
        self.talk();
        let payment = preimage(n).payment();
        let offered = self.channel(from).newest().1.htlcs.iter().rfind(|htlc| htlc.payment == payment);
        offered.expect("just offered").id
    }

    fn obey(&mut self, side: Side, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Send(message) => {
                    assert_eq!(message.handle, self.channels[side.index()].handle_name());
                    self.wires[side.other().index()].push_back(message.body.clone());
                }
                Effect::Submit(transaction) => self.submitted[side.index()].push(transaction.clone()),
                Effect::Notice(_) | Effect::Htlc(_) | Effect::Resize(_) => {}
            }
        }
    }
}
