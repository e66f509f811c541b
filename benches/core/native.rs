//! The core's hot paths beside their bounds: `cargo bench`. Compare rows of one run; machines are noisy.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group};
use sha2::{Digest, Sha256};
use tabchain::{
    chain::{Account, StateKey, StateMap, StateValue},
    primitives::{Amount, Hash, Midstate, Nonce, SecretKey, Tag, Target, Timestamp, merkle},
    sim::{Scenario, World},
};

/// 10,000 hashes of a search beside the same number of bare compressions of one block.
fn proof_of_work(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pow");
    group.throughput(criterion::Throughput::Elements(10_000));
    let impossible = Target::from_expected_hashes(u64::MAX);
    let midstate = Midstate::new(&Hash::ZERO);
    group.bench_function("search", |bencher| bencher.iter(|| midstate.search(black_box(impossible), 0, 10_000)));
    let block = [0u8; 64];
    group.bench_function("bound: bare compressions", |bencher| {
        bencher.iter(|| {
            let mut state = [0u32; 8];
            (0..10_000).for_each(|_| sha2::block_api::compress256(black_box(&mut state), &[block]));
            state
        });
    });
    group.finish();
}

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

/// A whole network: ten nodes for a virtual minute, everything switched on and every signature computed.
fn world(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("world");
    group.sample_size(10);
    group.bench_function("ten nodes, one minute, no memo", |bencher| {
        bencher.iter_batched(
            || World::new(Scenario::generated(10, 1)).without_memo(),
            |mut world| world.run_until(Timestamp(60_000)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, proof_of_work, signatures, trees, world);

pub(super) fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
}
