use super::{
    choice::{Choice, Patience, choose},
    counts::Counts,
    left_out::LeftOut,
    outlook::{Asked, Outlook},
    routes::{Model, Place, Route, Routes},
    set::Set,
    settings::Settings,
    warmth::{Held, Key, Warmth},
};
use crate::{operation::Operation, request::Request};
use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// A circuit that is open turns calls away, so a call rather waits for any other Region. Such a wait stands
/// for one that is longer than all of them, and shorter than for ever.
pub(crate) const OPEN: Duration = Duration::from_secs(365 * 24 * 3600);

/// What is missing in a prompt cache costs so much where nobody knows the Region's quota.
const COLD: Duration = Duration::from_secs(10);

/// So much of its rate a Region's quota is used by conversations that begin there: those that go on need
/// the more the longer they are.
const ROOM: f64 = 0.9;

/// What the choices of one stack share.
pub(crate) struct Choosing {
    pub(crate) settings: Arc<Settings>,
    outlook: Box<dyn Outlook>,
    routes: Routes,
    warmth: Mutex<Warmth>,
    left_out: Mutex<LeftOut>,
    /// Whether any model is, so that calls need no lock to know of none.
    is_any_left_out: AtomicBool,
    counts: Box<[Counts]>,
    hashes: RandomState,
}

impl Choosing {
    pub(crate) fn new(settings: Arc<Settings>, outlook: Box<dyn Outlook>) -> Self {
        Self {
            left_out: Mutex::new(LeftOut::new(settings.left_out_for)),
            counts: settings.names.iter().map(|_| Counts::default()).collect(),
            settings,
            outlook,
            routes: Routes::default(),
            warmth: Mutex::default(),
            is_any_left_out: AtomicBool::new(false),
            hashes: RandomState::new(),
        }
    }

    pub(crate) fn route(&self, id: &str, stands_for: Option<&str>) -> Arc<Route> {
        self.routes.get(&self.settings, id, stands_for)
    }

    pub(crate) fn counts(&self, region: usize) -> &Counts {
        &self.counts[region]
    }

    /// Chooses one of the `candidates` for a call of a model that has to start by `latest`.
    pub(crate) fn choose<I: Operation>(
        &self,
        request: &Request<I>,
        model: &Model,
        candidates: Set,
        latest: Option<Instant>,
        now: Instant,
    ) -> Option<Choice> {
        let held = self.held(request, model, now);
        let is_of_a_conversation = request.options().conversation().is_some();
        if is_of_a_conversation {
            candidates
                .iter()
                .for_each(|region| self.comes(model, region, now));
        }
        let warm = match &held {
            // It will come again, and is to find room then.
            None if is_of_a_conversation => candidates
                .iter()
                .filter(|region| self.has_room_to_come(model, *region, now))
                .collect(),
            // Then it is no more at home in one than in another.
            None => candidates,
            Some(held) => candidates
                .iter()
                .filter(|region| held.missing(*region) == 0)
                .collect(),
        };
        let patience = self.patience().within(left(latest, now));
        let cold = |region| self.cold(held.as_ref(), model, region, now);
        let wait = |region| self.wait(request, model, region);
        choose(candidates, warm, patience, cold, wait)
    }

    pub(crate) fn patience(&self) -> Patience {
        let any = self.settings.patience;
        let at_home = self.settings.conversation_patience.max(any);
        Patience { any, at_home }
    }

    /// How long a call that comes now waits in a Region: for its turn or, beyond that, for a circuit.
    pub(crate) fn wait<I: Operation>(
        &self,
        request: &Request<I>,
        model: &Model,
        region: usize,
    ) -> Duration {
        let Place {
            key, quota_model, ..
        } = model.place(region);
        let asked = Asked::of(request, quota_model);
        let name = &self.settings.names[region];
        let tokens = self.outlook.tokens(name, quota_model, &asked);
        let wait = self.outlook.wait(key, tokens);
        let open = self.outlook.open_for(key);
        if open.is_zero() {
            wait
        } else {
            wait.max(OPEN.saturating_add(open))
        }
    }

    /// What the Regions have of the call's prompt, if it is of a conversation.
    fn held<I: Operation>(
        &self,
        request: &Request<I>,
        model: &Model,
        now: Instant,
    ) -> Option<Held> {
        let key = self.key(request, model)?;
        lock(&self.warmth).held(&key, now)
    }

    /// What the call would have to write anew in a Region, as time of its quota.
    fn cold(&self, held: Option<&Held>, model: &Model, region: usize, now: Instant) -> Duration {
        let missing = self.missing(held, model, region);
        if missing.is_zero() {
            return missing;
        }
        let owed = lock(&model.place(region).ahead).owed(now);
        missing.saturating_add(owed)
    }

    /// The same without what others owe.
    fn missing(&self, held: Option<&Held>, model: &Model, region: usize) -> Duration {
        let missing = held.map_or(0, |held| held.missing(region));
        if missing == 0 {
            return Duration::ZERO;
        }
        let per_minute = self.outlook.tokens_per_minute(&model.place(region).key);
        match per_minute {
            None => COLD,
            Some(0) => Duration::MAX,
            Some(per_minute) => Duration::from_secs_f64(missing as f64 * 60.0 / per_minute as f64),
        }
    }

    /// A call of a conversation may go to a Region.
    fn comes(&self, model: &Model, region: usize, now: Instant) {
        let place = model.place(region);
        lock(&place.ahead).comes(now, || self.outlook.used(&place.key));
    }

    /// Whether the quota of a Region comes in faster than it was used lately.
    fn has_room_to_come(&self, model: &Model, region: usize, now: Instant) -> bool {
        let place = model.place(region);
        let Some(per_minute) = self.outlook.tokens_per_minute(&place.key) else {
            return true;
        };
        let used = self.outlook.used(&place.key);
        lock(&place.ahead).per_minute(now, used) <= ROOM * per_minute as f64
    }

    /// A call moves to a Region that lacks its prompt.
    pub(crate) fn owes<I: Operation>(
        &self,
        request: &Request<I>,
        model: &Model,
        region: usize,
        now: Instant,
    ) {
        let held = self.held(request, model, now);
        let missing = self.missing(held.as_ref(), model, region);
        lock(&model.place(region).ahead).owes(now, missing);
    }

    /// Whether the call's prompt is in the Region's cache as far as in any.
    pub(crate) fn is_home<I: Operation>(
        &self,
        request: &Request<I>,
        model: &Model,
        region: usize,
        now: Instant,
    ) -> bool {
        let held = self.held(request, model, now);
        held.is_some_and(|held| held.missing(region) == 0)
    }

    fn key<I: Operation>(&self, request: &Request<I>, model: &Model) -> Option<Key> {
        let conversation = request.options().conversation()?;
        let tenant = request.options().tenant();
        Some(Key {
            conversation: conversation.hash(),
            model_and_tenant: self.hashes.hash_one((model.number, tenant)),
        })
    }

    /// Where a call of a conversation was answered, and so many tokens of its prompt are in the cache.
    pub(crate) fn is_warm(&self, key: Key, note: &super::warmth::Note) {
        // Whoever is forgotten is dropped outside of the lock.
        let forgotten = lock(&self.warmth).note(key, note);
        drop(forgotten);
    }

    pub(crate) fn warmth_key<I: Operation>(
        &self,
        request: &Request<I>,
        model: &Model,
    ) -> Option<Key> {
        self.key(request, model)
    }

    /// The Regions of a model that calls stay away from.
    pub(crate) fn left_out(&self, model: &Model, now: Instant) -> Set {
        if !self.is_any_left_out.load(Ordering::Relaxed) {
            return Set::NONE;
        }
        let left_out = lock(&self.left_out);
        let regions = model.regions.iter();
        let is_out = |region: &usize| left_out.avoids(&model.place(*region).key, now);
        regions.filter(is_out).collect()
    }

    /// A call goes to a Region, which may be a trial.
    pub(crate) fn goes_to(&self, model: &Model, region: usize, now: Instant) {
        if self.is_any_left_out.load(Ordering::Relaxed) {
            lock(&self.left_out).goes_to(&model.place(region).key, now);
        }
    }

    /// A model was served in `region`, and not in those where it is `missing`. Says of which of those that is
    /// news.
    pub(crate) fn was_served(
        &self,
        model: &Model,
        region: usize,
        missing: Set,
        now: Instant,
    ) -> Set {
        if missing.is_empty() && !self.is_any_left_out.load(Ordering::Relaxed) {
            return Set::NONE;
        }
        let mut left_out = lock(&self.left_out);
        left_out.serves(&model.place(region).key);
        let is_news = |region: &usize| left_out.leave_out(&model.place(*region).key, now);
        let news = missing.iter().filter(is_news).collect();
        // Changed under the lock, so it is what the table says.
        self.is_any_left_out
            .store(!left_out.is_empty(), Ordering::Relaxed);
        news
    }

    /// The `"region/model"`s that calls stay away from.
    pub(crate) fn left_out_keys(&self) -> Vec<Arc<str>> {
        lock(&self.left_out).keys().map(Arc::clone).collect()
    }
}

/// How long a call has until it must have started.
pub(crate) fn left(latest: Option<Instant>, now: Instant) -> Option<Duration> {
    latest.map(|latest| latest.saturating_duration_since(now))
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
