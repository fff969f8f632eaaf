//! Who goes next: `scheduler` lets calls go as their key's account has room, in the order that
//! `queue` keeps.

mod queue;
mod scheduler;

pub(crate) use self::queue::Place;
pub(crate) use self::scheduler::{Call, Entered, Scheduler};
