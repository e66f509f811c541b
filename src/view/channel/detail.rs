//! One channel from near: what its parties hold, and what the heaviest chain has of it.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{ChannelRow, Pair, Trail};
use crate::{
    chain::{Chain, Publication},
    primitives::{Action, Amount, ChannelId, DisputeStep, Hash, Height, Side, Transaction},
    sim::World,
    view::{Place, TransactionRow},
};

/// Transactions that are listed.
const MAX_ROWS: usize = 50;

/// A channel from near.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ChannelDetail {
    /// What is seen of it from afar.
    pub row: ChannelRow,
    /// What both parties call it in their messages.
    pub handle: Hash,
    /// The last height at which its funding may be included.
    pub valid_until: Height,
    /// Opener, accepter.
    pub sides: [SideView; 2],
    /// What the heaviest chain has of it.
    pub chain: OnChain,
    /// Its transactions there (the first fifty).
    pub transactions: Vec<(TransactionRow, Place)>,
    /// How many there are.
    pub transaction_count: usize,
}

/// What one side of a channel holds. What its node would have to tell is missing while that is off.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SideView {
    /// The number of its newest commitment, and base units of opener and accepter there.
    pub newest: Option<(u64, [Amount; 2])>,
    /// How many commitments it has revoked, by the secrets that the other side holds.
    pub revoked: Option<u64>,
    /// The commitment that it has signed a publication of.
    pub published: Option<u64>,
}

/// What a chain has of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct OnChain {
    /// The height of its tip.
    pub height: Height,
    /// Where the funding is.
    pub funding: Option<Place>,
    /// Blocks on the funding, its own included.
    pub depth: u64,
    /// A force close under way.
    pub publication: Option<Publication>,
    /// Base units that fees of opener and accepter have taken out of the channel.
    pub charged: [Amount; 2],
    /// Where it ended, and by what kind of transaction: `close`, `resize`, `settle` or `punish`.
    pub ending: Option<(Place, String)>,
}

impl ChannelDetail {
    /// `trail` remembers what was read of the chain.
    pub(in crate::view) fn of(world: &World, pair: &Pair<'_>, trail: &mut Option<Trail>) -> Option<Self> {
        let funding = pair.known().next()?.funding();
        let side = |side: Side| SideView {
            newest: pair.view(side).map(|channel| {
                let (shown, state) = channel.newest();
                (shown.commitment.number, state.balances)
            }),
            revoked: pair.view(side.other()).map(|channel| channel.revoked()),
            published: pair.view(side).and_then(|channel| channel.published()),
        };
        let (mut chain, mut transactions, mut transaction_count) = (OnChain::default(), Vec::new(), 0);
        if let Some(best) = crate::view::chain::best(world) {
            let found = Trail::of(trail.take(), best, &pair.id);
            chain = OnChain::of(best, pair, &found.places);
            let listed = found.places.iter().take(MAX_ROWS);
            let row = |place: &Place| Some((TransactionRow::of(world, transaction(best, place)?), *place));
            (transactions, transaction_count) = (listed.filter_map(row).collect(), found.places.len());
            *trail = Some(found);
        }
        Some(Self {
            row: ChannelRow::of(world, pair)?,
            handle: funding.parties[0].salt,
            valid_until: funding.terms.valid_until,
            sides: Side::BOTH.map(side),
            chain,
            transactions,
            transaction_count,
        })
    }
}

impl OnChain {
    fn of(chain: &Chain, pair: &Pair<'_>, places: &[Place]) -> Self {
        let (height, record) = (chain.height(), chain.ledger().channel(&pair.id));
        let first = |wanted: &dyn Fn(&Action) -> bool| {
            places.iter().find_map(|place| {
                let action = &transaction(chain, place)?.unsigned.action;
                wanted(action).then(|| (*place, action.kind().to_owned()))
            })
        };
        let funding = first(&|action| matches!(action, Action::Fund(_))).map(|(place, _)| place);
        Self {
            height,
            funding,
            depth: funding.map_or(0, |place| (height.0 + 1).saturating_sub(place.height.0)),
            publication: record.as_ref().and_then(|record| record.publication),
            charged: record.as_ref().map_or([Amount::ZERO; 2], |record| record.charged),
            ending: first(&|action| ends(action, &pair.id)),
        }
    }
}

fn ends(action: &Action, channel: &ChannelId) -> bool {
    match action {
        Action::Transfer { .. } | Action::Stake(_) | Action::Unstake(_) | Action::Attest(_) | Action::Report(_) => {
            false
        }
        // Its own opens it, another one's takes its place.
        Action::Fund(_) => action.channel() == Some(channel),
        Action::Close(_) => true,
        Action::Dispute(dispute) => matches!(dispute.step, DisputeStep::Punish(_) | DisputeStep::Settle(_)),
    }
}

fn transaction<'a>(chain: &'a Chain, place: &Place) -> Option<&'a Transaction> {
    chain.tree().block(&place.block)?.transactions.get(place.index)
}
