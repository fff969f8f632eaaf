//! What does a result say about the service? Read `classify`, then `verdict`; `make_classifier`
//! is for those that see the request; `throttles` and
//! `abandoned` are what users choose where it can be seen either way.

mod abandoned;
mod classify;
mod make_classifier;
mod throttles;
mod verdict;

pub use self::abandoned::Abandoned;
pub use self::classify::Classify;
pub use self::make_classifier::{MakeClassifier, PerRequest, SharedClassifier};
pub use self::throttles::Throttles;
pub use self::verdict::Verdict;
