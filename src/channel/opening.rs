//! Opening: commitment 0 is signed by both before either signs the funding.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{
    Body, Breach, Channel, Context, Effect, FailureReason, Invalid, Message, Notice, OPENING_TIMEOUT, Observation,
    Origin, Phase, RESEND, SEED, Verifier, secrets::SecretTree,
};
use crate::primitives::{
    Action, Amount, CoSigned, Commitment, Funding, Hash, Nonce, Party, Resizing, Side, Signature, Terms, Timestamp,
    Transaction, UnsignedTransaction,
};

/// Blocks after which a channel that is over may be forgotten.
const FORGET: u64 = 100;

/// What an opener wants, and has said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Offer {
    request: Request,
    points: [Hash; 2],
    resend_at: Timestamp,
    expires: Timestamp,
}

/// A channel that somebody wants to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Request {
    /// The opener's part.
    pub party: Party,
    /// What the accepter is to lock, base units.
    pub theirs: Amount,
    /// On these terms.
    pub terms: Terms,
    /// What the opener pays the miner of the funding, base units.
    pub fee: Amount,
    /// The channel between the two whose place it takes.
    pub resizes: Option<Resizing>,
}

impl Request {
    /// The funding, once the accepter has said its part.
    pub fn funding(&self, accepter: Party) -> Funding {
        Funding { parties: [self.party.clone(), accepter], terms: self.terms.clone(), resizes: self.resizes }
    }
}

impl Offer {
    /// Offers a channel.
    pub fn new(context: &Context<'_>, request: Request) -> (Self, Message) {
        let points = points(context, &request.party.salt);
        let offer =
            Self { request, points, resend_at: context.now.after(RESEND), expires: context.now.after(OPENING_TIMEOUT) };
        let message = offer.message();
        (offer, message)
    }

    /// What was offered.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The nonce that our account would owe to the funding, and what that would take from it.
    pub fn promised(&self) -> (Nonce, Amount) {
        let Request { party, fee, resizes, .. } = &self.request;
        (party.nonce, owed(party.deposit, *fee, resizes.map(|resizing| resizing.balances[0])))
    }

    /// When [`Offer::wake`] is due.
    pub fn next_wake(&self) -> Timestamp {
        self.resend_at.min(self.expires)
    }

    /// Repeats the offer; nothing once it has expired.
    pub fn wake(&mut self, now: Timestamp) -> Option<Message> {
        self.resend_at = now.after(RESEND);
        (now < self.expires).then(|| self.message())
    }

    /// The other party agrees: signs commitment 0 and the funding.
    ///
    /// # Errors
    /// [`Breach::BadSignature`] if its signature of commitment 0 is not valid, or it does not lock what was asked of it.
    pub fn accepted(
        &self,
        context: &mut Context<'_>,
        party: Party,
        points: [Hash; 2],
        signature: Signature,
    ) -> Result<(Channel, Vec<Effect>), Breach> {
        let funding = self.request.funding(party);
        let mut channel = Channel::new(
            context,
            Side::Opener,
            funding,
            self.request.fee,
            [self.points, points].map(|points| points[0]),
        );
        channel.their_next = Some(points[1]);
        let message = channel.signed.commitment.signing_hash(context.genesis, &channel.id);
        if channel.funding.parties[1].deposit != self.request.theirs || !channel.verify(context, &message, &signature) {
            return Err(Breach::BadSignature { what: "commitment", number: 0 });
        }
        let mine = channel.signed.commitment.sign(context.key, context.genesis, &channel.id);
        channel.signed.signatures = [mine, signature];
        channel.funding_signatures[0] = Some(context.key.sign(&channel.unsigned().signing_hash(context.genesis)));
        channel.enter(context, Phase::Funding);
        let said = channel.fund_message().map(|body| channel.say(body));
        Ok((channel, said.into_iter().collect()))
    }

    fn message(&self) -> Message {
        let Request { party, theirs, terms, fee, resizes } = self.request.clone();
        Message { handle: party.salt, body: Body::Open { party, theirs, terms, fee, points: self.points, resizes } }
    }
}

impl Channel {
    /// Accepts a channel that somebody offered: signs commitment 0 of it. `party` is our part.
    pub fn accept(
        context: &mut Context<'_>,
        request: &Request,
        their_points: [Hash; 2],
        party: Party,
    ) -> (Self, Vec<Effect>) {
        let [mine, _] = points(context, &party.salt);
        let funding = request.funding(party);
        let mut channel = Self::new(context, Side::Accepter, funding, request.fee, [their_points[0], mine]);
        channel.their_next = Some(their_points[1]);
        let signature = channel.signed.commitment.sign(context.key, context.genesis, &channel.id);
        channel.signed.signatures = [signature.clone(), signature];
        let said = channel.accept_message(context).map(|body| channel.say(body));
        (channel, said.into_iter().collect())
    }

    /// Whether [`Channel::newest`] carries both signatures: an accepter has but its own until the opener sends its.
    pub fn is_cosigned(&self) -> bool {
        let given_up = self.phase == Phase::Abandoned && self.resumes.is_none();
        self.phase != Phase::Accepted && !given_up
    }

    /// The funding transaction, once both have signed it.
    pub fn funding_transaction(&self) -> Option<Transaction> {
        let [Some(signature), cosignature @ Some(_)] = self.funding_signatures.clone() else {
            return None;
        };
        Some(Transaction { unsigned: self.unsigned(), signature, cosignature })
    }

    /// The nonce that our account owes to a funding which is not on the chain (any more), and what that takes from it.
    pub fn promised(&self) -> Option<(Nonce, Amount)> {
        let (ours, brought) = (&self.funding.parties[self.side.index()], self.funding.brought()[self.side.index()]);
        let fee = if self.side == Side::Opener { self.funding_fee } else { Amount::ZERO };
        let open = !self.is_over() && self.chain.funding.is_none();
        open.then(|| (ours.nonce, owed(ours.deposit, fee, Some(brought))))
    }

    /// Whether it is over, and no reorg of fewer than `FORGET` blocks could bring it back.
    pub fn is_past(&self) -> bool {
        let since = match (self.chain.ending, &self.resumes) {
            (Some((height, _)), _) => height,
            (None, Some(_)) => self.funding.terms.valid_until,
            // Nobody could ever fund it.
            (None, None) => return self.phase == Phase::Abandoned,
        };
        self.is_over() && !self.owes_news() && self.chain.height.0 >= since.0.saturating_add(FORGET)
    }

    fn new(context: &Context<'_>, side: Side, funding: Funding, fee: Amount, points: [Hash; 2]) -> Self {
        let state = funding.first_state();
        let id = UnsignedTransaction { fee, action: Action::Fund(Box::new(funding.clone())) }.id();
        let commitment = Commitment { number: 0, state: state.hash(), points };
        Self {
            id,
            side,
            funding,
            funding_fee: fee,
            funding_signatures: [None, None],
            phase: Phase::Accepted,
            resumes: None,
            signed: CoSigned { commitment, signatures: [0; 2].map(|_| Signature::Ed25519([0; 64])) },
            state,
            pending: None,
            their_next: None,
            revealed: Default::default(),
            turn: 0,
            answered: None,
            early: None,
            waiting: Default::default(),
            offers: Default::default(),
            outgoing: Default::default(),
            claims: Default::default(),
            rejects: Default::default(),
            resumed: true,
            wants_close: None,
            wants_resize: None,
            successor: None,
            closing: None,
            lost: false,
            published: None,
            chain: Observation::default(),
            attempts: 0,
            resend_at: context.now.after(RESEND),
            backoff: RESEND * 2,
            expires: context.now.after(OPENING_TIMEOUT),
            secrets: SecretTree::default(),
            verifier: Verifier::default(),
        }
    }

    /// The opener's signatures: the accepter holds commitment 0 now, so it signs the funding and brings it to the chain.
    pub(super) fn on_fund(
        &mut self,
        context: &mut Context<'_>,
        commitment: Signature,
        funding: Signature,
    ) -> Result<Vec<Effect>, Invalid> {
        let message = self.signed.commitment.signing_hash(context.genesis, &self.id);
        if !self.verify(context, &message, &commitment) {
            return Err(Breach::BadSignature { what: "commitment", number: 0 }.into());
        }
        let message = self.unsigned().signing_hash(context.genesis);
        if !self.verify(context, &message, &funding) {
            return Err(Breach::BadSignature { what: "funding", number: 0 }.into());
        }
        self.signed.signatures[0] = commitment;
        let mine = context.key.sign(&message);
        self.funding_signatures = [Some(funding), Some(mine.clone())];
        self.enter(context, Phase::Funding);
        let capacity = self.funding.capacity().unwrap_or_default();
        let said = self.say(Body::Funded { funding: mine });
        let submit = self.funding_transaction().map(Effect::Submit);
        Ok([Effect::Notice(Notice::Agreed { capacity })].into_iter().chain(submit).chain([said]).collect())
    }

    /// Our answer was lost, or overtaken.
    pub(super) fn on_fund_again(&self) -> Result<Vec<Effect>, Invalid> {
        if self.side == Side::Opener {
            return Err(Breach::WrongSide { message: "fund", side: self.side }.into());
        }
        Ok(self.funding_signatures[1].clone().map(|funding| self.say(Body::Funded { funding })).into_iter().collect())
    }

    /// The opener's signatures come after we have given up: we shall never sign, so it need not wait.
    pub(super) fn refuse_funding(&self) -> Vec<Effect> {
        vec![self.say(Body::Refuse { reason: "given up".to_owned() })]
    }

    /// The accepter's signature of the funding.
    pub(super) fn on_funded(&mut self, context: &mut Context<'_>, funding: Signature) -> Result<Vec<Effect>, Invalid> {
        if self.side == Side::Accepter {
            return Err(Breach::WrongSide { message: "funded", side: self.side }.into());
        }
        if self.funding_signatures[1].is_some() {
            return Ok(Vec::new());
        }
        let message = self.unsigned().signing_hash(context.genesis);
        if !self.verify(context, &message, &funding) {
            return Err(Breach::BadSignature { what: "funding", number: 0 }.into());
        }
        self.funding_signatures[1] = Some(funding);
        let capacity = self.funding.capacity().unwrap_or_default();
        let submit = self.funding_transaction().map(Effect::Submit);
        Ok([Effect::Notice(Notice::Agreed { capacity })].into_iter().chain(submit).collect())
    }

    /// Gives the funding up. Whoever has signed it remembers where it stood: what is signed or revealed is never to be done in another way.
    pub(super) fn abandon(&mut self) -> Vec<Effect> {
        let before = std::mem::replace(&mut self.phase, Phase::Abandoned);
        self.resumes = (before != Phase::Accepted).then_some(before);
        let waiting: Vec<Origin> = self.offers.drain(..).map(|(_, origin)| origin).collect();
        let given_up = waiting.into_iter().map(|origin| self.failed(origin, FailureReason::NotReady));
        [Effect::Notice(Notice::Abandoned)].into_iter().chain(given_up).collect()
    }

    /// Whether the opener lacks the accepter's signature of a funding that is not on the chain.
    pub(super) fn misses_signature(&self) -> bool {
        self.funding_signatures[1].is_none() && self.chain.funding.is_none()
    }

    pub(super) fn accept_message(&mut self, context: &Context<'_>) -> Option<Body> {
        let party = self.funding.parties[1].clone();
        let points = [0, 1].map(|number| self.secret(context, number).point());
        Some(Body::Accept { party, points, signature: self.signed.signatures[1].clone() })
    }

    pub(super) fn fund_message(&self) -> Option<Body> {
        self.funding_signatures[0]
            .clone()
            .map(|funding| Body::Fund { commitment: self.signed.signatures[0].clone(), funding })
    }

    fn unsigned(&self) -> UnsignedTransaction {
        UnsignedTransaction { fee: self.funding_fee, action: Action::Fund(Box::new(self.funding.clone())) }
    }
}

/// What a deposit takes from an account: not what the channel brings whose place the new one takes.
fn owed(deposit: Amount, fee: Amount, brought: Option<Amount>) -> Amount {
    let due = deposit.checked_add(fee).unwrap_or(Amount::MAX);
    due.checked_sub(brought.unwrap_or_default()).unwrap_or(Amount::ZERO)
}

/// Our points of commitments 0 and 1.
fn points(context: &Context<'_>, salt: &Hash) -> [Hash; 2] {
    let (seed, mut tree) = (context.key.derive(&SEED, salt), SecretTree::default());
    [0, 1].map(|number| tree.secret(|| seed, number).point())
}
