//! Channels: a balance bar each, what both sides wait for, and what can be done with them.

mod arcs;
mod chips;
mod controls;
mod open;
mod party;

use leptos::prelude::*;

use super::{
    Lab, format,
    glossary::term,
    present,
    table::{Line, Table},
};
use crate::{
    primitives::{Amount, Hash, Policy},
    view::{ChannelRow, HtlcView, PartyView, Selection, Status, Wait},
    web::strings::{fill, text},
};
pub(super) use arcs::Arcs;
pub(super) use chips::{Chips, Route};
use controls::Controls;
use open::OpenForm;
pub(super) use party::PartySwitches;

#[component]
pub(super) fn Channels() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let channels = lab.slice(|moment| moment.world.channels.clone());
    let rows = Memo::new(move |_| channels.get().map(|channels| channels.rows).unwrap_or_default());
    let ids = move || rows.with(|rows| rows.iter().map(|row| row.id).collect::<Vec<_>>());
    let summary = move || {
        channels.get().map(|channels| {
            let values =
                [channels.open.to_string(), format::grouped(channels.locked), format::grouped(channels.updates)];
            let punished = match channels.punished {
                0 => String::new(),
                punished => fill("channels-punished", &[&punished.to_string()]),
            };
            fill("channels-summary", &[&values[0], &values[1], &values[2]]) + &punished
        })
    };
    let opening = Memo::new(move |_| lab.opening.with(Option::is_some));
    let presented = present::is_shown(lab, present::Scene::Channels);
    let shown = RwSignal::new(None::<Hash>);
    view! {
        <section class="channels" class:presented=move || presented.get() tabindex="-1" aria-labelledby="channels-title">
            <h2 id="channels-title" prop:ariaLevel=move || if presented.get() { "1" } else { "2" }>{term("channels")}<span>{summary}</span>
                <span class="tools">
                    <button
                        id="open-channel"
                        aria-expanded=move || opening.get().to_string()
                        on:click=move |_| lab.opening.update(|open| *open = open.is_none().then(Default::default))
                    >{text("open-channel")}</button>
                    <present::ViewTools scene=present::Scene::Channels />
                </span>
            </h2>
            <Show when=move || opening.get()><OpenForm done=move || lab.opening.set(None) /></Show>
            <Show when=move || rows.with(Vec::is_empty) && !opening.get()>
                <p class="hint">{text("no-channels")}</p>
            </Show>
            <ul>
                <For each=ids key=Clone::clone let:id>
                    <Row id rows shown />
                </For>
            </ul>
            <Table name="channels" title=text("channels-table") head=HEAD.into() rows=move || rows.with(|rows| rows.iter().map(line).collect()) />
        </section>
    }
}

const HEAD: [&str; 7] =
    ["channel", "channel-from", "opener-balance", "channel-to", "accepter-balance", "capacity", "state"];

fn line(row: &ChannelRow) -> Line {
    let [opener, accepter] = &row.parties;
    let cells = vec![
        row.id.short(),
        opener.name.clone(),
        format::grouped(opener.balance),
        accepter.name.clone(),
        format::grouped(accepter.balance),
        format::grouped(row.capacity),
        status(row),
    ];
    Line { key: row.id.to_string(), at: None, cells, look: Some(Selection::Channel { id: row.id }) }
}

#[component]
fn Row(id: Hash, rows: Memo<Vec<ChannelRow>>, shown: RwSignal<Option<Hash>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let row = Memo::new(move |_| rows.with(|rows| rows.iter().find(|row| row.id == id).cloned()));
    let of = move |what: fn(&ChannelRow) -> String| move || row.with(|row| row.as_ref().map(what));
    let is_shown = move || shown.get() == Some(id);
    let party_name = move |side: usize| {
        Signal::derive(move || {
            row.with(|row| row.as_ref().map(|row| row.parties[side].name.clone())).unwrap_or_default()
        })
    };
    let toggle = move |_| shown.update(|shown| *shown = if *shown == Some(id) { None } else { Some(id) });
    view! {
        <li class="channel" class:over=move || row.with(|row| row.as_ref().is_some_and(|row| row.status.is_over()))>
            <button class="bar" aria-expanded=move || is_shown().to_string() on:click=toggle>
                <span>{of(|row| row.parties[0].name.clone())}</span>
                <b>{of(|row| format::grouped(row.parties[0].balance))}</b>
                <Balance row />
                <b>{of(|row| format::grouped(row.parties[1].balance))}</b>
                <span>{of(|row| row.parties[1].name.clone())}</span>
                <small>{of(status)}</small>
            </button>
            <Show when=is_shown>
                <div class="detail">
                    <p>
                        {of(facts)}" "
                        <button class="text" on:click=move |_| lab.look_at(Selection::Channel { id })>{text("inspect")}</button>
                    </p>
                    <ul class="waits">
                        <li>{of(|row| waits(&row.parties[0]))}</li>
                        <li>{of(|row| waits(&row.parties[1]))}</li>
                    </ul>
                    <PartySwitches name=party_name(0) />
                    <PartySwitches name=party_name(1) />
                    <Controls row />
                </div>
            </Show>
        </li>
    }
}

/// Who owns how much, with what is pending between the two. The words beside it say it too.
#[component]
fn Balance(row: Memo<Option<ChannelRow>>) -> impl IntoView {
    // The whole is the capacity, also while one side's newest commitment is not the other's.
    let share = |row: &ChannelRow, amount: Amount| 100.0 * amount.units() as f64 / row.capacity.units().max(1) as f64;
    let opener = Memo::new(move |_| row.with(|row| row.as_ref().map_or(0.0, |row| share(row, row.parties[0].balance))));
    let pending = Memo::new(move |_| {
        let segment = |row: &ChannelRow, htlc: &HtlcView| {
            let class = if htlc.offerer == 0 { "htlc" } else { "htlc back" };
            htlc.id.map(|_| (class, share(row, htlc.amount)))
        };
        row.with(|row| {
            row.iter().flat_map(|row| row.htlcs.iter().filter_map(|htlc| segment(row, htlc))).collect::<Vec<_>>()
        })
    });
    let segment = |(class, share): (&'static str, f64)| view! { <i class=class style:width=format!("max(4px, {share:.2}%)")></i> };
    view! {
        <span class="balance" aria-hidden="true">
            <i style:width=move || format!("{:.2}%", opener.get())></i>
            {move || pending.get().into_iter().map(segment).collect_view()}
        </span>
    }
}

/// A labelled field for a number.
fn number_field(key: &'static str, value: RwSignal<String>) -> impl IntoView {
    view! {
        <span class="labelled">
            <label for=format!("channel-{key}")>{term(key)}</label>
            <input
                id=format!("channel-{key}")
                inputmode="numeric"
                autocomplete="off"
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        </span>
    }
}

fn facts(row: &ChannelRow) -> String {
    let turn = row.turn.map(|turn| fill("has-turn", &[&row.parties[turn].name])).unwrap_or_default();
    let values = [&row.number.to_string(), &format::grouped(row.capacity), &row.window.to_string(), policy(row.policy)];
    format!("{} {turn}", fill("channel-facts", &[values[0], values[1], values[2], values[3]]))
}

/// What becomes of cheats.
pub(super) fn policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Penalty => text("policy-penalty"),
        Policy::Replace => text("policy-replace"),
    }
}

/// Where it stands; of an open or disputed one with the number that matters.
pub(super) fn status(row: &ChannelRow) -> String {
    let wait = row.parties.iter().find_map(|party| party.waits.as_ref());
    match (row.status, wait) {
        (Status::Opening | Status::Open, Some(Wait { code, values })) if code == "burial" => {
            fill("status-burial", &[&values[0], &values[1]])
        }
        (Status::Disputed, Some(Wait { code, values })) if code == "window" => fill("status-window", &[&values[1]]),
        (Status::Opening, _) => text("status-opening").to_owned(),
        (Status::Open, _) if row.htlcs.is_empty() => fill("status-open", &[&format::grouped(row.number)]),
        (Status::Open, _) => fill("status-open-pending", &[&format::grouped(row.number), &row.htlcs.len().to_string()]),
        (Status::Resizing, _) => text("status-resizing").to_owned(),
        (Status::Resized, _) => text("status-resized").to_owned(),
        (Status::Closing, _) => text("status-closing").to_owned(),
        (Status::Lost, _) => text("status-lost").to_owned(),
        (Status::Disputed, _) => text("status-disputed").to_owned(),
        (Status::Closed, _) => text("status-closed").to_owned(),
        (Status::Settled, _) => text("status-settled").to_owned(),
        (Status::Punished, _) => text("status-punished").to_owned(),
        (Status::Abandoned, _) => text("status-abandoned").to_owned(),
    }
}

/// What a side waits for, as a sentence.
pub(super) fn waits(party: &PartyView) -> String {
    let name = &party.name;
    if party.phase.is_none() {
        return fill("party-off", &[name]);
    }
    let queued = if party.queued == 0 { String::new() } else { fill("party-queued", &[&party.queued.to_string()]) };
    let offers = if party.offers == 0 { String::new() } else { fill("party-offers", &[&party.offers.to_string()]) };
    let lost = if party.phase.as_deref() == Some("lost") { fill("party-lost", &[name]) } else { String::new() };
    let watched = party.tower.as_ref().map(|tower| match tower.number {
        Some(number) => fill("party-watched", &[name, &tower.name, &format::grouped(number)]),
        None => fill("party-not-watched-yet", &[name, &tower.name]),
    });
    let sentence = match &party.waits {
        None => fill("waits-nothing", &[name]),
        Some(Wait { code, values }) => match (code.as_str(), values.as_slice()) {
            ("message", [message]) => fill("waits-message", &[name, message]),
            ("turn", _) => fill("waits-turn", &[name]),
            ("resumption", _) => fill("waits-resumption", &[name]),
            ("htlcs", [pending]) => fill("waits-htlcs", &[name, pending]),
            ("expiry", [expiry, left]) => fill("waits-expiry", &[name, expiry, left]),
            ("burial", [have, need]) => fill("waits-burial", &[name, have, need]),
            ("inclusion", [transaction]) => fill("waits-inclusion", &[name, transaction]),
            ("window", [ends, left]) => fill("waits-window", &[name, ends, left]),
            ("successor", [until, _]) => fill("waits-successor", &[name, until]),
            _ => String::new(),
        },
    };
    let said = [lost, sentence, queued, offers, watched.unwrap_or_default()];
    said.into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join(" ")
}
