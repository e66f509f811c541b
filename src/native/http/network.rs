//! What the routes ask of the peer-to-peer network.

use std::net::SocketAddr;

use futures::future::BoxFuture;
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::{gossip::PeerId, primitives::Address};

/// A peer, as its neighbours see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerInfo {
    /// What it is known by on the network.
    pub id: String,
    /// Its main account, as it says; a tab says none.
    #[schema(value_type = Option<String>)]
    pub account: Option<Address>,
    /// Where it was reached, or came from.
    pub address: String,
    /// Who called whom.
    pub direction: PeerDirection,
    /// The height that it last told.
    pub height: Option<u64>,
    /// Of the last round trip.
    pub latency_ms: Option<u64>,
    /// 0 is spotless; less the more it has done wrong.
    pub score: i64,
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PeerDirection {
    /// It called us.
    Inbound,
    /// We called it.
    Outbound,
}

/// Why the network cannot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not an address that can be called.
    #[error("{0}")]
    BadAddress(String),
    /// Nobody answers there.
    #[error("{0}")]
    Unreachable(String),
    /// There is nobody to ask.
    #[error("there are no peers")]
    NoPeers,
    /// No more.
    #[error("there are as many peers as this node takes")]
    Full,
}

/// A conversation with a browser tab: messages of the gossip wire format, one each.
#[derive(Debug)]
pub struct Guest {
    /// What the tab says. Dropped when it has gone.
    pub incoming: mpsc::Sender<Vec<u8>>,
    /// What it is told. Ends when it has to go.
    pub outgoing: mpsc::Receiver<Vec<u8>>,
}

/// The peer-to-peer network.
pub trait Network: Send + Sync + 'static {
    /// Everybody that this process talks to.
    fn peers(&self) -> BoxFuture<'_, Vec<PeerInfo>>;
    /// How many they are.
    fn count(&self) -> usize;
    /// Calls a peer, a multiaddr or `ws://host:port`, and waits until it has said who it is.
    fn connect(&self, address: String) -> BoxFuture<'_, Result<PeerInfo, NetworkError>>;
    /// Asks the best peer for what is new.
    fn sync(&self) -> BoxFuture<'_, Result<(), NetworkError>>;
    /// As whom `local` knows an account of another process, once there is a line between the two; waits a moment for one.
    fn peer_of(&self, local: Address, remote: Address) -> BoxFuture<'_, Option<PeerId>>;
    /// Lets others reach this account of ours.
    fn serve(&self, account: Address);
    /// A browser tab wants to be a peer.
    ///
    /// # Errors
    /// [`NetworkError::Full`].
    fn join(&self, from: Option<SocketAddr>) -> Result<Guest, NetworkError>;
}

/// No network: a node alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Network for Alone {
    fn peers(&self) -> BoxFuture<'_, Vec<PeerInfo>> {
        Box::pin(async { Vec::new() })
    }

    fn count(&self) -> usize {
        0
    }

    fn connect(&self, address: String) -> BoxFuture<'_, Result<PeerInfo, NetworkError>> {
        let error = NetworkError::Unreachable(format!("this node has no network: it cannot call {address:.80}"));
        Box::pin(async { Err(error) })
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), NetworkError>> {
        Box::pin(async { Err(NetworkError::NoPeers) })
    }

    fn peer_of(&self, _: Address, _: Address) -> BoxFuture<'_, Option<PeerId>> {
        Box::pin(async { None })
    }

    fn serve(&self, _: Address) {}

    fn join(&self, _: Option<SocketAddr>) -> Result<Guest, NetworkError> {
        Err(NetworkError::Full)
    }
}
