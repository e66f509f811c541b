//! What can be set for one node: who watches its channels, and whether it keeps payments to it waiting.

use leptos::prelude::*;

use super::super::Lab;
use crate::{
    sim::Action,
    web::strings::{fill, text},
};

/// The switches of the node of that name.
#[component]
pub(in super::super) fn PartySwitches(#[prop(into)] name: Signal<String>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let node = lab.slice(move |moment| {
        let name = name.get();
        let found = moment.world.network.nodes.iter().find(|node| node.name == name);
        found.map(|node| (node.on, node.tower.clone(), node.holds))
    });
    let node = Memo::new(move |_| node.get().flatten().unwrap_or_default());
    let tower = Memo::new(move |_| node.get().1);
    let others = lab.slice(move |moment| {
        let name = name.get();
        let names = moment.world.network.nodes.iter().map(|node| node.name.clone());
        names.filter(|other| *other != name).collect::<Vec<_>>()
    });
    let off = move || !node.get().0;
    let watch = move |event| {
        let chosen = event_target_value(&event);
        let tower = Some(chosen).filter(|chosen| !chosen.is_empty());
        lab.act(Action::Watch { client: name.get_untracked(), tower });
    };
    let hold = move |event| lab.act(Action::Hold { node: name.get_untracked(), on: event_target_checked(&event) });
    let option = move |other: String| {
        let is_tower = tower.get().as_ref() == Some(&other);
        view! { <option value=other.clone() selected=is_tower>{other.clone()}</option> }
    };
    view! {
        <div class="party">
            <label>
                {move || fill("tower-of", &[&name.get()])}
                <select disabled=off on:change=watch>
                    <option value="" selected=move || tower.with(Option::is_none)>{text("nobody")}</option>
                    {move || others.get().unwrap_or_default().into_iter().map(option).collect_view()}
                </select>
            </label>
            <label class="switch">
                <input type="checkbox" disabled=off prop:checked=move || node.get().2 on:change=hold />
                {move || fill("holds-payments", &[&name.get()])}
            </label>
        </div>
    }
}
