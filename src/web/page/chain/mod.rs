//! The block tree along all of its history: columns are heights, lanes are branches, flags say which nodes follow which tip. The engine sends only what is
//! in sight and a little around it; the rest is room to scroll through.

mod file;
mod tree;
mod walk;

use leptos::{ev, html, prelude::*};

use super::{
    Lab, Place, present,
    size::size_of,
    table::{Line, Table},
};
use crate::{
    primitives::{Hash, Height},
    view::{BlockBox, ChainView, ChainWindow, Page, Selection, Summary},
    web::strings::{fill, text},
};
use tree::{COLUMN, Tree, miner};

/// Heights that are asked for at once, at most.
const MAX_HEIGHTS: u64 = 64;

/// What the parts of the panel share.
#[derive(Clone, Copy)]
struct Panel {
    lab: Lab,
    /// Where it is; the last event of what was scrolled may come when that is gone.
    place: Place,
    chain: Memo<Option<ChainView>>,
    element: NodeRef<html::Div>,
    size: RwSignal<(f64, f64)>,
    /// How far it was scrolled when it was looked at last.
    left: StoredValue<f64>,
    /// Pixels of a unit of the picture.
    scale: Memo<f64>,
    /// Where the keyboard wants to go: a height and a lane there.
    wanted: RwSignal<Option<(u64, usize)>>,
    /// The block that has the keyboard's focus, also while it is out of sight.
    held: RwSignal<Option<BlockBox>>,
    /// The block at which Tab comes in.
    active: RwSignal<Option<Hash>>,
}

impl Panel {
    fn column(&self) -> f64 {
        COLUMN * self.scale.get_untracked()
    }

    /// Columns that fit, whole and broken.
    fn columns(&self) -> u64 {
        (self.size.get_untracked().0 / self.column()).ceil() as u64 + 1
    }

    fn highest(&self) -> u64 {
        self.chain.with_untracked(|chain| chain.as_ref().map_or(0, |chain| chain.highest.0))
    }

    /// Asks for what is in sight, if it was not asked for yet. At the end the tip is followed.
    fn look(&self) {
        let Some(element) = self.element.get_untracked() else { return };
        let (left, width) = (f64::from(element.scroll_left()), self.size.get_untracked().0);
        let (columns, window) = (self.columns(), self.lab.focus.with_untracked(|focus| focus.window));
        // Of whoever follows the tip, it may have gone on since the picture was scrolled there.
        let follows = window.top.is_none() && left >= self.left.get_value();
        self.left.set_value(left);
        let wanted = if follows || left + width + self.column() / 2.0 >= f64::from(element.scroll_width()) {
            ChainWindow { top: None, heights: (2 * columns).min(MAX_HEIGHTS) }
        } else {
            let first = (left / self.column()) as u64;
            let last = first + columns;
            let top = window.top.map_or(self.highest(), |top| top.0);
            let is_there = top >= last.min(self.highest()) && (top + 1).saturating_sub(window.heights) <= first;
            if is_there && window.top.is_some() {
                return;
            }
            let heights = (3 * columns).min(MAX_HEIGHTS);
            ChainWindow { top: Some(Height(last + (heights - columns.min(heights)) / 2)), heights }
        };
        if wanted != window {
            self.lab.look_at_window(wanted);
        }
    }

    fn scroll_to(&self, left: f64) {
        if let Some(element) = self.element.get_untracked() {
            element.set_scroll_left(left as i32);
            self.look();
        }
    }

    /// Scrolls by so many screens.
    fn turn(&self, screens: f64) {
        let left = self.element.get_untracked().map_or(0.0, |element| f64::from(element.scroll_left()));
        self.scroll_to(left + screens * (self.size.get_untracked().0 - self.column()));
    }

    fn go_to_tip(&self) {
        self.scroll_to(f64::from(i32::MAX));
    }

    /// Scrolls no more than it takes to see a height.
    fn reveal(&self, height: u64) {
        let left = self.element.get_untracked().map_or(0.0, |element| f64::from(element.scroll_left()));
        let (column, width) = (self.column(), self.size.get_untracked().0);
        let at = height as f64 * column;
        if at < left || at + column > left + width {
            self.scroll_to(at - (width - column) / 2.0);
        }
    }
}

#[component]
pub(super) fn ChainPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let chain = lab.slice(|moment| moment.world.chain.clone());
    let counts = lab.slice(|moment| (moment.world.mined, moment.world.reorgs));
    let summary = move || {
        let (chain, (mined, reorgs)) = (chain.get()?, counts.get()?);
        let values = [chain.highest.to_string(), mined.to_string(), chain.stale.to_string(), reorgs.to_string()];
        Some(fill("chain-summary", &[&values[0], &values[1], &values[2], &values[3]]))
    };
    let element = NodeRef::<html::Div>::new();
    let shown = present::is_shown(lab, present::Scene::Chain);
    let panel = Panel {
        lab,
        place: Place::here(),
        chain,
        element,
        size: size_of(element),
        left: StoredValue::new(0.0),
        scale: Memo::new(move |_| if shown.get() { 20.0 / 11.0 } else { 1.0 }),
        wanted: RwSignal::new(None),
        held: RwSignal::new(None),
        active: RwSignal::new(None),
    };
    follow(panel);
    walk::focus_what_is_wanted(panel);
    let at_start = move || chain.with(|chain| chain.as_ref().is_none_or(|chain| chain.from == Height(0)));
    let at_tip = move || lab.focus.with(|focus| focus.window.top.is_none());
    let below = move || chain.with(|chain| chain.as_ref().map(below).filter(|said| !said.is_empty()));
    let rows = move || chain.with(|chain| chain.as_ref().map(lines).unwrap_or_default());
    view! {
        <section class:presented=move || shown.get() tabindex="-1" aria-labelledby="chain-title">
            <h2 id="chain-title" prop:ariaLevel=move || if shown.get() { "1" } else { "2" }>{text("chain")}<span>{summary}</span>
                <span class="tools">
                    <button aria-label=text("older") disabled=at_start on:click=move |_| panel.turn(-1.0)>"‹"</button>
                    <button aria-label=text("newer") disabled=at_tip on:click=move |_| panel.turn(1.0)>"›"</button>
                    <button disabled=at_tip on:click=move |_| panel.go_to_tip()>{text("latest")}</button>
                    <present::ViewTools scene=present::Scene::Chain />
                </span>
            </h2>
            <div
                class="tree"
                node_ref=element
                tabindex="-1"
                role="group"
                aria-labelledby="chain-title"
                on:scroll=move |_| panel.place.now(|| panel.look())
                on:keydown=move |event: ev::KeyboardEvent| walk::press(panel, &event)
            >
                <Tree panel />
            </div>
            {move || below().map(|said| view! { <p class="legend">{said}</p> })}
            <Show when=move || lab.route.page.get() != Page::Embed>
                <Table name="chain" title=text("chain-table") head=HEAD.into() rows save=file::save />
            </Show>
        </section>
    }
}

/// Tips to the left of what was sent, and who follows them.
fn below(chain: &ChainView) -> String {
    let tip = |(height, names): &(Height, Vec<String>)| fill("tip-below", &[&names.join(", "), &height.to_string()]);
    chain.tips_below.iter().map(tip).collect::<Vec<_>>().join(" · ")
}

/// Keeps the newest block in sight until somebody scrolls back, and goes to the block that is selected elsewhere.
fn follow(panel: Panel) {
    let highest = Memo::new(move |_| panel.chain.with(|chain| chain.as_ref().map(|chain| chain.highest)));
    let follows = Memo::new(move |_| panel.lab.focus.with(|focus| focus.window.top.is_none()));
    Effect::new(move |_| {
        highest.track();
        panel.size.track();
        panel.scale.track();
        if follows.get() {
            panel.place.next_frame(move || panel.go_to_tip());
        } else {
            panel.look();
        }
    });
    let selected = panel.lab.slice(|moment| match &moment.world.inspection.as_ref()?.summary {
        Some(Summary::Block(block)) => Some(block.height.0),
        _ => None,
    });
    Effect::new(move |_| {
        if let Some(height) = selected.get().flatten() {
            panel.reveal(height);
        }
    });
}

const HEAD: [&str; 6] = ["height", "block", "found-by", "transactions", "branch", "followed-by"];

/// The blocks in sight, newest first.
fn lines(chain: &ChainView) -> Vec<Line> {
    let line = |block: &BlockBox| {
        let branch = if block.lane == 0 { text("branch-best").to_owned() } else { block.lane.to_string() };
        let followers = match block.followers - block.tip_of.len() {
            0 => block.tip_of.join(", "),
            more => fill("and-more", &[&block.tip_of.join(", "), &more.to_string()]),
        };
        let cells = vec![
            block.height.to_string(),
            block.id.short(),
            miner(block),
            block.transactions.to_string(),
            branch,
            followers,
        ];
        Line { key: block.id.to_string(), at: None, cells, look: Some(Selection::Block { id: block.id }) }
    };
    chain.blocks.iter().rev().map(line).collect()
}
