//! The bar at the bottom: time, played, stepped, rewound.

use leptos::prelude::*;

use super::{
    Lab,
    breaks::{BreaksMenu, Stopped},
    deeds::Deed,
    format,
};
use crate::{
    primitives::Timestamp,
    web::{
        protocol::Request,
        strings::{fill, text, worded},
    },
};

/// Speeds to choose from, in percent of real time.
pub(super) const SPEEDS: [u32; 9] = [10, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

#[component]
pub(super) fn TransportBar() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let playing = lab.slice(|moment| moment.transport.playing);
    let is_playing = move || playing.get().unwrap_or_default();
    let button = move |key: &'static str, sign: &'static str, request: fn() -> Request| {
        view! { <button aria-label=text(key) title=text(key) on:click=move |_| lab.ask(request())>{sign}</button> }
    };
    view! {
        <footer aria-label=text("time")>
            <div class="transport" role="group" aria-label=text("transport")>
                {button("rewind", "|◂", || Request::Seek { time: Timestamp(0) })}
                {button("step-back", "◂", || Request::StepBack)}
                <button class="primary play" title=text("play-hint") on:click=move |_| Deed::Toggle.run(lab)>{move || text(if is_playing() { "pause" } else { "play" })}</button>
                {button("step-event", "▸", || Request::StepEvent)}
                {button("step-block", "▸▣", || Request::StepBlock)}
                <Again at=0 sign="↶" key="undo" none="nothing-to-undo" request=|| Request::Undo />
                <Again at=1 sign="↷" key="redo" none="nothing-to-redo" request=|| Request::Redo />
                <Speed />
                <BreaksMenu />
            </div>
            <Scrubber />
        </footer>
    }
}

/// A button that takes something back, or does it again, and says what.
#[component]
fn Again(
    at: usize,
    sign: &'static str,
    key: &'static str,
    none: &'static str,
    request: fn() -> Request,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let deed = lab.slice(move |moment| moment.transport.deeds[at].clone());
    let label = move || match deed.get().flatten() {
        Some((code, values)) => {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            format!("{}: {}", text(key), worded(&code, &values).unwrap_or(code))
        }
        None => text(none).to_owned(),
    };
    let is_none = move || deed.with(|deed| deed.as_ref().is_none_or(Option::is_none));
    // It stays where the focus may be.
    let press = move |_| {
        if !deed.with_untracked(|deed| deed.as_ref().is_none_or(Option::is_none)) {
            lab.ask(request());
        }
    };
    view! { <button aria-label=label title=label aria-disabled=move || is_none().to_string() on:click=press>{sign}</button> }
}

#[component]
fn Speed() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let speed = lab.slice(|moment| moment.transport.speed);
    let choose = move |event| {
        if let Ok(percent) = event_target_value(&event).parse() {
            lab.tell(Request::Speed { percent });
        }
    };
    let option = move |percent: u32| {
        view! { <option value=percent.to_string() selected=move || speed.get() == Some(percent)>{format::speed(percent)}</option> }
    };
    view! { <select aria-label=text("speed") on:change=choose>{SPEEDS.map(option).collect_view()}</select> }
}

#[component]
fn Scrubber() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let transport = lab.slice(|moment| moment.transport.clone());
    // While time is on its way the knob stands where it will be.
    let now = move || transport.with(|transport| transport.as_ref().map_or(0, |t| t.target.unwrap_or(t.now).0));
    let begin = move || transport.with(|transport| transport.as_ref().map_or(0, |transport| transport.begin.0));
    let end =
        move || transport.with(|transport| transport.as_ref().map_or(0, |transport| transport.end.0)).max(begin() + 1);
    let seek = move |event| {
        if let Ok(time) = event_target_value(&event).parse() {
            lab.tell(Request::Seek { time: Timestamp(time) });
        }
    };
    let status = move || {
        let transport = transport.get()?;
        let mut parts = vec![format::clock(transport.now), fill("events", &[&format::grouped(transport.events)])];
        if transport.seeking {
            parts.push(text("seeking").to_owned());
        } else if let Some(achieved) = transport.achieved {
            parts.push(fill("achieved", &[&format::speed(achieved / 10 * 10)]));
        }
        if transport.foreign > 0 {
            parts.push(fill("foreign", &[&transport.foreign.to_string()]));
        }
        Some(parts.join(" · "))
    };
    let slow = move || transport.with(|transport| transport.as_ref().is_some_and(|transport| transport.carrier_slow));
    view! {
        <div class="scrubber">
            <input
                type="range"
                aria-label=text("timeline")
                min=move || begin().to_string()
                max=move || end().to_string()
                step="1"
                prop:value=move || now().to_string()
                aria-valuetext=move || format::clock(Timestamp(now()))
                on:input=seek
            />
            <small data-testid="clock">{status}</small>
            <Stopped />
            <Futures />
            <Show when=slow>
                <small class="slow">
                    {text("carrier-slow")}" "
                    <button class="text" on:click=move |_| lab.tell(Request::Carrier { live: false })>{text("use-loopback")}</button>
                </small>
            </Show>
        </div>
    }
}

/// Futures that were left by acting in their past, each a button that takes it up again.
#[component]
fn Futures() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let branches = lab.slice(|moment| moment.transport.branches.clone());
    let button = move |(index, (left, end)): (usize, (Timestamp, Timestamp))| {
        let label = fill("take-up-future", &[&format::clock(left), &format::clock(end)]);
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        view! { <button on:click=move |_| lab.ask(Request::Branch { index })>{label}</button> }
    };
    view! {
        <Show when=move || branches.with(|branches| branches.as_ref().is_some_and(|branches| !branches.is_empty()))>
            <div class="futures" role="group" aria-label=text("futures")>
                {move || branches.get().unwrap_or_default().into_iter().enumerate().map(button).collect_view()}
            </div>
        </Show>
    }
}
