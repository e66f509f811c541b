//! The rules of what is selected: each with the values compared, and what came of it.

use leptos::prelude::*;

use super::edit;
use crate::{
    view::{Outcome, RuleRow, Selection},
    web::{
        page::{Lab, format},
        strings::{self, fill, text},
    },
};

/// What is said of an outcome.
#[derive(Clone, Copy)]
struct Words {
    kept: &'static str,
    broken: &'static str,
    /// Whether broken is a fault, or just the rule that stops something.
    faulty: bool,
}

const JUDGED: Words = Words { kept: "passed", broken: "failed", faulty: true };
const STEPS: Words = Words { kept: "possible", broken: "not-now", faulty: false };

#[component]
pub(super) fn RulesPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    // Of a copy that is edited, or of the thing itself.
    let rules = lab.slice(|moment| {
        let inspection = moment.world.inspection.as_ref()?;
        inspection.edit.as_ref().map(|edit| edit.rules.clone()).or_else(|| inspection.rules.clone())
    });
    let fixes = lab.slice(|moment| Some(moment.world.inspection.as_ref()?.edit.as_ref()?.fixes.clone()));
    let rows = Memo::new(move |_| rules.get().flatten().map(|rules| rules.rows).unwrap_or_default());
    let notes = Memo::new(move |_| rules.get().flatten().map(|rules| rules.notes).unwrap_or_default());
    let steps = Memo::new(move |_| rules.get().flatten().map(|rules| rules.steps).unwrap_or_default());
    let here = move || rules.with(|rules| rules.as_ref().is_some_and(Option::is_some));
    let row = move |rows: Memo<Vec<RuleRow>>, words: Words, at: usize| {
        let row = Memo::new(move |_| rows.with(|rows| rows.get(at).cloned()));
        let fix = Memo::new(move |_| {
            let found = |(row, rule): &(usize, String)| (*row == at && words.faulty).then(|| rule.clone());
            fixes.with(|fixes| fixes.iter().flatten().flatten().find_map(found))
        });
        move || row.get().map(|row| line(lab, row, words, fix.get()))
    };
    view! {
        <Judge />
        <Show when=here fallback=|| view! { <p class="empty">{text("no-rules")}</p> }>
            <p class="rules-sum" id="rules-sum" role="status" tabindex="-1">{move || rows.with(|rows| sum(rows))}</p>
            {move || notes.with(|notes| notes.iter().map(note).collect_view())}
            <ul class="rules" aria-label=text("tab-rules")>
                <For each=move || 0..rows.with(Vec::len) key=|at| *at let:at>{row(rows, JUDGED, at)}</For>
            </ul>
            <Show when=move || !steps.with(Vec::is_empty)>
                <h3>{text("steps-title")}</h3>
                <p class="note">{text("steps-about")}</p>
                <ul class="rules" aria-label=text("steps-title")>
                    <For each=move || 0..steps.with(Vec::len) key=|at| *at let:at>{row(steps, STEPS, at)}</For>
                </ul>
            </Show>
        </Show>
    }
}

/// Whose ledger and mempool judge. A message is judged by its receiver, a node by itself.
#[component]
fn Judge() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let judged = lab.slice(|moment| {
        let inspection = moment.world.inspection.as_ref()?;
        let by_node = match inspection.selection {
            Selection::Block { .. } | Selection::Transaction { .. } | Selection::Channel { .. } => true,
            Selection::Node { .. } | Selection::Message { .. } | Selection::Payment { .. } => false,
        };
        by_node.then(|| inspection.judge.clone())?
    });
    let names = lab.slice(|moment| {
        let nodes = moment.world.network.nodes.iter();
        nodes.filter(|node| node.on).map(|node| node.name.clone()).collect::<Vec<_>>()
    });
    let choose = move |event| {
        let name = event_target_value(&event);
        lab.refocus(|focus| focus.judge = Some(name));
    };
    let option = move |name: String| {
        let (value, shown) = (name.clone(), name.clone());
        let selected = move || judged.with(|judge| judge.as_ref().and_then(Option::as_ref) == Some(&name));
        view! { <option value=value selected=selected>{shown}</option> }
    };
    let options = move || names.get().unwrap_or_default().into_iter().map(option).collect_view();
    view! {
        <Show when=move || judged.get().flatten().is_some()>
            <label class="judge"><span>{text("judge")}</span><select on:change=choose>{options}</select></label>
        </Show>
    }
}

fn sum(rows: &[RuleRow]) -> String {
    let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
    let (kept, broken, open) = (count(Outcome::Kept), count(Outcome::Broken), count(Outcome::Open));
    let values = [kept, rows.len(), broken, open].map(|count| count.to_string());
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    match (broken, open) {
        _ if rows.is_empty() => String::new(),
        (0, 0) => fill("all-kept", &values),
        (0, _) => fill("some-open", &values),
        _ => fill("some-broken", &values),
    }
}

/// What is broken, in a line.
pub(super) fn broken(rows: &[RuleRow]) -> String {
    let broken = rows.iter().filter(|row| row.outcome == Outcome::Broken);
    let title = |row: &RuleRow| {
        let whole = worded("rule", &row.code, &row.values);
        whole.split(": ").next().unwrap_or_default().to_owned()
    };
    let mut titles: Vec<String> = broken.map(title).collect();
    titles.dedup();
    if titles.is_empty() { sum(rows) } else { fill("edit-broken", &[&titles.join(", ")]) }
}

fn note((code, values): &(String, Vec<String>)) -> impl IntoView + use<> {
    view! { <p class="note">{worded("note", code, values)}</p> }
}

fn line(lab: Lab, row: RuleRow, words: Words, fix: Option<String>) -> impl IntoView + use<> {
    let (class, mark, word) = match row.outcome {
        Outcome::Kept => ("kept", "✓", text(words.kept)),
        Outcome::Broken if words.faulty => ("broken", "✗", text(words.broken)),
        Outcome::Broken => ("open", "✗", text(words.broken)),
        Outcome::Open => ("open", "–", text("not-evaluated")),
    };
    let whole = worded("rule", &row.code, &row.values);
    let has_places = whole.contains("{$");
    // `Title: what is compared`. Without values, or of many, only the title can be said.
    let (title, compared) = whole.split_once(": ").map_or((whole.as_str(), ""), |(title, rest)| (title, rest));
    let (title, compared) = (title.to_owned(), compared.to_owned());
    let fix = fix.map(|rule| edit::fix(lab, rule, row.transaction, &title));
    let detail = match (row.outcome, row.counts) {
        (_, Some((kept, all))) => fill("kept-by", &[&format::grouped(kept), &format::grouped(all)]),
        (Outcome::Open, None) if row.values.is_empty() => String::new(),
        (Outcome::Broken, None) if row.values.is_empty() => row.why.clone().unwrap_or_default(),
        // Kept in another way than its sentence tells.
        (Outcome::Kept, None) if row.values.is_empty() && has_places => String::new(),
        (_, None) => compared,
    };
    let is_said = row.outcome == Outcome::Open || (row.outcome == Outcome::Broken && !words.faulty);
    let why = is_said.then(|| worded("why", &row.why.unwrap_or_default(), &[]));
    let apart = (!detail.is_empty() && why.is_some()).then_some(": ");
    let which = row.transaction.map(|id| {
        let look = move |_| lab.look_at(Selection::Transaction { id, block: None });
        view! { <button class="text" on:click=look>{fill("transaction-title", &[&id.short()])}</button> }
    });
    view! {
        <li class=class>
            <span class="mark" aria-hidden="true">{mark}</span>
            <div>
                <b>{title}</b>" "<span class="verdict">{word}</span>
                <code>{detail}{apart}{why}</code>
                {which}
                {fix}
            </div>
        </li>
    }
}

/// The sentence of a code, its numbers grouped.
fn worded(family: &str, code: &str, values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| number(value)).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    strings::worded(&format!("{family}-{code}"), &values).unwrap_or_else(|| code.to_owned())
}

/// Numbers are grouped; hashes and names are not.
fn number(value: &str) -> String {
    let digits = value.len() < 21 && value.bytes().all(|byte| byte.is_ascii_digit());
    if digits { format::grouped(value) } else { value.to_owned() }
}
