//! A link: whether and when a message arrives is decided the moment it is sent, from the link's own stream.

use std::sync::Arc;

use super::{LinkQuality, Occurrence, random::Stream};
use crate::primitives::Timestamp;

/// A two-way connection between two nodes.
#[derive(Debug, Clone)]
pub struct Link {
    /// How it behaves.
    pub quality: LinkQuality,
    /// Whether nothing passes.
    pub cut: bool,
    /// Whether both ends are on and count each other as connected.
    pub connected: bool,
    /// What has cut it last.
    pub cut_by: Option<Arc<Occurrence>>,
    /// What has healed it last.
    pub healed_by: Option<Arc<Occurrence>>,
    busy_until: [Timestamp; 2],
    stream: Stream,
}

impl Link {
    /// A link with its own stream, named after its ends.
    pub fn new(seed: u64, a: &str, b: &str, quality: LinkQuality) -> Self {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        let stream = Stream::new(seed, "link", &format!("{low}\u{0}{high}"));
        Self {
            quality,
            cut: false,
            connected: false,
            cut_by: None,
            healed_by: None,
            busy_until: [Timestamp(0); 2],
            stream,
        }
    }

    /// Cuts or heals it.
    pub(super) fn set_cut(&mut self, cut: bool, by: Option<&Arc<Occurrence>>) {
        if std::mem::replace(&mut self.cut, cut) != cut {
            *if cut { &mut self.cut_by } else { &mut self.healed_by } = by.cloned();
        }
    }

    /// When `bytes` sent now arrive, or nothing if they are lost. `up` tells the two directions apart, whose queues are separate.
    pub fn carry(&mut self, now: Timestamp, up: bool, bytes: usize) -> Option<Timestamp> {
        let lost = self.stream.per_million(self.quality.loss);
        let jitter = self.stream.below(self.quality.jitter + 1);
        if self.cut || !self.connected || lost {
            return None;
        }
        let queue = &mut self.busy_until[usize::from(up)];
        if self.quality.bandwidth > 0 {
            *queue = now.max(*queue).after((bytes as u64 * 1_000).div_ceil(u64::from(self.quality.bandwidth)));
        }
        let sent = now.max(*queue);
        Some(sent.after(u64::from(self.quality.latency.max(1)) + u64::from(jitter)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(quality: LinkQuality) -> Link {
        Link { connected: true, ..Link::new(1, "a", "b", quality) }
    }

    #[test]
    fn bandwidth_queues_each_direction_by_itself() {
        let mut link = link(LinkQuality { latency: 10, jitter: 0, bandwidth: 1_000, loss: 0 });
        assert_eq!(link.carry(Timestamp(0), true, 500), Some(Timestamp(510)));
        assert_eq!(link.carry(Timestamp(0), true, 500), Some(Timestamp(1_010)));
        assert_eq!(link.carry(Timestamp(0), false, 500), Some(Timestamp(510)));
        assert_eq!(link.carry(Timestamp(5_000), true, 1), Some(Timestamp(5_011)));
    }

    #[test]
    fn a_cut_link_carries_nothing_and_keeps_its_stream() {
        let quality = LinkQuality { latency: 10, jitter: 30, bandwidth: 0, loss: 300_000 };
        let (mut always, mut cut) = (link(quality), link(quality));
        cut.cut = true;
        assert!((0..50).all(|_| cut.carry(Timestamp(0), true, 1).is_none()));
        (0..50).for_each(|_| assert!(always.carry(Timestamp(0), true, 1).is_none_or(|at| at > Timestamp(0))));
        cut.cut = false;
        let arrivals = |link: &mut Link| (0..1_000).map(|_| link.carry(Timestamp(0), true, 1)).collect::<Vec<_>>();
        let (one, other) = (arrivals(&mut always), arrivals(&mut cut));
        assert_eq!(one, other);
        assert!(one.iter().flatten().all(|at| (10..=40).contains(&at.0)));
        assert!((250..350).contains(&one.iter().filter(|at| at.is_none()).count()));
    }
}
