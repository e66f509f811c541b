//! A chain of stake as it goes on: blocks are judged on their own branch, votes counted, checkpoints become final, and the best branch is followed.

use super::{
    BlockError, Chain, Import, StakeError, StakeTerms, VoteError, check_body,
    stake::{SEAL_RULES, SealCase},
};
use crate::primitives::{Address, Block, BlockId, Checkpoint, Checks, Header, Offence, Timestamp, Vote};

impl Chain {
    /// Whether stake seals its blocks.
    pub fn is_staked(&self) -> bool {
        self.stake.is_some()
    }

    /// Parameters and times of a chain of stake.
    pub fn stake_terms(&self) -> Option<&StakeTerms> {
        self.stake.as_ref().map(|staked| &staked.terms)
    }

    /// The latest justified and the latest final checkpoint that this node knows of, on a chain of stake.
    pub fn checkpoints(&self) -> Option<[Checkpoint; 2]> {
        self.stake.as_ref().map(|staked| [staked.justified, staked.finalized])
    }

    /// Takes no chain any more without this checkpoint: what whoever was away for long has to be told (weak subjectivity). Blocks that are here already stay.
    ///
    /// # Errors
    /// [`StakeError::NotTrusted`] if the best chain has passed that epoch without it, [`StakeError::WrongConsensus`] on a chain of work.
    pub fn trust(&mut self, checkpoint: Checkpoint) -> Result<(), StakeError> {
        let staked = self.stake.as_mut().ok_or(StakeError::WrongConsensus { what: "checkpoint" })?;
        let epoch = |header: &Header| staked.terms.epoch_at(header.timestamp);
        let beyond = |id: &&BlockId| self.tree.get(id).is_some_and(|entry| epoch(&entry.header) >= checkpoint.epoch);
        let at = self.best.partition_point(|id| !beyond(&id));
        let passed = self.best.get(at).and_then(|id| self.tree.get(id)).map(|entry| entry.header.parent);
        if let Some(block) = passed.filter(|block| *block != checkpoint.block && at > 0) {
            return Err(StakeError::NotTrusted { epoch: checkpoint.epoch, block, trusted: checkpoint.block });
        }
        staked.trusted = Some(checkpoint);
        Ok(())
    }

    /// A signed vote counts for fork choice from now on; [`Chain::follow`] heeds it.
    ///
    /// # Errors
    /// [`VoteError`]; nothing has changed then.
    pub fn vote(&mut self, now: Timestamp, validator: Address, vote: &Vote) -> Result<(), VoteError> {
        let staked = self.stake.as_mut().ok_or(VoteError::NoStake)?;
        let slot = staked.terms.slot_at(now);
        staked.vote(&self.tree, validator, vote, slot)
    }

    /// Votes of somebody who was seen to break a rule count no more here.
    pub fn ignore(&mut self, offender: Address) {
        self.stake.iter_mut().for_each(|staked| staked.ignore(offender));
    }

    /// Follows the branch that is the best by now; nothing if that is the one already, or on a chain of work.
    pub fn follow(&mut self, now: Timestamp) -> Option<Import> {
        let staked = self.stake.as_mut()?;
        staked.tick(now);
        let head = staked.head(&self.tree, now)?;
        // Every block here was applied to its own branch: it cannot be found broken now.
        let import = (head != self.tip()).then(|| self.switch_to(head).ok()).flatten();
        self.drop_aside();
        import
    }

    /// Two blocks of one proposer for one slot, if this one is the second that came.
    pub fn second_proposal(&self, block: &Header) -> Option<Offence> {
        self.stake.as_ref()?.second_proposal(&self.tree, block)
    }

    pub(super) fn import_staked(
        &mut self,
        now: Timestamp,
        id: BlockId,
        block: Block,
        checks: &mut Checks,
    ) -> Result<Import, BlockError> {
        let below = self.judge_seal(&block.header, checks).cloned();
        let mut ledger = below.inspect_err(|error| self.reject(&id, error))?;
        let checked = check_body(block, id, &self.rules, &self.genesis_id, checks)
            .inspect_err(|error| self.reject(&id, error))?;
        let undo = ledger.apply(&checked, &self.rules).inspect_err(|error| self.reject(&id, error))?;
        self.tree.insert(id, checked.header.clone(), Some(checked.clone()));
        if let Some(staked) = &mut self.stake {
            staked.insert(&self.tree, id, &checked, ledger, undo);
        }
        let import = self.follow(now);
        let dropped = self.tree.prune(&self.best);
        if let Some(staked) = &mut self.stake {
            staked.forget(&self.tree, &dropped);
        }
        Ok(import.unwrap_or(Import::SideBranch))
    }

    /// Whether whoever seals a header is somebody whose word can be held against him: else headers would cost nothing to make.
    pub(super) fn judge_proposer(&self, header: &Header) -> Result<(), BlockError> {
        let Some(proposal) = header.seal.proposal().filter(|_| self.is_staked()) else {
            return Ok(());
        };
        let proposer = proposal.proposer.address();
        if self.ledger.validator(&proposer).is_none() {
            return Err(StakeError::UnknownProposer { proposer }.into());
        }
        let signed = proposal.is_signed(&self.genesis_id, &header.unsealed.hash(), &mut Checks::forgetful());
        if signed { Ok(()) } else { Err(StakeError::BadSeal.into()) }
    }

    /// Judges a seal on the state after the parent, which it returns.
    fn judge_seal(&self, header: &Header, checks: &mut Checks) -> Result<&super::Ledger, BlockError> {
        let wrong = StakeError::WrongConsensus { what: "seal" };
        let (Some(staked), Some(parent)) = (&self.stake, self.tree.get(&header.parent)) else {
            return Err(wrong.into());
        };
        let below = staked.admits(header, &parent.header)?;
        let case = SealCase::new(header, &self.genesis_id, below).ok_or(wrong)?;
        SEAL_RULES.iter().try_for_each(|(_, rule)| rule(&case, checks).into_result())?;
        Ok(below)
    }

    /// Drops branches that conflict with what is final.
    fn drop_aside(&mut self) {
        let Some(staked) = &mut self.stake else { return };
        let mut conflicting = staked.prune(&self.tree);
        conflicting.retain(|lowest| !self.is_best(lowest));
        let dropped: Vec<BlockId> = conflicting.iter().flat_map(|lowest| self.tree.remove(lowest)).collect();
        if let Some(staked) = &mut self.stake {
            staked.forget(&self.tree, &dropped);
        }
    }
}
