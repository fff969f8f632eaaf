use crate::{
    estimate::Estimate,
    operation::Operation,
    wire::{self, EncodeError},
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::sync::{Arc, OnceLock};

/// A request's input, and what is made of it once however many layers, clones and attempts ask: the
/// bytes to send and the estimate of its tokens.
pub(super) struct Contents<I> {
    input: I,
    /// With what the SDK added at the first attempt, where further ones must have it too. A box, for
    /// hardly any operation has one.
    completed: OnceLock<Box<I>>,
    encoded: OnceLock<Result<Arc<HttpRequest>, EncodeError>>,
    /// Beside it the model that it is for, where it is another one for another model.
    estimate: OnceLock<(Option<Box<str>>, Estimate)>,
}

impl<I> Contents<I> {
    pub(super) const fn new(input: I) -> Self {
        Self {
            input,
            completed: OnceLock::new(),
            encoded: OnceLock::new(),
            estimate: OnceLock::new(),
        }
    }

    pub(super) const fn input(&self) -> &I {
        &self.input
    }

    /// The input for one more attempt.
    pub(super) fn for_attempt(&self) -> &I {
        self.completed.get().map_or(&self.input, Box::as_ref)
    }

    pub(super) fn into_input(self) -> I {
        self.input
    }
}

impl<I: Operation> Contents<I> {
    /// Notes what the SDK added to the input that is `sent`.
    pub(super) fn complete(&self, sent: &I) {
        if let Some(completed) = self.input.completed(sent) {
            self.completed.get_or_init(|| Box::new(completed));
        }
    }

    /// The HTTP request of the input, made at the first call.
    pub(super) fn encoded(&self) -> Result<&Arc<HttpRequest>, EncodeError> {
        // The SDK's serializer wants an input for itself, so this one is copied for that time.
        let encode = || wire::serialize(self.input.clone()).map(Arc::new);
        self.encoded
            .get_or_init(encode)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The same for whoever is the last to ask: nothing is copied.
    pub(super) fn into_encoded(self) -> Result<Arc<HttpRequest>, EncodeError> {
        let Self { input, encoded, .. } = self;
        encoded
            .into_inner()
            .unwrap_or_else(|| wire::serialize(input).map(Arc::new))
    }

    /// The same bytes for a call of `model`: a new path and no copy of the body.
    pub(super) fn encoded_for(&self, model: &str) -> Result<Arc<HttpRequest>, EncodeError> {
        let encoded = self.encoded()?;
        let Some(of_model) = I::of_model(model) else {
            return Ok(Arc::clone(encoded));
        };
        let path = wire::serialize(of_model)?;
        let mut request = wire::share(encoded)?;
        request.set_uri(path.uri()).map_err(EncodeError::new)?;
        Ok(Arc::new(request))
    }

    pub(super) fn estimate(&self, model: &str) -> Estimate {
        let make = || {
            let made_for = I::ESTIMATED_BY_MODEL.then(|| model.into());
            (made_for, self.input.estimate(model))
        };
        let (made_for, estimate) = self.estimate.get_or_init(make);
        if made_for.as_deref().is_none_or(|made_for| made_for == model) {
            *estimate
        } else {
            self.input.estimate(model)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;
    use aws_sdk_bedrockruntime::{
        operation::{
            converse::ConverseInput, converse_stream::ConverseStreamInput,
            count_tokens::CountTokensInput, invoke_model::InvokeModelInput,
            invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
            start_async_invoke::StartAsyncInvokeInput,
        },
        primitives::Blob,
        types::{ContentBlock, ConversationRole, Message},
    };

    const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    const OTHER: &str = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/a1";

    /// What is sent for it as one of another model: what the SDK makes of an input that names that, over
    /// the bytes of the one that was handed in.
    fn sent_as_other<I: Operation>(input: I) {
        let mut named = input.clone();
        named.set_model(OTHER);
        let expected = wire::serialize(named).unwrap();

        let mut request = Request::new(input);
        let bytes = request.encoded().unwrap().body().bytes().unwrap().as_ptr();
        request.ask_model(OTHER.into(), Some(MODEL.into()));
        assert_eq!(request.model_id(), Some(OTHER));
        assert_eq!(request.quota_model(), Some(MODEL));
        assert_eq!(request.outline().model_id(), Some(OTHER));
        assert_eq!(request.for_attempt().model_id(), Some(OTHER));
        let sent = request.clone().into_sent().unwrap();
        assert_eq!(sent.uri(), expected.uri());
        assert_eq!(sent.body().bytes(), expected.body().bytes());
        assert_eq!(sent.body().bytes().unwrap().as_ptr(), bytes, "{}", I::NAME);
        let headers = |request: &HttpRequest| -> Vec<_> {
            let headers = request.headers().iter();
            headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };
        assert_eq!(headers(&sent), headers(&expected));
    }

    #[test]
    fn another_model_is_asked_over_the_same_bytes() {
        let message = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text("hello".to_owned()));
        let message = message.build().unwrap();
        let converse = ConverseInput::builder()
            .model_id(MODEL)
            .messages(message.clone());
        sent_as_other(converse.build().unwrap());
        let stream = ConverseStreamInput::builder()
            .model_id(MODEL)
            .messages(message);
        sent_as_other(stream.build().unwrap());
        let body = Blob::new(br#"{"max_tokens": 3}"#);
        let invoke = InvokeModelInput::builder()
            .model_id(MODEL)
            .content_type("application/json")
            .body(body.clone());
        sent_as_other(invoke.build().unwrap());
        let stream = InvokeModelWithResponseStreamInput::builder()
            .model_id(MODEL)
            .accept("application/json")
            .body(body);
        sent_as_other(stream.build().unwrap());
        let count = CountTokensInput::builder().model_id(MODEL);
        sent_as_other(count.build().unwrap());
    }

    #[test]
    fn a_job_names_its_model_in_the_input_that_the_sdk_serializes() {
        let job = StartAsyncInvokeInput::builder().model_id(MODEL);
        let mut request = Request::new(job.build().unwrap());
        request.ask_model(OTHER.into(), None);
        let mut sent = request.for_attempt().into_owned();
        assert_eq!(sent.model_id(), Some(OTHER));
        sent.client_request_token = Some("token".to_owned());
        request.complete(&sent);
        let again = request.for_attempt();
        assert_eq!(again.client_request_token(), Some("token"));
        assert_eq!(again.model_id(), Some(OTHER));
    }

    #[test]
    fn an_estimate_is_shared_where_the_model_makes_no_difference() {
        let body = |model: &str| {
            let input = InvokeModelInput::builder()
                .model_id(model)
                .body(Blob::new(br#"{"max_tokens": 7, "max_gen_len": 9}"#));
            Request::new(input.build().unwrap())
        };
        let request = body(MODEL);
        for model in [MODEL, "us.meta.llama3-1-8b-instruct-v1:0", MODEL] {
            assert_eq!(request.estimated(model), body(model).estimated(model));
        }
        let limits = ["us.anthropic.claude-3", "us.meta.llama3"];
        let limits = limits.map(|model| request.estimated(model).max_output_tokens);
        assert_eq!(limits, [Some(7), Some(9)]);
    }
}
