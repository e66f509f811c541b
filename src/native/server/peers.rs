//! What the network is told.

use super::{Options, begin::Begin};
use crate::{
    native::{
        Failure,
        keystore::random,
        p2p::{Identity, Limits, Multiaddr, Settings},
    },
    primitives::{Address, BlockId},
};

/// Peers at a time.
const MAX_PEERS: usize = 64;

/// Where to listen, whom to dial, and who this node is to them.
pub(super) fn settings(
    options: &Options,
    begin: &Begin,
    genesis: BlockId,
    account: Address,
) -> Result<Settings, Failure> {
    let mut secret = match &begin.folder {
        Some(folder) => folder.identity().map_err(|error| Failure::Input(error.to_string()))?,
        None => random().map_err(|error| Failure::Run(error.to_string()))?,
    };
    Ok(Settings {
        listen: addresses("--listen", &options.listen())?,
        boot: addresses("--peer", &options.peer)?,
        identity: Identity::from_secret(&mut secret),
        genesis,
        account,
        max_peers: MAX_PEERS,
        limits: Limits::default(),
    })
}

fn addresses(option: &str, texts: &[String]) -> Result<Vec<Multiaddr>, Failure> {
    let address = |text: &String| {
        text.parse()
            .map_err(|error| Failure::Input(format!("{option} {text:?}: {error} (example: /ip4/1.2.3.4/tcp/4000)")))
    };
    texts.iter().map(address).collect()
}
