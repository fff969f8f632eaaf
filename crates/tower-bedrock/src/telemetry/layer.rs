use super::{
    service::Telemetry,
    settings::{Settings, Shared},
    watch::Scope,
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tower_layer::Layer;

/// Tells of each call: a span with the feature `tracing`, counts and times with the feature `metrics`.
///
/// It has two places in a stack. One of [`calls`](Self::calls) is the outermost layer: its time has all
/// waits and attempts in it, and a call that a cache answers is one too. One of
/// [`attempts`](Self::attempts) goes around [`Bedrock`](crate::Bedrock), outside the attempt's timeout
/// and inside all else: its time is Bedrock's, and the tokens it counts are those that Bedrock charged. A
/// [`StackLayer`](crate::StackLayer) has both; by hand they are put so:
///
/// ```
/// use tower::ServiceBuilder;
/// use tower_bedrock::{Bedrock, ExplainLayer, policy, telemetry::TelemetryLayer};
///
/// # fn example(bedrock: Bedrock) {
/// let calls = TelemetryLayer::calls("us-east-1");
/// let attempts = calls.attempts();
/// let service = ServiceBuilder::new()
///     .layer(calls)
///     .layer(ExplainLayer::new("us-east-1"))
///     .layer(policy::backoff_layer())
///     .layer(attempts)
///     .service(bedrock);
/// # let _ = tower::ServiceExt::<tower_bedrock::Request<
/// #     tower_bedrock::aws_sdk_bedrockruntime::operation::converse::ConverseInput>>::boxed(service);
/// # }
/// ```
///
/// Without an [`ExplainLayer`](crate::ExplainLayer) inside, the attempts of a call have no numbers.
///
/// # Clone
///
/// Clones, and the layer of [`attempts`](Self::attempts), share the handles of metrics and their bound.
///
/// # Knobs
///
/// Knobs come first: once a clone, a service or the layer of attempts was taken from this layer, turning
/// a knob panics, since those would go on with other settings.
pub struct TelemetryLayer {
    shared: Arc<Shared>,
    scope: Scope,
    taken: AtomicBool,
}

impl TelemetryLayer {
    /// The layer for calls that are sent to `region`, such as `"us-east-1"`.
    #[must_use]
    pub fn calls(region: impl Into<Arc<str>>) -> Self {
        Self::of(
            Arc::new(Shared::new(Settings::of(region.into()))),
            Scope::Call,
        )
    }

    /// The layer for their attempts.
    #[must_use]
    pub fn attempts(&self) -> Self {
        Self::of(self.share(), Scope::Attempt)
    }

    /// How many models have a label of their own in metrics, for each layer of calls. Default: 100.
    ///
    /// Those that are called first have one, each counted once for each operation and Region; the calls of all others are counted together, as
    /// [`_OTHER`](super::semconv::OTHER).
    #[must_use]
    #[track_caller]
    pub fn max_models(self, models: usize) -> Self {
        self.set(|settings| settings.max_models = models)
    }

    /// Has the metrics told by their old names as well, which most dashboards know:
    /// `gen_ai.client.operation.duration` and `gen_ai.client.token.usage`. Default: they are not.
    ///
    /// OpenTelemetry has the environment variable `OTEL_SEMCONV_STABILITY_OPT_IN` for that, where
    /// `gen_ai_latest_experimental` asks for the new names alone. A program that heeds it reads it.
    #[must_use]
    #[track_caller]
    pub fn old_names(self) -> Self {
        self.set(|settings| settings.old_names = true)
    }

    /// Sets what spans tell as the server's address, whatever the Region. Default: Bedrock's in the Region,
    /// such as `bedrock-runtime.us-east-1.amazonaws.com`.
    #[must_use]
    #[track_caller]
    pub fn server_address(self, address: impl Into<Arc<str>>) -> Self {
        self.set(|settings| settings.tell_server(address.into()))
    }

    #[track_caller]
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let shared = Arc::get_mut(&mut self.shared).filter(|_| !*self.taken.get_mut());
        let shared = shared.expect(
            "`TelemetryLayer` is already shared: turn its knobs before taking a clone, a service or \
             the layer of attempts of it",
        );
        change(&mut shared.settings);
        self
    }

    fn share(&self) -> Arc<Shared> {
        // A knob owns the layer, so whatever handed it over has ordered this store before it.
        self.taken.store(true, Ordering::Relaxed);
        Arc::clone(&self.shared)
    }

    const fn of(shared: Arc<Shared>, scope: Scope) -> Self {
        let taken = AtomicBool::new(false);
        Self {
            shared,
            scope,
            taken,
        }
    }
}

impl<S> Layer<S> for TelemetryLayer {
    type Service = Telemetry<S>;

    fn layer(&self, inner: S) -> Telemetry<S> {
        Telemetry::new(inner, self.share(), self.scope)
    }
}

impl Clone for TelemetryLayer {
    fn clone(&self) -> Self {
        Self::of(self.share(), self.scope)
    }
}

impl fmt::Debug for TelemetryLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetryLayer")
            .field("scope", &self.scope)
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
