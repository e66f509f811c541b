//! Where the page is: its address, kept in step with what is open, what is looked at and when. Back and forward go where one was.
//!
//! A run or room that an address names is opened once: going to another page and back opens nothing again.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};

use super::{Lab, room, runs};
use crate::{
    view::{Address, Opens, Page, Selection},
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

/// Where we are. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Route {
    /// Which page is shown.
    pub(super) page: RwSignal<Page>,
    /// What the address has opened; nothing at all before the first address was read.
    opened: RwSignal<Option<Option<Opens>>>,
    /// Places behind this one that belong to the same run.
    behind: RwSignal<u32>,
}

impl Route {
    pub(super) fn new() -> Self {
        Self { page: RwSignal::new(Page::Lab), opened: RwSignal::new(None), behind: RwSignal::new(0) }
    }

    /// Goes where the address says, now and whenever it changes.
    pub(super) fn follow(self, lab: Lab) {
        self.arrive(lab);
        let handle = window_event_listener(ev::popstate, move |event| {
            let page = self.page.get_untracked();
            self.behind.set(event.state().as_f64().map_or(0, |behind| behind as u32));
            self.arrive(lab);
            if self.page.get_untracked() != page {
                lab.client.place.next_frame(focus_main);
            }
        });
        // The page never goes away while the tab is open.
        std::mem::forget(handle);
    }

    /// The address of another page, with the same run.
    pub(super) fn to(self, page: Page) -> String {
        Address { opens: self.opened.get().flatten(), ..Address::of(page) }.to_string()
    }

    /// Whether there is something to go back to.
    pub(super) fn has_back(self) -> bool {
        self.behind.get() > 0
    }

    /// Goes back, as the browser's button does.
    pub(super) fn back(self) {
        if let Ok(history) = window().history() {
            // Without rights to the history there is none to go back in.
            drop(history.back());
        }
    }

    /// Something else is looked at: what was is one step back, with its time.
    pub(super) fn look(self, lab: Lab, before: Option<Selection>, selection: &Selection) {
        let at = lab.client.moment.with_untracked(|moment| moment.as_ref().map(|moment| moment.transport.events));
        self.write(&Address { at, ..self.here(before) }, false);
        self.behind.update(|behind| *behind += 1);
        self.write(&self.here(Some(selection.clone())), true);
    }

    /// The address has come to mean another run or room, or none; nothing is opened.
    pub(super) fn is_now(self, opens: Option<Opens>, selection: Option<Selection>) {
        self.opened.set(Some(opens));
        self.behind.set(0);
        self.write(&self.here(selection), false);
    }

    /// The room in the address, if that is where it leads.
    pub(super) fn room(self) -> Option<String> {
        match self.opened.get_untracked() {
            Some(Some(Opens::Room(name))) => Some(name.to_string()),
            _ => None,
        }
    }

    fn here(self, selection: Option<Selection>) -> Address {
        let opens = self.opened.get_untracked().flatten();
        Address { page: self.page.get_untracked(), opens, selection, at: None }
    }

    fn write(self, address: &Address, adds: bool) {
        let Ok(history) = window().history() else { return };
        let (state, url) = (JsValue::from(self.behind.get_untracked()), address.to_string());
        // A browser that refuses (too many changes a second, no rights) keeps the old address, and all else works.
        drop(if adds {
            history.push_state_with_url(&state, "", Some(&url))
        } else {
            history.replace_state_with_url(&state, "", Some(&url))
        });
    }

    fn arrive(self, lab: Lab) {
        let first = self.opened.with_untracked(Option::is_none);
        let begin = move || {
            if first {
                lab.tell(Request::Play);
            }
        };
        let address = match window().location().hash().unwrap_or_default().parse::<Address>() {
            Ok(address) => address,
            Err(error) => {
                lab.notice.set(Some(fill("bad-link", &[&error.to_string()])));
                self.opened.set(Some(self.opened.get_untracked().flatten()));
                return begin();
            }
        };
        // A page that stays is not built anew.
        self.page.maybe_update(|page| std::mem::replace(page, address.page) != address.page);
        document().set_title(text(title(address.page)));
        let Address { opens, selection, at, .. } = address;
        let look = move || lab.look_from_address(selection.clone(), at);
        if self.opened.get_untracked() == Some(opens.clone()) {
            return look();
        }
        let was = self.opened.get_untracked().flatten();
        self.opened.set(Some(opens.clone()));
        self.behind.set(0);
        match opens {
            Some(Opens::Room(name)) => {
                begin();
                room::open(lab, &name);
                look();
            }
            Some(Opens::Run(run)) => runs::open_link(lab, run, look, begin),
            None => {
                if matches!(was, Some(Opens::Room(_))) {
                    room::leave(lab);
                }
                begin();
                if first && room::is_at_node() {
                    room::join_node(lab);
                }
                look();
            }
        }
    }
}

fn title(page: Page) -> &'static str {
    match page {
        Page::Lab | Page::Embed => "title",
        Page::Explore => "title-explore",
        Page::Bench => "title-bench",
        Page::Settings => "title-settings",
    }
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
