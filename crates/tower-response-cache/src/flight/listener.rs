use std::future::Future;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::task::AbortHandle;

use super::callers::Background;

/// The task that hears what other processes invalidate. It ends with this.
#[derive(Debug, Default)]
pub(super) struct Listener {
    /// Whether it runs, or has come to its end. Else its runtime has ended before.
    alive: Arc<AtomicBool>,
    task: Mutex<Option<AbortHandle>>,
}

/// Says when the task is dropped before its end.
struct Alive {
    is_alive: Arc<AtomicBool>,
    has_ended: bool,
}

impl Alive {
    /// There is nothing to hear any more.
    fn end(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if !self.has_ended {
            // Pairs with the load below: who sees it also sees what the task had forgotten.
            self.is_alive.store(false, Ordering::Release);
        }
    }
}

impl Listener {
    /// Starts what `listen` makes, unless it runs. `listen` is told whether it ran before, and something was
    /// missed since.
    pub(super) fn start<F>(&self, listen: impl FnOnce(bool) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if self.alive.load(Ordering::Acquire) {
            return;
        }
        let Some(background) = Background::at_hand() else {
            return;
        };
        let missed = {
            let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
            // Of several callers one starts it.
            if self.alive.swap(true, Ordering::AcqRel) {
                return;
            }
            task.take().is_some()
        };
        let listening = listen(missed);
        let alive = Alive {
            is_alive: Arc::clone(&self.alive),
            has_ended: false,
        };
        let handle = background.spawn_abortable(async move {
            listening.await;
            alive.end();
        });
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        *task = Some(handle);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}
