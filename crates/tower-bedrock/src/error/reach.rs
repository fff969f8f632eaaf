//! How far a call got that failed on its way.

use super::{
    Error,
    chain::{Cause, chain},
    credentials::kind_of_credentials,
    sdk_source::SdkSource,
};
use aws_smithy_runtime_api::client::dns::ResolveDnsError;
use std::{error::Error as StdError, io};

impl Error {
    /// Whether it is certain that the model was at work: it failed (424), or its answer began and
    /// could not be read to its end.
    ///
    /// Of a connection that broke before any answer nobody knows.
    pub(crate) fn began_in_the_model(&self) -> bool {
        self.status()
            .is_some_and(|status| status == 424 || status < 300)
    }

    /// Whether the model failed at this prompt (424), or in the midst of its answer.
    pub(crate) fn failed_in_the_model(&self) -> bool {
        let named = ["ModelErrorException", "ModelStreamErrorException"];
        self.status() == Some(424) || self.code().is_some_and(|code| named.contains(&code))
    }

    /// Whether there were no credentials to send the call with.
    pub(crate) fn lacked_credentials(&self) -> bool {
        let cause = self.cause().filter(|_| self.status().is_none());
        cause.is_some_and(|cause| kind_of_credentials(cause).is_some())
    }

    /// Whether it is certain that no model has seen the call: the service said that it could not
    /// serve it, no connection was made, or there were no credentials.
    ///
    /// A model that failed (424) had begun, and a connection that broke may have delivered the call.
    pub(crate) fn never_reached_the_model(&self) -> bool {
        match self.status() {
            Some(424) => false,
            Some(status) => status >= 300,
            None => self.cause().is_some_and(never_connected) || self.lacked_credentials(),
        }
    }

    /// The source, and of the SDK's error all that it holds.
    fn cause(&self) -> Option<Cause<'_>> {
        let source = self.source()?;
        Some(SdkSource::of(source).map_or(source, SdkSource::get))
    }
}

pub(super) fn never_connected(error: Cause<'_>) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable,
    };
    // An HTTP client of the user's own wraps these in types that we do not know.
    chain(error).any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        cause.is::<ResolveDnsError>()
            // The SDK's HTTP client has a private type for it.
            || cause.to_string().starts_with("HTTP connect timeout")
            || io.is_some_and(|error| {
                matches!(
                    error.kind(),
                    AddrNotAvailable
                        | ConnectionRefused
                        | HostUnreachable
                        | NetworkDown
                        | NetworkUnreachable
                )
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    /// As the SDK's HTTP client says it.
    #[derive(Debug)]
    struct TimedOut(&'static str);

    impl fmt::Display for TimedOut {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "HTTP {} timeout occurred after 3.1s", self.0)
        }
    }

    impl StdError for TimedOut {}

    #[test]
    fn a_connection_that_was_never_made_delivered_nothing() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(never_connected(&refused));
        assert!(never_connected(&TimedOut("connect")));
        assert!(!never_connected(&TimedOut("read")));
        assert!(!never_connected(&io::Error::from(
            io::ErrorKind::ConnectionReset
        )));
    }
}
