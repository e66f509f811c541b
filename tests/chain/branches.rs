//! Branches that cannot be followed (yet): bodies without parents, and bad blocks found when their branch becomes the heaviest.

use tabchain::{
    chain::{BlockError, Import},
    primitives::{Amount, Block, Hash},
};

use crate::support::{LATER, address, child, start, with};

/// The parent's header alone is not enough to judge a body, and is not the block's fault.
#[test]
fn a_body_waits_for_its_parents_body() {
    let mut ahead = start();
    let (first, second) = (ahead.mine(Vec::new()), ahead.next(Vec::new()));
    let mut chain = start();
    let headers = [first.header.clone(), second.header.clone()];
    assert_eq!(chain.chain.accept_headers(LATER, &headers), Ok(2));
    assert_eq!(chain.chain.missing_bodies(9), [first.id(), second.id()]);
    assert_eq!(chain.import(second.clone()), Err(BlockError::UnknownParent { parent: first.id() }));
    assert!(chain.import(first).is_ok() && chain.import(second).is_ok());
    assert_eq!(chain.chain.missing_bodies(9), []);
}

/// A branch turns out to be bad in its middle only when it becomes the heaviest: everything stays as it was but for the bad block and
/// what builds on it, and its good beginning can still win.
#[test]
fn a_bad_block_inside_a_heavier_branch_changes_nothing() {
    let mut honest = start();
    for nonce in 0..3 {
        honest.mine(vec![honest.pay(1, nonce, 2, 500, 5)]);
    }
    // The other branch: good, bad, and two that build on the bad one, as anyone would build who does not look at the state.
    let mut other = start();
    let good = other.mine(vec![other.pay(2, 0, 4, 1, 1)]);
    let fine = other.next(vec![other.pay(1, 0, 3, 1_000_000, 0)]);
    let bad = with(&fine, |h| h.state_root = Hash([7; 32]));
    let on = |block: &Block| child(&other.genesis, other.chain.ledger(), &block.header, 1_000, 7, Vec::new());
    let (top, over) = (on(&bad), on(&on(&bad)));
    let headers = [&good, &bad, &top, &over].map(|block| block.header.clone());
    assert_eq!(honest.chain.accept_headers(LATER, &headers), Ok(4));

    let unharmed = (honest.chain.tip(), honest.chain.ledger().clone(), honest.chain.best().to_vec());
    assert_eq!(honest.import(good.clone()), Ok(Import::SideBranch));
    assert_eq!(honest.import(bad.clone()), Ok(Import::SideBranch), "two against three");
    // Three against three: the lower id decides whether the branch is followed now or with the next block.
    let known = BlockError::KnownInvalid { block: bad.id(), rule: "wrong-state-root" };
    let (first, second) = (honest.import(top.clone()), honest.import(over));
    let orphaned = BlockError::UnknownParent { parent: top.id() };
    let expected = [(Err(known.clone()), Err(orphaned)), (Ok(Import::SideBranch), Err(known))];
    assert!(expected.contains(&(first.clone(), second.clone())), "{first:?}, then {second:?}");
    assert_eq!((honest.chain.tip(), honest.chain.ledger().clone(), honest.chain.best().to_vec()), unharmed);
    assert_eq!(honest.chain.tree().len(), 14 + 3 + 1, "the trunk, the honest three, and the good one");
    assert_eq!(honest.chain.missing_bodies(9), []);
    assert!(honest.chain.reconnects());

    other.import(fine).expect("good");
    while honest.chain.tip() != other.chain.tip() {
        other.mine(Vec::new());
        other.blocks[14..].iter().for_each(|block| drop(honest.import(block.clone()).expect("good")));
    }
    assert_eq!(honest.chain.ledger(), other.chain.ledger());
    assert_eq!(honest.chain.ledger().account(&address(1)).balance, Amount::ZERO);
    assert!(honest.chain.reconnects());
}
