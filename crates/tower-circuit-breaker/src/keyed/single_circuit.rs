use std::fmt;

use super::key_of::KeyOf;

/// One circuit for all requests: the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SingleCircuit;

impl<Req> KeyOf<Req> for SingleCircuit {
    type Key = Self;

    fn key(&self, _request: &Req) -> Self {
        *self
    }
}

impl fmt::Display for SingleCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("single")
    }
}
