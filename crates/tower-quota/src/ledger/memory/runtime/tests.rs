use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::task::Wake;
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::*;

const TICK: Duration = Duration::from_millis(1);

/// What a key is to its alarm: its waker takes the lock under which the alarm is set.
struct Key {
    lock: Mutex<()>,
    rang: AtomicUsize,
    setter: ThreadId,
    locks_twice: AtomicBool,
}

impl Wake for Key {
    fn wake(self: Arc<Self>) {
        if is_setting() {
            return;
        }
        if thread::current().id() == self.setter {
            self.locks_twice.store(true, Ordering::Relaxed);
            return;
        }
        drop(lock(&self.lock));
        self.rang.fetch_add(1, Ordering::Relaxed);
    }
}

/// A thread whose runtime's time passes as fast as it can, and another one that sets an alarm there again
/// and again: sometimes just while it rings.
#[test]
fn alarm_that_rings_while_it_is_set_rings_or_is_over() {
    const SETS: usize = 100_000;
    let stop = Arc::new(AtomicBool::new(false));
    let (send, recv) = sync_channel(1);
    let clock = thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                send.send((Handle::current(), Runtime::current()))
                    .expect("it is awaited");
                while !stop.load(Ordering::Relaxed) {
                    tokio::time::advance(TICK).await;
                }
            });
        }
    });
    let (handle, runtime) = recv.recv().expect("it is sent");
    let _within = handle.enter();
    let key = Arc::new(Key {
        lock: Mutex::new(()),
        rang: AtomicUsize::new(0),
        setter: thread::current().id(),
        locks_twice: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&key));
    let mut alarm = Alarm::new(runtime);
    for nth in 0..SETS {
        let locked = lock(&key.lock);
        let before = key.rang.load(Ordering::Relaxed);
        let at = now() + TICK * (nth % 2) as u32;
        let set = alarm.set(at, &waker);
        drop(locked);
        match set {
            // Now and then it is left to ring.
            Set::Rings if nth % 16 == 0 => {
                while key.rang.load(Ordering::Relaxed) == before {
                    assert!(now() < at + 1_000_000 * TICK, "it does not ring");
                    thread::yield_now();
                }
            }
            Set::Rings | Set::Over => {}
            Set::Gone => panic!("the runtime goes on"),
        }
    }
    stop.store(true, Ordering::Relaxed);
    clock.join().expect("no panic");
    assert!(!key.locks_twice.load(Ordering::Relaxed));
}
