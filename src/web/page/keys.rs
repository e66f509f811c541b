//! Keys that work everywhere but in fields.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::Lab;
use crate::{view::Page, web::protocol::Request};

/// Listens for as long as the page is there; only the lab has such keys.
pub(super) fn listen(lab: Lab) {
    let handle = window_event_listener(ev::keydown, move |event| {
        let on = tag_of(event.target());
        let typing = matches!(on.as_str(), "INPUT" | "SELECT" | "TEXTAREA") && !is_slider(event.target());
        let space_presses = event.key() == " " && matches!(on.as_str(), "BUTTON" | "SUMMARY");
        let elsewhere = lab.route.page.get_untracked() != Page::Lab;
        if elsewhere || event.ctrl_key() || event.meta_key() || event.alt_key() || typing || space_presses {
            return;
        }
        let playing =
            lab.client.moment.with_untracked(|moment| moment.as_ref().is_some_and(|moment| moment.transport.playing));
        let request = match event.key().as_str() {
            " " if playing => Request::Pause,
            " " => Request::Play,
            "." => Request::StepEvent,
            "," => Request::StepBack,
            "b" => Request::StepBlock,
            _ => return,
        };
        event.prevent_default();
        lab.ask(request);
    });
    // The page never goes away while the tab is open.
    std::mem::forget(handle);
}

fn tag_of(target: Option<web_sys::EventTarget>) -> String {
    let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.map(|element| element.tag_name()).unwrap_or_default()
}

/// A slider or a switch takes no text.
fn is_slider(target: Option<web_sys::EventTarget>) -> bool {
    let input = target.and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
    input.is_some_and(|input| matches!(input.type_().as_str(), "range" | "checkbox"))
}
