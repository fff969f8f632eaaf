#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod base_model;
mod bedrock;
mod cache_key;
mod cache_scope;
mod count_tokens;
mod deadline;
#[path = "error/error.rs"]
mod error;
#[path = "estimate/rules.rs"]
mod estimate;
mod exchange;
mod future;
#[path = "monitor/monitor.rs"]
pub mod monitor;
#[path = "operation/operation.rs"]
mod operation;
mod options;
mod origin;
pub mod policy;
mod request;
mod response;
mod sketch;
mod stack;
mod telemetry;
mod usage;
#[path = "wire/convert.rs"]
pub mod wire;

pub use self::{
    bedrock::Bedrock,
    cache_key::CacheKey,
    cache_scope::CacheScope,
    count_tokens::{CountTokens, CountTokensFuture, CountTokensLayer, Counts},
    deadline::{Deadline, DeadlineFuture, DeadlineLayer},
    error::{Error, ErrorKind},
    future::ResponseFuture,
    operation::Operation,
    options::{CacheUse, Options, Priority},
    request::Request,
    response::Response,
    stack::{Backoff, Breaker, Cache, Stack, StackLayer, TokenQuota},
    usage::Usage,
};
pub use tower_response_cache::CacheStatus;
