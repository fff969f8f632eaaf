use super::{model_snapshot::ModelSnapshot, region_snapshot::RegionSnapshot};
use std::{fmt, sync::Arc};

/// What the layers of a stack do and have done; made by [`Handle::snapshot`](super::Handle::snapshot).
///
/// `Display` tells it to a person: up to four lines for each key, one for each Region where there is a
/// choice, and two for all of them.
///
/// ```text
/// us-east-1/us.anthropic.claude-sonnet-4-5-20250929-v1:0
///   quota    12 of 60 calls in 60s, 160400 of 200000 tokens in 60s; 5 calls under way, 3 wait, 1 throttled
///   circuit  open: 50 failures and no success in 5s; asks again in 4s
///   tokens   12 attempts, 8123 tokens in, 1402 tokens out
/// cache      7 hits, 12 misses, 2 joined; 5 answers of 20480 bytes
/// retries    13 attempts, 1 of them retries; gave up 0
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The Region that calls are sent to; the first of them where there are several.
    pub region: Arc<str>,
    /// Whether the stack was [closed](super::Handle::close).
    pub closed: bool,
    /// What went where, in the order of the list; empty where there is nothing to choose.
    pub regions: Vec<RegionSnapshot>,
    /// By key, in order.
    pub models: Vec<ModelSnapshot>,
    /// Hits, misses and what is stored; `None` without a cache.
    pub cache: Option<tower_response_cache::Snapshot>,
    /// Attempts, retries, and calls given up by cause.
    pub retries: tower_backoff::Snapshot,
}

impl Snapshot {
    /// What there is of `key`, such as `"us-east-1/us.amazon.nova-micro-v1:0"`, if it was used.
    #[must_use]
    pub fn model(&self, key: &str) -> Option<&ModelSnapshot> {
        let index = self.models.binary_search_by(|model| (*model.key).cmp(key));
        self.models.get(index.ok()?)
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.closed {
            f.write_str("closed\n")?;
        }
        for model in &self.models {
            writeln!(f, "{model}")?;
        }
        for region in &self.regions {
            writeln!(f, "{region}")?;
        }
        if let Some(cache) = &self.cache {
            let store = &cache.store;
            write!(
                f,
                "cache      {} hits, {} misses, {} joined",
                cache.hits + cache.stale,
                cache.misses + cache.refreshes + cache.revalidations,
                cache.joins
            )?;
            writeln!(f, "; {} answers of {} bytes", store.entries, store.weight)?;
        }
        let retries = &self.retries;
        write!(
            f,
            "retries    {} attempts, {} of them retries; gave up {}",
            retries.attempts,
            retries.retries(),
            retries.gave_up()
        )?;
        let causes = [
            ("attempts", retries.gave_up_attempts),
            ("costly", retries.gave_up_costly),
            ("deadline", retries.gave_up_deadline),
            ("budget", retries.gave_up_budget),
            ("not cloneable", retries.gave_up_not_cloneable),
            ("hint", retries.gave_up_hint),
            ("rejected", retries.gave_up_rejected),
        ];
        let mut mark = ": ";
        for (cause, calls) in causes.into_iter().filter(|(_, calls)| *calls > 0) {
            write!(f, "{mark}{calls} {cause}")?;
            mark = ", ";
        }
        Ok(())
    }
}
