//! A node of its own for a test, and a client.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use serde_json::{Value, json};
use tabchain::{
    chain::{Chain, Consensus, Genesis, GenesisValidator, Rules, StakeRules},
    native::{
        accounts::Accounts,
        clock::Clock,
        driver::{self, Driver, Handle, Parts},
        http::{Alone, App, Network, Server, Settings},
        keystore::Keystore,
        store::Memory,
    },
    node::Node,
    primitives::{
        Action, Address, Amount, BlockId, Memo, Nonce, Reveal, Scheme, SecretKey, Timestamp, Transaction,
        UnsignedTransaction,
    },
};
use tokio::{net::TcpListener, runtime::Runtime, sync::mpsc, sync::oneshot};

/// What an account owns at the beginning.
pub(crate) const WEALTH: u64 = 10_000_000;

/// A node that serves on a free port.
pub(crate) struct Place {
    pub(crate) runtime: Runtime,
    pub(crate) address: SocketAddr,
    pub(crate) handle: Handle,
    /// Two accounts of the keystore: the node's own, and another; both rich.
    pub(crate) own: Address,
    pub(crate) other: Address,
    /// A rich account whose key is not in the keystore.
    pub(crate) key: SecretKey,
    /// More of these.
    pub(crate) more: Vec<SecretKey>,
    pub(crate) genesis: BlockId,
    agent: ureq::Agent,
    shutdown: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<()>>,
    used: AtomicU32,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, if the status is this one.
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The body of a refusal, after a look at its form.
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{problem}");
        assert_eq!(problem["type"], format!("urn:tabchain:problem:{code}"));
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        problem
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default(), Arc::new(Alone))
    }

    /// A chain of stake with slots of half a second, on which the node's account is the only validator.
    pub(crate) fn staked() -> Self {
        let consensus = Consensus::Stake(StakeRules { epoch_slots: 2, ..StakeRules::default() });
        Self::on(Rules { consensus, block_interval: 500, ..Rules::default() }, Settings::default(), Arc::new(Alone))
    }

    pub(crate) fn with(settings: Settings, network: Arc<dyn Network>) -> Self {
        let rules = Rules { initial_difficulty: 1, block_interval: 100, half_life: 1 << 40, ..Rules::default() };
        Self::on(rules, settings, network)
    }

    fn on(rules: Rules, settings: Settings, network: Arc<dyn Network>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let accounts = Accounts::new(Keystore::ephemeral().unwrap(), None);
        let (own, other) = (accounts.list()[0].address, accounts.create(Scheme::Ed25519, "other").unwrap());
        let key = SecretKey::from_seed([7; 32]);
        let more: Vec<SecretKey> = (100..132).map(|seed| SecretKey::from_seed([seed; 32])).collect();
        let rich = more.iter().chain([&key]).map(|key| key.public().address()).chain([own, other]);
        let allocations = rich.map(|account| (account, Amount::new(WEALTH).unwrap())).collect();
        let clock = Clock::default();
        let mut genesis =
            Genesis { rules, timestamp: Timestamp(clock.now().0 - 10_000), allocations, validators: Vec::new() };
        if let Some(terms) = genesis.stake_terms() {
            let keyring = accounts.keyring(&own).unwrap();
            let commitment = Reveal::promise(keyring.key(), &terms.salt(), 0);
            genesis.validators =
                vec![GenesisValidator { key: keyring.public(), stake: Amount::new(WEALTH).unwrap(), commitment }];
        }
        let chain = Chain::new(&genesis);
        let id = chain.genesis_id();
        let node = Node::with_chain(chain, accounts.keyring(&own).unwrap());
        let (_, nothing) = mpsc::channel(1);
        let parts = Parts {
            node,
            others: Vec::new(),
            store: Memory,
            carrier: driver::Alone,
            network: nothing,
            clock,
            mining_threads: 0,
        };
        let (driver, handle) = Driver::new(parts);
        runtime.spawn(driver.run());
        let app = App { handle: handle.clone(), accounts, network, genesis };
        let server = Server::new(app, settings);
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, told) = oneshot::channel();
        let served = runtime.spawn(server.run(listener, async {
            let _ = told.await;
        }));
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(60))).build().new_agent();
        Self {
            runtime,
            address,
            handle,
            own,
            other,
            key,
            more,
            genesis: id,
            agent,
            shutdown: Some(shutdown),
            served: Some(served),
            used: AtomicU32::new(0),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        reply(self.agent.get(self.url(path)).call().unwrap())
    }

    pub(crate) fn get_with(&self, path: &str, header: (&str, &str)) -> Reply {
        reply(self.agent.get(self.url(path)).header(header.0, header.1).call().unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(path, "application/json", body.to_string().as_bytes())
    }

    pub(crate) fn send(&self, path: &str, content_type: &str, body: &[u8]) -> Reply {
        reply(self.agent.post(self.url(path)).header("content-type", content_type).send(body).unwrap())
    }

    /// A signed transfer of the foreign key, with its next number.
    pub(crate) fn signed(&self, amount: u64) -> Transaction {
        let nonce = self.used.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.signed_by(&self.key, Nonce(u64::from(nonce)), amount)
    }

    pub(crate) fn signed_by(&self, key: &SecretKey, nonce: Nonce, amount: u64) -> Transaction {
        let action = Action::Transfer {
            from: key.public(),
            nonce,
            to: self.own,
            amount: Amount::new(amount).unwrap(),
            memo: Memo::new("by hand").unwrap(),
        };
        UnsignedTransaction { fee: Amount::literal(500), action }.sign(key, &self.genesis)
    }

    /// Mines so many blocks, and gives back the last.
    pub(crate) fn mine(&self, blocks: usize) -> Value {
        let one = || self.post("/api/mine", &json!({ "miningRewardAddress": self.own })).is(201);
        (1..blocks).for_each(|_| drop(one()));
        one()
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&mut self) {
        let _ = self.shutdown.take().unwrap().send(());
    }

    /// Waits until it has.
    pub(crate) fn join(&mut self) {
        self.runtime.block_on(self.served.take().unwrap()).unwrap();
    }
}

fn reply(mut response: ureq::http::Response<ureq::Body>) -> Reply {
    let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap().to_owned();
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: response.body_mut().read_to_vec().unwrap(),
    }
}
