//! A party that was restored from an old backup: it signs and publishes nothing that contradicts what it has forgotten, and whoever remembers
//! closes for both.

use proptest::prelude::*;
use tabchain::{
    channel::{Channel, Event},
    primitives::{Action, DisputeStep, Side},
};

use crate::{
    duel::Duel,
    owed::{Outcome, Owed},
    support::properties,
    trouble::{Step, Trouble, at, settle, setups, side, steps, talk},
};

const QUIET: Trouble = Trouble { reorg: 1, empty: 0, closes: 2 };
/// Backups of one party that are tried in each run.
const TRIED: usize = 8;

/// What a party stored while all this happened.
fn remembered(duel: &mut Duel, side: Side, steps: &[Step]) -> Vec<(Channel, Owed)> {
    talk(duel);
    (0..4).for_each(|_| duel.mine());
    duel.seats[side.index()].backups = Some(Vec::new());
    steps.iter().for_each(|step| at(duel, step));
    duel.seats[side.index()].backups.take().expect("kept")
}

fn phase(duel: &Duel, side: Side) -> &'static str {
    duel.channel(side).map_or("none", |channel| channel.phase().name())
}

/// Whether the other party can show that a backup is older than what was signed since.
fn is_provable(duel: &Duel, side: Side, backup: &Channel) -> bool {
    let number = backup.newest().0.commitment.number;
    let minds = backup.phase().is_live() || ["funding", "closing"].contains(&backup.phase().name());
    minds && duel.channel(side.other()).is_some_and(|other| other.revealed(number).is_some())
}

/// What the chain has paid out of a dispute, told as it is.
fn check_news(duel: &Duel) -> Result<(), TestCaseError> {
    let settled = duel.chain.transactions().find_map(|(_, transaction)| match &transaction.unsigned.action {
        Action::Dispute(dispute) => match &dispute.step {
            DisputeStep::Settle(state) => Some(state),
            _ => None,
        },
        _ => None,
    });
    for seat in &duel.seats {
        for (payment, offered) in &seat.owed.offered {
            prop_assert!(offered.outcome.is_some(), "never told of {:?}", offered);
            let pending = settled.into_iter().flat_map(|state| &state.htlcs).find(|htlc| htlc.payment == *payment);
            let paid = pending.is_some_and(|htlc| duel.is_registered(htlc));
            prop_assert!(!paid || offered.outcome == Some(Outcome::Fulfilled), "paid by the chain: {:?}", offered);
        }
    }
    Ok(())
}

/// `side` goes on with an old backup, sees some blocks, and meets the other.
fn check_restored(mut duel: Duel, side: Side, backup: (Channel, Owed), blocks: usize) -> Result<(), TestCaseError> {
    let (other, provable) = (side.other(), is_provable(&duel, side, &backup.0));
    if duel.seat(side).published && backup.0.published().is_none() {
        // What it has published without remembering it, nobody can help.
        return Ok(());
    }
    // Preimages that it had forgotten may be remembered too late.
    duel.slow = true;
    duel.restore(side, backup);
    duel.look(side);
    (0..blocks).for_each(|_| duel.mine());
    duel.pass(1_000);
    talk(&mut duel);
    prop_assert_eq!(provable && !["disputed", "closed"].contains(&phase(&duel, side)), duel.seat(side).lost);
    settle(&mut duel);
    for side in [other, side] {
        // Nobody else can.
        if !["closed", "abandoned"].contains(&phase(&duel, side)) && duel.give(side, Event::ForceClose).is_ok() {
            settle(&mut duel);
        }
    }
    prop_assert!(duel.blames == 0 || !provable, "they blame each other for what can be shown");
    let phases = Side::BOTH.map(|side| phase(&duel, side));
    prop_assert_eq!(phases, ["closed"; 2]);
    let newest = duel.channel(other).expect("funded").newest().0.commitment.number;
    for side in Side::BOTH {
        let (wealth, least) = (duel.wealth(side), duel.least_from(side, newest));
        prop_assert!(wealth >= least, "{:?} has {}, at least {} is its own", side, wealth, least);
    }
    check_news(&duel)
}

proptest! {
    #![proptest_config(properties(24))]

    /// Restored at many points of what it went through, before or after blocks that the other did not see it see.
    #[test]
    fn a_restored_party_harms_nobody(
        setup in setups(200),
        steps in steps(QUIET),
        side in side(),
        first in 0usize..64,
        blocks in prop_oneof![Just(0usize), 1usize..50],
    ) {
        let mut duel = Duel::new(setup);
        let backups = remembered(&mut duel, side, &steps);
        let apart = (backups.len() / TRIED).max(1);
        for backup in backups.into_iter().skip(first % apart).step_by(apart) {
            check_restored(duel.clone(), side, backup, blocks)?;
        }
    }
}
