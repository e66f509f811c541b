//! Layer 1: a payment channel, as one of its two parties keeps it.
//!
//! Owns the off-chain protocol: opening, updates with turn and revocation, closing together or alone. Must never know a ledger, a peer or a
//! wire: what the chain says comes in as an [`Observation`], what is to be said or brought to the chain goes out as [`Effect`]s. Revocation by
//! secrets follows Poon and Dryja (2016) and BOLTs 2 and 3; the turn replaces their asynchronous updates, so that there is one
//! commitment for both parties and never more than one on its way.

mod closing;
mod dispute;
mod error;
mod message;
mod opening;
mod phase;
mod queue;
mod secrets;
mod update;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

pub use error::{Breach, Invalid, Refusal};
pub use message::{Body, Change, MAX_MESSAGE_BYTES, MAX_REASON_BYTES, Message, MessageError};
pub use opening::{Offer, Request};
pub use phase::{ClosingDraft, Draft, Effect, Ending, Event, Notice, Observation, Phase, Seen, WaitingFor};
pub use secrets::{Inconsistent, RevealedSecrets};

use queue::Queue;
use secrets::SecretTree;

use crate::primitives::{
    Amount, BlockId, ChannelId, Checks, CoSigned, CommitmentSecret, Funding, Hash, SecretKey, Side, Signature, State,
    Tag, Timestamp, VerifyingKey,
};

const SEED: Tag = Tag::new("tabchain/channel-seed");
const DIGEST: Tag = Tag::new("tabchain/channel-digest");

/// Blocks, the funding's own included, under which a funding must be buried before payments flow.
pub const CONFIRMATIONS: u64 = 3;
/// Payments that may wait for their turn.
pub const MAX_WAITING: usize = 10_000;
/// Milliseconds after which an unanswered message is said again; doubled each time, up to [`MAX_RESEND`].
pub const RESEND: u64 = 5_000;
/// The most milliseconds between two repetitions.
pub const MAX_RESEND: u64 = 60_000;
/// Milliseconds after which an opening that goes no further is given up.
pub const OPENING_TIMEOUT: u64 = 60_000;

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Channel {
    id: ChannelId,
    side: Side,
    funding: Funding,
    funding_fee: Amount,
    funding_signatures: [Option<Signature>; 2],
    phase: Phase,
    /// Where it stood when it was abandoned: it goes on there if a reorg brings the funding after all.
    resumes: Option<Phase>,
    /// The newest commitment with both signatures, and the state it stands for. In [`Phase::Accepted`] only one signature is there.
    signed: CoSigned,
    state: State,
    /// The commitment under way.
    pending: Option<Draft>,
    /// The other party's point of the commitment after the newest; nothing while its revocation is awaited.
    their_next: Option<Hash>,
    revealed: RevealedSecrets,
    /// How often the turn has passed; it is the opener's when even.
    turn: u64,
    /// If we were the responder of the newest commitment: whether our revocation gave the turn back.
    answered: Option<bool>,
    waiting: Queue,
    wants_close: Option<Amount>,
    closing: Option<ClosingDraft>,
    /// The commitment that we have published, and what it stands for.
    published: Option<(CoSigned, State)>,
    chain: Observation,
    /// Blocks for which a transaction of ours has waited; its fee rises with them.
    attempts: u32,
    resend_at: Timestamp,
    backoff: u64,
    expires: Timestamp,
    #[serde(skip)]
    #[borsh(skip)]
    secrets: SecretTree,
    #[serde(skip)]
    #[borsh(skip)]
    verifier: Verifier,
}

/// What an event is handled with.
pub struct Context<'a> {
    /// Now.
    pub now: Timestamp,
    /// Signs, and is the source of this channel's secrets.
    pub key: &'a SecretKey,
    /// Names the chain.
    pub genesis: &'a BlockId,
    /// Signature checks.
    pub checks: &'a mut Checks,
    /// Base units that our account could spend on fees.
    pub balance: Amount,
}

/// The other party's key, prepared once.
#[derive(Debug, Clone, Default)]
struct Verifier(Option<VerifyingKey>);

impl PartialEq for Verifier {
    /// A memory of what can be computed again is no difference.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Verifier {}

impl Channel {
    /// The one place where a channel changes. Every legal move is a row here; what is merely late or repeated changes nothing.
    ///
    /// # Errors
    /// [`Invalid`] if our owner asks for something impossible, or the other party does what no honest one does. Nothing has changed then.
    #[rustfmt::skip]
    pub fn handle(&mut self, context: &mut Context<'_>, event: Event) -> Result<Vec<Effect>, Invalid> {
        use {Body as B, Event as E, Phase as P};
        match (&self.phase, event) {
            // Our owner.
            (P::Idle | P::Proposing | P::Answering | P::Revoking(..), E::Pay { amount, times }) => self.pay(context, amount, times),
            (P::Idle | P::Proposing | P::Answering | P::Revoking(..), E::Close) => self.want_close(context),
            (P::Funding | P::Idle | P::Proposing | P::Answering | P::Revoking(..) | P::Closing | P::Disputed(None), E::ForceClose)
                if self.chain.funding.is_some() => Ok(self.publish_this(context, (self.signed, self.state.clone()))),
            (P::Idle | P::Proposing | P::Answering | P::Revoking(..) | P::Closing, E::PublishOld(old)) => Ok(self.publish_this(context, *old)),
            (_, E::PublishOld(_)) => self.refuse("publish"),
            (_, E::Pay { .. }) => self.refuse("pay"),
            (_, E::Close) => self.refuse("close"),
            (_, E::ForceClose) => self.refuse("force close"),

            // Opening.
            (P::Accepted, E::Message(B::Open { .. })) => Ok(self.repeat(context)),
            (P::Accepted, E::Message(B::Fund { commitment, funding })) => self.on_fund(context, commitment, funding),
            (P::Accepted, E::Message(B::Refuse { .. })) => Ok(self.abandon()),
            (P::Abandoned, E::Message(B::Fund { .. })) if self.resumes.is_none() => Ok(self.refuse_funding()),
            (P::Funding, E::Message(B::Refuse { .. })) if self.side == Side::Opener && self.misses_signature() => Ok(self.abandon()),
            (P::Funding | P::Idle | P::Proposing | P::Answering | P::Revoking(..), E::Message(B::Fund { .. })) => self.on_fund_again(),
            (P::Funding | P::Idle | P::Proposing | P::Answering | P::Revoking(..), E::Message(B::Funded { funding })) => self.on_funded(context, funding),

            // Updates.
            (P::Idle, E::Message(B::Propose { number, turn, change })) => self.on_propose(context, number, turn, change),
            (P::Answering, E::Message(B::Propose { number, change, .. })) => self.on_propose_again(number, change),
            (P::Proposing, E::Message(B::Sign { number, signature })) => self.on_sign(context, number, signature),
            (P::Revoking(..), E::Message(B::Sign { number, .. })) => self.on_sign_again(context, number),
            (P::Answering, E::Message(B::Commit { number, signature, secret, next_point })) => self.on_commit(context, number, signature, secret, next_point),
            (P::Idle | P::Proposing | P::Closing, E::Message(B::Commit { number, .. })) => self.on_commit_again(context, number),
            (P::Revoking(change, point), E::Message(B::Revoke { number, secret, next_point, yields })) => {
                let (change, point) = (*change, *point);
                self.on_revoke(context, number, secret, next_point, yields, change, point)
            }
            (P::Idle, E::Message(B::Ask { turn })) => self.on_ask(context, turn),
            (P::Idle, E::Message(B::Yield { turn })) => self.on_yield(context, turn),

            // Closing together.
            (P::Idle, E::Message(B::Close { turn, fee, signature })) => self.on_close(context, turn, fee, signature),
            (P::Closing, E::Message(B::Close { .. })) => Ok(self.on_close_again()),
            (P::Closing, E::Message(B::Closed { signature })) => self.on_closed(context, signature),

            // The chain.
            (_, E::Chain(seen)) => Ok(self.on_chain(context, seen)),
            (_, E::Wake) => Ok(self.on_wake(context)),

            // What an honest party can never have sent, and what is merely late.
            (_, E::Message(body)) => self.late_or_wrong(&body),
        }
    }

    /// The id of its funding transaction.
    pub const fn id(&self) -> ChannelId {
        self.id
    }

    /// What both parties call it before it has an id, and in every message.
    pub const fn handle_name(&self) -> Hash {
        self.funding.parties[0].salt
    }

    /// Which party we are.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Parties and terms.
    pub const fn funding(&self) -> &Funding {
        &self.funding
    }

    /// Where it stands.
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The newest commitment that both have signed, and what it stands for.
    pub const fn newest(&self) -> (&CoSigned, &State) {
        (&self.signed, &self.state)
    }

    /// Whose turn it is.
    pub const fn holder(&self) -> Side {
        if self.turn.is_multiple_of(2) { Side::Opener } else { Side::Accepter }
    }

    /// How many payments of ours wait.
    pub fn waiting(&self) -> u64 {
        self.waiting.count()
    }

    /// The commitment that we have published, if we have.
    pub fn published(&self) -> Option<u64> {
        self.published.as_ref().map(|(shown, _)| shown.commitment.number)
    }

    /// The commitment under way.
    pub const fn pending(&self) -> Option<&Draft> {
        self.pending.as_ref()
    }

    /// How many commitments the other party has revoked.
    pub fn revoked(&self) -> u64 {
        self.revealed.count()
    }

    /// What the chain said last.
    pub const fn seen(&self) -> &Observation {
        &self.chain
    }

    /// The secret by which the other party revoked commitment `number`, if it did.
    pub fn revealed(&self, number: u64) -> Option<CommitmentSecret> {
        self.revealed.get(number)
    }

    /// What we could still promise to pay: what is not promised yet, less the reserve, or the fee of a close that we want.
    pub fn spendable(&self) -> Amount {
        let kept = self.funding.terms.reserve.max(self.wants_close.unwrap_or_default());
        self.unpromised().checked_sub(kept).unwrap_or(Amount::ZERO)
    }

    /// Whether it will never need its owner again: long ended, or never begun.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Closed(_) | Phase::Abandoned)
    }

    /// What it waits for.
    pub fn waiting_for(&self) -> Option<WaitingFor> {
        let message = |message| Some(WaitingFor::Counterparty { message });
        let include = |transaction| Some(WaitingFor::Inclusion { transaction });
        match &self.phase {
            Phase::Accepted => message("fund"),
            Phase::Funding if self.chain.funding.is_none() => include("fund"),
            Phase::Proposing => message("sign"),
            Phase::Answering => message("commit"),
            Phase::Revoking(..) => message("revoke"),
            Phase::Funding | Phase::Idle if !self.is_buried() => {
                Some(WaitingFor::Burial { have: self.chain.depth(), need: CONFIRMATIONS })
            }
            Phase::Idle if self.wants_turn() => Some(WaitingFor::Turn),
            Phase::Closing if self.closing.as_ref().is_some_and(|draft| draft.signatures.contains(&None)) => {
                message("closed")
            }
            Phase::Closing => include("close"),
            Phase::Publishing | Phase::Disputed(None) => include("publish"),
            Phase::Disputed(Some(seen)) => self.waiting_in_dispute(seen),
            Phase::Funding | Phase::Idle | Phase::Closed(_) | Phase::Abandoned => None,
        }
    }

    /// When [`Event::Wake`] is due.
    pub fn next_wake(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Accepted => Some(self.resend_at.min(self.expires)),
            Phase::Funding if self.misses_signature() => Some(self.resend_at),
            Phase::Idle if self.wants_turn() => Some(self.resend_at),
            Phase::Proposing | Phase::Answering | Phase::Revoking(..) => Some(self.resend_at),
            Phase::Closing if self.misses_closed() => Some(self.resend_at),
            _ => None,
        }
    }

    /// The connection came up: what is unanswered is said again at the next [`Event::Wake`].
    pub fn connected(&mut self, now: Timestamp) {
        (self.resend_at, self.backoff) = (now, RESEND);
    }

    /// A hash over all of it.
    pub fn digest(&self) -> Hash {
        DIGEST.hash_of(self)
    }

    fn on_wake(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        if self.phase == Phase::Accepted && context.now >= self.expires {
            return self.abandon();
        }
        if self.next_wake().is_none_or(|due| due > context.now) {
            return Vec::new();
        }
        self.repeat(context)
    }

    /// Says again what is not answered, byte for byte.
    fn repeat(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        self.resend_at = context.now.after(self.backoff);
        self.backoff = (self.backoff * 2).min(MAX_RESEND);
        let body = match self.phase {
            Phase::Accepted => self.accept_message(context),
            Phase::Funding if self.misses_signature() => self.fund_message(),
            Phase::Idle if self.wants_turn() => Some(Body::Ask { turn: self.turn }),
            Phase::Proposing => self.propose_message(),
            Phase::Answering => self.sign_message(),
            Phase::Revoking(..) => Some(self.commit_message(context)),
            Phase::Closing if self.misses_closed() => self.close_message(),
            _ => None,
        };
        body.into_iter().map(|body| self.say(body)).collect()
    }

    fn say(&self, body: Body) -> Effect {
        Effect::Send(Message { handle: self.handle_name(), body })
    }

    /// Enters a phase in which something new is unanswered.
    fn enter(&mut self, context: &Context<'_>, phase: Phase) {
        (self.phase, self.attempts) = (phase, 0);
        (self.resend_at, self.backoff) = (context.now.after(RESEND), RESEND * 2);
    }

    fn refuse(&self, command: &'static str) -> Result<Vec<Effect>, Invalid> {
        Err(Refusal::WrongPhase { phase: self.phase.name(), command }.into())
    }

    /// Messages of a side that never sends them, or before the funding is signed, are a breach; all others may have been overtaken.
    fn late_or_wrong(&self, body: &Body) -> Result<Vec<Effect>, Invalid> {
        let message = body.kind();
        let from_opener = matches!(body, Body::Open { .. } | Body::Fund { .. });
        let from_accepter = matches!(body, Body::Accept { .. } | Body::Refuse { .. } | Body::Funded { .. });
        if (from_opener && self.side == Side::Opener) || (from_accepter && self.side == Side::Accepter) {
            return Err(Breach::WrongSide { message, side: self.side }.into());
        }
        if self.phase == Phase::Accepted {
            return Err(Breach::OutOfOrder { message, phase: self.phase.name() }.into());
        }
        self.ahead(body).map(|()| Vec::new())
    }

    fn is_buried(&self) -> bool {
        self.chain.depth() >= CONFIRMATIONS
    }

    fn wants_turn(&self) -> bool {
        self.is_buried() && self.holder() != self.side && (!self.waiting.is_empty() || self.wants_close.is_some())
    }

    /// Our balance, less the payments that wait and the one that we have proposed.
    fn unpromised(&self) -> Amount {
        let waiting = self.waiting.total().and_then(|sum| sum.checked_add(self.proposed().unwrap_or_default()));
        let waiting = waiting.unwrap_or(Amount::MAX);
        self.state.balances[self.side.index()].checked_sub(waiting).unwrap_or(Amount::ZERO)
    }

    fn above_reserve(&self, side: Side) -> Amount {
        self.state.balances[side.index()].checked_sub(self.funding.terms.reserve).unwrap_or(Amount::ZERO)
    }

    /// Our secret of commitment `number`.
    fn secret(&mut self, context: &Context<'_>, number: u64) -> CommitmentSecret {
        let salt = self.funding.parties[self.side.index()].salt;
        self.secrets.secret(&context.key.derive(&SEED, &salt), number)
    }

    fn verify(&mut self, context: &mut Context<'_>, message: &Hash, signature: &Signature) -> bool {
        let key = self.funding.parties[self.side.other().index()].key;
        let key = self.verifier.0.get_or_insert_with(|| VerifyingKey::new(key));
        context.checks.verify_prepared(key, message, signature)
    }
}
