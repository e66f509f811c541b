//! A watchtower: stands in for parties of channels that may be away when the other publishes an old commitment, or lets an HTLC expire.
//!
//! Owns what a tower keeps of each channel, what it believes of its clients' words, and how it answers: a publication by a penalty or
//! by a newer commitment, an expiry that comes near by a preimage, nothing by a publication of its own. Must never know a balance, a ledger or
//! a wire: what the chain says comes in as a [`Sight`]. Follows Poon and Dryja (2016), section 9.4, and the design's list of what a tower holds: the compact store of
//! BOLT 3 takes the place of the latest secret.

mod case;
mod claim;
mod error;
mod guard;
mod message;

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

pub use claim::{Claim, MAX_REVEALS, REVEAL_MARGIN};
pub use error::{TowerBreach, TowerNotice, TowerRefusal, WatchError};
pub use guard::Guard;
pub use message::{MAX_TOWER_BYTES, TowerMessage, Watch};

use case::Case;

use super::{Channel, RevealedSecrets, Seen};
use crate::primitives::{
    Amount, BlockId, ChannelId, Checks, CoSigned, CommitmentSecret, DisputeStep, Hash, Height, MAX_COMMITMENTS,
    MAX_HTLCS, PaymentHash, Policy, PublicKey, Side, Tag,
};

const DIGEST: Tag = Tag::new("tabchain/tower-digest");

/// Channels that one client may have watched.
pub const MAX_WATCHED_OF_CLIENT: usize = 64;
/// Channels that a tower watches in all, of about 3 KiB each.
pub const MAX_WATCHED: usize = 512;

/// How far a channel has come: what is greater is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Of the newest commitment.
    pub number: u64,
    /// How many commitments the other party has revoked.
    pub revoked: u64,
    /// How many of the newest commitment's HTLCs can be claimed.
    pub claims: u32,
}

/// Payments whose preimages a tower has brought to the chain for the opener and the accepter of a channel, at most [`MAX_REVEALS`] each.
pub type Brought = [BTreeSet<PaymentHash>; 2];

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
    /// What can be claimed of the newest commitment's HTLCs, or could until it expired.
    pub claims: Vec<Claim>,
}

/// What the chain says of a watched channel after its newest block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The newest block's height.
    pub height: Height,
    /// Base units that the channel holds; nothing if it is not on the chain.
    pub locked: Option<Amount>,
    /// A force close under way.
    pub publication: Option<Seen>,
    /// Payments that can be claimed here, and whose preimages are registered.
    pub registered: Vec<PaymentHash>,
}

/// What a tower would bring to the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The channel's parties.
    pub keys: [PublicKey; 2],
    /// What is done, and base units to offer the miner.
    pub steps: Vec<(DisputeStep, Amount)>,
    /// What is to be told.
    pub notices: Vec<TowerNotice>,
}

/// The channels that a tower watches, by client and id. Clients are named by whoever owns the tower.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tower<C: Ord> {
    clients: BTreeMap<C, BTreeMap<ChannelId, Case>>,
    /// Not by client: whoever comes back by another name has spent what it had.
    brought: BTreeMap<ChannelId, Brought>,
}

impl Progress {
    /// Of a channel.
    pub fn of(channel: &Channel) -> Self {
        let claims = u32::try_from(channel.claimable().count()).unwrap_or(u32::MAX);
        Self { number: channel.number(), revoked: channel.revoked(), claims }
    }

    /// Whether the other party has revoked all but the newest commitment.
    pub const fn is_complete(&self) -> bool {
        self.number == self.revoked
    }
}

impl Watched {
    /// How far the channel had come.
    pub fn progress(&self) -> Progress {
        let claims = u32::try_from(self.claims.len()).unwrap_or(u32::MAX);
        Progress { number: self.newest.commitment.number, revoked: self.revealed.count(), claims }
    }

    /// Whether a client's word is neither late nor said before.
    fn is_news(&self, watch: &Watch) -> bool {
        let (held, said) = (self.progress(), watch.progress());
        let as_far = (said.number, said.revoked).cmp(&(held.number, held.revoked));
        let same = self.newest == watch.newest && watch.claims.iter().all(|claim| self.claims.contains(claim));
        as_far.is_gt() || (as_far.is_eq() && !same)
    }

    /// What a client's word comes to, if it can be true. `before` is what is held.
    fn judge(
        watch: &Watch,
        (keys, policy): ([PublicKey; 2], Policy),
        before: Option<&Self>,
        genesis: &BlockId,
        checks: &mut Checks,
    ) -> Result<Self, TowerBreach> {
        let Watch { channel, client, newest, revoked, secrets, claims, signature } = watch;
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
        let (message, side, count) = (watch.signing_hash(genesis), *client, claims.len());
        let is_theirs = |signature| checks.verify(&keys[side.index()], &message, signature);
        if count > 0 && !signature.as_ref().is_some_and(is_theirs) {
            return Err(TowerBreach::UnsignedClaims { count, number, client: side });
        }
        let before = before.filter(|before| before.newest.commitment.number == number);
        let claims = together(before.map(|before| &before.claims[..]).unwrap_or_default(), claims)?;
        Ok(Self { keys, policy, client: side, newest: newest.clone(), revealed, claims })
    }
}

/// Claims of one commitment become only more: a client that has lost one may still want it.
fn together(held: &[Claim], said: &[Claim]) -> Result<Vec<Claim>, TowerBreach> {
    let new = said.iter().filter(|claim| !held.contains(claim));
    let all: Vec<Claim> = held.iter().chain(new).copied().collect();
    let (count, limit) = (all.len(), MAX_HTLCS);
    if count > limit { Err(TowerBreach::TooManyClaims { count, limit }) } else { Ok(all) }
}

impl<C: Ord> Default for Tower<C> {
    fn default() -> Self {
        Self { clients: BTreeMap::new(), brought: BTreeMap::new() }
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
        if let Some(held) = held.filter(|held| !held.is_news(watch)) {
            return Ok(held.progress());
        }
        let agreed = held.map(|held| (held.keys.clone(), held.policy)).or(on_chain).ok_or(TowerRefusal::NotOnChain)?;
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
                cases.insert(channel, Case::new(watched));
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
        let past = |cases: &BTreeMap<ChannelId, Case>| {
            cases.iter().filter(|(_, case)| case.is_past()).map(|(channel, _)| *channel).collect::<Vec<_>>()
        };
        self.clients
            .iter()
            .flat_map(|(client, cases)| past(cases).into_iter().map(|channel| (*client, channel)))
            .collect()
    }

    /// Looks at the chain for a channel: answers what should not stand there, and claims what cannot wait, for fees that rise while they wait.
    /// `budget` is what the tower could spend on that.
    pub fn look(&mut self, client: C, channel: &ChannelId, sight: &Sight, budget: Amount) -> Option<Answer> {
        let case = self.clients.get_mut(&client)?.get_mut(channel)?;
        let side = case.watched.client.index();
        let mut brought = self.brought.get(channel).map(|sides| sides[side].clone()).unwrap_or_default();
        let answer = case.look(sight, budget, &mut brought);
        if !brought.is_empty() {
            self.brought.entry(*channel).or_default()[side] = brought;
        }
        answer
    }

    /// Preimages that it has brought to the chain, by channel: to be stored with what it was told.
    pub const fn brought(&self) -> &BTreeMap<ChannelId, Brought> {
        &self.brought
    }

    /// Keeps what was stored of them; nothing once the channel has ended.
    pub fn keep_brought(&mut self, channel: ChannelId, brought: Option<Brought>) {
        match brought {
            Some(brought) => self.brought.insert(channel, brought),
            None => self.brought.remove(&channel),
        };
    }

    /// A hash over all that it holds.
    pub fn digest(&self) -> Hash {
        DIGEST.hash_of(&(&self.clients, &self.brought))
    }
}
