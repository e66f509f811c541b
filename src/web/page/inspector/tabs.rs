//! The sides, by the tabs pattern of the ARIA authoring practices: one stop for Tab, arrows among them.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use crate::{
    view::{Selection, Tab},
    web::{page::Lab, strings::text},
};

const TABS: [Tab; 6] = [Tab::Summary, Tab::Raw, Tab::Rules, Tab::History, Tab::Why, Tab::Edit];

/// The side that is shown: what cannot be edited shows its summary instead.
pub(super) fn chosen(lab: Lab) -> Memo<Tab> {
    let editable = editable(lab);
    Memo::new(move |_| match lab.focus.with(|focus| focus.tab) {
        Tab::Edit if !editable.get() => Tab::Summary,
        tab => tab,
    })
}

/// Whether there is a copy to be made of what is selected.
fn editable(lab: Lab) -> Memo<bool> {
    let selected = lab.slice(|moment| {
        let selection = moment.world.inspection.as_ref().map(|inspection| &inspection.selection);
        matches!(selection, Some(Selection::Block { .. } | Selection::Transaction { .. }))
    });
    Memo::new(move |_| selected.get().unwrap_or_default())
}

#[component]
pub(super) fn Tabs(children: ChildrenFn) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let (chosen, editable) = (chosen(lab), editable(lab));
    let shown = move || TABS.len() - usize::from(!editable.get());
    let buttons: [NodeRef<html::Button>; 6] = std::array::from_fn(|_| NodeRef::new());
    let choose = move |at: usize| {
        lab.refocus(|focus| focus.tab = TABS[at]);
        if let Some(button) = buttons[at].get_untracked() {
            drop(button.focus());
        }
    };
    let keys = move |event: KeyboardEvent| {
        let at = TABS.iter().position(|tab| *tab == chosen.get_untracked()).unwrap_or(0);
        let count = untrack(shown);
        let next = match event.key().as_str() {
            "ArrowRight" => (at + 1) % count,
            "ArrowLeft" => (at + count - 1) % count,
            "Home" => 0,
            "End" => count - 1,
            _ => return,
        };
        event.prevent_default();
        choose(next);
    };
    let tab = move |at: usize| {
        let is_chosen = move || chosen.get() == TABS[at];
        view! {
            <button
                role="tab"
                id=id(TABS[at])
                node_ref=buttons[at]
                aria-controls="inspector-panel"
                aria-selected=move || is_chosen().to_string()
                tabindex=move || if is_chosen() { "0" } else { "-1" }
                on:click=move |_| choose(at)
            >
                {label(TABS[at])}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label=text("sides") on:keydown=keys>
            <For each=move || 0..shown() key=|at| *at let:at>{tab(at)}</For>
        </div>
        <div id="inspector-panel" role="tabpanel" aria-labelledby=move || id(chosen.get())>{children()}</div>
    }
}

fn id(tab: Tab) -> &'static str {
    match tab {
        Tab::Summary => "tab-summary",
        Tab::Raw => "tab-raw",
        Tab::Rules => "tab-rules",
        Tab::History => "tab-history",
        Tab::Why => "tab-why",
        Tab::Edit => "tab-edit",
    }
}

fn label(tab: Tab) -> &'static str {
    match tab {
        Tab::Summary => text("tab-summary"),
        Tab::Raw => text("tab-raw"),
        Tab::Rules => text("tab-rules"),
        Tab::History => text("tab-history"),
        Tab::Why => text("tab-why"),
        Tab::Edit => text("tab-edit"),
    }
}
