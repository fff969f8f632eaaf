//! What a simulator knows, behind its one lock.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use fastrand::Rng;
use tokio::time::Instant;

use crate::fault::PendingScript;
use crate::model::{
    Latency, Model, PromptCache, StandingAnswers, base_id, is_foundation_model, is_valid_id,
};
use crate::quota::{Account, Meter};

pub(crate) struct Shared {
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) seed: u64,
    pub(crate) latency: Latency,
    pub(crate) pending: PendingScript,
    pub(crate) answers: Option<StandingAnswers>,
    pub(crate) rng: Rng,
    pub(crate) cache: PromptCache,
    pub(crate) guardrail_words: Vec<String>,
    pub(crate) meter: Meter,
    pub(crate) models: BTreeMap<String, Model>,
    /// The ids of models by their other ids.
    pub(crate) other_ids: BTreeMap<String, String>,
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Goes up when the accounts are emptied: a call admitted before that is not settled after it.
    pub(crate) generation: u64,
    /// From where minutes and days are counted.
    pub(crate) started: Instant,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                seed: 0,
                latency: Latency::none(),
                pending: PendingScript::default(),
                answers: None,
                rng: Rng::with_seed(0),
                cache: PromptCache::default(),
                guardrail_words: Vec::new(),
                meter: Meter::default(),
                models: BTreeMap::new(),
                other_ids: BTreeMap::new(),
                accounts: BTreeMap::new(),
                generation: 0,
                started: Instant::now(),
            }),
        }
    }

    /// One lock for everything: it is held for the arithmetic of a call, never across an await.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under the lock, which would be a bug here, must not take every later call with it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The id by which a model is kept that a call names by this one.
    pub(crate) fn own_id(&self, id: String) -> String {
        self.other_ids.get(&id).cloned().unwrap_or(id)
    }

    /// The model of this id, if it is served.
    pub(crate) fn find_model(&self, id: &str) -> Option<Model> {
        if self.models.is_empty() {
            // Nothing was configured: every id that AWS would take is served.
            is_valid_id(id).then(|| Model::new(id))
        } else {
            self.models.get(id).cloned()
        }
    }

    /// Whether the id is served, or is the foundation model behind one that is.
    pub(crate) fn knows_model(&self, id: &str) -> bool {
        let is_base_of = |served: &String| base_id(served) == base_id(id);
        self.find_model(id).is_some()
            || is_foundation_model(id) && self.models.keys().any(is_base_of)
    }

    /// The account of a model that is served.
    pub(crate) fn account(&mut self, id: &str) -> &mut Account {
        let (models, meter, started) = (&self.models, self.meter, self.started);
        // Made at first sight and not at configuration: without models any id may come.
        self.accounts.entry(id.to_owned()).or_insert_with(|| {
            let model = models.get(id).cloned().unwrap_or_else(|| Model::new(id));
            Account::new(&model, meter, started)
        })
    }

    pub(crate) fn forget_accounts(&mut self) {
        self.accounts.clear();
        self.generation += 1;
    }
}
