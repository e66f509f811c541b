//! Transactions.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chain::fee_of,
    native::{
        driver::{Place, Snapshot, View, named},
        http::{
            Shared,
            extract::{Asked, Given, Part, Sent},
            json::Fields,
            page::{List, Mark, Pages},
            problem::{Answer, Problem},
            refusal::done,
            shape::{PlacedTransaction, SignedTransaction},
        },
    },
    node::{Command, CommandResult, Transfer},
    primitives::{
        Action, Address, Amount, Block, Checks, Hash, Memo, Nonce, Signature, Transaction, UnsignedTransaction, merkle,
    },
};

/// Base units per 1,000 bytes that a transfer offers if nobody says more.
const USUAL_FEE_RATE: u64 = 1_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(submit))
        .routes(routes!(pending))
        .routes(routes!(history))
        .routes(routes!(transaction))
        .routes(routes!(proof))
}

/// A signed transaction, or a transfer that this node signs.
enum NewTransaction {
    Signed(Box<Transaction>),
    ToSign { sender: Address, receiver: Address, amount: Amount, memo: Memo, fee: Option<Amount> },
}

/// A transfer from an account of this node's keystore.
#[derive(ToSchema)]
#[schema(as = NewTransfer)]
#[expect(dead_code, reason = "only described")]
struct TransferShape {
    /// An account of the keystore.
    sender: String,
    /// Who is paid.
    receiver: String,
    /// Base units, at least 1.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    amount: u64,
    /// A text, at most 256 bytes.
    data: Option<String>,
    /// Base units for the miner; without it one for each byte, or what the next block takes if that is more.
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    fee: Option<u64>,
}

#[derive(ToSchema)]
#[schema(as = NewTransaction)]
#[serde(untagged)]
#[expect(dead_code, reason = "only described")]
enum NewTransactionShape {
    Signed(SignedTransaction),
    ToSign(TransferShape),
}

impl Given for NewTransaction {
    fn given(fields: &mut Fields) -> Answer<Self> {
        if fields.has("action") || fields.has("signature") {
            let unsigned = UnsignedTransaction { fee: fields.take("fee")?, action: fields.whole("action")? };
            let signature: Signature = fields.take("signature")?;
            let cosignature = fields.maybe("cosignature")?;
            return Ok(Self::Signed(Box::new(Transaction { unsigned, signature, cosignature })));
        }
        let data: Option<String> = fields.maybe("data")?;
        let memo = Memo::new(data.unwrap_or_default())
            .map_err(|error| Problem::senseless("data-too-long", format!("data: {error}")))?;
        Ok(Self::ToSign {
            sender: fields.take("sender")?,
            receiver: fields.take("receiver")?,
            amount: fields.take("amount")?,
            memo,
            fee: fields.maybe("fee")?,
        })
    }
}

/// Takes a signed transaction, or signs a transfer from an account of the keystore.
///
/// Once it is answered with 201 the transaction is stored: this node answers for it until it is confirmed, also after a restart.
#[utoipa::path(post, path = "/api/transactions", tag = "transactions", request_body = NewTransactionShape,
    responses((status = 201, body = PlacedTransaction), (status = 400, description = "malformed"),
        (status = 402, description = "not enough money"), (status = 404, description = "not an account of the keystore"),
        (status = 409, description = "wrong nonce, or another one waits"), (status = 413, description = "too large"),
        (status = 415, description = "not JSON"), (status = 422, description = "breaks a rule")))]
async fn submit(State(shared): State<Shared>, Sent(new): Sent<NewTransaction>) -> Answer<Response> {
    let (id, placed) = match new {
        NewTransaction::Signed(transaction) => take(&shared, *transaction).await?,
        NewTransaction::ToSign { sender, receiver, amount, memo, fee } => {
            let transfer = Transfer { to: receiver, amount, fee: Amount::ZERO, memo, nonce: None };
            send(&shared, sender, transfer, fee).await?
        }
    };
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/transactions/{id}"))], Json(placed)).into_response())
}

/// Checks the signatures here, so that the driver need not.
async fn take(shared: &Shared, transaction: Transaction) -> Answer<(Hash, PlacedTransaction)> {
    let (handle, mut checks) = (&shared.app.handle, Checks::remembering());
    transaction.is_signed(&shared.genesis, &mut checks);
    let waiting = PlacedTransaction::waiting(&Arc::new(transaction.clone()));
    let command = Command::Submit(Box::new(transaction));
    let id = accepted(handle.checked(handle.own(), command, Some(Box::new(checks))).await?)?;
    Ok((id, waiting))
}

async fn send(
    shared: &Shared,
    sender: Address,
    mut transfer: Transfer,
    fee: Option<Amount>,
) -> Answer<(Hash, PlacedTransaction)> {
    let handle = &shared.app.handle;
    let Some(key) = shared.app.accounts.key(&sender) else {
        let detail = format!("{sender} is no account of this node's keystore");
        return Err(Problem::unknown("unknown-account", detail));
    };
    let sign = |transfer: &Transfer, nonce| {
        let (from, memo) = (key.public(), transfer.memo.clone());
        let action = Action::Transfer { from, nonce, to: transfer.to, amount: transfer.amount, memo };
        UnsignedTransaction { fee: transfer.fee, action }.sign(&key, &shared.genesis)
    };
    let _turn = shared.turns.signing.lock().await;
    let next = handle.ask(move |view| {
        let (first, account) = (view.first(), view.first().chain().ledger().account(&sender));
        let enough = fee.is_none().then(|| first.chain().next_block(first.mempool()).enough);
        let nonce = view.node(&sender).is_none().then(|| first.mempool().next_nonce(&sender, account));
        (nonce, enough.unwrap_or_default().max(USUAL_FEE_RATE))
    });
    let (nonce, rate) = next.await?;
    transfer.fee = fee.unwrap_or_else(|| fee_of(rate, sign(&transfer, Nonce(0)).size()));
    match nonce {
        None => {
            let id = accepted(handle.command(sender, Command::Transfer(transfer)).await?)?;
            let replaced = || Problem::conflict("replaced", format!("transaction {id} waits no more"));
            Ok((id, find(shared, id).await?.ok_or_else(replaced)?))
        }
        Some(nonce) => take(shared, sign(&transfer, nonce)).await,
    }
}

fn accepted(result: CommandResult) -> Answer<Hash> {
    match done(result)? {
        CommandResult::Accepted(id) => Ok(id),
        other => Err(Problem::internal(format!("unexpected result: {other:?}"))),
    }
}

/// The transactions that wait, best fee rate first.
#[utoipa::path(get, path = "/api/transactions/pending", tag = "transactions", params(Pages),
    responses((status = 200, body = [PlacedTransaction]), (status = 400, description = "a bad query")))]
async fn pending(
    State(shared): State<Shared>,
    Asked(pages): Asked<Pages>,
    uri: Uri,
) -> Answer<List<PlacedTransaction>> {
    let page = shared.app.handle.ask(move |view| {
        let pool = view.first().mempool().iter();
        pages.of(uri, pool.map(|pooled| (Mark::new(pooled.fee_rate, pooled.id), Arc::clone(&pooled.transaction))))
    });
    Ok(page.await?.map(|transaction| PlacedTransaction::waiting(&transaction)))
}

/// Where a transaction was found.
enum Found {
    Waiting(Arc<Transaction>),
    Included(Place),
}

/// The transactions that name an account, newest first.
#[utoipa::path(get, path = "/api/transactions/history/{address}", tag = "transactions",
    params(("address" = String, Path, pattern = "^tab1[02-9ac-hj-np-z]{58}$"), Pages),
    responses((status = 200, body = [PlacedTransaction]), (status = 400, description = "not an address")))]
async fn history(
    State(shared): State<Shared>,
    Part(address): Part<Address>,
    Asked(pages): Asked<Pages>,
    uri: Uri,
) -> Answer<Response> {
    let page = shared.app.handle.ask(move |view| {
        let waiting = view.first().mempool().iter().filter(|pooled| named(&pooled.transaction).contains(&address));
        let waiting = waiting.map(|pooled| {
            (
                Mark::new(u64::MAX, format!("{:016}{}", pooled.fee_rate, pooled.id)),
                Found::Waiting(Arc::clone(&pooled.transaction)),
            )
        });
        let included = view.index().of(&address);
        let included = included.map(|place| (Mark::at(place.height.0, place.position), Found::Included(place)));
        pages.of(uri, waiting.chain(included))
    });
    let page = page.await?;
    let snapshot = shared.app.handle.snapshot();
    Ok(page.filter_map(|found| place(&snapshot, found)).into_response())
}

fn place(snapshot: &Snapshot, found: Found) -> Option<PlacedTransaction> {
    match found {
        Found::Waiting(transaction) => Some(PlacedTransaction::waiting(&transaction)),
        Found::Included(Place { height, position }) => {
            let block = snapshot.blocks.at(height)?;
            PlacedTransaction::included((block.id(), block), position, snapshot.height())
        }
    }
}

fn look(view: &View<'_>, id: &Hash) -> Option<Found> {
    let waiting = || view.first().mempool().get(id).map(|transaction| Found::Waiting(Arc::clone(transaction)));
    view.index().place(id).map(Found::Included).or_else(waiting)
}

pub(super) async fn find(shared: &Shared, id: Hash) -> Answer<Option<PlacedTransaction>> {
    let found = shared.app.handle.ask(move |view| look(view, &id)).await?;
    let snapshot = shared.app.handle.snapshot();
    Ok(found.and_then(|found| place(&snapshot, found)))
}

fn unknown(id: &Hash) -> Problem {
    Problem::unknown("unknown-transaction", format!("transaction {id} neither waits nor is on the best chain"))
}

/// A transaction that waits or is on the best chain.
#[utoipa::path(get, path = "/api/transactions/{hash}", tag = "transactions", params(("hash" = String, Path, pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, body = PlacedTransaction), (status = 400, description = "not a hash"),
        (status = 404, description = "not known here")))]
async fn transaction(State(shared): State<Shared>, Part(hash): Part<Hash>) -> Answer<Json<PlacedTransaction>> {
    find(&shared, hash).await?.map(Json).ok_or_else(|| unknown(&hash))
}

/// Evidence that a transaction is in a block (RFC 6962). The first leaf of a block is its coinbase.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Proof {
    /// The hash of the transaction with its signatures.
    #[schema(value_type = String)]
    leaf: Hash,
    /// Which leaf, from 0.
    index: u32,
    /// How many leaves there are.
    size: u32,
    /// From the leaf up.
    #[schema(value_type = Vec<String>)]
    siblings: Vec<Hash>,
    #[schema(value_type = String)]
    merkle_root: Hash,
    #[schema(value_type = String)]
    block_hash: Hash,
}

/// Proves that a transaction is in a block.
#[utoipa::path(get, path = "/api/transactions/{hash}/proof", tag = "transactions", params(("hash" = String, Path, pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, body = Proof), (status = 400, description = "not a hash"),
        (status = 404, description = "not known here"), (status = 409, description = "it waits still")))]
async fn proof(State(shared): State<Shared>, Part(hash): Part<Hash>) -> Answer<Json<Proof>> {
    let found = shared.app.handle.ask(move |view| look(view, &hash)).await?;
    let Place { height, position } = match found.ok_or_else(|| unknown(&hash))? {
        Found::Included(place) => place,
        Found::Waiting(_) => {
            return Err(Problem::conflict("not-included", format!("transaction {hash} is in no block yet")));
        }
    };
    let snapshot = shared.app.handle.snapshot();
    let block = snapshot.blocks.at(height).ok_or_else(|| unknown(&hash))?;
    let leaves = Block::leaves(&block.coinbase, &block.transactions);
    let index = u32::try_from(position + 1).unwrap_or(u32::MAX);
    // A reorg may have come between.
    let leaf = leaves.get(position + 1).ok_or_else(|| unknown(&hash))?;
    let proof = merkle::prove(&leaves, index).ok_or_else(|| unknown(&hash))?;
    let (merkle_root, block_hash) = (block.header.merkle_root, block.id());
    Ok(Json(Proof { leaf: *leaf, index, size: proof.size, siblings: proof.siblings, merkle_root, block_hash }))
}
