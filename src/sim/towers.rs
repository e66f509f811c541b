//! Who watches whose channels.

use super::{Action, ActionError, LinkQuality, NodeIndex, World};
use crate::{
    gossip::{MAX_PEERS, PeerId},
    node::Command,
};

impl World {
    /// Whether an [`Action::Watch`] could be done: who, and by whom.
    pub(super) fn watch_of(&self, action: &Action) -> Result<(NodeIndex, Option<NodeIndex>), ActionError> {
        let Action::Watch { client, tower } = action else {
            unreachable!("only called for watchtowers");
        };
        let index = self.named(client)?;
        self.on(client)?;
        let Some(name) = tower else {
            return Ok((index, None));
        };
        let tower = self.named(name)?;
        self.on(name)?;
        if tower == index {
            return Err(ActionError::OwnTower(client.clone()));
        }
        if !self.links.contains_key(&(index.min(tower), index.max(tower))) {
            for (name, index) in [(client, index), (name, tower)] {
                if self.neighbours(index).len() >= MAX_PEERS {
                    return Err(ActionError::TooManyLinks(name.clone()));
                }
            }
        }
        Ok((index, Some(tower)))
    }

    pub(super) fn set_watch(&mut self, action: &Action) {
        let (client, tower) = self.watch_of(action).expect("checked");
        if let Some(tower) = tower {
            if self.link_mut(client, tower).is_none() {
                self.add_link(client, tower, LinkQuality::default());
            }
            self.command(tower, Command::ServeAsTower(true));
        }
        self.command(client, Command::SetTower(tower.map(|tower| PeerId(u64::from(tower)))));
    }
}
