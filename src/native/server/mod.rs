//! `tabchain node`: a node that people can leave running.
//!
//! Owns how its parts are put together, and in which order they end: no new requests, then the driver after its round, then the network.

mod begin;
mod network;
mod options;
mod peers;
mod site;

use std::{future::pending, io::Read as _, sync::Arc, thread};

use tokio::sync::{mpsc, oneshot};

pub(super) use options::Options;

use super::{
    Failure,
    accounts::Accounts,
    clock::Clock,
    driver::{Driver, Parts},
    http::{App, Server},
    p2p,
};
use crate::node::{Command, CommandResult};
use begin::Begin;
use network::Peers;

/// Messages of the network that wait for the driver.
const NETWORK_QUEUE: usize = 1_024;

/// Runs until it is told to stop.
pub(super) fn run(options: Options) -> Result<(), Failure> {
    let options = options.complete()?;
    start_log(&options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Run(format!("cannot start: {error}")))?;
    runtime.block_on(serve(&options))
}

async fn serve(options: &Options) -> Result<(), Failure> {
    let (site, checkpoint) = (site::settings(options)?, options.checkpoint()?);
    let begin = Begin::open(options)?;
    let clock = Clock::default();
    let (node, others) = begin.restore(&clock)?;
    let (own, genesis) = (node.address(), node.chain().genesis_id());
    let (said, from_network) = mpsc::channel(NETWORK_QUEUE);
    let settings = peers::settings(options, &begin, genesis, own)?;
    let network = p2p::start(settings, said).await.map_err(|error| Failure::Run(error.to_string()))?;
    others.iter().for_each(|other| network.serve(other.address()));
    let mining_threads = usize::from(options.mine.unwrap_or_default());
    let listener = site::listen(options).await?;
    let Begin { folder, keystore, store, dev, genesis: begins, .. } = begin;
    let carrier = network.clone();
    let parts = Parts { node, others, store, carrier, network: from_network, clock, mining_threads };
    let (driver, handle) = Driver::new(parts);
    let mut driver = tokio::spawn(driver.run());
    let peers = Arc::new(Peers { network: network.clone(), handle: handle.clone() });
    let accounts = Accounts::new(keystore, folder);
    let app = App { handle: handle.clone(), accounts, network: peers, genesis: begins };
    let (stop, stopping) = oneshot::channel::<()>();
    let site = tokio::spawn(Server::new(app, site).run(listener, async { drop(stopping.await) }));
    let (listening, http) = (network.listening(), options.http());
    tracing::info!(account = %own, chain = %genesis, dev, id = network.local_id(), ?listening, %http, "the node runs");
    if let Some(checkpoint) = checkpoint {
        let told = handle.command(own, Command::Trust(checkpoint)).await;
        if let CommandResult::Refused(error) = told.map_err(|error| Failure::Run(error.to_string()))? {
            return Err(Failure::Input(format!("--checkpoint: {error}")));
        }
    }
    if mining_threads > 0 {
        let mining = handle.command(own, Command::SetMining(true)).await;
        mining.map_err(|error| Failure::Run(error.to_string()))?;
    }
    tokio::select! {
        () = asked_to_stop(options.until_eof) => tracing::info!("stopping"),
        ended = &mut driver => return finished(ended),
    }
    drop(stop);
    let _ = site.await;
    handle.stop().await;
    network.shut_down().await;
    finished(driver.await)
}

fn finished(ended: Result<Result<(), super::driver::DriverError>, tokio::task::JoinError>) -> Result<(), Failure> {
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Failure::Run(error.to_string())),
        Err(error) => Err(Failure::Run(format!("the driver has broken down: {error}"))),
    }
}

/// Comes back when somebody wants the node to stop: Ctrl-C, the system, or the end of standard input.
pub(super) async fn asked_to_stop(until_eof: bool) {
    let (ended, at_end) = oneshot::channel::<()>();
    if until_eof {
        thread::spawn(move || {
            // Whatever is said there is not for us.
            let _ = std::io::copy(&mut std::io::stdin().lock().by_ref(), &mut std::io::sink());
            let _ = ended.send(());
        });
    } else {
        drop(ended);
    }
    let eof = async { if until_eof { drop(at_end.await) } else { pending().await } };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated() => {}
        () = eof => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}

fn start_log(options: &Options) -> Result<(), Failure> {
    let filter = options.log.as_deref().unwrap_or("info");
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .map_err(|error| Failure::Input(format!("--log {filter:?}: {error}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if options.log_json.unwrap_or_default() {
        log.json().init();
    } else {
        log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
    Ok(())
}
