//! Two honest parties over the worst of wires and a chain that takes blocks back: nothing is lost but what nobody was promised, every HTLC
//! ends once and for both alike, and whoever cheats loses.

use proptest::prelude::*;
use tabchain::{
    channel::{Ending, Event, Phase},
    primitives::{Action, DisputeStep, Policy, Side, State},
};

use crate::{
    duel::{Duel, step},
    owed::Outcome,
    support::properties,
    trouble::{Trouble, run, settle, setups, side, steps, troubled},
};

/// Reorgs are as deep as anybody waits for, and what was in a block is in the next one at the latest.
const USUAL: Trouble = Trouble { reorg: 2, empty: 0, closes: 1 };
const CLOSING: Trouble = Trouble { closes: 12, ..USUAL };
/// What was in a block may come two blocks later.
const DELAYED: Trouble = Trouble { empty: 2, ..USUAL };
/// Nobody wants to close.
const OPEN: Trouble = Trouble { closes: 0, ..USUAL };
const DEEP: Trouble = Trouble { reorg: 6, empty: 6, ..USUAL };

fn phase(duel: &Duel, side: Side) -> &'static str {
    duel.channel(side).map_or("none", |channel| channel.phase().name())
}

/// What must have become of everything once nothing is lost any more.
fn check_rest(duel: &Duel) -> Result<(), TestCaseError> {
    let phases = Side::BOTH.map(|side| phase(duel, side));
    let funded = duel.chain.transactions().any(|(_, tx)| tx.unsigned.action.kind() == "fund");
    if !funded {
        prop_assert!(phases.iter().all(|phase| ["none", "abandoned"].contains(phase)), "{:?}", phases);
        return check_told(duel);
    }
    let wanted = duel.seats.iter().any(|seat| seat.wants_close);
    let offered = duel.seats.iter().any(|seat| !seat.owed.offered.is_empty());
    let closed = phases == ["closed"; 2];
    // An HTLC that cannot be resolved in time closes a channel, too.
    prop_assert!(closed || (!wanted && phases == ["idle"; 2]), "{:?}", phases);
    prop_assert!(!closed || wanted || offered, "closed without a reason");
    if closed {
        for side in Side::BOTH {
            let (wealth, least) = (duel.wealth(side), duel.least(side));
            prop_assert!(wealth >= least, "{:?} has {}, at least {} is its own", side, wealth, least);
            let punished = matches!(duel.channel(side).expect("funded").phase(), Phase::Closed(Ending::Punished(_)));
            prop_assert!(!punished, "an honest publisher is punished");
        }
    } else {
        check_open(duel)?;
    }
    for seat in &duel.seats {
        prop_assert!(seat.paid + seat.given_up <= seat.promised);
    }
    check_told(duel)
}

/// An open channel holds what plain numbers say.
fn check_open(duel: &Duel) -> Result<(), TestCaseError> {
    let [opener, accepter] = Side::BOTH.map(|side| duel.channel(side).expect("funded"));
    prop_assert_eq!(opener.newest(), accepter.newest());
    prop_assert_eq!((opener.waiting_for(), accepter.waiting_for()), (None, None));
    prop_assert_eq!(&opener.newest().1.htlcs, &[]);
    for side in Side::BOTH {
        let (ours, theirs) = (duel.seat(side), duel.seat(side.other()));
        prop_assert_eq!((ours.paid, theirs.received), (ours.promised, ours.paid));
        if duel.slow {
            // What was registered in time may not be any more after a reorg, and goes back.
            continue;
        }
        let expected = duel.setup.deposits[side.index()] + ours.received + theirs.owed.spent();
        let owned = opener.newest().1.balances[side.index()].units();
        prop_assert_eq!(owned, expected - ours.paid - ours.owed.spent());
    }
    Ok(())
}

/// Every HTLC has ended, as its receiver decided, and as the chain paid.
fn check_told(duel: &Duel) -> Result<(), TestCaseError> {
    let settled = settled(duel);
    for side in Side::BOTH {
        let (ours, theirs) = (duel.seat(side), duel.seat(side.other()));
        for (payment, offered) in ours.owed.offered.iter().filter(|_| !ours.silent) {
            let arrived = theirs.owed.arrived.get(payment);
            prop_assert!(offered.outcome.is_some(), "{:?} was never told: {:?}, {:?}", side, offered, arrived);
            let fulfilled = offered.outcome == Some(Outcome::Fulfilled);
            if !theirs.silent && !duel.slow {
                prop_assert!(fulfilled || !theirs.owed.is_due(payment), "{:?}: due, and not paid", arrived);
            }
            let pending = settled.iter().flat_map(|state| &state.htlcs).find(|htlc| htlc.payment == *payment);
            let paid = pending.is_some_and(|htlc| duel.is_registered(htlc));
            prop_assert!(fulfilled || !paid, "{:?} was told that it failed, and the chain pays it", offered);
        }
    }
    Ok(())
}

/// The state that was paid out after a dispute.
fn settled(duel: &Duel) -> Option<State> {
    duel.chain.transactions().find_map(|(_, transaction)| match &transaction.unsigned.action {
        Action::Dispute(dispute) => match &dispute.step {
            DisputeStep::Settle(state) => Some(state.clone()),
            _ => None,
        },
        _ => None,
    })
}

/// What one party could publish and had revoked, each in a world of its own that `then` looks at; it tries to look newer by another old one.
fn cheats(
    duel: &Duel,
    cheat: Side,
    seed: usize,
    then: impl Fn(&Duel, u64) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let kept = &duel.seat(cheat).kept;
    let Some(victim) = duel.channel(cheat.other()) else { return Ok(()) };
    for (at, old) in kept.iter().enumerate().filter(|(_, (old, _))| victim.revealed(old.commitment.number).is_some()) {
        let mut duel = duel.clone();
        duel.wires = Default::default();
        duel.seats[cheat.index()].cheats = true;
        if duel.give(cheat, Event::PublishOld(Box::new(old.clone()))).is_err() {
            return Ok(());
        }
        let other = &kept[(at + seed) % kept.len()].0;
        for _ in 0..duel.setup.window + 6 {
            let refute = step(&duel, cheat, DisputeStep::Refute(other.clone()));
            duel.chain.pool.insert(0, refute);
            duel.mine();
        }
        then(&duel, old.0.commitment.number)?;
    }
    Ok(())
}

/// The capacity less what somebody spent on fees is paid to `side`, and nothing to the other.
fn takes_all(duel: &Duel, side: Side) -> bool {
    let capacity: u64 = duel.setup.deposits.iter().sum();
    gained(duel, side) == capacity && gained(duel, side.other()) == 0
}

/// What a channel has paid somebody, fees included.
fn gained(duel: &Duel, side: Side) -> u64 {
    duel.wealth(side) + duel.fees(side) + duel.setup.deposits[side.index()] - 1_000_000
}

proptest! {
    #![proptest_config(properties(150))]

    /// Payments, HTLCs and closes complete; every balance is what it should be.
    #[test]
    fn honest_parties_come_to_rest(setup in setups(200), steps in steps(USUAL)) {
        check_rest(&run(setup, &steps))?;
    }

    /// Somebody closes, with anything under way.
    #[test]
    fn closes_pay_what_is_owed(setup in setups(200), steps in steps(CLOSING)) {
        check_rest(&run(setup, &steps))?;
    }

    /// One party says and does nothing any more, at any moment: the other gets what is its own by itself.
    #[test]
    fn the_other_may_fall_silent(setup in setups(200), steps in steps(CLOSING), silent in side()) {
        let (mut duel, honest) = (troubled(setup, &steps), silent.other());
        duel.wires = Default::default();
        duel.seats[silent.index()].silent = true;
        settle(&mut duel);
        if phase(&duel, honest) != "closed" && duel.give(honest, Event::ForceClose).is_ok() {
            settle(&mut duel);
        }
        let funded = duel.chain.transactions().any(|(_, tx)| tx.unsigned.action.kind() == "fund");
        prop_assert!(!funded || phase(&duel, honest) == "closed", "{}", phase(&duel, honest));
        if funded {
            let (wealth, least) = (duel.wealth(honest), duel.least(honest));
            prop_assert!(wealth >= least, "{:?} has {}, at least {} is its own", honest, wealth, least);
        }
        check_told(&duel)?;
    }

    /// The funding may be lost for good, before the channel opens.
    #[test]
    fn a_funding_may_expire(setup in setups(6), steps in steps(DELAYED)) {
        let mut duel = troubled(setup, &steps);
        duel.slow = true;
        settle(&mut duel);
        check_rest(&duel)?;
    }

    /// Deeper reorgs than anybody waits for: what was in the blocks comes again.
    #[test]
    fn deep_reorgs(setup in setups(200), steps in steps(DEEP)) {
        let mut duel = troubled(setup, &steps);
        duel.slow = true;
        settle(&mut duel);
        check_rest(&duel)?;
    }
}

proptest! {
    #![proptest_config(properties(24))]

    /// Every commitment that was ever revoked is published once, after all is done.
    #[test]
    fn every_cheat_loses(setup in setups(200), steps in steps(OPEN), seed in 0usize..50) {
        let duel = run(setup, &steps);
        check_rest(&duel)?;
        for cheat in Side::BOTH.into_iter().filter(|_| phase(&duel, Side::Opener) == "idle") {
            let newest = duel.channel(cheat).expect("funded").newest().1.balances[cheat.index()].units();
            cheats(&duel, cheat, seed, |duel, number| {
                match duel.setup.policy {
                    Policy::Penalty => prop_assert!(takes_all(duel, cheat.other()), "{:?} published {}", cheat, number),
                    Policy::Replace => prop_assert_eq!(gained(duel, cheat), newest, "{:?} published {}", cheat, number),
                }
                Ok(())
            })?;
        }
    }

    /// Every commitment that was ever revoked is published once, with anything under way.
    #[test]
    fn every_sudden_cheat_loses(setup in setups(200), steps in steps(OPEN), seed in 0usize..50, cheat in side()) {
        let duel = troubled(setup, &steps);
        let victim = cheat.other();
        cheats(&duel, cheat, seed, |duel, number| {
            let mut duel = duel.clone();
            settle(&mut duel);
            prop_assert_eq!(phase(&duel, victim), "closed");
            let all = duel.setup.policy == Policy::Penalty;
            prop_assert!(!all || takes_all(&duel, victim), "{:?} published {}", cheat, number);
            let (wealth, least) = (duel.wealth(victim), duel.least(victim));
            prop_assert!(wealth >= least, "{:?} has {}, at least {} is its own", victim, wealth, least);
            let untold = duel.seat(victim).owed.offered.values().filter(|offered| offered.outcome.is_none()).count();
            prop_assert_eq!(untold, 0);
            Ok(())
        })?;
    }
}
