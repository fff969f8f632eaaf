#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod error;
mod lead;
mod listen;
mod names;
mod position;
mod redis_store;
mod scripts;
mod server;

pub use self::{error::RedisStoreError, redis_store::RedisStore};
