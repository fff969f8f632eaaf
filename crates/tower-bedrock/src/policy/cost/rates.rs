use super::{burndown::Burndown, max_output::MaxOutput, throttle_run::ThrottleRun};
use crate::{
    estimate::Correction,
    model_id::{base_model, one_name},
    policy::model_key::model_key,
};
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// What is known of one model: looked up in the tables at its first call, learned from its answers.
pub(super) struct Rates {
    pub(super) key: Arc<str>,
    pub(super) burndown: u64,
    pub(super) max_output: u64,
    /// Nothing says which model it is, and nobody was told of that yet.
    unknown: AtomicBool,
    seen: Mutex<Seen>,
}

/// What the model's answers and throttles have said so far.
#[derive(Default)]
struct Seen {
    correction: Correction,
    throttle_run: ThrottleRun,
}

impl Rates {
    /// Whether nothing says which model this is: true once, for whoever tells the user.
    pub(super) fn is_news_of_an_unknown_model(&self) -> bool {
        // Read first: it is asked for every call, and written for hardly any.
        self.unknown.load(Ordering::Relaxed) && self.unknown.swap(false, Ordering::Relaxed)
    }

    /// What `estimated_tokens` of input are likely to come to.
    pub(super) fn predict(&self, estimated_tokens: u64) -> u64 {
        let correction = lock(&self.seen).correction;
        correction.predict(estimated_tokens)
    }

    /// Learns from an answer to a prompt that was estimated at `estimated_tokens`, if it was, and had
    /// `actual_tokens`, if that is known.
    pub(super) fn learn(&self, estimated_tokens: Option<u64>, actual_tokens: Option<u64>) {
        let mut seen = lock(&self.seen);
        seen.throttle_run.end();
        if let (Some(estimated_tokens), Some(actual_tokens)) = (estimated_tokens, actual_tokens) {
            seen.correction.learn(estimated_tokens, actual_tokens);
        }
    }

    /// Notes that the model answers.
    pub(super) fn answered(&self) {
        lock(&self.seen).throttle_run.end();
    }

    /// Notes a throttle. For how long the model did nothing else, if that is worth a word, and whether
    /// it is to be given up with it.
    pub(super) fn throttled(&self, patience: Duration, now: Instant) -> Option<(Duration, bool)> {
        let run = &mut lock(&self.seen).throttle_run;
        run.add(now);
        run.lasts(patience)
    }
}

impl fmt::Debug for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The rates of the models that were called.
#[derive(Default)]
pub(super) struct Models {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By Region; a handful, so that the first look finds it.
    regions: Vec<(Arc<str>, ByModel)>,
    models: usize,
}

type ByModel = HashMap<Box<str>, Arc<Rates>>;

/// Nobody calls so many models. But ids may come from outside, from whoever calls a service of the
/// user's, and must not fill the memory.
const MOST: usize = 1024;

impl Models {
    pub(super) fn get(
        &self,
        region: &Arc<str>,
        model: &str,
        burndown: &Burndown,
        max_output: &MaxOutput,
    ) -> Arc<Rates> {
        let model = one_name(model);
        let mut known = lock(&self.known);
        if let Some(rates) = known.get(region, model) {
            return Arc::clone(rates);
        }
        let rates = Arc::new(Rates {
            key: model_key(region, model),
            burndown: burndown.of(model),
            max_output: max_output.of(model),
            unknown: AtomicBool::new(
                base_model(model).is_none() && !burndown.tells(model) && !max_output.tells(model),
            ),
            seen: Mutex::default(),
        });
        known.add(region, model, &rates);
        rates
    }
}

impl Known {
    fn get(&self, region: &str, model: &str) -> Option<&Arc<Rates>> {
        let mut regions = self.regions.iter();
        let (_, models) = regions.find(|(name, _)| **name == *region)?;
        models.get(model)
    }

    fn add(&mut self, region: &Arc<str>, model: &str, rates: &Arc<Rates>) {
        // Models that no call is using now. What was learned of them is learned again.
        if self.models >= MOST {
            for (_, models) in &mut self.regions {
                models.retain(|_, rates| Arc::strong_count(rates) > 1);
            }
            self.regions.retain(|(_, models)| !models.is_empty());
            self.models = self.regions.iter().map(|(_, models)| models.len()).sum();
        }
        if self.models >= MOST {
            return;
        }
        let place = self.regions.iter().position(|(name, _)| name == region);
        let place = place.unwrap_or_else(|| {
            self.regions.push((Arc::clone(region), ByModel::new()));
            self.regions.len() - 1
        });
        self.regions[place]
            .1
            .insert(model.into(), Arc::clone(rates));
        self.models += 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_ids_is_forgotten_and_models_in_use_are_not() {
        let (models, burndown, max_output) = (
            Models::default(),
            Burndown::standard(),
            MaxOutput::standard(),
        );
        let region = Arc::from("us-east-1");
        let get = |model: &str| models.get(&region, model, &burndown, &max_output);
        let used = get("in.use");
        used.learn(Some(1_000), Some(3_000));
        for n in 0..3 * MOST {
            get(&n.to_string());
        }
        for n in 0..3 * MOST {
            let region = format!("region-{n}").into();
            models.get(&region, "m", &burndown, &max_output);
        }
        let known = lock(&models.known);
        let rates = known.regions.iter().map(|(_, models)| models.len());
        assert_eq!(rates.sum::<usize>(), known.models);
        assert!(known.models <= MOST);
        drop(known);
        assert!(Arc::ptr_eq(&used, &get("in.use")));
        let elsewhere = models.get(&"us-west-2".into(), "in.use", &burndown, &max_output);
        assert_eq!(&*elsewhere.key, "us-west-2/in.use");
    }
}
