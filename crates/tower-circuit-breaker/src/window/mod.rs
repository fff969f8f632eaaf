//! Which calls does a rate look at? Read `window`, what users ask for, then `rolling_rate`, which
//! counts in a `count_window` or a `time_window`; `rate_rule` says which share of bad calls trips.

mod count_window;
mod counts;
mod rate_rule;
mod rolling_rate;
mod time_window;
mod window;

pub(crate) use self::counts::Counts;
pub(crate) use self::rate_rule::RateRule;
pub(crate) use self::rolling_rate::RollingRate;
pub use self::window::Window;
