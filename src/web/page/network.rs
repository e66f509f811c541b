//! The network as a picture: shape says the role, dots are messages, a tag says which tip a node follows.

use std::f64::consts::TAU;

use leptos::prelude::*;

use super::{
    Lab,
    channels::{Arcs, Chips, Route},
    format,
    hit::hit,
    room,
};
use crate::{
    sim::Action,
    view::{FlightDot, LinkLine, NetworkView, NodeDot, Selection},
    web::strings::{fill, text},
};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 430.0;

pub(super) type Point = (f64, f64);

#[component]
pub(super) fn Network() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let network = lab.slice(|moment| moment.world.network.clone());
    let own = Memo::new(move |_| network.with(|network| network.as_ref().map_or(0, |network| network.nodes.len())));
    let foreign = room::foreign(lab);
    // Nodes of other tabs stand on the same ellipse, after ours.
    let count = Memo::new(move |_| own.get() + foreign.with(Vec::len));
    let nodes = Memo::new(move |_| network.get().map(|network| network.nodes).unwrap_or_default());
    let links = Memo::new(move |_| network.get().map(|network| network.links).unwrap_or_default());
    let flights = move || network.get().map(|network| network.flights).unwrap_or_default();
    let summary = move || network.get().map(|network| summary(&network));
    let any_cut = move || links.with(|links| links.iter().any(|link| link.cut));
    let hint = RwSignal::new(true);
    view! {
        <section aria-labelledby="network-title">
            <h2 id="network-title">{text("network")}<span>{summary}</span>
                <span class="tools">
                    <button disabled=move || own.get() < 2 on:click=move |_| split(lab)>{text("split")}</button>
                    <button disabled=move || !any_cut() on:click=move |_| lab.act(Action::HealAll)>{text("heal-all")}</button>
                </span>
            </h2>
            <Show when=move || hint.get()>
                <p class="hint">{text("hint")}<button on:click=move |_| hint.set(false)>{text("dismiss-hint")}</button></p>
            </Show>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="group" aria-labelledby="network-title">
                <For each=move || each_of(links.with(Vec::len), count.get()) key=Clone::clone let:item>
                    {
                        let link = Memo::new(move |_| links.with(|links| links.get(item.0).cloned()));
                        move || link.get().map(|link| line(&link, item.1))
                    }
                </For>
                <Arcs count />
                <Route count />
                <g aria-hidden="true">
                    {move || flights().into_iter().map(|flight| dot(lab, &flight, count.get())).collect_view()}
                </g>
                <Chips count />
                <room::Foreign nodes=foreign own count />
                <For each=move || each_of(own.get(), count.get()) key=Clone::clone let:item>
                    {
                        let node = Memo::new(move |_| nodes.with(|nodes| nodes.get(item.0).cloned()));
                        shape(lab, node, place(item.0, item.1), item.1)
                    }
                </For>
            </svg>
            <p class="legend">
                {text("legend")}
                {move || foreign.with(|foreign| !foreign.is_empty()).then(|| text("room-legend"))}
            </p>
        </section>
    }
}

/// Each index, with how many nodes there are: what a place in the picture depends on.
fn each_of(length: usize, count: usize) -> Vec<(usize, usize)> {
    (0..length).map(|index| (index, count)).collect()
}

fn summary(network: &NetworkView) -> String {
    let values = [network.nodes.len(), network.tips, network.in_flight].map(|number| number.to_string());
    fill("network-summary", &[&values[0], &values[1], &values[2]])
}

/// Cuts the network into two halves.
pub(super) fn split(lab: Lab) {
    let names: Vec<String> = lab.client.moment.with_untracked(|moment| {
        moment.iter().flat_map(|moment| &moment.world.network.nodes).map(|node| node.name.clone()).collect()
    });
    let nodes = names.iter().take(names.len() / 2).cloned().collect();
    lab.act(Action::Partition { nodes });
}

/// Nodes stand on an ellipse.
pub(super) fn place(index: usize, count: usize) -> Point {
    let turn = TAU * (index as f64 / count.max(1) as f64) - TAU / 4.0;
    let spread = if count == 1 { 0.0 } else { 1.0 };
    (WIDTH / 2.0 + spread * 290.0 * turn.cos(), HEIGHT / 2.0 + spread * 155.0 * turn.sin())
}

pub(super) fn radius(count: usize) -> f64 {
    if count <= 12 { 22.0 } else { (22.0 * 12.0 / count as f64).max(4.0) }
}

fn line(link: &LinkLine, count: usize) -> impl IntoView + use<> {
    let (from, to) = (place(link.a as usize, count), place(link.b as usize, count));
    let class = if link.cut || !link.connected { "link cut" } else { "link" };
    let label = if link.cut { text("cut-mark").to_owned() } else { fill("milliseconds", &[&link.latency.to_string()]) };
    let (x, y) = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0 - 5.0);
    view! {
        <line class=class x1=from.0 y1=from.1 x2=to.0 y2=to.1 />
        {(count <= 12).then(|| view! { <text class="latency" x=x y=y aria-hidden="true">{label}</text> })}
    }
}

/// A message. It moves, and there may be many: by keyboard, messages are reached over the table of a node's messages.
fn dot(lab: Lab, flight: &FlightDot, count: usize) -> impl IntoView + use<> {
    let (from, to) = (place(flight.from as usize, count), place(flight.to as usize, count));
    let done = f64::from(flight.permille) / 1_000.0;
    let (x, y) = (from.0 + (to.0 - from.0) * done, from.1 + (to.1 - from.1) * done);
    let (class, size) = match flight.kind.as_str() {
        "block" => ("message block", 6.0),
        "transaction" => ("message transaction", 4.0),
        "direct" => ("message direct", 4.0),
        "announcements" => ("message announcements", 4.0),
        _ => ("message", 3.0),
    };
    let key = flight.key;
    let selected = move || lab.focus.with(|focus| focus.selection == Some(Selection::Message { key }));
    // Pressed, not clicked: the dot may have gone on before the button is up again.
    let look = move |_| lab.look_at(Selection::Message { key });
    view! {
        <g class=class class:selected=selected on:pointerdown=look>
            <circle class="reach" cx=x cy=y r="11" />
            <circle cx=x cy=y r=size />
        </g>
    }
}

fn shape(lab: Lab, node: Memo<Option<NodeDot>>, (x, y): Point, count: usize) -> impl IntoView {
    let size = radius(count);
    let name = Memo::new(move |_| node.with(|node| node.as_ref().map(|node| node.name.clone())).unwrap_or_default());
    let shown = lab.shown_node();
    let selected = Memo::new(move |_| shown.get() == Some(name.get()));
    let mines = Memo::new(move |_| node.with(|node| node.as_ref().is_some_and(|node| node.hash_rate > 0)));
    let is = move |what: fn(&NodeDot) -> bool| move || node.with(|node| node.as_ref().is_some_and(what));
    let body = move || match mines.get() {
        true => view! { <rect x=x - size y=y - size width=2.0 * size height=2.0 * size rx=size / 3.0 /> }.into_any(),
        false => view! { <circle cx=x cy=y r=size /> }.into_any(),
    };
    let button = hit(
        move || node.with(|node| node.as_ref().map(label)).unwrap_or_default(),
        selected,
        move || lab.look_at_node(name.get_untracked()),
        body,
    );
    let initial = move || name.with(|name| name.chars().take(1).collect::<String>());
    let shown_tag =
        move || node.get().filter(|node| node.on && count <= 26).map(|node| tag(&node, x + size * 0.6, y - size - 9.0));
    view! {
        <g
            class="node"
            class:off=is(|node| !node.on)
            class:behind=is(|node| node.on && !node.on_best)
            class:selected=move || selected.get()
        >
            {button}
            <g class="words" aria-hidden="true">
                {(size > 9.0).then(|| view! { <text x=x y=y + 5.0>{initial}</text> })}
                {(count <= 12).then(|| view! { <text class="label" x=x y=y + size + 15.0>{move || name.get()}</text> })}
                {shown_tag}
            </g>
        </g>
    }
}

/// The height of the tip; a node that follows another tip than the heaviest wears a mark.
fn tag(node: &NodeDot, x: f64, y: f64) -> impl IntoView + use<> {
    let mark = if node.on_best { format!("#{}", node.height) } else { format!("#{} ≠", node.height) };
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
    let key = if node.on_best { "node-label" } else { "node-label-behind" };
    let rate = format::hash_rate(node.hash_rate);
    let holds = if node.holds { text("node-label-holds") } else { "" };
    fill(key, &[&node.name, &rate, &node.height.to_string(), &node.waiting.to_string()]) + holds
}
