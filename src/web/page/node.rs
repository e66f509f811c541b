//! One node from near: what it owns and follows, what waits at it, sending from it, switching it off.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    Lab, Place,
    channels::PartySwitches,
    format,
    glossary::term,
    inspector::{Messages, Transactions},
    room,
    table::as_file,
};
use crate::{
    chain::fee_of,
    primitives::{Amount, Memo as MemoText},
    sim::Action,
    view::{AccountRow, NextBlockFacts, NodeDetail, PeerRow, Summary},
    web::{
        client::Refused,
        protocol::Request,
        strings::{fill, text},
    },
};

#[component]
pub(super) fn NodePanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let node = lab.slice(|moment| match moment.world.inspection.as_ref()?.summary.as_ref()? {
        Summary::Node(node) => Some(node.clone()),
        _ => None,
    });
    let name = Memo::new(move |_| node.get().flatten().map(|node| node.name));
    let on = Memo::new(move |_| node.get().flatten().is_some_and(|node| node.on));
    view! {
        {move || match name.get() {
            None => view! { <p class="empty">{text("choose-node")}</p> }.into_any(),
            Some(name) => {
                let detail = Memo::new(move |_| node.get().flatten().map(|node| *node));
                view! {
                    <Show when=move || on.get() fallback=move || view! { <OffFacts detail /> }>
                        <Facts detail />
                    </Show>
                    <Switches name=name.clone() detail />
                    <PartySwitches name=name.clone() />
                    <Show when=move || on.get()>
                        <TransferForm from=name.clone() detail />
                    </Show>
                    <Show when=move || on.get()><Tables detail /></Show>
                }
                .into_any()
            }
        }}
    }
}

#[component]
fn OffFacts(detail: Memo<Option<NodeDetail>>) -> impl IntoView {
    let stored = move || detail.with(|node| node.as_ref().map_or(0, |node| node.stored)).to_string();
    view! { <p class="empty">{move || fill("switched-off", &[&stored()])}</p> }
}

#[component]
fn Facts(detail: Memo<Option<NodeDetail>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let fact = move |of: fn(&NodeDetail) -> String| move || detail.with(|node| node.as_ref().map(of));
    let tip = Memo::new(move |_| detail.with(|node| node.as_ref().map(|node| (node.tip, node.height))));
    view! {
        <dl>
            <dt>{term("tip")}</dt>
            <dd>
                {move || tip.get().map(|(tip, height)| lab.block_link(tip, format!("#{height} {}", tip.short())))}
            </dd>
            <dt>{term("balance")}</dt>
            <dd data-testid="balance">{fact(|node| format::grouped(node.balance))}</dd>
            <dt>{term("available")}</dt>
            <dd>{fact(|node| format::grouped(node.available))}</dd>
            <dt>{term("hash-rate")}</dt>
            <dd>{fact(|node| format::hash_rate(node.hash_rate))}</dd>
            <dt>{term("knows")}</dt>
            <dd>{fact(|node| fill("knows-value", &[&node.known_blocks.to_string(), &node.orphans.to_string()]))}</dd>
            <dt>{term("address")}</dt>
            <dd>{fact(|node| node.address.to_string())}</dd>
            <dt>{term("scheme")}</dt>
            <dd>{fact(|node| node.key.as_ref().map(format::key).unwrap_or_default())}</dd>
        </dl>
    }
}

#[component]
fn Switches(name: String, detail: Memo<Option<NodeDetail>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let name = StoredValue::new(name);
    let on = Memo::new(move |_| detail.with(|node| node.as_ref().is_some_and(|node| node.on)));
    let staked = lab.slice(|moment| moment.world.stake.is_some());
    let mines = Memo::new(move |_| detail.with(|node| node.as_ref().is_some_and(|node| node.hash_rate > 0)));
    let switch = move |_| {
        let node = name.get_value();
        lab.act(if on.get_untracked() { Action::Stop { node } } else { Action::Start { node } });
    };
    let mine = move |_| {
        let hash_rate = if mines.get_untracked() { 0 } else { 1_500 };
        lab.act(Action::SetHashRate { node: name.get_value(), hash_rate });
    };
    let switch_label = move || fill(if on.get() { "stop-node" } else { "start-node" }, &[&name.get_value()]);
    let mine_label = move || text(if mines.get() { "stop-mining" } else { "start-mining" });
    view! {
        <div class="row">
            <button on:click=switch>{switch_label}</button>
            <Show when=move || on.get() && staked.get() == Some(false)><button on:click=mine>{mine_label}</button></Show>
        </div>
    }
}

/// Which field a refusal belongs to.
fn field_of(code: &str) -> &'static str {
    match code {
        "fee" | "fee-too-low" | "replacement-underpriced" | "pool-full" => "fee",
        "memo" => "memo",
        "to" | "unknown-node" => "to",
        _ => "amount",
    }
}

#[component]
fn TransferForm(from: String, detail: Memo<Option<NodeDetail>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let names = lab.slice(room::payees);
    let others = {
        let from = from.clone();
        Memo::new(move |_| names.get().unwrap_or_default().into_iter().filter(|name| *name != from).collect::<Vec<_>>())
    };
    let (to, amount, memo) =
        (RwSignal::new(String::new()), RwSignal::new("1000".to_owned()), RwSignal::new(String::new()));
    let (fee, say_fee) = fee_field(detail, memo);
    let problem = RwSignal::new(None::<Refused>);
    let sent = RwSignal::new(None::<String>);
    let place = Place::here();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let receiver =
            Some(to.get_untracked()).filter(|to| !to.is_empty()).or_else(|| others.get_untracked().first().cloned());
        sent.set(None);
        match read_transfer(&from, receiver, &amount.get_untracked(), &fee.get_untracked(), &memo.get_untracked()) {
            Err(refused) => problem.set(Some(refused)),
            Ok(action) => {
                let done = describe(&action);
                lab.client.ask(Request::Act { action }, place, move |result| {
                    sent.set(result.is_ok().then_some(done));
                    problem.set(result.err());
                });
            }
        }
    };
    let problem_at = move |field: &'static str| {
        Memo::new(move |_| {
            problem.get().filter(|refused| field_of(&refused.code) == field).map(|refused| refused.message)
        })
    };
    let option = |name: String| view! { <option value=name.clone()>{name.clone()}</option> };
    let to_problem = problem_at("to");
    view! {
        <form class="transfer" aria-label=text("send-transfer") on:submit=submit novalidate>
            <Field key="to" problem=to_problem>
                <select
                    id="field-to"
                    aria-describedby="problem-to"
                    aria-invalid=move || to_problem.with(Option::is_some).to_string()
                    on:change=move |event| to.set(event_target_value(&event))
                >
                    {move || others.get().into_iter().map(option).collect_view()}
                </select>
            </Field>
            <Input key="amount" value=amount say=amount problem=problem_at("amount") numeric=true />
            <Input key="fee" value=fee say=say_fee problem=problem_at("fee") numeric=true />
            <Input key="memo" value=memo say=memo problem=problem_at("memo") numeric=false />
            <button class="primary" type="submit">{text("send")}</button>
            <p class="sent" role="status">{move || sent.get()}</p>
        </form>
    }
}

/// The fee: what is enough for the next block, until somebody says another.
fn fee_field(detail: Memo<Option<NodeDetail>>, memo: RwSignal<String>) -> (Memo<String>, SignalSetter<String>) {
    let said = RwSignal::new(None::<String>);
    let enough = move || {
        let next = detail.with(|node| node.as_ref().and_then(|node| node.next_block))?;
        Some(fee_of(next.enough, next.transfer_bytes + memo.with(String::len)).to_string())
    };
    let fee = Memo::new(move |_| said.get().or_else(enough).unwrap_or_default());
    (fee, SignalSetter::map(move |fee| said.set(Some(fee))))
}

#[component]
fn Input(
    key: &'static str,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] say: SignalSetter<String>,
    problem: Memo<Option<String>>,
    numeric: bool,
) -> impl IntoView {
    view! {
        <Field key problem>
            <input
                id=format!("field-{key}")
                aria-describedby=format!("problem-{key}")
                aria-invalid=move || problem.with(Option::is_some).to_string()
                inputmode=if numeric { "numeric" } else { "text" }
                autocomplete="off"
                prop:value=move || value.get()
                on:input=move |event| say.set(event_target_value(&event))
            />
        </Field>
    }
}

/// A label, a field, and what is wrong with it.
#[component]
fn Field(key: &'static str, problem: Memo<Option<String>>, children: Children) -> impl IntoView {
    view! {
        <div class="field" class:wrong=move || problem.with(Option::is_some)>
            <label for=format!("field-{key}")>{term(key)}</label>
            {children()}
            <p class="problem" id=format!("problem-{key}") role="alert">{move || problem.get()}</p>
        </div>
    }
}

fn read_transfer(from: &str, to: Option<String>, amount: &str, fee: &str, memo: &str) -> Result<Action, Refused> {
    let refuse = |code: &str, message: String| Refused { code: code.to_owned(), message };
    let number = |code: &'static str, text: &str| {
        text.trim().replace(',', "").parse::<Amount>().map_err(|error| refuse(code, error.to_string()))
    };
    let to = to.ok_or_else(|| refuse("to", text("nobody-to-pay").to_owned()))?;
    let memo = MemoText::new(memo).map_err(|error| refuse("memo", error.to_string()))?;
    Ok(Action::Transfer {
        from: from.to_owned(),
        to,
        amount: number("amount", amount)?,
        fee: number("fee", fee)?,
        memo,
    })
}

fn describe(action: &Action) -> String {
    match action {
        Action::Transfer { to, amount, fee, .. } => {
            fill("sent", &[&format::grouped(amount), to, &format::grouped(fee)])
        }
        _ => String::new(),
    }
}

#[component]
fn Tables(detail: Memo<Option<NodeDetail>>) -> impl IntoView {
    let pool = Memo::new(move |_| {
        detail.with(|node| node.as_ref().map(|node| (node.pool_count, node.pool.clone())).unwrap_or_default())
    });
    let next = Memo::new(move |_| detail.with(|node| node.as_ref().and_then(|node| node.next_block)));
    let next_block = move || {
        let NextBlockFacts { transactions, enough, floor, .. } = next.get()?;
        Some(fill(
            "pool-next-block",
            &[&format::grouped(transactions), &format::grouped(enough), &format::grouped(floor)],
        ))
    };
    let peers =
        Memo::new(move |_| detail.with(|node| node.as_ref().map(|node| node.peers.clone()).unwrap_or_default()));
    let accounts =
        Memo::new(move |_| detail.with(|node| node.as_ref().map(|node| node.accounts.clone()).unwrap_or_default()));
    let messages = Memo::new(move |_| {
        detail.with(|node| node.as_ref().map(|node| (node.in_flight, node.messages.clone())).unwrap_or_default())
    });
    view! {
        <h3>{move || fill("mempool-title", &[&pool.with(|(count, _)| count.to_string())])}</h3>
        <p class="hint">{next_block}</p>
        {move || pool.with(|(_, rows)| view! { <Transactions rows=rows.iter().map(|row| row.transaction.clone()).collect() /> })}
        <h3>{move || fill("messages-title", &[&messages.with(|(count, _)| count.to_string())])}</h3>
        {move || messages.with(|(_, rows)| view! { <Messages rows=rows.clone() /> })}
        <h3>{term("peers")}</h3>
        {move || peers.with(|rows| peer_table(rows))}
        <h3>{text("balances")}</h3>
        {move || accounts.with(|rows| account_table(rows))}
    }
}

fn peer_table(rows: &[PeerRow]) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="empty">{text("none")}</p> }.into_any();
    }
    let row = |row: &PeerRow| {
        let state =
            if row.cut { text("cut-mark").to_owned() } else { fill("milliseconds", &[&row.latency.to_string()]) };
        let loss = (row.loss > 0).then(|| fill("loss", &[&format::per_cent(row.loss)]));
        view! {
            <tr>
                <td>{row.name.clone()}</td>
                <td>{state}" "{loss}</td>
                <td class="number">{row.height.map(|height| format!("#{height}"))}</td>
            </tr>
        }
    };
    view! {
        <table>
            <thead><tr><th>{term("peer")}</th><th>{text("link")}</th><th class="number">{text("last-told")}</th></tr></thead>
            <tbody>{rows.iter().map(row).collect_view()}</tbody>
            {as_file("peers", "peers")}
        </table>
    }
    .into_any()
}

fn account_table(rows: &[AccountRow]) -> impl IntoView + use<> {
    let row = |row: &AccountRow| {
        view! {
            <tr>
                <td>{row.owner.clone()}</td>
                <td class="number">{format::grouped(row.balance)}</td>
                <td class="number">{row.nonce.to_string()}</td>
            </tr>
        }
    };
    view! {
        <table>
            <thead><tr><th>{text("owner")}</th><th class="number">{term("balance")}</th><th class="number">{text("spent")}</th></tr></thead>
            <tbody>{rows.iter().map(row).collect_view()}</tbody>
            {as_file("balances", "balances")}
        </table>
    }
}
