//! What the server has left for a key: `account`, and below it a `meter` for each limit, with its
//! `window` and its `adaptive_rate`. A `charge` is more than was asked for by the `overrun`.

mod account;
mod adaptive_rate;
mod charge;
mod meter;
mod overrun;
mod window;

pub(crate) use self::account::{Account, Entry};
pub(crate) use self::adaptive_rate::ONE;
pub(crate) use self::meter::{Meter, nanos};
