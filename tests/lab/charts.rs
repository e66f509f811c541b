//! The charts' samples: what the world was at their times, and the same again after a rewind.

use tabchain::{
    primitives::Timestamp,
    sim::{Action, LinkQuality, MAX_SAMPLES, Sample, Scenario, Summary, Timeline, World},
    view::{Focus, Inspector, WorldView},
};

use crate::worlds::{at, name, open, ring, scenario};

fn script(seed: u64) -> Scenario {
    let mut scenario = scenario(seed, &[40, 40, 40, 0], &ring(4), LinkQuality::default());
    scenario.config.workload.transfers_per_hour = 600;
    scenario.script = vec![
        at(1_000, open(0, 1, 90_000, 80_000)),
        at(60_000, Action::Stop { node: name(2) }),
        at(90_000, Action::Partition { nodes: vec![name(0)] }),
        at(120_000, Action::HealAll),
    ];
    scenario
}

fn samples(world: &World) -> Vec<Sample> {
    world.series().0.to_vec()
}

#[test]
fn a_sample_is_the_world_at_its_time() {
    let mut world = World::new(script(1));
    let mut straight = World::new(script(1));
    world.run_until(Timestamp(200_500));
    let all = samples(&world);
    assert!(all.len() > 190, "{}", all.len());
    for sample in &all {
        straight.run_until(sample.at);
        assert_eq!(*sample, straight.sample());
    }
    assert_eq!(straight.sample().stale, Summary::of(&straight, 0).stale_rate.map(|rate| rate / 1_000));
    let (first, last) = (all[0], all[all.len() - 1]);
    assert_eq!((first.hash_rate, last.hash_rate, first.interval, first.stale), (120, 80, None, None));
    assert_eq!((first.locked.units(), last.locked.units()), (0, 170_000));
    assert!(last.interval.is_some_and(|interval| (1_000..60_000).contains(&interval)));
    assert!(all.iter().any(|sample| sample.waiting > 0 && sample.lowest_fee <= sample.median_fee));
    assert!((20..1_000).contains(&last.expected_rate), "{}", last.expected_rate);
}

#[test]
fn a_long_run_has_few_samples_and_rewound_they_are_the_same() {
    let mut timeline = Timeline::new(World::new(script(2)));
    let go = |timeline: &mut Timeline, to| while !timeline.seek(Timestamp(to), 10_000) {};
    go(&mut timeline, 100_000);
    let early = samples(timeline.world());
    go(&mut timeline, 900_000);
    let (late, spacing) = (samples(timeline.world()), timeline.world().series().1);
    assert!(late.len() <= MAX_SAMPLES && spacing == 4_000, "{} {spacing}", late.len());
    go(&mut timeline, 100_000);
    assert_eq!(samples(timeline.world()), early);
    go(&mut timeline, 900_000);
    assert_eq!(samples(timeline.world()), late);
    let mut straight = World::new(script(2));
    straight.run_until(Timestamp(900_000));
    assert_eq!(samples(&straight), late);
}

#[test]
fn charts_end_now_and_are_worked_out_for_whoever_looks() {
    let mut world = World::new(script(3));
    world.run_until(Timestamp(30_400));
    let look = |focus: Focus| WorldView::of(&world, &focus, &mut Inspector::default()).charts;
    assert_eq!(look(Focus::default()), None);
    let charts = look(Focus { charts: true, ..Focus::default() }).expect("somebody looks");
    assert_eq!(charts.samples.last(), Some(&world.sample()));
    assert!(charts.samples.is_sorted_by(|a, b| a.at < b.at));
    assert_eq!((charts.block_interval, charts.spacing), (10_000, 1_000));
}
