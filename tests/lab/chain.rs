//! The block tree in windows: every block is in exactly the windows of its height, in the same lane, and a window is bounded.

use std::collections::{BTreeMap, BTreeSet};

use tabchain::{
    primitives::{BlockId, Height, Timestamp},
    sim::{Action, LinkQuality, Scenario, Step, World},
    view::{BlockBox, ChainView, ChainWindow, FILE_HEIGHTS, Focus, Inspector, WorldView, chain_file},
};

use crate::worlds::{at, name, ring, scenario};

/// Five miners over slow links, cut in two for a while: short branches and a long one.
fn forked() -> World {
    let quality = LinkQuality { latency: 2_500, jitter: 500, ..LinkQuality::default() };
    let mut scenario = scenario(4, &[40; 5], &ring(5), quality);
    scenario.script = vec![
        at(200_000, Action::Partition { nodes: vec![name(0), name(1)] }),
        at(700_000, Action::HealAll),
        at(1_500_000, Action::Partition { nodes: vec![name(0), name(1)] }),
    ];
    run(scenario, 1_900_000)
}

fn run(scenario: Scenario, until: u64) -> World {
    let mut world = World::new(scenario);
    while let Step::Done(_) | Step::Searching = world.step(Timestamp(until)) {}
    world
}

fn look(world: &World, top: u64, heights: u64) -> ChainView {
    let focus = Focus { window: ChainWindow { top: Some(Height(top)), heights }, ..Focus::default() };
    WorldView::of(world, &focus, &mut Inspector::default()).chain
}

/// All blocks of all nodes, walked without any index.
fn known(world: &World) -> BTreeMap<BlockId, Height> {
    let trees = world.running().map(|(_, node)| node.chain().tree());
    trees.flat_map(|tree| tree.iter()).map(|(id, entry)| (*id, entry.header.height)).collect()
}

#[test]
fn every_block_is_in_exactly_the_windows_of_its_height() {
    let world = forked();
    let known = known(&world);
    let highest = known.values().max().copied().expect("a genesis");
    assert!(highest > Height(120), "{highest}");
    let mut boxes: BTreeMap<BlockId, BlockBox> = BTreeMap::new();
    for heights in [1, 7, 64] {
        for top in (0..=highest.0).step_by(3) {
            let seen = look(&world, top, heights);
            assert_eq!((seen.to, seen.highest), (Height(top), highest));
            assert_eq!(seen.from, Height((top + 1).saturating_sub(heights)));
            let ids: Vec<BlockId> = seen.blocks.iter().map(|block| block.id).collect();
            let wanted = known.iter().filter(|(_, height)| (seen.from..=seen.to).contains(height)).map(|(id, _)| *id);
            assert_eq!(
                ids.iter().copied().collect::<BTreeSet<_>>(),
                wanted.collect(),
                "window of {heights} up to {top}"
            );
            assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "each once");
            for block in seen.blocks {
                let before = boxes.entry(block.id).or_insert_with(|| block.clone());
                assert_eq!(*before, block, "the same in every window");
            }
        }
    }
    let places: BTreeSet<(Height, usize)> = boxes.values().map(|block| (block.height, block.lane)).collect();
    assert_eq!(places.len(), boxes.len(), "no two blocks at one place");
    assert!(boxes.values().any(|block| block.lane > 1), "branches beside branches");
}

/// The file of all blocks, asked for piece by piece until a piece is empty.
fn file(world: &World) -> Vec<Vec<String>> {
    let pieces = (0..).map(|piece| chain_file(world, Height(piece * FILE_HEIGHTS)));
    let whole: String = pieces.take_while(|piece| !piece.is_empty()).collect();
    whole.lines().map(|line| line[1..line.len() - 1].split("\",\"").map(str::to_owned).collect()).collect()
}

#[test]
fn the_file_has_every_block_once() {
    let mut scenario = scenario(8, &[40], &ring(1), LinkQuality::default());
    scenario.config.rules.block_interval = 100;
    scenario.config.rules.initial_difficulty = 4;
    for world in [forked(), run(scenario, 300_000)] {
        let (lines, known) = (file(&world), known(&world));
        let ids: Vec<String> = lines.iter().map(|line| line[1].clone()).collect();
        assert_eq!(ids.iter().cloned().collect::<BTreeSet<_>>(), known.keys().map(BlockId::to_string).collect());
        assert_eq!(ids.len(), known.len(), "each once");
        assert!(lines.is_sorted_by_key(|line| line[0].parse::<u64>().expect("a height")), "by height");
        assert!(lines.iter().skip(1).all(|line| ids.contains(&line[2])), "with the parent of each");
        let followers: usize =
            lines.iter().map(|line| line[6].split(", ").filter(|name| !name.is_empty()).count()).sum();
        assert_eq!(followers, world.running().count());
    }
}

#[test]
fn what_is_aside_is_counted_and_no_tip_is_forgotten() {
    let world = forked();
    let best = world.running().map(|(_, node)| node.chain()).max_by_key(|chain| chain.tree().weight(&chain.tip()));
    let best = best.expect("five nodes");
    let seen = look(&world, best.height().0, 64);
    assert_eq!(seen.stale, known(&world).keys().filter(|id| !best.is_best(id)).count());
    assert!(seen.stale > 10, "{}", seen.stale);
    let tips: BTreeSet<BlockId> = world.running().map(|(_, node)| node.chain().tip()).collect();
    assert!(tips.len() > 1, "the network is cut");
    let flags: usize = seen.blocks.iter().map(|block| block.followers).sum();
    let below: usize = seen.tips_below.iter().map(|(_, names)| names.len()).sum();
    assert_eq!(flags + below, 5);
    let narrow = look(&world, best.height().0, 1);
    assert!(narrow.tips_below.iter().map(|(_, names)| names.len()).sum::<usize>() > 0, "the lower tip lies outside");
}

#[test]
fn a_window_is_bounded_however_long_the_chain_and_however_many_follow_it() {
    let mut scenario = scenario(8, &[40], &ring(1), LinkQuality::default());
    scenario.config.rules.block_interval = 100;
    scenario.config.rules.initial_difficulty = 4;
    let (short, long) = (run(scenario.clone(), 20_000), run(scenario, 200_000));
    let size = |world: &World| borsh::to_vec(&look(world, u64::MAX, u64::MAX)).expect("memory takes every byte").len();
    let (few, many) = (size(&short), size(&long));
    assert!(known(&long).len() > 8 * known(&short).len());
    assert!(many < few + few / 4, "{few} bytes, and {many} for a chain ten times as long");

    let crowd = World::new(Scenario::generated(200, 3));
    let seen = look(&crowd, 0, 64);
    assert_eq!((seen.blocks[0].followers, seen.blocks[0].tip_of.len()), (200, 12));
}
