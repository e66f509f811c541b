//! What two parties of a payment channel sign: the funding, and commitments to who owns how much of it.
//!
//! A commitment is one text for both parties: its number, the hash of the state it stands for, and each party's point, the hash of
//! a per-commitment secret. To reveal that secret is to revoke the commitment. What is signed covers tag ‖ genesis hash ‖ channel id.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::{
    Address, Amount, BlockId, Checks, Hash, Height, Htlc, Nonce, PublicKey, SecretKey, Signature, Tag,
    encoding::hex_bytes,
};

const STATE: Tag = Tag::new("tabchain/channel-state");
const COMMITMENT: Tag = Tag::new("tabchain/channel-commitment");
const POINT: Tag = Tag::new("tabchain/channel-point");

/// Commitment numbers are below this: the range of BOLT 3's per-commitment secrets.
pub const MAX_COMMITMENTS: u64 = 1 << 48;
/// Blocks a dispute window may have.
pub const WINDOW_RANGE: (u32, u32) = (1, 10_000);

/// Names a channel: the id of its funding transaction.
pub type ChannelId = Hash;

/// One of the two parties of a channel.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// Who proposed the channel and pays the fee of its funding.
    Opener,
    /// Who agreed to it.
    Accepter,
}

/// What becomes of somebody who publishes a commitment that it had revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub enum Policy {
    /// It loses the whole capacity to the other (Poon and Dryja, 2016).
    #[default]
    Penalty,
    /// Nothing: the newest commitment simply wins (Decker, Russell and Osuntokun, 2018).
    Replace,
}

/// What both parties agree on before they open a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// What becomes of cheats.
    pub policy: Policy,
    /// Blocks after a publication in which it can be refuted, [`WINDOW_RANGE`].
    pub window: u32,
    /// Base units that each side keeps in every commitment, and that its fees in a dispute may take out of the channel. At most either deposit.
    pub reserve: Amount,
    /// The last height at which the funding may be included.
    pub valid_until: Height,
}

/// One party's part of a funding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// Signs for it; its account pays the deposit and receives what is left.
    pub key: PublicKey,
    /// The account's next nonce.
    pub nonce: Nonce,
    /// Base units it locks.
    pub deposit: Amount,
    /// Makes the channel's id, and the secrets of this side, like no other.
    pub salt: Hash,
}

/// Locks two deposits under the adjudicator. Signed by both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Funding {
    /// Opener, accepter.
    pub parties: [Party; 2],
    /// What they agreed on.
    pub terms: Terms,
    /// The channel between the same two that this one replaces.
    pub resizes: Option<Resizing>,
}

/// A channel that ends where another one begins: what each had is paid out first, then the new deposits are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resizing {
    /// Which one ends.
    pub channel: ChannelId,
    /// What the new one's opener and accepter own of it: all that it holds.
    pub balances: [Amount; 2],
}

/// Who owns how much of a channel. What both own and the HTLCs add up to the capacity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// Base units of opener and accepter.
    pub balances: [Amount; 2],
    /// What is pending, oldest first; at most [`super::MAX_HTLCS`] of each side.
    pub htlcs: Vec<Htlc>,
}

/// What both sign for each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commitment {
    /// 0 for the state at opening, then one more each time; below [`MAX_COMMITMENTS`].
    pub number: u64,
    /// [`State::hash`].
    pub state: Hash,
    /// [`CommitmentSecret::point`] of each party for this number.
    pub points: [Hash; 2],
}

/// A commitment with both signatures: what the adjudicator takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoSigned {
    /// What was signed.
    pub commitment: Commitment,
    /// Opener's, accepter's.
    pub signatures: [Signature; 2],
}

/// A secret whose revealing revokes one commitment of one party. Worthless to others until then, public after.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(transparent)]
pub struct CommitmentSecret(#[serde(with = "hex_bytes")] pub [u8; 32]);

impl Side {
    /// Opener, accepter.
    pub const BOTH: [Self; 2] = [Self::Opener, Self::Accepter];

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Opener => Self::Accepter,
            Self::Accepter => Self::Opener,
        }
    }

    /// Its place in pairs: 0 for the opener, 1 for the accepter.
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl Funding {
    /// The keys of opener and accepter.
    pub fn keys(&self) -> [PublicKey; 2] {
        [self.parties[0].key.clone(), self.parties[1].key.clone()]
    }

    /// The accounts of opener and accepter.
    pub fn addresses(&self) -> [Address; 2] {
        self.keys().map(|key| key.address())
    }

    /// Both deposits, if that can exist.
    pub fn capacity(&self) -> Option<Amount> {
        self.parties[0].deposit.checked_add(self.parties[1].deposit)
    }

    /// Base units of the channel that it replaces, for opener and accepter.
    pub fn brought(&self) -> [Amount; 2] {
        self.resizes.map_or([Amount::ZERO; 2], |resizing| resizing.balances)
    }

    /// Who owns what when the channel opens.
    pub fn first_state(&self) -> State {
        State { balances: [self.parties[0].deposit, self.parties[1].deposit], htlcs: Vec::new() }
    }
}

impl State {
    /// Base units in HTLCs; nothing if that is more than can exist.
    pub fn pending(&self) -> Option<Amount> {
        Amount::checked_sum(self.htlcs.iter().map(|htlc| htlc.amount))
    }

    /// Balances and HTLCs together; nothing if that is more than can exist.
    pub fn total(&self) -> Option<Amount> {
        Amount::checked_sum(self.balances).and_then(|owned| owned.checked_add(self.pending()?))
    }

    /// What a commitment commits to.
    pub fn hash(&self) -> Hash {
        STATE.hash_of(self)
    }
}

impl Commitment {
    /// What each party of `channel` signs on the chain that begins with `genesis`.
    pub fn signing_hash(&self, genesis: &BlockId, channel: &ChannelId) -> Hash {
        let [opener, accepter] = &self.points;
        COMMITMENT.hash(&[&genesis.0, &channel.0, &self.number.to_le_bytes(), &self.state.0, &opener.0, &accepter.0])
    }

    /// One party's signature.
    pub fn sign(&self, key: &SecretKey, genesis: &BlockId, channel: &ChannelId) -> Signature {
        key.sign(&self.signing_hash(genesis, channel))
    }
}

impl CoSigned {
    /// Whether both parties signed it for this channel of this chain.
    pub fn is_signed(
        &self,
        keys: &[PublicKey; 2],
        genesis: &BlockId,
        channel: &ChannelId,
        checks: &mut Checks,
    ) -> bool {
        let message = self.commitment.signing_hash(genesis, channel);
        keys.iter().zip(&self.signatures).all(|(key, signature)| checks.verify(key, &message, signature))
    }
}

impl CommitmentSecret {
    /// What stands for it in a commitment.
    pub fn point(&self) -> Hash {
        POINT.hash(&[&self.0])
    }
}

impl std::fmt::Debug for CommitmentSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CommitmentSecret(hidden)")
    }
}
