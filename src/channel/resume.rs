//! Connected again: each side says which commitment it holds, and shows the newest revocation that it holds of the other.
//!
//! Whoever is shown its own revocation of what it believes to be the newest commitment has lost what came after, and must not sign or publish
//! any more (BOLT 2, `option_data_loss_protect`); so does whoever sees a newer commitment on the chain. Nothing is proposed or answered before both have heard each other.

use super::{Body, Breach, Channel, Context, Effect, Invalid, Notice, Phase, RESEND};
use crate::primitives::{CommitmentSecret, MAX_COMMITMENTS};

/// Milliseconds for which we wait for the other party's account of where we stand before we close on our own, if nothing is lost by waiting.
const PATIENCE: u64 = 60_000;

impl Channel {
    /// The connection came up, or we did: where both stand is said before anything else, at the next [`super::Event::Wake`].
    pub(super) fn on_connected(&mut self, context: &Context<'_>) -> Vec<Effect> {
        self.resumed = !self.can_resume();
        self.early = None;
        (self.resend_at, self.backoff) = (context.now, RESEND);
        if self.can_resume() {
            self.expires = context.now.after(PATIENCE);
        }
        Vec::new()
    }

    /// The other party says where it stands.
    pub(super) fn on_resume(
        &mut self,
        context: &mut Context<'_>,
        number: u64,
        revoked: Option<(u64, CommitmentSecret)>,
        heard: bool,
    ) -> Result<Vec<Effect>, Invalid> {
        let mut effects = Vec::new();
        if let Some((revoked, secret)) = revoked.filter(|(revoked, _)| *revoked >= self.number()) {
            if revoked >= MAX_COMMITMENTS || self.secret(context, revoked) != secret {
                return Err(Breach::BadSecret { number: revoked }.into());
            }
            if self.can_resume() && self.phase != Phase::Lost {
                self.lost = true;
                effects.extend(self.give_up());
                self.enter(context, Phase::Lost);
                effects.push(Effect::Notice(Notice::Lost { number: revoked }));
            }
        } else if number > self.number() + 1 {
            return Err(Breach::Ahead { what: "number", found: number, expected: self.number() + 1 }.into());
        }
        self.resumed = true;
        if !heard {
            effects.push(self.say(self.resume_message()));
        }
        if self.phase == Phase::Lost {
            effects.push(self.say(Body::Lost));
        }
        effects.extend(self.advance(context));
        Ok(effects)
    }

    /// The other party has lost what it signed, and asks for the close that it cannot make.
    pub(super) fn on_lost(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        if self.chain.funding.is_none() {
            return Vec::new();
        }
        self.publish_this(context, (self.signed.clone(), self.state.clone()))
    }

    pub(super) fn resume_message(&self) -> Body {
        let last = self.revealed.count().checked_sub(1);
        let revoked = last.and_then(|number| Some((number, self.revealed.get(number)?)));
        Body::Resume { number: self.number(), revoked, heard: self.resumed }
    }

    /// Whether what both hold still matters off the chain.
    pub(super) fn can_resume(&self) -> bool {
        self.phase.is_live() || matches!(self.phase, Phase::Funding | Phase::Resizing | Phase::Closing | Phase::Lost)
    }
}
