//! Payments over routes: how far each is, every attempt, and why it failed, by what the payer knows and by what is so.

mod detail;
mod form;

use leptos::prelude::*;

use super::{
    Lab, format, present,
    table::{Line, Table},
};
use crate::{
    primitives::Hash,
    view::{Cause, PaymentRow, PaymentState, Selection, Stage},
    web::strings::{fill, text, worded},
};
use detail::Detail;
use form::SendForm;

#[component]
pub(super) fn Payments() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let payments = lab.slice(|moment| moment.world.payments.clone());
    let rows = Memo::new(move |_| payments.get().map(|payments| payments.rows).unwrap_or_default());
    let ids = move || rows.with(|rows| rows.iter().map(|row| row.payment).collect::<Vec<_>>());
    let summary = move || {
        payments.get().map(|payments| {
            let values = [format::grouped(payments.under_way), format::grouped(payments.arrived)];
            fill("payments-summary", &[&values[0], &values[1], &format::grouped(payments.failed)])
        })
    };
    let sending = RwSignal::new(false);
    let presented = present::is_shown(lab, present::Scene::Payments);
    view! {
        <section class="payments" class:presented=move || presented.get() tabindex="-1" aria-labelledby="payments-title">
            <h2 id="payments-title" prop:ariaLevel=move || if presented.get() { "1" } else { "2" }>{text("payments")}<span>{summary}</span>
                <span class="tools">
                    <button
                        id="send-payment"
                        aria-expanded=move || sending.get().to_string()
                        on:click=move |_| sending.update(|open| *open = !*open)
                    >{text("send-payment")}</button>
                    <present::ViewTools scene=present::Scene::Payments />
                </span>
            </h2>
            <Show when=move || sending.get()><SendForm done=move || sending.set(false) /></Show>
            <Show when=move || rows.with(Vec::is_empty) && !sending.get()>
                <p class="hint">{text("no-payments-yet")}</p>
            </Show>
            <ul>
                <For each=ids key=Clone::clone let:id>
                    <Row id rows />
                </For>
            </ul>
            <Table name="payments" title=text("payments-table") head=HEAD.into() rows=move || rows.with(|rows| rows.iter().map(line).collect()) />
        </section>
    }
}

const HEAD: [&str; 7] = ["time", "payer", "payee", "amount", "fee", "attempts", "state"];

fn line(row: &PaymentRow) -> Line {
    let cells = vec![
        format::clock(row.began),
        row.from.clone(),
        row.to.clone(),
        format::grouped(row.amount),
        row.fee.map(format::grouped).unwrap_or_default(),
        row.attempts.len().to_string(),
        state(row),
    ];
    Line {
        key: row.payment.to_string(),
        at: Some(row.began),
        cells,
        look: Some(Selection::Payment { id: row.payment }),
    }
}

#[component]
fn Row(id: Hash, rows: Memo<Vec<PaymentRow>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let row = Memo::new(move |_| rows.with(|rows| rows.iter().find(|row| row.payment == id).cloned()));
    let of = move |what: fn(&PaymentRow) -> String| move || row.with(|row| row.as_ref().map(what));
    let is_shown = move || lab.payment.get() == Some(id);
    let toggle = move |_| lab.payment.update(|shown| *shown = if *shown == Some(id) { None } else { Some(id) });
    let stages = Memo::new(move |_| row.with(|row| row.as_ref().map(stages).unwrap_or_default()));
    let is_over = move || {
        row.with(|row| {
            row.as_ref().is_some_and(|row| matches!(row.state, PaymentState::Arrived | PaymentState::Failed))
        })
    };
    view! {
        <li class="payment" class:over=is_over>
            <button class="bar" aria-expanded=move || is_shown().to_string() on:click=toggle>
                <span>{of(|row| format!("{} → {}", row.from, row.to))}</span>
                <b>{of(|row| format::grouped(row.amount))}</b>
                <span class="stages" aria-hidden="true">
                    {move || stages.get().into_iter().map(|stage| view! { <i class=class(stage)>{glyph(stage)}</i> }).collect_view()}
                </span>
                <small>{of(state)}</small>
            </button>
            <Show when=is_shown><Detail row /></Show>
        </li>
    }
}

/// How far each hop of the last attempt is.
fn stages(row: &PaymentRow) -> Vec<Stage> {
    row.attempts.last().map(|attempt| attempt.hops.iter().map(|hop| hop.stage).collect()).unwrap_or_default()
}

/// How far it is, in words.
pub(super) fn state(row: &PaymentRow) -> String {
    let stages = stages(row);
    let there = |stage: &Stage| matches!(stage, Stage::Offered | Stage::Committed);
    let reached = stages.iter().rposition(there).map_or(0, |at| at + 1);
    match row.state {
        PaymentState::Arrived => fill("payment-arrived", &[&row.fee.map(format::grouped).unwrap_or_default()]),
        PaymentState::Failed if row.attempts.is_empty() => text("payment-no-route").to_owned(),
        PaymentState::Failed => fill("payment-failed", &[&row.attempts.len().to_string()]),
        PaymentState::Held => fill("payment-held", &[&row.to]),
        PaymentState::UnderWay if stages.contains(&Stage::Fulfilled) => text("payment-returns").to_owned(),
        PaymentState::UnderWay if stages.contains(&Stage::Failed) => text("payment-comes-back").to_owned(),
        PaymentState::UnderWay => fill("payment-under-way", &[&reached.to_string(), &stages.len().to_string()]),
    }
}

/// A sign for how far a payment is in one channel: colour is never the only one.
pub(super) fn glyph(stage: Stage) -> &'static str {
    match stage {
        Stage::Waiting => "·",
        Stage::Offered => "›",
        Stage::Committed => "●",
        Stage::Fulfilled => "✓",
        Stage::Failed => "✗",
    }
}

pub(super) fn class(stage: Stage) -> &'static str {
    match stage {
        Stage::Waiting => "waiting",
        Stage::Offered => "offered",
        Stage::Committed => "committed",
        Stage::Fulfilled => "fulfilled",
        Stage::Failed => "failed",
    }
}

pub(super) fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Waiting => text("stage-waiting"),
        Stage::Offered => text("stage-offered"),
        Stage::Committed => text("stage-committed"),
        Stage::Fulfilled => text("stage-fulfilled"),
        Stage::Failed => text("stage-failed"),
    }
}

/// The sentence of a cause; its code where there is none (a test keeps that from happening).
fn sentence(cause: &Cause) -> String {
    let values: Vec<&str> = cause.values.iter().map(String::as_str).collect();
    worded(&cause.code, &values).unwrap_or_else(|| cause.code.clone())
}
