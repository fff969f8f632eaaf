//! Stands in for tokio's clock and timer in the models: time passes, and timers fire, when a
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

pub(crate) fn runtime() -> Option<Id> {
    RUNTIME.with(Cell::get)
}

/// Puts the calling thread into a runtime.
pub(crate) fn enter(runtime: Id) {
    RUNTIME.with(|cell| cell.set(Some(runtime)));
}

#[derive(Debug, Default)]
pub(crate) struct Timer {
    set: Option<(Instant, Id)>,
}

impl Timer {
    pub(crate) fn due(&self) -> Option<(Instant, Id)> {
        self.set
    }

    pub(crate) fn set(&mut self, at: Instant, here: Id, _: &Waker) -> bool {
        self.set = (at > now()).then_some((at, here));
        self.set.is_some()
    }

    pub(crate) fn fired(&mut self) -> Option<Instant> {
        self.set.take().map(|(at, _)| at)
    }

    pub(crate) fn clear(&mut self) {
        self.set = None;
    }
}
