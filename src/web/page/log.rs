//! What happened, worded; and the live region that tells of what matters.

use leptos::prelude::*;

use super::{Lab, format};
use crate::{
    view::LogLine,
    web::strings::{text, worded},
};

#[component]
pub(super) fn Log() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let lines = lab.slice(|moment| moment.world.log.clone());
    let row = move |line: &LogLine| {
        let (time, sentence, block) = (format::clock(line.key.time), sentence(line), line.block);
        let sentence = match block {
            Some(id) => {
                view! { <button class="text" on:click=move |_| lab.look_at_block(id)>{sentence}</button> }.into_any()
            }
            None => sentence.into_any(),
        };
        view! { <li class=line.code.clone()><time>{time}</time><span>{sentence}</span></li> }
    };
    view! {
        <h3>{text("log")}</h3>
        <ol class="log" tabindex="0" aria-label=text("log")>
            {move || lines.with(|lines| lines.iter().flatten().map(row).collect_view())}
        </ol>
    }
}

/// Tells screen readers of reorgs, at most once every two seconds of moments.
#[component]
pub(super) fn Announcer() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let reorgs = lab.slice(|moment| moment.world.log.iter().find(|line| line.code == "reorged").map(sentence));
    view! { <div class="hidden" role="status" aria-live="polite">{move || reorgs.get().flatten()}</div> }
}

/// The sentence of a line: `Alpha: found block #12 (0003c1…)`.
pub(super) fn sentence(line: &LogLine) -> String {
    let values: Vec<&str> = line.values.iter().map(String::as_str).collect();
    let what = worded(&format!("log-{}", line.code), &values).unwrap_or_else(|| line.code.clone());
    line.node.as_ref().map_or(what.clone(), |node| format!("{node}: {what}"))
}
