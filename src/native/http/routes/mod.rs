//! The routes, one file for each group of rows.

mod accounts;
mod chain;
mod channels;
mod events;
mod graph;
mod meet;
mod mine;
mod network;
mod node;
mod open;
mod pay;
mod payments;
mod peers;
mod transactions;
mod validators;
mod wait;

use tokio::sync::{Mutex, Semaphore};
use utoipa_axum::router::OpenApiRouter;

use super::Shared;

/// What is done by one request at a time.
pub(super) struct Turns {
    /// Searching for a block, for somebody.
    mining: Semaphore,
    /// Judging the whole chain again.
    judging: Mutex<chain::Judged>,
    /// Making keys.
    making: Mutex<()>,
    /// Signing for accounts without a node of their own: each takes its next nonce.
    signing: Mutex<()>,
    /// Paying in channels.
    paying: pay::Lanes,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            mining: Semaphore::new(1),
            judging: Mutex::default(),
            making: Mutex::default(),
            signing: Mutex::default(),
            paying: pay::Lanes::default(),
        }
    }
}

pub(super) fn all() -> OpenApiRouter<Shared> {
    let groups = [
        accounts::routes(),
        chain::routes(),
        channels::routes(),
        events::routes(),
        graph::routes(),
        mine::routes(),
        network::routes(),
        node::routes(),
        open::routes(),
        pay::routes(),
        payments::routes(),
        peers::routes(),
        transactions::routes(),
        validators::routes(),
    ];
    groups.into_iter().fold(OpenApiRouter::new(), OpenApiRouter::merge)
}
