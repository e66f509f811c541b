//! What the adjudicator would take in the next block: each step is built from what the parties hold and put to its own table. Fees are left
//! aside: they are paid from an account.

use super::{RuleRow, channel::Case, values};
use crate::{
    chain::{ChannelError, Outcome as After},
    channel::Channel,
    primitives::{Amount, Closing, Dispute, DisputeStep, FeeSource, Side},
};

impl Case<'_> {
    /// Publish, refute, punish, settle and close together, each by whoever could.
    pub(super) fn steps(&self) -> Vec<RuleRow> {
        let mut rows = Side::BOTH.map(|side| self.publish(side)).to_vec();
        rows.extend([self.refute(), self.punish(), self.settle(), self.close()]);
        rows
    }

    fn publish(&self, side: Side) -> RuleRow {
        let code = "step-publish";
        let Some(channel) = self.pair.view(side) else {
            return RuleRow::open(code, "party-unknown");
        };
        if !channel.is_cosigned() {
            return RuleRow::open(code, "awaits-signature");
        }
        let (shown, _) = channel.newest();
        let asked = self.ask(channel, side, DisputeStep::Publish(shown.clone()));
        answer(code, asked, values![self.name(side), shown.commitment.number])
    }

    fn refute(&self) -> RuleRow {
        let Some(channel) = self.pair.newest() else {
            return RuleRow::open("step-refute", "awaits-signature");
        };
        let (shown, _) = channel.newest();
        let asked = self.ask(channel, channel.side(), DisputeStep::Refute(shown.clone()));
        answer("step-refute", asked, values![shown.commitment.number, self.name(channel.side())])
    }

    /// By the other party of whoever has published; before that, by whoever holds a secret.
    fn punish(&self) -> RuleRow {
        let at = self.record.and_then(|record| record.publication);
        let (sides, number) = at.map_or((Side::BOTH.to_vec(), 0), |at| (vec![at.publisher.other()], at.published));
        let able = sides.into_iter().filter_map(|side| self.pair.view(side));
        let secret = able.filter_map(|channel| Some((channel, channel.revealed(number)?))).next();
        let Some((channel, secret)) = secret else {
            return RuleRow::open("step-punish", "no-secret");
        };
        let asked = self.ask(channel, channel.side(), DisputeStep::Punish(secret));
        answer("step-punish", asked, values![self.name(channel.side()), number])
    }

    fn settle(&self) -> RuleRow {
        let code = "step-settle";
        let shown = self.record.and_then(|record| record.publication).map(|at| at.number);
        let Some(number) = shown.or_else(|| Some(self.pair.newest()?.newest().0.commitment.number)) else {
            return RuleRow::open(code, "awaits-signature");
        };
        let known = self.pair.known().find_map(|channel| Some((channel, channel.state_of(number)?)));
        let Some((channel, state)) = known else {
            return RuleRow::open(code, "no-state");
        };
        let asked = self.ask(channel, channel.side(), DisputeStep::Settle(state.clone()));
        let [opener, accepter] = match asked {
            Ok(After::Paid(amounts)) => amounts,
            _ => state.balances,
        };
        answer(code, asked, self.split(number, opener, accepter))
    }

    /// What both own, less what fees have taken out of the channel.
    fn close(&self) -> RuleRow {
        let Some(channel) = self.pair.newest() else {
            return RuleRow::open("step-close", "awaits-signature");
        };
        let (shown, state) = channel.newest();
        let charged = self.record.map_or([Amount::ZERO; 2], |record| record.charged);
        let left = |side: Side| state.balances[side.index()].checked_sub(charged[side.index()]).unwrap_or(Amount::ZERO);
        let balances = Side::BOTH.map(left);
        let closing = Closing { channel: self.pair.id, keys: channel.funding().keys(), balances };
        let asked = self.known().and_then(|record| record.close(&closing, Amount::ZERO)).map(After::Paid);
        let [opener, accepter] = balances;
        answer("step-close", asked, self.split(shown.commitment.number, opener, accepter))
    }

    fn split(&self, number: u64, opener: Amount, accepter: Amount) -> Vec<String> {
        values![number, self.name(Side::Opener), opener, self.name(Side::Accepter), accepter]
    }

    fn known(&self) -> Result<&crate::chain::ChannelRecord, ChannelError> {
        self.record.ok_or(ChannelError::UnknownChannel { channel: self.pair.id })
    }

    fn ask(&self, channel: &Channel, payer: Side, step: DisputeStep) -> Result<After, ChannelError> {
        let keys = channel.funding().keys();
        let payer = keys[payer.index()].clone();
        let dispute = Dispute { channel: self.pair.id, keys, payer, fee_from: FeeSource::Account, step };
        self.known()?.step(&dispute, Amount::ZERO, self.next, self.ledger)
    }
}

fn answer(code: &str, asked: Result<After, ChannelError>, values: Vec<String>) -> RuleRow {
    let why = asked.as_ref().err().map(ToString::to_string);
    RuleRow { why, ..RuleRow::compared(code, asked.is_ok(), values) }
}
