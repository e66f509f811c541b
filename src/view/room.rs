//! Who is here: the tabs of a room, their nodes, and how this tab takes part.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{
    primitives::Height,
    room::{Beat, Role, Session, Wall, Why, letter},
    sim::World,
};

/// A room as this tab knows it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RoomView {
    /// Its name.
    pub name: String,
    /// Whether this tab asks who is here.
    pub seeking: bool,
    /// Whether this tab keeps the clock.
    pub hosts: bool,
    /// Why this tab's run is private, if it is: `rewound`, `log-full`, `room-full`.
    pub detached: Option<String>,
    /// The tabs, this one first.
    pub tabs: Vec<TabView>,
    /// Posts that were not taken.
    pub dropped: u64,
    /// How much of the log of what came is used, percent.
    pub log_used: u32,
    /// The name of the channel, for the page's last word on it; none of a native node.
    pub channel: Option<String>,
    /// That last word.
    pub farewell: Vec<u8>,
}

/// A tab.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TabView {
    /// `A` to `P`.
    pub letter: String,
    /// The same as a number from 0: its colour.
    pub colour: u8,
    /// Whether it is this one.
    pub you: bool,
    /// Whether it keeps the clock.
    pub hosts: bool,
    /// Seconds since it was heard of.
    pub seen: u64,
    /// Its nodes, those that are on first.
    pub nodes: Vec<TabNode>,
    /// Links between these, by their places.
    pub links: Vec<(u8, u8)>,
    /// Connections with nodes of this tab: their index, the other's place.
    pub connected: Vec<(u32, u8)>,
}

/// A node of a tab.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TabNode {
    /// Its name here, where every name is unique.
    pub name: String,
    /// Whether it runs.
    pub on: bool,
    /// Hashes per virtual second, if that is known.
    pub hash_rate: Option<u32>,
    /// The height that it follows.
    pub height: Height,
}

impl RoomView {
    /// What there is to see of a room.
    pub fn of(session: &Session, channel: Option<String>, world: &World, now: Wall) -> Self {
        let host = session.host();
        let you = session.letter().map(|own| TabView {
            letter: letter(own),
            colour: own,
            you: true,
            hosts: host == Some(session.tab()),
            seen: 0,
            nodes: world.nodes().iter().map(own_node).collect(),
            links: Vec::new(),
            connected: Vec::new(),
        });
        let others = session.others().map(|(id, other)| TabView {
            letter: letter(other.beat.letter),
            colour: other.beat.letter,
            you: false,
            hosts: host == Some(id),
            seen: now.since(other.heard) / 1_000,
            nodes: nodes(world, &other.beat),
            links: other.beat.links.clone(),
            connected: connected(world, &other.beat),
        });
        let mut tabs: Vec<TabView> = you.into_iter().chain(others).collect();
        tabs.sort_by(|a, b| (!a.you, &a.letter).cmp(&(!b.you, &b.letter)));
        Self {
            name: session.name().to_owned(),
            seeking: session.role() == Some(Role::Seeking),
            hosts: session.role() == Some(Role::Host),
            detached: session.detached().map(|why| code(why).to_owned()),
            tabs,
            dropped: session.dropped(),
            log_used: session.log_used(world),
            channel,
            farewell: session.farewell(),
        }
    }
}

fn code(why: Why) -> &'static str {
    match why {
        Why::Rewound => "rewound",
        Why::LogFull => "log-full",
        Why::RoomFull => "room-full",
    }
}

fn own_node(sim: &crate::sim::SimNode) -> TabNode {
    let height = sim.node.as_ref().map_or(Height(0), |node| node.chain().height());
    TabNode { name: sim.name.clone(), on: sim.node.is_some(), hash_rate: Some(sim.hash_rate), height }
}

fn nodes(world: &World, beat: &Beat) -> Vec<TabNode> {
    let name = |card: &crate::room::Card| world.name_of(&card.address).unwrap_or(&card.name).to_owned();
    let node = |card| TabNode { name: name(card), on: card.on, hash_rate: card.hash_rate, height: card.height };
    beat.cards.iter().map(node).collect()
}

fn connected(world: &World, beat: &Beat) -> Vec<(u32, u8)> {
    let cards = (0..).zip(&beat.cards);
    cards
        .flat_map(|(place, card)| {
            let remote = world.remotes().iter().find(|remote| remote.address == card.address);
            let links = remote.into_iter().flat_map(|remote| remote.links());
            links.filter(|(_, link)| link.connected).map(move |(node, _)| (node, place)).collect::<Vec<_>>()
        })
        .collect()
}
