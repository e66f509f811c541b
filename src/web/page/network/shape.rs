//! A node as a shape, and the handles of the one that is selected.

use leptos::{ev, prelude::*};

use super::{Picture, Point, at, hand::Grip, radius};
use crate::{
    view::{NodeDot, Page},
    web::{
        page::format,
        strings::{fill, text},
    },
};

/// What a node is in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Adversary,
    Watchtower,
    Miner,
    Plain,
}

impl Role {
    pub(super) fn of(node: &NodeDot) -> Self {
        match node {
            NodeDot { misbehaves: Some(_), .. } => Self::Adversary,
            NodeDot { watches: true, .. } => Self::Watchtower,
            NodeDot { hash_rate: 1.., .. } => Self::Miner,
            _ => Self::Plain,
        }
    }

    /// Its outline around a point, as a path.
    pub(super) fn outline(self, (x, y): Point, size: f64) -> String {
        match self {
            Self::Adversary => {
                let (w, h) = (size * 1.25, size * 1.15);
                format!("M{:.1} {:.1}L{:.1} {:.1}H{:.1}Z", x, y - h * 1.15, x + w, y + h * 0.85, x - w)
            }
            Self::Watchtower => {
                let s = size * 1.3;
                format!("M{x:.1} {:.1}L{:.1} {y:.1}L{x:.1} {:.1}L{:.1} {y:.1}Z", y - s, x + s, y + s, x - s)
            }
            Self::Miner => {
                let (r, s) = (size / 2.5, size * 2.0 - size / 1.25);
                format!(
                    "M{:.1} {:.1}h{s:.1}a{r} {r} 0 0 1 {r} {r}v{s:.1}a{r} {r} 0 0 1 -{r} {r}h-{s:.1}a{r} {r} 0 0 1 -{r} -{r}v-{s:.1}a{r} {r} 0 0 1 {r} -{r}Z",
                    x - size + r,
                    y - size
                )
            }
            Self::Plain => {
                format!("M{:.1} {y:.1}a{size} {size} 0 1 0 {d} 0a{size} {size} 0 1 0 -{d} 0Z", x - size, d = size * 2.0)
            }
        }
    }
}

pub(super) fn shape(picture: Picture, index: usize, node: Memo<Option<NodeDot>>, count: Memo<usize>) -> impl IntoView {
    let lab = picture.lab;
    let points = picture.places.points;
    let place = Memo::new(move |_| points.with(|points| at(points, index)));
    let size = Memo::new(move |_| radius(count.get()));
    let name = Memo::new(move |_| node.with(|node| node.as_ref().map(|node| node.name.clone())).unwrap_or_default());
    let shown = lab.shown_node();
    let selected = Memo::new(move |_| shown.get() == Some(name.get()));
    let role = Memo::new(move |_| node.with(|node| node.as_ref().map_or(Role::Plain, Role::of)));
    let is = move |what: fn(&NodeDot) -> bool| move || node.with(|node| node.as_ref().is_some_and(what));
    let look = move || lab.look_at_node(name.get_untracked());
    let key = move |event: ev::KeyboardEvent| {
        let act: &dyn Fn() = match event.key().as_str() {
            _ if picture.hand.is_moving() => return,
            "Enter" | " " => &look,
            "m" | "M" => &|| picture.hand.take_up(index, name.get_untracked()),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        act();
    };
    let words = move || {
        let ((x, y), size, count) = (place.get(), size.get(), count.get());
        let initial = name.with(|name| name.chars().take(1).collect::<String>());
        let large = picture.large.get();
        let tagged = node.get().filter(|node| node.on && count <= 26);
        view! {
            {(size > 9.0).then(|| view! { <text x=x y=y + if large { 7.0 } else { 5.0 }>{initial}</text> })}
            {(count <= 12).then(|| view! { <text class="label" x=x y=y + size + if large { 20.0 } else { 17.0 }>{name.get()}</text> })}
            {tagged.map(|node| tag(&node, (x + size * 0.6, y - size - 9.0), large))}
        }
    };
    view! {
        <g
            class="node"
            class:off=is(|node| !node.on)
            class:behind=is(|node| node.on && !node.on_best)
            class:adversary=move || role.get() == Role::Adversary
            class:selected=move || selected.get()
            class:aimed=move || picture.hand.aims_at(index)
        >
            <g
                class="hit"
                role="button"
                tabindex="0"
                aria-pressed=move || selected.get().to_string()
                aria-label=move || node.with(|node| node.as_ref().map(label))
                aria-keyshortcuts="m"
                on:pointerdown=move |event| picture.take(index, Grip::Move, &event)
                on:click=move |_| look()
                on:keydown=key
            >
                <path d=move || role.get().outline(place.get(), size.get()) />
            </g>
            <g class="words" aria-hidden="true">{words}</g>
        </g>
    }
}

/// The height of the tip; a node that follows another tip than the heaviest wears a mark.
fn tag(node: &NodeDot, (x, y): Point, large: bool) -> impl IntoView + use<> {
    let mark = if node.on_best { format!("#{}", node.height) } else { format!("#{} ≠", node.height) };
    let (height, letter) = if large { (26.0, 12.2) } else { (17.0, 6.5) };
    let width = 10.0 + letter * mark.chars().count() as f64;
    let y = y + 17.0 - height;
    view! {
        <g class="tag">
            <rect x=x y=y width=width height=height rx=height / 2.0 />
            <text x=x + width / 2.0 y=y + 0.735 * height>{mark}</text>
        </g>
    }
}

fn label(node: &NodeDot) -> String {
    if !node.on {
        return fill("node-label-off", &[&node.name]);
    }
    let key = if node.on_best { "node-label" } else { "node-label-behind" };
    let rate = format::hash_rate(node.hash_rate);
    let mut label = fill(key, &[&node.name, &rate, &node.height.to_string(), &node.waiting.to_string()]);
    label += if node.holds { text("node-label-holds") } else { "" };
    label += if node.watches { text("node-label-watches") } else { "" };
    label + if node.misbehaves.is_some() { text("node-label-misbehaves") } else { "" }
}

/// Beside the selected node: one handle to move it, one to draw a channel from it to another node. Both can be dragged or pressed.
#[component]
pub(super) fn Handles(picture: Picture) -> impl IntoView {
    let lab = picture.lab;
    let shown = lab.shown_node();
    let selected = Memo::new(move |_| {
        let name = shown.get()?;
        let index =
            picture.network.with(|network| network.as_ref()?.nodes.iter().position(|node| node.name == name))?;
        Some((index, name))
    });
    let handle = move |grip: Grip,
                       sign: &'static str,
                       label: String,
                       index: usize,
                       name: String,
                       act: fn(Picture, usize, String)| {
        let offset = if grip == Grip::Move { -1.0 } else { 1.0 };
        let place = Memo::new(move |_| {
            let points = picture.places.points.get();
            let (width, _) = picture.places.size.get();
            let (x, y) = at(&points, index);
            // Near an edge both stand on the other side.
            let away = x + offset * (radius(points.len()) + 20.0);
            let back = x - offset * (radius(points.len()) + 50.0);
            (if (14.0..width - 14.0).contains(&away) { away } else { back }, y + 6.0)
        });
        let name = StoredValue::new(name);
        let act = move || act(picture, index, name.get_value());
        let key = move |event: ev::KeyboardEvent| {
            if matches!(event.key().as_str(), "Enter" | " ") && !picture.hand.is_moving() {
                event.prevent_default();
                event.stop_propagation();
                act();
            }
        };
        view! {
            <g class="handle hit" role="button" tabindex="0" aria-label=label on:pointerdown=move |event| picture.take(index, grip, &event) on:click=move |event| { event.stop_propagation(); act() } on:keydown=key>
                <circle cx=move || place.get().0 cy=move || place.get().1 r="13" />
                <text class="words" x=move || place.get().0 y=move || place.get().1 + 5.0 aria-hidden="true">{sign}</text>
            </g>
        }
    };
    move || {
        selected.get().map(|(index, name)| {
        let offers = lab.route.page.get() == Page::Lab;
        view! {
            {handle(Grip::Move, "✥", fill("move-node", &[&name]), index, name.clone(), |picture, index, name| picture.hand.take_up(index, name))}
            {offers.then(|| handle(Grip::Link, "⇄", fill("channel-from-node", &[&name]), index, name.clone(), |picture, _, name| picture.offer(name, None)))}
        }
    })
    }
}
