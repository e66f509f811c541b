//! Parts of the core beside their bounds, for whoever makes them faster: `cargo bench`. Whole paths are measured by `tabchain bench`, in
//! `src/bench`. Compare rows of one run; machines are noisy.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group};
use sha2::{Digest, Sha256};
use tabchain::{
    chain::{Account, StateKey, StateMap, StateValue},
    primitives::{Amount, Hash, Nonce, SecretKey, Tag, merkle},
};

fn signatures(criterion: &mut Criterion) {
    let key = SecretKey::from_seed([1; 32]);
    let message = Tag::new("bench").hash(&[b"message"]);
    let (public, signature) = (key.public(), key.sign(&message));
    criterion.bench_function("signature/sign", |bencher| bencher.iter(|| key.sign(black_box(&message))));
    criterion
        .bench_function("signature/verify", |bencher| bencher.iter(|| public.verify(black_box(&message), &signature)));
}

fn trees(criterion: &mut Criterion) {
    let leaves: Vec<Hash> = (0..1_000u32).map(|n| merkle::leaf_hash(&n.to_le_bytes())).collect();
    criterion
        .bench_function("merkle/root of 1,000 leaves", |bencher| bencher.iter(|| merkle::root(black_box(&leaves))));
    criterion.bench_function("merkle/bound: 999 bare hashes", |bencher| {
        bencher.iter(|| {
            (0..999).fold([0u8; 65], |mut node, _| {
                let hash = Sha256::digest(node);
                node[..32].copy_from_slice(&hash);
                node
            })
        });
    });
    let account = |n: u8| StateKey::Account(SecretKey::from_seed([n; 32]).public().address());
    let value = |units| StateValue::Account(Account { balance: Amount::literal(units), nonce: Nonce(0) });
    let map: StateMap = (0..250).map(|n| (account(n), value(1))).collect();
    let key = account(7);
    criterion.bench_function("state/write to 250 accounts", |bencher| {
        bencher.iter_batched(|| map.clone(), |mut map| map.set(key, Some(value(2))), BatchSize::SmallInput);
    });
}

criterion_group!(benches, signatures, trees);

pub(super) fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
}
