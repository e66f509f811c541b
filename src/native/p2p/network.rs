//! The handle to a running network.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use libp2p::{Multiaddr, multiaddr::Protocol};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};
use tracing::info;

use super::{
    DialError, Direction, JoinError, Line, NotFound, PeerInfo, address,
    guest::{self, Guest},
    lines::{Facts, Table},
    open::{End, Open, Who},
    tame,
    task::Command,
};
use crate::{gossip, primitives::Address};

/// How long [`Network::dial`] tries.
const DIAL_TIME: Duration = Duration::from_secs(10);
/// How long [`Network::line_to`] asks.
const ASK_TIME: Duration = Duration::from_secs(5);
/// How long [`Network::shut_down`] waits for connections to close.
const CLOSE_TIME: Duration = Duration::from_secs(3);
/// Machines whose tabs are banned; of more, those whose ban ends first are forgotten.
const MAX_BANNED: usize = 1_024;

/// A running network; clones are the same one. It is shut down when the last is dropped.
#[derive(Clone)]
pub struct Network {
    pub(super) table: Arc<Table>,
    pub(super) commands: mpsc::UnboundedSender<Command>,
}

impl Network {
    /// Sends a message, never waiting: it is lost if the line has ended, and ends the line if too much waits there already.
    pub fn send(&self, line: Line, bytes: Vec<u8>) {
        if let Some(open) = self.table.line(&line) {
            open.send(bytes, self.table.limits.queue_bytes);
        }
    }

    /// Ends a line. With a ban, all lines with that peer end, and it is neither dialled nor let in meanwhile; of a tab, its
    /// address is not let in again, unless it is this machine's.
    pub fn disconnect(&self, line: Line, reason: &str, ban: Option<Duration>) {
        let Some(open) = self.table.line(&line) else { return };
        let reason = tame(reason);
        open.end(End::Asked(reason.clone()));
        let Some(ban) = ban else { return };
        info!(target: "p2p", %line, with = %open.who, seconds = ban.as_secs(), %reason, "peer is banned");
        match open.who {
            Who::Peer { id, .. } => drop(self.commands.send(Command::Ban { peer: id, ban })),
            Who::Guest { from } => self.ban_address(from.ip(), ban),
        }
    }

    fn ban_address(&self, from: IpAddr, ban: Duration) {
        if from.is_loopback() {
            return;
        }
        let (now, mut state) = (Instant::now(), self.table.state());
        state.banned.retain(|_, until| *until > now);
        state.banned.insert(from, now + ban);
        while state.banned.len() > MAX_BANNED {
            let first = state.banned.iter().min_by_key(|(_, until)| **until).map(|(from, _)| *from);
            first.map(|from| state.banned.remove(&from));
        }
    }

    /// Everybody with whom there is a conversation, tabs last.
    pub fn peers(&self) -> Vec<PeerInfo> {
        let state = self.table.state();
        let (mut peers, mut guests) = (BTreeMap::<_, PeerInfo>::new(), Vec::new());
        for open in state.lines.values() {
            match open.who {
                Who::Guest { from } => guests.push(guest_info(open, from)),
                Who::Peer { id, account } => {
                    let Some(facts) = state.facts.get(&id) else { continue };
                    let info = peers.entry(id).or_insert_with(|| peer_info(&id.to_string(), facts));
                    info.lines.push(open.line.peer);
                    if open.main || info.account.is_none() {
                        info.account = Some(account);
                    }
                }
            }
        }
        peers.into_values().chain(guests).collect()
    }

    /// The account at the other end; unknown of a tab, or if the line has ended.
    pub fn account_of(&self, line: Line) -> Option<Address> {
        match self.table.line(&line)?.who {
            Who::Peer { account, .. } => Some(account),
            Who::Guest { .. } => None,
        }
    }

    /// Connects to whoever is there and waits for the conversation of the main accounts, at most 10 s.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn dial(&self, address: Multiaddr) -> Result<PeerInfo, DialError> {
        if !address::is_dialable(&address) {
            return Err(DialError::Address(address));
        }
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Dial { address, reply }).map_err(|_| DialError::Stopped)?;
        let answer = timeout(DIAL_TIME, answer).await.map_err(|_| DialError::TimedOut(DIAL_TIME))?;
        let peer = answer.map_err(|_| DialError::Stopped)??;
        let left = || DialError::Refused("it has left again".to_owned());
        self.peers().into_iter().find(|info| info.id == peer.to_string()).ok_or_else(left)
    }

    /// Lets lines to another account of this node be opened from now on.
    pub fn serve(&self, account: Address) {
        self.table.state().served.insert(account);
    }

    /// A line from an account here to one at a connected peer: the one that stands, or whoever serves the account is looked for among
    /// the peers, at most 5 s. Who answers may lie: nothing proves that the account is there before it signs something.
    ///
    /// # Errors
    /// If this node does not serve `local`, or nobody `remote`.
    pub async fn line_to(&self, local: Address, remote: Address) -> Result<Line, NotFound> {
        {
            let state = self.table.state();
            if !state.served.contains(&local) {
                return Err(NotFound::NotServed(local));
            }
            let leads = |open: &&Arc<Open>| {
                open.line.local == local && matches!(open.who, Who::Peer { account, .. } if account == remote)
            };
            if let Some(open) = state.lines.values().find(leads) {
                return Ok(open.line);
            }
        }
        let (reply, answer) = oneshot::channel();
        let nowhere = NotFound::Nowhere(remote);
        self.commands.send(Command::Find { local, remote, reply }).map_err(|_| nowhere)?;
        timeout(ASK_TIME, answer).await.ok().and_then(Result::ok).ok_or(nowhere)
    }

    /// A browser tab joins over the HTTP server's WebSocket. To be called within the runtime.
    ///
    /// # Errors
    /// If there is no room for it, or its address is banned.
    pub fn join(&self, remote: SocketAddr) -> Result<Guest, JoinError> {
        guest::join(&self.table, remote)
    }

    /// Where others reach this node, as full addresses.
    pub fn listening(&self) -> Vec<Multiaddr> {
        let whole = |address: &Multiaddr| address::with_peer(address.clone(), self.table.local);
        self.table.state().listening.iter().map(whole).collect()
    }

    /// What peers know this node by, as in `/p2p/…`.
    pub fn local_id(&self) -> String {
        self.table.local.to_string()
    }

    /// Ends all lines and closes all connections, within 3 s. What waits to be written is lost; the driver is told of every line's end
    /// if it goes on listening.
    pub async fn shut_down(self) {
        let (reply, done) = oneshot::channel();
        if self.commands.send(Command::ShutDown { reply }).is_ok() {
            // Whether it is done, or takes too long: the process may end.
            let _ = timeout(CLOSE_TIME, done).await;
        }
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Network({})", self.table.local)
    }
}

fn peer_info(id: &str, facts: &Facts) -> PeerInfo {
    PeerInfo {
        id: id.to_owned(),
        lines: Vec::new(),
        address: facts.address.to_string(),
        direction: facts.direction,
        latency_ms: facts.latency.map(|latency| u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
        score: facts.score,
        account: None,
        agent: facts.agent.clone(),
    }
}

fn guest_info(open: &Open, from: SocketAddr) -> PeerInfo {
    let gossip::PeerId(number) = open.line.peer;
    let address = Multiaddr::from(from.ip()).with(Protocol::Tcp(from.port())).with(Protocol::Ws("/".into()));
    PeerInfo {
        id: format!("tab-{number:016x}"),
        lines: vec![open.line.peer],
        address: address.to_string(),
        direction: Direction::Inbound,
        latency_ms: None,
        score: 0,
        account: None,
        agent: "tab".to_owned(),
    }
}
