//! What it means that the SDK could not get credentials.

use super::{
    ErrorKind,
    chain::{Cause, chain},
    codes,
};
use aws_credential_types::provider::error::{CredentialsError, TokenError};
use aws_sdk_bedrockruntime::error::ErrorMetadata;
use std::io;

/// The kind of a failure to get credentials or a token; `None` if something else went wrong.
pub(super) fn kind_of_credentials(error: Cause<'_>) -> Option<ErrorKind> {
    let cause = chain(error).find(|cause| is_of_a_provider(*cause))?;
    // A provider that is slow or down for a moment, such as the instance metadata service, may
    // answer the next time. One that has no credentials, or is set up wrongly, stays so.
    let may_pass = match (cause.downcast_ref(), cause.downcast_ref()) {
        (Some(CredentialsError::ProviderError(_)), _) | (_, Some(TokenError::ProviderError(_))) => {
            !was_refused(cause)
        }
        // "Unhandled" is an answer that makes no sense, or a file or socket that could not be read.
        (Some(CredentialsError::Unhandled(_)), _) | (_, Some(TokenError::Unhandled(_))) => {
            chain(cause).any(|cause| cause.downcast_ref::<io::Error>().is_some())
        }
        (Some(CredentialsError::ProviderTimedOut(_)), _)
        | (_, Some(TokenError::ProviderTimedOut(_))) => true,
        (None, None) => true,
        _ => false,
    };
    Some(if may_pass {
        ErrorKind::Transient
    } else {
        ErrorKind::AccessDenied
    })
}

fn is_of_a_provider(cause: Cause<'_>) -> bool {
    cause.is::<CredentialsError>()
        || cause.is::<TokenError>()
        // The SDK's identity cache gives up by an error of its own, whose type is private.
        || cause.to_string().starts_with("identity resolver timed out")
}

/// Whether a service that gives out credentials, such as STS, said no.
fn was_refused(error: Cause<'_>) -> bool {
    let said = chain(error).find_map(|cause| cause.downcast_ref::<ErrorMetadata>());
    said.is_some_and(|said| {
        let kind = codes::kind_of_answer(said.code(), said.message(), 0);
        matches!(kind, ErrorKind::AccessDenied | ErrorKind::Invalid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn kind(error: impl std::error::Error + 'static) -> ErrorKind {
        kind_of_credentials(&error).unwrap()
    }

    fn sts(code: &str) -> CredentialsError {
        CredentialsError::provider_error(ErrorMetadata::builder().code(code).build())
    }

    #[test]
    fn a_provider_that_is_unavailable_may_be_back() {
        let slow = Duration::from_secs(5);
        let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
        for error in [
            CredentialsError::provider_error("503 from the metadata service"),
            CredentialsError::provider_timed_out(slow),
            CredentialsError::unhandled(broken()),
            sts("InternalFailure"),
            sts("Throttling"),
        ] {
            let text = error.to_string();
            assert_eq!(kind(error), ErrorKind::Transient, "{text}");
        }
        assert_eq!(
            kind(TokenError::provider_error("503")),
            ErrorKind::Transient
        );
        assert_eq!(
            kind(TokenError::provider_timed_out(slow)),
            ErrorKind::Transient
        );
    }

    #[test]
    fn a_provider_that_says_no_stays_so() {
        for error in [
            CredentialsError::not_loaded_no_source(),
            CredentialsError::not_loaded("no profile"),
            CredentialsError::invalid_configuration("a loop of roles"),
            CredentialsError::unhandled("not UTF-8"),
            sts("AccessDenied"),
            sts("ExpiredTokenException"),
            sts("InvalidClientTokenId"),
            sts("ValidationError"),
        ] {
            let text = format!("{error:?}");
            assert_eq!(kind(error), ErrorKind::AccessDenied, "{text}");
        }
        assert_eq!(
            kind(TokenError::not_loaded("no token")),
            ErrorKind::AccessDenied
        );
    }

    #[test]
    fn other_errors_are_not_of_credentials() {
        let other = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(kind_of_credentials(&other), None);
    }
}
