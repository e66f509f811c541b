//! What the owner of one party of a channel knows of HTLCs, in plain numbers: what it wanted offered, what it was offered, and how each ended.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::collections::BTreeMap;

use tabchain::{
    channel::{NewHtlc, News, Origin},
    primitives::{Htlc, PaymentHash, Preimage},
};

/// What is revealed for the `n`th payment of a run.
pub fn preimage(n: u64) -> Preimage {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    Preimage(bytes)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Fulfilled,
    Failed,
}

/// An HTLC that its owner wanted offered.
#[derive(Debug, Clone)]
pub struct Offered {
    pub new: NewHtlc,
    pub outcome: Option<Outcome>,
}

/// An HTLC that the other party has offered irrevocably.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub htlc: Htlc,
    pub decided: Option<Decision>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Its preimage was known so early that it must be paid.
    InTime,
    /// It was known when time was up.
    TooLate,
    GivenBack,
}

#[derive(Debug, Clone, Default)]
pub struct Owed {
    pub offered: BTreeMap<PaymentHash, Offered>,
    pub arrived: BTreeMap<PaymentHash, Arrived>,
}

impl Owed {
    pub fn wants(&mut self, new: NewHtlc) {
        assert!(self.offered.insert(new.payment, Offered { new, outcome: None }).is_none(), "each payment once");
    }

    /// Each is told once.
    pub fn hears(&mut self, news: &News) {
        match news {
            News::Offered { htlc, .. } => {
                let arrived = Arrived { htlc: *htlc, decided: None };
                assert!(self.arrived.insert(htlc.payment, arrived).is_none(), "{} arrives twice", htlc.id);
            }
            News::Fulfilled { origin, preimage, amount } => {
                let offered = self.told(*origin, Outcome::Fulfilled);
                assert_eq!((preimage.payment(), *amount), (offered.new.payment, offered.new.amount), "a true receipt");
            }
            News::Failed { origin, .. } => drop(self.told(*origin, Outcome::Failed)),
        }
    }

    fn told(&mut self, origin: Origin, outcome: Outcome) -> Offered {
        let Origin::Own { payment, .. } = origin else { panic!("nobody forwards here") };
        let offered = self.offered.get_mut(&payment).expect("it was wanted");
        assert_eq!(offered.outcome.replace(outcome), None, "told twice, now {outcome:?}");
        offered.clone()
    }

    /// The oldest that arrived and waits for a decision, and so on.
    pub fn undecided(&self) -> Vec<Htlc> {
        let undecided = self.arrived.values().filter(|arrived| arrived.decided.is_none());
        undecided.map(|arrived| arrived.htlc).collect()
    }

    pub fn decides(&mut self, payment: &PaymentHash, decision: Decision) {
        self.arrived.get_mut(payment).expect("it arrived").decided = Some(decision);
    }

    pub fn is_due(&self, payment: &PaymentHash) -> bool {
        self.arrived.get(payment).is_some_and(|arrived| arrived.decided == Some(Decision::InTime))
    }

    /// Base units of what was offered and fulfilled.
    pub fn spent(&self) -> u64 {
        let fulfilled = self.offered.values().filter(|offered| offered.outcome == Some(Outcome::Fulfilled));
        fulfilled.map(|offered| offered.new.amount.units()).sum()
    }
}
