//! What the server has: each limit's meter, learned from the server's answers.
//!
//! `account` has all limits of a key, `meter` one of them. The account says when a call goes, and in
//! files of its own which of the `calls` sent were admitted, what became of them (`ends`) and what a
//! throttle means (`throttles`). A meter keeps two shadows of what the server may count: `deficit`
//! (what a bucket lacks) and `window` (what the last period was charged). What the server answers is
//! `evidence` on how it counts, how much a bucket holds (`burst`), and how much of the rate others
//! leave (`share`). `purse` bounds what learning may cost, a `ring` has what is remembered of the last
//! calls, and a `forecast` tells when those go that wait. `exhausted` and `oversize` know what the
//! server refuses by the size of a call. All of it is pure: time is handed in, as nanoseconds, and
//! never goes back.

mod account;
mod arc;
mod burst;
mod call;
mod charge;
mod counts;
mod deficit;
mod evidence;
mod exhausted;
mod forecast;
mod knowledge;
mod meter;
mod overrun;
mod oversize;
mod phase;
mod purse;
mod recent;
mod refusal;
mod ring;
mod share;
mod window;

pub(crate) use self::account::Account;
#[cfg(feature = "shared")]
pub(crate) use self::account::Outlook;
pub(crate) use self::charge::Charge;
pub(crate) use self::counts::Counts;
pub(crate) use self::forecast::Forecast;
pub(crate) use self::meter::{Kind, Meter, nanos};
pub(crate) use self::refusal::Refusal;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
/// A limit of a period this long is obeyed as a window and not learned about: what a trial costs
/// would be known too late.
const LONG: u64 = 3600 * SECOND;

/// A refund may have reached the server before calls sent so shortly before it was heard of.
const TURNAROUND: u64 = 100 * MILLISECOND;
