//! A watchtower: stands in for parties of channels that may be away when the other publishes an old commitment.
//!
//! Owns what a tower keeps of each channel, what it believes of its clients' words, and how it answers a publication: by a penalty or
//! by a newer commitment, never by a publication of its own. Must never know a balance, a ledger or a wire: what the chain says comes in as a
//! [`Sight`]. Follows Poon and Dryja (2016), section 9.4, and the design's list of what a tower holds: the compact store of
//! BOLT 3 takes the place of the latest secret.

mod error;
mod guard;
mod message;

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

pub use error::{TowerBreach, TowerNotice, TowerRefusal, WatchError};
pub use guard::Guard;
pub use message::{MAX_TOWER_BYTES, TowerMessage, TowerMessageError, Watch};

use super::{
    Channel, RevealedSecrets, Seen,
    justice::{Justice, step_fee},
};
use crate::primitives::{
    Amount, BlockId, ChannelId, Checks, CoSigned, CommitmentSecret, DisputeStep, Hash, Height, MAX_COMMITMENTS, Policy,
    PublicKey, Side, Tag,
};

const DIGEST: Tag = Tag::new("tabchain/tower-digest");

/// Channels that one client may have watched.
pub const MAX_WATCHED_OF_CLIENT: usize = 64;
/// Channels that a tower watches in all, of about 2 KiB each.
pub const MAX_WATCHED: usize = 512;
/// Blocks without the channel on the chain after which it is forgotten.
const FORGET: u64 = 100;

/// How far a channel has come: what is greater is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Of the newest commitment.
    pub number: u64,
    /// How many commitments the other party has revoked.
    pub revoked: u64,
}

/// What a tower keeps of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Watched {
    /// Opener's, accepter's.
    pub keys: [PublicKey; 2],
    /// What becomes of cheats.
    pub policy: Policy,
    /// Whose rights are watched.
    pub client: Side,
    /// The newest commitment, signed by both.
    pub newest: CoSigned,
    /// By which the other party has revoked the ones before.
    pub revealed: RevealedSecrets,
}

/// What the chain says of a watched channel after its newest block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// The newest block's height.
    pub height: Height,
    /// Base units that the channel holds; nothing if it is not on the chain.
    pub locked: Option<Amount>,
    /// A force close under way.
    pub publication: Option<Seen>,
}

/// What a tower would bring to the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The channel's parties.
    pub keys: [PublicKey; 2],
    /// What is done.
    pub step: DisputeStep,
    /// Base units to offer the miner.
    pub fee: Amount,
    /// What is to be told.
    pub notices: Vec<TowerNotice>,
}

/// The channels that a tower watches, by client and id. Clients are named by whoever owns the tower.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tower<C: Ord> {
    clients: BTreeMap<C, BTreeMap<ChannelId, Case>>,
}

/// A watched channel, and how far the tower is with it. Only the first outlives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize)]
struct Case {
    watched: Watched,
    height: Height,
    /// Since when it is not on the chain.
    gone: Option<Height>,
    /// What is under way, as it was told.
    answering: Option<TowerNotice>,
    /// Blocks for which that has waited.
    waited: u32,
}

impl Progress {
    /// Of a channel.
    pub fn of(channel: &Channel) -> Self {
        Self { number: channel.number(), revoked: channel.revoked() }
    }

    /// Whether the other party has revoked all but the newest commitment.
    pub const fn is_complete(&self) -> bool {
        self.number == self.revoked
    }
}

impl Watched {
    /// How far the channel had come.
    pub fn progress(&self) -> Progress {
        Progress { number: self.newest.commitment.number, revoked: self.revealed.count() }
    }

    /// What a client's word comes to, if it can be true. `before` is what is held.
    fn judge(
        watch: &Watch,
        (keys, policy): ([PublicKey; 2], Policy),
        before: Option<&Self>,
        genesis: &BlockId,
        checks: &mut Checks,
    ) -> Result<Self, TowerBreach> {
        let Watch { channel, client, newest, revoked, secrets } = watch;
        let (number, revoked) = (newest.commitment.number, *revoked);
        if number >= MAX_COMMITMENTS || revoked > number {
            return Err(TowerBreach::BadNumber { number, revoked });
        }
        let bad_secrets = TowerBreach::BadSecrets { revoked };
        let Ok(revealed) = RevealedSecrets::from_values(revoked, secrets) else {
            return Err(bad_secrets);
        };
        if let Some(before) = before {
            let (held, theirs) = (&before.newest.commitment, client.other().index());
            let same_number = held.number == number && *held != newest.commitment;
            if same_number || before.client != *client {
                return Err(TowerBreach::Contradiction { number });
            }
            let revokes = |secret: CommitmentSecret| secret.point() == held.points[theirs];
            if !revealed.continues(&before.revealed) || !revealed.get(held.number).is_none_or(revokes) {
                return Err(bad_secrets);
            }
        }
        if !newest.is_signed(&keys, genesis, channel, checks) {
            return Err(TowerBreach::BadSignature { number });
        }
        Ok(Self { keys, policy, client: *client, newest: *newest, revealed })
    }
}

impl<C: Ord> Default for Tower<C> {
    fn default() -> Self {
        Self { clients: BTreeMap::new() }
    }
}

impl<C: Ord + Copy + BorshSerialize> Tower<C> {
    /// How many channels it watches.
    pub fn len(&self) -> usize {
        self.clients.values().map(BTreeMap::len).sum()
    }

    /// Whether it watches none.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// All that it watches.
    pub fn iter(&self) -> impl Iterator<Item = (C, ChannelId, &Watched)> {
        let of = |(client, cases): (&C, _)| (*client, cases);
        let clients = self.clients.iter().map(of);
        clients.flat_map(|(client, cases): (C, &BTreeMap<_, Case>)| {
            cases.iter().map(move |(channel, case)| (client, *channel, &case.watched))
        })
    }

    /// What it holds of a client's channel.
    pub fn get(&self, client: C, channel: &ChannelId) -> Option<&Watched> {
        self.clients.get(&client)?.get(channel).map(|case| &case.watched)
    }

    /// A client's word. What is no news changes nothing, and the answer is what it held before. `on_chain` are keys and policy of the channel
    /// as the chain has them. What changed is to be stored before the client is answered.
    ///
    /// # Errors
    /// [`WatchError`] if it does not want to, or the client lies; nothing has changed then.
    pub fn watch(
        &mut self,
        client: C,
        watch: &Watch,
        on_chain: Option<([PublicKey; 2], Policy)>,
        genesis: &BlockId,
        checks: &mut Checks,
    ) -> Result<Progress, WatchError> {
        let held = self.get(client, &watch.channel);
        let older = held.filter(|held| watch.progress() < held.progress());
        if let Some(held) =
            older.or(held.filter(|held| held.newest == watch.newest && watch.progress() == held.progress()))
        {
            return Ok(held.progress());
        }
        let agreed = held.map(|held| (held.keys, held.policy)).or(on_chain).ok_or(TowerRefusal::NotOnChain)?;
        let of_client = self.clients.get(&client).map_or(0, BTreeMap::len);
        let (limit, all) = (MAX_WATCHED_OF_CLIENT as u32, MAX_WATCHED as u32);
        if held.is_none() && of_client >= MAX_WATCHED_OF_CLIENT {
            return Err(TowerRefusal::TooMany { limit }.into());
        }
        if held.is_none() && self.len() >= MAX_WATCHED {
            return Err(TowerRefusal::Full { limit: all }.into());
        }
        let watched = Watched::judge(watch, agreed, held, genesis, checks)?;
        let progress = watched.progress();
        self.keep(client, watch.channel, watched);
        Ok(progress)
    }

    /// Keeps what was stored.
    pub fn keep(&mut self, client: C, channel: ChannelId, watched: Watched) {
        let cases = self.clients.entry(client).or_default();
        match cases.get_mut(&channel) {
            Some(case) => case.watched = watched,
            None => {
                let (height, gone, answering, waited) = (Height(0), None, None, 0);
                cases.insert(channel, Case { watched, height, gone, answering, waited });
            }
        }
    }

    /// Forgets a channel; false if it did not watch it.
    pub fn forget(&mut self, client: C, channel: &ChannelId) -> bool {
        let Some(cases) = self.clients.get_mut(&client) else { return false };
        let held = cases.remove(channel).is_some();
        if cases.is_empty() {
            self.clients.remove(&client);
        }
        held
    }

    /// Channels that have not been on the chain for long.
    pub fn past(&self) -> Vec<(C, ChannelId)> {
        let is_past = |case: &Case| case.gone.is_some_and(|since| case.height.0 >= since.0.saturating_add(FORGET));
        let past = |cases: &BTreeMap<ChannelId, Case>| {
            cases.iter().filter(|(_, case)| is_past(case)).map(|(channel, _)| *channel).collect::<Vec<_>>()
        };
        self.clients
            .iter()
            .flat_map(|(client, cases)| past(cases).into_iter().map(|channel| (*client, channel)))
            .collect()
    }

    /// Looks at the chain for a channel, and answers what should not stand there, for a fee that rises while it waits. `budget` is what the
    /// tower could spend on that.
    pub fn look(&mut self, client: C, channel: &ChannelId, sight: Sight, budget: Amount) -> Option<Answer> {
        self.clients.get_mut(&client)?.get_mut(channel)?.look(sight, budget)
    }

    /// A hash over all that it holds.
    pub fn digest(&self) -> Hash {
        DIGEST.hash_of(&self.clients)
    }
}

impl Case {
    fn look(&mut self, sight: Sight, budget: Amount) -> Option<Answer> {
        let grown = sight.height != self.height;
        self.height = sight.height;
        self.gone = if sight.locked.is_some() { None } else { self.gone.or(Some(sight.height)) };
        let Some((step, told)) = sight.publication.and_then(|seen| self.answer(&seen)) else {
            (self.answering, self.waited) = (None, 0);
            return None;
        };
        let news = self.answering != Some(told);
        self.waited += u32::from(grown && self.answering.is_some());
        self.answering = Some(told);
        let wanted = step_fee(self.waited, sight.locked.unwrap_or_default());
        let poor = (wanted > budget).then_some(TowerNotice::TooPoor { wanted, available: budget });
        let notices = news.then_some(told).into_iter().chain(poor).collect();
        Some(Answer { keys: self.watched.keys, step, fee: wanted.min(budget), notices })
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
        refutes.then_some((DisputeStep::Refute(*newest), TowerNotice::Refuting { number, window_ends }))
    }
}
