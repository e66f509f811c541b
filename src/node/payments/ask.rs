//! Asking a peer for an invoice, and making one for a peer that asks.

use std::collections::VecDeque;

use super::Invoiced;
use crate::{
    channel::{Asking, Direct, Invoice},
    gossip::PeerId,
    node::{CommandResult, Node, PaymentRefusal},
    primitives::{Amount, Checks, Hash, MIN_HTLC, PaymentHash, Timestamp},
};

/// Requests of this node that are remembered; the oldest is forgotten first.
const MAX_ASKED: usize = 64;
/// Invoices made for peers that asked and that nobody has paid yet: of one peer, and of all.
const MAX_PROMISED_TO_PEER: usize = 16;
const MAX_PROMISED: usize = 256;
/// Milliseconds before one that was made for a peer gives way to another for it: each costs a signature, which takes milliseconds by RSA.
const MAKE_ROOM: u64 = 60_000;

/// What one has asked for, and what was made for those who asked. A restart forgets both: what is paid then fails as unknown, and can be asked for anew.
#[derive(Debug, Clone, Default)]
pub(super) struct Askings {
    asked: VecDeque<(Hash, PeerId, Option<Invoice>)>,
    promised: VecDeque<Promised>,
}

/// An invoice that was made for a peer.
#[derive(Debug, Clone)]
struct Promised {
    to: PeerId,
    made: Timestamp,
    invoiced: Invoiced,
}

impl Askings {
    /// An invoice that was made for somebody who asked, and is not paid.
    pub(super) fn promised(&self, payment: &PaymentHash) -> Option<&Invoiced> {
        self.promised.iter().map(|promised| &promised.invoiced).find(|invoiced| invoiced.invoice.payment == *payment)
    }

    /// It is paid now, and kept like any other.
    pub(super) fn keep(&mut self, payment: &PaymentHash) {
        self.promised.retain(|promised| promised.invoiced.invoice.payment != *payment);
    }

    /// Whether one may be made for a peer: it has fewer than it may have, or its oldest is old enough to give way.
    fn may_promise(&self, peer: PeerId, now: Timestamp) -> bool {
        let mut own = self.promised.iter().filter(|promised| promised.to == peer);
        own.clone().count() < MAX_PROMISED_TO_PEER || own.next().is_some_and(|first| now.since(first.made) >= MAKE_ROOM)
    }

    /// One more. The oldest of the same peer gives way if it has all that it may have, and else the oldest of all.
    fn promise(&mut self, promised: Promised) {
        let is_own = |other: &Promised| other.to == promised.to;
        let own = self.promised.iter().filter(|other| is_own(other)).count();
        let oldest = if own >= MAX_PROMISED_TO_PEER {
            self.promised.iter().position(is_own)
        } else {
            (self.promised.len() >= MAX_PROMISED).then_some(0)
        };
        if let Some(oldest) = oldest {
            self.promised.remove(oldest);
        }
        self.promised.push_back(promised);
    }
}

impl Node {
    /// Invoices that were made for peers who asked, and that nobody has paid.
    pub fn promised(&self) -> impl Iterator<Item = &Invoice> + '_ {
        self.payments.askings.promised.iter().map(|promised| &promised.invoiced.invoice)
    }

    /// What a peer answered to a request; nothing while it has not.
    pub fn answered(&self, request: &Hash) -> Option<&Invoice> {
        self.payments.askings.asked.iter().find(|(asked, ..)| asked == request)?.2.as_ref()
    }

    /// Asks a peer for an invoice.
    pub(in crate::node) fn ask_for_invoice(&mut self, peer: PeerId, amount: Amount) -> CommandResult {
        if amount < MIN_HTLC {
            return CommandResult::PaymentRefused(PaymentRefusal::TooSmall { amount, minimum: MIN_HTLC });
        }
        if !self.gossip.peers().any(|(other, _)| other == peer) {
            return CommandResult::NoPeers;
        }
        let (request, asked) = (Hash(self.keyring.draw_bytes()), &mut self.payments.askings.asked);
        if asked.len() >= MAX_ASKED {
            asked.pop_front();
        }
        asked.push_back((request, peer, None));
        self.reply(peer, Asking::Want { request, amount });
        CommandResult::Asked(request)
    }

    pub(in crate::node) fn on_asking(&mut self, now: Timestamp, from: PeerId, message: Asking, checks: &mut Checks) {
        match message {
            Asking::Want { request, amount } => {
                if self.payments.askings.may_promise(from, now)
                    && let Ok(invoiced) = self.new_invoice(now, amount)
                {
                    let invoice = invoiced.invoice.clone();
                    self.payments.askings.promise(Promised { to: from, made: now, invoiced });
                    self.reply(from, Asking::Made { request, invoice });
                }
            }
            Asking::Made { request, invoice } => {
                let genesis = self.chain.genesis_id();
                let open = |(asked, peer, answer): &&mut (Hash, PeerId, Option<Invoice>)| {
                    *asked == request && *peer == from && answer.is_none()
                };
                let Some((.., answer)) = self.payments.askings.asked.iter_mut().find(open) else { return };
                if invoice.is_signed(&genesis, checks) {
                    *answer = Some(invoice);
                } else {
                    self.blame_in_channel(now, from, request, "answers with an invoice that is not signed".to_owned());
                }
            }
        }
    }

    fn reply(&mut self, to: PeerId, message: Asking) {
        self.gossip.send_direct(to, Direct::Asking(message).to_bytes());
    }
}
