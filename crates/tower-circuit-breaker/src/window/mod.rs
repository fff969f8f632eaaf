//! Which calls does a rate look at? Read `window`, what users ask for, then `rolling_rate`, which
//! counts in a window of calls or of time.

mod count_window;
mod rate;
mod rolling_rate;
mod time_window;
mod window;

pub(crate) use self::rate::Rate;
pub(crate) use self::rolling_rate::Tally;
pub use self::window::Window;
