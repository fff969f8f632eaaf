use super::future::ResponseFuture;
use crate::{
    error::Error,
    operation::Operation,
    request::{CacheUse, Request},
    response::Reply,
    stream::StreamLimits,
};
use aws_sdk_bedrockruntime::{Client, Config, config::retry::RetryConfig};
use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

/// Amazon Bedrock as a tower service, around the real SDK client.
///
/// One value serves every [`Operation`]: `Service<Request<ConverseInput>>`,
/// `Service<Request<InvokeModelInput>>` and so on. It is always ready; the SDK's connection pool
/// has no bound of its own, so limit what is in flight with a layer.
///
/// Each call is one attempt. The SDK's own retries are switched off, also in a client that is
/// handed in, because two retry loops inside each other multiply the calls at the very moment
/// when Bedrock asks for fewer. One thing that the SDK saves by a second attempt is saved here: where
/// the machine's clock is more than four minutes off, the SDK learns the right time from the answer that
/// refuses the signature, and the request is signed and sent once more. It counts as the same attempt.
///
/// # Interceptors
///
/// Interceptors that the client was configured with see the input of each call from their first hook
/// on, and what they make of it is sent: a company's guardrail, say. One that refuses an input fails
/// the call with [`ErrorKind::Invalid`](crate::ErrorKind) at its first attempt.
///
/// The layers outside are asked for the input as it was handed in: a cached answer is that to what
/// the interceptors made of an equal input, and tokens are reserved for the input as it was. One that
/// makes different things of equal inputs needs a cache's
/// [tenant](crate::Request::tenant) or [no cache](crate::CacheUse::Bypass). A call whose model an
/// interceptor changes fails, lest it counts as one of another model, unless
/// [`Request::stands_for`](crate::Request::stands_for) says that it counts as one of the new model.
///
/// # Clone
///
/// A clone shares the client and its connections; it costs a reference count.
///
/// # Cancellation
///
/// Dropping the response future drops the HTTP call. Bedrock may still have charged for it.
#[derive(Clone)]
pub struct Bedrock {
    pub(super) client: Client,
    region: Option<Arc<str>>,
    pub(super) raw: bool,
    pub(super) stream: StreamSettings,
    /// Whether the client has interceptors of its own, which may look at an input.
    pub(super) watched: bool,
}

/// How streams are read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StreamSettings {
    pub(super) limits: StreamLimits,
    pub(super) drain: Option<Duration>,
}

impl Bedrock {
    /// A service with a client of its own, from an `&SdkConfig` or from a
    /// [`config::Builder`](aws_sdk_bedrockruntime::config::Builder).
    ///
    /// Whatever retry setting the configuration has is replaced by a single attempt.
    ///
    /// # Panics
    ///
    /// As the SDK's own `Client::new`: if the configuration has no behaviour version, no HTTP
    /// client or no sleep implementation and the SDK was built without defaults for them.
    #[must_use]
    pub fn new(config: impl Into<aws_sdk_bedrockruntime::config::Builder>) -> Self {
        let config = config.into().retry_config(RetryConfig::disabled()).build();
        Self::around(Client::from_conf(config))
    }

    fn around(client: Client) -> Self {
        let config = client.config();
        let region = config.region().map(|region| Arc::from(region.as_ref()));
        let watched = config.interceptors().next().is_some();
        Self {
            client,
            region,
            raw: false,
            stream: StreamSettings::default(),
            watched,
        }
    }

    /// Hands the HTTP response along with each answer, as [`ResponseMetadata::raw`](crate::ResponseMetadata::raw). Default: it does not.
    ///
    /// It costs a copy of the body, which a cache that keeps answers outside the process needs: the
    /// SDK can read an output and not write one.
    #[must_use]
    pub fn with_raw_responses(mut self) -> Self {
        self.raw = true;
        self
    }

    /// Sets how long the reader of a stream waits for an event. Default: [`StreamLimits::new`].
    #[must_use]
    pub fn with_stream_limits(mut self, limits: StreamLimits) -> Self {
        self.stream.limits = limits;
        self
    }

    /// Reads streams to their end that their readers dropped before, for `time` at most each, to learn
    /// what they used: without that a quota counts such a stream as it reserved. Default: it does not.
    ///
    /// Bedrock is reported to charge for such a stream in full either way. The rest of the stream keeps
    /// its connection, and its place among the calls in flight, until then. It is read on the runtime that
    /// made the call.
    #[must_use]
    pub fn with_dropped_streams_read(mut self, time: Duration) -> Self {
        self.stream.drain = Some(time);
        self
    }

    /// The SDK client, for what this service does not cover. It does not retry either.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The AWS Region the client sends to, if it has one.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl From<Client> for Bedrock {
    /// Takes over a client. One that retries is rebuilt from its own configuration without
    /// retries; the client that was handed in, and its clones elsewhere, stay as they are.
    fn from(client: Client) -> Self {
        if makes_one_attempt(client.config()) {
            Self::around(client)
        } else {
            Self::new(client.config().to_builder())
        }
    }
}

/// Adaptive mode delays even a single attempt, so only a plain single attempt will do.
fn makes_one_attempt(config: &Config) -> bool {
    config.retry_config().is_some_and(|retry| {
        retry.max_attempts() == 1 && retry.mode() == RetryConfig::disabled().mode()
    })
}

impl<I: Operation> Service<Request<I>> for Bedrock {
    type Response = I::Response;
    type Error = Error;
    type Future = ResponseFuture<I::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let bedrock = self.clone();
        ResponseFuture::new(async move {
            // The input is about to be given away, and an output does not name its model.
            let model_id: Option<Arc<str>> = request.model_id().map(Arc::from);
            let mut result = bedrock.in_time(request).await;
            let region = bedrock.region.as_ref();
            match &mut result {
                Ok(response) => {
                    let origin = &mut response.meta_mut().origin;
                    origin.model_id = origin.model_id.take().or(model_id);
                    origin.region = region.cloned();
                }
                Err(error) => error.set_call(I::NAME, model_id.as_ref(), region),
            }
            result
        })
    }
}

impl Bedrock {
    /// A deadline ends the attempt here, and not only in a layer: whoever uses the leaf alone is kept
    /// to it too.
    async fn in_time<I: Operation>(&self, request: Request<I>) -> Result<I::Response, Error> {
        // A cache would not have let it pass: there is none.
        if request.options().cache() == CacheUse::OnlyIfCached {
            return Err(Error::not_cached(I::NAME));
        }
        let Some(deadline) = request.options().deadline() else {
            return self.attempt(request).await;
        };
        // A timeout polls its call once even if the time is over, and that might send it.
        if deadline <= Instant::now() {
            return Err(Error::late(I::NAME));
        }
        timeout_at(deadline, self.attempt(request))
            .await
            .unwrap_or_else(|_| Err(Error::deadline(I::NAME)))
    }
}

impl fmt::Debug for Bedrock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bedrock")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
