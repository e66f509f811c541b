//! Keys that work everywhere but in fields.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::Lab;
use crate::web::protocol::Request;

/// Listens for as long as the page is there.
pub(super) fn listen(lab: Lab) {
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || is_field(event.target()) {
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
        lab.tell(request);
    });
    // The page never goes away while the tab is open.
    std::mem::forget(handle);
}

/// Whether typing means something else there.
fn is_field(target: Option<web_sys::EventTarget>) -> bool {
    let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA" | "BUTTON" | "SUMMARY")
    })
}
