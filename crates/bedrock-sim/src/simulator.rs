use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fastrand::Rng;
use tokio::time::Instant;

use crate::{
    Fault, Latency, Meter, Model, ModelUsage, QuotaUsage, Script,
    fault::script::PendingFaults,
    model::{
        model::{base_id, is_foundation_model, is_valid_id},
        prompt_cache::PromptCache,
    },
    quota::{Limits, ledger::Ledger},
};

/// A local Bedrock: models, their quotas, and a script of faults.
///
/// Serve it over HTTP with [`serve`](Simulator::serve), or plug it into an SDK client without a
/// socket by [`http_client`](Simulator::http_client). Both fronts, and all clones, share one state.
///
/// Without any [`model`](Simulator::model) every syntactically valid model id is served, without a
/// quota. With at least one, other ids are answered as Bedrock answers unknown ones.
#[derive(Clone)]
pub struct Simulator {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) seed: u64,
    pub(crate) latency: Latency,
    pub(crate) pending: PendingFaults,
    pub(crate) rng: Rng,
    pub(crate) cache: PromptCache,
    pub(crate) guardrail_words: Vec<String>,
    pub(crate) generation: u64,
    meter: Meter,
    models: BTreeMap<String, Model>,
    accounts: BTreeMap<String, Account>,
    started: Instant,
}

/// One model id's ledger and figures.
pub(crate) struct Account {
    pub(crate) ledger: Ledger,
    pub(crate) usage: ModelUsage,
}

impl Simulator {
    /// A simulator with seed 0, [`Meter::Bucket`], no latency, no models and no faults. Its
    /// minutes and days count from here.
    #[must_use]
    pub fn new() -> Self {
        let state = State {
            seed: 0,
            latency: Latency::none(),
            pending: PendingFaults::default(),
            rng: Rng::with_seed(0),
            cache: PromptCache::default(),
            guardrail_words: Vec::new(),
            generation: 0,
            meter: Meter::default(),
            models: BTreeMap::new(),
            accounts: BTreeMap::new(),
            started: Instant::now(),
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
            }),
        }
    }

    /// What answers and random faults are drawn from: the same seed and request give the same
    /// answer. Default: 0.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        let mut state = self.shared.lock();
        state.seed = seed;
        state.rng = Rng::with_seed(seed);
        drop(state);
        self
    }

    /// How the per-minute quotas are metered. Default: [`Meter::Bucket`]. Empties all ledgers.
    #[must_use]
    pub fn meter(self, meter: Meter) -> Self {
        let mut state = self.shared.lock();
        state.meter = meter;
        state.forget_accounts();
        drop(state);
        self
    }

    /// How long answers take. Default: [`Latency::none`].
    #[must_use]
    pub fn latency(self, latency: Latency) -> Self {
        self.shared.lock().latency = latency;
        self
    }

    /// Adds a model, or replaces the one with the same id. Empties all ledgers.
    #[must_use]
    pub fn model(self, model: Model) -> Self {
        let mut state = self.shared.lock();
        state.forget_accounts();
        state.models.insert(model.id.clone(), model);
        drop(state);
        self
    }

    /// Adds a word that guardrails block, in any case. Default: none.
    #[must_use]
    pub fn guardrail_word(self, word: impl Into<String>) -> Self {
        self.shared.lock().guardrail_words.push(word.into());
        self
    }

    /// Adds faults behind those that still wait, at any time.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        // Collected first: the caller's iterator is not run under the lock.
        let faults: Vec<_> = faults.into_iter().collect();
        let mut state = self.shared.lock();
        for fault in faults {
            state.pending.push(fault);
        }
    }

    /// Adds all of a script that was read from JSON.
    pub fn load(&self, script: Script) {
        self.script(script.faults);
        self.shared
            .lock()
            .guardrail_words
            .extend(script.guardrail_words);
    }

    /// What every model has been asked and charged.
    #[must_use]
    pub fn usage(&self) -> QuotaUsage {
        let mut state = self.shared.lock();
        let now = Instant::now();
        let configured: Vec<_> = state.models.keys().cloned().collect();
        for id in configured {
            state.account(&id);
        }
        let models = state.accounts.iter_mut().map(|(id, account)| {
            let mut usage = account.usage.clone();
            usage.available = account.ledger.available(now);
            (id.clone(), usage)
        });
        QuotaUsage {
            models: models.collect(),
        }
    }

    /// Starts afresh with the same settings and models: ledgers and figures, prompt cache, waiting
    /// and random faults, the random sequence, and the count of minutes and days. Guardrail words
    /// stay. Calls in flight are answered but no longer counted.
    pub fn reset(&self) {
        let mut state = self.shared.lock();
        state.rng = Rng::with_seed(state.seed);
        state.pending = PendingFaults::default();
        state.cache = PromptCache::default();
        state.started = Instant::now();
        state.forget_accounts();
    }
}

impl Default for Simulator {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("Simulator")
            .field("seed", &state.seed)
            .field("meter", &state.meter)
            .field("latency", &state.latency)
            .field("models", &state.models.keys())
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The model of this id, if it is served.
    pub(crate) fn find_model(&self, id: &str) -> Option<Model> {
        if self.models.is_empty() {
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
        self.accounts.entry(id.to_owned()).or_insert_with(|| {
            let model = models.get(id).cloned().unwrap_or_else(|| Model::new(id));
            Account {
                ledger: Ledger::new(&model, meter, started),
                usage: ModelUsage {
                    limits: Limits {
                        tokens_per_minute: model.tokens_per_minute,
                        requests_per_minute: model.requests_per_minute,
                        tokens_per_day: model.tokens_per_day,
                    },
                    ..ModelUsage::default()
                },
            }
        })
    }

    fn forget_accounts(&mut self) {
        self.accounts.clear();
        self.generation += 1;
    }
}
