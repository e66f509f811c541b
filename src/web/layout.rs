//! Where nodes are best drawn: links pull, nodes push each other away (docs/adr/019-places-of-nodes.md). The same network gets the same places.

use fjadra::{Collide, Link, ManyBody, Node, PositionX, PositionY, Simulation, SimulationBuilder};
use gloo_timers::future::TimeoutFuture;

use super::clock::now_ms;

/// Rounds until the forces have died down.
const ROUNDS: usize = 300;
/// Milliseconds of work between two moments in which others may work.
const SLICE: u64 = 12;
/// How long a link wants to be.
const LENGTH: f64 = 60.0;
/// Width and height of the whole in ten-thousandths, and as forces see them for each node that there is.
const WHOLE: f64 = 10_000.0;
/// How much more than its width a picture may be stretched in its height.
const STRETCH: f64 = 2.2;

/// Places in ten-thousandths of width and height. Who has a place keeps it.
pub(super) async fn arrange(links: Vec<(usize, usize)>, fixed: Vec<Option<(u16, u16)>>) -> Vec<(u16, u16)> {
    let count = fixed.len();
    let links: Vec<(usize, usize)> = links.into_iter().filter(|(a, b)| *a < count && *b < count && a != b).collect();
    // A square in which every node has room for its links.
    let side = LENGTH * (count as f64).sqrt() * 1.2;
    let mut simulation = simulation(&links, &fixed, side);
    let mut started = now_ms();
    for _ in 0..ROUNDS {
        simulation.tick(1);
        if now_ms() - started >= SLICE {
            TimeoutFuture::new(0).await;
            started = now_ms();
        }
    }
    let found: Vec<(f64, f64)> = simulation.positions().map(|[x, y]| (x, y)).collect();
    if fixed.iter().all(Option::is_none) {
        return fill(&found);
    }
    let part = |at: f64| ((at / side + 0.5) * WHOLE).clamp(0.0, WHOLE) as u16;
    found.into_iter().zip(fixed).map(|((x, y), fixed)| fixed.unwrap_or((part(x), part(y)))).collect()
}

fn simulation(links: &[(usize, usize)], fixed: &[Option<(u16, u16)>], side: f64) -> Simulation {
    let at = |part: u16| (f64::from(part) / WHOLE - 0.5) * side;
    let node = |fixed: &Option<(u16, u16)>| match fixed {
        Some((x, y)) => Node::default().fixed_position(at(*x), at(*y)),
        None => Node::default(),
    };
    SimulationBuilder::default()
        .build(fixed.iter().map(node))
        .add_force("links", Link::new(links.iter().copied()).distance(LENGTH))
        .add_force("push", ManyBody::new().strength(-4.0 * LENGTH))
        .add_force("apart", Collide::new().radius(|_| LENGTH / 3.0))
        .add_force("x", PositionX::new().strength(0.05))
        .add_force("y", PositionY::new().strength(0.05))
}

/// Turns what was found so that it lies along the width, and lets it fill the whole.
fn fill(found: &[(f64, f64)]) -> Vec<(u16, u16)> {
    let count = found.len().max(1) as f64;
    let mean = found.iter().fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x / count, sum.1 + y / count));
    let spread = found.iter().fold((0.0, 0.0, 0.0), |(xx, yy, xy), (x, y)| {
        let (dx, dy) = (x - mean.0, y - mean.1);
        (xx + dx * dx, yy + dy * dy, xy + dx * dy)
    });
    let turn = 0.5 * (2.0 * spread.2).atan2(spread.0 - spread.1);
    let (sin, cos) = turn.sin_cos();
    let turned = |(x, y): &(f64, f64)| {
        let (dx, dy) = (x - mean.0, y - mean.1);
        (dx * cos + dy * sin, dy * cos - dx * sin)
    };
    let turned: Vec<(f64, f64)> = found.iter().map(turned).collect();
    let (x, y) = (Extent::of(turned.iter().map(|at| at.0)), Extent::of(turned.iter().map(|at| at.1)));
    let scale = WHOLE / x.length.max(1.0);
    let down = (WHOLE / y.length.max(1.0)).min(scale * STRETCH);
    let part = |at: f64| (WHOLE / 2.0 + at).clamp(0.0, WHOLE) as u16;
    turned.into_iter().map(|at| (part((at.0 - x.middle) * scale), part((at.1 - y.middle) * down))).collect()
}

struct Extent {
    middle: f64,
    length: f64,
}

impl Extent {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (low, high) = (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max));
        Self { middle: (low + high) / 2.0, length: high - low }
    }
}
