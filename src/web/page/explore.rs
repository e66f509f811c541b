//! One thing of the run by itself, with an address of its own, and a way to find others.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{Lab, Place, chain, inspector, pages::Pages};
use crate::{
    view::{Page, Selection},
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

#[component]
pub(super) fn ExplorePage() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let name = lab.slice(|moment| moment.transport.name.clone());
    view! {
        <header>
            <h1><span class="logo" aria-hidden="true"></span>"Tabchain"</h1>
            <Pages />
            <span class="pill wide"><b>{name}</b></span>
        </header>
        <main class="page explore" tabindex="-1">
            <Finder />
            <chain::ChainPanel />
            <inspector::Inspector />
            <p><a class="button" href=move || lab.route.to(Page::Lab)>{text("show-in-lab")}</a></p>
        </main>
    }
}

/// Finds things by what they are called.
#[component]
fn Finder() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let (sought, problem) = (RwSignal::new(String::new()), RwSignal::new(None::<String>));
    let place = Place::here();
    let find = move |event: SubmitEvent| {
        event.prevent_default();
        let asked = sought.get_untracked();
        lab.client.ask(Request::Find { text: asked.clone() }, place, move |found| {
            let found: Option<Selection> = found.ok().and_then(|found| found.parse().ok());
            problem.set(found.is_none().then(|| fill("find-nothing", &[&asked])));
            if let Some(selection) = found {
                lab.look_at(selection);
            }
        });
    };
    view! {
        <form class="find" role="search" on:submit=find novalidate>
            <label>
                <span>{text("find")}</span>
                <input
                    type="search"
                    maxlength="64"
                    placeholder=text("find-hint")
                    prop:value=move || sought.get()
                    on:input=move |event| sought.set(event_target_value(&event))
                />
            </label>
            <button type="submit">{text("find-go")}</button>
            <p class="problem" role="alert">{move || problem.get()}</p>
        </form>
    }
}
