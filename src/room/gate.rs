//! A native node in the place of a room's host: what it would post if it were a tab, and one line to it for our nodes' messages.
//!
//! The node knows nothing of rooms. It tells anybody who asks what chain it is on and who its peers are, and takes a peer's messages over one line, a
//! WebSocket. From the first the gate makes a host's welcome and beats, with Unix time at 1× as the clock; between the line and letters it translates. A
//! state machine without I/O: a driver asks the node for its [`Invitation`] about once a second and carries out each [`Wish`].

use std::collections::VecDeque;

use serde::Deserialize;

use super::{Beat, Body, Card, Clock, Letter, MAX_CARDS, MAX_LETTERS, Post, TabId, Wall, Welcome};
use crate::{
    chain::Genesis,
    primitives::{Address, BlockId, Height, Timestamp},
    sim::{MAX_ALLOCATIONS, MAX_TIME, said},
};

/// The node, among the tabs of its room.
const NODE: TabId = TabId(1);
/// Real milliseconds before a line that has ended is tried again, at first and at most.
const REST_MS: (u64, u64) = (1_000, 30_000);
/// Real milliseconds after which a line counts as good: the next rest is a short one.
const GOOD_MS: u64 = 10_000;
/// Real milliseconds for which the node's word about itself is repeated.
const FRESH_MS: u64 = 2_500;
/// Bytes of letters in one post, unless a single one is longer.
const MAX_BATCH: usize = 256 << 10;
/// Messages of ours that wait for the line to open.
const MAX_WAITING: usize = 256;

/// What a node says of itself to whoever wants to join.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// The chain.
    pub genesis: Genesis,
    /// The node's account.
    pub account: Address,
    /// The height that it follows.
    pub height: Height,
    /// Its clock.
    pub time: Timestamp,
    /// Expected hashes of the next block, a decimal string.
    pub difficulty: String,
    /// Hashes that it made since it was started.
    pub hashes: u64,
    /// Who it talks to.
    pub peers: Vec<Neighbour>,
}

/// A peer of the node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Neighbour {
    /// Its account, as it says.
    pub account: Address,
    /// The height that it last told.
    pub height: Option<Height>,
}

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Open the line: [`Gate::opened`] or [`Gate::closed`] follows.
    Open,
    /// Send this over the line.
    Send(Vec<u8>),
    /// Close the line; nothing follows.
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// It opens with our first message.
    Ready,
    Opening,
    Open {
        since: Wall,
    },
    Resting {
        until: Wall,
    },
}

/// The node's place in a room of one tab.
#[derive(Debug, Clone)]
pub struct Gate {
    me: TabId,
    chain: BlockId,
    invitation: Invitation,
    heard: Wall,
    hash_rate: u32,
    line: Line,
    rest: u64,
    /// The node of ours that the line speaks for.
    speaker: Option<Address>,
    waiting: Vec<Vec<u8>>,
    letters: Vec<Letter>,
    posts: VecDeque<Vec<u8>>,
    wishes: Vec<Wish>,
}

/// Why a node cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// Not what a node says of itself.
    #[error("the node does not say what a tab needs: {0}")]
    Malformed(String),
    /// More than a scenario can say.
    #[error("{0} accounts own something at genesis, at most {MAX_ALLOCATIONS} can be told of here")]
    Allocations(usize),
    /// A chain that this program would not begin.
    #[error("the node's chain cannot be joined: {0}")]
    Chain(String),
}

/// Whether a scenario can begin with this chain.
pub(super) fn can_begin(genesis: &Genesis) -> Result<(), InvitationError> {
    let allocations = genesis.allocations.len();
    if allocations > MAX_ALLOCATIONS {
        return Err(InvitationError::Allocations(allocations));
    }
    if genesis.timestamp > MAX_TIME {
        return Err(InvitationError::Chain(format!("it begins at {}, after {MAX_TIME}", genesis.timestamp)));
    }
    genesis.validate().map_err(|error| InvitationError::Chain(error.to_string()))
}

impl Invitation {
    /// Reads what a node says of itself.
    ///
    /// # Errors
    /// [`InvitationError`].
    pub fn from_json(text: &str) -> Result<Self, InvitationError> {
        let malformed = |error: serde_json::Error| InvitationError::Malformed(said(&error));
        let invitation: Self = serde_json::from_str(text).map_err(malformed)?;
        can_begin(&invitation.genesis)?;
        Ok(invitation)
    }

    /// Hashes per second for which the difficulty is right.
    pub fn expected_rate(&self) -> u64 {
        let hashes: u64 = self.difficulty.parse().unwrap_or(u64::MAX);
        hashes.saturating_mul(1_000) / self.genesis.rules.block_interval.max(1)
    }
}

impl Gate {
    /// A gate for the tab `me`, to the node that has just said this.
    pub fn new(me: TabId, invitation: Invitation, now: Wall) -> Self {
        Self {
            me,
            chain: invitation.genesis.block().id(),
            invitation,
            heard: now,
            hash_rate: 0,
            line: Line::Ready,
            rest: REST_MS.0,
            speaker: None,
            waiting: Vec::new(),
            letters: Vec::new(),
            posts: VecDeque::new(),
            wishes: Vec::new(),
        }
    }

    /// The node has said how it is now.
    pub fn heard(&mut self, invitation: Invitation, now: Wall) {
        let since = now.since(self.heard);
        if let Some(rate) = (invitation.hashes.saturating_sub(self.invitation.hashes) * 1_000).checked_div(since) {
            self.hash_rate = u32::try_from(rate).unwrap_or(u32::MAX);
        }
        if invitation.genesis != self.invitation.genesis {
            self.chain = invitation.genesis.block().id();
        }
        (self.invitation, self.heard) = (invitation, now);
        self.beat(now);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Wall) {
        if let Line::Resting { until } = self.line
            && (now >= until || until.since(now) > REST_MS.1)
        {
            self.line = Line::Ready;
            self.beat(now);
        }
    }

    /// The tab has posted something.
    pub fn post(&mut self, bytes: &[u8], now: Wall) {
        let Ok(Some(post)) = Post::parse(bytes, NODE) else {
            return;
        };
        match post.body {
            Body::Hello { .. } => {
                let welcome =
                    Welcome { order: 1, letter: 1, genesis: self.invitation.genesis.clone(), host: self.host(now) };
                self.say(Some(self.me), Body::Welcome(Box::new(welcome)));
            }
            Body::Letters(letters) => letters.into_iter().for_each(|letter| self.send(letter)),
            Body::Bye => self.hang_up(),
            _ => {}
        }
    }

    /// The line is open.
    pub fn opened(&mut self, now: Wall) {
        self.line = Line::Open { since: now };
        self.wishes.extend(self.waiting.drain(..).map(Wish::Send));
    }

    /// The line has ended, or could not be opened.
    pub fn closed(&mut self, now: Wall) {
        if matches!(self.line, Line::Open { since } if now.since(since) >= GOOD_MS) {
            self.rest = REST_MS.0;
        }
        self.line = Line::Resting { until: now.after(self.rest) };
        self.rest = (self.rest * 2).min(REST_MS.1);
        self.waiting.clear();
        self.beat(now);
    }

    /// A message has come over the line.
    pub fn received(&mut self, bytes: Vec<u8>) {
        if let Some(to) = self.speaker {
            self.letters.push(Letter { from: self.invitation.account, to, bytes });
        }
    }

    /// The next thing that the room is told.
    pub fn next_post(&mut self) -> Option<Vec<u8>> {
        if self.posts.is_empty() && !self.letters.is_empty() {
            let mut bytes = 0;
            let mut fits = |letter: &Letter| {
                bytes += letter.bytes.len();
                bytes <= MAX_BATCH
            };
            let count = self.letters.iter().take(MAX_LETTERS).map_while(|letter| fits(letter).then_some(())).count();
            let batch = self.letters.drain(..count.max(1)).collect();
            self.say(Some(self.me), Body::Letters(batch));
        }
        self.posts.pop_front()
    }

    /// What is to be done; empties the list.
    pub fn take_wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    fn send(&mut self, letter: Letter) {
        if letter.to != self.invitation.account {
            return;
        }
        if self.speaker != Some(letter.from) {
            // Another node of ours speaks now: the node hears a new peer.
            self.hang_up();
            self.speaker = Some(letter.from);
        }
        match self.line {
            Line::Open { .. } => self.wishes.push(Wish::Send(letter.bytes)),
            Line::Ready | Line::Opening if self.waiting.len() < MAX_WAITING => {
                if self.line == Line::Ready {
                    self.line = Line::Opening;
                    self.wishes.push(Wish::Open);
                }
                self.waiting.push(letter.bytes);
            }
            // It may get lost, as on any way.
            _ => {}
        }
    }

    fn hang_up(&mut self) {
        if matches!(self.line, Line::Opening | Line::Open { .. }) {
            self.wishes.push(Wish::Close);
            self.line = Line::Ready;
        }
        self.waiting.clear();
        self.letters.clear();
        self.speaker = None;
    }

    /// A node that has not answered for a while is silent.
    fn beat(&mut self, now: Wall) {
        if now.since(self.heard) <= FRESH_MS {
            let beat = self.host(now);
            self.say(None, Body::Beat(beat));
        }
    }

    fn say(&mut self, to: Option<TabId>, body: Body) {
        self.posts.push_back(Post { from: NODE, to, body }.to_bytes());
    }

    /// The node as a room's host, its peers as its other nodes.
    fn host(&self, now: Wall) -> Beat {
        let Invitation { account, height, time, peers, .. } = &self.invitation;
        let card = |account: &Address, on, hash_rate, height| Card {
            name: short(account),
            address: *account,
            on,
            hash_rate,
            height,
        };
        let on = !matches!(self.line, Line::Resting { .. });
        let own = card(account, on, Some(self.hash_rate), *height);
        let others = peers.iter().filter(|peer| peer.account != *account);
        let others = others.map(|peer| card(&peer.account, true, None, peer.height.unwrap_or_default()));
        let cards: Vec<Card> = std::iter::once(own).chain(others).take(MAX_CARDS).collect();
        let clock =
            Clock { time: time.after(now.since(self.heard)), wall: now, speed: 100, reached: 100, playing: true };
        Beat {
            order: 0,
            letter: 0,
            clock: Some(clock),
            chain: self.chain,
            links: (1..).take(cards.len() - 1).map(|place| (0, place)).collect(),
            cards,
        }
    }
}

/// An account's first letters, as people tell accounts apart.
fn short(account: &Address) -> String {
    account.to_string().chars().take(12).collect()
}
