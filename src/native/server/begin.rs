//! What a node begins with: its chain, its keys, and what it knew when it was stopped.

use indicatif::ProgressBar;

use super::Options;
use crate::{
    chain::{Chain, Genesis},
    native::{
        Failure, Kind,
        clock::Clock,
        folder::{ChainFile, Folder},
        genesis::{calibrated, staked},
        keystore::{Keystore, random},
        passphrase, progress, read,
        store::{Disk, Memory, Store, Stored},
    },
    node::{ChangeSet, Keyring, Node},
    primitives::{Address, Amount, Block, Checks, Scheme, Timestamp},
};

/// What the first account of a chain for development owns.
const DEV_ALLOCATION: Amount = Amount::literal(1_000_000_000);
/// Milliseconds between its blocks, if nothing else was said.
const DEV_INTERVAL: u64 = 5_000;
/// Blocks from which on reading them again is worth a word.
const LONG_WORK: u64 = 500;
/// Milliseconds between two words in the log about it, where no terminal shows a bar.
const WORD: u64 = 5_000;

/// Everything that outlives a node, opened.
pub(super) struct Begin {
    pub(super) folder: Option<Folder>,
    pub(super) genesis: Genesis,
    pub(super) dev: bool,
    pub(super) keystore: Keystore,
    pub(super) store: Box<dyn Store>,
}

impl Begin {
    /// Opens the data directory, or makes it.
    pub(super) fn open(options: &Options) -> Result<Self, Failure> {
        if options.ephemeral.unwrap_or_default() {
            return Self::ephemeral(options);
        }
        let folder = Folder::take(options.data_dir()).map_err(Failure::input)?;
        let given = given_genesis(options)?;
        let known = folder.chain().map_err(Failure::input)?;
        let dev = known.as_ref().map_or(options.dev.unwrap_or_default(), |known| known.dev);
        if let (Some(known), Some(given)) = (&known, &given)
            && known.genesis != *given
        {
            let (known, given) = (known.genesis.block().id(), given.block().id());
            let place = options.data_dir().display();
            return Err(Failure::Input(format!("{place} is of the chain {known}, --genesis of {given}")));
        }
        if known.is_none() {
            chosen(given.as_ref(), options)?;
        }
        let passphrase = passphrase::given(options.passphrase_file.as_deref())?;
        let mut ask = || passphrase.clone().or_else(|| if dev { None } else { passphrase::ask() });
        let keystore = Keystore::open(&folder, dev, (Scheme::Ed25519, "node"), &mut ask).map_err(Failure::input)?;
        let genesis = match known {
            Some(known) => known.genesis,
            None => {
                let genesis = given.unwrap_or_else(|| own_chain(&keystore, options));
                let file = ChainFile { version: 1, dev, genesis: genesis.clone() };
                let text = serde_json::to_string_pretty(&file).expect("plain data");
                folder.write("chain.json", &text).map_err(Failure::input)?;
                genesis
            }
        };
        let store = Disk::open(&folder.file("chain.redb")).map_err(|error| Failure::Run(error.to_string()))?;
        Ok(Self { folder: Some(folder), genesis, dev, keystore, store: Box::new(store) })
    }

    fn ephemeral(options: &Options) -> Result<Self, Failure> {
        let (given, dev) = (given_genesis(options)?, options.dev.unwrap_or_default());
        chosen(given.as_ref(), options)?;
        let keystore = Keystore::ephemeral().map_err(Failure::input)?;
        let genesis = given.unwrap_or_else(|| own_chain(&keystore, options));
        Ok(Self { folder: None, genesis, dev, keystore, store: Box::new(Memory) })
    }

    /// The nodes as they were: the first account's, and those of accounts with channels. Every block is judged again.
    pub(super) fn restore(&self, clock: &Clock) -> Result<(Node, Vec<Node>), Failure> {
        let failed = |error: crate::native::store::StoreError| Failure::Run(error.to_string());
        let mut stored = self.store.load().map_err(failed)?;
        let (now, own, mut checks) = (clock.now(), self.keystore.own(), Checks::forgetful());
        let blocks = self.blocks().map_err(failed)?;
        let count = blocks.len() as u64;
        let bar =
            if count >= LONG_WORK { progress(count, "of the stored blocks judged") } else { ProgressBar::hidden() };
        let mut told = now;
        let blocks = blocks.into_iter().inspect(|_| {
            bar.inc(1);
            if bar.is_hidden() && clock.now().since(told) >= WORD {
                told = clock.now();
                tracing::info!(judged = bar.position(), of = count, "judging the stored blocks");
            }
        });
        let changes = stored.remove(&own).unwrap_or_default();
        let keyring = self.keyring(&own)?;
        let first = Node::restored(Chain::new(&self.genesis), keyring, blocks, &changes, now, &mut checks);
        bar.finish_and_clear();
        let others = self.others(&first, stored, now)?;
        tracing::info!(height = first.chain().height().0, blocks = count, accounts = others.len() + 1, "restored");
        Ok((first, others))
    }

    fn others(&self, first: &Node, stored: Stored, now: Timestamp) -> Result<Vec<Node>, Failure> {
        let mut checks = Checks::forgetful();
        let restore = |(account, changes): (Address, ChangeSet)| {
            let keyring = self.keyring(&account)?;
            Ok(Node::restored(first.chain().clone(), keyring, [], &changes, now, &mut checks))
        };
        stored.into_iter().map(restore).collect()
    }

    fn blocks(&self) -> Result<Vec<Block>, crate::native::store::StoreError> {
        let mut blocks = Vec::new();
        self.store.blocks(&mut |block| match block {
            Ok(block) => blocks.push(block),
            Err(error) => tracing::warn!("left out, to be asked of peers again: {error}"),
        })?;
        Ok(blocks)
    }

    fn keyring(&self, account: &Address) -> Result<Keyring, Failure> {
        let lost = || format!("the store has channels of {account}, whose key is not in the keystore");
        let key = self.keystore.key(account).ok_or_else(|| Failure::Run(lost()))?.clone();
        Ok(Keyring::new(key, *random().map_err(Failure::input)?))
    }
}

fn given_genesis(options: &Options) -> Result<Option<Genesis>, Failure> {
    let Some(path) = &options.genesis else {
        return Ok(None);
    };
    let named = |error: String| Failure::Input(format!("{}: {error}", path.display()));
    let genesis: Genesis = serde_json::from_str(&read(path)?).map_err(|error| named(error.to_string()))?;
    genesis.validate().map_err(|error| named(error.to_string()))?;
    Ok(Some(genesis))
}

/// Whether it is clear which chain a new node is of.
fn chosen(given: Option<&Genesis>, options: &Options) -> Result<(), Failure> {
    if given.is_none() && !options.dev.unwrap_or_default() {
        return Err(Failure::input(
            "which chain? give --genesis FILE (tabchain genesis makes one), or --dev for a chain of your own",
        ));
    }
    if given.is_some() && (options.block_interval.is_some() || options.consensus.is_some()) {
        return Err(Failure::input(
            "--block-interval and --consensus are for a chain that --dev begins; the one of --genesis says both itself",
        ));
    }
    Ok(())
}

/// A chain for development: whoever begins it owns all there is.
fn own_chain(keystore: &Keystore, options: &Options) -> Genesis {
    let (own, mut genesis) = (keystore.own(), calibrated(options.block_interval.unwrap_or(DEV_INTERVAL)));
    genesis.allocations.insert(own, DEV_ALLOCATION);
    if options.consensus == Some(Kind::Pos) { staked(genesis, keystore.key(&own)) } else { genesis }
}
