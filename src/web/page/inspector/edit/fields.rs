//! The fields of a copy: those of a header and coinbase, and those of each transaction, which can be moved, too.

use leptos::{ev::Event, prelude::*};

use super::{Copy, Resets, change};
use crate::{
    view::Change,
    web::{
        client::Refused,
        page::{Lab, Place, format, glossary::term},
        protocol::Request,
        strings::{fill, text},
    },
};

#[component]
pub(super) fn Fields(copy: Copy) -> impl IntoView {
    let is_block = Memo::new(move |_| copy.with(|copy| copy.as_ref().is_some_and(|copy| copy.search.is_some())));
    let count = Memo::new(move |_| copy.with(|copy| copy.as_ref().map(|copy| copy.transactions.1).unwrap_or_default()));
    let shown = Memo::new(move |_| copy.with(|copy| copy.as_ref().map_or(0, |copy| copy.transactions.0.len())));
    let more = move || count.get() > shown.get();
    view! {
        <Show when=move || is_block.get() fallback=move || view! { <Group copy prefix=String::new() name="fields" /> }>
            <Group copy prefix="header.".to_owned() name="header" />
            <Group copy prefix="coinbase.".to_owned() name="coinbase" />
            <h3>{move || fill("transactions-title", &[&count.get().to_string()])}</h3>
            <For each=move || 0..shown.get() key=|at| *at let:at><OneOfMany copy at /></For>
            <Show when=more><p class="empty">{move || fill("first-rows", &[&shown.get().to_string()])}</p></Show>
        </Show>
    }
}

/// The fields whose paths begin alike.
#[component]
fn Group(copy: Copy, prefix: String, name: &'static str) -> impl IntoView {
    view! {
        <fieldset class="edit-fields">
            <legend>{term(name)}</legend>
            <Inputs copy prefix />
        </fieldset>
    }
}

#[component]
fn Inputs(copy: Copy, prefix: String) -> impl IntoView {
    let start = prefix.len();
    let resets = expect_context::<Resets>().0;
    // What was typed belongs to one copy, until that is reset.
    let fields = Memo::new(move |_| {
        let resets = resets.get();
        copy.with(|copy| {
            let of = |copy: &crate::view::EditView| {
                let here = copy.fields.iter().filter(|field| field.path.starts_with(&prefix));
                here.map(|field| (copy.original, resets, field.path.clone())).collect::<Vec<_>>()
            };
            copy.as_ref().map(of).unwrap_or_default()
        })
    });
    view! { <For each=move || fields.get() key=Clone::clone let:field><Input copy path=field.2 start /></For> }
}

/// A transaction of a block.
#[component]
fn OneOfMany(copy: Copy, at: usize) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let title = Memo::new(move |_| {
        copy.with(|copy| {
            let row = copy.as_ref()?.transactions.0.get(at)?;
            let number = (at + 1).to_string();
            Some(fill("edit-transaction", &[&number, &row.from, &row.to, &format::grouped(row.amount), &row.kind]))
        })
    });
    let button = move |key: &'static str, done: Change| {
        let label = fill("edit-of-transaction", &[text(key), &(at + 1).to_string()]);
        view! { <button aria-label=label on:click=move |_| change(lab, done.clone())>{text(key)}</button> }
    };
    view! {
        <details class="edit-transaction">
            <summary>{move || title.get()}</summary>
            <div class="edit-tools">
                {button("edit-remove", Change::Remove { at })}
                {button("edit-duplicate", Change::Duplicate { at })}
                {(at > 0).then(|| button("edit-raise", Change::Raise { at }))}
                {button("edit-sign", Change::Sign { at })}
            </div>
            <div class="edit-fields"><Inputs copy prefix=format!("transactions[{at}].") /></div>
        </details>
    }
}

/// A field with its value. What cannot be read stays as it was typed, with what is wrong with it.
#[component]
fn Input(copy: Copy, path: String, start: usize) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let path = StoredValue::new(path);
    let field = Memo::new(move |_| {
        let is_it = |field: &&crate::view::EditField| path.with_value(|path| field.path == *path);
        copy.with(|copy| copy.as_ref()?.fields.iter().find(is_it).cloned())
    });
    let typed = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<String>);
    let inside = RwSignal::new(false);
    let place = Place::here();
    let input = move |event: Event| {
        let value = event_target_value(&event);
        typed.set(Some(value.clone()));
        let change = Change::Set { field: path.get_value(), value };
        let answer = move |result: Result<String, Refused>| problem.set(result.err().map(|refused| refused.message));
        lab.client.ask(Request::Edit { change }, place, answer);
    };
    let enter = move |_| {
        inside.set(true);
        if problem.with_untracked(Option::is_none) {
            typed.set(None);
        }
    };
    let value = move || {
        let typed = typed.get().filter(|_| inside.get() || problem.with(Option::is_some));
        typed.or_else(|| field.get().map(|field| field.value)).unwrap_or_default()
    };
    let was = move || field.get().and_then(|field| field.was).map(|was| fill("edit-was", &[&was]));
    let is_number = move || field.with(|field| field.as_ref().is_some_and(|field| field.value.parse::<u64>().is_ok()));
    let (id, says) = path.with_value(|path| (format!("edit-{path}"), format!("edit-problem-{path}")));
    view! {
        <div class="field" class:wrong=move || problem.with(Option::is_some)>
            <label for=id.clone()>{path.with_value(|path| path[start..].to_owned())}</label>
            <input
                id=id
                aria-label=path.get_value()
                aria-describedby=says.clone()
                aria-invalid=move || problem.with(Option::is_some).to_string()
                autocomplete="off"
                spellcheck="false"
                inputmode=move || if is_number() { "numeric" } else { "text" }
                prop:value=value
                on:input=input
                on:focus=enter
                on:blur=move |_| inside.set(false)
            />
            <small class="was">{was}</small>
            <p class="problem" id=says role="alert">{move || problem.get()}</p>
        </div>
    }
}
