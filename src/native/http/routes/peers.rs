//! Peers, and browser tabs that become some.

use std::net::SocketAddr;

use axum::{
    Json,
    extract::{
        ConnectInfo, FromRequestParts, Request, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    gossip::MAX_MESSAGE_BYTES,
    native::http::{
        Shared,
        extract::{Given, NoBody, Sent},
        guard::origin,
        json::Fields,
        network::{Guest, NetworkError, PeerInfo},
        problem::{Answer, Problem},
    },
};

/// Bytes of an address at most.
const MAX_ADDRESS: usize = 512;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(peers)).routes(routes!(connect)).routes(routes!(sync)).routes(routes!(socket))
}

impl From<NetworkError> for Problem {
    fn from(error: NetworkError) -> Self {
        let detail = error.to_string();
        match error {
            NetworkError::BadAddress(_) => Self::malformed("bad-address", detail),
            NetworkError::Unreachable(_) => Self::unanswered("unreachable", detail),
            NetworkError::NoPeers => Self::conflict("no-peers", detail),
            NetworkError::Full => Self::unavailable("too-many-peers", detail),
        }
    }
}

/// Everybody that this node talks to.
#[utoipa::path(get, path = "/api/p2p/peers", tag = "network", responses((status = 200, body = [PeerInfo])))]
async fn peers(State(shared): State<Shared>) -> Json<Vec<PeerInfo>> {
    Json(shared.app.network.peers().await)
}

/// Whom to call.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct NewPeer {
    /// A multiaddr, or `ws://host:port`.
    #[schema(max_length = 512)]
    peer_address: String,
}

impl Given for NewPeer {
    fn given(fields: &mut Fields) -> Answer<Self> {
        let peer_address: String = fields.take("peerAddress")?;
        if peer_address.len() > MAX_ADDRESS {
            let detail = format!("peerAddress has {} bytes, at most {MAX_ADDRESS} are allowed", peer_address.len());
            return Err(Problem::malformed("bad-address", detail));
        }
        Ok(Self { peer_address })
    }
}

/// Calls a peer.
#[utoipa::path(post, path = "/api/p2p/connect", tag = "network", request_body = NewPeer,
    responses((status = 200, body = PeerInfo), (status = 400, description = "malformed, or a bad address"),
        (status = 413, description = "too large"), (status = 415, description = "not JSON"),
        (status = 503, description = "there are as many peers as this node takes"),
        (status = 504, description = "nobody answers there")))]
async fn connect(State(shared): State<Shared>, Sent(new): Sent<NewPeer>) -> Answer<Json<PeerInfo>> {
    Ok(Json(shared.app.network.connect(new.peer_address).await?))
}

/// Asks the best peer for what is new.
#[utoipa::path(post, path = "/api/p2p/sync", tag = "network",
    responses((status = 202, description = "asked"), (status = 400, description = "malformed"),
        (status = 408, description = "the body is slow"), (status = 413, description = "too large"),
        (status = 409, description = "there are no peers"), (status = 415, description = "not JSON")))]
async fn sync(State(shared): State<Shared>, _: NoBody) -> Answer<StatusCode> {
    shared.app.network.sync().await?;
    Ok(StatusCode::ACCEPTED)
}

/// A browser tab joins the network as a peer: a WebSocket, binary frames, one message of the gossip wire format each.
#[utoipa::path(get, path = "/api/p2p/ws", tag = "network",
    responses((status = 101, description = "joined"), (status = 400, description = "not a WebSocket"),
        (status = 426, description = "cannot be upgraded"),
        (status = 503, description = "there are as many peers as this node takes")))]
async fn socket(State(shared): State<Shared>, headers: HeaderMap, request: Request) -> Answer<Response> {
    origin(&shared, &headers)?;
    let (mut parts, _) = request.into_parts();
    let from = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| *from);
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &shared).await;
    let upgrade = upgrade.map_err(|rejection| not_a_socket(&rejection.body_text(), &parts.headers))?;
    let guest = shared.app.network.join(from)?;
    let upgrade = upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES);
    Ok(upgrade.on_upgrade(move |socket| talk(shared, socket, guest)))
}

fn not_a_socket(detail: &str, headers: &HeaderMap) -> Problem {
    let status =
        if headers.contains_key(header::UPGRADE) { StatusCode::BAD_REQUEST } else { StatusCode::UPGRADE_REQUIRED };
    Problem::new(status, "not-a-websocket", detail)
}

/// Carries messages both ways until one side ends it, or the node stops.
async fn talk(shared: Shared, mut socket: WebSocket, mut guest: Guest) {
    let mut stopping = shared.stopping.subscribe();
    loop {
        tokio::select! {
            said = socket.recv() => match said {
                Some(Ok(Message::Binary(bytes))) => {
                    if guest.incoming.send(bytes.into()).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(_) | Message::Close(_)) | Err(_)) | None => break,
            },
            told = guest.outgoing.recv() => {
                let Some(bytes) = told else { break };
                // Who does not read is let go.
                let sent = timeout(shared.settings.patience, socket.send(Message::Binary(bytes.into()))).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return;
                }
            }
            _ = stopping.changed() => break,
        }
    }
    let farewell = CloseFrame { code: close_code::AWAY, reason: "".into() };
    let _ = timeout(shared.settings.patience, socket.send(Message::Close(Some(farewell)))).await;
}
