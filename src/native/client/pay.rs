//! Payments over routes: invoices, and paying one or an account.

use std::{path::PathBuf, thread, time::Duration};

use clap::Args;
use serde_json::json;

use super::{
    At, Failure,
    node::{Node, tame},
    print, read, with_options,
};
use crate::{
    channel::Invoice,
    primitives::{Address, Amount},
};

/// How often is asked how far a payment is.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(in crate::native) struct PayOptions {
    #[command(flatten)]
    at: At,
    /// An invoice, as tabchain invoice prints it.
    #[arg(value_name = "FILE", conflicts_with_all = ["to", "amount"])]
    invoice: Option<PathBuf>,
    /// An account of the node's keystore.
    #[arg(long, value_name = "ADDRESS")]
    from: Address,
    /// Who is paid: an account whose node can be reached.
    #[arg(long, value_name = "ADDRESS", required_unless_present = "invoice")]
    to: Option<Address>,
    /// Base units.
    #[arg(long, required_unless_present = "invoice")]
    amount: Option<Amount>,
    /// Base units of fees at most [default: a twentieth of the amount, or 50 if that is more].
    #[arg(long)]
    max_fee: Option<Amount>,
}

#[derive(Debug, Args)]
pub(in crate::native) struct InvoiceOptions {
    #[command(flatten)]
    at: At,
    /// An account of the node's keystore.
    #[arg(long, value_name = "ADDRESS")]
    account: Address,
    /// Base units.
    #[arg(long)]
    amount: Amount,
}

/// `tabchain pay`: comes back when the payment has arrived, or cannot.
pub(in crate::native) fn pay(options: &PayOptions) -> Result<(), Failure> {
    let node = Node::at(&options.at);
    let new = match &options.invoice {
        Some(file) => {
            let named = |error: serde_json::Error| Failure::Input(format!("{}: {error}", file.display()));
            let invoice: Invoice = serde_json::from_str(&read(file)?).map_err(named)?;
            json!({ "from": options.from, "invoice": invoice })
        }
        None => json!({ "from": options.from, "to": options.to, "amount": options.amount }),
    };
    let mut payment =
        node.post("/api/payments", &with_options(new, [("maxFee", options.max_fee.map(|fee| json!(fee)))]))?;
    let id = payment["id"].as_str().unwrap_or_default().to_owned();
    while payment["state"] == "underWay" {
        thread::sleep(LOOK);
        payment = node.get(&format!("/api/payments/{id}"))?;
    }
    print(&payment);
    if payment["state"] == "paid" {
        return Ok(());
    }
    Err(Failure::Run(format!("not paid: {}", tame(payment["error"].as_str().unwrap_or("no reason is given")))))
}

/// `tabchain invoice`.
pub(in crate::native) fn invoice(options: &InvoiceOptions) -> Result<(), Failure> {
    let new = json!({ "account": options.account, "amount": options.amount });
    print(&Node::at(&options.at).post("/api/invoices", &new)?);
    Ok(())
}
