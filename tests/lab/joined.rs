//! A tab that has joined a native node: gate, session and world on one side, a node of its own on the other, in between a line that ends now and then.

use std::collections::BTreeMap;

use serde_json::json;
use tabchain::{
    chain::{BlockTemplate, Chain, Genesis, Rules},
    gossip::PeerId,
    node::{Command, Input, Keyring, Node, Output, PeerChange, Transfer},
    primitives::{Address, Amount, Checks, Memo, Midstate, SecretKey, Timestamp},
    room::{Change, Gate, Invitation, InvitationError, Neighbour, Pace, Role, Session, TabId, Wall, Wish},
    sim::{Action, Capsule, MAX_TIME, Scenario, Step, Timeline, World},
};

/// Real milliseconds between two looks, and between two blocks of the node.
const TICK: u64 = 20;
const BLOCK: u64 = 3_000;
const BEGINS: u64 = 1_790_000_000_000;
/// How old the chain is when the tab comes.
const AGE: u64 = 40 * BLOCK;
const TAB: PeerId = PeerId(77);
const RATES: [u32; 3] = [400, 0, 0];

struct Native {
    node: Node,
    genesis: Genesis,
    template: Option<BlockTemplate>,
    hashes: u64,
    /// What it says to the tab.
    says: Vec<Vec<u8>>,
    mines: bool,
    at: Timestamp,
}

impl Native {
    fn new() -> Self {
        let key = SecretKey::from_seed([9; 32]);
        let allocations = [(key.public().address(), Amount::literal(1_000_000))].into();
        let rules = Rules { initial_difficulty: 1_200, block_interval: 3_000, ..Rules::default() };
        let genesis = Genesis { rules, timestamp: Timestamp(BEGINS), allocations, validators: Vec::new() };
        let node = Node::with_chain(Chain::new(&genesis), Keyring::new(key, [1; 32]));
        let at = Timestamp(BEGINS);
        let mut new = Self { node, genesis, template: None, hashes: 0, says: Vec::new(), mines: true, at };
        new.hand(Input::Command { id: 1, command: Command::SetMining(true) });
        for _ in 0..40 {
            new.at = new.at.after(BLOCK);
            new.mine();
        }
        new
    }

    fn hand(&mut self, input: Input) {
        let mut checks = Checks::forgetful();
        let outputs: Vec<Output> = self.node.handle(self.at, input, &mut checks).collect();
        for output in outputs {
            match output {
                Output::Send { to, message } if to == TAB => self.says.push(message.to_bytes()),
                Output::Mine(template) => self.template = Some(template),
                Output::Disconnect { peer, fault } => panic!("{peer:?} is to blame: {fault:?}"),
                _ => {}
            }
        }
    }

    fn mine(&mut self) {
        let template = self.template.take().expect("it mines");
        let (id, target) = (template.id(), template.header.target);
        let nonce = Midstate::new(&id).search(target, 0, u64::MAX).expect("there is one");
        self.hashes += nonce + 1;
        self.hand(Input::Mined { template: id, nonce });
    }

    fn pass(&mut self) {
        self.at = self.at.after(TICK);
        if self.node.next_wake().is_some_and(|due| due <= self.at) {
            self.hand(Input::Wake);
        }
        if self.mines && self.at.0.is_multiple_of(BLOCK) {
            self.mine();
        }
    }

    fn invitation(&self) -> Invitation {
        Invitation {
            genesis: self.genesis.clone(),
            account: self.node.address(),
            height: self.node.chain().height(),
            time: self.at,
            difficulty: "1200".to_owned(),
            hashes: self.hashes,
            peers: vec![Neighbour { account: SecretKey::from_seed([3; 32]).public().address(), height: None }],
        }
    }

    fn balance(&self, account: &Address) -> u64 {
        self.node.chain().ledger().account(account).balance.units()
    }
}

struct Lab {
    native: Native,
    now: Wall,
    gate: Gate,
    session: Session,
    timeline: Timeline,
    /// Whether the node answers, and whether its line can be opened.
    answers: bool,
    open: bool,
    up: bool,
    changes: Vec<Change>,
}

impl Lab {
    /// The tab's clock is half a minute ahead of the node's.
    fn new() -> Self {
        let (native, now, tab) = (Native::new(), Wall(BEGINS + AGE + 30_000), TabId(5));
        let gate = Gate::new(tab, native.invitation(), now);
        let session = Session::at_node("somewhere:3000".to_owned(), tab, 42, RATES, now);
        let timeline = Timeline::new(World::new(Scenario::first()));
        let changes = Vec::new();
        Self { native, now, gate, session, timeline, answers: true, open: true, up: false, changes }
    }

    fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / TICK {
            self.now = self.now.after(TICK);
            self.native.pass();
            if self.answers && self.now.0.is_multiple_of(1_000) {
                self.gate.heard(self.native.invitation(), self.now);
            }
            let said = std::mem::take(&mut self.native.says);
            if self.up {
                said.into_iter().for_each(|bytes| self.gate.received(bytes));
            }
            self.gate.tick(self.now);
            while let Some(post) = self.gate.next_post() {
                self.session.receive(post);
            }
            let pace = Pace { playing: true, speed: 100, reached: 100 };
            self.changes.extend(self.session.pump(self.now, pace, &mut self.timeline));
            self.post();
            if let Some(target) = self.session.target(self.now, self.timeline.world()) {
                while let Step::Done(_) | Step::Searching = self.timeline.step(target) {}
            }
            self.session.flush(&mut self.timeline);
            self.post();
        }
    }

    fn post(&mut self) {
        for post in self.session.take_posts() {
            self.gate.post(&post, self.now);
        }
        loop {
            let wishes = self.gate.take_wishes();
            if wishes.is_empty() {
                return;
            }
            wishes.into_iter().for_each(|wish| self.grant(wish));
        }
    }

    fn grant(&mut self, wish: Wish) {
        match wish {
            Wish::Open if self.open => {
                self.up = true;
                self.native.hand(Input::Peer { peer: TAB, change: PeerChange::Connected });
                self.gate.opened(self.now);
            }
            Wish::Open => self.gate.closed(self.now),
            Wish::Send(bytes) if self.up => self.native.hand(Input::Received { from: TAB, bytes }),
            Wish::Send(_) => {}
            Wish::Close => self.hang_up(),
        }
    }

    fn hang_up(&mut self) {
        if std::mem::take(&mut self.up) {
            self.native.hand(Input::Peer { peer: TAB, change: PeerChange::Disconnected });
        }
    }

    /// The line ends by itself.
    fn cut(&mut self) {
        self.hang_up();
        self.gate.closed(self.now);
    }

    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        assert!(
            (0..1_200).any(|_| {
                self.pass(100);
                holds(self)
            }),
            "{what}: never"
        );
    }

    fn agrees(&self) -> bool {
        self.timeline.world().running().all(|(_, node)| node.chain().tip() == self.native.node.chain().tip())
    }

    fn account(&self, node: usize) -> Address {
        self.timeline.world().nodes()[node].address
    }

    /// How many blocks of the node's best chain each account found.
    fn finders(&self) -> BTreeMap<Address, usize> {
        let chain = self.native.node.chain();
        let mut finders = BTreeMap::new();
        for block in chain.best().iter().filter_map(|id| chain.tree().block(id)) {
            *finders.entry(block.coinbase.to).or_default() += 1;
        }
        finders
    }
}

#[test]
fn a_tab_mines_and_trades_with_a_native_node_in_its_time() {
    let mut lab = Lab::new();
    lab.pass(2_000);
    assert_eq!((lab.session.role(), lab.timeline.world().nodes().len()), (Some(Role::Guest), 3));
    assert!(lab.timeline.world().now().0.abs_diff(lab.native.at.0) <= 1_000, "the node's time, not the tab's");
    lab.until("the tab knows the whole chain", Lab::agrees);
    let miner = lab.account(0);
    lab.until("the node builds on a block of the tab's", |lab| lab.finders().contains_key(&miner));
    // Money both ways.
    let transfer = Transfer {
        to: lab.account(2),
        amount: Amount::literal(5_000),
        fee: Amount::literal(500),
        memo: Memo::default(),
        nonce: None,
    };
    lab.native.hand(Input::Command { id: 2, command: Command::Transfer(transfer) });
    let name = |lab: &Lab, index: usize| lab.timeline.world().nodes()[index].name.clone();
    let own = lab.native.node.address();
    let payee = lab.timeline.world().name_of(&own).expect("known by a name").to_owned();
    assert!(own.to_string().starts_with(&payee));
    let (paid, from) = (lab.account(2), name(&lab, 2));
    lab.until("the tab's node is paid", |lab| lab.native.balance(&paid) == 5_000 && lab.agrees());
    let pay = |amount| Action::Transfer {
        from: from.clone(),
        to: payee.clone(),
        amount: Amount::new(amount).expect("in range"),
        fee: Amount::literal(500),
        memo: Memo::default(),
    };
    lab.timeline.act(pay(4_000)).expect("a known name");
    lab.until("and pays", |lab| lab.native.balance(&paid) == 500);
    assert!(lab.timeline.world().violation().is_none());
    // What the tab lived through is a run of its own.
    let world = lab.timeline.world();
    let (digest, text) = (world.digest(), Capsule::of(world).to_json());
    let replayed = Capsule::from_json(&text).expect("a capsule").replay().finish().expect("the same again");
    assert_eq!(replayed.digest(), digest);
}

#[test]
fn a_line_that_ends_is_opened_again_and_a_node_that_is_away_is_waited_for() {
    let mut lab = Lab::new();
    lab.until("they agree", Lab::agrees);
    lab.open = false;
    lab.cut();
    lab.pass(20_000);
    assert!(!lab.agrees() && lab.session.role() == Some(Role::Guest), "the node still tells the time");
    lab.open = true;
    lab.until("they agree again", Lab::agrees);
    // The whole node is away: the tab's clock goes on by itself, and its nodes mine.
    (lab.answers, lab.open, lab.native.mines) = (false, false, false);
    lab.cut();
    lab.pass(5_000);
    assert_eq!(lab.session.role(), Some(Role::Host));
    assert!(lab.changes.iter().any(|change| matches!(change, Change::TookOver(_))));
    (lab.answers, lab.open, lab.native.mines) = (true, true, true);
    lab.pass(2_000);
    assert_eq!(lab.session.role(), Some(Role::Guest));
    lab.until("they meet again", Lab::agrees);
    // Leaving hangs up; coming back brings the same nodes.
    let nodes = [0, 1, 2].map(|node| lab.account(node));
    lab.session.detach(tabchain::room::Why::Rewound, &mut lab.timeline);
    lab.pass(100);
    assert!(!lab.up);
    lab.session.rejoin(lab.now);
    lab.until("they agree after a detour", |lab| lab.session.role() == Some(Role::Guest) && lab.agrees());
    assert_eq!([0, 1, 2].map(|node| lab.account(node)), nodes);
}

/// What a node says of itself is not believed blindly: each word that would leave a tab hanging has its sentence.
#[test]
fn an_invitation_that_cannot_be_followed_says_why() {
    let genesis = Native::new().genesis;
    let told = |genesis: &Genesis| {
        let account = SecretKey::from_seed([1; 32]).public().address();
        json!({ "genesis": genesis, "account": account, "height": 0, "time": BEGINS, "difficulty": "1", "hashes": 0,
            "peers": [] })
        .to_string()
    };
    assert!(Invitation::from_json(&told(&genesis)).is_ok());
    let accounts = |count: u64| {
        let account = |index: u64| {
            let mut seed = [0; 32];
            seed[..8].copy_from_slice(&index.to_be_bytes());
            (SecretKey::from_seed(seed).public().address(), Amount::literal(1))
        };
        (0..count).map(account).collect::<BTreeMap<_, _>>()
    };
    let crowd = Genesis { allocations: accounts(4_001), ..genesis.clone() };
    assert_eq!(Invitation::from_json(&told(&crowd)), Err(InvitationError::Allocations(4_001)));
    let late = Genesis { timestamp: Timestamp(MAX_TIME.0 + 1), ..genesis.clone() };
    assert!(matches!(Invitation::from_json(&told(&late)), Err(InvitationError::Chain(_))));
    let rules = Rules { block_interval: 0, ..genesis.rules.clone() };
    assert!(matches!(Invitation::from_json(&told(&Genesis { rules, ..genesis })), Err(InvitationError::Chain(_))));
    assert!(matches!(Invitation::from_json("<!doctype html>"), Err(InvitationError::Malformed(_))));
}
