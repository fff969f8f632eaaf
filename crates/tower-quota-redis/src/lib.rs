#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod listen;
mod message;
mod names;
mod packed;
mod redis_log;
mod scripts;

pub use self::redis_log::RedisLog;
#[doc(inline)]
pub use tower_redis_connection::RedisServerError as RedisLogError;
