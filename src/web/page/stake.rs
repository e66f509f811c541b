//! A chain of stake: its slots, its validators, what is final, and what liars have signed, side by side. Not there on a chain of work.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{Lab, Place, format, glossary::term, table::as_file};
use crate::{
    primitives::Amount,
    sim::Action,
    view::{OffenceView, Selection, SlotBox, StakeView, ValidatorRow},
    web::{
        client::Refused,
        protocol::Request,
        strings::{fill, text, worded},
    },
};

#[component]
pub(super) fn Stake() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let stake = lab.slice(|moment| moment.world.stake.clone());
    let stake = Memo::new(move |_| stake.get().flatten());
    let is_there = Memo::new(move |_| stake.with(Option::is_some));
    view! { <Show when=move || is_there.get()><Panel stake /></Show> }
}

#[component]
fn Panel(stake: Memo<Option<StakeView>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let summary = move || {
        stake.with(|stake| {
            let stake = stake.as_ref()?;
            let numbers =
                [stake.slot, stake.epoch, stake.justified, stake.finalized.0].map(|number| number.to_string());
            let [slot, epoch, justified, finalized] = &numbers;
            Some(fill("stake-summary", &[slot, epoch, justified, finalized, &stake.judge]))
        })
    };
    let last = Memo::new(move |_| stake.with(|stake| stake.as_ref().map(|stake| stake.finalized.1)));
    let burned = move || stake.with(|stake| stake.as_ref().map(|stake| format::grouped(stake.burned)));
    let slots = Memo::new(move |_| stake.with(|stake| stake.as_ref().map(|it| it.slots.clone()).unwrap_or_default()));
    let rows =
        Memo::new(move |_| stake.with(|stake| stake.as_ref().map(|it| it.validators.clone()).unwrap_or_default()));
    let offences =
        Memo::new(move |_| stake.with(|stake| stake.as_ref().map(|it| it.offences.clone()).unwrap_or_default()));
    view! {
        <section class="stake" tabindex="-1" aria-labelledby="stake-title">
            <h2 id="stake-title">{term("proof-of-stake")}<span>{summary}</span></h2>
            <dl class="facts">
                <dt>{term("last-final-block")}</dt>
                <dd>{move || last.get().map(|block| lab.block_link(block, block.short()))}</dd>
                <dt>{text("burned")}</dt>
                <dd data-testid="burned">{burned}</dd>
            </dl>
            <ol class="slots" aria-label=text("slots")>
                {move || slots.get().into_iter().map(|slot| slot_box(lab, &slot)).collect_view()}
            </ol>
            {move || rows.with(|rows| validator_table(lab, rows))}
            <StakeForm />
            {move || offences.with(|offences| offences.iter().map(offence).collect_view())}
        </section>
    }
}

fn slot_box(lab: Lab, slot: &SlotBox) -> impl IntoView + use<> {
    let leader = slot.leader.clone().unwrap_or_else(|| "–".to_owned());
    let (class, sign, state) = match (slot.block, slot.begun) {
        (Some(_), _) => ("made", "■", "slot-made"),
        (None, true) => ("missed", "□", "slot-missed"),
        (None, false) => ("coming", "·", "slot-coming"),
    };
    let label = fill(state, &[&slot.slot.to_string(), &leader, &slot.votes.to_string(), &slot.epoch.to_string()]);
    let inside = view! {
        <span aria-hidden="true">{sign}</span>
        <b aria-hidden="true">{slot.slot.to_string()}</b>
        <small aria-hidden="true">{leader}</small>
        <small aria-hidden="true">{format!("{}✓", slot.votes)}</small>
        <span class="hidden">{label.clone()}</span>
    };
    let look = slot.block.map(|(_, id)| id);
    let odd = slot.epoch % 2 == 1;
    match look {
        Some(id) => {
            let look = move |_| lab.look_at(Selection::block(id));
            view! { <li class=class class:odd=odd title=label><button on:click=look>{inside}</button></li> }.into_any()
        }
        None => view! { <li class=class class:odd=odd title=label>{inside}</li> }.into_any(),
    }
}

fn validator_table(lab: Lab, rows: &[ValidatorRow]) -> impl IntoView + use<> {
    let row = |row: &ValidatorRow| {
        let name = row.name.clone();
        let look = move |_| lab.look_at(Selection::node(name.clone()));
        let state = match (row.slashed, row.exit) {
            (true, _) => text("validator-slashed").to_owned(),
            (false, Some(exit)) => fill("validator-leaves", &[&exit.to_string()]),
            (false, None) => text(if row.voted { "validator-voted" } else { "validator-waits" }).to_owned(),
        };
        view! {
            <tr>
                <td><button class="text" on:click=look>{row.name.clone()}</button></td>
                <td class="number">{format::grouped(row.stake)}</td>
                <td class="number">{format::per_cent(u32::try_from(row.share * 1_000).unwrap_or(u32::MAX))}</td>
                <td class="number">{row.blocks.to_string()}</td>
                <td>{state}</td>
            </tr>
        }
    };
    view! {
        <div class="scrolls" tabindex="0" role="group" aria-label=text("validators")>
            <table>
                <thead><tr>
                    <th scope="col">{term("validator")}</th>
                    <th scope="col" class="number">{term("stake")}</th>
                    <th scope="col" class="number">{text("share-of-stake")}</th>
                    <th scope="col" class="number">{text("blocks-made")}</th>
                    <th scope="col">{text("state")}</th>
                </tr></thead>
                <tbody>{rows.iter().map(row).collect_view()}</tbody>
                {as_file("validators", "validators")}
            </table>
        </div>
    }
}

/// A node puts money at stake, or wants it back.
#[component]
fn StakeForm() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let names = lab.slice(|moment| moment.world.network.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>());
    let (who, amount) = (RwSignal::new(String::new()), RwSignal::new("100000".to_owned()));
    let problem = RwSignal::new(None::<String>);
    let place = Place::here();
    let node = move || {
        let first = || names.with_untracked(|names| names.as_ref().and_then(|names| names.first().cloned()));
        Some(who.get_untracked()).filter(|who| !who.is_empty()).or_else(first).unwrap_or_default()
    };
    let act = move |action: Action| {
        let answer = move |result: Result<String, Refused>| problem.set(result.err().map(|refused| refused.message));
        lab.client.ask(Request::Act { action }, place, answer);
    };
    let fee = || Amount::literal(200);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        match amount.get_untracked().trim().replace(',', "").parse::<Amount>() {
            Ok(amount) => act(Action::Stake { node: node(), amount, fee: fee() }),
            Err(error) => problem.set(Some(error.to_string())),
        }
    };
    let leave = move |_| act(Action::Unstake { node: node(), fee: fee() });
    let option = |name: String| view! { <option value=name.clone()>{name.clone()}</option> };
    view! {
        <form class="pay" aria-label=text("stake-form") on:submit=submit novalidate>
            <label>{text("who-stakes")}
                <select on:change=move |event| who.set(event_target_value(&event))>
                    {move || names.get().unwrap_or_default().into_iter().map(option).collect_view()}
                </select>
            </label>
            <label>{text("amount")}
                <input inputmode="numeric" autocomplete="off" prop:value=move || amount.get() on:input=move |event| amount.set(event_target_value(&event)) />
            </label>
            <span class="buttons">
                <button class="primary" type="submit">{text("stake-money")}</button>
                <button type="button" on:click=leave>{text("unstake-money")}</button>
            </span>
            <p class="problem" role="alert">{move || problem.get()}</p>
        </form>
    }
}

/// What somebody has signed twice: both messages, field by field.
fn offence(offence: &OffenceView) -> impl IntoView + use<> {
    let told = worded(&format!("log-offence-{}", offence.kind), &[&offence.offender]);
    let reported = match &offence.reported {
        Some((by, height, _)) => fill("offence-reported", &[by, &height.to_string()]),
        None => text("offence-waiting").to_owned(),
    };
    let row = |[field, first, second]: &[String; 3]| {
        let differs = first != second;
        view! {
            <tr class:differs=differs>
                <th scope="row">{field.clone()}<span class="sign">{differs.then_some(" ≠")}</span></th>
                <td>{first.clone()}</td>
                <td>{second.clone()}</td>
            </tr>
        }
    };
    view! {
        <details class="sheet offence">
            <summary>{told}". "{reported}</summary>
            <div class="scrolls" tabindex="0" role="group" aria-label=text("two-messages")>
                <table>
                    <thead><tr><th scope="col">{text("field")}</th><th scope="col">{text("first-message")}</th><th scope="col">{text("second-message")}</th></tr></thead>
                    <tbody>{offence.fields.iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}
