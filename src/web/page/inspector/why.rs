//! Why what is selected is as it is, first cause first; and what happened to it, newest first.

use leptos::prelude::*;

use crate::{
    view::{CauseRow, Selection, WhyPart},
    web::{
        page::{Lab, format},
        strings::{text, worded},
    },
};

#[component]
pub(super) fn WhyPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let why = lab.slice(|moment| moment.world.inspection.as_ref().and_then(|inspection| inspection.why.clone()));
    let part = move |part: &WhyPart| {
        let short = (!part.complete).then(|| view! { <p class="note">{text("short-record")}</p> });
        let rows = part.rows.iter().map(|row| line(lab, row)).collect_view();
        view! {
            <h3>{sentence(&part.code, &part.values)}</h3>
            {short}
            <ol class="causes">{rows}</ol>
        }
    };
    move || why.get().flatten().map(|why| why.parts.iter().map(part).collect_view())
}

#[component]
pub(super) fn HistoryPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let rows = lab.slice(|moment| moment.world.inspection.as_ref().and_then(|inspection| inspection.history.clone()));
    let row = move |row: &CauseRow| line(lab, row);
    move || match rows.get().flatten() {
        Some(rows) if !rows.is_empty() => view! {
            <ul class="causes" aria-label=text("tab-history")>{rows.iter().map(row).collect_view()}</ul>
        }
        .into_any(),
        _ => view! { <p class="empty">{text("no-history")}</p> }.into_any(),
    }
}

pub(super) fn line(lab: Lab, row: &CauseRow) -> impl IntoView + use<> {
    let node = row.node.clone().map(|name| {
        let shown = name.clone();
        view! { <button class="text" on:click=move |_| lab.look_at_node(name.clone())>{shown}</button>": " }
    });
    let key = row.key;
    let place = format!("{} · {} · {} · {}", key.time.0, key.class as u8, key.actor, key.sequence);
    view! {
        <li>
            <time title=place>{format::clock(key.time)}</time>
            <span>{node}{sentence(&row.code, &row.values)}{row.links.iter().map(|link| way(lab, link)).collect_view()}</span>
        </li>
    }
}

/// A way to what a line is about.
fn way(lab: Lab, link: &Selection) -> impl IntoView + use<> {
    let label = match link {
        Selection::Node { name } => name.clone(),
        Selection::Block { id } => format!("{} {}", text("a-block"), id.short()),
        Selection::Transaction { id, .. } => format!("{} {}", text("a-transaction"), id.short()),
        Selection::Channel { id } => format!("{} {}", text("a-channel"), id.short()),
        Selection::Payment { id } => format!("{} {}", text("a-payment"), id.short()),
        Selection::Message { .. } => text("a-message").to_owned(),
    };
    let link = link.clone();
    view! { " "<button class="text" on:click=move |_| lab.look_at(link.clone())>{label}</button> }
}

fn sentence(code: &str, values: &[String]) -> String {
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    worded(code, &values).unwrap_or_else(|| code.to_owned())
}
