//! A watched channel, and how far the tower is with it: what it would bring to the chain, and for what fee.

use std::collections::{BTreeMap, BTreeSet};

use borsh::BorshSerialize;
use serde::Serialize;

use super::{Answer, Claim, MAX_REVEALS, Sight, TowerNotice, Watched};
use crate::{
    channel::{
        Seen,
        justice::{Justice, step_fee},
    },
    primitives::{Amount, DisputeStep, Height, PaymentHash, Revelation},
};

/// Blocks without the channel on the chain after which it is forgotten.
const FORGET: u64 = 100;

/// Only what it was told outlives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize)]
pub(super) struct Case {
    pub(super) watched: Watched,
    height: Height,
    /// Since when it is not on the chain.
    gone: Option<Height>,
    /// What is under way, as it was told.
    answering: Option<TowerNotice>,
    /// Blocks for which that has waited.
    waited: u32,
    /// Preimages that are under way, with the blocks for which each has waited.
    revealing: BTreeMap<PaymentHash, u32>,
}

/// What is left to spend, and what it is spent on.
struct Bids {
    budget: Amount,
    answer: Answer,
}

impl Case {
    pub(super) const fn new(watched: Watched) -> Self {
        Self { watched, height: Height(0), gone: None, answering: None, waited: 0, revealing: BTreeMap::new() }
    }

    pub(super) fn is_past(&self) -> bool {
        self.gone.is_some_and(|since| self.height.0 >= since.0.saturating_add(FORGET))
    }

    /// `brought` are the payments whose preimages it has brought to the chain for this side of the channel so far.
    pub(super) fn look(
        &mut self,
        sight: &Sight,
        budget: Amount,
        brought: &mut BTreeSet<PaymentHash>,
    ) -> Option<Answer> {
        let grown = sight.height != self.height;
        self.height = sight.height;
        self.gone = if sight.locked.is_some() { None } else { self.gone.or(Some(sight.height)) };
        let answer = Answer { keys: self.watched.keys.clone(), steps: Vec::new(), notices: Vec::new() };
        let mut bids = Bids { budget, answer };
        let justice = sight.publication.and_then(|seen| self.answer(&seen));
        let punishes = matches!(justice, Some((DisputeStep::Punish(_), _)));
        self.do_justice(justice, grown, sight, &mut bids);
        let claims = if punishes { Vec::new() } else { self.due(sight, grown) };
        self.reveal(&claims, grown, sight, brought, &mut bids);
        Some(bids.answer).filter(|answer| !answer.steps.is_empty())
    }

    fn do_justice(&mut self, justice: Option<(DisputeStep, TowerNotice)>, grown: bool, sight: &Sight, bids: &mut Bids) {
        let Some((step, told)) = justice else {
            (self.answering, self.waited) = (None, 0);
            return;
        };
        let news = self.answering != Some(told);
        self.waited += u32::from(grown && self.answering.is_some());
        self.answering = Some(told);
        bids.offer(step, step_fee(self.waited, sight.locked.unwrap_or_default()), news.then_some(told));
    }

    fn answer(&self, seen: &Seen) -> Option<(DisputeStep, TowerNotice)> {
        let Watched { policy, client, newest, revealed, .. } = &self.watched;
        let justice = Justice { side: *client, policy: *policy, newest, revealed };
        let window_ends = seen.window_ends;
        if let Some(secret) = justice.punishes(seen) {
            return Some((DisputeStep::Punish(secret), TowerNotice::Punishing { number: seen.published, window_ends }));
        }
        let number = newest.commitment.number;
        let refutes = justice.refutes(seen, self.height);
        refutes.then_some((DisputeStep::Refute(newest.clone()), TowerNotice::Refuting { number, window_ends }))
    }

    /// What is to be claimed now, the first to expire first. Once a commitment is published that the tower knows, or will replace by one that it
    /// knows, all of it is decided on the chain. Without one, or after a newer one, the client may have settled it otherwise, and the tower waits
    /// to hear of that as long as it can.
    fn due(&self, sight: &Sight, grown: bool) -> Vec<Claim> {
        let newest = self.watched.newest.commitment.number;
        let decided_there = sight.publication.is_some_and(|seen| seen.number <= newest);
        let mut open: Vec<Claim> = self.watched.claims.clone();
        open.retain(|claim| claim.is_open(sight.height) && !sight.registered.contains(&claim.payment()));
        open.retain(|claim| sight.locked.is_some() && (decided_there || claim.is_due(sight.height, grown)));
        open.sort_by_key(|claim| claim.expiry);
        // One revelation decides all HTLCs of a payment.
        let mut known = BTreeSet::new();
        open.retain(|claim| known.insert(claim.payment()));
        open
    }

    fn reveal(
        &mut self,
        claims: &[Claim],
        grown: bool,
        sight: &Sight,
        brought: &mut BTreeSet<PaymentHash>,
        bids: &mut Bids,
    ) {
        if grown {
            self.revealing.retain(|payment, _| claims.iter().any(|claim| claim.payment() == *payment));
        }
        for Claim { preimage, expiry, amount } in claims.iter().copied() {
            let payment = preimage.payment();
            if !brought.contains(&payment) && brought.len() >= MAX_REVEALS {
                continue;
            }
            let news = !self.revealing.contains_key(&payment);
            let waited = self.revealing.entry(payment).or_default();
            *waited += u32::from(grown && !news);
            let wanted = step_fee(*waited, sight.locked.unwrap_or_default()).min(amount);
            let step = DisputeStep::Reveal(Revelation { preimage, expiry });
            if bids.offer(step, wanted, news.then_some(TowerNotice::Revealing { expiry })) {
                brought.insert(payment);
            }
        }
    }
}

impl Bids {
    /// Offers what it can of what a step should be offered for; whether that is anything.
    fn offer(&mut self, step: DisputeStep, wanted: Amount, told: Option<TowerNotice>) -> bool {
        let (fee, available) = (wanted.min(self.budget), self.budget);
        self.answer.notices.extend(told);
        self.answer.notices.extend((wanted > available).then_some(TowerNotice::TooPoor { wanted, available }));
        self.answer.steps.push((step, fee));
        self.budget = self.budget.checked_sub(fee).unwrap_or(Amount::ZERO);
        fee > Amount::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        channel::RevealedSecrets,
        primitives::{CoSigned, Commitment, Hash, Policy, Preimage, SecretKey, Side},
    };

    const NUMBER: u64 = 7;

    fn units(units: u64) -> Amount {
        Amount::new(units).expect("in range")
    }

    fn claim(secret: u8, expiry: u64, amount: u64) -> Claim {
        Claim { preimage: Preimage([secret; 32]), expiry: Height(expiry), amount: units(amount) }
    }

    /// The opener's, who has claims of commitment 7.
    fn case(claims: Vec<Claim>) -> Case {
        let keys = [1, 2].map(|seed| SecretKey::from_seed([seed; 32]));
        let commitment = Commitment { number: NUMBER, state: Hash::ZERO, points: [Hash::ZERO; 2] };
        let newest = CoSigned { commitment, signatures: [0, 1].map(|at: usize| keys[at].sign(&Hash::ZERO)) };
        let (policy, revealed) = (Policy::Replace, RevealedSecrets::default());
        let keys = [keys[0].public(), keys[1].public()];
        Case::new(Watched { keys, policy, client: Side::Opener, newest, revealed, claims })
    }

    /// At a height, with the accepter's publication of a commitment, if any.
    fn sight(height: u64, published: Option<u64>, registered: &[Claim]) -> Sight {
        let publication = published.map(|number| Seen {
            publisher: Side::Accepter,
            published: number,
            number,
            window_ends: Height(height + 5),
            charged: Default::default(),
        });
        let registered = registered.iter().map(Claim::payment).collect();
        Sight { height: Height(height), locked: Some(units(50_000)), publication, registered }
    }

    /// Expiries of what it would reveal, with the fees.
    fn revealed(answer: Option<Answer>) -> Vec<(u64, u64)> {
        let steps = answer.into_iter().flat_map(|answer| answer.steps);
        let reveal = |(step, fee): (DisputeStep, Amount)| match step {
            DisputeStep::Reveal(revelation) => Some((revelation.expiry.0, fee.units())),
            _ => None,
        };
        steps.filter_map(reveal).collect()
    }

    /// Nothing published, or something newer than the tower knows: as late as it can. A commitment that it knows, or an older one: at once. Never what
    /// the next block would not take, or nobody would be paid for.
    #[test]
    fn when_to_reveal() {
        let expiry = 100;
        #[rustfmt::skip]
        let rows = [
            (50, None, false), (93, None, false), (94, None, true), (99, None, true), (100, None, false), (101, None, false),
            (50, Some(NUMBER + 1), false), (93, Some(NUMBER + 1), false), (94, Some(NUMBER + 1), true), (100, Some(NUMBER + 1), false),
            (50, Some(NUMBER), true), (50, Some(NUMBER - 1), true), (99, Some(NUMBER), true), (100, Some(NUMBER), false),
        ];
        for (height, published, reveals) in rows {
            let mut case = case(vec![claim(1, expiry, 9_000)]);
            let answer = case.look(&sight(height, published, &[]), units(90_000), &mut BTreeSet::new());
            let expected = if reveals { vec![(expiry, 1_500)] } else { Vec::new() };
            assert_eq!(revealed(answer), expected, "{height} {published:?}");
            let known = sight(height, published, &[claim(1, expiry, 9_000)]);
            assert_eq!(revealed(case.look(&known, units(90_000), &mut BTreeSet::new())), [], "{height}: registered");
            let gone = Sight { locked: None, publication: None, ..sight(height, None, &[]) };
            assert_eq!(revealed(case.look(&gone, units(90_000), &mut BTreeSet::new())), [], "{height}: no channel");
        }
        let mut far = case(vec![claim(1, 9_000, 9_000)]);
        let answer = far.look(&sight(50, Some(NUMBER), &[]), units(90_000), &mut BTreeSet::new());
        assert_eq!(revealed(answer), [], "the chain would not take it yet");
    }

    /// What comes between two blocks is revealed after the next, if that is not too late.
    #[test]
    fn a_claim_waits_for_a_block() {
        for (height, at_once) in [(94, false), (97, false), (98, true), (99, true)] {
            let mut case = case(Vec::new());
            assert_eq!(case.look(&sight(height, None, &[]), units(90_000), &mut BTreeSet::new()), None);
            case.watched.claims.push(claim(1, 100, 9_000));
            let mut look = |height| revealed(case.look(&sight(height, None, &[]), units(90_000), &mut BTreeSet::new()));
            assert_eq!(!look(height).is_empty(), at_once, "{height}");
            assert!(height == 99 || !look(height + 1).is_empty(), "{height}");
        }
    }

    /// The fee rises by a quarter with each block, up to what the HTLC is worth; of one payment's HTLCs the first to expire is meant; money goes to what
    /// expires first, and a payment counts once, however often it is brought.
    #[test]
    fn what_it_costs() {
        let (claims, mut brought) =
            (vec![claim(2, 97, 2_000), claim(1, 99, 9_000), claim(1, 96, 9_000)], BTreeSet::new());
        let mut case = case(claims);
        let mut look = |height, budget| revealed(case.look(&sight(height, None, &[]), units(budget), &mut brought));
        assert_eq!(look(92, 90_000), [(96, 1_500), (97, 1_500)]);
        assert_eq!(look(92, 90_000), [], "that waits already");
        assert_eq!(look(93, 90_000), [(96, 1_875), (97, 1_875)]);
        assert_eq!(look(94, 90_000), [(96, 2_343), (97, 2_000)]);
        assert_eq!(look(95, 3_000), [(96, 2_928), (97, 72)]);
        assert_eq!(look(96, 90_000), [(97, 2_000), (99, 3_660)], "the second HTLC of that payment");
        assert_eq!(brought.len(), 2);
        let others: Vec<Claim> = (10..50).map(|secret| claim(secret, 100, 9_000)).collect();
        let mut many = super::tests::case(others);
        many.watched.claims.push(claim(1, 100, 9_000));
        let answer = many.look(&sight(99, None, &[]), units(900_000), &mut brought);
        assert_eq!(revealed(answer).len(), MAX_REVEALS - 2 + 1, "what was brought before is brought again");
        assert_eq!(brought.len(), MAX_REVEALS);
    }
}
