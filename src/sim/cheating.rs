//! Validators that say two things: what [`Misbehaviour::Equivocate`](super::Misbehaviour) and `VoteTwice` do when a block has come.

use super::{NodeIndex, World};
use crate::{
    gossip::{Message, PeerId},
    node::Node,
    primitives::Vote,
};

impl World {
    /// Its own block has a twin for the same slot, which goes to every peer.
    pub(super) fn propose_twice(&mut self, index: NodeIndex) {
        let (sim, key) = (&self.nodes[index as usize], self.key_of(index));
        let Some(chain) = sim.node.as_ref().map(Node::chain) else {
            return;
        };
        let Some((block, terms)) = chain.tree().block(&chain.tip()).zip(chain.stake_terms()) else {
            return;
        };
        let slot = terms.slot_at(block.header.timestamp);
        let own = block.header.seal.proposal().is_some_and(|proposal| proposal.proposer == key.public());
        if !own || slot <= sim.adversary.doubled.0 {
            return;
        }
        let Some(twin) = chain.twin(block, &key) else {
            return;
        };
        self.nodes[index as usize].adversary.doubled.0 = slot;
        self.tell_everybody(index, &Message::Block(twin));
    }

    /// Its own vote has a twin for the same epoch, for the block below.
    pub(super) fn vote_twice(&mut self, index: NodeIndex) {
        let (sim, key) = (&self.nodes[index as usize], self.key_of(index));
        let Some((node, terms)) = sim.node.as_ref().and_then(|node| Some((node, node.chain().stake_terms()?))) else {
            return;
        };
        let epoch = terms.epoch_at(self.now());
        let votes = [epoch.before(1), epoch].map(|epoch| {
            let own = node.votes(epoch).map(|vote| vote.attestation).find(|vote| vote.validator == key.public());
            own.map(|own| own.vote)
        });
        let done = sim.adversary.doubled.1;
        let Some(vote) = votes.into_iter().flatten().find(|vote| vote.target.epoch > done) else {
            return;
        };
        let Some(below) = node.chain().tree().get(&vote.head).map(|entry| entry.header.parent) else {
            return;
        };
        let twin = Vote { head: below, ..vote }.cast(&key, &self.genesis_id());
        self.nodes[index as usize].adversary.doubled.1 = vote.target.epoch;
        self.tell_everybody(index, &Message::Transaction(twin));
    }

    fn tell_everybody(&mut self, index: NodeIndex, message: &Message) {
        for other in self.neighbours(index) {
            self.send_to_peer(index, PeerId(u64::from(other)), message);
        }
    }
}
