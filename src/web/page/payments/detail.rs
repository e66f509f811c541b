//! One payment from near: its attempts hop by hop, and why they failed.

use leptos::prelude::*;

use super::{
    super::{Lab, format},
    class, glyph, sentence, stage_name, state,
};
use crate::{
    view::{AttemptView, Cause, HopView, PaymentRow, Selection, Stage, Tab},
    web::strings::{fill, text},
};

#[component]
pub(super) fn Detail(row: Memo<Option<PaymentRow>>) -> impl IntoView {
    let count = Memo::new(move |_| row.with(|row| row.as_ref().map_or(0, |row| row.attempts.len())));
    let given_up =
        Memo::new(move |_| row.with(|row| row.as_ref().and_then(|row| Some((row.why.clone()?, row.truth.clone())))));
    // The newest first: that is the one under way.
    let places = move || (0..count.get()).rev().collect::<Vec<_>>();
    let lab = expect_context::<Lab>();
    let why = move |_| {
        if let Some(id) = row.with_untracked(|row| row.as_ref().map(|row| row.payment)) {
            lab.look_at(Selection::Payment { id });
            lab.refocus(|focus| focus.tab = Tab::Why);
        }
    };
    view! {
        <div class="detail">
            <p role="status">{move || row.with(|row| row.as_ref().map(facts))}" "<button class="text" on:click=why>{text("tab-why")}</button></p>
            {move || given_up.get().map(|(why, truth)| view! {
                <h3>{text("given-up")}</h3>
                {explained(&why, truth.as_ref())}
            })}
            <ul class="attempts">
                <For each=places key=Clone::clone let:at>
                    <Attempt row at />
                </For>
            </ul>
        </div>
    }
}

fn facts(row: &PaymentRow) -> String {
    let values = [row.payment.short(), format::clock(row.began)];
    format!("{} {}", fill("payment-facts", &[&values[0], &values[1]]), fill("payment-state", &[&state(row)]))
}

/// Why something failed: what the payer knows beside what really happened.
fn explained(said: &Cause, truth: Option<&Cause>) -> impl IntoView + use<> {
    let truth = truth.map_or_else(|| text("truth-as-told").to_owned(), sentence);
    view! {
        <dl class="why">
            <dt>{text("payer-knows")}</dt>
            <dd>{sentence(said)}</dd>
            <dt>{text("really-happened")}</dt>
            <dd>{truth}</dd>
        </dl>
    }
}

#[component]
fn Attempt(row: Memo<Option<PaymentRow>>, at: usize) -> impl IntoView {
    let attempt = Memo::new(move |_| row.with(|row| row.as_ref()?.attempts.get(at).cloned()));
    let hops = Memo::new(move |_| attempt.with(|attempt| attempt.as_ref().map_or(0, |attempt| attempt.hops.len())));
    let failure = Memo::new(move |_| {
        attempt
            .with(|attempt| attempt.as_ref().and_then(|attempt| Some((attempt.said.clone()?, attempt.truth.clone()))))
    });
    let title = move || attempt.with(|attempt| attempt.as_ref().map(|attempt| title(attempt, at)));
    view! {
        <li>
            <h3>{title}</h3>
            <ol class="route">
                <For each=move || 0..hops.get() key=Clone::clone let:hop>
                    <Hop attempt at=hop />
                </For>
            </ol>
            {move || failure.get().map(|(said, truth)| explained(&said, truth.as_ref()))}
        </li>
    }
}

fn title(attempt: &AttemptView, at: usize) -> String {
    let number = (at + 1).to_string();
    let hops = attempt.hops.len().to_string();
    match attempt.failed_at.and_then(|at| attempt.hops.get(at)) {
        Some(hop) => fill("attempt-failed", &[&number, &hops, &hop.from, &hop.to]),
        None => fill("attempt", &[&number, &hops]),
    }
}

#[component]
fn Hop(attempt: Memo<Option<AttemptView>>, at: usize) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let hop = Memo::new(move |_| attempt.with(|attempt| attempt.as_ref()?.hops.get(at).cloned()));
    let stage = Memo::new(move |_| hop.with(|hop| hop.as_ref().map_or(Stage::Waiting, |hop| hop.stage)));
    let of = move |what: fn(&HopView) -> String| move || hop.with(|hop| hop.as_ref().map(what));
    let look = move |_| {
        if let Some(hop) = hop.get_untracked() {
            lab.look_at(Selection::Channel { id: hop.channel });
        }
    };
    view! {
        <li class=move || format!("hop {}", class(stage.get()))>
            <button class="text" title=text("inspect-channel") on:click=look>
                {of(|hop| format!("{} → {}", hop.from, hop.to))}
            </button>
            <b>{of(|hop| format::grouped(hop.amount))}</b>
            <span><i aria-hidden="true">{move || glyph(stage.get())}</i>" "{move || stage_name(stage.get())}</span>
            <small>{of(expiry)}</small>
        </li>
    }
}

fn expiry(hop: &HopView) -> String {
    let height = hop.expiry.to_string();
    match hop.left {
        Some(left) => fill("expires-in", &[&height, &left.to_string()]),
        None => fill("expired-at", &[&height]),
    }
}
