//! Layer 0: the words every other layer speaks.
//!
//! Owns hashes, amounts, heights, times, targets, keys and signatures, Merkle trees, transactions, channel commitments,
//! headers, blocks and their one canonical encoding (Borsh, strict: no trailing bytes). Must never know what a chain, a peer or a node is.

mod address;
mod amount;
mod block;
mod channel;
mod checks;
mod dispute;
mod encoding;
mod finding;
mod hash;
mod htlc;
mod keys;
pub mod merkle;
mod ordered;
mod stake;
mod target;
mod transaction;
mod units;

pub use address::{Address, AddressError};
pub use amount::{Amount, AmountError, MAX_AMOUNT};
pub use block::{Block, BlockId, Coinbase, Header, Seal, UnsealedHeader};
pub use channel::{
    ChannelId, CoSigned, Commitment, CommitmentSecret, Funding, MAX_COMMITMENTS, Party, Policy, Resizing, Side, State,
    Terms, WINDOW_RANGE,
};
pub use checks::{CheckCounts, Checks};
pub use dispute::{Closing, Dispute, DisputeStep, FeeSource, Revelation};
pub use encoding::{DecodeError, decode, encode, encoded_length};
pub use finding::{Finding, NOT_APPLICABLE, Verdict};
pub use hash::{Hash, HashError, Tag};
pub use htlc::{Htlc, MAX_EXPIRY, MAX_HTLCS, MIN_HTLC, PaymentHash, Preimage};
pub use keys::{
    PublicKey, RSA_BITS, RSA_EXPONENT, RsaError, RsaKey, RsaSignature, RsaSigner, Scheme, SecretKey, Signature,
    VerifyingKey,
};
pub use ordered::ordered;
pub use stake::{
    Attestation, Checkpoint, Deposit, Exit, Offence, OffenceKind, Proposal, Report, Reveal, SignedVote, Vote,
};
pub use target::{Midstate, Target, Work};
pub use transaction::{Action, MAX_MEMO_BYTES, Memo, MemoTooLong, Transaction, TransactionId, UnsignedTransaction};
pub use units::{Epoch, Height, Nonce, Slot, Timestamp};
