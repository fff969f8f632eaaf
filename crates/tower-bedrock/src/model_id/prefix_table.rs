use super::{base_model::base_model, one_name::one_name};
use std::borrow::Cow;

/// A value for each model, by the longest prefix of its id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PrefixTable<T> {
    /// The longest prefixes first, so that the first one that fits is the answer.
    entries: Vec<(Cow<'static, str>, T)>,
}

impl<T: Copy> PrefixTable<T> {
    pub(crate) fn new(entries: &[(&'static str, T)]) -> Self {
        let mut table = Self::default();
        for &(prefix, value) in entries {
            table.set(prefix.into(), value);
        }
        table
    }

    /// A later entry for the same prefix takes the place of an earlier one, however each is spelled.
    pub(crate) fn set(&mut self, prefix: Cow<'static, str>, value: T) {
        let prefix: Cow<'static, str> = match prefix {
            Cow::Borrowed(prefix) => one_name(prefix).into(),
            Cow::Owned(prefix) => one_name(&prefix).to_owned().into(),
        };
        // Sorted on the way in, since a table is filled once and asked for every model.
        self.entries.retain(|(other, _)| *other != prefix);
        let no_shorter = |(other, _): &(Cow<'_, str>, T)| other.len() >= prefix.len();
        let place = self.entries.partition_point(no_shorter);
        self.entries.insert(place, (prefix, value));
    }

    /// The entry of the longest prefix of the model's own id, or of the profile's.
    pub(crate) fn get(&self, id: &str) -> Option<T> {
        // An entry may name a profile or an ARN in full, which is longer than its model's and wins.
        let (name, base) = (one_name(id), base_model(id));
        let fits = |prefix: &str| {
            name.starts_with(prefix) || base.is_some_and(|base| base.starts_with(prefix))
        };
        let entry = self.entries.iter().find(|(prefix, _)| fits(prefix));
        entry.map(|&(_, value)| value)
    }
}

impl<T> Default for PrefixTable<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PrefixTable;
    use crate::policy::{Burndown, MaxOutput};

    const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    const PROFILE: &str =
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3";

    #[test]
    fn the_longest_prefix_wins_whatever_the_order() {
        for entries in [
            [("a.b", 1), ("a.b-2", 2), ("a.b-2-x", 3)],
            [("a.b-2-x", 3), ("a.b-2", 2), ("a.b", 1)],
        ] {
            let table = PrefixTable::new(&entries);
            for (id, n) in [
                ("a.b", Some(1)),
                ("us.a.b-2", Some(2)),
                ("eu.a.b-2-x:0", Some(3)),
                ("a.c", None),
            ] {
                assert_eq!(table.get(id), n, "{id}");
            }
        }
    }

    #[test]
    fn a_later_entry_takes_the_place_of_an_earlier_one() {
        let burndown = Burndown::standard()
            .with("anthropic.claude-sonnet-4", 7)
            .otherwise(2);
        assert_eq!(burndown.of(SONNET), 7);
        assert_eq!(burndown.of("vendor.model"), 2);
        assert_eq!(burndown.of("anthropic.claude-opus-4-8"), 15);
    }

    #[test]
    fn an_id_in_full_has_an_entry_of_its_own() {
        let us = format!("us.{SONNET}");
        let burndown = Burndown::standard().with(us.clone(), 3).with(PROFILE, 4);
        assert_eq!(burndown.of(&us), 3);
        assert_eq!(burndown.of(&format!("eu.{SONNET}")), 5);
        assert_eq!(burndown.of(PROFILE), 4);
        let arn = format!("arn:aws:bedrock:us-east-1:1:inference-profile/{us}");
        assert_eq!(burndown.of(&arn), 3);
        let by_arn = Burndown::standard().with(arn, 6);
        assert_eq!(by_arn.of(&us), 6);
        assert_eq!(by_arn.of(&format!("eu.{SONNET}")), 5);
        assert_eq!(Burndown::standard().of(PROFILE), 1);
        assert_eq!(MaxOutput::standard().of(PROFILE), 8_192);
    }

    #[test]
    fn the_standard_tables_are_as_published() {
        for (id, burndown, max_output) in [
            ("anthropic.claude-opus-4-8", 15, 128_000),
            (
                "global.anthropic.claude-sonnet-5-20260801-v1:0",
                10,
                128_000,
            ),
            ("anthropic.claude-opus-5", 10, 128_000),
            ("anthropic.claude-fable-5-1", 10, 128_000),
            ("us.anthropic.claude-opus-4-7", 5, 128_000),
            ("anthropic.claude-sonnet-4-6", 5, 128_000),
            ("jp.anthropic.claude-sonnet-4-5-20250929-v1:0", 5, 64_000),
            ("au.anthropic.claude-haiku-4-5-20251001-v1:0", 5, 64_000),
            ("anthropic.claude-opus-4-1-20250805-v1:0", 5, 32_000),
            ("apac.anthropic.claude-sonnet-4-20250514-v1:0", 5, 64_000),
            ("eu.anthropic.claude-3-7-sonnet-20250219-v1:0", 5, 64_000),
            ("anthropic.claude-3-5-sonnet-20240620-v1:0", 1, 8_192),
            ("anthropic.claude-3-haiku-20240307-v1:0", 1, 4_096),
            ("anthropic.claude-v2:1", 1, 4_096),
            ("us.amazon.nova-micro-v1:0", 1, 10_000),
            ("us-gov.amazon.nova-2-lite-v1:0", 1, 65_535),
            ("meta.llama3-8b-instruct-v1:0", 1, 2_048),
            ("us.meta.llama3-3-70b-instruct-v1:0", 1, 8_192),
            ("mistral.mistral-7b-instruct-v0:2", 1, 8_192),
            ("us.deepseek.r1-v1:0", 1, 8_192),
            ("deepseek.v3-v1:0", 1, 8_000),
            ("deepseek.v3.2", 1, 8_000),
            ("us.meta.llama4-maverick-17b-instruct-v1:0", 1, 8_192),
            ("zai.glm-5.3", 1, 128_000),
            ("moonshot.kimi-k2-thinking", 1, 16_000),
            ("moonshotai.kimi-k2.5", 1, 16_000),
            ("us.moonshotai.kimi-k3", 1, 131_072),
            ("mistral.mistral-large-3-675b-instruct", 1, 32_000),
            ("mistral.devstral-2-123b", 1, 32_000),
            ("mistral.magistral-small-2509", 1, 40_000),
            ("us.mistral.pixtral-large-2502-v1:0", 1, 16_384),
            ("nvidia.nemotron-super-3-120b", 1, 32_000),
            ("nvidia.nemotron-nano-9b-v2", 1, 8_192),
            ("xai.grok-4.6", 1, 500_000),
            ("global.twelvelabs.pegasus-1-5-v1:0", 1, 98_304),
            ("twelvelabs.marengo-embed-3-0-v1:0", 1, 0),
            ("amazon.titan-embed-text-v2:0", 1, 0),
            ("cohere.rerank-v3-5:0", 1, 0),
            ("us.stability.stable-image-inpaint-v1:0", 1, 0),
        ] {
            assert_eq!(Burndown::standard().of(id), burndown, "{id}");
            assert_eq!(MaxOutput::standard().of(id), max_output, "{id}");
        }
    }
}
