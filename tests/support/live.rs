//! Real drivers in one process, connected by a wire that hears everything.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tabchain::{
    chain::{Chain, Genesis},
    gossip::{Fault, PeerId},
    native::{
        clock::Clock,
        driver::{Carrier, Driver, Handle, Parts, Search},
        p2p::{FromNetwork, Held, Line},
        store::Store,
    },
    node::{Command, CommandResult, Keyring, Node, Transfer},
    primitives::{Address, Checks, Height, Memo},
};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::support::{self, address, key, units};

type Lines = Arc<Mutex<BTreeMap<Address, mpsc::Sender<FromNetwork>>>>;
type Said = Arc<Mutex<Vec<(Address, Vec<u8>)>>>;

/// Who lives on one chain.
pub struct Town {
    genesis: Genesis,
    lines: Lines,
    said: Said,
}

/// A running node.
pub struct Live {
    pub account: Address,
    pub handle: Handle,
    driver: JoinHandle<()>,
}

#[derive(Clone)]
struct Wire {
    lines: Lines,
    said: Said,
}

fn peer(account: Address) -> PeerId {
    let who = (1..=20).find(|who| address(*who) == account).expect("one of a few people");
    PeerId(u64::from(who))
}

impl Carrier for Wire {
    fn send(&self, line: Line, bytes: Vec<u8>) {
        self.said.lock().expect("no panic inside").push((line.local, bytes.clone()));
        let lines = self.lines.lock().expect("no panic inside");
        let to = address(u8::try_from(line.peer.0).expect("one of a few people"));
        if let Some(there) = lines.get(&to) {
            let line = Line { local: to, peer: peer(line.local) };
            // A full line loses what is said, as real ones do.
            let _ = there.try_send(FromNetwork::Received { line, bytes, held: Held::default() });
        }
    }

    fn disconnect(&self, _: Line, fault: &Fault) {
        panic!("nobody here does anything wrong: {fault}");
    }
}

impl Town {
    pub fn new(people: u8) -> Self {
        Self { genesis: support::genesis(people, support::rules(1)), lines: Lines::default(), said: Said::default() }
    }

    pub fn peer_of(&self, account: Address) -> PeerId {
        peer(account)
    }

    pub fn transfer(&self, to: Address, amount: u64) -> Transfer {
        Transfer { to, amount: units(amount), fee: units(500), memo: Memo::default(), nonce: None }
    }

    /// Everything that was said so far, by whom.
    pub fn said(&self) -> Vec<(Address, Vec<u8>)> {
        self.said.lock().expect("no panic inside").clone()
    }

    /// Starts a person's node as it was stored.
    pub fn start(&self, who: u8, store: impl Store) -> Live {
        let (account, clock) = (address(who), Clock::default());
        let stored = store.load().expect("reads").remove(&account).unwrap_or_default();
        let mut blocks = Vec::new();
        store.blocks(&mut |block| blocks.push(block.expect("sound"))).expect("reads");
        let now = clock.now();
        // A live node's stream is never the one that it had before.
        let mut seed = [who; 32];
        seed[..8].copy_from_slice(&now.0.to_be_bytes());
        let keyring = Keyring::new(key(who), seed);
        let chain = Chain::new(&self.genesis);
        let node = Node::restored(chain, keyring, blocks, &stored, now, &mut Checks::forgetful());
        let (said, network) = mpsc::channel(4_096);
        self.lines.lock().expect("no panic inside").insert(account, said);
        let carrier = Wire { lines: Arc::clone(&self.lines), said: Arc::clone(&self.said) };
        let parts = Parts { node, others: Vec::new(), store, carrier, network, clock, mining_threads: 0 };
        let (driver, handle) = Driver::new(parts);
        // An error is the end of its disk, which the test knows of.
        let driver = tokio::spawn(async move { drop(driver.run().await) });
        Live { account, handle, driver }
    }

    pub fn connect(&self, one: &Live, other: &Live) {
        self.tell_both(one, other, |line| FromNetwork::Connected { line });
    }

    pub fn disconnect(&self, one: &Live, other: &Live) {
        self.tell_both(one, other, |line| FromNetwork::Disconnected { line });
    }

    fn tell_both(&self, one: &Live, other: &Live, what: impl Fn(Line) -> FromNetwork) {
        let lines = self.lines.lock().expect("no panic inside");
        for (here, there) in [(one.account, other.account), (other.account, one.account)] {
            let _ = lines[&here].try_send(what(Line { local: here, peer: peer(there) }));
        }
    }
}

impl Live {
    /// A command's result; nothing if the node has ended.
    pub async fn command(&self, command: Command) -> Option<CommandResult> {
        self.handle.command(self.account, command).await.ok()
    }

    /// Asks until there is an answer; nothing if the node has ended.
    pub async fn until<R: Send + 'static>(
        &self,
        question: impl Fn(&Node) -> Option<R> + Clone + Send + 'static,
    ) -> Option<R> {
        loop {
            let question = question.clone();
            if let Some(answer) = self.handle.ask(move |view| question(view.first())).await.ok()? {
                return Some(answer);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Mines a block on this node's tip: the height that it acknowledges.
    pub async fn mine(&self) -> Option<Height> {
        let account = self.account;
        let template = self.handle.ask(move |view| {
            let node = view.first();
            node.chain().template(view.now, account, node.mempool()).expect("a template")
        });
        let template = template.await.ok()?;
        let solved = Search::of(&template).run(0, || true).expect("low difficulty");
        let block = template.seal(solved.nonce);
        let height = block.header.height;
        self.command(Command::SubmitBlock(Box::new(block))).await?;
        Some(height)
    }

    /// Comes back when it has ended by itself.
    pub async fn ended(&self) {
        while self.handle.ask(|_| ()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Stops it, and waits for its end.
    pub async fn end(self) {
        self.handle.stop().await;
        drop(self.handle);
        let _ = self.driver.await;
    }
}
