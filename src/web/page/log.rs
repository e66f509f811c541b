//! What happened, worded; and the live region that tells of what matters.

use std::time::Duration;

use leptos::prelude::*;

use super::{
    Lab, Place, format,
    settings::{store, stored},
};
use crate::{
    view::{LogFilter, LogKind, LogLine},
    web::strings::{text, worded},
};

/// How often news is told.
const EVERY: Duration = Duration::from_secs(2);

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
        <Filters />
        <ol class="log" tabindex="0" aria-label=text("log")>
            {move || lines.with(|lines| lines.iter().flatten().map(row).collect_view())}
        </ol>
    }
}

const KINDS: [(&str, LogKind); 4] = [
    ("filter-chain", LogKind::Chain),
    ("filter-channels", LogKind::Channels),
    ("filter-payments", LogKind::Payments),
    ("filter-actions", LogKind::Actions),
];
/// The names under which the browser keeps the filters.
const KEPT: [&str; 2] = ["log-node", "log-kind"];

/// The filters as they were left.
pub(super) fn kept() -> LogFilter {
    let [node, kind] = KEPT.map(|name| stored(name).filter(|value| !value.is_empty()));
    LogFilter { node, kind: kind.and_then(|kind| kind_of(&kind)) }
}

fn kind_of(key: &str) -> Option<LogKind> {
    KINDS.iter().find(|(of, _)| *of == key).map(|(_, kind)| *kind)
}

/// Which lines are shown: the engine leaves the others out.
#[component]
fn Filters() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let names = lab.slice(|moment| moment.world.network.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>());
    let node = Memo::new(move |_| lab.focus.with(|focus| focus.log.node.clone()));
    let kind = Memo::new(move |_| lab.focus.with(|focus| focus.log.kind));
    let of_node = move |name: String| {
        let (value, is_it) = (name.clone(), name.clone());
        view! { <option value=value selected=move || node.get().as_ref() == Some(&is_it)>{name}</option> }
    };
    let of_kind = move |(key, of): (&'static str, LogKind)| {
        view! { <option value=key selected=move || kind.get() == Some(of)>{text(key)}</option> }
    };
    let choose_node = move |event| {
        let name = event_target_value(&event);
        store(KEPT[0], &name);
        lab.refocus(|focus| focus.log.node = (!name.is_empty()).then_some(name));
    };
    let choose_kind = move |event| {
        let key = event_target_value(&event);
        store(KEPT[1], &key);
        lab.refocus(|focus| focus.log.kind = kind_of(&key));
    };
    view! {
        <div class="filters">
            <select aria-label=text("filter-node") on:change=choose_node>
                <option value="" selected=move || node.with(Option::is_none)>{text("filter-all-nodes")}</option>
                {move || names.get().unwrap_or_default().into_iter().map(of_node).collect_view()}
            </select>
            <select aria-label=text("filter-kind") on:change=choose_kind>
                <option value="" selected=move || kind.get().is_none()>{text("filter-all-kinds")}</option>
                {KINDS.map(of_kind).collect_view()}
            </select>
        </div>
    }
}

/// Tells screen readers the news, at most once every two seconds: of several in that time, the last.
#[component]
pub(super) fn Announcer() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let news = lab.slice(|moment| moment.world.news.clone());
    let (said, say) = signal(String::new());
    let (waiting, place) = (StoredValue::new(false), Place::here());
    Effect::new(move |_| {
        news.track();
        if waiting.get_value() {
            return;
        }
        waiting.set_value(true);
        place.after(EVERY, move || {
            waiting.set_value(false);
            say.set(news.with_untracked(|news| news.iter().flatten().map(sentence).collect()));
        });
    });
    view! { <div class="hidden" role="status" aria-live="polite" aria-label=text("news")>{said}</div> }
}

/// The sentence of a line: `Alpha: found block #12 (0003c1…)`.
pub(super) fn sentence(line: &LogLine) -> String {
    let values: Vec<&str> = line.values.iter().map(String::as_str).collect();
    let what = worded(&format!("log-{}", line.code), &values).unwrap_or_else(|| line.code.clone());
    line.node.as_ref().map_or(what.clone(), |node| format!("{node}: {what}"))
}
