use super::{handle::CountTokensHandle, service::CountTokens, settings::Settings, shared::Shared};
use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tower_layer::Layer;

/// Puts [`CountTokens`] around services: a request that
/// [asks for it](crate::Request::count_tokens) has its input tokens counted by Bedrock first.
///
/// A service of its own makes the counts, such as a [`Bedrock`](crate::Bedrock) or a stack around it.
/// Counting is free of charge and has a quota of its own, but it takes a round trip and sends the
/// prompt twice. Where a few percent of the quota do not matter, the quota layer's own estimate is as
/// good.
///
/// The layer belongs outside the quota layer and inside the cache, so that cached answers do not wait
/// for a count:
///
/// ```
/// use tower::ServiceBuilder;
/// use tower_bedrock::{Bedrock, CountTokensLayer, policy};
/// # fn example(bedrock: Bedrock, quotas: policy::Quotas) {
/// let service = ServiceBuilder::new()
///     .layer(CountTokensLayer::new(bedrock.clone()).all())
///     .layer(policy::RetryPolicy::new().layer_over_quota())
///     .layer(policy::quota_layer("us-east-1", quotas))
///     .service(bedrock);
/// # let _ = service;
/// # }
/// ```
///
/// # Clone
///
/// Clones, and all services of one value, share their counts and what they know of failed ones.
///
/// # Knobs
///
/// Knobs come first: once a handle, a clone or a service was taken from this layer, turning a knob
/// panics, since those would go on with other settings.
pub struct CountTokensLayer<C> {
    counter: C,
    shared: Arc<Shared>,
}

impl<C> CountTokensLayer<C> {
    /// Asks `counter` for the counts.
    #[must_use]
    pub fn new(counter: C) -> Self {
        Self {
            counter,
            shared: Arc::default(),
        }
    }

    /// Counts every request that can be counted. Default: those that ask for it.
    #[must_use]
    #[track_caller]
    pub fn all(mut self) -> Self {
        self.settings().all = true;
        self
    }

    /// Sets how long a request waits for its count before it goes on without. Default: 5 seconds.
    ///
    /// A request's own deadline ends the wait, too.
    #[must_use]
    #[track_caller]
    pub fn patience(mut self, longest: Duration) -> Self {
        self.settings().patience = longest;
        self
    }

    /// Sets for how long a model's requests are not counted after a count has failed. Default: 60
    /// seconds.
    #[must_use]
    #[track_caller]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.settings().pause = pause;
        self
    }

    /// Reads what became of the requests of everything this layer makes.
    #[must_use]
    pub fn handle(&self) -> CountTokensHandle {
        CountTokensHandle {
            shared: self.share(),
        }
    }

    fn share(&self) -> Arc<Shared> {
        // A knob owns the layer, so whatever handed it over has ordered this store before it.
        self.shared.taken.store(true, Ordering::Relaxed);
        Arc::clone(&self.shared)
    }

    /// The settings, as long as nobody else goes by them.
    #[track_caller]
    fn settings(&mut self) -> &mut Settings {
        let shared =
            Arc::get_mut(&mut self.shared).filter(|shared| !shared.taken.load(Ordering::Relaxed));
        let shared = shared.expect(
            "`CountTokensLayer` is already shared: turn its knobs before taking a handle, a clone \
             or a service of it",
        );
        &mut shared.settings
    }
}

impl<C: Clone> Clone for CountTokensLayer<C> {
    fn clone(&self) -> Self {
        Self {
            counter: self.counter.clone(),
            shared: self.share(),
        }
    }
}

impl<S, C: Clone> Layer<S> for CountTokensLayer<C> {
    type Service = CountTokens<S, C>;

    fn layer(&self, inner: S) -> CountTokens<S, C> {
        let counter = self.counter.clone();
        CountTokens::new(inner, counter, self.share())
    }
}

impl<C> fmt::Debug for CountTokensLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountTokensLayer")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
