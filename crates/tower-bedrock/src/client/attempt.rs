//! One attempt of a call: what the SDK is given, and what becomes of its answer.

use super::{
    Bedrock,
    clock_skew::may_be_skew,
    exchange::{Exchange, Keeps},
    given::Given,
};
use crate::{
    error::{Error, ErrorKind},
    operation::Operation,
    request::{Customized, Request},
    response::Reply,
    stream::StreamTerms,
};
use aws_sdk_bedrockruntime::{
    config::{self, retry::RetryConfig},
    error::ProvideErrorMetadata,
};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;

/// How much of a stream is recorded at most, in bytes, for others who ask for the same: 16,000 tokens
/// or so, of some 250 bytes each on the wire. More would fit no cache of 64 MiB, the stack's.
const RECORDED: usize = 4 * 1024 * 1024;

impl Bedrock {
    /// One attempt, in the sense of the layers outside.
    pub(super) async fn attempt<I: Operation>(
        &self,
        request: Request<I>,
    ) -> Result<I::Response, Error> {
        let options = request.options();
        let terms = StreamTerms::new(self.stream.limits)
            .deadline(options.deadline().filter(|_| options.whole_stream()))
            .drain(self.stream.drain);
        let keeps = Keeps {
            raw: self.raw || options.raw,
            recorded: I::Response::STREAMS.then_some(RECORDED),
        };
        if let Some(region) = options
            .region()
            .filter(|region| Some(*region) != self.region())
        {
            return Err(elsewhere(region, self.region()));
        }
        let customized = options.customized().cloned();
        if let Some(region) = customized.as_ref().and_then(Customized::region)
            && Some(region) != self.region()
        {
            return Err(other_region(region));
        }
        let watched = self.watched
            || customized
                .as_ref()
                .is_some_and(Customized::has_interceptors);
        let given = Given::of(request, watched);
        let mut is_second = false;
        loop {
            let (exchange, told) = Exchange::new(given.made(), given.shown(), keeps);
            let mut config = match &customized {
                None => config::Builder::default(),
                Some(customized) => customized.config().retry_config(RetryConfig::disabled()),
            };
            // Behind the caller's own, so that it is the last to see the input.
            config.push_interceptor(SharedInterceptor::permanent(exchange));
            let error = match I::send(&self.client, given.input(), config).await {
                Ok(output) => {
                    // The interceptor has run by now: the SDK runs it before it hands out the output.
                    let head = told.head.get().cloned().unwrap_or_default();
                    let mut response = I::reply(output, head, terms)
                        .await
                        .map_err(|error| given.hidden_from(error))?;
                    // What an interceptor made of it, if one did.
                    response.meta_mut().origin.model_id = told.model_id.get().cloned();
                    return Ok(response);
                }
                Err(error) => error,
            };
            if !is_second && told.is_skewed() && may_be_skew(error.code()) {
                is_second = true;
                continue;
            }
            let refusal = told.refusal.get().cloned();
            let error = || given.hidden_from(Error::from_sdk(I::NAME, error));
            return Err(refusal.unwrap_or_else(error));
        }
    }
}

fn other_region(region: &str) -> Error {
    let text = format!(
        "the request is customized to be sent to {region}, where its quota is another one; use a client \
         and a stack of that Region"
    );
    Error::new(ErrorKind::Invalid, text)
}

fn elsewhere(region: &str, own: Option<&str>) -> Error {
    let own = own.map_or("the client has no Region".to_owned(), |own| {
        format!("the client is one of {own}")
    });
    let text = format!(
        "the request is to be sent to {region}, and {own}; make the stack's layer of `Regions`, and hand \
         these to its `layer`"
    );
    Error::refusal(ErrorKind::Invalid, text)
}
