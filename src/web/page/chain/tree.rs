//! The picture of the blocks that were sent. Places are counted from a height that changes rarely, so that a block stays as it is while one scrolls.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::Panel;
use crate::{
    primitives::{Hash, Height},
    view::{BlockBox, ChainView, Selection},
    web::strings::{fill, text},
};

type Point = (f64, f64);

pub(super) const COLUMN: f64 = 124.0;
const LANE: f64 = 78.0;
const BOX: (f64, f64) = (96.0, 46.0);
const TOP: f64 = 30.0;
/// Heights after which places are counted anew.
const SPAN: u64 = 64;

/// Where everything stands.
#[derive(Clone, PartialEq, Default)]
struct Drawing {
    /// The height that places are counted from, and the highest that is drawn.
    origin: u64,
    to: u64,
    /// All heights there are.
    columns: u64,
    height: f64,
    blocks: BTreeMap<Hash, (BlockBox, Point)>,
    edges: Vec<(Point, Point, usize)>,
}

impl Drawing {
    /// Draws a window, and the block that has the focus even if it is elsewhere: an element that goes away takes the focus with it.
    fn of(chain: &ChainView, held: Option<BlockBox>) -> Self {
        let origin = chain.from.0 / SPAN * SPAN;
        let held = held.filter(|block| block.height <= chain.highest);
        let at =
            |block: &BlockBox| ((block.height.0 as f64 - origin as f64) * COLUMN + 8.0, TOP + block.lane as f64 * LANE);
        let held = held.iter().map(|block| (block.id, (block.clone(), at(block))));
        let sent = chain.blocks.iter().map(|block| (block.id, (block.clone(), at(block))));
        let blocks: BTreeMap<Hash, (BlockBox, Point)> = held.chain(sent).collect();
        // A block whose parent lies outside the window hangs on a stub.
        let parent = |block: &BlockBox, at: Point| match blocks.get(&block.parent) {
            Some((_, parent)) => Some(*parent),
            None => (block.height > Height(0)).then_some((at.0 - COLUMN, at.1)),
        };
        let edges = blocks.values().filter_map(|(block, at)| Some((parent(block, *at)?, *at, block.lane))).collect();
        let lanes = chain.blocks.iter().map(|block| block.lane + 1).max().unwrap_or(0).max(2);
        let height = TOP + lanes as f64 * LANE;
        Self { origin, to: chain.to.0, columns: chain.highest.0 + 1, height, blocks, edges }
    }
}

#[component]
pub(super) fn Tree(panel: Panel) -> impl IntoView {
    let Panel { chain, held, scale, active, .. } = panel;
    let drawn = Memo::new(move |_| {
        chain.with(|chain| chain.as_ref().map(|chain| Drawing::of(chain, held.get()))).unwrap_or_default()
    });
    let of = move |what: fn(&Drawing) -> f64| Memo::new(move |_| drawn.with(what));
    let (origin, height) = (of(|drawn| drawn.origin as f64), of(|drawn| drawn.height));
    let (columns, shown) = (of(|drawn| drawn.columns as f64), of(|drawn| (drawn.to - drawn.origin + 1) as f64));
    let pixels = move |units: f64| format!("{}px", units * scale.get());
    let edges = Memo::new(move |_| drawn.with(|drawn| drawn.edges.clone()));
    let ids = move || drawn.with(|drawn| drawn.blocks.keys().copied().collect::<Vec<_>>());
    // Tab comes in at the block that was left, or at the newest in sight.
    let stop = Memo::new(move |_| {
        let chosen = active.get();
        drawn.with(|drawn| match chosen.filter(|id| drawn.blocks.contains_key(id)) {
            Some(id) => Some(id),
            None => drawn
                .blocks
                .values()
                .map(|(block, _)| block)
                .filter(|block| block.lane == 0)
                .max_by_key(|block| block.height)
                .map(|block| block.id),
        })
    });
    view! {
        <div class="span" style:width=move || pixels(columns.get() * COLUMN) style:height=move || pixels(height.get())>
            <svg
                style:left=move || pixels(origin.get() * COLUMN)
                viewBox=move || format!("0 0 {} {}", shown.get() * COLUMN, height.get())
                width=move || shown.get() * COLUMN * scale.get()
                height=move || height.get() * scale.get()
            >
                {move || edges.with(|edges| edges.iter().map(edge).collect_view())}
                <For each=ids key=Clone::clone let:id>
                    {
                        let block = Memo::new(move |_| drawn.with(|drawn| drawn.blocks.get(&id).cloned()));
                        block_box(panel, id, block, stop)
                    }
                </For>
            </svg>
        </div>
    }
}

fn edge((parent, child, lane): &(Point, Point, usize)) -> impl IntoView + use<> {
    let (x1, y1) = (parent.0 + BOX.0, parent.1 + BOX.1 / 2.0);
    let (x2, y2) = (child.0, child.1 + BOX.1 / 2.0);
    let middle = (x1 + x2) / 2.0;
    let class = if *lane == 0 { "edge" } else { "edge stale" };
    view! { <path class=class d=format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}") /> }
}

pub(super) fn element_id(block: &BlockBox) -> String {
    format!("block-{}", block.id)
}

fn block_box(
    panel: Panel,
    id: Hash,
    block: Memo<Option<(BlockBox, Point)>>,
    stop: Memo<Option<Hash>>,
) -> impl IntoView {
    let lab = panel.lab;
    let selected = Memo::new(move |_| lab.focus.with(|focus| focus.selection == Some(Selection::Block { id })));
    let is = move |what: fn(&BlockBox) -> bool| {
        move || block.with(|block| block.as_ref().is_some_and(|(block, _)| what(block)))
    };
    let place = Memo::new(move |_| block.with(|block| block.as_ref().map(|(_, place)| *place)).unwrap_or_default());
    let (x, y) = (move || place.get().0, move || place.get().1);
    let hold = move |_| {
        panel.active.set(Some(id));
        panel.held.set(block.get_untracked().map(|(block, _)| block));
    };
    view! {
        <g
            class="block"
            class:stale=is(|block| block.lane > 0)
            class:tip=is(|block| block.followers > 0)
            class:selected=move || selected.get()
        >
            <g
                class="hit"
                id=format!("block-{id}")
                role="button"
                tabindex=move || if stop.get() == Some(id) { "0" } else { "-1" }
                aria-pressed=move || selected.get().to_string()
                aria-label=move || block.with(|block| block.as_ref().map(|(block, _)| label(block)))
                on:focus=hold
                on:blur=move |_| panel.held.set(None)
                on:click=move |_| lab.look_at_block(id)
                on:keydown=move |event| if matches!(event.key().as_str(), "Enter" | " ") {
                    event.prevent_default();
                    event.stop_propagation();
                    lab.look_at_block(id);
                }
            >
                <rect x=x y=y width=BOX.0 height=BOX.1 rx="7" />
            </g>
            <g class="words" aria-hidden="true">{move || block.get().map(|(block, place)| words(&block, place))}</g>
        </g>
    }
}

fn words(block: &BlockBox, (x, y): Point) -> impl IntoView + use<> {
    let initials: Vec<String> = block.tip_of.iter().map(|name| initials(name)).collect();
    let flag = match block.followers {
        0 => String::new(),
        1..=8 => format!("{} ▾", initials.join(" ")),
        count => fill("flag-many", &[&count.to_string()]),
    };
    let room = 9usize.saturating_sub(block.height.to_string().len());
    let count = (block.transactions > 0).then(|| block.transactions.to_string());
    view! {
        <text class="flag" x=x y=y - 7.0>{flag}</text>
        <text x=x + 9.0 y=y + 19.0>{format!("#{}", block.height)}</text>
        <text class="who" x=x + BOX.0 - 8.0 y=y + 19.0>{miner(block).chars().take(room).collect::<String>()}</text>
        <text class="hash" x=x + 9.0 y=y + 36.0>{block.id.short()}</text>
        <text class="count" x=x + BOX.0 - 8.0 y=y + 36.0>{count}</text>
    }
}

pub(super) fn miner(block: &BlockBox) -> String {
    let nobody = if block.height == Height(0) { text("genesis") } else { text("unknown") };
    block.miner.clone().unwrap_or_else(|| nobody.to_owned())
}

fn label(block: &BlockBox) -> String {
    let key = if block.lane == 0 { "block-label" } else { "block-label-stale" };
    let names = block.tip_of.join(", ");
    let tips = match block.followers - block.tip_of.len() {
        0 if names.is_empty() => names,
        0 => fill("also-tip-of", &[&names]),
        more => fill("also-tip-of", &[&fill("and-more", &[&names, &more.to_string()])]),
    };
    fill(key, &[&block.height.to_string(), &miner(block), &block.transactions.to_string(), &tips])
}

/// `A`, or `A2` for `Alpha 2`.
fn initials(name: &str) -> String {
    let number: String = name.chars().filter(char::is_ascii_digit).collect();
    name.chars().take(1).collect::<String>() + &number
}
