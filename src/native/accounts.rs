//! The keystore as a running node uses it: shared, and each account with the node that keeps its channels.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    driver::{Handle, Stopped},
    folder::Folder,
    keystore::{Account, Keystore, KeystoreError, random},
    secret::Secret,
};
use crate::{
    node::{ChangeSet, Keyring, Node},
    primitives::{Address, Checks, Scheme, SecretKey},
};

/// The accounts of a running node; cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keystore: Mutex<Keystore>,
    /// Nothing if nothing outlives the process.
    folder: Option<Folder>,
}

/// Why an account cannot have a node.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Its key is not here.
    #[error("{0} is no account of this node's keystore")]
    Unknown(Address),
    /// The system gives no random bytes.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
    /// The driver has ended.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Accounts {
    /// Those of an open keystore.
    pub fn new(keystore: Keystore, folder: Option<Folder>) -> Self {
        Self(Arc::new(Inner { keystore: Mutex::new(keystore), folder }))
    }

    /// All of them, the node's own first.
    pub fn list(&self) -> Vec<Account> {
        self.keystore().accounts().to_vec()
    }

    /// Whether an account's key is here.
    pub fn has(&self, address: &Address) -> bool {
        self.keystore().key(address).is_some()
    }

    /// An account's key, to sign with at once.
    pub fn key(&self, address: &Address) -> Option<SecretKey> {
        self.keystore().key(address).cloned()
    }

    /// Makes an account, stored when this returns. Waits for the disk.
    ///
    /// # Errors
    /// [`KeystoreError`]; then there is none.
    pub fn create(&self, scheme: Scheme, label: &str) -> Result<Address, KeystoreError> {
        // An RSA key takes a while: the others are used meanwhile.
        let secret = Secret::new(scheme)?;
        match &self.0.folder {
            Some(folder) => self.keystore().create(folder, label, secret),
            None => self.keystore().create_unsaved(label, secret),
        }
    }

    /// What a node of this account signs with, and a fresh random stream.
    ///
    /// # Errors
    /// [`AccountError`] if its key is not here.
    pub fn keyring(&self, address: &Address) -> Result<Keyring, AccountError> {
        let key = self.key(address).ok_or(AccountError::Unknown(*address))?;
        Ok(Keyring::new(key, *random()?))
    }

    /// Sees to it that the account has a node of its own, which knows the first one's chain.
    ///
    /// # Errors
    /// [`AccountError`] if its key is not here, or the driver has ended.
    pub async fn with_node(&self, handle: &Handle, address: Address) -> Result<(), AccountError> {
        let known = handle.ask(move |view| view.node(&address).is_none().then(|| view.first().chain().clone()));
        let Some(chain) = known.await? else {
            return Ok(());
        };
        let (keyring, now) = (self.keyring(&address)?, handle.now());
        let node = Node::restored(chain, keyring, [], &ChangeSet::default(), now, &mut Checks::forgetful());
        Ok(handle.join(node).await?)
    }

    fn keystore(&self) -> MutexGuard<'_, Keystore> {
        self.0.keystore.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
