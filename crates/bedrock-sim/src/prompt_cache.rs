use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use crate::prompt::{Item, Prompt, chain, digest_text};

/// When so many prefixes are kept, the expired ones are swept out.
const SWEEP: usize = 4_096;

/// Which prompt prefixes are cached, and until when.
#[derive(Debug, Default)]
pub(crate) struct PromptCache {
    expiry: BTreeMap<u64, Instant>,
}

/// How many of a prompt's tokens were in the cache, and how many went into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheUse {
    pub(crate) read: u64,
    pub(crate) write: u64,
}

impl PromptCache {
    /// Reads the longest cached prefix that ends at a cache point and writes up to the last one.
    /// A prefix that is read again lives for its full time again.
    pub(crate) fn pass(&mut self, now: Instant, model: &str, prompt: &Prompt) -> CacheUse {
        let (mut prefix, mut tokens) = (digest_text(model), 0);
        let mut seen = CacheUse::default();
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
                    let expiry = now + Duration::from_secs(*ttl_seconds);
                    if self
                        .expiry
                        .insert(prefix, expiry)
                        .is_some_and(|old| old > now)
                    {
                        seen.read = tokens;
                    }
                    last = tokens;
                }
            }
        }
        seen.write = last - seen.read;
        if self.expiry.len() > SWEEP {
            self.expiry.retain(|_, expiry| *expiry > now);
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
                text => prompt.piece(10, &json!(text)),
            }
        }
        prompt
    }

    #[test]
    fn a_prefix_is_written_once_and_read_for_five_minutes_after_each_use() {
        let (mut cache, start) = (PromptCache::default(), Instant::now());
        let minutes = |n: u64| start + Duration::from_secs(60 * n);
        let mut pass = |at, parts: &[&str]| {
            let seen = cache.pass(at, "m", &prompt(parts));
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
    fn models_do_not_share_a_cache() {
        let (mut cache, now) = (PromptCache::default(), Instant::now());
        cache.pass(now, "m", &prompt(&["a", "|"]));
        assert_eq!(cache.pass(now, "n", &prompt(&["a", "|"])).read, 0);
    }
}
