//! Runs that come and go: links, files.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, HtmlInputElement, Url};

use super::{Lab, room};
use crate::{
    sim::MAX_SCENARIO_BYTES,
    web::{
        fragment,
        protocol::Request,
        strings::{fill, text},
    },
};

#[component]
pub(super) fn Runs() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let problem = RwSignal::new(None::<String>);
    let open = move |event: ev::Event| {
        let input: HtmlInputElement = event_target(&event);
        let file = input.files().and_then(|files| files.get(0));
        input.set_value("");
        if let Some(file) = file {
            spawn_local(async move {
                match read(&file).await {
                    Ok(text) => load(lab, text, move |result| problem.set(result)),
                    Err(message) => problem.set(Some(message)),
                }
            });
        }
    };
    view! {
        <h2>{text("runs")}</h2>
        <div class="row">
            <button on:click=move |_| save(lab)>{text("save-capsule")}</button>
            <label class="button">{text("open-file")}<input class="hidden" type="file" accept=".json,application/json" on:change=open /></label>
        </div>
        <p class="problem" role="alert">{move || problem.get()}</p>
    }
}

/// Opens the run in a fragment, or says what is wrong with it; `otherwise` if no run was opened.
pub(super) fn open(lab: Lab, hash: &str, otherwise: impl Fn() + Copy + 'static) {
    let done = move |problem: Option<String>| {
        if problem.is_some() {
            otherwise();
        }
        lab.notice.set(problem.map(|problem| fill("bad-link", &[&problem])));
    };
    if let Some(name) = fragment::room(hash) {
        otherwise();
        return room::open(lab, name);
    }
    match fragment::read(hash) {
        Ok(None) => {
            room::leave(lab);
            otherwise();
        }
        Ok(Some(text)) => load(lab, text, done),
        Err(problem) => done(Some(problem)),
    }
}

/// Puts this moment into the address bar and onto the clipboard.
pub(super) fn copy_link(lab: Lab) {
    lab.client.ask(Request::Capsule, move |result| {
        let (Ok(json), Some(window)) = (result, web_sys::window()) else {
            return;
        };
        let fragment = fragment::of_capsule(&json);
        let location = window.location();
        let base = location.href().unwrap_or_default();
        let link = format!("{}{fragment}", base.split('#').next().unwrap_or_default());
        // Without an event: opening our own link again would only reload what is shown.
        // A tab in a room keeps the room's address.
        let in_room = lab.client.moment.with_untracked(|moment| moment.as_ref().is_some_and(|m| m.room.is_some()));
        if let (false, Ok(history)) = (in_room, window.history()) {
            drop(history.replace_state_with_url(&JsValue::NULL, "", Some(&fragment)));
        }
        let copied = JsFuture::from(window.navigator().clipboard().write_text(&link));
        spawn_local(async move {
            let key = if copied.await.is_ok() { "link-copied" } else { "link-in-bar" };
            lab.notice.set(Some(fill(key, &[&link.len().to_string()])));
        });
    });
}

fn load(lab: Lab, text: String, shown: impl Fn(Option<String>) + 'static) {
    lab.client.ask(Request::LoadText { text }, move |result| {
        let problem = result.err().map(|refused| refused.message);
        if problem.is_none() {
            lab.look_afresh();
        }
        shown(problem);
    });
}

async fn read(file: &web_sys::File) -> Result<String, String> {
    if file.size() > MAX_SCENARIO_BYTES as f64 {
        return Err(fill("file-too-large", &[&file.name(), &MAX_SCENARIO_BYTES.to_string()]));
    }
    let text = JsFuture::from(file.text()).await.map_err(|error| format!("{error:?}"))?;
    text.as_string().ok_or_else(|| fill("file-not-text", &[&file.name()]))
}

fn save(lab: Lab) {
    lab.client.ask(Request::Capsule, |result| {
        if let Ok(json) = result {
            // A browser that cannot make a file of text has nothing to save to.
            drop(download("tabchain-capsule.json", "application/json", &json));
        }
    });
}

/// Gives a text to the browser as a file.
pub(super) fn download(name: &str, kind: &str, text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&text.into()), &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&url)
}
