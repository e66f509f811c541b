//! Layer 4: the command line, and the node that runs for itself.
//!
//! Owns everything that touches the machine: clock, disk, keys at rest, sockets, terminal. Must never know how a chain works: it drives worlds and nodes as
//! any driver does.

pub mod accounts;
mod bench;
mod client;
pub mod clock;
mod devnet;
pub mod driver;
mod duration;
pub mod folder;
mod genesis;
pub mod http;
pub mod keystore;
pub mod p2p;
mod passphrase;
mod replay;
pub mod secret;
mod server;
mod simulate;
pub mod store;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    primitives::{Address, Amount},
    sim::MAX_SCENARIO_BYTES,
};

/// A real blockchain, small enough to run as a whole network in one process (or one browser tab: see the README).
#[derive(Debug, Parser)]
#[command(name = "tabchain", version, max_term_width = 80)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// A kind of consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// Proof of work.
    Pow,
    /// Proof of stake: every node that begins the chain is a validator.
    Pos,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a node: keeps the chain, talks to peers, serves HTTP; stops cleanly on Ctrl-C.
    Node(Box<server::Options>),
    /// Run a network of real nodes on this machine, with a chain of their own.
    Devnet(devnet::Options),
    /// Print what a new chain begins with, as a file for all its nodes.
    Genesis(genesis::Options),
    /// Make a key that stays on this machine, and print its address.
    Keygen(client::KeygenOptions),
    /// Print the addresses of the keys on this machine.
    Address(client::AddressOptions),
    /// Sign a transfer with a key on this machine, and print it for tabchain send.
    Sign(Box<client::SignOptions>),
    /// Have a node send a transfer, signed here or by the node.
    Send(Box<client::SendOptions>),
    /// Ask a node what accounts own.
    Balance(client::BalanceOptions),
    /// Ask a node how it is.
    Status(client::At),
    /// Open, use and close payment channels at a node.
    Channel(client::ChannelOptions),
    /// Have a node pay over a route of channels, and wait until it has arrived.
    Pay(client::PayOptions),
    /// Have a node make an invoice, and print it for tabchain pay.
    Invoice(client::InvoiceOptions),
    /// Print what a shell needs to complete these commands, for example: tabchain completions bash.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Run a network of nodes in virtual time and print what it came to.
    Simulate(simulate::Options),
    /// Run a capsule again and compare its digest; exits with 1 if it differs.
    Replay(replay::Options),
    /// Measure what this machine does, each rate beside the bare cryptography it needs; takes a second a row.
    Bench(bench::Options),
}

/// What stopped a command, for the person at the terminal.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The request makes no sense; exit code 2.
    #[error("{0}")]
    Input(String),
    /// The run did not come to what was promised; exit code 1.
    #[error("{0}")]
    Run(String),
}

impl Failure {
    /// One of the request, with this as its reason.
    fn input(reason: impl std::fmt::Display) -> Self {
        Self::Input(reason.to_string())
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Node(options) => server::run(*options),
        Command::Devnet(options) => devnet::run(&options),
        Command::Genesis(options) => genesis::run(&options),
        Command::Keygen(options) => client::keygen(&options),
        Command::Address(options) => client::address(&options),
        Command::Sign(options) => client::sign(&options),
        Command::Send(options) => client::send(&options),
        Command::Balance(options) => client::balance(&options),
        Command::Status(at) => client::status(&at),
        Command::Channel(options) => client::channel(&options),
        Command::Pay(options) => client::pay(&options),
        Command::Invoice(options) => client::invoice(&options),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "tabchain", &mut std::io::stdout());
            Ok(())
        }
        Command::Simulate(options) => simulate::run(&options),
        Command::Replay(options) => replay::run(&options),
        Command::Bench(options) => bench::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(if matches!(failure, Failure::Input(_)) { 2 } else { 1 })
        }
    }
}

/// Reads a text file of bounded size.
fn read(path: &Path) -> Result<String, Failure> {
    let fail = |error: std::io::Error| Failure::Input(format!("{}: {error}", path.display()));
    let mut text = String::new();
    let limit = MAX_SCENARIO_BYTES as u64 + 1;
    let read = File::open(path).map_err(fail)?.take(limit).read_to_string(&mut text).map_err(fail)?;
    if read as u64 == limit {
        return Err(Failure::Input(format!("{}: more than {MAX_SCENARIO_BYTES} bytes", path.display())));
    }
    Ok(text)
}

/// An allocation or a share, as it is typed.
fn amount_of(text: &str) -> Result<(Address, Amount), String> {
    let (address, amount) = text.split_once('=').ok_or("ADDRESS=AMOUNT expected")?;
    let address = address.parse().map_err(|error| format!("{error}"))?;
    Ok((address, amount.parse().map_err(|error| format!("amount {amount:?}: {error}"))?))
}

fn write(path: &PathBuf, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// A progress bar on standard error, hidden if that is not a terminal.
fn progress(total: u64, unit: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{{wide_bar}} {{percent:>3}} % {unit} {{msg}} ({{eta}} left)"));
    ProgressBar::new(total).with_style(style.expect("a literal template"))
}
