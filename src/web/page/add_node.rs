//! Adding a node: with an Ed25519 key that comes from its name, or with an RSA key that is pasted.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{Lab, glossary::term, room::new_name};
use crate::{
    sim::{Action, NodeConfig, NodeKey},
    web::{
        protocol::{Moment, Request},
        strings::text,
    },
};

/// Hashes per virtual second of a node that is added.
const HASH_RATE: u32 = 1_000;
/// Where what is wrong with a key begins.
const KEY: &str = "node.key";

#[component]
pub(super) fn AddNode() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let (rsa, pasted, problem) = (RwSignal::new(false), RwSignal::new(String::new()), RwSignal::new(None::<String>));
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let key = rsa.get_untracked().then(|| NodeKey::rsa(&pasted.get_untracked()));
        let Some((name, links)) =
            lab.client.moment.with_untracked(|moment| moment.as_ref().map(|moment| (new_name(moment), links(moment))))
        else {
            return;
        };
        let node = NodeConfig { name: name.clone(), hash_rate: HASH_RATE, key, ..NodeConfig::default() };
        lab.client.ask(Request::Act { action: Action::AddNode { node, links } }, lab.client.place, move |result| {
            let refused = result.err().map(|refused| refused.message);
            let of_key = refused.as_ref().and_then(|what| Some(what.strip_prefix(KEY)?.split_once(": ")?.1.to_owned()));
            if refused.is_none() {
                pasted.set(String::new());
                lab.look_at_node(name);
            }
            lab.notice.set(refused.filter(|_| of_key.is_none()));
            problem.set(of_key);
        });
    };
    let choose = move |event| {
        rsa.set(event_target_value(&event) == "rsa");
        problem.set(None);
    };
    view! {
        <form aria-label=text("add-node") on:submit=add>
            <div class="stack">
                <label for="add-scheme">{term("scheme")}</label>
                <select id="add-scheme" on:change=choose>
                    <option value="ed25519">{text("add-ed25519")}</option>
                    <option value="rsa">{text("add-rsa")}</option>
                </select>
            </div>
            <Show when=move || rsa.get()>
                <label class="stack">
                    {text("add-key")}
                    <textarea
                        rows="4"
                        spellcheck="false"
                        autocomplete="off"
                        aria-describedby="problem-key"
                        aria-invalid=move || problem.with(Option::is_some).to_string()
                        prop:value=move || pasted.get()
                        on:input=move |event| pasted.set(event_target_value(&event))
                    ></textarea>
                </label>
                <p class="problem" id="problem-key" role="alert">{move || problem.get()}</p>
                <p class="hint">{text("add-key-note")}</p>
            </Show>
            <button id="add-node" class="add" type="submit">{text("add-node")}</button>
        </form>
    }
}

/// Two nodes across the network from each other, other ones every time.
fn links(moment: &Moment) -> Vec<String> {
    let nodes = &moment.world.network.nodes;
    let turns = [nodes.len() / 3, nodes.len() / 3 + nodes.len() / 2];
    let nodes = turns.iter().filter_map(|turn| nodes.get(turn % nodes.len().max(1)));
    let mut links: Vec<String> = nodes.map(|node| node.name.clone()).collect();
    links.dedup();
    links
}
