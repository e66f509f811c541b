//! The form that pays over whatever route there is.

use leptos::{ev::SubmitEvent, prelude::*};

use super::super::{Lab, Place};
use crate::{
    primitives::Amount,
    sim::Action,
    web::{client::Refused, protocol::Request, strings::text},
};

#[derive(Clone, Copy)]
struct Fields {
    from: RwSignal<String>,
    to: RwSignal<String>,
    amount: RwSignal<String>,
    max_fee: RwSignal<String>,
}

#[component]
pub(super) fn SendForm(done: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let names = lab.slice(|moment| moment.world.network.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>());
    let names = Memo::new(move |_| names.get().unwrap_or_default());
    let (from, to) = lab.client.moment.with_untracked(|moment| {
        moment.as_ref().map(|moment| ends(&moment.world.channels.rows, &names.get_untracked())).unwrap_or_default()
    });
    let of = |value: String| RwSignal::new(value);
    let fields = Fields { from: of(from), to: of(to), amount: of("1000".to_owned()), max_fee: of(String::new()) };
    let problem = RwSignal::new(None::<Refused>);
    let sent = RwSignal::new(None::<String>);
    let place = Place::here();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        sent.set(None);
        match read(fields) {
            Err(refused) => problem.set(Some(refused)),
            Ok(action) => lab.client.ask(Request::Act { action }, place, move |result| {
                sent.set(result.is_ok().then(|| text("payment-begun").to_owned()));
                problem.set(result.err());
            }),
        }
    };
    let problem_at = move |field: &'static str| {
        Memo::new(move |_| {
            problem.get().filter(|refused| field_of(&refused.code) == field).map(|refused| refused.message)
        })
    };
    view! {
        <form class="pay send" aria-label=text("send-payment") on:submit=submit novalidate>
            <Choose key="payer" value=fields.from names problem=problem_at("payer") />
            <Choose key="payee" value=fields.to names problem=problem_at("payee") />
            <Number key="amount" value=fields.amount problem=problem_at("amount") />
            <Number key="max-fee" value=fields.max_fee problem=problem_at("max-fee") />
            <span class="buttons">
                <button class="primary" type="submit">{text("send")}</button>
                <button type="button" on:click=move |_| done()>{text("done")}</button>
            </span>
            <p class="sent" role="status">{move || sent.get()}</p>
        </form>
    }
}

/// Two nodes that are joined by two channels, if there are such; else the first two.
fn ends(rows: &[crate::view::ChannelRow], names: &[String]) -> (String, String) {
    let pairs: Vec<[&str; 2]> = rows
        .iter()
        .filter(|row| row.status == crate::view::Status::Open)
        .map(|row| [row.parties[0].name.as_str(), row.parties[1].name.as_str()])
        .collect();
    let peers = |name: &str| {
        let of = |pair: &[&str; 2]| pair.iter().position(|party| *party == name).map(|at| pair[1 - at].to_owned());
        pairs.iter().filter_map(of).collect::<Vec<_>>()
    };
    let two_hops = |from: &String| {
        let near = peers(from);
        let far = near.iter().flat_map(|middle| peers(middle)).find(|to| to != from && !near.contains(to))?;
        Some((from.clone(), far))
    };
    let first = |at: usize| names.get(at).cloned().unwrap_or_default();
    names.iter().find_map(two_hops).unwrap_or_else(|| (first(0), first(1)))
}

/// Which field a refusal belongs to.
fn field_of(code: &str) -> &'static str {
    match code {
        "payer" => "payer",
        "payee" | "with-itself" | "payment-to-oneself" => "payee",
        "max-fee" => "max-fee",
        "node-off" | "unknown-node" | "too-many-payments" => "payer",
        _ => "amount",
    }
}

/// A label, a field, and what is wrong with it.
#[component]
fn Field(key: &'static str, problem: Memo<Option<String>>, children: Children) -> impl IntoView {
    view! {
        <div class="field" class:wrong=move || problem.with(Option::is_some)>
            <label for=format!("send-{key}")>{text(key)}</label>
            {children()}
            <p class="problem" id=format!("send-problem-{key}") role="alert">{move || problem.get()}</p>
        </div>
    }
}

#[component]
fn Number(key: &'static str, value: RwSignal<String>, problem: Memo<Option<String>>) -> impl IntoView {
    view! {
        <Field key problem>
            <input
                id=format!("send-{key}")
                aria-describedby=format!("send-problem-{key}")
                aria-invalid=move || problem.with(Option::is_some).to_string()
                inputmode="numeric"
                autocomplete="off"
                placeholder=(key == "max-fee").then(|| text("automatic"))
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        </Field>
    }
}

#[component]
fn Choose(
    key: &'static str,
    value: RwSignal<String>,
    names: Memo<Vec<String>>,
    problem: Memo<Option<String>>,
) -> impl IntoView {
    let option = move |name: String| {
        let is_chosen = name == value.get_untracked();
        view! { <option value=name.clone() selected=is_chosen>{name.clone()}</option> }
    };
    view! {
        <Field key problem>
            <select
                id=format!("send-{key}")
                aria-describedby=format!("send-problem-{key}")
                aria-invalid=move || problem.with(Option::is_some).to_string()
                on:change=move |event| value.set(event_target_value(&event))
            >
                {move || names.get().into_iter().map(option).collect_view()}
            </select>
        </Field>
    }
}

fn read(fields: Fields) -> Result<Action, Refused> {
    let number = |code: &str, text: String| {
        let amount = text.trim().replace(',', "").parse::<Amount>();
        amount.map_err(|error| Refused { code: code.to_owned(), message: error.to_string() })
    };
    let max_fee = fields.max_fee.get_untracked();
    Ok(Action::Send {
        from: fields.from.get_untracked(),
        to: fields.to.get_untracked(),
        amount: number("amount", fields.amount.get_untracked())?,
        max_fee: if max_fee.trim().is_empty() { None } else { Some(number("max-fee", max_fee)?) },
    })
}
