//! What this node knows of the channels of others: the graph that routes are found in.

use serde::Serialize;

use super::Node;
use crate::channel::routing::{ChannelPolicy, Graph};

/// The channels on the chain, and on what terms they carry payments.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Network {
    #[serde(skip)]
    pub(super) graph: Graph,
    /// On what terms this node's own channels carry payments of others.
    pub(super) policy: ChannelPolicy,
}

impl Node {
    /// The channels that payments can be routed over.
    pub fn graph(&self) -> &Graph {
        &self.network.graph
    }

    /// On what terms this node carries payments of others.
    pub fn policy(&self) -> &ChannelPolicy {
        &self.network.policy
    }
}
