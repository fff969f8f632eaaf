//! The log in memory is what the trait says.

mod entries;
mod time;
mod weather;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;
use tower_quota::shared::{
    Append, Appended, Base, Claim, Heard, Listening, Loaded, Position, SharedLog, Tail, Totals,
};

use crate::clock::Clock;
use crate::lock;
use crate::memory_log::{Connection, MemoryLog};

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn log() -> MemoryLog {
    let clock = Clock::default();
    clock.begin_here();
    MemoryLog::new(&clock, &Handle::current(), 1)
}

fn near(log: &MemoryLog) -> Connection {
    log.connect(Duration::from_millis(2))
}

fn base(epoch: u64) -> Base {
    Base {
        position: Position { epoch, number: 0 },
        ..Base::default()
    }
}

fn facts(seen: Position, facts: &[u8]) -> Append {
    Append {
        seen,
        facts: facts.to_vec(),
        ..Append::default()
    }
}

fn claim(seen: Position, tokens: u64, up_to: Totals) -> Append {
    let claim = Claim {
        bytes: b"claim".to_vec(),
        calls: 1,
        tokens,
        up_to,
    };
    Append {
        seen,
        claim: Some(claim),
        ..Append::default()
    }
}

async fn load(one: &Connection, base: Base) -> Loaded {
    let loaded = timeout(YEAR, one.load("key", base)).await;
    loaded.expect("it answers").expect("it is there")
}

async fn begin(one: &Connection) -> Position {
    load(one, base(7)).await.tail.position
}

async fn append(one: &Connection, append: Append) -> Appended {
    let appended = timeout(YEAR, one.append("key", append)).await;
    appended.expect("it answers").expect("it is there")
}

async fn tail(one: &Connection, what: Append) -> Tail {
    match append(one, what).await {
        Appended::Tail(tail) => tail,
        Appended::Elsewhere => panic!("it is this log"),
    }
}

fn texts(tail: &Tail) -> Vec<&[u8]> {
    tail.entries.iter().map(|entry| &*entry.facts).collect()
}

/// What somebody hears.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<Heard>>>);

impl Ear {
    fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut lock(&self.0))
    }

    fn numbers(&self) -> Vec<u64> {
        let heard = self.heard().into_iter();
        let numbers = heard.map(|heard| match heard {
            Heard::Entry { entry, .. } => entry.number,
            Heard::Missed => 0,
        });
        numbers.collect()
    }

    fn listen(&self, one: &Connection) -> Listening {
        let ear = self.clone();
        one.listen("key", Box::new(move |heard| lock(&ear.0).push(heard)))
    }
}
