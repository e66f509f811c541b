//! Several tabs, one network: who joins, who keeps the clock, and that every tab's run replays alone, whatever is posted.

use tabchain::{
    primitives::{Amount, Timestamp},
    room::{Beat, Body, Change, Post, Role, SILENT_MS, TabId, Why},
    sim::{Action, Capsule, LinkQuality, Scenario},
};

use crate::{
    lab,
    tabs::Room,
    worlds::{ring, scenario},
};

fn run(seed: u64) -> Scenario {
    let mut scenario = scenario(seed, &[600, 600, 0], &ring(3), LinkQuality::default());
    scenario.config.workload.transfers_per_hour = 30;
    scenario
}

/// A host and one guest, both members.
fn two() -> Room {
    let mut room = Room::new(1);
    room.open(run(1));
    room.pass(2_000);
    room.open(run(2));
    room.pass(2_000);
    assert_eq!(room.roles(), [Some(Role::Host), Some(Role::Guest)]);
    room
}

fn assert_replays(room: &mut Room, index: usize) {
    let world = room.tab(index).world();
    let (digest, text) = (world.digest(), Capsule::of(world).to_json());
    let capsule = Capsule::from_json(&text).expect("a capsule");
    let replayed = capsule.replay().finish().unwrap_or_else(|mismatch| panic!("tab {index}: {mismatch}"));
    assert_eq!((replayed.digest(), replayed.violation()), (digest, None), "tab {index} replays alone");
}

fn agree(room: &mut Room) -> bool {
    let open: Vec<usize> = (0..room.tabs.len()).filter(|index| room.tabs[*index].is_some()).collect();
    let tips: Vec<_> = open.iter().map(|index| room.tab(*index).tip()).collect();
    tips.iter().all(|(tip, height)| *tip == tips[0].0 && *height > 3)
}

#[test]
fn two_tabs_mine_on_one_chain_and_each_replays_alone() {
    let mut room = two();
    assert_eq!(room.tab(0).names(), ["A", "B", "C"]);
    assert_eq!(room.tab(1).names(), ["Alpha B", "Bravo B", "Charlie B"]);
    room.pass(20_000);
    assert!(room.pass_until(agree));
    for index in 0..2 {
        let miners = room.tab(index).miners();
        assert!(miners.iter().any(|name| name.len() == 1), "{miners:?}");
        assert!(miners.iter().any(|name| name.ends_with(" B")), "{miners:?}");
        assert_replays(&mut room, index);
    }
    let (host, guest) = (room.tab(0).world().now(), room.tab(1).world().now());
    assert!(host.0.abs_diff(guest.0) <= 1_500, "{host} and {guest}");
}

/// Money crosses from tab to tab.
#[test]
fn a_node_of_another_tab_is_paid() {
    let mut room = two();
    let pay = Action::Transfer {
        from: "A".into(),
        to: "Charlie B".into(),
        amount: Amount::literal(777),
        fee: Amount::literal(500),
        memo: Default::default(),
    };
    room.tab(0).timeline.act(pay).expect("a known name");
    assert!(room.pass_until(|room| {
        let world = room.tab(1).world();
        let sim = &world.nodes()[2];
        sim.node
            .as_ref()
            .is_some_and(|node| node.chain().ledger().account(&sim.address).balance == Amount::literal(777))
    }));
    assert_replays(&mut room, 1);
}

/// Lost, garbled and repeated posts: the chains still meet, and what came is in the log.
#[test]
fn a_bad_channel_does_no_harm() {
    for seed in 1..=2 * lab::scale() {
        let mut room = Room::new(seed);
        room.open(run(seed));
        room.pass(2_000);
        room.faults = [100, 20, 100];
        room.open(run(7));
        room.open(run(8));
        room.pass(25_000);
        room.faults = [0; 3];
        assert!(room.pass_until(agree), "seed {seed}: {:?}", room.roles());
        assert_eq!(room.roles().iter().filter(|role| **role == Some(Role::Host)).count(), 1);
        for index in 0..3 {
            assert_replays(&mut room, index);
        }
    }
}

#[test]
fn two_at_once_agree_on_one_host() {
    for lost in [0, 1_000] {
        let mut room = Room::new(1);
        room.open(run(1));
        room.open(run(2));
        room.faults = [lost, 0, 0];
        room.pass(2_000);
        if lost > 0 {
            assert_eq!(room.roles(), [Some(Role::Host); 2], "neither heard of the other");
        }
        room.faults = [0; 3];
        room.pass(5_000);
        assert_eq!(room.roles(), [Some(Role::Guest), Some(Role::Host)], "{lost} of 1000 lost");
        assert!(room.pass_until(agree));
    }
}

/// Whoever comes next keeps the clock, and time never goes back.
#[test]
fn a_host_that_closes_or_falls_silent_is_followed_by_the_next() {
    for says_so in [true, false] {
        let mut room = two();
        room.open(run(3));
        room.pass(10_000);
        let before = room.tab(1).session.clock().time;
        room.close(0, says_so);
        room.pass(if says_so { 200 } else { SILENT_MS + 200 });
        assert_eq!(room.roles(), [None, Some(Role::Host), Some(Role::Guest)], "said so: {says_so}");
        assert!(room.tab(1).changes.iter().any(|change| matches!(change, Change::TookOver(time) if *time >= before)));
        assert!(room.tab(1).session.clock().time >= before && room.tab(1).pace.speed == 1_000);
        room.pass(1_000);
        assert!(room.tab(2).session.clock().time >= before);
        let height = room.tab(2).tip().1;
        assert!(room.pass_until(|room| room.tab(2).tip().1 > height + 3 && agree(room)));
        let world = room.tab(2).world();
        let up = world.remotes().iter().flat_map(|remote| remote.links()).filter(|(_, link)| link.connected).count();
        assert_eq!(up, 1, "connections to who has gone are down");
        assert_replays(&mut room, 2);
    }
}

#[test]
fn a_tab_that_slept_comes_back_as_a_guest_with_its_own_nodes() {
    for sleeper in [0, 1] {
        let mut room = two();
        room.pass(10_000);
        let (names, address) = (room.tab(sleeper).names(), room.tab(sleeper).world().nodes()[0].address);
        room.tab(sleeper).asleep = true;
        room.pass(20_000);
        assert_eq!(room.roles()[1 - sleeper], Some(Role::Host));
        let clock = room.tab(1 - sleeper).session.clock().time;
        room.tab(sleeper).asleep = false;
        room.pass(2_000);
        assert_eq!(room.roles()[sleeper], Some(Role::Guest));
        assert_eq!((room.tab(sleeper).names(), room.tab(sleeper).world().nodes()[0].address), (names, address));
        assert!(room.tab(sleeper).changes.contains(&Change::Slept));
        assert!(room.tab(sleeper).world().now() >= clock, "it does not mine in the past");
        assert!(room.pass_until(agree));
        assert_replays(&mut room, sleeper);
        // The blocks that it found before it slept are still its own.
        assert!(room.tab(1 - sleeper).world().remotes().len() == 3, "and nobody takes it for somebody else");
    }
}

#[test]
fn who_sleeps_alone_goes_on_alone() {
    let mut room = Room::new(1);
    room.open(run(1));
    room.pass(10_000);
    let before = room.tab(0).world().now();
    room.tab(0).asleep = true;
    room.pass(60_000);
    room.tab(0).asleep = false;
    room.pass(1_000);
    assert_eq!((room.roles()[0], room.tab(0).world().now()), (Some(Role::Seeking), before));
    room.pass(2_000);
    assert_eq!(room.roles(), [Some(Role::Host)]);
    assert!(room.tab(0).world().now().since(before) < 30_000, "sleep is no time in the room");
}

#[test]
fn a_guest_asks_the_host_to_pause() {
    let mut room = two();
    room.pass(3_000);
    room.tab(1).session.ask(Some(false), None);
    room.pass(500);
    assert!(!room.tab(0).pace.playing && !room.tab(1).session.clock().playing);
    let stands = [room.tab(0).world().now(), room.tab(1).world().now()];
    room.pass(5_000);
    assert_eq!([room.tab(0).world().now(), room.tab(1).world().now()], stands);
    room.tab(1).session.ask(Some(true), Some(200));
    room.pass(5_000);
    assert_eq!(room.tab(1).session.clock().speed, 200);
    assert!(room.tab(1).world().now() > stands[1]);
}

#[test]
fn detached_and_back_again() {
    let mut room = two();
    room.pass(10_000);
    let (names, seed) = (room.tab(1).names(), room.tab(1).world().scenario().seed);
    let tab = room.tab(1);
    tab.session.detach(Why::Rewound, &mut tab.timeline);
    while !tab.timeline.seek(Timestamp(40_000), 1_000) {}
    assert_eq!((tab.session.role(), tab.session.detached()), (None, Some(Why::Rewound)));
    room.pass(5_000);
    assert_eq!(room.tab(0).session.others().count(), 0, "the room goes on without it");
    let height = room.tab(0).tip().1;
    let now = room.now;
    room.tab(1).session.rejoin(now);
    room.pass(2_000);
    assert_eq!(room.roles(), [Some(Role::Host), Some(Role::Guest)]);
    assert_eq!((room.tab(1).names(), room.tab(1).world().scenario().seed), (names, seed));
    assert!(room.pass_until(agree) && room.tab(1).tip().1 >= height);
    // With nobody left it becomes host of what it has.
    let tab = room.tab(1);
    tab.session.detach(Why::Rewound, &mut tab.timeline);
    room.close(0, true);
    let now = room.now;
    room.tab(1).session.rejoin(now);
    room.pass(2_000);
    assert_eq!(room.roles(), [None, Some(Role::Host)]);
    assert_replays(&mut room, 1);
}

/// If the node that speaks with other tabs is switched off, the next one does.
#[test]
fn another_node_takes_over_when_the_first_is_switched_off() {
    let mut room = two();
    for index in 0..2 {
        let node = room.tab(index).names()[0].clone();
        room.tab(index).timeline.act(Action::Stop { node }).expect("on");
    }
    let height = room.tab(0).tip().1;
    room.pass(3_000);
    assert!(room.pass_until(|room| room.tab(0).tip().1 > height + 4 && agree(room)));
    let world = room.tab(0).world();
    let up: Vec<_> = (0..)
        .zip(world.remotes())
        .filter(|(_, remote)| remote.links().any(|(node, link)| node == 1 && link.connected))
        .map(|(at, _): (u32, _)| at)
        .collect();
    assert_eq!(up, [1]);
    assert_replays(&mut room, 0);
}

#[test]
fn garbage_changes_nothing_but_the_counter() {
    let mut quiet = two();
    let mut noisy = two();
    let mut numbers = lab::Numbers(3);
    let post = |body: Body| Post { from: TabId(9), to: None, body }.to_bytes();
    for _ in 0..100 {
        let mut junk: Vec<u8> = (0..numbers.below(200)).map(|_| numbers.next() as u8).collect();
        for index in 0..2 {
            noisy.tab(index).session.receive(junk.clone());
        }
        junk.insert(0, 1);
        for index in 0..2 {
            noisy.tab(index).session.receive(junk.clone());
            noisy.tab(index).session.receive(post(Body::Letters(Vec::new())));
            noisy.tab(index).session.receive(vec![0; 20_000_000]);
            noisy.tab(index).session.refuse();
        }
        quiet.pass(100);
        noisy.pass(100);
    }
    for index in 0..2 {
        assert_eq!(noisy.tab(index).world().digest(), quiet.tab(index).world().digest());
        assert!(noisy.tab(index).session.dropped() >= 400, "{}", noisy.tab(index).session.dropped());
        assert_eq!(quiet.tab(index).session.dropped(), 0);
    }
}

/// What is out of range is no post: places, letters, names that are not plain text, clocks beyond the end of time.
#[test]
fn posts_are_read_strictly() {
    let mut room = two();
    room.posted = Some(Vec::new());
    room.pass(1_500);
    let me = TabId(1);
    let read = |bytes: &[u8]| Post::parse(bytes, me).ok().flatten();
    let posts: Vec<_> = room.posted.take().into_iter().flatten().filter_map(|bytes| read(&bytes)).collect();
    let mut beats = posts.iter().rev().filter_map(|post| match &post.body {
        Body::Beat(beat) if beat.clock.is_some() => Some(beat.clone()),
        _ => None,
    });
    let good = beats.next().expect("a host beats");
    let is_read = |change: &dyn Fn(&mut Beat)| {
        let mut beat = good.clone();
        change(&mut beat);
        read(&Post { from: TabId(9), to: None, body: Body::Beat(beat) }.to_bytes()).is_some()
    };
    assert!(is_read(&|_| {}));
    for name in ["", " x", "a\u{0}b", "\u{202e}gnp", "zero\u{200b}width", &"x".repeat(33)] {
        assert!(!is_read(&|beat| beat.cards[0].name = name.to_owned()), "{name:?}");
    }
    assert!(is_read(&|beat| beat.cards[0].name = "<b>Ünïcode</b> 木".to_owned()), "markup is text");
    let wrong: [&dyn Fn(&mut Beat); 6] = [
        &|beat| beat.letter = 16,
        &|beat| beat.order = u32::MAX,
        &|beat| beat.links.push((0, 200)),
        &|beat| beat.cards = vec![beat.cards[0].clone(); 65],
        &|beat| beat.clock.as_mut().expect("a host's").speed = 0,
        &|beat| beat.clock.as_mut().expect("a host's").time = Timestamp(u64::MAX),
    ];
    for (row, change) in wrong.iter().enumerate() {
        assert!(!is_read(change), "row {row}");
    }
    let mut bytes = Post { from: TabId(9), to: None, body: Body::Bye }.to_bytes();
    assert!(Post::parse(&bytes, me).is_ok());
    bytes.push(0);
    assert!(Post::parse(&bytes, me).is_err(), "nothing may follow");
    let private = Post { from: TabId(9), to: Some(TabId(2)), body: Body::Full }.to_bytes();
    assert_eq!((read(&private), Post::parse(&private, TabId(2)).is_ok_and(|post| post.is_some())), (None, true));
}

/// A flood of one sender is dropped beyond its share, and what was taken is bounded.
#[test]
fn a_flood_is_bounded() {
    let mut room = two();
    room.pass(1_000);
    let before = room.tab(0).world().script_bytes();
    let dropped = room.tab(0).session.dropped();
    for tab in 1_000..1_200 {
        for _ in 0..50 {
            room.tab(0)
                .session
                .receive(Post { from: TabId(tab), to: None, body: Body::Hello { letter: None } }.to_bytes());
        }
        room.pass(20);
    }
    assert!(room.tab(0).session.dropped() > dropped + 5_000);
    assert!(room.tab(0).session.others().count() <= 15);
    assert!(room.tab(0).world().script_bytes() < before + 200_000);
    // Nodes that were given a place but never came are forgotten; another guest is welcome.
    room.pass(12_000);
    room.open(run(5));
    room.pass(3_000);
    assert_eq!(room.roles()[2], Some(Role::Guest));
}

/// Bytes that are no message are blamed on the node they came from, and its connection is closed.
#[test]
fn malformed_messages_are_blamed_on_their_sender() {
    let mut room = two();
    let (from, to) = (room.tab(1).world().nodes()[0].address, room.tab(0).world().nodes()[0].address);
    for junk in [vec![1, 2, 3], vec![255; 60]] {
        let letter = tabchain::room::Letter { from, to, bytes: junk };
        let post = Post { from: room.tab(1).session.tab(), to: None, body: Body::Letters(vec![letter]) };
        room.tab(0).session.receive(post.to_bytes());
    }
    room.pass(100);
    let world = room.tab(0).world();
    let node = world.nodes()[0].node.as_ref().expect("on");
    assert!(node.gossip().is_banned(tabchain::sim::remote_peer(0), world.now()));
    let link = world.remotes()[0].link(0);
    assert!(!link.connected && link.closed_at.is_some());
    assert_replays(&mut room, 0);
}

/// The log of a room has a bound; there the run becomes private, and says so.
#[test]
fn a_full_log_detaches() {
    let mut room = two();
    let (from, to) = (room.tab(1).world().nodes()[0].address, room.tab(0).world().nodes()[0].address);
    let tab = room.tab(1).session.tab();
    // Well-formed and useless: nobody can be blamed for it.
    let bytes =
        tabchain::gossip::Message::NotFound(vec![tabchain::gossip::Item::Block(from_address(1)); 256]).to_bytes();
    let full = room.pass_until(|room| {
        let letters = vec![tabchain::room::Letter { from, to, bytes: bytes.clone() }; 60];
        let post = Post { from: tab, to: None, body: Body::Letters(letters) }.to_bytes();
        room.tab(0).session.receive(post);
        room.tab(0).session.detached().is_some()
    });
    assert!(full);
    assert_eq!(room.tab(0).session.detached(), Some(Why::LogFull));
    let text = Capsule::of(room.tab(0).world()).to_json();
    assert!(text.len() < tabchain::sim::MAX_SCENARIO_BYTES, "{}", text.len());
    assert_replays(&mut room, 0);
    room.pass(SILENT_MS);
    assert_eq!(room.roles(), [None, Some(Role::Host)]);
}

fn from_address(byte: u8) -> tabchain::primitives::Hash {
    tabchain::primitives::Hash([byte; 32])
}

/// Two tabs may have nodes of one name; the world knows them apart.
#[test]
fn names_that_are_taken_get_a_number() {
    let mut room = Room::new(1);
    let mut named = run(1);
    named.config.nodes[0].name = "Bravo B".into();
    named.config.links = Vec::new();
    room.open(named);
    room.pass(2_000);
    room.open(run(2));
    room.pass(3_000);
    let known: Vec<_> = room.tab(0).world().remotes().iter().map(|remote| remote.name.clone()).collect();
    assert_eq!(known, ["Alpha B", "Bravo B (2)", "Charlie B"]);
    let known: Vec<_> = room.tab(1).world().remotes().iter().map(|remote| remote.name.clone()).collect();
    assert_eq!(known, ["Bravo B (2)", "B", "C"]);
    assert_replays(&mut room, 0);
    assert_replays(&mut room, 1);
}

#[test]
fn a_room_has_sixteen_places() {
    let mut room = Room::new(1);
    for seed in 0..17 {
        room.open(run(seed));
        room.pass(if seed == 0 { 2_000 } else { 400 });
    }
    room.pass(3_000);
    assert_eq!(room.roles().iter().filter(|role| **role == Some(Role::Guest)).count(), 15);
    assert_eq!(room.tab(16).session.detached(), Some(Why::RoomFull));
    let mut letters: Vec<_> = (0..16).map(|index| room.tab(index).session.letter()).collect();
    letters.sort_unstable();
    letters.dedup();
    assert_eq!(letters.len(), 16);
}
