//! A copy of what is selected, changed by hand: its fields, what the rules say of it, which bytes differ, and its way into the network.

mod fields;

use leptos::prelude::*;

use super::{
    rules::{self, RulesPanel},
    why,
};
use crate::{
    primitives::TransactionId,
    view::{Change, Difference, EditView},
    web::{
        page::{Lab, format, table::as_file},
        protocol::Request,
        strings::{fill, text},
    },
};

/// The newest state of the copy.
type Copy = Memo<Option<EditView>>;

/// How often a copy was reset.
#[derive(Clone, Copy)]
struct Resets(RwSignal<u32>);

#[component]
pub(super) fn EditPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let edit = lab.slice(|moment| moment.world.inspection.as_ref().and_then(|inspection| inspection.edit.clone()));
    let copy = Memo::new(move |_| edit.get().flatten());
    provide_context(Resets(RwSignal::new(0)));
    view! {
        <Show when=move || copy.with(Option::is_some) fallback=|| view! { <p class="empty">{text("edit-none")}</p> }>
            <p class="note" role="status">{move || copy.with(|copy| copy.as_ref().map(which))}</p>
            <Tools copy />
            <p class="edit-sum">{move || copy.with(|copy| copy.as_ref().map(|copy| rules::broken(&copy.rules.rows)))}</p>
            <Became copy />
            <fields::Fields copy />
            <RulesPanel />
            <Differences copy />
        </Show>
    }
}

/// Changes the copy; a refusal is shown above the page.
fn change(lab: Lab, change: Change) {
    lab.ask(Request::Edit { change });
}

/// A button that mends what a broken rule is about. It is gone afterwards, and the focus with what the rules say.
pub(super) fn fix(lab: Lab, rule: String, transaction: Option<TransactionId>, title: &str) -> impl IntoView + use<> {
    let press = move |_| {
        change(lab, Change::Fix { rule: rule.clone(), transaction });
        if let Some(sum) = document().get_element_by_id("rules-sum") {
            drop(wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(sum).focus());
        }
    };
    view! { <button class="fix" aria-label=fill("fix-rule", &[title]) on:click=press>{text("fix")}</button> }
}

/// Which thing the copy is, to whoever has the original.
fn which(edit: &EditView) -> String {
    let is_block = edit.search.is_some();
    let short = [edit.id.short(), edit.original.short()];
    let same = match (edit.differences.1, is_block) {
        (0, _) => return text("edit-unchanged").to_owned(),
        (_, true) => "edit-same-block",
        (_, false) => "edit-same-transaction",
    };
    if edit.id == edit.original {
        return text(same).to_owned();
    }
    let new = fill(if is_block { "edit-new-block" } else { "edit-new-transaction" }, &[&short[0], &short[1]]);
    let child = edit.child.map(|(child, above)| fill("edit-child", &[&above.to_string(), &child.short(), &short[1]]));
    format!("{new} {}", child.unwrap_or_default())
}

#[component]
fn Tools(copy: Copy) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let names = lab.slice(|moment| {
        let nodes = moment.world.network.nodes.iter();
        nodes.filter(|node| node.on).map(|node| node.name.clone()).collect::<Vec<_>>()
    });
    let chosen = RwSignal::new(None::<String>);
    let publisher = move || {
        let names = names.get().unwrap_or_default();
        chosen.get().filter(|name| names.contains(name)).or_else(|| names.first().cloned())
    };
    let publish = move |_| {
        if let Some(node) = untrack(publisher) {
            lab.ask(Request::Publish { node });
        }
    };
    let resets = expect_context::<Resets>().0;
    let reset = move |_| {
        change(lab, Change::Reset);
        resets.update(|resets| *resets += 1);
    };
    let option = move |name: String| {
        let (value, is_it) = (name.clone(), name.clone());
        view! { <option value=value selected=move || publisher().as_ref() == Some(&is_it)>{name}</option> }
    };
    let search = Memo::new(move |_| copy.with(|copy| copy.as_ref().and_then(|copy| copy.search)));
    let is_block = move || search.with(Option::is_some);
    let running = Memo::new(move |_| search.with(|search| search.is_some_and(|search| search.running)));
    let toggle = move |_| change(lab, if running.get_untracked() { Change::Stop } else { Change::Mine });
    let said = move || {
        let search = search.get().filter(|search| search.tried > 0 || search.running)?;
        let values = [search.tried, search.expected].map(format::grouped);
        Some(fill(if search.found { "mine-found" } else { "mine-tried" }, &[&values[0], &values[1]]))
    };
    view! {
        <div class="edit-tools">
            <Show when=is_block>
                <button on:click=toggle>{move || text(if running.get() { "mine-stop" } else { "mine-again" })}</button>
            </Show>
            <button on:click=reset>{text("edit-reset")}</button>
            <label class="judge">
                <span>{text("publish-from")}</span>
                <select on:change=move |event| chosen.set(Some(event_target_value(&event)))>
                    {move || names.get().unwrap_or_default().into_iter().map(option).collect_view()}
                </select>
            </label>
            <button class="primary" on:click=publish>{text("publish")}</button>
        </div>
        <p class="note">{said}</p>
    }
}

/// What the network made of the copy.
#[component]
fn Became(copy: Copy) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let rows = Memo::new(move |_| copy.with(|copy| copy.as_ref().map(|copy| copy.history.clone()).unwrap_or_default()));
    view! {
        <Show when=move || !rows.with(Vec::is_empty)>
            <h3>{text("edit-became")}</h3>
            <ul class="causes" aria-label=text("edit-became")>
                {move || rows.with(|rows| rows.iter().map(|row| why::line(lab, row)).collect_view())}
            </ul>
        </Show>
    }
}

/// The fields whose bytes differ from the original's.
#[component]
fn Differences(copy: Copy) -> impl IntoView {
    let shown = Memo::new(move |_| {
        copy.with(|copy| copy.as_ref().map(|copy| (copy.differences.clone(), copy.bytes))).unwrap_or_default()
    });
    let row = |difference: Difference| {
        let [was, is] = difference.bytes.map(|bytes| if bytes.is_empty() { text("none").to_owned() } else { bytes });
        view! {
            <tr>
                <td>{difference.path}<code><del>{was}</del></code><code><ins>{is}</ins></code></td>
                <td class="number">{difference.offset}</td>
            </tr>
        }
    };
    let table = move || {
        let ((differences, count), (bytes, size)) = shown.get();
        let listed = differences.len();
        view! {
            <p class="note">{fill("edit-differs", &[&bytes.to_string(), &format::grouped(size), &count.to_string()])}</p>
            {(listed > 0).then(|| view! {
                <table class="fields">
                    <thead><tr><th>{text("edit-was-is")}</th><th class="number">{text("offset")}</th></tr></thead>
                    <tbody>{differences.into_iter().map(row).collect_view()}</tbody>
                    {as_file("differences", "edit-bytes")}
                </table>
            })}
            {(count > listed).then(|| view! { <p class="empty">{fill("first-rows", &[&listed.to_string()])}</p> })}
        }
    };
    view! {
        <h3>{text("edit-bytes")}</h3>
        {table}
    }
}
