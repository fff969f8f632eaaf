use std::collections::HashMap;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use redis::{Script, aio::ConnectionManager};
use tokio::{sync::oneshot, time::timeout};
use tower_response_cache::RemoteLead;

/// A lead is renewed so many times in its life.
const RENEWALS: u32 = 3;

/// The leads of this process.
#[derive(Default)]
pub(crate) struct Leads {
    /// Tokens by the names of the leads.
    held: Mutex<HashMap<Vec<u8>, String>>,
    last: AtomicU64,
}

impl Leads {
    /// A token that nobody has had.
    pub(crate) fn token(&self, id: &str) -> String {
        // It only has to differ from the others.
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        format!("{id}{number}")
    }

    /// The token of a lead that is held.
    pub(crate) fn held(&self, name: &[u8]) -> Option<String> {
        self.with(|held| held.get(name).cloned())
    }

    /// The lead has ended on the server. Says whether it was held.
    pub(crate) fn ended(&self, name: &[u8], token: &str) -> bool {
        self.with(|held| {
            let is_held = held.get(name).is_some_and(|held| held == token);
            if is_held {
                held.remove(name);
            }
            is_held
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut HashMap<Vec<u8>, String>) -> T) -> T {
        look(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A lead on the server, and how to renew it.
pub(crate) struct Lead {
    pub(crate) connection: ConnectionManager,
    pub(crate) renew: Script,
    pub(crate) leads: Arc<Leads>,
    pub(crate) name: Vec<u8>,
    pub(crate) token: String,
    pub(crate) lifetime: Duration,
}

impl Lead {
    /// Renews it in a task until what this returns is dropped, then gives it back.
    pub(crate) fn hold(self) -> RemoteLead {
        let (guard, dropped) = oneshot::channel::<()>();
        (self.leads).with(|held| held.insert(self.name.clone(), self.token.clone()));
        drop(tokio::spawn(self.keep(dropped)));
        RemoteLead::new(guard)
    }

    async fn keep(mut self, mut dropped: oneshot::Receiver<()>) {
        let pause = self.lifetime / RENEWALS;
        while timeout(pause, &mut dropped).await.is_err() {
            let lifetime = self.lifetime;
            self.renew(lifetime).await;
        }
        // The write of the answer has given it back already, if there was one.
        if self.leads.ended(&self.name, &self.token) {
            self.renew(Duration::ZERO).await;
        }
    }

    /// A failure is left: the lead ends by itself.
    async fn renew(&mut self, lifetime: Duration) {
        let mut question = self.renew.prepare_invoke();
        question
            .key(&self.name)
            .arg(&self.token)
            .arg(lifetime.as_millis());
        let asked = question.invoke_async::<()>(&mut self.connection);
        let _ = timeout(self.lifetime / RENEWALS, asked).await;
    }
}
