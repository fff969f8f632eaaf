//! Gives the SDK the bytes that a request was serialized to, lets it serialize what an interceptor
//! changed, and reads the answer's head on the way back.
//!
//! The SDK has no public call that takes a whole input and gives back the HTTP response beside the
//! output. An interceptor of the single call does both.

use super::{clock_skew::Sent, made::Made, model_change};
use crate::{error::Error, operation::Operation, record::Record, request::Request, response::Head};
use aws_runtime::service_clock_skew::DisableClockSkewCorrection;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                AfterDeserializationInterceptorContextRef,
                BeforeDeserializationInterceptorContextMut,
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
            },
            dyn_dispatch_hint,
        },
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
        ser_de::SharedRequestSerializer,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
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
pub(super) struct Exchange<I> {
    /// The request that was serialized before. None if the SDK does it or says itself why it cannot.
    made: Option<SharedRequestSerializer>,
    /// The request whose whole input the SDK was given, since other interceptors look at it.
    shown: Option<Request<I>>,
    // Shared with the call, since the SDK owns the interceptor and does not give it back.
    told: Arc<Told>,
    keeps: Keeps,
    record: OnceLock<Record<SdkBody>>,
    sent: Mutex<Option<Sent>>,
}

/// What of an answer is kept beside the output.
#[derive(Clone, Copy)]
pub(super) struct Keeps {
    /// Whether it is the whole response.
    pub(super) raw: bool,
    /// Of an operation whose answer goes on: how much of its body is recorded.
    pub(super) recorded: Option<usize>,
}

/// What a call's interceptor finds out.
#[derive(Default)]
pub(super) struct Told {
    pub(super) head: OnceLock<Head>,
    /// The model that another interceptor put in the place of the request's.
    pub(super) model_id: OnceLock<Arc<str>>,
    /// Why the call must not go on.
    pub(super) refusal: OnceLock<Error>,
    /// Whether what is sent was serialized from the whole input.
    is_whole: Arc<AtomicBool>,
    /// Whether the answer's date shows that the client's clock was off.
    is_skewed: AtomicBool,
}

impl Told {
    pub(super) fn is_skewed(&self) -> bool {
        self.is_skewed.load(Ordering::Relaxed)
    }
}

impl<I> Exchange<I> {
    /// An interceptor that has `made` sent, for an SDK that gets the outline of an input. Where `shown`
    /// is given the SDK gets the whole input of that request, for other interceptors to see and to
    /// change.
    pub(super) fn new(
        made: Option<Arc<HttpRequest>>,
        shown: Option<Request<I>>,
        keeps: Keeps,
    ) -> (Self, Arc<Told>) {
        let told = Arc::new(Told::default());
        let serializer =
            |made| SharedRequestSerializer::new(Made::new(made, Arc::clone(&told.is_whole)));
        let exchange = Self {
            made: made.map(serializer),
            shown,
            told: Arc::clone(&told),
            keeps,
            record: OnceLock::new(),
            sent: Mutex::new(None),
        };
        (exchange, told)
    }
}

// The SDK skips the hooks that are not here.
#[dyn_dispatch_hint]
impl<I: Operation> Intercept for Exchange<I> {
    fn name(&self) -> &'static str {
        "tower_bedrock::Exchange"
    }

    /// The first that is heard of the input; nobody could change it before.
    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match &self.shown {
            Some(request) if context.input().downcast_ref::<I>() != Some(&*request.for_attempt()) => Err(
                "the input of this version of the SDK has a member that tower-bedrock does not \
                     know, so that interceptors cannot see it"
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    /// The last that is heard of the input: whoever may change it has done so.
    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(request) = &self.shown {
            let input = context.input().downcast_ref::<I>();
            let input = input.ok_or("an interceptor replaced the input by one of another type")?;
            if self.made.is_none() || *input != *request.for_attempt() {
                // The SDK serializes what it has now.
                request.complete(input);
                self.told.is_whole.store(true, Ordering::Relaxed);
                return self.changed(request, input);
            }
        }
        if let Some(made) = &self.made {
            config.interceptor_state().store_put(made.clone());
        }
        Ok(())
    }

    /// Without this an SDK that asks its interceptors in another order would send an outline.
    fn read_after_serialization(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_whole = self.told.is_whole.load(Ordering::Relaxed);
        let why = "the SDK did not serialize the input that it was given";
        is_whole.then_some(()).ok_or_else(|| why.into())
    }

    /// After it was signed. Where the SDK does not correct its clock, another attempt would be no better.
    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let disabled = config.load::<DisableClockSkewCorrection>();
        if !disabled.is_some_and(DisableClockSkewCorrection::is_disabled) {
            let clock = components.time_source();
            let sent = clock.map(|clock| Sent::new(clock.now(), context.request().headers()));
            *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = sent;
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
        let recorded = self.keeps.recorded;
        if let Some(bound) = recorded.filter(|_| response.status().is_success()) {
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
        components: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if !response.status().is_success() {
            let sent = *self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((sent, clock)) = sent.zip(components.time_source()) {
                let is_skewed = sent.was_skewed(clock.now(), response.headers());
                self.told.is_skewed.store(is_skewed, Ordering::Relaxed);
            }
        }
        // Nobody asks for the head of an error: the SDK's error holds its whole response.
        self.told.head.get_or_init(|| Head {
            raw: self
                .keeps
                .raw
                .then(|| raw(response))
                .flatten()
                .map(Arc::new),
            record: self.record.get().cloned(),
            is_empty: response.body().bytes().is_some_and(<[u8]>::is_empty),
            ..Head::read(response.headers())
        });
        Ok(())
    }
}

impl<I: Operation> Exchange<I> {
    fn changed(&self, request: &Request<I>, input: &I) -> Result<(), BoxError> {
        let model = input.model_id();
        if model == request.model_id() {
            return Ok(());
        }
        if let Some(refusal) = model_change::refusal(request, model) {
            let _ = self.told.refusal.set(refusal.clone());
            return Err(refusal.into());
        }
        if let Some(model) = model {
            let _ = self.told.model_id.set(Arc::from(model));
        }
        Ok(())
    }
}

impl<I> fmt::Debug for Exchange<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}
