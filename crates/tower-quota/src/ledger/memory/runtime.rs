use std::cell::Cell;
use std::collections::HashMap;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep, sleep_until};

use super::sync::{Mutex, RwLock, lock, read, write};

/// A tokio runtime that calls wait in.
///
/// A timer of a runtime that shuts down panics when it is touched. So each runtime that a call
/// waited in has a task that sleeps for ever: a runtime drops its tasks before it stops its
/// timers, and does not come to that while [`running`](Self::running) is held.
#[derive(Clone, Debug)]
pub(crate) struct Runtime {
    id: Id,
    running: Arc<RwLock<bool>>,
}

/// Those that calls waited in, and some that are gone.
static RUNTIMES: LazyLock<Mutex<HashMap<Id, Runtime>>> = LazyLock::new(Mutex::default);

thread_local! {
    /// Whether this thread sets an alarm, and whether that alarm's waker was called meanwhile.
    static SETTING: Cell<Option<bool>> = const { Cell::new(None) };
}

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Whether the thread is setting an alarm, whose waker this is asked by. It must do nothing then, for it is
/// called under the locks of who sets the alarm; who does is told that the alarm is
/// [over](Set::Over).
///
/// A timer calls its waker at once where it fires in another thread at that moment, or did just before.
pub(crate) fn is_setting() -> bool {
    let setting = SETTING.get().is_some();
    if setting {
        SETTING.set(Some(true));
    }
    setting
}

/// The thread sets an alarm until this is dropped, if by a panic of the timer's too.
struct Setting;

impl Setting {
    fn begin() -> Self {
        SETTING.set(Some(false));
        Self
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        SETTING.set(None);
    }
}

impl Runtime {
    /// The caller's.
    ///
    /// # Panics
    ///
    /// Outside of a runtime with time enabled that goes on.
    pub(crate) fn current() -> Self {
        let here = Handle::try_current().expect("a call waits within a tokio runtime");
        let known = lock(&RUNTIMES).get(&here.id()).cloned();
        let runtime = known.unwrap_or_else(|| Self::begin(&here));
        assert!(
            runtime.is_running(),
            "the runtime that a call waits in shuts down"
        );
        runtime
    }

    #[cold]
    fn begin(here: &Handle) -> Self {
        // Panics where time is not enabled, and says so.
        drop(sleep_until(now()));
        let runtime = Self {
            id: here.id(),
            running: Arc::new(RwLock::new(true)),
        };
        // If the runtime shuts down already this is dropped at once.
        let until_dropped = UntilDropped(Arc::clone(&runtime.running));
        here.spawn(async move {
            let _until_dropped = until_dropped;
            pending::<()>().await;
        });
        let mut runtimes = lock(&RUNTIMES);
        runtimes.retain(|_, runtime| runtime.is_running());
        // Another thread of the runtime may have been here too: then it has two such tasks.
        runtimes.insert(runtime.id, runtime.clone());
        runtime
    }

    pub(crate) fn is_running(&self) -> bool {
        *read(&self.running)
    }
}

impl PartialEq for Runtime {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

struct UntilDropped(Arc<RwLock<bool>>);

impl Drop for UntilDropped {
    fn drop(&mut self) {
        *write(&self.0) = false;
    }
}

/// A timer that is driven by one runtime, and can be set from anywhere.
#[derive(Debug)]
pub(crate) struct Alarm {
    runtime: Runtime,
    due: Option<Instant>,
    sleep: Pin<Box<Sleep>>,
}

/// What comes of setting an [`Alarm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    Rings,
    /// It is that time already.
    Over,
    /// There is no runtime that would ring it.
    Gone,
}

impl Alarm {
    /// One of `runtime`, which is the caller's.
    pub(crate) fn new(runtime: Runtime) -> Self {
        Self {
            runtime,
            due: None,
            sleep: Box::pin(sleep_until(now())),
        }
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// When it rings, or rang.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether it does not ring any more unless it is set again.
    pub(crate) fn is_over(&self) -> bool {
        self.due.is_none() || self.sleep.is_elapsed()
    }

    /// Lets its runtime call `waker` at `at`. A waker that is called before this returns finds the thread
    /// [setting](is_setting) it.
    pub(crate) fn set(&mut self, at: Instant, waker: &Waker) -> Set {
        let running = read(&self.runtime.running);
        if !*running {
            return Set::Gone;
        }
        let _until_set = Setting::begin();
        // To move it to a time that is over would call its waker.
        _ = poll(self.sleep.as_mut(), Waker::noop());
        self.sleep.as_mut().reset(at);
        let polled = poll(self.sleep.as_mut(), waker);
        // A waker that was called is not called again.
        if polled.is_ready() || SETTING.get() == Some(true) {
            self.due = None;
            Set::Over
        } else {
            self.due = Some(at);
            Set::Rings
        }
    }
}

fn poll(sleep: Pin<&mut Sleep>, waker: &Waker) -> Poll<()> {
    // A task that is out of its budget would have the waker called at once, too.
    pin!(tokio::task::unconstrained(sleep)).poll(&mut Context::from_waker(waker))
}

#[cfg(all(test, not(loom)))]
mod tests;
