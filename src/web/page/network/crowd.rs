//! A network of very many nodes: one path for all that look alike. Nodes are reached by pressing near them, and one by one over the list beside the picture.

use leptos::{ev, prelude::*};

use super::{Picture, Point, at, line, shape::Role};
use crate::{
    view::{FlightDot, NetworkView, NodeDot, Selection},
    web::strings::fill,
};

/// Radius of a node.
const SIZE: f64 = 5.0;
/// How nodes and links look, in the order in which they are drawn.
const LOOKS: [&str; 4] = ["node", "node behind", "node off", "node selected"];
const LINES: [&str; 7] =
    ["link fast", "link", "link slow", "link fast lossy", "link lossy", "link slow lossy", "link cut"];

#[component]
pub(super) fn Crowd(picture: Picture) -> impl IntoView {
    let Picture { lab, network, places, .. } = picture;
    let points = places.points;
    // What nodes look like changes much more rarely than what they do.
    let looks = Memo::new(move |_| {
        let chosen = lab.focus.with(|focus| focus.selection.clone());
        let look = |node: &NodeDot| (look(node, chosen.as_ref()), Role::of(node));
        of(network, |network| network.nodes.iter().map(look).collect::<Vec<_>>())
    });
    let links = Memo::new(move |_| {
        of(network, |network| network.links.iter().map(|link| (line::class(link), link.a, link.b)).collect::<Vec<_>>())
    });
    let lines = move |class: &'static str| {
        let path = points.with(|points| links.with(|links| lines(points, links, class)));
        view! { <path class=class d=path /> }
    };
    let shapes = move |class: &'static str| {
        let path = points.with(|points| looks.with(|looks| outlines(points, looks, class)));
        view! { <g class=class><g class="hit"><path d=path /></g></g> }
    };
    let dots = move || points.with(|points| of(network, |network| dots(points, &network.flights)));
    let press = move |event: ev::PointerEvent| {
        if let Some(index) = picture.near(picture.point(&event), usize::MAX) {
            lab.look_at_node(picture.name(index));
        }
    };
    let label = move || fill("crowd", &[&points.with(Vec::len).to_string()]);
    view! {
        <g class="crowd" role="img" aria-label=label on:pointerup=press>
            <rect class="reach" width="100%" height="100%" />
            {move || LINES.map(lines)}
            <path class="crowd-dots" d=dots />
            {move || LOOKS.map(shapes)}
        </g>
    }
}

fn of<T: Default>(network: Memo<Option<NetworkView>>, what: impl FnOnce(&NetworkView) -> T) -> T {
    network.with(|network| network.as_ref().map(what)).unwrap_or_default()
}

fn look(node: &NodeDot, chosen: Option<&Selection>) -> &'static str {
    match node {
        node if matches!(chosen, Some(Selection::Node { name }) if *name == node.name) => "node selected",
        NodeDot { on: false, .. } => "node off",
        NodeDot { on_best: false, .. } => "node behind",
        _ => "node",
    }
}

fn lines(points: &[Point], links: &[(&'static str, u32, u32)], class: &str) -> String {
    let line = |(_, a, b): &(&str, u32, u32)| {
        let (from, to) = (at(points, *a as usize), at(points, *b as usize));
        format!("M{:.0} {:.0}L{:.0} {:.0}", from.0, from.1, to.0, to.1)
    };
    links.iter().filter(|link| link.0 == class).map(line).collect()
}

fn outlines(points: &[Point], looks: &[(&'static str, Role)], class: &str) -> String {
    let alike = looks.iter().zip(points).filter(|(look, _)| look.0 == class);
    alike.map(|((_, role), point)| role.outline(*point, SIZE)).collect()
}

/// Messages on their way, each as a round end of a line without length.
fn dots(points: &[Point], flights: &[FlightDot]) -> String {
    let dot = |flight: &FlightDot| {
        let (from, to) = (at(points, flight.from as usize), at(points, flight.to as usize));
        let done = f64::from(flight.permille) / 1_000.0;
        format!("M{:.0} {:.0}h.1", from.0 + (to.0 - from.0) * done, from.1 + (to.1 - from.1) * done)
    };
    flights.iter().map(dot).collect()
}
