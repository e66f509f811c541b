//! What the inspector shows of a whole world: everything that is named can be looked at, is judged, and has its words.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};

use tabchain::{
    primitives::{Hash, Timestamp},
    sim::{EventKey, Scenario, World},
    view::{Focus, Inspection, Inspector, Outcome, Selection, Summary, Tab},
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
    let strings: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../www/strings.json")).expect("an object of texts");
    let mut families = BTreeSet::new();
    for selection in things(&world) {
        let summary = look(&world, inspector, &selection, Tab::Summary);
        assert!(summary.summary.is_some() && summary.raw.is_none() && summary.rules.is_none(), "{selection:?}");
        let raw = look(&world, inspector, &selection, Tab::Raw).raw.expect("an encoding");
        assert_eq!(raw.fields.iter().map(|field| field.length).sum::<usize>(), raw.size);
        assert!(raw.hex.len() <= 8_192);
        let inspection = look(&world, inspector, &selection, Tab::Rules);
        let rules = inspection.rules.expect("rules");
        for row in &rules.rows {
            let sentence = &strings.get(&format!("rule-{}", row.code)).unwrap_or_else(|| panic!("no words: {row:?}"));
            let places =
                (0..9).filter(|place| sentence.contains(&format!("{{{place}}}"))).max().map_or(0, |last| last + 1);
            assert!(row.values.is_empty() || places <= row.values.len(), "{sentence} {row:?}");
            let confirmed = matches!(inspection.summary, Some(Summary::Transaction(ref tx)) if tx.place.is_some());
            assert!(
                row.outcome == Outcome::Kept || (confirmed && row.outcome == Outcome::Broken),
                "{selection:?} {row:?}"
            );
            families.insert(row.code.clone());
        }
        assert!(rules.notes.iter().all(|(code, _)| strings.contains_key(&format!("note-{code}"))));
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
