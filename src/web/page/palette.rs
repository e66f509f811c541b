//! The palette: every action of the page by its words, filtered as one types.

use leptos::{ev::KeyboardEvent, prelude::*};

use super::{Lab, deeds::Deed, format, gallery, keys::TABLE, transport::SPEEDS};
use crate::{
    sim::{Action, PRESETS},
    view::Page,
    web::{
        protocol::{Moment, Request},
        strings::{fill, text},
    },
};

/// Actions that are shown at once.
const SHOWN: usize = 60;
/// Hashes per virtual second of a node that begins to mine.
const HASH_RATE: u32 = 1_000;

/// An action: its words, its key, and what it does.
#[derive(Clone)]
struct Item {
    words: String,
    key: &'static str,
    does: Does,
}

#[derive(Clone)]
enum Does {
    Deed(Deed),
    Ask(Request),
    Look(String),
    Begin(&'static str),
}

impl Does {
    fn run(self, lab: Lab) {
        match self {
            Self::Deed(deed) => deed.run(lab),
            Self::Ask(request) => lab.ask(request),
            Self::Look(name) => lab.look_at_node(name),
            Self::Begin(preset) => gallery::begin(lab, preset),
        }
    }
}

#[component]
pub(super) fn Palette() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let items = StoredValue::new(items(lab));
    let (typed, at) = (RwSignal::new(String::new()), RwSignal::new(0usize));
    let found = Memo::new(move |_| items.with_value(|items| matching(items, &typed.get())));
    let choose = move |index: usize| {
        if let Some(does) = items.with_value(|items| items.get(index).map(|item| item.does.clone())) {
            lab.sheet.set(None);
            // The dialog gives the focus back first.
            lab.client.place.next_frame(move || does.run(lab));
        }
    };
    let press = move |event: KeyboardEvent| {
        let place = at.get_untracked();
        let next = beside(&event.key(), place, found.with(Vec::len).max(1));
        if next.is_none() && event.key() != "Enter" {
            return;
        }
        event.prevent_default();
        match next {
            Some(next) => {
                at.set(next);
                lab.client.place.next_frame(move || show_option(next));
            }
            // The palette is gone after this.
            None => found.with(|found| found.get(place).copied()).into_iter().for_each(choose),
        }
    };
    let option = move |(place, index): (usize, usize)| {
        let item = items.with_value(|items| items[index].clone());
        view! { <Choice place item at choose=move || choose(index) /> }
    };
    let count = move || fill("palette-count", &[&found.with(Vec::len).to_string()]);
    view! {
        <input
            class="palette-find"
            role="combobox"
            autofocus
            autocomplete="off"
            spellcheck="false"
            placeholder=text("palette-find")
            aria-label=text("palette-find")
            aria-expanded="true"
            aria-autocomplete="list"
            aria-controls="actions"
            aria-activedescendant=move || (!found.with(Vec::is_empty)).then(|| format!("action-{}", at.get()))
            prop:value=move || typed.get()
            on:input=move |event| {
                at.set(0);
                typed.set(event_target_value(&event));
            }
            on:keydown=press
        />
        <ul id="actions" class="actions" role="listbox" aria-label=text("actions")>
            {move || found.get().into_iter().take(SHOWN).enumerate().map(option).collect_view()}
        </ul>
        <p class="note" role="status">{count}</p>
    }
}

/// An action to choose, by pointer; by keyboard the field does it.
#[component]
fn Choice(place: usize, item: Item, at: RwSignal<usize>, choose: impl Fn() + 'static) -> impl IntoView {
    view! {
        <li
            role="option"
            id=format!("action-{place}")
            aria-selected=move || (at.get() == place).to_string()
            on:pointerdown=|event| event.prevent_default()
            on:click=move |_| choose()
        >
            {item.words}
            {(!item.key.is_empty()).then(|| view! { <kbd>{item.key}</kbd> })}
        </li>
    }
}

/// The actions that have every word that was typed, by their places.
fn matching(items: &[Item], typed: &str) -> Vec<usize> {
    let typed = typed.to_lowercase();
    let has_all = |item: &Item| {
        let words = item.words.to_lowercase();
        typed.split_whitespace().all(|word| words.contains(word))
    };
    items.iter().enumerate().filter(|(_, item)| has_all(item)).map(|(index, _)| index).take(SHOWN).collect()
}

/// Where an arrow leads from a place among so many, round and round.
fn beside(key: &str, place: usize, count: usize) -> Option<usize> {
    match key {
        "ArrowDown" => Some((place + 1) % count),
        "ArrowUp" => Some((place + count - 1) % count),
        _ => None,
    }
}

fn show_option(place: usize) {
    if let Some(option) = document().get_element_by_id(&format!("action-{place}")) {
        option.scroll_into_view_with_bool(false);
    }
}

/// Every action of this page, here and now.
fn items(lab: Lab) -> Vec<Item> {
    let page = lab.route.page.get_untracked();
    let of_table = TABLE.iter().filter(|(deed, ..)| deed.is_at(page));
    let of_table = of_table.map(|(deed, key, word)| Item { words: text(word).into(), key, does: Does::Deed(*deed) });
    let mut items: Vec<Item> = of_table.collect();
    let mut add = |words: String, does: Does| items.push(Item { words, key: "", does });
    if page == Page::Lab {
        lab.client.moment.with_untracked(|moment| moment.iter().for_each(|moment| of_network(moment, &mut add)));
        for percent in SPEEDS {
            add(fill("speed-to", &[&format::speed(percent)]), Does::Ask(Request::Speed { percent }));
        }
    }
    for preset in PRESETS {
        add(fill("begin-preset", &[&gallery::title(preset)]), Does::Begin(preset));
    }
    items
}

/// What can be done to nodes and links.
fn of_network(moment: &Moment, add: &mut impl FnMut(String, Does)) {
    let act = |action| Does::Ask(Request::Act { action });
    let network = &moment.world.network;
    for node in &network.nodes {
        let name = || node.name.clone();
        add(fill("look-at", &[&node.name]), Does::Look(name()));
        if !node.on {
            add(fill("start-node", &[&node.name]), act(Action::Start { node: name() }));
            continue;
        }
        add(fill("stop-node", &[&node.name]), act(Action::Stop { node: name() }));
        let (word, hash_rate) = if node.hash_rate > 0 { ("stop-mining-at", 0) } else { ("start-mining-at", HASH_RATE) };
        add(fill(word, &[&node.name]), act(Action::SetHashRate { node: name(), hash_rate }));
    }
    for link in &network.links {
        let name = |index: u32| network.nodes.get(index as usize).map(|node| node.name.clone()).unwrap_or_default();
        let (a, b) = (name(link.a), name(link.b));
        let words = [a.as_str(), b.as_str()];
        if link.cut {
            add(fill("heal-link", &words), act(Action::Heal { a, b }));
        } else {
            add(fill("cut-link", &words), act(Action::Cut { a, b }));
        }
    }
}
