//! A shared log in memory, with the way to it and all that may befall it.
//!
//! It is one value for all processes, each of which has a [`Connection`] to it.

mod connection;
mod log;
mod member;
mod time;
mod weather;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::runtime::Handle;
use tower_quota::shared::{Append, Appended, Base, Loaded, LogError, Position};

pub(crate) use self::connection::Connection;
use self::log::Log;
pub(crate) use self::member::Counts;
use self::member::Member;
pub(crate) use self::weather::{Reach, Weather};
use crate::clock::Clock;
use crate::lock;

/// The server's clock when all begins, in microseconds.
const BEGINS: i64 = 1_700_000_000_000_000;
/// How long it takes to connect again.
const RECONNECT: Duration = Duration::from_millis(100);

#[derive(Clone)]
pub(crate) struct MemoryLog {
    clock: Clock,
    /// Where the server and the network are.
    world: Handle,
    state: Arc<Mutex<State>>,
}

struct State {
    logs: BTreeMap<String, Log>,
    members: Vec<Member>,
    weather: Weather,
    rng: Rng,
    /// What the server's clock was set by, in microseconds.
    set_by: i64,
    /// Who waits for an answer that never comes.
    unanswered: Vec<Box<dyn Any + Send>>,
}

/// What a process may want of a log.
pub(crate) enum Request {
    Append(Append),
    Load(Base),
    Save(Position, Vec<u8>),
}

pub(crate) enum Answer {
    Appended(Appended),
    Loaded(Box<Loaded>),
    Saved,
}

/// What the server does with a request.
enum Outcome {
    Answered(Answer),
    Failed,
    /// It has not come, or its answer is lost.
    Silence,
}

impl MemoryLog {
    /// Its server is in the runtime `world`, which is one of the `clock`'s.
    pub(crate) fn new(clock: &Clock, world: &Handle, seed: u64) -> Self {
        Self {
            clock: clock.clone(),
            world: world.clone(),
            state: Arc::new(Mutex::new(State {
                logs: BTreeMap::new(),
                members: Vec::new(),
                weather: Weather::default(),
                rng: Rng::with_seed(seed ^ 0x10_6106),
                set_by: 0,
                unanswered: Vec::new(),
            })),
        }
    }

    /// A new process, whose way to the server and back takes so long.
    pub(crate) fn connect(&self, round_trip: Duration) -> Connection {
        let mut state = lock(&self.state);
        state.members.push(Member::new(round_trip));
        Connection::new(self.clone(), state.members.len() - 1)
    }

    /// Changes what befalls all of it. When it is up again, the connections are made anew.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Weather)) {
        let mut state = lock(&self.state);
        let was_up = state.weather.reach == Reach::Up;
        change(&mut state.weather);
        if !was_up {
            self.reconnect_all(&mut state);
            let now = self.clock.now();
            let members = state.members.iter_mut();
            members.for_each(|member| member.can_return(now));
        }
    }

    /// The server forgets all.
    pub(crate) fn empty(&self) {
        lock(&self.state).logs.clear();
    }

    /// A replica that has all but the last `entries` takes its place.
    pub(crate) fn fail_over(&self, entries: usize) {
        let mut state = lock(&self.state);
        let logs = state.logs.values_mut();
        logs.for_each(|log| log.lag_by(entries));
        self.reconnect_all(&mut state);
    }

    /// The server's clock is set forward, or back.
    pub(crate) fn step(&self, seconds: f64) {
        lock(&self.state).set_by += (seconds * 1e6) as i64;
    }

    /// Cuts a process off, or no longer: nothing comes from it or to it.
    pub(crate) fn cut(&self, process: usize, cut: bool) {
        let mut state = lock(&self.state);
        state.members[process].cut = cut;
        if !cut {
            state.members[process].can_return(self.clock.now());
            self.reconnect(&mut state, process);
        }
    }

    /// A process has died.
    pub(crate) fn kill(&self, process: usize) {
        let mut state = lock(&self.state);
        state.members[process].die();
    }

    pub(crate) fn counts(&self, process: usize) -> Counts {
        lock(&self.state).members[process].counts
    }

    /// What all processes there ever were have sent.
    pub(crate) fn commands(&self) -> u64 {
        let state = lock(&self.state);
        let each = state.members.iter();
        each.map(|member| member.counts.commands()).sum()
    }

    /// How many seconds after it could the process had an answer again, after the log was gone or it was cut off; zero
    /// if neither was.
    pub(crate) fn back(&self, process: usize) -> f64 {
        lock(&self.state).members[process].back()
    }

    /// When the process had its last answer.
    pub(crate) fn answered(&self, process: usize) -> Duration {
        lock(&self.state).members[process].answered
    }

    /// The most entries that a log shows.
    pub(crate) fn longest(&self) -> u64 {
        let state = lock(&self.state);
        state.logs.values().map(Log::len).max().unwrap_or(0)
    }

    /// The number of entries that a key's log has had.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        lock(&self.state).logs.get(key).map(Log::number)
    }

    fn reconnect_all(&self, state: &mut State) {
        for process in 0..state.members.len() {
            self.reconnect(state, process);
        }
    }

    /// Who listens may have missed something.
    fn reconnect(&self, state: &mut State, process: usize) {
        let at = self.clock.now() + RECONNECT;
        let State { members, rng, .. } = state;
        let member = &mut members[process];
        member.connection += 1;
        if state.weather.reach == Reach::Up {
            member.missed(at, rng);
        }
    }
}

impl State {
    /// What is done with a request when it comes to the server, at `now`.
    fn handle(&mut self, now: Duration, process: usize, key: &str, request: Request) -> Outcome {
        let clock = BEGINS + self.set_by + now.as_micros() as i64;
        let answer = match request {
            Request::Append(append) => self.append(now, clock, key, &append),
            Request::Load(base) => {
                let log = self.logs.entry(key.to_owned());
                let log = log.or_insert_with(|| Log::new(clock, base));
                Answer::Loaded(Box::new(log.load(clock)))
            }
            Request::Save(position, snapshot) => {
                if let Some(log) = self.logs.get_mut(key) {
                    log.save(position, snapshot);
                }
                Answer::Saved
            }
        };
        if self.weather.loses_answer(process, &mut self.rng) {
            Outcome::Silence
        } else {
            Outcome::Answered(answer)
        }
    }

    fn append(&mut self, now: Duration, clock: i64, key: &str, append: &Append) -> Answer {
        let Some(log) = self.logs.get_mut(key) else {
            return Answer::Appended(Appended::Elsewhere);
        };
        let (appended, heard) = log.append(clock, append);
        if let Some(heard) = heard {
            let weather = &self.weather;
            for (process, member) in self.members.iter_mut().enumerate() {
                member.push(now + weather.slow, &mut self.rng, key, &heard, |rng| {
                    weather.pushes(process, rng)
                });
            }
        }
        Answer::Appended(appended)
    }
}

fn failed() -> LogError {
    LogError::new("the connection is closed")
}
