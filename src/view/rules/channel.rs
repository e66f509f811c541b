//! What the two parties of a channel have promised each other, and what the chain has of it.

use super::{RuleRow, RulesView, values};
use crate::{
    chain::{ChannelRecord, Ledger, Publication, decide},
    channel::{CONFIRMATIONS, Phase},
    node::Node,
    primitives::{Amount, BlockId, Checks, Height, Htlc, Policy, PublicKey, Side},
    sim::World,
    view::channel::{Held, Pair},
};

/// A channel, as its parties keep it and as one ledger has it.
pub(super) struct Case<'a> {
    pub(super) pair: &'a Pair<'a>,
    /// Opener, accepter.
    pub(super) names: [String; 2],
    pub(super) ledger: &'a Ledger,
    pub(super) record: Option<&'a ChannelRecord>,
    /// The next block's.
    pub(super) next: Height,
}

impl RulesView {
    /// What holds of a channel: between its parties, and on the ledger of `node`.
    pub(in crate::view) fn of_channel(world: &World, pair: &Pair<'_>, name: &str, node: &Node) -> Self {
        let ledger = node.chain().ledger();
        let record = ledger.channel(&pair.id);
        let next = ledger.height().next();
        let case = Case { pair, names: pair.names(world), ledger, record: record.as_deref(), next };
        let mut rows = Vec::new();
        for held in pair.held() {
            rows.extend(case.commitment(&held, &node.chain().genesis_id()));
        }
        rows.extend(case.htlcs());
        rows.push(case.numbers());
        rows.extend(Side::BOTH.map(|side| case.revocations(side)));
        rows.extend(case.on_chain());
        if let Some(at) = case.record.and_then(|record| record.publication) {
            rows.extend(case.dispute(&at));
        }
        Self { rows, steps: case.steps(), ..Self::default() }.note("judged-channel", values![name, ledger.height()])
    }
}

impl Case<'_> {
    pub(super) fn name(&self, side: Side) -> &str {
        &self.names[side.index()]
    }

    /// A commitment that is the newest of one side or of both.
    fn commitment(&self, held: &Held<'_>, genesis: &BlockId) -> Vec<RuleRow> {
        let (funding, commitment) = (held.channel.funding(), &held.shown.commitment);
        let (message, number) = (commitment.signing_hash(genesis, &self.pair.id), commitment.number);
        let holders: Vec<&str> = held.by.iter().map(|side| self.name(*side)).collect();
        let signature = |side: Side| {
            let code = "channel-signature";
            if side == Side::Opener && !held.channel.is_cosigned() {
                return RuleRow::open(code, "awaits-signature");
            }
            let (key, signature) = (funding.keys()[side.index()].clone(), held.shown.signatures[side.index()].clone());
            let signed = Checks::forgetful().verify(&key, &message, &signature);
            RuleRow::compared(code, signed, values![self.name(side), number, holders.join(", ")])
        };
        let (hash, [opener, accepter]) = (held.state.hash(), held.state.balances);
        let capacity = funding.capacity().unwrap_or_default();
        let (whole, pending) = (held.state.total() == Some(capacity), held.state.pending().unwrap_or(Amount::MAX));
        let reserve = |side: Side| {
            let (balance, reserve) = (held.state.balances[side.index()], funding.terms.reserve);
            RuleRow::compared("channel-reserve", balance >= reserve, values![self.name(side), balance, reserve])
        };
        let state = values![hash, number, commitment.state];
        let mut rows = Side::BOTH.map(signature).to_vec();
        rows.push(RuleRow::compared("channel-state", hash == commitment.state, state));
        rows.push(RuleRow::compared("channel-sum", whole, values![opener, accepter, pending, capacity]));
        rows.extend(Side::BOTH.map(reserve));
        rows
    }

    /// What the next block would make of each HTLC of the newest commitment.
    fn htlcs(&self) -> Vec<RuleRow> {
        let newest = self.pair.newest().map(|channel| channel.newest().1);
        let row = |htlc: &Htlc| {
            let payer = self.name(htlc.offerer);
            let values = |last: &str| values![payer, htlc.amount, htlc.payment, htlc.expiry, last];
            match decide(htlc, self.next, self.ledger) {
                Some(paid) => RuleRow::compared("channel-htlc", true, values(self.name(paid))),
                None => RuleRow {
                    values: values(self.name(htlc.offerer.other())),
                    ..RuleRow::open("channel-htlc-pending", "htlc-pending")
                },
            }
        };
        newest.into_iter().flat_map(|state| &state.htlcs).map(row).collect()
    }

    /// No side is ever ahead by more than the one commitment that is on its way.
    fn numbers(&self) -> RuleRow {
        let code = "channel-numbers";
        let [Some(opener), Some(accepter)] = self.pair.views.map(|view| Some(view?.newest().0.commitment.number))
        else {
            return RuleRow::open(code, "party-unknown");
        };
        let values = values![opener, self.name(Side::Opener), accepter, self.name(Side::Accepter)];
        RuleRow::compared(code, opener.abs_diff(accepter) <= 1, values)
    }

    /// What `side` has revoked, by the secrets that the other holds: all before the other's newest commitment. Only the last may be missing,
    /// while it is on its way or if it never came because somebody closed.
    fn revocations(&self, side: Side) -> RuleRow {
        let Some(holder) = self.pair.view(side.other()) else {
            return RuleRow::open("channel-revoked", "party-unknown");
        };
        let (revoked, number) = (holder.revoked(), holder.newest().0.commitment.number);
        let (name, other) = (self.name(side), self.name(side.other()));
        let settled = matches!(
            holder.phase(),
            Phase::Accepted
                | Phase::Funding
                | Phase::Idle
                | Phase::Proposing
                | Phase::Answering
                | Phase::Resizing
                | Phase::Closing
        );
        if settled || revoked == number {
            return RuleRow::compared("channel-revoked", revoked == number, values![name, revoked, number, other]);
        }
        let least = number.saturating_sub(1);
        RuleRow::compared("channel-revoking", revoked == least, values![name, revoked, least, number, other])
    }

    /// Whether the ledger has what the parties agreed on.
    fn on_chain(&self) -> Vec<RuleRow> {
        let (Some(record), Some(channel)) = (self.record, self.pair.known().next()) else {
            let codes = ["channel-buried", "channel-keys", "channel-capacity", "channel-agreed", "channel-fees"];
            return codes.map(|code| RuleRow::open(code, "no-record")).to_vec();
        };
        let funding = channel.funding();
        let depth = self.next.0.saturating_sub(record.opened.0);
        let buried = RuleRow::compared("channel-buried", true, values![depth, CONFIRMATIONS]);
        let unburied = RuleRow { values: buried.values.clone(), ..RuleRow::open("channel-buried", "not-buried") };
        let (keys, agreed) = (funding.keys(), funding.capacity().unwrap_or_default());
        let short = |keys: [PublicKey; 2]| keys.map(|key| key.address().short()).join(", ");
        let (ours, theirs) = (&record.terms, &funding.terms);
        let terms = values![
            policy(ours.policy),
            policy(theirs.policy),
            ours.window,
            theirs.window,
            ours.reserve,
            theirs.reserve,
            ours.valid_until,
            theirs.valid_until,
        ];
        let fees = |side: Side| {
            let (charged, reserve): (Amount, Amount) = (record.charged[side.index()], record.terms.reserve);
            RuleRow::compared("channel-fees", charged <= reserve, values![self.name(side), charged, reserve])
        };
        let mut rows = vec![
            if depth >= CONFIRMATIONS { buried } else { unburied },
            RuleRow::compared("channel-keys", record.keys == keys, values![short(record.keys.clone()), short(keys)]),
            RuleRow::compared("channel-capacity", record.capacity == agreed, values![record.capacity, agreed]),
            RuleRow::compared("channel-agreed", ours == theirs, terms),
        ];
        rows.extend(Side::BOTH.map(fees));
        rows
    }

    /// What was published, against what the parties hold.
    fn dispute(&self, at: &Publication) -> Vec<RuleRow> {
        let (publisher, published) = (at.publisher, at.published);
        let not_revoked = match self.pair.view(publisher.other()) {
            None => RuleRow::open("channel-not-revoked", "party-unknown"),
            Some(victim) => {
                let values = values![self.name(publisher), published, victim.revoked()];
                RuleRow::compared("channel-not-revoked", victim.revealed(published).is_none(), values)
            }
        };
        let newest_shown = self.pair.newest().map(|channel| {
            let (number, holder) = (channel.newest().0.commitment.number, self.name(channel.side()));
            RuleRow::compared("channel-newest-shown", at.number >= number, values![at.number, number, holder])
        });
        let values = values![self.next, at.window_ends];
        let window = if self.next <= at.window_ends {
            RuleRow::compared("channel-window", true, values)
        } else {
            RuleRow { values, ..RuleRow::open("channel-window", "window-over") }
        };
        [Some(not_revoked), newest_shown, Some(window)].into_iter().flatten().collect()
    }
}

fn policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Penalty => "penalty",
        Policy::Replace => "replace",
    }
}
