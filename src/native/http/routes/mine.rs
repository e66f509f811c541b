//! Mining one block for somebody.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::chain::Gone;
use crate::{
    chain::BlockTemplate,
    native::{
        driver::{Handle, Search},
        http::{
            Shared,
            extract::{Given, Sent},
            json::Fields,
            problem::{Answer, Problem},
            shape::BlockShape,
        },
    },
    node::Command,
    primitives::{Address, Hash},
};

/// How long is searched.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(mine))
}

/// For whom a block is to be mined.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct NewBlock {
    /// Who is paid for it.
    #[schema(value_type = String)]
    mining_reward_address: Address,
}

impl Given for NewBlock {
    fn given(fields: &mut Fields) -> Answer<Self> {
        Ok(Self { mining_reward_address: fields.take("miningRewardAddress")? })
    }
}

/// Mines one block on the best chain, with what waits and fits.
///
/// Follows new tips, for 30 seconds at most. One at a time: whoever asks meanwhile waits within its own 30 seconds.
#[utoipa::path(post, path = "/api/mine", tag = "chain", request_body = NewBlock,
    responses((status = 201, body = BlockShape), (status = 400, description = "malformed"),
        (status = 409, description = "the chain is not extended by proof of work, or there is no more money to create"),
        (status = 413, description = "too large"), (status = 415, description = "not JSON"),
        (status = 429, description = "others are being mined for"),
        (status = 503, description = "none found in time, or the node is still syncing")))]
async fn mine(State(shared): State<Shared>, Sent(new): Sent<NewBlock>) -> Answer<Response> {
    if !shared.app.genesis.rules.consensus.is_work() {
        return Err(Problem::conflict("wrong-consensus", "stake seals the blocks of this chain: nothing can be mined"));
    }
    let deadline = Instant::now() + PATIENCE;
    let turn = timeout_at(deadline, shared.turns.mining.acquire()).await;
    let _turn = turn.map_err(|_| Problem::too_many("busy-mining", "others are being mined for"))?;
    if super::node::is_syncing(&shared.app.handle).await? {
        return Err(Problem::unavailable("syncing", "the node is still syncing"));
    }
    while Instant::now() < deadline {
        if let Some(hash) = attempt(&shared, new.mining_reward_address, deadline).await? {
            let block = shared.app.handle.ask(move |view| view.first().chain().tree().block(&hash).cloned()).await?;
            let block = block.ok_or_else(|| Problem::internal("the new block is not there"))?;
            let location = [(header::LOCATION, format!("/api/block/hash/{hash}"))];
            return Ok((StatusCode::CREATED, location, Json(BlockShape::of(&block))).into_response());
        }
    }
    Err(Problem::unavailable("no-block-found", format!("no block was found in {} seconds", PATIENCE.as_secs())))
}

/// Searches on one tip: the block, if it became part of the best chain.
async fn attempt(shared: &Shared, to: Address, deadline: Instant) -> Answer<Option<Hash>> {
    let handle = &shared.app.handle;
    let template = handle.ask(move |view| view.first().chain().template(view.now, to, view.first().mempool()));
    let template = template.await?.map_err(|error| Problem::by_rule(StatusCode::CONFLICT, error.code(), &error))?;
    let Some(nonce) = search(handle.clone(), template.clone(), deadline).await? else {
        return Ok(None);
    };
    let block = template.seal(nonce);
    let hash = block.id();
    handle.command(handle.own(), Command::SubmitBlock(Box::new(block))).await?;
    Ok(handle.ask(move |view| view.first().chain().is_best(&hash)).await?.then_some(hash))
}

/// Nothing if the tip is another by now, the time is over, or the client has gone.
async fn search(handle: Handle, template: BlockTemplate, deadline: Instant) -> Answer<Option<u64>> {
    let gone = Gone::default();
    let hears = Arc::clone(&gone.0);
    let work = move || {
        let current = || handle.with_snapshot(|snapshot| snapshot.tip_id() == template.parent());
        let go_on = || !hears.load(Ordering::Relaxed) && Instant::now() < deadline && current();
        Search::of(&template).run(0, go_on).map(|solved| solved.nonce)
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(error.to_string()))
}
