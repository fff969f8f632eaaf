//! One quota for many processes.
//!
//! A `log` carries what all of them tell. Each folds that to a `replica`, of which the `line` says who goes first; a
//! `turn` is what one tells, and a `snapshot` what those who come are told of all before. `shared_key` is a process's
//! part in one key: what it does with what it reads, and what it appends next, by the log's `clock`. `overdue` sees
//! who does not take its turn. `alone` is how a process goes on while the log does not answer, and the `journal` has
//! what the log needs to hear of then. All of that is pure: the ledger's driver carries it out, by the log and under
//! the name that `shared_by` has.

mod alone;
mod clock;
mod journal;
mod line;
mod log;
mod overdue;
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
