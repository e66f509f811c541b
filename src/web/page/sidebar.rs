//! The panel on the left: what the network is made of, and making something else of it.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{Lab, format, runs::Runs};
use crate::{
    primitives::Amount,
    sim::{Action, NodeConfig, Workload, generated_name},
    view::{LinkLine, NodeDot},
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

/// Hashes per virtual second of a node that is added.
const NEW_HASH_RATE: u32 = 1_000;
/// Transfers per virtual hour and node to choose from.
const RATES: [u32; 5] = [0, 60, 360, 1_800, 7_200];

#[component]
pub(super) fn Sidebar() -> impl IntoView {
    view! {
        <nav aria-label=text("build")>
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
    let nodes = lab.slice(|moment| moment.world.network.nodes.clone());
    let selected = Memo::new(move |_| lab.focus.with(|focus| focus.node.clone()));
    let add = move |_| {
        let names: Vec<String> = nodes
            .get_untracked()
            .unwrap_or_default()
            .into_iter()
            .map(|node| node.name)
            .collect();
        let name = (0..)
            .map(generated_name)
            .find(|name| !names.contains(name))
            .unwrap_or_default();
        let links = names.iter().rev().take(2).cloned().collect();
        let node = NodeConfig {
            name: name.clone(),
            hash_rate: NEW_HASH_RATE,
            balance: Amount::ZERO,
        };
        lab.act(Action::AddNode { node, links });
        lab.look_at_node(name);
    };
    let row = move |node: NodeDot| {
        let name = StoredValue::new(node.name.clone());
        let is_selected = move || selected.with(|selected| selected.as_ref() == Some(&name.get_value()));
        let note = if node.on {
            format!("#{}", node.height)
        } else {
            text("off").to_owned()
        };
        view! {
            <li>
                <button class="item" aria-pressed=move || is_selected().to_string() on:click=move |_| lab.look_at_node(name.get_value())>
                    <span>{node.name.clone()}</span>
                    <small>{(node.hash_rate > 0).then(|| format!("{} · ", format::hash_rate(node.hash_rate)))}{note}</small>
                </button>
            </li>
        }
    };
    view! {
        <h2>{text("nodes")}</h2>
        <ul>{move || nodes.get().unwrap_or_default().into_iter().map(row).collect_view()}</ul>
        <button class="add" on:click=add>{text("add-node")}</button>
    }
}

#[component]
fn Links() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let network = lab.slice(|moment| {
        let names: Vec<String> = moment
            .world
            .network
            .nodes
            .iter()
            .map(|node| node.name.clone())
            .collect();
        (names, moment.world.network.links.clone())
    });
    let row = move |names: &[String], link: LinkLine| {
        let name = |index: u32| names.get(index as usize).cloned().unwrap_or_default();
        let (a, b) = (name(link.a), name(link.b));
        let ends = format!("{a} – {b}");
        let (key, verb) = if link.cut {
            ("heal-link", "heal")
        } else {
            ("cut-link", "cut")
        };
        let label = fill(key, &[&a, &b]);
        let toggle = move |_| {
            let (a, b) = (a.clone(), b.clone());
            lab.act(if link.cut {
                Action::Heal { a, b }
            } else {
                Action::Cut { a, b }
            });
        };
        view! {
            <li class="line" class:cut=link.cut>
                <span>{ends}</span>
                <small>{fill("milliseconds", &[&link.latency.to_string()])}</small>
                <button aria-label=label on:click=toggle>{text(verb)}</button>
            </li>
        }
    };
    let any_cut = move || {
        network.with(|network| {
            network
                .as_ref()
                .is_some_and(|(_, links)| links.iter().any(|link| link.cut))
        })
    };
    view! {
        <h2>{text("links")}</h2>
        <ul class="links">
            {move || network.get().map(|(names, links)| links.into_iter().map(|link| row(&names, link)).collect_view())}
        </ul>
        <div class="row">
            <button on:click=move |_| split(lab)>{text("split")}</button>
            <button disabled=move || !any_cut() on:click=move |_| lab.act(Action::HealAll)>{text("heal-all")}</button>
        </div>
    }
}

/// Cuts the network into two halves.
fn split(lab: Lab) {
    let names: Vec<String> = lab.client.moment.with_untracked(|moment| {
        moment
            .iter()
            .flat_map(|moment| &moment.world.network.nodes)
            .map(|node| node.name.clone())
            .collect()
    });
    let nodes = names.iter().take(names.len() / 2).cloned().collect();
    lab.act(Action::Partition { nodes });
}

#[component]
fn Traffic() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let rate = lab.slice(|moment| moment.world.transfers_per_hour);
    let choose = move |event| {
        if let Ok(transfers_per_hour) = event_target_value(&event).parse() {
            lab.act(Action::SetWorkload {
                workload: Workload { transfers_per_hour },
            });
        }
    };
    let option = move |value: u32, current: u32| {
        let label = if value == 0 {
            text("no-traffic").to_owned()
        } else {
            fill("traffic-rate", &[&format::grouped(value)])
        };
        view! { <option value=value.to_string() selected=value == current>{label}</option> }
    };
    let options = move || {
        let current = rate.get().unwrap_or_default();
        let mut values = RATES.to_vec();
        if !values.contains(&current) {
            values.push(current);
            values.sort_unstable();
        }
        values.into_iter().map(|value| option(value, current)).collect_view()
    };
    view! {
        <h2>{text("traffic")}</h2>
        <label class="stack"><span class="hidden">{text("traffic-label")}</span><select on:change=choose>{options}</select></label>
    }
}

#[component]
fn NewNetwork() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let (nodes, seed) = (RwSignal::new("5".to_owned()), RwSignal::new("1".to_owned()));
    let problem = RwSignal::new(None::<(String, String)>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Ok(count) = nodes.get_untracked().trim().parse::<u32>() else {
            problem.set(Some((
                "nodes".to_owned(),
                fill("not-a-number", &[&nodes.get_untracked()]),
            )));
            return;
        };
        lab.client.ask(
            Request::Generate {
                nodes: count,
                seed: seed.get_untracked().trim().to_owned(),
            },
            move |result| {
                let failed = result.err();
                if failed.is_none() {
                    lab.look_at_node("Alpha".to_owned());
                }
                problem.set(failed.map(|refused| (refused.code, refused.message)));
            },
        );
    };
    let problem_at = move |field: &'static str| {
        move || {
            problem
                .get()
                .filter(|(code, _)| code == field)
                .map(|(_, message)| message)
        }
    };
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
            <button type="submit">{text("begin")}</button>
        </form>
    }
}
