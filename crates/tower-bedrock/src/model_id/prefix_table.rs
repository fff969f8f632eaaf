use super::base_model;
use std::borrow::Cow;

/// A number for each model, by the longest prefix of its id.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    entries: Vec<(Cow<'static, str>, u64)>,
    otherwise: u64,
}

impl Table {
    pub(crate) fn new(entries: &[(&'static str, u64)], otherwise: u64) -> Self {
        let entries = entries.iter().map(|&(prefix, n)| (prefix.into(), n));
        Self {
            entries: entries.collect(),
            otherwise,
        }
    }

    /// A later entry for the same prefix takes the place of an earlier one.
    pub(crate) fn set(&mut self, prefix: Cow<'static, str>, n: u64) {
        match self.entries.iter_mut().find(|entry| entry.0 == prefix) {
            Some(entry) => entry.1 = n,
            None => self.entries.push((prefix, n)),
        }
    }

    pub(crate) fn set_otherwise(&mut self, n: u64) {
        self.otherwise = n;
    }

    /// The entry of the longest prefix of the model's own id, or of `id` as it was given.
    pub(crate) fn of(&self, id: &str) -> u64 {
        let base = base_model(id);
        let fits = |prefix: &str| {
            id.starts_with(prefix) || base.is_some_and(|base| base.starts_with(prefix))
        };
        self.entries
            .iter()
            .filter(|(prefix, _)| fits(prefix))
            .max_by_key(|(prefix, _)| prefix.len())
            .map_or(self.otherwise, |&(_, n)| n)
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
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
            let table = Table::new(&entries, 9);
            for (id, n) in [("a.b", 1), ("us.a.b-2", 2), ("eu.a.b-2-x:0", 3), ("a.c", 9)] {
                assert_eq!(table.of(id), n, "{id}");
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
            ("us.deepseek.r1-v1:0", 1, 32_768),
        ] {
            assert_eq!(Burndown::standard().of(id), burndown, "{id}");
            assert_eq!(MaxOutput::standard().of(id), max_output, "{id}");
        }
    }
}
