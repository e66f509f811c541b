//! A network of very many nodes: one path for all that look alike. Nodes are reached by pressing near them, and one by one over the list beside the picture.

use leptos::{ev, prelude::*};

use super::{Picture, at, line, shape::Role};
use crate::{view::Selection, web::strings::fill};

/// Radius of a node.
const SIZE: f64 = 5.0;
/// Messages that are drawn.
const MAX_DOTS: usize = 150;

#[component]
pub(super) fn Crowd(picture: Picture) -> impl IntoView {
    let Picture { lab, network, places, .. } = picture;
    let points = places.points;
    // What nodes look like changes much more rarely than what they do.
    let looks = Memo::new(move |_| {
        let chosen = lab.focus.with(|focus| focus.selection.clone());
        network.with(|network| {
            let nodes = network.iter().flat_map(|network| &network.nodes);
            nodes
                .map(|node| {
                    let selected = matches!(&chosen, Some(Selection::Node { name }) if *name == node.name);
                    let class = match node {
                        _ if selected => "node selected",
                        node if !node.on => "node off",
                        node if !node.on_best => "node behind",
                        _ => "node",
                    };
                    (class, Role::of(node))
                })
                .collect::<Vec<_>>()
        })
    });
    let links = Memo::new(move |_| {
        network.with(|network| {
            let links = network.iter().flat_map(|network| &network.links);
            links.map(|link| (line::class(link), link.a as usize, link.b as usize)).collect::<Vec<_>>()
        })
    });
    let lines = move || {
        ["link fast", "link", "link slow", "link fast lossy", "link lossy", "link slow lossy", "link cut"].map(
            |class| {
                let path = points.with(|points| {
                    links.with(|links| {
                        let alike = links.iter().filter(|link| link.0 == class);
                        alike
                            .map(|(_, a, b)| {
                                let (from, to) = (at(points, *a), at(points, *b));
                                format!("M{:.0} {:.0}L{:.0} {:.0}", from.0, from.1, to.0, to.1)
                            })
                            .collect::<String>()
                    })
                });
                view! { <path class=class d=path /> }
            },
        )
    };
    let shapes = move || {
        ["node", "node behind", "node off", "node selected"].map(|class| {
            let path = points.with(|points| {
                looks.with(|looks| {
                    let alike = looks.iter().zip(points).filter(|(look, _)| look.0 == class);
                    alike.map(|((_, role), point)| role.outline(*point, SIZE)).collect::<String>()
                })
            });
            view! { <g class=class><g class="hit"><path d=path /></g></g> }
        })
    };
    let dots = move || {
        let flights =
            network.with(|network| network.as_ref().map(|network| network.flights.clone())).unwrap_or_default();
        points.with(|points| {
            flights
                .iter()
                .take(MAX_DOTS)
                .map(|flight| {
                    let (from, to) = (at(points, flight.from as usize), at(points, flight.to as usize));
                    let done = f64::from(flight.permille) / 1_000.0;
                    format!("M{:.0} {:.0}h.1", from.0 + (to.0 - from.0) * done, from.1 + (to.1 - from.1) * done)
                })
                .collect::<String>()
        })
    };
    let press = move |event: ev::PointerEvent| {
        if let Some(index) = picture.near(picture.point(&event), usize::MAX) {
            lab.look_at_node(picture.name(index));
        }
    };
    let label = move || fill("crowd", &[&points.with(Vec::len).to_string()]);
    view! {
        <g class="crowd" role="img" aria-label=label on:pointerup=press>
            <rect class="reach" width="100%" height="100%" />
            {lines}
            <path class="crowd-dots" d=dots />
            {shapes}
        </g>
    }
}
