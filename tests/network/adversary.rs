//! A node among peers that lie, flood and repeat: it must not break, grow without bound, or mistake an honest peer for a guilty one.

use tabchain::{
    chain::Genesis,
    gossip::{Announcements, BAN_MS, Item, MAX_HEADERS, MAX_ITEMS, MAX_LOCATOR, Message, Status, Wanted},
    node::{Command, EventKind, Transfer},
    primitives::{Amount, Block, Hash, Header, Memo, Nonce, Seal, Signature, Target, Timestamp, Transaction},
};

use crate::{
    lab::{Lab, Numbers, scale},
    support::{ChainBuilder, LATER, address, genesis, key, pay, remine, rules, start, transfer, units, with},
};

const NODE: u64 = 1;
const HOSTILE: u64 = 66;

/// A node with the chain of [`start`], and the builder that goes on from there.
fn node() -> (Lab, ChainBuilder) {
    let builder = start();
    let mut lab = Lab::new(builder.genesis.clone(), LATER);
    lab.add(NODE, &builder.blocks);
    (lab, builder)
}

fn blocks(count: usize) -> (Genesis, Vec<Block>) {
    let genesis = genesis(3, rules(1));
    let builder = ChainBuilder::new(genesis.clone()).grow(count);
    (genesis, builder.blocks)
}

fn resign(mut transaction: Transaction) -> Transaction {
    transaction.signature = Signature::Ed25519([7; 64]);
    transaction
}

/// One message of each kind, all of them valid.
fn valid_messages(lab: &Lab, builder: &ChainBuilder) -> Vec<Message> {
    let next = builder.next(vec![builder.pay(1, 0, 2, 10, 500)]);
    let ids: Vec<Item> = builder.blocks.iter().map(|block| Item::Block(block.id())).collect();
    vec![
        Message::Status(lab.status()),
        Message::Inventory(ids.clone()),
        Message::Get(ids.clone()),
        Message::NotFound(ids),
        Message::GetHeaders(builder.chain.locator()),
        Message::Headers(builder.blocks.iter().map(|block| block.header.clone()).collect()),
        Message::Block(next),
        Message::Transaction(builder.pay(2, 0, 1, 10, 500)),
        Message::Announcements(Announcements { entries: Vec::new(), more: true }),
        Message::GetAnnouncements(Wanted { after: None, parts: vec![(7, 7)] }),
    ]
}

/// Whatever comes, a node neither panics nor grows; and what comes from afar is either understood or blamed.
#[test]
fn garbage_does_no_harm() {
    let (mut lab, builder) = node();
    let messages: Vec<Vec<u8>> = valid_messages(&lab, &builder).iter().map(Message::to_bytes).collect();
    let before = lab.size(NODE);
    let mut numbers = Numbers(3);
    let mut peer = 1_000;
    lab.greet(NODE, peer);
    for _ in 0..4_000 * scale() {
        let mut bytes = messages[numbers.below(messages.len())].clone();
        match numbers.below(4) {
            0 => {
                bytes = {
                    let length = numbers.below(300);
                    numbers.bytes(length)
                }
            }
            1 => bytes.truncate(numbers.below(bytes.len())),
            2 => (0..=numbers.below(3)).for_each(|_| {
                let at = numbers.below(bytes.len());
                bytes[at] ^= 1 << numbers.below(8);
            }),
            _ => bytes.extend(numbers.bytes(3)),
        }
        lab.say_bytes(peer, NODE, bytes);
        if lab.closed.iter().any(|(_, closed, _)| *closed == peer) {
            peer += 1;
            lab.greet(NODE, peer);
        }
        lab.inbox.clear();
        lab.run(50);
    }
    assert!(peer > 1_100, "the guilty were sent away: {peer}");
    // At so low a difficulty a flipped nonce may make another good block; nothing that was buried is lost.
    let buried = builder.chain.best().len() - 1;
    assert_eq!(lab.node(NODE).chain().best()[..buried], builder.chain.best()[..buried]);
    assert!(lab.size(NODE) < before + 200_000, "{} from {before}", lab.size(NODE));
}

/// What each kind of guilt is called, and that it is paid for at once.
#[test]
fn the_guilty_are_banned_until_the_ban_ends() {
    let (lab, builder) = node();
    let (chain, honest) = (builder.chain.genesis_id(), builder.next(Vec::new()));
    let status = lab.status();
    let unsealed = |change: fn(&mut tabchain::primitives::UnsealedHeader)| with(&honest, change);
    let headers = |block: &Block| Message::Headers(vec![block.header.clone()]);
    let mut paid_twice = builder.next(vec![builder.pay(1, 0, 2, 10, 500)]);
    paid_twice.coinbase.amount = units(paid_twice.coinbase.amount.units() + 1);
    let unsigned = remine(builder.next(vec![resign(builder.pay(1, 0, 2, 10, 500))]));
    let nothing = transfer(1, 0, address(2), 0, 500).sign(&key(1), &chain);
    let everything = transfer(1, 0, address(2), Amount::MAX.units(), 500).sign(&key(1), &chain);
    let mut swapped = honest.clone();
    swapped.coinbase.to = address(5);
    let easy = unsealed(|header| header.target = Target::MAX);
    let old = unsealed(|header| header.timestamp = Timestamp(1));
    let lazy = (0..)
        .map(|nonce| Block { header: Header { seal: Seal::Work { nonce }, ..honest.header.clone() }, ..honest.clone() })
        .find(|block| !block.header.target.is_met_by(&block.id()))
        .expect("most nonces are wrong");
    let table = [
        ("wrong-chain", Message::Status(Status { genesis: Hash([9; 32]), ..status.clone() })),
        ("wrong-chain", Message::Status(Status { version: 9, ..status })),
        ("wrong-merkle-root", Message::Block(swapped)),
        ("wrong-state-root", Message::Block(unsealed(|header| header.state_root = Hash([1; 32])))),
        ("wrong-coinbase", Message::Block(remine(paid_twice))),
        ("wrong-height", Message::Block(unsealed(|header| header.height.0 += 1))),
        ("wrong-version", headers(&unsealed(|header| header.version = 2))),
        ("wrong-target", Message::Block(easy.clone())),
        ("wrong-target", headers(&easy)),
        ("insufficient-work", Message::Block(lazy.clone())),
        ("insufficient-work", headers(&lazy)),
        ("timestamp-too-old", headers(&old)),
        ("timestamp-too-old", Message::Block(old)),
        ("transaction", Message::Block(unsigned)),
        ("bad-signature", Message::Transaction(resign(builder.pay(1, 0, 2, 10, 500)))),
        ("zero-amount", Message::Transaction(nothing)),
        ("cost-overflow", Message::Transaction(everything)),
    ];
    for (code, message) in table {
        let (mut lab, _) = node();
        lab.greet(NODE, HOSTILE);
        assert!(lab.closed.is_empty());
        lab.say(HOSTILE, NODE, &message);
        let fault = &lab.closed.first().unwrap_or_else(|| panic!("{code}: not sent away")).2;
        let said = serde_json::to_string(fault).expect("plain data");
        assert!(said.contains(code), "{code}: {said}");
        assert_eq!(lab.node(NODE).chain().tip(), builder.chain.tip(), "{code}");
        lab.say(HOSTILE, NODE, &Message::Block(honest.clone()));
        assert_eq!(lab.node(NODE).chain().tip(), builder.chain.tip(), "{code}: nobody listens to it");
        lab.run(BAN_MS - 1);
        lab.greet(NODE, HOSTILE);
        assert_eq!(lab.closed.len(), 2, "{code}: still banned");
        lab.run(1);
        lab.greet(NODE, HOSTILE);
        assert_eq!(lab.closed.len(), 2, "{code}: welcome again");
        lab.say(HOSTILE, NODE, &Message::Block(honest.clone()));
        assert_eq!(lab.node(NODE).chain().tip(), honest.id(), "{code}");
    }
}

/// Lists that are longer than allowed, and headers that do not follow one another, are no messages: two of them are too many.
#[test]
fn oversized_messages_are_blamed() {
    let mut numbers = Numbers(4);
    let (_, builder) = node();
    let header = builder.chain.tip_header().clone();
    let mut ids = |count| (0..count).map(|_| Item::Transaction(numbers.id())).collect::<Vec<_>>();
    let table = [
        Message::Inventory(ids(MAX_ITEMS + 1)).to_bytes(),
        Message::Get(ids(MAX_ITEMS + 1)).to_bytes(),
        Message::NotFound(ids(40_000)).to_bytes(),
        Message::GetHeaders(vec![Hash::ZERO; MAX_LOCATOR + 1]).to_bytes(),
        Message::Headers(vec![header.clone(); MAX_HEADERS + 1]).to_bytes(),
        Message::Headers(vec![header.clone(), header]).to_bytes(),
        vec![0; 5_000_000],
        Vec::new(),
        vec![255; 100],
    ];
    for (row, bytes) in table.into_iter().enumerate() {
        let (mut lab, _) = node();
        lab.greet(NODE, HOSTILE);
        lab.say_bytes(HOSTILE, NODE, bytes.clone());
        assert!(lab.closed.is_empty(), "row {row}: once may be a mistake");
        lab.say_bytes(HOSTILE, NODE, bytes);
        assert!(lab.is_banned(NODE, HOSTILE), "row {row}");
    }
}

/// Nothing that an honest peer may do over a bad link, with a slow clock or on another branch, is held against it.
#[test]
fn the_honest_are_never_blamed() {
    let (mut lab, mut builder) = node();
    let mut numbers = Numbers(5);
    let chain = builder.chain.genesis_id();
    let payment = |nonce, amount, fee| Message::Transaction(pay(&chain, 1, nonce, 2, amount, fee));
    let early = with(&builder.next(Vec::new()), |header| header.timestamp = LATER.after(3_600_000));
    let (parent, child) = (builder.mine(Vec::new()), builder.mine(Vec::new()));
    let mut table = valid_messages(&lab, &builder);
    table.extend([
        Message::Headers(Vec::new()),
        Message::Headers(vec![child.header.clone()]),
        Message::Headers(vec![early.header.clone()]),
        Message::Block(early),
        Message::Block(child),
        Message::Block(parent),
        Message::Inventory(Vec::new()),
        Message::Inventory(vec![Item::Block(numbers.id()), Item::Transaction(numbers.id())]),
        Message::Get(vec![Item::Block(numbers.id()), Item::Transaction(numbers.id())]),
        Message::NotFound(vec![Item::Block(numbers.id())]),
        Message::GetHeaders(vec![numbers.id()]),
        Message::GetHeaders(Vec::new()),
        payment(0, 10, 0),
        payment(60, 10, 500),
        payment(70, 10, 500),
        payment(0, 2_000_000, 500),
        payment(1, 999_000, 500),
        payment(2, 999_000, 500),
        payment(0, 11, 500),
        payment(0, 12, 501),
    ]);
    lab.greet(NODE, HOSTILE);
    for round in 0..30 * scale() {
        for at in (1..table.len()).rev() {
            table.swap(at, numbers.below(at + 1));
        }
        for message in &table {
            lab.say(HOSTILE, NODE, message);
            lab.run(numbers.below(300) as u64);
        }
        if round % 5 == 4 {
            lab.disconnect(NODE, HOSTILE);
            lab.greet(NODE, HOSTILE);
        }
    }
    let blamed = lab.events.iter().find(|(_, event)| matches!(event, EventKind::PeerBlamed { .. }));
    assert!(lab.closed.is_empty() && blamed.is_none(), "{blamed:?}");
    assert!(lab.node(NODE).chain().height() > builder.chain.height(), "and what was good was taken");
}

/// A block from the future waits for its time, even if others try to take its place.
#[test]
fn a_block_from_the_future_waits_for_its_time() {
    let (mut lab, builder) = node();
    lab.now = Timestamp(builder.chain.tip_header().timestamp.0);
    let at = |ahead: u64| with(&builder.next(Vec::new()), |header| header.timestamp = header.timestamp.after(ahead));
    lab.greet(NODE, HOSTILE);
    for far in 0..100 {
        lab.say(HOSTILE, NODE, &Message::Block(at(1_000_000_000 + far)));
    }
    let soon = at(60_000);
    let mut copy = soon.clone();
    copy.coinbase.to = address(7);
    lab.say(HOSTILE, NODE, &Message::Block(soon.clone()));
    lab.greet(NODE, 67);
    lab.say(67, NODE, &Message::Block(copy));
    assert!(lab.is_banned(NODE, 67), "another body under the same header");
    let size = lab.size(NODE);
    let wait = soon.header.timestamp.since(lab.now) - builder.genesis.rules.max_future_drift;
    lab.run(wait - 1);
    assert_eq!(lab.node(NODE).chain().tip(), builder.chain.tip());
    lab.run(1);
    assert_eq!(lab.node(NODE).chain().tip(), soon.id());
    assert!(size < 200_000, "{size}");
}

/// The signature is not part of a transaction's id: a forged copy that comes first must not keep the true one out.
#[test]
fn a_forged_copy_does_not_keep_a_transaction_out() {
    let (mut lab, builder) = node();
    let payment = builder.pay(1, 0, 2, 10, 500);
    lab.greet(NODE, HOSTILE);
    lab.greet(NODE, 67);
    lab.say(HOSTILE, NODE, &Message::Transaction(resign(payment.clone())));
    assert!(lab.is_banned(NODE, HOSTILE));
    lab.received(67);
    lab.say(67, NODE, &Message::Inventory(vec![Item::Transaction(payment.id())]));
    assert_eq!(lab.received(67), [Message::Get(vec![Item::Transaction(payment.id())])]);
    lab.say(67, NODE, &Message::Transaction(payment.clone()));
    assert!(lab.node(NODE).mempool().get(&payment.id()).is_some());
}

/// A block on a branch that is not the best has not been judged by its state. Whoever passed it on would be blamed for it.
#[test]
fn what_was_not_judged_is_not_passed_on() {
    let (mut lab, mut builder) = node();
    let forged = with(&builder.next(Vec::new()), |header| header.state_root = Hash([1; 32]));
    let good = builder.mine(Vec::new());
    let better = builder.mine(Vec::new());
    lab.add(2, &builder.blocks[..builder.blocks.len() - 2]);
    lab.connect(NODE, 2);
    lab.greet(NODE, HOSTILE);
    lab.greet(2, HOSTILE + 1);
    lab.run(1_000);
    lab.say(HOSTILE, NODE, &Message::Block(good));
    lab.say(HOSTILE, NODE, &Message::Block(better.clone()));
    lab.say(HOSTILE, NODE, &Message::Block(forged.clone()));
    assert!(lab.node(NODE).chain().tree().block(&forged.id()).is_some(), "kept as a side branch");
    lab.say(HOSTILE + 1, 2, &Message::Headers(vec![forged.header.clone()]));
    lab.run(30_000);
    assert!(!lab.is_banned(2, NODE) && !lab.is_banned(NODE, 2), "{:?}", lab.closed);
    assert_eq!(lab.node(2).chain().tip(), better.id());
    lab.received(HOSTILE);
    lab.say(HOSTILE, NODE, &Message::Get(vec![Item::Block(forged.id())]));
    assert_eq!(lab.received(HOSTILE), [Message::NotFound(vec![Item::Block(forged.id())])]);
}

/// A short question has a bounded answer.
#[test]
fn one_request_is_not_answered_a_thousand_times() {
    let (genesis, blocks) = blocks(300);
    let mut lab = Lab::new(genesis, LATER);
    lab.add(NODE, &blocks);
    lab.greet(NODE, HOSTILE);
    lab.received(HOSTILE);
    lab.say(HOSTILE, NODE, &Message::Get(vec![Item::Block(blocks[0].id()); MAX_ITEMS]));
    assert_eq!(lab.received(HOSTILE).len(), 1, "one block once");
    let all = blocks.iter().take(MAX_ITEMS).map(|block| Item::Block(block.id())).collect();
    lab.say(HOSTILE, NODE, &Message::Get(all));
    let answers = lab.received(HOSTILE);
    assert!((1..=32).contains(&answers.len()), "{} blocks for one message", answers.len());
    assert_eq!(answers[0], Message::Block(blocks[0].clone()), "in the order in which they were asked for");
}

/// Everything a peer can make a node remember, at once and for long.
#[test]
fn floods_do_not_fill_the_memory() {
    let (mut lab, builder) = node();
    let mut numbers = Numbers(6);
    let before = lab.size(NODE);
    for peer in 0..4 {
        lab.greet(NODE, HOSTILE + peer);
    }
    let orphan = |numbers: &mut Numbers| {
        let mut block = builder.next(Vec::new());
        block.header.unsealed.parent = numbers.id();
        block
    };
    let mut largest = 0;
    for round in 0..250 * scale() {
        let from = HOSTILE + round % 4;
        let ids = |numbers: &mut Numbers, block: bool| -> Vec<Item> {
            let item = |id| if block { Item::Block(id) } else { Item::Transaction(id) };
            (0..MAX_ITEMS).map(|_| item(numbers.id())).collect()
        };
        lab.say(from, NODE, &Message::Inventory(ids(&mut numbers, round % 3 == 0)));
        lab.say(from, NODE, &Message::NotFound(ids(&mut numbers, true)));
        lab.say(from, NODE, &Message::Get(ids(&mut numbers, false)));
        lab.say(from, NODE, &Message::Block(orphan(&mut numbers)));
        lab.say(from, NODE, &Message::Status(Status { tip: numbers.id(), ..lab.status() }));
        // Funded by nobody, or by somebody whose many futures exclude one another.
        let nonce = numbers.below(200) as u64;
        lab.say(from, NODE, &Message::Transaction(builder.pay(numbers.below(9) as u8, nonce, 2, 10, 500)));
        lab.run(100);
        lab.inbox.clear();
        if round % 50 == 49 {
            largest = largest.max(lab.size(NODE));
        }
    }
    assert!(largest < before + 6_000_000, "{largest} bytes from {before}");
    assert!(lab.node(NODE).gossip().orphan_count() <= 128);
    // What was flooded goes with the peers.
    (0..4).for_each(|peer| lab.disconnect(NODE, HOSTILE + peer));
    lab.run(3_600_000);
    assert!(lab.size(NODE) < before + 500_000, "{} bytes stay of {largest}", lab.size(NODE));
}

/// Blocks whose parents nobody knows cost nothing to make, and may be as large as a message.
#[test]
fn huge_orphans_are_not_kept() {
    let (mut lab, builder) = node();
    lab.greet(NODE, HOSTILE);
    let mut block = builder.next(Vec::new());
    block.transactions = vec![builder.pay(1, 0, 2, 10, 500); 20_000];
    block.header.unsealed.parent = Hash([3; 32]);
    assert!(block.size() > 20 * builder.genesis.rules.max_block_bytes as usize);
    lab.say(HOSTILE, NODE, &Message::Block(block));
    assert_eq!(lab.node(NODE).gossip().orphan_count(), 0);
    assert!(lab.is_banned(NODE, HOSTILE), "no chain of these rules has such a block");
}

/// Many liars that announce what they never send, and one honest peer.
#[test]
fn an_honest_peer_gets_through_a_flood() {
    let (genesis, blocks) = blocks(150);
    let mut lab = Lab::new(genesis, LATER);
    lab.add(NODE, &[]);
    lab.add(2, &blocks);
    let mut numbers = Numbers(7);
    let tip = blocks.last().expect("some");
    for liar in 0..6 {
        lab.greet(NODE, HOSTILE + liar);
    }
    lab.connect(NODE, 2);
    let mut seconds = 0;
    while lab.node(NODE).chain().tip() != tip.id() {
        for liar in 0..6 {
            let items = (0..MAX_ITEMS).map(|_| numbers.id());
            let items = items.map(|id| if liar % 2 == 0 { Item::Block(id) } else { Item::Transaction(id) }).collect();
            lab.say(HOSTILE + liar, NODE, &Message::Inventory(items));
            let real = blocks.iter().take(MAX_ITEMS).map(|block| Item::Block(block.id())).collect();
            lab.say(HOSTILE + liar, NODE, &Message::Inventory(real));
            lab.say(
                HOSTILE + liar,
                NODE,
                &Message::Status(Status { tip: numbers.id(), work: tip_work(&lab, 2), ..lab.status() }),
            );
        }
        lab.inbox.clear();
        lab.run(1_000);
        seconds += 1;
        assert!(seconds < 600, "height {} of {}", lab.node(NODE).chain().height(), blocks.len());
    }
    assert!(lab.closed.iter().all(|(_, peer, _)| *peer != 2));
}

fn tip_work(lab: &Lab, who: u64) -> tabchain::primitives::Work {
    let chain = lab.node(who).chain();
    chain.tree().get(&chain.tip()).expect("the tip").work
}

/// Invariant 8: hearing everything twice, late or in another order changes nothing.
#[test]
fn duplicates_and_replays_change_nothing() {
    let (mut lab, mut builder) = node();
    lab.greet(NODE, HOSTILE);
    let mut said = Vec::new();
    for nonce in 0..6 {
        let payment = builder.pay(1, nonce, 2, 10, 500);
        said.push(Message::Transaction(payment.clone()));
        said.push(Message::Block(builder.mine(vec![payment])));
    }
    said.push(Message::Transaction(builder.pay(1, 6, 2, 10, 500)));
    said.push(Message::Headers(builder.blocks.iter().map(|block| block.header.clone()).collect()));
    said.iter().for_each(|message| lab.say(HOSTILE, NODE, message));
    let state = |lab: &Lab| {
        (
            lab.node(NODE).chain().digest(),
            lab.node(NODE).mempool().digest(),
            serde_json::to_string(&lab.disks[&NODE].blocks).expect("plain"),
        )
    };
    let expected = state(&lab);
    assert_eq!(lab.node(NODE).chain().tip(), builder.chain.tip());
    for seed in 0..20 * scale() {
        let (mut other, mut numbers) = (node().0, Numbers(seed));
        other.greet(NODE, HOSTILE);
        let mut order: Vec<&Message> = said.iter().chain(&said).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, numbers.below(at + 1));
        }
        order.iter().for_each(|message| other.say(HOSTILE, NODE, message));
        // A transaction that came before the one it builds on, or whose block came first, is not missed at the end.
        order.iter().for_each(|message| other.say(HOSTILE, NODE, message));
        assert_eq!(state(&other), expected, "seed {seed}");
        assert!(other.closed.is_empty(), "seed {seed}");
    }
}

/// Peers come and go in any number.
#[test]
fn only_so_many_peers_are_taken() {
    let (mut lab, _) = node();
    for peer in 0..1_000 {
        lab.greet(NODE, 1_000 + peer);
    }
    assert_eq!(lab.node(NODE).gossip().peers().count(), tabchain::gossip::MAX_PEERS);
    assert_eq!(lab.closed.len(), 1_000 - tabchain::gossip::MAX_PEERS);
    for peer in 0..2_000 {
        lab.disconnect(NODE, 1_000 + peer);
        lab.greet(NODE, 1_000 + peer);
        lab.say(1_000 + peer, NODE, &Message::Status(Status { version: 9, ..lab.status() }));
        lab.inbox.clear();
    }
    assert!(lab.size(NODE) < 300_000, "{}", lab.size(NODE));
}

/// Owning many transactions does not make a node shout ever louder.
#[test]
fn an_own_transaction_is_repeated_but_not_for_ever() {
    let (mut lab, builder) = node();
    lab.greet(NODE, HOSTILE);
    let command =
        Transfer { to: address(2), amount: units(5), fee: units(500), memo: Memo::default(), nonce: Some(Nonce(0)) };
    lab.command(NODE, Command::Transfer(command));
    lab.run(95_000);
    let announced =
        |lab: &mut Lab| lab.received(HOSTILE).iter().filter(|message| matches!(message, Message::Inventory(_))).count();
    assert!((3..=8).contains(&announced(&mut lab)));
    let waiting: Vec<Transaction> =
        lab.node(NODE).mempool().iter().map(|pooled| Transaction::clone(&pooled.transaction)).collect();
    lab.say(HOSTILE, NODE, &Message::Block(builder.next(waiting)));
    lab.run(1_000);
    lab.received(HOSTILE);
    lab.run(600_000);
    assert_eq!(announced(&mut lab), 0);
}
