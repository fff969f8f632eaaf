// On this page the README's links lead to the guides as rustdoc shows them: a first definition wins.
#![doc = "[Which wait]: docs::which_wait"]
#![doc = "[what retries may cost]: docs::budget"]
#![doc = "[for HTTP]: docs::http"]
#![doc = "[Stacking]: docs::stacking"]
#![doc = "[telemetry and cost]: docs::telemetry_and_cost"]
#![doc = ""]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod attempt_timeout;
mod budget;
mod classify;
#[cfg(any(doc, doctest))]
pub mod docs;
mod events;
pub mod future;
mod handle;
#[cfg(feature = "http")]
mod http;
mod layer;
mod policy;
mod request;
mod service;
mod settings;
mod snapshot;
mod state;
mod sync;
mod telemetry;
mod waits;

#[cfg(feature = "http")]
pub use self::http::{HttpCall, HttpClassifier};
pub use attempt_timeout::{AttemptTimeout, AttemptTimeoutLayer};
pub use budget::Budget;
pub use classify::{Classify, MakeClassifier, PerRequest, SharedClassifier, Verdict};
pub use events::{GiveUpCause, GiveUpEvent, RetryCause, RetryEvent};
pub use handle::Handle;
pub use layer::BackoffLayer;
pub use request::{FromRequest, Overrides, Replay, ReplayClone, RetryOptions};
pub use service::Retry;
pub use snapshot::Snapshot;
pub use waits::{Backoff, Delays, Jitter};
