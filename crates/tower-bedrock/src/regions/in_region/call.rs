use super::learn;
use crate::{
    error::Error,
    operation::Operation,
    regions::{
        Choosing,
        choice::Choice,
        choosing::left,
        movable::{Fate, Reason, fate},
        moving::{Stay, looks_after, moves},
        routes::{Model, Route},
        set::Set,
    },
    request::{Attempts, Request},
    telemetry,
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// One call, or one attempt of a retry layer's, on its way through the Regions.
pub(super) struct Call<I> {
    pub(super) choosing: Arc<Choosing>,
    request: Request<I>,
    route: Arc<Route>,
    /// What all attempts of the call come to, those of other rounds included.
    pub(super) attempts: Arc<Attempts>,
    /// Where the caller wants it to go.
    only: Option<Set>,
    /// When the last attempt has to start.
    latest: Option<Instant>,
    pub(super) here: Here,
    /// The Regions that failed, of the model that is asked now.
    pub(super) tried: Set,
    /// Those of them that do not serve it.
    pub(super) missing: Set,
    /// What the model that the caller asked for failed with.
    pub(super) error: Option<Error>,
    /// Whether the others that may answer in its place are used up.
    pub(super) is_last_model: bool,
}

/// Where the call is now.
#[derive(Clone, Copy)]
pub(super) struct Here {
    pub(super) model: usize,
    pub(super) region: usize,
    stay: Stay,
    looks_at: Instant,
    /// How many attempts were sent before this one.
    sent: u32,
}

/// What a waiting call does next.
pub(super) enum Next {
    Moves,
    LooksAt(Instant),
    /// It is sent, or there is no other place.
    Stays,
}

impl<I: Operation> Call<I> {
    pub(super) fn new(
        choosing: Arc<Choosing>,
        mut request: Request<I>,
        route: Arc<Route>,
        only: Option<Set>,
    ) -> Self {
        let attempts = request.options().attempts.clone();
        let attempts = attempts.unwrap_or_else(|| request.note_attempts());
        let options = request.options();
        let bounds = [options.deadline(), options.start_by()];
        let now = Instant::now();
        let stay = Stay {
            since: now,
            forecast: Duration::ZERO,
        };
        Self {
            latest: bounds.into_iter().flatten().min(),
            choosing,
            request,
            route,
            attempts,
            only,
            here: Here {
                model: 0,
                region: 0,
                stay,
                looks_at: now,
                sent: 0,
            },
            tried: Set::NONE,
            missing: Set::NONE,
            error: None,
            is_last_model: false,
        }
    }

    /// Chooses where it goes first.
    pub(super) fn begin(&mut self, now: Instant) {
        let asked = self.candidates(0, now);
        let choice = self
            .avoiding(asked, now)
            .or_else(|| self.choose(0, asked, now))
            .expect("a model without a Region is refused");
        let too_long = self.choosing.settings.other_model_after;
        let too_long = left(self.latest, now).map_or(too_long, |left| left.min(too_long));
        let other = (choice.wait > too_long).then(|| self.other_model(1, now));
        match other.flatten() {
            Some((model, choice)) => self.goes(model, choice, now),
            None => self.goes(0, choice, now),
        }
        self.choosing.counts(self.here.region).call();
    }

    /// What is sent to where it goes.
    pub(super) fn request(&self) -> Request<I> {
        let mut request = self.request.clone();
        request.send_to(Arc::clone(self.region()));
        let place = self.model().place(self.here.region);
        if let Some(id) = &place.id {
            let stands_for = (*place.quota_model != **id).then(|| Arc::clone(&place.quota_model));
            request.ask_model(Arc::clone(id), stands_for);
        }
        request
    }

    /// The name of the Region where it is.
    pub(super) fn region(&self) -> &Arc<str> {
        &self.choosing.settings.names[self.here.region]
    }

    /// Whether another place is better than this one, for a call that waits.
    pub(super) fn looks_around(&mut self, now: Instant) -> Next {
        if self.attempts.sent_count() != self.here.sent {
            return Next::Stays;
        }
        if now < self.here.looks_at {
            return Next::LooksAt(self.here.looks_at);
        }
        let Here {
            model,
            region,
            stay,
            ..
        } = self.here;
        let elsewhere = self.allowed(model).without(self.missing);
        let elsewhere = elsewhere.without(Set::one(region));
        if elsewhere.is_empty() {
            return Next::Stays;
        }
        let others = self.candidates(model, now).and(elsewhere);
        // One that failed may be well again by the time that a retry would have come back to it.
        let waited = now.saturating_duration_since(stay.since);
        let others = if waited < self.patience_of_retries() {
            others.without(self.tried)
        } else {
            others
        };
        let anew = || self.choosing.wait(&self.request, self.model(), region);
        let remains = stay.left(now, anew);
        if let Some(there) = self.choose(model, others, now)
            && moves(remains, self.patience_for(there, now), there.sum())
        {
            self.leaves(Reason::Waiting, model, there, now);
            return Next::Moves;
        }
        self.here.looks_at = now + looks_after(remains);
        Next::LooksAt(self.here.looks_at)
    }

    /// How long a call stays that waits here rather than `there`.
    fn patience_for(&self, there: Choice, now: Instant) -> Duration {
        let patience = self.choosing.patience().within(left(self.latest, now));
        let region = self.here.region;
        let is_home = self
            .choosing
            .is_home(&self.request, self.model(), region, now);
        if is_home {
            patience.where_others_lack(there.cold)
        } else {
            patience.any
        }
    }

    /// How long a retry would take. Pauses between attempts grow.
    pub(super) fn patience_of_retries(&self) -> Duration {
        let made = self.attempts.made().unwrap_or(0);
        let patience = self.choosing.settings.patience;
        patience.saturating_mul(made.saturating_add(1))
    }

    /// It was answered.
    pub(super) fn answered(&mut self, response: &mut I::Response, now: Instant) {
        learn::answer(self, response, now);
    }

    /// The first other model, from this one on, that answers soon.
    pub(super) fn other_model(&self, from: usize, now: Instant) -> Option<(usize, Choice)> {
        let soon = self.choosing.settings.other_model_after;
        let models = from..self.route.models.len();
        let mut choices = models.filter_map(|model| {
            let choice = self.choose(model, self.candidates(model, now), now)?;
            Some((model, choice))
        });
        choices.find(|(_, choice)| choice.sum() <= soon)
    }

    /// After a time-out another Region comes first, if there is room.
    fn avoiding(&self, asked: Set, now: Instant) -> Option<Choice> {
        let error = self.attempts.last_failure()?;
        if fate(&error) != Fate::Avoids {
            return None;
        }
        let region = self.choosing.settings.place(error.region()?)?;
        let choice = self.choose(0, asked.without(Set::one(region)), now)?;
        let patience = self.choosing.patience().any;
        (choice.sum() <= patience).then_some(choice)
    }

    /// Where the call may go with a model.
    pub(super) fn allowed(&self, model: usize) -> Set {
        let regions = self.route.models[model].regions;
        self.only.map_or(regions, |only| regions.and(only))
    }

    /// The same, without those where the model is left out, unless it is everywhere.
    pub(super) fn candidates(&self, model: usize, now: Instant) -> Set {
        let allowed = self.allowed(model);
        let left_out = self.choosing.left_out(&self.route.models[model], now);
        let candidates = allowed.without(left_out);
        if candidates.is_empty() {
            allowed
        } else {
            candidates
        }
    }

    pub(super) fn choose(&self, model: usize, candidates: Set, now: Instant) -> Option<Choice> {
        let model = &self.route.models[model];
        self.choosing
            .choose(&self.request, model, candidates, self.latest, now)
    }

    pub(super) fn leaves(&mut self, reason: Reason, model: usize, choice: Choice, now: Instant) {
        let from = Arc::clone(self.region());
        self.choosing.counts(self.here.region).goes(reason);
        if model != self.here.model {
            self.tried = Set::NONE;
            self.missing = Set::NONE;
        }
        self.goes(model, choice, now);
        self.choosing.counts(choice.region).comes();
        telemetry::moved(&from, self.region(), reason.as_str());
    }

    fn goes(&mut self, model: usize, choice: Choice, now: Instant) {
        let Choice { region, wait, cold } = choice;
        if !cold.is_zero() {
            let model = &self.route.models[model];
            self.choosing.owes(&self.request, model, region, now);
        }
        self.here = Here {
            model,
            region,
            stay: Stay {
                since: now,
                forecast: wait,
            },
            looks_at: now + looks_after(wait),
            sent: self.attempts.sent_count(),
        };
        self.choosing
            .goes_to(&self.route.models[model], region, now);
        self.attempts.goes_to(self.region());
    }

    pub(super) fn model(&self) -> &Model {
        &self.route.models[self.here.model]
    }

    pub(super) fn choosing(&self) -> &Arc<Choosing> {
        &self.choosing
    }

    pub(super) fn asked(&self) -> &Request<I> {
        &self.request
    }

    /// Whether another model answers than the one that was asked for.
    pub(super) fn is_other_model(&self) -> bool {
        self.here.model > 0
    }

    pub(super) fn place(&self) -> usize {
        self.here.region
    }

    pub(super) fn missing(&self) -> Set {
        self.missing
    }
}
