use crate::error::{Error, ErrorKind};

/// Whether an error says that the model is not to be had where it was asked for: the Region has no such
/// model, or the account has no access to it there.
///
/// Bedrock has no code for it, so the text of the message tells it from other mistakes. It is Bedrock's
/// own and known from users' reports.
pub(crate) fn is_not_served(error: &Error) -> bool {
    if ![ErrorKind::Invalid, ErrorKind::AccessDenied].contains(&error.kind()) {
        return false;
    }
    let message = error.message().unwrap_or_default().to_ascii_lowercase();
    match error.code() {
        // A guardrail or a stored prompt may be missing as well, which is not the model's fault.
        Some("ResourceNotFoundException") => !["guardrail", "prompt "]
            .iter()
            .any(|other| message.contains(other)),
        Some("ValidationException") => {
            message.contains("model identifier") && message.contains("invalid")
                // "Invocation of model ID … with on-demand throughput isn't supported."
                || message.contains("on-demand throughput")
        }
        Some("AccessDeniedException") => {
            // The second one is of an account that has not subscribed to the model.
            message.contains("access to the model") || message.contains("access to this model")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_not_served;
    use crate::error::{Error, ErrorKind};

    #[test]
    fn only_what_names_the_model_says_that_it_is_not_served() {
        for (kind, code, message, is) in [
            (
                ErrorKind::Invalid,
                "ResourceNotFoundException",
                "Could not resolve the foundation model from the provided model identifier.",
                true,
            ),
            (
                ErrorKind::Invalid,
                "ResourceNotFoundException",
                "Model not found.",
                true,
            ),
            (
                ErrorKind::Invalid,
                "ResourceNotFoundException",
                "The guardrail does not exist.",
                false,
            ),
            (
                ErrorKind::Invalid,
                "ValidationException",
                "The provided model identifier is invalid.",
                true,
            ),
            (
                ErrorKind::Invalid,
                "ValidationException",
                "Invocation of model ID anthropic.claude-sonnet-4 with on-demand throughput isn\u{2019}t supported.",
                true,
            ),
            (
                ErrorKind::Invalid,
                "ValidationException",
                "The guardrail identifier or version provided in the request does not exist.",
                false,
            ),
            (
                ErrorKind::Invalid,
                "ValidationException",
                "max_tokens: 100000 > 64000",
                false,
            ),
            (
                ErrorKind::AccessDenied,
                "AccessDeniedException",
                "You don't have access to the model with the specified model ID.",
                true,
            ),
            (
                ErrorKind::AccessDenied,
                "AccessDeniedException",
                "Model access is denied: the role lacks the Marketplace actions to enable access to this model.",
                true,
            ),
            (
                ErrorKind::AccessDenied,
                "AccessDeniedException",
                "User: arn:aws:iam::1:user/a is not authorized to perform: bedrock:InvokeModel",
                false,
            ),
            (
                ErrorKind::AccessDenied,
                "ExpiredTokenException",
                "access to the model",
                false,
            ),
            (
                ErrorKind::Throttled,
                "ResourceNotFoundException",
                "Model not found.",
                false,
            ),
        ] {
            let error = Error::new(kind, message).with_code(code);
            assert_eq!(is_not_served(&error), is, "{code}: {message}");
        }
        assert!(!is_not_served(&Error::new(
            ErrorKind::Invalid,
            "model identifier is invalid"
        )));
    }
}
