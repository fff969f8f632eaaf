use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tower::{BoxError, Layer, ServiceExt, service_fn, util::BoxCloneService};
use tower_quota::{Ask, Cost, Handle, Limit, Priority, QuotaLayer, Settle};
use tower_quota_redis::RedisLog;

use super::calls::{Calls, QUOTA};
use super::lines::Lines;
use crate::support::SECOND;

/// The one key.
pub(super) const MODEL: &str = "model";

/// What is asked of the server that has the quota.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) priority: Priority,
    pub(super) takes: Duration,
    pub(super) comes_to: Settle,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            priority: Priority::Normal,
            takes: Duration::from_millis(10),
            comes_to: Settle::Reserved,
        }
    }
}

#[derive(Clone)]
struct Costs;

impl Cost<Call, Settle, BoxError> for Costs {
    type Key = String;
    type Context = ();

    fn ask(&self, call: &Call) -> (Ask<String>, ()) {
        (Ask::new(MODEL.to_owned()).priority(call.priority), ())
    }

    fn settle(&self, (): &(), result: &mut Result<Settle, BoxError>) -> Settle {
        *result.as_ref().unwrap_or(&Settle::Refund)
    }
}

/// A process, as far as the log can tell.
pub(super) struct Process {
    pub(super) handle: Handle<String>,
    pub(super) lines: Lines,
    service: BoxCloneService<Call, Settle, BoxError>,
    working: Arc<AtomicBool>,
    workers: Vec<JoinHandle<Result<(), BoxError>>>,
    runtime: Option<Runtime>,
}

impl Process {
    pub(super) fn new(name: usize, url: &str, calls: &Calls) -> Self {
        let limit = Limit::calls(QUOTA as u64, SECOND).enforced();
        Self::limited(limit, name, url, calls)
    }

    pub(super) fn limited(limit: Limit, name: usize, url: &str, calls: &Calls) -> Self {
        let lines = Lines::default();
        let of_threads = lines.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .on_thread_start(move || of_threads.of_this_thread())
            .build();
        let log = RedisLog::new(url).unwrap();
        let layer = QuotaLayer::new(limit, Costs).shared(log);
        let calls = calls.clone();
        let service = layer.layer(service_fn(move |call: Call| {
            calls.note(name);
            async move {
                sleep(call.takes).await;
                Ok(call.comes_to)
            }
        }));
        Self {
            handle: layer.handle(),
            lines,
            service: BoxCloneService::new(service),
            working: Arc::default(),
            workers: Vec::new(),
            runtime: Some(runtime.unwrap()),
        }
    }

    /// Makes that call, within the process.
    pub(super) fn call(&self, call: Call) -> JoinHandle<Result<Settle, BoxError>> {
        let service = self.service.clone();
        self.runtime().spawn(service.oneshot(call))
    }

    pub(super) fn calls(
        &self,
        many: usize,
        call: Call,
    ) -> Vec<JoinHandle<Result<Settle, BoxError>>> {
        (0..many).map(|_| self.call(call)).collect()
    }

    /// Has more calls to make than there is quota, from now on.
    pub(super) fn work(&mut self) {
        self.working.store(true, Ordering::SeqCst);
        for _ in 0..QUOTA / 4 {
            let (service, working) = (self.service.clone(), Arc::clone(&self.working));
            let worker = async move {
                while working.load(Ordering::SeqCst) {
                    service.clone().oneshot(Call::default()).await?;
                }
                Ok(())
            };
            let worker = self.runtime().spawn(worker);
            self.workers.push(worker);
        }
    }

    /// Makes no more calls, and waits for those that it has begun: all of them end well.
    pub(super) async fn rest(&mut self) {
        self.working.store(false, Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            worker.await.unwrap().unwrap();
        }
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().unwrap()
    }
}

/// It is killed: nobody tells the log anything of it any more.
impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
