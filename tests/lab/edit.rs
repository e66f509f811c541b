//! Blocks and transactions changed by hand: which rules break, what mends them, and what a network makes of them.

use tabchain::{
    gossip::{MAX_MESSAGE_BYTES, Message},
    node::EventKind,
    primitives::{BlockId, Timestamp},
    sim::{Action, ActionError, Capsule, LinkQuality, LogEntry, MAX_PUBLISHED, Payload, Scenario, Timeline, World},
    view::{Change, EditView, Focus, Inspector, Outcome, Selection, Tab},
};

use crate::worlds::{at, name, pay, ring, scenario};

/// A world, and a copy that is edited in it.
struct Bench {
    world: World,
    inspector: Inspector,
    focus: Focus,
}

/// Four nodes in a ring, of which two mine; a block holds a transfer of A and one of B.
fn network() -> Scenario {
    let mut scenario = scenario(5, &[40, 40, 0, 0], &ring(4), LinkQuality::default());
    scenario.config.workload.transfers_per_hour = 0;
    scenario.script = vec![at(30_000, pay(0, 1, 700)), at(30_000, pay(1, 2, 800))];
    scenario
}

impl Bench {
    fn of(selection: impl Fn(&World) -> Selection) -> Self {
        let mut world = World::new(network());
        world.run_until(Timestamp(120_000));
        let focus = Focus { selection: Some(selection(&world)), tab: Tab::Edit, ..Focus::default() };
        Self { world, inspector: Inspector::default(), focus }
    }

    /// The block with the two transfers; others are built upon it.
    fn block() -> Self {
        Self::of(|world| Selection::block(full(world)))
    }

    fn transaction() -> Self {
        Self::of(|world| {
            let block = block_of(world, &full(world));
            Selection::Transaction { id: block.transactions[0].id(), block: Some(full(world)) }
        })
    }

    fn try_change(&mut self, change: Change) -> Result<(), String> {
        self.inspector.edit(&self.world, &self.focus, change)
    }

    fn change(&mut self, change: Change) {
        self.try_change(change.clone()).unwrap_or_else(|problem| panic!("{change:?}: {problem}"));
    }

    fn set(&mut self, field: &str, value: &str) {
        self.change(Change::Set { field: field.to_owned(), value: value.to_owned() });
    }

    fn view(&mut self) -> EditView {
        self.inspector.look(&self.world, &self.focus).and_then(|inspection| inspection.edit).expect("a copy")
    }

    fn value(&mut self, path: &str) -> String {
        self.view().fields.into_iter().find(|field| field.path == path).expect("a field").value
    }

    /// The rules with this outcome, sorted.
    fn rules(&mut self, outcome: Outcome) -> Vec<String> {
        let rows = self.view().rules.rows;
        let mut codes: Vec<String> =
            rows.into_iter().filter(|row| row.outcome == outcome).map(|row| row.code).collect();
        codes.sort();
        codes.dedup();
        codes
    }

    fn mine(&mut self) {
        self.change(Change::Mine);
        while self.inspector.search(10_000) {}
    }

    /// Mends everything but one rule, work last.
    fn mend(&mut self, but: &str) {
        for _ in 0..20 {
            let view = self.view();
            let mendable = |(_, rule): &&(usize, String)| rule != but && rule != "insufficient-work";
            let Some((row, rule)) = view.fixes.iter().find(mendable) else { break };
            self.change(Change::Fix { rule: rule.clone(), transaction: view.rules.rows[*row].transaction });
        }
        self.mine();
    }

    fn publish(&mut self, node: usize) -> BlockId {
        let action = self.inspector.publish(&self.focus, name(node)).expect("a copy");
        self.world.act_now(action).expect("the node is on");
        let until = self.world.now().after(5_000);
        self.world.run_until(until);
        self.view().id
    }

    /// Who refused a block, by which rule.
    fn refusals(&self, id: &BlockId) -> Vec<(String, &'static str)> {
        let refused = self.world.log().filter_map(|record| match &record.entry {
            LogEntry::Node(EventKind::BlockRejected { block, error }) if block == id => {
                Some((self.world.node(record.node?)?.name.clone(), error.code()))
            }
            _ => None,
        });
        let mut refused: Vec<_> = refused.collect();
        refused.sort();
        refused
    }

    fn knows(&self, node: u32, id: &BlockId) -> bool {
        let node = self.world.node(node).and_then(|sim| sim.node.as_ref()).expect("on");
        node.chain().tree().block(id).is_some()
    }
}

fn block_of(world: &World, id: &BlockId) -> tabchain::primitives::Block {
    let (_, node) = world.running().next().expect("on");
    tabchain::primitives::Block::clone(node.chain().tree().block(id).expect("known"))
}

fn full(world: &World) -> BlockId {
    let (_, node) = world.running().next().expect("on");
    let two = |id: &&BlockId| node.chain().tree().block(id).is_some_and(|block| block.transactions.len() == 2);
    *node.chain().best().iter().find(two).expect("a block with both transfers")
}

const OTHER_HASH: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

/// (what is changed, the rules that break at once, the rules that stay broken once all that can be mended is, but the first)
#[test]
fn each_field_breaks_its_rules_and_mending_all_but_one_leaves_that() {
    let set = |field: &str, value: &str| Change::Set { field: field.to_owned(), value: value.to_owned() };
    let signature = "00".repeat(64);
    let (easiest, hardest) = ("f".repeat(64), format!("{}1", "0".repeat(63)));
    let rows: Vec<(Change, &[&str])> = vec![
        (set("header.version", "2"), &["wrong-version", "insufficient-work"]),
        (set("header.parent", OTHER_HASH), &["unknown-parent"]),
        (set("header.height", "99"), &["wrong-height", "insufficient-work"]),
        (set("header.merkleRoot", OTHER_HASH), &["wrong-merkle-root", "insufficient-work"]),
        (set("header.stateRoot", OTHER_HASH), &["wrong-state-root", "insufficient-work"]),
        (set("header.timestamp", "0"), &["timestamp-too-old", "insufficient-work"]),
        (set("header.timestamp", "999999999"), &["timestamp-too-new", "insufficient-work"]),
        (set("header.target", &easiest), &["wrong-target"]),
        (set("header.target", &hardest), &["wrong-target", "insufficient-work"]),
        (set("header.seal.nonce", "1"), &["insufficient-work"]),
        (set("coinbase.amount", "1"), &["wrong-coinbase", "wrong-merkle-root"]),
        (set("coinbase.to", "D"), &["wrong-merkle-root", "wrong-state-root"]),
        (set("transactions[0].fee", "301"), &["wrong-coinbase", "wrong-merkle-root", "bad-signature"]),
        (set("transactions[0].action.amount", "701"), &["bad-signature", "wrong-merkle-root", "wrong-state-root"]),
        (
            set("transactions[0].action.amount", "0"),
            &["zero-amount", "wrong-merkle-root", "bad-signature", "wrong-state-root"],
        ),
        (
            set("transactions[0].action.amount", "9000000"),
            &["insufficient-balance", "wrong-merkle-root", "bad-signature"],
        ),
        (set("transactions[1].action.nonce", "7"), &["wrong-nonce", "wrong-merkle-root", "bad-signature"]),
        (set("transactions[1].action.to", "D"), &["bad-signature", "wrong-merkle-root", "wrong-state-root"]),
        (set("transactions[1].action.memo.utf8", "to you"), &["bad-signature", "wrong-merkle-root"]),
        (set("transactions[1].signature.bytes", &signature), &["bad-signature", "wrong-merkle-root"]),
        (Change::Remove { at: 0 }, &["wrong-coinbase", "wrong-merkle-root"]),
        (Change::Duplicate { at: 0 }, &["wrong-nonce", "wrong-coinbase", "wrong-merkle-root"]),
        (Change::Raise { at: 1 }, &["wrong-merkle-root"]),
    ];
    for (change, broken) in rows {
        let mut bench = Bench::block();
        assert_eq!(bench.rules(Outcome::Broken), Vec::<String>::new());
        assert_eq!(bench.view().differences, (Vec::new(), 0));
        bench.change(change.clone());
        let mut expected: Vec<&str> = broken.to_vec();
        expected.sort_unstable();
        assert_eq!(bench.rules(Outcome::Broken), expected, "{change:?}");
        assert!(bench.view().differences.1 > 0, "{change:?}");
        // Work that costs 2^256 hashes is not looked for.
        if broken[0] != "wrong-target" {
            bench.mend(broken[0]);
            let left = if broken[0] == "insufficient-work" { &[][..] } else { &broken[..1] };
            assert_eq!(bench.rules(Outcome::Broken), left, "{change:?}, mended");
        }
        bench.change(Change::Reset);
        assert_eq!((bench.view().differences.1, bench.view().bytes.0), (0, 0), "{change:?}, taken back");
    }
}

/// Every field of every thing takes its own value back, and says what is wrong with another.
#[test]
fn fields_are_typed() {
    for mut bench in [Bench::block(), Bench::transaction()] {
        for field in bench.view().fields {
            bench.set(&field.path, &field.value);
            assert_eq!(bench.view().differences.1, 0, "{field:?}");
        }
    }
    let bad = [
        ("header.version", "4294967296", "number too large"),
        ("header.height", "-1", "invalid digit"),
        ("header.parent", "abc", "64 lower-case hex digits"),
        ("header.target", "", "64 lower-case hex digits"),
        ("header.seal.nonce", "", "empty"),
        ("coinbase.to", "Nobody", "not a bech32m address"),
        ("coinbase.amount", "9007199254740992", "more than"),
        ("transactions[0].action.amount", "1.5", "whole number of base units"),
        ("transactions[0].action.memo.utf8", &"x".repeat(257), "memo has 257 bytes"),
        ("transactions[0].signature.bytes", "00", "128 hex digits"),
        ("transactions.count", "3", "no field"),
        ("transactions[9].fee", "3", "no field"),
    ];
    let mut bench = Bench::block();
    for (field, value, said) in bad {
        let change = Change::Set { field: field.to_owned(), value: value.to_owned() };
        let problem = bench.try_change(change).expect_err(field);
        assert!(problem.contains(said), "{field} = {value:?}: {problem}");
        assert_eq!(bench.view().differences.1, 0, "nothing has changed");
    }
    for change in [Change::Remove { at: 2 }, Change::Sign { at: 2 }, Change::Duplicate { at: usize::MAX }] {
        assert!(bench.try_change(change).is_err());
    }
    let nobody = Change::Fix { rule: "wrong-height".to_owned(), transaction: None };
    assert!(bench.try_change(nobody).expect_err("kept").contains("nothing mends"));
    // A key that nobody here has.
    bench.set("transactions[0].action.from.bytes", &"11".repeat(32));
    assert!(bench.try_change(Change::Sign { at: 0 }).expect_err("no key").contains("has the key"));
}

#[test]
fn differing_bytes_are_counted_where_they_are() {
    let mut bench = Bench::block();
    let nonce = bench.value("header.seal.nonce").parse::<u64>().expect("a number");
    bench.set("header.seal.nonce", &(nonce ^ 0x0100).to_string());
    let view = bench.view();
    let [difference] = &view.differences.0[..] else { panic!("{:?}", view.differences) };
    let little = |nonce: u64| nonce.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!((difference.path.as_str(), view.bytes.0), ("header.seal.nonce", 1));
    assert_eq!(difference.bytes, [little(nonce), little(nonce ^ 0x0100)]);
    assert_eq!(view.fields.iter().filter(|field| field.was.is_some()).count(), 1);
    assert_ne!(view.id, view.original);
    let (_, above) = view.child.expect("the block was built upon");
    assert!(above >= 1);
}

/// The search is the same whatever the pieces it is done in, finds the lowest nonce, and ends when it is told to.
#[test]
fn searches_are_deterministic_and_can_be_stopped() {
    let found = [1, 7, 100_000].map(|piece| {
        let mut bench = Bench::block();
        let later = bench.value("header.timestamp").parse::<u64>().expect("ms") + 1;
        bench.set("header.timestamp", &later.to_string());
        bench.change(Change::Mine);
        assert!(bench.view().search.expect("of a block").running);
        while bench.inspector.search(piece) {}
        let search = bench.view().search.expect("of a block");
        assert!(search.found && !search.running);
        (bench.value("header.seal.nonce"), search.tried)
    });
    assert!(found.iter().all(|one| *one == found[0]), "{found:?}");
    assert_eq!(found[0].0.parse::<u64>().map(|nonce| nonce + 1), Ok(found[0].1), "every nonce before it was tried");

    let mut bench = Bench::block();
    bench.set("header.target", &format!("{}1", "0".repeat(63)));
    bench.change(Change::Mine);
    assert!(bench.inspector.search(1_000) && bench.inspector.search(1_000));
    bench.change(Change::Stop);
    assert!(!bench.inspector.search(1_000));
    let search = bench.view().search.expect("of a block");
    assert_eq!((search.tried, search.running, search.found), (2_000, false, false));
}

fn replayed(world: &World) {
    let capsule = Capsule::of(world);
    let text = capsule.to_json();
    let again = Capsule::from_json(&text).expect("well-formed");
    assert_eq!(again.to_json(), text);
    let linked = Capsule::from_link(&capsule.to_link()).expect("well-formed");
    assert_eq!(linked.to_json(), text);
    assert_eq!(linked.replay().finish().expect("the same run").digest(), world.digest());
}

#[test]
fn everybody_refuses_an_invalid_block_by_its_rule_and_blames_who_sent_it() {
    let rows = [
        ("header.version", "2", "wrong-version"),
        ("header.stateRoot", OTHER_HASH, "known-invalid"),
        ("coinbase.amount", "999999", "wrong-coinbase"),
        ("header.seal.nonce", "1", "insufficient-work"),
    ];
    for (field, value, rule) in rows {
        let mut bench = Bench::block();
        let tips: Vec<BlockId> = bench.world.running().map(|(_, node)| node.chain().tip()).collect();
        // The state is judged when a block is to be followed: this one is the highest.
        if rule == "known-invalid" {
            on_the_tip(&mut bench);
        }
        bench.set(field, value);
        if rule != "insufficient-work" {
            let wanted = if rule == "known-invalid" { "wrong-state-root" } else { rule };
            bench.mend(wanted);
        }
        let id = bench.publish(0);
        let refused = bench.refusals(&id);
        let rule = if rule == "known-invalid" { "wrong-state-root" } else { rule };
        assert_eq!(refused, [0, 1, 3].map(|node| (name(node), rule)), "{field}");
        assert!((0..4).all(|node| !bench.knows(node, &id)));
        let blamed = bench.world.log().filter(
            |record| matches!(&record.entry, LogEntry::Node(EventKind::PeerBlamed { peer, .. }) if peer.0 == 0),
        );
        assert_eq!(blamed.count(), 2, "{field}");
        assert!(!bench.world.is_honest(0) && bench.world.is_honest(1));
        assert!(bench.world.running().all(|(_, node)| node.chain().best().contains(&tips[0])));
        replayed(&bench.world);
    }
}

/// Makes the copy a block on the best tip, empty and valid.
fn on_the_tip(bench: &mut Bench) {
    let tip = bench.world.running().next().expect("on").1.chain().tip();
    bench.set("header.parent", &tip.to_string());
    bench.change(Change::Remove { at: 0 });
    bench.change(Change::Remove { at: 0 });
    let now = bench.world.now().to_string();
    bench.set("header.timestamp", &now);
    bench.mend("");
    assert_eq!(bench.rules(Outcome::Broken), Vec::<String>::new());
}

#[test]
fn a_valid_block_on_an_old_parent_is_a_stale_one_and_on_the_tip_the_next() {
    let mut bench = Bench::block();
    let before = bench.world.running().next().expect("on").1.chain().height();
    bench.set("coinbase.to", "D");
    bench.mend("");
    assert_eq!(bench.rules(Outcome::Broken), Vec::<String>::new());
    let id = bench.publish(2);
    assert_eq!(bench.refusals(&id), vec![]);
    // A branch that is not the best one is not passed on.
    assert_eq!([0, 1, 2, 3].map(|node| bench.knows(node, &id)), [false, true, true, true]);
    assert!(bench.world.running().all(|(_, node)| !node.chain().is_best(&id) && node.chain().height() >= before));
    assert!(bench.world.is_honest(2));
    replayed(&bench.world);

    let mut bench = Bench::block();
    on_the_tip(&mut bench);
    let id = bench.publish(2);
    assert_eq!(bench.refusals(&id), vec![]);
    assert!(bench.world.running().all(|(_, node)| node.chain().is_best(&id)));
    replayed(&bench.world);
}

#[test]
fn a_transaction_is_refused_or_taken_by_its_signature() {
    let mut bench = Bench::transaction();
    assert_eq!(bench.rules(Outcome::Broken), ["pool-wrong-nonce"]);
    bench.set("action.amount", "5");
    assert_eq!(bench.rules(Outcome::Broken), ["bad-signature", "pool-wrong-nonce"]);
    let fix = |rule: &str| Change::Fix { rule: rule.to_owned(), transaction: None };
    bench.change(fix("wrong-nonce"));
    let id = bench.publish(0);
    let pools = |bench: &Bench| bench.world.running().filter(|(_, node)| node.mempool().get(&id).is_some()).count();
    assert_eq!(pools(&bench), 0);
    let blamed = bench
        .world
        .log()
        .filter(|record| matches!(&record.entry, LogEntry::Node(EventKind::PeerBlamed { peer, .. }) if peer.0 == 0));
    assert_eq!((blamed.count(), bench.world.is_honest(0)), (2, false));
    replayed(&bench.world);

    let mut bench = Bench::transaction();
    bench.world.act_now(Action::SetHashRate { node: name(0), hash_rate: 0 }).expect("on");
    bench.world.act_now(Action::SetHashRate { node: name(1), hash_rate: 0 }).expect("on");
    bench.set("action.amount", "5");
    bench.change(fix("wrong-nonce"));
    bench.change(fix("bad-signature"));
    assert_eq!(bench.rules(Outcome::Broken), Vec::<String>::new());
    let id = bench.publish(3);
    assert_eq!(bench.world.running().filter(|(_, node)| node.mempool().get(&id).is_some()).count(), 4);
    assert!(bench.world.is_honest(3));
    replayed(&bench.world);
}

#[test]
fn what_cannot_be_published_is_refused_with_the_reason() {
    let mut bench = Bench::block();
    let code = |world: &World, bytes: Vec<u8>| {
        let action = Action::Publish { node: name(0), message: Payload(bytes.into()) };
        world.check(&action).map_err(|error| (error.code(), error.to_string()))
    };
    let status = bench.world.running().next().expect("on").1.status();
    let rows = [
        (Vec::new(), "not-publishable", "0 bytes"),
        (vec![0xff; 50], "not-publishable", "50 bytes"),
        (vec![0; MAX_PUBLISHED + 1], "not-publishable", "at most 524288"),
        (Message::Status(status).to_bytes(), "not-publishable", "of the kind status"),
    ];
    for (bytes, expected, said) in rows {
        let (found, message) = code(&bench.world, bytes).expect_err(said);
        assert_eq!(found, expected);
        assert!(message.contains(said), "{message}");
    }
    let nobody = Action::Publish { node: "Nobody".to_owned(), message: Payload(vec![].into()) };
    assert_eq!(bench.world.check(&nobody), Err(ActionError::UnknownNode("Nobody".to_owned())));
    let long = format!(r#"{{"do":"publish","node":"A","message":"{}"}}"#, "A".repeat(MAX_MESSAGE_BYTES * 2));
    assert!(serde_json::from_str::<Action>(&long).expect_err("too long").to_string().contains("more than any message"));
    // A copy does not grow beyond what can be published.
    let memo = "x".repeat(256);
    bench.set("transactions[0].action.memo.utf8", &memo);
    let refused = (0..3_000).find_map(|_| bench.try_change(Change::Duplicate { at: 0 }).err());
    assert!(refused.is_some_and(|problem| problem.contains("can be published")));
}

/// What was published is undone and done again like everything else.
#[test]
fn a_published_block_is_undone() {
    let mut bench = Bench::block();
    bench.set("header.version", "2");
    bench.mend("wrong-version");
    let action = bench.inspector.publish(&bench.focus, name(0)).expect("a copy");
    let mut timeline = Timeline::new(World::new(network()));
    while !timeline.seek(Timestamp(120_000), 10_000) {}
    let before = timeline.digest();
    timeline.act(action).expect("on");
    while !timeline.seek(Timestamp(130_000), 10_000) {}
    let after = timeline.digest();
    let back = timeline.undo().expect("done by hand");
    while !timeline.seek_cursor(back, 10_000) {}
    assert_eq!(timeline.digest(), before);
    let again = timeline.redo().expect("undone");
    while !timeline.seek_cursor(again, 10_000) {}
    while !timeline.seek(Timestamp(130_000), 10_000) {}
    assert_eq!(timeline.digest(), after);
}
