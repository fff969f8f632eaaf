use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Wake, Waker},
};

/// The readers that wait for the next chunk: the body is polled with this for its waker.
///
/// A body keeps the last waker alone. Were that one reader's own, a reader that is not polled any more
/// and not dropped either would stall the others.
#[derive(Default)]
pub(super) struct Waiting {
    readers: Mutex<Vec<(u64, Waker)>>,
}

impl Waiting {
    pub(super) fn add(&self, reader: u64, waker: &Waker) {
        let mut readers = self.readers();
        match readers.iter_mut().find(|(other, _)| *other == reader) {
            Some((_, known)) => known.clone_from(waker),
            None => readers.push((reader, waker.clone())),
        }
    }

    pub(super) fn remove(&self, reader: u64) {
        self.readers().retain(|(other, _)| *other != reader);
    }

    /// For a body that is polled with another waker from now on.
    pub(super) fn clear(&self) {
        let _ = mem::take(&mut *self.readers());
    }

    /// Wakes all of them. A waker may run foreign code, so not under the lock.
    pub(super) fn wake_all(&self) {
        let mut woken = mem::take(&mut *self.readers());
        for (_, waker) in woken.drain(..) {
            waker.wake();
        }
        // The list keeps its memory: it is filled again at the next chunk.
        let mut readers = self.readers();
        if readers.capacity() == 0 {
            *readers = woken;
        }
    }

    fn readers(&self) -> MutexGuard<'_, Vec<(u64, Waker)>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}
