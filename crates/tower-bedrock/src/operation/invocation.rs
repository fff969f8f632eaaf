//! What InvokeModel and InvokeModelWithResponseStream ask for in the same way.

/// The members of such an input and what they say. A macro, for the SDK gives each of the two a type of
/// its own, with the same members. Takes how the operation is sent, without the members.
macro_rules! invocation {
    ($plumbing:ident!($($operation:tt)*)) => {
        $plumbing!(
            $($operation)*,
            {
                set_body: body,
                set_content_type: content_type,
                set_accept: accept,
                set_model_id: model_id,
                set_trace: trace,
                set_guardrail_identifier: guardrail_identifier,
                set_guardrail_version: guardrail_version,
                set_performance_config_latency: performance_config_latency,
                set_service_tier: service_tier,
                set_request_metadata: request_metadata,
            }
        );

        const DRAWS_TOKENS: bool = true;

        crate::operation::details::of_a_model!();

        /// The SDK shares the bytes of a body between clones.
        fn outline(&self) -> Self {
            self.clone()
        }

        /// The place of its limit is the vendor's.
        const ESTIMATED_BY_MODEL: bool = true;

        fn estimate(&self, model: &str) -> crate::estimate::Estimate {
            let body = self.body.as_ref().map(AsRef::as_ref).unwrap_or_default();
            crate::estimate::body::estimate(model, body)
        }

        fn body(&self) -> Option<&[u8]> {
            Some(self.body.as_ref().map(AsRef::as_ref).unwrap_or_default())
        }

        fn conversation(&self) -> Option<crate::request::Conversation> {
            crate::operation::beginning::of_body(self.body.as_ref()?.as_ref())
        }

        fn to_count(&self) -> Option<aws_sdk_bedrockruntime::types::CountTokensInput> {
            let request = aws_sdk_bedrockruntime::types::InvokeModelTokensRequest::builder()
                .body(self.body.clone()?)
                .build()
                .ok()?;
            Some(aws_sdk_bedrockruntime::types::CountTokensInput::InvokeModel(request))
        }

        fn is_under_draft(&self) -> bool {
            crate::operation::details::is_draft_guardrail(
                self.guardrail_identifier(),
                self.guardrail_version(),
            )
        }

        fn sampling(&self) -> crate::operation::Sampling {
            let body = self.body.as_ref().map(AsRef::as_ref).unwrap_or_default();
            let model = self.model_id.as_deref().unwrap_or_default();
            crate::operation::Sampling {
                max_tokens: crate::estimate::body::estimate(model, body).max_output_tokens,
                ..crate::operation::invoke_body::sampling(body)
            }
        }

        fn is_sampled(&self) -> bool {
            let body = self.body.as_ref().map(AsRef::as_ref).unwrap_or_default();
            crate::operation::invoke_body::is_sampled(self.model_id.as_deref(), body)
        }
    };
}
pub(super) use invocation;
