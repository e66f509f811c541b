//! Channels: which there are.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State, http::Uri};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    channel::Channel,
    native::{
        driver::View,
        http::{
            Shared,
            extract::{Asked, Part},
            page::{Limit, List, Mark, Pages},
            problem::{Answer, Problem},
            shape::{ChannelShape, state_of},
        },
    },
    primitives::{Action, Address, Amount, ChannelId, DisputeStep, Height, Side, Transaction, TransactionId, ordered},
};

/// Where a channel can stand.
const STATES: [&str; 7] = ["opening", "open", "resizing", "closing", "disputed", "closed", "abandoned"];

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(stats))
        .routes(routes!(of_address))
        .routes(routes!(channel))
}

/// The channels of this node's accounts together.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChannelStats {
    total_channels: usize,
    open_channels: usize,
    closed_channels: usize,
    /// Different parties.
    total_participants: usize,
    /// Base units in those that are not over.
    #[schema(value_type = u64)]
    capacity: Amount,
    /// Commitments that were made after the first of each channel.
    updates: u64,
}

impl ChannelStats {
    pub(super) fn of(view: &View<'_>) -> Self {
        let (mut stats, mut participants) = (Self::default(), BTreeSet::new());
        for channel in each(view) {
            stats.total_channels += 1;
            stats.open_channels += usize::from(channel.phase().is_live());
            stats.closed_channels += usize::from(state_of(channel.phase()) == "closed");
            stats.updates += channel.newest().0.commitment.number;
            participants.extend(channel.funding().addresses());
            if !channel.is_over() {
                let capacity = channel.funding().capacity().unwrap_or_default();
                stats.capacity = stats.capacity.checked_add(capacity).unwrap_or(Amount::MAX);
            }
        }
        stats.total_participants = participants.len();
        stats
    }
}

/// How many channels there are in each state.
pub(super) fn by_state(view: &View<'_>) -> Vec<(&'static str, usize)> {
    let mut counts: BTreeMap<&str, usize> = ordered(STATES.map(|state| (state, 0)));
    each(view).for_each(|channel| *counts.entry(state_of(channel.phase())).or_default() += 1);
    STATES.iter().map(|state| (*state, counts[state])).collect()
}

/// Every channel once: the opener's records if both parties are here.
fn each<'a>(view: &'a View<'a>) -> impl Iterator<Item = &'a Channel> {
    view.nodes().flat_map(|node| node.channels()).map(|(_, channel)| channel).filter(|channel| {
        let [opener, _] = channel.funding().addresses();
        let theirs = || view.node(&opener).is_some_and(|node| node.channel(&channel.id()).is_some());
        channel.side() == Side::Opener || !theirs()
    })
}

/// A channel by its id, as an account here keeps it.
pub(super) fn find<'a>(view: &'a View<'a>, id: &ChannelId) -> Option<&'a Channel> {
    each(view).find(|channel| channel.id() == *id)
}

pub(super) fn unknown(id: &ChannelId) -> Problem {
    Problem::unknown("unknown-channel", format!("no account of this node has channel {id}"))
}

/// What a channel looks like.
pub(super) fn shape(view: &View<'_>, channel: &Channel) -> ChannelShape {
    ChannelShape::of(channel, closing_of(view, channel).map(|transaction| transaction.id()))
}

/// The transaction that ends a channel, or begins to: it may wait still.
pub(super) fn closing_of(view: &View<'_>, channel: &Channel) -> Option<Transaction> {
    let (id, seen) = (channel.id(), channel.seen());
    let ends = |transaction: &&Transaction| match &transaction.unsigned.action {
        Action::Close(closing) => closing.channel == id,
        Action::Fund(funding) => funding.resizes.is_some_and(|resizing| resizing.channel == id),
        Action::Dispute(dispute) => dispute.channel == id && !matches!(dispute.step, DisputeStep::Reveal(_)),
        _ => false,
    };
    let included = |height: Height| view.index().blocks().at(height)?.transactions.iter().find(ends).cloned();
    if let Some((height, _)) = seen.ending {
        return included(height);
    }
    if let Some(publication) = seen.publication {
        let window = u64::from(channel.funding().terms.window);
        return included(Height(publication.window_ends.0.saturating_sub(window)));
    }
    let waiting = view.first().mempool().of_channel(&id).map(|pooled| &*pooled.transaction);
    waiting.into_iter().find(ends).cloned()
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Chosen {
    /// opening, open, resizing, closing, disputed, closed or abandoned.
    state: Option<String>,
    /// Entries at most, 50 unless told.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
    /// What a `Link` header named.
    #[param(value_type = Option<String>)]
    cursor: Option<Mark>,
}

impl Chosen {
    fn split(self) -> Answer<(Pages, Option<&'static str>)> {
        let state = |text: String| {
            let bad = || Problem::malformed("bad-query", format!("state: {text:.40?} is none of {STATES:?}"));
            STATES.into_iter().find(|state| *state == text).ok_or_else(bad)
        };
        Ok((Pages { limit: self.limit, cursor: self.cursor }, self.state.map(state).transpose()?))
    }
}

/// The channels of this node's accounts, newest funding first.
#[utoipa::path(get, path = "/api/channels", tag = "channels", params(Chosen),
    responses((status = 200, body = [ChannelShape]), (status = 400, description = "a bad query")))]
async fn list(State(shared): State<Shared>, Asked(chosen): Asked<Chosen>, uri: Uri) -> Answer<List<ChannelShape>> {
    let (pages, state) = chosen.split()?;
    let wanted = move |channel: &Channel| state.is_none_or(|state| state_of(channel.phase()) == state);
    Ok(shared.app.handle.ask(move |view| page(view, &pages, uri, wanted)).await?)
}

/// The channels that an account is a party of, as far as this node's accounts have them.
#[utoipa::path(get, path = "/api/channels/for/{address}", tag = "channels", params(("address" = String, Path, pattern = "^tab1[02-9ac-hj-np-z]{58}$"), Chosen),
    responses((status = 200, body = [ChannelShape]), (status = 400, description = "not an address, or a bad query")))]
async fn of_address(
    State(shared): State<Shared>,
    Part(address): Part<Address>,
    Asked(chosen): Asked<Chosen>,
    uri: Uri,
) -> Answer<List<ChannelShape>> {
    let (pages, state) = chosen.split()?;
    let wanted = move |channel: &Channel| {
        let party = channel.funding().addresses().contains(&address);
        party && state.is_none_or(|state| state_of(channel.phase()) == state)
    };
    Ok(shared.app.handle.ask(move |view| page(view, &pages, uri, wanted)).await?)
}

fn page(view: &View<'_>, pages: &Pages, uri: Uri, wanted: impl Fn(&Channel) -> bool) -> List<ChannelShape> {
    let mark = |channel: &Channel| Mark::new(channel.seen().funding.map_or(u64::MAX, |height| height.0), channel.id());
    let marked = each(view).filter(|channel| wanted(channel)).map(|channel| (mark(channel), channel));
    let mut marked: Vec<(Mark, &Channel)> = marked.collect();
    marked.sort_by(|(one, _), (other, _)| other.cmp(one));
    pages.of(uri, marked).map(|channel| shape(view, channel))
}

/// What the channels of this node's accounts come to.
#[utoipa::path(get, path = "/api/channels/stats", tag = "channels", responses((status = 200, body = ChannelStats)))]
async fn stats(State(shared): State<Shared>) -> Answer<Json<ChannelStats>> {
    Ok(Json(shared.app.handle.ask(ChannelStats::of).await?))
}

/// A channel.
#[utoipa::path(get, path = "/api/channels/{id}", tag = "channels", params(("id" = String, Path, pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, body = ChannelShape), (status = 400, description = "not a hash"),
        (status = 404, description = "not known here")))]
async fn channel(State(shared): State<Shared>, Part(id): Part<TransactionId>) -> Answer<Json<ChannelShape>> {
    let found = shared.app.handle.ask(move |view| find(view, &id).map(|channel| shape(view, channel)));
    found.await?.map(Json).ok_or_else(|| unknown(&id))
}
