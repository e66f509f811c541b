//! What a channel is: its parties, what each holds, and what the chain has of it.

use super::super::glossary::term;
use leptos::prelude::*;

use crate::{
    primitives::Side,
    view::{ChannelDetail, OnChain, Place, Selection, Summary, TransactionRow},
    web::{
        page::{Lab, channels, format, table::as_file},
        strings::{fill, text},
    },
};

#[component]
pub(super) fn ChannelPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let detail = lab.slice(|moment| match moment.world.inspection.as_ref()?.summary.as_ref()? {
        Summary::Channel(channel) => Some(channel.clone()),
        _ => None,
    });
    move || detail.get().flatten().map(|detail| facts(lab, *detail))
}

fn facts(lab: Lab, detail: ChannelDetail) -> impl IntoView + use<> {
    let row = &detail.row;
    let terms = [
        row.window.to_string(),
        channels::policy(row.policy).to_owned(),
        format::grouped(row.reserve),
        format::grouped(detail.valid_until),
    ];
    let funding = (row.id, detail.chain.funding);
    let fund =
        move |_| lab.look_at(Selection::Transaction { id: funding.0, block: funding.1.map(|place| place.block) });
    let parties = row.parties.iter().map(|party| {
        let name = party.name.clone();
        view! { <button class="text" on:click=move |_| lab.look_at_node(name.clone())>{party.name.clone()}</button>" " }
    });
    let rows = [
        ("capacity", format::grouped(row.capacity)),
        ("terms", fill("terms-value", &[&terms[0], &terms[1], &terms[2], &terms[3]])),
        ("handle", detail.handle.to_string()),
    ];
    let other = |key: &'static str, id| {
        let look = move |_| lab.look_at(Selection::Channel { id });
        view! { <dt>{term(key)}</dt><dd><button class="text" on:click=look>{id.to_string()}</button></dd> }
    };
    let (resizes, resized_by) = (row.resizes, row.resized_by);
    let chain = on_chain(lab, &detail);
    view! {
        <dl>
            <dt>{term("state")}</dt>
            <dd>{channels::status(row)}</dd>
            <dt>{term("parties")}</dt>
            <dd>{parties.collect_view()}</dd>
            {rows.into_iter().map(|(key, value)| view! { <dt>{term(key)}</dt><dd>{value}</dd> }).collect_view()}
            <dt>{term("channel-id")}</dt>
            <dd><button class="text" on:click=fund>{row.id.to_string()}</button></dd>
            {resizes.map(|id| other("takes-place-of", id))}
            {resized_by.map(|id| other("place-taken-by", id))}
        </dl>
        <h3>{text("both-sides")}</h3>
        {sides(&detail)}
        <ul class="waits">{row.parties.iter().map(|party| view! { <li>{channels::waits(party)}</li> }).collect_view()}</ul>
        <h3>{text("on-chain")}</h3>
        {chain}
        <h3>{fill("transactions-title", &[&detail.transaction_count.to_string()])}</h3>
        {transactions(lab, detail.transactions, detail.transaction_count)}
    }
}

/// What opener and accepter hold, side by side.
fn sides(detail: &ChannelDetail) -> impl IntoView + use<> {
    let [opener, accepter] = detail.row.parties.clone().map(|party| party.name);
    let both =
        |of: &dyn Fn(usize) -> Option<String>| [0, 1].map(|at| of(at).unwrap_or_else(|| text("unknown").to_owned()));
    let newest = |at: usize| detail.sides[at].newest;
    let number = both(&|at| newest(at).map(|(number, _)| format::grouped(number)));
    let balance = |side: Side| both(&|at| newest(at).map(|(_, balances)| format::grouped(balances[side.index()])));
    let revoked = both(&|at| detail.sides[at].revoked.map(format::grouped));
    let phase = both(&|at| detail.row.parties[at].phase.clone());
    let waiting = both(&|at| newest(at).map(|_| format::grouped(detail.row.parties[at].queued)));
    let published = both(&|at| {
        let number = |number| fill("commitment-number", &[&format::grouped(number)]);
        newest(at).map(|_| detail.sides[at].published.map_or_else(|| text("none").to_owned(), number))
    });
    let rows = [
        (text("newest-commitment").to_owned(), number),
        (fill("balance-of", &[&opener]), balance(Side::Opener)),
        (fill("balance-of", &[&accepter]), balance(Side::Accepter)),
        (text("revoked-by-it").to_owned(), revoked),
        (text("payments-waiting").to_owned(), waiting),
        (text("phase").to_owned(), phase),
        (text("published-by-it").to_owned(), published),
    ];
    let row = |(title, [one, other]): (String, [String; 2])| {
        view! { <tr><th scope="row">{title}</th><td class="number">{one}</td><td class="number">{other}</td></tr> }
    };
    view! {
        <table>
            <thead><tr><th>{text("side")}</th><th class="number">{opener}</th><th class="number">{accepter}</th></tr></thead>
            <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            {as_file("channel", "channel")}
        </table>
    }
}

/// Where the heaviest chain has it.
fn on_chain(lab: Lab, detail: &ChannelDetail) -> impl IntoView + use<> {
    let OnChain { height, funding, depth, publication, charged, ending } = detail.chain.clone();
    let Some(funding) = funding else {
        return view! { <p class="empty">{text("not-funded")}</p> }.into_any();
    };
    let block = |place: Place| lab.block_link(place.block, fill("in-block", &[&place.height.to_string()]));
    let publication = publication.map(|at| {
        let publisher = &detail.row.parties[at.publisher.index()].name;
        let left = at.window_ends.0.saturating_sub(height.0);
        let values =
            [format::grouped(at.published), format::grouped(at.number), at.window_ends.to_string(), left.to_string()];
        view! {
            <dt>{term("publication")}</dt>
            <dd>{fill("publication-value", &[publisher, &values[0], &values[1], &values[2], &values[3]])}</dd>
            <dt>{term("charged")}</dt>
            <dd>{charged.map(format::grouped).join(", ")}</dd>
        }
    });
    let ending = ending.map(|(place, kind)| {
        let how = match kind.as_str() {
            "close" => text("ended-close"),
            "resize" => text("ended-resize"),
            "settle" => text("ended-settle"),
            _ => text("ended-punish"),
        };
        view! { <dt>{term("ending")}</dt><dd>{how}" "{block(place)}</dd> }
    });
    view! {
        <dl>
            <dt>{term("funding")}</dt>
            <dd>{block(funding)}" "{fill("depth-value", &[&depth.to_string()])}</dd>
            {publication}
            {ending}
        </dl>
    }
    .into_any()
}

fn transactions(lab: Lab, rows: Vec<(TransactionRow, Place)>, count: usize) -> impl IntoView + use<> {
    if rows.is_empty() {
        return view! { <p class="empty">{text("none")}</p> }.into_any();
    }
    let listed = rows.len();
    let row = |(row, place): (TransactionRow, Place)| {
        let look = move |_| lab.look_at(Selection::Transaction { id: row.id, block: Some(place.block) });
        view! {
            <tr>
                <td><button class="text" on:click=look>{fill("transaction-by", &[&row.kind, &row.from])}</button></td>
                <td class="number">{format!("#{}", place.height)}</td>
                <td class="number">{format::grouped(row.fee)}</td>
            </tr>
        }
    };
    view! {
        <table>
            <thead><tr><th>{text("action")}</th><th class="number">{text("block")}</th><th class="number">{text("fee")}</th></tr></thead>
            <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            {as_file("steps", "action")}
        </table>
        {(count > listed).then(|| view! { <p class="empty">{fill("first-rows", &[&listed.to_string()])}</p> })}
    }
    .into_any()
}
