// On this page the README's links lead to the guides as rustdoc shows them: a first definition wins.
#![doc = "[Which wait]: docs::which_wait"]
#![doc = "[what retries may cost]: docs::budget"]
#![doc = "[Stacking]: docs::stacking"]
#![doc = "[telemetry and cost]: docs::telemetry_and_cost"]
#![doc = ""]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod attempt_timeout;
mod backoff;
mod budget;
mod charge;
mod classify;
mod delays;
#[cfg(any(doc, doctest))]
pub mod docs;
mod events;
pub mod future;
mod handle;
mod jitter;
mod layer;
mod ledger;
mod limits;
mod make_classifier;
mod overrides;
mod policy;
mod rejections;
mod replay;
mod retrying;
mod service;
mod settings;
mod snapshot;
mod spare;
mod state;
mod sync;
mod telemetry;
mod timer;
mod verdict;

pub use attempt_timeout::{AttemptTimeout, AttemptTimeoutLayer};
pub use backoff::Backoff;
pub use budget::Budget;
pub use classify::Classify;
pub use delays::Delays;
pub use events::{GiveUpCause, GiveUpEvent, RetryCause, RetryEvent};
pub use handle::Handle;
pub use jitter::Jitter;
pub use layer::BackoffLayer;
pub use make_classifier::{MakeClassifier, PerRequest, SharedClassifier};
pub use overrides::{Overrides, RetryOptions};
pub use replay::{FromRequest, Replay, ReplayClone};
pub use service::Retry;
pub use snapshot::Snapshot;
pub use verdict::Verdict;
