//! One round: what its inputs came to, kept back until it is stored.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::{
    Carrier, EventLog, Line, Miner, Nodes,
    handle::{Answer, Question},
};
use crate::{
    chain::BlockTemplate,
    gossip::{Fault, Message},
    native::store::Batch,
    node::{CommandId, CommandResult, EventKind, Output},
    primitives::{Address, Timestamp},
};

/// What was done with a round's inputs, in order.
#[derive(Default)]
pub(super) struct Round {
    pub(super) batch: Batch,
    due: Vec<Due>,
    answers: BTreeMap<CommandId, Answer>,
    length: usize,
    last: Option<oneshot::Sender<()>>,
}

/// What is to be done once the round is stored.
enum Due {
    Send(Line, Message),
    Disconnect(Line, Fault),
    Mine(BlockTemplate),
    StopMining,
    Done(CommandId, CommandResult),
    Event(Address, EventKind),
    Ask(Question),
}

impl Round {
    /// Inputs handled and questions asked so far.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Whether it is the last.
    pub(super) fn ends(&self) -> bool {
        self.last.is_some()
    }

    /// Makes it the last: everything before is done, then whoever asked is told.
    pub(super) fn end(&mut self, done: oneshot::Sender<()>) {
        self.last = Some(done);
    }

    /// A question: answered after everything that came before it is stored and known.
    pub(super) fn ask(&mut self, question: Question) {
        self.length += 1;
        self.due.push(Due::Ask(question));
    }

    /// Somebody waits for a command's result: what to call it.
    pub(super) fn expect(&mut self, answer: Answer) -> CommandId {
        let id = self.answers.len() as CommandId;
        self.answers.insert(id, answer);
        id
    }

    /// What an input of this account's node came to.
    pub(super) fn take(&mut self, account: Address, outputs: Vec<Output>) {
        self.length += 1;
        let line = |peer| Line { local: account, peer };
        for output in outputs {
            let due = match output {
                Output::Persist(changes) => {
                    self.batch.add(account, changes);
                    continue;
                }
                Output::Send { to, message } => Due::Send(line(to), message),
                Output::Disconnect { peer, fault } => Due::Disconnect(line(peer), fault),
                Output::Mine(template) => Due::Mine(template),
                Output::StopMining => Due::StopMining,
                Output::Done { id, result } => Due::Done(id, result),
                Output::Event { event, .. } => Due::Event(account, event),
            };
            self.due.push(due);
        }
    }

    /// Does it all, in order. All that had to be stored is.
    pub(super) fn perform(
        mut self,
        nodes: &mut Nodes,
        carrier: &impl Carrier,
        miner: &Miner,
        events: &EventLog,
        now: Timestamp,
    ) {
        for due in self.due {
            match due {
                Due::Send(line, message) => {
                    if !nodes.send_local(line, &message) {
                        carrier.send(line, message.to_bytes());
                    }
                }
                Due::Disconnect(line, fault) => carrier.disconnect(line, &fault),
                Due::Mine(template) => miner.search(&template),
                Due::StopMining => miner.rest(),
                Due::Done(id, result) => {
                    if let Some(answer) = self.answers.remove(&id) {
                        // Nobody waits any more: the command is done all the same.
                        let _ = answer.send(result);
                    }
                }
                Due::Event(account, event) => events.note(nodes, account, event),
                Due::Ask(question) => question(&nodes.view(now)),
            }
        }
        if let Some(done) = self.last {
            let _ = done.send(());
        }
    }
}
