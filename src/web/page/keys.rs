//! The actions that need nothing to be chosen, each with its key and its word: what the key listener does, what the list of keys tells and what
//! the palette begins with are one table.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::{
    Lab,
    deeds::Deed,
    present::{self, Scene},
    settings::{store, stored},
    sheet::Sheet,
};
use crate::{view::Page, web::strings::text};

/// An action, its key (nothing if it has none) and the key of its word.
pub(super) const TABLE: [(Deed, &str, &str); 31] = [
    (Deed::Show(Sheet::Palette), "Ctrl K", "palette"),
    (Deed::Show(Sheet::Keys), "?", "keys"),
    (Deed::Toggle, "Space", "play-pause"),
    (Deed::StepEvent, ".", "step-event"),
    (Deed::StepBack, ",", "step-back"),
    (Deed::StepBlock, "b", "step-block"),
    (Deed::Rewind, "", "rewind"),
    (Deed::Undo, "Ctrl Z", "undo"),
    (Deed::Redo, "Ctrl Shift Z", "redo"),
    (Deed::Show(Sheet::Presets), "g", "presets"),
    (Deed::Show(Sheet::Scenario), "e", "edit-scenario"),
    (Deed::Press("#open-channel"), "", "open-channel"),
    (Deed::Press("#send-payment"), "", "send-payment"),
    (Deed::Press("#add-node"), "", "add-node"),
    (Deed::Split, "", "split"),
    (Deed::HealAll, "", "heal-all"),
    (Deed::Press("#live"), "", "live"),
    (Deed::Press("#share"), "", "share"),
    (Deed::Save, "", "save-capsule"),
    (Deed::Press("#open-file"), "", "open-file"),
    (Deed::Press(".room-open"), "", "room-open"),
    (Deed::Present(Scene::Network), "p", "present-network"),
    (Deed::Present(Scene::Chain), "", "present-chain"),
    (Deed::Present(Scene::SpaceTime), "", "present-space-time"),
    (Deed::Present(Scene::Channels), "", "present-channels"),
    (Deed::Present(Scene::Payments), "", "present-payments"),
    (Deed::Present(Scene::Charts), "", "present-charts"),
    (Deed::Go(Page::Lab), "", "page-lab"),
    (Deed::Go(Page::Explore), "", "page-explore"),
    (Deed::Go(Page::Bench), "", "page-bench"),
    (Deed::Go(Page::Settings), "", "page-settings"),
];

/// What other keys mean while a view is presented.
const PRESENTING: [(Deed, &str, &str); 4] = [
    (Deed::StepEvent, "Space", "next-event"),
    (Deed::StepEvent, "→", "next-event"),
    (Deed::StepBlock, "Shift →", "next-block"),
    (Deed::Leave, "Esc", "leave-presenting"),
];

/// Whether keys of one letter do anything; Ctrl K always does. The browser keeps it.
#[derive(Clone, Copy)]
pub(super) struct Single(RwSignal<bool>);

/// Under this name, and as what, it is kept that they do nothing.
const SINGLE: (&str, &str) = ("single-keys", "off");

impl Single {
    /// As they were left.
    pub(super) fn kept() -> Self {
        Self(RwSignal::new(stored(SINGLE.0).as_deref() != Some(SINGLE.1)))
    }

    fn set(self, on: bool) {
        self.0.set(on);
        store(SINGLE.0, if on { "on" } else { SINGLE.1 });
    }
}

/// Listens for as long as the page is there.
pub(super) fn listen(lab: Lab, single: Single) {
    let handle = window_event_listener(ev::keydown, move |event| {
        let covered = lab.sheet.with_untracked(Option::is_some);
        if !covered && !takes(&event) && present::press(lab, &event) {
            return event.prevent_default();
        }
        let name = name_of(&event);
        let Some((deed, ..)) = TABLE.iter().find(|(_, key, _)| !key.is_empty() && *key == name) else {
            return;
        };
        let everywhere = *deed == Deed::Show(Sheet::Palette);
        let spoken = !name.starts_with("Ctrl") && !single.0.get_untracked();
        let elsewhere = lab.route.page.get_untracked() != Page::Lab && !matches!(deed, Deed::Show(_));
        let silent = elsewhere || covered || spoken || takes(&event);
        if silent && !everywhere {
            return;
        }
        event.prevent_default();
        deed.run(lab);
    });
    // The page never goes away while the tab is open.
    std::mem::forget(handle);
}

/// The key as the table writes it; nothing for combinations that are the browser's.
fn name_of(event: &KeyboardEvent) -> String {
    let control = event.ctrl_key() || event.meta_key();
    match event.key().as_str() {
        "k" | "K" if control && !event.alt_key() && !event.shift_key() => "Ctrl K".to_owned(),
        "z" | "Z" if control && !event.alt_key() && !event.shift_key() => "Ctrl Z".to_owned(),
        "z" | "Z" | "y" if control && !event.alt_key() => "Ctrl Shift Z".to_owned(),
        _ if control || event.alt_key() => String::new(),
        " " => "Space".to_owned(),
        key => key.to_owned(),
    }
}

/// Whether the key belongs to what has the focus: text to a field, Space to a button.
fn takes(event: &KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let tag = element.as_ref().map(web_sys::Element::tag_name).unwrap_or_default();
    // A slider or a switch takes no text.
    let input = element.and_then(|element| element.dyn_into::<web_sys::HtmlInputElement>().ok());
    let slides = input.is_some_and(|input| matches!(input.type_().as_str(), "range" | "checkbox"));
    let typing = matches!(tag.as_str(), "INPUT" | "SELECT" | "TEXTAREA") && !slides;
    typing || (event.key() == " " && matches!(tag.as_str(), "BUTTON" | "SUMMARY"))
}

/// The list of keys, and a switch for whoever speaks to the computer: letters spoken are no keys pressed.
#[component]
pub(super) fn KeyList() -> impl IntoView {
    let single = expect_context::<Single>();
    let row = |(_, key, word): &(Deed, &'static str, &'static str)| {
        let keys = key.split(' ').map(|key| view! { <kbd>{key.to_owned()}</kbd> }).collect_view();
        view! { <tr><th scope="row">{text(word)}</th><td>{keys}</td></tr> }
    };
    let rows = TABLE.iter().filter(|(_, key, _)| !key.is_empty()).map(row).collect_view();
    let presenting = PRESENTING.iter().map(row).collect_view();
    view! {
        <table class="key-list"><tbody>{rows}</tbody></table>
        <h3>{text("while-presenting")}</h3>
        <table class="key-list"><tbody>{presenting}</tbody></table>
        <label class="switch">
            <input
                type="checkbox"
                role="switch"
                autofocus
                prop:checked=move || single.0.get()
                on:change=move |event| single.set(event_target_checked(&event))
            />
            {text("single-keys")}
        </label>
        <p class="note">{text("keys-note")}</p>
    }
}
