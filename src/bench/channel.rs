//! Two parties of one channel, without a network or a chain between them: what they say travels as bytes.

use super::row::Piece;
use crate::{
    channel::{Channel, Context, Effect, Event, Message, Observation, Offer, Request},
    primitives::{
        Action, Address, Amount, Checks, Hash, Height, Memo, Nonce, Party, Policy, SecretKey, Tag, Terms, Timestamp,
        Transaction, UnsignedTransaction,
    },
};

const GENESIS: Hash = Hash([7; 32]);
const SALT: Tag = Tag::new("tabchain/bench-salt");
/// Payments of one piece, all one way; the next piece goes the other way.
const PAYMENTS: u64 = 32;
const PAYMENT: Amount = Amount::literal(1);
const DEPOSIT: Amount = Amount::literal(100_000);
const RESERVE: Amount = Amount::literal(5_000);
const FEE: Amount = Amount::literal(1_000);

struct Pair {
    keys: [SecretKey; 2],
    channels: [Channel; 2],
    submitted: Vec<Transaction>,
}

/// One piece: 32 payments, each a whole update: proposed, signed and verified by both, its commitment hashed, the one before revoked by both and each
/// revocation checked. Every message is encoded and parsed.
pub(super) fn updates() -> Piece {
    let (mut pair, mut payer) = (Pair::open(0), 0);
    Box::new(move || {
        let before = pair.channels[0].newest().0.commitment.number;
        for _ in 0..PAYMENTS {
            pair.give(payer, Event::Pay { amount: PAYMENT, times: 1 });
        }
        payer = 1 - payer;
        pair.channels[0].newest().0.commitment.number - before
    })
}

/// One piece: the transactions that a channel brings to the chain, opened and closed by both together.
pub(super) fn transactions() -> Piece {
    Box::new(|| Pair::whole_life().len() as u64)
}

/// One piece: how many payments a channel must carry until they are cheaper than transfers at the same fee rate: the first whole number of transfers
/// that take more bytes of blocks than the channel's transactions.
pub(super) fn break_even() -> Piece {
    Box::new(|| {
        let bytes = Pair::whole_life().iter().map(Transaction::size).sum::<usize>();
        (bytes / transfer().size() + 1) as u64
    })
}

/// One piece: base units that both together lock for every hundred that one of them could pay.
pub(super) fn locked() -> Piece {
    Box::new(|| {
        let channel = &Pair::open(0).channels[0];
        let capacity = channel.funding().capacity().unwrap_or_default();
        100 * capacity.units() / channel.spendable().units()
    })
}

impl Pair {
    /// A channel that is buried, after the whole conversation that opens one.
    fn open(number: u64) -> Self {
        let keys = [[1; 32], [2; 32]].map(SecretKey::from_seed);
        let party = |side: usize| Party {
            key: keys[side].public(),
            nonce: Nonce(0),
            deposit: DEPOSIT,
            salt: SALT.hash(&[&number.to_le_bytes(), &[side as u8]]),
        };
        let terms = Terms { policy: Policy::Penalty, window: 6, reserve: RESERVE, valid_until: Height(20) };
        let request = Request { party: party(0), theirs: DEPOSIT, terms, fee: FEE, resizes: None };
        let mut checks = Checks::forgetful();
        let (offer, open) = Offer::new(&context(&keys[0], &mut checks), request.clone());
        let crate::channel::Body::Open { points, .. } = open.body else { unreachable!("an offer begins with it") };
        let (accepter, said) = Channel::accept(&mut context(&keys[1], &mut checks), &request, points, party(1));
        let [Effect::Send(Message { body: crate::channel::Body::Accept { party, points, signature }, .. })] = &said[..]
        else {
            unreachable!("accepting is one message");
        };
        let opened = offer.accepted(&mut context(&keys[0], &mut checks), party.clone(), *points, signature.clone());
        let (opener, said) = opened.expect("our own messages are valid");
        let mut pair = Self { keys, channels: [opener, accepter], submitted: Vec::new() };
        pair.deliver(0, said);
        let buried = Observation { height: Height(3), funding: Some(Height(1)), possible: true, ..Default::default() };
        [0, 1].into_iter().for_each(|side| pair.give(side, Event::Chain(buried.clone())));
        pair
    }

    /// What a channel that is opened and closed together brings to the chain.
    fn whole_life() -> Vec<Transaction> {
        let mut pair = Self::open(0);
        pair.give(0, Event::Close);
        pair.submitted.sort_by_key(Transaction::id);
        pair.submitted.dedup();
        pair.submitted
    }

    fn give(&mut self, side: usize, event: Event) {
        let effects = self.channels[side].handle(&mut context(&self.keys[side], &mut Checks::forgetful()), event);
        self.deliver(side, effects.expect("our own events are valid"));
    }

    fn deliver(&mut self, from: usize, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(message) => {
                    let message = Message::parse(&message.to_bytes()).expect("what was just encoded");
                    self.give(1 - from, Event::Message(message.body));
                }
                Effect::Submit(transaction) => self.submitted.push(transaction),
                Effect::Resize(_) | Effect::Notice(_) | Effect::Htlc(_) => {}
            }
        }
    }
}

fn context<'a>(key: &'a SecretKey, checks: &'a mut Checks) -> Context<'a> {
    Context { now: Timestamp(0), key, genesis: &GENESIS, checks, balance: &|| DEPOSIT }
}

/// The transfer that a payment would be without a channel.
fn transfer() -> Transaction {
    let key = SecretKey::from_seed([1; 32]);
    let to: Address = SecretKey::from_seed([2; 32]).public().address();
    let action = Action::Transfer { from: key.public(), nonce: Nonce(0), to, amount: PAYMENT, memo: Memo::default() };
    UnsignedTransaction { fee: FEE, action }.sign(&key, &GENESIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every payment is an update, with two signatures checked, and the money goes there and back.
    #[test]
    fn every_payment_is_a_whole_update() {
        let mut piece = updates();
        assert_eq!([piece(), piece(), piece()], [PAYMENTS; 3]);
        let mut pair = Pair::open(0);
        let mut checks = Checks::forgetful();
        let said = pair.channels[0]
            .handle(&mut context(&pair.keys[0], &mut checks), Event::Pay { amount: PAYMENT, times: 1 })
            .expect("open");
        pair.deliver(0, said);
        assert_eq!(pair.channels[0].newest(), pair.channels[1].newest());
        assert_eq!((pair.channels[0].revoked(), pair.channels[1].revoked()), (1, 1));
    }

    #[test]
    fn a_channel_costs_two_transactions() {
        assert_eq!(transactions()(), 2);
        assert!((2..20).contains(&break_even()()));
        assert_eq!(locked()(), 210);
    }
}
