//! Channels in the picture of the network: an arc beside the link, from one party to the other.

use leptos::prelude::*;

use super::super::{
    Lab,
    network::{Point, place},
};
use crate::view::Status;

/// How far the middle of an arc lies from the straight line.
const BEND: f64 = 46.0;

/// Every channel that is not over. The panel has the same as a list.
#[component]
pub(in super::super) fn Arcs(count: Memo<usize>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let ends = lab.slice(|moment| {
        let nodes = &moment.world.network.nodes;
        let place = |name: &str| nodes.iter().position(|node| node.name == name);
        let live = moment.world.channels.rows.iter().filter(|row| !row.status.is_over());
        live.filter_map(|row| Some((place(&row.parties[0].name)?, place(&row.parties[1].name)?, row.status)))
            .collect::<Vec<_>>()
    });
    let arcs = move || {
        let count = count.get();
        let ends = ends.get().unwrap_or_default();
        ends.into_iter().map(|(a, b, status)| arc(place(a, count), place(b, count), status)).collect_view()
    };
    view! { <g aria-hidden="true">{arcs}</g> }
}

fn arc(from: Point, to: Point, status: Status) -> impl IntoView + use<> {
    let class = match status {
        Status::Open => "arc",
        Status::Disputed => "arc disputed",
        _ => "arc pending",
    };
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let length = across.hypot(down).max(1.0);
    let (x, y) = ((from.0 + to.0) / 2.0 - BEND * down / length, (from.1 + to.1) / 2.0 + BEND * across / length);
    view! { <path class=class d=format!("M{} {}Q{x} {y} {} {}", from.0, from.1, to.0, to.1) /> }
}
