//! What stands in a stream: frames of a 32-bit big-endian length and as many bytes.
//!
//! A conversation begins with an [`Opening`] each way; after it, each frame is one message of the chain's, never read here. Owns
//! their sizes; lengths are looked at before memory is taken, and memory is taken as bytes come.

use std::{io, sync::Arc, time::Duration};

use borsh::{BorshDeserialize, BorshSerialize};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::Multiaddr;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::address::MAX_ADDRESS_BYTES;
use crate::primitives::{Address, BlockId};

/// Version of the first frames and of what follows them.
pub(super) const VERSION: u32 = 1;
/// Longest first frame.
pub(super) const MAX_OPENING_BYTES: usize = 1_024;
/// Addresses in one answer to "whom do you know?".
pub(super) const MAX_PEERS: usize = 32;
/// Longest such answer.
pub(super) const MAX_PEERS_BYTES: usize = MAX_PEERS * (MAX_ADDRESS_BYTES + 4) + 4;
/// Frames up to this size need no share of the budget; others are read and written in pieces of this size.
pub(super) const PIECE: usize = 65_536;

/// The first frame, both ways.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Opening {
    /// Who talks to whom, on which chain.
    Hello(Hello),
    /// The conversation does not take place; only as an answer.
    Refused(Refusal),
}

/// Who talks to whom.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Hello {
    pub(super) version: u32,
    pub(super) genesis: BlockId,
    /// The account that talks.
    pub(super) from: Address,
    /// The account that is meant; none for the main one.
    pub(super) to: Option<Address>,
}

/// Why a conversation does not take place.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the other side speaks version {0}")]
    Version(u32),
    #[error("the other side is on the chain that begins with {0}")]
    WrongChain(BlockId),
    #[error("the other side does not serve this account")]
    UnknownAccount,
    #[error("there is such a conversation already")]
    Duplicate,
    #[error("the other side has as many conversations as it wants")]
    Full,
}

/// Why no frame was read.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    #[error("a frame of {bytes} bytes, at most {most} are allowed")]
    TooLarge { bytes: u32, most: usize },
    #[error("an empty frame")]
    Empty,
    #[error("a frame did not arrive whole within {} s", .0.as_secs())]
    Slow(Duration),
    #[error("the first frame is not what it should be: {0}")]
    Malformed(String),
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl FrameError {
    /// Whether an honest peer never does this.
    pub(super) fn is_fault(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::Empty | Self::Malformed(_))
    }
}

/// How frames are read.
#[derive(Clone)]
pub(super) struct Reading {
    /// Longest frame.
    pub(super) most: usize,
    /// From a frame's first byte to its last.
    pub(super) within: Duration,
    /// Long frames that may be read at a time from one peer.
    pub(super) long: Arc<Semaphore>,
    /// Bytes that all long frames may take once they are whole; one permit a byte.
    pub(super) budget: Arc<Semaphore>,
}

/// A frame, and its share of the budget if it is long.
pub(super) type Frame = (Vec<u8>, Option<OwnedSemaphorePermit>);

impl Reading {
    /// Waits for the next frame as long as it takes to begin; none at the stream's end.
    pub(super) async fn next(&self, from: &mut (impl AsyncRead + Unpin)) -> Result<Option<Frame>, FrameError> {
        let mut length = [0; 4];
        if from.read(&mut length[..1]).await? == 0 {
            return Ok(None);
        }
        let rest = timeout(self.within, self.rest(from, length)).await;
        let (frame, turn) = rest.map_err(|_| FrameError::Slow(self.within))??;
        let share = match turn {
            Some(_) => Some(self.share(frame.len()).await?),
            None => None,
        };
        Ok(Some((frame, share)))
    }

    async fn rest(&self, from: &mut (impl AsyncRead + Unpin), mut length: [u8; 4]) -> Result<Frame, FrameError> {
        from.read_exact(&mut length[1..]).await?;
        let bytes = u32::from_be_bytes(length);
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        match length {
            0 => return Err(FrameError::Empty),
            _ if length > self.most => return Err(FrameError::TooLarge { bytes, most: self.most }),
            _ => {}
        }
        let turn = match length > PIECE {
            true => Some(Arc::clone(&self.long).acquire_owned().await.map_err(io::Error::other)?),
            false => None,
        };
        let mut frame = Vec::new();
        while frame.len() < length {
            let start = frame.len();
            frame.resize(length.min(start + PIECE), 0);
            from.read_exact(&mut frame[start..]).await?;
        }
        Ok((frame, turn))
    }

    /// Waits for a message's share of the budget; only whole messages have one, so that nobody keeps it by sending slowly.
    pub(super) async fn share(&self, bytes: usize) -> io::Result<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).map_err(io::Error::other)?;
        Arc::clone(&self.budget).acquire_many_owned(bytes).await.map_err(io::Error::other)
    }
}

/// Writes one frame; `stall` is how long each piece of it may take.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), frame: &[u8], stall: Duration) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
    let slow = |_| io::Error::new(io::ErrorKind::TimedOut, "the peer does not read");
    timeout(stall, to.write_all(&length.to_be_bytes())).await.map_err(slow)??;
    for piece in frame.chunks(PIECE) {
        timeout(stall, to.write_all(piece)).await.map_err(slow)??;
    }
    timeout(stall, to.flush()).await.map_err(slow)?
}

/// Reads one value that a peer must send now, all of it within `within`.
pub(super) async fn read_one<T: BorshDeserialize>(
    from: &mut (impl AsyncRead + Unpin),
    most: usize,
    within: Duration,
) -> Result<T, FrameError> {
    // What is read so is short.
    let none = Arc::new(Semaphore::new(0));
    let reading = Reading { most, within, long: Arc::clone(&none), budget: none };
    let frame = timeout(within, reading.next(from)).await.map_err(|_| FrameError::Slow(within))??;
    let (bytes, _) = frame.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    T::try_from_slice(&bytes).map_err(|error| FrameError::Malformed(error.to_string()))
}

/// Writes one value.
pub(super) async fn write_one(
    to: &mut (impl AsyncWrite + Unpin),
    value: &impl BorshSerialize,
    stall: Duration,
) -> io::Result<()> {
    write(to, &borsh::to_vec(value)?, stall).await
}

/// Addresses as they are sent.
pub(super) fn encode(addresses: &[Multiaddr]) -> Vec<Vec<u8>> {
    addresses.iter().take(MAX_PEERS).map(Multiaddr::to_vec).collect()
}

/// Addresses as they came; what is none is left out.
pub(super) fn decode(addresses: Vec<Vec<u8>>) -> Vec<Multiaddr> {
    let read = |bytes: Vec<u8>| Multiaddr::try_from(bytes).ok();
    addresses.into_iter().take(MAX_PEERS).filter(|bytes| bytes.len() <= MAX_ADDRESS_BYTES).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use futures::io::Cursor;

    use super::*;

    fn reading(most: usize, long: usize) -> Reading {
        let (long, budget) = (Arc::new(Semaphore::new(long)), Arc::new(Semaphore::new(most)));
        Reading { most, within: Duration::from_secs(1), long, budget }
    }

    #[tokio::test]
    async fn a_frame_and_back() {
        for length in [1, PIECE - 1, PIECE, PIECE + 1, 4_000_000] {
            let (mut bytes, frame) = (Vec::new(), vec![7; length]);
            write(&mut bytes, &frame, Duration::from_secs(5)).await.expect("memory");
            let mut from = Cursor::new(bytes);
            let reading = reading(4_000_000, 1);
            let (read, share) = reading.next(&mut from).await.expect("a frame").expect("not the end");
            assert_eq!((read, share.is_some()), (frame, length > PIECE));
            assert!(reading.next(&mut from).await.expect("the end").is_none());
        }
    }

    #[tokio::test]
    async fn bad_frames() {
        let read = async |bytes: &[u8], long| reading(100_000, long).next(&mut Cursor::new(bytes.to_vec())).await;
        assert!(matches!(read(&[0, 0, 0, 0], 0).await, Err(FrameError::Empty)));
        assert!(matches!(read(&[255; 4], 0).await, Err(FrameError::TooLarge { bytes: u32::MAX, most: 100_000 })));
        assert!(matches!(read(&[0, 1, 134, 161], 0).await, Err(FrameError::TooLarge { bytes: 100_001, .. })));
        assert!(matches!(read(&[0, 0, 0], 0).await, Err(FrameError::Io(_))));
        assert!(matches!(read(&[0, 0, 0, 9, 1, 2], 0).await, Err(FrameError::Io(_))));
        // The peer sends another long one: it waits, and not for ever.
        assert!(matches!(read(&[0, 1, 134, 160], 0).await, Err(FrameError::Slow(_))));
        for bytes in [&[0, 0, 0, 2, 9, 9][..], &[0, 0, 0, 1, 0], &[0, 0, 4, 1]] {
            let read = read_one::<Opening>(&mut Cursor::new(bytes), MAX_OPENING_BYTES, Duration::from_secs(1)).await;
            assert!(read.is_err_and(|error| error.is_fault()), "{bytes:?}");
        }
    }

    #[test]
    fn addresses_and_back() {
        let address: Multiaddr = "/ip4/192.0.2.1/tcp/7/ws".parse().expect("an address");
        let many = vec![address.clone(); 40];
        let mut sent = encode(&many);
        assert!(borsh::to_vec(&sent).expect("memory").len() <= MAX_PEERS_BYTES && sent.len() == MAX_PEERS);
        (sent[0], sent[1], sent[2]) = (vec![255; 9], vec![], vec![0; 4_000]);
        let read = decode(sent);
        assert!(read.iter().filter(|read| **read == address).count() == MAX_PEERS - 3 && read.len() <= MAX_PEERS - 2);
    }
}
