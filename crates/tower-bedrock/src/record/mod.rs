//! How do several readers read one body? Each at its own pace, and whoever is at the end drives it.
//!
//! Read `chunks`, which is pure, then `shared`, `record` and `reader`.

mod chunks;
mod fell_behind;
mod playback;
mod reader;
mod record;
mod recording;
mod replay;
mod shared;
mod shared_error;
mod waiting;

pub use self::replay::Replay;
pub(crate) use self::{fell_behind::FellBehind, record::Record, recording::Recording};

#[cfg(test)]
mod tests;
