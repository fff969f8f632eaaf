//! Is a result worth another attempt?

mod classify;
mod make_classifier;
mod verdict;

pub use self::{
    classify::Classify,
    make_classifier::{MakeClassifier, PerRequest, SharedClassifier},
    verdict::Verdict,
};
