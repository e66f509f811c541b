//! The node itself.

use axum::{Json, extract::State, http::header, response::IntoResponse};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    native::{
        driver::{Handle, View},
        http::{Shared, metrics::Now, problem::Answer},
    },
    primitives::{Address, Height, Timestamp},
};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(health)).routes(routes!(metrics))
}

/// How the node does.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NodeStatus {
    /// Its own account.
    #[schema(value_type = String)]
    address: Address,
    /// Of the program.
    version: &'static str,
    /// Whether it serves: false while it shuts down.
    is_running: bool,
    peer_count: usize,
    #[schema(value_type = u64)]
    blockchain_height: Height,
    pending_transactions: usize,
    channel_stats: super::channels::ChannelStats,
    /// How the chain is extended.
    consensus: &'static str,
    /// Seconds since it was started.
    uptime: u64,
}

/// How the node does.
#[utoipa::path(get, path = "/api/node/status", tag = "node", responses((status = 200, body = NodeStatus)))]
async fn status(State(shared): State<Shared>) -> Answer<Json<NodeStatus>> {
    let handle = &shared.app.handle;
    let (pending_transactions, channel_stats) =
        handle.ask(|view| (view.first().mempool().len(), super::channels::ChannelStats::of(view))).await?;
    Ok(Json(NodeStatus {
        address: handle.own(),
        version: env!("CARGO_PKG_VERSION"),
        is_running: !shared.is_stopping(),
        peer_count: shared.app.network.count(),
        blockchain_height: handle.snapshot().height(),
        pending_transactions,
        channel_stats,
        consensus: if shared.app.genesis.rules.consensus.is_work() { "proof-of-work" } else { "proof-of-stake" },
        uptime: shared.began.elapsed().as_secs(),
    }))
}

/// Whether the node is well.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// Its clock: milliseconds since 1970.
    #[schema(value_type = u64)]
    timestamp: Timestamp,
    #[schema(value_type = u64)]
    height: Height,
    peers: usize,
    /// Whether it knows of blocks that it has not got yet.
    syncing: bool,
}

/// Whether the node is well. Needs no token.
#[utoipa::path(get, path = "/api/health", tag = "node", responses((status = 200, body = Health)))]
async fn health(State(shared): State<Shared>) -> Answer<Json<Health>> {
    let handle = &shared.app.handle;
    let syncing = is_syncing(handle).await?;
    let (height, peers) = (handle.snapshot().height(), shared.app.network.count());
    Ok(Json(Health { status: "ok", timestamp: handle.now(), height, peers, syncing }))
}

/// Whether blocks are known of that are not here yet.
pub(super) async fn is_syncing(handle: &Handle) -> Answer<bool> {
    Ok(handle.ask(|view| !view.first().chain().missing_bodies(1).is_empty()).await?)
}

/// Numbers for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "node", responses((status = 200, body = String,
    content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8")))]
async fn metrics(State(shared): State<Shared>) -> Answer<impl IntoResponse> {
    let mut now = shared.app.handle.ask(numbers).await?;
    now.hashes = shared.app.handle.hashes();
    now.peers = shared.app.network.count();
    now.streams = shared.settings.streams - shared.streams.available_permits();
    now.uptime = shared.began.elapsed();
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], shared.metrics.text(&now)))
}

fn numbers(view: &View<'_>) -> Now {
    let (chain, pool) = (view.first().chain(), view.first().mempool());
    Now {
        height: chain.height().0,
        pool: pool.len(),
        pool_bytes: pool.bytes(),
        channels: super::channels::by_state(view),
        ..Now::default()
    }
}
