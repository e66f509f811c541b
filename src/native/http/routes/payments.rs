//! Payments over several channels, invoices, and the graph that routes are found in.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{meet::meet, wait::until};
use crate::{
    channel::{Invoice, routing::Route},
    native::{
        driver::View,
        http::{
            Shared,
            extract::{Asked, Given, Part, Sent},
            json::Fields,
            page::{List, Mark, Pages},
            problem::{Answer, Problem},
            refusal::done,
        },
    },
    node::{Command, CommandResult, Outcome, Payment},
    primitives::{Address, Amount, ChannelId, PaymentHash},
};

/// How long a payee may take to make an invoice.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, pay)).routes(routes!(payment)).routes(routes!(invoice))
}

/// What is to be paid: an account of this keystore, or an invoice that the payee gave.
enum NewPayment {
    To { from: Address, to: Address, amount: Amount, max_fee: Option<Amount> },
    Invoice { from: Address, invoice: Invoice, max_fee: Option<Amount> },
}

#[derive(ToSchema)]
#[schema(as = NewRoutedPayment, rename_all = "camelCase")]
#[expect(dead_code, reason = "only described")]
struct NewPaymentShape {
    /// An account of this node's keystore.
    from: String,
    /// Who is paid; needs `amount`.
    to: Option<String>,
    /// Base units, with `to`.
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    amount: Option<u64>,
    /// Instead of `to` and `amount`: what the payee's node answered to `POST /api/invoices`.
    invoice: Option<InvoiceShape>,
    /// Base units of fees at most; without it a twentieth of the amount, or 50 if that is more.
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    max_fee: Option<u64>,
}

/// A signed request to be paid.
#[derive(ToSchema)]
#[schema(as = Invoice)]
#[expect(dead_code, reason = "only described")]
struct InvoiceShape {
    /// The payee's key: scheme and hex.
    payee: String,
    /// Base units.
    amount: u64,
    /// The hash of what the payee reveals for it.
    payment: String,
    /// The payee's: scheme and hex.
    signature: String,
}

impl Given for NewPayment {
    fn given(fields: &mut Fields) -> Answer<Self> {
        let (from, max_fee) = (fields.take("from")?, fields.maybe("maxFee")?);
        if fields.has("invoice") {
            return Ok(Self::Invoice { from, invoice: fields.whole("invoice")?, max_fee });
        }
        Ok(Self::To { from, to: fields.take("to")?, amount: fields.take("amount")?, max_fee })
    }
}

/// A payment of an account here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutedPayment)]
#[serde(rename_all = "camelCase")]
struct PaymentShape {
    /// The hash of what the payee reveals for it.
    #[schema(value_type = String)]
    id: PaymentHash,
    /// underWay, paid or failed.
    state: &'static str,
    #[schema(value_type = String)]
    from: Address,
    #[schema(value_type = String)]
    to: Address,
    /// Base units that are to arrive.
    #[schema(value_type = u64)]
    amount: Amount,
    /// Base units of fees at most.
    #[schema(value_type = u64)]
    max_fee: Amount,
    /// Base units of fees that were paid; null unless it is.
    #[schema(value_type = Option<u64>)]
    fee: Option<Amount>,
    /// Why it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The last route tried: the channels in order.
    route: Vec<HopShape>,
    /// Every route tried, in order.
    attempts: Vec<AttemptShape>,
}

/// One channel of a route.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hop)]
struct HopShape {
    #[schema(value_type = String)]
    channel: ChannelId,
    /// Who is paid in it.
    #[schema(value_type = String)]
    to: Address,
    /// Base units it carries.
    #[schema(value_type = u64)]
    amount: Amount,
}

/// One route, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
#[serde(rename_all = "camelCase")]
struct AttemptShape {
    route: Vec<HopShape>,
    /// The place on the route where it failed, from 0; null unless it did, and is known.
    failed_at: Option<usize>,
    /// Why it failed.
    reason: Option<String>,
}

impl PaymentShape {
    fn of(from: Address, payment: &Payment) -> Self {
        let hops = |route: &Route| -> Vec<HopShape> {
            let hop = |hop: &crate::channel::routing::Hop| HopShape {
                channel: hop.channel,
                to: hop.to.address(),
                amount: hop.amount,
            };
            route.hops.iter().map(hop).collect()
        };
        let attempts = payment.attempts.iter().map(|attempt| AttemptShape {
            route: hops(&attempt.route),
            failed_at: attempt.failed_at(),
            reason: attempt.failure.as_ref().map(|failure| failure.reason.to_string()),
        });
        let (state, fee, error) = match &payment.outcome {
            None => ("underWay", None, None),
            Some(Outcome::Paid { fee, .. }) => ("paid", Some(*fee), None),
            Some(Outcome::Failed { why }) => ("failed", None, Some(why.to_string())),
        };
        Self {
            id: payment.invoice.payment,
            state,
            from,
            to: payment.invoice.payee.address(),
            amount: payment.invoice.amount,
            max_fee: payment.max_fee,
            fee,
            error,
            route: payment.attempts.last().map(|attempt| hops(&attempt.route)).unwrap_or_default(),
            attempts: attempts.collect(),
        }
    }
}

fn find(view: &View<'_>, id: &PaymentHash) -> Option<PaymentShape> {
    view.nodes().find_map(|node| Some(PaymentShape::of(node.address(), node.payment(id)?)))
}

/// Pays over whatever route is found.
///
/// A payee is paid by invoice. If `to` is an account of this keystore the invoice is made here; otherwise its node is asked for one, which has to be
/// reachable. What it made by `POST /api/invoices` can be given instead of `to` and `amount`.
#[utoipa::path(post, path = "/api/payments", tag = "payments", request_body = NewPaymentShape,
    responses((status = 202, body = PaymentShape), (status = 400, description = "malformed"),
        (status = 404, description = "not an account of the keystore"),
        (status = 409, description = "paid, or on its way"), (status = 413, description = "too large"),
        (status = 415, description = "not JSON"),
        (status = 422, description = "the amount is too small, or the invoice no good"),
        (status = 504, description = "the payee cannot be reached, or does not answer")))]
async fn pay(State(shared): State<Shared>, Sent(new): Sent<NewPayment>) -> Answer<Response> {
    let (from, invoice, max_fee) = match new {
        NewPayment::Invoice { from, invoice, max_fee } => (from, invoice, max_fee),
        NewPayment::To { from, to, amount, max_fee } => {
            has_node(&shared, from).await?;
            let own = shared.app.accounts.has(&to);
            let invoice = if own { make(&shared, to, amount).await? } else { asked(&shared, from, to, amount).await? };
            (from, invoice, max_fee)
        }
    };
    has_node(&shared, from).await?;
    let (handle, id) = (&shared.app.handle, invoice.payment);
    done(handle.command(from, Command::PayInvoice { invoice: Box::new(invoice), max_fee }).await?)?;
    let begun = handle.ask(move |view| find(view, &id)).await?;
    let begun = begun.ok_or_else(|| Problem::internal("the payment is not there"))?;
    let location = [(header::LOCATION, format!("/api/payments/{id}"))];
    Ok((StatusCode::ACCEPTED, location, Json(begun)).into_response())
}

async fn has_node(shared: &Shared, account: Address) -> Answer<()> {
    shared.app.accounts.with_node(&shared.app.handle, account).await?;
    shared.app.network.serve(account);
    Ok(())
}

/// The payee's node makes it.
async fn asked(shared: &Shared, from: Address, to: Address, amount: Amount) -> Answer<Invoice> {
    let (handle, deadline) = (&shared.app.handle, Instant::now() + PATIENCE);
    let unreachable = || {
        let detail =
            format!("{to} cannot be reached: have its node make an invoice by POST /api/invoices, and give that");
        Problem::unanswered("unreachable", detail)
    };
    let peer = meet(shared, from, to, deadline).await?.ok_or_else(unreachable)?;
    let CommandResult::Asked(request) = done(handle.command(from, Command::AskForInvoice { peer, amount }).await?)?
    else {
        return Err(Problem::internal("unexpected result"));
    };
    let answer = until(handle, deadline, move |view| view.node(&from)?.answered(&request).cloned()).await?;
    let silent = || Problem::unanswered("no-answer", format!("{to} does not answer when asked for an invoice"));
    let invoice = answer.ok_or_else(silent)?;
    if invoice.payee.address() != to || invoice.amount != amount {
        return Err(Problem::conflict("bad-answer", format!("{to} answers with an invoice for something else")));
    }
    Ok(invoice)
}

async fn make(shared: &Shared, account: Address, amount: Amount) -> Answer<Invoice> {
    has_node(shared, account).await?;
    match done(shared.app.handle.command(account, Command::Invoice { amount }).await?)? {
        CommandResult::Invoiced(invoice) => Ok(*invoice),
        other => Err(Problem::internal(format!("unexpected result: {other:?}"))),
    }
}

/// The payments of this node's accounts, newest first.
#[utoipa::path(get, path = "/api/payments", tag = "payments", params(Pages),
    responses((status = 200, body = [PaymentShape]), (status = 400, description = "a bad query")))]
async fn list(State(shared): State<Shared>, Asked(pages): Asked<Pages>, uri: Uri) -> Answer<List<PaymentShape>> {
    let page = shared.app.handle.ask(move |view| {
        let all = view.nodes().flat_map(|node| node.payments().map(move |payment| (node.address(), payment)));
        let mark = |payment: &Payment| Mark::new(payment.began.0, payment.invoice.payment);
        let mut all: Vec<_> = all.map(|(from, payment)| (mark(payment), (from, payment))).collect();
        all.sort_by(|(one, _), (other, _)| other.cmp(one));
        pages.of(uri, all).map(|(from, payment)| PaymentShape::of(from, payment))
    });
    Ok(page.await?)
}

/// How far a payment is.
#[utoipa::path(get, path = "/api/payments/{id}", tag = "payments", params(("id" = String, Path, pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, body = PaymentShape), (status = 400, description = "not a hash"),
        (status = 404, description = "not known here")))]
async fn payment(State(shared): State<Shared>, Part(id): Part<PaymentHash>) -> Answer<Json<PaymentShape>> {
    let found = shared.app.handle.ask(move |view| find(view, &id)).await?;
    found.map(Json).ok_or_else(|| Problem::unknown("unknown-payment", format!("no account here has payment {id}")))
}

/// What an account wants to be paid.
#[derive(ToSchema)]
struct NewInvoice {
    /// An account of this node's keystore.
    #[schema(value_type = String)]
    account: Address,
    /// Base units.
    #[schema(value_type = u64, minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    amount: Amount,
}

impl Given for NewInvoice {
    fn given(fields: &mut Fields) -> Answer<Self> {
        Ok(Self { account: fields.take("account")?, amount: fields.take("amount")? })
    }
}

/// Makes an invoice, to be given to whoever is to pay it.
#[utoipa::path(post, path = "/api/invoices", tag = "payments", request_body = NewInvoice,
    responses((status = 201, body = InvoiceShape), (status = 400, description = "malformed"),
        (status = 404, description = "not an account of the keystore"), (status = 413, description = "too large"),
        (status = 415, description = "not JSON"), (status = 422, description = "too small to be paid over a route")))]
async fn invoice(State(shared): State<Shared>, Sent(new): Sent<NewInvoice>) -> Answer<Response> {
    let invoice = make(&shared, new.account, new.amount).await?;
    Ok((StatusCode::CREATED, Json(invoice)).into_response())
}
