//! Threads that search for proof of work, so that the driver never does. A new template ends the search for the old one within a slice.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use tokio::sync::mpsc;

use crate::{
    chain::BlockTemplate,
    primitives::{Hash, Midstate, Target},
};

/// Hashes between two looks at whether the search still makes sense: a few milliseconds.
const SLICE: u64 = 20_000;

/// A nonce was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Solved {
    /// For which template.
    pub template: Hash,
    /// What was found.
    pub nonce: u64,
}

/// What to search a nonce for; cheap to clone.
#[derive(Debug, Clone)]
pub struct Search {
    template: Hash,
    midstate: Midstate,
    target: Target,
}

/// The threads.
pub(super) struct Miner {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Changes with every template.
    generation: AtomicU64,
    ended: AtomicBool,
    /// Made so far, by slices.
    hashes: Arc<AtomicU64>,
    search: Mutex<Option<(u64, Search)>>,
    woken: Condvar,
}

impl Search {
    /// A search for this template.
    pub fn of(template: &BlockTemplate) -> Self {
        let id = template.id();
        Self { template: id, midstate: Midstate::new(&id), target: template.header.target }
    }

    /// Tries nonces from `first` on, a slice at a time, while `go_on` says so.
    pub fn run(&self, first: u64, mut go_on: impl FnMut() -> bool) -> Option<Solved> {
        let mut from = first;
        while go_on() {
            if let Some(nonce) = self.midstate.search(self.target, from, SLICE) {
                return Some(Solved { template: self.template, nonce });
            }
            from = from.wrapping_add(SLICE);
        }
        None
    }
}

impl Miner {
    /// Starts the threads; each begins at its own part of the nonces.
    pub(super) fn start(threads: usize, solved: mpsc::Sender<Solved>) -> Self {
        let shared = Arc::new(Shared::default());
        for number in 0..threads {
            let (shared, solved) = (Arc::clone(&shared), solved.clone());
            let first = (u64::MAX / threads as u64).wrapping_mul(number as u64);
            let work = move || {
                while let Some((generation, search)) = shared.next() {
                    let current = || {
                        let current = shared.generation.load(Ordering::Relaxed) == generation;
                        shared.hashes.fetch_add(if current { SLICE } else { 0 }, Ordering::Relaxed);
                        current
                    };
                    if let Some(found) = search.run(first, current)
                        && shared.solved(generation)
                        && solved.blocking_send(found).is_err()
                    {
                        return;
                    }
                }
            };
            let thread = thread::Builder::new().name(format!("miner-{number}")).spawn(work);
            if let Err(error) = thread {
                tracing::error!(target: "mining", "cannot start a thread: {error}");
            }
        }
        Self { shared }
    }

    /// Hashes made so far, a slice more or less.
    pub(super) fn hashes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.shared.hashes)
    }

    /// Searches for this template from now on.
    pub(super) fn search(&self, template: &BlockTemplate) {
        self.shared.set(Some(Search::of(template)));
    }

    /// Searches for nothing.
    pub(super) fn rest(&self) {
        self.shared.set(None);
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        self.shared.set(None);
    }
}

impl Shared {
    fn set(&self, search: Option<Search>) {
        let mut slot = self.search.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
        *slot = search.map(|search| (generation, search));
        self.woken.notify_all();
    }

    /// Waits for something to search for; nothing at the end.
    fn next(&self) -> Option<(u64, Search)> {
        let mut slot = self.search.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.ended.load(Ordering::Relaxed) {
                return None;
            }
            match &*slot {
                Some(search) => return Some(search.clone()),
                None => slot = self.woken.wait(slot).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The search of this generation is over; whether it was this call that ended it.
    fn solved(&self, generation: u64) -> bool {
        let mut slot = self.search.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = slot.as_ref().is_some_and(|(current, _)| *current == generation);
        if ours {
            *slot = None;
            self.generation.fetch_add(1, Ordering::Relaxed);
        }
        ours
    }
}
