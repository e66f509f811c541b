//! Opening channels, and closing them.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{channels, meet::meet, wait::until};
use crate::{
    native::{
        driver::{View, What},
        http::{
            Shared,
            extract::{Given, NoBody, Part, Sent},
            json::Fields,
            problem::{Answer, Problem},
            refusal::done,
            shape::{ChannelShape, PlacedTransaction},
        },
    },
    node::{Command, CommandResult, EventKind, OpenChannel},
    primitives::{Address, Amount, ChannelId, Hash, Height, Policy},
};

/// How long the other party may take to answer, and a closing transaction to be signed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Blocks of the dispute window if nobody says more: about two hours of ten seconds each.
const USUAL_WINDOW: u32 = 720;
/// Base units for the miner of the funding, paid by the opener.
const FUNDING_FEE: Amount = Amount::literal(1_000);
/// Each side keeps a hundredth of the smaller deposit, as BOLT 2 suggests.
const RESERVE_SHARE: u64 = 100;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(open)).routes(routes!(settle)).routes(routes!(close))
}

/// A channel to be opened. The opener is the first participant whose key is here; it pays 1,000 base units for the funding.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct NewChannel {
    /// Exactly two, of which one at least is an account of this node's keystore.
    #[schema(value_type = Vec<String>, min_items = 2, max_items = 2)]
    participants: Vec<Address>,
    /// What each deposits, base units.
    #[schema(value_type = BTreeMap<String, u64>)]
    initial_balances: BTreeMap<Address, Amount>,
    /// What becomes of cheats: `penalty`, unless told, or `replace`.
    #[schema(value_type = Option<String>)]
    policy: Option<Policy>,
    /// Blocks, 1 to 10,000; 720 unless told.
    #[schema(minimum = 1, maximum = 10_000)]
    dispute_window: Option<u32>,
}

impl Given for NewChannel {
    fn given(fields: &mut Fields) -> Answer<Self> {
        Ok(Self {
            participants: fields.take("participants")?,
            initial_balances: fields.take("initialBalances")?,
            policy: fields.maybe("policy")?,
            dispute_window: fields.maybe("disputeWindow")?,
        })
    }
}

/// Who opens a channel with whom, and what each deposits.
#[derive(Clone, Copy)]
struct Pair {
    opener: Address,
    accepter: Address,
    ours: Amount,
    theirs: Amount,
}

impl NewChannel {
    fn pair(&self, shared: &Shared) -> Answer<Pair> {
        let [one, other] = self.participants[..] else {
            let detail = format!("a channel has two participants, not {}", self.participants.len());
            return Err(Problem::senseless("bad-participants", detail));
        };
        if one == other {
            return Err(Problem::senseless("same-party", "a channel has two different parties"));
        }
        let Some(opener) = [one, other].into_iter().find(|account| shared.app.accounts.has(account)) else {
            let detail = "neither participant is an account of this node's keystore";
            return Err(Problem::unknown("unknown-account", detail));
        };
        let accepter = if opener == one { other } else { one };
        let deposits = &self.initial_balances;
        let (Some(ours), Some(theirs), 2) = (deposits.get(&opener), deposits.get(&accepter), deposits.len()) else {
            let detail = "initialBalances says what each of the two participants deposits, and of nobody else";
            return Err(Problem::senseless("bad-balances", detail));
        };
        Ok(Pair { opener, accepter, ours: *ours, theirs: *theirs })
    }
}

/// Opens a channel and waits until the other party agrees; it is open once its funding is buried under three blocks.
#[utoipa::path(post, path = "/api/channels", tag = "channels", request_body = NewChannel,
    responses((status = 201, body = ChannelShape), (status = 400, description = "malformed"),
        (status = 402, description = "not enough money"), (status = 404, description = "no participant is in the keystore"),
        (status = 409, description = "too many channels, or the other party refuses"),
        (status = 422, description = "participants, balances or terms that make no channel"),
        (status = 504, description = "the other party cannot be reached, or does not answer")))]
async fn open(State(shared): State<Shared>, Sent(new): Sent<NewChannel>) -> Answer<Response> {
    let (pair, deadline) = (new.pair(&shared)?, Instant::now() + PATIENCE);
    let peer = meet(&shared, pair.opener, pair.accepter, deadline).await?;
    let peer =
        peer.ok_or_else(|| Problem::unanswered("unreachable", format!("{} cannot be reached", pair.accepter)))?;
    let smaller = pair.ours.min(pair.theirs).units();
    let offer = OpenChannel {
        peer,
        ours: pair.ours,
        theirs: pair.theirs,
        fee: FUNDING_FEE,
        policy: new.policy.unwrap_or_default(),
        window: new.dispute_window.unwrap_or(USUAL_WINDOW),
        reserve: Amount::new(smaller / RESERVE_SHARE).unwrap_or_default(),
    };
    let (handle, before) = (&shared.app.handle, shared.app.handle.events().newest());
    let result = done(handle.command(pair.opener, Command::OpenChannel(Box::new(offer))).await?)?;
    let CommandResult::Offered(name) = result else {
        return Err(Problem::internal(format!("unexpected result: {result:?}")));
    };
    let opener = pair.opener;
    let answered = until(handle, deadline, move |view| answer(view, &opener, &name)).await?;
    match answered {
        Some(Some(shape)) => {
            let location = [(header::LOCATION, format!("/api/channels/{}", shape.id()))];
            Ok((StatusCode::CREATED, location, Json(shape)).into_response())
        }
        Some(None) => {
            let reason = refusal(&shared, before, &name).unwrap_or_else(|| "no answer".to_owned());
            let detail = format!("the other party does not want it: {reason}");
            Err(Problem::conflict("offer-refused", detail))
        }
        None => Err(Problem::unanswered("no-answer", "the other party does not answer")),
    }
}

/// What became of an offer: a channel, nothing any more, or nothing yet.
fn answer(view: &View<'_>, opener: &Address, name: &Hash) -> Option<Option<ChannelShape>> {
    let node = view.node(opener)?;
    let channel = node.channels().map(|(_, channel)| channel).find(|channel| channel.handle_name() == *name);
    match channel {
        Some(channel) => Some(Some(channels::shape(view, channel))),
        None if node.offers().any(|(_, offer)| offer.request().party.salt == *name) => None,
        None => Some(None),
    }
}

/// What the other party has said: text from outside.
fn refusal(shared: &Shared, before: u64, name: &Hash) -> Option<String> {
    let events = shared.app.handle.events().after(before).0;
    events.iter().rev().find_map(|event| match &event.what {
        What::Node { kind: EventKind::OfferRefused { handle, reason, .. }, .. } if handle == name => {
            Some(reason.clone())
        }
        _ => None,
    })
}

/// A channel's end.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Closed {
    /// Where the channel stands.
    channel: ChannelShape,
    /// What ends it, or begins to.
    #[schema(value_type = Option<Object>)]
    closing_transaction: Option<PlacedTransaction>,
    /// The last height at which a newer commitment replaces what was published, if that is in the next block; only without the other's consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    dispute_ends_at: Option<Height>,
}

/// Closes a channel as both agree: waits until both have signed.
#[utoipa::path(post, path = "/api/channels/{id}/settle", tag = "channels", params(("id" = String, Path, pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, body = Closed), (status = 400, description = "malformed"),
        (status = 402, description = "the fee is more than the account owns of it"),
        (status = 404, description = "not known here"), (status = 408, description = "the body is slow"),
        (status = 409, description = "the channel is not open"), (status = 413, description = "too large"),
        (status = 415, description = "not JSON"), (status = 504, description = "the other party does not answer")))]
async fn settle(State(shared): State<Shared>, Part(id): Part<ChannelId>, _: NoBody) -> Answer<Json<Closed>> {
    finish(&shared, id, false).await
}

/// Closes a channel without the other's consent, by its newest commitment. The money is free when the dispute window has ended.
#[utoipa::path(post, path = "/api/channels/{id}/close", tag = "channels", params(("id" = String, Path, pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, body = Closed), (status = 400, description = "malformed"),
        (status = 402, description = "the fee is more than the account has"),
        (status = 404, description = "not known here"), (status = 408, description = "the body is slow"),
        (status = 409, description = "the channel cannot be closed now"), (status = 413, description = "too large"),
        (status = 415, description = "not JSON"), (status = 504, description = "the transaction does not come to be")))]
async fn close(State(shared): State<Shared>, Part(id): Part<ChannelId>, _: NoBody) -> Answer<Json<Closed>> {
    finish(&shared, id, true).await
}

async fn finish(shared: &Shared, id: ChannelId, force: bool) -> Answer<Json<Closed>> {
    let (handle, deadline) = (&shared.app.handle, Instant::now() + PATIENCE);
    let account = handle.ask(move |view| {
        let channel = channels::find(view, &id)?;
        Some(channel.funding().addresses()[channel.side().index()])
    });
    let account = account.await?.ok_or_else(|| channels::unknown(&id))?;
    done(handle.command(account, Command::CloseChannel { channel: id, force }).await?)?;
    let closing = until(handle, deadline, move |view| {
        let channel = channels::find(view, &id)?;
        let transaction = channels::closing_of(view, channel)?;
        let window = u64::from(channel.funding().terms.window);
        let expected = Height(view.first().chain().height().0 + 1 + window);
        let ends = channel.seen().publication.map_or(expected, |seen| seen.window_ends);
        Some((channels::shape(view, channel), transaction, ends))
    });
    let late = || Problem::unanswered("no-answer", "the other party does not answer; the channel still wants to close");
    let (channel, transaction, ends) = closing.await?.ok_or_else(late)?;
    let placed = super::transactions::find(shared, transaction.id()).await?;
    Ok(Json(Closed { channel, closing_transaction: placed, dispute_ends_at: force.then_some(ends) }))
}
