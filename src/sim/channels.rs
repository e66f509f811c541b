//! What is done with channels from outside, and the old commitments that a cheat would keep.

use super::{Action, ActionError, Class, EventKey, LinkQuality, NodeIndex, ScenarioError, World, world::Pending};
use crate::{
    channel::{Channel, Event, MAX_WAITING, Phase, Wish},
    gossip::{MAX_PEERS, PeerId},
    node::{ChangeSet, Command, Node, OpenChannel},
    primitives::{ChannelId, CoSigned, State},
};

/// Old commitments kept of each party and channel; when full, every second one is dropped.
const MAX_KEPT: usize = 64;

/// The commitments that one party of a channel has had, oldest first. An honest party has no use for them.
pub(super) type Kept = Vec<(CoSigned, State)>;

impl World {
    /// The commitments of a channel that `node` could publish, oldest first: number each.
    pub fn kept(&self, node: NodeIndex, channel: &ChannelId) -> impl Iterator<Item = u64> + '_ {
        let kept = self.kept.get(&(node, *channel)).into_iter().flatten();
        kept.map(|(shown, _)| shown.commitment.number)
    }

    /// Keeps what a node stores of its channels, as somebody does who wants to cheat later.
    pub(super) fn keep_commitments(&mut self, node: NodeIndex, changes: &ChangeSet) {
        // An accepter that waits has signed commitment 0, but does not hold the other's signature yet.
        let complete = changes.channels.values().flatten().filter(|stored| *stored.channel.phase() != Phase::Accepted);
        for stored in complete {
            let (shown, state) = stored.channel.newest();
            let kept = self.kept.entry((node, stored.channel.id())).or_default();
            if kept.last().is_none_or(|(last, _)| last.commitment.number < shown.commitment.number) {
                kept.push((shown.clone(), state.clone()));
            }
            if kept.len() > MAX_KEPT {
                let mut keep = [true, false].into_iter().cycle();
                kept.retain(|_| keep.next().unwrap_or(true));
            }
        }
    }

    /// What an [`Action::OpenChannel`] asks of whom.
    pub(super) fn open_of(&self, action: &Action) -> Result<(NodeIndex, OpenChannel), ActionError> {
        let Action::OpenChannel { from, to, ours, theirs, fee, policy, window, reserve } = action else {
            unreachable!("only called for openings");
        };
        let (index, node, other) = (self.named(from)?, self.on(from)?, self.named(to)?);
        self.on(to)?;
        if index == other {
            return Err(ActionError::WithItself(from.clone()));
        }
        let open = OpenChannel {
            peer: PeerId(u64::from(other)),
            ours: *ours,
            theirs: *theirs,
            fee: *fee,
            policy: *policy,
            window: *window,
            reserve: *reserve,
        };
        let link = self.links.get(&(index.min(other), index.max(other)));
        if let Some(link) = link {
            // Both count each other as connected a moment after the link does.
            if link.connected { node.affordable(&open)? } else { node.try_open(&open)? }
        } else {
            for (name, index) in [(from, index), (to, other)] {
                if self.neighbours(index).len() >= MAX_PEERS {
                    return Err(ActionError::TooManyLinks(name.clone()));
                }
            }
            node.affordable(&open)?;
        }
        Ok((index, open))
    }

    /// Offers a channel; a moment later if the two have not met yet, over a link of its own if they have none.
    pub(super) fn offer_channel(&mut self, action: &Action) {
        let (index, open) = self.open_of(action).expect("checked");
        let other = u32::try_from(open.peer.0).expect("the world names peers by their index");
        let command = Command::OpenChannel(Box::new(open));
        let met =
            |node: &Node| node.gossip().peers().any(|(peer, status)| peer.0 == u64::from(other) && status.is_some());
        if self.nodes()[index as usize].node.as_ref().is_some_and(met) {
            self.command(index, command);
            return;
        }
        let quality = match self.link_mut(index, other) {
            Some(link) => link.quality,
            None => {
                self.add_link(index, other, LinkQuality::default());
                LinkQuality::default()
            }
        };
        // Both have connected and said who they are by then.
        let time = self.now().after(2 * (u64::from(quality.latency) + u64::from(quality.jitter)) + 10);
        let key = EventKey { time, class: Class::Peer, actor: index, sequence: self.next_sequence(index) };
        self.schedule(key, Pending::Command { node: index, command });
    }

    /// The command that a payment, a resize, a closing or a cheat comes to, if the node would take it.
    pub(super) fn channel_command(&self, action: &Action) -> Result<(NodeIndex, Command), ActionError> {
        match action {
            Action::Pay { from, to, amount, times, channel } => {
                let (index, held) = self.channel_between(from, to, *channel, |held| held.spendable() >= *amount)?;
                if *times == 0 || *times as usize > MAX_WAITING {
                    let problem = format!("is {times}, allowed are 1 to {MAX_WAITING}");
                    return Err(ScenarioError { path: "times".to_owned(), problem, line: None }.into());
                }
                let (channel, amount, times) = (held.id(), *amount, *times);
                self.on(from)?.try_channel(&channel, Event::Pay { amount, times })?;
                Ok((index, Command::Pay { channel, amount, times }))
            }
            Action::Resize { from, to, amount, fee, channel } => {
                let (index, held) = self.channel_between(from, to, *channel, |_| true)?;
                let (channel, ours, fee) = (held.id(), *amount, *fee);
                self.on(from)?.try_resize(&channel, Wish { ours, fee })?;
                Ok((index, Command::Resize { channel, ours, fee }))
            }
            Action::CloseChannel { from, to, force, channel } => {
                let (index, held) = self.channel_between(from, to, *channel, |_| true)?;
                let (channel, force) = (held.id(), *force);
                let event = if force { Event::ForceClose } else { Event::Close };
                self.on(from)?.try_channel(&channel, event)?;
                Ok((index, Command::CloseChannel { channel, force }))
            }
            Action::Cheat { from, to, commitment, channel } => {
                let (index, held) = self.channel_between(from, to, *channel, |_| true)?;
                let kept = self.kept.get(&(index, held.id())).map(Vec::as_slice).unwrap_or_default();
                let old = kept.iter().rev().find(|(shown, _)| shown.commitment.number <= *commitment);
                let oldest = kept.first().map_or(0, |(shown, _)| shown.commitment.number);
                let old = Box::new(old.ok_or(ActionError::NotKept { number: *commitment, oldest })?.clone());
                self.on(from)?.try_channel(&held.id(), Event::PublishOld(old.clone()))?;
                Ok((index, Command::PublishOld { channel: held.id(), old }))
            }
            _ => unreachable!("only called for channels"),
        }
    }

    /// The channel that is named; or the oldest open one of the two that is `preferred`, or just open, or just not over.
    fn channel_between(
        &self,
        from: &str,
        to: &str,
        named: Option<ChannelId>,
        preferred: impl Fn(&Channel) -> bool,
    ) -> Result<(NodeIndex, &Channel), ActionError> {
        let (index, node, other) = (self.named(from)?, self.on(from)?, self.named(to)?);
        let peer = PeerId(u64::from(other));
        let mut shared: Vec<&Channel> = node
            .channels()
            .filter(|(with, channel)| *with == peer && named.is_none_or(|id| id == channel.id()))
            .map(|(_, channel)| channel)
            .collect();
        shared.sort_by_key(|channel| {
            let open = channel.phase().is_live();
            let funding = channel.seen().funding;
            (channel.is_over(), !open, !(open && preferred(channel)), funding.is_none(), funding, channel.id())
        });
        let found = shared.first().filter(|channel| named.is_some() || !channel.is_over());
        found.map(|channel| (index, *channel)).ok_or_else(|| ActionError::NoChannel(from.to_owned(), to.to_owned()))
    }
}
