//! Blocks.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chain::{Chain, Import},
    native::{
        driver::Snapshot,
        http::{
            Shared,
            extract::{Asked, Part},
            json::Digits,
            page::{Limit, link},
            problem::{Answer, Problem},
            shape::{BlockShape, PlacedBlock, PlacedTransaction},
        },
    },
    primitives::{Block, BlockId, Checks, Hash, Height, Timestamp},
};

/// Bytes of blocks in one answer; the rest is on the next page.
const MAX_BYTES: usize = 4 << 20;
/// Blocks on top of one that is taken to stay where it is.
const BURIED: u64 = 100;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(blockchain))
        .routes(routes!(height))
        .routes(routes!(tip))
        .routes(routes!(valid))
        .routes(routes!(block))
        .routes(routes!(block_by_hash))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
#[derive(Default)]
struct Range {
    /// The height of the first block.
    #[param(value_type = Option<u64>)]
    from: Option<Digits>,
    /// Blocks and waiting transactions at most, 50 unless told.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Part of the best chain, and what waits to be part of it.
#[derive(ToSchema)]
#[schema(as = Blockchain)]
#[expect(dead_code, reason = "only described: it is put together from blocks that are JSON already")]
struct BlockchainShape {
    /// Ascending.
    chain: Vec<BlockShape>,
    /// Best fee rate first.
    #[schema(rename = "pendingTransactions")]
    pending_transactions: Vec<PlacedTransaction>,
    /// Hashes that the next block takes on average: a decimal string.
    difficulty: String,
    /// Of the newest block.
    height: u64,
    /// The newest block's hash.
    tip: String,
}

/// The best chain, ascending from a height.
///
/// An answer holds some megabytes at most: where there is more, a `Link` header names the next part.
#[utoipa::path(get, path = "/api/blockchain", tag = "chain", params(Range),
    responses((status = 200, body = BlockchainShape), (status = 400, description = "a bad query")))]
async fn blockchain(State(shared): State<Shared>, Asked(range): Asked<Range>, uri: Uri) -> Answer<Response> {
    let limit = range.limit.0;
    let pending = shared.app.handle.ask(move |view| {
        let pool = view.first().mempool();
        pool.iter().take(limit).map(|pooled| Arc::clone(&pooled.transaction)).collect::<Vec<_>>()
    });
    let pending: Vec<_> = pending.await?.iter().map(PlacedTransaction::waiting).collect();
    let snapshot = shared.app.handle.snapshot();
    let from = range.from.map_or(0, |from| from.0);
    let (mut json, mut next) = (b"{\"chain\":[".to_vec(), from);
    for block in snapshot.blocks.from(Height(from)).take(limit) {
        if next > from {
            if json.len() > MAX_BYTES {
                break;
            }
            json.push(b',');
        }
        json.extend_from_slice(&shared.blocks.json(block));
        next += 1;
    }
    let rest = Rest {
        pending_transactions: pending,
        difficulty: snapshot.target.work().hashes().to_string(),
        height: snapshot.height(),
        tip: snapshot.tip_id(),
    };
    let rest = serde_json::to_vec(&rest).map_err(|error| Problem::internal(error.to_string()))?;
    json.extend_from_slice(b"],");
    json.extend_from_slice(&rest[1..]);
    let mut response = as_json(json.into());
    if next > from && next <= snapshot.height().0 {
        link(&mut response, &uri, "from", &next.to_string());
    }
    Ok(response)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rest {
    pending_transactions: Vec<PlacedTransaction>,
    difficulty: String,
    height: Height,
    tip: BlockId,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Height)]
struct HeightShape {
    /// Genesis has 0.
    #[schema(value_type = u64)]
    height: Height,
}

/// The height of the best chain.
#[utoipa::path(get, path = "/api/blockchain/height", tag = "chain", responses((status = 200, body = HeightShape)))]
async fn height(State(shared): State<Shared>) -> Json<HeightShape> {
    Json(HeightShape { height: shared.app.handle.snapshot().height() })
}

#[derive(Serialize, ToSchema)]
#[schema(as = Tip)]
struct TipShape {
    #[schema(value_type = String)]
    hash: BlockId,
    #[schema(value_type = u64)]
    height: Height,
    /// Hashes that the whole chain took on average: a decimal string.
    work: String,
    /// Milliseconds since 1970.
    #[schema(value_type = u64)]
    timestamp: Timestamp,
}

/// The newest block of the best chain.
#[utoipa::path(get, path = "/api/blockchain/tip", tag = "chain", responses((status = 200, body = TipShape)))]
async fn tip(State(shared): State<Shared>) -> Json<TipShape> {
    let snapshot = shared.app.handle.snapshot();
    let work = snapshot.work.to_string();
    Json(TipShape { hash: snapshot.tip_id(), height: snapshot.height(), work, timestamp: snapshot.tip_time() })
}

/// What judging the whole chain again came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Validity {
    /// Whether every block keeps every rule.
    valid: bool,
    /// Of the last block that does.
    #[schema(value_type = u64)]
    height: Height,
    /// The rule that the block above breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The last answer, and under which tip it was given.
pub(super) type Judged = Option<(BlockId, Validity)>;

/// Judges every block of the best chain again, from genesis.
///
/// One at a time: who asks meanwhile waits, and shares the answer if the tip is the same.
#[utoipa::path(get, path = "/api/blockchain/valid", tag = "chain", responses((status = 200, body = Validity)))]
async fn valid(State(shared): State<Shared>) -> Answer<Json<Validity>> {
    let mut judged = shared.turns.judging.lock().await;
    let snapshot = shared.app.handle.snapshot();
    let tip = snapshot.tip_id();
    if let Some((_, validity)) = judged.as_ref().filter(|(at, _)| *at == tip) {
        return Ok(Json(validity.clone()));
    }
    let gone = Gone::default();
    let (judge, hears, now) = (Arc::clone(&shared), Arc::clone(&gone.0), shared.app.handle.now());
    let work = move || revalidate(Chain::new(&judge.app.genesis), &snapshot, now, &hears);
    let validity = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(error.to_string()))?;
    *judged = Some((tip, validity.clone()));
    Ok(Json(validity))
}

/// Says so when it is dropped: the client has gone, and nobody needs the answer.
#[derive(Default)]
pub(super) struct Gone(pub(super) Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn revalidate(mut chain: Chain, snapshot: &Snapshot, now: Timestamp, gone: &AtomicBool) -> Validity {
    let mut checks = Checks::forgetful();
    for block in snapshot.blocks.from(Height(1)) {
        if gone.load(Ordering::Relaxed) {
            break;
        }
        let height = chain.height();
        match chain.import(now, Block::clone(block), &mut checks) {
            Ok(Import::Extended { .. }) => {}
            Ok(_) => return Validity { valid: false, height, error: Some("does not extend the chain".to_owned()) },
            Err(error) => return Validity { valid: false, height, error: Some(error.to_string()) },
        }
    }
    let height = chain.height();
    Validity { valid: chain.tip() == snapshot.tip_id(), height, error: None }
}

/// A block of the best chain by its height.
#[utoipa::path(get, path = "/api/block/{index}", tag = "chain", params(("index" = u64, Path, description = "a height")),
    responses((status = 200, body = BlockShape), (status = 400, description = "not a number"),
        (status = 404, description = "beyond the tip")))]
async fn block(State(shared): State<Shared>, Part(Digits(index)): Part<Digits>) -> Answer<Response> {
    let json = shared.app.handle.with_snapshot(|snapshot| snapshot.blocks.at(Height(index)).cloned());
    match json {
        Some(block) => Ok(as_json(shared.blocks.json(&block))),
        None => {
            let height = shared.app.handle.snapshot().height();
            Err(Problem::unknown("unknown-block", format!("height {index} > {height}, the newest block's")))
        }
    }
}

/// A block by its hash, also one that is not, or no longer, on the best chain.
///
/// Its content never changes. Once it is buried deeply it may be kept for ever; before that it is asked for again with its `ETag`.
#[utoipa::path(get, path = "/api/block/hash/{hash}", tag = "chain", params(("hash" = String, Path, pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, body = PlacedBlock), (status = 304, description = "as it was"),
        (status = 400, description = "not a hash"), (status = 404, description = "not known here")))]
async fn block_by_hash(State(shared): State<Shared>, Part(hash): Part<Hash>, headers: HeaderMap) -> Answer<Response> {
    let found = shared.app.handle.ask(move |view| {
        let chain = view.first().chain();
        let block = chain.tree().block(&hash).cloned();
        block.map(|block| (block, chain.is_best(&hash), chain.height()))
    });
    let (block, best, height) =
        found.await?.ok_or_else(|| Problem::unknown("unknown-block", format!("block {hash} is not known")))?;
    let tag = format!("\"{hash}-{}\"", u8::from(best));
    let buried = best && height.0 >= block.header.height.0 + BURIED;
    let keep = if buried { "public, max-age=31536000, immutable" } else { "no-cache" };
    let same = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let json = shared.blocks.json(&block);
        let placed = [&json[..json.len() - 1], format!(",\"inBestChain\":{best}}}").as_bytes()].concat();
        as_json(placed.into())
    };
    let told = response.headers_mut();
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    told.extend(HeaderValue::try_from(tag).map(|tag| (header::ETAG, tag)));
    Ok(response)
}

fn as_json(bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
