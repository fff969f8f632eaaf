//! A remote store by which processes share calls and hear of invalidations.

#![allow(dead_code)]

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tower_response_cache::{
    Outdated, RemoteEntry, RemoteFlight, RemoteLead, RemoteStore, SharedMemory,
};

#[derive(Clone, Default)]
pub(crate) struct Fleet {
    entries: Arc<Mutex<HashMap<String, RemoteEntry>>>,
    led: Arc<Mutex<HashSet<String>>>,
    /// The memory of each that listens.
    pub(crate) listening: Arc<Mutex<Vec<SharedMemory<String>>>>,
    /// How many listen now.
    pub(crate) ears: Arc<AtomicU64>,
    /// How often it was asked for the lead.
    pub(crate) asked: Arc<AtomicU64>,
}

impl Fleet {
    pub(crate) fn tell(&self, what: Outdated<'_, String>) {
        for memory in &*self.listening.lock().expect("no panic") {
            memory.forget(what);
        }
    }

    pub(crate) fn ears(&self) -> u64 {
        self.ears.load(Ordering::SeqCst)
    }

    pub(crate) fn is_led(&self, key: &str) -> bool {
        self.led.lock().expect("no panic").contains(key)
    }

    /// As another process does.
    pub(crate) fn lead(&self, key: &str) {
        self.led.lock().expect("no panic").insert(key.to_owned());
    }

    pub(crate) fn end(&self, key: &str) {
        self.led.lock().expect("no panic").remove(key);
    }
}

struct Guard(Fleet, String);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.end(&self.1);
    }
}

struct Ear(Arc<AtomicU64>);

impl Drop for Ear {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl RemoteStore<String> for Fleet {
    type Error = Infallible;

    async fn get(&self, key: &String) -> Result<Option<RemoteEntry>, Infallible> {
        let entries = self.entries.lock().expect("no panic");
        let found = entries.get(key).cloned();
        Ok(found.map(|entry| RemoteEntry::new(entry.bytes, entry.expires_in)))
    }

    async fn insert(&self, key: &String, entry: RemoteEntry) -> Result<(), Infallible> {
        self.entries
            .lock()
            .expect("no panic")
            .insert(key.clone(), entry);
        Ok(())
    }

    async fn remove(&self, key: &String) -> Result<(), Infallible> {
        self.entries.lock().expect("no panic").remove(key);
        Ok(())
    }

    async fn remove_tag(&self, _: &str) -> Result<(), Infallible> {
        self.clear().await
    }

    async fn clear(&self) -> Result<(), Infallible> {
        self.entries.lock().expect("no panic").clear();
        Ok(())
    }

    async fn get_or_lead(&self, key: &String) -> Result<RemoteFlight, Infallible> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(entry) = self.get(key).await? {
            return Ok(RemoteFlight::Found(entry));
        }
        if !self.led.lock().expect("no panic").insert(key.clone()) {
            return Ok(RemoteFlight::Elsewhere);
        }
        let guard = Guard(self.clone(), key.clone());
        Ok(RemoteFlight::Lead(RemoteLead::new(guard)))
    }

    async fn listen(&self, memory: SharedMemory<String>) {
        self.ears.fetch_add(1, Ordering::SeqCst);
        let _ear = Ear(Arc::clone(&self.ears));
        self.listening.lock().expect("no panic").push(memory);
        std::future::pending::<()>().await;
    }
}
