//! What a process has of the log: requests go and answers come in their order, and pushes in theirs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tower_quota::shared::{
    Append, Appended, Base, Heard, Listening, Loaded, LogError, LogFuture, Position, SharedLog,
};

use super::{Answer, MemoryLog, Outcome, Reach, Request, State, failed};
use crate::lock;

/// Clones are of the same process.
#[derive(Clone)]
pub(crate) struct Connection {
    log: MemoryLog,
    process: usize,
    there: mpsc::UnboundedSender<Sent>,
    /// Ends the tasks that are the network.
    _network: Arc<Network>,
}

struct Sent {
    at: Duration,
    connection: u64,
    key: String,
    request: Request,
    answer: oneshot::Sender<Result<Answer, LogError>>,
}

struct Answered {
    at: Duration,
    connection: u64,
    outcome: Outcome,
    answer: oneshot::Sender<Result<Answer, LogError>>,
}

struct Network([AbortHandle; 2]);

impl Drop for Network {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

impl Connection {
    pub(super) fn new(log: MemoryLog, process: usize) -> Self {
        let (there, sent) = mpsc::unbounded_channel();
        let (back, answered) = mpsc::unbounded_channel();
        let tasks = [
            log.world.spawn(there_way(log.clone(), process, sent, back)),
            log.world.spawn(back_way(log.clone(), process, answered)),
        ];
        Self {
            log,
            process,
            there,
            _network: Arc::new(Network(tasks.map(|task| task.abort_handle()))),
        }
    }

    /// Which process it is, of all there ever were.
    pub(crate) fn process(&self) -> usize {
        self.process
    }

    async fn ask(&self, key: &str, request: Request) -> Result<Answer, LogError> {
        let connection = {
            let mut state = lock(&self.log.state);
            let gone = state.weather.reach == Reach::Gone;
            let member = &mut state.members[self.process];
            let counts = &mut member.counts;
            match &request {
                Request::Append(append) if append.is_empty() => counts.asks += 1,
                Request::Append(_) => counts.appends += 1,
                Request::Load(_) => counts.loads += 1,
                Request::Save(..) => counts.saves += 1,
            }
            if gone && member.is_reached() {
                return Err(failed());
            }
            member.connection
        };
        let (answer, answered) = oneshot::channel();
        let sent = Sent {
            at: self.log.clock.now(),
            connection,
            key: key.to_owned(),
            request,
            answer,
        };
        self.there.send(sent).map_err(|_| failed())?;
        answered.await.map_err(|_| failed())?
    }
}

async fn there_way(
    log: MemoryLog,
    process: usize,
    mut sent: mpsc::UnboundedReceiver<Sent>,
    back: mpsc::UnboundedSender<Answered>,
) {
    let mut last = Duration::ZERO;
    while let Some(sent) = sent.recv().await {
        let way = {
            let mut state = lock(&log.state);
            let state = &mut *state;
            state.weather.slow + state.members[process].way(&mut state.rng)
        };
        last = last.max(sent.at + way);
        log.clock.until(last).await;
        let mut state = lock(&log.state);
        let member = &state.members[process];
        let outcome = if !member.is_reached() {
            Outcome::Silence
        } else if member.connection != sent.connection || state.weather.reach == Reach::Gone {
            Outcome::Failed
        } else if state.weather.reach == Reach::Hangs {
            Outcome::Silence
        } else {
            state.handle(log.clock.now(), process, &sent.key, sent.request)
        };
        // Who sent it is gone where nobody takes the answers any more.
        let _ = back.send(Answered {
            at: log.clock.now(),
            connection: sent.connection,
            outcome,
            answer: sent.answer,
        });
    }
}

async fn back_way(log: MemoryLog, process: usize, mut answered: mpsc::UnboundedReceiver<Answered>) {
    let mut last = Duration::ZERO;
    while let Some(answered) = answered.recv().await {
        let way = {
            let mut state = lock(&log.state);
            let state = &mut *state;
            state.weather.slow + state.members[process].way(&mut state.rng)
        };
        last = last.max(answered.at + way);
        log.clock.until(last).await;
        let mut state = lock(&log.state);
        let gone = state.weather.reach == Reach::Gone;
        let member = &mut state.members[process];
        let gone = gone || member.connection != answered.connection;
        // Who asked may have given up.
        let _ = match answered.outcome {
            _ if !member.is_reached() => {
                state.unanswered.push(Box::new(answered.answer));
                continue;
            }
            Outcome::Silence if !gone => {
                state.unanswered.push(Box::new(answered.answer));
                continue;
            }
            Outcome::Answered(answer) if !gone => {
                member.has_answer(last);
                answered.answer.send(Ok(answer))
            }
            Outcome::Answered(_) | Outcome::Failed | Outcome::Silence => {
                answered.answer.send(Err(failed()))
            }
        };
    }
}

impl SharedLog for Connection {
    fn append<'a>(&'a self, key: &'a str, append: Append) -> LogFuture<'a, Appended> {
        Box::pin(async move {
            match self.ask(key, Request::Append(append)).await? {
                Answer::Appended(appended) => Ok(appended),
                Answer::Loaded(_) | Answer::Saved => unreachable!("it was asked to append"),
            }
        })
    }

    fn load<'a>(&'a self, key: &'a str, base: Base) -> LogFuture<'a, Loaded> {
        Box::pin(async move {
            match self.ask(key, Request::Load(base)).await? {
                Answer::Loaded(loaded) => Ok(*loaded),
                Answer::Appended(_) | Answer::Saved => unreachable!("it was asked to load"),
            }
        })
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        position: Position,
        snapshot: Vec<u8>,
    ) -> LogFuture<'a, ()> {
        Box::pin(async move {
            let saved = self.ask(key, Request::Save(position, snapshot)).await?;
            assert!(matches!(saved, Answer::Saved), "it was asked to save");
            Ok(())
        })
    }

    /// In the caller's runtime: who stands still hears nothing.
    fn listen(&self, key: &str, heard: Box<dyn Fn(Heard) + Send + Sync>) -> Listening {
        let (pushed, mut pushes) = mpsc::unbounded_channel();
        let clock = self.log.clock.clone();
        {
            let mut state = lock(&self.log.state);
            let State {
                members,
                rng,
                weather,
                ..
            } = &mut *state;
            let member = &mut members[self.process];
            member.listen(key, clock.now(), pushed);
            // What was appended before the server knew of it is not heard.
            if weather.reach == Reach::Up {
                member.missed(clock.now() + weather.slow + member.way(rng), rng);
            }
        }
        let task = tokio::spawn(async move {
            while let Some((at, what)) = pushes.recv().await {
                clock.until(at).await;
                heard(what);
            }
        });
        Box::new(Stop(task.abort_handle()))
    }
}

struct Stop(AbortHandle);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
