//! How do several readers read one body? Each at its own pace, and whoever is at the end drives it.
//!
//! Read `chunks`, which is pure, then `record` and `reader`.

mod chunks;
mod reader;
mod record;
mod recording;
mod shared_error;
mod waiting;

pub(crate) use self::record::Record;

#[cfg(test)]
mod tests;
