//! Which calls does a rate look at? Read `window`, what users ask for, then `rolling_rate`, which
//! counts in a window of calls or of time.

mod count_window;
mod rate_rule;
mod rolling_rate;
mod time_window;
mod window;

pub(crate) use self::rate_rule::RateRule;
pub(crate) use self::rolling_rate::RollingRate;
pub use self::window::Window;
