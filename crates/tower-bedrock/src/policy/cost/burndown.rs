use crate::model_id::{Claude, Line, PrefixTable, base_model};
use std::borrow::Cow;

/// How many tokens of quota one output token of a model costs in the end.
///
/// An entry counts for every model id that begins with it; the longest entry wins. The Region prefix
/// (`us.`, `global.`, …) and the ARN of a model or of an inference profile do not count as part of
/// the id. An ARN that names no model has the rate of what it stands for, if
/// [`Profiles`](crate::policy::Profiles) says so; else give it an entry in full.
///
/// ```
/// use tower_bedrock::policy::Burndown;
///
/// let burndown = Burndown::standard().with("vendor.model-2", 8);
/// assert_eq!(burndown.of("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), 5);
/// assert_eq!(burndown.of("vendor.model-2-large-v1:0"), 8);
/// assert_eq!(burndown.of("vendor.model-1"), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Burndown {
    entries: PrefixTable<u64>,
    otherwise: u64,
}

impl Burndown {
    /// As AWS published it in 2026-09: 15 for Claude 4.8; 10 for Claude Sonnet 5, Opus 5 and
    /// Fable 5.1; 5 for Claude 3.7 to 4.7; 1 for every other model.
    ///
    /// A Claude that is not known yet has the highest rate of its family, 10 for Fable and 15 for
    /// every other one: a rate that is too low is a throttle, one that is too high a little speed.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            entries: PrefixTable::default(),
            otherwise: 1,
        }
    }

    /// Sets the rate of the models whose ids begin with `prefix`.
    #[must_use]
    pub fn with(mut self, prefix: impl Into<Cow<'static, str>>, rate: u64) -> Self {
        self.entries.set(prefix.into(), rate);
        self
    }

    /// Sets the rate of models without an entry. Default: 1.
    #[must_use]
    pub fn otherwise(mut self, rate: u64) -> Self {
        self.otherwise = rate;
        self
    }

    /// The rate of a model, by its id, inference profile or ARN.
    #[must_use]
    pub fn of(&self, model: &str) -> u64 {
        let own = self.entries.get(model);
        own.or_else(|| claude(base_model(model)?))
            .unwrap_or(self.otherwise)
    }

    /// Whether something is told of just this id.
    pub(super) fn tells(&self, model: &str) -> bool {
        self.entries.get(model).is_some()
    }
}

impl Default for Burndown {
    fn default() -> Self {
        Self::standard()
    }
}

/// The rate of a Claude. By its version and not by a prefix: one that ends in a digit would take
/// 4.10 for 4.1.
fn claude(base_model: &str) -> Option<u64> {
    let Claude { line, version } = Claude::read(base_model)?;
    Some(match (line, version) {
        (Line::Early, _) | (Line::Main, (1..=2, _) | (3, 0..=6)) => 1,
        (Line::Main, (3, _) | (4, 0..=7)) => 5,
        (Line::Main, (5, 0)) | (Line::Fable, _) => 10,
        _ => 15,
    })
}

#[cfg(test)]
mod tests {
    use super::Burndown;

    #[test]
    fn a_claude_that_is_not_known_has_the_strictest_rate_of_its_family() {
        for (id, rate) in [
            ("anthropic.claude-opus-4-8", 15),
            ("us.anthropic.claude-opus-4-9", 15),
            ("anthropic.claude-opus-4-10", 15),
            ("anthropic.claude-sonnet-5-1", 15),
            ("global.anthropic.claude-haiku-5-5", 15),
            ("anthropic.claude-opus-6", 15),
            ("anthropic.claude-fable-5", 10),
            ("anthropic.claude-fable-6-20270101-v1:0", 10),
            ("anthropic.claude-saga-1", 15),
            ("anthropic.claude-next", 15),
            ("anthropic.claude-opus-4-1", 5),
            ("anthropic.claude-3-opus-20240229-v1:0", 1),
            ("anthropic.claude-instant-v1", 1),
            ("amazon.nova-9-premier", 1),
        ] {
            assert_eq!(Burndown::standard().of(id), rate, "{id}");
        }
    }
}
