//! A remote store that is slow, fails when told to, and knows nothing but bytes.

#![allow(dead_code)]

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};
use tower_response_cache::{RemoteEntry, RemoteStore};

type Stored = (Vec<u8>, Option<Instant>, Arc<[Arc<str>]>);

#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    entries: Arc<Mutex<HashMap<String, Stored>>>,
    down: Arc<AtomicBool>,
    removals_fail: Arc<AtomicBool>,
    deaf: Arc<AtomicBool>,
    delay: Arc<Mutex<Duration>>,
    fail_every: u64,
    calls: Arc<Mutex<u64>>,
}

#[derive(Debug)]
pub(crate) struct Down;

impl Elsewhere {
    pub(crate) fn new(delay: Duration) -> Self {
        Self {
            entries: Arc::default(),
            down: Arc::default(),
            removals_fail: Arc::default(),
            deaf: Arc::default(),
            delay: Arc::new(Mutex::new(delay)),
            fail_every: u64::MAX,
            calls: Arc::default(),
        }
    }

    pub(crate) fn failing_every(mut self, calls: u64) -> Self {
        self.fail_every = calls;
        self
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }

    /// Lets removals fail, and nothing else.
    pub(crate) fn fail_removals(&self) {
        self.removals_fail.store(true, Ordering::Relaxed);
    }

    /// Loses what is written, without an error.
    pub(crate) fn set_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::Relaxed);
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        *self.delay.lock().expect("no panic") = delay;
    }

    /// Copies what is stored for one key to another.
    pub(crate) fn mix_up(&self, from: &str, to: &str) {
        let mut entries = self.entries.lock().expect("no panic");
        let entry = entries[from].clone();
        entries.insert(to.to_owned(), entry);
    }

    fn removal(&self) -> Result<(), Down> {
        let fails = self.removals_fail.load(Ordering::Relaxed);
        if fails { Err(Down) } else { Ok(()) }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.lock().expect("no panic").len()
    }

    /// Spoils what is stored.
    pub(crate) fn scramble(&self) {
        for (bytes, ..) in self.entries.lock().expect("no panic").values_mut() {
            bytes[0] ^= 0xff;
        }
    }

    async fn reach(&self) -> Result<(), Down> {
        let number = {
            let mut calls = self.calls.lock().expect("no panic");
            *calls += 1;
            *calls
        };
        let delay = *self.delay.lock().expect("no panic");
        sleep(delay).await;
        if self.down.load(Ordering::Relaxed) || number % self.fail_every == 0 {
            return Err(Down);
        }
        Ok(())
    }
}

impl<K: Debug + Send + Sync> RemoteStore<K> for Elsewhere {
    type Error = Down;

    async fn get(&self, key: &K) -> Result<Option<RemoteEntry>, Down> {
        self.reach().await?;
        let now = Instant::now();
        let entries = self.entries.lock().expect("no panic");
        let Some((bytes, until, _)) = entries.get(&format!("{key:?}")) else {
            return Ok(None);
        };
        let left = until.map_or(Duration::MAX, |until| until - now);
        Ok((!left.is_zero()).then(|| RemoteEntry::new(bytes.clone(), left)))
    }

    async fn insert(&self, key: &K, entry: RemoteEntry) -> Result<(), Down> {
        self.reach().await?;
        if self.deaf.load(Ordering::Relaxed) {
            return Ok(());
        }
        let until = Instant::now().checked_add(entry.expires_in);
        let stored = (entry.bytes, until, entry.tags);
        let mut entries = self.entries.lock().expect("no panic");
        entries.insert(format!("{key:?}"), stored);
        Ok(())
    }

    async fn remove(&self, key: &K) -> Result<(), Down> {
        self.reach().await?;
        self.removal()?;
        let mut entries = self.entries.lock().expect("no panic");
        entries.remove(&format!("{key:?}"));
        Ok(())
    }

    async fn remove_tag(&self, tag: &str) -> Result<(), Down> {
        self.reach().await?;
        let mut entries = self.entries.lock().expect("no panic");
        entries.retain(|_, (_, _, tags)| !tags.iter().any(|own| **own == *tag));
        Ok(())
    }

    async fn clear(&self) -> Result<(), Down> {
        self.reach().await?;
        self.entries.lock().expect("no panic").clear();
        Ok(())
    }
}
