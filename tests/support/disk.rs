//! A disk that ends at a chosen write. Of what was written since the last sync, an arbitrary part is there afterwards.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::{
    io,
    sync::{Arc, Mutex},
};

use redb::StorageBackend;

#[derive(Debug, Default)]
struct State {
    /// As after the last sync.
    synced: Vec<u8>,
    /// As the program sees it.
    seen: Vec<u8>,
    /// Since the last sync, in order.
    pending: Vec<Change>,
    writes: u64,
    left: u64,
    failed: bool,
    seed: u64,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, data) => {
                if bytes.len() < at + data.len() {
                    bytes.resize(at + data.len(), 0);
                }
                bytes[*at..at + data.len()].copy_from_slice(data);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

/// A disk in memory; its copies share it.
#[derive(Debug, Clone)]
pub struct Image(Arc<Mutex<State>>);

impl Image {
    /// One that never fails.
    pub fn sound() -> Self {
        Self::failing_after(u64::MAX, 0)
    }

    /// One whose writes fail after so many.
    pub fn failing_after(writes: u64, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State { left: writes, seed, ..State::default() })))
    }

    /// The same disk, for the library.
    pub fn backend(&self) -> Self {
        self.clone()
    }

    /// Writes, syncs and changes of length so far.
    pub fn writes(&self) -> u64 {
        self.0.lock().expect("no panic inside").writes
    }

    pub fn has_failed(&self) -> bool {
        self.0.lock().expect("no panic inside").failed
    }

    /// The disk as the next process finds it: all that was synced, and some of what was not.
    pub fn what_is_left(&self) -> Self {
        let state = self.0.lock().expect("no panic inside");
        let (mut bytes, mut random) = (state.synced.clone(), state.seed);
        for change in &state.pending {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if random >> 63 == 1 || !state.failed {
                change.apply(&mut bytes);
            }
        }
        let (synced, seen) = (bytes.clone(), bytes);
        Self(Arc::new(Mutex::new(State { synced, seen, left: u64::MAX, ..State::default() })))
    }
}

impl State {
    fn count(&mut self) -> io::Result<()> {
        if self.failed || self.left == 0 {
            self.failed = true;
            return Err(io::Error::other("the disk has ended"));
        }
        self.left -= 1;
        self.writes += 1;
        Ok(())
    }
}

impl StorageBackend for Image {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().expect("no panic inside").seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.lock().expect("no panic inside");
        let at = offset as usize;
        let bytes = state.seen.get(at..at + out.len()).ok_or_else(|| io::Error::other("read beyond the end"))?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Change::Length(len as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.0.lock().expect("no panic inside");
        state.count()?;
        state.synced = state.seen.clone();
        state.pending.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Change::Write(offset as usize, data.to_vec()))
    }
}

impl Image {
    fn change(&self, change: Change) -> io::Result<()> {
        let mut state = self.0.lock().expect("no panic inside");
        state.count()?;
        change.apply(&mut state.seen);
        state.pending.push(change);
        Ok(())
    }
}
