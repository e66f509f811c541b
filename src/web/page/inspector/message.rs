//! What a message is, and messages in a list.

use super::super::glossary::term;
use leptos::prelude::*;

use crate::{
    view::{MessageDetail, MessageRow, Selection, Summary, Thing},
    web::{
        page::{Lab, format, log::sentence, table::as_file},
        strings::{fill, text},
    },
};

#[component]
pub(super) fn MessagePanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let detail = lab.slice(|moment| match moment.world.inspection.as_ref()?.summary.as_ref()? {
        Summary::Message(message) => Some(message.clone()),
        _ => None,
    });
    move || detail.get().flatten().map(|detail| facts(lab, *detail))
}

fn facts(lab: Lab, detail: MessageDetail) -> impl IntoView + use<> {
    let MessageDetail { row, sent, size, filled, says, status, things: (things, count), log, lost } = detail;
    let state = match (lost.as_deref(), row.arrived, filled) {
        (Some("chance"), ..) => text("lost-chance"),
        (Some("cut"), ..) => text("lost-cut"),
        (Some("apart"), ..) => text("lost-apart"),
        (Some(_), ..) => text("lost-off"),
        (None, true, _) => text("has-arrived"),
        (None, false, true) => text("in-flight"),
        (None, false, false) => text("in-flight-empty"),
    };
    let way = row.at.since(sent).to_string();
    let rows = [
        ("state", state.to_owned()),
        ("kind", row.kind),
        ("from", row.from),
        ("to", row.to),
        ("sent-at", format::clock(sent)),
        (
            if lost.is_some() { "due-at" } else { "arrives-at" },
            fill("arrives-at-value", &[&format::clock(row.at), &way]),
        ),
        ("size", fill("bytes", &[&format::grouped(size)])),
    ];
    let says = says.map(|says| view! { <dt>{term("says")}</dt><dd>{says}</dd> });
    let tip = status.map(|(tip, height, work)| {
        view! {
            <dt>{term("tip")}</dt>
            <dd>{lab.block_link(tip, format!("#{height} {}", tip.short()))}</dd>
            <dt>{term("work")}</dt>
            <dd>{fill("work-value", &[&format::grouped(work)])}</dd>
        }
    });
    let listed = things.len();
    let things = (count > 0).then(|| {
        view! {
            <h3>{fill("things-title", &[&count.to_string()])}</h3>
            <ul class="things">{things.into_iter().map(|thing| contained(lab, thing)).collect_view()}</ul>
            {(count > listed).then(|| view! { <p class="empty">{fill("first-rows", &[&listed.to_string()])}</p> })}
        }
    });
    let came = (!log.is_empty()).then(|| {
        view! {
            <h3>{text("came-of-it")}</h3>
            <ul class="things">{log.iter().map(|line| view! { <li>{sentence(line)}</li> }).collect_view()}</ul>
        }
    });
    view! {
        <dl>
            {rows.into_iter().map(|(key, value)| view! { <dt>{term(key)}</dt><dd>{value}</dd> }).collect_view()}
            {says}
            {tip}
        </dl>
        {things}
        {came}
    }
}

/// Something that a message carries or names, as a way to it.
fn contained(lab: Lab, thing: Thing) -> impl IntoView + use<> {
    match thing {
        Thing::Block(id) => view! { <li>{text("a-block")}" "{lab.block_link(id, id.short())}</li> }.into_any(),
        Thing::Transaction(id) => {
            let look = move |_| lab.look_at(Selection::Transaction { id, block: None });
            view! { <li>{text("a-transaction")}" "<button class="text" on:click=look>{id.short()}</button></li> }
                .into_any()
        }
        Thing::Channel(id) => {
            let look = move |_| lab.look_at(Selection::Channel { id });
            view! { <li>{text("a-channel")}" "<button class="text" on:click=look>{id.short()}</button></li> }.into_any()
        }
    }
}

/// Messages as a table; each can be selected.
#[component]
pub(in crate::web::page) fn Messages(rows: Vec<MessageRow>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    if rows.is_empty() {
        return view! { <p class="empty">{text("none")}</p> }.into_any();
    }
    let row = |row: MessageRow| {
        let key = row.key;
        let look = move |_| lab.look_at(Selection::Message { key });
        view! {
            <tr>
                <td><button class="text" on:click=look>{fill("message-row", &[&row.kind, &row.from, &row.to])}</button></td>
                <td class="brief">{text(if row.arrived { "arrived" } else { "on-its-way" })}</td>
                <td class="number">{format::clock(row.at)}</td>
            </tr>
        }
    };
    view! {
        <table>
            <thead><tr><th>{text("message")}</th><th>{text("state")}</th><th class="number">{text("time")}</th></tr></thead>
            <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            {as_file("messages", "message")}
        </table>
    }
    .into_any()
}
