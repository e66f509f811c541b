//! Watchtowers: whoever is away loses nothing that its tower knows of, nobody honest is punished, and lies cost the tower nothing.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/court.rs"]
mod court;
#[path = "support/lab.rs"]
mod lab;
mod support;

use court::{Court, DEPOSITS, OPENER, PAYMENTS, TOWER, node_of};
use support::units;
use tabchain::{
    channel::{TowerNotice, TowerRefusal},
    gossip::PeerId,
    node::{Command, EventKind, Transfer},
    primitives::{Policy, Side},
};

const POLICIES: [Policy; 2] = [Policy::Penalty, Policy::Replace];
const CAPACITY: u64 = DEPOSITS[0] + DEPOSITS[1];

/// How the victim of a cheat is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Help {
    Online,
    Tower,
    Nobody,
}

/// A revoked commitment that is better for this side than the newest.
fn tempting(court: &Court, thief: Side) -> u64 {
    let better = |number: &u64| court.owns(thief, *number) > court.owns(thief, court.newest());
    (0..court.newest()).find(better).expect("there is one")
}

#[test]
fn every_old_commitment_with_every_help() {
    for policy in POLICIES {
        let plain = Court::paid(policy, 4, &[]);
        let watched = Court::paid(policy, 4, &Side::BOTH);
        let newest = plain.newest();
        assert_eq!(newest, PAYMENTS.len() as u64);
        assert_eq!(Side::BOTH.map(|side| watched.acknowledged(side)), [Some(newest); 2]);
        for (thief, number) in Side::BOTH.into_iter().flat_map(|side| (0..newest).map(move |number| (side, number))) {
            for help in [Help::Online, Help::Tower, Help::Nobody] {
                let mut court = if help == Help::Tower { watched.clone() } else { plain.clone() };
                if help != Help::Online {
                    court.leave(node_of(thief.other()));
                }
                court.cheat(thief, number);
                court.finish();
                let gained = Side::BOTH.map(|side| court.gained(side));
                let expected = match (help, policy) {
                    (Help::Nobody, _) => court.owns(thief, number),
                    (_, Policy::Penalty) => 0,
                    (_, Policy::Replace) => court.owns(thief, newest),
                };
                let told = format!("{policy:?} {thief:?} {number} {help:?}: {:?}", court.kinds());
                assert_eq!(gained[thief.index()], expected, "{told}");
                assert_eq!(gained.iter().sum::<u64>(), CAPACITY, "{told}");
            }
        }
        // So that the above can fail: without help, some thefts succeed on either side.
        assert!(Side::BOTH.iter().all(|thief| tempting(&plain, *thief) < newest));
    }
}

/// An honest party force closes after any of an update's four messages, each way round; the other is online, or away with a tower.
#[test]
fn no_honest_publisher_is_punished() {
    for policy in POLICIES {
        let base = {
            let mut court = Court::open(policy, 4, &Side::BOTH);
            PAYMENTS[..4].iter().for_each(|(from, amount)| court.pay(*from, *amount));
            court
        };
        for (payer, publisher) in
            Side::BOTH.into_iter().flat_map(|payer| Side::BOTH.map(|publisher| (payer, publisher)))
        {
            for (delivered, away) in (0..=5).flat_map(|delivered| [(delivered, true), (delivered, false)]) {
                let mut court = base.clone();
                let (channel, amount) = (court.channel, units(3_000));
                court.lab.words_left = Some(delivered);
                court.lab.command(node_of(payer), Command::Pay { channel, amount, times: 1 });
                court.lab.run(30_000);
                let owned = Side::BOTH.map(|side| {
                    let held = court.held(side);
                    let pending = held.pending().map(|draft| draft.state.balances[side.index()].units());
                    pending.into_iter().chain([held.newest().1.balances[side.index()].units()]).min().expect("one")
                });
                if away {
                    court.leave(node_of(publisher.other()));
                }
                court.lab.command(node_of(publisher), Command::CloseChannel { channel, force: true });
                court.lab.run(100);
                court.finish();
                let told = format!("{policy:?} {payer:?} {publisher:?} {delivered} {away}: {:?}", court.kinds());
                assert!(!court.kinds().contains(&"punish"), "{told}");
                for side in Side::BOTH {
                    assert!(court.gained(side) >= owned[side.index()], "{told}");
                }
            }
        }
    }
}

#[test]
fn the_last_block_of_the_window() {
    let base = Court::paid(Policy::Replace, 4, &[Side::Opener]);
    let (thief, newest) = (Side::Accepter, base.newest());
    let old = tempting(&base, thief);
    for (late, number) in [(0, newest), (1, old)] {
        let mut court = base.clone();
        court.leave(OPENER);
        court.cheat(thief, old);
        while court.height() + 1 < court.window_ends() + late {
            court.mine_without(&["refute"]);
        }
        court.finish();
        assert_eq!(court.gained(thief), court.owns(thief, number), "{late} late: {:?}", court.kinds());
        assert_eq!(court.kinds().contains(&"refute"), late == 0);
    }
}

/// The tower itself is away, and comes back for the last block of the window, or one later. A penalty is possible until the money is paid out.
#[test]
fn a_late_tower() {
    for (policy, late) in POLICIES.into_iter().flat_map(|policy| [(policy, 0), (policy, 1)]) {
        let mut court = Court::paid(policy, 4, &[Side::Opener]);
        let thief = Side::Accepter;
        let old = tempting(&court, thief);
        [OPENER, TOWER].iter().for_each(|who| court.leave(*who));
        court.cheat(thief, old);
        while court.height() + 1 < court.window_ends() + late {
            court.mine();
        }
        court.come_back(TOWER);
        court.mine_without(&["settle"]);
        court.finish();
        let expected = match (policy, late) {
            (Policy::Penalty, _) => 0,
            (Policy::Replace, 0) => court.owns(thief, court.newest()),
            (Policy::Replace, _) => court.owns(thief, old),
        };
        assert_eq!(court.gained(thief), expected, "{policy:?} {late} late: {:?}", court.kinds());
    }
}

/// A tower that was cut off from its client does what it can with what it has.
#[test]
fn a_tower_that_missed_updates() {
    for policy in POLICIES {
        let mut base = Court::open(policy, 4, &[Side::Opener]);
        for (at, (from, amount)) in PAYMENTS.into_iter().enumerate() {
            if at == 5 {
                base.lab.disconnect(OPENER, TOWER);
            }
            base.pay(from, amount);
        }
        assert_eq!(base.acknowledged(Side::Opener), Some(5));
        base.leave(OPENER);
        for number in 0..base.newest() {
            let (mut court, thief) = (base.clone(), Side::Accepter);
            court.cheat(thief, number);
            while court.height() < court.window_ends() + 3 {
                court.mine();
            }
            if policy == Policy::Replace && number < 5 {
                // Nobody but the client, when it comes back, remembers what the tower's commitment stands for.
                assert!(court.builder.chain.ledger().channel(&court.channel).is_some());
                court.come_back(OPENER);
            }
            court.finish();
            let expected = match policy {
                Policy::Penalty if number < 5 => 0,
                Policy::Replace if number < 5 => court.owns(thief, 5),
                _ => court.owns(thief, number),
            };
            assert_eq!(court.gained(thief), expected, "{policy:?} {number}: {:?}", court.kinds());
        }
    }
}

/// Blocks are full of what pays more, always or for a while: the tower offers more and more until it is included.
#[test]
fn crowded_chains() {
    for (policy, fee, blocks) in [
        (Policy::Replace, 1_800, 12),
        (Policy::Penalty, 1_800, 12),
        (Policy::Replace, 40_000, 4),
        (Policy::Penalty, 40_000, 4),
    ] {
        let mut court = Court::paid(policy, 14, &[Side::Opener]);
        let thief = Side::Accepter;
        let old = tempting(&court, thief);
        court.leave(OPENER);
        court.cheat(thief, old);
        let published = court.height();
        (court.room, court.crowd) = (1_500, Some(fee));
        for _ in 0..blocks {
            court.mine();
        }
        court.crowd = None;
        court.finish();
        let expected = if policy == Policy::Penalty { 0 } else { court.owns(thief, court.newest()) };
        assert_eq!(court.gained(thief), expected, "{policy:?} {fee}: {:?}", court.kinds());
        let steps = court.steps();
        let (height, step) =
            steps.iter().find(|(_, tx)| ["refute", "punish"].contains(&tx.unsigned.action.kind())).expect("it acted");
        assert!(*height > published + 3, "it waited");
        assert!(step.unsigned.fee > units(2_500), "it offered more: {}", step.unsigned.fee);
        assert!(blocks < 5 || *height <= published + blocks, "it was included among the crowd");
    }
}

/// Another chain takes back what the tower did, or what it answered: it does so again, also after a restart.
#[test]
fn reorgs() {
    for (policy, restarts) in POLICIES.into_iter().flat_map(|policy| [(policy, false), (policy, true)]) {
        for taken in ["answer", "publication"] {
            let mut court = Court::paid(policy, 8, &[Side::Opener]);
            let thief = Side::Accepter;
            let old = tempting(&court, thief);
            court.leave(OPENER);
            let before = court.builder.clone();
            court.cheat(thief, old);
            let mut fork = if taken == "answer" { court.builder.clone() } else { before };
            court.mine_only(&["refute", "punish"]);
            let answer = if policy == Policy::Penalty { "punish" } else { "refute" };
            assert_eq!(court.kinds().last(), Some(&answer));
            (0..4).for_each(|_| drop(fork.mine(Vec::new())));
            court.replace_chain(fork);
            assert!(!court.kinds().contains(&answer), "it was taken back");
            if restarts {
                court.leave(TOWER);
                court.come_back(TOWER);
            }
            court.mine();
            court.finish();
            let expected = if policy == Policy::Penalty { 0 } else { court.owns(thief, court.newest()) };
            assert_eq!(court.gained(thief), expected, "{policy:?} {taken}: {:?}", court.kinds());
        }
    }
}

/// What a tower has acknowledged, it has stored: it is restarted after every update, and in the middle of its answer.
#[test]
fn restarted_towers() {
    for policy in POLICIES {
        let mut court = Court::open(policy, 6, &Side::BOTH);
        for (from, amount) in PAYMENTS {
            court.pay(from, amount);
            let held = court.lab.node(TOWER).watched().clone();
            court.lab.restart(TOWER);
            assert_eq!(court.lab.node(TOWER).watched().iter().collect::<Vec<_>>(), held.iter().collect::<Vec<_>>());
            court.come_back(TOWER);
        }
        let (thief, newest) = (Side::Accepter, court.newest());
        assert_eq!(court.acknowledged(Side::Opener), Some(newest));
        let old = tempting(&court, thief);
        court.leave(OPENER);
        court.cheat(thief, old);
        court.mine_without(&["refute", "punish"]);
        court.leave(TOWER);
        court.come_back(TOWER);
        court.finish();
        let expected = if policy == Policy::Penalty { 0 } else { court.owns(thief, newest) };
        assert_eq!(court.gained(thief), expected, "{policy:?}: {:?}", court.kinds());
    }
}

/// A tower with little money offers that, and says so; one with none can only say so.
#[test]
fn poor_towers() {
    for left in [700, 0] {
        let mut court = Court::paid(Policy::Penalty, 4, &[Side::Opener]);
        let (amount, fee) = (units(1_000_000 - 300 - left), units(300));
        let transfer = Transfer { to: support::address(8), amount, fee, memo: Default::default(), nonce: None };
        court.lab.command(TOWER, Command::Transfer(transfer));
        court.mine();
        let thief = Side::Accepter;
        let old = tempting(&court, thief);
        court.leave(OPENER);
        court.cheat(thief, old);
        court.finish();
        let expected = if left > 0 { 0 } else { court.owns(thief, old) };
        assert_eq!(court.gained(thief), expected, "{left} left: {:?}", court.kinds());
        let poor = TowerNotice::TooPoor { wanted: units(1_500), available: units(left) };
        assert!(court.told().contains(&poor), "{:?}", court.told());
    }
}

/// A tower that does not serve says so, and is asked again; whoever is no longer a client is forgotten; so is what has ended long ago.
#[test]
fn coming_and_going() {
    let mut court = Court::paid(Policy::Penalty, 4, &[]);
    let watched = |court: &Court| court.lab.node(TOWER).watched().len();
    court.lab.command(OPENER, Command::SetTower(Some(PeerId(TOWER))));
    court.lab.run(1_000);
    let refused = |(who, event): &(u64, EventKind)| {
        let reason = TowerRefusal::NotServing;
        *who == OPENER && matches!(event, EventKind::Tower { notice, .. } if *notice == TowerNotice::Refused { reason })
    };
    assert_eq!(court.lab.events.iter().filter(|event| refused(event)).count(), 1);
    assert_eq!(court.lab.node(OPENER).tower_of(&court.channel), Some((PeerId(TOWER), None)));
    court.lab.command(TOWER, Command::ServeAsTower(true));
    court.lab.run(120_000);
    assert_eq!((court.acknowledged(Side::Opener), watched(&court)), (Some(court.newest()), 1));
    assert_eq!(court.lab.events.iter().filter(|event| refused(event)).count(), 1, "told once");
    let messages = court.lab.messages;
    court.lab.disconnect(OPENER, TOWER);
    court.lab.disconnect(OPENER, court::ACCEPTER);
    court.lab.run(10);
    court.lab.connect(OPENER, TOWER);
    court.lab.run(1_000);
    assert!(court.lab.messages > messages);
    court.lab.command(OPENER, Command::SetTower(None));
    court.lab.run(1_000);
    assert_eq!((court.lab.node(OPENER).tower_of(&court.channel), watched(&court)), (None, 0));
    court.lab.command(OPENER, Command::SetTower(Some(PeerId(court::ACCEPTER))));
    court.lab.run(1_000);
    assert_eq!(court.lab.node(OPENER).tower_of(&court.channel), None, "the other party is no tower");
    court.lab.command(OPENER, Command::SetTower(Some(PeerId(TOWER))));
    court.lab.run(1_000);
    let settings = court.lab.node(OPENER).tower_settings();
    court.lab.restart(OPENER);
    assert_eq!(court.lab.node(OPENER).tower_settings(), settings);
    court.come_back(OPENER);
    assert_eq!((court.acknowledged(Side::Opener), watched(&court)), (Some(court.newest()), 1));
    court.lab.command(OPENER, Command::CloseChannel { channel: court.channel, force: true });
    court.lab.run(100);
    court.finish();
    assert_eq!((court.lab.node(OPENER).tower_of(&court.channel), watched(&court)), (None, 1));
    (0..100).for_each(|_| court.mine());
    assert_eq!(watched(&court), 0);
    let disk = &court.lab.disks[&TOWER];
    assert!(disk.watched.values().all(std::collections::BTreeMap::is_empty), "{:?}", disk.watched);
}

/// Over a line that loses every third message the tower catches up, and is told of the newest only.
#[test]
fn lossy_lines() {
    let mut court = Court::open(Policy::Penalty, 4, &Side::BOTH);
    court.lab.loss = 30;
    for (from, amount) in PAYMENTS {
        let channel = court.channel;
        court.lab.command(node_of(from), Command::Pay { channel, amount: units(amount), times: 1 });
        court.lab.run(120_000);
    }
    let newest = court.held(Side::Opener).newest().0.commitment.number;
    assert_eq!(newest, PAYMENTS.len() as u64);
    court.lab.run(300_000);
    assert_eq!(Side::BOTH.map(|side| court.acknowledged(side)), [Some(newest); 2]);
    assert!(court.lab.closed.is_empty(), "nobody honest is blamed: {:?}", court.lab.closed);
}
