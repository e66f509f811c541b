//! Everything that can happen to two parties of a channel, in any order.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use proptest::{prelude::*, sample::Index};
use tabchain::{
    channel::Event,
    primitives::{Policy, Side},
};

use crate::{duel::Duel, pair::Setup, support::units};

#[derive(Debug, Clone)]
pub enum Step {
    /// The oldest of what is on its way arrives.
    Next(Side),
    /// Any of it does.
    Deliver(Side, Index),
    Lose(Side, Index),
    Repeat(Side, Index),
    /// All that is on its way arrives, and what that brings.
    Talk,
    Pay(Side, u64),
    /// An HTLC of so much, that expires after so many blocks.
    Offer(Side, u64, u64),
    /// One that was offered is taken, or given back.
    Decide(Side, Index, bool),
    Close(Side),
    ForceClose(Side),
    Restart(Side),
    /// What is on its way is lost, and both connect again.
    Disconnect,
    Mine,
    /// Blocks taken back, and of those that come instead, how many are empty.
    Reorg(usize, usize),
    Pass(u64),
}

/// What may happen: blocks that a reorg takes back, blocks of those that come back empty, and how often somebody closes, in 600.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    pub reorg: usize,
    pub empty: usize,
    pub closes: u32,
}

pub fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Opener), Just(Side::Accepter)]
}

pub fn steps(Trouble { reorg, empty, closes }: Trouble) -> impl Strategy<Value = Vec<Step>> {
    let amounts = || prop_oneof![4 => 1u64..300, 1 => 1u64..6_000];
    let one = prop_oneof![
        96 => side().prop_map(Step::Next),
        40 => (side(), any::<Index>()).prop_map(|(to, at)| Step::Deliver(to, at)),
        24 => (side(), any::<Index>()).prop_map(|(to, at)| Step::Lose(to, at)),
        24 => (side(), any::<Index>()).prop_map(|(to, at)| Step::Repeat(to, at)),
        24 => Just(Step::Talk),
        32 => (side(), amounts()).prop_map(|(from, amount)| Step::Pay(from, amount)),
        48 => (side(), amounts(), 1u64..30).prop_map(|(from, amount, blocks)| Step::Offer(from, amount, blocks)),
        48 => (side(), any::<Index>(), any::<bool>()).prop_map(|(side, at, take)| Step::Decide(side, at, take)),
        12 => side().prop_map(Step::Restart),
        6 => Just(Step::Disconnect),
        32 => Just(Step::Mine),
        8 => (1..=reorg, 0..=empty).prop_map(|(depth, empty)| Step::Reorg(depth, empty)),
        32 => (1u64..20_000).prop_map(Step::Pass),
    ];
    let close = prop_oneof![side().prop_map(Step::Close), side().prop_map(Step::ForceClose)];
    let any = prop_oneof![600 - 2 * closes => one, 2 * closes => close];
    proptest::collection::vec(any, 20..160)
}

pub fn setups(valid_until: u64) -> impl Strategy<Value = Setup> {
    let policy = prop_oneof![3 => Just(Policy::Penalty), 1 => Just(Policy::Replace)];
    let deposits = prop_oneof![Just([5_000, 4_000]), Just([9_000, 3_000]), Just([3_000, 3_000])];
    (policy, 3u32..8, prop_oneof![Just(0u64), Just(3_000)], deposits).prop_map(
        move |(policy, window, reserve, deposits)| Setup {
            policy,
            window,
            reserve,
            deposits,
            valid_until,
            ..Setup::default()
        },
    )
}

pub fn at(duel: &mut Duel, step: &Step) {
    let place = |duel: &Duel, to: Side, at: &Index| {
        let wire = &duel.wires[to.index()];
        (!wire.is_empty()).then(|| at.index(wire.len()))
    };
    let lives = |duel: &Duel, side: Side| duel.channel(side).is_some() && !duel.seat(side).silent;
    match step {
        Step::Next(to) if !duel.wires[to.index()].is_empty() => {
            let message = duel.wires[to.index()].remove(0);
            duel.receive(*to, message);
        }
        Step::Next(_) => {}
        Step::Deliver(to, index) => {
            if let Some(at) = place(duel, *to, index) {
                let message = duel.wires[to.index()].remove(at);
                duel.receive(*to, message);
            }
        }
        Step::Repeat(to, index) => {
            if let Some(at) = place(duel, *to, index) {
                let message = duel.wires[to.index()][at].clone();
                duel.receive(*to, message);
            }
        }
        Step::Lose(to, index) => {
            if let Some(at) = place(duel, *to, index) {
                duel.wires[to.index()].remove(at);
            }
        }
        Step::Talk => talk(duel),
        Step::Pay(from, amount) => {
            if lives(duel, *from) && duel.give(*from, Event::Pay { amount: units(*amount), times: 1 }).is_ok() {
                duel.seats[from.index()].promised += amount;
            }
        }
        Step::Offer(from, amount, blocks) => duel.offer(*from, *amount, *blocks),
        Step::Decide(side, index, take) => {
            let undecided = duel.seat(*side).owed.undecided();
            if !undecided.is_empty() {
                duel.decide(*side, index.get(&undecided), *take);
            }
        }
        Step::Close(side) | Step::ForceClose(side) => {
            let event = if matches!(step, Step::Close(_)) { Event::Close } else { Event::ForceClose };
            if lives(duel, *side) && duel.give(*side, event).is_ok() {
                duel.seats[side.index()].wants_close = true;
            }
        }
        Step::Restart(side) => duel.restart(*side),
        Step::Disconnect => duel.disconnect(),
        Step::Mine => duel.mine(),
        Step::Reorg(depth, empty) => duel.reorg(*depth, *empty),
        Step::Pass(milliseconds) => duel.pass(*milliseconds),
    }
}

pub fn talk(duel: &mut Duel) {
    for _ in 0..10_000 {
        let Some(to) = Side::BOTH.into_iter().find(|side| !duel.wires[side.index()].is_empty()) else { return };
        let message = duel.wires[to.index()].remove(0);
        duel.receive(to, message);
    }
    panic!("they never stop talking");
}

/// Nothing is lost any more, and blocks are found, until every HTLC has long expired.
pub fn settle(duel: &mut Duel) {
    for _ in 0..80 {
        talk(duel);
        duel.pass(61_000);
        talk(duel);
        duel.mine();
    }
}

/// Three of four channels have opened before the trouble begins.
pub fn troubled(setup: Setup, steps: &[Step]) -> Duel {
    let mut duel = Duel::new(setup);
    if !steps.len().is_multiple_of(4) {
        talk(&mut duel);
        (0..4).for_each(|_| duel.mine());
    }
    steps.iter().for_each(|step| at(&mut duel, step));
    duel
}

/// The same, and peace after it.
pub fn run(setup: Setup, steps: &[Step]) -> Duel {
    let mut duel = troubled(setup, steps);
    settle(&mut duel);
    duel
}
