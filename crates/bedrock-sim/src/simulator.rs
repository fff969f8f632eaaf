use std::{fmt, sync::Arc};

use fastrand::Rng;
use tokio::time::Instant;

use crate::fault::{PendingScript, Script, ScriptEntry};
use crate::model::{Latency, Model, PromptCache, ScriptedAnswer, StandingAnswers};
use crate::quota::{Meter, QuotaUsage};
use crate::state::{Shared, State};

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

impl Simulator {
    /// A simulator with seed 0, [`Meter::Bucket`], no latency, no models and no faults. Its
    /// minutes and days count from here.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared::new()),
        }
    }

    /// What answers and random faults are drawn from: the same seed and request give the same
    /// answer. Default: 0.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.with(|state| {
            state.seed = seed;
            state.rng = Rng::with_seed(seed);
        })
    }

    /// How the per-minute quotas are metered. Default: [`Meter::Bucket`]. Empties all ledgers.
    #[must_use]
    pub fn meter(self, meter: Meter) -> Self {
        self.with(|state| {
            state.meter = meter;
            state.forget_accounts();
        })
    }

    /// How long answers take. Default: [`Latency::none`].
    #[must_use]
    pub fn latency(self, latency: Latency) -> Self {
        self.with(|state| state.latency = latency)
    }

    /// Adds a model, or replaces the one with the same id. Empties all ledgers.
    #[must_use]
    pub fn model(self, model: Model) -> Self {
        self.with(|state| {
            state.forget_accounts();
            for other in &model.other_ids {
                state.other_ids.insert(other.clone(), model.id.clone());
            }
            state.models.insert(model.id.clone(), model);
        })
    }

    /// Adds a word that guardrails block, in any case. Default: none.
    #[must_use]
    pub fn guardrail_word(self, word: impl Into<String>) -> Self {
        let word = word.into();
        self.with(|state| state.guardrail_words.push(word))
    }

    /// Answers calls of a model by their last user message, all its texts in it, each with a line
    /// end; what it gives no answer to is made up as before. Default: all is.
    ///
    /// An answer that a [`script`](Self::script) has for a call takes precedence, and a fault of the
    /// script strikes the answer that is given here. Of the answer it looks at what the model says
    /// and not at which calls it is for.
    #[must_use]
    pub fn answers(
        self,
        answers: impl Fn(&str) -> Option<ScriptedAnswer> + Send + Sync + 'static,
    ) -> Self {
        self.with(|state| state.answers = Some(StandingAnswers::new(answers)))
    }

    /// Adds faults and answers behind those that still wait, at any time.
    pub fn script(&self, entries: impl IntoIterator<Item: Into<ScriptEntry>>) {
        // Collected first: the caller's iterator is not run under the lock.
        let entries: Vec<_> = entries.into_iter().map(Into::into).collect();
        let mut state = self.shared.lock();
        let now = Instant::now();
        for entry in entries {
            state.pending.push(entry, now);
        }
    }

    /// Adds all of a script that was read from JSON.
    pub fn load(&self, script: Script) {
        self.script(script.entries);
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
        // A model that nobody called yet is shown too, with its limits.
        let configured: Vec<_> = state.models.keys().cloned().collect();
        for id in configured {
            state.account(&id);
        }
        let accounts = state.accounts.iter_mut();
        QuotaUsage {
            models: accounts
                .map(|(id, account)| (id.clone(), account.usage(now)))
                .collect(),
        }
    }

    /// Starts afresh with the same settings and models: ledgers and figures, prompt cache, waiting
    /// and random faults, the random sequence, and the count of minutes and days. Guardrail words
    /// and [`answers`](Self::answers) stay. Calls in flight are answered but no longer counted.
    pub fn reset(&self) {
        let mut state = self.shared.lock();
        state.rng = Rng::with_seed(state.seed);
        state.pending = PendingScript::default();
        state.cache = PromptCache::default();
        state.started = Instant::now();
        state.forget_accounts();
    }

    fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.shared.lock());
        self
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
