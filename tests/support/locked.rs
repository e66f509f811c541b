//! Channels on the chain, made by hand: fundings, commitments and every transaction about them.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use tabchain::primitives::{
    Action, Amount, ChannelId, Closing, CoSigned, Commitment, CommitmentSecret, Dispute, DisputeStep, FeeSource,
    Funding, Hash, Height, Htlc, Nonce, Party, Policy, Preimage, Resizing, Revelation, Side, State, Terms, Transaction,
    UnsignedTransaction,
};

use crate::support::{key, units};

/// A channel of two people.
#[derive(Debug, Clone)]
pub struct Locked {
    pub genesis: Hash,
    pub people: [u8; 2],
    pub funding: Funding,
    pub fee: u64,
}

/// Who owns what in commitment `number` of a channel that began with these deposits: another split for each.
pub fn split(deposits: [u64; 2], number: u64) -> [u64; 2] {
    let capacity = deposits[0] + deposits[1];
    let opener = (deposits[0] + number * 137) % (capacity + 1);
    [opener, capacity - opener]
}

/// Whose revelation revokes commitment `number` of `side`.
pub fn secret(side: Side, number: u64) -> CommitmentSecret {
    CommitmentSecret([u8::try_from(number * 2).expect("few") + side.index() as u8; 32])
}

/// What is revealed for payment `n`.
pub fn preimage(n: u8) -> Preimage {
    Preimage([n; 32])
}

/// `offerer` pays for the preimage of `n`, up to a height.
pub fn htlc(offerer: Side, amount: u64, n: u8, expiry: u64) -> Htlc {
    Htlc { id: u64::from(n), offerer, amount: units(amount), payment: preimage(n).payment(), expiry: Height(expiry) }
}

impl Locked {
    /// A channel with a window of 3 blocks and a reserve of 2,000.
    pub fn new(genesis: Hash, people: [u8; 2], deposits: [u64; 2]) -> Self {
        let party = |who: u8, deposit| Party {
            key: key(who).public(),
            nonce: Nonce(0),
            deposit: units(deposit),
            salt: Hash([who; 32]),
        };
        let terms = Terms { policy: Policy::Penalty, window: 3, reserve: units(2_000), valid_until: Height(10) };
        let parties = [party(people[0], deposits[0]), party(people[1], deposits[1])];
        Self { genesis, people, funding: Funding { parties, terms, resizes: None }, fee: 1_000 }
    }

    /// The same with other terms.
    pub fn with(mut self, change: impl FnOnce(&mut Funding)) -> Self {
        change(&mut self.funding);
        self
    }

    fn unsigned(&self) -> UnsignedTransaction {
        UnsignedTransaction { fee: units(self.fee), action: Action::Fund(Box::new(self.funding.clone())) }
    }

    pub fn id(&self) -> ChannelId {
        self.unsigned().id()
    }

    pub fn fund(&self) -> Transaction {
        let keys = self.people.map(key);
        self.unsigned().sign_both([&keys[0], &keys[1]], &self.genesis)
    }

    pub fn deposits(&self) -> [u64; 2] {
        [0, 1].map(|side| self.funding.parties[side].deposit.units())
    }

    pub fn state(&self, number: u64) -> State {
        State { balances: split(self.deposits(), number).map(units), htlcs: Vec::new() }
    }

    pub fn commitment(&self, number: u64) -> CoSigned {
        self.commitment_to(number, &self.state(number))
    }

    pub fn commitment_to(&self, number: u64, state: &State) -> CoSigned {
        let points = Side::BOTH.map(|side| secret(side, number).point());
        let commitment = Commitment { number, state: state.hash(), points };
        let signatures = self.people.map(|who| commitment.sign(&key(who), &self.genesis, &self.id()));
        CoSigned { commitment, signatures }
    }

    /// A step of a dispute that `payer` signs, with its fee from its account.
    pub fn step(&self, payer: u8, step: DisputeStep) -> Transaction {
        self.step_for(payer, FeeSource::Account, 500, step)
    }

    pub fn step_for(&self, payer: u8, fee_from: FeeSource, fee: u64, step: DisputeStep) -> Transaction {
        let (channel, keys) = (self.id(), self.funding.keys());
        let dispute = Dispute { channel, keys, payer: key(payer).public(), fee_from, step };
        let action = Action::Dispute(Box::new(dispute));
        UnsignedTransaction { fee: units(fee), action }.sign(&key(payer), &self.genesis)
    }

    pub fn publish(&self, who: u8, number: u64) -> Transaction {
        self.step(who, DisputeStep::Publish(self.commitment(number)))
    }

    pub fn refute(&self, who: u8, number: u64) -> Transaction {
        self.step(who, DisputeStep::Refute(self.commitment(number)))
    }

    pub fn punish(&self, who: u8, side: Side, number: u64) -> Transaction {
        self.step(who, DisputeStep::Punish(secret(side, number)))
    }

    pub fn settle(&self, who: u8, number: u64) -> Transaction {
        self.step(who, DisputeStep::Settle(self.state(number)))
    }

    /// Registers the preimage of `n` for an HTLC that expires at a height.
    pub fn reveal(&self, who: u8, n: u8, expiry: u64) -> Transaction {
        self.reveal_for(who, FeeSource::Account, n, expiry)
    }

    pub fn reveal_for(&self, who: u8, fee_from: FeeSource, n: u8, expiry: u64) -> Transaction {
        let revelation = Revelation { preimage: preimage(n), expiry: Height(expiry) };
        self.step_for(who, fee_from, 500, DisputeStep::Reveal(revelation))
    }

    /// The state of a commitment with HTLCs, which both pay out of what they have in it.
    pub fn pending(&self, number: u64, htlcs: Vec<Htlc>) -> State {
        let mut state = self.state(number);
        for htlc in &htlcs {
            let place = &mut state.balances[htlc.offerer.index()];
            *place = place.checked_sub(htlc.amount).expect("it has so much");
        }
        State { htlcs, ..state }
    }

    /// The channel of the same two that takes the place of this one, once their nonces are `nonces`.
    pub fn resized(&self, balances: [u64; 2], deposits: [u64; 2], nonces: [u64; 2]) -> Self {
        let mut next = Self::new(self.genesis, self.people, deposits);
        next.fee = self.fee;
        next.funding.resizes = Some(Resizing { channel: self.id(), balances: balances.map(units) });
        for (party, nonce) in next.funding.parties.iter_mut().zip(nonces) {
            party.nonce = Nonce(nonce);
        }
        next
    }

    /// Both agree on commitment `number`; the opener pays the fee.
    pub fn close(&self, number: u64, fee: u64) -> Transaction {
        let [opener, accepter] = split(self.deposits(), number);
        self.close_with([opener.saturating_sub(fee), accepter], fee)
    }

    pub fn close_with(&self, balances: [u64; 2], fee: u64) -> Transaction {
        let closing = Closing { channel: self.id(), keys: self.funding.keys(), balances: balances.map(units) };
        let keys = self.people.map(key);
        UnsignedTransaction { fee: units(fee), action: Action::Close(Box::new(closing)) }
            .sign_both([&keys[0], &keys[1]], &self.genesis)
    }
}

pub fn total(amounts: impl IntoIterator<Item = Amount>) -> u64 {
    Amount::checked_sum(amounts).expect("in range").units()
}
