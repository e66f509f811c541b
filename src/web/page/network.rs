//! The network as a picture: shape says the role, dots are messages, a tag says which tip a node follows.

use std::f64::consts::TAU;

use leptos::prelude::*;

use super::{Lab, format};
use crate::{
    view::{FlightDot, LinkLine, NetworkView, NodeDot},
    web::strings::{fill, text},
};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 430.0;

type Point = (f64, f64);

#[component]
pub(super) fn Network() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let network = lab.slice(|moment| moment.world.network.clone());
    let count = Memo::new(move |_| network.with(|network| network.as_ref().map_or(0, |network| network.nodes.len())));
    let nodes = Memo::new(move |_| network.get().map(|network| network.nodes).unwrap_or_default());
    let links = Memo::new(move |_| network.get().map(|network| network.links).unwrap_or_default());
    let flights = move || network.get().map(|network| network.flights).unwrap_or_default();
    let summary = move || network.get().map(|network| summary(&network));
    let selected = Memo::new(move |_| lab.focus.with(|focus| focus.node.clone()));
    view! {
        <section aria-labelledby="network-title">
            <h2 id="network-title">{text("network")}<span>{summary}</span></h2>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="group" aria-labelledby="network-title">
                {move || links.get().into_iter().map(|link| line(&link, count.get())).collect_view()}
                <g aria-hidden="true">
                    {move || flights().into_iter().map(|flight| dot(&flight, count.get())).collect_view()}
                </g>
                {move || {
                    let count = count.get();
                    let selected = selected.get();
                    let draw = |(index, node): (usize, NodeDot)| {
                        let is_selected = selected.as_ref() == Some(&node.name);
                        shape(lab, node, place(index, count), count, is_selected)
                    };
                    nodes.get().into_iter().enumerate().map(draw).collect_view()
                }}
            </svg>
        </section>
    }
}

fn summary(network: &NetworkView) -> String {
    let values = [network.nodes.len(), network.tips, network.in_flight].map(|number| number.to_string());
    fill("network-summary", &[&values[0], &values[1], &values[2]])
}

/// Nodes stand on an ellipse.
fn place(index: usize, count: usize) -> Point {
    let turn = TAU * (index as f64 / count.max(1) as f64) - TAU / 4.0;
    let spread = if count == 1 { 0.0 } else { 1.0 };
    (
        WIDTH / 2.0 + spread * 290.0 * turn.cos(),
        HEIGHT / 2.0 + spread * 155.0 * turn.sin(),
    )
}

fn radius(count: usize) -> f64 {
    if count <= 12 {
        22.0
    } else {
        (22.0 * 12.0 / count as f64).max(4.0)
    }
}

fn line(link: &LinkLine, count: usize) -> impl IntoView + use<> {
    let (from, to) = (place(link.a as usize, count), place(link.b as usize, count));
    let class = if link.cut || !link.connected {
        "link cut"
    } else {
        "link"
    };
    let label = if link.cut {
        text("cut-mark").to_owned()
    } else {
        fill("milliseconds", &[&link.latency.to_string()])
    };
    let (x, y) = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0 - 5.0);
    view! {
        <line class=class x1=from.0 y1=from.1 x2=to.0 y2=to.1 />
        {(count <= 12).then(|| view! { <text class="latency" x=x y=y aria-hidden="true">{label}</text> })}
    }
}

fn dot(flight: &FlightDot, count: usize) -> impl IntoView + use<> {
    let (from, to) = (place(flight.from as usize, count), place(flight.to as usize, count));
    let done = f64::from(flight.permille) / 1_000.0;
    let (x, y) = (from.0 + (to.0 - from.0) * done, from.1 + (to.1 - from.1) * done);
    let (class, size) = match flight.kind.as_str() {
        "block" => ("message block", 6.0),
        "transaction" => ("message transaction", 4.0),
        _ => ("message", 3.0),
    };
    view! { <circle class=class cx=x cy=y r=size /> }
}

fn shape(lab: Lab, node: NodeDot, (x, y): Point, count: usize, selected: bool) -> impl IntoView + use<> {
    let size = radius(count);
    let class = format!(
        "node{}{}{}",
        if node.on { "" } else { " off" },
        if selected { " selected" } else { "" },
        if node.on_best || !node.on { "" } else { " behind" }
    );
    let label = label(&node);
    let name = StoredValue::new(node.name.clone());
    let look = move || lab.look_at_node(name.get_value());
    let initial: String = node.name.chars().take(1).collect();
    let body = if node.hash_rate > 0 {
        view! { <rect x=x - size y=y - size width=2.0 * size height=2.0 * size rx="7" /> }.into_any()
    } else {
        view! { <circle cx=x cy=y r=size /> }.into_any()
    };
    let tag = (node.on && count <= 26).then(|| tag(&node, x + size * 0.6, y - size - 9.0));
    // The words stand beside the button, not in it: its name says them all.
    view! {
        <g class=class>
            <g
                class="hit"
                role="button"
                tabindex="0"
                aria-pressed=selected.to_string()
                aria-label=label
                on:click=move |_| look()
                on:keydown=move |event| if matches!(event.key().as_str(), "Enter" | " ") {
                    event.prevent_default();
                    event.stop_propagation();
                    look();
                }
            >
                {body}
            </g>
            <g class="words" aria-hidden="true">
                {(size > 9.0).then(|| view! { <text x=x y=y + 5.0>{initial}</text> })}
                {(count <= 12).then(|| view! { <text class="label" x=x y=y + size + 15.0>{node.name.clone()}</text> })}
                {tag}
            </g>
        </g>
    }
}

/// The height of the tip; a node that follows another tip than the heaviest wears a mark.
fn tag(node: &NodeDot, x: f64, y: f64) -> impl IntoView + use<> {
    let mark = if node.on_best {
        format!("#{}", node.height)
    } else {
        format!("#{} ≠", node.height)
    };
    let width = 10.0 + 6.5 * mark.chars().count() as f64;
    view! {
        <g class="tag">
            <rect x=x y=y width=width height="17" rx="8.5" />
            <text x=x + width / 2.0 y=y + 12.5>{mark}</text>
        </g>
    }
}

fn label(node: &NodeDot) -> String {
    if !node.on {
        return fill("node-label-off", &[&node.name]);
    }
    let key = if node.on_best {
        "node-label"
    } else {
        "node-label-behind"
    };
    let rate = format::hash_rate(node.hash_rate);
    fill(
        key,
        &[&node.name, &rate, &node.height.to_string(), &node.waiting.to_string()],
    )
}
