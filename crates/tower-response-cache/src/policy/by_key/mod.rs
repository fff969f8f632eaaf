//! A policy in one line: [`by_key`] is the policy, [`choices`] what its closures choose.

mod by_key;
mod choices;

pub use self::by_key::ByKey;
