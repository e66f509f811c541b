//! Ready-made scenarios, each with what to watch for. The engine has them; the page has their words.

use leptos::prelude::*;

use super::Lab;
use crate::{
    sim::PRESETS,
    web::{
        protocol::Request,
        strings::{text, worded},
    },
};

#[component]
pub(super) fn Gallery() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let card = move |(index, name): (usize, &'static str)| {
        let start = move |_| {
            lab.sheet.set(None);
            begin(lab, name);
        };
        view! {
            <li>
                <h3>{title(name)}</h3>
                <p id=format!("watch-{name}")>{worded(&format!("watch-{name}"), &[])}</p>
                <button autofocus=index == 0 aria-describedby=format!("watch-{name}") on:click=start>
                    {text("begin")}<span class="hidden">": "{title(name)}</span>
                </button>
            </li>
        }
    };
    view! {
        <p class="note">{text("presets-about")}</p>
        <ul class="gallery">{PRESETS.into_iter().enumerate().map(card).collect_view()}</ul>
    }
}

/// The title of a ready-made scenario.
pub(super) fn title(name: &str) -> String {
    worded(&format!("preset-{name}"), &[]).unwrap_or_else(|| name.to_owned())
}

/// Begins with a ready-made scenario and lets time pass.
pub(super) fn begin(lab: Lab, name: &str) {
    lab.client.ask(Request::Preset { name: name.to_owned() }, lab.client.place, move |result| {
        if result.is_ok() {
            lab.look_afresh();
            lab.tell(Request::Play);
        }
        lab.notice.set(result.err().map(|refused| refused.message));
    });
}
