//! Accounts, balances and what sending costs.

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
    chain::NextBlock,
    native::{
        http::{
            Shared,
            extract::{Asked, Given, Part, Sent},
            json::Fields,
            page::{List, Mark, Pages},
            problem::{Answer, Problem},
        },
        keystore::Account,
    },
    node::Node,
    primitives::{Address, Amount, Nonce, Scheme},
};

/// The lower ends of the fee rates that are told apart, base units per 1,000 bytes.
const RATES: [u64; 8] = [0, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000];

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(balance)).routes(routes!(list, create)).routes(routes!(fees))
}

/// What an account owns.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Balance {
    #[schema(value_type = String)]
    address: Address,
    /// Base units by the newest block.
    #[schema(value_type = u64)]
    balance: Amount,
    /// Transactions of it that are on the chain.
    #[schema(value_type = u64)]
    nonce: Nonce,
    /// The number for its next transaction, after those that wait.
    #[schema(value_type = u64)]
    next_nonce: Nonce,
    /// Base units that it has deposited in channels that are open. What it owns of them its channels say.
    #[schema(value_type = u64)]
    locked: Amount,
    /// Base units at stake; 0 on a chain with proof of work.
    #[schema(value_type = u64)]
    staked: Amount,
    /// Base units that its waiting transactions take, fees included.
    #[schema(value_type = u64)]
    pending: Amount,
}

/// What an account owns. An address that nobody has paid yet owns nothing.
#[utoipa::path(get, path = "/api/balance/{address}", tag = "accounts", params(("address" = String, Path, pattern = "^tab1[02-9ac-hj-np-z]{58}$")),
    responses((status = 200, body = Balance), (status = 400, description = "not an address")))]
async fn balance(State(shared): State<Shared>, Part(address): Part<Address>) -> Answer<Json<Balance>> {
    let handle = &shared.app.handle;
    let waiting = handle.ask(move |view| {
        let (pool, ledger) = (view.first().mempool(), view.first().chain().ledger());
        (pool.reserved(&address), pool.next_nonce(&address, ledger.account(&address)))
    });
    let (pending, next_nonce) = waiting.await?;
    let snapshot = handle.snapshot();
    let account = snapshot.ledger.account(&address);
    let locked = shared.locked.of(&address, &snapshot);
    Ok(Json(Balance {
        address,
        balance: account.balance,
        nonce: account.nonce,
        next_nonce,
        locked,
        staked: snapshot.ledger.validator(&address).map_or(Amount::ZERO, |validator| validator.stake),
        pending,
    }))
}

/// An account of this node's keystore. Its secret never leaves.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
struct AccountShape {
    #[schema(value_type = String)]
    address: Address,
    /// Of its key.
    #[schema(value_type = String)]
    scheme: Scheme,
    /// A name for people.
    label: String,
}

impl AccountShape {
    fn of(account: Account) -> Self {
        Self { address: account.address, scheme: account.scheme, label: account.label }
    }
}

/// The accounts of this node's keystore, newest first: the last is the node's own.
#[utoipa::path(get, path = "/api/accounts", tag = "accounts", params(Pages),
    responses((status = 200, body = [AccountShape]), (status = 400, description = "a bad query")))]
async fn list(State(shared): State<Shared>, Asked(pages): Asked<Pages>, uri: Uri) -> List<AccountShape> {
    let accounts = shared.app.accounts.list().into_iter().enumerate().rev();
    pages.of(uri, accounts.map(|(place, account)| (Mark::at(0, place), AccountShape::of(account))))
}

/// A key to be made.
#[derive(ToSchema)]
struct NewAccount {
    /// `ed25519`, or `rsa` for a key of 3072 bits, which takes a second to make.
    scheme: String,
    /// A name for people, at most 64 characters.
    label: Option<String>,
}

impl Given for NewAccount {
    fn given(fields: &mut Fields) -> Answer<Self> {
        Ok(Self { scheme: fields.take("scheme")?, label: fields.maybe("label")? })
    }
}

/// Makes an account.
#[utoipa::path(post, path = "/api/accounts", tag = "accounts", request_body = NewAccount,
    responses((status = 201, body = AccountShape), (status = 400, description = "malformed"),
        (status = 409, description = "the keystore is full"), (status = 413, description = "too large"),
        (status = 415, description = "not JSON"),
        (status = 422, description = "a scheme that does not exist, or a label too long"),
        (status = 500, description = "the keystore cannot be written")))]
async fn create(State(shared): State<Shared>, Sent(new): Sent<NewAccount>) -> Answer<Response> {
    let Some(scheme) = Scheme::ALL.into_iter().find(|scheme| scheme.name() == new.scheme) else {
        let known = Scheme::ALL.map(Scheme::name).join(", ");
        return Err(Problem::senseless("unknown-scheme", format!("scheme {:.40?}: there are {known}", new.scheme)));
    };
    let (accounts, label) = (shared.app.accounts.clone(), new.label.unwrap_or_default());
    // An RSA key takes a processor a second: one at a time.
    let _turn = shared.turns.making.lock().await;
    let made = tokio::task::spawn_blocking(move || accounts.create(scheme, &label)).await;
    let address = made.map_err(|error| Problem::internal(error.to_string()))??;
    let account = shared.app.accounts.list().into_iter().find(|account| account.address == address);
    let account = account.ok_or_else(|| Problem::internal("the new account is not there"))?;
    let location = [(header::LOCATION, format!("/api/balance/{address}"))];
    Ok((StatusCode::CREATED, location, Json(AccountShape::of(account))).into_response())
}

/// What waits, by what it offers; and what the next block would take of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Fees {
    /// By fee rate, lowest first.
    histogram: Vec<FeeRange>,
    /// What fits into the next block.
    next_block: NextBlockShape,
    /// Base units per 1,000 bytes below which nothing more is taken: it rises as the mempool fills.
    minimum_fee_rate: u64,
}

/// Transactions that offer from this much on, up to the next range.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FeeRange {
    /// Base units per 1,000 bytes.
    from: u64,
    transactions: usize,
    bytes: usize,
}

/// What the next block would take.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NextBlock)]
struct NextBlockShape {
    transactions: usize,
    bytes: usize,
    /// Base units.
    #[schema(value_type = u64)]
    fees: Amount,
    /// The lowest that it takes, base units per 1,000 bytes; null if it takes none.
    lowest_fee_rate: Option<u64>,
    /// What would be enough to be in it, base units per 1,000 bytes.
    enough_fee_rate: u64,
}

/// What waiting transactions offer, and what would be enough for the next block.
#[utoipa::path(get, path = "/api/fees", tag = "accounts", responses((status = 200, body = Fees)))]
async fn fees(State(shared): State<Shared>) -> Answer<Json<Fees>> {
    Ok(Json(shared.app.handle.ask(|view| Fees::of(view.first())).await?))
}

impl Fees {
    fn of(node: &Node) -> Self {
        let range = |from| FeeRange { from, ..FeeRange::default() };
        let (pool, mut histogram) = (node.mempool(), Vec::from(RATES.map(range)));
        for pooled in pool.iter() {
            let at = RATES.partition_point(|from| *from <= pooled.fee_rate).saturating_sub(1);
            histogram[at].transactions += 1;
            histogram[at].bytes += pooled.size;
        }
        let NextBlock { transactions, bytes, fees, lowest, enough } = node.chain().next_block(pool);
        let next_block = NextBlockShape { transactions, bytes, fees, lowest_fee_rate: lowest, enough_fee_rate: enough };
        Self { histogram, next_block, minimum_fee_rate: pool.floor() }
    }
}
