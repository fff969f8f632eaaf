use std::{fmt, sync::Arc};

use redis::{ScriptInvocation, Value};
use tower_quota::shared::{
    Append, Appended, Base, Claim, Heard, Listening, Loaded, LogError, LogFuture, Position,
    SharedLog, Totals,
};
use tower_redis_connection::{RedisServer, RedisServerError};

use crate::listen::{Listeners, Subscriber};
use crate::names::{LogNames, Names};
use crate::packed::{MOST, State, pack};
use crate::{answer, scripts::Scripts};

/// A [`SharedLog`] on Redis 7 or Valkey 8, and later ones.
///
/// It connects when it is first asked, and anew when the connection is lost. What it is asked has no limit of time:
/// whoever asks drops it.
///
/// Processes that share a quota have the same server, database and [`prefix`](Self::prefix).
pub struct RedisLog {
    server: Arc<RedisServer>,
    scripts: Scripts,
    names: Names,
    listeners: Arc<Listeners>,
    subscriber: Arc<Subscriber>,
}

impl RedisLog {
    /// A log on the server of `url`: `redis://user:password@host:port/database`, or `rediss://` for TLS, with the
    /// feature `tls`. It does not connect yet.
    ///
    /// # Errors
    ///
    /// If `url` is not such a URL.
    pub fn new(url: &str) -> Result<Self, RedisServerError> {
        Ok(Self {
            server: Arc::new(RedisServer::new(url)?),
            scripts: Scripts::new(),
            names: Names::new("tower-quota"),
            listeners: Arc::default(),
            subscriber: Arc::default(),
        })
    }

    /// What all names in Redis begin with, after a brace and before a colon. Default: `tower-quota`.
    ///
    /// Quotas that are not the same, or whose calls cost something else, need different ones.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.names = Names::new(prefix);
        self
    }

    async fn ask(&self, question: &ScriptInvocation<'_>) -> Result<Value, RedisServerError> {
        Subscriber::ensure(&self.subscriber, &self.server, &self.listeners);
        let mut connection = self.server.shared()?;
        Ok(question.invoke_async(&mut connection).await?)
    }
}

impl SharedLog for RedisLog {
    fn append<'a>(&'a self, key: &'a str, append: Append) -> LogFuture<'a, Appended> {
        Box::pin(async move {
            let mut question = self.scripts.append.prepare_invoke();
            keys(&mut question, &self.names.of(key));
            let heard = append.heard;
            let heard = heard.map(|(at, ago)| (at as f64, ago.as_micros() as f64));
            let (heard, ago) = heard.unwrap_or((-1.0, 0.0));
            let claim = append.claim.as_ref();
            let mut numbers = pack([append.seen.number]);
            numbers.extend([heard, ago].map(f64::to_le_bytes).concat());
            numbers.extend(
                claim
                    .map(claimed)
                    .transpose()?
                    .unwrap_or_else(|| pack([0; 5])),
            );
            question.arg(&append.seen.epoch.to_le_bytes()).arg(numbers);
            question.arg(u8::from(append.stop)).arg(&append.facts);
            if let Some(claim) = claim {
                question.arg(&claim.bytes);
            }
            let answer = self.ask(&question).await.map_err(LogError::new)?;
            answer::appended(append, answer).map_err(LogError::new)
        })
    }

    fn load<'a>(&'a self, key: &'a str, base: Base) -> LogFuture<'a, Loaded> {
        Box::pin(async move {
            let Base {
                position: Position { epoch, number },
                at,
                totals,
                snapshot,
            } = base;
            exact([number, at, totals.calls, totals.tokens, totals.stops])?;
            let state = State { number, at, totals };
            let mut question = self.scripts.load.prepare_invoke();
            keys(&mut question, &self.names.of(key));
            question.arg(&epoch.to_le_bytes()).arg(state.pack());
            if let Some(snapshot) = snapshot {
                question.arg(snapshot);
            }
            let answer = self.ask(&question).await.map_err(LogError::new)?;
            answer::loaded(answer).map_err(LogError::new)
        })
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        position: Position,
        snapshot: Vec<u8>,
    ) -> LogFuture<'a, ()> {
        Box::pin(async move {
            let mut question = self.scripts.save.prepare_invoke();
            keys(&mut question, &self.names.of(key));
            question.arg(&position.epoch.to_le_bytes());
            question.arg(position.number);
            question.arg(snapshot);
            self.ask(&question).await.map_err(LogError::new)?;
            Ok(())
        })
    }

    fn listen(&self, key: &str, heard: Box<dyn Fn(Heard) + Send + Sync>) -> Listening {
        let listening = self.listeners.add(self.names.of(key).log, heard);
        Subscriber::ensure(&self.subscriber, &self.server, &self.listeners);
        Box::new(listening)
    }
}

fn keys(question: &mut ScriptInvocation<'_>, names: &LogNames) {
    question.key(&names.head).key(&names.log);
    question.key(&names.snapshot);
}

/// The numbers of a claim.
fn claimed(claim: &Claim) -> Result<Vec<u8>, LogError> {
    exact([claim.calls, claim.tokens])?;
    let Totals {
        calls,
        tokens,
        stops,
    } = claim.up_to;
    Ok(pack([claim.calls, claim.tokens, calls, tokens, stops]))
}

fn exact<const N: usize>(numbers: [u64; N]) -> Result<(), LogError> {
    match numbers.iter().all(|&number| number <= MOST) {
        true => Ok(()),
        false => Err(LogError::new("Redis counts to 2^53 alone")),
    }
}

// The URL has a password.
impl fmt::Debug for RedisLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLog").finish_non_exhaustive()
    }
}
