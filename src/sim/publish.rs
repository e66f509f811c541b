//! What somebody made by hand, brought into the network by a node that may not take it itself.

use super::{ActionError, NodeIndex, Payload, World};
use crate::{
    gossip::{Message, PeerId},
    node::{Command, CommandResult},
    primitives::{Address, SecretKey, Transaction, UnsignedTransaction},
};

/// Bytes of a message that can be published: a run with a few of them can still be read.
pub const MAX_PUBLISHED: usize = 512 << 10;

/// The message that is to be published: a block or a transaction, within the bounds of the wire.
pub(super) fn publishable(message: &Payload) -> Result<Message, ActionError> {
    let refused = |reason: String| ActionError::NotPublishable { bytes: message.0.len(), reason };
    if message.0.len() > MAX_PUBLISHED {
        return Err(refused(format!("at most {MAX_PUBLISHED} can")));
    }
    match Message::parse(&message.0).map_err(|error| refused(error.to_string()))? {
        message @ (Message::Block(_) | Message::Transaction(_)) => Ok(message),
        other => Err(refused(format!("a message of the kind {}", other.kind()))),
    }
}

impl World {
    /// The node judges it like anything its owner gives it, and announces it if that is its way. If it does not, it is sent to every peer as
    /// it is. Whoever sends what it does not take itself is not honest.
    pub(super) fn publish(&mut self, index: NodeIndex, message: &Message) {
        let command = match message.clone() {
            Message::Block(block) => Command::SubmitBlock(Box::new(block)),
            Message::Transaction(transaction) => Command::Submit(Box::new(transaction)),
            _ => return,
        };
        self.command(index, command);
        let Some(node) = &self.nodes[index as usize].node else {
            return;
        };
        let (taken, announced) = match message {
            Message::Block(block) => {
                let (id, chain) = (block.id(), node.chain());
                let taken = chain.tree().block(&id).is_some_and(|known| **known == *block);
                (taken, taken && chain.is_best(&id))
            }
            _ => {
                let taken = matches!(self.last_result(), Some(CommandResult::Accepted(_)));
                (taken, taken)
            }
        };
        let peers: Vec<PeerId> = node.gossip().peers().map(|(peer, _)| peer).collect();
        if !taken {
            self.distrust(index);
        }
        if !announced {
            peers.into_iter().for_each(|peer| self.send_to_peer(index, peer, message));
        }
    }

    /// A transaction signed by whoever must, if their keys are of this world's nodes.
    pub fn sign(&self, unsigned: UnsignedTransaction) -> Option<Transaction> {
        let (sender, cosigner) = (unsigned.sender().address(), unsigned.cosigner().map(|key| key.address()));
        let (sender, genesis) = (self.key_to(&sender)?, self.genesis_id());
        Some(match cosigner {
            None => unsigned.sign(&sender, &genesis),
            Some(cosigner) => unsigned.sign_both([&sender, &self.key_to(&cosigner)?], &genesis),
        })
    }

    fn key_to(&self, address: &Address) -> Option<SecretKey> {
        let owner = self.nodes.iter().find(|sim| sim.address == *address)?;
        Some(self.keyring_of(owner).key().clone())
    }
}
