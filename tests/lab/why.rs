//! Why things are as they are: the causes told are those of the script, and begin with its first event.

use std::collections::BTreeMap;

use tabchain::{
    chain::MAX_POOL_BYTES,
    gossip::Message,
    node::EventKind,
    primitives::{self, Amount, Hash, MAX_MEMO_BYTES, Memo, Nonce, Timestamp, Transaction, UnsignedTransaction},
    sim::{Action, LinkQuality, LogEntry, Payload, Position, Scenario, ScriptEntry, Timeline, World},
    view::{CauseRow, ChainView, Focus, Inspector, Selection, Tab, WhyPart, WorldView},
};

use crate::{
    words,
    worlds::{at, cheat, close, name, open, pay, pay_through, ring, scenario},
};

const SECOND: u64 = 1_000;

fn inspect(world: &World, selection: &Selection, tab: Tab) -> (Vec<WhyPart>, Vec<CauseRow>) {
    let focus = Focus { selection: Some(selection.clone()), tab, ..Focus::default() };
    let seen = Inspector::default().look(world, &focus).expect("a world with nodes");
    assert_eq!((seen.why.is_some(), seen.history.is_some()), (tab == Tab::Why, tab == Tab::History));
    (seen.why.map(|why| why.parts).unwrap_or_default(), seen.history.unwrap_or_default())
}

/// What is told, with words for all of it, in order.
fn why(world: &World, selection: &Selection) -> Vec<WhyPart> {
    let (strings, (parts, _)) = (words::words(), inspect(world, selection, Tab::Why));
    for part in &parts {
        assert!(strings[&part.code] <= part.values.len(), "{part:?}");
        has_words(&strings, &part.rows);
        assert!(part.rows.is_sorted_by_key(|row| row.key), "{part:#?}");
    }
    let (_, history) = inspect(world, selection, Tab::History);
    has_words(&strings, &history);
    assert!(history.len() <= 61 && history.is_sorted_by(|one, next| one.key >= next.key), "{history:#?}");
    parts
}

fn has_words(strings: &BTreeMap<String, usize>, rows: &[CauseRow]) {
    for row in rows {
        let places = *strings.get(&row.code).unwrap_or_else(|| panic!("no words: {row:?}"));
        assert!(places <= row.values.len(), "{places} {row:?}");
    }
}

/// Who and what, line by line.
fn told(part: &WhyPart) -> Vec<String> {
    let line = |row: &CauseRow| format!("{} {}", row.node.as_deref().unwrap_or("–"), row.code);
    part.rows.iter().map(line).collect()
}

/// Whether these lines come in this order, others between them.
fn tells(part: &WhyPart, lines: &[&str]) {
    let told = told(part);
    let mut rest = told.iter();
    for line in lines {
        assert!(rest.any(|one| one == line), "{line:?} in its place in {told:#?}");
    }
}

fn quiet(seed: u64, rates: &[u32], script: Vec<(u64, Action)>) -> Scenario {
    let mut scenario = scenario(seed, rates, &ring(rates.len()), LinkQuality { latency: 50, ..LinkQuality::default() });
    scenario.config.workload.transfers_per_hour = 0;
    scenario.script = script.into_iter().map(|(time, action)| at(time, action)).collect();
    scenario
}

/// A is alone with the weaker branch for two minutes.
fn fork_and_heal() -> Scenario {
    let script = vec![(30 * SECOND, Action::Partition { nodes: vec![name(0)] }), (150 * SECOND, Action::HealAll)];
    quiet(7, &[40, 100, 100], script)
}

#[test]
fn a_fork_is_traced_to_the_cut_and_back_together_to_the_heal() {
    let mut world = World::new(fork_and_heal());
    world.run_until(Timestamp(200 * SECOND));
    let parts = why(&world, &Selection::node(name(0)));
    let codes: Vec<&str> = parts.iter().map(|part| part.code.as_str()).collect();
    assert_eq!(codes, ["cause-is-tip", "cause-is-reorged", "cause-is-balance"]);
    assert!(parts.iter().all(|part| part.complete), "{parts:#?}");
    tells(&parts[0], &["A cause-extended"]);
    assert!(parts[0].rows[0].code == "log-mined", "a tip begins with a find: {:#?}", parts[0]);
    let reorg = &parts[1];
    tells(reorg, &["– log-partition", "– log-heal-all", "A cause-message-block", "A log-reorged"]);
    assert_eq!(told(reorg)[0], "– log-partition");
    assert!(
        told(reorg).contains(&"A log-mined".to_owned())
            && told(reorg).iter().any(|line| line.contains("cause-lost-cut"))
    );

    // The first block that A lost: it was found, could not get out, and lost against what the others had built.
    let lost = world.log().find_map(|record| match &record.entry {
        LogEntry::Node(EventKind::Mined { block, .. }) if record.node == Some(0) && record.key.time.0 > 30 * SECOND => {
            Some(*block)
        }
        _ => None,
    });
    let [block] = &why(&world, &Selection::block(lost.expect("A has mined alone")))[..] else { panic!("one answer") };
    assert_eq!(block.code, "cause-is-stale", "{block:#?}");
    tells(block, &["– log-partition", "A log-mined", "A cause-lost-cut", "– log-heal-all", "A log-reorged"]);
    assert!(block.rows.iter().any(|row| row.code == "cause-built-upon"));
    assert!(block.complete);
}

fn seek(timeline: &mut Timeline, second: u64) {
    while !timeline.seek(Timestamp(second * SECOND), 10_000) {}
}

/// What is recorded is derived: going back and on again tells the same, and an older world does not know the future.
#[test]
fn a_replay_tells_the_same() {
    let mut timeline = Timeline::new(World::new(fork_and_heal()));
    seek(&mut timeline, 200);
    let of = |timeline: &Timeline| why(timeline.world(), &Selection::node(name(0)));
    let before = of(&timeline);
    seek(&mut timeline, 100);
    assert_eq!(of(&timeline).len(), 2, "no reorg yet");
    seek(&mut timeline, 200);
    assert_eq!(of(&timeline), before);
}

#[test]
fn a_transfer_is_followed_from_the_wish_to_the_block() {
    let mut world = World::new(quiet(3, &[0, 100, 0], vec![(5 * SECOND, pay(0, 2, 700))]));
    world.run_until(Timestamp(90 * SECOND));
    let id = accepted(&world);
    let [part] = &why(&world, &Selection::Transaction { id, block: None })[..] else { panic!("one answer") };
    assert_eq!(part.code, "cause-is-confirmed");
    assert_eq!(told(part)[..2], ["– log-transfer", "A cause-accepted"]);
    tells(part, &["– log-transfer", "A cause-accepted", "B cause-heard", "B cause-carried"]);
    assert!(part.complete);
    let [.., balance] = &why(&world, &Selection::node(name(2)))[..] else { panic!("a balance") };
    assert_eq!((told(balance), balance.values[1].as_str()), (vec!["C cause-got".to_owned()], "1,000,700"));
}

fn accepted(world: &World) -> Hash {
    let accepted = world.log().find_map(|record| match &record.entry {
        LogEntry::Node(EventKind::TransactionAccepted { transaction, .. }) => Some(*transaction),
        _ => None,
    });
    accepted.expect("it was taken in")
}

/// A transfer between two accounts, signed by the first, as whoever has its key could make it anywhere.
fn signed(world: &World, [from, to]: [usize; 2], nonce: u64, amount: u64, fee: u64) -> Transaction {
    let keyring = world.scenario().keyring(&name(from), None);
    let action = primitives::Action::Transfer {
        from: keyring.public(),
        nonce: Nonce(nonce),
        to: world.scenario().keyring(&name(to), None).public().address(),
        amount: Amount::literal(amount),
        memo: Memo::new("x".repeat(MAX_MEMO_BYTES)).expect("it fits"),
    };
    UnsignedTransaction { fee: Amount::literal(fee), action }.sign(keyring.key(), &world.genesis().block().id())
}

/// Has a node take a transaction; its id.
fn give(world: &mut World, node: usize, transaction: &Transaction) -> Hash {
    let message = Payload(Message::Transaction(transaction.clone()).to_bytes().into());
    world.act_now(Action::Publish { node: name(node), message }).expect("it is one");
    transaction.id()
}

fn why_transaction(world: &World, id: Hash) -> WhyPart {
    let [part] = &why(world, &Selection::Transaction { id, block: None })[..] else { panic!("one answer") };
    part.clone()
}

/// One account pays on both sides of a cut network. When it is healed, what the weaker side waited for can never be confirmed.
#[test]
fn a_transaction_that_was_overtaken_says_by_which() {
    let script = vec![(SECOND, Action::Partition { nodes: vec![name(1)] })];
    let mut world = World::new(quiet(3, &[0, 0, 100], script));
    world.run_until(Timestamp(10 * SECOND));
    let early = signed(&world, [0, 1], 0, 500, 500);
    let (small, rest) = (signed(&world, [0, 1], 0, 500, 900), signed(&world, [0, 1], 1, 900_000, 900));
    let large = signed(&world, [0, 2], 0, 600_000, 900);
    let [early, small, rest] = [early, small, rest].map(|transaction| give(&mut world, 1, &transaction));
    let large = give(&mut world, 2, &large);
    world.run_until(Timestamp(11 * SECOND));
    let replaced = why_transaction(&world, early);
    assert_eq!((replaced.code.as_str(), &replaced.values), ("cause-is-replaced", &vec![small.short()]));
    assert_eq!(why_transaction(&world, small).code, "cause-is-waiting");

    world.run_until(Timestamp(200 * SECOND));
    world.act_now(Action::HealAll).expect("it is cut");
    world.run_until(Timestamp(300 * SECOND));
    assert_eq!(why_transaction(&world, large).code, "cause-is-confirmed");
    let overtaken = why_transaction(&world, small);
    assert_eq!(
        (overtaken.code.as_str(), &overtaken.values),
        ("cause-is-spent", &vec![large.short()]),
        "{overtaken:#?}"
    );
    tells(&overtaken, &["– log-publish-transaction", "B cause-replaced", "B cause-nonce-taken"]);
    let poor = why_transaction(&world, rest);
    assert_eq!(
        (poor.code.as_str(), told(&poor).last().map(String::as_str)),
        ("cause-is-unpayable", Some("B cause-unpayable"))
    );
}

#[test]
fn a_transaction_that_a_full_mempool_dropped_says_so() {
    let mut scenario = quiet(3, &[0; 50], Vec::new());
    scenario.config.nodes.iter_mut().for_each(|node| node.balance = Amount::literal(10_000_000));
    let mut world = World::new(scenario);
    world.run_until(Timestamp(SECOND));
    let pool = |world: &World| world.node(0).and_then(|sim| sim.node.as_ref()).map_or(0, |node| node.mempool().bytes());
    let mut cheap = Hash::ZERO;
    let pays = |world: &mut World, from: usize, nonce: u64, fee: u64| {
        let transaction = signed(world, [from, 0], nonce, 1, fee);
        give(world, 0, &transaction)
    };
    for index in 0_u64.. {
        // The last ones of the record.
        if pool(&world) + 1_000 > MAX_POOL_BYTES {
            cheap = pays(&mut world, 49, 0, 6_000);
            break;
        }
        assert!(index < 6_000, "the pool does not fill: {}", pool(&world));
        pays(&mut world, 1 + (index % 48) as usize, index / 48, 6_300);
    }
    assert_eq!(why_transaction(&world, cheap).code, "cause-is-waiting");
    let rich: Vec<Hash> = (0..4).map(|nonce| pays(&mut world, 0, nonce, 9_000)).collect();
    let part = why_transaction(&world, cheap);
    assert_eq!(part.code, "cause-is-evicted", "{part:#?}");
    assert!(rich.iter().any(|id| part.values[0] == id.short()), "{part:#?}");
    tells(&part, &["A cause-accepted", "A cause-evicted"]);
}

/// Both parties close by force at once: each refuses the other's publication, since its own waits in its place.
#[test]
fn a_rejected_transaction_is_traced_to_who_wanted_it() {
    let script = vec![
        (SECOND, open(0, 1, 100_000, 50_000)),
        (150 * SECOND, close(0, 1, true)),
        (150 * SECOND, close(1, 0, true)),
    ];
    let mut world = World::new(quiet(5, &[40, 40, 40], script));
    let refused = loop {
        let found = world.log().find_map(|record| match &record.entry {
            LogEntry::Node(EventKind::TransactionRejected { transaction, .. }) => Some((*transaction, record.key)),
            _ => None,
        });
        match found {
            Some(found) => break found,
            None => assert!(world.now() < Timestamp(160 * SECOND), "none was refused"),
        }
        world.run_until(world.now().after(10));
    };
    let [part] = &why(&world, &Selection::Transaction { id: refused.0, block: None })[..] else { panic!("one answer") };
    assert_eq!(part.rows[0].code, "log-force-close", "{part:#?}");
    assert!(part.complete);
    assert!(part.rows.iter().any(|row| row.key == refused.1 && row.code == "log-transaction-rejected"));
    assert!(part.rows.iter().any(|row| row.code == "cause-message-transaction"));
}

#[test]
fn a_punished_cheat_is_traced_to_the_publication() {
    let script = vec![
        (SECOND, open(0, 1, 100_000, 50_000)),
        (120 * SECOND, pay_through(0, 1, 1_000, 10)),
        (140 * SECOND, cheat(0, 1, 2)),
    ];
    let mut world = World::new(quiet(5, &[40, 40, 40], script));
    world.run_until(Timestamp(400 * SECOND));
    let id = world.log().find_map(|record| match &record.entry {
        LogEntry::Node(EventKind::Channel { channel, .. }) => Some(*channel),
        _ => None,
    });
    let selection = Selection::Channel { id: id.expect("a channel was opened") };
    let [part] = &why(&world, &selection)[..] else { panic!("one answer") };
    assert_eq!(part.code, "cause-is-punished", "{part:#?}");
    assert_eq!(told(part)[..2], ["– log-cheat", "A log-channel-publishing"]);
    tells(
        part,
        &[
            "– log-cheat",
            "A log-channel-publishing",
            "B log-channel-published",
            "B log-channel-punishing",
            "B log-channel-punished",
        ],
    );
    assert!(part.complete);
    let opened = inspect(&world, &selection, Tab::History).1;
    assert!(opened.iter().any(|row| row.code == "log-channel-opened"), "history has it all");
}

#[test]
fn a_failed_payment_is_traced_to_the_hop_that_could_not() {
    let mut scenario = Scenario::first();
    scenario.config.workload.payments_per_hour = 0;
    scenario.script.retain(|entry| matches!(entry.action, Action::OpenChannel { .. }));
    let channels: Vec<(String, String)> = scenario
        .script
        .iter()
        .filter_map(|entry| match &entry.action {
            Action::OpenChannel { from, to, .. } => Some((from.clone(), to.clone())),
            _ => None,
        })
        .collect();
    let (from, to) = channels[0].clone();
    let send = Action::Send { from: from.clone(), to, amount: Amount::literal(90_000_000), max_fee: None };
    scenario.script.push(ScriptEntry { at: Position::Time(Timestamp(120 * SECOND)), action: send });
    let mut world = World::new(scenario);
    world.run_until(Timestamp(125 * SECOND));
    let view = WorldView::of(&world, &Focus::default(), &mut Inspector::default());
    let [row] = &view.payments.rows[..] else { panic!("one payment: {:#?}", view.payments) };
    let [part] = &why(&world, &Selection::Payment { id: row.payment })[..] else { panic!("one answer") };
    assert_eq!(part.code, "cause-is-failed", "{part:#?}");
    assert_eq!(told(part), ["– log-send".to_owned(), format!("{from} log-payment-failed")]);
    assert!(part.complete);
}

/// Whatever is on its way was caused by something, and that by something, back to a first event.
#[test]
fn every_message_has_a_cause() {
    let mut world = World::new(Scenario::generated(5, 2));
    for second in 1..60 {
        world.run_until(Timestamp(second * SECOND));
        for flight in world.flights().collect::<Vec<_>>() {
            let parts = why(&world, &Selection::Message { key: flight.key });
            let [part] = &parts[..] else { panic!("one answer") };
            assert_eq!(part.rows.last().map(|row| row.key), Some(flight.key));
            assert!(part.complete, "{part:#?}");
        }
    }
    let blocks: Vec<Hash> = {
        let view = WorldView::of(&world, &Focus::default(), &mut Inspector::default());
        let ChainView { blocks, .. } = view.chain;
        blocks.into_iter().map(|block| block.id).collect()
    };
    assert!(blocks.len() > 2);
    for id in blocks {
        assert!(why(&world, &Selection::block(id)).iter().all(|part| part.complete));
    }
    let unknown = why(&world, &Selection::block(Hash::ZERO));
    assert_eq!((unknown[0].code.as_str(), unknown[0].complete), ("cause-is-unknown", false));
}
