//! Measuring in turns.

use std::time::Duration;

use super::row::{Definition, Piece, Row, UnknownRow, chosen};

/// How long every row is measured at least.
pub const MEASURED: Duration = Duration::from_secs(1);
/// How long a sample takes at least: long beside the steps of a browser's clock, short beside what disturbs a machine.
const SAMPLE: Duration = Duration::from_millis(30);

/// A run over some rows, driven one sample at a time.
pub struct Bench {
    running: Vec<Running>,
    turn: usize,
}

struct Running {
    definition: Definition,
    /// Made at its first turn: it may take as long as a sample.
    piece: Option<Piece>,
    /// Units per second, or per piece where they are counted.
    values: Vec<f64>,
    measured: Duration,
}

impl Bench {
    /// A run over the rows that `only` names, by name or by group, each with its bound; over all if it names none.
    ///
    /// # Errors
    /// [`UnknownRow`] if there is no such row.
    pub fn new(only: Option<&str>) -> Result<Self, UnknownRow> {
        let running = |definition| Running { definition, piece: None, values: Vec::new(), measured: Duration::ZERO };
        Ok(Self { running: chosen(only)?.into_iter().map(running).collect(), turn: 0 })
    }

    /// Takes one sample of the row whose turn it is; true once every row was measured long enough. `clock` is monotonic; where it begins does
    /// not matter. A turn takes some 30 ms, in a slow browser 100.
    pub fn advance(&mut self, clock: &dyn Fn() -> Duration) -> bool {
        self.running[self.turn].sample(clock);
        self.turn = (self.turn + 1) % self.running.len();
        self.turn == 0 && self.measured() >= MEASURED
    }

    /// How long every row was measured at least, so far: done at [`MEASURED`].
    pub fn measured(&self) -> Duration {
        self.running.iter().map(|running| running.measured).min().unwrap_or(MEASURED)
    }

    /// What was measured, in the order of the rows. Rows without a sample are left out.
    pub fn rows(&self) -> Vec<Row> {
        self.running.iter().filter_map(Running::row).collect()
    }
}

impl Running {
    fn sample(&mut self, clock: &dyn Fn() -> Duration) {
        let piece = self.piece.get_or_insert_with(self.definition.prepare);
        let (start, mut units, mut pieces) = (clock(), 0, 0);
        let elapsed = loop {
            units += piece();
            pieces += 1;
            let elapsed = clock().saturating_sub(start);
            if elapsed >= SAMPLE {
                break elapsed;
            }
        };
        let per = if self.definition.counted { f64::from(pieces) } else { elapsed.as_secs_f64() };
        self.values.push(units as f64 / per);
        self.measured += elapsed;
    }

    fn row(&self) -> Option<Row> {
        Some(Row {
            name: self.definition.name.to_owned(),
            value: median(&self.values)?,
            unit: self.definition.unit.to_owned(),
            samples: self.values.len(),
            seconds: self.measured.as_secs_f64(),
        })
    }
}

/// The value in the middle, or between the two in the middle; nothing of nothing.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[half]),
        _ => Some(f64::midpoint(sorted[half - 1], sorted[half])),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_median_ignores_what_disturbs_a_few() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 1_000_000.0, 2.0]), Some(3.0));
    }

    /// Rows take turns; each is measured for a second, and the work done is divided by the time it took.
    #[test]
    fn rows_are_measured_in_turns_for_a_second_each() {
        let slow = Definition { name: "a.slow", unit: "things/s", counted: false, prepare: || Box::new(|| 1) };
        let fast = Definition { name: "b.fast", unit: "things/s", counted: false, prepare: || Box::new(|| 500) };
        let running = |definition| Running { definition, piece: None, values: Vec::new(), measured: Duration::ZERO };
        let mut bench = Bench { running: vec![running(slow), running(fast)], turn: 0 };
        // A look at this clock takes ten milliseconds.
        let looks = Cell::new(0);
        let clock = || Duration::from_millis(10 * looks.replace(looks.get() + 1));
        assert!(bench.rows().is_empty());
        let mut turns = 1;
        while !bench.advance(&clock) {
            turns += 1;
            let [one, other] = &bench.running[..] else { panic!("two rows") };
            assert!(one.values.len() - other.values.len() <= 1);
        }
        assert_eq!((turns, bench.measured()), (68, Duration::from_millis(1_020)));
        let rows = bench.rows();
        assert_eq!((rows[0].value.round(), rows[1].value.round()), (100.0, 50_000.0));
        assert_eq!((rows[0].samples, &*rows[1].unit), (34, "things/s"));
        assert!(rows.iter().all(|row| row.seconds >= 1.0));
    }
}
