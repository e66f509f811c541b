//! Watchtowers: whoever is away loses nothing that its tower knows of, nobody honest is punished, and lies cost the tower nothing.

use tabchain::{
    channel::{
        Claim, Direct, MAX_REVEALS, MAX_TOWER_BYTES, MAX_WATCHED, MAX_WATCHED_OF_CLIENT, Progress, REVEAL_MARGIN,
        RevealedSecrets, Tower, TowerMessage, TowerNotice, TowerRefusal, Watch, Watched,
    },
    gossip::{Message, PeerId},
    node::{Command, EventKind, Input, Output, Transfer},
    primitives::{Checks, CoSigned, Commitment, Hash, Height, Policy, Preimage, Side, Tag, Timestamp},
    sim::{Action, Capsule, Invariant, LinkQuality, LogEntry, Record, Scenario, Summary, Workload, World},
};

use crate::{
    court::{self, Court, DEPOSITS, OPENER, PAYMENTS, TOWER, node_of},
    support::{self, units},
    worlds::{at, cheat, keep, name, open_with, pay_through, ring, scenario, watch},
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
        let mut refuted = [0, 0];
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
                refuted[usize::from(away)] += court.kinds().iter().filter(|kind| **kind == "refute").count();
                for side in Side::BOTH {
                    assert!(court.gained(side) >= owned[side.index()], "{told}");
                }
            }
        }
        // The responder publishes what the proposer has revoked already, or the proposer what it has not heard the signature of.
        assert!(refuted.iter().all(|count| *count > 0), "{policy:?}: {refuted:?}");
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

/// When the payer of an HTLC, who knows its preimage, closes without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theft {
    AtOnce,
    AfterExpiry,
    ByOldCommitment,
}

/// Base units of the HTLC that a payer withholds.
const WITHHELD: u64 = 7_000;

/// A channel with one HTLC whose payer knows the preimage and answers nothing any more, and what its payee owns besides.
fn stalled(policy: Policy, payer: Side, clients: &[Side]) -> (Court, u64) {
    let mut court = Court::paid(policy, 4, clients);
    court.stall(payer, &[WITHHELD], 1);
    let payee = payer.other();
    let owned = court.held(payee).newest().1.balances[payee.index()].units();
    (court, owned)
}

fn close(court: &mut Court, who: Side) {
    court.lab.command(node_of(who), Command::CloseChannel { channel: court.channel, force: true });
    court.lab.run(100);
    court.mine_only(&["publish"]);
    assert!(court.window_ends() > 0, "it is published");
}

fn steal(court: &mut Court, thief: Side, theft: Theft) {
    match theft {
        Theft::AtOnce => close(court, thief),
        Theft::AfterExpiry => {
            let expiry = court.expiry(thief);
            while court.height() <= expiry {
                court.mine();
            }
            close(court, thief);
        }
        Theft::ByOldCommitment => {
            let newest = court.newest();
            court.cheat(thief, newest);
        }
    }
}

/// How many preimages are on the chain.
fn reveals(court: &Court) -> usize {
    court.kinds().iter().filter(|kind| **kind == "reveal").count()
}

#[test]
fn htlcs_with_every_help() {
    for (policy, payer) in POLICIES.into_iter().flat_map(|policy| Side::BOTH.map(|payer| (policy, payer))) {
        let payee = payer.other();
        let (plain, owned) = stalled(policy, payer, &[]);
        let (watched, _) = stalled(policy, payer, &Side::BOTH);
        assert_eq!(watched.acknowledged(payee), Some(watched.newest() + 1));
        for theft in [Theft::AtOnce, Theft::AfterExpiry, Theft::ByOldCommitment] {
            for help in [Help::Online, Help::Tower, Help::Nobody] {
                let mut court = if help == Help::Tower { watched.clone() } else { plain.clone() };
                if help != Help::Online {
                    court.leave(node_of(payee));
                }
                steal(&mut court, payer, theft);
                court.finish();
                let punished = theft == Theft::ByOldCommitment && policy == Policy::Penalty && help != Help::Nobody;
                let before = court.owns(payee, court.newest());
                let expected = match help {
                    _ if punished => CAPACITY,
                    Help::Nobody if theft == Theft::ByOldCommitment => before,
                    Help::Nobody => owned,
                    Help::Online | Help::Tower => owned + WITHHELD,
                };
                let told = format!("{policy:?} {payer:?} {theft:?} {help:?}: {:?}", court.kinds());
                assert_eq!(court.gained(payee), expected, "{told}");
                assert_eq!(court.gained(payer), CAPACITY - expected, "{told}");
                assert_eq!(reveals(&court), usize::from(help != Help::Nobody && !punished), "{told}");
            }
        }
    }
}

/// In the input in which a payee takes what it is paid, its tower is told before the payer is told anything: whoever is killed in the middle has said
/// the preimage to nobody, or to the tower first.
#[test]
fn the_tower_hears_first() {
    for payer in Side::BOTH {
        let (payee, mut court) = (node_of(payer.other()), Court::paid(Policy::Penalty, 4, &Side::BOTH));
        court.hold(payer, &[WITHHELD]);
        let (now, input) = (court.lab.now, Input::Command { id: 1, command: Command::HoldPayments(false) });
        let node = court.lab.nodes.get_mut(&payee).expect("it is on");
        let outputs: Vec<Output> = node.handle(now, input, &mut Checks::forgetful()).collect();
        assert!(
            matches!(&outputs[0], Output::Persist(stored) if !stored.guards.is_empty() && !stored.channels.is_empty())
        );
        let said = outputs.into_iter().filter_map(|output| match output {
            Output::Send { message: Message::Direct(bytes), .. } => Direct::parse(&bytes).ok(),
            _ => None,
        });
        let said: Vec<Direct> = said.collect();
        let [Direct::Tower(TowerMessage::Watch(watch)), Direct::Channel(_)] = &said[..] else { panic!("{said:?}") };
        assert_eq!(watch.claims.len(), 1);
    }
}

/// The tower is away, and comes back in time for the last block in which the preimage counts, or one later.
#[test]
fn a_late_tower_and_htlcs() {
    for (late, theft) in [(0, Theft::AtOnce), (1, Theft::AtOnce), (0, Theft::AfterExpiry), (1, Theft::AfterExpiry)] {
        let payer = Side::Opener;
        let (mut court, owned) = stalled(Policy::Penalty, payer, &[Side::Accepter]);
        let expiry = court.expiry(payer);
        [court::ACCEPTER, TOWER].iter().for_each(|who| court.leave(*who));
        if theft == Theft::AtOnce {
            steal(&mut court, payer, theft);
        }
        while court.height() + 1 < expiry + late {
            court.mine();
        }
        court.come_back(TOWER);
        court.mine_without(&["settle"]);
        if theft == Theft::AfterExpiry {
            steal(&mut court, payer, theft);
        }
        court.finish();
        let kept = if late == 0 { WITHHELD } else { 0 };
        assert_eq!(court.gained(Side::Accepter), owned + kept, "{theft:?} {late} late: {:?}", court.kinds());
        assert_eq!(reveals(&court), usize::from(late == 0));
    }
}

/// Another chain takes back what the tower revealed, and perhaps what was published: it reveals again, also after a restart.
#[test]
fn reorgs_and_htlcs() {
    for (theft, restarts) in
        [Theft::AtOnce, Theft::AfterExpiry].into_iter().flat_map(|theft| [(theft, false), (theft, true)])
    {
        let payer = Side::Opener;
        let (mut court, owned) = stalled(Policy::Replace, payer, &[Side::Accepter]);
        court.leave(court::ACCEPTER);
        if theft == Theft::AtOnce {
            steal(&mut court, payer, theft);
        } else {
            while court.height() + REVEAL_MARGIN < court.expiry(payer) {
                assert!(court.lab.node(TOWER).mempool().is_empty(), "it waits for its client as long as it can");
                court.mine();
            }
        }
        let mut fork = court.builder.clone();
        court.mine_only(&["reveal"]);
        assert_eq!(reveals(&court), 1);
        (0..3).for_each(|_| drop(fork.mine(Vec::new())));
        court.replace_chain(fork);
        assert_eq!(reveals(&court), 0, "it was taken back");
        if restarts {
            court.leave(TOWER);
            court.come_back(TOWER);
        }
        court.mine();
        if theft == Theft::AfterExpiry {
            steal(&mut court, payer, theft);
        }
        court.finish();
        assert_eq!(court.gained(Side::Accepter), owned + WITHHELD, "{theft:?} {restarts}: {:?}", court.kinds());
        assert_eq!(reveals(&court), 1, "{theft:?} {restarts}");
        let brought: Vec<usize> =
            court.lab.node(TOWER).watched().brought().values().map(|sides| sides[1].len()).collect();
        assert!(brought.iter().all(|count| *count == 1), "one payment, however often: {brought:?}");
    }
}

/// Blocks are full of what pays more, always or for a while, and the HTLC is about to expire: the tower offers more and more, never more than it is worth.
#[test]
fn crowded_chains_and_htlcs() {
    for (theft, fee, blocks, is_kept) in [
        (Theft::AtOnce, 1_800, 12, true),
        (Theft::AtOnce, 40_000, 4, true),
        (Theft::AfterExpiry, 1_800, 12, true),
        (Theft::AfterExpiry, 40_000, 4, true),
        (Theft::AfterExpiry, 40_000, 12, false),
    ] {
        let payer = Side::Opener;
        let (mut court, owned) = stalled(Policy::Replace, payer, &[Side::Accepter]);
        court.leave(court::ACCEPTER);
        if theft == Theft::AtOnce {
            steal(&mut court, payer, theft);
        }
        while theft == Theft::AfterExpiry && court.height() + REVEAL_MARGIN < court.expiry(payer) {
            court.mine();
        }
        let room = std::mem::replace(&mut court.room, 1_500);
        court.crowd = Some(fee);
        (0..blocks).for_each(|_| court.mine());
        (court.room, court.crowd) = (room, None);
        if theft == Theft::AfterExpiry {
            steal(&mut court, payer, theft);
        }
        court.finish();
        let expected = owned + if is_kept { WITHHELD } else { 0 };
        assert_eq!(court.gained(Side::Accepter), expected, "{theft:?} {fee}: {:?}", court.kinds());
        assert_eq!(reveals(&court), usize::from(is_kept));
        let fees = court
            .steps()
            .into_iter()
            .filter(|(_, tx)| tx.unsigned.action.kind() == "reveal")
            .map(|(_, tx)| tx.unsigned.fee);
        fees.for_each(|fee| assert!(units(1_500) < fee && fee <= units(WITHHELD), "{fee}"));
    }
}

/// Several HTLCs in several channels: one preimage each, none for what was settled in time, and nothing is left once all have ended.
#[test]
fn htlcs_of_several_channels() {
    let mut court = Court::open(Policy::Penalty, 4, &[Side::Accepter]);
    let channels = [court.channel, court.open_another()];
    let amounts = [26_000, 27_000, 5_000];
    court.stall(Side::Opener, &amounts, 2);
    let client = PeerId(court::ACCEPTER);
    let entrusted = |court: &Court| {
        channels.map(|id| court.lab.node(TOWER).watched().get(client, &id).map_or(0, |watched| watched.claims.len()))
    };
    assert_eq!(entrusted(&court).iter().sum::<usize>(), 3);
    assert!(entrusted(&court).iter().all(|count| *count > 0), "in both: {:?}", entrusted(&court));
    let honest = court.clone();
    court.leave(court::ACCEPTER);
    steal(&mut court, Side::Opener, Theft::AtOnce);
    court.channel = channels[1];
    steal(&mut court, Side::Opener, Theft::AfterExpiry);
    court.finish();
    court.channel = channels[0];
    court.finish();
    let gained = court.builder.chain.ledger().account(&support::address(2)).balance.units() - 1_000_000;
    assert_eq!(gained, amounts.iter().sum::<u64>());
    court.mine();
    assert!(court.lab.node(TOWER).watched().brought().is_empty());
    assert!(court.lab.disks[&TOWER].brought.is_empty());
    // They hear each other again: the tower is told that all is settled, and reveals nothing.
    let mut court = honest;
    court.lab.words_left = None;
    court.lab.run(120_000);
    assert_eq!(entrusted(&court), [0, 0]);
    (0..20).for_each(|_| court.mine());
    assert_eq!(
        channels.map(|channel| {
            court.channel = channel;
            reveals(&court)
        }),
        [0, 0]
    );
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

/// A client of the tower's that the test plays, and what it says of a channel that it has nothing to do with, or has.
struct Liar {
    court: Court,
    peer: u64,
}

impl Liar {
    fn new(court: &Court) -> Self {
        let mut court = court.clone();
        court.lab.greet(TOWER, 77);
        Self { court, peer: 77 }
    }

    fn say(&mut self, message: TowerMessage) {
        self.court.lab.say(self.peer, TOWER, &Message::Direct(Direct::Tower(message).to_bytes()));
    }

    fn watch(&mut self, watch: Watch) {
        self.say(TowerMessage::Watch(Box::new(watch)));
    }

    fn blames(&self) -> Vec<String> {
        let fault = |(who, event): &(u64, EventKind)| match event {
            EventKind::PeerBlamed { peer, fault } if (*who, peer.0) == (TOWER, self.peer) => Some(fault.to_string()),
            _ => None,
        };
        self.court.lab.events.iter().filter_map(fault).collect()
    }

    fn holds(&self) -> Option<Progress> {
        let watched = self.court.lab.node(TOWER).watched();
        watched.get(PeerId(self.peer), &self.court.channel).map(Watched::progress)
    }

    fn answers(&mut self) -> Vec<TowerMessage> {
        let said = |message| match message {
            Message::Direct(bytes) => match Direct::parse(&bytes) {
                Ok(Direct::Tower(message)) => Some(message),
                _ => panic!("a tower says what can be read"),
            },
            _ => None,
        };
        self.court.lab.received(self.peer).into_iter().filter_map(said).collect()
    }
}

/// What a lie changes in an honest word.
type Lie = fn(&mut Watch);

#[test]
fn lies_change_nothing_and_are_blamed() {
    let mut court = Court::open(Policy::Penalty, 4, &[]);
    court.lab.command(TOWER, Command::ServeAsTower(true));
    let mut words = vec![Watch::of(court.held(Side::Opener))];
    for (from, amount) in PAYMENTS {
        court.pay(from, amount);
        words.push(Watch::of(court.held(Side::Opener)));
    }
    let (older, newest) = (words[5].clone(), words[8].clone());
    // Numbers, signatures, secrets: by themselves, or against what was said before.
    let lies: [(&str, bool, Lie); 12] = [
        ("signatures", false, |watch| watch.newest.signatures[0] = watch.newest.signatures[1].clone()),
        ("signatures", true, |watch| watch.newest.signatures[1] = watch.newest.signatures[0].clone()),
        ("signatures", false, |watch| watch.newest.commitment.state.0[0] ^= 1),
        ("signatures", false, |watch| watch.newest.commitment.number += 1),
        ("revocations", false, |watch| watch.newest.commitment.number = u64::MAX),
        ("revocations", false, |watch| watch.revoked += 1),
        ("inconsistent", false, |watch| watch.revoked -= 1),
        ("inconsistent", false, |watch| watch.secrets[0].0[0] ^= 1),
        ("inconsistent", false, |watch| watch.secrets.clear()),
        ("inconsistent", true, |watch| (watch.revoked, watch.secrets) = (0, Vec::new())),
        ("inconsistent", true, |watch| watch.secrets.iter_mut().for_each(|secret| secret.0[5] ^= 1)),
        ("said before", true, |watch| watch.client = Side::Accepter),
    ];
    for (fault, has_said, lie) in lies {
        let mut liar = Liar::new(&court);
        if has_said {
            liar.watch(older.clone());
        }
        let before = (liar.holds(), liar.court.lab.size(TOWER));
        assert_eq!(before.0, has_said.then(|| older.progress()));
        liar.answers();
        let mut watch = newest.clone();
        lie(&mut watch);
        liar.watch(watch);
        assert!(liar.blames().iter().any(|blame| blame.contains(fault)), "{fault}: {:?}", liar.blames());
        assert_eq!((liar.holds(), liar.answers()), (before.0, Vec::new()), "{fault}");
        liar.watch(newest.clone());
        assert_eq!(liar.holds(), Some(newest.progress()), "one lie may be an accident");
    }
    // A secret that follows from nothing must still be the one of the commitment before.
    let mut liar = Liar::new(&court);
    liar.watch(words[4].clone());
    let mut watch = words[5].clone();
    watch.secrets[0].0[0] ^= 1;
    assert!(RevealedSecrets::from_values(watch.revoked, &watch.secrets).is_ok());
    liar.watch(watch);
    assert_eq!((liar.blames().len(), liar.holds()), (1, Some(words[4].progress())));
    // An old word is merely late: it changes nothing, and the answer says what is held. Another of the same number is a lie.
    let mut liar = Liar::new(&court);
    liar.watch(newest.clone());
    for word in words.iter().rev() {
        liar.watch(word.clone());
        let progress = newest.progress();
        assert_eq!(liar.answers().last(), Some(&TowerMessage::Watching { channel: court.channel, progress }));
        assert_eq!(liar.holds(), Some(progress));
    }
    assert_eq!(liar.blames(), Vec::<String>::new());
    let mut other = newest.clone();
    other.newest.commitment.state.0[7] ^= 1;
    liar.watch(other);
    assert!(liar.blames().iter().all(|blame| blame.contains("said before")) && liar.blames().len() == 1);
}

/// So many preimages of nothing, for a commitment of the opener's.
fn nonsense(court: &Court, count: usize, salt: u8) -> Watch {
    let expiry = Height(court.height() + 5);
    let claim =
        |at: usize| Claim { preimage: Preimage([salt.wrapping_add(at as u8); 32]), expiry, amount: units(9_000) };
    Watch { claims: (0..count).map(claim).collect(), ..Watch::of(court.held(Side::Opener)) }
}

/// Only the party itself can have the tower pay for claims, and what it said of a commitment it goes on saying.
#[test]
fn claims_of_others_are_blamed() {
    let court = Court::paid(Policy::Penalty, 4, &[]);
    let mut court = court;
    court.lab.command(TOWER, Command::ServeAsTower(true));
    let genesis = court.lab.genesis.block().id();
    let [opener, accepter] = [1, 2].map(support::key);
    let true_word = nonsense(&court, 2, 1).sign(&opener, &genesis);
    let swapped = Watch { claims: nonsense(&court, 2, 9).claims, ..true_word.clone() };
    let rows = [
        ("not signed", None, nonsense(&court, 2, 1)),
        ("not signed", None, nonsense(&court, 2, 1).sign(&accepter, &genesis)),
        ("not signed", None, swapped),
        ("31 claims > 30", None, nonsense(&court, 31, 1).sign(&opener, &genesis)),
        ("31 claims > 30", Some(2), nonsense(&court, 29, 9).sign(&opener, &genesis)),
    ];
    for (fault, held, lie) in rows {
        let mut liar = Liar::new(&court);
        held.iter().for_each(|_| liar.watch(true_word.clone()));
        liar.answers();
        let before = liar.holds();
        assert_eq!(before.map(|progress| progress.claims), held);
        liar.watch(lie);
        assert!(liar.blames().iter().any(|blame| blame.contains(fault)), "{fault}: {:?}", liar.blames());
        assert_eq!((liar.holds(), liar.answers()), (before, Vec::new()), "{fault}");
    }
    let mut liar = Liar::new(&court);
    for (salt, said, claims) in [(1, 1, 1), (1, 3, 3), (1, 2, 3), (1, 0, 3), (50, 1, 4)] {
        liar.watch(nonsense(&court, said, salt).sign(&opener, &genesis));
        assert_eq!(
            liar.holds().map(|progress| progress.claims),
            Some(claims),
            "what came late is late, what was lost is kept"
        );
    }
    assert_eq!(liar.blames(), Vec::<String>::new());
}

/// A party that has its tower reveal nonsense can do so a few times a channel, by whatever name it comes, and however often it begins anew.
#[test]
fn nonsense_has_an_end() {
    let mut court = Court::open(Policy::Penalty, 4, &[Side::Accepter]);
    let genesis = court.lab.genesis.block().id();
    let before = court.builder.chain.ledger().account(&support::address(3)).balance.units();
    for (round, (from, amount)) in PAYMENTS.into_iter().take(5).enumerate() {
        court.pay(from, amount);
        let salt = 40 * round as u8;
        let words = nonsense(&court, 20, salt).sign(&support::key(1), &genesis);
        let mut liar = Liar { peer: 70 + round as u64, court };
        liar.court.lab.greet(TOWER, liar.peer);
        liar.watch(words.clone());
        liar.watch(words);
        (0..3).for_each(|_| liar.court.mine());
        let channel = liar.court.channel;
        liar.say(TowerMessage::Forget { channel });
        assert_eq!(liar.blames(), Vec::<String>::new());
        court = liar.court;
        court.leave(TOWER);
        court.come_back(TOWER);
    }
    assert_eq!(reveals(&court), MAX_REVEALS);
    let paid = before - court.builder.chain.ledger().account(&support::address(3)).balance.units();
    assert!(paid <= 2_000 * MAX_REVEALS as u64, "{paid}");
    // That is none of the other side's business.
    court.stall(Side::Opener, &[WITHHELD], 1);
    let owned = court.held(Side::Accepter).newest().1.balances[1].units();
    court.leave(court::ACCEPTER);
    steal(&mut court, Side::Opener, Theft::AtOnce);
    court.finish();
    assert_eq!(court.gained(Side::Accepter), owned + WITHHELD, "{:?}", court.kinds());
}

/// The tower believes nothing that it cannot see on its chain, and what it keeps of all clients together is bounded.
#[test]
fn floods_are_bounded() {
    let court = Court::paid(Policy::Penalty, 4, &[Side::Opener]);
    let honest = Watch::of(court.held(Side::Opener));
    let mut liar = Liar::new(&court);
    let size = liar.court.lab.size(TOWER);
    for salt in 0..=255 {
        let channel = Hash([salt; 32]);
        liar.watch(Watch { channel, ..honest.clone() });
        liar.say(TowerMessage::Forget { channel });
        liar.say(TowerMessage::Watching { channel, progress: honest.progress() });
        let reason = TowerRefusal::NotOnChain;
        assert_eq!(liar.answers(), [TowerMessage::Refused { channel, reason }]);
    }
    liar.say(TowerMessage::Forget { channel: court.channel });
    assert!(liar.court.lab.size(TOWER) < size + 1_000);
    assert_eq!(liar.court.lab.node(TOWER).watched().len(), 1, "a client forgets for itself only");
    for _ in 0..3 {
        liar.court.lab.say(77, TOWER, &Message::Direct([&[1], &vec![0; MAX_TOWER_BYTES + 1][..]].concat()));
    }
    assert!(liar.court.lab.is_banned(TOWER, 77));

    let (mut tower, mut checks) = (Tower::<u64>::default(), Checks::remembering());
    let keys = court.held(Side::Opener).funding().keys();
    let genesis = court.lab.genesis.block().id();
    let mut say = |client: u64, number: u64| {
        let channel = Tag::new("tabchain/test-channel").hash(&[&number.to_le_bytes()]);
        let commitment = Commitment { number: 0, ..honest.newest.commitment };
        let signatures = [1, 2].map(|who| commitment.sign(&support::key(who), &genesis, &channel));
        let newest = CoSigned { commitment, signatures };
        let (secrets, claims, signature) = (Vec::new(), Vec::new(), None);
        let watch = Watch { channel, client: Side::Opener, newest, revoked: 0, secrets, claims, signature };
        let taken = tower.watch(client, &watch, Some((keys.clone(), Policy::Penalty)), &genesis, &mut checks);
        (taken.map_err(|error| error.to_string()), tower.len())
    };
    let most = MAX_WATCHED_OF_CLIENT as u64;
    (0..most).for_each(|number| assert_eq!(say(0, number).0, Ok(Progress::default())));
    let (refused, count) = say(0, most);
    assert!(refused.is_err_and(|error| error.contains("this client")) && count == MAX_WATCHED_OF_CLIENT);
    assert_eq!(say(0, 0).0, Ok(Progress::default()), "what it watches it goes on watching");
    for number in most..MAX_WATCHED as u64 {
        assert_eq!(say(number / 8, number).0, Ok(Progress::default()));
    }
    let (refused, count) = say(9_999, 9_999);
    assert!(refused.is_err_and(|error| error.contains("already")) && count == MAX_WATCHED);
}

/// Nothing that a tower says can hurt its client: not what it claims to hold, and not from somebody who is not the tower.
#[test]
fn lying_towers() {
    let mut court = Court::paid(Policy::Penalty, 4, &[Side::Opener]);
    let (channel, newest) = (court.channel, court.newest());
    let before = court.held(Side::Opener).clone();
    let ahead = Progress { number: newest + 5, revoked: newest + 5, claims: 0 };
    for from in [court::ACCEPTER, TOWER] {
        for channel in [channel, Hash::ZERO] {
            let reason = TowerRefusal::NotServing;
            let words =
                [TowerMessage::Watching { channel, progress: ahead }, TowerMessage::Refused { channel, reason }];
            for word in words.into_iter().skip(usize::from(from == TOWER && channel == court.channel)) {
                court.lab.say(from, OPENER, &Message::Direct(Direct::Tower(word).to_bytes()));
            }
        }
        assert_eq!(court.acknowledged(Side::Opener), (from != TOWER).then_some(newest));
    }
    court.lab.run(70_000);
    assert_eq!(court.acknowledged(Side::Opener), Some(newest), "it is asked again");
    assert_eq!(court.held(Side::Opener), &before);
}

/// In a whole network, as part of a script.
#[test]
fn a_script_with_a_watchtower() {
    let quality = LinkQuality { jitter: 60, ..LinkQuality::default() };
    let mut scenario = scenario(3, &[60, 60, 60, 60], &ring(4), quality);
    scenario.config.workload = Workload::default();
    scenario.script = vec![
        at(1_000, open_with(0, 1, [100_000, 80_000], Policy::Penalty, 10, 0)),
        at(1_000, watch(0, Some(2))),
        at(1_500, watch(1, Some(1))),
        at(2_000, watch(3, None)),
        at(160_000, pay_through(0, 1, 5_000, 4)),
        at(160_000, pay_through(1, 0, 9_000, 4)),
        at(280_000, Action::Stop { node: name(0) }),
        at(290_000, cheat(1, 0, 4)),
        at(480_000, Action::Start { node: name(0) }),
    ];
    let json = serde_json::to_string(&scenario).expect("plain data");
    assert!(
        json.contains(r#"{"do":"watch","client":"A","tower":"C"}"#) && json.contains(r#"{"do":"watch","client":"D"}"#)
    );
    assert_eq!(Scenario::from_json(&json).as_ref(), Ok(&scenario));
    let mut world = World::new(scenario);
    world.run_until(Timestamp(270_000));
    let id = world.nodes()[0].node.as_ref().map(|node| node.channels().next().expect("open").1.id());
    let kept: Vec<u64> = world.kept(1, &id.expect("off later")).collect();
    assert_eq!(kept, (0..9).collect::<Vec<_>>());
    world.run_until(Timestamp(540_000));
    let told = keep(&world, "watchtower");
    let summary = Summary::of(&world, 0);
    assert_eq!((world.stats().refused, summary.channels_closed, summary.penalties), (1, 1, 1), "{told}");
    let noticed = |record: &Record| {
        matches!(
            &record.entry,
            LogEntry::Node(EventKind::Tower { peer: PeerId(0), notice: TowerNotice::Punishing { number: 4, .. }, .. })
        )
    };
    assert_eq!(world.log().filter(|record| record.node == Some(2) && noticed(record)).count(), 1, "{told}");
    let payout = world.invariants()[4];
    assert_eq!((payout.0, payout.1.violated), (Invariant::Payout, 0));
    assert_eq!(payout.1.checked, 1, "whoever was away had a tower; {told}");
    assert_eq!(world.violation(), None, "{told}");
    assert!(Capsule::of(&world).replay().finish().is_ok());
}
