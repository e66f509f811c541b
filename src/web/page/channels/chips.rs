//! Pending payments in the picture of the network: a chip on the channel's arc for each, and the route of the one that is selected.

use leptos::prelude::*;

use super::{
    super::{
        Lab, format,
        network::{Point, at},
        payments::{class, glyph},
    },
    arcs::{Arc, point_on},
};
use crate::{
    primitives::Hash,
    view::{ChannelRow, HtlcView, Stage},
};

/// Chips on one arc; of more, how many there are.
const MAX_CHIPS: usize = 4;
/// Units between two chips that stand at one place.
const APART: f64 = 20.0;

/// A chip as it is drawn.
#[derive(Clone, PartialEq)]
struct Chip {
    /// Which it is, while it moves: channel, who offers it, payment.
    key: (Hash, usize, Hash),
    words: String,
    stage: Stage,
    at: (f64, f64),
}

/// One hop of the selected payment's newest route.
#[derive(Clone, PartialEq)]
struct Step {
    arc: Arc,
    backwards: bool,
    stage: Stage,
}

/// The route of the selected payment, below all chips.
#[component]
pub(in super::super) fn Route(points: Memo<Vec<Point>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let steps = lab.slice(move |moment| {
        let chosen = lab.payment.get()?;
        let payment = moment.world.payments.rows.iter().find(|row| row.payment == chosen)?;
        let names: Vec<&str> = moment.world.network.nodes.iter().map(|node| node.name.as_str()).collect();
        let place_of = |name: &str| {
            names.iter().position(|known| *known == name).map(|index| points.with(|points| at(points, index)))
        };
        let step = |hop: &crate::view::HopView| {
            let row = moment.world.channels.rows.iter().find(|row| row.id == hop.channel);
            let backwards = row.is_some_and(|row| row.parties[0].name != hop.from);
            let (from, to) = (place_of(&hop.from)?, place_of(&hop.to)?);
            let (from, to) = if backwards { (to, from) } else { (from, to) };
            Some(Step { arc: Arc { from, to }, backwards, stage: hop.stage })
        };
        Some(payment.attempts.last()?.hops.iter().filter_map(step).collect::<Vec<_>>())
    });
    let draw = |(at, step): (usize, Step)| {
        let (x, y) = point_on(step.arc, if step.backwards { 0.86 } else { 0.14 });
        view! {
            <path class=format!("route-hop {}", class(step.stage)) d=step.arc.path() />
            <g class="route-number"><circle cx=x cy=y r="8" /><text x=x y=y + 4.0>{at + 1}</text></g>
        }
    };
    view! {
        <g aria-hidden="true">
            {move || steps.get().flatten().unwrap_or_default().into_iter().enumerate().map(draw).collect_view()}
        </g>
    }
}

/// Every pending payment, where it is.
#[component]
pub(in super::super) fn Chips(points: Memo<Vec<Point>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let chips = lab.slice(move |moment| {
        let names: Vec<&str> = moment.world.network.nodes.iter().map(|node| node.name.as_str()).collect();
        let place_of = |name: &str| {
            names.iter().position(|known| *known == name).map(|index| points.with(|points| at(points, index)))
        };
        let of_row = |row: &ChannelRow| {
            let arc = Arc { from: place_of(&row.parties[0].name)?, to: place_of(&row.parties[1].name)? };
            Some(chips_of(row, arc))
        };
        moment.world.channels.rows.iter().filter_map(of_row).flatten().collect::<Vec<_>>()
    });
    let chips = Memo::new(move |_| chips.get().unwrap_or_default());
    let keys = move || chips.with(|chips| chips.iter().map(|chip| chip.key).collect::<Vec<_>>());
    view! {
        <g class="words" aria-hidden="true">
            <For each=keys key=Clone::clone let:key>
                {
                    let chip = Memo::new(move |_| chips.with(|chips| chips.iter().find(|chip| chip.key == key).cloned()));
                    draw(lab, chip)
                }
            </For>
        </g>
    }
}

fn draw(lab: Lab, chip: Memo<Option<Chip>>) -> impl IntoView {
    let of = move |what: fn(&Chip) -> String| move || chip.with(|chip| chip.as_ref().map(what).unwrap_or_default());
    let payment = move || chip.with(|chip| chip.as_ref().map(|chip| chip.key.2));
    let selected = move || lab.payment.get().is_some_and(|chosen| payment() == Some(chosen));
    let width =
        move || chip.with(|chip| 10.0 + 7.8 * chip.as_ref().map_or(0, |chip| chip.words.chars().count()) as f64);
    // A property and no attribute, so that it can move.
    let moved = of(|chip| format!("translate({:.1}px, {:.1}px)", chip.at.0, chip.at.1));
    view! {
        <g class=of(|chip| format!("chip {}", class(chip.stage))) class:selected=selected style:transform=moved>
            <rect x=move || -width() / 2.0 y="-9.5" width=width height="19" rx="9.5" />
            <text y="4.5">{of(|chip| chip.words.clone())}</text>
        </g>
    }
}

fn chips_of(row: &ChannelRow, arc: Arc) -> Vec<Chip> {
    let shown = row.htlcs.iter().take(MAX_CHIPS).enumerate().map(|(at, htlc)| {
        // Near whoever has it: offered by the one, committed to the other, and back again.
        let along = match htlc.stage {
            Stage::Waiting | Stage::Offered => 0.36,
            Stage::Committed | Stage::Failed => 0.64,
            Stage::Fulfilled => 0.5,
        };
        let along = if htlc.offerer == 0 { along } else { 1.0 - along };
        let (x, y) = point_on(arc, along);
        Chip {
            key: (row.id, htlc.offerer, htlc.payment),
            words: words(htlc),
            stage: htlc.stage,
            at: (x, y + APART * at as f64),
        }
    });
    let more = row.htlcs.len().saturating_sub(MAX_CHIPS);
    let (x, y) = point_on(arc, 0.5);
    let rest = (more > 0).then(|| Chip {
        key: (row.id, 2, Hash::ZERO),
        words: format!("+{more}"),
        stage: Stage::Waiting,
        at: (x, y + APART * MAX_CHIPS as f64),
    });
    shown.chain(rest).collect()
}

fn words(htlc: &HtlcView) -> String {
    format!("{} {}", glyph(htlc.stage), format::grouped(htlc.amount))
}
