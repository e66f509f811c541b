//! Where a channel stands, what can happen to it, and what it wants of the world.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{Body, Change, Failure, Message, NewHtlc, News, Origin, Successor, Wish};
use crate::primitives::{
    Amount, Closing, CoSigned, Commitment, Hash, Height, Preimage, Side, Signature, State, Transaction,
};

/// Where a channel stands. Each phase's exits are in the table of [`super::Channel::handle`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", content = "value", rename_all = "camelCase")]
pub enum Phase {
    /// Accepter: has signed commitment 0, waits for the opener's signatures.
    Accepted,
    /// Has signed the funding; waits until that is buried.
    Funding,
    /// No update is under way.
    Idle,
    /// Holder of the turn: has proposed, waits for the responder's signature.
    Proposing,
    /// Responder: has signed, waits for the proposer's signature and revocation. Never signs another commitment of this number.
    Answering,
    /// Proposer: holds the new commitment and has revoked the one before; waits for the responder's revocation of that, whose point this is.
    Revoking(Change, Hash),
    /// Has offered or accepted a channel that takes its place: proposes and answers nothing. Waits for the chain to show that one's funding, or for
    /// its chances to pass.
    Resizing,
    /// Has signed a cooperative close; waits for the other's signature, or for the chain.
    Closing,
    /// Has signed a publication: signs nothing else any more. Waits for the chain.
    Publishing,
    /// A publication is on the chain, or was before a reorg.
    Disputed(Option<Seen>),
    /// The other party has shown that we revoked what we hold, so we have lost what came after: signs and publishes nothing. Waits for the chain.
    Lost,
    /// The chain has paid out.
    Closed(Ending),
    /// The funding was never included, and can never be as far as is known.
    Abandoned,
}

/// A commitment that is not complete yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Draft {
    /// What was proposed.
    pub change: Change,
    /// If we propose an HTLC: where it comes from.
    pub origin: Option<Origin>,
    /// Who would own what.
    pub state: State,
    /// What is to be signed.
    pub commitment: Commitment,
    /// Our signature, if we have given it.
    pub ours: Option<Signature>,
}

/// A cooperative close that is not on the chain yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct ClosingDraft {
    /// Who proposed it and pays the fee.
    pub proposer: Side,
    /// What both sign.
    pub closing: Closing,
    /// Base units.
    pub fee: Amount,
    /// Opener's, accepter's, as far as they are here.
    pub signatures: [Option<Signature>; 2],
}

/// A publication as it stands on the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// Who published.
    pub publisher: Side,
    /// What it published.
    pub published: u64,
    /// The newest commitment shown since.
    pub number: u64,
    /// The last height at which a newer one replaces it.
    pub window_ends: Height,
    /// What fees of each side have taken out of its reserve.
    pub charged: [Amount; 2],
}

/// How a channel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// As both agreed.
    Cooperative,
    /// The newest commitment that was shown in the dispute window was paid out.
    Settled,
    /// Its publisher had revoked what it published, and lost everything.
    Punished(Side),
    /// Another channel between the two has taken its place.
    Resized,
}

/// What the chain says of a channel after its newest block. Always the whole of it, so that a reorg is nothing special.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Observation {
    /// The newest block's height.
    pub height: Height,
    /// Where the funding was included.
    pub funding: Option<Height>,
    /// Whether it could still be: both nonces are unspent.
    pub possible: bool,
    /// A force close under way.
    pub publication: Option<Seen>,
    /// Where it ended, and how.
    pub ending: Option<(Height, Ending)>,
    /// Preimages on the chain's register of payments that are pending here, with their heights.
    pub register: Vec<(Preimage, Height)>,
}

/// Everything that can happen to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Our owner wants to pay the other party: all of it is queued, or nothing.
    Pay {
        /// Base units each time, at least 1.
        amount: Amount,
        /// How often, at least 1.
        times: u32,
    },
    /// An HTLC is to be offered.
    Offer {
        /// This one.
        htlc: Box<NewHtlc>,
        /// Who is told how it ends.
        origin: Origin,
    },
    /// The preimage of an HTLC offered to us is known.
    Fulfil {
        /// Which.
        id: u64,
        /// What takes it.
        preimage: Preimage,
    },
    /// An HTLC offered to us goes back.
    Fail {
        /// Which.
        id: u64,
        /// Why.
        failure: Failure,
    },
    /// Our owner wants to close cooperatively.
    Close,
    /// Our owner wants to close without the other's consent.
    ForceClose,
    /// Our owner wants other deposits: another channel in its place.
    Resize(Wish),
    /// That channel is offered, or accepted: it may take this one's place.
    Resizing(Successor),
    /// The other of the two channels of a resize came to nothing before we signed.
    ResizeOff,
    /// Our owner publishes a commitment that it has kept, as somebody does who restores an old backup, or who cheats.
    PublishOld(Box<(CoSigned, State)>),
    /// The other party says something.
    Message(Body),
    /// The chain has changed.
    Chain(Observation),
    /// The connection came up, or we did.
    Connected,
    /// Time has passed: say again what is not answered.
    Wake,
}

/// What a channel wants of the world, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Say this to the other party; it may be lost.
    Send(Message),
    /// Bring this to the chain; until it is there the channel will ask again.
    Submit(Transaction),
    /// Something became of an HTLC that somebody has to act on, at once and in the same breath: what is told twice after a crash is told the same.
    Htlc(News),
    /// The turn is ours and nothing is pending: offer the channel that is to take this one's place.
    Resize(Wish),
    /// Something worth knowing happened.
    Notice(Notice),
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Notice {
    /// The funding is signed by both.
    Agreed {
        /// Base units of both.
        capacity: Amount,
    },
    /// The funding is buried: payments can flow.
    Opened,
    /// The funding was taken back by a reorg: payments wait.
    Unburied,
    /// A payment of ours is irrevocably committed.
    Paid {
        /// Base units.
        amount: Amount,
        /// By this commitment.
        number: u64,
    },
    /// A payment to us is irrevocably committed.
    Received {
        /// Base units.
        amount: Amount,
        /// By this commitment.
        number: u64,
    },
    /// A payment of ours cannot be made.
    NotPaid {
        /// Base units, of all equal payments that are given up together.
        amount: Amount,
        /// What we could pay.
        spendable: Amount,
    },
    /// We have signed and sent a force close.
    Publishing {
        /// Of this commitment.
        number: u64,
    },
    /// Somebody force closed.
    Published {
        /// Who.
        publisher: Side,
        /// Which commitment.
        number: u64,
        /// Until which height a newer one replaces it.
        window_ends: Height,
    },
    /// We replace an old publication.
    Refuting {
        /// By this commitment.
        number: u64,
    },
    /// We punish the publication of a revoked commitment.
    Punishing {
        /// This one.
        number: u64,
    },
    /// Another channel is to take its place: payments wait.
    Resizing,
    /// No other channel takes its place: it goes on as it was.
    NotResized,
    /// The chain has paid out.
    Closed {
        /// How it ended.
        ending: Ending,
    },
    /// The other party has shown that we have lost what we signed.
    Lost {
        /// What it has shown revoked.
        number: u64,
    },
    /// The funding will never be.
    Abandoned,
}

/// What a channel waits for. Computed, never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum WaitingFor {
    /// A message of the other party.
    Counterparty {
        /// Which.
        message: &'static str,
    },
    /// The other party may use its turn.
    Turn,
    /// Blocks on top of the funding.
    Burial {
        /// How many there are, the funding's own included.
        have: u64,
        /// How many there must be.
        need: u64,
    },
    /// The other party's account of where we stood.
    Resumption,
    /// HTLCs that are pending.
    Htlcs {
        /// How many.
        pending: usize,
    },
    /// The chain to decide an HTLC.
    Expiry {
        /// The last height at which its preimage could be registered.
        expiry: Height,
        /// The newest block's.
        height: Height,
    },
    /// The funding of the channel that takes its place.
    Successor {
        /// The last height at which that may be included.
        valid_until: Height,
        /// The newest block's.
        height: Height,
    },
    /// A block that includes our transaction.
    Inclusion {
        /// Which.
        transaction: &'static str,
    },
    /// The end of the dispute window.
    Window {
        /// Its last height.
        ends: Height,
        /// The newest block's.
        height: Height,
    },
}

impl Phase {
    /// Its name, for people and tests.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Funding => "funding",
            Self::Idle => "idle",
            Self::Proposing => "proposing",
            Self::Answering => "answering",
            Self::Revoking(..) => "revoking",
            Self::Resizing => "resizing",
            Self::Closing => "closing",
            Self::Publishing => "publishing",
            Self::Disputed(_) => "disputed",
            Self::Lost => "lost",
            Self::Closed(_) => "closed",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether commitments may still be signed: the channel is open and nobody wants to close it.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Idle | Self::Proposing | Self::Answering | Self::Revoking(..))
    }
}

impl Observation {
    /// Blocks on top of the funding, its own included.
    pub fn depth(&self) -> u64 {
        self.funding.map_or(0, |funding| (self.height.0 + 1).saturating_sub(funding.0))
    }
}
