//! What channel parties say, as bytes: every legal word fits, no other is read, and no packet leads anywhere that it does not say.

use proptest::prelude::*;
use tabchain::{
    channel::{
        Body, Change, Failure, FailureReason, Instruction, MAX_MESSAGE_BYTES, MAX_PACKET_BYTES, MAX_REASON_BYTES,
        Message, NewHtlc, Onward, Packet, PacketError, routing::MAX_HOPS,
    },
    primitives::{
        Amount, CommitmentSecret, Hash, Height, Party, Preimage, PublicKey, Resizing, RsaKey, RsaSignature, SecretKey,
        Side, Signature, decode, encode,
    },
};

use crate::{
    pair::Setup,
    support::{self, properties},
};

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash)
}

fn amount() -> impl Strategy<Value = Amount> {
    (0..=Amount::MAX.units()).prop_map(support::units)
}

fn onward() -> impl Strategy<Value = Onward> {
    (hash(), amount(), any::<u64>()).prop_map(|(channel, amount, expiry)| Onward {
        channel,
        amount,
        expiry: Height(expiry),
    })
}

fn route(most: usize) -> impl Strategy<Value = Vec<Onward>> {
    prop::collection::vec(onward(), 0..=most)
}

/// As a peer could make one: whatever bytes it likes, as long as they are not too many.
fn packet() -> impl Strategy<Value = Packet> {
    let bytes = prop::collection::vec(any::<u8>(), 0..=MAX_PACKET_BYTES);
    let any = bytes.prop_map(|bytes| decode("packet", &encode(&bytes)).expect("short enough"));
    prop_oneof![any, route(MAX_HOPS as usize - 1).prop_map(|hops| Packet::of(&hops))]
}

fn failure() -> impl Strategy<Value = Failure> {
    use FailureReason as R;
    let reason = prop_oneof![
        Just(R::UnknownPayment),
        amount().prop_map(|expected| R::WrongAmount { expected }),
        Just(R::BadPacket),
        Just(R::Insufficient),
        (amount(), amount()).prop_map(|(found, needed)| R::FeeTooLow { found, needed }),
        (any::<u32>(), any::<u32>()).prop_map(|(found, needed)| R::DeltaTooSmall { found, needed }),
        Just(R::Cancelled),
    ];
    let at = prop_oneof![any::<[u8; 32]>().prop_map(|seed| SecretKey::from_seed(seed).public()), Just(longest_key())];
    (at, prop::option::of(hash()), reason).prop_map(|(at, channel, reason)| Failure { at, channel, reason })
}

fn change() -> impl Strategy<Value = Change> {
    let offer = (amount(), hash(), any::<u64>(), packet()).prop_map(|(amount, payment, expiry, packet)| {
        Change::Offer(Box::new(NewHtlc { amount, payment, expiry: Height(expiry), packet }))
    });
    prop_oneof![
        amount().prop_map(|amount| Change::Pay { amount }),
        offer,
        (any::<u64>(), any::<[u8; 32]>()).prop_map(|(id, bytes)| Change::Fulfil { id, preimage: Preimage(bytes) }),
        (any::<u64>(), failure()).prop_map(|(id, failure)| Change::Fail { id, failure }),
    ]
}

fn body() -> impl Strategy<Value = Body> {
    let ed25519 = (any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(|(r, s)| Signature::Ed25519(joined(r, s)));
    let rsa = prop::collection::vec(any::<u8>(), 256..=512)
        .prop_map(|bytes| Signature::Rsa(RsaSignature::new(&bytes).expect("of some key's length")));
    let signature = || prop_oneof![ed25519.clone(), rsa.clone()];
    let secret = || any::<[u8; 32]>().prop_map(CommitmentSecret);
    let shown = prop::option::of((any::<u64>(), secret()));
    prop_oneof![
        4 => (any::<u64>(), any::<u64>(), change())
            .prop_map(|(number, turn, change)| Body::Propose { number, turn, change }),
        1 => (any::<u64>(), signature()).prop_map(|(number, signature)| Body::Sign { number, signature }),
        1 => (any::<u64>(), signature(), secret(), hash()).prop_map(|(number, signature, secret, next_point)| {
            Body::Commit { number, signature, secret, next_point }
        }),
        1 => (any::<u64>(), secret(), hash(), any::<bool>()).prop_map(|(number, secret, next_point, yields)| {
            Body::Revoke { number, secret, next_point, yields }
        }),
        1 => any::<u64>().prop_map(|turn| Body::Ask { turn }),
        1 => (any::<u64>(), amount(), signature()).prop_map(|(turn, fee, signature)| Body::Close { turn, fee, signature }),
        2 => (any::<u64>(), shown, any::<bool>())
            .prop_map(|(number, revoked, heard)| Body::Resume { number, revoked, heard }),
        1 => Just(Body::Lost),
    ]
}

/// As long as a key can be.
fn longest_key() -> PublicKey {
    PublicKey::Rsa(RsaKey::new(&[0xff; 512]).expect("a modulus"))
}

fn joined(r: [u8; 32], s: [u8; 32]) -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&r);
    bytes[32..].copy_from_slice(&s);
    bytes
}

fn propose(packet: Packet) -> Message {
    let new = NewHtlc { amount: Amount::MAX, payment: Hash([9; 32]), expiry: Height(u64::MAX), packet };
    let body = Body::Propose { number: u64::MAX, turn: u64::MAX, change: Change::Offer(Box::new(new)) };
    Message { handle: Hash([7; 32]), body }
}

/// The longest route fits, and so does the largest packet, whatever is in it.
#[test]
fn the_largest_offer_fits() {
    let hop = Onward { channel: Hash([1; 32]), amount: Amount::MAX, expiry: Height(u64::MAX) };
    let longest = Packet::of(&vec![hop; MAX_HOPS as usize - 1]);
    let size = propose(longest.clone()).to_bytes().len();
    assert_eq!((longest.bytes().len(), size), (1 + 4 + 19 * 48, 32 + 1 + 16 + 1 + 48 + 4 + 917));
    let largest: Packet = decode("packet", &encode(&vec![0u8; MAX_PACKET_BYTES])).expect("not too large");
    for packet in [longest, largest] {
        let message = propose(packet);
        let bytes = message.to_bytes();
        assert!(bytes.len() <= MAX_MESSAGE_BYTES, "{}", bytes.len());
        assert_eq!(Message::parse(&bytes), Ok(message));
    }
    // One byte more is not even read.
    let mut bytes = propose(decode("packet", &encode(&vec![0u8; MAX_PACKET_BYTES])).expect("not too large")).to_bytes();
    let at = bytes.len() - MAX_PACKET_BYTES - 4;
    bytes.splice(at..at + 4, u32::try_from(MAX_PACKET_BYTES + 1).expect("small").to_le_bytes());
    bytes.push(0);
    let error = Message::parse(&bytes).expect_err("too large a packet");
    assert!(error.to_string().contains("1301 bytes, at most 1300"), "{error}");
}

/// The other long words: an offer to resize, an answer to it, a refusal at length.
#[test]
fn openings_fit() {
    let setup = Setup::default();
    let party = Party { key: longest_key(), ..setup.party(Side::Accepter) };
    let points = [Hash([1; 32]); 2];
    let resizes = Some(Resizing { channel: Hash([2; 32]), balances: [Amount::MAX; 2] });
    let terms = setup.request().terms;
    let signature = Signature::Rsa(RsaSignature::new(&[0xff; 512]).expect("the longest"));
    let bodies = [
        Body::Open { party: party.clone(), theirs: Amount::MAX, terms, fee: Amount::MAX, points, resizes },
        Body::Accept { party, points, signature: signature.clone() },
        Body::Refuse { reason: "x".repeat(MAX_REASON_BYTES) },
        Body::Fund { commitment: signature.clone(), funding: signature },
    ];
    for body in bodies {
        let message = Message { handle: Hash([3; 32]), body };
        assert!(message.to_bytes().len() <= 1_280, "{}", message.to_bytes().len());
        assert_eq!(Message::parse(&message.to_bytes()), Ok(message));
    }
}

/// A packet that says that it holds a thousand million hops is not believed.
#[test]
fn a_count_is_not_believed() {
    for count in [1u32, 20, 1_000_000_000, u32::MAX] {
        let bytes = [&[0u8][..], &count.to_le_bytes()].concat();
        let packet: Packet = decode("packet", &encode(&bytes)).expect("short");
        assert!(matches!(packet.open(), Err(PacketError::Undecodable { .. })), "{count}");
    }
}

proptest! {
    #![proptest_config(properties(500))]

    /// Every word fits, is read as it was said, and in no other spelling: not longer, not shorter.
    #[test]
    fn words_are_read_as_said(handle in hash(), body in body(), extra in any::<u8>()) {
        let message = Message { handle, body };
        let bytes = message.to_bytes();
        prop_assert!(bytes.len() <= MAX_MESSAGE_BYTES);
        prop_assert_eq!(Message::parse(&bytes), Ok(message));
        prop_assert!(Message::parse(&[&bytes[..], &[extra]].concat()).is_err());
        prop_assert!(Message::parse(&bytes[..bytes.len() - 1]).is_err());
    }

    /// A flipped bit makes another word, or none; whatever is read is written the same.
    #[test]
    fn a_flipped_bit_is_another_word(handle in hash(), body in body(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let message = Message { handle, body };
        let mut bytes = message.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(other) = Message::parse(&bytes) {
            prop_assert_ne!(&other, &message);
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }

    /// Each hop reads its own line and passes on what is left, to the payee and no further.
    #[test]
    fn a_route_is_read_hop_by_hop(hops in route(MAX_HOPS as usize - 1)) {
        let mut packet = Packet::of(&hops);
        prop_assert!(packet.bytes().len() <= MAX_PACKET_BYTES);
        for hop in &hops {
            let Ok(Instruction::Forward(onward, rest)) = packet.open() else { panic!("a hop is missing") };
            prop_assert_eq!(onward, *hop);
            prop_assert!(rest.bytes().len() < packet.bytes().len());
            packet = rest;
        }
        prop_assert_eq!(packet.open(), Ok(Instruction::Deliver));
    }

    /// Whatever a packet says ends after fewer hops than any route has, and what is passed on can be said again.
    #[test]
    fn every_packet_ends(packet in packet(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3)) {
        let mut bytes = packet.bytes().to_vec();
        for (at, value) in flips.iter().filter(|_| !packet.bytes().is_empty()) {
            let at = at.index(bytes.len().min(8));
            bytes[at] = *value;
        }
        let mut packet: Packet = decode("packet", &encode(&bytes)).expect("short enough");
        let mut hops = 0;
        while let Ok(Instruction::Forward(_, rest)) = packet.open() {
            let said: Result<Packet, _> = decode("packet", &encode(&rest));
            prop_assert_eq!(said.as_ref(), Ok(&rest));
            (packet, hops) = (rest, hops + 1);
        }
        prop_assert!(hops < MAX_HOPS);
    }
}
