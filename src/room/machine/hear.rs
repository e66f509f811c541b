//! What the machine makes of a post: bounded by sender, and only taken from whom it may come.

use super::{Budget, Event, FRESH_MS, JOIN_MS, MAX_TABS, MEMBER_BYTES, MEMBER_POSTS, Machine, Other, Phase, Role};
use crate::{
    primitives::Address,
    room::{Beat, Body, Card, Post, TabId, Wall},
};

impl Machine {
    /// A post of this room has arrived, `length` bytes long.
    pub(in crate::room) fn receive(&mut self, now: Wall, post: Post, length: usize) {
        let Post { from, body, .. } = post;
        if from == self.me || !self.may_speak(now, from, length) {
            self.drop_one();
            return;
        }
        match body {
            Body::Hello { letter } => self.on_hello(now, from, letter),
            Body::Welcome(welcome) if matches!(self.phase, Phase::Seeking { .. }) => {
                let already = self.events.iter().any(|event| matches!(event, Event::Welcomed { .. }));
                if !already {
                    self.insert(now, from, welcome.host.clone());
                    self.events.push(Event::Welcomed { from, welcome });
                }
            }
            Body::Full if matches!(self.phase, Phase::Seeking { .. }) => self.events.push(Event::Full),
            Body::Beat(beat) => self.on_beat(now, from, beat),
            Body::Ask { playing, speed } if self.role() == Role::Host && self.others.contains_key(&from) => {
                self.events.push(Event::Asked { playing, speed });
            }
            Body::Letters(letters) if self.others.contains_key(&from) => {
                self.events.push(Event::Letters { from, letters });
            }
            Body::Bye => {
                if self.others.remove(&from).is_some() {
                    self.events.push(Event::Members);
                    self.look_who_hosts(now);
                }
            }
            // Late answers, and letters from before somebody was known.
            Body::Welcome(_) | Body::Full | Body::Ask { .. } => {}
            Body::Letters(_) => self.drop_one(),
        }
    }

    fn may_speak(&mut self, now: Wall, from: TabId, length: usize) -> bool {
        match self.others.get_mut(&from) {
            Some(other) => other.posts.take(now, 1) && other.bytes.take(now, length as u64),
            None => self.strangers.take(now, 1),
        }
    }

    fn on_hello(&mut self, now: Wall, from: TabId, letter: Option<u8>) {
        if let Phase::Seeking { until, .. } = &mut self.phase {
            // Of two that seek at once the lower one begins, and then answers.
            if from < self.me {
                *until = (*until).max(now.after(JOIN_MS));
            }
            return;
        }
        if self.role() != Role::Host {
            return;
        }
        // Whoever asks has no place, whatever it had before.
        if self.others.remove(&from).is_some() {
            self.events.push(Event::Members);
        }
        let Some(letter) = self.free_letter(from, letter) else {
            self.say(Some(from), Body::Full);
            return;
        };
        let order = match self.granted.get(&from) {
            Some((order, _, _)) => *order,
            None => {
                self.highest = self.highest.saturating_add(1).min(u32::MAX - 1);
                self.highest
            }
        };
        self.granted.insert(from, (order, letter, now));
        self.unanswered.insert(from);
        self.hurry();
    }

    /// The letter a newcomer wants, or the first that nobody has.
    fn free_letter(&self, from: TabId, wanted: Option<u8>) -> Option<u8> {
        if let Some((_, letter, _)) = self.granted.get(&from) {
            return Some(*letter);
        }
        let others = self.others.values().map(|other| other.beat.letter);
        let waiting = self.granted.iter().filter(|(id, _)| !self.others.contains_key(id));
        let taken: Vec<u8> = others.chain(waiting.map(|(_, (_, letter, _))| *letter)).chain(self.letter).collect();
        let all = (0..).take(MAX_TABS);
        wanted.into_iter().chain(all).find(|letter| !taken.contains(letter)).filter(|_| taken.len() < MAX_TABS)
    }

    fn on_beat(&mut self, now: Wall, from: TabId, beat: Beat) {
        if self.chain.is_some_and(|chain| chain != beat.chain) || self.is_older_room(now, from, &beat) {
            // Another network under this name: ours, if it has only just begun, makes room for it.
            if self.is_older_room(now, from, &beat) {
                self.seek(now);
                self.events.push(Event::Yielded);
            } else {
                self.drop_one();
            }
            return;
        }
        if !self.others.contains_key(&from) && self.others.len() + 1 >= MAX_TABS {
            self.drop_one();
            return;
        }
        self.highest = self.highest.max(beat.order);
        self.insert(now, from, beat);
        if let (Some(host), Phase::Member { .. }) = (self.host().filter(|host| *host == from), self.phase)
            && let Some(clock) = self.others[&host].beat.clock
        {
            self.clock = self.clock.follow(clock);
        }
        self.look_who_hosts(now);
    }

    /// Whether `from` hosts a room that began before ours, which nobody but us has joined yet or which has only just begun.
    fn is_older_room(&self, now: Wall, from: TabId, beat: &Beat) -> bool {
        let Phase::Member { order: 0, since, .. } = self.phase else {
            return false;
        };
        beat.clock.is_some() && beat.order == 0 && from < self.me && now.since(since) <= FRESH_MS
    }

    pub(super) fn insert(&mut self, now: Wall, from: TabId, beat: Beat) {
        if from == self.me {
            return;
        }
        let (bytes, posts) = match self.others.get(&from) {
            Some(other) => (other.bytes, other.posts),
            None => (Budget::new(MEMBER_BYTES, now), Budget::new(MEMBER_POSTS, now)),
        };
        let old = self.others.insert(from, Other { beat, heard: now, bytes, posts });
        let new = &self.others[&from].beat;
        if old.is_none_or(|old| {
            old.beat.order != new.order || !old.beat.cards.iter().map(who).eq(new.cards.iter().map(who))
        }) {
            self.events.push(Event::Members);
        }
    }
}

/// What decides who is connected with whom.
fn who(card: &Card) -> (Address, bool) {
    (card.address, card.on)
}
