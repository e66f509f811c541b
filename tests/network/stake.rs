//! Whole networks of validators: cuts, loss, liars and absentees; what is final stays so.

use tabchain::{
    chain::{Consensus, StakeRules},
    node::EventKind,
    primitives::{Amount, Epoch, Timestamp},
    sim::{Action, Invariant, LogEntry, Misbehaviour, Position, Scenario, ScriptEntry, World, settle},
};

use crate::worlds::keep;

fn at(time: u64, action: Action) -> ScriptEntry {
    ScriptEntry { at: Position::Time(Timestamp(time)), action }
}

fn names(scenario: &Scenario) -> Vec<String> {
    scenario.config.nodes.iter().map(|node| node.name.clone()).collect()
}

/// Runs until a slot has passed, looking at finality on the way: the promises hold after every event.
fn run(world: &mut World, slots: u64) {
    world.run_until(Timestamp(slots * 10_000));
    assert!(world.violation().is_none(), "{:?} {}", world.violation(), keep(world, "violated"));
}

/// The least and the most that nodes hold for final.
fn finals(world: &World) -> (Epoch, Epoch) {
    let finals = || world.running().filter_map(|(_, node)| Some(node.chain().checkpoints()?[1].epoch));
    (finals().min().expect("nodes are on"), finals().max().expect("nodes are on"))
}

fn checked(world: &World) -> u64 {
    world.invariants().into_iter().find(|(kind, _)| *kind == Invariant::Finality).expect("listed").1.checked
}

fn seen(world: &World, is: impl Fn(&EventKind) -> bool) -> usize {
    world.log().filter(|record| matches!(&record.entry, LogEntry::Node(event) if is(event))).count()
}

/// Messages get lost, the network is cut in two and comes together again: nothing final is reverted, nothing becomes final while neither side has two thirds,
/// and finality resumes.
fn cut_and_healed(nodes: usize, slots: u64, from: u64, cut: u64) {
    let mut scenario = Scenario::staked(nodes, 5);
    scenario.config.links.iter_mut().for_each(|link| link.quality.loss = 200_000);
    scenario.config.workload.transfers_per_hour = 60;
    let side = names(&scenario)[..nodes / 2].to_vec();
    scenario.script =
        vec![at(from * 10_000, Action::Partition { nodes: side }), at((from + cut) * 10_000, Action::HealAll)];
    let mut world = World::new(scenario);
    run(&mut world, from);
    let (before, _) = finals(&world);
    assert!(before >= Epoch(from / 8 / 2), "{before} at slot {from}");
    run(&mut world, from + cut);
    let (_, during) = finals(&world);
    assert!(during.0 <= from / 8 + 1, "neither side has two thirds, but {during} is final");
    run(&mut world, slots);
    let (least, most) = finals(&world);
    assert!(least.0 > (from + cut) / 8, "finality has not resumed: {least} to {most} at slot {slots}");
    assert!(checked(&world) > slots, "{}", checked(&world));
    println!(
        "{nodes} nodes, {slots} slots, cut for {cut}: final {before}, {during}, {least}; {} checks",
        checked(&world)
    );
}

#[test]
fn a_cut_network_finalises_nothing_wrong() {
    cut_and_healed(8, 160, 40, 48);
}

/// Two hours are 720 slots.
#[test]
#[ignore = "minutes in a release build: make torture"]
fn fifty_nodes_a_thousand_slots_and_a_cut_of_two_hours() {
    cut_and_healed(50, 1_000, 125, 720);
}

/// Who says two things loses its stake within a few epochs, to whoever shows it; the others go on.
#[test]
fn liars_are_slashed() {
    for (how, seed) in [(Misbehaviour::Equivocate, 3), (Misbehaviour::VoteTwice, 4)] {
        let mut scenario = Scenario::staked(7, seed);
        let liar = names(&scenario)[1].clone();
        scenario.script = vec![at(60_000, Action::Misbehave { node: liar, how: Some(how) })];
        let mut world = World::new(scenario);
        run(&mut world, 120);
        let offences = seen(&world, |event| matches!(event, EventKind::OffenceSeen { .. }));
        // Some hear of it from the chain first.
        assert!(offences >= 3, "{how:?}: {offences} nodes have seen it");
        let address = world.nodes()[1].address;
        for (_, node) in world.running() {
            let ledger = node.chain().ledger();
            let validator = ledger.validator(&address).expect("it stays until its time is over");
            assert!(validator.slashed && validator.stake == Amount::ZERO, "{how:?}");
            // A twentieth is the reporter's.
            assert_eq!(ledger.beacon().expect("of stake").burned.units(), 950_000, "{how:?}");
        }
        assert!(finals(&world).0 >= Epoch(120 / 8 - 4), "{how:?}: {:?}", finals(&world));
    }
}

/// More than a third can stop finality by saying nothing, but revert nothing; when they come back, it goes on.
#[test]
fn a_third_can_halt_but_not_revert() {
    let mut scenario = Scenario::staked(8, 6);
    // 34 of 100.
    for (node, stake) in scenario.config.nodes.iter_mut().zip([170, 170, 110, 110, 110, 110, 110, 110]) {
        node.stake = Amount::new(stake * 10_000).expect("in range");
    }
    let gone = names(&scenario)[..2].to_vec();
    let stops = gone.iter().map(|node| at(400_000, Action::Stop { node: node.clone() }));
    let starts = gone.iter().map(|node| at(900_000, Action::Start { node: node.clone() }));
    scenario.script = stops.chain(starts).collect();
    let mut world = World::new(scenario);
    run(&mut world, 40);
    let (before, _) = finals(&world);
    run(&mut world, 88);
    let (during, _) = finals(&world);
    assert!(before >= Epoch(2) && during.0 <= 5, "{before} {during}");
    run(&mut world, 160);
    assert!(finals(&world).0 > Epoch(14), "{:?}", finals(&world));
    // Who was off has signed nothing twice.
    assert_eq!(seen(&world, |event| matches!(event, EventKind::OffenceSeen { .. })), 0);
}

/// Validators that are asked to come to rest make no more blocks, and agree.
#[test]
fn validators_come_to_rest() {
    let mut world = World::new(Scenario::staked(5, 9));
    run(&mut world, 30);
    settle(&mut world);
    let mined = world.stats().mined;
    let rest = world.now().after(120_000);
    world.run_until(rest);
    assert_eq!(world.stats().mined, mined);
    let agreement = world.invariants().into_iter().find(|(kind, _)| *kind == Invariant::Agreement).expect("listed").1;
    assert_eq!((agreement.checked, agreement.violated), (1, 0));
}

/// A node that stakes gets its turns; one that leaves gets its money back.
#[test]
fn a_node_becomes_a_validator_and_leaves() {
    let mut scenario = Scenario::staked(4, 7);
    let rules = StakeRules { weak_subjectivity: 3, evidence_epochs: 1, ..StakeRules::default() };
    scenario.config.rules.consensus = Consensus::Stake(rules);
    scenario.config.nodes[3].stake = Amount::ZERO;
    let node = names(&scenario)[3].clone();
    let (amount, fee) = (Amount::new(900_000).expect("in range"), Amount::new(1_000).expect("in range"));
    scenario.script =
        vec![at(50_000, Action::Stake { node: node.clone(), amount, fee }), at(800_000, Action::Unstake { node, fee })];
    let mut world = World::new(scenario);
    run(&mut world, 80);
    let address = world.nodes()[3].address;
    let blocks = |world: &World| {
        let chain = world.nodes()[0].node.as_ref().expect("on").chain();
        let by = |id| chain.tree().block(id).is_some_and(|block| block.coinbase.to == address);
        chain.best().iter().filter(|id| by(*id)).count()
    };
    let led = blocks(&world);
    assert!(led > 5, "{led} blocks of 60 slots");
    run(&mut world, 180);
    let ledger = world.nodes()[0].node.as_ref().expect("on").chain().ledger();
    assert!(ledger.validator(&address).is_none(), "paid out");
    assert!(ledger.account(&address).balance > amount);
}

/// A cut that outlasts the leak ends in two histories, each final for its own side. They are told apart, nobody is blamed, and nothing final is reverted: it is
/// for people to choose.
#[test]
fn a_cut_that_outlasts_the_leak_is_shown_as_conflicting_finality() {
    let mut scenario = Scenario::staked(6, 8);
    let rules = StakeRules { leak_quotient: 256, ..StakeRules::default() };
    scenario.config.rules.consensus = Consensus::Stake(rules);
    let side = names(&scenario)[..3].to_vec();
    scenario.script = vec![at(300_000, Action::Partition { nodes: side }), at(3_000_000, Action::HealAll)];
    let mut world = World::new(scenario);
    world.run_until(Timestamp(2_990_000));
    let last = |world: &World, at: usize| {
        world.nodes()[at].node.as_ref().expect("on").chain().checkpoints().expect("of stake")[1]
    };
    let before = [0, 5].map(|at| last(&world, at));
    assert!(before.iter().all(|checkpoint| checkpoint.epoch > Epoch(20)), "both sides finalise: {before:?}");
    let told = world.violation().expect("the light for finality is red").clone();
    assert_eq!(told.invariant, Invariant::Finality, "{told:?}");
    world.run_until(Timestamp(3_400_000));
    for (at, before) in [0, 5].into_iter().zip(before) {
        let chain = world.nodes()[at].node.as_ref().expect("on").chain();
        assert!(
            last(&world, at).epoch > before.epoch && chain.is_best(&before.block),
            "node {at} goes on with its own"
        );
    }
    assert_eq!(seen(&world, |event| matches!(event, EventKind::PeerBlamed { .. })), 0);
    let refused = |event: &EventKind| matches!(event, EventKind::BlockRejected { error, .. } if error.is_view());
    assert!(seen(&world, refused) > 0, "blocks of the other side are refused by name");
}
