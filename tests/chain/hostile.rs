//! What a peer can send that costs it little: floods of cheap headers and bodies, garbled bytes, other spellings of the same thing.

use std::{collections::BTreeMap, sync::OnceLock};

use bech32::{
    Bech32m, Fe32, Hrp,
    primitives::iter::{ByteIterExt, Fe32IterExt},
};
use proptest::prelude::*;
use tabchain::{
    chain::{BlockError, Chain, Genesis, Import, MAX_STALE, MAX_STALE_BYTES, Rules, next_target},
    primitives::{Action, Address, Block, Checks, Hash, Header, Memo, Transaction, UnsealedHeader, decode, encode},
};

use crate::support::{ChainBuilder, LATER, address, child, genesis, key, properties, rules, seal, start, transfer};

/// Headers that nobody has a body for, each another.
struct Headers {
    genesis: Genesis,
    made: u64,
}

impl Headers {
    fn on(&mut self, parent: &Header) -> Header {
        self.made += 1;
        seal(UnsealedHeader {
            version: 1,
            parent: parent.id(),
            height: parent.height.next(),
            merkle_root: Hash::ZERO,
            state_root: Hash::ZERO,
            timestamp: parent.timestamp.after(self.made),
            target: next_target(&self.genesis.rules, &self.genesis.block().header, parent),
        })
    }

    fn many(&mut self, count: usize, parent: &Header) -> Vec<Header> {
        (0..count).map(|_| self.on(parent)).collect()
    }
}

fn cheap() -> (Headers, Header, Chain) {
    let genesis = genesis(1, rules(1));
    (Headers { genesis: genesis.clone(), made: 0 }, genesis.block().header, Chain::new(&genesis))
}

/// The tree is bounded also by messages that end in an error nobody is blamed for, and the heaviest branch outlives the flood.
#[test]
fn a_flood_of_headers_is_bounded() {
    let (mut headers, root, mut chain) = cheap();
    let mut best = vec![headers.on(&root)];
    for _ in 0..9 {
        best.push(headers.on(&best[best.len() - 1]));
    }
    assert_eq!(chain.accept_headers(LATER, &best), Ok(10));
    for _ in 0..MAX_STALE / 1_000 + 2 {
        let mut flood = headers.many(1_000, &root);
        let parent = Hash([7; 32]);
        flood.push(Header { unsealed: UnsealedHeader { parent, ..root.unsealed.clone() }, seal: root.seal.clone() });
        assert_eq!(chain.accept_headers(LATER, &flood), Err(BlockError::UnknownParent { parent }));
        assert!(chain.tree().len() <= 1 + MAX_STALE, "{} headers", chain.tree().len());
    }
    assert_eq!(chain.tree().len(), 1 + MAX_STALE);
    assert_eq!(chain.tree().best_header(), best[9].id());
    assert_eq!(chain.missing_bodies(20)[..10], best.iter().map(Header::id).collect::<Vec<_>>()[..]);
}

/// A full tree costs no more than a few look-ups for each header more, and a bush on a long stem is walked once: minutes here if either
/// were quadratic.
#[test]
fn a_full_tree_is_no_slower() {
    let (mut headers, root, mut chain) = cheap();
    for _ in 0..30 {
        let flood = headers.many(1_000, &root);
        assert_eq!(chain.accept_headers(LATER, &flood), Ok(1_000));
    }
    let (mut headers, root, mut chain) = cheap();
    let mut stem = vec![headers.on(&root)];
    while stem.len() < MAX_STALE / 2 {
        stem.push(headers.on(&stem[stem.len() - 1]));
    }
    let bush = headers.many(MAX_STALE / 2, &stem[stem.len() - 1]);
    for batch in [&stem, &bush] {
        assert_eq!(chain.accept_headers(LATER, batch), Ok(MAX_STALE / 2));
    }
    for _ in 0..100 {
        assert_eq!(chain.missing_bodies(64), stem[..32].iter().map(Header::id).collect::<Vec<_>>());
    }
}

/// Two branches share a stem: it is asked for once, and each gets its share of the rest.
#[test]
fn bodies_are_asked_for_once() {
    let (mut headers, root, mut chain) = cheap();
    let stem = headers.on(&root);
    let (left, right) = (headers.on(&stem), headers.on(&stem));
    let (left, right) = ([left.clone(), headers.on(&left)], [right.clone(), headers.on(&right)]);
    for branch in [&[stem.clone()][..], &left, &right] {
        chain.accept_headers(LATER, branch).expect("valid");
    }
    let best = if chain.tree().best_header() == left[1].id() { [&left, &right] } else { [&right, &left] };
    let ids = |headers: &[&Header]| headers.iter().map(|header| header.id()).collect::<Vec<_>>();
    assert_eq!(chain.missing_bodies(4), ids(&[&stem, &best[0][0], &best[1][0]]));
    assert_eq!(chain.missing_bodies(3), ids(&[&stem, &best[0][0], &best[1][0]]));
    let all = ids(&[&stem, &best[0][0], &best[0][1], &best[1][0], &best[1][1]]);
    assert_eq!((chain.missing_bodies(1), chain.missing_bodies(9)), (ids(&[&stem]), all));
}

/// Bodies beside the best chain are bounded in bytes, however cheap their work was; one that may still win is kept.
#[test]
fn a_flood_of_bodies_is_bounded() {
    let mut chain = ChainBuilder::new(genesis(1, Rules { max_block_bytes: 4_000_000, ..rules(1) })).grow(12);
    let mut body = transfer(1, 0, address(2), 1, 0);
    let Action::Transfer { memo, .. } = &mut body.action else { unreachable!() };
    *memo = Memo::new("m".repeat(256)).expect("short");
    // The state after a block beside the best chain is not looked at: one signature fills it.
    let body = vec![body.sign(&key(1), &chain.chain.genesis_id()); 4_000];
    let root = chain.genesis.block().header;
    let mut parent = root.clone();
    for salt in 1..20 {
        let fat = child(&chain.genesis, &chain.genesis.ledger(), &root, salt, 5, body.clone());
        assert!(fat.size() > 1_500_000);
        assert_eq!(chain.import(fat), Ok(Import::SideBranch));
        assert!(chain.chain.tree().stale_bytes() <= MAX_STALE_BYTES);
        if salt < 12 {
            let rival = child(&chain.genesis, &chain.genesis.ledger(), &parent, 1_000, 6, Vec::new());
            parent = rival.header.clone();
            assert_eq!(chain.import(rival), Ok(Import::SideBranch));
        }
    }
    let stale = chain.chain.tree().iter().filter(|(id, _)| !chain.chain.is_best(id));
    let bytes: usize = stale.filter_map(|(_, entry)| entry.body.as_ref()).map(|body| body.size()).sum();
    assert_eq!(bytes, chain.chain.tree().stale_bytes());
    assert!(bytes > MAX_STALE_BYTES / 2 && bytes <= MAX_STALE_BYTES, "{bytes}");
    assert_eq!(
        chain.chain.tree().iter().filter(|(_, entry)| entry.header.height.0 == 11).count(),
        2,
        "the rival is kept"
    );
}

/// What was stale is counted right through reorgs and refusals.
#[test]
fn stale_bytes_follow_the_best_chain() {
    let (mut one, mut two) = (start(), start());
    for length in [1, 3, 4, 7] {
        let (behind, ahead) = if length % 2 == 1 { (&mut one, &mut two) } else { (&mut two, &mut one) };
        while ahead.chain.height().0 < 13 + length {
            let block = child(&ahead.genesis, ahead.chain.ledger(), ahead.chain.tip_header(), 1_000, 20, Vec::new());
            ahead.import(block.clone()).expect("valid");
            behind.import(block).expect("valid");
        }
    }
    for chain in [&one.chain, &two.chain] {
        let stale = chain.tree().iter().filter(|(id, _)| !chain.is_best(id));
        let bytes = stale.filter_map(|(_, entry)| entry.body.as_ref()).map(|body| body.size()).sum::<usize>();
        assert_eq!(chain.tree().stale_bytes(), bytes);
    }
}

/// The same allocations in another order are other bytes, so they are refused: one value, one encoding.
#[test]
fn a_map_has_one_encoding() {
    let genesis = genesis(2, rules(1));
    let bytes = encode(&genesis);
    assert_eq!(decode::<Genesis>("genesis", &bytes), Ok(genesis));
    let (head, entries) = bytes.split_at(bytes.len() - 80);
    for [first, second] in [[&entries[40..], &entries[..40]], [&entries[..40], &entries[..40]]] {
        assert!(decode::<Genesis>("genesis", &[head, first, second].concat()).is_err());
    }
}

/// 32 bytes are 51 groups of five bits and one bit; the four bits that pad it are zero.
#[test]
fn an_address_has_one_spelling() {
    let hash: [u8; 32] = encode(&address(1)).try_into().expect("a hash");
    let groups: Vec<Fe32> = hash.iter().copied().bytes_to_fes().collect();
    let hrp = Hrp::parse("tab").expect("valid");
    for padding in 0..16 {
        let mut groups = groups.clone();
        let last = groups.pop().expect("52 of them").to_u8();
        groups.push(Fe32::try_from(last | padding).expect("five bits"));
        let text: String = groups.into_iter().with_checksum::<Bech32m>(&hrp).chars().collect();
        assert_eq!(text.parse::<Address>().is_ok(), padding == 0, "{text}");
        assert_eq!(text.to_uppercase().parse::<Address>().is_ok(), padding == 0, "upper case is for QR codes");
    }
}

/// A chain and the valid block that comes next, at a difficulty that a garbled header does not meet by luck.
fn waiting() -> (ChainBuilder, Block) {
    static BLOCK: OnceLock<Block> = OnceLock::new();
    let chain = ChainBuilder::new(genesis(3, rules(1 << 17)));
    let pays = || vec![chain.pay(1, 0, 2, 500, 5), chain.pay(2, 0, 3, 600, 5), chain.pay(1, 1, 3, 7, 1)];
    let block = BLOCK.get_or_init(|| chain.next(pays())).clone();
    (chain, block)
}

proptest! {
    #![proptest_config(properties(400))]

    /// Garbled bytes decode to nothing, or to a value whose bytes they are; and no garbled block is taken, nor harms the chain.
    #[test]
    fn garbled_blocks_are_refused(at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
        let (mut chain, block) = waiting();
        let mut bytes = encode(&block);
        let unharmed = (chain.chain.tip(), chain.chain.ledger().root(), chain.chain.best().len());
        prop_assert!(decode::<Block>("block", &bytes[..cut.index(bytes.len())]).is_err());
        bytes[at.index(block.size())] = byte;
        if let Ok(garbled) = decode::<Block>("block", &bytes) {
            prop_assert_eq!(encode(&garbled), bytes);
            let lucky = garbled.id() != block.id() && block.header.target.is_met_by(&garbled.id());
            prop_assume!(!lucky);
            let result = chain.import(garbled.clone());
            prop_assert_eq!(result.is_ok(), garbled == block, "{:?}", result);
            if garbled != block {
                prop_assert_eq!((chain.chain.tip(), chain.chain.ledger().root(), chain.chain.best().len()), unharmed);
                prop_assert!(garbled.id() == block.id() || chain.chain.tree().get(&garbled.id()).is_none());
            }
        }
        prop_assert!(chain.import(block).is_ok(), "the true one is taken all the same");
    }

    /// Random bytes never panic, and what they decode to has no other encoding.
    #[test]
    fn random_bytes_are_harmless(bytes in prop::collection::vec(any::<u8>(), 0..400), start in 0..8u8) {
        let bytes = [&[start, 0, 0, 0][..], &bytes].concat();
        let mut checks = Checks::forgetful();
        if let Ok(tx) = decode::<Transaction>("transaction", &bytes) {
            prop_assert_eq!(encode(&tx), bytes.clone());
            prop_assert!(!tx.is_signed(&Hash::ZERO, &mut checks));
        }
        if let Ok(header) = decode::<Header>("header", &bytes) {
            prop_assert_eq!(encode(&header), bytes.clone());
            prop_assert!(Chain::new(&genesis(1, rules(4))).accept_headers(LATER, &[header]).is_err());
        }
        if let Ok(map) = decode::<BTreeMap<u8, u8>>("map", &bytes) {
            prop_assert_eq!(encode(&map), bytes);
        }
    }
}
