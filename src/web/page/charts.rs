//! The run in numbers: curves over virtual time, each with its table. Worked out only while they are shown.

use leptos::{html, prelude::*};

use super::{
    Lab, Place,
    curves::{Curve, curves},
    format,
    glossary::term,
    present,
    table::{Line, Table},
};
use crate::{
    sim::Sample,
    view::ChartsView,
    web::strings::{fill, text},
};

/// A curve of a chart: its words, and how to read it from a sample.
type Reader = (&'static str, fn(&ChartsView, &Sample) -> Option<u64>);

/// A chart: its file, its words, how its values are written, its curves and the heads of their columns.
struct Chart {
    name: &'static str,
    title: &'static str,
    table: &'static str,
    value: fn(u64) -> String,
    curves: &'static [Reader],
    heads: &'static [&'static str],
}

const CHARTS: [Chart; 6] = [
    Chart {
        name: "hash-rate",
        title: "chart-hash-rate",
        table: "chart-hash-rate-table",
        value: hash_rate,
        curves: &[
            ("curve-configured", |_, sample| Some(sample.hash_rate)),
            ("curve-expected", |_, sample| Some(sample.expected_rate)),
        ],
        heads: &["column-configured", "column-expected"],
    },
    Chart {
        name: "block-interval",
        title: "chart-interval",
        table: "chart-interval-table",
        value: seconds,
        curves: &[
            ("curve-interval", |_, sample| sample.interval),
            ("curve-wanted", |seen, _| Some(seen.block_interval)),
        ],
        heads: &["column-interval", "column-wanted"],
    },
    Chart {
        name: "mempool",
        title: "chart-mempool",
        table: "chart-mempool-table",
        value: format::grouped,
        curves: &[("curve-waiting", |_, sample| Some(sample.waiting))],
        heads: &["column-waiting"],
    },
    Chart {
        name: "fees",
        title: "chart-fees",
        table: "chart-fees-table",
        value: format::grouped,
        curves: &[("curve-median", |_, sample| sample.median_fee), ("curve-lowest", |_, sample| sample.lowest_fee)],
        heads: &["column-median", "column-lowest"],
    },
    Chart {
        name: "stale",
        title: "chart-stale",
        table: "chart-stale-table",
        value: permille,
        curves: &[("curve-stale", |_, sample| sample.stale)],
        heads: &["column-stale"],
    },
    Chart {
        name: "locked",
        title: "chart-locked",
        table: "chart-locked-table",
        value: format::grouped,
        curves: &[("curve-locked", |_, sample| Some(sample.locked.units()))],
        heads: &["column-locked"],
    },
];

#[component]
pub(super) fn Charts() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let seen = lab.slice(|moment| moment.world.charts.clone());
    let seen = Memo::new(move |_| seen.get().flatten());
    let open = Memo::new(move |_| lab.focus.with(|focus| focus.charts));
    let shown = present::is_shown(lab, present::Scene::Charts);
    let panel = NodeRef::<html::Section>::new();
    let place = Place::here();
    let toggle = move |_| {
        let opens = !open.get_untracked();
        lab.refocus(|focus| focus.charts = opens);
        if opens {
            place.next_frame(move || panel.get_untracked().into_iter().for_each(|panel| panel.scroll_into_view()));
        }
    };
    let summary = move || {
        let seen = seen.get()?;
        open.get().then(|| fill("charts-summary", &[&seen.samples.len().to_string(), &seconds(seen.spacing)]))
    };
    view! {
        <section class="charts" class:presented=move || shown.get() tabindex="-1" aria-labelledby="charts-title" node_ref=panel>
            <h2 id="charts-title" prop:ariaLevel=move || if shown.get() { "1" } else { "2" }>{text("charts")}<span>{summary}</span>
                <span class="tools">
                    <button id="show-charts" aria-expanded=move || open.get().to_string() aria-label=move || text(if open.get() { "charts-hide" } else { "charts-show" }) on:click=toggle>
                        {move || text(if open.get() { "hide" } else { "show" })}
                    </button>
                    <present::ViewTools scene=present::Scene::Charts />
                </span>
            </h2>
            <Show when=move || open.get()>
                <div class="figures">{CHARTS.iter().map(|chart| figure(seen, chart)).collect_view()}</div>
            </Show>
        </section>
    }
}

fn figure(seen: Memo<Option<ChartsView>>, chart: &'static Chart) -> impl IntoView {
    let drawn =
        move || seen.with(|seen| seen.as_ref().map(|seen| curves(text(chart.title), &read(seen, chart), chart.value)));
    let rows = move || seen.with(|seen| seen.as_ref().map(|seen| lines(seen, chart)).unwrap_or_default());
    let head = std::iter::once("time").chain(chart.heads.iter().copied()).collect();
    view! {
        <figure>
            <h3>{term(chart.title)}</h3>
            {drawn}
            <Table name=chart.name title=text(chart.table) head rows />
        </figure>
    }
}

fn read(seen: &ChartsView, chart: &Chart) -> Vec<Curve> {
    let curve = |(key, of): &Reader| Curve {
        name: text(key),
        points: seen.samples.iter().map(|sample| (sample.at, of(seen, sample))).collect(),
    };
    chart.curves.iter().map(curve).collect()
}

/// Newest first; plain numbers, because a column says its unit.
fn lines(seen: &ChartsView, chart: &Chart) -> Vec<Line> {
    let line = |sample: &Sample| {
        let values =
            chart.curves.iter().map(|(_, of)| of(seen, sample).map(|value| value.to_string()).unwrap_or_default());
        let cells = std::iter::once(format::clock(sample.at)).chain(values).collect();
        Line { key: sample.at.0.to_string(), at: Some(sample.at), cells, look: None }
    };
    seen.samples.iter().rev().map(line).collect()
}

fn hash_rate(value: u64) -> String {
    format::hash_rate(u32::try_from(value).unwrap_or(u32::MAX))
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1_000, ms % 1_000 / 100)
}

fn permille(value: u64) -> String {
    format!("{}.{} %", value / 10, value % 10)
}
