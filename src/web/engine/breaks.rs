//! Where time stops by itself, and how slowly it passes while messages travel.

use super::Engine;
use crate::{
    channel::{Ending, FailureReason, Notice},
    node::{EventKind, PaymentNotice, Unpaid},
    sim::LogEntry,
    web::protocol::{Breaks, Stop},
};

/// Percent of real time, at most, while a message travels.
const SLOW: u32 = 20;

impl Engine {
    /// Percent of real time at which time passes just now.
    pub(super) fn pace(&self) -> u32 {
        let slow = self.breaks.slow && self.world().flights().next().is_some();
        if slow { self.speed.min(SLOW) } else { self.speed }
    }

    /// Stops if what happened in the last event is something to stop at; then the page is told what.
    pub(super) fn stop_at_break(&mut self) -> bool {
        let violated = self.world().violation().is_some();
        let newly = violated && !std::mem::replace(&mut self.violated, violated);
        let stop = match newly && self.breaks.violated {
            true => Some(Stop { code: "break-violated".to_owned(), values: Vec::new() }),
            false => self.break_in_log(),
        };
        let stops = stop.is_some();
        if stops {
            self.set_playing(false);
            self.stopped = stop;
        }
        stops
    }

    fn break_in_log(&self) -> Option<Stop> {
        let (world, breaks) = (self.world(), self.breaks);
        if !(breaks.reorg || breaks.penalty || breaks.expired) {
            return None;
        }
        let last = world.last_key()?;
        world.log().rev().take_while(|record| record.key == last).find_map(|record| {
            let LogEntry::Node(event) = &record.entry else {
                return None;
            };
            let (code, number) = break_at(breaks, event)?;
            let name = record.node.and_then(|index| world.node(index)).map(|sim| sim.name.clone());
            Some(Stop { code: code.to_owned(), values: vec![name.unwrap_or_default(), number.to_string()] })
        })
    }
}

/// What an event means for whoever waits for it: the key of its sentence, and a number for it.
fn break_at(breaks: Breaks, event: &EventKind) -> Option<(&'static str, usize)> {
    match event {
        EventKind::Reorged { disconnected, .. } if breaks.reorg && *disconnected >= 2 => {
            Some(("break-reorg", *disconnected))
        }
        EventKind::Channel { notice: Notice::Closed { ending: Ending::Punished(_) }, .. } if breaks.penalty => {
            Some(("break-penalty", 0))
        }
        EventKind::Payment { notice, .. } if breaks.expired && has_expired(notice) => Some(("break-expired", 0)),
        _ => None,
    }
}

/// Whether nobody claimed a payment in time, as its payer hears.
fn has_expired(notice: &PaymentNotice) -> bool {
    matches!(
        notice,
        PaymentNotice::Retried { reason: FailureReason::Expired, .. }
            | PaymentNotice::Failed { why: Unpaid::Payee(FailureReason::Expired), .. }
    )
}
