//! Space and time: a lane per node, time from left to right, messages as lines from lane to lane. Worked out only while it is shown.

mod item;
mod picture;

use leptos::{html, prelude::*};

use super::{
    Lab, Place, format,
    glossary::term,
    present,
    table::{Line, Table},
};
use crate::{
    view::{LaneMark, SpaceTimeView},
    web::strings::{fill, text},
};
use item::Item;
use picture::Picture;

/// Lengths of the window to choose from, ms, each with its words.
const WINDOWS: [(u64, &str); 4] =
    [(5_000, "window-5"), (20_000, "window-20"), (60_000, "window-60"), (300_000, "window-300")];
/// The length at first.
const FIRST_WINDOW: u64 = 20_000;

#[component]
pub(super) fn SpaceTime() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let seen = lab.slice(|moment| moment.world.space_time.clone());
    let seen = Memo::new(move |_| seen.get().flatten());
    let chosen = RwSignal::new(FIRST_WINDOW);
    let open = Memo::new(move |_| lab.focus.with(|focus| focus.space_time.is_some()));
    let shown = present::is_shown(lab, present::Scene::SpaceTime);
    let panel = NodeRef::<html::Section>::new();
    let place = Place::here();
    let toggle = move |_| {
        let opens = !open.get_untracked();
        lab.refocus(|focus| focus.space_time = opens.then_some(chosen.get_untracked()));
        if opens {
            place.next_frame(move || panel.get_untracked().into_iter().for_each(|panel| panel.scroll_into_view()));
        }
    };
    let choose = move |event| {
        if let Ok(window) = event_target_value(&event).parse() {
            chosen.set(window);
            lab.refocus(|focus| focus.space_time = Some(window));
        }
    };
    let option = move |(window, key): (u64, &'static str)| {
        view! { <option value=window.to_string() selected=move || chosen.get() == window>{text(key)}</option> }
    };
    view! {
        <section class="space-time" class:presented=move || shown.get() tabindex="-1" aria-labelledby="space-time-title" node_ref=panel>
            <h2 id="space-time-title" prop:ariaLevel=move || if shown.get() { "1" } else { "2" }>{term("space-time")}<span>{move || open.get().then(|| seen.with(|seen| seen.as_ref().map(summary)))}</span>
                <span class="tools">
                    <Show when=move || open.get()>
                        <select aria-label=text("space-time-window") on:change=choose>{WINDOWS.map(option).collect_view()}</select>
                    </Show>
                    <button id="show-space-time" aria-expanded=move || open.get().to_string() aria-label=move || text(if open.get() { "space-time-hide" } else { "space-time-show" }) on:click=toggle>
                        {move || text(if open.get() { "hide" } else { "show" })}
                    </button>
                    <present::ViewTools scene=present::Scene::SpaceTime />
                </span>
            </h2>
            <Show when=move || open.get()>
                <Picture seen />
                <p class="legend">{text("space-time-legend")}</p>
                <Table name="space-time" title=text("space-time-table") head=HEAD.into() rows=move || seen.with(|seen| seen.as_ref().map(lines).unwrap_or_default()) />
            </Show>
        </section>
    }
}

const HEAD: [&str; 5] = ["time", "node", "to", "what", "became"];

/// One sentence: how much of what, and how much of it is left out.
fn summary(seen: &SpaceTimeView) -> String {
    let count = |code: &str| seen.marks.iter().filter(|mark| mark.code == code).count();
    let total = seen.messages.len() + seen.other_messages;
    let numbers = [total, seen.in_flight, seen.lost, count("found"), count("reorg")].map(|number| number.to_string());
    let mut said = fill("space-time-summary", &[&numbers[0], &numbers[1], &numbers[2], &numbers[3], &numbers[4]]);
    if seen.other_messages + seen.other_lanes > 0 {
        let others = [seen.other_messages, seen.other_lanes].map(|number| number.to_string());
        said += &fill("space-time-others", &[&others[0], &others[1]]);
    }
    if let Some(until) = seen.forgotten {
        said += &fill("space-time-forgotten", &[&format::clock(until)]);
    }
    said
}

/// What the picture shows, newest first.
fn lines(seen: &SpaceTimeView) -> Vec<Line> {
    let name = |lane: u32| seen.lanes.get(lane as usize).map(|lane| lane.name.clone()).unwrap_or_default();
    let line = |item: &Item| {
        let cells = match item {
            Item::Message(message) => vec![
                format::clock(message.sent),
                name(message.from),
                name(message.to),
                message.kind.clone(),
                item::became(message),
            ],
            Item::Mark(mark, _) => {
                vec![format::clock(mark.key.time), name(mark.lane), String::new(), marked(mark), String::new()]
            }
        };
        Line { key: item.id(), at: Some(item.time()), cells, look: Some(item.selection(&name)) }
    };
    item::items(seen, None).iter().rev().map(line).collect()
}

/// What a mark says.
fn marked(mark: &LaneMark) -> String {
    let key = match mark.code.as_str() {
        "found" => "mark-found",
        "reorg" => "mark-reorg",
        "on" => "mark-on",
        "off" => "mark-off",
        "cut" => "mark-cut",
        _ => "mark-healed",
    };
    fill(key, &[&mark.value])
}
