//! Numbers for Prometheus.

use std::{
    collections::BTreeMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::{Method, StatusCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::{
    native::driver::{EventLog, Topic, What},
    node::EventKind,
};

/// Seconds.
const BUCKETS: [f64; 9] = [0.000_1, 0.000_5, 0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

/// The numbers of a route, found without making its labels again.
#[derive(Debug)]
struct Known {
    seconds: Histogram,
    answers: Vec<((&'static str, u16), Counter)>,
}

/// All numbers.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Route, Histogram>,
    known: RwLock<BTreeMap<String, Known>>,
    blocks: Counter,
    reorgs: Counter,
    hashes: Counter,
    height: Gauge<u64, AtomicU64>,
    peers: Gauge,
    pool: Gauge,
    pool_bytes: Gauge,
    streams: Gauge,
    channels: Family<State, Gauge>,
    uptime: Gauge<f64, AtomicU64>,
}

/// What is looked up when somebody asks.
#[derive(Debug, Default)]
pub(super) struct Now {
    pub(super) hashes: u64,
    pub(super) height: u64,
    pub(super) peers: usize,
    pub(super) pool: usize,
    pub(super) pool_bytes: usize,
    pub(super) streams: usize,
    pub(super) channels: Vec<(&'static str, usize)>,
    pub(super) uptime: Duration,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut new = Self {
            registry: Registry::with_prefix("tabchain"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            known: RwLock::default(),
            blocks: Counter::default(),
            reorgs: Counter::default(),
            hashes: Counter::default(),
            height: Gauge::default(),
            peers: Gauge::default(),
            pool: Gauge::default(),
            pool_bytes: Gauge::default(),
            streams: Gauge::default(),
            channels: Family::default(),
            uptime: Gauge::default(),
        };
        let all = &mut new.registry;
        all.register("http_requests", "Requests answered", new.requests.clone());
        let name = "http_request_duration";
        all.register_with_unit(name, "How long answers took", Unit::Seconds, new.seconds.clone());
        all.register("blocks", "Blocks that extended the best chain", new.blocks.clone());
        all.register("reorgs", "Times that another branch became the best chain", new.reorgs.clone());
        all.register("hashes", "Hashes made in search of blocks", new.hashes.clone());
        all.register("height", "Height of the best chain", new.height.clone());
        all.register("peers", "Peers connected", new.peers.clone());
        all.register("mempool_transactions", "Transactions that wait for a block", new.pool.clone());
        all.register_with_unit("mempool", "Size of what waits", Unit::Bytes, new.pool_bytes.clone());
        all.register("event_streams", "Readers of /api/events", new.streams.clone());
        all.register("channels", "Channels of this node's accounts, by state", new.channels.clone());
        all.register_with_unit("uptime", "How long this process has run", Unit::Seconds, new.uptime.clone());
        new
    }
}

impl Metrics {
    /// A request was answered.
    pub(super) fn request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let method = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::HEAD => "HEAD",
            _ => "other",
        };
        let (answer, seconds) = ((method, status.as_u16()), took.as_secs_f64());
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(route)
            && let Some((_, counter)) = known.answers.iter().find(|(known, _)| *known == answer)
        {
            counter.inc();
            known.seconds.observe(seconds);
            return;
        }
        self.first(route, answer, seconds);
    }

    /// The first answer of its kind.
    fn first(&self, route: &str, answer: (&'static str, u16), seconds: f64) {
        let labels = Request { method: answer.0, route: route.to_owned(), status: answer.1 };
        let counter = self.requests.get_or_create(&labels).clone();
        let histogram = self.seconds.get_or_create(&Route { route: labels.route }).clone();
        counter.inc();
        histogram.observe(seconds);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(route.to_owned()).or_insert(Known { seconds: histogram, answers: Vec::new() });
        if known.answers.iter().all(|(known, _)| *known != answer) {
            known.answers.push((answer, counter));
        }
    }

    /// Counts what happens to the chain, from now on.
    pub(super) async fn follow(&self, events: &EventLog) {
        let (mut newest, mut watch) = (events.newest(), events.watch());
        while watch.changed().await.is_ok() {
            for event in events.after(newest).0 {
                newest = event.id;
                match (event.topic, &event.what) {
                    (Topic::Block, What::Node { kind: EventKind::Extended { .. }, .. }) => self.blocks.inc(),
                    (Topic::Reorg, _) => self.reorgs.inc(),
                    _ => continue,
                };
            }
        }
    }

    /// All numbers as text.
    pub(super) fn text(&self, now: &Now) -> String {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.hashes.inner().store(now.hashes, Ordering::Relaxed);
        self.height.set(now.height);
        self.peers.set(count(now.peers));
        self.pool.set(count(now.pool));
        self.pool_bytes.set(count(now.pool_bytes));
        self.streams.set(count(now.streams));
        self.uptime.set(now.uptime.as_secs_f64());
        for (state, channels) in &now.channels {
            self.channels.get_or_create(&State { state }).set(count(*channels));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes everything");
        text
    }
}
