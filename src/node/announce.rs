//! What this node says of its own channels to everybody, and what it hears of those of others.

use super::{ChangeSet, CommandResult, Node, NodeSource, Output, network::Network};
use crate::{
    channel::routing::{Announcement, Applied, ChannelPolicy},
    gossip::{Announcements, Direction, Fault, PeerId},
    primitives::{Checks, Hash, Timestamp},
};

impl Node {
    /// Payments of others pass on other terms from now on.
    pub(super) fn set_policy(&mut self, now: Timestamp, policy: ChannelPolicy) -> CommandResult {
        if let Err(error) = policy.check_own() {
            return CommandResult::PolicyRefused(error);
        }
        if self.network.policy != policy {
            self.network.policy = policy;
            self.outbox.push_back(Output::Persist(ChangeSet { policy: Some(policy), ..ChangeSet::default() }));
            let handles: Vec<Hash> = self.channels.held.keys().copied().collect();
            handles.iter().for_each(|handle| self.announce(now, handle));
        }
        CommandResult::Done
    }

    /// After a restart, when the chain is here again: its channels. What others announce of theirs comes from peers.
    pub(super) fn restore_network(&mut self, stored: &ChangeSet) {
        let policy = stored.policy.unwrap_or_default();
        self.network = Network { policy, ..Network::of(self.chain.ledger()) };
    }

    /// Announces this node's side of a channel, if what everybody should know of it is not what was announced.
    ///
    /// The sequence is one more than that of the newest announcement of ours that we know. That is stored before it is said, and if our
    /// store is an old copy, we hear a newer one from peers, and go on from there.
    pub(super) fn announce(&mut self, now: Timestamp, handle: &Hash) {
        let Some(held) = self.channels.held.get_mut(handle) else {
            return;
        };
        let (id, side) = (held.channel.id(), held.channel.side());
        let Some(heard) = self.network.graph.announced(&id, side) else {
            return;
        };
        let own = self.network.policy;
        let policy = ChannelPolicy { enabled: own.enabled && held.channel.carries(), ..own };
        if heard.is_some_and(|heard| heard.policy == policy) && heard == held.announced.as_ref() {
            return;
        }
        let all = [heard.cloned(), held.announced.clone()].into_iter().flatten();
        let newest = all.reduce(|one, other| if other.supersedes(&one) { other } else { one });
        let announcement = match newest {
            Some(newest) if newest.policy == policy => newest,
            None if !policy.enabled => return,
            newest => {
                let sequence = newest.map_or(1, |newest| newest.sequence + 1);
                let (key, genesis) = (self.keyring.key(), self.chain.genesis_id());
                match Announcement::sign(key, &genesis, id, side, sequence, policy) {
                    Ok(announcement) => announcement,
                    // After 2^53 of them.
                    Err(_) => return,
                }
            }
        };
        let unheard = heard != Some(&announcement);
        if held.announced.replace(announcement.clone()).as_ref() != Some(&announcement) {
            self.persist_channel(handle);
        }
        if unheard {
            self.network.apply_verified(announcement);
            self.gossip.announce(now, (id, side), None);
        }
    }

    /// Takes announcements in and sends on those that are news. One that nobody could have thought good ends it.
    pub(super) fn take_announcements(
        &mut self,
        now: Timestamp,
        from: PeerId,
        said: &Announcements,
        checks: &mut Checks,
    ) {
        let mut last = None;
        for bytes in &said.entries {
            match self.take_announcement(now, from, bytes, checks) {
                Ok(direction) => last = Some(direction),
                Err(fault) => return self.gossip.blame(now, from, fault),
            }
        }
        let source = NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating);
        self.gossip.announcements_taken(now, from, last, said.more, &source);
    }

    fn take_announcement(
        &mut self,
        now: Timestamp,
        from: PeerId,
        bytes: &[u8],
        checks: &mut Checks,
    ) -> Result<Direction, Fault> {
        let invalid = |rule, reason| Fault::InvalidAnnouncement { rule, reason };
        let announcement = Announcement::parse(bytes).map_err(|error| invalid(error.code(), error.to_string()))?;
        let direction = (announcement.channel, announcement.side);
        match self.network.apply(announcement.clone(), &self.chain.genesis_id(), checks) {
            Applied::News => {
                self.gossip.announce(now, direction, Some(from));
                if let Some(handle) = self.handle_of(&announcement.channel) {
                    // It may be one of ours that we have forgotten.
                    self.announce(now, &handle);
                }
            }
            Applied::Stale { known } if known == announcement.sequence => self.gossip.knows(from, &direction),
            // An older one, or of a channel that our chain does not have: comparing will bring it if it matters.
            Applied::Stale { .. } | Applied::UnknownChannel => {}
            Applied::OutOfRange => return Err(invalid("out-of-range", "a value is out of range".to_owned())),
            Applied::BadSigner => {
                let reason = format!("not signed by the {:?} of channel {}", announcement.side, announcement.channel);
                return Err(invalid("bad-signer", reason.to_lowercase()));
            }
        }
        Ok(direction)
    }
}
