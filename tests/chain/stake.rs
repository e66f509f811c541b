//! Proof of stake: its rules by tables, what it promises by runs.

use std::collections::BTreeSet;

use tabchain::{
    chain::{
        BlockError, Chain, Committee, Import, Member, StakeError, StakeRules, TransactionError, check_transaction,
    },
    primitives::{
        Action, Address, Block, Checkpoint, Checks, Deposit, Epoch, Exit, Hash, Header, Offence, OffenceKind, Seal,
        SignedVote, Slot, Target, Transaction, Vote, decode, encode,
    },
};

use crate::{
    stakes::{SLOTS, Stakes, all, stake_rules, vote_of},
    support::{address, key, units},
};

const STAKES: [u64; 5] = [100_000, 200_000, 300_000, 150_000, 250_000];

/// With everybody voting, each epoch is final two epochs later, and nothing is created or lost but by subsidies.
#[test]
fn everybody_votes_and_epochs_become_final() {
    let mut stakes = Stakes::new(&STAKES);
    let begun = stakes.owned();
    stakes.epochs(0, 8, all);
    stakes.slot(8 * SLOTS, all);
    assert_eq!(stakes.finalized(), Epoch(6), "{:?}", stakes.chain.checkpoints());
    let subsidies = stakes.chain.height().0 * 50_000;
    assert_eq!(stakes.owned(), begun + subsidies);
    assert!(stakes.chain.reconnects());
}

/// Two thirds justify; a unit less does not. Nothing is final then, and nobody is punished for it yet.
#[test]
fn two_thirds_are_needed() {
    for (stakes, expected) in [([100_000, 100_000, 100_000], 5), ([100_001, 100_000, 100_000], 0)] {
        let mut stakes = Stakes::with(&stakes, StakeRules { leak_after: 1_000, ..stake_rules() });
        stakes.epochs(0, 8, |who| who != 1);
        assert_eq!(stakes.finalized(), Epoch(expected), "{:?}", stakes.chain.checkpoints());
    }
}

/// With two fifths gone for good, their stake leaks until the others are two thirds; then epochs are final again. What leaks is burned.
#[test]
fn the_leak_brings_finality_back() {
    let mut stakes =
        Stakes::with(&[300_000, 300_000, 200_000, 200_000], StakeRules { leak_quotient: 256, ..stake_rules() });
    let begun = stakes.owned();
    stakes.epochs(0, 3, all);
    let before = stakes.finalized();
    stakes.epochs(3, 30, |who| who <= 2);
    assert!(stakes.finalized() > Epoch(20), "{:?} from {before:?}", stakes.chain.checkpoints());
    let gone = [3, 4].map(|who| 200_000 - stakes.stake_of(who));
    assert!(gone.iter().all(|lost| *lost > 20_000 && *lost < 150_000), "{gone:?}");
    assert_eq!([1, 2].map(|who| stakes.stake_of(who)), [300_000; 2], "who votes loses nothing");
    assert_eq!(stakes.owned(), begun + stakes.chain.height().0 * 50_000);
}

/// Each rule of a header has a case that breaks only it; a seal says nothing about the block of its id.
#[test]
fn each_rule_of_a_seal_stands_alone() {
    let mut stakes = Stakes::new(&STAKES);
    stakes.epochs(0, 2, all);
    let slot = 2 * SLOTS + 1;
    let (good, who) = (stakes.proposal(slot, vec![]).expect("a leader"), stakes.leader(slot).expect("one"));
    let other = (1..=5).find(|other| *other != who).expect("five");
    type Break = Box<dyn Fn(&Stakes, &mut Block)>;
    let reseal = move |stakes: &Stakes, block: &mut Block, by: u8| block.header = stakes.resealed(by, &block.header);
    let table: Vec<(&str, Break)> = vec![
        (
            "wrong-target",
            Box::new(move |stakes, block| {
                block.header.unsealed.target = Target::from_expected_hashes(2);
                reseal(stakes, block, who);
            }),
        ),
        (
            "not-a-slot",
            Box::new(move |stakes, block| {
                block.header.unsealed.timestamp = block.header.timestamp.after(1);
                reseal(stakes, block, who);
            }),
        ),
        ("wrong-consensus", Box::new(|_, block| block.header.seal = Seal::Work { nonce: 7 })),
        (
            "bad-seal",
            Box::new(|_, block| {
                if let Seal::Stake(proposal) = &mut block.header.seal {
                    proposal.reveal.next = Hash([1; 32]);
                }
            }),
        ),
        ("not-the-leader", Box::new(move |stakes, block| reseal(stakes, block, other))),
        (
            "wrong-reveal",
            Box::new(move |stakes, block| {
                if let Seal::Stake(proposal) = &mut block.header.seal {
                    proposal.reveal.secret = Hash([1; 32]);
                }
                reseal(stakes, block, who);
            }),
        ),
        (
            "wrong-state-root",
            Box::new(move |stakes, block| {
                block.header.unsealed.state_root = Hash([1; 32]);
                reseal(stakes, block, who);
            }),
        ),
    ];
    for (rule, change) in table {
        let (mut broken, mut chain) = (good.clone(), stakes.clone());
        change(&stakes, &mut broken);
        let now = broken.header.timestamp;
        let audit = chain.chain.audit(now, &broken, &mut Checks::forgetful());
        assert_eq!(audit.first_error().map(BlockError::code), Some(rule));
        assert_eq!(chain.import(broken.clone()).map_err(|error| error.code()), Err(rule));
        // What is wrong with a copy of the seal is not remembered of the block.
        assert!(matches!(chain.import(good.clone()), Ok(Import::Extended(_))), "{rule}");
        assert_eq!(decode::<Block>("block", &encode(&broken)), Ok(broken));
    }
}

/// A block without the best chain's randomness cannot be prepared: a secret is revealed once, and the next is committed to before.
#[test]
fn reveals_follow_one_another() {
    let mut stakes = Stakes::new(&[100_000]);
    let mut mixes = BTreeSet::new();
    for slot in 1..30 {
        stakes.slot(slot, all);
        let beacon = stakes.chain.ledger().beacon().expect("of stake");
        assert!(mixes.insert(beacon.mix), "each reveal changes the randomness");
    }
    assert_eq!(stakes.chain.ledger().validator(&address(1)).map(|validator| validator.reveals), Some(29));
}

/// Each rule of a vote in a block.
#[test]
fn each_rule_of_a_vote_stands_alone() {
    let mut stakes = Stakes::new(&STAKES);
    stakes.epochs(0, 3, all);
    let slot = 3 * SLOTS;
    stakes.slot(slot, |_| false);
    let duty = |stakes: &Stakes, who: u8, slot: u64| stakes.chain.duty(&address(who), Slot(slot))?.votes;
    let who = (1..=5).find(|who| duty(&stakes, *who, slot).is_some()).expect("five members, eight slots");
    let vote = duty(&stakes, who, slot).expect("just found");
    let other = (1..=5).find(|other| *other != who).expect("five");
    let cast = |who: u8, vote: Vote| vote.cast(&key(who), &stakes.chain.genesis_id());
    let early = Checkpoint { epoch: Epoch(0), block: stakes.chain.genesis_id() };
    let good = cast(who, vote);
    let table: Vec<(&str, Transaction)> = vec![
        ("vote-out-of-time", cast(who, Vote { slot: Slot(slot + 30), ..vote })),
        ("wrong-checkpoint", cast(who, Vote { source: early, ..vote })),
        ("wrong-checkpoint", cast(who, Vote { target: Checkpoint { block: Hash([1; 32]), ..vote.target }, ..vote })),
        ("not-on-duty", cast(who, Vote { slot: Slot(slot - 1), ..vote })),
        ("not-on-duty", cast(other, vote)),
    ];
    // A vote counts in blocks of later slots; it is judged on the state of such a one.
    let tried = |transaction: &Transaction| {
        let mut draft = stakes.clone();
        let mut at = slot + 1;
        while draft.leader(at).is_none() {
            at += 1;
        }
        let block = draft.proposal(at, vec![]).expect("a leader");
        let mut body = block.transactions.clone();
        body.push(transaction.clone());
        let rebuilt = rebuild(&draft, &block, body);
        draft.import(rebuilt)
    };
    assert!(tried(&good).is_ok());
    for (rule, transaction) in &table {
        let error = tried(transaction).expect_err(rule);
        let BlockError::Transaction { error, .. } = error else { panic!("{rule}: {error}") };
        assert_eq!(error.code(), *rule);
    }
    let paid = stakes.signed(who, 5, good.unsigned.action.clone());
    let mut backwards = vote;
    std::mem::swap(&mut backwards.source, &mut backwards.target);
    for (rule, transaction) in [("vote-with-fee", paid), ("bad-vote", cast(who, backwards))] {
        let checked = check_transaction(&transaction, &stakes.chain.genesis_id(), &mut Checks::forgetful());
        assert_eq!(checked.map_err(|error| error.code()), Err(rule));
    }
    let twice = {
        let mut draft = stakes.clone();
        draft.votes.push(good.clone());
        let at = draft.include(slot + 1, &[]);
        draft.votes.clear();
        let block = draft.proposal((at + 1..).find(|slot| draft.leader(*slot).is_some()).expect("one"), vec![]);
        let block = block.expect("a leader");
        let rebuilt = rebuild(&draft, &block, vec![good]);
        draft.import(rebuilt)
    };
    assert!(matches!(twice, Err(BlockError::Transaction { error, .. }) if error.code() == "already-voted"));
}

/// The same block with another body, committed to and sealed again; its state root is that of the body without what breaks a rule.
fn rebuild(stakes: &Stakes, block: &Block, body: Vec<Transaction>) -> Block {
    let mut block = Block { transactions: body, ..block.clone() };
    block.header.unsealed.merkle_root = block.merkle_root();
    let who = stakes.leader_of(&block);
    block.header = stakes.resealed(who, &block.header);
    // The right root of a valid body is what import says that it computed.
    let mut chain = stakes.clone();
    if let Err(BlockError::WrongStateRoot { computed, .. }) = chain.import(block.clone()) {
        block.header.unsealed.state_root = computed;
        block.header = stakes.resealed(who, &block.header);
    }
    block
}

impl Stakes {
    fn leader_of(&self, block: &Block) -> u8 {
        let slot = self.genesis.stake_terms().expect("of stake").slot_at(block.header.timestamp);
        self.leader(slot.0).expect("it was proposed")
    }
}

/// Deposits begin two epochs later, exits end two epochs later, and the stake comes back after the delay; until then it can be taken.
#[test]
fn stakes_come_and_go() {
    let mut stakes = Stakes::new(&[100_000, 100_000, 100_000]);
    stakes.people = 4;
    let deposit = |stakes: &Stakes, amount| {
        let commitment =
            tabchain::primitives::Reveal::promise(&key(4), &stakes.genesis.stake_terms().expect("of stake").salt(), 0);
        let deposit = Deposit { from: key(4).public(), nonce: stakes.nonce(4), amount: units(amount), commitment };
        stakes.signed(4, 1_000, Action::Stake(Box::new(deposit)))
    };
    let gift = crate::support::pay(&stakes.chain.genesis_id(), 1, 0, 4, 200_000, 1_000);
    let at = stakes.include(1, &[gift]);
    let refused = |stakes: &Stakes, one: &Transaction| stakes.chain.ledger().allows(one).map_err(|error| error.code());
    assert_eq!(refused(&stakes, &deposit(&stakes, 9_999)), Err("stake-too-small"));
    let small =
        stakes.signed(4, 1_000, Action::Unstake(Box::new(Exit { from: key(4).public(), nonce: stakes.nonce(4) })));
    assert_eq!(refused(&stakes, &small), Err("not-a-validator"));
    let at = stakes.include(at + 1, &[deposit(&stakes, 150_000)]);
    assert_eq!(at / SLOTS, 0, "the first epoch");
    let serves = |stakes: &Stakes, epoch: u64| {
        (epoch * SLOTS..(epoch + 1) * SLOTS)
            .any(|slot| stakes.chain.duty(&address(4), Slot(slot)).is_some_and(|duty| duty.votes.is_some()))
    };
    for epoch in 1..4 {
        stakes.epochs(epoch, epoch + 1, all);
        assert_eq!(serves(&stakes, epoch + 1), epoch >= 1, "epoch {}", epoch + 1);
    }
    let balance = |stakes: &Stakes| stakes.chain.ledger().account(&address(4)).balance.units();
    let exit =
        stakes.signed(4, 1_000, Action::Unstake(Box::new(Exit { from: key(4).public(), nonce: stakes.nonce(4) })));
    stakes.include(4 * SLOTS, &[exit]);
    assert_eq!(refused(&stakes, &deposit(&stakes, 10_000)), Err("leaving"));
    let left = balance(&stakes);
    let delay = stake_rules().unstake_epochs();
    for epoch in 4..12 + delay {
        let mut other = stakes.clone();
        other.epochs(epoch, epoch + 1, all);
        stakes = other;
        let (paid, ends) = (stakes.stake_of(4) == 0, 4 + 2 + delay);
        assert_eq!(paid, epoch >= ends, "epoch {epoch}");
        let subsidies = balance(&stakes) - left;
        assert_eq!(subsidies % 50_000, 0, "nothing but subsidies, and the stake");
    }
    assert!(stakes.chain.ledger().validator(&address(4)).is_none());
}

/// Every slashing condition, beside its nearest innocent neighbour.
#[test]
fn slashing_by_table() {
    let mut stakes = Stakes::new(&STAKES);
    stakes.epochs(0, 4, all);
    let checkpoint = |epoch: u64, byte: u8| Checkpoint { epoch: Epoch(epoch), block: Hash([byte; 32]) };
    let vote = |source: u64, target: u64, byte: u8| Vote {
        slot: Slot(target * SLOTS),
        head: Hash([byte; 32]),
        source: checkpoint(source, 9),
        target: checkpoint(target, byte),
    };
    let votes = |who: u8, first: Vote, other: u8, second: Vote| {
        Offence::Votes(Box::new([stakes.signed_vote(who, first), stakes.signed_vote(other, second)]))
    };
    let slot = (4 * SLOTS..).find(|slot| stakes.leader(*slot).is_some()).expect("one");
    let who = stakes.leader(slot).expect("just found");
    let block = stakes.proposal(slot, vec![]).expect("a leader");
    let mut sibling = block.header.clone();
    sibling.unsealed.state_root = Hash([1; 32]);
    let sibling = stakes.resealed(who, &sibling);
    let mut later = sibling.clone();
    later.unsealed.timestamp = later.timestamp.after(1_000);
    let later = stakes.resealed(who, &later);
    let elsewhere = {
        let key = key(who);
        let reveal = sibling.seal.proposal().expect("of stake").reveal;
        let proposal = tabchain::primitives::Proposal::sign(&key, &Hash([5; 32]), &sibling.unsealed.hash(), reveal);
        Header { unsealed: sibling.unsealed.clone(), seal: Seal::Stake(Box::new(proposal)) }
    };
    let blocks = |first: &Header, second: &Header| Offence::Proposals(Box::new([first.clone(), second.clone()]));
    let (equivocation, double, surround) =
        (OffenceKind::Equivocation, OffenceKind::DoubleVote, OffenceKind::SurroundVote);
    let table: Vec<(&str, Offence, Result<OffenceKind, &str>)> = vec![
        ("two blocks of a slot", blocks(&block.header, &sibling), Ok(equivocation)),
        ("one block twice", blocks(&block.header, &block.header), Err("no-offence")),
        ("blocks of two slots", blocks(&block.header, &later), Err("no-offence")),
        ("a block of another chain", blocks(&block.header, &elsewhere), Err("bad-evidence")),
        ("two votes for an epoch", votes(1, vote(1, 3, 1), 1, vote(1, 3, 2)), Ok(double)),
        ("one vote twice", votes(1, vote(1, 3, 1), 1, vote(1, 3, 1)), Err("no-offence")),
        ("votes for two epochs", votes(1, vote(1, 3, 1), 1, vote(1, 4, 2)), Err("no-offence")),
        ("votes of two validators", votes(1, vote(1, 3, 1), 2, vote(1, 3, 2)), Err("no-offence")),
        ("around", votes(2, vote(0, 4, 1), 2, vote(1, 3, 2)), Ok(surround)),
        ("around, the other way", votes(3, vote(1, 3, 2), 3, vote(0, 4, 1)), Ok(surround)),
        ("from one source", votes(2, vote(1, 4, 1), 2, vote(1, 3, 2)), Err("no-offence")),
        ("one after the other", votes(2, vote(1, 2, 1), 2, vote(2, 3, 2)), Err("no-offence")),
        ("across", votes(2, vote(0, 2, 1), 2, vote(1, 3, 2)), Err("no-offence")),
        ("of nobody with a stake", votes(8, vote(1, 3, 1), 8, vote(1, 3, 2)), Err("not-a-validator")),
    ];
    for (name, offence, expected) in table {
        let mut chain = stakes.clone();
        assert_eq!(offence.kind(), expected.ok().or(offence.kind().filter(|_| expected.is_err())), "{name}");
        let reporter = (1..=5).find(|one| Some(&key(*one).public()) != offence.offender()).expect("five");
        let report = chain.report(reporter, offence.clone());
        let checked = check_transaction(&report, &chain.chain.genesis_id(), &mut Checks::forgetful());
        let judged = checked.and_then(|()| chain.chain.ledger().allows(&report));
        assert_eq!(judged.as_ref().map_err(TransactionError::code), expected.map(|_| &()), "{name}");
        let Ok(kind) = expected else { continue };
        assert_eq!(offence.kind(), Some(kind), "{name}");
        let offender = (1..=5).find(|one| Some(&key(*one).public()) == offence.offender()).expect("one of them");
        let (stake, burned) = (chain.stake_of(offender), chain.chain.ledger().beacon().expect("of stake").burned);
        let (all_before, height) = (chain.owned(), chain.chain.height().0);
        let at = chain.include(slot, &[report]);
        let share = stake / 1_000 * 50;
        assert_eq!(chain.stake_of(offender), 0, "{name}");
        let now = chain.chain.ledger().beacon().expect("of stake").burned;
        assert_eq!(now.units() - burned.units(), stake - share, "{name}: the rest is burned");
        assert_eq!(chain.owned(), all_before + (chain.chain.height().0 - height) * 50_000, "{name}");
        // Once is enough, and nobody hears of the offender again.
        let again = chain.report(reporter, offence);
        assert_eq!(chain.chain.ledger().allows(&again).map_err(|error| error.code()), Err("already-slashed"), "{name}");
        assert!((at + 1..at + 40).all(|slot| chain.leader(slot) != Some(offender)), "{name}");
    }
}

/// Validators with two thirds of the stake can make two histories final. A node that has seen one never follows the other, and the votes of both prove
/// offences of at least a third of the stake.
#[test]
fn a_cartel_of_two_thirds_is_caught_by_its_votes() {
    let mut honest = Stakes::new(&[170_000, 170_000, 330_000, 330_000]);
    honest.epochs(0, 3, all);
    let (mut left, mut right) = (honest.clone(), honest.clone());
    // Whoever has 67 % votes on both sides; 17 % of the honest on each.
    let cast = |side: &mut Stakes, with: u8| {
        let mut votes = Vec::new();
        for slot in 3 * SLOTS..9 * SLOTS {
            let active = |who: u8| who == with || who >= 3;
            if let Some(block) = side.proposal(slot, vec![]).filter(|_| side.leader(slot).is_some_and(active)) {
                side.import(block).expect("valid");
            }
            side.vote(slot, active);
            votes.extend(side.votes.iter().filter(|vote| vote_of(vote).slot == Slot(slot)).cloned());
        }
        votes
    };
    let (first, second) = (cast(&mut left, 1), cast(&mut right, 2));
    let [a, b] = [&left, &right].map(|side| side.chain.checkpoints().expect("of stake")[1]);
    assert!(a.epoch >= Epoch(5) && b.epoch >= Epoch(5) && a.block != b.block, "{a:?} {b:?}");
    // Nobody who holds one for final takes the other.
    for block in right.chain.best().to_vec().into_iter().skip(1) {
        let block = Block::clone(right.chain.tree().block(&block).expect("best"));
        let import = left.chain.import(right.time(9 * SLOTS), block, &mut left.checks);
        let refused = |error: &BlockError| error.is_view() || matches!(error, BlockError::UnknownParent { .. });
        assert!(matches!(&import, Ok(Import::Known)) || import.as_ref().is_err_and(refused), "{import:?}");
    }
    assert_eq!(left.chain.checkpoints().expect("of stake")[1], a);
    // Anybody can prove it.
    let mut guilty = BTreeSet::new();
    for one in &first {
        for other in &second {
            let offence = Offence::Votes(Box::new([one, other].map(|vote| SignedVote::of(vote).expect("a vote"))));
            if offence.kind().is_some() && offence.is_signed(&honest.chain.genesis_id(), &mut honest.checks) {
                guilty.insert(offence.offender().expect("of votes").address());
            }
        }
    }
    let stake = |address: &Address| honest.chain.ledger().validator(address).map_or(0, |one| one.stake.units());
    assert!(guilty.iter().map(stake).sum::<u64>() * 3 >= 1_000_000, "{guilty:?}");
    assert!(!guilty.contains(&address(1)) && !guilty.contains(&address(2)), "the honest have nothing to fear");
}

/// Who has left long ago still has the keys, and can write another history from then on. A node that was there, or that was told a checkpoint, does not
/// follow it; one that knows nothing cannot tell.
#[test]
fn old_keys_rewrite_history_only_for_those_who_were_told_nothing() {
    let begun = Stakes::new(&[300_000, 300_000, 300_000]);
    let mut honest = begun.clone();
    honest.epochs(0, 6, all);
    let exits = [1, 2, 3].map(|who| {
        honest.signed(who, 1_000, Action::Unstake(Box::new(Exit { from: key(who).public(), nonce: honest.nonce(who) })))
    });
    // New people take over before the old ones leave.
    honest.people = 6;
    let salt = honest.genesis.stake_terms().expect("of stake").salt();
    let gifts = [4, 5, 6].map(|who| crate::support::pay(&honest.chain.genesis_id(), who - 3, 0, who, 400_000, 1_000));
    honest.include(6 * SLOTS, &gifts);
    let deposits = [4, 5, 6].map(|who| {
        let commitment = tabchain::primitives::Reveal::promise(&key(who), &salt, 0);
        let deposit = Deposit { from: key(who).public(), nonce: honest.nonce(who), amount: units(300_000), commitment };
        honest.signed(who, 1_000, Action::Stake(Box::new(deposit)))
    });
    honest.include(7 * SLOTS, &deposits);
    honest.epochs(8, 9, all);
    drop(exits);
    let exits = [1, 2, 3].map(|who| {
        honest.signed(who, 1_000, Action::Unstake(Box::new(Exit { from: key(who).public(), nonce: honest.nonce(who) })))
    });
    honest.include(9 * SLOTS, &exits);
    honest.epochs(10, 20, all);
    assert!([1, 2, 3].iter().all(|who| honest.stake_of(*who) == 0), "they are paid out");
    let checkpoint = honest.chain.checkpoints().expect("of stake")[1];
    assert!(checkpoint.epoch >= Epoch(17));

    // With their old keys they begin again: another history, as final as the true one.
    let mut forged = begun.clone();
    forged.epochs(0, 1, |who| who != 1);
    forged.epochs(1, 20, all);
    let last = forged.time(20 * SLOTS);
    let feed = |chain: &mut Chain, from: &Stakes| {
        let mut refused = None;
        for id in from.chain.best().iter().skip(1) {
            let block = Block::clone(from.chain.tree().block(id).expect("best"));
            refused = refused.or(chain.import(last, block, &mut Checks::remembering()).err());
        }
        refused
    };
    let mut there = honest.chain.clone();
    let before = there.tip();
    assert!(feed(&mut there, &forged).is_some_and(|error| error.is_view()));
    assert_eq!(there.tip(), before, "a node that was there");

    let mut told = Chain::new(&begun.genesis);
    assert_eq!(told.trust(checkpoint), Ok(()));
    let error = feed(&mut told, &forged).expect("refused");
    assert!(error.is_view(), "{error}");
    assert!(told.height() < forged.chain.height());
    feed(&mut told, &honest);
    assert_eq!(told.tip(), honest.chain.tip(), "a node that was told a checkpoint");

    let mut newcomer = Chain::new(&begun.genesis);
    feed(&mut newcomer, &forged);
    feed(&mut newcomer, &honest);
    assert_eq!(newcomer.tip(), forged.chain.tip(), "a node that knows nothing believes whoever comes first");
    assert!(matches!(newcomer.trust(checkpoint), Err(StakeError::NotTrusted { .. })), "and cannot be told afterwards");
}

/// Over 100,000 slots each validator leads as often as its stake says: Pearson's chi-square, p > 0.001, for three seeds.
#[test]
fn leaders_are_drawn_by_stake() {
    const SLOTS: u64 = 100_000;
    for seed in [1, 2, 3] {
        let members = (1..).zip(STAKES).map(|(who, stake)| Member { address: address(who), stake: units(stake) });
        let committee = Committee::new(Hash([seed; 32]), members);
        let mut led = std::collections::BTreeMap::<Address, u64>::new();
        for slot in 0..SLOTS {
            *led.entry(committee.leader(Slot(slot)).expect("somebody")).or_default() += 1;
        }
        let total: u64 = STAKES.iter().sum();
        let chi_square: f64 = (1..)
            .zip(STAKES)
            .map(|(who, stake)| {
                let expected = SLOTS as f64 * stake as f64 / total as f64;
                (led[&address(who)] as f64 - expected).powi(2) / expected
            })
            .sum();
        // The 0.999 quantile of chi-square with four degrees of freedom.
        assert!(chi_square < 18.467, "seed {seed}: {chi_square} {led:?}");
    }
}
