//! Rates as horizontal bars on a logarithmic scale. Places across are percentages, so that it fits any width with its words as large as ever.

use leptos::prelude::*;

use super::format;
use crate::{
    bench::Row,
    web::strings::{fill, text},
};

/// Pixels from one bar to the next: a line of words and the bar under it.
const PITCH: f64 = 38.0;
const BAR: f64 = 12.0;
/// Pixels for the numbers of the scale.
const SCALE: f64 = 24.0;

/// The powers of ten that the bars lie between.
#[derive(Debug, Clone, Copy)]
struct Decades {
    first: i32,
    last: i32,
}

/// Every rate among `rows`; what is counted in another way is not drawn.
pub(super) fn plot(rows: &[Row]) -> impl IntoView + use<> {
    let rates: Vec<&Row> = rows.iter().filter(|row| row.unit.ends_with("/s") && row.value > 0.0).collect();
    let decades = Decades::around(&rates);
    let words: Vec<String> = rates.iter().map(|row| words(row)).collect();
    let label = fill("plot-label", &[&words.join("; ")]);
    let floor = PITCH * rates.len() as f64;
    let bars = rates.iter().zip(words).enumerate().map(|(index, (row, words))| {
        let y = PITCH * index as f64;
        let class = if row.is_bound() { "bar bound" } else { "bar" };
        view! {
            <text x="0" y=y + 16.0>{words}</text>
            <rect class=class x="0" y=y + 22.0 height=BAR width=decades.place(row.value.log10()) />
        }
    });
    view! {
        <svg class="plot" role="img" aria-label=label height=floor + SCALE>
            {(decades.first..=decades.last).map(|power| mark(decades, power, floor)).collect_view()}
            {bars.collect_view()}
        </svg>
        <p class="legend">{text("plot-legend")}</p>
    }
}

impl Decades {
    fn around(rows: &[&Row]) -> Self {
        let powers = || rows.iter().map(|row| row.value.log10());
        let first = powers().fold(f64::INFINITY, f64::min).floor().clamp(0.0, 18.0) as i32;
        let last = powers().fold(0.0, f64::max).ceil() as i32;
        Self { first, last: last.max(first + 1) }
    }

    /// How far across a power of ten stands.
    fn place(self, power: f64) -> String {
        let (first, last) = (f64::from(self.first), f64::from(self.last));
        format!("{:.2}%", ((power - first) / (last - first)).clamp(0.0, 1.0) * 100.0)
    }
}

fn words(row: &Row) -> String {
    format!("{} {} {}", row.name, format::grouped(row.rounded()), row.unit)
}

fn mark(decades: Decades, power: i32, floor: f64) -> impl IntoView {
    let x = decades.place(f64::from(power));
    let anchor = match power {
        power if power == decades.first => "start",
        power if power == decades.last => "end",
        _ => "middle",
    };
    view! {
        <line class="mark" x1=x.clone() x2=x.clone() y1="0" y2=floor + 4.0 />
        <text class="scale" x=x y=floor + 18.0 text-anchor=anchor>{format::power_of_ten(power)}</text>
    }
}
