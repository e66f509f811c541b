//! The one order of all events: (time, class, actor, the actor's sequence).

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::primitives::Timestamp;

/// What happens first when several things happen in one millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Class {
    /// An action of the script.
    Script,
    /// A connection comes up or goes down.
    Peer,
    /// A message arrives.
    Delivery,
    /// A search ends well.
    Mined,
    /// A node's timer.
    Wake,
    /// The workload wants a transfer.
    Workload,
}

/// Where an event stands. No two events of a world have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct EventKey {
    /// When, in virtual ms.
    pub time: Timestamp,
    /// Which kind.
    pub class: Class,
    /// Whose: the index of the node that sends, mines, wakes.
    pub actor: u32,
    /// That node's count.
    pub sequence: u64,
}

impl EventKey {
    /// Before everything that happens at `time`.
    pub const fn at(time: Timestamp) -> Self {
        Self { time, class: Class::Script, actor: 0, sequence: 0 }
    }
}

impl Class {
    const ALL: [Self; 6] = [Self::Script, Self::Peer, Self::Delivery, Self::Mined, Self::Wake, Self::Workload];

    /// The class of a number, 0 to 5.
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl Serialize for EventKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&(self.time.0, self.class as u8, self.actor, self.sequence), serializer)
    }
}

impl<'de> Deserialize<'de> for EventKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (time, class, actor, sequence) = <(u64, u8, u32, u64) as Deserialize>::deserialize(deserializer)?;
        let class = Class::of(class).ok_or_else(|| de::Error::custom("the class of an event is 0 to 5"))?;
        Ok(Self { time: Timestamp(time), class, actor, sequence })
    }
}
