//! What is told of calls while they go on: spans, metrics and log lines.
//!
//! A [`TelemetryLayer`] watches calls or attempts; a [`StackLayer`](crate::StackLayer) has one of each.
//! With the feature `tracing` each is a span, with `metrics` each is counted and timed; without these
//! features the layers do nothing. The [guide](crate::docs::telemetry) has the names.
//!
//! Read `layer`, `service`, `future`, then `watch`, which is told what becomes of one call.

mod buckets;
mod events;
mod future;
#[cfg(feature = "metrics")]
mod gauges;
mod layer;
#[cfg(feature = "metrics")]
mod metered;
pub mod semconv;
mod service;
mod settings;
#[cfg(feature = "tracing")]
mod spans;
mod watch;

#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use self::gauges::Gauges;
pub use self::{
    buckets::{SECONDS, TOKENS},
    future::TelemetryFuture,
    layer::TelemetryLayer,
    service::Telemetry,
};
pub(crate) use self::{
    events::{advice, left_out, moved, stream_ended, unresolved},
    watch::Watch,
};
