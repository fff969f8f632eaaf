use std::sync::{Arc, Mutex};

pub(crate) use redis_test_server::{Proxy, SECOND, Server, connections, lifetimes, until};
use tower_quota::shared::{
    Append, Appended, Base, Claim, Heard, Listening, Loaded, LogError, Position, SharedLog, Tail,
    Totals,
};
use tower_quota_redis::RedisLog;

/// The log that the tests append to.
pub(crate) const KEY: &str = "quota";

pub(crate) fn log(server: &Server) -> RedisLog {
    RedisLog::new(&server.url()).expect("a URL")
}

/// A log that begins with nothing.
pub(crate) fn base(epoch: u64) -> Base {
    let position = Position { epoch, number: 0 };
    Base {
        position,
        ..Base::default()
    }
}

pub(crate) async fn load(log: &RedisLog, base: Base) -> Loaded {
    log.load(KEY, base).await.expect("it is loaded")
}

/// The first to load it, by that epoch.
pub(crate) async fn begin(log: &RedisLog, epoch: u64) -> Tail {
    load(log, base(epoch)).await.tail
}

pub(crate) fn facts(seen: Position, facts: &[u8]) -> Append {
    Append {
        seen,
        facts: facts.to_vec(),
        ..Append::default()
    }
}

/// So many calls of 10 tokens, if nobody else has claimed any since `tail`.
pub(crate) fn claim(tail: &Tail, calls: u64) -> Append {
    Append {
        seen: tail.position,
        claim: Some(Claim {
            bytes: calls.to_string().into_bytes(),
            calls,
            tokens: 10 * calls,
            up_to: tail.totals,
        }),
        ..Append::default()
    }
}

pub(crate) async fn try_append(log: &RedisLog, append: Append) -> Result<Appended, LogError> {
    log.append(KEY, append).await
}

pub(crate) async fn append(log: &RedisLog, append: Append) -> Tail {
    match try_append(log, append).await.expect("an answer") {
        Appended::Tail(tail) => tail,
        Appended::Elsewhere => panic!("it is another log"),
    }
}

pub(crate) async fn is_elsewhere(log: &RedisLog, append: Append) -> bool {
    try_append(log, append).await.expect("an answer") == Appended::Elsewhere
}

/// Appends so many facts, and says where the log is then.
pub(crate) async fn flood(log: &RedisLog, mut seen: Position, many: u64) -> Position {
    for number in 0..many {
        let tail = append(log, facts(seen, &number.to_be_bytes())).await;
        seen = tail.position;
    }
    seen
}

pub(crate) fn totals(calls: u64, tokens: u64, stops: u64) -> Totals {
    Totals {
        calls,
        tokens,
        stops,
    }
}

/// What a listener has heard.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<Mutex<Vec<Heard>>>);

impl Ear {
    /// Listens to the log, from now on.
    pub(crate) async fn listen(log: &RedisLog, key: &str) -> (Self, Listening) {
        let ear = Self::default();
        let listening = ear.to(log, key);
        until("subscribed", || ear.missed() == 1).await;
        (ear, listening)
    }

    pub(crate) fn to(&self, log: &RedisLog, key: &str) -> Listening {
        let heard = Arc::clone(&self.0);
        log.listen(key, Box::new(move |what| heard.lock().unwrap().push(what)))
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn missed(&self) -> usize {
        let heard = self.0.lock().unwrap();
        heard
            .iter()
            .filter(|&heard| *heard == Heard::Missed)
            .count()
    }

    /// The numbers of the entries, as they came.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        let number = |heard: Heard| match heard {
            Heard::Entry { entry, .. } => Some(entry.number),
            Heard::Missed => None,
        };
        self.heard().into_iter().filter_map(number).collect()
    }
}
