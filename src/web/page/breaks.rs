//! Where time stops by itself, and whether it slows down for messages: a small menu in the bar of time, and why it has stopped.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::Lab;
use crate::web::{
    protocol::{Breaks, Request},
    strings::{text, worded},
};

#[component]
pub(super) fn BreaksMenu() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let open = RwSignal::new(false);
    let opener = NodeRef::<html::Button>::new();
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            open.set(false);
            // What cannot take the focus leaves it where it is.
            drop(opener.get_untracked().map(|opener| opener.focus()));
        }
    };
    let row = move |key: &'static str, part: fn(&mut Breaks) -> &mut bool| {
        let change = move |event| {
            lab.breaks.update(|breaks| *part(breaks) = event_target_checked(&event));
            lab.tell(Request::Breaks { breaks: lab.breaks.get_untracked() });
        };
        let is_on = move || lab.breaks.with(|breaks| *part(&mut breaks.clone()));
        view! { <label class="switch"><input type="checkbox" prop:checked=is_on on:change=change />{text(key)}</label> }
    };
    let count = move || lab.breaks.with(|b| [b.reorg, b.penalty, b.expired, b.violated, b.slow]);
    let any = move || count().contains(&true);
    view! {
        <div class="breaks" on:keydown=escape>
            <button
                node_ref=opener
                aria-expanded=move || open.get().to_string()
                aria-label=text("breaks")
                title=text("breaks")
                class:on=any
                on:click=move |_| open.update(|open| *open = !*open)
            >{move || if any() { "◉" } else { "◎" }}</button>
            <Show when=move || open.get()>
                <fieldset class="menu">
                    <legend>{text("breaks-pause")}</legend>
                    {row("pause-reorg", |breaks| &mut breaks.reorg)}
                    {row("pause-penalty", |breaks| &mut breaks.penalty)}
                    {row("pause-expired", |breaks| &mut breaks.expired)}
                    {row("pause-violated", |breaks| &mut breaks.violated)}
                    <hr />
                    {row("slow-down", |breaks| &mut breaks.slow)}
                </fieldset>
            </Show>
        </div>
    }
}

/// Why time has stopped by itself.
#[component]
pub(super) fn Stopped() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let stopped = lab.slice(|moment| moment.transport.stopped.clone());
    let sentence = move || {
        let stop = stopped.get().flatten()?;
        let values: Vec<&str> = stop.values.iter().map(String::as_str).collect();
        worded(&stop.code, &values)
    };
    view! { <small class="slow" role="status">{sentence}</small> }
}
