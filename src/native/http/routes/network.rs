//! What a browser tab asks for before it joins, and while it has.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chain::Genesis,
    native::http::Shared,
    primitives::{Address, Height, Timestamp},
};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(network))
}

/// The node and its network, for a tab of its page.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NetworkShape {
    /// What the chain begins with, as `tabchain genesis` prints it.
    #[schema(value_type = Object)]
    genesis: Genesis,
    /// The node's own account.
    #[schema(value_type = String)]
    account: Address,
    #[schema(value_type = u64)]
    height: Height,
    /// Its clock: milliseconds since 1970.
    #[schema(value_type = u64)]
    time: Timestamp,
    /// Expected hashes of the next block, a decimal string.
    difficulty: String,
    /// Hashes that its own threads have made since it was started.
    hashes: u64,
    /// The nodes that it talks to; no tabs.
    peers: Vec<NeighbourShape>,
}

/// A node that it talks to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NeighbourShape {
    /// Its account, as it says.
    #[schema(value_type = String)]
    account: Address,
    /// The height that it last told.
    height: Option<u64>,
}

/// What a tab needs to join the network as a peer, and shows of it. Needs no token, as joining needs none.
#[utoipa::path(get, path = "/api/p2p/network", tag = "network", responses((status = 200, body = NetworkShape)))]
async fn network(State(shared): State<Shared>) -> Json<NetworkShape> {
    let (handle, peers) = (&shared.app.handle, shared.app.network.peers().await);
    let (height, target) = handle.with_snapshot(|snapshot| (snapshot.height(), snapshot.target));
    let peers = peers.iter().filter_map(|peer| Some(NeighbourShape { account: peer.account?, height: peer.height }));
    Json(NetworkShape {
        genesis: shared.app.genesis.clone(),
        account: handle.own(),
        height,
        time: handle.now(),
        difficulty: target.work().hashes().to_string(),
        hashes: handle.hashes(),
        peers: peers.collect(),
    })
}
