//! The sides, by the tabs pattern of the ARIA authoring practices: one stop for Tab, arrows among them.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use crate::{
    view::Tab,
    web::{page::Lab, strings::text},
};

const TABS: [Tab; 5] = [Tab::Summary, Tab::Raw, Tab::Rules, Tab::History, Tab::Why];

#[component]
pub(super) fn Tabs(children: ChildrenFn) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let chosen = Memo::new(move |_| lab.focus.with(|focus| focus.tab));
    let buttons: [NodeRef<html::Button>; 5] = std::array::from_fn(|_| NodeRef::new());
    let choose = move |at: usize| {
        lab.refocus(|focus| focus.tab = TABS[at]);
        if let Some(button) = buttons[at].get_untracked() {
            drop(button.focus());
        }
    };
    let keys = move |event: KeyboardEvent| {
        let at = TABS.iter().position(|tab| *tab == chosen.get_untracked()).unwrap_or(0);
        let next = match event.key().as_str() {
            "ArrowRight" => (at + 1) % TABS.len(),
            "ArrowLeft" => (at + TABS.len() - 1) % TABS.len(),
            "Home" => 0,
            "End" => TABS.len() - 1,
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
            {(0..TABS.len()).map(tab).collect_view()}
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
    }
}

fn label(tab: Tab) -> &'static str {
    match tab {
        Tab::Summary => text("tab-summary"),
        Tab::Raw => text("tab-raw"),
        Tab::Rules => text("tab-rules"),
        Tab::History => text("tab-history"),
        Tab::Why => text("tab-why"),
    }
}
