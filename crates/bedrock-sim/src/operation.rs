//! The operations and how a path names them.

use serde::{Deserialize, Serialize};

/// An operation of the runtime API that the simulator answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Operation {
    /// `POST /model/{modelId}/converse`
    Converse,
    /// `POST /model/{modelId}/converse-stream`
    ConverseStream,
    /// `POST /model/{modelId}/invoke`
    InvokeModel,
    /// `POST /model/{modelId}/invoke-with-response-stream`
    InvokeModelWithResponseStream,
    /// `POST /model/{modelId}/count-tokens`
    CountTokens,
    /// `POST /guardrail/{guardrailIdentifier}/version/{guardrailVersion}/apply`
    ApplyGuardrail,
}

impl Operation {
    /// The operation a path names, and the model or guardrail it is for.
    ///
    /// An id is percent-encoded in the path; slashes of an ARN that a client left bare are
    /// understood as well.
    pub(crate) fn route(path: &str) -> Option<(Self, String)> {
        if let Some(rest) = path.strip_prefix("/model/") {
            // From the right: the id may be an ARN with slashes, the verb has none.
            let (id, verb) = rest.rsplit_once('/')?;
            let operation = match verb {
                "converse" => Self::Converse,
                "converse-stream" => Self::ConverseStream,
                "invoke" => Self::InvokeModel,
                "invoke-with-response-stream" => Self::InvokeModelWithResponseStream,
                "count-tokens" => Self::CountTokens,
                _ => return None,
            };
            return Some((operation, decode(id)));
        }
        let (id, rest) = path.strip_prefix("/guardrail/")?.rsplit_once("/version/")?;
        rest.strip_suffix("/apply")?;
        Some((Self::ApplyGuardrail, decode(id)))
    }

    pub(crate) fn streams(self) -> bool {
        matches!(
            self,
            Self::ConverseStream | Self::InvokeModelWithResponseStream
        )
    }

    pub(crate) fn invokes_model(self) -> bool {
        !matches!(self, Self::CountTokens | Self::ApplyGuardrail)
    }
}

/// Undoes percent-encoding; what is not UTF-8 then becomes an id that no model has.
fn decode(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part
            .get(..2)
            .filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(b'%'));
        let rest = if escaped.is_some() { &part[2..] } else { part };
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Operation;

    #[test]
    fn ids_come_encoded_or_with_bare_slashes() {
        let arn =
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0";
        for path in [
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0/converse".to_owned(),
            format!("/model/{arn}/converse"),
        ] {
            assert_eq!(
                Operation::route(&path),
                Some((Operation::Converse, arn.to_owned()))
            );
        }
        for odd in [
            "",
            "/",
            "/model",
            "/model/",
            "/model/x",
            "/model/x/y",
            "/guardrail/x/version/1",
        ] {
            assert_eq!(Operation::route(odd), None, "{odd}");
        }
        assert_eq!(
            Operation::route("/model/%/converse"),
            Some((Operation::Converse, "%".to_owned()))
        );
    }
}
