//! A node with a stake: it proposes and votes when it is its turn, never signs what could be held against it, and brings others' offences to the chain.

use std::{collections::BTreeMap, sync::Arc};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{ChangeSet, CommandResult, EventKind, Node, Output, votes::Votes};
use crate::{
    chain::{PoolError, Proposer, StakeError, TransactionError, VoteError, first_secret, minimum_fee},
    primitives::{
        Action, Address, Amount, Checkpoint, Checks, Deposit, Epoch, Exit, Header, Offence, Report, Reveal, SignedVote,
        Slot, Timestamp, Transaction, TransactionId, UnsignedTransaction, Vote,
    },
};

/// Which part of a slot has passed when its votes are cast: a third, so that its block has arrived (Gasper, section 4.3).
const VOTES_AFTER: u64 = 3;
/// Offenders whose evidence waits for this node's turn to propose.
const MAX_OFFENDERS: usize = 64;

/// What a validator has signed last, so that it never signs what conflicts with it: EIP-3076's minimal conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signed {
    /// The slot of its last block.
    pub proposed: Option<Slot>,
    /// Source and target of its last vote.
    pub voted: Option<(Epoch, Epoch)>,
}

/// A node's part in proof of stake.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Validating {
    signed: Signed,
    pub(super) votes: Votes,
    offences: BTreeMap<Address, Offence>,
    /// When there may be something to do.
    due: Timestamp,
    /// The last final checkpoint that was told of.
    told: Epoch,
}

impl Signed {
    /// Whether a block of this slot conflicts with nothing signed.
    pub fn may_propose(&self, slot: Slot) -> bool {
        self.proposed.is_none_or(|last| last < slot)
    }

    /// Whether a vote conflicts with nothing signed.
    pub fn may_vote(&self, vote: &Vote) -> bool {
        self.voted.is_none_or(|(source, target)| target < vote.target.epoch && source <= vote.source.epoch)
    }
}

impl Node {
    /// Votes that it has heard for an epoch.
    pub fn votes(&self, epoch: Epoch) -> impl Iterator<Item = SignedVote> {
        self.validating.votes.of(epoch, epoch).filter_map(|vote| SignedVote::of(vote))
    }

    /// What a deposit, or leaving, would come to, without sending it. Without an amount it leaves.
    ///
    /// # Errors
    /// The [`PoolError`] that would stop it.
    pub fn try_stake(&self, amount: Option<Amount>, fee: Amount) -> Result<(), PoolError> {
        let transaction = self.stake_transaction(amount, fee)?;
        self.mempool.clone().admit(Arc::new(transaction), self.chain.ledger()).map(drop)
    }

    pub(super) fn stake(
        &mut self,
        now: Timestamp,
        amount: Option<Amount>,
        fee: Amount,
        checks: &mut Checks,
    ) -> CommandResult {
        match self.stake_transaction(amount, fee) {
            Ok(transaction) => self.submit(now, transaction, checks),
            Err(error) => CommandResult::Refused(error),
        }
    }

    pub(super) fn trust(&mut self, checkpoint: Checkpoint) -> CommandResult {
        match self.chain.trust(checkpoint) {
            Ok(()) => CommandResult::Done,
            Err(error) => CommandResult::Refused(TransactionError::from(error).into()),
        }
    }

    /// When there may be something to do.
    pub(super) fn next_duty(&self) -> Option<Timestamp> {
        self.chain.is_staked().then_some(self.validating.due)
    }

    /// Follows the best branch, then does what is this validator's turn, if it is asked to.
    pub(super) fn do_duties(&mut self, now: Timestamp, checks: &mut Checks) {
        let Some(terms) = self.chain.stake_terms().filter(|_| self.validating.due <= now).cloned() else {
            return;
        };
        let slot = terms.slot_at(now);
        let votes_at = terms.begin_of(slot).after(terms.interval / VOTES_AFTER);
        self.validating.due = if now < votes_at { votes_at } else { terms.begin_of(slot.next()) };
        self.validating.votes.forget_before(terms.rules.epoch_of(slot));
        self.forget_judged();
        self.count_waiting(now);
        self.follow_votes(now, checks);
        let Some(duty) = self.chain.duty(&self.address, slot).filter(|_| self.mining) else {
            return;
        };
        if now < votes_at && duty.proposes && self.validating.signed.may_propose(slot) {
            self.propose(now, slot, checks);
        }
        if let Some(vote) = duty.votes.filter(|vote| now >= votes_at && self.validating.signed.may_vote(vote)) {
            self.cast(now, vote, checks);
        }
    }

    /// Judges a vote whose signature was checked, passes it on and counts it.
    pub(super) fn take_vote(
        &mut self,
        now: Timestamp,
        transaction: Arc<Transaction>,
    ) -> Result<TransactionId, PoolError> {
        let (id, refuse) = (transaction.id(), |error: StakeError| PoolError::from(TransactionError::from(error)));
        let Action::Attest(attestation) = &transaction.unsigned.action else {
            return Err(PoolError::Vote);
        };
        let (vote, address) = (attestation.vote, attestation.validator.address());
        let terms = self.chain.stake_terms().ok_or_else(|| refuse(StakeError::WrongConsensus { what: "attest" }))?;
        let slot = terms.slot_at(now);
        let old = vote.target.epoch.after(2) < terms.rules.epoch_of(slot);
        if old || vote.slot > slot.next() {
            return Err(refuse(StakeError::VoteOutOfTime { slot: vote.slot, block: slot }));
        }
        if terms.rules.epoch_of(vote.slot) != vote.target.epoch {
            let (from, to) = (vote.source.epoch, vote.target.epoch);
            return Err(refuse(StakeError::BadVote { slot: vote.slot, from, to }));
        }
        if self.chain.ledger().validator(&address).is_none() {
            return Err(refuse(StakeError::NotAValidator { address }));
        }
        if self.validating.votes.get(&id).is_some() {
            return Ok(id);
        }
        if !self.validating.votes.has_room(vote.target.epoch, address) {
            return Err(refuse(StakeError::AlreadyVoted { address, epoch: vote.target.epoch }));
        }
        let offence = self.validating.votes.insert(id, transaction);
        self.validating.votes.waiting.insert(id);
        self.gossip.announce_transaction(now, id, false);
        offence.into_iter().for_each(|offence| self.accuse(offence));
        self.count_waiting(now);
        Ok(id)
    }

    /// Follows another branch if votes say so.
    pub(super) fn follow_votes(&mut self, now: Timestamp, checks: &mut Checks) {
        if let Some(import) = self.chain.follow(now) {
            self.moved(now, import);
            self.show_chain(now, checks);
            self.watch_chain(now, checks);
        }
        self.tell_final();
    }

    /// A block of stake has come: is it the second of its slot, and were votes waiting for it?
    pub(super) fn watch_proposal(&mut self, now: Timestamp, header: &Header) {
        if let Some(offence) = self.chain.second_proposal(header) {
            self.accuse(offence);
        }
        self.count_waiting(now);
        self.tell_final();
    }

    /// Offences that it knows of and that the chain does not yet.
    pub fn offences(&self) -> impl Iterator<Item = &Offence> {
        self.validating.offences.values()
    }

    pub(super) fn restore_signed(&mut self, signed: Option<Signed>) {
        self.validating.signed = signed.unwrap_or_default();
    }

    fn propose(&mut self, now: Timestamp, slot: Slot, checks: &mut Checks) {
        self.report_offences(now, checks);
        let Some(epoch) = self.chain.stake_terms().map(|terms| terms.rules.epoch_of(slot)) else {
            return;
        };
        let heard = self.validating.votes.of(epoch.before(1), epoch);
        let votes: Vec<Transaction> = heard.map(|vote| Transaction::clone(vote)).collect();
        let by = Proposer { key: self.keyring.key(), to: self.address, votes: &votes };
        let Ok(block) = self.chain.propose(slot, by, &self.mempool) else {
            return;
        };
        self.sign_off(Signed { proposed: Some(slot), ..self.validating.signed });
        self.event(EventKind::Mined { block: block.id(), height: block.header.height });
        self.take_block(now, None, block, checks);
    }

    fn cast(&mut self, now: Timestamp, vote: Vote, checks: &mut Checks) {
        self.sign_off(Signed { voted: Some((vote.source.epoch, vote.target.epoch)), ..self.validating.signed });
        let transaction = Arc::new(vote.cast(self.keyring.key(), &self.chain.genesis_id()));
        // Its own vote is as good as any other's.
        drop(self.take_transaction(now, transaction, checks));
    }

    /// What is signed now is stored before it is said.
    fn sign_off(&mut self, signed: Signed) {
        self.validating.signed = signed;
        self.outbox.push_back(Output::Persist(ChangeSet { signed: Some(signed), ..ChangeSet::default() }));
    }

    /// Counts the votes whose blocks have come.
    fn count_waiting(&mut self, now: Timestamp) {
        let votes = &mut self.validating.votes;
        for id in std::mem::take(&mut votes.waiting) {
            let Some(vote) = votes.get(&id).and_then(|vote| SignedVote::of(vote)) else {
                continue;
            };
            let counted = self.chain.vote(now, vote.attestation.validator.address(), &vote.attestation.vote);
            if let Err(VoteError::UnknownHead(_)) = counted {
                votes.waiting.insert(id);
            }
        }
    }

    fn accuse(&mut self, offence: Offence) {
        let (Some(kind), Some(offender)) = (offence.kind(), offence.offender().map(|key| key.address())) else {
            return;
        };
        self.chain.ignore(offender);
        let full = self.validating.offences.len() >= MAX_OFFENDERS;
        if !full && self.validating.offences.insert(offender, offence).is_none() {
            self.event(EventKind::OffenceSeen { offender, offence: kind });
        }
    }

    /// Brings to the pool what waits for this node's turn: who includes the evidence is paid for it.
    fn report_offences(&mut self, now: Timestamp, checks: &mut Checks) {
        for offence in self.validating.offences.clone().into_values() {
            self.bring(now, offence, checks);
        }
    }

    /// What the chain knows need not be brought to it.
    fn forget_judged(&mut self) {
        let ledger = self.chain.ledger();
        let at_large = |offender: &Address| ledger.validator(offender).is_some_and(|validator| !validator.slashed);
        self.validating.offences.retain(|offender, _| at_large(offender));
    }

    fn bring(&mut self, now: Timestamp, offence: Offence, checks: &mut Checks) {
        let (from, nonce) = (self.keyring.public(), self.next_nonce());
        let action = Action::Report(Box::new(Report { from, nonce, offence }));
        let sign = |fee| {
            let unsigned = UnsignedTransaction { fee, action: action.clone() };
            unsigned.sign(self.keyring.key(), &self.chain.genesis_id())
        };
        let transaction = sign(minimum_fee(sign(Amount::ZERO).size()));
        drop(self.submit(now, transaction, checks));
    }

    fn tell_final(&mut self) {
        let Some([_, checkpoint]) = self.chain.checkpoints().filter(|[_, last]| last.epoch > self.validating.told)
        else {
            return;
        };
        self.validating.told = checkpoint.epoch;
        self.event(EventKind::Finalized { checkpoint });
    }

    fn stake_transaction(&self, amount: Option<Amount>, fee: Amount) -> Result<Transaction, PoolError> {
        let terms = self.chain.stake_terms();
        let terms = terms.ok_or(StakeError::WrongConsensus { what: "stake" }).map_err(TransactionError::from)?;
        let (from, nonce) = (self.keyring.public(), self.next_nonce());
        let action = match amount {
            Some(amount) => {
                let commitment = Reveal::promise(self.keyring.key(), &terms.salt(), first_secret(nonce));
                Action::Stake(Box::new(Deposit { from, nonce, amount, commitment }))
            }
            None => Action::Unstake(Box::new(Exit { from, nonce })),
        };
        Ok(UnsignedTransaction { fee, action }.sign(self.keyring.key(), &self.chain.genesis_id()))
    }

    /// Whether a transaction is a vote.
    pub(super) fn is_vote(transaction: &Transaction) -> bool {
        matches!(transaction.unsigned.action, Action::Attest(_))
    }
}
