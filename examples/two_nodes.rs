//! Two nodes driven by hand through their one door: no world, no queue, just inputs and outputs.
//!
//! `cargo run --example two_nodes`

use std::collections::BTreeMap;

use tabchain::{
    chain::{Genesis, Rules},
    gossip::PeerId,
    node::{Command, Input, Keyring, Node, Output, PeerChange, Transfer},
    primitives::{Amount, Checks, Memo, Midstate, SecretKey, Timestamp},
};

const ALICE: PeerId = PeerId(0);
const BOB: PeerId = PeerId(1);

fn main() {
    let keyring = |seed| Keyring::new(SecretKey::from_seed([seed; 32]), [seed; 32]);
    let alice = keyring(1).public().address();
    let genesis = Genesis {
        rules: Rules { initial_difficulty: 1_000, ..Rules::default() },
        timestamp: Timestamp(0),
        allocations: BTreeMap::from([(alice, Amount::literal(1_000_000))]),
        validators: Vec::new(),
    };
    let mut nodes = [Node::new(&genesis, keyring(1)), Node::new(&genesis, keyring(2))];
    let to = nodes[1].address();

    run(&mut nodes, 1, vec![(0, connected(BOB)), (1, connected(ALICE))]);
    let transfer =
        Transfer { to, amount: Amount::literal(500), fee: Amount::literal(100), memo: Memo::default(), nonce: None };
    run(&mut nodes, 2, vec![(0, Input::Command { id: 1, command: Command::Transfer(transfer) })]);
    run(&mut nodes, 1_000, vec![(0, Input::Wake)]);
    run(&mut nodes, 10_000, vec![(1, Input::Command { id: 2, command: Command::SetMining(true) })]);

    for (name, node) in [("alice", &nodes[0]), ("bob", &nodes[1])] {
        let owned = node.chain().ledger().account(&to).balance;
        println!("{name}: height {}, tip {}, bob owns {owned}", node.chain().height(), node.chain().tip().short());
    }
    assert_eq!(nodes[0].chain().ledger(), nodes[1].chain().ledger());
    assert_eq!(nodes[0].chain().ledger().account(&to).balance, Amount::literal(50_600));
}

fn connected(peer: PeerId) -> Input {
    Input::Peer { peer, change: PeerChange::Connected }
}

/// Hands over inputs and whatever follows from them, until nothing is left. Mines one block at most.
fn run(nodes: &mut [Node; 2], now: u64, mut inputs: Vec<(usize, Input)>) {
    let (mut checks, mut mined) = (Checks::forgetful(), false);
    while !inputs.is_empty() {
        let (index, input) = inputs.remove(0);
        let outputs: Vec<Output> = nodes[index].handle(Timestamp(now), input, &mut checks).collect();
        for output in outputs {
            match output {
                Output::Send { to, message } => {
                    println!("  {index} → {}: {}", to.0, message.kind());
                    let from = PeerId(index as u64);
                    inputs.push((to.0 as usize, Input::Received { from, bytes: message.to_bytes() }));
                }
                Output::Mine(template) if !mined => {
                    mined = true;
                    let search = Midstate::new(&template.id());
                    let nonce = search.search(template.header.target, 0, u64::MAX).expect("some nonce is low enough");
                    inputs.push((index, Input::Mined { template: template.id(), nonce }));
                }
                _ => {}
            }
        }
    }
}
