use super::{
    BreakerLayer, CacheLayer, RetryLayer, StackLayer, TokenQuotaLayer,
    layers::Layers,
    model_snapshot::Rows,
    places::{BreakerPlace, CachePlace, QuotaPlace},
    region_snapshot,
    snapshot::Snapshot,
};
use crate::{
    monitor::Monitor,
    policy::{AccountQuotas, Answer, cache::CacheKey},
};
use std::{fmt, sync::Arc};
use tower_circuit_breaker::Circuits;

/// Shows and steers all layers of a stack; made by [`StackLayer::handle`].
///
/// [`snapshot`](Self::snapshot) shows everything at once. The layers' own handles show and do more.
///
/// The type parameters are those of the [`StackLayer`]. A layer that was left out has no handle.
///
/// ```
/// use tower_bedrock::StackLayer;
///
/// let stack = StackLayer::new("us-east-1");
/// let handle = stack.handle();
/// println!("{}", handle.snapshot());
/// ```
///
/// # Clone
///
/// A clone is of the same stack; it costs a reference count.
pub struct Handle<C = CacheLayer, B = BreakerLayer, Q = TokenQuotaLayer> {
    layers: Arc<Layers<C, B, Q>>,
}

impl<C: CachePlace, B: BreakerPlace, Q: QuotaPlace> StackLayer<C, B, Q> {
    /// Shows and steers all layers.
    #[must_use]
    pub fn handle(&self) -> Handle<C, B, Q> {
        Handle {
            layers: Arc::new(self.share().clone()),
        }
    }
}

impl<C: CachePlace, B: BreakerPlace, Q: QuotaPlace> Handle<C, B, Q> {
    /// What all layers do and have done.
    ///
    /// Each layer's part is of one moment. Layer after layer is read while calls go on, so the parts may
    /// be some calls apart.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let layers = &*self.layers;
        let mut models = Rows::new();
        layers.quota.layer.show(&mut models);
        layers.breaker.layer.show(&mut models);
        Snapshot {
            region: Arc::clone(layers.regions.first()),
            closed: layers.quota.layer.is_closed(),
            regions: region_snapshot::regions(&layers.choosing()),
            models: models.into_values().collect(),
            cache: layers.cache.layer.show(),
            retries: layers.backoff.layer.handle().snapshot(),
        }
    }
}

impl<B, Q> Handle<CacheLayer, B, Q> {
    /// Shows and steers the cache.
    #[must_use]
    pub fn cache(&self) -> tower_response_cache::Handle<CacheKey, Answer> {
        self.layers.cache.layer.handle()
    }
}

impl<C, Q> Handle<C, BreakerLayer, Q> {
    /// Shows and steers the circuits, by `"region/model"`.
    #[must_use]
    pub fn circuits(&self) -> Circuits<Arc<str>> {
        self.layers.breaker.layer.circuits()
    }
}

impl<C, B> Handle<C, B, TokenQuotaLayer> {
    /// Lets no further call through to Bedrock, for a server that shuts down.
    ///
    /// Calls that wait for their turn fail at once with [`ErrorKind::Closed`](crate::ErrorKind), and so do
    /// calls that come later and retries; [`retry_after`](crate::Error::retry_after) is the wait that they
    /// would have had. Calls and streams under way end as usual, and what the cache has is still answered.
    /// There is no way back, and closing once more changes nothing.
    ///
    /// Without it a graceful shutdown takes as long as the line of waiting calls. With axum:
    ///
    /// ```no_run
    /// # async fn example(listener: tokio::net::TcpListener, app: axum::Router, handle: tower_bedrock::stack::Handle) -> std::io::Result<()> {
    /// axum::serve(listener, app)
    ///     .with_graceful_shutdown(async move {
    ///         // Or the signal of whatever runs the server.
    ///         let _ = tokio::signal::ctrl_c().await;
    ///         handle.close();
    ///     })
    ///     .await
    /// # }
    /// ```
    pub fn close(&self) {
        self.quota().close();
    }

    /// Takes other quotas from now on, in the place of those that the stack was made with, and of those
    /// that single keys were given since: AWS has raised one, say.
    ///
    /// What is used stays used, and what was learned of a limit stays known. Calls that wait go, or are
    /// rejected, where the new quotas say so. What ARNs stand for is heeded too, for calls that come from now
    /// on; what a [`ResolveProfilesLayer`](crate::ResolveProfilesLayer) was told or has asked itself stays.
    ///
    /// With the feature `toml` a file can be read again, at a signal or now and then. One with a mistake
    /// changes nothing. An empty one is no mistake: it takes away all that was told. So put a new file in the place
    /// of the old one by renaming it, or a half of it may be read:
    ///
    /// ```no_run
    /// # #[cfg(all(unix, feature = "toml"))]
    /// # async fn example(handle: tower_bedrock::stack::Handle) -> std::io::Result<()> {
    /// use tokio::signal::unix::{SignalKind, signal};
    /// use tower_bedrock::policy::Quotas;
    ///
    /// let mut hangup = signal(SignalKind::hangup())?;
    /// while hangup.recv().await.is_some() {
    ///     match tokio::task::spawn_blocking(|| Quotas::from_file("quotas.toml")).await? {
    ///         Ok(quotas) => handle.set_quotas(quotas),
    ///         Err(error) => eprintln!("the quotas stay as they are: {error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_quotas(&self, quotas: impl AccountQuotas + Send + Sync + 'static) {
        let layers = &*self.layers;
        let told = quotas.profiles();
        let cost = layers.quota.layer.cost();
        cost.set_quotas(&self.quota(), quotas);
        layers.profiles.layer.tell(told);
    }

    /// Shows what each `"region/model"` uses of its quota.
    #[must_use]
    pub fn quota(&self) -> tower_quota::Handle<Arc<str>> {
        self.layers.quota.layer.handle()
    }

    /// Counts the tokens of each `"region/model"`, and advises a `max_tokens`.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        self.layers.quota.layer.cost().monitor()
    }
}

impl<C, B, Q> Handle<C, B, Q> {
    /// Counts attempts, retries and calls given up.
    #[must_use]
    pub fn backoff(&self) -> tower_backoff::Handle {
        let backoff: &RetryLayer = &self.layers.backoff.layer;
        backoff.handle()
    }
}

impl<C, B, Q> Clone for Handle<C, B, Q> {
    fn clone(&self) -> Self {
        Self {
            layers: Arc::clone(&self.layers),
        }
    }
}

impl<C: CachePlace, B: BreakerPlace, Q: QuotaPlace> fmt::Debug for Handle<C, B, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("snapshot", &self.snapshot())
            .finish()
    }
}
