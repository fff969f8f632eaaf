use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::{Item, Prompt, chain, digest_text};

/// No sweep for fewer prefixes than these.
const FEW: usize = 4_096;

/// Which prompt prefixes are cached, and until when.
#[derive(Debug, Default)]
pub(crate) struct PromptCache {
    expiry: BTreeMap<u64, Instant>,
    /// How many were left by the last sweep of expired ones.
    swept_to: usize,
}

/// How many of a prompt's tokens were in the cache, and how many went into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheTokens {
    pub(crate) read: u64,
    pub(crate) write: u64,
}

impl PromptCache {
    /// Reads the longest cached prefix that ends at a cache point and writes up to the last one.
    /// A prefix that is read again lives for its full time again, and never for less than before.
    pub(crate) fn read_and_write(
        &mut self,
        now: Instant,
        model: &str,
        prompt: &Prompt,
    ) -> CacheTokens {
        let (mut prefix, mut tokens) = (digest_text(model), 0);
        let mut seen = CacheTokens::default();
        let mut last = 0;
        for item in &prompt.items {
            match item {
                Item::Piece {
                    tokens: more,
                    digest,
                } => {
                    prefix = chain(prefix, *digest);
                    tokens += more;
                }
                Item::CachePoint { ttl_seconds } => {
                    let expiry = self.expiry.entry(prefix).or_insert(now);
                    // A later point covers more, so the last one that is cached is the longest.
                    if *expiry > now {
                        seen.read = tokens;
                    }
                    *expiry = (*expiry).max(now + Duration::from_secs(*ttl_seconds));
                    last = tokens;
                }
            }
        }
        // What was read is cached already; up to the last point the rest is now.
        seen.write = last - seen.read;
        // Swept when it has doubled, so that a sweep costs each call little.
        if self.expiry.len() > FEW.max(2 * self.swept_to) {
            self.expiry.retain(|_, expiry| *expiry > now);
            self.swept_to = self.expiry.len();
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prompt(parts: &[&str]) -> Prompt {
        let mut prompt = Prompt::default();
        for part in parts {
            match *part {
                "|" => prompt.items.push(Item::CachePoint { ttl_seconds: 300 }),
                text => prompt.add_piece(10, &json!(text)),
            }
        }
        prompt
    }

    #[test]
    fn a_prefix_is_written_once_and_read_for_five_minutes_after_each_use() {
        let (mut cache, start) = (PromptCache::default(), Instant::now());
        let minutes = |n: u64| start + Duration::from_secs(60 * n);
        let mut pass = |at, parts: &[&str]| {
            let seen = cache.read_and_write(at, "m", &prompt(parts));
            (seen.read, seen.write)
        };
        assert_eq!(pass(start, &["a", "|", "b"]), (0, 10));
        assert_eq!(pass(minutes(4), &["a", "|", "c"]), (10, 0));
        assert_eq!(pass(minutes(8), &["a", "|", "d", "|"]), (10, 10));
        assert_eq!(pass(minutes(8), &["a", "|", "d", "|"]), (20, 0));
        assert_eq!(pass(minutes(13), &["a", "|"]), (0, 10));
        assert_eq!(pass(minutes(13), &["x", "|"]), (0, 10));
        assert_eq!(pass(minutes(13), &["a"]), (0, 0));
    }

    #[test]
    fn a_short_lived_use_does_not_cut_a_long_life() {
        let (mut cache, start) = (PromptCache::default(), Instant::now());
        let mut long = prompt(&["a"]);
        long.items.push(Item::CachePoint { ttl_seconds: 3_600 });
        cache.read_and_write(start, "m", &long);
        let short = prompt(&["a", "|"]);
        for minutes in [0, 59] {
            let now = start + Duration::from_secs(60 * minutes);
            assert_eq!(cache.read_and_write(now, "m", &short).read, 10, "{minutes}");
        }
    }

    #[test]
    fn expired_prefixes_are_swept_out() {
        let (mut cache, start) = (PromptCache::default(), Instant::now());
        for n in 0..10_000_u64 {
            let now = start + Duration::from_secs(n);
            cache.read_and_write(now, "m", &prompt(&[&n.to_string(), "|"]));
        }
        assert!(cache.expiry.len() <= FEW + 300, "{}", cache.expiry.len());
    }

    #[test]
    fn models_do_not_share_a_cache() {
        let (mut cache, now) = (PromptCache::default(), Instant::now());
        cache.read_and_write(now, "m", &prompt(&["a", "|"]));
        assert_eq!(cache.read_and_write(now, "n", &prompt(&["a", "|"])).read, 0);
    }
}
