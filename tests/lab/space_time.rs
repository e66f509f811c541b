//! Space and time against what the log and the queue know: each message once, with the right ends, within bounds, and the same again.

use std::collections::BTreeMap;

use tabchain::{
    node::EventKind,
    primitives::Timestamp,
    sim::{Action, EventKey, LinkQuality, LogEntry, Loss, Passage, Scenario, Step, Subject, Timeline, World},
    view::{
        Diagonal, Fate, Focus, Inspector, MAX_DIAGONALS, MAX_LANES, Selection, SpaceTimeView, Summary, Tab, WorldView,
    },
};

use crate::worlds::{at, name, ring, scenario};

/// Four nodes over lossy links, with a cut, a restart and traffic.
fn script(seed: u64) -> Scenario {
    let quality = LinkQuality { jitter: 30, loss: 30_000, ..LinkQuality::default() };
    let mut scenario = scenario(seed, &[40, 40, 40, 0], &ring(4), quality);
    scenario.config.workload.transfers_per_hour = 900;
    scenario.script = vec![
        at(20_000, Action::Cut { a: name(0), b: name(1) }),
        at(30_000, Action::Partition { nodes: vec![name(0), name(1)] }),
        at(40_000, Action::Stop { node: name(2) }),
        at(60_000, Action::HealAll),
        at(70_000, Action::Start { node: name(2) }),
    ];
    scenario
}

fn look(world: &World, window: u64, selection: Option<Selection>) -> SpaceTimeView {
    let focus = Focus { space_time: Some(window), selection, ..Focus::default() };
    WorldView::of(world, &focus, &mut Inspector::default()).space_time.expect("somebody looks")
}

fn ends(message: &Diagonal) -> (u32, u32, Timestamp, Fate) {
    (message.from, message.to, message.sent, message.fate)
}

#[test]
fn nobody_looks_and_nothing_is_worked_out() {
    let world = World::new(Scenario::generated(2, 1));
    assert_eq!(WorldView::of(&world, &Focus::default(), &mut Inspector::default()).space_time, None);
}

#[test]
fn each_message_is_there_once_with_its_ends() {
    let mut world = World::new(script(3));
    let mut sent: BTreeMap<EventKey, (u32, u32, Timestamp)> = BTreeMap::new();
    let mut lost = 0;
    while let Step::Done(_) | Step::Searching = world.step(Timestamp(25_000)) {
        sent.extend(world.flights().map(|flight| (flight.key, (flight.from, flight.to, flight.sent))));
        lost = world.stats().lost;
    }
    let seen = look(&world, 300_000, None);
    assert_eq!(seen.messages.len() + seen.other_messages, sent.len() + usize::try_from(lost).expect("few"));
    assert_eq!((seen.lost as u64, seen.in_flight), (lost, world.flights().count()));
    assert!(lost > 5 && sent.len() > 100, "{lost} {}", sent.len());
    // Of all that the core remembers, and so of all that can be drawn.
    let all: Vec<Passage> = world.passages().cloned().chain(world.under_way()).collect();
    let kept: BTreeMap<EventKey, &Passage> = all.iter().filter(|p| p.lost.is_none()).map(|p| (p.key, p)).collect();
    assert_eq!(kept.len() as u64 + lost, all.len() as u64, "each once");
    for (key, (from, to, when)) in &sent {
        let passage = kept[key];
        assert_eq!((passage.key.actor, passage.to, passage.sent), (*from, *to, *when));
    }
    for message in seen.messages.iter().filter(|message| message.fate != Fate::Lost) {
        let (from, to, when) = sent[&message.key];
        let fate = if message.key <= world.last_key().expect("events") { Fate::Arrived } else { Fate::InFlight };
        assert_eq!(ends(message), (from, to, when, fate));
    }
}

/// Whatever is drawn as lost can be looked at: what it was, why nobody received it, and what that came of.
#[test]
fn lost_messages_say_why() {
    let mut world = World::new(script(3));
    let mut found: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for second in 10..90 {
        world.run_until(Timestamp(second * 1_000));
        for message in look(&world, 1_000, None).messages.iter().filter(|message| message.fate == Fate::Lost) {
            let selection = Selection::Message { key: message.key };
            let seen = look(&world, 1_000, Some(selection.clone()));
            let drawn = seen.messages.iter().filter(|other| other.of_selection).collect::<Vec<_>>();
            assert!(drawn.len() == 1 && drawn[0].key == message.key, "{drawn:?}");
            let focus = Focus { selection: Some(selection), tab: Tab::Why, ..Focus::default() };
            let inspection = Inspector::default().look(&world, &focus).expect("four nodes");
            let Some(Summary::Message(detail)) = inspection.summary else { panic!("nothing of {message:?}") };
            assert_eq!(
                (&detail.row.kind, detail.sent, detail.row.arrived && detail.size == 0),
                (&message.kind, message.sent, false)
            );
            let why = &inspection.why.expect("it is asked").parts[0];
            assert!(why.rows.is_sorted_by_key(|row| row.key) && !why.rows.is_empty(), "{why:?}");
            let lost = detail.lost.expect("why");
            assert_eq!(why.code, format!("cause-is-lost-{lost}"));
            let rows = found.entry(lost).or_default();
            why.rows.iter().for_each(|row| *rows.entry(row.code.clone()).or_default() += 1);
        }
    }
    let codes: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(codes, ["chance", "cut", "off"], "{found:#?}");
    assert!(found["cut"].contains_key("log-cut") && found["cut"].contains_key("log-partition"), "{found:#?}");
    assert!(found["off"].contains_key("log-stop"), "{found:#?}");
}

/// What is sent in the moment before the sender learns that the other is off.
#[test]
fn what_is_sent_to_nobody_says_so() {
    let mut world = World::new(script(5));
    let apart = |world: &World| {
        let lost = |passage: &&Passage| passage.lost.as_ref().is_some_and(|lost| lost.why == Loss::Apart);
        world.passages().find(lost).map(|passage| passage.key)
    };
    let (key, world) = loop {
        assert!(matches!(world.step(Timestamp(19_000)), Step::Done(_) | Step::Searching), "never");
        let mut other = world.clone();
        other.act_now(Action::Stop { node: name(1) }).expect("it is on");
        other.run_until(world.now().after(1));
        if let Some(key) = apart(&other) {
            break (key, other);
        }
    };
    let focus = Focus { selection: Some(Selection::Message { key }), tab: Tab::Why, ..Focus::default() };
    let inspection = Inspector::default().look(&world, &focus).expect("four nodes");
    let why = &inspection.why.expect("it is asked").parts[0];
    assert_eq!((why.code.as_str(), why.complete), ("cause-is-lost-apart", true), "{why:?}");
    assert_eq!(why.values[0], name(1));
    assert!(why.rows.iter().any(|row| row.code == "log-stop"), "{why:?}");
}

#[test]
fn marks_are_what_the_log_says() {
    let mut world = World::new(script(4));
    world.run_until(Timestamp(200_000));
    let seen = look(&world, 300_000, None);
    let count = |code: &str| seen.marks.iter().filter(|mark| mark.code == code).count();
    let logged = |what: fn(&EventKind) -> bool| {
        world.log().filter(|record| matches!(&record.entry, LogEntry::Node(event) if what(event))).count()
    };
    assert_eq!(count("found"), logged(|event| matches!(event, EventKind::Mined { .. })));
    assert_eq!(count("reorg"), logged(|event| matches!(event, EventKind::Reorged { .. })));
    assert!(count("found") > 3 && count("reorg") > 0, "{} {}", count("found"), count("reorg"));
    assert_eq!((count("off"), count("on")), (1, 1));
    // The first cut parts A from B, the partition cuts B–C and D–A besides; all three are healed.
    assert_eq!((count("cut"), count("healed")), (6, 6));
    assert!(seen.marks.is_sorted_by_key(|mark| mark.key));
    let short = look(&world, 30_000, None);
    assert!(short.marks.iter().all(|mark| mark.key.time >= Timestamp(170_000)));
    assert!(short.messages.iter().all(|message| message.key.time >= Timestamp(170_000)));
}

#[test]
fn a_selected_block_is_seen_flooding() {
    let mut world = World::new(script(5));
    world.run_until(Timestamp(100_000));
    let seen = look(&world, 300_000, None);
    let found = seen.marks.iter().find_map(|mark| mark.block.filter(|_| mark.code == "found")).expect("a block");
    let seen = look(&world, 300_000, Some(Selection::block(found)));
    let flood: Vec<&Diagonal> = seen.messages.iter().filter(|message| message.of_selection).collect();
    assert!(flood.iter().any(|message| message.kind == "block"));
    assert_eq!(flood.len(), world.passages().filter(|passage| passage.about.map(Subject::id) == Some(found)).count());
}

#[test]
fn what_is_drawn_is_bounded_and_the_selected_always_is() {
    let mut scenario = Scenario::generated(40, 6);
    scenario.config.workload.transfers_per_hour = 1_800;
    let mut world = World::new(scenario);
    world.run_until(Timestamp(60_000));
    let seen = look(&world, 300_000, None);
    assert_eq!((seen.lanes.len(), seen.other_lanes), (MAX_LANES, 40 - MAX_LANES));
    assert_eq!(seen.messages.len(), MAX_DIAGONALS);
    let all = world.passages().count() + world.under_way().count();
    assert_eq!(seen.other_messages, all - MAX_DIAGONALS);
    assert!(all <= 4_096 + world.under_way().count());
    assert_eq!(seen.forgotten.is_some(), world.remembers_after() > Timestamp(0));
    let oldest = world.passages().filter(|passage| passage.key.actor > 30 && passage.kind != "block").last();
    let key = oldest.expect("there is one").key;
    let selected = look(&world, 300_000, Some(Selection::Message { key }));
    assert!(selected.messages.iter().any(|message| message.key == key && message.of_selection));
    let last = world.node(39).expect("forty").name.clone();
    assert!(look(&world, 5_000, Some(Selection::node(&last))).lanes.iter().any(|lane| lane.name == last));
}

#[test]
fn rewound_it_is_the_same() {
    let mut timeline = Timeline::new(World::new(script(7)));
    while !timeline.seek(Timestamp(90_000), 10_000) {}
    let there = look(timeline.world(), 60_000, None);
    while !timeline.seek(Timestamp(15_000), 10_000) {}
    let mut straight = World::new(script(7));
    straight.run_until(Timestamp(15_000));
    assert_eq!(look(timeline.world(), 60_000, None), look(&straight, 60_000, None));
    while !timeline.seek(Timestamp(90_000), 10_000) {}
    assert_eq!(look(timeline.world(), 60_000, None), there);
}
