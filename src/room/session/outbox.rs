//! What goes out: messages of our nodes, and what others get to see of them.

use std::collections::BTreeMap;

use super::{MAX_BATCH, Session};
use crate::{
    primitives::Height,
    room::{Beat, Body, Card, Letter, MAX_CARDS, MAX_LETTERS, TabId, wire::MAX_CARD_LINKS},
    sim::{Timeline, World},
};

impl Session {
    /// What the world has sent to other tabs since goes out.
    pub fn flush(&mut self, timeline: &mut Timeline) {
        let departures = timeline.world_mut().take_departures();
        let mut batches: BTreeMap<TabId, Vec<Letter>> = BTreeMap::new();
        for departure in departures {
            let world = timeline.world();
            let (from, to) = (world.node(departure.node), world.remotes().get(departure.remote as usize));
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            if let Some(tab) = self.owners.get(&to.address) {
                let letter = Letter { from: from.address, to: to.address, bytes: departure.bytes };
                batches.entry(*tab).or_default().push(letter);
            }
        }
        for (tab, letters) in batches {
            self.send(tab, letters);
        }
        self.post();
    }

    fn send(&mut self, tab: TabId, letters: Vec<Letter>) {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for letter in letters {
            if !batch.is_empty() && (batch.len() == MAX_LETTERS || bytes + letter.bytes.len() > MAX_BATCH) {
                self.machine.say(Some(tab), Body::Letters(std::mem::take(&mut batch)));
                bytes = 0;
            }
            bytes += letter.bytes.len();
            batch.push(letter);
        }
        if !batch.is_empty() {
            self.machine.say(Some(tab), Body::Letters(batch));
        }
    }
}

/// A tab's nodes as others see them; place, letter and clock are the machine's to add.
pub(super) fn beat_of(world: &World) -> Beat {
    let mut order: Vec<usize> = (0..world.nodes().len()).collect();
    order.sort_by_key(|index| world.nodes()[*index].node.is_none());
    order.truncate(MAX_CARDS);
    let cards = order.iter().map(|index| {
        let sim = &world.nodes()[*index];
        Card {
            name: sim.name.clone(),
            address: sim.address,
            on: sim.node.is_some(),
            hash_rate: Some(sim.hash_rate),
            height: sim.node.as_ref().map_or(Height(0), |node| node.chain().height()),
        }
    });
    let place = |node: u32| {
        let at = order.iter().position(|index| *index == node as usize)?;
        u8::try_from(at).ok()
    };
    let links = world.links().filter(|(_, link)| link.connected && !link.cut);
    let links = links.filter_map(|((a, b), _)| Some((place(a)?, place(b)?))).take(MAX_CARD_LINKS);
    Beat {
        order: 0,
        letter: 0,
        clock: None,
        chain: world.genesis_id(),
        cards: cards.collect(),
        links: links.collect::<Vec<_>>(),
    }
}
