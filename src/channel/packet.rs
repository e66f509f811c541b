//! What an HTLC carries for whoever receives it: where to send it on to.
//!
//! Today the rest of the route in the clear. The first byte is a version, so that onion packets (BOLT 4) can take its place.

use borsh::{BorshDeserialize, BorshSerialize, io};
use serde::Serialize;

use super::routing::MAX_HOPS;
use crate::primitives::{Amount, ChannelId, Height, decode, encode};

/// Bytes of a packet: as many as the payload of an onion packet has (BOLT 4).
pub const MAX_PACKET_BYTES: usize = 1_300;
const CLEAR: u8 = 0;

/// Instructions for the hops that follow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, BorshSerialize)]
pub struct Packet(#[serde(serialize_with = "as_hex")] Vec<u8>);

/// What a forwarder is asked to offer onward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Onward {
    /// Through which channel.
    pub channel: ChannelId,
    /// Base units.
    pub amount: Amount,
    /// The expiry of the HTLC to be offered.
    pub expiry: Height,
}

/// What a packet says to whoever receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// Send it on, with the rest of the packet.
    Forward(Onward, Packet),
    /// You are the payee.
    Deliver,
}

/// A packet says nothing that can be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Not of a version that is known.
    #[error("packet has version {found:?}, known is {CLEAR}")]
    Version {
        /// Its first byte, if it has one.
        found: Option<u8>,
    },
    /// Not the encoding of hops.
    #[error("{reason}")]
    Undecodable {
        /// What the decoder met.
        reason: String,
    },
    /// More hops than any route has.
    #[error("packet has {found} more hops, at most {MAX_HOPS} are allowed")]
    TooLong {
        /// How many.
        found: usize,
    },
}

impl Packet {
    /// Instructions for each forwarder in turn; none for the payee.
    pub fn of(hops: &[Onward]) -> Self {
        let mut bytes = vec![CLEAR];
        bytes.extend(encode(&hops.to_vec()));
        Self(bytes)
    }

    /// What it says to whoever received it.
    ///
    /// # Errors
    /// [`PacketError`].
    pub fn open(&self) -> Result<Instruction, PacketError> {
        let Some((&CLEAR, rest)) = self.0.split_first() else {
            return Err(PacketError::Version { found: self.0.first().copied() });
        };
        let hops: Vec<Onward> =
            decode("packet", rest).map_err(|error| PacketError::Undecodable { reason: error.to_string() })?;
        if hops.len() >= MAX_HOPS as usize {
            return Err(PacketError::TooLong { found: hops.len() });
        }
        Ok(match hops.split_first() {
            Some((next, rest)) => Instruction::Forward(*next, Self::of(rest)),
            None => Instruction::Deliver,
        })
    }

    /// As sent.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl BorshDeserialize for Packet {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let length = u32::deserialize_reader(reader)? as usize;
        if length > MAX_PACKET_BYTES {
            let reason = format!("packet has {length} bytes, at most {MAX_PACKET_BYTES} are allowed");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes)?;
        Ok(Self(bytes))
    }
}

fn as_hex<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Hash;

    fn hops(count: usize) -> Vec<Onward> {
        let hop = |n: usize| Onward {
            channel: Hash([n as u8; 32]),
            amount: Amount::literal(1_000 - n as u64),
            expiry: Height(100 - n as u64),
        };
        (0..count).map(hop).collect()
    }

    #[test]
    fn every_hop_reads_its_own_line_and_passes_the_rest_on() {
        let all = hops(MAX_HOPS as usize - 1);
        let mut packet = Packet::of(&all);
        assert!(packet.bytes().len() <= MAX_PACKET_BYTES);
        for expected in &all {
            let Ok(Instruction::Forward(onward, rest)) = packet.open() else { panic!("a hop is missing") };
            assert_eq!(onward, *expected);
            packet = rest;
        }
        assert_eq!(packet.open(), Ok(Instruction::Deliver));
    }

    #[test]
    fn nonsense_is_named() {
        let mut bytes = Packet::of(&hops(1)).0;
        bytes.push(0);
        assert!(matches!(Packet(bytes).open(), Err(PacketError::Undecodable { .. })));
        assert_eq!(Packet(vec![]).open(), Err(PacketError::Version { found: None }));
        assert_eq!(Packet(vec![1, 0, 0, 0, 0]).open(), Err(PacketError::Version { found: Some(1) }));
        let most = MAX_HOPS as usize;
        assert_eq!(Packet::of(&hops(most)).open(), Err(PacketError::TooLong { found: most }));
        let long = encode(&vec![0u8; MAX_PACKET_BYTES + 1]);
        assert!(borsh::from_slice::<Packet>(&long).expect_err("too long").to_string().contains("1301"));
    }
}
