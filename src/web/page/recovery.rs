//! When something breaks: the run, as far as it is known, can be taken away.

use std::{
    cell::{Cell, RefCell},
    panic::PanicHookInfo,
};

use leptos::prelude::*;

use super::runs;
use crate::web::strings::text;

thread_local! {
    /// The newest capsule that the engine has answered.
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
    static BROKEN: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the newest capsule at hand.
pub(super) fn remember(json: &str) {
    LAST.with_borrow_mut(|last| json.clone_into(last));
}

/// Says on the page, too, that the page has broken: nothing of it works after a panic.
pub(super) fn on_panic(info: &PanicHookInfo<'_>) {
    console_error_panic_hook::hook(info);
    // Those after the first are its consequences. Whatever fails here cannot be said anywhere else.
    if !BROKEN.replace(true) {
        show(&info.to_string()).unwrap_or_default();
    }
}

fn show(what: &str) -> Option<()> {
    let document = web_sys::window()?.document()?;
    let element = |name: &str, text: &str| {
        let element = document.create_element(name).ok()?;
        element.set_text_content(Some(text));
        Some(element)
    };
    let root = element("main", "")?;
    root.set_class_name("broken");
    let alert = element("div", "")?;
    alert.set_attribute("role", "alert").ok()?;
    root.append_child(&alert).ok()?;
    let again = element("a", text("reload"))?;
    again.set_attribute("href", "").ok()?;
    let mut parts =
        vec![element("h1", text("page-broken"))?, element("p", text("page-broken-hint"))?, element("pre", what)?];
    if let Some(url) = LAST.with_borrow(|last| (!last.is_empty()).then(|| runs::url_of_run(last).ok()).flatten()) {
        let download = element("a", text("download-run"))?;
        download.set_attribute("href", &url).ok()?;
        download.set_attribute("download", runs::FILE_NAME).ok()?;
        parts.push(download);
    }
    parts.push(again);
    for part in parts {
        alert.append_child(&part).ok()?;
    }
    let body = document.body()?;
    body.set_inner_html("");
    // Not only what was presented is shown now.
    body.set_class_name("");
    body.append_child(&root).ok()?;
    Some(())
}

/// A button that downloads the run as it was last known, if it was.
#[component]
pub(super) fn Download() -> impl IntoView {
    let known = LAST.with_borrow(|last| !last.is_empty());
    // A browser that cannot make a file of text has nothing to save to.
    let download = move |_| drop(LAST.with_borrow(|last| runs::download_run(last)));
    known.then(|| view! { <button on:click=download>{text("download-run")}</button> })
}
