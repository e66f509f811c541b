//! The block tree: columns are heights, lanes are branches, flags say which nodes follow which tip.

use std::collections::BTreeMap;

use leptos::{ev, html, prelude::*};

use super::{Lab, hit::hit};
use crate::{
    primitives::{Hash, Height},
    view::{BlockBox, ChainView, ChainWindow, Selection},
    web::strings::{fill, text},
};

type Point = (f64, f64);

const COLUMN: f64 = 124.0;
const LANE: f64 = 78.0;
const BOX: (f64, f64) = (96.0, 46.0);
const TOP: f64 = 30.0;
/// Heights that are shown, least and most; as many as fit.
const HEIGHTS: (u64, u64) = (3, 40);

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
    let panel = NodeRef::<html::Div>::new();
    let window = move |top: Option<Height>| {
        lab.look_at_window(ChainWindow { top, heights: lab.focus.get_untracked().window.heights })
    };
    // As many heights as fit, now and whenever the window changes its size.
    let fit = move || {
        let width = panel.get_untracked().map_or(0.0, |panel| f64::from(panel.client_width()));
        let heights = ((width - 24.0) / COLUMN) as u64;
        let window = ChainWindow { heights: heights.clamp(HEIGHTS.0, HEIGHTS.1), ..lab.focus.get_untracked().window };
        if window != lab.focus.get_untracked().window {
            lab.look_at_window(window);
        }
    };
    panel.on_load(move |_| request_animation_frame(fit));
    let resized = window_event_listener(ev::resize, move |_| fit());
    on_cleanup(move || resized.remove());
    let step = move || chain.get_untracked().map_or(HEIGHTS.0, |chain| chain.to.0 - chain.from.0 + 1);
    let older = move |_| {
        let lowest = Height(step() - 1);
        window(chain.get_untracked().map(|chain| Height(chain.to.0.saturating_sub(step() / 2 + 1)).max(lowest)));
    };
    let newer = move |_| {
        let chain = chain.get_untracked();
        window(chain.and_then(|chain| Some(Height(chain.to.0 + step() / 2 + 1)).filter(|top| *top < chain.highest)));
    };
    let at_start = move || chain.with(|chain| chain.as_ref().is_none_or(|chain| chain.from == Height(0)));
    let at_end = move || chain.with(|chain| chain.as_ref().is_none_or(|chain| chain.to == chain.highest));
    view! {
        <section aria-labelledby="chain-title">
            <h2 id="chain-title">{text("chain")}<span>{summary}</span>
                <span class="tools">
                    <button aria-label=text("older") disabled=at_start on:click=older>"‹"</button>
                    <button aria-label=text("newer") disabled=at_end on:click=newer>"›"</button>
                    <button disabled=at_end on:click=move |_| window(None)>{text("latest")}</button>
                </span>
            </h2>
            <div class="tree" node_ref=panel tabindex="0" role="group" aria-labelledby="chain-title">
                <Tree chain />
            </div>
        </section>
    }
}

#[component]
fn Tree(chain: Memo<Option<ChainView>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let drawn = Memo::new(move |_| chain.with(|chain| chain.as_ref().map(draw)).unwrap_or_default());
    let size = move || drawn.with(|drawn| drawn.size);
    let edges = move || drawn.with(|drawn| drawn.edges.iter().map(edge).collect_view());
    let below = move || drawn.with(|drawn| drawn.below.join(" · "));
    let ids = move || drawn.with(|drawn| drawn.blocks.keys().copied().collect::<Vec<_>>());
    view! {
        <svg viewBox=move || format!("0 0 {} {}", size().0, size().1) width=move || size().0 height=move || size().1>
            {edges}
            <text class="flag" x="8" y=move || size().1 - 8.0>{below}</text>
            <For each=ids key=Clone::clone let:id>
                {
                    let block = Memo::new(move |_| drawn.with(|drawn| drawn.blocks.get(&id).cloned()));
                    block_box(lab, id, block)
                }
            </For>
        </svg>
    }
}

/// Where everything stands.
#[derive(Clone, PartialEq, Default)]
struct Drawing {
    size: Point,
    blocks: BTreeMap<Hash, (BlockBox, Point)>,
    edges: Vec<(Point, Point, usize)>,
    /// Tips to the left of the window.
    below: Vec<String>,
}

fn draw(chain: &ChainView) -> Drawing {
    let columns = chain.to.0 - chain.from.0 + 1;
    let size = (columns as f64 * COLUMN, TOP + chain.lanes.max(2) as f64 * LANE);
    let at = |block: &BlockBox| ((block.height.0 - chain.from.0) as f64 * COLUMN + 8.0, TOP + block.lane as f64 * LANE);
    let blocks: BTreeMap<Hash, (BlockBox, Point)> =
        chain.blocks.iter().map(|block| (block.id, (block.clone(), at(block)))).collect();
    // A block whose parent lies outside the window hangs on a stub.
    let parent = |block: &BlockBox, at: Point| match blocks.get(&block.parent) {
        Some((_, parent)) => Some(*parent),
        None => (block.height > Height(0)).then_some((at.0 - COLUMN, at.1)),
    };
    let edges = blocks.values().filter_map(|(block, at)| Some((parent(block, *at)?, *at, block.lane))).collect();
    let below = chain
        .tips_below
        .iter()
        .map(|(height, names)| fill("tip-below", &[&names.join(", "), &height.to_string()]))
        .collect();
    Drawing { size, blocks, edges, below }
}

fn edge((parent, child, lane): &(Point, Point, usize)) -> impl IntoView + use<> {
    let (x1, y1) = (parent.0 + BOX.0, parent.1 + BOX.1 / 2.0);
    let (x2, y2) = (child.0, child.1 + BOX.1 / 2.0);
    let middle = (x1 + x2) / 2.0;
    let class = if *lane == 0 { "edge" } else { "edge stale" };
    view! { <path class=class d=format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}") /> }
}

fn block_box(lab: Lab, id: Hash, block: Memo<Option<(BlockBox, Point)>>) -> impl IntoView {
    let selected = Memo::new(move |_| lab.focus.with(|focus| focus.selection == Some(Selection::Block { id })));
    let is = move |what: fn(&BlockBox) -> bool| {
        move || block.with(|block| block.as_ref().is_some_and(|(block, _)| what(block)))
    };
    let place = Memo::new(move |_| block.with(|block| block.as_ref().map(|(_, place)| *place)).unwrap_or_default());
    let (x, y) = (move || place.get().0, move || place.get().1);
    let button = hit(
        move || block.with(|block| block.as_ref().map(|(block, _)| label(block))).unwrap_or_default(),
        selected,
        move || lab.look_at_block(id),
        view! { <rect x=x y=y width=BOX.0 height=BOX.1 rx="7" /> },
    );
    view! {
        <g
            class="block"
            class:stale=is(|block| block.lane > 0)
            class:tip=is(|block| !block.tip_of.is_empty())
            class:selected=move || selected.get()
        >
            {button}
            <g class="words" aria-hidden="true">{move || block.get().map(|(block, place)| words(&block, place))}</g>
        </g>
    }
}

fn words(block: &BlockBox, (x, y): Point) -> impl IntoView + use<> {
    let initials: Vec<String> = block.tip_of.iter().map(|name| initials(name)).collect();
    let flag = match initials.len() {
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

fn miner(block: &BlockBox) -> String {
    let nobody = if block.height == Height(0) { text("genesis") } else { text("unknown") };
    block.miner.clone().unwrap_or_else(|| nobody.to_owned())
}

fn label(block: &BlockBox) -> String {
    let key = if block.lane == 0 { "block-label" } else { "block-label-stale" };
    let tips = block.tip_of.join(", ");
    let tips = if tips.is_empty() { tips } else { fill("also-tip-of", &[&tips]) };
    fill(key, &[&block.height.to_string(), &miner(block), &block.transactions.to_string(), &tips])
}

/// `A`, or `A2` for `Alpha 2`.
fn initials(name: &str) -> String {
    let number: String = name.chars().filter(char::is_ascii_digit).collect();
    name.chars().take(1).collect::<String>() + &number
}
