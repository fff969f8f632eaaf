use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::key_state::KeyState;
use super::sync::{Mutex, lock};
use crate::shared::{Heard, Listening, LogError, LogFuture, Next, SharedBy, SharedLog};

/// A key whose calls all go at once is not listened to any more after that time.
const UNUSED: Duration = Duration::from_secs(60);

/// What carries out what a key's part in a shared log is to do: a task of the runtime that its calls wait in.
pub(super) struct Driver {
    log: Arc<dyn SharedLog>,
    key: Arc<str>,
    wake: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Driver {
    pub(super) fn new(shared: &SharedBy, key: Arc<str>) -> Self {
        Self {
            log: Arc::clone(&shared.log),
            key,
            wake: Arc::default(),
            task: Mutex::default(),
        }
    }

    /// Has the task look what there is to do.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Sees to it that there is a task, if this is called within a runtime: the one before may have ended with its
    /// runtime.
    pub(super) fn run(&self, state: &Arc<KeyState>) {
        let mut task = lock(&self.task);
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        if let Ok(here) = tokio::runtime::Handle::try_current() {
            let drive = Drive {
                state: Arc::downgrade(state),
                log: Arc::clone(&self.log),
                key: Arc::clone(&self.key),
                wake: Arc::clone(&self.wake),
                listening: None,
                waited: Instant::now(),
            };
            *task = Some(here.spawn(drive.run()));
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The key is gone: the task finds that out.
        self.wake.notify_one();
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

struct Drive {
    state: Weak<KeyState>,
    log: Arc<dyn SharedLog>,
    key: Arc<str>,
    wake: Arc<Notify>,
    listening: Option<Listening>,
    /// When calls waited last for what others do.
    waited: Instant,
}

impl Drive {
    async fn run(mut self) {
        loop {
            let Some(state) = self.state.upgrade() else {
                return;
            };
            let (next, hears) = state.next();
            self.listen(hears);
            match next {
                Next::Wait(until) => {
                    let until = until.map(|at| state.instant(at));
                    drop(state);
                    self.wait(until).await;
                }
                Next::Load(base) => {
                    let sent = state.now();
                    match answer(&state, self.log.load(&self.key, base)).await {
                        Ok(loaded) => state.loaded(sent, &loaded),
                        Err(why) => state.lost(why.as_ref()),
                    }
                }
                Next::Append(append) => {
                    let sent = state.now();
                    match answer(&state, self.log.append(&self.key, append)).await {
                        Ok(appended) => state.appended(sent, &appended),
                        Err(why) => state.lost(why.as_ref()),
                    }
                }
                Next::Save(position, snapshot) => {
                    let saved = self.log.save(&self.key, position, snapshot);
                    if let Err(why) = answer(&state, saved).await {
                        state.lost(why.as_ref());
                    }
                }
            }
        }
    }

    /// Listens to what others append if calls wait for that, or did so lately.
    fn listen(&mut self, hears: bool) {
        let now = Instant::now();
        if hears {
            self.waited = now;
        }
        if hears && self.listening.is_none() {
            let state = Weak::clone(&self.state);
            let heard = move |heard: Heard| {
                if let Some(state) = state.upgrade() {
                    state.heard(&heard);
                }
            };
            self.listening = Some(self.log.listen(&self.key, Box::new(heard)));
        } else if now >= self.waited + UNUSED {
            self.listening = None;
        }
    }

    /// Until that time, or until there is something to do.
    async fn wait(&mut self, until: Option<Instant>) {
        let unused = self.listening.is_some().then(|| self.waited + UNUSED);
        let woken = self.wake.notified();
        match until.into_iter().chain(unused).min() {
            // Whether it was woken or it is time, it looks what there is to do.
            Some(until) => timeout_at(until, woken).await.unwrap_or_default(),
            None => woken.await,
        }
    }
}

/// What the log answers, or why not: nothing is known if it is not in time.
async fn answer<T>(
    state: &Arc<KeyState>,
    question: LogFuture<'_, T>,
) -> Result<T, Option<LogError>> {
    let answer = timeout(state.patience(), question).await;
    answer
        .map_err(|_| None)
        .and_then(|answer| answer.map_err(Some))
}
