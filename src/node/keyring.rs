//! A node's secrets: its key and its random stream. Never serialised, never shown.

use std::fmt;

use rand_chacha::{
    ChaCha12Rng,
    rand_core::{RngCore, SeedableRng},
};

use crate::primitives::{PublicKey, SecretKey};

/// What a node must keep to itself. Handed to [`super::Node::new`]; a restarted native node gets a fresh random seed.
#[derive(Clone)]
pub struct Keyring {
    key: SecretKey,
    random: ChaCha12Rng,
}

impl Keyring {
    /// A keyring from a signing key and the seed of the node's random stream.
    pub fn new(key: SecretKey, random_seed: [u8; 32]) -> Self {
        Self { key, random: ChaCha12Rng::from_seed(random_seed) }
    }

    /// The key that signs.
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// 32 bytes from the node's stream.
    pub fn draw_bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.random.fill_bytes(&mut bytes);
        bytes
    }

    /// A number in 0 .. `bound` from the node's stream. The bias, below 2^-32 per value, is irrelevant for timers.
    pub fn draw(&mut self, bound: u32) -> u32 {
        ((u64::from(self.random.next_u32()) * u64::from(bound)) >> 32) as u32
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(hidden)")
    }
}
