//! Layer 1: a payment channel, as one of its two parties keeps it.
//!
//! Owns the off-chain protocol: opening, updates with turn and revocation, closing together or alone. Must never know a ledger, a peer or a
//! wire: what the chain says comes in as an [`Observation`], what is to be said or brought to the chain goes out as [`Effect`]s. Revocation by
//! secrets follows Poon and Dryja (2016) and BOLTs 2 and 3; the turn replaces their asynchronous updates, so that there is one
//! commitment for both parties and never more than one on its way.

mod asking;
mod closing;
mod deadlines;
mod direct;
mod dispute;
mod error;
mod failure;
mod htlc;
mod invoice;
mod justice;
mod message;
mod opening;
mod packet;
mod phase;
mod queue;
mod read;
mod resizing;
mod resume;
pub mod routing;
mod secrets;
mod tower;
mod update;

use std::collections::{BTreeMap, VecDeque};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

pub use asking::{Asking, MAX_ASKING_BYTES};
pub use direct::{Direct, DirectError};
pub use dispute::SETTLE_PATIENCE;
pub use error::{Breach, Invalid, Refusal};
pub use failure::{Failure, FailureReason};
pub use htlc::{CLAIM_MARGIN, GIVE_BACK, NewHtlc, News, Origin, Outgoing, REORG_MARGIN};
pub use invoice::Invoice;
pub use justice::step_fee;
pub use message::{Body, Change, MAX_MESSAGE_BYTES, MAX_REASON_BYTES, Message, MessageError};
pub use opening::{Offer, Request};
pub use packet::{Instruction, MAX_PACKET_BYTES, Onward, Packet, PacketError};
pub use phase::{ClosingDraft, Draft, Effect, Ending, Event, Notice, Observation, Phase, Seen, WaitingFor};
pub use resizing::{Successor, Wish};
pub use secrets::{Inconsistent, RevealedSecrets};
pub use tower::{
    Answer, Brought, Claim, Guard, MAX_REVEALS, MAX_TOWER_BYTES, MAX_WATCHED, MAX_WATCHED_OF_CLIENT, Progress,
    REVEAL_MARGIN, Sight, Tower, TowerBreach, TowerMessage, TowerNotice, TowerRefusal, Watch, WatchError, Watched,
};

use queue::Queue;
use secrets::SecretTree;

use crate::primitives::{
    Amount, BlockId, ChannelId, Checks, CoSigned, CommitmentSecret, Funding, Hash, Preimage, SecretKey, Side,
    Signature, State, Tag, Timestamp, VerifyingKey,
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
    /// What the other party said after a revocation that it has overtaken; heard once that has come.
    early: Option<Box<Body>>,
    waiting: Queue,
    /// HTLCs that wait for their turn to be offered.
    offers: VecDeque<(NewHtlc, Origin)>,
    /// HTLCs that we have offered, by id.
    outgoing: BTreeMap<u64, Outgoing>,
    /// Preimages of HTLCs offered to us, until the update that takes them is complete.
    claims: BTreeMap<u64, Preimage>,
    /// HTLCs offered to us that go back, until the update that returns them is complete.
    rejects: BTreeMap<u64, Failure>,
    /// Whether the other party has said where it stands since we are connected.
    resumed: bool,
    wants_close: Option<Amount>,
    wants_resize: Option<Wish>,
    /// What was last offered or accepted to take its place.
    successor: Option<Successor>,
    closing: Option<ClosingDraft>,
    /// Whether we have been shown, by the other party or on the chain, that we lost what we signed: we never publish any more, also if a reorg takes a close back.
    lost: bool,
    /// The commitment that we have published, and what it stands for.
    published: Option<(CoSigned, State)>,
    chain: Observation,
    /// Blocks for which a transaction of ours has waited; its fee rises with them.
    attempts: u32,
    resend_at: Timestamp,
    backoff: u64,
    /// Until when we wait for an opening, or for the other party to say where we stand.
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
    /// Base units that our account could spend on fees; asked only for what costs one.
    pub balance: &'a dyn Fn() -> Amount,
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
            (P::Idle | P::Proposing | P::Answering | P::Revoking(..), E::Resize(wish)) => self.want_resize(context, wish),
            (P::Funding | P::Idle | P::Proposing | P::Answering | P::Revoking(..) | P::Resizing | P::Closing | P::Disputed(None), E::ForceClose)
                if self.chain.funding.is_some() => Ok(self.publish_this(context, (self.signed.clone(), self.state.clone()))),
            (P::Idle | P::Proposing | P::Answering | P::Revoking(..) | P::Resizing | P::Closing, E::PublishOld(old)) => Ok(self.publish_this(context, *old)),
            (P::Idle | P::Proposing | P::Answering | P::Revoking(..), E::Offer { htlc, origin }) => self.offer(context, *htlc, origin),
            (_, E::Fulfil { id, preimage }) => Ok(self.claim(context, id, preimage)),
            (_, E::Fail { id, failure }) => Ok(self.reject(context, id, failure)),
            (_, E::Offer { .. }) => self.refuse("offer an HTLC"),
            (_, E::PublishOld(_)) => self.refuse("publish"),
            (_, E::Pay { .. }) => self.refuse("pay"),
            (_, E::Close) => self.refuse("close"),
            (_, E::Resize(_)) => self.refuse("be resized"),
            (_, E::ForceClose) => self.refuse("force close"),

            // Opening.
            (P::Accepted, E::Message(B::Open { .. })) => Ok(self.repeat(context)),
            (P::Accepted, E::Message(B::Fund { commitment, funding })) => self.on_fund(context, commitment, funding),
            (P::Accepted, E::Message(B::Refuse { .. })) => Ok(self.abandon()),
            (P::Abandoned, E::Message(B::Fund { .. })) if self.resumes.is_none() => Ok(self.refuse_funding()),
            (P::Funding, E::Message(B::Refuse { .. })) if self.side == Side::Opener && self.misses_signature() => Ok(self.abandon()),
            (P::Funding | P::Idle | P::Proposing | P::Answering | P::Revoking(..), E::Message(B::Fund { .. })) => self.on_fund_again(),
            (P::Funding | P::Idle | P::Proposing | P::Answering | P::Revoking(..), E::Message(B::Funded { funding })) => self.on_funded(context, funding),

            // Another one in its place.
            (P::Idle, E::Resizing(successor)) => Ok(self.make_room(context, successor)),
            (P::Resizing, E::ResizeOff) => Ok(self.go_on(context)),
            (P::Accepted, E::ResizeOff) => Ok(self.abandon()),
            (_, E::Resizing(_)) => self.refuse("make room for another"),
            (_, E::ResizeOff) => Ok(Vec::new()),

            // Updates.
            (P::Idle, E::Message(B::Propose { number, turn, change })) => self.on_propose(context, number, turn, change),
            (P::Answering, E::Message(B::Propose { number, change, .. })) => self.on_propose_again(number, change),
            (P::Proposing, E::Message(B::Sign { number, signature })) => self.on_sign(context, number, signature),
            (P::Revoking(..), E::Message(B::Sign { number, .. })) => self.on_sign_again(context, number),
            (P::Answering, E::Message(B::Commit { number, signature, secret, next_point })) => self.on_commit(context, number, signature, secret, next_point),
            (P::Idle | P::Proposing | P::Resizing | P::Closing, E::Message(B::Commit { number, .. })) => self.on_commit_again(context, number),
            (P::Revoking(..), E::Message(B::Revoke { number, secret, next_point, yields })) => self.on_revoke(context, number, secret, next_point, yields),
            (P::Revoking(..), E::Message(body @ (B::Propose { .. } | B::Ask { .. } | B::Close { .. }))) => self.on_early(body),
            (P::Idle, E::Message(B::Ask { turn })) => self.on_ask(context, turn),
            (P::Idle, E::Message(B::Yield { turn })) => self.on_yield(context, turn),

            // Connected again.
            (_, E::Connected) => Ok(self.on_connected(context)),
            (P::Accepted | P::Closed(_) | P::Abandoned, E::Message(B::Resume { .. })) => Ok(Vec::new()),
            (_, E::Message(B::Resume { number, revoked, heard })) => self.on_resume(context, number, revoked, heard),
            (P::Funding | P::Idle | P::Proposing | P::Answering | P::Revoking(..) | P::Resizing | P::Closing, E::Message(B::Lost)) => Ok(self.on_lost(context)),

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
            Phase::Lost => Some(Body::Lost),
            _ => None,
        };
        let resume = (!self.resumed && self.can_resume()).then(|| self.resume_message());
        resume.into_iter().chain(body).map(|body| self.say(body)).collect()
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
        self.is_buried() && self.holder() != self.side && self.has_work()
    }

    /// Whether there is something to propose.
    fn has_work(&self) -> bool {
        let ends = (self.wants_close.is_some() || self.wants_resize.is_some()) && self.state.htlcs.is_empty();
        ends || !self.waiting.is_empty() || !self.offers.is_empty() || self.resolution().is_some()
    }

    /// Our balance, less what waits to be paid or offered and what we have proposed.
    fn unpromised(&self) -> Amount {
        let offers = self.offers.iter().map(|(htlc, _)| htlc.amount);
        let waiting = Amount::checked_sum(self.waiting.total().into_iter().chain(offers).chain(self.proposed()));
        let waiting = waiting.filter(|_| self.waiting.total().is_some()).unwrap_or(Amount::MAX);
        self.state.balances[self.side.index()].checked_sub(waiting).unwrap_or(Amount::ZERO)
    }

    fn above_reserve(&self, side: Side) -> Amount {
        self.state.balances[side.index()].checked_sub(self.funding.terms.reserve).unwrap_or(Amount::ZERO)
    }

    /// Our secret of commitment `number`.
    fn secret(&mut self, context: &Context<'_>, number: u64) -> CommitmentSecret {
        let salt = self.funding.parties[self.side.index()].salt;
        self.secrets.secret(|| context.key.derive(&SEED, &salt), number)
    }

    fn verify(&mut self, context: &mut Context<'_>, message: &Hash, signature: &Signature) -> bool {
        let key = self.funding.parties[self.side.other().index()].key.clone();
        let key = self.verifier.0.get_or_insert_with(|| VerifyingKey::new(key));
        context.checks.verify_prepared(key, message, signature)
    }
}
