//! Blocks as JSON, made once: what is asked for again and again costs no more than sending it.
#![expect(clippy::disallowed_types, reason = "looked up, never gone through in order")]

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::body::Bytes;

use super::shape::BlockShape;
use crate::{chain::CheckedBlock, primitives::BlockId};

/// Bytes of a generation; when it is full, the one before is forgotten.
const GENERATION: usize = 16 << 20;

/// The blocks that were asked for last.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    recent: HashMap<BlockId, Bytes>,
    older: HashMap<BlockId, Bytes>,
    bytes: usize,
}

impl Cache {
    /// A block as JSON.
    pub(super) fn json(&self, block: &CheckedBlock) -> Bytes {
        let id = block.id();
        if let Some(json) = self.known(&id) {
            return json;
        }
        let json: Bytes = serde_json::to_vec(&BlockShape::of(block)).expect("shapes are JSON").into();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.bytes + json.len() > GENERATION {
            all.older = std::mem::take(&mut all.recent);
            all.bytes = 0;
        }
        all.bytes += json.len();
        all.recent.insert(id, json.clone());
        json
    }

    fn known(&self, id: &BlockId) -> Option<Bytes> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.recent.get(id).or_else(|| all.older.get(id)).cloned()
    }
}
