//! The ledger with channels against a model of plain numbers: random steps by random people, mined and taken back.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tabchain::{
    chain::{Genesis, Ledger, check_body, check_transaction},
    primitives::{Checks, DisputeStep, FeeSource, Height, Nonce, Policy, Revelation, Side, State, Transaction},
};

use crate::{
    locked::{Locked, htlc, preimage, secret, split, total},
    support::{self, address, child, genesis, pay, properties, rules},
};

/// A channel as a person would note it on paper.
#[derive(Debug, Clone)]
struct Noted {
    channel: Locked,
    /// Which HTLCs its states have.
    seed: u64,
    opened: u64,
    charged: [u64; 2],
    /// Publisher, what it published, the newest shown, the last height of the window.
    published: Option<(usize, u64, u64, u64)>,
}

/// All money, on paper.
#[derive(Debug, Clone)]
struct Paper {
    height: u64,
    balances: BTreeMap<u8, u64>,
    nonces: BTreeMap<u8, u64>,
    channels: Vec<Noted>,
    /// At which height which preimage was revealed.
    revealed: BTreeMap<u8, u64>,
}

#[derive(Debug, Clone)]
enum Do {
    Pay {
        from: u8,
        to: u8,
        amount: u64,
        nonce: u64,
    },
    Fund {
        people: [u8; 2],
        deposits: [u64; 2],
        reserve: u64,
        window: u32,
        replace: bool,
        nonce: u64,
        valid: u64,
        seed: u64,
    },
    /// Which channel, how much of it is the new opener's, how much more than there is, the other way round.
    Resize {
        at: prop::sample::Index,
        share: u64,
        more: u64,
        swap: bool,
        deposits: [u64; 2],
        valid: u64,
        seed: u64,
    },
    /// Which channel, who, which preimage, blocks to the expiry (one less than said), from the reserve.
    Reveal {
        at: prop::sample::Index,
        who: u8,
        n: u8,
        ahead: u64,
        reserve: bool,
    },
    /// Which channel, who, kind of step, number, from the reserve.
    Step {
        at: prop::sample::Index,
        who: u8,
        kind: u8,
        number: u64,
        reserve: bool,
    },
    Close {
        at: prop::sample::Index,
        number: u64,
        more: u64,
    },
}

const FEE: u64 = 300;

impl Noted {
    /// The HTLCs of a commitment: offerer, amount, preimage, expiry.
    fn htlcs(&self, number: u64) -> Vec<(usize, u64, u8, u64)> {
        let (mut left, bits) = (split(self.channel.deposits(), number), |at: u64, mask| self.seed >> at & mask);
        let one = |at: u64| {
            let side = bits(at, 1) as usize;
            let amount = (bits(8 + 4 * at, 15) * 200).min(left[side]);
            left[side] -= amount;
            (side, amount, bits(24 + 2 * at, 3) as u8, self.opened + bits(32 + 3 * at, 7))
        };
        (0..number % 4).map(one).collect()
    }

    /// The number that a wish means: from 4 on the one that a step of this kind needs now.
    fn meant(&self, kind: u8, number: u64) -> u64 {
        match (kind, self.published) {
            _ if number < 4 => number,
            (1, Some((_, _, newest, _))) => newest + 1,
            (2, Some((_, published, ..))) => published,
            (3, Some((_, _, newest, _))) => newest,
            _ => number % 4,
        }
    }

    fn state(&self, number: u64) -> State {
        let list = self.htlcs(number).into_iter();
        self.channel
            .pending(number, list.map(|(side, amount, n, expiry)| htlc(Side::BOTH[side], amount, n, expiry)).collect())
    }

    /// What the opener owns by a commitment, if all of its HTLCs are decided.
    fn owned(&self, number: u64, height: u64, revealed: &BTreeMap<u8, u64>) -> Option<u64> {
        let mut owned = split(self.channel.deposits(), number)[0];
        for (side, amount, n, expiry) in self.htlcs(number) {
            let paid = revealed.get(&n).is_some_and(|at| *at <= expiry);
            match (paid, side) {
                (false, _) if height <= expiry => return None,
                (false, _) => {}
                (true, 0) => owned -= amount,
                (true, _) => owned += amount,
            }
        }
        Some(owned)
    }
}

impl Paper {
    fn noted(&self, at: &prop::sample::Index) -> Option<usize> {
        (!self.channels.is_empty()).then(|| at.index(self.channels.len()))
    }

    /// The transaction of a wish, if there is a channel for it.
    fn transaction(&self, genesis: &tabchain::primitives::Hash, wish: &Do) -> Option<Transaction> {
        Some(match wish {
            Do::Pay { from, to, amount, nonce } => pay(genesis, *from, self.nonces[from] + nonce, *to, *amount, FEE),
            Do::Fund { .. } => self.channel(genesis, wish).fund(),
            Do::Resize { .. } => self.resized(wish)?.1.fund(),
            Do::Reveal { at, who, n, ahead, reserve } => {
                let from = if *reserve { FeeSource::Reserve } else { FeeSource::Account };
                let revelation = Revelation { preimage: preimage(*n), expiry: Height(self.height + ahead) };
                let channel = &self.channels[self.noted(at)?].channel;
                channel.step_for(*who, from, FEE, DisputeStep::Reveal(revelation))
            }
            Do::Step { at, who, kind, number, reserve } => {
                let noted = &self.channels[self.noted(at)?];
                let number = &noted.meant(*kind, *number);
                let (channel, state) = (&noted.channel, noted.state(*number));
                let from = if *reserve { FeeSource::Reserve } else { FeeSource::Account };
                let side = Side::BOTH[usize::from(channel.people[1] == *who)].other();
                let step = match kind {
                    0 => DisputeStep::Publish(channel.commitment_to(*number, &state)),
                    1 => DisputeStep::Refute(channel.commitment_to(*number, &state)),
                    2 => DisputeStep::Punish(secret(side, *number)),
                    _ => DisputeStep::Settle(state),
                };
                channel.step_for(*who, from, FEE, step)
            }
            Do::Close { at, number, more } => {
                let noted = &self.channels[self.noted(at)?];
                let [opener, accepter] = split(noted.channel.deposits(), *number);
                let charged: u64 = noted.charged.iter().sum();
                noted.channel.close_with([(opener + more).saturating_sub(FEE + charged), accepter], FEE)
            }
        })
    }

    fn channel(&self, genesis: &tabchain::primitives::Hash, wish: &Do) -> Locked {
        let Do::Fund { people, deposits, reserve, window, replace, nonce, valid, .. } = wish else {
            panic!("a funding")
        };
        let mut channel = Locked::new(*genesis, *people, *deposits).with(|funding| {
            funding.terms.reserve = support::units(*reserve);
            funding.terms.window = *window;
            funding.terms.policy = if *replace { Policy::Replace } else { Policy::Penalty };
            funding.terms.valid_until = Height(self.height + valid);
            for (party, who) in funding.parties.iter_mut().zip(people) {
                party.nonce = Nonce(self.nonces[who] + nonce);
            }
        });
        channel.fee = FEE;
        channel
    }

    /// Which channel is to be replaced, by which.
    fn resized(&self, wish: &Do) -> Option<(usize, Locked)> {
        let Do::Resize { at, share, more, swap, deposits, valid, .. } = wish else { panic!("a resize") };
        let at = self.noted(at)?;
        let Noted { channel, charged, .. } = &self.channels[at];
        let locked = channel.deposits().iter().sum::<u64>() - charged.iter().sum::<u64>();
        let mut old = channel.clone();
        let id = old.id();
        if *swap {
            old.people.reverse();
        }
        let share = share % (locked + 1);
        let mut next = old.resized([share, locked - share + more], *deposits, old.people.map(|who| self.nonces[&who]));
        next.funding.resizes.as_mut().expect("a resize").channel = id;
        next.funding.terms.reserve = support::units(0);
        next.funding.terms.valid_until = Height(self.height + valid);
        Some((at, next))
    }

    fn resize(&mut self, wish: &Do) -> bool {
        let (Do::Resize { share, more, deposits, valid, seed, .. }, Some((at, next))) = (wish, self.resized(wish))
        else {
            return false;
        };
        let noted = &self.channels[at];
        let locked = noted.channel.deposits().iter().sum::<u64>() - noted.charged.iter().sum::<u64>();
        let share = share % (locked + 1);
        let (had, due) = ([share, locked - share], [deposits[0] + FEE, deposits[1]]);
        let good = (noted.published, *more, *valid > 0) == (None, 0, true)
            && deposits.iter().sum::<u64>() > 0
            && [0, 1].iter().all(|side| self.balances[&next.people[*side]] + had[*side] >= due[*side]);
        if good {
            for (side, who) in next.people.iter().enumerate() {
                let balance = self.balances.get_mut(who).expect("known");
                *balance = *balance + had[side] - due[side];
                *self.nonces.get_mut(who).expect("known") += 1;
            }
            self.channels.remove(at);
            let (seed, opened) = (*seed, self.height + 1);
            self.channels.push(Noted { channel: next, seed, opened, charged: [0; 2], published: None });
        }
        good
    }

    fn reveal(&mut self, at: &prop::sample::Index, who: u8, n: u8, ahead: u64, reserve: bool) -> bool {
        let Some(at) = self.noted(at) else { return false };
        let noted = &mut self.channels[at];
        if self.revealed.contains_key(&n) || ahead == 0 {
            return false;
        }
        if reserve {
            let side = noted.channel.people.iter().position(|party| *party == who);
            let (Some(side), Some(_)) = (side, noted.published) else { return false };
            if noted.charged[side] + FEE > noted.channel.funding.terms.reserve.units() {
                return false;
            }
            noted.charged[side] += FEE;
        } else if self.balances[&who] < FEE {
            return false;
        } else {
            *self.balances.get_mut(&who).expect("known") -= FEE;
        }
        self.revealed.insert(n, self.height + 1);
        true
    }

    /// Does it on paper, in the next block; whether that is allowed.
    fn act(&mut self, genesis: &tabchain::primitives::Hash, wish: &Do) -> bool {
        match wish {
            Do::Pay { from, to, amount, nonce } => {
                let balance = self.balances[from];
                let good = *nonce == 0 && balance >= amount + FEE;
                if good {
                    *self.balances.get_mut(from).expect("known") -= amount + FEE;
                    *self.balances.get_mut(to).expect("known") += amount;
                    *self.nonces.get_mut(from).expect("known") += 1;
                }
                good
            }
            Do::Fund { people: [a, b], deposits, reserve, nonce, valid, seed, .. } => {
                let good = a != b
                    && reserve <= deposits.iter().min().expect("two")
                    && deposits.iter().sum::<u64>() > 0
                    && (*nonce, *valid > 0) == (0, true)
                    && self.balances[a] >= deposits[0] + FEE
                    && self.balances[b] >= deposits[1];
                if good {
                    let channel = self.channel(genesis, wish);
                    for (who, paid) in [(a, deposits[0] + FEE), (b, deposits[1])] {
                        *self.balances.get_mut(who).expect("known") -= paid;
                        *self.nonces.get_mut(who).expect("known") += 1;
                    }
                    let (seed, opened) = (*seed, self.height + 1);
                    self.channels.push(Noted { channel, seed, opened, charged: [0; 2], published: None });
                }
                good
            }
            Do::Resize { .. } => self.resize(wish),
            Do::Reveal { at, who, n, ahead, reserve } => self.reveal(at, *who, *n, *ahead, *reserve),
            Do::Step { at, who, kind, number, reserve } => self.step(at, *who, *kind, *number, *reserve),
            Do::Close { at, number, more } => {
                let Some(at) = self.noted(at) else { return false };
                let noted = self.channels[at].clone();
                let [opener, accepter] = split(noted.channel.deposits(), *number);
                let charged: u64 = noted.charged.iter().sum();
                let paid = (opener + more).saturating_sub(FEE + charged);
                let good = paid + accepter + FEE + charged == opener + accepter;
                if good {
                    self.pay_out(at, [paid, accepter]);
                }
                good
            }
        }
    }

    fn step(&mut self, at: &prop::sample::Index, who: u8, kind: u8, number: u64, reserve: bool) -> bool {
        let Some(at) = self.noted(at) else { return false };
        let mut noted = self.channels[at].clone();
        let (people, height, number) = (noted.channel.people, self.height + 1, noted.meant(kind, number));
        let side = people.iter().position(|party| *party == who);
        let terms = noted.channel.funding.terms.clone();
        if reserve {
            let Some(side) = side else { return false };
            noted.charged[side] += FEE;
            if noted.charged[side] > terms.reserve.units() {
                return false;
            }
        } else if self.balances[&who] < FEE {
            return false;
        }
        let capacity: u64 = noted.channel.deposits().iter().sum();
        let locked = capacity - noted.charged.iter().sum::<u64>();
        let paid = match (noted.published, kind) {
            (None, 0) if side.is_some() => {
                let publisher = side.expect("just seen");
                noted.published = Some((publisher, number, number, height + u64::from(terms.window)));
                None
            }
            (Some((publisher, published, newest, ends)), 1) if number > newest && height <= ends => {
                noted.published = Some((publisher, published, number, ends));
                None
            }
            (Some((publisher, published, _, _)), 2) => {
                // The secret was made for whoever the signer is not.
                let shown = usize::from(people[1] != who);
                if terms.policy != Policy::Penalty || (shown, number) != (publisher, published) {
                    return false;
                }
                let mut paid = [locked; 2];
                paid[publisher] = 0;
                Some(paid)
            }
            (Some((_, _, newest, ends)), 3) if number == newest && height > ends => {
                let Some(owned) = noted.owned(number, height, &self.revealed) else { return false };
                let opener = owned.saturating_sub(noted.charged[0]).min(locked);
                Some([opener, locked - opener])
            }
            _ => return false,
        };
        if !reserve {
            *self.balances.get_mut(&who).expect("known") -= FEE;
        }
        self.channels[at] = noted;
        if let Some(paid) = paid {
            self.pay_out(at, paid);
        }
        true
    }

    fn pay_out(&mut self, at: usize, paid: [u64; 2]) {
        let noted = self.channels.remove(at);
        for (who, paid) in noted.channel.people.into_iter().zip(paid) {
            *self.balances.get_mut(&who).expect("known") += paid;
        }
    }
}

fn wishes() -> impl Strategy<Value = Vec<Vec<Do>>> {
    let at = any::<prop::sample::Index>;
    let odd = || prop_oneof![9 => Just(0u64), 1 => 1u64..3];
    let deposit = || prop_oneof![5 => 1_000u64..9_000, 1 => Just(0), 1 => 900_000u64..1_100_000];
    let terms = (
        prop_oneof![3 => 0u64..1_000, 1 => 0u64..3_000],
        1u32..4,
        any::<bool>(),
        odd(),
        prop_oneof![9 => 1u64..4, 1 => Just(0)],
        any::<u64>(),
    );
    let one = prop_oneof![
        1 => (1..=3u8, 1..=3u8, 1u64..300_000, odd()).prop_map(|(from, to, amount, nonce)| Do::Pay { from, to, amount, nonce }),
        2 => ([1..=3u8, 1..=3u8], [deposit(), deposit()], terms).prop_map(
            |(people, deposits, (reserve, window, replace, nonce, valid, seed))| Do::Fund { people, deposits, reserve, window, replace, nonce, valid, seed }),
        20 => (at(), 1..=4u8, 0..4u8, 0u64..12, any::<bool>())
            .prop_map(|(at, who, kind, number, reserve)| Do::Step { at, who, kind, number, reserve }),
        2 => (at(), (any::<u64>(), odd(), any::<bool>()), [deposit(), deposit()], odd(), any::<u64>()).prop_map(
            |(at, (share, more, swap), deposits, late, seed)| Do::Resize { at, share, more, swap, deposits, valid: 2 - late, seed }),
        3 => (at(), 1..=4u8, 0..4u8, 0u64..5, any::<bool>())
            .prop_map(|(at, who, n, ahead, reserve)| Do::Reveal { at, who, n, ahead, reserve }),
        1 => (at(), 0u64..4, odd()).prop_map(|(at, number, more)| Do::Close { at, number, more }),
    ];
    prop::collection::vec(prop::collection::vec(one, 0..5), 1..30)
}

fn agree(ledger: &Ledger, paper: &Paper) -> Result<(), TestCaseError> {
    for (who, balance) in &paper.balances {
        let account = ledger.account(&address(*who));
        prop_assert_eq!((account.balance.units(), account.nonce.0), (*balance, paper.nonces[who]), "person {}", who);
    }
    prop_assert_eq!(ledger.channels().count(), paper.channels.len());
    for noted in &paper.channels {
        let record = ledger.channel(&noted.channel.id()).expect("noted");
        let at = record.publication.map(|at| (at.publisher.index(), at.published, at.number, at.window_ends.0));
        prop_assert_eq!((record.charged.map(|units| units.units()), at), (noted.charged, noted.published));
    }
    let revealed: BTreeMap<_, _> = ledger.preimages().map(|(_, at)| (at.preimage.0[0], at.height.0)).collect();
    prop_assert_eq!(&revealed, &paper.revealed);
    let balances = total(ledger.accounts().map(|(_, account)| account.balance));
    let locked = total(ledger.channels().map(|(_, record)| record.locked()));
    prop_assert_eq!(balances + locked, ledger.supply().units());
    Ok(())
}

/// The wishes of one block that are allowed one after the other, as the ledger and the paper both see it.
fn body(
    genesis: &Genesis,
    ledger: &Ledger,
    paper: &mut Paper,
    block: &[Do],
) -> Result<Vec<Transaction>, TestCaseError> {
    let (id, height) = (genesis.block().id(), ledger.height().next());
    let mut body: Vec<Transaction> = Vec::new();
    for wish in block {
        let Some(transaction) = paper.transaction(&id, wish) else { continue };
        let signed = check_transaction(&transaction, &id, &mut Checks::forgetful()).is_ok();
        body.push(transaction);
        let coinbase = support::coinbase(&genesis.rules, height, address(9), &body);
        let applied = signed.then(|| ledger.root_after(&genesis.rules, height, &coinbase, &body));
        let allowed = applied.as_ref().is_some_and(Result::is_ok);
        prop_assert_eq!(paper.act(&id, wish), allowed, "{:?}: {:?} with {:?}", wish, applied, paper);
        if !allowed {
            body.pop();
        }
    }
    Ok(body)
}

proptest! {
    #![proptest_config(properties(512))]

    #[test]
    fn the_ledger_is_the_paper(blocks in wishes(), back in 0usize..6) {
        let genesis = genesis(4, rules(1));
        let mut ledger = genesis.ledger();
        let people = || 1..=4u8;
        let mut paper = Paper {
            height: 0,
            balances: people().map(|who| (who, 1_000_000)).collect(),
            nonces: people().map(|who| (who, 0)).collect(),
            channels: Vec::new(),
            revealed: BTreeMap::new(),
        };
        let (mut parent, mut past) = (genesis.block().header, Vec::new());
        for block in &blocks {
            let before = (ledger.clone(), paper.clone());
            let body = body(&genesis, &ledger, &mut paper, block)?;
            let block = child(&genesis, &ledger, &parent, 1_000, 9, body);
            let id = block.id();
            let checked = check_body(block, id, &genesis.rules, &genesis.block().id(), &mut Checks::forgetful()).expect("valid");
            parent = checked.header.clone();
            paper.height += 1;
            let undo = ledger.apply(&checked, &genesis.rules).expect("valid");
            agree(&ledger, &paper)?;
            let after = ledger.clone();
            ledger.undo(&undo);
            prop_assert_eq!(&ledger, &before.0);
            ledger.apply(&checked, &genesis.rules).expect("valid again");
            prop_assert_eq!(&ledger, &after);
            past.push((before, undo));
        }
        for ((before, paper), undo) in past.into_iter().rev().take(back) {
            ledger.undo(&undo);
            prop_assert_eq!(&ledger, &before);
            agree(&ledger, &paper)?;
        }
    }
}
