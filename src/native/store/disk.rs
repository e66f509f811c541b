//! The store in one file, by redb: one transaction a batch, durable when it is committed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};

use super::{Batch, Store, StoreError, Stored, rows};
use crate::primitives::{Address, Block, decode, encode};

/// Of the tables and the encoding of their rows.
const FORMAT: u64 = 1;
/// Bytes of the file that are kept in memory at most.
const CACHE: usize = 64 << 20;
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
/// By height, so that parents come first.
const BLOCKS: TableDefinition<'_, (u64, [u8; 32]), &[u8]> = TableDefinition::new("blocks");
/// By account, kind and key.
const ROWS: TableDefinition<'_, ([u8; 32], &[u8]), &[u8]> = TableDefinition::new("rows");

/// A store in a file.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    database: Database,
}

impl Disk {
    /// Opens the file, or makes it. After a crash the file is checked and mended first, which can take a while.
    ///
    /// # Errors
    /// [`StoreError`] if it is no store, of a later version, or used by another process.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            Self::create(path)?;
        }
        let database = Database::builder().set_cache_size(CACHE).open(path);
        Self::ready(path, database.map_err(|error| disk(path, error))?)
    }

    /// Makes a whole store under another name first: one that a crash left half made would be none.
    fn create(path: &Path) -> Result<(), StoreError> {
        let draft = path.with_extension("new");
        let io = |error: std::io::Error| disk(path, redb::StorageError::Io(error));
        if draft.exists() {
            fs::remove_file(&draft).map_err(io)?;
        }
        let database = Database::builder().create(&draft).map_err(|error| disk(path, error))?;
        drop(Self::ready(&draft, database)?);
        fs::rename(&draft, path).map_err(io)
    }

    /// The same over any backend: one that fails on purpose, in tests.
    ///
    /// # Errors
    /// As [`Disk::open`].
    pub fn over(backend: impl StorageBackend) -> Result<Self, StoreError> {
        let path = Path::new("(a backend)");
        let database = Database::builder().create_with_backend(backend);
        Self::ready(path, database.map_err(|error| disk(path, error))?)
    }

    fn ready(path: &Path, database: Database) -> Result<Self, StoreError> {
        let store = Self { path: path.to_owned(), database };
        let found = store.set_up().map_err(|error| disk(path, error))?;
        if found != FORMAT {
            return Err(StoreError::Format { path: path.to_owned(), found, known: FORMAT });
        }
        Ok(store)
    }

    /// Makes the tables of a new file; the format of an old one.
    fn set_up(&self) -> Result<u64, redb::Error> {
        let write = self.database.begin_write()?;
        let format = {
            let mut about = write.open_table(ABOUT)?;
            let found = about.get("format")?.map(|format| format.value());
            if found.is_none() {
                about.insert("format", FORMAT)?;
            }
            found.unwrap_or(FORMAT)
        };
        if format == FORMAT {
            write.open_table(BLOCKS)?;
            write.open_table(ROWS)?;
        }
        write.commit()?;
        Ok(format)
    }

    fn write(&self, batch: &Batch) -> Result<(), redb::Error> {
        let write = self.database.begin_write()?;
        {
            let mut blocks = write.open_table(BLOCKS)?;
            for (id, block) in &batch.blocks {
                blocks.insert((block.header.height.0, id.0), encode::<Block>(block).as_slice())?;
            }
            let mut table = write.open_table(ROWS)?;
            for (account, changes) in &batch.accounts {
                let account = key_of(account);
                for (key, value) in rows::of(changes) {
                    match value {
                        Some(value) => drop(table.insert((account, key.as_slice()), value.as_slice())?),
                        None => drop(table.remove((account, key.as_slice()))?),
                    }
                }
            }
        }
        write.commit()?;
        Ok(())
    }

    fn read(&self, mut each: impl FnMut([u8; 32], &[u8], &[u8])) -> Result<(), redb::Error> {
        let read = self.database.begin_read()?;
        for row in read.open_table(ROWS)?.iter()? {
            let (key, value) = row?;
            let (account, key) = key.value();
            each(account, key, value.value());
        }
        Ok(())
    }

    fn read_blocks(&self, each: &mut dyn FnMut(Result<Block, String>)) -> Result<(), redb::Error> {
        let read = self.database.begin_read()?;
        for row in read.open_table(BLOCKS)?.iter()? {
            let (key, value) = row?;
            let (height, id) = key.value();
            let named = |error| format!("block {} at height {height}: {error}", hex::encode(id));
            each(decode("a block", value.value()).map_err(named));
        }
        Ok(())
    }
}

impl Store for Disk {
    /// Other tasks of this thread go on elsewhere meanwhile.
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        tokio::task::block_in_place(|| self.write(batch)).map_err(|error| disk(&self.path, error))
    }

    fn load(&self) -> Result<Stored, StoreError> {
        let (mut stored, mut damaged) = (Stored::new(), None);
        self.read(|account, key, value| {
            let account: Address = decode("an address", &account).expect("any 32 bytes are one");
            if let Err(error) = rows::read(stored.entry(account).or_default(), key, value) {
                damaged.get_or_insert((hex::encode(key), error.to_string()));
            }
        })
        .map_err(|error| disk(&self.path, error))?;
        match damaged {
            Some((key, reason)) => Err(StoreError::Damaged { path: self.path.clone(), key, reason }),
            None => Ok(stored),
        }
    }

    fn blocks(&self, each: &mut dyn FnMut(Result<Block, String>)) -> Result<(), StoreError> {
        self.read_blocks(each).map_err(|error| disk(&self.path, error))
    }
}

fn key_of(account: &Address) -> [u8; 32] {
    encode(account).try_into().expect("an address is 32 bytes")
}

fn disk(path: &Path, error: impl Into<redb::Error>) -> StoreError {
    StoreError::Disk { path: path.to_owned(), error: Box::new(error.into()) }
}
