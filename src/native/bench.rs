//! `tabchain bench`: rates, measured with everything switched on, beside their bounds.
#![expect(clippy::disallowed_types, reason = "measuring is what this command is for")]

use std::time::Instant;

use clap::Args;

use super::{Failure, progress};
use crate::{
    bench::{Bench, MEASURED, Row, beside_bounds, names},
    view::grouped,
};

/// Rates of an unoptimised program say nothing.
const UNOPTIMISED: bool = cfg!(debug_assertions);

#[derive(Debug, Args)]
#[command(after_help = rows_help())]
pub(super) struct Options {
    /// A row, or the rows of a group (`pow`), with their bound.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Print one JSON array of rows instead of a table.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut bench = Bench::new(options.only.as_deref()).map_err(|error| Failure::Input(error.to_string()))?;
    let started = Instant::now();
    let bar = progress(milliseconds(MEASURED), "measured");
    while !bench.advance(&|| started.elapsed()) {
        bar.set_position(milliseconds(bench.measured()));
    }
    bar.finish_and_clear();
    let rows = bench.rows();
    if options.json {
        println!("{}", serde_json::to_string(&rows).expect("plain data"));
    } else {
        print!("{}", table(&rows));
        if UNOPTIMISED {
            eprintln!("note: a debug build is slow; measure with cargo run --release");
        }
    }
    Ok(())
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn rows_help() -> String {
    format!("Rows: {}", names().collect::<Vec<_>>().join(", "))
}

/// A line for each row, at most 80 columns wide; a bound stands beside the rows it bounds, or alone if there is none.
fn table(rows: &[Row]) -> String {
    let mut table = format!("{:<20}{:>13} {:<16}{:>13}{:>9}\n", "row", "value", "", "bound", "ratio");
    for (row, bound) in beside_bounds(rows) {
        let line = format!(
            "{:<20}{:>13} {:<16}{:>13}{:>9}",
            row.name,
            grouped(row.rounded()),
            row.unit,
            bound.map(|bound| grouped(bound.rounded())).unwrap_or_default(),
            bound.and_then(|bound| row.ratio(bound)).map(per_cent).unwrap_or_default(),
        );
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

fn per_cent(ratio: f64) -> String {
    format!("{:.0} %", ratio * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: f64, unit: &str) -> Row {
        Row { name: name.to_owned(), value, unit: unit.to_owned(), samples: 34, seconds: 1.02 }
    }

    #[test]
    fn the_table_sets_each_row_beside_its_bound() {
        let rows = [
            row("chain.transactions", 5_012.4, "transactions/s"),
            row("chain.bound", 7_204.6, "transactions/s"),
            row("sim.deliveries", 99_999_999.0, "messages/s"),
            row("channel.break-even", 3.0, "payments"),
        ];
        let expected = "\
row                         value                         bound    ratio
chain.transactions          5,010 transactions/s          7,200     70 %
sim.deliveries        100,000,000 messages/s
channel.break-even              3 payments
";
        assert_eq!(table(&rows), expected);
        let bound = row("pow.bound", 9_876_543_210.0, "hashes/s");
        assert!(table(std::slice::from_ref(&bound)).contains("pow.bound           9,880,000,000 hashes/s"));
        let rows = [row("pow.hash", 9_876_543_210.0, "hashes/s"), bound];
        assert!(table(&rows).lines().all(|line| line.len() <= 80), "{}", table(&rows));
    }
}
