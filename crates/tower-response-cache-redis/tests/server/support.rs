use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub(crate) use redis_test_server::{Proxy, SECOND, Server, connections, lifetimes, until};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tower::{BoxError, Layer, ServiceExt, util::BoxCloneService};
use tower_response_cache::{
    CacheStatus, Entry, Handle, Keep, Lookup, MemoryStore, Outdated, Policy, RemoteStore,
    ResponseCacheLayer, Store, StoreSnapshot,
};
use tower_response_cache_redis::RedisStore;

pub(crate) fn store(server: &Server) -> RedisStore {
    RedisStore::new(&server.url()).expect("a URL")
}

/// The number of a call. Later calls have larger ones.
pub(crate) type Answer = u64;

/// What is called. Requests are keys; a word behind one says what the call does: `slow` waits until it is
/// told, `fails` fails.
#[derive(Clone, Default)]
pub(crate) struct Source {
    pub(crate) calls: Arc<AtomicU64>,
    pub(crate) go_on: Arc<Notify>,
    /// How long each call takes.
    pub(crate) takes: Duration,
}

impl Source {
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    async fn call(self, req: String) -> Result<Answer, BoxError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        sleep(self.takes).await;
        match req.split(' ').nth(1) {
            Some("slow") => self.go_on.notified().await,
            Some("fails") => return Err("the call fails".into()),
            _ => {}
        }
        Ok(number)
    }
}

/// A key is what comes before a space; its tag is what comes before a colon.
pub(crate) struct Rules;

impl Policy<String, Answer, BoxError> for Rules {
    type Key = String;
    type Value = Answer;
    type Context = String;

    fn lookup(&self, req: &String) -> Lookup<String> {
        Lookup::Use(key(req))
    }

    fn context(&self, req: &String) -> String {
        key(req)
    }

    fn keep(&self, key: &String, _: &Answer) -> Option<Keep> {
        let tag = key.split_once(':').map(|(tag, _)| tag);
        Some(Keep::new(3600 * SECOND).with_tags(tag))
    }

    fn share(&self, res: &Answer) -> Option<Answer> {
        Some(*res)
    }

    fn restore(&self, value: Answer, _: CacheStatus) -> Option<Result<Answer, BoxError>> {
        Some(Ok(value))
    }
}

fn key(req: &str) -> String {
    req.split(' ').next().expect("a word").to_owned()
}

/// The memory of a cache, which the test can look into.
#[derive(Clone)]
pub(crate) struct Memory(Arc<MemoryStore<String, Answer>>);

impl Memory {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.get(&key.to_owned(), Instant::now()).is_some()
    }
}

impl Store<String, Answer> for Memory {
    fn get(&self, key: &String, now: Instant) -> Option<Entry<Answer>> {
        self.0.get(key, now)
    }

    fn insert(&self, key: String, entry: Entry<Answer>) -> bool {
        self.0.insert(key, entry)
    }

    fn remove(&self, key: &String) {
        self.0.remove(key);
    }

    fn remove_tag(&self, tag: &str) {
        self.0.remove_tag(tag);
    }

    fn clear(&self) {
        self.0.clear();
    }

    fn snapshot(&self) -> StoreSnapshot {
        self.0.snapshot()
    }
}

pub(crate) type Cache = ResponseCacheLayer<Rules, String, Answer, Memory>;

/// A cache with a connection of its own, as a process has one.
pub(crate) struct Process {
    pub(crate) service: BoxCloneService<String, Answer, BoxError>,
    pub(crate) handle: Handle<String, Answer, Memory>,
    pub(crate) memory: Memory,
}

impl Process {
    pub(crate) fn new(store: RedisStore, source: &Source) -> Self {
        Self::with(store, source, |layer| layer)
    }

    pub(crate) fn with(
        store: RedisStore,
        source: &Source,
        turn: impl FnOnce(Cache) -> Cache,
    ) -> Self {
        let memory = Memory(Arc::new(MemoryStore::new(10_000)));
        let layer = turn(ResponseCacheLayer::with_remote(
            Rules,
            memory.clone(),
            store,
        ));
        let source = source.clone();
        let inner = tower::service_fn(move |req| source.clone().call(req));
        Self {
            handle: layer.handle(),
            service: BoxCloneService::new(layer.layer(inner)),
            memory,
        }
    }

    pub(crate) async fn ask(&self, req: &str) -> Answer {
        self.try_ask(req).await.expect("an answer")
    }

    pub(crate) async fn try_ask(&self, req: &str) -> Result<Answer, BoxError> {
        self.service.clone().oneshot(req.to_owned()).await
    }

    /// Waits until its answers are written, and those of all others: until nobody leads.
    pub(crate) async fn written(&self, server: &Server) {
        until("written", || {
            server.ask::<Vec<String>>(&["KEYS", "*:lead:*"]).is_empty()
        })
        .await;
    }

    /// Waits until it hears what others invalidate.
    pub(crate) async fn listens(&self, server: &Server) {
        self.listens_with(server, store(server)).await;
    }

    pub(crate) async fn listens_with(&self, server: &Server, other: RedisStore) {
        let mark = format!("mark{}", fastrand::u64(..));
        self.ask(&mark).await;
        self.written(server).await;
        (other.forget(Outdated::Key(&mark), u64::MAX))
            .await
            .expect("it is up");
        until("listening", || !self.memory.has(&mark)).await;
    }
}
