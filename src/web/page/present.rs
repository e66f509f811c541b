//! One view by itself, large enough for a room full of people, and the tools that every view has: to present it and to save its picture.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlElement, KeyboardEvent};

use super::{
    Lab, format,
    picture::{self, Kind},
};
use crate::web::{
    protocol::Request,
    strings::{fill, text},
};

/// A view that can be presented and saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    Network,
    Chain,
    SpaceTime,
    Channels,
    Payments,
    Charts,
}

impl Scene {
    /// What its heading and its files are called after.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Chain => "chain",
            Self::SpaceTime => "space-time",
            Self::Channels => "channels",
            Self::Payments => "payments",
            Self::Charts => "charts",
        }
    }
}

/// Whether this view is presented.
pub(super) fn is_shown(lab: Lab, scene: Scene) -> Memo<bool> {
    Memo::new(move |_| lab.scene.get() == Some(scene))
}

/// Shows one view alone, on the full screen if the browser lets us; otherwise it fills the page.
pub(super) fn present(lab: Lab, scene: Scene) {
    lab.scene.set(Some(scene));
    if let Some(closed) =
        document().query_selector(&format!("#show-{}[aria-expanded=false]", scene.name())).ok().flatten()
    {
        closed.unchecked_into::<HtmlElement>().click();
    }
    lab.client.place.next_frame(|| focus(".presented"));
    let asked = document().document_element().map(|root| {
        let ask = js_sys::Reflect::get(&root, &"requestFullscreen".into()).unwrap_or(JsValue::UNDEFINED);
        ask.dyn_into::<js_sys::Function>().and_then(|ask| ask.call0(&root))
    });
    if let Some(Ok(promise)) = asked {
        // Refused, it fills the page.
        spawn_local(async move { drop(JsFuture::from(js_sys::Promise::resolve(&promise)).await) });
    }
}

/// Back to all of the page.
pub(super) fn leave(lab: Lab) {
    let Some(scene) = lab.scene.get_untracked() else { return };
    lab.scene.set(None);
    if document().fullscreen_element().is_some() {
        document().exit_fullscreen();
    }
    lab.client.place.next_frame(move || focus(&format!("#present-{}", scene.name())));
}

/// As long as this place is there, hides everything beside a presented view.
pub(super) fn alone(presents: impl Fn() -> bool + 'static) {
    let say = |class| document().body().into_iter().for_each(|body| body.set_class_name(class));
    Effect::new(move |_| say(if presents() { "presents" } else { "" }));
    on_cleanup(move || say(""));
}

/// The browser's own ways out of the full screen lead back to the page too.
pub(super) fn listen(lab: Lab) {
    let changed = window_event_listener(ev::Custom::<web_sys::Event>::new("fullscreenchange"), move |_| {
        if document().fullscreen_element().is_none() {
            leave(lab);
        }
    });
    // The page never goes away while the tab is open.
    std::mem::forget(changed);
}

/// Does what a key means while a view is presented. True if it means something.
pub(super) fn press(lab: Lab, event: &KeyboardEvent) -> bool {
    if lab.scene.with_untracked(Option::is_none) || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return false;
    }
    match event.key().as_str() {
        "Escape" => leave(lab),
        " " | "ArrowRight" => lab.ask(if event.shift_key() { Request::StepBlock } else { Request::StepEvent }),
        _ => return false,
    }
    true
}

fn focus(selector: &str) {
    if let Some(element) = document().query_selector(selector).ok().flatten() {
        // What cannot take the focus leaves it where it is.
        drop(element.unchecked_into::<HtmlElement>().focus());
    }
}

/// In the heading of a view.
#[component]
pub(super) fn ViewTools(scene: Scene) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let shown = is_shown(lab, scene);
    let open = RwSignal::new(false);
    let name = text(scene.name());
    let save = move |kind: Kind, word: &'static str| {
        let take = move |_| {
            open.set(false);
            picture::save(lab, scene, kind);
        };
        view! { <button on:click=take>{word}</button> }
    };
    let close = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            open.set(false);
        }
    };
    let label = fill("save-picture", &[name]);
    view! {
        <span class="breaks" on:keydown=close>
            <button aria-expanded=move || open.get().to_string() aria-label=label.clone() title=label on:click=move |_| open.update(|open| *open = !*open)>"⤓"</button>
            <Show when=move || open.get()>
                <span class="menu under">{save(Kind::Svg, "SVG")}{save(Kind::Png, "PNG")}</span>
            </Show>
        </span>
        {move || match shown.get() {
            true => view! { <Steps /> }.into_any(),
            false => {
                let label = fill("present-view", &[name]);
                let id = format!("present-{}", scene.name());
                view! { <button id=id aria-label=label.clone() title=label on:click=move |_| present(lab, scene)><Corners /></button> }.into_any()
            }
        }}
    }
}

/// Four corners, drawn: few fonts have the sign.
#[component]
fn Corners() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
            <path d="M2 6V2H6M10 2H14V6M14 10V14H10M6 14H2V10" />
        </svg>
    }
}

/// What stands beside a view while it is presented.
#[component]
fn Steps() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let now = lab.slice(|moment| moment.transport.now);
    view! {
        <b class="now">{move || now.get().map(format::clock)}</b>
        <button on:click=move |_| lab.ask(Request::StepEvent)>{text("next-event")}</button>
        <button on:click=move |_| lab.ask(Request::StepBlock)>{text("next-block")}</button>
        <button on:click=move |_| leave(lab)>{text("leave-presenting")}</button>
    }
}
