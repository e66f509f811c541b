//! The one dialog of the page and what is in it. The browser keeps the focus inside, closes it by Escape, and gives the focus back.

use leptos::{ev::MouseEvent, html, prelude::*};
use wasm_bindgen::JsCast;

use super::{Lab, Place, gallery::Gallery, keys::KeyList, palette::Palette, scenario::ScenarioEditor};
use crate::web::strings::text;

/// What the dialog shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sheet {
    Palette,
    Keys,
    Presets,
    Scenario,
}

#[component]
pub(super) fn SheetHost() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let (shown, Some(dialog)) = (lab.sheet.get(), dialog.get()) else {
            return;
        };
        if shown.is_none() {
            dialog.close();
        } else if dialog.open() || dialog.show_modal().is_ok() {
            Place::here().next_frame(move || focus_first(&dialog));
        }
    });
    // Another may have been opened since it was closed.
    let closed = move |_| {
        if dialog.get_untracked().is_none_or(|dialog| !dialog.open()) {
            lab.sheet.set(None);
        }
    };
    let beside = move |event: MouseEvent| {
        if event.target() == event.current_target() {
            lab.sheet.set(None);
        }
    };
    view! {
        <dialog node_ref=dialog class="overlay" aria-labelledby="sheet-title" on:close=closed on:click=beside>
            {move || lab.sheet.get().map(|sheet| body(lab, sheet))}
        </dialog>
    }
}

/// By itself, so that it is no part of what the first look runs (docs/adr/028-first-and-later-wasm.md).
#[inline(never)]
fn body(lab: Lab, sheet: Sheet) -> AnyView {
    view! {
        <div class="overlay-body" class:small=sheet == Sheet::Keys>
            <div class="overlay-head">
                <h2 id="sheet-title">{text(title(sheet))}</h2>
                <button aria-label=text("close") title=text("close") on:click=move |_| lab.sheet.set(None)>"✕"</button>
            </div>
            {content(sheet)}
        </div>
    }
    .into_any()
}

fn title(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::Palette => "palette",
        Sheet::Keys => "keys",
        Sheet::Presets => "presets",
        Sheet::Scenario => "edit-scenario",
    }
}

fn content(sheet: Sheet) -> AnyView {
    match sheet {
        Sheet::Palette => view! { <Palette /> }.into_any(),
        Sheet::Keys => view! { <KeyList /> }.into_any(),
        Sheet::Presets => view! { <Gallery /> }.into_any(),
        Sheet::Scenario => view! { <ScenarioEditor /> }.into_any(),
    }
}

/// The keyboard begins at what is meant for it.
fn focus_first(dialog: &web_sys::HtmlDialogElement) {
    let first = dialog.query_selector("[autofocus]").ok().flatten();
    if let Some(first) = first.and_then(|first| first.dyn_into::<web_sys::HtmlElement>().ok()) {
        // What cannot take the focus leaves it where it is.
        drop(first.focus());
    }
}
