//! The data directory: who may use it, and what lies in it.
//!
//! `lock` (held while a process uses it), `chain.json` (which chain), `identity` (what peers know the node by), `keystore.json`, `chain.redb`.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::chain::Genesis;

/// A data directory that this process has to itself.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

/// Which chain a data directory is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainFile {
    /// Of this file, 1.
    pub version: u32,
    /// Whether its money is for trying things only: keys may lie there in the clear.
    pub dev: bool,
    /// What it begins with.
    pub genesis: Genesis,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process has it.
    #[error("{path} is in use by another process ({pid}): stop that one, or give another --data-dir")]
    InUse {
        /// Which directory.
        path: PathBuf,
        /// Its process id, as it wrote it.
        pid: String,
    },
    /// The disk says no.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was met.
        error: io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}: {reason}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What was met.
        reason: String,
    },
}

impl Folder {
    /// Makes the directory if need be, and takes it.
    ///
    /// # Errors
    /// [`FolderError`] if another process has it, or the disk says no.
    pub fn take(path: &Path) -> Result<Self, FolderError> {
        private_folder().recursive(true).create(path).map_err(|error| io_error(path, error))?;
        let file = path.join("lock");
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&file)
            .map_err(|error| io_error(&file, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(io_error(&file, error)),
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Only to be shown.
                let _ = lock.take(20).read_to_string(&mut pid);
                let pid = pid.chars().filter(char::is_ascii_digit).collect();
                return Err(FolderError::InUse { path: path.to_owned(), pid });
            }
        }
        let pid = format!("{}\n", std::process::id());
        lock.set_len(0).and_then(|()| lock.write_all(pid.as_bytes())).map_err(|error| io_error(&file, error))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Reads a file; nothing if there is none.
    ///
    /// # Errors
    /// [`FolderError`] if the disk says no.
    pub fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, FolderError> {
        let path = self.file(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error(&path, error)),
        }
    }

    /// Writes a file whole or not at all, for its owner's eyes only, durable when this returns.
    ///
    /// # Errors
    /// [`FolderError`] if the disk says no.
    pub fn write(&self, name: &str, text: &str) -> Result<(), FolderError> {
        let (path, draft) = (self.file(name), self.file(&format!("{name}.new")));
        let write = || -> io::Result<()> {
            let mut file = private().create(true).truncate(true).write(true).open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|error| io_error(&path, error))
    }

    /// Which chain it is of; nothing if it is new.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be read.
    pub fn chain(&self) -> Result<Option<ChainFile>, FolderError> {
        let Some(text) = self.read("chain.json")? else {
            return Ok(None);
        };
        let unreadable = |reason| FolderError::Unreadable { path: self.file("chain.json"), reason };
        let chain: ChainFile = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        chain.genesis.validate().map_err(|error| unreadable(error.to_string()))?;
        Ok(Some(chain))
    }

    /// What peers know this node by: 32 secret bytes, made at the first start.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be read or written.
    pub fn identity(&self) -> Result<Zeroizing<[u8; 32]>, FolderError> {
        let unreadable = |reason: String| FolderError::Unreadable { path: self.file("identity"), reason };
        let mut secret = Zeroizing::new([0; 32]);
        if let Some(text) = self.read("identity")? {
            hex::decode_to_slice(text.trim(), &mut *secret)
                .map_err(|error| unreadable(format!("32 bytes of hex expected: {error}")))?;
        } else {
            getrandom::fill(&mut *secret).map_err(|error| unreadable(format!("no random bytes: {error}")))?;
            self.write("identity", &Zeroizing::new(hex::encode(*secret)))?;
        }
        Ok(secret)
    }
}

/// A file for its owner alone.
#[cfg(unix)]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A directory for its owner alone.
#[cfg(unix)]
fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Elsewhere what it lies in decides who may read it.
#[cfg(not(unix))]
fn private_folder() -> DirBuilder {
    DirBuilder::new()
}

/// Elsewhere the directory decides who may read it.
#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}

fn io_error(path: &Path, error: io::Error) -> FolderError {
    FolderError::Io { path: path.to_owned(), error }
}
