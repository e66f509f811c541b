//! What a node has acknowledged survives whatever moment its disk ends at: a node with a channel runs over a disk that fails at the n-th write, is
//! started again from what is left of it, and goes on. For every n at full length; plain runs take every twentieth.
#![cfg(all(not(target_arch = "wasm32"), feature = "native"))]

#[path = "support/disk.rs"]
mod disk;
#[path = "support/live.rs"]
mod live;
mod support;

use std::collections::BTreeMap;

use disk::Image;
use live::{Live, Town};
use support::units;
use tabchain::{
    channel::{Body, Direct},
    gossip::Message,
    native::store::Disk,
    node::{Command, CommandResult, Node, OpenChannel},
    primitives::{Address, ChannelId, Hash, Height, Policy, TransactionId},
};

/// Blocks in which a funding is buried, and one more.
const BURIED: u64 = 4;
const PAYMENTS: u32 = 4;

/// What the failing node has promised to its owner.
#[derive(Default)]
struct Promised {
    transactions: Vec<TransactionId>,
    height: Height,
    channel: Option<ChannelId>,
}

/// One life of the first node: money is sent, a channel opened and used both ways. Ends early if the node does.
async fn story(town: &Town, first: &Live, second: &Live, promised: &mut Promised) -> Option<()> {
    let transfer = town.transfer(second.account, 1_000);
    if let CommandResult::Accepted(id) = first.command(Command::Transfer(transfer)).await? {
        promised.transactions.push(id);
    }
    promised.height = first.mine().await?;
    let open = OpenChannel {
        peer: town.peer_of(second.account),
        ours: units(100_000),
        theirs: units(50_000),
        fee: units(1_000),
        policy: Policy::Penalty,
        window: 20,
        reserve: units(1_000),
    };
    assert!(matches!(first.command(Command::OpenChannel(Box::new(open))).await?, CommandResult::Offered(_)));
    let channel = first.until(|node| node.channels().find(|(_, channel)| channel.is_cosigned()).map(|(_, c)| c.id()));
    promised.channel = Some(channel.await?);
    let funding = promised.channel?;
    first.until(move |node| node.mempool().get(&funding).map(drop)).await?;
    for _ in 0..BURIED {
        promised.height = first.mine().await?;
    }
    pay_both_ways(first, second, promised.channel?, PAYMENTS).await
}

/// Pays there and back through the channel, and waits for both to agree on it.
async fn pay_both_ways(first: &Live, second: &Live, channel: ChannelId, times: u32) -> Option<()> {
    for payer in [first, second] {
        payer.until(move |node| node.channel(&channel).filter(|(_, c)| c.carries()).map(drop)).await?;
        let result = payer.command(Command::Pay { channel, amount: units(10), times }).await?;
        assert_eq!(result, CommandResult::Done);
        payer.until(move |node| node.channel(&channel).filter(|(_, c)| c.waiting() == 0).map(drop)).await?;
    }
    Some(())
}

/// Whatever was said with a signature, or as a secret, is said the same in every life.
fn never_two_of_a_number(said: &[(Address, Vec<u8>)]) {
    let mut known: BTreeMap<(Address, Hash, &str, u64), Vec<u8>> = BTreeMap::new();
    for (who, bytes) in said {
        let Ok(Message::Direct(direct)) = Message::parse(bytes) else { continue };
        let Ok(Direct::Channel(message)) = Direct::parse(&direct) else { continue };
        let (kind, number) = match &message.body {
            Body::Sign { number, .. } => ("sign", *number),
            Body::Commit { number, .. } => ("commit", *number),
            Body::Fund { .. } => ("fund", 0),
            _ => continue,
        };
        let before = known.entry((*who, message.handle, kind, number)).or_insert_with(|| direct.clone());
        assert_eq!(*before, direct, "{who} signed two of {kind} {number}");
    }
}

/// The whole story over a disk that ends after `writes`; how many there were.
async fn survives(writes: u64) -> u64 {
    let (town, image) = (Town::new(2), Image::failing_after(writes, writes));
    let (mut promised, second) = (Promised::default(), town.start(2, Disk::over(Image::sound()).expect("sound")));
    // A store that was never whole is none: files get their name when they are.
    let made = Disk::over(image.backend()).ok();
    let whole = made.is_some();
    if let Some(store) = made {
        let first = town.start(1, store);
        town.connect(&first, &second);
        let told = tokio::select! {
            told = story(&town, &first, &second, &mut promised) => told,
            () = first.ended() => None,
        };
        assert!(told.is_some() || image.has_failed(), "the story ends where the disk does");
        town.disconnect(&first, &second);
        first.end().await;
    }
    let used = image.writes();
    let store = Disk::over(if whole { image.what_is_left() } else { Image::sound() }).expect("what is left is a store");
    let first = town.start(1, store);
    town.connect(&first, &second);
    let height = first.until(move |node| Some(node.chain().height())).await.expect("runs");
    assert!(height >= promised.height, "height {height} < {} that was acknowledged", promised.height);
    for id in promised.transactions {
        let known = move |node: &Node| {
            let blocks = node.chain().best().iter().filter_map(|block| node.chain().tree().block(block));
            let confirmed = blocks.flat_map(|block| &block.transactions).any(|transaction| transaction.id() == id);
            (confirmed || node.mempool().get(&id).is_some()).then_some(())
        };
        first.until(known).await.expect("an acknowledged transaction is still known");
    }
    assert_eq!(first.until(|node| Some(node.chain().reconnects())).await, Some(true));
    if let Some(channel) = promised.channel {
        let funded = move |node: &Node| {
            let known = node.mempool().get(&channel).is_some() || node.chain().ledger().channel(&channel).is_some();
            known.then_some(())
        };
        first.until(funded).await.expect("the funding is known again");
        for _ in 0..BURIED {
            first.mine().await.expect("runs");
        }
        pay_both_ways(&first, &second, channel, 1).await.expect("the channel goes on");
    }
    never_two_of_a_number(&town.said());
    first.end().await;
    second.end().await;
    used
}

#[test]
fn whatever_write_is_the_last_nothing_acknowledged_is_lost() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let all = runtime.block_on(survives(u64::MAX));
    assert!(all > 100, "{all} writes");
    let every = 20_u64.div_ceil(support::torture_scale()) as usize;
    for writes in (0..all).step_by(every) {
        eprintln!("T {writes}");
        runtime.block_on(async {
            let run = tokio::time::timeout(std::time::Duration::from_secs(120), survives(writes));
            run.await.unwrap_or_else(|_| panic!("stands still after write {writes} of {all}"));
        });
    }
    println!("{all} writes, each {every}th the last one");
}
