//! Links: the faster the thicker, the more it loses the more it is broken, with words for both; and the parts that cut links have made.

use leptos::prelude::*;

use super::{Point, at};
use crate::{
    view::{LinkLine, NodeDot},
    web::{
        page::format,
        strings::{fill, text},
    },
};

/// Nodes above which links have no words.
const FEW: usize = 12;
/// Milliseconds below which a link is fast, and from which on it is slow.
const FAST: u32 = 250;
const SLOW: u32 = 600;
/// Parts that are told apart by their colours.
const TINTS: u32 = 4;

pub(super) fn line(link: &LinkLine, points: Memo<Vec<Point>>, count: usize) -> impl IntoView + use<> {
    let ends = (link.a as usize, link.b as usize);
    let ends = Memo::new(move |_| points.with(|points| (at(points, ends.0), at(points, ends.1))));
    let label = if link.cut { text("cut-mark").to_owned() } else { words(link) };
    // Links that cross in their middles must not have their words at one place.
    let along = if (link.a + link.b).is_multiple_of(2) { 0.5 } else { 0.4 };
    let x = move || ends.get().0.0 + (ends.get().1.0 - ends.get().0.0) * along;
    let y = move || ends.get().0.1 + (ends.get().1.1 - ends.get().0.1) * along - 5.0;
    view! {
        <line class=class(link) x1=move || ends.get().0.0 y1=move || ends.get().0.1 x2=move || ends.get().1.0 y2=move || ends.get().1.1 />
        {(count <= FEW).then(|| view! { <text class="latency" x=x y=y aria-hidden="true">{label}</text> })}
    }
}

/// `40 ms`, or `40 ms · 5 % lost`.
fn words(link: &LinkLine) -> String {
    let latency = fill("milliseconds", &[&link.latency.to_string()]);
    match link.loss {
        0 => latency,
        loss => latency + " · " + &fill("lost-share", &[&format::per_cent(loss)]),
    }
}

pub(super) fn class(link: &LinkLine) -> &'static str {
    if link.cut || !link.connected {
        return "link cut";
    }
    match (link.latency, link.loss) {
        (..FAST, 0) => "link fast",
        (FAST..SLOW, 0) => "link",
        (_, 0) => "link slow",
        (..FAST, _) => "link fast lossy",
        (FAST..SLOW, _) => "link lossy",
        (_, _) => "link slow lossy",
    }
}

/// A tinted ground for each part, along the links that hold it together.
#[component]
pub(super) fn Parts(nodes: Memo<Vec<NodeDot>>, links: Memo<Vec<LinkLine>>, points: Memo<Vec<Point>>) -> impl IntoView {
    let parts = Memo::new(move |_| nodes.with(|nodes| nodes.iter().map(|node| node.part).collect::<Vec<_>>()));
    let whole = Memo::new(move |_| {
        links.with(|links| links.iter().filter(|link| !link.cut).map(|link| (link.a, link.b)).collect::<Vec<_>>())
    });
    let ground = move |part: u32| {
        let mut path = String::new();
        let inside = |index: u32| parts.with(|parts| parts.get(index as usize) == Some(&part));
        points.with(|points| {
            let places = (0..).zip(points).filter(|(index, _)| inside(*index));
            places.for_each(|(_, (x, y))| path += &format!("M{x:.1} {y:.1}h.1"));
            for (a, b) in whole.get().into_iter().filter(|(a, _)| inside(*a)) {
                let (from, to) = (at(points, a as usize), at(points, b as usize));
                path += &format!("M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1);
            }
        });
        view! { <path class=format!("part tint-{}", part % TINTS) d=path /> }
    };
    let count = move || parts.with(|parts| parts.iter().max().map_or(0, |part| part + 1));
    view! { <g aria-hidden="true">{move || (count() > 1).then(|| (0..count()).map(ground).collect_view())}</g> }
}
