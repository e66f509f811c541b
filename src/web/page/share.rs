//! Sharing: this moment as a link, a picture of the link, or a file.

use leptos::{html::Dialog, prelude::*};
use qrcodegen::{QrCode, QrCodeEcc};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{Lab, Place, format, runs};
use crate::{
    view::{Address, Opens},
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

/// Characters of a link that every address bar and messenger takes; a longer one is better a file.
const MAX_LINK: usize = 2_000;
/// Modules of quiet around a QR code (ISO/IEC 18004).
const QUIET: i32 = 4;

/// The button in the header and the dialog that it opens.
#[component]
pub(super) fn Share() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let (dialog, link) = (NodeRef::<Dialog>::new(), RwSignal::new(String::new()));
    let place = Place::here();
    let open = move |_| {
        lab.client.ask(Request::Link, place, move |result| {
            if let (Ok(run), Some(dialog)) = (result, dialog.get_untracked()) {
                link.set(share(lab, run));
                // It fails only if it is open already.
                drop(dialog.show_modal());
            }
        });
    };
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let (made, fits) = (move || !link.with(String::is_empty), move || link.with(String::len) <= MAX_LINK);
    view! {
        <button id="share" class="primary" on:click=open>{text("share")}</button>
        <dialog node_ref=dialog aria-label=text("share-title")>
            <h2>{text("share-title")}</h2>
            <p>{text("share-about")}</p>
            <Show when=made>
                <Show when=fits fallback=move || view! { <p>{move || fill("share-long", &[&format::grouped(link.with(String::len)), &format::grouped(MAX_LINK)])}</p> }>
                    <Link link />
                </Show>
            </Show>
            <p class="row">
                <button on:click=move |_| runs::save(lab)>{text("save-capsule")}</button>
                <span class="grow"></span>
                <button class="primary" on:click=close>{text("close")}</button>
            </p>
        </dialog>
    }
}

/// The link to this moment, which the address bar takes over; a tab in a room keeps the room's address.
fn share(lab: Lab, run: String) -> String {
    let selection = lab.focus.with_untracked(|focus| focus.selection.clone());
    let opens = Some(Opens::Run(run));
    let address = Address { opens: opens.clone(), selection: selection.clone(), ..Address::default() };
    let in_room = lab.client.moment.with_untracked(|moment| moment.as_ref().is_some_and(|m| m.room.is_some()));
    if !in_room {
        lab.route.is_now(opens, selection);
    }
    let base = window().location().href().unwrap_or_default();
    format!("{}{address}", base.split('#').next().unwrap_or_default())
}

#[component]
fn Link(link: RwSignal<String>) -> impl IntoView {
    let said = RwSignal::new(None::<&'static str>);
    Effect::new(move |_| {
        link.track();
        said.set(None);
    });
    let copy = move |_| {
        let copied = JsFuture::from(window().navigator().clipboard().write_text(&link.get_untracked()));
        spawn_local(async move {
            said.set(Some(if copied.await.is_ok() { text("copied") } else { text("not-copied") }));
        });
    };
    let select = |event: leptos::ev::FocusEvent| event_target::<web_sys::HtmlInputElement>(&event).select();
    view! {
        <label class="stack">
            {move || fill("share-link", &[&format::grouped(link.with(String::len))])}
            <input readonly=true prop:value=move || link.get() on:focus=select />
        </label>
        <p class="row"><button on:click=copy>{text("copy-link")}</button><span role="status">{move || said.get()}</span></p>
        {move || link.with(|link| code(link))}
    }
}

/// A QR code of the link; the longest still fits one.
fn code(link: &str) -> Option<impl IntoView + use<>> {
    let code = QrCode::encode_text(link, QrCodeEcc::Low).ok()?;
    let size = code.size();
    let dark = (0..size).flat_map(|y| (0..size).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y));
    let path: String = dark.map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect();
    let side = size + 2 * QUIET;
    Some(view! {
        <svg class="qr" role="img" aria-label=text("qr") viewBox=format!("{} {} {side} {side}", -QUIET, -QUIET) shape-rendering="crispEdges">
            <path d=path />
        </svg>
    })
}
