//! Who goes next: `scheduler` lets calls go as their key's account has room, in the order that
//! `queue` keeps. A `call` comes, and becomes a `waiter` where there is no room. The `gate` tells an account of
//! this process alone from one that it shares.

mod call;
mod gate;
mod queue;
mod scheduler;
mod waiter;

pub(crate) use self::call::{Answer, Call, End, Entered};
pub(crate) use self::queue::Place;
pub(crate) use self::scheduler::Scheduler;
