//! Puts the caller's input into an SDK call and reads the answer's head on the way back.

use crate::usage::Usage;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeDeserializationInterceptorContextRef,
                BeforeSerializationInterceptorContextMut, Input,
            },
        },
        runtime_components::RuntimeComponents,
    },
    http::Headers,
};
use aws_smithy_types::config_bag::ConfigBag;
use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// What an answer's headers say beside the body.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) usage: Option<Usage>,
    /// Zero if the answer does not say.
    pub(crate) body_bytes: u64,
}

impl Head {
    pub(crate) fn read(headers: &Headers) -> Self {
        Self {
            request_id: headers.get("x-amzn-requestid").map(Arc::from),
            usage: usage(headers),
            body_bytes: headers
                .get("content-length")
                .and_then(|length| length.parse().ok())
                .unwrap_or(0),
        }
    }
}

/// An absent count means unknown, not zero; only the prompt cache's are left out when zero.
fn usage(headers: &Headers) -> Option<Usage> {
    let count = |name: &str| headers.get(name)?.trim().parse().ok();
    Some(Usage {
        input_tokens: count("x-amzn-bedrock-input-token-count")?,
        output_tokens: count("x-amzn-bedrock-output-token-count")?,
        cache_read_tokens: count("x-amzn-bedrock-cache-read-input-token-count").unwrap_or(0),
        cache_write_tokens: count("x-amzn-bedrock-cache-write-input-token-count").unwrap_or(0),
    })
}

/// One call's interceptor.
///
/// The SDK's fluent builders take an input field by field only. Swapping the whole input in
/// before it is serialized cannot lose a field that a later SDK adds.
pub(crate) struct Exchange<I> {
    input: Mutex<Option<I>>,
    head: Arc<OnceLock<Head>>,
}

impl<I> Exchange<I> {
    /// The interceptor, and where the answer's head will be.
    pub(crate) fn new(input: I) -> (Self, Arc<OnceLock<Head>>) {
        let head = Arc::new(OnceLock::new());
        let exchange = Self {
            input: Mutex::new(Some(input)),
            head: Arc::clone(&head),
        };
        (exchange, head)
    }
}

impl<I> fmt::Debug for Exchange<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

impl<I: fmt::Debug + Send + Sync + 'static> Intercept for Exchange<I> {
    fn name(&self) -> &'static str {
        "tower_bedrock::Exchange"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(input) = input.take() {
            *context.input_mut() = Input::erase(input);
        }
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.head
            .get_or_init(|| Head::read(context.response().headers()));
        Ok(())
    }
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
