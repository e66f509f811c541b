//! What a text that somebody types is of: the name of a node, the height of a block, or the id of something.

use super::{Selection, chain::best_by_height, channel::Pair, transaction::Found};
use crate::{primitives::Hash, sim::World};

/// Digits from which on a number is an id.
const MAX_DIGITS: usize = 20;

impl Selection {
    /// The node of that name, the block of the heaviest chain at that height (with `#` or without), or the block, transaction or channel with that
    /// id.
    pub fn find(world: &World, text: &str) -> Option<Self> {
        let text = text.trim();
        if world.index_of(text).is_some() {
            return Some(Self::node(text));
        }
        let height = text.strip_prefix('#').unwrap_or(text);
        if let Some(height) = height.parse::<usize>().ok().filter(|_| height.len() < MAX_DIGITS) {
            return best_by_height(world).get(height).copied().map(Self::block);
        }
        let id: Hash = text.to_ascii_lowercase().parse().ok()?;
        if world.running().any(|(_, node)| node.chain().tree().block(&id).is_some()) {
            return Some(Self::block(id));
        }
        if Pair::of(world, &id).is_some() {
            return Some(Self::Channel { id });
        }
        Found::of(world, &id, None).map(|found| Self::Transaction { id, block: found.place.map(|place| place.block) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{primitives::Timestamp, sim::Scenario};

    /// Whatever has a name, a height or an id is found by it, and nothing by anything else.
    #[test]
    fn what_has_a_name_is_found() {
        let mut world = World::new(Scenario::first());
        world.run_until(Timestamp(90_000));
        let best = best_by_height(&world).to_vec();
        assert!(best.len() > 2);
        assert_eq!(Selection::find(&world, " Bravo "), Some(Selection::node("Bravo")));
        for text in ["1".to_owned(), "#1".to_owned(), best[1].to_string(), best[1].to_string().to_uppercase()] {
            assert_eq!(Selection::find(&world, &text), Some(Selection::block(best[1])), "{text}");
        }
        let block = |id| world.running().find_map(|(_, node)| node.chain().tree().block(id));
        let (place, first) = best
            .iter()
            .flat_map(|place| {
                block(place).into_iter().flat_map(|block| &block.transactions).map(|one| (*place, one.id()))
            })
            // A channel has the id of what funded it.
            .find(|(_, id)| Pair::of(&world, id).is_none())
            .expect("something was paid");
        let found = Selection::find(&world, &first.to_string());
        assert_eq!(found, Some(Selection::Transaction { id: first, block: Some(place) }));
        let id = *Pair::all(&world).keys().next().expect("the first network has channels");
        assert_eq!(Selection::find(&world, &id.to_string()), Some(Selection::Channel { id }));
        for nothing in ["", "bravo!", "#99999", "99999999999999999999999", &"0".repeat(64), &"é".repeat(500)] {
            assert_eq!(Selection::find(&world, nothing), None, "{nothing}");
        }
    }
}
