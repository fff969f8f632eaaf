use super::Usage;
use crate::record::Record;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use std::sync::Arc;

/// What an answer says beside its output.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) usage: Option<Usage>,
    /// What is said of the input, whether or not anything is said of the output.
    pub(crate) input_tokens: Option<u64>,
    /// Zero if the answer does not say.
    pub(crate) body_bytes: u64,
    /// Whether a body that was read into memory has nothing in it.
    pub(crate) is_empty: bool,
    /// All of it, if it was asked for.
    pub(crate) raw: Option<Arc<http::Response<Bytes>>>,
    /// The body of an answer that goes on.
    pub(crate) record: Option<Record<SdkBody>>,
}

impl Head {
    pub(crate) fn read(headers: &Headers) -> Self {
        Self {
            request_id: headers.get("x-amzn-requestid").map(Arc::from),
            usage: usage(headers),
            input_tokens: count(headers, INPUT),
            body_bytes: headers
                .get("content-length")
                .and_then(|length| length.parse().ok())
                .unwrap_or(0),
            is_empty: false,
            raw: None,
            record: None,
        }
    }
}

const INPUT: &str = "x-amzn-bedrock-input-token-count";

/// An absent count means unknown, not zero. Only those of the prompt cache are left out when zero.
fn usage(headers: &Headers) -> Option<Usage> {
    let count = |name| count(headers, name);
    Some(Usage {
        input_tokens: count(INPUT)?,
        output_tokens: count("x-amzn-bedrock-output-token-count")?,
        cache_read_tokens: count("x-amzn-bedrock-cache-read-input-token-count").unwrap_or(0),
        cache_write_tokens: count("x-amzn-bedrock-cache-write-input-token-count").unwrap_or(0),
    })
}

fn count(headers: &Headers, name: &str) -> Option<u64> {
    headers.get(name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_count_is_unknown_and_not_zero() {
        let mut headers = Headers::new();
        headers.insert("x-amzn-bedrock-input-token-count", "7");
        assert_eq!(usage(&headers), None);
        headers.insert("x-amzn-bedrock-output-token-count", "many");
        assert_eq!(usage(&headers), None);
        headers.insert("x-amzn-bedrock-output-token-count", "5");
        assert_eq!(usage(&headers), Some(Usage::new(7, 5)));
        headers.insert("x-amzn-bedrock-cache-read-input-token-count", "3");
        assert_eq!(usage(&headers).unwrap().cache_read_tokens, 3);
    }
}
