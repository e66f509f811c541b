//! What a watchtower tells: its own deeds, why it does not watch, and what no honest client says.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use crate::primitives::{Amount, Height, Side};

/// Something worth knowing of a watched channel: told by the tower, and the refusal by its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TowerNotice {
    /// The tower watches from now on.
    Watching {
        /// Of the newest commitment then.
        number: u64,
    },
    /// The tower replaces an old publication.
    Refuting {
        /// By this commitment.
        number: u64,
        /// Until which height that is possible.
        window_ends: Height,
    },
    /// The tower punishes the publication of a revoked commitment.
    Punishing {
        /// This one.
        number: u64,
        /// Until which height it cannot be paid out.
        window_ends: Height,
    },
    /// The tower brings the preimage of an HTLC to the chain.
    Revealing {
        /// The last height at which that counts.
        expiry: Height,
    },
    /// The tower has less money than the fee that it would offer.
    TooPoor {
        /// What it would offer, base units.
        wanted: Amount,
        /// What it has.
        available: Amount,
    },
    /// The tower has forgotten the channel.
    Forgotten,
    /// The tower does not want to watch.
    Refused {
        /// Why.
        reason: TowerRefusal,
    },
}

/// Why a tower does not watch. Nobody's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum TowerRefusal {
    /// This node is no tower.
    #[error("does not serve as a watchtower")]
    NotServing,
    /// It does not see the channel on its chain.
    #[error("does not see the channel on its chain")]
    NotOnChain,
    /// The client has too many.
    #[error("watches {limit} channels of this client already")]
    TooMany {
        /// How many it may have.
        limit: u32,
    },
    /// The tower has too many.
    #[error("watches {limit} channels already")]
    Full {
        /// How many it may have.
        limit: u32,
    },
}

/// What no honest client says, whatever was lost or late. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum TowerBreach {
    /// A number that secrets do not exist for, or more revocations than commitments before it.
    #[error("commitment {number} after {revoked} revocations")]
    BadNumber {
        /// Of the commitment.
        number: u64,
        /// How many were revoked.
        revoked: u64,
    },
    /// Not signed by both parties.
    #[error("the signatures of commitment {number} are not valid")]
    BadSignature {
        /// Which.
        number: u64,
    },
    /// Secrets that do not belong together, or not to those before.
    #[error("the secrets of {revoked} revocations are inconsistent")]
    BadSecrets {
        /// How many they should be.
        revoked: u64,
    },
    /// Another commitment of a number that the tower holds, or another side.
    #[error("commitment {number} is not the one that was said before")]
    Contradiction {
        /// Which.
        number: u64,
    },
    /// More claims of a commitment, in all words together, than it has HTLCs of one side.
    #[error("{count} claims > {limit}, all that a commitment can have")]
    TooManyClaims {
        /// How many.
        count: usize,
        /// How many there can be.
        limit: usize,
    },
    /// Claims that the party which is watched for has not signed.
    #[error("{count} claims of commitment {number} are not signed by the {client:?}")]
    UnsignedClaims {
        /// How many.
        count: usize,
        /// Of which commitment.
        number: u64,
        /// Who should have.
        client: Side,
    },
}

/// Why a tower did not take what its client said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// It does not want to.
    #[error(transparent)]
    Refused(#[from] TowerRefusal),
    /// The client lies.
    #[error(transparent)]
    Breach(#[from] TowerBreach),
}
