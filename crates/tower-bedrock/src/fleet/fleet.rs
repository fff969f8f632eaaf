use super::error::{FleetError, Mistake};
use crate::stack::{CacheLayer, TokenQuotaLayer};
use std::{fmt, sync::Arc};
use tower_quota_redis::RedisLog;
use tower_response_cache_redis::RedisStore;

/// The processes that share a quota and a cache, by a Redis 7 or Valkey 8, or later ones; for
/// [`StackLayer::fleet`](crate::StackLayer::fleet).
///
/// ```
/// use tower_bedrock::{Fleet, StackLayer};
///
/// let stack = StackLayer::new("us-east-1").fleet(Fleet::redis("redis://localhost"));
/// ```
///
/// A stack connects with its first call, and anew when a connection is lost. Until then, and without a
/// server, it goes on by itself.
///
/// # Clone
///
/// A clone tells of the same server. Two stacks that are given clones are as two processes.
#[derive(Clone)]
pub struct Fleet {
    url: Arc<str>,
    prefix: Arc<str>,
    shares_cache: bool,
    shares_quota: bool,
}

const READ_BEFORE: &str = "a URL that the fleet was made of";

impl Fleet {
    /// The processes that name this server: `redis://user:password@host:port/database`, or `rediss://` for TLS,
    /// with the feature `fleet-tls`.
    ///
    /// Without a user it is the default one, without a port 6379, without a database the first. What is special in user
    /// and password is %-escaped. A user of the server's access control needs the keys and channels that begin with
    /// the [prefix](Self::prefix), with or without a `{` in front.
    ///
    /// # Panics
    ///
    /// If `url` is not such a URL. [`try_redis`](Self::try_redis) tells it instead.
    #[must_use]
    #[track_caller]
    pub fn redis(url: &str) -> Self {
        match Self::try_redis(url) {
            Ok(fleet) => fleet,
            Err(error) => panic!("{error}"),
        }
    }

    /// The same, for a URL from a file or the environment.
    ///
    /// # Errors
    ///
    /// If `url` is not such a URL, or asks for TLS without the feature `fleet-tls`. It does not connect, so nothing
    /// is said of whether the server is there.
    pub fn try_redis(url: &str) -> Result<Self, FleetError> {
        let fleet = Self {
            url: url.into(),
            prefix: "tower-bedrock".into(),
            shares_cache: true,
            shares_quota: true,
        };
        fleet.store()?;
        fleet.log()?;
        Ok(fleet)
    }

    /// What all names on the server begin with. Default: `tower-bedrock`.
    ///
    /// The processes of one AWS account and one set of Regions have the same; those of other accounts have another
    /// one, since they have quotas of their own and must not share answers.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Arc<str>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Shares the quota alone: each process has a cache of its own, as without a fleet. Default: the cache is
    /// shared too.
    ///
    /// For prompts and answers that are not to lie on the server.
    #[must_use]
    pub const fn without_cache(mut self) -> Self {
        self.shares_cache = false;
        self
    }

    /// Shares the cache alone: each process paces its calls by itself, as without a fleet. Default: the quota is
    /// shared too.
    #[must_use]
    pub const fn without_quota(mut self) -> Self {
        self.shares_quota = false;
        self
    }

    /// That cache with the fleet's behind it.
    #[track_caller]
    pub(crate) fn cache(&self, cache: CacheLayer) -> CacheLayer {
        if !self.shares_cache {
            return cache;
        }
        cache.remote(self.store().expect(READ_BEFORE))
    }

    /// That quota as the fleet's.
    #[track_caller]
    pub(crate) fn quota(&self, quota: TokenQuotaLayer) -> TokenQuotaLayer {
        if !self.shares_quota {
            return quota;
        }
        quota.shared(self.log().expect(READ_BEFORE))
    }

    /// A store of its own for each cache, by which it tells what it has written itself.
    fn store(&self) -> Result<RedisStore, FleetError> {
        let store = RedisStore::new(&self.url).map_err(|_| self.mistake())?;
        Ok(store.prefix(&self.prefix))
    }

    fn log(&self) -> Result<RedisLog, FleetError> {
        let log = RedisLog::new(&self.url).map_err(|_| self.mistake())?;
        Ok(log.prefix(&self.prefix))
    }

    fn mistake(&self) -> FleetError {
        let is_tls = self.url.starts_with("rediss:") || self.url.starts_with("valkeys:");
        FleetError(match is_tls && !cfg!(feature = "fleet-tls") {
            true => Mistake::Tls,
            false => Mistake::NoUrl,
        })
    }
}

// Without the URL, which has a password.
impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet")
            .field("prefix", &self.prefix)
            .field("shares_cache", &self.shares_cache)
            .field("shares_quota", &self.shares_quota)
            .finish_non_exhaustive()
    }
}
