//! The cryptography itself, called without anything around it, and the search that comes closest to it.

use std::hint::black_box;

use ed25519_zebra::{Signature, SigningKey, VerificationKey};

use super::row::Piece;
use crate::primitives::{Hash, Midstate, Tag, Target};

const MESSAGE: Tag = Tag::new("tabchain/bench");
/// Keys taken in turn, as a block has many senders.
const KEYS: u8 = 32;
/// Hashes of one piece, some milliseconds.
const HASHES: u64 = 10_000;

struct Signer {
    key: SigningKey,
    public: VerificationKey,
    message: Hash,
    signature: Signature,
}

/// One piece: for each of 32 keys `made` signatures and `checked` verifications, one by one, over a 32-byte hash, by the library itself
/// with keys that are decoded already. One unit a key.
pub(super) fn signatures(made: u32, checked: u32) -> Piece {
    let signers: Vec<Signer> = (1..=KEYS).map(Signer::new).collect();
    Box::new(move || {
        for Signer { key, public, message, signature } in &signers {
            for _ in 0..made {
                black_box(key.sign(black_box(&message.0)));
            }
            for _ in 0..checked {
                public.verify(black_box(signature), black_box(&message.0)).expect("signed by this key");
            }
        }
        u64::from(KEYS)
    })
}

/// One piece: 10,000 nonces against a target that none meets.
pub(super) fn search() -> Piece {
    let (midstate, impossible) = (Midstate::new(&Hash::ZERO), Target::from_expected_hashes(u64::MAX));
    let mut from = 0u64;
    Box::new(move || {
        black_box(midstate.search(black_box(impossible), from, HASHES));
        from = from.wrapping_add(HASHES);
        HASHES
    })
}

/// One piece: 10,000 compressions of one block, each from the same state. None waits for another, as no nonce of a search does: a processor
/// overlaps them.
pub(super) fn compressions() -> Piece {
    let (start, block) = ([0u32; 8], [[0u8; 64]]);
    Box::new(move || {
        for _ in 0..HASHES {
            let mut state = start;
            sha2::block_api::compress256(&mut state, black_box(&block));
            black_box(state);
        }
        HASHES
    })
}

impl Signer {
    fn new(number: u8) -> Self {
        let key = SigningKey::from([number; 32]);
        let message = MESSAGE.hash(&[&[number]]);
        Self { key, public: key.verification_key(), signature: key.sign(&message.0), message }
    }
}
