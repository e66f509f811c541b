//! What a block is.

use leptos::prelude::*;

use super::super::glossary::term;
use super::Transactions;
use crate::{
    primitives::Height,
    view::{BlockDetail, Summary},
    web::{
        page::{Lab, format},
        strings::{fill, text},
    },
};

#[component]
pub(super) fn BlockPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let block = lab.slice(|moment| match moment.world.inspection.as_ref()?.summary.as_ref()? {
        Summary::Block(block) => Some(block.clone()),
        _ => None,
    });
    move || block.get().flatten().map(|block| facts(lab, *block))
}

fn facts(lab: Lab, block: BlockDetail) -> impl IntoView + use<> {
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
    let parent = (block.height > Height(0))
        .then(|| view! { <dt>{term("parent")}</dt><dd>{lab.block_link(parent, parent.to_string())}</dd> });
    view! {
        <dl>
            {rows.into_iter().map(|(key, value)| view! { <dt>{term(key)}</dt><dd>{value}</dd> }).collect_view()}
            {parent}
        </dl>
        <h3>{fill("transactions-title", &[&count.to_string()])}</h3>
        <Transactions rows=block.transactions block=Some(block.id) />
        {(count > 50).then(|| view! { <p class="empty">{fill("first-rows", &["50"])}</p> })}
    }
}
