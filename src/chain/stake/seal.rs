//! Whether whoever seals a block of stake may: each rule once, for import and for audit.

use super::records::Records;
use super::{StakeError, Turn};
use crate::{
    chain::{Ledger, draft::Draft},
    primitives::{BlockId, Checks, Header, Proposal, Reveal, Slot, Verdict},
};

/// A header with the proposal that seals it and the state in its slot.
pub(in crate::chain) struct SealCase<'a> {
    header: &'a Header,
    proposal: &'a Proposal,
    genesis: &'a BlockId,
    slot: Slot,
    state: Draft<'a>,
}

/// A rule by the code of its error.
type SealRule = (&'static str, fn(&SealCase<'_>, &mut Checks) -> Verdict<StakeError>);

/// What a seal must keep against the state after the parent, in the order in which it is checked.
pub(in crate::chain) const SEAL_RULES: [SealRule; 3] =
    [("bad-seal", is_signed), ("not-the-leader", leads), ("wrong-reveal", reveals)];

impl<'a> SealCase<'a> {
    /// A header of stake on top of a ledger; nothing if either is of work.
    pub(in crate::chain) fn new(header: &'a Header, genesis: &'a BlockId, below: &'a Ledger) -> Option<Self> {
        let turn = Turn { reveals: None, ..Turn::of(header, below)? };
        let mut state = below.draft();
        state.begin(&turn);
        Some(Self { header, proposal: header.seal.proposal()?, genesis, slot: turn.slot, state })
    }
}

fn is_signed(case: &SealCase<'_>, checks: &mut Checks) -> Verdict<StakeError> {
    let signed = case.proposal.is_signed(case.genesis, &case.header.unsealed.hash(), checks);
    Verdict::compare(signed, StakeError::BadSeal)
}

fn leads(case: &SealCase<'_>, _: &mut Checks) -> Verdict<StakeError> {
    let (slot, proposer) = (case.slot, case.proposal.proposer.address());
    let leader = case.state.leader(slot);
    Verdict::compare(leader == Some(proposer), StakeError::NotTheLeader { slot, proposer, leader })
}

fn reveals(case: &SealCase<'_>, _: &mut Checks) -> Verdict<StakeError> {
    let computed = Reveal::commitment(&case.proposal.reveal.secret);
    match case.state.validator(&case.proposal.proposer.address()) {
        Some(proposer) => {
            let expected = proposer.commitment;
            Verdict::compare(computed == expected, StakeError::WrongReveal { computed, expected })
        }
        None => Verdict::Open("no-proposer"),
    }
}
