//! What is said over direct connections: to whom it is handed.

use super::Node;
use crate::{
    channel::{Body, Direct, Event, Invalid, Message, Request},
    gossip::PeerId,
    primitives::{Checks, Hash, Timestamp},
};

impl Node {
    pub(super) fn on_direct(&mut self, now: Timestamp, from: PeerId, bytes: &[u8], checks: &mut Checks) {
        match Direct::parse(bytes) {
            Ok(Direct::Channel(message)) => self.on_channel_message(now, from, message, checks),
            Ok(Direct::Tower(message)) => self.on_tower_message(now, from, message, checks),
            Ok(Direct::Asking(message)) => self.on_asking(now, from, message, checks),
            Err(error) => self.blame_in_channel(now, from, Hash::ZERO, error.to_string()),
        }
    }

    pub(super) fn say(&mut self, to: PeerId, message: Message) {
        self.gossip.send_direct(to, Direct::Channel(message).to_bytes());
    }

    fn on_channel_message(&mut self, now: Timestamp, from: PeerId, message: Message, checks: &mut Checks) {
        let Message { handle, body } = message;
        if let Some(held) = self.channels.held.get(&handle) {
            if held.peer == from
                && let Err(Invalid::Breach(breach)) = self.give(now, &handle, Event::Message(body), checks)
            {
                self.blame_in_channel(now, from, handle, breach.to_string());
            }
            return;
        }
        match body {
            Body::Open { party, theirs, terms, fee, points, resizes } => {
                let request = Request { party, theirs, terms, fee, resizes };
                self.on_offer(now, from, handle, request, points, checks);
            }
            Body::Accept { party, points, signature } => {
                self.on_accepted(now, from, handle, party, points, signature, checks)
            }
            Body::Refuse { reason } => self.on_offer_refused(now, from, handle, reason, checks),
            // Of a channel that we have never had, or have forgotten.
            _ => {}
        }
    }
}
