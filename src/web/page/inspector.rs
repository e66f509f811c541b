//! The panel on the right: the node or block that is looked at, and the log.

use leptos::prelude::*;

use super::{Lab, format, log::Log, node::NodePanel};
use crate::{
    view::{BlockDetail, TransactionRow},
    web::strings::{fill, text},
};

#[component]
pub(super) fn Inspector() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let block = lab.slice(|moment| moment.world.block.clone());
    let close = move |_| lab.refocus(|focus| focus.block = None);
    view! {
        <aside aria-label=text("details")>
            <Show when=move || lab.focus.with(|focus| focus.block.is_some()) fallback=|| view! { <NodePanel /> }>
                <div class="back"><button on:click=close>{text("back-to-node")}</button></div>
                {move || match block.get().flatten() {
                    Some(block) => view! { <BlockPanel block /> }.into_any(),
                    None => view! { <p class="empty">{text("block-gone")}</p> }.into_any(),
                }}
            </Show>
            <Log />
        </aside>
    }
}

#[component]
fn BlockPanel(block: BlockDetail) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let parent = block.parent;
    let miner = block.miner.clone().unwrap_or_else(|| text("nobody").to_owned());
    let branch = text(if block.best { "on-best" } else { "is-stale" });
    let (known, running) = block.known_by;
    let rows = [
        ("hash", block.id.to_string()),
        ("branch", branch.to_owned()),
        ("known-by", fill("known-by-value", &[&known.to_string(), &running.to_string()])),
        ("built-at", format::clock(block.timestamp)),
        ("work", fill("work-value", &[&format::grouped(&block.work)])),
        ("target", block.target.to_string()),
        ("nonce", block.nonce.clone()),
        ("merkle-root", block.merkle_root.to_string()),
        ("state-root", block.state_root.to_string()),
        ("size", fill("bytes", &[&format::grouped(block.size)])),
        ("reward", fill("reward-value", &[&format::grouped(block.reward), &miner])),
    ];
    let count = block.transaction_count;
    view! {
        <h2>{fill("block-title", &[&block.height.to_string(), &miner])}</h2>
        <dl>
            {rows.into_iter().map(|(key, value)| view! { <dt>{text(key)}</dt><dd>{value}</dd> }).collect_view()}
            <dt>{text("parent")}</dt>
            <dd><button class="text" on:click=move |_| lab.look_at_block(parent)>{parent.to_string()}</button></dd>
        </dl>
        <h3>{fill("transactions-title", &[&count.to_string()])}</h3>
        <Transactions rows=block.transactions />
        {(count > 50).then(|| view! { <p class="empty">{fill("first-rows", &["50"])}</p> })}
    }
}

/// Transactions as a table.
#[component]
pub(super) fn Transactions(rows: Vec<TransactionRow>) -> impl IntoView {
    if rows.is_empty() {
        return view! { <p class="empty">{text("none")}</p> }.into_any();
    }
    let row = |row: TransactionRow| {
        view! {
            <tr title=row.id.to_string()>
                <td>{row.from}" → "{row.to}{(!row.memo.is_empty()).then(|| view! { <small class="memo">{row.memo}</small> })}</td>
                <td class="number">{format::grouped(row.amount)}</td>
                <td class="number">{format::grouped(row.fee)}</td>
            </tr>
        }
    };
    view! {
        <table>
            <thead><tr><th>{text("from-to")}</th><th class="number">{text("amount")}</th><th class="number">{text("fee")}</th></tr></thead>
            <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}
