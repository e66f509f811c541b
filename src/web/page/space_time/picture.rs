//! The picture. What is drawn never moves by itself: it stands in a layer that is pushed to the left as time passes, so that only what is new is made.
//! Places along time are percentages of the window, so that it fits any width with its words as large as ever.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    super::{Lab, format},
    item::{Item, items},
};
use crate::{
    primitives::Timestamp,
    view::{Diagonal, Fate, LaneMark, SpaceTimeView},
    web::strings::text,
};

/// Pixels from lane to lane.
const PITCH: f64 = 26.0;
/// Pixels for the times below the lanes.
const SCALE: f64 = 22.0;
/// Times that are written in a window.
const TICKS: u64 = 5;

/// Where times stand: percentages of a window that begins at `origin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Places {
    origin: u64,
    window: u64,
}

impl Places {
    /// The origin goes on by whole windows: places stay as they are for that long.
    fn of(seen: &SpaceTimeView) -> Self {
        Self { origin: seen.now.0 / seen.window * seen.window, window: seen.window }
    }

    fn percent(self, time: f64) -> String {
        format!("{:.3}%", (time - self.origin as f64) / self.window as f64 * 100.0)
    }

    fn at(self, time: Timestamp) -> String {
        self.percent(time.0 as f64)
    }

    /// Where the layer of all that is drawn must stand, so that now is at the right.
    fn push(self, now: Timestamp) -> String {
        format!("{:.3}%", (self.origin as f64 + self.window as f64 - now.0 as f64) / self.window as f64 * 100.0)
    }
}

fn lane_y(lane: u32) -> f64 {
    PITCH * (f64::from(lane) + 0.5)
}

#[component]
pub(super) fn Picture(seen: Memo<Option<SpaceTimeView>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let lanes = Memo::new(move |_| seen.with(|seen| seen.as_ref().map(|seen| seen.lanes.clone())).unwrap_or_default());
    let height = move || PITCH * lanes.with(Vec::len) as f64 + SCALE;
    let shown = lab.shown_node();
    let button = move |(index, lane): (usize, crate::view::Lane)| {
        let name = StoredValue::new(lane.name.clone());
        let pressed = move || shown.with(|shown| shown.as_ref() == Some(&name.get_value())).to_string();
        view! {
            <li class:off=!lane.on>
                <button aria-pressed=pressed on:click=move |_| lab.look_at_node(name.get_value()) data-lane=index>{lane.name}</button>
            </li>
        }
    };
    let line = move |(index, lane): (u32, crate::view::Lane)| {
        let selected = move || shown.with(|shown| shown.as_ref() == Some(&lane.name));
        view! { <line class="lane" class:off=!lane.on class:selected=selected x1="0" x2="100%" y1=lane_y(index) y2=lane_y(index) /> }
    };
    view! {
        <div class="lanes">
            <ul aria-label=text("lanes")>
                {move || lanes.get().into_iter().enumerate().map(button).collect_view()}
            </ul>
            <svg height=height role="group" aria-labelledby="space-time-title">
                <g aria-hidden="true">{move || (0..).zip(lanes.get()).map(line).collect_view()}</g>
                <Layer seen />
            </svg>
        </div>
    }
}

/// Everything that goes by. One stop of the keyboard: arrows go from one thing to the next, Enter selects it.
#[component]
fn Layer(seen: Memo<Option<SpaceTimeView>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let places = Memo::new(move |_| seen.with(|seen| seen.as_ref().map(Places::of)).unwrap_or_default());
    let push = move || seen.with(|seen| seen.as_ref().map(|seen| places.get().push(seen.now)));
    let all = Memo::new(move |_| {
        let selection = lab.focus.with(|focus| focus.selection.clone());
        seen.with(|seen| seen.as_ref().map(|seen| items(seen, selection.as_ref()))).unwrap_or_default()
    });
    let name = move |lane: u32| {
        seen.with_untracked(|seen| seen.as_ref().and_then(|seen| Some(seen.lanes.get(lane as usize)?.name.clone())))
            .unwrap_or_default()
    };
    let active = RwSignal::new(None::<Item>);
    // What is pointed at may be gone, or have arrived meanwhile.
    let current = Memo::new(move |_| {
        let id = active.with(|active| active.as_ref().map(Item::id))?;
        all.with(|all| all.iter().find(|item| item.id() == id).cloned())
    });
    let look = move |item: &Item| lab.look_at(item.selection(&name));
    let step = move |event: ev::KeyboardEvent| {
        match event.key().as_str() {
            "Enter" | " " => current.get_untracked().iter().for_each(look),
            key => match all.with_untracked(|all| next(all, active.get_untracked().as_ref(), key)) {
                Some(item) => active.set(Some(item)),
                None => return,
            },
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let press = move |event: ev::MouseEvent| {
        let item = pressed(&event).and_then(|id| all.with_untracked(|all| find(all, &id)));
        if let Some(item) = item {
            look(&item);
            active.set(Some(item));
        }
    };
    let drawn = move || all.get().into_iter().map(|item| (item, places.get())).collect::<Vec<_>>();
    let lanes = move || seen.with(|seen| seen.as_ref().map_or(0, |seen| seen.lanes.len()));
    view! {
        <svg
            class="layer"
            role="listbox"
            tabindex="0"
            aria-label=text("space-time-items")
            aria-activedescendant=move || current.with(|item| item.as_ref().map(Item::id))
            x=push
            width="100%"
            height="100%"
            overflow="visible"
            on:keydown=step
            on:click=press
        >
            <g role="presentation" aria-hidden="true">{move || ticks(seen.with(|seen| seen.as_ref().map(|seen| seen.now.0)), places.get(), lanes())}</g>
            <For each=drawn key=Clone::clone let:item>{draw(&item.0, item.1, &name)}</For>
            {move || current.get().map(|item| cursor(&item, places.get()))}
        </svg>
    }
}

fn find(all: &[Item], id: &str) -> Option<Item> {
    all.iter().find(|item| item.id() == id).cloned()
}

/// What was clicked upon.
fn pressed(event: &ev::MouseEvent) -> Option<String> {
    let target: web_sys::Element = event.target()?.dyn_into().ok()?;
    Some(target.closest("[role=option]").ok()??.id())
}

/// Where a key leads from `here`.
fn next(all: &[Item], here: Option<&Item>, key: &str) -> Option<Item> {
    let at = here.and_then(|here| all.iter().position(|item| item.id() == here.id()));
    // What has gone by is followed by what was next to it.
    let after = || here.map_or(all.len(), |here| all.partition_point(|item| item.time() < here.time()));
    let index = match key {
        "ArrowRight" | "ArrowDown" => at.map_or_else(after, |at| at + 1),
        "ArrowLeft" | "ArrowUp" => at.unwrap_or_else(after).saturating_sub(1),
        "Home" => 0,
        "End" => all.len(),
        _ => return None,
    };
    all.get(index.min(all.len().saturating_sub(1))).cloned()
}

/// The times written below, also some that are still to come.
fn ticks(now: Option<u64>, places: Places, lanes: usize) -> impl IntoView + use<> {
    let step = places.window / TICKS;
    let first = now.map(|now| now.saturating_sub(places.window) / step.max(1));
    let height = PITCH * lanes as f64;
    let tick = move |number: u64| {
        let x = places.at(Timestamp(number * step));
        view! {
            <line class="mark" x1=x.clone() x2=x.clone() y1="0" y2=height />
            <text class="scale" class:odd=number % 2 == 1 x=x y=height + 15.0>{format::clock(Timestamp(number * step))}</text>
        }
    };
    first.map(|first| (first..=first + TICKS).map(tick).collect_view())
}

fn draw(item: &Item, places: Places, name: &dyn Fn(u32) -> String) -> impl IntoView + use<> {
    let (id, label, selected) = (item.id(), item.label(name), item.is_selected());
    let (class, shape) = match item {
        Item::Message(message) => (passage_class(message), passage(message, places).into_any()),
        Item::Mark(mark, _) => (format!("happened {}", mark.code), happened(mark, places).into_any()),
    };
    view! { <g class=class class:selected=selected id=id role="option" aria-selected=selected.to_string() aria-label=label>{shape}</g> }
}

fn passage_class(message: &Diagonal) -> String {
    let fate = match message.fate {
        Fate::Arrived => "arrived",
        Fate::InFlight => "in-flight",
        Fate::Lost => "lost",
    };
    format!("passage {} {fate}", message.kind)
}

/// A line from lane to lane; a lost message gets half the way. What lies beyond now is beyond the edge.
fn passage(message: &Diagonal, places: Places) -> impl IntoView + use<> {
    let (sent, due) = (message.sent.0 as f64, message.key.time.0 as f64);
    let (y1, y2) = (lane_y(message.from), lane_y(message.to));
    let lost = message.fate == Fate::Lost;
    let (end, y2) = if lost { ((sent + due) / 2.0, (y1 + y2) / 2.0) } else { (due, y2) };
    let (x1, x2) = (places.at(message.sent), places.percent(end));
    let end = match message.fate {
        Fate::Arrived => Some(view! { <circle cx=x2.clone() cy=y2 r="2.5" /> }.into_any()),
        Fate::Lost => {
            Some(view! { <svg x=x2.clone() y=y2 overflow="visible"><path d="M-4 -4L4 4M-4 4L4 -4" /></svg> }.into_any())
        }
        Fate::InFlight => None,
    };
    view! {
        <line class="reach" x1=x1.clone() x2=x2.clone() y1=y1 y2=y2 />
        <line x1=x1 x2=x2 y1=y1 y2=y2 />
        {end}
    }
}

fn happened(mark: &LaneMark, places: Places) -> impl IntoView + use<> {
    let shape = match mark.code.as_str() {
        "found" => "M-5 -5H5V5H-5z",
        "reorg" => "M0 -7L7 5H-7z",
        "on" => "M-4 -6L6 0L-4 6z",
        "off" => "M-3 -6V6M3 -6V6",
        "cut" => "M-5 -5L5 5M-5 5L5 -5",
        _ => "M-6 0H6M0 -6V6",
    };
    view! {
        <svg x=places.at(mark.key.time) y=lane_y(mark.lane) overflow="visible">
            <circle class="reach" r="9" />
            <path d=shape />
        </svg>
    }
}

/// Around what the arrows point at.
fn cursor(item: &Item, places: Places) -> impl IntoView + use<> {
    let (x, y) = match item {
        Item::Message(message) => {
            let middle = (message.sent.0 as f64 + message.key.time.0 as f64) / 2.0;
            (places.percent(middle), (lane_y(message.from) + lane_y(message.to)) / 2.0)
        }
        Item::Mark(mark, _) => (places.at(mark.key.time), lane_y(mark.lane)),
    };
    view! { <g role="presentation" aria-hidden="true"><circle class="cursor" cx=x cy=y r="11" /></g> }
}
