#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod retry_pause;
mod server;
mod within;

pub use self::{
    error::RedisServerError, retry_pause::RetryPause, server::RedisServer, within::within,
};
