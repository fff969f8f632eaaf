use std::{
    collections::HashMap,
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    time::{Instant, sleep},
};
use tower::{BoxError, Layer, ServiceExt, util::BoxCloneService};
use tower_response_cache::{
    CacheStatus, Entry, Handle, Keep, Lookup, MemoryStore, Outdated, Policy, RemoteStore,
    ResponseCacheLayer, Store, StoreSnapshot,
};
use tower_response_cache_redis::RedisStore;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A server on a port of its own, which ends with this.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    options: Vec<String>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(options: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        let options = options
            .iter()
            .map(|&option| option.to_owned())
            .collect::<Vec<_>>();
        Self {
            child: launch(port, &options),
            port,
            options,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::new(&self.url()).expect("a URL")
    }

    /// Asks the server past the store.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url()).expect("a URL");
        let mut connection = client.get_connection().expect("it is up");
        let (command, args) = words.split_first().expect("a command");
        let asked = redis::cmd(command).arg(args).query(&mut connection);
        asked.expect("an answer")
    }

    /// How often it ran a script, or loaded one.
    pub(crate) fn commands(&self) -> u64 {
        let stats: String = self.ask(&["INFO", "commandstats"]);
        let of = |line: &str| {
            let (name, rest) = line.split_once(":calls=")?;
            let scripts = ["cmdstat_evalsha", "cmdstat_eval", "cmdstat_script|load"];
            scripts.contains(&name).then_some(())?;
            rest.split(',').next()?.parse::<u64>().ok()
        };
        stats.lines().filter_map(of).sum()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }

    /// Starts it again, empty.
    pub(crate) fn restart(&mut self) {
        self.child = launch(self.port, &self.options);
    }

    /// Stops it from running, or lets it go on.
    pub(crate) fn hang(&self, hangs: bool) {
        let signal = if hangs { "-STOP" } else { "-CONT" };
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args([signal, &pid]).status();
        assert!(kill.expect("kill").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(port: u16, options: &[String]) -> Child {
    let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let port = port.to_string();
    let child = Command::new(&program)
        .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--enable-debug-command", "yes"])
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let child = child.unwrap_or_else(|err| {
        panic!("{program}: {err}. These tests need it: apt-get install -y redis-server")
    });
    let began = Instant::now();
    while std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        assert!(began.elapsed() < 10 * SECOND, "{program} does not listen");
        std::thread::yield_now();
    }
    child
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < 10 * SECOND, "not in time: {what}");
        sleep(Duration::from_millis(1)).await;
    }
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
        self.listens_with(server, server.store()).await;
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

/// Lies between a process and the server, and takes its time.
pub(crate) struct Proxy {
    pub(crate) url: String,
    /// How long what is sent takes there.
    pub(crate) delay: Arc<Mutex<Duration>>,
    /// Whether connections are cut.
    pub(crate) cut: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) async fn new(server: &Server) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let delay = Arc::new(Mutex::new(Duration::ZERO));
        let cut = Arc::new(AtomicBool::new(false));
        let (port, the_delay, is_cut) = (server.port, Arc::clone(&delay), Arc::clone(&cut));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else {
                    continue;
                };
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                tokio::spawn(pass(
                    near_in,
                    far_out,
                    Arc::clone(&the_delay),
                    Arc::clone(&is_cut),
                ));
                tokio::spawn(pass(far_in, near_out, Arc::default(), Arc::clone(&is_cut)));
            }
        });
        Self { url, delay, cut }
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    delay: Arc<Mutex<Duration>>,
    cut: Arc<AtomicBool>,
) {
    let mut bytes = [0; 4096];
    loop {
        tokio::select! {
            read = from.read(&mut bytes) => {
                let Ok(length @ 1..) = read else { return };
                let delay = *delay.lock().unwrap();
                sleep(delay).await;
                if to.write_all(&bytes[..length]).await.is_err() {
                    return;
                }
            }
            () = sleep(Duration::from_millis(5)) => if cut.load(Ordering::SeqCst) {
                return;
            }
        }
    }
}

/// How many connections the server has by the ways they are used.
pub(crate) fn connections(server: &Server) -> usize {
    let list: String = server.ask(&["CLIENT", "LIST"]);
    // Without the one that asks.
    list.lines()
        .filter(|line| !line.contains("cmd=client"))
        .count()
}

/// Which names there are, with how long they live.
pub(crate) fn lifetimes(server: &Server) -> HashMap<String, i64> {
    let names: Vec<String> = server.ask(&["KEYS", "*"]);
    let lifetime = |name: String| {
        let left = server.ask(&["PTTL", &name]);
        (name, left)
    };
    names.into_iter().map(lifetime).collect()
}
