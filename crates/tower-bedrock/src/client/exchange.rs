//! Puts the caller's input into an SDK call and reads the answer's head on the way back.
//!
//! The SDK has no public call that takes a whole input and gives back the HTTP response beside the
//! output. An interceptor of the single call does both.

use crate::{record::Record, response::Head};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                AfterDeserializationInterceptorContextRef,
                BeforeDeserializationInterceptorContextMut,
                BeforeSerializationInterceptorContextMut, Input,
            },
        },
        orchestrator::HttpResponse,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// What a response says whenever it is read: without the connection's own headers and the date.
/// `None` if the body is not in memory.
fn raw(response: &HttpResponse) -> Option<http::Response<Bytes>> {
    let body = Bytes::copy_from_slice(response.body().bytes()?);
    let mut raw = http::Response::new(body);
    *raw.status_mut() = http::StatusCode::from_u16(response.status().into()).ok()?;
    for (name, value) in response.headers().iter_bytes() {
        // What the deserializer reads, and what Bedrock itself says: ids and token counts.
        if name == "content-type" || name.starts_with("x-amzn-") {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let value = HeaderValue::from_bytes(value).ok()?;
            raw.headers_mut().append(name, value);
        }
    }
    Some(raw)
}

/// One call's interceptor.
///
/// The SDK's fluent builders take an input field by field only. Swapping the whole input in
/// before it is serialized cannot lose a field that a later SDK adds.
pub(super) struct Exchange<I> {
    // An interceptor gets `&self`, so the input that it gives away sits behind a lock.
    input: Mutex<Option<I>>,
    // Shared with the call, since the SDK owns the interceptor and does not give it back.
    head: Arc<OnceLock<Head>>,
    raw: bool,
    /// Of an operation whose answer goes on: how much of its body is recorded.
    records: Option<usize>,
    record: OnceLock<Record<SdkBody>>,
}

impl<I> Exchange<I> {
    /// The interceptor, and where the answer's head will be; with the whole response if `raw`.
    pub(super) fn new(input: I, raw: bool, records: Option<usize>) -> (Self, Arc<OnceLock<Head>>) {
        let head = Arc::new(OnceLock::new());
        let exchange = Self {
            input: Mutex::new(Some(input)),
            head: Arc::clone(&head),
            raw,
            records,
            record: OnceLock::new(),
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
        // Of a client that retries in spite of us, a second attempt finds nothing here and needs
        // nothing: the SDK serializes once, and sends the same request again.
        if let Some(input) = input.take() {
            *context.input_mut() = Input::erase(input);
        }
        Ok(())
    }

    /// Puts a reader of a record in the place of the body, for others to read along.
    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        if let Some(bound) = self.records.filter(|_| response.status().is_success()) {
            let body = response.take_body();
            let (record, reader) = Record::new(body, bound);
            *response.body_mut() = SdkBody::from_body_1_x(reader);
            self.record.get_or_init(|| record);
        }
        Ok(())
    }

    /// By now the SDK has read the body into memory; one hook earlier it is still a stream.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        // Nobody asks for the head of an error: the SDK's error holds its whole response.
        self.head.get_or_init(|| Head {
            raw: self.raw.then(|| raw(response)).flatten().map(Arc::new),
            record: self.record.get().cloned(),
            ..Head::read(response.headers())
        });
        Ok(())
    }
}
