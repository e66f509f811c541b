//! Rules as rows: a code, the values compared, and what came of it, to be worded by the page.

mod block;
mod channel;
mod message;
mod node;
mod steps;
mod transaction;

use borsh::{BorshDeserialize, BorshSerialize};

pub(super) use transaction::pool_findings;

use crate::primitives::{Finding, TransactionId, Verdict};

/// Broken rules of single transactions in a block that are listed.
const MAX_BROKEN: usize = 20;

/// Every rule of something.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct RulesView {
    /// What is to be said before: codes and their values.
    pub notes: Vec<(String, Vec<String>)>,
    /// The rules, in the order in which they are checked.
    pub rows: Vec<RuleRow>,
    /// Of a channel: the steps that the adjudicator would take in the next block, or the rule that stops each. None breaks a promise.
    pub steps: Vec<RuleRow>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RuleRow {
    /// The key of its sentence.
    pub code: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What the sentence's places are filled with; nothing if the rule compares nothing.
    pub values: Vec<String>,
    /// Why it was not evaluated, or the error of a rule that has several.
    pub why: Option<String>,
    /// Of a block's transactions: how many kept it, of how many.
    pub counts: Option<(usize, usize)>,
    /// The transaction it is about.
    pub transaction: Option<TransactionId>,
}

/// What came of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Outcome {
    /// Passed.
    Kept,
    /// Failed.
    Broken,
    /// Not evaluated.
    Open,
}

impl RulesView {
    fn note(mut self, code: &str, values: Vec<String>) -> Self {
        self.notes.push((code.to_owned(), values));
        self
    }
}

impl RuleRow {
    /// A row from a finding, whose error `of` turns into values. `prefix` tells rules of one name apart.
    fn new<E: ToString>(prefix: &str, finding: &Finding<E>, of: impl FnOnce(&E) -> Vec<String>) -> Self {
        let code = format!("{prefix}{}", finding.rule);
        let row = Self { code, outcome: Outcome::Open, values: vec![], why: None, counts: None, transaction: None };
        match &finding.verdict {
            Verdict::Kept(values) => {
                Self { outcome: Outcome::Kept, values: values.as_ref().map(of).unwrap_or_default(), ..row }
            }
            Verdict::Broken(error) => {
                Self { outcome: Outcome::Broken, values: of(error), why: Some(error.to_string()), ..row }
            }
            Verdict::Open(why) => Self { why: Some((*why).to_owned()), ..row },
        }
    }

    /// A comparison that is made here.
    fn compared(code: &str, kept: bool, values: Vec<String>) -> Self {
        let outcome = if kept { Outcome::Kept } else { Outcome::Broken };
        Self { code: code.to_owned(), outcome, values, why: None, counts: None, transaction: None }
    }

    /// A rule that was not evaluated.
    fn open(code: &str, why: &str) -> Self {
        Self { outcome: Outcome::Open, why: Some(why.to_owned()), ..Self::compared(code, true, Vec::new()) }
    }
}

/// `values![a, b]`: what is compared, as text.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($value.to_string()),*] };
}
use values;
