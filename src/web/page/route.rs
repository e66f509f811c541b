//! Which page the address names: `#/bench` the bench, anything else the lab with the run in it.
//!
//! The lab keeps its run while the bench is shown: going back to the address it was left at opens nothing again.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::{Lab, runs};
use crate::web::{fragment, protocol::Request, strings::text};

/// The address of the bench.
pub(super) const BENCH: &str = "#/bench";

/// A page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Lab,
    Bench,
}

/// Where we are.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) place: RwSignal<Place>,
    /// The address of the lab; nothing until it was shown.
    lab_hash: RwSignal<Option<String>>,
}

impl Route {
    /// Goes where the address says, now and whenever it changes.
    pub(super) fn follow(lab: Lab) -> Self {
        let route = Self { place: RwSignal::new(Place::Lab), lab_hash: RwSignal::new(None) };
        route.arrive(lab);
        let handle = window_event_listener(ev::hashchange, move |event| {
            // Sharing changes the address without an event, so where the lab was left is read here.
            if route.place.get_untracked() == Place::Lab {
                route.lab_hash.set(Some(hash_of(&event.old_url())));
            }
            route.arrive(lab);
            request_animation_frame(focus_main);
        });
        // The page never goes away while the tab is open.
        std::mem::forget(handle);
        route
    }

    /// The address that leads to the lab as it was left.
    pub(super) fn to_lab(self) -> String {
        self.lab_hash.get().filter(|hash| !hash.is_empty()).unwrap_or_else(|| fragment::LAB.to_owned())
    }

    fn arrive(self, lab: Lab) {
        let hash = window().location().hash().unwrap_or_default();
        let place = if hash == BENCH { Place::Bench } else { Place::Lab };
        let changed = self.place.get_untracked() != place;
        self.place.set(place);
        document().set_title(text(if place == Place::Bench { "title-bench" } else { "title" }));
        let left_at = self.lab_hash.get_untracked();
        if place == Place::Bench || (changed && left_at.as_ref() == Some(&hash)) {
            return;
        }
        self.lab_hash.set(Some(hash.clone()));
        let first = left_at.is_none();
        // The network that is shown first plays, unless a link opened another.
        runs::open(lab, &hash, move || {
            if first {
                lab.tell(Request::Play)
            }
        });
    }
}

/// The fragment of an address, as `location.hash` gives it.
fn hash_of(url: &str) -> String {
    url.split_once('#').filter(|(_, fragment)| !fragment.is_empty()).map_or(String::new(), |(_, f)| format!("#{f}"))
}

/// What was followed is gone: the keyboard goes on from the new page's beginning.
fn focus_main() {
    let main = document().query_selector("main").ok().flatten().and_then(|main| main.dyn_into().ok());
    if let Some(main) = main {
        let main: web_sys::HtmlElement = main;
        // An element that cannot take the focus leaves it where it is.
        drop(main.focus());
    }
}
