use super::reason::Reason;
use std::{fmt, sync::Arc};

/// What a [`Monitor`](super::Monitor) advises about the calls of one key. Its `Display` is for
/// people, and holds nothing of prompts and answers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Advice {
    /// Which calls: `"region/model"`.
    pub key: Arc<str>,
    /// What is amiss.
    pub reason: Reason,
    /// The `max_tokens` that suits 99 of 100 answers seen so far; `None` if too few answers said
    /// how long they were.
    pub suggested_max_tokens: Option<u32>,
    /// How many answers that is drawn from.
    pub answers: u64,
    /// How many of them `max_tokens` cut off: reason to look whether they need more.
    pub cut_off: u64,
}

impl Advice {
    /// Of calls of an unknown model.
    pub(super) fn unknown(key: &Arc<str>) -> Self {
        Self {
            key: Arc::clone(key),
            reason: Reason::UnknownModel,
            suggested_max_tokens: None,
            answers: 0,
            cut_off: 0,
        }
    }

    fn fmt_unknown(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An ARN may have slashes of its own, a Region has none.
        let arn = self.key.split_once('/').map_or(&*self.key, |(_, arn)| arn);
        write!(
            f,
            "nothing says which model this is, so it has a quota of its own, and the burndown and \
             maximum of an unknown model; if it shares a model's quota, add the model or system \
             profile behind it to the quotas: in the file [profiles] \"{arn}\" = \
             \"us.anthropic.…\", in code Quotas::profile"
        )
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.key)?;
        match self.reason {
            Reason::Unset { calls } => write!(
                f,
                "{calls} calls set no max_tokens, and the model's maximum counts against the \
                 quota until each ends; "
            )?,
            Reason::UnknownModel => return self.fmt_unknown(f),
            Reason::OverReserved { ratio } => write!(
                f,
                "calls reserve {ratio:.1} times the tokens they are charged in the end; "
            )?,
        }
        match self.suggested_max_tokens {
            Some(tokens) => write!(
                f,
                "going by {} answers, max_tokens {tokens} is enough",
                self.answers
            )?,
            None => f.write_str("set max_tokens to what answers need")?,
        }
        if self.cut_off > 0 {
            write!(f, " ({} were cut off by max_tokens)", self.cut_off)?;
        }
        Ok(())
    }
}
