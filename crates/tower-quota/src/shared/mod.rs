//! One quota for many processes.
//!
//! A `log` carries what all of them tell. Each folds that to a `replica`, of which the `line` says who goes first; a
//! `turn` is what one tells. `shared_key` is a process's part in one key, and `plan` what it appends next. `alone` is how it goes
//! on while the log does not answer, and the `journal` has what the log needs to hear of then. All of that is pure: `driver`
//! carries it out.

mod alone;
mod clock;
mod journal;
mod line;
mod log;
mod overdue;
mod plan;
mod replica;
mod shared_by;
mod shared_key;
mod snapshot;
mod turn;

pub use self::log::{
    Append, Appended, Base, Claim, Entry, Heard, Listening, Loaded, LogError, LogFuture, Position,
    SharedLog, Tail, Totals,
};
pub(crate) use self::shared_by::SharedBy;
pub(crate) use self::shared_key::{Next, SharedKey};
pub(crate) use self::turn::{Ended, Wanted};
