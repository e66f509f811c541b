//! How the page looks and speaks, kept by the browser. `www/theme.js` puts the looks in place before anything is drawn.

use leptos::prelude::*;

use super::pages::Pages;
use crate::web::strings::{self, text};

/// What a setting can be: its value in the browser's storage, and its word. The first is how it is without one.
type Choices = &'static [(&'static str, &'static str)];

const THEMES: Choices = &[("system", "theme-system"), ("light", "theme-light"), ("dark", "theme-dark")];
const CONTRASTS: Choices = &[("system", "theme-system"), ("more", "contrast-more"), ("normal", "contrast-normal")];
const MOTIONS: Choices = &[("system", "theme-system"), ("reduce", "motion-reduce")];
const LANGUAGES: Choices = &[("en", "language-en"), (strings::PSEUDO, "language-pseudo")];

/// The name of the language in the browser's storage and in the document.
const LANGUAGE: &str = "lang";

/// Puts the language in place. Before the first word is shown.
pub(super) fn choose_language() {
    if stored(LANGUAGE).as_deref() == Some(strings::PSEUDO) {
        strings::choose_pseudo();
        apply(LANGUAGE, strings::PSEUDO);
    }
}

#[component]
pub(super) fn SettingsPage() -> impl IntoView {
    view! {
        <header>
            <h1><span class="logo" aria-hidden="true"></span>"Tabchain"</h1>
            <Pages />
        </header>
        <main class="page settings" tabindex="-1">
            <h2>{text("page-settings")}</h2>
            <Setting name="data-theme" label="theme" choices=THEMES />
            <Setting name="data-contrast" label="contrast" choices=CONTRASTS />
            <Setting name="data-motion" label="motion" choices=MOTIONS />
            <Setting name=LANGUAGE label="language" choices=LANGUAGES />
            <p class="hint">{text("settings-kept")}</p>
        </main>
    }
}

/// A choice that is also an attribute of the document; the language is read anew with the page.
#[component]
fn Setting(name: &'static str, label: &'static str, choices: Choices) -> impl IntoView {
    let now = stored(name).unwrap_or_else(|| choices[0].0.to_owned());
    let choose = move |event| {
        let value = event_target_value(&event);
        store(name, &value);
        apply(name, &value);
        if name == LANGUAGE {
            // A page that cannot be loaded again keeps its language until it is.
            drop(window().location().reload());
        }
    };
    let option = |(value, key): &(&'static str, &'static str)| {
        view! { <option value=*value selected=*value == now>{text(key)}</option> }
    };
    view! {
        <label class="setting">
            <span>{text(label)}</span>
            <select on:change=choose>{choices.iter().map(option).collect_view()}</select>
        </label>
    }
}

fn apply(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        drop(if value == "system" { root.remove_attribute(name) } else { root.set_attribute(name, value) });
    }
}

/// Without storage every setting is as it is without one.
pub(super) fn stored(name: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(name).ok()?
}

pub(super) fn store(name: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A full or forbidden storage forgets the choice with the tab.
        drop(storage.set_item(name, value));
    }
}
