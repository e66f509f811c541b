//! `tabchain devnet`: a network of real nodes on this machine, each a process of its own.
//!
//! Owns their directories, ports and ends. The nodes are told to stop when their standard input ends, so none outlives this process, however it ends.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use clap::Args;

use super::{
    Failure, Kind, duration,
    folder::{ChainFile, Folder},
    genesis::{calibrated, staked},
    keystore::Keystore,
    secret::Secret,
};
use crate::{
    chain::Genesis,
    primitives::{Address, Amount, Scheme},
};

/// What each node's account, and the faucet's, owns at the beginning.
const ALLOCATION: Amount = Amount::literal(1_000_000_000);
/// Between two looks at the nodes.
const LOOK: Duration = Duration::from_millis(100);
/// How long a node has to stop before it is made to.
const PATIENCE: u32 = 100;
/// Lines of a failed node's log that are shown.
const LAST_LINES: usize = 10;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Nodes, 1 to 20.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    nodes: u16,
    /// Where each keeps a directory and a log [default: tabchain-devnet].
    #[arg(long, value_name = "DIR", default_value = "tabchain-devnet")]
    data_dir: PathBuf,
    /// The first node's port for HTTP; the others follow.
    #[arg(long, default_value_t = 3_000, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..=65_000))]
    http_port: u16,
    /// The first node's port for peers; the others follow.
    #[arg(long, default_value_t = 4_000, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..=65_000))]
    peer_port: u16,
    /// Nodes that mine, on one thread each, from the first on.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    miners: u16,
    /// Time between blocks that a new chain aims at.
    #[arg(long, default_value = "5s", value_name = "DURATION", value_parser = duration::block_interval)]
    block_interval: u64,
    /// What seals the blocks of a new chain; by stake every node is a validator.
    #[arg(long, value_enum, default_value = "pow")]
    consensus: Kind,
    /// What the nodes log.
    #[arg(long, default_value = "info", value_name = "FILTER")]
    log: String,
}

/// A node of it.
struct Running {
    number: u16,
    account: Address,
    log: PathBuf,
    process: Child,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let accounts = prepare(options)?;
    check_ports(options)?;
    let mut nodes = Vec::new();
    for (number, account) in (1..).zip(accounts) {
        nodes.push(start(options, number, account)?);
    }
    println!("{:<6}{:<31}{:<8}account", "node", "http", "peers");
    for node in &nodes {
        let (http, peers) = ports(options, node.number);
        println!("{:<6}{:<31}{peers:<8}{}", node.number, format!("http://127.0.0.1:{http}"), node.account);
    }
    println!("logs: {}; the first node also holds the faucet's account; stop with Ctrl-C", options.data_dir.display());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Run(format!("cannot start: {error}")))?;
    let ended = runtime.block_on(async {
        tokio::select! {
            () = super::server::asked_to_stop(false) => None,
            ended = first_to_end(&mut nodes) => Some(ended),
        }
    });
    nodes.iter_mut().for_each(stop);
    match ended {
        None => Ok(()),
        Some((number, status, log)) => {
            Err(Failure::Run(format!("node {number} has ended ({status}); its log {}:\n{}", log.display(), tail(&log))))
        }
    }
}

/// Makes the directories of a new network, or takes those of an old one: the accounts of its nodes.
fn prepare(options: &Options) -> Result<Vec<Address>, Failure> {
    let mut accounts = Vec::new();
    let (mut folders, mut keys) = (Vec::new(), Vec::new());
    let mut known: Option<ChainFile> = None;
    let mut faucet = None;
    for number in 1..=options.nodes {
        let folder = Folder::take(&node_dir(options, number)).map_err(Failure::input)?;
        let mut keystore =
            Keystore::open(&folder, true, (Scheme::Ed25519, "node"), &mut || None).map_err(Failure::input)?;
        if number == 1 {
            let label = |account: &&super::keystore::Account| account.label == "faucet";
            let old = keystore.accounts().iter().find(label).map(|account| account.address);
            let mut new = || keystore.create(&folder, "faucet", Secret::new(Scheme::Ed25519)?);
            faucet = Some(old.map_or_else(&mut new, Ok).map_err(Failure::input)?);
        }
        known = folder.chain().map_err(Failure::input)?.or(known);
        accounts.push(keystore.own());
        keys.extend(keystore.key(&keystore.own()).cloned());
        folders.push(folder);
    }
    let genesis = known.map_or_else(
        || {
            let owners = accounts.iter().copied().chain(faucet);
            let allocations = owners.map(|account| (account, ALLOCATION)).collect();
            let genesis = Genesis { allocations, ..calibrated(options.block_interval) };
            if options.consensus == Kind::Pos { staked(genesis, &keys) } else { genesis }
        },
        |known| known.genesis,
    );
    let text = serde_json::to_string_pretty(&ChainFile { version: 1, dev: true, genesis }).expect("plain data");
    for folder in folders {
        if folder.chain().map_err(Failure::input)?.is_none() {
            folder.write("chain.json", &text).map_err(Failure::input)?;
        }
    }
    Ok(accounts)
}

/// A port that is taken is told of before anything is started.
fn check_ports(options: &Options) -> Result<(), Failure> {
    for number in 1..=options.nodes {
        let (http, peers) = ports(options, number);
        for port in [http, peers] {
            TcpListener::bind(("127.0.0.1", port)).map_err(|error| {
                let other = "give another --http-port or --peer-port";
                Failure::Input(format!("node {number} cannot have port {port}: {error}; {other}"))
            })?;
        }
    }
    Ok(())
}

fn start(options: &Options, number: u16, account: Address) -> Result<Running, Failure> {
    let failed = |error: std::io::Error| Failure::Run(format!("cannot start node {number}: {error}"));
    let (http, peers) = ports(options, number);
    let log = options.data_dir.join(format!("node-{number}.log"));
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.args(["node", "--until-eof", "--dev", "--log", &options.log]);
    command.arg("--data-dir").arg(node_dir(options, number));
    command.args(["--http", &format!("127.0.0.1:{http}"), "--listen", &format!("/ip4/127.0.0.1/tcp/{peers}")]);
    // Validators do without threads; who does not validate has no duties.
    if number <= options.miners || options.consensus == Kind::Pos {
        command.arg("--mine=1");
    }
    for earlier in 1..number {
        command.args(["--peer", &format!("/ip4/127.0.0.1/tcp/{}", ports(options, earlier).1)]);
    }
    let file = File::options().create(true).append(true).open(&log).map_err(failed)?;
    let process = command.stdin(Stdio::piped()).stdout(file.try_clone().map_err(failed)?).stderr(file).spawn();
    Ok(Running { number, account, log, process: process.map_err(failed)? })
}

async fn first_to_end(nodes: &mut [Running]) -> (u16, ExitStatus, PathBuf) {
    loop {
        for node in nodes.iter_mut() {
            if let Ok(Some(status)) = node.process.try_wait() {
                return (node.number, status, node.log.clone());
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn stop(node: &mut Running) {
    drop(node.process.stdin.take());
    for _ in 0..PATIENCE {
        if matches!(node.process.try_wait(), Ok(Some(_))) {
            return;
        }
        thread::sleep(LOOK);
    }
    eprintln!("node {} does not stop: killed", node.number);
    let _ = node.process.kill();
    let _ = node.process.wait();
}

fn ports(options: &Options, number: u16) -> (u16, u16) {
    (options.http_port + number - 1, options.peer_port + number - 1)
}

fn node_dir(options: &Options, number: u16) -> PathBuf {
    options.data_dir.join(format!("node-{number}"))
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}
