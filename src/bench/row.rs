//! The rows: what each one does, and what it is compared with.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::{
    bare, chain, channel,
    keys::{self, Key},
    network, payment, route,
};

/// Work that is done again and again; says how many of its row's units it did.
pub(super) type Piece = Box<dyn FnMut() -> u64>;

/// What the name of a row that is a bound ends with; what stands before it is the row that it is of, or the group.
const BOUND: &str = "bound";

/// A measured row: what `--json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Row {
    /// `group.what`, or `group.what.bound`.
    pub name: String,
    /// The median over the samples, in `unit`; finite.
    pub value: f64,
    /// What is counted, `…/s` if by the second.
    pub unit: String,
    /// How many samples were taken.
    pub samples: usize,
    /// How long this row was measured, in seconds; at least 1.
    pub seconds: f64,
}

/// Asked for a row that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no row {name:?}; there are {}", names().collect::<Vec<_>>().join(", "))]
pub struct UnknownRow {
    /// What was asked for.
    pub name: String,
}

/// How a row comes about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    /// Whether a piece's own result is the value, not how many of them a second takes.
    pub(super) counted: bool,
    /// Makes ready, unmeasured, what the work needs.
    pub(super) prepare: fn() -> Piece,
}

/// Every row. A row is compared with its bound, `group.what.bound`, or else with that of its group, `group.bound`, if they have one unit.
const ROWS: [Definition; 26] = [
    // Transfers signed, checked and pooled by a miner, mined with real work into a block that the miner judges like any other, sent as
    // bytes, parsed, judged by every rule and applied by a second chain.
    rate("chain.transactions", "transactions/s", chain::transactions),
    // What nobody can save of that: the sender signs, and each of the two parties verifies, once.
    rate("chain.bound", "transactions/s", || bare::signatures(1, 2)),
    // Updates of a payment channel between two parties: two signatures made, two verified, the commitment hashed, the one before revoked by both,
    // both revocations checked, every message encoded and parsed.
    rate("channel.update", "updates/s", channel::updates),
    // The two signatures and two verifications of that.
    rate("channel.bound", "updates/s", || bare::signatures(2, 2)),
    // Payments to a neighbour, through whole nodes: an invoice, an HTLC offered, and fulfilled. The unit is a hop.
    rate("payment.direct", "hops/s", || payment::hops(1)),
    // The signatures and verifications that they need: four of each for the two updates of the hop, and one of each for the invoice.
    rate("payment.direct.bound", "hops/s", || payment::bound(1)),
    // Payments over three channels: two updates for each of them and an invoice for all, with what forwarding takes.
    rate("payment.hops3", "hops/s", || payment::hops(3)),
    // The same of these: 13 of each for three hops.
    rate("payment.hops3.bound", "hops/s", || payment::bound(3)),
    // What a channel costs: transactions on the chain to open and to close it together;
    count("channel.transactions", "transactions", channel::transactions),
    // payments after which these have taken less room in blocks than transfers would have;
    count("channel.breakEven", "payments", channel::break_even),
    // and capital: with equal deposits and a reserve of a twentieth, base units locked for each hundred that one side can pay.
    count("channel.locked", "per 100 payable", channel::locked),
    // Routes for payments through a network of 6,000 nodes and 60,000 channels, with every limit and all that the payer has learned.
    rate("route.find", "routes/s", route::routes),
    // The same search bare: Dijkstra's algorithm over fees alone, in the same graph.
    rate("route.bound", "routes/s", route::bound),
    // Payments that arrive, tried again with what was learned, where nobody sees the balances of others.
    count("route.success", "of 100 payments", route::success),
    // A full block, from its bytes: parsed, judged by every rule, applied. The unit is its transactions.
    rate("block.verify", "transactions/s", chain::verify),
    // The one verification that each of these transactions needs.
    rate("block.bound", "transactions/s", || bare::signatures(0, 1)),
    // Signatures verified as consensus does, with keys of each kind.
    rate("verify.ed25519", "verifications/s", || keys::verify(Key::Ed25519)),
    // The library alone. RSA has none under it: its arithmetic is what is measured.
    rate("verify.ed25519.bound", "verifications/s", || bare::signatures(0, 1)),
    rate("verify.rsa2048", "verifications/s", || keys::verify(Key::Rsa2048)),
    rate("verify.rsa4096", "verifications/s", || keys::verify(Key::Rsa4096)),
    // Signatures made as nodes of scenarios make them.
    rate("sign.ed25519", "signatures/s", || keys::sign(Key::Ed25519)),
    rate("sign.rsa2048", "signatures/s", || keys::sign(Key::Rsa2048)),
    rate("sign.rsa4096", "signatures/s", || keys::sign(Key::Rsa4096)),
    // Nonces tried by the search that miners use, each compared with a target.
    rate("pow.hash", "hashes/s", bare::search),
    // The one compression of SHA-256 that each of these needs.
    rate("pow.bound", "hashes/s", bare::compressions),
    // Messages handled by the nodes of a simulated network that mines, pays and gossips, every signature computed by every node.
    rate("sim.deliveries", "messages/s", network::deliveries),
];

const fn rate(name: &'static str, unit: &'static str, prepare: fn() -> Piece) -> Definition {
    Definition { name, unit, counted: false, prepare }
}

const fn count(name: &'static str, unit: &'static str, prepare: fn() -> Piece) -> Definition {
    Definition { name, unit, counted: true, prepare }
}

/// The name of every row.
pub fn names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.name)
}

/// The row that `row` is compared with: its bound in the same unit, if that was measured too.
fn bound_of<'a>(rows: &'a [Row], row: &Row) -> Option<&'a Row> {
    rows.iter().find(|other| bounds(&other.name, &row.name) && other.unit == row.unit)
}

/// Rows to show one by one, each with what it is compared with; a bound stands alone only if nothing is compared with it.
pub fn beside_bounds(rows: &[Row]) -> Vec<(&Row, Option<&Row>)> {
    let bounds: Vec<&Row> = rows.iter().filter_map(|row| bound_of(rows, row)).collect();
    let alone = rows.iter().filter(|row| !bounds.contains(row));
    alone.map(|row| (row, bound_of(rows, row))).collect()
}

/// The rows that `only` names, by name or by group, each with its bound; all if it names none.
pub(super) fn chosen(only: Option<&str>) -> Result<Vec<Definition>, UnknownRow> {
    let Some(only) = only else {
        return Ok(ROWS.to_vec());
    };
    let asked: Vec<&Definition> = ROWS.iter().filter(|row| row.name == only || group(row.name) == only).collect();
    if asked.is_empty() {
        return Err(UnknownRow { name: only.chars().take(60).collect() });
    }
    let needed = |row: &&Definition| {
        asked.iter().any(|asked| asked.name == row.name || (bounds(row.name, asked.name) && asked.unit == row.unit))
    };
    Ok(ROWS.iter().filter(needed).copied().collect())
}

fn group(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn is_bound(name: &str) -> bool {
    bounded(name).is_some()
}

/// The row or group that a bound is of.
fn bounded(name: &str) -> Option<&str> {
    name.rsplit_once('.').filter(|(_, what)| *what == BOUND).map(|(of, _)| of)
}

/// Whether `bound` is a bound of `name`, or of its group.
fn bounds(bound: &str, name: &str) -> bool {
    !is_bound(name) && bounded(bound).is_some_and(|of| of == name || of == group(name))
}

impl Row {
    /// Whether this row is a bound of others.
    pub fn is_bound(&self) -> bool {
        is_bound(&self.name)
    }

    /// The value to three significant digits, as whole numbers: no machine is quiet enough for more.
    pub fn rounded(&self) -> u64 {
        let digits = self.value.max(1.0).log10().floor() as i32;
        let step = 10f64.powi((digits - 2).max(0));
        ((self.value / step).round() * step) as u64
    }

    /// This row's value as a part of another's, 1 if they are equal; nothing if the other is not above 0.
    pub fn ratio(&self, bound: &Self) -> Option<f64> {
        (bound.value > 0.0).then(|| self.value / bound.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: f64, unit: &str) -> Row {
        Row { name: name.to_owned(), value, unit: unit.to_owned(), samples: 1, seconds: 1.0 }
    }

    #[test]
    fn a_row_brings_its_bound() {
        let names = |only| chosen(only).map(|rows| rows.iter().map(|row| row.name).collect::<Vec<_>>());
        assert_eq!(names(Some("pow")), Ok(vec!["pow.hash", "pow.bound"]));
        assert_eq!(names(Some("pow.hash")), Ok(vec!["pow.hash", "pow.bound"]));
        assert_eq!(names(Some("pow.bound")), Ok(vec!["pow.bound"]));
        assert_eq!(names(Some("sim.deliveries")), Ok(vec!["sim.deliveries"]));
        assert_eq!(names(Some("payment.hops3")), Ok(vec!["payment.hops3", "payment.hops3.bound"]));
        assert_eq!(names(Some("payment")).map(|names| names.len()), Ok(4));
        assert_eq!(names(None).map(|names| names.len()), Ok(ROWS.len()));
        for unknown in ["", "po", "pow.", "hash", "POW", "bound"] {
            let error = names(Some(unknown)).expect_err(unknown).to_string();
            assert!(error.contains(&format!("{unknown:?}")) && error.contains("pow.hash, pow.bound"), "{error}");
        }
    }

    #[test]
    fn no_more_digits_than_were_measured() {
        let rounded = |value| row("a.b", value, "things/s").rounded();
        assert_eq!([0.0, 3.0, 99.6, 999.4].map(rounded), [0, 3, 100, 999]);
        assert_eq!(
            [999.6, 1_234.5, 6_389_776.4, 35_250_000_000.0].map(rounded),
            [1_000, 1_230, 6_390_000, 35_300_000_000]
        );
    }

    /// A channel's cost is counted in another unit than its rate: it has no bound.
    #[test]
    fn only_one_unit_is_compared() {
        let rows = [
            row("channel.update", 30.0, "updates/s"),
            row("channel.bound", 40.0, "updates/s"),
            row("channel.transactions", 2.0, "transactions"),
            row("sim.deliveries", 7.0, "messages/s"),
            row("payment.direct", 3.0, "hops/s"),
            row("payment.hops3", 4.0, "hops/s"),
            row("payment.hops3.bound", 5.0, "hops/s"),
        ];
        let bounds: Vec<_> = rows.iter().map(|row| bound_of(&rows, row).map(|bound| &*bound.name)).collect();
        assert_eq!(bounds, [Some("channel.bound"), None, None, None, None, Some("payment.hops3.bound"), None]);
        assert_eq!(rows[0].ratio(&rows[1]), Some(0.75));
        assert_eq!(rows[0].ratio(&row("channel.bound", 0.0, "updates/s")), None);
    }
}
