//! Stands in for tokio's clock and timers in the models: time passes, and alarms ring, when a
//! model says so.

use std::cell::Cell;
use std::sync::LazyLock;
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

pub(crate) type Id = u32;

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

// All threads of a model are one thread of the operating system.
std::thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
}

loom::thread_local! {
    static RUNTIME: Cell<Option<Id>> = Cell::new(None);
}

pub(crate) fn now() -> Instant {
    *EPOCH + Duration::from_nanos(NOW.get())
}

/// Brings the clock to `at`; it goes back only between models.
pub(crate) fn set_now(at: Instant) {
    let nanos = at.saturating_duration_since(*EPOCH).as_nanos();
    NOW.set(u64::try_from(nanos).expect("models are short"));
}

pub(crate) fn epoch() -> Instant {
    *EPOCH
}

/// No timer here calls a waker at once.
pub(crate) fn is_setting() -> bool {
    false
}

/// Puts the calling thread into a runtime.
pub(crate) fn enter(runtime: Id) {
    RUNTIME.with(|cell| cell.set(Some(runtime)));
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Runtime {
    pub(crate) id: Id,
}

impl Runtime {
    pub(crate) fn current() -> Self {
        let id = RUNTIME.with(Cell::get).expect("the thread is in a runtime");
        Self { id }
    }

    /// What shuts down does so in tests with tokio's own.
    #[expect(clippy::unused_self, reason = "tokio's runtimes end")]
    pub(crate) fn is_running(&self) -> bool {
        true
    }
}

#[derive(Debug)]
pub(crate) struct Alarm {
    runtime: Runtime,
    due: Option<Instant>,
    over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    Rings,
    Over,
    Gone,
}

impl Alarm {
    pub(crate) fn new(runtime: Runtime) -> Self {
        Self {
            runtime,
            due: None,
            over: true,
        }
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    pub(crate) fn set(&mut self, at: Instant, _: &Waker) -> Set {
        self.due = Some(at);
        self.over = at <= now();
        if self.over { Set::Over } else { Set::Rings }
    }

    pub(crate) fn ring(&mut self) {
        self.over = true;
    }
}
