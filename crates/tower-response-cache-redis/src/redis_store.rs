use std::{fmt, sync::Arc, time::Duration};

use redis::{ErrorKind, ScriptInvocation, Value};
use tower_redis_connection::RedisServer;
use tower_response_cache::{Codec, Outdated, RemoteEntry, RemoteFlight, RemoteStore, SharedMemory};

use crate::lead::{Leads, Renewal};
use crate::listen::Listen;
use crate::{RedisStoreError, body, names::Names, scripts::Scripts};

/// How long the floor of a key is remembered at least: as long as a call may take until its answer is written.
const FLOOR_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// Nothing lies in Redis for longer.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The log keeps about so many entries.
const MOST_LOGGED: usize = 1000;

/// A [`RemoteStore`] on Redis 7 or Valkey 8, and later ones.
///
/// It connects when it is first asked, and anew when the connection is lost. Keys are written by their
/// [`Codec`]; one that is not for it (`None`) is a miss.
///
/// Processes that share answers have the same server, database and [`prefix`](Self::prefix), and their clocks
/// agree to within what a call takes.
pub struct RedisStore {
    server: Arc<RedisServer>,
    scripts: Scripts,
    names: Names,
    leads: Arc<Leads>,
    /// What tells this process from others.
    id: String,
    compress_above: usize,
    lead_lifetime: Duration,
    deaf_limit: Duration,
}

impl RedisStore {
    /// A store on the server of `url`: `redis://user:password@host:port/database`, or `rediss://` for TLS, with
    /// the feature `tls`. It does not connect yet.
    ///
    /// # Errors
    ///
    /// If `url` is not such a URL.
    pub fn new(url: &str) -> Result<Self, RedisStoreError> {
        Ok(Self {
            server: Arc::new(RedisServer::new(url)?),
            scripts: Scripts::new(),
            names: Names::new("tower-response-cache"),
            leads: Arc::default(),
            id: format!("{:032x}:", fastrand::u128(..)),
            compress_above: 1024,
            lead_lifetime: Duration::from_secs(3),
            deaf_limit: Duration::from_secs(60),
        })
    }

    /// What all names in Redis begin with, followed by a colon. Default: `tower-response-cache`.
    ///
    /// Caches whose keys or answers mean different things need different ones.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.names = Names::new(prefix);
        self
    }

    /// Records above that length are compressed by LZ4, if it makes them shorter. Default: 1,024 bytes;
    /// [`usize::MAX`] compresses none.
    #[must_use]
    pub fn compress_above(mut self, bytes: usize) -> Self {
        self.compress_above = bytes;
        self
    }

    /// After how long another process takes the lead of one that has died. Default: 3 seconds.
    ///
    /// A living process renews its lead three times in that time. It is 30 milliseconds at least.
    #[must_use]
    pub fn lead_lifetime(mut self, lifetime: Duration) -> Self {
        self.lead_lifetime = lifetime.max(Duration::from_millis(30));
        self
    }

    /// How long memory is used without a connection by which invalidations are heard. Then all of it is
    /// forgotten, each time that so long has gone again. Default: 1 minute.
    ///
    /// Shorter than that an outage costs no answers that are in memory; a process that is cut off for longer must
    /// not go on with answers that the others have dropped. It is looked at every 7 seconds at least.
    #[must_use]
    pub fn deaf_limit(mut self, limit: Duration) -> Self {
        self.deaf_limit = limit;
        self
    }

    fn look(&self, key: &[u8], token: &str) -> ScriptInvocation<'_> {
        let mut question = self.scripts.look.prepare_invoke();
        question.key(self.names.record(key)).key(self.names.all());
        question.key(self.names.lead(key));
        question
            .arg(millis(FLOOR_LIFETIME))
            .arg(self.names.tag(""))
            .arg(&self.id)
            .arg(token)
            .arg(millis(self.lead_lifetime));
        question
    }
}

/// What the script `look` says if there is no record.
const LEADS: i64 = 1;
const ELSEWHERE: i64 = 2;

/// What `look` has found: an entry, or a number.
fn found(answer: Value) -> Result<Result<RemoteEntry, i64>, RedisStoreError> {
    let parts = match answer {
        Value::Int(number) => return Ok(Err(number)),
        answer => answer,
    };
    let (left, beyond, packed): (i64, u64, Vec<u8>) = redis::from_redis_value(parts)
        .map_err(|_| RedisStoreError::from(ErrorKind::UnexpectedReturnType))?;
    let left = u64::try_from(left).unwrap_or(0);
    let expires_in = match beyond {
        u64::MAX => Duration::MAX,
        beyond => Duration::from_millis(left.saturating_add(beyond)),
    };
    // Bytes that cannot be unpacked are left to the cache, which counts them.
    let bytes = body::unpack(packed).unwrap_or_default();
    Ok(Ok(RemoteEntry::new(bytes, expires_in)))
}

impl<K: Codec + Clone + Send + Sync + 'static> RemoteStore<K> for RedisStore {
    type Error = RedisStoreError;

    async fn get(&self, key: &K) -> Result<Option<RemoteEntry>, RedisStoreError> {
        let Some(key) = key.encode() else {
            return Ok(None);
        };
        let mut connection = self.server.shared()?;
        let answer = self.look(&key, "").invoke_async(&mut connection).await?;
        Ok(found(answer)?.ok())
    }

    async fn get_or_lead(&self, key: &K) -> Result<RemoteFlight, RedisStoreError> {
        let alone = RemoteFlight::Lead(tower_response_cache::RemoteLead::alone());
        let Some(key) = key.encode() else {
            return Ok(alone);
        };
        let mut connection = self.server.shared()?;
        let token = self.leads.token(&self.id);
        let question = self.look(&key, &token);
        let answer = question.invoke_async(&mut connection).await?;
        Ok(match found(answer)? {
            Ok(entry) => RemoteFlight::Found(entry),
            Err(LEADS) => RemoteFlight::Lead(
                Renewal {
                    connection,
                    script: self.scripts.renew.clone(),
                    leads: Arc::clone(&self.leads),
                    lifetime: self.lead_lifetime,
                }
                .hold(self.names.lead(&key), token),
            ),
            Err(ELSEWHERE) => RemoteFlight::Elsewhere,
            Err(_) => alone,
        })
    }

    async fn insert(&self, key: &K, entry: RemoteEntry) -> Result<(), RedisStoreError> {
        self.insert_newer(key, entry).await.map(drop)
    }

    async fn remove(&self, key: &K) -> Result<(), RedisStoreError> {
        self.forget(Outdated::Key(key), u64::MAX).await
    }

    async fn remove_tag(&self, tag: &str) -> Result<(), RedisStoreError> {
        RemoteStore::<K>::forget(self, Outdated::Tag(tag), u64::MAX).await
    }

    async fn clear(&self) -> Result<(), RedisStoreError> {
        RemoteStore::<K>::forget(self, Outdated::All, u64::MAX).await
    }

    async fn insert_newer(&self, key: &K, entry: RemoteEntry) -> Result<bool, RedisStoreError> {
        let Some(key) = key.encode() else {
            return Ok(true);
        };
        let mut connection = self.server.shared()?;
        let lead = self.names.lead(&key);
        let token = self.leads.held(&lead);
        let lifetime = entry.expires_in.min(LONGEST);
        let beyond = match entry.expires_in {
            Duration::MAX => u64::MAX,
            expires_in => millis(expires_in - lifetime),
        };
        let mut question = self.scripts.insert.prepare_invoke();
        question.key(self.names.record(&key)).key(self.names.all());
        question.key(&lead);
        question
            .arg(millis(FLOOR_LIFETIME))
            .arg(self.names.tag(""))
            .arg(token.as_deref().unwrap_or_default())
            .arg(digits(entry.version))
            .arg(millis(lifetime).max(1))
            .arg(beyond)
            .arg(body::pack(&entry.bytes, self.compress_above));
        for tag in &*entry.tags {
            question.arg(&**tag);
        }
        let taken: bool = question.invoke_async(&mut connection).await?;
        if let Some(token) = token {
            self.leads.ended(&lead, &token);
        }
        Ok(taken)
    }

    async fn forget(&self, what: Outdated<'_, K>, before: u64) -> Result<(), RedisStoreError> {
        let (kind, target, lead, name) = match what {
            Outdated::Key(key) => {
                let Some(key) = key.encode() else {
                    return Ok(());
                };
                let lead = self.names.lead(&key);
                ("key", self.names.record(&key), lead, key)
            }
            Outdated::Tag(tag) => {
                let name = tag.as_bytes().to_vec();
                ("tag", self.names.tag(tag), self.names.all(), name)
            }
            _ => ("all", self.names.all(), self.names.all(), Vec::new()),
        };
        let mut connection = self.server.shared()?;
        let mut question = self.scripts.forget.prepare_invoke();
        question.key(target).key(self.names.log()).key(lead);
        question.key(self.names.all());
        question
            .arg(millis(FLOOR_LIFETIME))
            .arg(kind)
            .arg(digits(before))
            .arg(&self.id)
            .arg(name)
            .arg(MOST_LOGGED)
            .arg(millis(LONGEST));
        Ok(question.invoke_async(&mut connection).await?)
    }

    async fn listen(&self, memory: SharedMemory<K>) {
        let listen = Listen {
            server: &self.server,
            resume: &self.scripts.resume,
            log: self.names.log(),
            log_lifetime: millis(LONGEST),
            id: &self.id,
            deaf_limit: self.deaf_limit,
            memory,
        };
        listen.run().await;
    }
}

/// A version as the scripts compare it.
fn digits(version: u64) -> String {
    format!("{version:020}")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

// Neither the URL nor the id: one has a password, with the other leads could be taken.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("compress_above", &self.compress_above)
            .field("lead_lifetime", &self.lead_lifetime)
            .field("deaf_limit", &self.deaf_limit)
            .finish_non_exhaustive()
    }
}
