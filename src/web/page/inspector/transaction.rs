//! What a transaction is, and transactions in a list.

use super::super::glossary::term;
use leptos::prelude::*;

use crate::{
    primitives::BlockId,
    view::{Selection, Summary, TransactionDetail, TransactionRow},
    web::{
        page::{Lab, format, table::as_file},
        strings::{fill, text},
    },
};

#[component]
pub(super) fn TransactionPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let detail = lab.slice(|moment| match moment.world.inspection.as_ref()?.summary.as_ref()? {
        Summary::Transaction(transaction) => Some(transaction.clone()),
        _ => None,
    });
    move || detail.get().flatten().map(|detail| facts(lab, *detail))
}

fn facts(lab: Lab, detail: TransactionDetail) -> impl IntoView + use<> {
    let (waiting, count) = detail.waiting_at;
    let state = match detail.place {
        Some(place) => {
            let key = if place.best { "confirmed-in" } else { "confirmed-in-stale" };
            let sentence = fill(key, &[&place.height.to_string(), &(place.index + 1).to_string()]);
            lab.block_link(place.block, sentence).into_any()
        }
        None => fill("waits-at", &[&waiting.join(", "), &count.to_string()]).into_any(),
    };
    let mut rows = vec![
        ("action", detail.row.kind.clone()),
        ("from", detail.row.from),
        ("to", detail.row.to),
        ("amount", format::grouped(detail.row.amount)),
        ("fee", format::grouped(detail.row.fee)),
        ("fee-rate", fill("fee-rate-value", &[&format::grouped(detail.fee_rate)])),
        ("size", fill("bytes", &[&format::grouped(detail.size)])),
    ];
    rows.extend(detail.keys.iter().map(|key| ("scheme", format::key(key))));
    let nonce = |(owner, nonce): (String, _)| ("nonce", fill("nonce-value", &[&format::grouped(nonce), &owner]));
    rows.extend(detail.nonces.into_iter().map(nonce));
    rows.extend((!detail.row.memo.is_empty()).then_some(("memo", detail.row.memo)));
    rows.push(("transaction-id", detail.row.id.to_string()));
    let channel = detail.channel.map(|id| {
        let look = move |_| lab.look_at(Selection::Channel { id });
        view! { <dt>{term("channel")}</dt><dd><button class="text" on:click=look>{id.to_string()}</button></dd> }
    });
    view! {
        <dl>
            <dt>{term("state")}</dt>
            <dd>{state}</dd>
            {rows.into_iter().map(|(key, value)| view! { <dt>{term(key)}</dt><dd>{value}</dd> }).collect_view()}
            {channel}
        </dl>
    }
}

/// Transactions as a table; each can be selected.
#[component]
pub(in crate::web::page) fn Transactions(
    rows: Vec<TransactionRow>,
    #[prop(optional_no_strip)] block: Option<BlockId>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    if rows.is_empty() {
        return view! { <p class="empty">{text("none")}</p> }.into_any();
    }
    let row = |row: TransactionRow| {
        let id = row.id;
        let look = move |_| lab.look_at(Selection::Transaction { id, block });
        let note = (row.kind != "transfer").then(|| view! { <small class="memo">{row.kind}</small> });
        let memo = (!row.memo.is_empty()).then(|| view! { <small class="memo">{row.memo}</small> });
        view! {
            <tr>
                <td><button class="text" on:click=look>{row.from}" → "{row.to}</button>{note}{memo}</td>
                <td class="number">{format::grouped(row.amount)}</td>
                <td class="number">{format::grouped(row.fee)}</td>
            </tr>
        }
    };
    view! {
        <table>
            <thead><tr><th>{text("from-to")}</th><th class="number">{text("amount")}</th><th class="number">{text("fee")}</th></tr></thead>
            <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            {as_file("transactions", "transactions")}
        </table>
    }
    .into_any()
}
