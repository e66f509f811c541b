//! The block tree: columns are heights, lanes are branches, flags say which nodes follow which tip.

use std::collections::BTreeMap;

use leptos::{ev, html, prelude::*};

use super::Lab;
use crate::{
    primitives::{Hash, Height},
    view::{BlockBox, ChainView, ChainWindow},
    web::strings::{fill, text},
};

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
        let values = [
            chain.highest.to_string(),
            mined.to_string(),
            chain.stale.to_string(),
            reorgs.to_string(),
        ];
        Some(fill("chain-summary", &[&values[0], &values[1], &values[2], &values[3]]))
    };
    let selected = Memo::new(move |_| lab.focus.with(|focus| focus.block));
    let panel = NodeRef::<html::Div>::new();
    let window = move |top: Option<Height>| {
        lab.look_at_window(ChainWindow {
            top,
            heights: lab.focus.get_untracked().window.heights,
        })
    };
    // As many heights as fit, now and whenever the window changes its size.
    let fit = move || {
        let width = panel
            .get_untracked()
            .map_or(0.0, |panel| f64::from(panel.client_width()));
        let heights = ((width - 24.0) / COLUMN) as u64;
        let window = ChainWindow {
            heights: heights.clamp(HEIGHTS.0, HEIGHTS.1),
            ..lab.focus.get_untracked().window
        };
        if window != lab.focus.get_untracked().window {
            lab.look_at_window(window);
        }
    };
    panel.on_load(move |_| request_animation_frame(fit));
    let resized = window_event_listener(ev::resize, move |_| fit());
    on_cleanup(move || resized.remove());
    let step = move || {
        chain
            .get_untracked()
            .map_or(HEIGHTS.0, |chain| chain.to.0 - chain.from.0 + 1)
    };
    let older = move |_| {
        let lowest = Height(step() - 1);
        window(
            chain
                .get_untracked()
                .map(|chain| Height(chain.to.0.saturating_sub(step() / 2 + 1)).max(lowest)),
        );
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
                {move || chain.get().map(|chain| tree(lab, &chain, selected.get()))}
            </div>
        </section>
    }
}

fn tree(lab: Lab, chain: &ChainView, selected: Option<Hash>) -> impl IntoView + use<> {
    let columns = chain.to.0 - chain.from.0 + 1;
    let (width, height) = (columns as f64 * COLUMN, TOP + chain.lanes.max(2) as f64 * LANE);
    let at = |block: &BlockBox| {
        (
            (block.height.0 - chain.from.0) as f64 * COLUMN + 8.0,
            TOP + block.lane as f64 * LANE,
        )
    };
    let places: BTreeMap<Hash, (f64, f64)> = chain.blocks.iter().map(|block| (block.id, at(block))).collect();
    let edges = chain
        .blocks
        .iter()
        .filter_map(|block| Some((places.get(&block.parent)?, places[&block.id], block.lane)))
        .map(edge);
    let boxes = chain
        .blocks
        .iter()
        .map(|block| block_box(lab, block, places[&block.id], selected == Some(block.id)));
    view! {
        <svg viewBox=format!("0 0 {width} {height}") width=width height=height>
            {edges.collect_view()}
            {boxes.collect_view()}
        </svg>
    }
}

fn edge((parent, child, lane): (&(f64, f64), (f64, f64), usize)) -> impl IntoView + use<> {
    let (x1, y1) = (parent.0 + BOX.0, parent.1 + BOX.1 / 2.0);
    let (x2, y2) = (child.0, child.1 + BOX.1 / 2.0);
    let middle = (x1 + x2) / 2.0;
    let class = if lane == 0 { "edge" } else { "edge stale" };
    view! { <path class=class d=format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}") /> }
}

fn block_box(lab: Lab, block: &BlockBox, (x, y): (f64, f64), selected: bool) -> impl IntoView + use<> {
    let (id, height) = (block.id, block.height.to_string());
    let short: String = id.to_string().chars().take(8).collect();
    let miner = block.miner.clone().unwrap_or_else(|| {
        text(if block.height == Height(0) {
            "genesis"
        } else {
            "unknown"
        })
        .to_owned()
    });
    let class = format!(
        "block{}{}{}",
        if block.lane == 0 { "" } else { " stale" },
        if block.tip_of.is_empty() { "" } else { " tip" },
        if selected { " selected" } else { "" }
    );
    let key = if block.lane == 0 {
        "block-label"
    } else {
        "block-label-stale"
    };
    let tips = if block.tip_of.is_empty() {
        String::new()
    } else {
        fill("also-tip-of", &[&block.tip_of.join(", ")])
    };
    let label = fill(key, &[&height, &miner, &block.transactions.to_string(), &tips]);
    let initials: Vec<String> = block.tip_of.iter().map(|name| initials(name)).collect();
    let flag = match initials.len() {
        0 => String::new(),
        1..=8 => format!("{} ▾", initials.join(" ")),
        count => fill("flag-many", &[&count.to_string()]),
    };
    let look = move || lab.look_at_block(id);
    // The words stand beside the button, not in it: its name says them all.
    view! {
        <g class=class>
            <g
                class="hit"
                role="button"
                tabindex="0"
                aria-pressed=selected.to_string()
                aria-label=label
                on:click=move |_| look()
                on:keydown=move |event| if matches!(event.key().as_str(), "Enter" | " ") {
                    event.prevent_default();
                    event.stop_propagation();
                    look();
                }
            >
                <rect x=x y=y width=BOX.0 height=BOX.1 rx="7" />
            </g>
            <g class="words" aria-hidden="true">
                <text class="flag" x=x y=y - 7.0>{flag}</text>
                <text x=x + 9.0 y=y + 19.0>{format!("#{height}")}</text>
                <text class="who" x=x + BOX.0 - 8.0 y=y + 19.0>{miner.chars().take(8).collect::<String>()}</text>
                <text class="hash" x=x + 9.0 y=y + 36.0>{short}</text>
                <text class="count" x=x + BOX.0 - 8.0 y=y + 36.0>{(block.transactions > 0).then(|| block.transactions.to_string())}</text>
            </g>
        </g>
    }
}

/// `A`, or `A2` for `Alpha 2`.
fn initials(name: &str) -> String {
    let number: String = name.chars().filter(char::is_ascii_digit).collect();
    name.chars().take(1).collect::<String>() + &number
}
