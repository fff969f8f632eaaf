use super::{models::stands_for, settings::Settings};
use crate::{model_id::is_application_profile, policy::Profiles, telemetry};
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{sync::watch, time::Instant};

/// What is known of ARNs: told in the table, or asked for.
pub(super) struct Known {
    settings: Settings,
    /// What the quotas tell, which replaces the same entries of the table.
    told: RwLock<Profiles>,
    asked: Mutex<HashMap<Arc<str>, Asked>>,
    /// Whether a clone or a service was taken.
    taken: AtomicBool,
}

enum Asked {
    /// The answer is under way; calls wait for it until then.
    UnderWay {
        until: Instant,
        answered: watch::Receiver<()>,
    },
    StandsFor(Arc<str>),
    /// Not to be asked for again before that.
    Failed {
        until: Instant,
    },
}

/// What there is to do about an ARN.
pub(super) enum Look {
    StandsFor(Arc<str>),
    Unknown,
    /// Until then, for the answer that is under way.
    Wait(Instant, watch::Receiver<()>),
}

/// Nobody has so many profiles. But ids may come from outside, from whoever calls a service of the
/// user's, and must not fill the memory or flood AWS.
const MOST: usize = 1024;

impl Known {
    pub(super) fn new(table: Profiles) -> Self {
        Self {
            settings: Settings::new(table),
            told: RwLock::default(),
            asked: Mutex::default(),
            taken: AtomicBool::new(false),
        }
    }

    pub(super) fn settings_mut(&mut self) -> Option<&mut Settings> {
        (!*self.taken.get_mut()).then_some(&mut self.settings)
    }

    pub(super) fn share(self: &Arc<Self>) -> Arc<Self> {
        // A knob owns the layer, so whatever handed it over has ordered this store before it.
        self.taken.store(true, Ordering::Relaxed);
        Arc::clone(self)
    }

    /// What `id` stands for, after the answer that a call has waited for.
    pub(super) fn answer(&self, id: &str) -> Option<Arc<str>> {
        match self.asked().get(id) {
            Some(Asked::StandsFor(model)) => Some(Arc::clone(model)),
            _ => None,
        }
    }

    /// Looks `id` up, and asks for it if that is to be done.
    pub(super) fn look(self: &Arc<Self>, id: &str) -> Look {
        if let Some(model) = self
            .told()
            .shared(id)
            .or_else(|| self.settings.table.shared(id))
        {
            return Look::StandsFor(model);
        }
        if self.settings.ask.is_none() || !is_application_profile(id) {
            return Look::Unknown;
        }
        let now = Instant::now();
        let mut asked = self.asked();
        match asked.get(id) {
            Some(Asked::StandsFor(model)) => return Look::StandsFor(Arc::clone(model)),
            Some(Asked::UnderWay { until, answered }) if now < *until => {
                return Look::Wait(*until, answered.clone());
            }
            Some(Asked::UnderWay { .. }) => return Look::Unknown,
            Some(Asked::Failed { until }) if now < *until => return Look::Unknown,
            None if asked.len() >= MOST => return Look::Unknown,
            Some(Asked::Failed { .. }) | None => {}
        }
        let (tell, answered) = watch::channel(());
        let until = now + self.settings.patience;
        let arn: Arc<str> = id.into();
        let before = asked.insert(
            Arc::clone(&arn),
            Asked::UnderWay {
                until,
                answered: answered.clone(),
            },
        );
        drop(asked);
        let question = Question {
            known: Arc::clone(self),
            arn,
            first: before.is_none(),
            _tell: tell,
        };
        // A task of its own, so that the call that happened to ask may be dropped.
        tokio::spawn(question.ask());
        Look::Wait(until, answered)
    }

    /// Replaces what the quotas tell.
    pub(super) fn tell(&self, told: Profiles) {
        *self.told.write().unwrap_or_else(PoisonError::into_inner) = told;
    }

    fn told(&self) -> RwLockReadGuard<'_, Profiles> {
        self.told.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self, arn: &Arc<str>, model: Option<Arc<str>>) {
        let end = match model {
            Some(model) => Asked::StandsFor(model),
            None => Asked::Failed {
                until: Instant::now() + self.settings.pause,
            },
        };
        self.asked().insert(Arc::clone(arn), end);
    }

    /// Nothing foreign runs under the lock, so a poisoned one is whole all the same.
    fn asked(&self) -> MutexGuard<'_, HashMap<Arc<str>, Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One question under way. Dropped unanswered, by a panic or the runtime's end, it has failed.
struct Question {
    known: Arc<Known>,
    arn: Arc<str>,
    /// Nobody has heard of a failure of this ARN.
    first: bool,
    /// Dropped, it wakes those who wait.
    _tell: watch::Sender<()>,
}

impl Question {
    async fn ask(self) {
        let Some(ask) = &self.known.settings.ask else {
            return;
        };
        let answer = ask(self.arn.to_string()).await;
        let answer = answer.and_then(|models| {
            stands_for(&models).ok_or_else(|| "it stands for no single model".into())
        });
        match answer {
            Ok(model) => self.known.ended(&self.arn, Some(model)),
            Err(error) if self.first => telemetry::unresolved(&self.arn, &*error),
            Err(_) => {}
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let under_way = matches!(
            self.known.asked().get(&self.arn),
            Some(Asked::UnderWay { .. })
        );
        if under_way {
            self.known.ended(&self.arn, None);
        }
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("settings", &self.settings)
            .field("asked", &self.asked().len())
            .finish_non_exhaustive()
    }
}
