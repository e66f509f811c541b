//! The form that offers a channel.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    super::{Lab, Place},
    number_field,
};
use crate::{
    primitives::{Amount, Policy},
    sim::Action,
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

/// Base units for the miner of the funding.
const FEE: Amount = Amount::literal(1_000);

#[derive(Clone, Copy)]
struct Fields {
    from: RwSignal<String>,
    to: RwSignal<String>,
    ours: RwSignal<String>,
    theirs: RwSignal<String>,
    reserve: RwSignal<String>,
    window: RwSignal<String>,
    policy: RwSignal<Policy>,
}

impl Fields {
    fn new(first: String, second: String) -> Self {
        let of = |value: &str| RwSignal::new(value.to_owned());
        Self {
            from: RwSignal::new(first),
            to: RwSignal::new(second),
            ours: of("100000"),
            theirs: of("100000"),
            reserve: of("5000"),
            window: of("6"),
            policy: RwSignal::new(Policy::Penalty),
        }
    }
}

#[component]
pub(super) fn OpenForm(done: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let names = lab.slice(|moment| moment.world.network.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>());
    let selected = lab.shown_node();
    let all = names.get_untracked().unwrap_or_default();
    let fields = Fields::new(String::new(), String::new());
    // Who is meant may be said, also while the form is open.
    Effect::new(move |_| {
        let [from, to] = lab.opening.get().unwrap_or_default();
        let first = from.or_else(|| selected.get_untracked()).or_else(|| all.first().cloned()).unwrap_or_default();
        let second = to.or_else(|| all.iter().find(|name| **name != first).cloned()).unwrap_or_default();
        fields.from.set(first);
        fields.to.set(second);
    });
    let problem = RwSignal::new(None::<String>);
    let place = Place::here();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        match read(fields) {
            Err(message) => problem.set(Some(message)),
            Ok(action) => lab.client.ask(Request::Act { action }, place, move |result| match result {
                Ok(_) => done(),
                Err(refused) => problem.set(Some(refused.message)),
            }),
        }
    };
    let policy = move |event| {
        let replace = event_target_value(&event) == "replace";
        fields.policy.set(if replace { Policy::Replace } else { Policy::Penalty });
    };
    view! {
        <form class="pay" aria-label=text("open-channel") on:submit=submit novalidate>
            <Choose key="channel-from" value=fields.from names />
            <Choose key="channel-to" value=fields.to names />
            {number_field("deposit-from", fields.ours)}
            {number_field("deposit-to", fields.theirs)}
            {number_field("reserve", fields.reserve)}
            {number_field("window", fields.window)}
            <label>{text("policy")}
                <select on:change=policy>
                    <option value="penalty">{text("policy-penalty")}</option>
                    <option value="replace">{text("policy-replace")}</option>
                </select>
            </label>
            <span class="buttons">
                <button class="primary" type="submit">{text("offer")}</button>
                <button type="button" on:click=move |_| done()>{text("cancel")}</button>
            </span>
            <p class="problem" role="alert">{move || problem.get()}</p>
        </form>
    }
}

/// One of the nodes.
#[component]
fn Choose(key: &'static str, value: RwSignal<String>, names: Memo<Option<Vec<String>>>) -> impl IntoView {
    let option = move |name: String| {
        let chosen = name.clone();
        view! { <option value=name.clone() selected=move || value.get() == chosen>{name.clone()}</option> }
    };
    view! {
        <label>{text(key)}
            <select on:change=move |event| value.set(event_target_value(&event))>
                {move || names.get().unwrap_or_default().into_iter().map(option).collect_view()}
            </select>
        </label>
    }
}

fn read(fields: Fields) -> Result<Action, String> {
    let amount = |field: RwSignal<String>| {
        field.get_untracked().trim().replace(',', "").parse::<Amount>().map_err(|error| error.to_string())
    };
    let window = fields.window.get_untracked();
    Ok(Action::OpenChannel {
        from: fields.from.get_untracked(),
        to: fields.to.get_untracked(),
        ours: amount(fields.ours)?,
        theirs: amount(fields.theirs)?,
        fee: FEE,
        policy: fields.policy.get_untracked(),
        window: window.trim().parse().map_err(|_| fill("not-a-number", &[&window]))?,
        reserve: amount(fields.reserve)?,
    })
}
