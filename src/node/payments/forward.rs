//! What becomes of HTLCs: passed on, told upstream, or told to the payment that they belong to.

use super::PaymentNotice;
use crate::{
    channel::{
        CLAIM_MARGIN, Event, Failure, FailureReason, Instruction, NewHtlc, News, Onward, Origin, Packet,
        routing::ForwardError,
    },
    node::Node,
    primitives::{Amount, Checks, Hash, Height, Htlc, MAX_EXPIRY, Preimage, Timestamp},
};

impl Node {
    /// Acts on what a channel reports, in the same breath: what it does is stored together with what the channel was told.
    pub(in crate::node) fn on_htlc(&mut self, now: Timestamp, channel: &Hash, news: News, checks: &mut Checks) {
        match news {
            News::Offered { htlc, packet } => match packet.open() {
                Ok(Instruction::Deliver) => self.receive(now, channel, &htlc, checks),
                Ok(Instruction::Forward(onward, rest)) => self.forward(now, channel, &htlc, &onward, rest, checks),
                Err(_) => self.send_back(now, channel, &htlc, None, FailureReason::BadPacket, checks),
            },
            News::Fulfilled { origin: Origin::Forward { channel, id }, preimage, amount } => {
                self.earn(&channel, id, preimage, amount);
                drop(self.give(now, &channel, Event::Fulfil { id, preimage }, checks));
            }
            News::Failed { origin: Origin::Forward { channel, id }, failure } => {
                drop(self.give(now, &channel, Event::Fail { id, failure }, checks));
            }
            News::Fulfilled { origin: Origin::Own { payment, attempt }, preimage, .. } => {
                self.arrived(now, payment, attempt, preimage);
            }
            News::Failed { origin: Origin::Own { payment, attempt }, failure } => {
                self.came_back(now, payment, attempt, failure, checks);
            }
        }
    }

    fn forward(
        &mut self,
        now: Timestamp,
        from: &Hash,
        htlc: &Htlc,
        onward: &Onward,
        packet: Packet,
        checks: &mut Checks,
    ) {
        let new = NewHtlc { amount: onward.amount, payment: htlc.payment, expiry: onward.expiry, packet };
        let to = match self.way_on(htlc, onward, &new) {
            Ok(to) => to,
            Err(reason) => {
                let available = self.channel(&onward.channel).map(|(_, channel)| channel.spendable());
                let (needed, available) = (onward.amount, available.unwrap_or_default());
                let notice = PaymentNotice::NotForwarded { channel: onward.channel, reason, needed, available };
                self.notice(htlc.payment, notice);
                self.send_back(now, from, htlc, Some(onward), reason, checks);
                return;
            }
        };
        self.notice(htlc.payment, PaymentNotice::Forwarded { channel: onward.channel, amount: onward.amount });
        let origin = Origin::Forward { channel: *from, id: htlc.id };
        if self.give(now, &to, Event::Offer { htlc: Box::new(new), origin }, checks).is_err() {
            self.send_back(now, from, htlc, Some(onward), FailureReason::NotReady, checks);
        }
    }

    /// The handle of the channel that takes it further, if terms and time allow.
    fn way_on(&self, htlc: &Htlc, onward: &Onward, new: &NewHtlc) -> Result<Hash, FailureReason> {
        let height = self.chain.height().0;
        let (handle, held) = self
            .channels
            .held
            .iter()
            .find(|(_, held)| held.channel.id() == onward.channel)
            .ok_or(FailureReason::UnknownChannel)?;
        let (incoming, outgoing) = ((htlc.amount, htlc.expiry), (onward.amount, onward.expiry));
        self.network.policy.admit(incoming, outgoing).map_err(|error| told(&error))?;
        if onward.expiry.0 <= height + CLAIM_MARGIN {
            return Err(FailureReason::ExpiresTooSoon);
        }
        if htlc.expiry > Height(height + MAX_EXPIRY) {
            return Err(FailureReason::ExpiresTooLate);
        }
        if !self.gossip.peers().any(|(peer, status)| peer == held.peer && status.is_some()) {
            return Err(FailureReason::NotReady);
        }
        held.channel.can_offer(new)?;
        Ok(*handle)
    }

    /// Reports what passing an HTLC on has brought.
    fn earn(&mut self, from: &Hash, id: u64, preimage: Preimage, paid: Amount) {
        let incoming = self.channels.held.get(from).and_then(|held| held.channel.htlc(id));
        if let Some(fee) = incoming.and_then(|htlc| htlc.amount.checked_sub(paid)) {
            self.notice(preimage.payment(), PaymentNotice::Earned { fee });
        }
    }

    fn send_back(
        &mut self,
        now: Timestamp,
        to: &Hash,
        htlc: &Htlc,
        onward: Option<&Onward>,
        reason: FailureReason,
        checks: &mut Checks,
    ) {
        let failure = Failure { at: self.keyring.public(), channel: onward.map(|onward| onward.channel), reason };
        drop(self.give(now, to, Event::Fail { id: htlc.id, failure }, checks));
    }
}

/// What a policy's refusal tells the payer.
fn told(error: &ForwardError) -> FailureReason {
    match error {
        ForwardError::Disabled => FailureReason::NotReady,
        ForwardError::BelowMinimum { minimum, .. } => FailureReason::BelowMinimum { minimum: *minimum },
        ForwardError::AboveMaximum { maximum, .. } => FailureReason::AboveMaximum { maximum: *maximum },
        ForwardError::FeeTooLow { incoming, outgoing, fee } => {
            let found = incoming.checked_sub(*outgoing).unwrap_or_default();
            FailureReason::FeeTooLow { found, needed: *fee }
        }
        ForwardError::ExpiryTooSoon { incoming, outgoing, delta } => {
            let found = u32::try_from(incoming.0.saturating_sub(outgoing.0)).unwrap_or(u32::MAX);
            FailureReason::DeltaTooSmall { found, needed: *delta }
        }
    }
}
