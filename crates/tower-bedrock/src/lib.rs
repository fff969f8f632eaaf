// On this page the README's links lead to the guides as rustdoc shows them: a first definition wins.
#![doc = "[The quota]: docs::quota"]
#![doc = "[The cache]: docs::cache"]
#![doc = "[how to size it]: docs::max_tokens"]
#![doc = include_str!("docs/links.md")]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod codec;
mod count_tokens;
mod deadline;
#[cfg(any(doc, doctest))]
pub mod docs;
mod error;
mod estimate;
mod explain;
#[cfg(feature = "fleet")]
mod fleet;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod heap;
mod maybe;
mod model_id;
pub mod monitor;
mod operation;
pub mod policy;
mod problem;
mod record;
mod region;
mod regions;
mod request;
mod resolve_profiles;
mod response;
mod send;
pub mod stack;
mod stream;
pub mod telemetry;
#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod test_util;
mod timer;
pub mod wire;

#[cfg(feature = "fleet")]
#[cfg_attr(docsrs, doc(cfg(feature = "fleet")))]
pub use self::fleet::{Fleet, FleetError};
pub use self::{
    client::{Bedrock, ResponseFuture},
    count_tokens::{
        CountTokens, CountTokensFuture, CountTokensHandle, CountTokensLayer, CountTokensSnapshot,
    },
    deadline::{Deadline, DeadlineFuture, DeadlineLayer},
    error::{Error, ErrorKind},
    explain::{Explain, ExplainFuture, ExplainLayer},
    operation::{Operation, UnaryOperation},
    policy::cache::{CacheKey, CacheScope},
    problem::Problem,
    region::IntoRegion,
    regions::{InRegion, InRegionFuture, Regions, RegionsFuture, Sending},
    request::{CacheUse, Options, Priority, Request},
    resolve_profiles::{ResolveProfiles, ResolveProfilesFuture, ResolveProfilesLayer},
    response::{Response, ResponseMetadata, Usage},
    send::{SendThrough, SendThroughFuture},
    stack::{Stack, StackLayer},
    stream::{EventStream, MessageBuilder, StreamEvent, StreamLimits, TextStream},
};
pub use tower_response_cache::CacheStatus;

// These are the versions whose types this crate takes and gives.
pub use {
    aws_sdk_bedrockruntime, tower_backoff, tower_circuit_breaker, tower_quota, tower_response_cache,
};
