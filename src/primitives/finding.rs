//! Rules as values: what was compared, and what came of it.
//!
//! A rule is a function that gives a [`Verdict`]. Where only the first fault matters, it becomes a `Result`; where people want to see every
//! rule, it becomes a [`Finding`]. So what is shown can never differ from what is enforced.

/// What came of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<E> {
    /// It was kept; the error that it would have given holds the values compared, if the rule compares any.
    Kept(Option<E>),
    /// It was broken, with this error.
    Broken(E),
    /// It was not evaluated: the stable name of the reason.
    Open(&'static str),
}

/// A rule by name and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<E> {
    /// The rule's stable name: the code of its error, if it has only one.
    pub rule: &'static str,
    /// What came of it.
    pub verdict: Verdict<E>,
}

/// The reason of a rule that has nothing to say of what it was asked about.
pub const NOT_APPLICABLE: &str = "not-applicable";

impl<E> Verdict<E> {
    /// What a comparison gave, and the values compared as the error that tells of them.
    pub fn compare(kept: bool, values: E) -> Self {
        if kept { Self::Kept(Some(values)) } else { Self::Broken(values) }
    }

    /// The error, if the rule was broken.
    ///
    /// # Errors
    /// The error that holds the values compared.
    pub fn into_result(self) -> Result<(), E> {
        match self {
            Self::Kept(_) | Self::Open(_) => Ok(()),
            Self::Broken(error) => Err(error),
        }
    }

    /// The same verdict with another error around its values.
    pub fn map<F>(self, change: impl FnOnce(E) -> F) -> Verdict<F> {
        match self {
            Self::Kept(values) => Verdict::Kept(values.map(change)),
            Self::Broken(error) => Verdict::Broken(change(error)),
            Self::Open(why) => Verdict::Open(why),
        }
    }
}

impl<E> From<Result<(), E>> for Verdict<E> {
    fn from(result: Result<(), E>) -> Self {
        result.map_or_else(Self::Broken, |()| Self::Kept(None))
    }
}

impl<E> Finding<E> {
    /// What came of a rule.
    pub fn new(rule: &'static str, verdict: Verdict<E>) -> Self {
        Self { rule, verdict }
    }

    /// The error, if the rule was broken.
    pub fn error(&self) -> Option<&E> {
        match &self.verdict {
            Verdict::Broken(error) => Some(error),
            Verdict::Kept(_) | Verdict::Open(_) => None,
        }
    }

    /// Whether it was evaluated and kept.
    pub fn is_kept(&self) -> bool {
        matches!(self.verdict, Verdict::Kept(_))
    }

    /// Whether it has something to say of what it was asked about.
    pub fn applies(&self) -> bool {
        !matches!(self.verdict, Verdict::Open(NOT_APPLICABLE))
    }

    /// The same finding with another error around its values.
    pub fn map<F>(self, change: impl FnOnce(E) -> F) -> Finding<F> {
        Finding { rule: self.rule, verdict: self.verdict.map(change) }
    }
}
