//! The panel on the right: what is selected, from its sides, and the log.

mod block;
mod channel;
mod edit;
mod message;
mod raw;
mod rules;
mod tabs;
mod transaction;
mod why;

use leptos::prelude::*;

use super::{Lab, log::Log, node::NodePanel};
use crate::{
    view::{Inspection, Selection, Summary, Tab},
    web::strings::{fill, text},
};
pub(super) use message::Messages;
pub(super) use transaction::Transactions;

#[component]
pub(super) fn Inspector() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let title = lab.slice(|moment| moment.world.inspection.as_ref().map(title));
    let back = move || lab.route.has_back();
    let tab = tabs::chosen(lab);
    view! {
        <aside aria-label=text("details")>
            <Show when=back>
                <div class="back"><button on:click=move |_| lab.route.back()>{text("back")}</button></div>
            </Show>
            {move || title.get().flatten().map(|title| view! { <h2>{title}</h2> })}
            <tabs::Tabs>
                {move || match tab.get() {
                    Tab::Summary => view! { <SummaryPanel /> }.into_any(),
                    other => other_side(other),
                }}
            </tabs::Tabs>
            <Log />
        </aside>
    }
}

/// By itself, so that it is no part of what the first look runs (docs/adr/028-first-and-later-wasm.md).
#[inline(never)]
fn other_side(tab: Tab) -> AnyView {
    match tab {
        Tab::Summary => ().into_any(),
        Tab::Raw => view! { <raw::RawPanel /> }.into_any(),
        Tab::Rules => view! { <rules::RulesPanel /> }.into_any(),
        Tab::History => view! { <why::HistoryPanel /> }.into_any(),
        Tab::Why => view! { <why::WhyPanel /> }.into_any(),
        Tab::Edit => view! { <edit::EditPanel /> }.into_any(),
    }
}

/// Which panel there is to show; it stays the same while what it shows changes.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Node,
    Block,
    Transaction,
    Channel,
    Message,
    Gone(&'static str),
}

#[component]
fn SummaryPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let kind = lab.slice(|moment| moment.world.inspection.as_ref().map(kind));
    view! {
        {move || match kind.get().flatten() {
            None => view! { <p class="empty">{text("choose-node")}</p> }.into_any(),
            Some(Kind::Node) => view! { <NodePanel /> }.into_any(),
            Some(other) => other_panel(other),
        }}
    }
}

/// As [`other_side`].
#[inline(never)]
fn other_panel(kind: Kind) -> AnyView {
    match kind {
        Kind::Node => ().into_any(),
        Kind::Block => view! { <block::BlockPanel /> }.into_any(),
        Kind::Transaction => view! { <transaction::TransactionPanel /> }.into_any(),
        Kind::Channel => view! { <channel::ChannelPanel /> }.into_any(),
        Kind::Message => view! { <message::MessagePanel /> }.into_any(),
        Kind::Gone(sentence) => view! { <p class="empty">{sentence}</p> }.into_any(),
    }
}

fn kind(inspection: &Inspection) -> Kind {
    match (&inspection.summary, &inspection.selection) {
        (Some(Summary::Node(_)), _) => Kind::Node,
        (Some(Summary::Block(_)), _) => Kind::Block,
        (Some(Summary::Transaction(_)), _) => Kind::Transaction,
        (Some(Summary::Channel(_)), _) => Kind::Channel,
        (Some(Summary::Message(_)), _) => Kind::Message,
        (None, selection) => Kind::Gone(gone(selection)),
    }
}

/// What is said of something that is not here.
fn gone(selection: &Selection) -> &'static str {
    match selection {
        Selection::Node { .. } => text("choose-node"),
        Selection::Block { .. } => text("block-gone"),
        Selection::Transaction { .. } => text("transaction-gone"),
        Selection::Channel { .. } => text("channel-gone"),
        Selection::Message { .. } => text("message-gone"),
        Selection::Payment { .. } => text("payment-elsewhere"),
    }
}

fn title(inspection: &Inspection) -> String {
    let nobody = || text("nobody").to_owned();
    match (&inspection.summary, &inspection.selection) {
        (Some(Summary::Block(block)), _) => {
            fill("block-title", &[&block.height.to_string(), &block.miner.clone().unwrap_or_else(nobody)])
        }
        (Some(Summary::Message(message)), _) => {
            fill("message-title", &[&message.row.kind, &message.row.from, &message.row.to])
        }
        (Some(Summary::Channel(channel)), _) => {
            let [opener, accepter] = &channel.row.parties;
            fill("channel-title", &[&opener.name, &accepter.name])
        }
        (None, Selection::Channel { id }) => fill("unknown-channel-title", &[&id.short()]),
        (_, Selection::Node { name }) => fill("node-title", &[name]),
        (_, Selection::Transaction { id, .. }) => fill("transaction-title", &[&id.short()]),
        (_, Selection::Payment { id }) => fill("payment-title", &[&id.short()]),
        (None, Selection::Block { id }) => fill("unknown-block-title", &[&id.short()]),
        (_, _) => text("message").to_owned(),
    }
}
