//! Invoices: what a payee gives a payer, over whatever way (BOLT 11, without its text form).

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::primitives::{Amount, BlockId, Checks, Hash, PaymentHash, PublicKey, SecretKey, Signature, Tag};

const INVOICE: Tag = Tag::new("tabchain/invoice");

/// A signed request to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    /// Who wants to be paid.
    pub payee: PublicKey,
    /// Base units.
    pub amount: Amount,
    /// The hash of what the payee reveals for it.
    pub payment: PaymentHash,
    /// The payee's, over the genesis hash and all of the above.
    pub signature: Signature,
}

impl Invoice {
    /// Signed by the payee.
    pub fn sign(key: &SecretKey, genesis: &BlockId, amount: Amount, payment: PaymentHash) -> Self {
        let payee = key.public();
        let signature = key.sign(&signing_hash(genesis, &payee, amount, &payment));
        Self { payee, amount, payment, signature }
    }

    /// Whether the payee signed it for the chain that begins with `genesis`.
    pub fn is_signed(&self, genesis: &BlockId, checks: &mut Checks) -> bool {
        let message = signing_hash(genesis, &self.payee, self.amount, &self.payment);
        checks.verify(&self.payee, &message, &self.signature)
    }
}

fn signing_hash(genesis: &BlockId, payee: &PublicKey, amount: Amount, payment: &PaymentHash) -> Hash {
    INVOICE.hash_of(&(genesis, payee, amount, payment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{decode, encode};

    /// Invariant 8: whatever is changed, the signature does not fit.
    #[test]
    fn any_flipped_bit_is_rejected() {
        let (genesis, mut checks) = (Hash([3; 32]), Checks::forgetful());
        let invoice = Invoice::sign(&SecretKey::from_seed([1; 32]), &genesis, Amount::literal(700), Hash([4; 32]));
        assert!(invoice.is_signed(&genesis, &mut checks) && !invoice.is_signed(&Hash::ZERO, &mut checks));
        let bytes = encode(&invoice);
        for at in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let valid =
                decode::<Invoice>("invoice", &flipped).is_ok_and(|other| other.is_signed(&genesis, &mut checks));
            assert!(!valid, "bit {at}");
        }
    }
}
