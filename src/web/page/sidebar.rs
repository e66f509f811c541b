//! The panel on the left: what the network is made of, and making something else of it.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{Lab, add_node::AddNode, format, room::WhoIsHere, runs::Runs};
use crate::{
    sim::{Action, Workload},
    view::{LinkLine, NodeDot},
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

/// Transfers per virtual hour and node to choose from.
const RATES: [u32; 5] = [0, 60, 360, 1_800, 7_200];

#[component]
pub(super) fn Sidebar() -> impl IntoView {
    view! {
        <nav aria-label=text("build")>
            <WhoIsHere />
            <Nodes />
            <Links />
            <Traffic />
            <NewNetwork />
            <Runs />
        </nav>
    }
}

#[component]
fn Nodes() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let nodes = lab.slice(|moment| {
        let row = |node: &NodeDot| (node.name.clone(), node.on, node.hash_rate, node.height);
        moment.world.network.nodes.iter().map(row).collect::<Vec<_>>()
    });
    let selected = lab.shown_node();
    let row = move |(index, name): (usize, String)| {
        let shown = name.clone();
        let name = StoredValue::new(name);
        let is_selected = Memo::new(move |_| selected.with(|selected| selected.as_ref() == Some(&name.get_value())));
        let note = Memo::new(move |_| {
            let row = nodes.with(|nodes| nodes.as_ref().and_then(|rows| rows.get(index).cloned()));
            row.map(|(_, on, hash_rate, height)| {
                let place = if on { format!("#{height}") } else { text("off").to_owned() };
                if hash_rate > 0 { format!("{} · {place}", format::hash_rate(hash_rate)) } else { place }
            })
        });
        view! {
            <li>
                <button
                    class="item"
                    aria-pressed=move || is_selected.get().to_string()
                    on:click=move |_| lab.look_at_node(name.get_value())
                >
                    <span>{shown}</span>
                    <small>{move || note.get()}</small>
                </button>
            </li>
        }
    };
    let names = Memo::new(move |_| {
        nodes.with(|rows| rows.iter().flatten().map(|(name, ..)| name.clone()).enumerate().collect::<Vec<_>>())
    });
    view! {
        <h2>{text("nodes")}</h2>
        <ul><For each=move || names.get() key=Clone::clone let:name>{row(name)}</For></ul>
        <AddNode />
    }
}

#[component]
fn Links() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let network = lab.slice(|moment| {
        let names: Vec<String> = moment.world.network.nodes.iter().map(|node| node.name.clone()).collect();
        (names, moment.world.network.links.clone())
    });
    let ends = move || {
        network.with(|network| {
            let (names, links) = network.as_ref()?;
            Some(links.iter().map(|link| ends(names, link)).enumerate().collect::<Vec<_>>())
        })
    };
    let row = move |(index, (a, b)): (usize, (String, String))| {
        let (shown, pair) = (format!("{a} – {b}"), StoredValue::new((a, b)));
        let link = Memo::new(move |_| {
            network.with(|network| network.as_ref().and_then(|(_, links)| links.get(index).cloned()))
        });
        let is_cut = move || link.with(|link| link.as_ref().is_some_and(|link| link.cut));
        let label = move || {
            let (a, b) = pair.get_value();
            if is_cut() { fill("heal-link", &[&a, &b]) } else { fill("cut-link", &[&a, &b]) }
        };
        let toggle = move |_| {
            let (a, b) = pair.get_value();
            lab.act(if is_cut() { Action::Heal { a, b } } else { Action::Cut { a, b } });
        };
        let latency = move || link.get().map(|link| fill("milliseconds", &[&link.latency.to_string()]));
        view! {
            <li class="line" class:cut=is_cut>
                <span>{shown}</span>
                <small>{latency}</small>
                <button aria-label=label on:click=toggle>{move || if is_cut() { text("heal") } else { text("cut") }}</button>
            </li>
        }
    };
    view! {
        <h2>{text("links")}</h2>
        <ul class="links">
            <For each=move || ends().unwrap_or_default() key=Clone::clone let:pair>{row(pair)}</For>
        </ul>
    }
}

/// The names of a link's ends.
fn ends(names: &[String], link: &LinkLine) -> (String, String) {
    let name = |index: u32| names.get(index as usize).cloned().unwrap_or_default();
    (name(link.a), name(link.b))
}

#[component]
fn Traffic() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let workload = lab.slice(|moment| Workload {
        transfers_per_hour: moment.world.transfers_per_hour,
        payments_per_hour: moment.world.payments_per_hour,
        sends_per_hour: moment.world.sends_per_hour,
    });
    let current = Memo::new(move |_| workload.get().unwrap_or_default());
    let transfers = Memo::new(move |_| current.get().transfers_per_hour);
    let payments = Memo::new(move |_| current.get().payments_per_hour);
    let sends = Memo::new(move |_| current.get().sends_per_hour);
    let set = move |workload: Workload| lab.act(Action::SetWorkload { workload });
    let set_transfers = move |transfers_per_hour| set(Workload { transfers_per_hour, ..current.get_untracked() });
    let set_payments = move |payments_per_hour| set(Workload { payments_per_hour, ..current.get_untracked() });
    let set_sends = move |sends_per_hour| set(Workload { sends_per_hour, ..current.get_untracked() });
    view! {
        <h2>{text("traffic")}</h2>
        <Rate label=text("traffic-label") words="traffic-rate" none="no-traffic" rate=transfers set=set_transfers />
        <Rate label=text("payments-label") words="payments-rate" none="no-payments" rate=payments set=set_payments />
        <Rate label=text("sends-label") words="sends-rate" none="no-sends" rate=sends set=set_sends />
    }
}

/// How often nodes do something by themselves.
#[component]
fn Rate(
    label: &'static str,
    words: &'static str,
    none: &'static str,
    rate: Memo<u32>,
    set: impl Fn(u32) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let option = move |value: u32, current: u32| {
        let label = if value == 0 { text(none).to_owned() } else { fill(words, &[&format::grouped(value)]) };
        view! { <option value=value.to_string() selected=value == current>{label}</option> }
    };
    let options = move || {
        let current = rate.get();
        let mut values = RATES.to_vec();
        if !values.contains(&current) {
            values.push(current);
            values.sort_unstable();
        }
        values.into_iter().map(|value| option(value, current)).collect_view()
    };
    let choose = move |event| {
        if let Ok(value) = event_target_value(&event).parse() {
            set(value);
        }
    };
    view! { <label class="stack"><span class="hidden">{label}</span><select on:change=choose>{options}</select></label> }
}

#[component]
fn NewNetwork() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let (nodes, seed) = (RwSignal::new("5".to_owned()), RwSignal::new("1".to_owned()));
    let problem = RwSignal::new(None::<(String, String)>);
    let (busy, staked) = (RwSignal::new(false), RwSignal::new(false));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Ok(count) = nodes.get_untracked().trim().parse::<u32>() else {
            problem.set(Some(("nodes".to_owned(), fill("not-a-number", &[&nodes.get_untracked()]))));
            return;
        };
        problem.set(None);
        busy.set(true);
        lab.client.ask(
            Request::Generate {
                nodes: count,
                seed: seed.get_untracked().trim().to_owned(),
                staked: staked.get_untracked(),
            },
            lab.client.place,
            move |result| {
                busy.set(false);
                let failed = result.err();
                if failed.is_none() {
                    lab.look_afresh();
                }
                problem.set(failed.map(|refused| (refused.code, refused.message)));
            },
        );
    };
    let problem_at =
        move |field: &'static str| move || problem.get().filter(|(code, _)| code == field).map(|(_, message)| message);
    let field = move |key: &'static str, label: &'static str, value: RwSignal<String>| {
        let problem = problem_at(key);
        view! {
            <label class="stack">
                {text(label)}
                <input inputmode="numeric" prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event)) />
            </label>
            <p class="problem" role="alert">{problem}</p>
        }
    };
    view! {
        <h2>{text("new-network")}</h2>
        <form class="new" on:submit=submit novalidate>
            {field("nodes", "node-count", nodes)}
            {field("seed", "seed", seed)}
            <label class="stack">{text("consensus")}
                <select on:change=move |event| staked.set(event_target_value(&event) == "pos")>
                    <option value="pow">{text("proof-of-work")}</option>
                    <option value="pos">{text("proof-of-stake")}</option>
                </select>
            </label>
            <button type="submit" disabled=move || busy.get()>{move || if busy.get() { text("building") } else { text("begin") }}</button>
        </form>
    }
}
