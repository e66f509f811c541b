//! The bar on top: which run this is, how messages travel, whether the promises hold, and sharing.

use leptos::prelude::*;

use super::{Lab, format, pages::Pages, room, share::Share, sheet::Sheet};
use crate::{
    view::Light,
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

#[component]
pub(super) fn Header() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let run = lab.slice(|moment| {
        (moment.transport.name.clone(), moment.transport.seed.clone(), moment.transport.block_interval)
    });
    let live = lab.slice(|moment| moment.transport.live);
    let lights = lab.slice(|moment| moment.world.lights.clone());
    let title = move || {
        let (name, seed, _) = run.get().unwrap_or_default();
        if name.is_empty() { fill("run-seed", &[&seed]) } else { name }
    };
    let interval = move || run.get().map(|(_, _, interval)| fill("pow-interval", &[&(interval / 1_000).to_string()]));
    view! {
        <header>
            <h1><span class="logo" aria-hidden="true"></span>"Tabchain"</h1>
            <Pages />
            <span class="pill wide"><b>{title}</b></span>
            <span class="pill wide">{interval}</span>
            <label class="pill switch wide" title=text("live-hint")>
                <input
                    id="live"
                    type="checkbox"
                    role="switch"
                    prop:checked=move || live.get().unwrap_or_default()
                    on:change=move |event| lab.tell(Request::Carrier { live: event_target_checked(&event) })
                />
                {text("live")}
            </label>
            <room::Pill />
            <span class="grow"></span>
            <ul class="lights" aria-label=text("invariants")>
                {move || lights.get().unwrap_or_default().into_iter().map(|light| view! { <LightDot light /> }).collect_view()}
            </ul>
            <button class="presets" on:click=move |_| lab.sheet.set(Some(Sheet::Presets))>{text("presets")}</button>
            <button
                class="palette"
                title=text("palette")
                aria-keyshortcuts="Control+K Meta+K"
                on:click=move |_| lab.sheet.set(Some(Sheet::Palette))
            >
                <span aria-hidden="true">"⌘K"</span>
                <span class="hidden">{text("palette")}</span>
            </button>
            <Share />
        </header>
    }
}

/// One promise: grey until it was evaluated, then kept or broken; the sign says so without colour.
#[component]
fn LightDot(light: Light) -> impl IntoView {
    let (class, sign, key) = match (light.checked, light.violated) {
        (0, _) => ("unknown", "·", "light-unknown"),
        (_, 0) => ("kept", "✓", "light-kept"),
        _ => ("broken", "✗", "light-broken"),
    };
    let name = match light.number {
        1 => text("invariant-1"),
        2 => text("invariant-2"),
        3 => text("invariant-3"),
        4 => text("invariant-4"),
        5 => text("invariant-5"),
        6 => text("invariant-6"),
        _ => text("invariant-7"),
    };
    let label = fill(key, &[name, &format::grouped(light.checked), &light.violated.to_string()]);
    let title = label.clone();
    view! { <li class=class title=title><span aria-hidden="true">{sign}</span><span class="hidden">{label}</span></li> }
}
