//! The public graph of channels.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    channel::routing::{ChannelPolicy, KnownChannel},
    native::http::{
        Shared,
        extract::Asked,
        page::{Limit, MAX_LIMIT, link},
        problem::Answer,
    },
    primitives::{Address, Amount, ChannelId, Hash, PublicKey},
};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(graph))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Part {
    /// Channels at most, 500 unless told.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The first channel's id: what a `Link` header named.
    #[param(value_type = Option<String>)]
    cursor: Option<Hash>,
}

impl Default for Part {
    fn default() -> Self {
        Self { limit: Limit(MAX_LIMIT), cursor: None }
    }
}

/// The channels that payments can be routed over, by id.
#[derive(Serialize, ToSchema)]
#[schema(as = Graph)]
struct GraphShape {
    /// The parties of these channels.
    nodes: Vec<NodeShape>,
    channels: Vec<EdgeShape>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = GraphNode)]
struct NodeShape {
    #[schema(value_type = String)]
    address: Address,
    /// Scheme and hex.
    #[schema(value_type = String)]
    key: PublicKey,
    /// How many of these channels it has.
    channels: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = GraphChannel)]
struct EdgeShape {
    #[schema(value_type = String)]
    id: ChannelId,
    /// Opener and accepter.
    #[schema(value_type = Vec<String>)]
    participants: [Address; 2],
    /// Base units.
    #[schema(value_type = u64)]
    capacity: Amount,
    /// On what terms opener and accepter pay in it for others; null if they have not said.
    #[schema(value_type = Vec<Option<Object>>)]
    policies: [Option<ChannelPolicy>; 2],
}

/// The channels that this node knows of from the chain, with what their parties announce.
#[utoipa::path(get, path = "/api/graph", tag = "payments", params(Part),
    responses((status = 200, body = GraphShape), (status = 400, description = "a bad query")))]
async fn graph(State(shared): State<Shared>, Asked(part): Asked<Part>, uri: Uri) -> Answer<Response> {
    let (limit, first) = (part.limit.0, part.cursor.unwrap_or(Hash::ZERO));
    let known = shared.app.handle.ask(move |view| {
        let channels = view.first().graph().channels_from(first);
        channels.take(limit + 1).collect::<Vec<KnownChannel>>()
    });
    let mut known = known.await?;
    let next = (known.len() > limit).then(|| known.pop()).flatten();
    let mut nodes: BTreeMap<Address, NodeShape> = BTreeMap::new();
    for key in known.iter().flat_map(|channel| channel.keys.clone()) {
        let address = key.address();
        nodes.entry(address).or_insert(NodeShape { address, key, channels: 0 }).channels += 1;
    }
    let channels = known.iter().map(|channel| EdgeShape {
        id: channel.id,
        participants: channel.keys.clone().map(|key| key.address()),
        capacity: channel.capacity,
        policies: channel.announcements.clone().map(|said| said.map(|announcement| announcement.policy)),
    });
    let shape = GraphShape { nodes: nodes.into_values().collect(), channels: channels.collect() };
    let mut response = Json(shape).into_response();
    if let Some(next) = next {
        link(&mut response, &uri, "cursor", &next.id.to_string());
    }
    Ok(response)
}
