//! Bringing two accounts together, of which one at least is of this keystore.

use tokio::time::Instant;

use super::wait::until;
use crate::{
    gossip::PeerId,
    native::{
        driver::View,
        http::{Shared, problem::Answer},
    },
    node::Node,
    primitives::Address,
};

/// Sees to it that both can talk: as whom the first knows the second. Nothing if that cannot be reached before the deadline.
pub(super) async fn meet(
    shared: &Shared,
    first: Address,
    second: Address,
    deadline: Instant,
) -> Answer<Option<PeerId>> {
    let (handle, app) = (&shared.app.handle, &shared.app);
    app.accounts.with_node(handle, first).await?;
    app.network.serve(first);
    let peer = if app.accounts.has(&second) {
        app.accounts.with_node(handle, second).await?;
        app.network.serve(second);
        handle.ask(move |view| view.local_peer(&second)).await?
    } else {
        app.network.peer_of(first, second).await
    };
    let Some(peer) = peer else { return Ok(None) };
    let met = move |view: &View<'_>| {
        let knows = |node: &Node, other| node.gossip().peers().any(|(peer, status)| peer == other && status.is_some());
        let back = view.local_peer(&first).filter(|_| view.local_account(peer).is_some());
        let known = back.is_none_or(|back| view.node(&second).is_some_and(|node| knows(node, back)));
        (known && view.node(&first).is_some_and(|node| knows(node, peer))).then_some(())
    };
    Ok(until(handle, deadline, met).await?.map(|()| peer))
}
