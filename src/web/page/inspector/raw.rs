//! The canonical encoding of what is selected: its bytes, and the table of its fields. Pointing at one lights the other.

use std::sync::Arc;

use leptos::{ev::KeyboardEvent, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement};

use crate::{
    view::{Anatomy, Field, Selection, Summary},
    web::{
        page::{Lab, format, table::as_file},
        strings::{fill, text},
    },
};

/// Bytes in a line.
const LINE: usize = 8;

#[component]
pub(super) fn RawPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let anatomy = lab.slice(|moment| moment.world.inspection.as_ref().and_then(|inspection| inspection.raw.clone()));
    let what = lab.slice(|moment| {
        let inspection = moment.world.inspection.as_ref()?;
        Some(match (&inspection.selection, &inspection.summary) {
            (Selection::Node { .. }, _) => text("raw-node"),
            (Selection::Block { .. }, _) => text("raw-block"),
            (Selection::Transaction { .. }, _) => text("raw-transaction"),
            (Selection::Channel { .. }, _) if inspection.raw.is_none() => text("raw-channel-none"),
            (Selection::Channel { .. }, _) => text("raw-channel"),
            (Selection::Message { .. }, Some(Summary::Message(message))) if !message.filled => {
                text(if message.lost.is_some() { "raw-lost" } else { "raw-empty-slot" })
            }
            (Selection::Message { .. }, _) => text("raw-message"),
            (Selection::Payment { .. }, _) => text("raw-payment"),
        })
    });
    view! {
        <p class="note">{move || what.get().flatten()}</p>
        {move || anatomy.get().flatten().map(|anatomy| view! { <Bytes anatomy /> })}
    }
}

#[component]
fn Bytes(anatomy: Arc<Anatomy>) -> impl IntoView {
    let lit = RwSignal::new(None::<usize>);
    let is_lit = Selector::new(move || lit.get());
    let hex = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if let (Some(hex), Some(at)) = (hex.get(), lit.get()) {
            show(&hex, at);
        }
    });
    let (count, shown, size) = (anatomy.fields.len(), anatomy.hex.len() / 2, anatomy.size);
    let keys = move |event: KeyboardEvent| {
        let at = lit.get_untracked();
        let next = match event.key().as_str() {
            "ArrowRight" | "ArrowDown" => at.map_or(0, |at| (at + 1).min(count - 1)),
            "ArrowLeft" | "ArrowUp" => at.map_or(0, |at| at.saturating_sub(1)),
            "Home" => 0,
            "End" => count - 1,
            _ => return,
        };
        event.prevent_default();
        lit.set(Some(next));
    };
    // The mouse moves, not only something below it: what the keyboard scrolls is not pointed at.
    let point = move |target: Option<EventTarget>| {
        if let Some(at) = field_at(target).filter(|at| lit.get_untracked() != Some(*at)) {
            lit.set(Some(at));
        }
    };
    let fields = Arc::clone(&anatomy);
    let said = move || lit.get().and_then(|at| fields.fields.get(at).map(sentence));
    let lines = lines(&anatomy).into_iter().map(|(offset, segments)| {
        let segment = |(at, bytes): (usize, String)| {
            let is_lit = is_lit.clone();
            view! { <span class="bytes" class:lit=move || is_lit.selected(&Some(at)) data-field=at.to_string()>{bytes}</span> }
        };
        view! { <div><i>{format!("{offset:04x}")}</i>{segments.into_iter().map(segment).collect_view()}</div> }
    });
    let rows = anatomy.fields.iter().enumerate().map(|(at, field)| row(at, field, is_lit.clone()));
    view! {
        <p class="note">{fill("bytes-shown", &[&format::grouped(shown), &format::grouped(size)])}</p>
        <div
            class="hex"
            role="group"
            tabindex="0"
            aria-label=text("bytes-label")
            node_ref=hex
            on:keydown=keys
            on:mousemove=move |event| point(event.target())
        >
            {lines.collect_view()}
        </div>
        <p class="lit-field" role="status">{move || said().unwrap_or_else(|| text("point-at-bytes").to_owned())}</p>
        <table class="fields" on:mousemove=move |event| point(event.target()) on:focusin=move |event| point(event.target())>
            <thead><tr><th>{text("field")}</th><th class="number">{text("offset")}</th><th class="number">{text("length")}</th></tr></thead>
            <tbody>{rows.collect_view()}</tbody>
            {as_file("fields", "fields")}
        </table>
    }
}

fn row(at: usize, field: &Field, is_lit: Selector<Option<usize>>) -> impl IntoView + use<> {
    let value = if field.value.is_empty() { text("not-taken-apart").to_owned() } else { field.value.clone() };
    view! {
        <tr class:lit=move || is_lit.selected(&Some(at)) data-field=at.to_string()>
            <td><button class="text">{field.path.clone()}</button><code>{value}</code></td>
            <td class="number">{field.offset}</td>
            <td class="number">{field.length}</td>
        </tr>
    }
}

/// Lines of bytes: where each begins, and its pieces by field.
fn lines(anatomy: &Anatomy) -> Vec<(usize, Vec<(usize, String)>)> {
    let bytes: Vec<&str> = (0..anatomy.hex.len() / 2).filter_map(|at| anatomy.hex.get(2 * at..2 * at + 2)).collect();
    let mut lines: Vec<(usize, Vec<(usize, String)>)> = Vec::new();
    for (at, field) in anatomy.fields.iter().enumerate() {
        let (mut from, end) = (field.offset, (field.offset + field.length).min(bytes.len()));
        while from < end {
            let to = end.min((from / LINE + 1) * LINE);
            if from % LINE == 0 {
                lines.push((from, Vec::new()));
            }
            if let Some((_, segments)) = lines.last_mut() {
                segments.push((at, bytes[from..to].join(" ")));
            }
            from = to;
        }
    }
    lines
}

fn sentence(field: &Field) -> String {
    let last = field.offset + field.length - 1;
    fill("lit-field", &[&field.path, &field.offset.to_string(), &last.to_string(), &field.value])
}

/// The field that an element belongs to.
fn field_at(target: Option<EventTarget>) -> Option<usize> {
    let element = target?.dyn_into::<Element>().ok()?.closest("[data-field]").ok()??;
    element.get_attribute("data-field")?.parse().ok()
}

/// Scrolls the bytes, and nothing else, to a field.
fn show(hex: &HtmlElement, at: usize) {
    let found = hex.query_selector(&format!("[data-field='{at}']")).ok().flatten();
    let Some(segment) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    let (top, height, from) = (segment.offset_top(), hex.client_height(), hex.scroll_top());
    if top < from || top + segment.offset_height() > from + height {
        hex.set_scroll_top(top - height / 3);
    }
}
