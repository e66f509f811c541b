//! The bar on top: which run this is, how messages travel, whether the promises hold, and sharing.

use leptos::{ev::MouseEvent, prelude::*};

use super::{Lab, format, glossary::explain, pages::Pages, room, share::Share, sheet::Sheet};
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
    let staked = lab.slice(|moment| moment.world.stake.is_some());
    let interval = move || {
        let seconds = run.get().map(|(_, _, interval)| (interval / 1_000).to_string())?;
        Some(fill(if staked.get() == Some(true) { "pos-interval" } else { "pow-interval" }, &[&seconds]))
    };
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
                <For each=move || 0..lights.with(|lights| lights.as_ref().map_or(0, Vec::len)) key=Clone::clone let:at>
                    <LightDot lights at />
                </For>
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

/// One promise: grey until it was evaluated, then kept or broken; the sign says so without colour, and pressed it says what it is.
#[component]
fn LightDot(lights: Memo<Option<Vec<Light>>>, at: usize) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let light = Memo::new(move |_| lights.with(|lights| lights.as_ref()?.get(at).cloned()));
    let look =
        Memo::new(move |_| match light.with(|light| light.as_ref().map(|light| (light.checked, light.violated))) {
            None | Some((0, _)) => ("unknown", "·", "light-unknown"),
            Some((_, 0)) => ("kept", "✓", "light-kept"),
            Some(_) => ("broken", "✗", "light-broken"),
        });
    let label = move || {
        light.with(|light| {
            let light = light.as_ref()?;
            Some(fill(look.get().2, &[promise(light), &format::grouped(light.checked), &light.violated.to_string()]))
        })
    };
    let press = move |event: MouseEvent| explain(lab, &event, "invariant", untrack(label).unwrap_or_default());
    view! {
        <li><button class=move || look.get().0 title=label aria-label=label on:click=press>
            <span aria-hidden="true">{move || look.get().1}</span>
        </button></li>
    }
}

fn promise(light: &Light) -> &'static str {
    match light.number {
        1 => text("invariant-1"),
        2 => text("invariant-2"),
        3 => text("invariant-3"),
        4 => text("invariant-4"),
        5 => text("invariant-5"),
        6 => text("invariant-6"),
        7 => text("invariant-7"),
        _ => text("invariant-10"),
    }
}
