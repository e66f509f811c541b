//! Validators: who has staked what, whose turn it is, how far finality has come.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chain::Chain,
    native::http::{
        Shared,
        problem::{Answer, Problem},
    },
    node::Node,
    primitives::{Address, Amount, BlockId, Checkpoint, Epoch, Offence, Slot, Timestamp},
};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(validators))
}

/// A chain of stake, as the best branch has it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Validators {
    /// The slot that has begun last.
    #[schema(value_type = u64)]
    slot: Slot,
    /// Its epoch.
    #[schema(value_type = u64)]
    epoch: Epoch,
    /// The latest checkpoint for which two thirds have voted.
    justified: CheckpointShape,
    /// The latest that is never reverted.
    finalized: CheckpointShape,
    /// Base units that were burned so far.
    #[schema(value_type = u64)]
    burned: Amount,
    /// By address.
    validators: Vec<ValidatorShape>,
    /// Of this epoch, in order.
    slots: Vec<SlotShape>,
    /// Votes heard in this epoch and the one before, by slot.
    attestations: Vec<AttestationShape>,
    /// Offences that were seen and that the chain has not heard of yet.
    slashings: Vec<OffenceShape>,
}

/// The last block before an epoch.
#[derive(Serialize, ToSchema)]
#[schema(as = Checkpoint)]
struct CheckpointShape {
    #[schema(value_type = u64)]
    epoch: Epoch,
    #[schema(value_type = String)]
    block: BlockId,
}

/// Somebody with a stake.
#[derive(Serialize, ToSchema)]
#[schema(as = Validator)]
struct ValidatorShape {
    #[schema(value_type = String)]
    address: Address,
    /// Base units.
    #[schema(value_type = u64)]
    stake: Amount,
    /// The epoch after its last; missing while it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    exit: Option<Epoch>,
    /// Whether it lost its stake for an offence.
    slashed: bool,
}

/// A slot of this epoch.
#[derive(Serialize, ToSchema)]
#[schema(as = Slot)]
struct SlotShape {
    #[schema(value_type = u64)]
    slot: Slot,
    /// When it begins: milliseconds since 1970.
    #[schema(value_type = u64)]
    begins: Timestamp,
    /// Who leads it; null if its leader was slashed.
    #[schema(value_type = Option<String>)]
    leader: Option<Address>,
    /// Its block on the best chain; null if there is none (yet).
    #[schema(value_type = Option<String>)]
    block: Option<BlockId>,
}

/// A vote.
#[derive(Serialize, ToSchema)]
#[schema(as = Attestation)]
struct AttestationShape {
    #[schema(value_type = String)]
    validator: Address,
    #[schema(value_type = u64)]
    slot: Slot,
    /// The best block, it says.
    #[schema(value_type = String)]
    head: BlockId,
    source: CheckpointShape,
    target: CheckpointShape,
}

/// Two messages that nobody may sign both of.
#[derive(Serialize, ToSchema)]
#[schema(as = Offence)]
#[serde(rename_all = "camelCase")]
struct OffenceShape {
    #[schema(value_type = Option<String>)]
    offender: Option<Address>,
    /// `equivocation`, `double-vote` or `surround-vote`.
    kind: Option<&'static str>,
    /// The two messages as they were signed.
    #[schema(value_type = Object)]
    evidence: Offence,
}

impl From<Checkpoint> for CheckpointShape {
    fn from(Checkpoint { epoch, block }: Checkpoint) -> Self {
        Self { epoch, block }
    }
}

/// Stakes, slots, votes and offences. Only where stake seals blocks.
#[utoipa::path(get, path = "/api/validators", tag = "chain", responses((status = 200, body = Validators),
    (status = 409, description = "work seals the blocks of this chain")))]
async fn validators(State(shared): State<Shared>) -> Answer<Json<Validators>> {
    let said = shared.app.handle.ask(|view| said(view.first(), view.now)).await?;
    said.map(Json).ok_or_else(|| Problem::conflict("wrong-consensus", "work seals the blocks of this chain"))
}

fn said(node: &Node, now: Timestamp) -> Option<Validators> {
    let chain = node.chain();
    let (terms, [justified, finalized]) = (chain.stake_terms()?, chain.checkpoints()?);
    let slot = terms.slot_at(now);
    let epoch = terms.rules.epoch_of(slot);
    let votes = node.votes(epoch.before(1)).chain(node.votes(epoch).filter(|_| epoch > Epoch(0)));
    let attestations = votes.map(|vote| {
        let (validator, vote) = (vote.attestation.validator.address(), vote.attestation.vote);
        let (source, target) = (vote.source.into(), vote.target.into());
        AttestationShape { validator, slot: vote.slot, head: vote.head, source, target }
    });
    let slots = chain.leaders(slot).into_iter().map(|(slot, leader)| SlotShape {
        slot,
        begins: terms.begin_of(slot),
        leader,
        block: block_of(chain, terms.begin_of(slot)),
    });
    let validators = chain.ledger().validators().map(|(address, one)| ValidatorShape {
        address,
        stake: one.stake,
        exit: one.exit,
        slashed: one.slashed,
    });
    let slashings = node.offences().map(|offence| OffenceShape {
        offender: offence.offender().map(|key| key.address()),
        kind: offence.kind().map(|kind| kind.name()),
        evidence: offence.clone(),
    });
    Some(Validators {
        slot,
        epoch,
        justified: justified.into(),
        finalized: finalized.into(),
        burned: chain.ledger().beacon()?.burned,
        validators: validators.collect(),
        slots: slots.collect(),
        attestations: attestations.collect(),
        slashings: slashings.collect(),
    })
}

/// The block of the best chain that was made then.
fn block_of(chain: &Chain, time: Timestamp) -> Option<BlockId> {
    let header = |id: &BlockId| chain.tree().get(id).map(|entry| &entry.header);
    let newest = chain.best().iter().rev();
    let mut recent = newest.take_while(|id| header(id).is_some_and(|header| header.timestamp >= time));
    recent.find(|id| header(id).is_some_and(|header| header.timestamp == time)).copied()
}
