#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod lead;
mod listen;
mod names;
mod position;
mod redis_store;
mod scripts;

pub use self::redis_store::RedisStore;
#[doc(inline)]
pub use tower_redis_connection::RedisServerError as RedisStoreError;
