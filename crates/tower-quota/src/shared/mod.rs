//! One quota for many processes.

mod log;

pub use self::log::{
    Append, Appended, Base, Claim, Entry, Heard, Listening, Loaded, LogError, LogFuture, Position,
    SharedLog, Tail, Totals,
};
