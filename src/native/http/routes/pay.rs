//! Paying in a channel.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::channels;
use crate::{
    channel::{CONFIRMATIONS, Notice},
    native::{
        driver::{Event, View, What},
        http::{
            Shared,
            extract::{Given, Part, Sent},
            json::Fields,
            problem::{Answer, Problem},
            refusal::done,
        },
    },
    node::{Command, EventKind},
    primitives::{Address, Amount, ChannelId},
};

/// How long a commitment may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(pay))
}

/// Payments of one account in one channel are made one after another, so that each knows its commitment.
#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<BTreeMap<(ChannelId, Address), Lane>>);

type Lane = Arc<tokio::sync::Mutex<()>>;

impl Lanes {
    fn of(&self, channel: ChannelId, account: Address) -> Lane {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        Arc::clone(lanes.entry((channel, account)).or_default())
    }
}

/// A payment in a channel.
#[derive(ToSchema)]
struct NewPayment {
    /// A participant that is an account of this node's keystore.
    #[schema(value_type = String)]
    sender: Address,
    /// The other participant.
    #[schema(value_type = String)]
    receiver: Address,
    /// Base units, at least 1.
    #[schema(value_type = u64, minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    amount: Amount,
    /// A note that comes back with the answer. A commitment has no place for it: the other party does not get it.
    data: Option<String>,
}

impl Given for NewPayment {
    fn given(fields: &mut Fields) -> Answer<Self> {
        Ok(Self {
            sender: fields.take("sender")?,
            receiver: fields.take("receiver")?,
            amount: fields.take("amount")?,
            data: fields.maybe("data")?,
        })
    }
}

/// The commitment that carries a payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Paid {
    #[schema(value_type = String)]
    channel_id: ChannelId,
    /// The number of the commitment by which the payment became irrevocable.
    commitment_number: u64,
    #[schema(value_type = String)]
    sender: Address,
    #[schema(value_type = String)]
    receiver: Address,
    #[schema(value_type = u64)]
    amount: Amount,
    /// As given.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    /// Base units of each participant by the newest commitment.
    #[schema(value_type = BTreeMap<String, u64>)]
    balances: BTreeMap<Address, Amount>,
}

/// Pays in a channel, and waits until both have signed and the commitment before is revoked.
#[utoipa::path(post, path = "/api/channels/{id}/transactions", tag = "channels", params(("id" = String, Path, pattern = "^[0-9a-f]{64}$")),
    request_body = NewPayment,
    responses((status = 200, body = Paid), (status = 400, description = "malformed"),
        (status = 402, description = "not enough"), (status = 404, description = "not known here"),
        (status = 409, description = "the channel is not open"), (status = 413, description = "too large"),
        (status = 415, description = "not JSON"), (status = 422, description = "not the parties, or nothing to pay"),
        (status = 504, description = "the other party does not answer; the payment stays queued")))]
async fn pay(
    State(shared): State<Shared>,
    Part(id): Part<ChannelId>,
    Sent(new): Sent<NewPayment>,
) -> Answer<Json<Paid>> {
    let NewPayment { sender, receiver, amount, data } = new;
    let ready = shared.app.handle.ask(move |view| judge(view, &id, &sender, &receiver));
    ready.await??;
    let lane = shared.turns.paying.of(id, sender);
    let work = Arc::clone(&shared);
    // Goes on if the client leaves, so that the next in the lane does not take this payment's commitment for its own.
    let paid = tokio::spawn(async move {
        let _turn = lane.lock().await;
        carry(&work, id, sender, amount).await
    });
    let commitment_number = paid.await.map_err(|error| Problem::internal(error.to_string()))??;
    let balances = shared.app.handle.ask(move |view| {
        let (_, channel) = view.node(&sender)?.channel(&id)?;
        Some(channel.funding().addresses().into_iter().zip(channel.newest().1.balances).collect())
    });
    let balances = balances.await?.ok_or_else(|| channels::unknown(&id))?;
    Ok(Json(Paid { channel_id: id, commitment_number, sender, receiver, amount, data, balances }))
}

fn judge(view: &View<'_>, id: &ChannelId, sender: &Address, receiver: &Address) -> Answer<()> {
    let known = channels::find(view, id).ok_or_else(|| channels::unknown(id))?;
    let parties = known.funding().addresses();
    if sender == receiver || !parties.contains(sender) || !parties.contains(receiver) {
        return Err(Problem::senseless("wrong-parties", "sender and receiver are not the two participants"));
    }
    let Some((_, channel)) = view.node(sender).and_then(|node| node.channel(id)) else {
        let detail = format!("{sender} is no account of this node's keystore");
        return Err(Problem::unknown("unknown-account", detail));
    };
    if channel.phase().is_live() && channel.seen().depth() >= CONFIRMATIONS {
        return Ok(());
    }
    let waits = json!(channel.waiting_for());
    let detail = format!("the channel is {} and waits for {waits}", channel.phase().name());
    Err(Problem::conflict("channel-not-open", detail))
}

/// The number of the commitment that carries it.
async fn carry(shared: &Shared, channel: ChannelId, sender: Address, amount: Amount) -> Answer<u64> {
    let (handle, deadline) = (&shared.app.handle, Instant::now() + PATIENCE);
    let (mut newest, mut watch) = (handle.events().newest(), handle.events().watch());
    done(handle.command(sender, Command::Pay { channel, amount, times: 1 }).await?)?;
    loop {
        for event in handle.events().after(newest).0 {
            newest = event.id;
            if let Some(outcome) = outcome(&event, channel, sender) {
                return outcome;
            }
        }
        match timeout_at(deadline, watch.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Problem::stopping()),
            Err(_) => {
                let detail = "the other party does not answer; the payment stays queued";
                return Err(Problem::unanswered("no-answer", detail));
            }
        }
    }
}

/// What an event says of a payment of this account in this channel.
fn outcome(event: &Event, channel: ChannelId, sender: Address) -> Option<Answer<u64>> {
    let What::Node { account, kind: EventKind::Channel { channel: of, notice, .. } } = &event.what else {
        return None;
    };
    if (*of, *account) != (channel, sender) {
        return None;
    }
    match notice {
        Notice::Paid { number, .. } => Some(Ok(*number)),
        Notice::NotPaid { amount, spendable } => {
            let detail = format!("amount {amount} > {spendable}, what can be paid");
            Some(Err(Problem::new(StatusCode::PAYMENT_REQUIRED, "cannot-pay", detail)))
        }
        _ => None,
    }
}
