//! One block for every rule, that breaks this rule only; beside it the nearest one that keeps it.

use std::collections::BTreeSet;

use tabchain::{
    chain::{BlockAudit, BlockError, Chain, Genesis, Import, Rules, TransactionError, VERSION, next_target},
    primitives::{
        Action, Amount, Block, Checks, Hash, Height, Memo, Midstate, Nonce, Seal, Target, Timestamp, Transaction,
        Verdict,
    },
};

use crate::support::{ChainBuilder, LATER, address, genesis, key, remine, rules, start, transfer, units, with};

/// Breaks one rule when it is imported at `now` after the blocks in `before`; `kept` does not.
struct Row {
    chain: ChainBuilder,
    before: Vec<Block>,
    now: Timestamp,
    broken: Block,
    error: BlockError,
    kept: Vec<(Timestamp, Block)>,
}

impl Row {
    fn new(chain: ChainBuilder, broken: Block, error: BlockError, kept: Block) -> Self {
        Self { chain, before: Vec::new(), now: LATER, broken, error, kept: vec![(LATER, kept)] }
    }

    /// A block that has the transaction `broken`, and one that has `kept` instead.
    fn transaction(chain: ChainBuilder, broken: Transaction, error: TransactionError, kept: Transaction) -> Self {
        let first = chain.pay(2, 0, 3, 5, 1);
        let (bad, good) = (chain.next(vec![first.clone(), broken]), chain.next(vec![first, kept]));
        Self::new(chain, bad, BlockError::Transaction { index: 1, error }, good)
    }
}

fn median(chain: &ChainBuilder) -> Timestamp {
    let mut times: Vec<Timestamp> = chain.blocks.iter().rev().take(11).map(|block| block.header.timestamp).collect();
    times.sort();
    times[5]
}

fn header_rows() -> Vec<Row> {
    let (chain, next) = (start, start().next(vec![start().pay(1, 0, 2, 5, 1)]));
    let (parent, target) = (next.header.parent, next.header.target);
    let mut rows = Vec::new();
    let mut row = |broken: Block, error| rows.push(Row::new(chain(), broken, error, next.clone()));
    for version in [0, 2, u32::MAX] {
        row(with(&next, |h| h.version = version), BlockError::WrongVersion { version, expected: VERSION });
    }
    for height in [0, 13, 15, u64::MAX].map(Height) {
        row(with(&next, |h| h.height = height), BlockError::WrongHeight { height, expected: Height(14) });
    }
    let one = Target::from_number(
        target.number() - Target::MAX.work().to_string().parse::<ruint::aliases::U256>().expect("valid"),
    );
    for wrong in [one, Target::MAX, Target::from_expected_hashes(3)] {
        row(with(&next, |h| h.target = wrong), BlockError::WrongTarget { target: wrong, expected: target });
    }
    let (mut lazy, search) = (next.clone(), Midstate::new(&next.header.hash()));
    let nonce = (0..).find(|nonce| !target.is_met_by(&search.work_hash(*nonce))).expect("valid");
    lazy.header.seal = Seal::Work { nonce };
    row(lazy.clone(), BlockError::InsufficientWork { hash: lazy.id(), target });

    let (median, at) = (median(&chain()), |time| with(&next, |h| h.timestamp = time));
    for timestamp in [median, Timestamp(median.0 - 1), Timestamp(0)] {
        let error = BlockError::TimestampTooOld { timestamp, median };
        rows.push(Row::new(chain(), at(timestamp), error, at(median.after(1))));
    }
    let (timestamp, drift) = (next.header.timestamp, Rules::default().max_future_drift);
    let limit = Timestamp(timestamp.0 - 1);
    let mut early = Row::new(chain(), next.clone(), BlockError::TimestampTooNew { timestamp, limit }, next.clone());
    (early.now, early.kept[0].0) = (Timestamp(limit.0 - drift), Timestamp(timestamp.0 - drift));
    rows.push(early);

    let mut ahead = start();
    ahead.mine(next.transactions.clone());
    let (tip, orphan) = (ahead.chain.tip(), ahead.next(Vec::new()));
    let mut missing = Row::new(chain(), orphan.clone(), BlockError::UnknownParent { parent: tip }, next.clone());
    missing.kept.push((LATER, orphan.clone()));
    rows.push(missing);
    let invalid = with(&next, |h| h.state_root = Hash::ZERO);
    let broken = with(&orphan, |h| h.parent = invalid.id());
    let error = BlockError::KnownInvalid { block: invalid.id(), rule: "wrong-state-root" };
    let mut known = Row::new(chain(), broken, error, next.clone());
    known.before.push(invalid.clone());
    rows.push(known);
    let error = BlockError::WrongStateRoot { computed: next.header.state_root, header: Hash::ZERO };
    rows.push(Row::new(chain(), invalid, error, next));
    assert!(rows.iter().all(|row| row.chain.chain.tip() == parent));
    rows
}

/// A transfer whose memo brings a block to exactly `bytes`.
fn filling(chain: &ChainBuilder, bytes: usize) -> Vec<Transaction> {
    let noted = |nonce, length| {
        let mut body = transfer(1, nonce, address(2), 5, 1);
        let Action::Transfer { memo, .. } = &mut body.action else { unreachable!() };
        *memo = Memo::new("x".repeat(length)).expect("valid");
        body.sign(&key(1), &chain.chain.genesis_id())
    };
    let two = |length| vec![noted(0, 256), noted(1, length)];
    let empty = chain.next(two(0)).size();
    two(bytes - empty)
}

fn body_rows() -> Vec<Row> {
    let pays = |chain: &ChainBuilder| vec![chain.pay(1, 0, 2, 7, 3), chain.pay(1, 1, 3, 7, 4)];
    let next = start().next(pays(&start()));
    let mut rows = Vec::new();
    let (first, second) = (&next.transactions[0], &next.transactions[1]);
    for body in [vec![first], vec![second, first], vec![first, second, second], vec![]] {
        let mut other = next.clone();
        other.transactions = body.into_iter().cloned().collect();
        let error = BlockError::WrongMerkleRoot { computed: other.merkle_root(), header: next.header.merkle_root };
        rows.push(Row::new(start(), other, error, next.clone()));
    }
    let small = || ChainBuilder::new(genesis(3, Rules { max_block_bytes: 1_000, ..rules(4) }));
    let at = |bytes| small().next(filling(&small(), bytes));
    rows.push(Row::new(small(), at(1_001), BlockError::TooLarge { bytes: 1_001, limit: 1_000 }, at(1_000)));
    let (subsidy, fees) = (Rules::default().subsidy, units(7));
    for amount in [0, 50_000, 50_006, 50_008].map(units) {
        let (mut greedy, chain) = (next.clone(), start());
        greedy.coinbase.amount = amount;
        let root =
            chain.chain.ledger().root_after(chain.chain.rules(), Height(14), &greedy.coinbase, &greedy.transactions);
        greedy.header.unsealed.state_root = root.expect("valid");
        rows.push(Row::new(chain, remine(greedy), BlockError::WrongCoinbase { amount, subsidy, fees }, next.clone()));
    }
    // Not a genesis that `validate` lets pass: one block more than all the money there can be.
    let mut rich =
        Genesis { allocations: [(address(1), units(Amount::MAX.units() - 99_999))].into(), ..genesis(3, rules(4)) };
    assert!(rich.validate().is_err());
    let (issued, cap) = (units(Amount::MAX.units() - 49_999), Amount::MAX);
    let full = ChainBuilder::new(rich.clone()).grow(1);
    let broken = full.next(Vec::new());
    rich.allocations = [(address(1), units(Amount::MAX.units() - 100_000))].into();
    let room = ChainBuilder::new(rich).grow(1);
    let mut supply = Row::new(full, broken, BlockError::SupplyExceeded { issued, subsidy, cap }, room.next(Vec::new()));
    supply.kept.clear();
    room.grow(1);
    rows.push(supply);
    rows
}

fn transaction_rows() -> Vec<Row> {
    let pay = |nonce, amount, fee| start().pay(1, nonce, 3, amount, fee);
    let id = start().chain.genesis_id();
    let signed = |by, chain| transfer(1, 0, address(3), 5, 1).sign(&key(by), chain);
    let mut rows = Vec::new();
    let mut row = |broken, error, kept| rows.push(Row::transaction(start(), broken, error, kept));
    for forged in [signed(2, &id), signed(1, &Hash::ZERO)] {
        row(forged.clone(), TransactionError::BadSignature { id: forged.id() }, signed(1, &id));
    }
    row(pay(0, 0, 1), TransactionError::ZeroAmount, pay(0, 1, 0));
    let (amount, fee) = (Amount::MAX, units(1));
    row(pay(0, amount.units(), 1), TransactionError::CostOverflow { amount, fee }, pay(0, 1, 1));
    let second = start().pay(2, 1, 3, 5, 1);
    for (nonce, expected) in [(1, 0), (u64::MAX, 0)].map(|(a, b)| (Nonce(a), Nonce(b))) {
        row(pay(nonce.0, 5, 1), TransactionError::WrongNonce { nonce, expected }, pay(0, 5, 1));
    }
    let again = TransactionError::WrongNonce { nonce: Nonce(0), expected: Nonce(1) };
    row(start().pay(2, 0, 3, 5, 1), again.clone(), second.clone());
    row(start().pay(2, 0, 1, 9, 9), again, second);
    let balance = units(1_000_000);
    for (amount, fee) in [(1_000_000, 1), (1, 1_000_000), (999_000, 1_001)] {
        let error = TransactionError::InsufficientBalance { balance, amount: units(amount), fee: units(fee) };
        row(pay(0, amount, fee), error, pay(0, amount, fee - 1));
    }
    // What a block pays in before may be spent; what it pays in after, or to its miner, may not.
    let (poor, amount, fee) = (start().pay(4, 0, 1, 5, 0), units(5), units(0));
    let error = TransactionError::InsufficientBalance { balance: Amount::ZERO, amount, fee };
    let chain = start();
    let (gift, kept) = (chain.pay(1, 0, 4, 5, 0), chain.next(vec![chain.pay(1, 0, 4, 5, 0), poor.clone()]));
    let broken = chain.next(vec![poor, gift]);
    rows.push(Row::new(chain, broken, BlockError::Transaction { index: 0, error }, kept));
    rows
}

/// All rules of a block, each under the name of its error.
fn audit(chain: &Chain, now: Timestamp, block: &Block, checks: &mut Checks) -> BlockAudit {
    let audit = chain.audit(now, block, checks);
    for found in &audit.findings {
        let (Verdict::Kept(Some(values)) | Verdict::Broken(values)) = &found.finding.verdict else {
            continue;
        };
        assert_eq!(found.finding.rule, code_and_tag(values).0);
    }
    audit
}

fn code_and_tag(error: &BlockError) -> (String, String) {
    let tag = |json: serde_json::Value| json["rule"].as_str().expect("a tag").to_owned();
    let outer = (error.code().to_owned(), tag(serde_json::to_value(error).expect("valid")));
    let BlockError::Transaction { error, .. } = error else {
        return outer;
    };
    assert_eq!(outer.0, outer.1);
    (error.code().to_owned(), tag(serde_json::to_value(error).expect("valid")))
}

/// Everything a refused block must leave as it was.
fn state(chain: &Chain) -> (Hash, Hash, Hash, usize, Hash) {
    (chain.digest(), chain.tip(), chain.ledger().root(), chain.tree().len(), chain.locator()[0])
}

#[test]
fn every_rule_has_a_block_that_breaks_only_it() {
    let mut seen = BTreeSet::new();
    for row in header_rows().into_iter().chain(body_rows()).chain(transaction_rows()) {
        let Row { mut chain, before, now, broken, error, kept } = row;
        for block in before {
            chain.import(block).expect_err("invalid");
        }
        let unharmed = state(&chain.chain);
        let checks = &mut Checks::forgetful();
        assert_eq!(audit(&chain.chain, now, &broken, checks).first_error(), Some(&error), "every rule at once");
        assert_eq!(chain.import_at(now, broken.clone()), Err(error.clone()));
        assert_eq!(state(&chain.chain), unharmed, "{error}");
        let (code, tag) = code_and_tag(&error);
        assert_eq!(code, tag);
        seen.insert(code);
        judged_again(chain.chain.clone(), &broken, &error);
        for (now, block) in kept {
            let audit = audit(&chain.chain, now, &block, checks);
            assert!(audit.findings.iter().all(|found| found.finding.is_kept()), "next to {error}: {audit:?}");
            assert!(matches!(chain.import_at(now, block), Ok(Import::Extended(_))), "next to {error}");
            assert!(chain.chain.reconnects());
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), every_code());
}

/// What is wrong with the block itself is remembered, and its children are refused; what was only early or garbled is not.
fn judged_again(mut chain: Chain, broken: &Block, error: &BlockError) {
    use BlockError::{KnownInvalid, TimestampTooNew, UnknownParent};
    let id = broken.id();
    let temporary = matches!(error, UnknownParent { .. } | TimestampTooNew { .. });
    assert_eq!(error.is_temporary(), temporary);
    // A header that is wrong by itself is not worth remembering: it is as cheap to refuse again.
    let remembered =
        ["wrong-coinbase", "transaction", "too-large", "supply-exceeded", "wrong-state-root"].contains(&error.code());
    assert_eq!(chain.invalid_rule(&id), remembered.then_some(error.code()));
    assert!(chain.tree().get(&id).is_none());
    if !remembered {
        return;
    }
    let known = KnownInvalid { block: id, rule: error.code() };
    let checks = &mut Checks::forgetful();
    assert_eq!(chain.import(LATER, broken.clone(), checks), Err(known.clone()));
    assert_eq!(chain.accept_headers(LATER, std::slice::from_ref(&broken.header)), Err(known.clone()));
    let target =
        next_target(chain.rules(), &chain.tree().get(&chain.genesis_id()).expect("valid").header, &broken.header);
    let child = with(broken, |h| (h.parent, h.height, h.target) = (id, h.height.next(), target));
    assert_eq!(chain.import(LATER, child.clone(), checks), Err(known.clone()));
    assert_eq!(chain.accept_headers(LATER, &[child.header]), Err(known));
}

/// Every code there is. A rule without a row fails here; a new one does not compile until it has a place.
fn every_code() -> Vec<String> {
    fn _no_rule_is_forgotten(block: &BlockError, transaction: &TransactionError) {
        use TransactionError::*;
        match transaction {
            BadSignature { .. } | ZeroAmount | CostOverflow { .. } | WrongNonce { .. } | InsufficientBalance { .. } => {
            }
            // Those of channels and of stake have tables of their own: tests/chain/adjudicator.rs, tests/chain/stake.rs.
            BadCommitment { .. } | Channel(_) | TransactionError::Stake(_) => {}
        }
        use BlockError::*;
        match block {
            UnknownParent { .. } | KnownInvalid { .. } | WrongVersion { .. } | WrongHeight { .. } => {}
            TimestampTooOld { .. } | TimestampTooNew { .. } | WrongTarget { .. } | InsufficientWork { .. } => {}
            WrongMerkleRoot { .. } | TooLarge { .. } | WrongCoinbase { .. } | Transaction { .. } => {}
            SupplyExceeded { .. } | WrongStateRoot { .. } | BlockError::Stake(_) => {}
        }
    }
    let codes = "bad-signature cost-overflow insufficient-balance insufficient-work known-invalid supply-exceeded \
        timestamp-too-new timestamp-too-old too-large unknown-parent wrong-coinbase wrong-height wrong-merkle-root \
        wrong-nonce wrong-state-root wrong-target wrong-version zero-amount";
    codes.split(' ').map(str::to_owned).collect()
}
