//! The accounts whose keys this node holds: encrypted at rest, one file.
//!
//! A passphrase becomes a key by Argon2id (RFC 9106, its second recommended choice: 64 MiB, three passes, four lanes); each secret is sealed alone with
//! XChaCha20-Poly1305, bound to its address. Only the keystore of a chain for development may lie in the clear. Nothing here is ever logged.

use std::{collections::BTreeMap, fmt};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    folder::{Folder, FolderError},
    secret::Secret,
};
use crate::primitives::{Address, Scheme, SecretKey};

const FILE: &str = "keystore.json";
const VERSION: u32 = 1;
/// KiB, passes, lanes.
const COST: (u32, u32, u32) = (64 << 10, 3, 4);
/// The most that a file may ask for, so that a foreign one cannot take all memory.
const MAX_COST: (u32, u32, u32) = (1 << 20, 64, 64);
/// Characters of a label.
pub const MAX_LABEL: usize = 64;
/// Accounts of one keystore.
pub const MAX_ACCOUNTS: usize = 1_000;

/// The keys of this node's accounts. The first one is the node's own.
pub struct Keystore {
    seal: Option<Seal>,
    accounts: Vec<Account>,
    keys: BTreeMap<Address, SecretKey>,
}

/// What everybody may know of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// Where it is paid.
    pub address: Address,
    /// Of its key.
    pub scheme: Scheme,
    /// A name for people.
    pub label: String,
    secret: Sealed,
}

/// How a secret lies in the file: hex.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Sealed {
    /// Only on a chain for development.
    Plain(String),
    /// XChaCha20-Poly1305; the address is authenticated with it.
    Encrypted { nonce: String, bytes: String },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    version: u32,
    /// Nothing in a plain one.
    argon2id: Option<Cost>,
    accounts: Vec<Account>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

/// What new secrets are sealed with.
struct Seal {
    cost: Cost,
    cipher: XChaCha20Poly1305,
}

/// Why a keystore cannot be used. Says nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The passphrase opens nothing.
    #[error("the passphrase does not open the keystore")]
    WrongPassphrase,
    /// None was given, and one is needed.
    #[error("the keystore needs a passphrase: give --passphrase-file or TABCHAIN_PASSPHRASE, or start at a terminal")]
    NoPassphrase,
    /// It lies in the clear, and the chain is not one for development.
    #[error("the keystore lies in the clear, which only a chain for development may have")]
    Plain,
    /// Not a keystore that this program knows.
    #[error("{0}")]
    Unreadable(String),
    /// No more.
    #[error("a keystore holds {MAX_ACCOUNTS} accounts at most")]
    Full,
    /// The label is too long.
    #[error("label has {0} characters, at most {MAX_LABEL} are allowed")]
    Label(usize),
    /// It cannot be read or written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Keystore {
    /// Opens the keystore of a data directory, or makes one whose `first` account has this scheme and label. `passphrase` is asked for one only if that is needed.
    ///
    /// # Errors
    /// [`KeystoreError`] if it cannot be opened; a chain for development needs no passphrase, every other does.
    pub fn open(
        folder: &Folder,
        dev: bool,
        first: (Scheme, &str),
        passphrase: &mut dyn FnMut() -> Option<Zeroizing<String>>,
    ) -> Result<Self, KeystoreError> {
        let Some(text) = folder.read(FILE)? else {
            let passphrase = passphrase();
            let seal = match (&passphrase, dev) {
                (Some(passphrase), _) => Some(Seal::new(passphrase)?),
                (None, true) => None,
                (None, false) => return Err(KeystoreError::NoPassphrase),
            };
            let mut new = Self { seal, accounts: Vec::new(), keys: BTreeMap::new() };
            new.create(folder, first.1, Secret::new(first.0)?)?;
            return Ok(new);
        };
        let unreadable = |error: serde_json::Error| KeystoreError::Unreadable(format!("{FILE}: {error}"));
        let file: File = serde_json::from_str(&text).map_err(unreadable)?;
        if file.version != VERSION || file.accounts.len() > MAX_ACCOUNTS {
            let (found, count) = (file.version, file.accounts.len());
            return Err(KeystoreError::Unreadable(format!("{FILE}: version {found}, {count} accounts")));
        }
        let seal = match &file.argon2id {
            Some(cost) => Some(Seal::of(&passphrase().ok_or(KeystoreError::NoPassphrase)?, cost.clone())?),
            None if dev => None,
            None => return Err(KeystoreError::Plain),
        };
        let keys = file.accounts.iter().map(|account| Ok((account.address, account.open(seal.as_ref())?)));
        let keys = keys.collect::<Result<_, KeystoreError>>()?;
        Ok(Self { seal, accounts: file.accounts, keys })
    }

    /// One that lives only as long as the process.
    ///
    /// # Errors
    /// [`KeystoreError`] if the system gives no random bytes.
    pub fn ephemeral() -> Result<Self, KeystoreError> {
        let mut new = Self { seal: None, accounts: Vec::new(), keys: BTreeMap::new() };
        new.add("node", Secret::new(Scheme::Ed25519)?)?;
        Ok(new)
    }

    /// Its accounts, the node's own first.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The node's own account.
    ///
    /// # Panics
    /// Never: there is always one.
    pub fn own(&self) -> Address {
        self.accounts.first().expect("a keystore is never empty").address
    }

    /// An account's key.
    pub fn key(&self, address: &Address) -> Option<&SecretKey> {
        self.keys.get(address)
    }

    /// Takes a new secret for an account and stores it: its address.
    ///
    /// # Errors
    /// [`KeystoreError`]; then there is none.
    pub fn create(&mut self, folder: &Folder, label: &str, secret: Secret) -> Result<Address, KeystoreError> {
        let address = self.add(label, secret)?;
        self.save(folder, address)
    }

    /// The same, not stored: for `--ephemeral`.
    ///
    /// # Errors
    /// As [`Keystore::create`].
    pub fn create_unsaved(&mut self, label: &str, secret: Secret) -> Result<Address, KeystoreError> {
        self.add(label, secret)
    }

    fn add(&mut self, label: &str, secret: Secret) -> Result<Address, KeystoreError> {
        if self.accounts.len() >= MAX_ACCOUNTS {
            return Err(KeystoreError::Full);
        }
        let length = label.chars().count();
        if length > MAX_LABEL {
            return Err(KeystoreError::Label(length));
        }
        let scheme = secret.scheme();
        let unusable = || KeystoreError::Unreadable(format!("no key of scheme {}", scheme.name()));
        let key = secret.key().ok_or_else(unusable)?;
        let address = key.public().address();
        let secret = match &self.seal {
            Some(seal) => seal.close(&address, secret.bytes())?,
            None => Sealed::Plain(hex::encode(secret.bytes())),
        };
        self.accounts.push(Account { address, scheme, label: label.to_owned(), secret });
        self.keys.insert(address, key);
        Ok(address)
    }

    fn save(&mut self, folder: &Folder, newest: Address) -> Result<Address, KeystoreError> {
        let cost = self.seal.as_ref().map(|seal| seal.cost.clone());
        let file = File { version: VERSION, argon2id: cost, accounts: self.accounts.clone() };
        let text = Zeroizing::new(serde_json::to_string_pretty(&file).expect("plain data"));
        if let Err(error) = folder.write(FILE, &text) {
            self.accounts.retain(|account| account.address != newest);
            self.keys.remove(&newest);
            return Err(error.into());
        }
        Ok(newest)
    }
}

impl Account {
    fn open(&self, seal: Option<&Seal>) -> Result<SecretKey, KeystoreError> {
        let damaged = || KeystoreError::Unreadable(format!("{FILE}: the secret of {} is damaged", self.address));
        let bytes = match (&self.secret, seal) {
            (Sealed::Plain(bytes), None) => Zeroizing::new(hex::decode(bytes).map_err(|_| damaged())?),
            (Sealed::Encrypted { nonce, bytes }, Some(seal)) => {
                let nonce: [u8; 24] =
                    hex::decode(nonce).ok().and_then(|nonce| nonce.try_into().ok()).ok_or_else(damaged)?;
                let bytes = hex::decode(bytes).map_err(|_| damaged())?;
                let bound = self.address.to_string();
                let payload = Payload { msg: &bytes, aad: bound.as_bytes() };
                let opened = seal.cipher.decrypt(&XNonce::from(nonce), payload);
                Zeroizing::new(opened.map_err(|_| KeystoreError::WrongPassphrase)?)
            }
            _ => return Err(damaged()),
        };
        let key = Secret::kept(self.scheme, bytes).key().ok_or_else(damaged)?;
        if key.public().address() == self.address { Ok(key) } else { Err(damaged()) }
    }
}

impl Seal {
    fn new(passphrase: &str) -> Result<Self, KeystoreError> {
        let (memory_kib, passes, lanes) = COST;
        let salt = hex::encode(&random()?[..16]);
        Self::of(passphrase, Cost { memory_kib, passes, lanes, salt })
    }

    fn of(passphrase: &str, cost: Cost) -> Result<Self, KeystoreError> {
        let unreadable = |what: String| KeystoreError::Unreadable(format!("{FILE}: {what}"));
        let (memory, passes, lanes) = MAX_COST;
        if cost.memory_kib > memory || cost.passes > passes || cost.lanes > lanes {
            return Err(unreadable(format!(
                "argon2id asks for more than {memory} KiB, {passes} passes, {lanes} lanes"
            )));
        }
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32));
        let params = params.map_err(|error| unreadable(error.to_string()))?;
        let salt = hex::decode(&cost.salt).map_err(|error| unreadable(format!("salt: {error}")))?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, &mut *key)
            .map_err(|error| unreadable(error.to_string()))?;
        let cipher = XChaCha20Poly1305::new_from_slice(&*key).expect("32 bytes");
        Ok(Self { cost, cipher })
    }

    fn close(&self, address: &Address, secret: &[u8]) -> Result<Sealed, KeystoreError> {
        let random = random()?;
        let nonce: [u8; 24] = random[..24].try_into().expect("24 of 32");
        let bound = address.to_string();
        let payload = Payload { msg: secret, aad: bound.as_bytes() };
        let bytes = self.cipher.encrypt(&XNonce::from(nonce), payload).expect("a short message");
        Ok(Sealed::Encrypted { nonce: hex::encode(nonce), bytes: hex::encode(bytes) })
    }
}

/// 32 bytes from the system.
pub fn random() -> Result<Zeroizing<[u8; 32]>, KeystoreError> {
    let mut bytes = Zeroizing::new([0; 32]);
    let failed = |error| KeystoreError::Unreadable(format!("the system gives no random bytes: {error}"));
    getrandom::fill(&mut *bytes).map_err(failed)?;
    Ok(bytes)
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keystore({} accounts, secrets hidden)", self.accounts.len())
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("tabchain-keystore-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Folder::take(&path).expect("a directory of our own")
    }

    fn open(folder: &Folder, dev: bool, passphrase: Option<&str>) -> Result<Keystore, KeystoreError> {
        Keystore::open(folder, dev, (Scheme::Ed25519, "node"), &mut || {
            passphrase.map(|text| Zeroizing::new(text.to_owned()))
        })
    }

    fn secret(scheme: Scheme) -> Secret {
        Secret::new(scheme).expect("random bytes")
    }

    #[test]
    fn what_is_sealed_opens_with_its_passphrase_alone_and_only_where_it_was_put() {
        let folder = folder("sealed");
        assert!(matches!(open(&folder, false, None), Err(KeystoreError::NoPassphrase)));
        let mut made = open(&folder, false, Some("correct horse")).expect("made");
        let (own, second) = (made.own(), made.create(&folder, "savings", secret(Scheme::Rsa)).expect("room"));
        let text = std::fs::read_to_string(folder.file(FILE)).expect("written");
        assert!(!text.contains("plain"), "{text}");
        assert!(matches!(open(&folder, false, Some("wrong")), Err(KeystoreError::WrongPassphrase)));
        assert!(matches!(open(&folder, true, None), Err(KeystoreError::NoPassphrase)));
        let opened = open(&folder, false, Some("correct horse")).expect("opens");
        assert_eq!(opened.accounts(), made.accounts());
        assert_eq!(opened.accounts().iter().map(|one| one.scheme).collect::<Vec<_>>(), [Scheme::Ed25519, Scheme::Rsa]);
        for account in [own, second] {
            assert_eq!(opened.key(&account).map(SecretKey::public), made.key(&account).map(SecretKey::public));
        }
        // A secret moved to another address is not taken for that one's.
        let swapped = text.replace(&own.to_string(), "x").replace(&second.to_string(), &own.to_string());
        std::fs::write(folder.file(FILE), swapped.replace('x', &second.to_string())).expect("writable");
        assert!(open(&folder, false, Some("correct horse")).is_err());
        // What a file asks for is bounded.
        std::fs::write(folder.file(FILE), text.replace("65536", "4194304")).expect("writable");
        assert!(matches!(open(&folder, false, Some("correct horse")), Err(KeystoreError::Unreadable(_))));
    }

    #[test]
    fn only_a_chain_for_development_has_a_plain_one() {
        let folder = folder("plain");
        let own = open(&folder, true, None).expect("made").own();
        assert!(matches!(open(&folder, false, None), Err(KeystoreError::Plain)));
        assert_eq!(open(&folder, true, None).expect("opens").own(), own);
        assert!(matches!(Folder::take(&folder.file("")), Err(FolderError::InUse { .. })));
        let shown = format!("{:?}", open(&folder, true, None).expect("opens").accounts());
        assert!(shown.contains("hidden"), "{shown}");
    }
}
