//! The HTTP interface: the core's questions and commands as routes.
//!
//! Owns what a request may look like and what it is answered with. Reads come from the chain's snapshot and keep nobody waiting; what only the nodes know is
//! asked on the driver's task; commands are answered once they are stored. Problems follow RFC 9457. Must never decide anything that the core decides.

mod blocks;
mod extract;
mod guard;
mod json;
mod locked;
mod metrics;
mod network;
mod openapi;
mod page;
mod problem;
mod rate;
mod refusal;
mod routes;
mod serve;
mod shape;
mod site;

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use axum::{Router, middleware};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

pub use network::{Alone, Guest, Network, NetworkError, PeerDirection, PeerInfo};
pub use problem::Problem;
pub use rate::Rate;

use super::{
    accounts::Accounts,
    driver::{Handle, Snapshot},
};
use crate::{chain::Genesis, primitives::BlockId};

/// What the routes talk to.
pub struct App {
    /// The nodes.
    pub handle: Handle,
    /// The keystore.
    pub accounts: Accounts,
    /// The peers.
    pub network: Arc<dyn Network>,
    /// What the chain begins with: everything is judged again from here when somebody asks.
    pub genesis: Genesis,
}

/// How it is served.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Names, without ports, by which this node may be called: what `Host` must be.
    pub hosts: Vec<String>,
    /// Origins of pages besides the node's own that may change something, as `https://example.org`.
    pub origins: Vec<String>,
    /// What everybody must show who uses the interface, if anything.
    pub token: Option<String>,
    /// How often one remote address may ask.
    pub rate: Option<Rate>,
    /// Whether that holds for this machine, too.
    pub rate_on_loopback: bool,
    /// The folder of the built page.
    pub page: Option<PathBuf>,
    /// Connections at a time; whoever comes then waits.
    pub connections: usize,
    /// Readers of the events at a time.
    pub streams: usize,
    /// How long a request's header may take to come, and a connection may idle.
    pub patience: Duration,
    /// How long requests under way may go on once the node is told to stop.
    pub farewell: Duration,
}

/// Everything that handlers share.
pub(crate) struct Context {
    app: App,
    /// What names the chain.
    genesis: BlockId,
    settings: Settings,
    began: Instant,
    stopping: watch::Sender<bool>,
    under_way: AtomicUsize,
    buckets: rate::Buckets,
    metrics: metrics::Metrics,
    blocks: blocks::Cache,
    locked: locked::Cache,
    streams: Arc<Semaphore>,
    turns: routes::Turns,
}

type Shared = Arc<Context>;

/// The interface, ready to be served.
pub struct Server {
    shared: Shared,
    router: Router,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hosts: ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec(),
            origins: Vec::new(),
            token: None,
            rate: Some(Rate { per_second: 50, burst: 200 }),
            rate_on_loopback: false,
            page: None,
            connections: 16_384,
            streams: 64,
            patience: Duration::from_secs(15),
            farewell: Duration::from_secs(5),
        }
    }
}

impl Settings {
    fn allows(&self, host: &str) -> bool {
        self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}

impl Context {
    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}

impl Server {
    /// The interface to these nodes.
    pub fn new(app: App, settings: Settings) -> Self {
        let shared = Arc::new(Context {
            genesis: app.handle.with_snapshot(Snapshot::genesis),
            streams: Arc::new(Semaphore::new(settings.streams)),
            app,
            settings,
            began: Instant::now(),
            stopping: watch::channel(false).0,
            under_way: AtomicUsize::new(0),
            buckets: rate::Buckets::default(),
            metrics: metrics::Metrics::default(),
            blocks: blocks::Cache::default(),
            locked: locked::Cache::default(),
            turns: routes::Turns::default(),
        });
        let router = router(&shared);
        Self { shared, router }
    }

    /// The routes, for whoever serves them otherwise.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

fn router(shared: &Shared) -> Router {
    let (routes, api) = openapi::describe(routes::all());
    routes
        .merge(openapi::pages(api))
        .fallback(site::fallback)
        .method_not_allowed_fallback(site::wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(shared), guard::guard))
        .with_state(Arc::clone(shared))
}
