//! Curves over virtual time, from zero up: a line each, told apart by how it is dashed, with its newest value beside its name.

use leptos::prelude::*;

use super::format;
use crate::{primitives::Timestamp, web::strings::fill};

/// Units of the picture; it is stretched to whatever room there is, its lines are not.
const SIZE: (f64, f64) = (1_000.0, 100.0);
/// How curves are dashed, in order.
const CLASSES: [&str; 2] = ["curve", "curve other"];

/// A curve, by time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    pub(super) name: &'static str,
    /// A value may be missing.
    pub(super) points: Vec<(Timestamp, Option<u64>)>,
}

impl Curve {
    fn values(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.points.iter().filter_map(|(_, value)| *value)
    }

    /// `configured 4.0 kH/s`.
    fn says(&self, written: fn(u64) -> String) -> String {
        let newest = self.points.last().and_then(|(_, value)| *value);
        format!("{} {}", self.name, newest.map_or_else(|| "–".to_owned(), written))
    }

    /// One stroke for each run of values without a gap.
    fn path(&self, (from, to): (Timestamp, Timestamp), top: u64) -> String {
        let span = to.since(from).max(1) as f64;
        let mut path = String::new();
        let mut pen = 'M';
        for (at, value) in &self.points {
            let Some(value) = value else {
                pen = 'M';
                continue;
            };
            let x = at.since(from) as f64 / span * SIZE.0;
            let y = SIZE.1 - *value as f64 / top as f64 * SIZE.1;
            path += &format!("{pen}{x:.1} {y:.2}");
            pen = 'L';
        }
        path
    }
}

/// All of `all` in one picture, which begin and end together.
pub(super) fn curves(title: &'static str, all: &[Curve], written: fn(u64) -> String) -> impl IntoView + use<> {
    let times = || all.iter().flat_map(|curve| curve.points.iter().map(|(at, _)| *at));
    let span = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
    let highest = all.iter().flat_map(Curve::values).max().unwrap_or_default();
    let top = rounded_up(highest);
    let said: Vec<String> = all.iter().map(|curve| curve.says(written)).collect();
    let label = fill(
        "curves-label",
        &[title, &said.join("; "), &written(highest), &format::clock(span.0), &format::clock(span.1)],
    );
    let path = |(curve, class): (&Curve, &'static str)| view! { <path class=class d=curve.path(span, top) /> };
    let key = |(said, class): (String, &'static str)| {
        view! { <span><svg class="key" aria-hidden="true" width="22" height="8"><path class=class d="M0 4H22" /></svg>{said}</span> }
    };
    view! {
        <p class="keys">{said.into_iter().zip(CLASSES).map(key).collect_view()}</p>
        <div class="scales" aria-hidden="true"><span>{written(top)}</span></div>
        <svg class="curves" role="img" aria-label=label viewBox=format!("0 0 {} {}", SIZE.0, SIZE.1) preserveAspectRatio="none">
            <path class="grid" d=format!("M0 0H{0}M0 {1}H{0}M0 {2}H{0}", SIZE.0, SIZE.1 / 2.0, SIZE.1) />
            {all.iter().zip(CLASSES).map(path).collect_view()}
        </svg>
        <div class="scales" aria-hidden="true"><span>{format::clock(span.0)}</span><span>{format::clock(span.1)}</span></div>
    }
}

/// The next 1, 2 or 5 with zeros after it.
fn rounded_up(value: u64) -> u64 {
    let ten = 10u64.pow(value.max(1).ilog10());
    [1, 2, 5, 10].into_iter().map(|step| ten.saturating_mul(step)).find(|top| *top >= value).unwrap_or(u64::MAX)
}
