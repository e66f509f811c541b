//! What the inspector shows of a whole world: everything that is named can be looked at, is judged, and has its words.

use std::collections::{BTreeMap, BTreeSet};

use tabchain::{
    chain::fee_of,
    node::Transfer,
    primitives::{Amount, Hash, Memo, Policy, Timestamp},
    sim::{Action, EventKey, LinkQuality, Scenario, World, preset},
    view::{ChannelDetail, Focus, Inspection, Inspector, Outcome, RuleRow, RulesView, Selection, Status, Summary, Tab},
};

use crate::{
    words,
    worlds::{at, name, ring, scenario},
};

fn world() -> World {
    let mut scenario = Scenario::generated(4, 3);
    scenario.config.workload.transfers_per_hour = 3_600;
    let mut world = World::new(scenario);
    world.run_until(Timestamp(90_000));
    world
}

fn look(world: &World, inspector: &mut Inspector, selection: &Selection, tab: Tab) -> Inspection {
    let focus = Focus { selection: Some(selection.clone()), tab, ..Focus::default() };
    inspector.look(world, &focus).expect("a world with nodes")
}

/// Every rule, step and note has a sentence, and as many values as that has places.
fn has_words(strings: &BTreeMap<String, usize>, rules: &RulesView) {
    for row in rules.rows.iter().chain(&rules.steps) {
        let places = *strings.get(&format!("rule-{}", row.code)).unwrap_or_else(|| panic!("no words: {row:?}"));
        assert!(row.values.is_empty() || places <= row.values.len(), "{places} {row:?}");
        if row.outcome == Outcome::Open && row.code.starts_with("channel") {
            let why = row.why.as_ref().expect("a reason");
            assert!(strings.contains_key(&format!("why-{why}")), "no words: {row:?}");
        }
    }
    assert!(rules.notes.iter().all(|(code, _)| strings.contains_key(&format!("note-{code}"))));
}

/// One of everything: nodes, blocks, transactions that wait and that are confirmed, messages of every kind.
fn things(world: &World) -> Vec<Selection> {
    let (_, node) = world.running().next().expect("all are on");
    let mut things: Vec<Selection> = world.nodes().iter().map(|sim| Selection::node(sim.name.as_str())).collect();
    things.extend(node.chain().tree().iter().map(|(id, _)| Selection::block(*id)));
    let waiting = node.mempool().iter().take(3).map(|pooled| Selection::Transaction { id: pooled.id, block: None });
    let blocks = node.chain().best().iter().filter_map(|id| node.chain().tree().block(id));
    let confirmed = blocks.flat_map(|block| {
        let one =
            |tx: &tabchain::primitives::Transaction| Selection::Transaction { id: tx.id(), block: Some(block.id()) };
        block.transactions.iter().take(1).map(one).collect::<Vec<_>>()
    });
    things.extend(waiting.chain(confirmed));
    let messages = world.flights().chain(world.delivered());
    let by_kind: BTreeMap<&str, EventKey> = messages.map(|flight| (flight.kind, flight.key)).collect();
    assert!(by_kind.len() >= 5, "{by_kind:?}");
    things.extend(by_kind.into_values().map(|key| Selection::Message { key }));
    things
}

#[test]
fn everything_has_a_summary_bytes_rules_and_words() {
    let (world, inspector) = (world(), &mut Inspector::default());
    let strings = words::words();
    let mut families = BTreeSet::new();
    for selection in things(&world) {
        let summary = look(&world, inspector, &selection, Tab::Summary);
        assert!(summary.summary.is_some() && summary.raw.is_none() && summary.rules.is_none(), "{selection:?}");
        let raw = look(&world, inspector, &selection, Tab::Raw).raw.expect("an encoding");
        assert_eq!(raw.fields.iter().map(|field| field.length).sum::<usize>(), raw.size);
        assert!(raw.hex.len() <= 8_192);
        let inspection = look(&world, inspector, &selection, Tab::Rules);
        let rules = inspection.rules.expect("rules");
        has_words(&strings, &rules);
        for row in &rules.rows {
            let confirmed = matches!(inspection.summary, Some(Summary::Transaction(ref tx)) if tx.place.is_some());
            assert!(
                row.outcome == Outcome::Kept || (confirmed && row.outcome == Outcome::Broken),
                "{selection:?} {row:?}"
            );
            families.insert(row.code.clone());
        }
    }
    for rule in ["wrong-state-root", "pool-wrong-nonce", "wire-too-many", "wire-wrong-chain", "slot", "node-supply"] {
        assert!(families.contains(rule), "{rule} in {families:?}");
    }
}

/// A world and its copy, and one that has gone on, tell the same of what both know; what is gone is said to be gone.
#[test]
fn what_is_not_there_is_not_made_up() {
    let (mut world, inspector) = (world(), &mut Inspector::default());
    for selection in [Selection::block(Hash::ZERO), Selection::Transaction { id: Hash::ZERO, block: None }] {
        for tab in [Tab::Summary, Tab::Raw, Tab::Rules] {
            let seen = look(&world, inspector, &selection, tab);
            assert!(seen.summary.is_none() && seen.raw.is_none() && seen.rules.is_none());
        }
    }
    let flight = world.flights().next().expect("always something is on its way");
    let selection = Selection::Message { key: flight.key };
    let before = look(&world, inspector, &selection, Tab::Raw).raw;
    world.run_until(flight.deliver_at);
    assert_eq!(look(&world, inspector, &selection, Tab::Raw).raw, before);
    let Some(Summary::Message(message)) = look(&world, inspector, &selection, Tab::Summary).summary else {
        panic!("it has just arrived");
    };
    assert!(message.row.arrived);
    world.run_until(Timestamp(300_000));
    assert!(world.delivered().count() <= 256);
    assert!(world.delivered().map(|flight| flight.size).sum::<usize>() <= 256 << 10);
    assert_eq!(look(&world, inspector, &selection, Tab::Summary).summary, None);
    let nobody = Selection::node("Nobody");
    assert_eq!(look(&world, inspector, &nobody, Tab::Summary).selection, Selection::node("Alpha"));
}

/// Remembering what is costly changes nothing.
#[test]
fn a_fresh_inspector_says_the_same() {
    let (world, used) = (world(), &mut Inspector::default());
    for selection in things(&world).iter().chain(&things(&world)) {
        for tab in [Tab::Rules, Tab::Raw, Tab::Rules] {
            let fresh = look(&world, &mut Inspector::default(), selection, tab);
            assert_eq!(look(&world, used, selection, tab), fresh);
        }
    }
}

/// What a transfer needs is known without signing one, whatever the key.
#[test]
fn the_bytes_of_a_transfer_are_told_for_both_schemes() {
    let world = World::new(Scenario::from_json(preset("two-keys").expect("it is there")).expect("valid"));
    for (_, node) in world.running() {
        let name = world.name_of(&node.public().address()).expect("it has one");
        let inspection = look(&world, &mut Inspector::default(), &Selection::node(name), Tab::Summary);
        let Some(Summary::Node(detail)) = inspection.summary else {
            panic!("a node");
        };
        let next = detail.next_block.expect("it is on");
        let memo = Memo::new("rent").expect("short");
        let bytes = next.transfer_bytes + memo.as_str().len();
        let (to, amount, fee) = (node.public().address(), Amount::literal(1), fee_of(next.enough, bytes));
        let transfer = Transfer { to, amount, fee, memo, nonce: None };
        assert_eq!(node.try_transfer(&transfer).expect("the fee is enough").size(), bytes, "{name}");
    }
}

const SECOND: u64 = 1_000;

/// Three nodes; A and B open a channel, and pay each other a hundred seconds later.
fn channel_scenario(rates: &[u32], policy: Policy, then: impl IntoIterator<Item = (u64, Action)>) -> Scenario {
    let mut scenario = scenario(11, rates, &ring(3), LinkQuality { latency: 200, ..LinkQuality::default() });
    scenario.config.workload.transfers_per_hour = 0;
    let open = Action::OpenChannel {
        from: name(0),
        to: name(1),
        ours: Amount::literal(100_000),
        theirs: Amount::literal(50_000),
        fee: Amount::literal(1_000),
        policy,
        window: 6,
        reserve: Amount::literal(5_000),
    };
    let pay = |from, to, times| Action::Pay {
        from: name(from),
        to: name(to),
        amount: Amount::literal(10),
        times,
        channel: None,
    };
    let mut script = vec![(SECOND, open), (100 * SECOND, pay(0, 1, 20)), (100 * SECOND, pay(1, 0, 5))];
    script.extend(then);
    script.sort_by_key(|(time, _)| *time);
    scenario.script = script.into_iter().map(|(time, action)| at(time, action)).collect();
    scenario
}

/// What C judges of the channel: its summary and its rules; the bytes are looked at, too. All as a fresh inspector sees it.
fn look_at_channel(world: &World, used: &mut Inspector) -> Option<(ChannelDetail, RulesView)> {
    let id = world.running().find_map(|(_, node)| Some(node.channels().next()?.1.id()))?;
    let (selection, mut seen) = (Some(Selection::Channel { id }), Vec::new());
    for tab in [Tab::Rules, Tab::Raw, Tab::Summary] {
        let focus = Focus { selection: selection.clone(), tab, judge: Some(name(2)), ..Focus::default() };
        let inspection = used.look(world, &focus).expect("a world with nodes");
        assert_eq!(Inspector::default().look(world, &focus), Some(inspection.clone()));
        seen.push(inspection);
    }
    let Some(Summary::Channel(detail)) = seen[2].summary.clone() else {
        panic!("a summary: {:?}", seen[2]);
    };
    if detail.chain.funding.is_some() {
        let raw = seen[1].raw.as_ref().expect("both have signed");
        assert_eq!(raw.fields.iter().map(|field| field.length).sum::<usize>(), raw.size);
    }
    Some((*detail, seen[0].rules.clone()?))
}

fn row<'a>(rows: &'a [RuleRow], code: &str) -> &'a RuleRow {
    rows.iter().find(|row| row.code == code).unwrap_or_else(|| panic!("{code} in {rows:?}"))
}

/// The first moment, of those after every event up to `limit` seconds, at which a channel is as wanted.
fn until(
    world: &mut World,
    inspector: &mut Inspector,
    limit: u64,
    mut wanted: impl FnMut(&ChannelDetail, &RulesView) -> bool,
) -> (ChannelDetail, RulesView) {
    let strings = words::words();
    let mut last = None;
    while world.now() < Timestamp(limit * SECOND) {
        world.step(Timestamp(limit * SECOND));
        if let Some((detail, rules)) = look_at_channel(world, inspector) {
            has_words(&strings, &rules);
            if wanted(&detail, &rules) {
                return (detail, rules);
            }
            last = Some((detail, rules));
        }
    }
    panic!("never came: {last:?}");
}

/// While both are honest no promise is ever broken, and each is judged at some time.
#[test]
fn an_honest_channel_keeps_every_promise() {
    let close = Action::CloseChannel { from: name(0), to: name(1), force: false, channel: None };
    let scenario = channel_scenario(&[40, 40, 40], Policy::Penalty, [(130 * SECOND, close)]);
    let (mut world, inspector) = (World::new(scenario), &mut Inspector::default());
    let (mut kept, mut open) = (BTreeSet::new(), BTreeSet::new());
    let (detail, rules) = until(&mut world, inspector, 400, |detail, rules| {
        for row in &rules.rows {
            assert_ne!(row.outcome, Outcome::Broken, "{row:?}");
            if row.outcome == Outcome::Kept { &mut kept } else { &mut open }.insert(row.code.clone());
        }
        for party in [0, 1].into_iter().filter(|_| detail.row.status == Status::Open) {
            let (number, balances) = detail.sides[party].newest.expect("both are on");
            assert!(number <= 25 && balances[0].checked_add(balances[1]) == Some(detail.row.capacity));
            assert!(detail.sides[party].revoked.is_some_and(|revoked| number.abs_diff(revoked) <= 1));
        }
        detail.chain.ending.is_some() && row(&rules.rows, "channel-keys").outcome == Outcome::Open
    });
    for code in ["signature", "state", "sum", "reserve", "numbers", "revoked", "revoking", "buried", "keys", "capacity"]
    {
        assert!(kept.contains(&format!("channel-{code}")), "{code} in {kept:?}");
    }
    assert!(open.contains("channel-buried") && open.contains("channel-signature"), "{open:?}");
    assert_eq!(detail.sides.clone().map(|side| side.newest.expect("both are on").0), [25, 25]);
    assert_eq!(detail.chain.ending.as_ref().map(|(_, kind)| kind.as_str()), Some("close"));
    let kinds: Vec<&str> = detail.transactions.iter().map(|(row, _)| row.kind.as_str()).collect();
    assert_eq!(kinds, ["fund", "close"]);
    assert_eq!(row(&rules.rows, "channel-keys").why.as_deref(), Some("no-record"));
    // There and back: its transactions name it, the funding by its own id.
    for (transaction, place) in &detail.transactions {
        let selection = Selection::Transaction { id: transaction.id, block: Some(place.block) };
        let Some(Summary::Transaction(seen)) = look(&world, inspector, &selection, Tab::Summary).summary else {
            panic!("{selection:?}");
        };
        assert_eq!(seen.channel, Some(detail.row.id));
    }
}

/// What a cheat breaks, and what the adjudicator would take at each moment, by its policy.
#[test]
fn a_cheat_is_seen_through() {
    let cheat = || Action::Cheat { from: name(0), to: name(1), commitment: 3, channel: None };
    for policy in [Policy::Penalty, Policy::Replace] {
        let scenario = channel_scenario(&[40, 40, 40], policy, [(130 * SECOND, cheat())]);
        let (mut world, inspector) = (World::new(scenario), &mut Inspector::default());
        let possible = |rules: &RulesView| -> Vec<String> {
            let kept = rules.steps.iter().filter(|step| step.outcome == Outcome::Kept);
            kept.map(|step| step.code.replace("step-", "")).collect()
        };
        let (_, rules) = until(&mut world, inspector, 129, |detail, _| {
            detail.sides.iter().all(|side| side.newest.is_some_and(|(number, _)| number == 25))
        });
        assert_eq!(possible(&rules), ["publish", "publish", "close"]);
        assert_eq!(row(&rules.steps, "step-settle").why.as_deref(), Some("nothing is published"));

        let (detail, rules) =
            until(&mut world, inspector, 300, |_, rules| rules.rows.iter().any(|row| row.code == "channel-window"));
        assert_eq!(detail.chain.publication.map(|at| (at.published, at.number)), Some((3, 3)));
        assert_eq!(row(&rules.rows, "channel-not-revoked").outcome, Outcome::Broken);
        assert_eq!(row(&rules.rows, "channel-not-revoked").values, ["A", "3", "25"]);
        assert_eq!(row(&rules.rows, "channel-newest-shown").outcome, Outcome::Broken);
        assert_eq!(row(&rules.rows, "channel-window").outcome, Outcome::Kept);
        let broken = rules.rows.iter().filter(|row| row.outcome == Outcome::Broken).count();
        assert_eq!(broken, 2, "all else is as it should be");
        let steps = if policy == Policy::Penalty { vec!["refute", "punish", "close"] } else { vec!["refute", "close"] };
        assert_eq!(possible(&rules), steps);
        assert_eq!(row(&rules.steps, "step-publish").why.as_deref(), Some("commitment 3 is published already"));

        let (detail, _) = until(&mut world, inspector, 600, |detail, rules| {
            let over = rules.rows.iter().any(|row| row.why.as_deref() == Some("window-over"));
            assert!(!over || possible(rules) == ["settle", "close"], "{:?}", rules.steps);
            detail.chain.ending.is_some()
        });
        let kinds: Vec<&str> = detail.transactions.iter().map(|(row, _)| row.kind.as_str()).collect();
        let expected = match policy {
            Policy::Penalty => vec!["fund", "publish", "punish"],
            Policy::Replace => vec!["fund", "publish", "refute", "settle"],
        };
        assert_eq!(kinds, expected);
    }
}

/// What was read of the chain is forgotten with the blocks that a reorg takes back; and who is off is not made up.
#[test]
fn a_channel_is_followed_through_a_reorg() {
    let split = Action::Partition { nodes: vec![name(2)] };
    let rate = |index, hash_rate| Action::SetHashRate { node: name(index), hash_rate };
    let script = [
        (500, split),
        (80 * SECOND, rate(0, 0)),
        (80 * SECOND, rate(1, 0)),
        (80 * SECOND, rate(2, 1_000)),
        (200 * SECOND, Action::HealAll),
        (300 * SECOND, Action::Stop { node: name(1) }),
    ];
    let scenario = channel_scenario(&[60, 60, 5], Policy::Penalty, script);
    let (mut world, inspector) = (World::new(scenario), &mut Inspector::default());
    let (mut is_funded, mut is_lost) = (false, false);
    for second in 0..310 {
        world.run_until(Timestamp(second * SECOND));
        if let Some((detail, _)) = look_at_channel(&world, inspector) {
            assert_eq!(detail.chain.funding.is_some(), detail.transaction_count > 0);
            is_funded |= detail.chain.funding.is_some();
            is_lost |= is_funded && detail.chain.funding.is_none();
        }
    }
    assert!(is_funded && is_lost, "{is_funded} {is_lost}");
    let (detail, rules) = look_at_channel(&world, inspector).expect("A is on");
    assert!(detail.sides[1].newest.is_none() && detail.sides[0].revoked.is_none());
    assert_eq!(row(&rules.rows, "channel-numbers").why.as_deref(), Some("party-unknown"));
}
