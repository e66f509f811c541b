//! The network as a picture: shape says the role, a link its delay and losses, dots are messages, a tag says which tip a node follows.

mod crowd;
mod hand;
mod line;
mod places;
mod shape;

use leptos::{html, prelude::*};

use super::{
    Lab,
    channels::{Arcs, Chips, Route},
    present, room,
    size::size_of,
};
use crate::{
    sim::Action,
    view::{FlightDot, NetworkView, Page, Selection},
    web::strings::{fill, text},
};
use hand::Hand;
use places::Places;

/// Until the picture is shown.
const FIRST_SIZE: Point = (760.0, 430.0);
/// Nodes above which they are drawn all at once, without names.
const MANY: usize = 100;
/// Units that a picture is wide at least.
const ROOM: f64 = 440.0;
/// Units of the smallest text.
pub(super) const SMALLEST: f64 = 10.5;
/// Pixels of text that is read across a room.
pub(super) const LARGE: f64 = 20.0;

pub(super) type Point = (f64, f64);

/// What the parts of the picture share.
#[derive(Clone, Copy)]
struct Picture {
    lab: Lab,
    network: Memo<Option<NetworkView>>,
    places: Places,
    hand: Hand,
    /// Whether text is larger than its surroundings.
    large: Memo<bool>,
}

#[component]
pub(super) fn Network() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let network = lab.slice(|moment| moment.world.network.clone());
    let own = Memo::new(move |_| network.with(|network| network.as_ref().map_or(0, |network| network.nodes.len())));
    let foreign = room::foreign(lab);
    let shown = present::is_shown(lab, present::Scene::Network);
    let element = NodeRef::<html::Div>::new();
    let measured = size_of(element);
    let (size, large) = sizes(measured, shown);
    let places = Places::new(lab, size, network, foreign);
    let picture = Picture { lab, network, places, hand: Hand::new(element), large };
    let summary = move || network.with(|network| network.as_ref().map(summary));
    let any_cut =
        move || network.with(|network| network.iter().flat_map(|network| &network.links).any(|link| link.cut));
    let hint = RwSignal::new(true);
    let is_crowd = Memo::new(move |_| own.get() > MANY);
    view! {
        <section class:presented=move || shown.get() tabindex="-1" aria-labelledby="network-title">
            <h2 id="network-title" prop:ariaLevel=move || if shown.get() { "1" } else { "2" }>{text("network")}<span>{summary}</span>
                <span class="tools">
                    <button disabled=move || own.get() < 2 on:click=move |_| split(lab)>{text("split")}</button>
                    <button disabled=move || !any_cut() on:click=move |_| lab.act(Action::HealAll)>{text("heal-all")}</button>
                    <button title=text("arrange-hint") on:click=move |_| places.arrange(lab)>{text("arrange")}</button>
                    <present::ViewTools scene=present::Scene::Network />
                </span>
            </h2>
            <Show when=move || hint.get()>
                <p class="hint">{text("hint")}<button on:click=move |_| hint.set(false)>{text("dismiss-hint")}</button></p>
            </Show>
            <p class="hint moving" role="status">{move || picture.hand.says()}</p>
            <div class="net" class:large=move || large.get() node_ref=element>
                <svg
                    viewBox=move || format!("0 0 {} {}", size.get().0, size.get().1)
                    role="group"
                    aria-labelledby="network-title"
                    on:pointermove=move |event| picture.moved(&event)
                    on:pointerup=move |event| picture.dropped(&event)
                    on:pointercancel=move |_| picture.hand.let_go()
                    on:click=move |event| picture.pressed(&event)
                    on:keydown=move |event| picture.steered(&event)
                >
                    {move || match is_crowd.get() {
                        true => view! { <crowd::Crowd picture /> }.into_any(),
                        false => view! { <Few picture foreign own /> }.into_any(),
                    }}
                </svg>
            </div>
            <p class="legend">
                {text("legend")}
                {move || foreign.with(|foreign| !foreign.is_empty()).then(|| text("room-legend"))}
            </p>
        </section>
    }
}

/// Width and height of the picture in its units, and whether its text is larger than its surroundings.
fn sizes(measured: RwSignal<Point>, shown: Memo<bool>) -> (Memo<Point>, Memo<bool>) {
    let pixels =
        Memo::new(move |_| Some(measured.get()).filter(|size| size.0 > 0.0 && size.1 > 0.0).unwrap_or(FIRST_SIZE));
    // Presented, all is so large that text can be read across a room; where there would be no room for nodes, only the text is.
    let large = Memo::new(move |_| shown.get() && pixels.get().0 < ROOM * LARGE / SMALLEST);
    let size = Memo::new(move |_| {
        let (width, height) = pixels.get();
        let unit = if shown.get() && !large.get() { LARGE / SMALLEST } else { 1.0 };
        (width / unit, height / unit)
    });
    (size, large)
}

/// Each node and link by itself.
#[component]
fn Few(picture: Picture, foreign: Memo<Vec<room::ForeignNode>>, own: Memo<usize>) -> impl IntoView {
    let Picture { lab, network, places, large, .. } = picture;
    let points = places.points;
    let count = Memo::new(move |_| points.with(Vec::len));
    let nodes = Memo::new(move |_| {
        network.with(|network| network.as_ref().map(|network| network.nodes.clone())).unwrap_or_default()
    });
    let links = Memo::new(move |_| {
        network.with(|network| network.as_ref().map(|network| network.links.clone())).unwrap_or_default()
    });
    let flights =
        move || network.with(|network| network.as_ref().map(|network| network.flights.clone())).unwrap_or_default();
    let words = Memo::new(move |_| line::places_of_words(&points.get(), &nodes.get(), &links.get(), large.get()));
    view! {
        <line::Parts nodes links points />
        <For each=move || 0..links.with(Vec::len) key=Clone::clone let:index>
            {
                let link = Memo::new(move |_| links.with(|links| links.get(index).cloned()));
                let place = Memo::new(move |_| words.with(|words| words.get(index).copied().flatten()));
                move || link.get().map(|link| line::line(&link, points, place))
            }
        </For>
        <Arcs points />
        <Route points />
        <g aria-hidden="true">
            {move || {
                // Asked once for all: what a dot asks for itself would be remembered when it is long gone.
                let chosen = lab.focus.with(|focus| focus.selection.clone());
                points.with(|points| flights().iter().map(|flight| dot(lab, flight, points, chosen.as_ref())).collect_view())
            }}
        </g>
        <Chips points />
        <room::Foreign nodes=foreign own points />
        <For each=move || 0..own.get() key=Clone::clone let:index>
            {
                let node = Memo::new(move |_| nodes.with(|nodes| nodes.get(index).cloned()));
                shape::shape(picture, index, node, count)
            }
        </For>
        {move || picture.hand.reaches().map(|(from, to)| view! {
            <line class="reaching" x1=from.0 y1=from.1 x2=to.0 y2=to.1 />
        })}
        {(lab.route.page.get_untracked() != Page::Explore).then(|| view! { <shape::Handles picture /> })}
    }
}

fn summary(network: &NetworkView) -> String {
    let values = [network.nodes.len(), network.tips, network.in_flight].map(|number| number.to_string());
    let parts = if network.parts > 1 { fill("network-parts", &[&network.parts.to_string()]) } else { String::new() };
    fill("network-summary", &[&values[0], &values[1], &values[2]]) + &parts
}

/// Cuts the network into two halves.
pub(super) fn split(lab: Lab) {
    let names: Vec<String> = lab.client.moment.with_untracked(|moment| {
        moment.iter().flat_map(|moment| &moment.world.network.nodes).map(|node| node.name.clone()).collect()
    });
    let nodes = names.iter().take(names.len() / 2).cloned().collect();
    lab.act(Action::Partition { nodes });
}

/// Where the node of this index stands.
pub(super) fn at(points: &[Point], index: usize) -> Point {
    points.get(index).copied().unwrap_or_default()
}

pub(super) fn radius(count: usize) -> f64 {
    if count <= 12 { 22.0 } else { (22.0 * 12.0 / count as f64).max(4.0) }
}

/// A message. It moves, and there may be many: by keyboard, messages are reached over the table of a node's messages.
fn dot(lab: Lab, flight: &FlightDot, points: &[Point], chosen: Option<&Selection>) -> impl IntoView + use<> {
    let (from, to) = (at(points, flight.from as usize), at(points, flight.to as usize));
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
    let selected = chosen == Some(&Selection::Message { key });
    // Pressed, not clicked: the dot may have gone on before the button is up again.
    let look = move |_| lab.look_at(Selection::Message { key });
    view! {
        <g class=class class:selected=selected on:pointerdown=look>
            <circle class="reach" cx=x cy=y r="11" />
            <circle cx=x cy=y r=size />
        </g>
    }
}
