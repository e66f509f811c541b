//! Channels in the picture of the network: an arc beside the link, from one party to the other.

use leptos::prelude::*;

use super::super::{
    Lab,
    network::{Point, at},
};
use crate::view::Status;

/// How far the middle of an arc lies from the straight line.
const BEND: f64 = 46.0;

/// From the opener to the accepter.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Arc {
    pub(super) from: Point,
    pub(super) to: Point,
}

impl Arc {
    /// The point that bends it.
    fn control(self) -> Point {
        let (from, to) = (self.from, self.to);
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let length = across.hypot(down).max(1.0);
        ((from.0 + to.0) / 2.0 - BEND * down / length, (from.1 + to.1) / 2.0 + BEND * across / length)
    }

    pub(super) fn path(self) -> String {
        let (x, y) = self.control();
        format!("M{} {}Q{x} {y} {} {}", self.from.0, self.from.1, self.to.0, self.to.1)
    }
}

/// Where `along` of an arc lies behind, 0 to 1.
pub(super) fn point_on(arc: Arc, along: f64) -> Point {
    let (control, rest) = (arc.control(), 1.0 - along);
    let of = |from: f64, bend: f64, to: f64| rest * rest * from + 2.0 * rest * along * bend + along * along * to;
    (of(arc.from.0, control.0, arc.to.0), of(arc.from.1, control.1, arc.to.1))
}

/// Every channel that is not over. The panel has the same as a list.
#[component]
pub(in super::super) fn Arcs(points: Memo<Vec<Point>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let ends = lab.slice(|moment| {
        let nodes = &moment.world.network.nodes;
        let place = |name: &str| nodes.iter().position(|node| node.name == name);
        let live = moment.world.channels.rows.iter().filter(|row| !row.status.is_over());
        live.filter_map(|row| Some((place(&row.parties[0].name)?, place(&row.parties[1].name)?, row.status)))
            .collect::<Vec<_>>()
    });
    let arcs = move || {
        let points = points.get();
        let ends = ends.get().unwrap_or_default();
        ends.into_iter().map(|(a, b, status)| arc(at(&points, a), at(&points, b), status)).collect_view()
    };
    view! { <g aria-hidden="true">{arcs}</g> }
}

fn arc(from: Point, to: Point, status: Status) -> impl IntoView + use<> {
    let class = match status {
        Status::Open => "arc",
        Status::Disputed | Status::Lost => "arc disputed",
        _ => "arc pending",
    };
    view! { <path class=class d=Arc { from, to }.path() /> }
}
