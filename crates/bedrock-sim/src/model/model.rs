use std::time::Duration;

/// A model or inference profile the simulator serves, with the quotas of that exact id.
///
/// Every quota is optional; without one the model is unlimited. A quota of 0 throttles for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(crate) id: String,
    pub(crate) tokens_per_minute: Option<u64>,
    pub(crate) requests_per_minute: Option<u64>,
    pub(crate) tokens_per_day: Option<u64>,
    pub(crate) burst: Duration,
    pub(crate) burndown: u64,
    pub(crate) max_tokens: u64,
    pub(crate) other_ids: Vec<String>,
}

impl Model {
    /// A model without quotas, known by exactly this id: a model id, an inference profile id with
    /// its region prefix, or an ARN.
    ///
    /// The burndown rate and the maximum of output tokens come from the tables below, by the base
    /// model id.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        let base = base_id(&id);
        Self {
            burndown: longest_prefix(BURNDOWN, base).unwrap_or(1),
            max_tokens: longest_prefix(MAX_TOKENS, base).unwrap_or(4_096),
            tokens_per_minute: None,
            requests_per_minute: None,
            tokens_per_day: None,
            burst: Duration::from_secs(60),
            other_ids: Vec::new(),
            id,
        }
    }

    /// Is served by this id or ARN as well, from the same quotas: as a system profile is by its ARN,
    /// and by each application inference profile that was made of it. Default: by its own id alone.
    #[must_use]
    pub fn also_called(mut self, id: impl Into<String>) -> Self {
        self.other_ids.push(id.into());
        self
    }

    /// Limits tokens per minute.
    #[must_use]
    pub fn tokens_per_minute(mut self, tokens: u64) -> Self {
        self.tokens_per_minute = Some(tokens);
        self
    }

    /// Limits requests per minute.
    #[must_use]
    pub fn requests_per_minute(mut self, requests: u64) -> Self {
        self.requests_per_minute = Some(requests);
        self
    }

    /// Limits tokens per 24 hours, counted in fixed days from the simulator's start or reset.
    #[must_use]
    pub fn tokens_per_day(mut self, tokens: u64) -> Self {
        self.tokens_per_day = Some(tokens);
        self
    }

    /// How much of the per-minute quotas a bucket holds when it is full, as the time in which it
    /// fills: 10 s of 60,000 tokens per minute are 10,000 tokens. Default: 60 s.
    ///
    /// Only [`Meter::Bucket`](crate::Meter::Bucket) has a burst. A call that reserves more than
    /// the full bucket is never admitted. A bucket of requests holds at least one.
    #[must_use]
    pub fn burst(mut self, burst: Duration) -> Self {
        self.burst = burst;
        self
    }

    /// How many tokens of quota one output token costs when the call is settled.
    ///
    /// Default, as AWS published it in 2026-09: 15 for Claude 4.8; 10 for Claude Sonnet 5, Opus 5
    /// and Fable 5.1; 5 for Claude 3.7 to 4.7; 1 for every other model.
    #[must_use]
    pub fn burndown(mut self, rate: u64) -> Self {
        self.burndown = rate;
        self
    }

    /// The most output tokens the model writes: a request for more is invalid, and a request that
    /// names no maximum is charged for this many at admission.
    ///
    /// Default, from the models' documentation: 64,000 for Claude 3.7, Haiku and Sonnet 4 and
    /// later, and Opus 4.5 and later; 32,000 for Claude Opus 4 and 4.1; 8,192 for Claude 3.5;
    /// 10,000 for Nova, 64,000 for Nova 2; 4,096 for every other model.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u64) -> Self {
        assert!(tokens > 0, "a model writes at least one token");
        self.max_tokens = tokens;
        self
    }

    /// The most output tokens the model writes, as set or by default.
    #[must_use]
    pub fn output_limit(&self) -> u64 {
        self.max_tokens
    }
}

const BURNDOWN: &[(&str, u64)] = &[
    ("anthropic.claude-3-7", 5),
    ("anthropic.claude-haiku-4", 5),
    ("anthropic.claude-haiku-4-8", 15),
    ("anthropic.claude-opus-4", 5),
    ("anthropic.claude-opus-4-8", 15),
    ("anthropic.claude-sonnet-4", 5),
    ("anthropic.claude-sonnet-4-8", 15),
    ("anthropic.claude-fable-5-1", 10),
    ("anthropic.claude-opus-5", 10),
    ("anthropic.claude-sonnet-5", 10),
];

const MAX_TOKENS: &[(&str, u64)] = &[
    ("anthropic.claude", 64_000),
    ("anthropic.claude-3-", 4_096),
    ("anthropic.claude-3-5", 8_192),
    ("anthropic.claude-3-7", 64_000),
    ("anthropic.claude-instant", 4_096),
    ("anthropic.claude-v", 4_096),
    ("anthropic.claude-opus-4-1", 32_000),
    ("anthropic.claude-opus-4-2025", 32_000),
    ("amazon.nova-", 10_000),
    ("amazon.nova-2-", 64_000),
];

fn longest_prefix(table: &[(&str, u64)], id: &str) -> Option<u64> {
    table
        .iter()
        .filter(|(prefix, _)| id.starts_with(prefix))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, value)| *value)
}

/// The id without ARN and without region prefix: what names the model's family.
pub(crate) fn base_id(id: &str) -> &str {
    let name = if id.starts_with("arn:") {
        id.split_once('/').map_or(id, |(_, name)| name)
    } else {
        id
    };
    // A region prefix is followed by a vendor and a model. Versions have dots too, but no vendor's
    // name has a hyphen.
    match name.split_once('.') {
        Some((_, rest))
            if rest
                .split_once('.')
                .is_some_and(|(vendor, _)| !vendor.contains('-')) =>
        {
            rest
        }
        _ => name,
    }
}

/// Whether the id or ARN names a foundation model itself, and no profile, deployment or throughput
/// of one.
pub(crate) fn is_foundation_model(id: &str) -> bool {
    let name = match id.split_once(":foundation-model/") {
        Some((_, name)) => name,
        None => id,
    };
    !name.starts_with("arn:") && base_id(name) == name
}

/// Whether AWS would take the text for a model id or ARN at all.
pub(crate) fn is_valid_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    (1..=2048).contains(&id.len())
        && if id.starts_with("arn:") {
            id.matches(':').count() >= 5 && id.chars().all(|c| plain(c) || c == '/')
        } else {
            id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.chars().all(plain)
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_id_has_no_region_and_no_arn() {
        for id in [
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "apac.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ] {
            assert_eq!(
                base_id(id),
                "anthropic.claude-sonnet-4-5-20250929-v1:0",
                "{id}"
            );
        }
        assert_eq!(
            base_id("amazon.nova-2.5-lite-v1:0"),
            "amazon.nova-2.5-lite-v1:0"
        );
        assert_eq!(base_id("mistral.mistral-large"), "mistral.mistral-large");
        assert_eq!(base_id("vendor.model-4.7"), "vendor.model-4.7");
        assert_eq!(base_id("us.vendor.model-4.7"), "vendor.model-4.7");
    }

    #[test]
    fn a_profile_is_no_foundation_model() {
        for (id, is_one) in [
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", true),
            ("vendor.model-4.7", true),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
                true,
            ),
            ("us.amazon.nova-lite-v1:0", false),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
                false,
            ),
            (
                "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
                false,
            ),
        ] {
            assert_eq!(is_foundation_model(id), is_one, "{id}");
        }
    }

    #[test]
    fn the_longest_prefix_gives_burndown_and_maximum() {
        let of = |id| {
            let model = Model::new(id);
            (model.burndown, model.max_tokens)
        };
        assert_eq!(
            of("us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            (5, 64_000)
        );
        assert_eq!(of("anthropic.claude-opus-4-8-v1:0"), (15, 64_000));
        assert_eq!(of("global.anthropic.claude-sonnet-5-v1:0"), (10, 64_000));
        assert_eq!(of("anthropic.claude-3-7-sonnet-20250219-v1:0"), (5, 64_000));
        assert_eq!(of("anthropic.claude-3-5-sonnet-20240620-v1:0"), (1, 8_192));
        assert_eq!(of("anthropic.claude-opus-4-20250514-v1:0"), (5, 32_000));
        assert_eq!(of("us.amazon.nova-micro-v1:0"), (1, 10_000));
        assert_eq!(of("meta.llama3-70b-instruct-v1:0"), (1, 4_096));
    }

    #[test]
    fn ids_are_letters_digits_and_a_few_signs() {
        assert!(is_valid_id("us.amazon.nova-lite-v1:0"));
        assert!(is_valid_id(
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"
        ));
        for bad in ["", "a b", "a/b", "é", "arn:aws", "-x", &"x".repeat(2049)] {
            assert!(!is_valid_id(bad), "{bad}");
        }
    }
}
