//! Signatures of either scheme, side by side.

use std::hint::black_box;

use super::row::Piece;
use crate::{
    primitives::{Hash, Signature, Tag, VerifyingKey},
    sim::{Scenario, preset},
};

const MESSAGE: Tag = Tag::new("tabchain/bench-key");
/// Messages of one piece, each with its signature.
const MESSAGES: u8 = 8;

/// Which of the three nodes of the example "Two kinds of keys".
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    Ed25519,
    Rsa2048,
    Rsa4096,
}

/// One piece: a message signed, as nodes of scenarios sign.
pub(super) fn sign(key: Key) -> Piece {
    let (key, mut message) = (key.secret(), MESSAGE.hash(&[]));
    Box::new(move || {
        black_box(key.sign(&message));
        message.0[0] = message.0[0].wrapping_add(1);
        1
    })
}

/// One piece: 8 signatures verified as blocks' are, the key made ready before.
pub(super) fn verify(key: Key) -> Piece {
    let secret = key.secret();
    let signed: Vec<(Hash, Signature)> = (0..MESSAGES)
        .map(|number| {
            let message = MESSAGE.hash(&[&[number]]);
            (message, secret.sign(&message))
        })
        .collect();
    let key = VerifyingKey::new(secret.public());
    Box::new(move || {
        for (message, signature) in &signed {
            assert!(black_box(&key).verify(black_box(message), black_box(signature)), "signed by this key");
        }
        u64::from(MESSAGES)
    })
}

impl Key {
    fn secret(self) -> crate::primitives::SecretKey {
        let scenario = preset("two-keys").map(Scenario::from_json).expect("an example").expect("as shipped");
        let node = &scenario.config.nodes[self as usize];
        scenario.keyring(&node.name, node.key.as_ref()).key().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_has_all_three() {
        for (key, bytes) in [(Key::Ed25519, 32), (Key::Rsa2048, 256), (Key::Rsa4096, 512)] {
            assert_eq!(key.secret().public().bytes().len(), bytes);
            assert_eq!((verify(key)(), sign(key)()), (8, 1));
        }
    }
}
