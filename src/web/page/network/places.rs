//! Where nodes stand: laid out by forces in the worker once for each node that has no place yet, moved by whoever looks, and kept with the run as long as the
//! tab is open. So nothing jumps when something is cut, rewound or added.

use std::{collections::BTreeMap, f64::consts::TAU};

use leptos::prelude::*;

use super::{
    super::{Lab, Place, room::ForeignNode},
    Point,
};
use crate::{
    view::NetworkView,
    web::protocol::{Request, as_text, from_text},
};

/// Under this name the browser keeps the places of the newest runs.
const KEPT_AS: &str = "tabchain-places";
/// Runs whose places are kept.
const KEPT: usize = 8;
/// Ten-thousandths of width and height.
const WHOLE: f64 = 10_000.0;
/// Free at each edge for names and tags.
const MARGIN: (f64, f64) = (48.0, 44.0);

/// Places by name, in ten-thousandths of width and height.
type Spots = BTreeMap<String, (u16, u16)>;

/// Names, and who is linked to whom by their places.
type Topology = (Vec<String>, Vec<(usize, usize)>);

/// Where all nodes stand. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Places {
    /// Width and height of the picture.
    pub(super) size: Memo<Point>,
    /// In the order of the world's nodes, then those of other tabs.
    pub(super) points: Memo<Vec<Point>>,
    topology: Memo<Option<Topology>>,
    spots: RwSignal<Spots>,
    run: Memo<Option<String>>,
    place: Place,
}

impl Places {
    pub(super) fn new(
        lab: Lab,
        size: Memo<Point>,
        network: Memo<Option<NetworkView>>,
        foreign: Memo<Vec<ForeignNode>>,
    ) -> Self {
        let spots = RwSignal::new(Spots::new());
        let run = lab.slice(|moment| format!("{}/{}", moment.transport.name, moment.transport.seed));
        let topology = Memo::new(move |_| {
            let own = network.with(|network| network.as_ref().map(topology));
            own.map(|own| foreign.with(|foreign| with_foreign(own, foreign)))
        });
        let points = Memo::new(move |_| {
            let (names, size) = (topology.get().unwrap_or_default().0, size.get());
            let count = names.len();
            let point = |(index, name): (usize, &String)| match spots.with(|spots| spots.get(name).copied()) {
                Some(spot) => point(spot, size),
                None => on_ellipse(index, count, size),
            };
            names.iter().enumerate().map(point).collect()
        });
        let places = Self { size, points, topology, spots, run, place: Place::here() };
        places.lay_out(lab);
        places
    }

    /// Asks for places for whoever has none, now and whenever somebody joins.
    fn lay_out(self, lab: Lab) {
        Effect::new(move |before: Option<Option<String>>| {
            let run = self.run.get();
            if before.flatten() != run {
                let kept = run.as_ref().and_then(|run| read().remove(run));
                self.spots.set(kept.unwrap_or_default());
            }
            if let Some((names, links)) = self.topology.get() {
                self.ask(lab, names, links);
            }
            run
        });
    }

    fn ask(self, lab: Lab, names: Vec<String>, links: Vec<(usize, usize)>) {
        let run = self.run.get_untracked();
        let fixed: Vec<_> =
            self.spots.with_untracked(|spots| names.iter().map(|name| spots.get(name).copied()).collect());
        if fixed.iter().all(Option::is_some) {
            return;
        }
        lab.client.ask(Request::Arrange { links, fixed }, self.place, move |result| {
            let found: Option<Vec<(u16, u16)>> = result.ok().and_then(|text| from_text(&text));
            // Another run may have been begun meanwhile.
            if run == self.run.get_untracked() {
                self.take(names.into_iter().zip(found.unwrap_or_default()).collect());
            }
        });
    }

    /// Takes places for those who have none.
    fn take(self, found: Spots) {
        self.spots.update(|spots| {
            let old = std::mem::replace(spots, found);
            spots.extend(old);
        });
        self.keep();
    }

    /// Forgets all places: they are laid out anew.
    pub(super) fn arrange(self, lab: Lab) {
        self.spots.set(Spots::new());
        if let Some((names, links)) = self.topology.get_untracked() {
            self.ask(lab, names, links);
        }
    }

    /// Puts a node somewhere.
    pub(super) fn put(self, name: &str, at: Point) {
        let size = self.size.get_untracked();
        let part = |at: f64, margin: f64, length: f64| {
            ((at - margin) / (length - 2.0 * margin).max(1.0) * WHOLE).clamp(0.0, WHOLE) as u16
        };
        let spot = (part(at.0, MARGIN.0, size.0), part(at.1, MARGIN.1, size.1));
        self.spots.update(|spots| spots.extend([(name.to_owned(), spot)]));
    }

    /// Keeps all places for as long as the tab is open.
    pub(super) fn keep(self) {
        let Some(run) = self.run.get_untracked() else { return };
        let mut all = read();
        all.insert(run.clone(), self.spots.get_untracked());
        while all.len() > KEPT {
            let Some(other) = all.keys().find(|other| **other != run).cloned() else { break };
            all.remove(&other);
        }
        if let Some(storage) = storage() {
            // A full or forbidden storage keeps nothing, and all else works.
            drop(storage.set_item(KEPT_AS, &as_text(&all)));
        }
    }
}

/// The same with nodes of others behind our own.
fn with_foreign((mut names, mut links): Topology, foreign: &[ForeignNode]) -> Topology {
    let own = names.len();
    for (place, node) in (own..).zip(foreign) {
        names.push(node.name().to_owned());
        links.extend(node.ours().map(|ours| (ours, place)).chain(node.theirs().map(|theirs| (own + theirs, place))));
    }
    (names, links)
}

fn topology(network: &NetworkView) -> Topology {
    let links = network.links.iter().map(|link| (link.a as usize, link.b as usize));
    (network.nodes.iter().map(|node| node.name.clone()).collect(), links.collect())
}

fn storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

fn read() -> BTreeMap<String, Spots> {
    let kept = storage().and_then(|storage| storage.get_item(KEPT_AS).ok().flatten());
    kept.and_then(|text| from_text(&text)).unwrap_or_default()
}

fn point(spot: (u16, u16), size: Point) -> Point {
    let place =
        |part: u16, margin: f64, length: f64| margin + f64::from(part) / WHOLE * (length - 2.0 * margin).max(0.0);
    (place(spot.0, MARGIN.0, size.0), place(spot.1, MARGIN.1, size.1))
}

/// Where a node waits for its place.
fn on_ellipse(index: usize, count: usize, (width, height): Point) -> Point {
    let turn = TAU * (index as f64 / count.max(1) as f64) - TAU / 4.0;
    let spread = if count == 1 { 0.0 } else { 1.0 };
    (
        width / 2.0 + spread * (width / 2.0 - MARGIN.0) * turn.cos(),
        height / 2.0 + spread * (height / 2.0 - MARGIN.1) * turn.sin(),
    )
}
