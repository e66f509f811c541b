//! What the inspector shows of rules is what is enforced.

use std::sync::Arc;

use proptest::prelude::*;
use tabchain::{
    chain::{Chain, Mempool, PoolError, check_transaction},
    gossip::{Item, MAX_ITEMS, MAX_MESSAGE_BYTES, Message},
    primitives::{Action, Checks, Timestamp, Transaction},
    sim::{Action as Do, Scenario, World},
};

use crate::{
    lab::Numbers,
    support::{self, address, genesis, key, properties, rules, start, transfer, units},
};

/// Every block that any node of a busy network with a split in it knows keeps every rule, also the stale ones.
#[test]
fn every_block_of_a_run_keeps_every_rule() {
    for seed in 1..4 {
        let mut scenario = Scenario::generated(4, seed);
        scenario.config.workload.transfers_per_hour = 3_600;
        let mut world = World::new(scenario);
        world.run_until(Timestamp(60_000));
        let mut timeline = tabchain::sim::Timeline::new(world);
        timeline.act(Do::Partition { nodes: vec!["Alpha".into(), "Bravo".into()] }).expect("possible");
        let run = |timeline: &mut tabchain::sim::Timeline, to| while !timeline.seek(Timestamp(to), 1_000) {};
        run(&mut timeline, 150_000);
        timeline.act(Do::HealAll).expect("possible");
        run(&mut timeline, 200_000);
        let (world, checks) = (timeline.world(), &mut Checks::remembering());
        let (mut transactions, mut stale) = (0, 0);
        for (_, node) in world.running() {
            let chain: &Chain = node.chain();
            // Of stale branches a node may know only headers.
            let bodies = chain.tree().iter().filter_map(|(id, entry)| Some((id, entry.body.as_ref()?)));
            for (id, block) in bodies.filter(|(id, _)| **id != chain.genesis_id()) {
                let audit = chain.audit(world.now(), block, checks);
                assert!(audit.is_complete(), "{audit:?}");
                assert_eq!(audit.first_error(), None, "{id}");
                transactions += block.transactions.len();
                stale += usize::from(!chain.is_best(id));
            }
        }
        assert!(transactions > 100 && stale > 0, "seed {seed}: {transactions} transactions, {stale} stale blocks");
    }
}

/// A transfer that may break any rule.
fn any_transfer(numbers: &mut Numbers, chain: &Chain) -> Transaction {
    let among = |numbers: &mut Numbers, values: &[u64]| values[numbers.below(values.len())];
    let from = 1 + numbers.below(4) as u8;
    let nonce = among(numbers, &[0, 0, 1, 1, 2, 3, 64, 65, 66, u64::MAX]);
    let amount = among(numbers, &[0, 1, 5, 400_000, 999_000, 1_000_000, (1 << 53) - 1]);
    let fee = among(numbers, &[0, 1, 20, 100, 110, 111, 500, 999_999]);
    let signer = if numbers.below(8) == 0 { 9 } else { from };
    transfer(from, nonce, address(2), amount, fee).sign(&key(signer), &chain.genesis_id())
}

/// As a node takes a transaction.
fn admit(pool: &mut Mempool, chain: &Chain, transaction: &Transaction) -> Result<(), PoolError> {
    check_transaction(transaction, &chain.genesis_id(), &mut Checks::forgetful())?;
    pool.admit(Arc::new(transaction.clone()), chain.ledger()).map(drop)
}

proptest! {
    #![proptest_config(properties(32))]

    /// Whatever comes to a pool, the first broken rule of the audit is what it is refused with.
    #[test]
    fn the_first_broken_rule_is_the_refusal(seed: u64) {
        let (numbers, mut builder, mut pool) = (&mut Numbers(seed), start(), Mempool::default());
        builder.mine(vec![builder.pay(1, 0, 2, 5, 1)]);
        let (chain, checks) = (&builder.chain, &mut Checks::forgetful());
        for _ in 0..60 {
            let transaction = Arc::new(any_transfer(numbers, chain));
            if pool.get(&transaction.id()).is_some() {
                continue;
            }
            let findings = pool.audit(&transaction, &chain.genesis_id(), chain.ledger(), checks);
            let refused = admit(&mut pool, chain, &transaction).err();
            prop_assert_eq!(findings.iter().find_map(|finding| finding.error()), refused.as_ref());
            for finding in &findings {
                if let Some(error) = finding.error() {
                    prop_assert_eq!(finding.rule, error.code());
                }
            }
        }
        prop_assert!(!pool.is_empty());
        // What waits is judged as if it came again, not as its own competitor.
        for pooled in pool.iter() {
            let findings = pool.audit(&pooled.transaction, &chain.genesis_id(), chain.ledger(), checks);
            prop_assert!(findings.iter().all(|finding| finding.is_kept()), "{findings:?}");
        }
    }
}

#[test]
fn the_first_broken_bound_of_a_message_is_why_it_is_not_parsed() {
    let mut chain = support::ChainBuilder::new(genesis(3, rules(1)));
    let headers: Vec<_> = (0..4).map(|_| chain.mine(Vec::new()).header).collect();
    let items = |count: u8| (0..count).map(|_| Item::Block(headers[0].id())).collect::<Vec<_>>();
    let unlinked = vec![headers[0].clone(), headers[2].clone()];
    let many = Message::Get([items(200), items(57)].concat());
    let mut cases: Vec<(Vec<u8>, Option<&str>)> = vec![
        (Message::Headers(headers.clone()).to_bytes(), None),
        (Message::Inventory([items(200), items(56)].concat()).to_bytes(), None),
        (Message::Headers(unlinked).to_bytes(), Some("unlinked")),
        (many.to_bytes(), Some("too-many")),
        (vec![0; MAX_MESSAGE_BYTES + 1], Some("too-large")),
        (vec![], Some("undecodable")),
        (vec![99], Some("undecodable")),
    ];
    assert_eq!(MAX_ITEMS, 256);
    let mut long = Message::Headers(headers).to_bytes();
    long.push(0);
    cases.push((long, Some("undecodable")));
    for (bytes, broken) in cases {
        let (findings, message) = Message::audit(&bytes);
        let first = findings.iter().find(|finding| finding.error().is_some());
        assert_eq!(first.map(|finding| finding.rule), broken);
        assert_eq!(first.and_then(|finding| finding.error()).cloned(), Message::parse(&bytes).err());
        assert_eq!(broken.is_none(), findings.iter().all(|finding| finding.is_kept()));
        assert!(message.is_some() || matches!(broken, Some("undecodable" | "too-large")));
    }
}

/// A block too deep for its ledger to be worked out is judged by all that needs none, and says so.
#[test]
fn what_is_not_judged_is_said() {
    let mut chain = support::ChainBuilder::new(genesis(3, rules(1)));
    let pays = chain.pay(1, 0, 2, 5, 1);
    let old = chain.mine(vec![pays]);
    let chain = chain.grow(301);
    let audit = chain.chain.audit(support::LATER, &old, &mut Checks::forgetful());
    let open: Vec<&str> = audit.findings.iter().filter(|f| !f.finding.is_kept()).map(|f| f.finding.rule).collect();
    assert_eq!(open, ["wrong-nonce", "insufficient-balance", "supply-exceeded", "wrong-state-root"]);
    assert!(!audit.is_complete() && audit.first_error().is_none());
    assert!(matches!(old.transactions[0].unsigned.action, Action::Transfer { amount, .. } if amount == units(5)));
}
