//! The command line as a client: keys that stay here, and a node's HTTP interface (`tabchain keygen`, `send`, `channel …`).
//!
//! Owns what a person types and what is printed: the node's own JSON, indented. What a node refuses is said in its words.

mod keys;
mod node;
mod pay;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Failure, amount_of, read};
use crate::primitives::{Address, Amount, ChannelId, Transaction};
pub(super) use keys::{AddressOptions, KeygenOptions, SignOptions};
use node::Node;
pub(super) use pay::{InvoiceOptions, PayOptions, invoice, pay};

/// Where the node is.
#[derive(Debug, Clone, Args)]
pub(super) struct At {
    /// The node's HTTP interface.
    #[arg(long, global = true, env = "TABCHAIN_NODE", default_value = "http://127.0.0.1:3000", value_name = "URL")]
    node: String,
    /// What the node asks for, if it does.
    #[arg(long, global = true, env = "TABCHAIN_API_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    api_token: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct SendOptions {
    #[command(flatten)]
    at: At,
    /// A signed transaction, as tabchain sign prints it; without one the node signs with a key of its own.
    #[arg(value_name = "FILE", conflicts_with_all = ["from", "to", "amount"])]
    signed: Option<PathBuf>,
    /// An account of the node's keystore.
    #[arg(long, value_name = "ADDRESS", required_unless_present = "signed")]
    from: Option<Address>,
    /// Who is paid.
    #[arg(long, value_name = "ADDRESS", required_unless_present = "signed")]
    to: Option<Address>,
    /// Base units.
    #[arg(long, required_unless_present = "signed")]
    amount: Option<Amount>,
    /// Base units for the miner [default: what the node thinks right].
    #[arg(long)]
    fee: Option<Amount>,
    /// A text, at most 256 bytes.
    #[arg(long)]
    data: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct BalanceOptions {
    #[command(flatten)]
    at: At,
    /// Whose [default: every account of the node's keystore].
    address: Option<Address>,
}

#[derive(Debug, Args)]
pub(super) struct ChannelOptions {
    #[command(flatten)]
    at: At,
    #[command(subcommand)]
    what: ChannelCommand,
}

#[derive(Debug, Subcommand)]
enum ChannelCommand {
    /// Show the channels that the node knows.
    List,
    /// Show one channel.
    Show {
        /// Its id.
        id: ChannelId,
    },
    /// Lock money of two accounts in a channel; one of them at least is the node's.
    Open {
        /// Who opens, and pays for the funding, and with how many base units.
        #[arg(value_name = "ADDRESS=AMOUNT", value_parser = amount_of)]
        opener: (Address, Amount),
        /// The other party.
        #[arg(value_name = "ADDRESS=AMOUNT", value_parser = amount_of)]
        other: (Address, Amount),
        /// Blocks in which a publication can be disputed [default: 720].
        #[arg(long, value_name = "BLOCKS")]
        dispute_window: Option<u32>,
    },
    /// Pay through a channel: from one of its parties, an account of the node, to the other.
    Pay {
        /// The channel.
        id: ChannelId,
        /// Who pays.
        #[arg(long, value_name = "ADDRESS")]
        from: Address,
        /// Who is paid.
        #[arg(long, value_name = "ADDRESS")]
        to: Address,
        /// Base units.
        #[arg(long)]
        amount: Amount,
    },
    /// Close a channel with the other party's consent.
    Settle {
        /// The channel.
        id: ChannelId,
    },
    /// Close a channel without it: the newest commitment is published, and can be disputed for a while.
    Close {
        /// The channel.
        id: ChannelId,
    },
}

pub(super) use keys::{address, keygen, sign};

/// `tabchain send`.
pub(super) fn send(options: &SendOptions) -> Result<(), Failure> {
    let node = Node::at(&options.at);
    let body = match &options.signed {
        Some(file) => {
            let named = |error: serde_json::Error| Failure::Input(format!("{}: {error}", file.display()));
            let transaction: Transaction = serde_json::from_str(&read(file)?).map_err(named)?;
            serde_json::to_value(transaction).expect("plain data")
        }
        None => {
            let (from, to, amount) = (options.from, options.to, options.amount);
            with_options(
                json!({ "sender": from, "receiver": to, "amount": amount }),
                [("fee", options.fee.map(|fee| json!(fee))), ("data", options.data.as_ref().map(|data| json!(data)))],
            )
        }
    };
    print(&node.post("/api/transactions", &body)?);
    Ok(())
}

/// `tabchain balance`.
pub(super) fn balance(options: &BalanceOptions) -> Result<(), Failure> {
    let node = Node::at(&options.at);
    match options.address {
        Some(address) => print(&node.get(&format!("/api/balance/{address}"))?),
        None => {
            let accounts = node.get("/api/accounts")?;
            for account in accounts.as_array().into_iter().flatten() {
                if let Some(address) = account["address"].as_str() {
                    print(&node.get(&format!("/api/balance/{address}"))?);
                }
            }
        }
    }
    Ok(())
}

/// `tabchain status`.
pub(super) fn status(at: &At) -> Result<(), Failure> {
    print(&Node::at(at).get("/api/node/status")?);
    Ok(())
}

/// `tabchain channel …`.
pub(super) fn channel(options: &ChannelOptions) -> Result<(), Failure> {
    let node = Node::at(&options.at);
    let answer = match &options.what {
        ChannelCommand::List => node.get("/api/channels")?,
        ChannelCommand::Show { id } => node.get(&format!("/api/channels/{id}"))?,
        ChannelCommand::Open { opener, other, dispute_window } => {
            let mut balances = serde_json::Map::new();
            for (address, amount) in [opener, other] {
                balances.insert(address.to_string(), json!(amount));
            }
            let new = json!({ "participants": [opener.0, other.0], "initialBalances": balances });
            let new = with_options(new, [("disputeWindow", dispute_window.map(|blocks| json!(blocks)))]);
            node.post("/api/channels", &new)?
        }
        ChannelCommand::Pay { id, from, to, amount } => {
            let new = json!({ "sender": from, "receiver": to, "amount": amount });
            node.post(&format!("/api/channels/{id}/transactions"), &new)?
        }
        ChannelCommand::Settle { id } => node.post(&format!("/api/channels/{id}/settle"), &json!({}))?,
        ChannelCommand::Close { id } => node.post(&format!("/api/channels/{id}/close"), &json!({}))?,
    };
    print(&answer);
    Ok(())
}

/// What was not said is not sent.
fn with_options<const N: usize>(mut body: Value, options: [(&str, Option<Value>); N]) -> Value {
    for (name, value) in options {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    body
}

fn print(answer: &Value) {
    println!("{}", serde_json::to_string_pretty(answer).expect("plain data"));
}
