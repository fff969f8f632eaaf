//! Which code, message and status of an answer is which kind of error.

use super::ErrorKind;

/// The kind of an error that Bedrock answered with.
pub(crate) fn kind_of_answer(code: Option<&str>, message: Option<&str>, status: u16) -> ErrorKind {
    let minute_or_day = || match message {
        // Bedrock has one code for both limits, and only the text tells them apart.
        Some(message) if names_the_day(message) => ErrorKind::Exhausted,
        // Nor has it one for its own capacity: no quota of the caller explains this throttle, and
        // to slow down for it would be to stand still.
        Some(message) if names_the_load(message) => ErrorKind::Capacity,
        _ => ErrorKind::Throttled,
    };
    match code.unwrap_or_default() {
        // Every code that the SDK takes for a throttle, whatever the status: the code decides.
        "ThrottlingException"
        | "ThrottledException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestThrottledException"
        | "RequestThrottled"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "LimitExceededException"
        | "ProvisionedThroughputExceededException"
        | "TransactionInProgressException"
        | "PriorRequestNotComplete"
        | "EC2ThrottledException"
        | "SlowDown" => minute_or_day(),
        "ServiceQuotaExceededException" => ErrorKind::Exhausted,
        "ServiceUnavailableException" | "ServiceUnavailable" | "overloaded_error" => {
            ErrorKind::Capacity
        }
        "ModelNotReadyException"
        | "InternalServerException"
        | "InternalFailure"
        | "ModelErrorException"
        | "ModelStreamErrorException" => ErrorKind::Transient,
        "ModelTimeoutException" | "RequestTimeout" | "RequestTimeoutException" => {
            ErrorKind::Timeout
        }
        "ValidationException"
        | "ValidationError"
        | "ResourceNotFoundException"
        | "SerializationException"
        | "UnknownOperationException" => ErrorKind::Invalid,
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "OptInRequired" => ErrorKind::AccessDenied,
        // A gateway in between, or a code that AWS adds later: the status still says enough.
        _ if status == 429 => minute_or_day(),
        _ => kind_of_status(status),
    }
}

/// The kind of an answer that something on the way to Bedrock gave.
pub(crate) fn kind_of_answer_between(status: u16) -> ErrorKind {
    match status {
        // Not Bedrock's word on the caller's permissions, and it stays: what stands between, or the way
        // there, has to be set up anew.
        300..=399 | 401 | 403 => ErrorKind::Invalid,
        429 => ErrorKind::Throttled,
        _ => kind_of_status(status),
    }
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        408 | 504 => ErrorKind::Timeout,
        // 424 is a model that failed at its own fault, not at the request's.
        424 | 500 | 502 => ErrorKind::Transient,
        503 | 529 => ErrorKind::Capacity,
        401 | 403 => ErrorKind::AccessDenied,
        400..=499 => ErrorKind::Invalid,
        500..=599 => ErrorKind::Transient,
        _ => ErrorKind::Other,
    }
}

fn names_the_day(message: &str) -> bool {
    message.to_ascii_lowercase().contains("per day")
}

fn names_the_load(message: &str) -> bool {
    message.to_ascii_lowercase().contains("overloaded")
}
