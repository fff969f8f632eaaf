use std::{error::Error, fmt};

/// Why a [`Fleet`](super::Fleet) cannot be made of a URL. Neither the URL nor its password is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FleetError(pub(super) Mistake);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    NoUrl,
    /// This was built without TLS.
    Tls,
}

impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Mistake::NoUrl => {
                "the URL of the fleet's server is not one of Redis: write \
                 `redis://user:password@host:6379/0`, or `rediss://` for TLS, and %-escape what is special in user \
                 and password"
            }
            Mistake::Tls => {
                "the URL of the fleet's server asks for TLS, which this program was built without: turn on \
                 the feature `fleet-tls` of tower-bedrock"
            }
        })
    }
}

impl Error for FleetError {}
