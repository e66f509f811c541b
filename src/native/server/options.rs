//! What `tabchain node` can be told: by flags, by environment variables, by a file, in this order.

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;

use crate::{
    native::{Failure, Kind, duration, read},
    primitives::{Checkpoint, Epoch},
};

const LISTEN: &str = "/ip4/127.0.0.1/tcp/4000";

/// Every one of them can also stand in the file that --config names, under the same name.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(in crate::native) struct Options {
    /// A TOML file with any of these options, for example: mine = 2.
    #[arg(long, env = "TABCHAIN_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub(super) config: Option<PathBuf>,
    /// Where the node keeps what it knows [default: tabchain-data].
    #[arg(long, env = "TABCHAIN_DATA_DIR", value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// Keep nothing: everything, keys too, is gone when the node stops.
    #[arg(long, env = "TABCHAIN_EPHEMERAL", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(super) ephemeral: Option<bool>,
    /// What the chain begins with (tabchain genesis makes one); needed at the first start only.
    #[arg(long, env = "TABCHAIN_GENESIS", value_name = "FILE")]
    pub(super) genesis: Option<PathBuf>,
    /// A chain of its own for trying things: this node's account owns a billion units, and its keys need no passphrase.
    #[arg(long, env = "TABCHAIN_DEV", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(super) dev: Option<bool>,
    /// What seals the blocks of a chain that --dev begins [default: pow].
    #[arg(long, env = "TABCHAIN_CONSENSUS", value_enum)]
    pub(super) consensus: Option<Kind>,
    /// Time between blocks that a chain which --dev begins aims at, 100ms to 1h [default: 5s].
    #[arg(long, env = "TABCHAIN_BLOCK_INTERVAL", value_name = "DURATION", value_parser = duration::block_interval)]
    #[serde(deserialize_with = "duration::read_block_interval")]
    pub(super) block_interval: Option<u64>,
    /// A checkpoint of a chain of stake that this node was told, without which it takes no chain: needed by whoever was away for longer than stakes are locked.
    #[arg(long, env = "TABCHAIN_CHECKPOINT", value_name = "EPOCH:BLOCK")]
    pub(super) checkpoint: Option<String>,
    /// Where the HTTP interface listens [default: 127.0.0.1:3000].
    #[arg(long, env = "TABCHAIN_HTTP", value_name = "ADDRESS:PORT")]
    pub(super) http: Option<SocketAddr>,
    /// What requests must carry as a bearer token; needed to listen elsewhere than on this machine.
    #[arg(long, env = "TABCHAIN_API_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(super) api_token: Option<String>,
    /// Another name that the node may be called by in requests, besides localhost and its address; may be given often.
    #[arg(long = "allow-host", env = "TABCHAIN_ALLOW_HOST", value_delimiter = ',', value_name = "HOST")]
    pub(super) allow_host: Vec<String>,
    /// Requests a second that one remote address may make [default: no limit on this machine, 50 elsewhere].
    #[arg(long, env = "TABCHAIN_RATE_LIMIT", value_name = "NUMBER")]
    pub(super) rate_limit: Option<NonZeroU32>,
    /// Where peers reach this node, a multiaddr; may be given often [default: /ip4/127.0.0.1/tcp/4000].
    #[arg(long, env = "TABCHAIN_LISTEN", value_delimiter = ',', value_name = "MULTIADDR")]
    pub(super) listen: Vec<String>,
    /// A peer to begin with, a multiaddr; may be given often.
    #[arg(long = "peer", env = "TABCHAIN_PEER", value_delimiter = ',', value_name = "MULTIADDR")]
    pub(super) peer: Vec<String>,
    /// Mine, on so many threads [default: 0; 1 if no number is given]. On a chain of stake: propose and vote.
    #[arg(long, env = "TABCHAIN_MINE", num_args = 0..=1, default_missing_value = "1", value_name = "THREADS",
          value_parser = clap::value_parser!(u16).range(0..=256))]
    pub(super) mine: Option<u16>,
    /// The built page that is served at / [default: dist, if it is there].
    #[arg(long, env = "TABCHAIN_PAGE", value_name = "DIR")]
    pub(super) page: Option<PathBuf>,
    /// A file whose first line opens the keystore.
    #[arg(long, env = "TABCHAIN_PASSPHRASE_FILE", value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// What is logged: error, warn, info, debug, trace, also by part, as info,p2p=debug [default: info].
    #[arg(long, env = "TABCHAIN_LOG", value_name = "FILTER")]
    pub(super) log: Option<String>,
    /// Log one JSON object a line.
    #[arg(long, env = "TABCHAIN_LOG_JSON", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(super) log_json: Option<bool>,
    /// Stop when standard input ends: for whoever started this process.
    #[arg(long, hide = true)]
    #[serde(skip)]
    pub(super) until_eof: bool,
}

impl Options {
    /// With what the file says where nothing else was said.
    pub(super) fn complete(self) -> Result<Self, Failure> {
        let Some(path) = &self.config else {
            return Ok(self);
        };
        let file: Self = toml::from_str(&read(path)?)
            .map_err(|error| Failure::Input(format!("{}: {}", path.display(), error.to_string().trim_end())))?;
        let list = |own: Vec<String>, file: Vec<String>| if own.is_empty() { file } else { own };
        Ok(Self {
            config: self.config,
            data_dir: self.data_dir.or(file.data_dir),
            ephemeral: self.ephemeral.or(file.ephemeral),
            genesis: self.genesis.or(file.genesis),
            dev: self.dev.or(file.dev),
            consensus: self.consensus.or(file.consensus),
            block_interval: self.block_interval.or(file.block_interval),
            checkpoint: self.checkpoint.or(file.checkpoint),
            http: self.http.or(file.http),
            api_token: self.api_token.or(file.api_token),
            allow_host: list(self.allow_host, file.allow_host),
            rate_limit: self.rate_limit.or(file.rate_limit),
            listen: list(self.listen, file.listen),
            peer: list(self.peer, file.peer),
            mine: self.mine.or(file.mine),
            page: self.page.or(file.page),
            passphrase_file: self.passphrase_file.or(file.passphrase_file),
            log: self.log.or(file.log),
            log_json: self.log_json.or(file.log_json),
            until_eof: self.until_eof,
        })
    }

    /// The checkpoint, read.
    pub(super) fn checkpoint(&self) -> Result<Option<Checkpoint>, Failure> {
        let Some(text) = &self.checkpoint else {
            return Ok(None);
        };
        let parts = text.split_once(':').and_then(|(epoch, block)| Some((epoch.parse().ok()?, block.parse().ok()?)));
        let wrong = || Failure::Input(format!("--checkpoint {text:?}: an epoch, a colon and a block's id are wanted"));
        let (epoch, block) = parts.ok_or_else(wrong)?;
        Ok(Some(Checkpoint { epoch: Epoch(epoch), block }))
    }

    pub(super) fn http(&self) -> SocketAddr {
        self.http.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3_000)))
    }

    pub(super) fn listen(&self) -> Vec<String> {
        if self.listen.is_empty() { vec![LISTEN.to_owned()] } else { self.listen.clone() }
    }

    pub(super) fn data_dir(&self) -> &Path {
        self.data_dir.as_deref().unwrap_or(Path::new("tabchain-data"))
    }

    pub(super) fn page(&self) -> Option<PathBuf> {
        let default = || Some(PathBuf::from("dist")).filter(|dir| dir.join("index.html").is_file());
        self.page.clone().or_else(default)
    }
}
