//! One key that is in use all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Scope;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use tokio::time::Instant;

use crate::numbers::Quantiles;
use crate::server::request;

const MOST: usize = 1 << 21;

type Call = Box<dyn FnMut(Request<Body>) + Send>;

fn timed(call: &mut Call) -> Duration {
    let req = request(u64::MAX);
    let start = Instant::now();
    call(req);
    start.elapsed()
}

pub(crate) fn alone(call: &mut Call) -> Quantiles {
    Quantiles::of((0..200_000).map(|_| timed(call)).collect())
}

/// Calls it in a thread of its own until the closure that is returned asks for the numbers.
pub(crate) fn until_stopped<'scope>(
    scope: &'scope Scope<'scope, '_>,
    mut call: Call,
) -> impl FnOnce() -> Quantiles {
    let stop = Arc::new(AtomicBool::new(false));
    let thread = scope.spawn({
        let stop = Arc::clone(&stop);
        move || {
            let mut times = Vec::with_capacity(MOST);
            while !stop.load(Ordering::Relaxed) {
                let took = timed(&mut call);
                if times.len() < MOST {
                    times.push(took);
                }
            }
            Quantiles::of(times)
        }
    });
    move || {
        stop.store(true, Ordering::Relaxed);
        thread.join().expect("no panic")
    }
}
