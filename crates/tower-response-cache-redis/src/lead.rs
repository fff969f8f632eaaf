use std::collections::HashMap;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use redis::{Script, aio::ConnectionManager};
use tokio::{
    runtime::Handle,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tower_response_cache::RemoteLead;

/// A lead is renewed so many times in its life.
const RENEWALS: u32 = 3;

/// So many are renewed by one command, which must not keep the server from others for long.
const AT_ONCE: usize = 256;

/// The leads of this process.
#[derive(Default)]
pub(crate) struct Leads {
    held: Mutex<Held>,
    last: AtomicU64,
}

#[derive(Default)]
struct Held {
    /// Tokens by the names of the leads.
    tokens: HashMap<Vec<u8>, String>,
    /// Renews all of them, as long as there are any.
    renewer: Option<JoinHandle<()>>,
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
        self.with(|held| held.tokens.get(name).cloned())
    }

    /// The lead has ended on the server. Says whether it was held.
    pub(crate) fn ended(&self, name: &[u8], token: &str) -> bool {
        self.with(|held| {
            let is_held = held.tokens.get(name).is_some_and(|held| held == token);
            if is_held {
                held.tokens.remove(name);
            }
            is_held
        })
    }

    /// All that are held. Without any the renewer is about to end.
    fn all(&self) -> Vec<(Vec<u8>, String)> {
        self.with(|held| {
            if held.tokens.is_empty() {
                held.renewer = None;
            }
            let copy = |(name, token): (&Vec<u8>, &String)| (name.clone(), token.clone());
            held.tokens.iter().map(copy).collect()
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How leads are renewed on the server, and ended.
#[derive(Clone)]
pub(crate) struct Renewal {
    pub(crate) connection: ConnectionManager,
    pub(crate) script: Script,
    pub(crate) leads: Arc<Leads>,
    pub(crate) lifetime: Duration,
}

impl Renewal {
    /// Renews that lead, with all others of this process, until what this returns is dropped, then gives it back.
    pub(crate) fn hold(self, name: Vec<u8>, token: String) -> RemoteLead {
        let leads = Arc::clone(&self.leads);
        leads.with(|held| {
            held.tokens.insert(name.clone(), token.clone());
            // It ends with the runtime that it was begun on.
            let is_renewed = held
                .renewer
                .as_ref()
                .is_some_and(|task| !task.is_finished());
            if !is_renewed {
                held.renewer = Some(tokio::spawn(self.clone().keep()));
            }
        });
        RemoteLead::new(Lead {
            renewal: self,
            runtime: Handle::current(),
            name,
            token,
        })
    }

    async fn keep(mut self) {
        loop {
            sleep(self.lifetime / RENEWALS).await;
            let held = self.leads.all();
            if held.is_empty() {
                return;
            }
            for held in held.chunks(AT_ONCE) {
                let lifetime = self.lifetime;
                self.set(held, lifetime).await;
            }
        }
    }

    /// A failure is left: a lead ends by itself.
    async fn set(&mut self, leads: &[(Vec<u8>, String)], lifetime: Duration) {
        let mut question = self.script.prepare_invoke();
        question.arg(lifetime.as_millis());
        for (name, token) in leads {
            question.key(name).arg(token);
        }
        let asked = question.invoke_async::<()>(&mut self.connection);
        let _ = timeout(self.lifetime / RENEWALS, asked).await;
    }
}

/// A lead on the server, given back when it is dropped.
struct Lead {
    renewal: Renewal,
    /// Where it was taken: it may be dropped elsewhere.
    runtime: Handle,
    name: Vec<u8>,
    token: String,
}

impl Drop for Lead {
    fn drop(&mut self) {
        // The write of the answer has given it back already, if there was one.
        if self.renewal.leads.ended(&self.name, &self.token) {
            let mut renewal = self.renewal.clone();
            let lead = [(self.name.clone(), self.token.clone())];
            let given_back = async move { renewal.set(&lead, Duration::ZERO).await };
            drop(self.runtime.spawn(given_back));
        }
    }
}
