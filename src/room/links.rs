//! Which connections to other tabs there should be, and bringing them about: entries of the script like everything that comes from outside.
//!
//! The first node of each tab that is on speaks with the first of every other that is on. If it is switched off, the next one takes its place: both
//! sides compute that from what they see, and gossip makes good what is lost on the way.

use std::collections::BTreeMap;

use super::{Card, Other, TabId};
use crate::{
    primitives::Address,
    sim::{Action, MAX_REMOTES, NodeIndex, REMOTE_REDIAL, Timeline, World},
};

/// Characters of a node's name.
const MAX_NAME: usize = 32;

/// Whose node is whose: an account belongs to the first tab that says so, by seniority; ours are ours.
pub(super) fn owners(world: &World, others: &BTreeMap<TabId, Other>, order: &[TabId]) -> BTreeMap<Address, TabId> {
    let mut owners = BTreeMap::new();
    for tab in order {
        for card in others.get(tab).into_iter().flat_map(|other| &other.beat.cards) {
            if !world.nodes().iter().any(|sim| sim.address == card.address) {
                owners.entry(card.address).or_insert(*tab);
            }
        }
    }
    owners
}

/// The number of a remote node.
pub(super) fn number(world: &World, address: &Address) -> Option<u32> {
    let at = world.remotes().iter().position(|remote| remote.address == *address)?;
    u32::try_from(at).ok()
}

/// Our node that speaks with other tabs.
pub(super) fn speaker(world: &World) -> Option<NodeIndex> {
    world.running().next().map(|(index, _)| index)
}

/// Makes known who is new (as long as there are numbers left), and brings connections up and down.
pub(super) fn reconcile(timeline: &mut Timeline, others: &BTreeMap<TabId, Other>, owners: &BTreeMap<Address, TabId>) {
    let mut wanted = Vec::new();
    for (tab, other) in others {
        let cards = other.beat.cards.iter().filter(|card| owners.get(&card.address) == Some(tab));
        let mut known = Vec::new();
        for card in cards {
            let remote = number(timeline.world(), &card.address).or_else(|| introduce(timeline, card));
            known.extend(remote.map(|remote| (remote, card.on)));
        }
        wanted.extend(known.into_iter().find(|(_, on)| *on).map(|(remote, _)| remote));
    }
    let speaker = speaker(timeline.world());
    let pairs: Vec<(NodeIndex, u32)> =
        speaker.into_iter().flat_map(|node| wanted.iter().map(move |remote| (node, *remote))).collect();
    for (node, remote) in connected(timeline.world()) {
        if !pairs.contains(&(node, remote)) {
            act(timeline, node, |node| Action::DisconnectRemote { node, remote });
        }
    }
    for (node, remote) in pairs {
        let world = timeline.world();
        let link = world.remotes()[remote as usize].link(node);
        let due = link.closed_at.is_none_or(|at| world.now() >= at.after(REMOTE_REDIAL));
        if !link.connected && due {
            act(timeline, node, |node| Action::ConnectRemote { node, remote });
        }
    }
}

/// Every connection to another tab goes down.
pub(super) fn disconnect_all(timeline: &mut Timeline) {
    for (node, remote) in connected(timeline.world()) {
        act(timeline, node, |node| Action::DisconnectRemote { node, remote });
    }
}

/// Connections that are up.
fn connected(world: &World) -> Vec<(NodeIndex, u32)> {
    let remotes = (0..).zip(world.remotes());
    remotes
        .flat_map(|(number, remote)| {
            remote.links().filter(|(_, link)| link.connected).map(move |(node, _)| (node, number))
        })
        .collect()
}

fn introduce(timeline: &mut Timeline, card: &Card) -> Option<u32> {
    let known = timeline.world().remotes().len();
    if known >= MAX_REMOTES {
        return None;
    }
    let remote = u32::try_from(known).ok()?;
    let name = free_name(timeline.world(), &card.name);
    timeline.act(Action::AddRemote { remote, name, address: card.address }).ok().map(|()| remote)
}

/// The name itself, or with a number behind it if somebody here has it already.
fn free_name(world: &World, name: &str) -> String {
    let numbered = (2..).map(|number: u32| {
        let end = format!(" ({number})");
        let start: String = name.chars().take(MAX_NAME - end.chars().count()).collect();
        format!("{}{end}", start.trim_end())
    });
    [name.to_owned()].into_iter().chain(numbered).find(|name| !world.is_taken(name)).unwrap_or_default()
}

fn act(timeline: &mut Timeline, node: NodeIndex, action: impl FnOnce(String) -> Action) {
    let name = timeline.world().node(node).map(|sim| sim.name.clone());
    // What cannot be done now is tried again with the next beat.
    drop(name.map(|name| timeline.act(action(name))));
}
