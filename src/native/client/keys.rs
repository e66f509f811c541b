//! Keys that never leave this machine: made, listed, and signed with, without a node.

use std::path::PathBuf;

use clap::{Args, ValueEnum, builder::PossibleValue};
use serde_json::json;

use super::{At, Failure, node::Node, print};
use crate::{
    native::{folder::Folder, keystore::Keystore, passphrase, secret::Secret},
    primitives::{Action, Address, Amount, BlockId, Memo, Nonce, Scheme, UnsignedTransaction},
};

/// Base units for the miner, unless told: about the least that pools take for a transfer.
const FEE: u64 = 500;

/// Where the keys are.
#[derive(Debug, Args)]
struct Keys {
    /// A directory with a keystore; made if it is not there.
    #[arg(long, env = "TABCHAIN_KEYS", default_value = "tabchain-keys", value_name = "DIR")]
    keys: PathBuf,
    /// A file whose first line opens it; else TABCHAIN_PASSPHRASE, or the question at the terminal.
    #[arg(long, env = "TABCHAIN_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::native) struct KeygenOptions {
    #[command(flatten)]
    keys: Keys,
    /// A name for people.
    #[arg(long, default_value = "account")]
    label: String,
    /// What it signs with; keys of rsa have 3072 bits.
    #[arg(long, value_enum, default_value_t = Scheme::Ed25519)]
    scheme: Scheme,
}

#[derive(Debug, Args)]
pub(in crate::native) struct AddressOptions {
    #[command(flatten)]
    keys: Keys,
}

#[derive(Debug, Args)]
pub(in crate::native) struct SignOptions {
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    at: At,
    /// Who pays: an account of the keystore.
    #[arg(long, value_name = "ADDRESS")]
    from: Address,
    /// Who is paid.
    #[arg(long, value_name = "ADDRESS")]
    to: Address,
    /// Base units.
    #[arg(long)]
    amount: Amount,
    /// Base units for the miner [default: 500].
    #[arg(long)]
    fee: Option<Amount>,
    /// A text, at most 256 bytes.
    #[arg(long, default_value = "")]
    data: String,
    /// The transactions that the payer sent before [default: what the node says].
    #[arg(long)]
    nonce: Option<u64>,
    /// The id of the chain's first block [default: what the node says].
    #[arg(long, value_name = "HASH")]
    chain: Option<BlockId>,
}

/// `tabchain keygen`.
pub(in crate::native) fn keygen(options: &KeygenOptions) -> Result<(), Failure> {
    let folder = Folder::take(&options.keys.keys).map_err(Failure::input)?;
    let known = folder.read("keystore.json").map_err(Failure::input)?.is_some();
    let mut keystore = options.keys.open(&folder, (options.scheme, &options.label))?;
    let address = if known {
        let secret = Secret::new(options.scheme).map_err(Failure::input)?;
        keystore.create(&folder, &options.label, secret).map_err(Failure::input)?
    } else {
        keystore.own()
    };
    println!("{address}");
    Ok(())
}

/// `tabchain address`.
pub(in crate::native) fn address(options: &AddressOptions) -> Result<(), Failure> {
    let folder = Folder::take(&options.keys.keys).map_err(Failure::input)?;
    for account in options.keys.known(&folder)?.accounts() {
        println!("{}  {:7}  {}", account.address, account.scheme.name(), account.label);
    }
    Ok(())
}

/// `tabchain sign`.
pub(in crate::native) fn sign(options: &SignOptions) -> Result<(), Failure> {
    let folder = Folder::take(&options.keys.keys).map_err(Failure::input)?;
    let keystore = options.keys.known(&folder)?;
    let key = keystore.key(&options.from).ok_or_else(|| {
        Failure::Input(format!("{}: there is no key of {}", options.keys.keys.display(), options.from))
    })?;
    let memo = Memo::new(options.data.as_str()).map_err(Failure::input)?;
    let fee = options.fee.unwrap_or_else(|| Amount::new(FEE).expect("in range"));
    let (nonce, chain) = (options.nonce()?, options.chain()?);
    let action = Action::Transfer { from: key.public(), nonce, to: options.to, amount: options.amount, memo };
    let signed = UnsignedTransaction { fee, action }.sign(key, &chain);
    print(&json!(signed));
    Ok(())
}

impl ValueEnum for Scheme {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl SignOptions {
    fn nonce(&self) -> Result<Nonce, Failure> {
        if let Some(nonce) = self.nonce {
            return Ok(Nonce(nonce));
        }
        let balance = Node::at(&self.at).get(&format!("/api/balance/{}", self.from))?;
        let said = balance["nextNonce"].as_u64();
        said.map(Nonce).ok_or_else(|| Failure::Run(format!("the node says no nonce: {balance}")))
    }

    fn chain(&self) -> Result<BlockId, Failure> {
        if let Some(chain) = self.chain {
            return Ok(chain);
        }
        let block = Node::at(&self.at).get("/api/block/0")?;
        let said = serde_json::from_value(block["hash"].clone());
        said.map_err(|_| Failure::Run("the node does not say which chain it is on".to_owned()))
    }
}

impl Keys {
    fn open(&self, folder: &Folder, first: (Scheme, &str)) -> Result<Keystore, Failure> {
        let given = passphrase::given(self.passphrase_file.as_deref())?;
        Keystore::open(folder, false, first, &mut || given.clone().or_else(passphrase::ask)).map_err(Failure::input)
    }

    /// As [`Keys::open`], but none is made.
    fn known(&self, folder: &Folder) -> Result<Keystore, Failure> {
        match folder.read("keystore.json").map_err(Failure::input)? {
            Some(_) => self.open(folder, (Scheme::Ed25519, "")),
            None => Err(Failure::Input(format!("{}: no keys there (tabchain keygen makes one)", self.keys.display()))),
        }
    }
}
