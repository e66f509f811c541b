//! The present scenario as JSON: changed, checked, begun with, copied. What is wrong is said with its place, and its line is selected.

use leptos::{ev::SubmitEvent, html, prelude::*};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{Lab, Place};
use crate::web::{
    protocol::Request,
    strings::{fill, text},
};

#[component]
pub(super) fn ScenarioEditor() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let area = NodeRef::<html::Textarea>::new();
    let problem = RwSignal::new(None::<String>);
    let said = RwSignal::new("");
    let place = Place::here();
    let written = move || area.get_untracked().map(|area| area.value()).unwrap_or_default();
    lab.client.ask(Request::Scenario, place, move |result| {
        if let (Ok(json), Some(area)) = (result, area.get_untracked()) {
            area.set_value(&json);
        }
    });
    let check = move |then: fn(Lab, String)| {
        let json = written();
        lab.client.ask(Request::Check { text: json.clone() }, place, move |answer| {
            // The number of the line, and what is wrong there; nothing if nothing is.
            let answer = answer.unwrap_or_else(|refused| format!("1\n{}", refused.message));
            let wrong = answer.split_once('\n');
            problem.set(wrong.map(|(line, message)| fill("at-line", &[line, message])));
            said.set(if wrong.is_none() { text("scenario-good") } else { "" });
            match wrong {
                Some((line, _)) => select_line(area, &json, line.parse().unwrap_or(1)),
                None => then(lab, json),
            }
        });
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        check(begin);
    };
    let copy = move |_| {
        let copied = JsFuture::from(window().navigator().clipboard().write_text(&written()));
        spawn_local(async move { said.set(text(if copied.await.is_ok() { "copied" } else { "not-copied" })) });
    };
    view! {
        <form class="scenario" on:submit=submit>
            <label for="scenario-text">{text("scenario-about")}</label>
            <textarea
                id="scenario-text"
                node_ref=area
                autofocus
                wrap="off"
                spellcheck="false"
                aria-invalid=move || problem.with(Option::is_some).to_string()
                aria-describedby="scenario-problem"
                on:input=move |_| said.set("")
            ></textarea>
            <p class="problem" id="scenario-problem" role="alert">{move || problem.get()}</p>
            <div class="row">
                <button class="primary" type="submit">{text("begin")}</button>
                <button type="button" on:click=move |_| check(|_, _| {})>{text("check")}</button>
                <button type="button" on:click=copy>{text("copy")}</button>
                <span role="status">{move || said.get()}</span>
            </div>
        </form>
    }
}

fn begin(lab: Lab, text: String) {
    lab.client.ask(Request::LoadText { text }, lab.client.place, move |result| {
        if result.is_ok() {
            lab.look_afresh();
            lab.sheet.set(None);
        }
        lab.notice.set(result.err().map(|refused| refused.message));
    });
}

/// Selects a line, counted from 1, and brings it into view.
fn select_line(area: NodeRef<html::Textarea>, text: &str, line: usize) {
    let Some(area) = area.get_untracked() else {
        return;
    };
    // The browser counts as JavaScript does, in pairs of bytes.
    let length = |line: &str| u32::try_from(line.encode_utf16().count()).unwrap_or(u32::MAX);
    let start = text.split('\n').take(line - 1).map(|line| length(line) + 1).sum::<u32>();
    let end = start + text.split('\n').nth(line - 1).map_or(0, length);
    // A place that is not there selects nothing.
    drop(area.focus());
    drop(area.set_selection_range(start, end));
    let lines = i32::try_from(text.split('\n').count()).unwrap_or(i32::MAX);
    let above = i32::try_from(line.saturating_sub(4)).unwrap_or(0);
    area.set_scroll_top(area.scroll_height() / lines.max(1) * above);
}
