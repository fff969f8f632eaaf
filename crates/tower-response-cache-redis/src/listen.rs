use std::{convert::Infallible, time::Duration};

use redis::{Script, Value, aio::MultiplexedConnection};
use tokio::time::{Instant, sleep};
use tower_redis_connection::{RedisServer, RedisServerError, RetryPause, within};
use tower_response_cache::{Codec, Outdated, SharedMemory};

use crate::position::Position;

/// How long the server holds a question that it has no news for.
const HELD: Duration = Duration::from_secs(5);

/// How long it may take beyond that.
const LATE: Duration = Duration::from_secs(2);

/// How many entries are read at once.
const READ_AT_ONCE: usize = 256;

/// What came so long before the first attempt to connect is read, too: the two clocks need not run alike.
const AT_FIRST: Duration = Duration::from_secs(1);

/// Follows the log of what was forgotten, on a connection of its own.
///
/// The log is a stream and not a channel that is published to: after a lost connection what was missed is read
/// there, and the numbers of the entries tell whether all of it is still there.
pub(crate) struct Listen<'a, K> {
    pub(crate) server: &'a RedisServer,
    pub(crate) resume: &'a Script,
    pub(crate) log: Vec<u8>,
    pub(crate) log_lifetime: u64,
    pub(crate) id: &'a str,
    pub(crate) deaf_limit: Duration,
    pub(crate) memory: SharedMemory<K>,
}

/// Number and fields of an entry.
type Entry = (String, Vec<(String, Vec<u8>)>);

impl<K: Codec + Clone> Listen<'_, K> {
    pub(crate) async fn run(&self) {
        let mut position = None;
        let began = Instant::now();
        // When all that was forgotten until then was known.
        let mut heard = Instant::now();
        let mut retry = RetryPause::default();
        loop {
            let before = heard;
            let Err(_) = self.follow(&mut position, began, &mut heard).await;
            if heard.elapsed() >= self.deaf_limit {
                self.memory.forget(Outdated::All);
                heard = Instant::now();
            }
            // The first attempt after it was connected comes soon.
            if heard != before {
                retry = RetryPause::default();
            }
            sleep(retry.next_pause()).await;
        }
    }

    /// Follows the log until the connection is lost.
    async fn follow(
        &self,
        position: &mut Option<Position>,
        began: Instant,
        heard: &mut Instant,
    ) -> Result<Infallible, RedisServerError> {
        let mut connection = within(LATE, self.server.connect()).await?;
        let resumed = self.resume(&mut connection, *position, began.elapsed());
        let (after, whole) = within(LATE, resumed).await?;
        let position = position.insert(Position::after(after));
        if !whole {
            self.memory.forget(Outdated::All);
        }
        loop {
            *heard = Instant::now();
            for (number, fields) in self.next(&mut connection, position.number()).await? {
                if position.advance(number_of(&number)) {
                    self.forget(&fields);
                } else {
                    self.memory.forget(Outdated::All);
                }
            }
        }
    }

    /// The number of the entry after which to read on, and whether nothing before it was missed.
    async fn resume(
        &self,
        connection: &mut MultiplexedConnection,
        position: Option<Position>,
        elapsed: Duration,
    ) -> Result<(u64, bool), RedisServerError> {
        let read = position.map(|position| position.number().to_string());
        let mut question = self.resume.key(&self.log);
        question
            .arg(self.log_lifetime)
            .arg(read.unwrap_or_default())
            .arg((elapsed + AT_FIRST).as_micros() as u64);
        Ok(question.invoke_async(connection).await?)
    }

    /// The entries after that number, once there are any.
    async fn next(
        &self,
        connection: &mut MultiplexedConnection,
        after: u64,
    ) -> Result<Vec<Entry>, RedisServerError> {
        let mut question = redis::cmd("XREAD");
        question.arg("COUNT").arg(READ_AT_ONCE);
        question.arg("BLOCK").arg(HELD.as_millis() as u64);
        question
            .arg("STREAMS")
            .arg(&self.log)
            .arg(format!("{after}-0"));
        let asked = question.query_async::<Option<Vec<(Value, Vec<Entry>)>>>(connection);
        let logs = within(HELD + LATE, asked).await?.unwrap_or_default();
        Ok(logs.into_iter().flat_map(|(_, entries)| entries).collect())
    }

    fn forget(&self, fields: &[(String, Vec<u8>)]) {
        let field = |name: &str| {
            let found = fields.iter().find(|(own, _)| own == name);
            found.map_or(&[][..], |(_, value)| value)
        };
        // This process has forgotten it when it was told to.
        if field("by") == self.id.as_bytes() {
            return;
        }
        let name = field("name");
        match field("what") {
            b"key" => match K::decode(name) {
                Some(key) => self.memory.forget(Outdated::Key(&key)),
                None => self.memory.forget(Outdated::All),
            },
            b"tag" => match std::str::from_utf8(name) {
                Ok(tag) => self.memory.forget(Outdated::Tag(tag)),
                Err(_) => self.memory.forget(Outdated::All),
            },
            _ => self.memory.forget(Outdated::All),
        }
    }
}

/// The number of an entry, which is the first half of its id.
fn number_of(id: &str) -> u64 {
    let number = id.split('-').next();
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
