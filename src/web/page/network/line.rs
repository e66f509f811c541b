//! Links: the faster the thicker, the more it loses the more it is broken, with words for both; and the parts that cut links have made.

use leptos::prelude::*;

use super::{LARGE, Point, SMALLEST, at, radius};
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

/// Where along a link its words may stand, the best first.
const ALONG: [f64; 9] = [0.5, 0.42, 0.58, 0.34, 0.66, 0.28, 0.72, 0.22, 0.78];
/// How wide a letter is, by its height.
const LETTER: f64 = 0.6;

/// A rectangle: its middle, and half of its width and height.
type Ground = (Point, Point);

/// Where the words of each link stand, so that they touch no node, no name and no other words: nowhere, if there is no such place or the picture has
/// too many links for words.
pub(super) fn places_of_words(
    points: &[Point],
    nodes: &[NodeDot],
    links: &[LinkLine],
    large: bool,
) -> Vec<Option<Point>> {
    if points.len() > FEW {
        return Vec::new();
    }
    let (small, name) = if large { (LARGE, LARGE) } else { (SMALLEST, 12.0) };
    let ground = |(x, y): Point, letters: usize, size: f64| -> Ground {
        ((x, y - 0.35 * size), (LETTER * size * letters as f64 / 2.0, size * 0.6))
    };
    let radius = radius(points.len());
    let of_nodes = points.iter().map(|point| (*point, (radius, radius)));
    let of_names = points
        .iter()
        .zip(nodes)
        .map(|((x, y), node)| ground((*x, y + radius + 5.0 + name), node.name.chars().count(), name));
    let of_tags = points.iter().zip(nodes).map(|((x, y), node)| {
        ground((x + radius * 0.6 + 2.0 * small, y - radius + 4.0), 3 + usize::from(!node.on_best) * 2, small)
    });
    let mut taken: Vec<Ground> = of_nodes.chain(of_names).chain(of_tags).collect();
    let mut place = |link: &LinkLine| {
        let (from, to) = (at(points, link.a as usize), at(points, link.b as usize));
        let place = |along: &f64| (from.0 + (to.0 - from.0) * along, from.1 + (to.1 - from.1) * along - 5.0);
        let letters = words(link).chars().count();
        let found = ALONG.iter().map(place).map(|place| (place, ground(place, letters, small)));
        let (found, ground) =
            found.into_iter().find(|(_, ground)| !taken.iter().any(|other| touch(*ground, *other)))?;
        taken.push(ground);
        Some(found)
    };
    links.iter().map(&mut place).collect()
}

fn touch((one, half): Ground, (other, rest): Ground) -> bool {
    (one.0 - other.0).abs() < half.0 + rest.0 && (one.1 - other.1).abs() < half.1 + rest.1
}

/// A link; its words, where they have a place.
pub(super) fn line(link: &LinkLine, points: Memo<Vec<Point>>, place: Memo<Option<Point>>) -> impl IntoView + use<> {
    let ends = (link.a as usize, link.b as usize);
    let ends = Memo::new(move |_| points.with(|points| (at(points, ends.0), at(points, ends.1))));
    let label = words(link);
    view! {
        <line class=class(link) x1=move || ends.get().0.0 y1=move || ends.get().0.1 x2=move || ends.get().1.0 y2=move || ends.get().1.1 />
        {move || place.get().map(|(x, y)| view! { <text class="latency" x=x y=y aria-hidden="true">{label.clone()}</text> })}
    }
}

/// `40 ms`, or `40 ms · 5 % lost`.
fn words(link: &LinkLine) -> String {
    if link.cut {
        return text("cut-mark").to_owned();
    }
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
