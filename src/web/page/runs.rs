//! Runs that come and go: links, files, and those that the browser has kept.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, HtmlInputElement, Url};

use super::{Lab, recovery, saved::Saved};
use crate::{
    sim::MAX_SCENARIO_BYTES,
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

/// What a downloaded run is called.
pub(super) const FILE_NAME: &str = "tabchain-capsule.json";
const JSON: &str = "application/json";

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
            <label class="button">{text("open-file")}<input id="open-file" class="hidden" type="file" accept=".json,application/json" on:change=open /></label>
        </div>
        <p class="problem" role="alert">{move || problem.get()}</p>
        <Saved />
    }
}

/// Opens the run of a link; `look` once it is there, `otherwise` if what was shown stays.
pub(super) fn open_link(lab: Lab, run: String, look: impl Fn() + 'static, otherwise: impl Fn() + 'static) {
    lab.client.ask(Request::OpenLink { run }, lab.client.place, move |result| match result {
        Ok(_) => {
            lab.notice.set(None);
            lab.forget();
            look();
        }
        Err(refused) => {
            lab.notice.set(Some(fill("bad-link", &[&refused.message])));
            otherwise();
        }
    });
}

/// Begins with a capsule or scenario; `done` is told what is wrong with it.
pub(super) fn load(lab: Lab, text: String, done: impl Fn(Option<String>) + 'static) {
    lab.client.ask(Request::LoadText { text }, lab.client.place, move |result| {
        let problem = result.err().map(|refused| refused.message);
        if problem.is_none() {
            lab.look_afresh();
        }
        done(problem);
    });
}

/// Saves this moment as a file.
pub(super) fn save(lab: Lab) {
    lab.client.ask(Request::Capsule, lab.client.place, |result| {
        if let Ok(json) = result {
            recovery::remember(&json);
            // A browser that cannot make a file of text has nothing to save to.
            drop(download_run(&json));
        }
    });
}

/// A capsule as a download.
pub(super) fn download_run(json: &str) -> Result<(), JsValue> {
    download(FILE_NAME, JSON, json)
}

/// Gives a text to the browser as a file.
pub(super) fn download(name: &str, kind: &str, text: &str) -> Result<(), JsValue> {
    give(name, &blob_of(kind, text)?)
}

/// Gives something to the browser as a file.
pub(super) fn give(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&url)
}

/// Text as what a file holds.
pub(super) fn blob_of(kind: &str, text: &str) -> Result<Blob, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&text.into()), &options)
}

/// An address of text in this tab.
pub(super) fn url_of(kind: &str, text: &str) -> Result<String, JsValue> {
    Url::create_object_url_with_blob(&blob_of(kind, text)?)
}

/// The address of a capsule in this tab.
pub(super) fn url_of_run(json: &str) -> Result<String, JsValue> {
    url_of(JSON, json)
}

async fn read(file: &web_sys::File) -> Result<String, String> {
    if file.size() > MAX_SCENARIO_BYTES as f64 {
        return Err(fill("file-too-large", &[&file.name(), &MAX_SCENARIO_BYTES.to_string()]));
    }
    let text = JsFuture::from(file.text()).await.map_err(|error| format!("{error:?}"))?;
    text.as_string().ok_or_else(|| fill("file-not-text", &[&file.name()]))
}
