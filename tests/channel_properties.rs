//! Two honest parties over the worst of wires and a chain that takes blocks back: nothing is lost but what nobody was promised, and whoever
//! cheats afterwards loses.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/chainlet.rs"]
mod chainlet;
#[path = "support/duel.rs"]
mod duel;
#[path = "support/pair.rs"]
mod pair;
mod support;

use duel::{Duel, step};
use pair::Setup;
use proptest::{prelude::*, sample::Index};
use support::{properties, units};
use tabchain::{
    channel::{Ending, Event, Phase},
    primitives::{DisputeStep, Policy, Side},
};

#[derive(Debug, Clone)]
enum Step {
    /// The oldest of what is on its way arrives.
    Next(Side),
    /// Any of it does.
    Deliver(Side, Index),
    Lose(Side, Index),
    Repeat(Side, Index),
    /// All that is on its way arrives, and what that brings.
    Talk,
    Pay(Side, u64),
    Close(Side),
    ForceClose(Side),
    Restart(Side),
    Mine,
    /// Blocks taken back, and of those that come instead, how many are empty.
    Reorg(usize, usize),
    Pass(u64),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Opener), Just(Side::Accepter)]
}

fn steps(depth: usize) -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        96 => side().prop_map(Step::Next),
        40 => (side(), any::<Index>()).prop_map(|(to, at)| Step::Deliver(to, at)),
        24 => (side(), any::<Index>()).prop_map(|(to, at)| Step::Lose(to, at)),
        24 => (side(), any::<Index>()).prop_map(|(to, at)| Step::Repeat(to, at)),
        8 => Just(Step::Talk),
        48 => (side(), prop_oneof![4 => 1u64..300, 1 => 1u64..6_000]).prop_map(|(from, amount)| Step::Pay(from, amount)),
        12 => side().prop_map(Step::Restart),
        32 => Just(Step::Mine),
        8 => (1..=depth, 0..=depth).prop_map(|(depth, empty)| Step::Reorg(depth, empty)),
        32 => (1u64..20_000).prop_map(Step::Pass),
        1 => side().prop_map(Step::Close),
        1 => side().prop_map(Step::ForceClose),
    ];
    proptest::collection::vec(one, 20..160)
}

fn setups(valid_until: u64) -> impl Strategy<Value = Setup> {
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

fn at(duel: &mut Duel, step: &Step) {
    let place = |duel: &Duel, to: Side, at: &Index| {
        let wire = &duel.wires[to.index()];
        (!wire.is_empty()).then(|| at.index(wire.len()))
    };
    match step {
        Step::Next(to) if !duel.wires[to.index()].is_empty() => {
            let message = duel.wires[to.index()].remove(0);
            duel.receive(*to, message);
        }
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
            if duel.channel(*from).is_some()
                && duel.give(*from, Event::Pay { amount: units(*amount), times: 1 }).is_ok()
            {
                duel.seats[from.index()].promised += amount;
            }
        }
        Step::Close(side) => {
            if duel.channel(*side).is_some() && duel.give(*side, Event::Close).is_ok() {
                duel.seats[side.index()].wants_close = true;
            }
        }
        Step::ForceClose(side) => {
            if duel.channel(*side).is_some() && duel.give(*side, Event::ForceClose).is_ok() {
                duel.seats[side.index()].wants_close = true;
            }
        }
        Step::Restart(side) => duel.restart(*side),
        Step::Mine => duel.mine(),
        Step::Reorg(depth, empty) => duel.reorg(*depth, *empty),
        Step::Pass(milliseconds) => {
            duel.now = duel.now.after(*milliseconds);
            Side::BOTH.into_iter().for_each(|side| duel.wake(side));
        }
        Step::Next(_) => {}
    }
}

fn talk(duel: &mut Duel) {
    for _ in 0..10_000 {
        let Some(to) = Side::BOTH.into_iter().find(|side| !duel.wires[side.index()].is_empty()) else { return };
        let message = duel.wires[to.index()].remove(0);
        duel.receive(to, message);
    }
    panic!("they never stop talking");
}

/// Nothing is lost any more, and blocks are found.
fn settle(duel: &mut Duel) {
    for _ in 0..40 {
        talk(duel);
        duel.now = duel.now.after(61_000);
        Side::BOTH.into_iter().for_each(|side| duel.wake(side));
        talk(duel);
        duel.mine();
    }
}

fn phase(duel: &Duel, side: Side) -> &'static str {
    duel.channel(side).map_or("none", |channel| channel.phase().name())
}

/// What must have become of everything once nothing is lost any more.
fn check_rest(duel: &Duel) -> Result<(), TestCaseError> {
    let phases = Side::BOTH.map(|side| phase(duel, side));
    let funded = duel.chain.transactions().any(|(_, tx)| tx.unsigned.action.kind() == "fund");
    if !funded {
        prop_assert!(phases.iter().all(|phase| ["none", "abandoned"].contains(phase)), "{:?}", phases);
        return Ok(());
    }
    let wanted = duel.seats.iter().any(|seat| seat.wants_close);
    prop_assert_eq!(phases, if wanted { ["closed"; 2] } else { ["idle"; 2] });
    let [opener, accepter] = Side::BOTH.map(|side| duel.channel(side).expect("funded"));
    if !wanted {
        prop_assert_eq!(opener.newest(), accepter.newest());
        prop_assert_eq!((opener.waiting_for(), accepter.waiting_for()), (None, None));
    }
    for side in Side::BOTH {
        let seat = duel.seat(side);
        prop_assert_eq!(seat.paid + seat.given_up <= seat.promised, true);
        prop_assert!(wanted || seat.paid == seat.promised, "{} of {}", seat.paid, seat.promised);
        prop_assert!(wanted || duel.seat(side.other()).received == seat.paid);
        if wanted {
            let (wealth, least) = (duel.wealth(side), duel.least(side));
            prop_assert!(wealth >= least, "{:?} has {}, at least {} is its own", side, wealth, least);
            let punished = matches!(duel.channel(side).expect("funded").phase(), Phase::Closed(Ending::Punished(_)));
            prop_assert!(!punished, "an honest publisher is punished");
        }
    }
    Ok(())
}

/// Everything that one party could publish and had revoked, each in a world of its own; the other is online.
fn check_cheats(duel: &Duel, seed: usize) -> Result<(), TestCaseError> {
    for cheat in Side::BOTH {
        let (kept, victim) = (duel.seat(cheat).kept.clone(), cheat.other());
        let newest = duel.channel(cheat).expect("funded").newest().1.balances[cheat.index()].units();
        let revoked = |number| duel.channel(victim).expect("funded").revealed(number).is_some();
        for (at, old) in kept.iter().enumerate().filter(|(_, (old, _))| revoked(old.commitment.number)) {
            let mut duel = duel.clone();
            duel.give(cheat, Event::PublishOld(Box::new(old.clone()))).expect("possible");
            // It brings another old one on top, to look newer.
            let other = kept[(at + seed) % kept.len()].0;
            for _ in 0..duel.setup.window + 6 {
                let refute = step(&duel, cheat, DisputeStep::Refute(other));
                duel.chain.pool.insert(0, refute);
                duel.mine();
            }
            let fees = duel.fees(cheat);
            let own = 1_000_000 - duel.setup.deposits[cheat.index()];
            let gained = duel.wealth(cheat) + fees - own;
            let number = old.0.commitment.number;
            match duel.setup.policy {
                Policy::Penalty => prop_assert_eq!(gained, 0, "{:?} published {}", cheat, number),
                Policy::Replace => prop_assert_eq!(gained, newest, "{:?} published {}", cheat, number),
            }
            let capacity: u64 = duel.setup.deposits.iter().sum();
            let victims = duel.wealth(victim) + duel.fees(victim) + duel.setup.deposits[victim.index()] - 1_000_000;
            prop_assert_eq!(victims, capacity - gained);
        }
    }
    Ok(())
}

/// Three of four channels have opened before the trouble begins.
fn run(setup: Setup, steps: &[Step]) -> Duel {
    let mut duel = Duel::new(setup);
    if !steps.len().is_multiple_of(4) {
        talk(&mut duel);
        (0..4).for_each(|_| duel.mine());
    }
    steps.iter().for_each(|step| at(&mut duel, step));
    settle(&mut duel);
    duel
}

proptest! {
    #![proptest_config(properties(150))]

    /// Payments and closes complete; every balance is what it should be.
    #[test]
    fn honest_parties_come_to_rest(setup in setups(200), steps in steps(2)) {
        check_rest(&run(setup, &steps))?;
    }

    /// The funding may be lost for good, at any time.
    #[test]
    fn a_funding_may_expire(setup in setups(6), steps in steps(2)) {
        check_rest(&run(setup, &steps))?;
    }

    /// Deeper reorgs than anybody waits for: what was in the blocks comes again.
    #[test]
    fn deep_reorgs(setup in setups(200), steps in steps(6)) {
        check_rest(&run(setup, &steps))?;
    }
}

proptest! {
    #![proptest_config(properties(24))]

    /// Every commitment that was ever revoked is published once.
    #[test]
    fn every_cheat_loses(setup in setups(200), steps in steps(2), seed in 0usize..50) {
        let open = |step: &Step| !matches!(step, Step::Close(_) | Step::ForceClose(_));
        let duel = run(setup, &steps.into_iter().filter(open).collect::<Vec<_>>());
        check_rest(&duel)?;
        if duel.channel(Side::Opener).is_some_and(|channel| channel.phase().is_live()) {
            check_cheats(&duel, seed)?;
        }
    }
}
