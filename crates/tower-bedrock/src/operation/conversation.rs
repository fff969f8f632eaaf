//! What Converse and ConverseStream ask for in the same way.

/// The members of such an input and what they say. A macro, for the SDK gives each of the two a type of
/// its own, with the same members. Takes how the operation is sent, without the members.
macro_rules! conversation {
    ($plumbing:ident!($($operation:tt)*)) => {
        $plumbing!(
            $($operation)*,
            {
                set_model_id: model_id,
                set_messages: messages,
                set_system: system,
                set_inference_config: inference_config,
                set_tool_config: tool_config,
                set_guardrail_config: guardrail_config,
                set_additional_model_request_fields: additional_model_request_fields,
                set_prompt_variables: prompt_variables,
                set_additional_model_response_field_paths: additional_model_response_field_paths,
                set_request_metadata: request_metadata,
                set_performance_config: performance_config,
                set_service_tier: service_tier,
                set_output_config: output_config,
            }
        );

        const UNREAD_MEMBERS: &'static [&'static str] = &["requestMetadata"];

        const DRAWS_TOKENS: bool = true;

        crate::operation::details::of_a_model!();

        fn outline(&self) -> Self {
            let builder = Self::builder().set_model_id(self.model_id.clone());
            let outline = builder.build();
            outline.expect(crate::operation::details::NOTHING_REQUIRED)
        }

        fn estimate(&self, _: &str) -> crate::estimate::Estimate {
            let prompt = crate::estimate::converse::Prompt {
                messages: self.messages(),
                system: self.system(),
                tools: self.tool_config(),
                variables: self.prompt_variables(),
            };
            let limits = self.inference_config.as_ref();
            let max_tokens = limits.and_then(|limits| limits.max_tokens);
            crate::estimate::Estimate {
                input_tokens: prompt.tokens(),
                max_output_tokens: max_tokens.map(|tokens| u64::try_from(tokens).unwrap_or(0)),
            }
        }

        fn conversation(&self) -> Option<crate::request::Conversation> {
            crate::operation::beginning::Prompt {
                tools: self.tool_config().map_or(&[], |config| config.tools()),
                system: self.system(),
                messages: self.messages(),
            }
            .conversation()
        }

        fn is_kept_for_an_hour(&self) -> bool {
            crate::operation::beginning::Prompt {
                tools: self.tool_config().map_or(&[], |config| config.tools()),
                system: self.system(),
                messages: self.messages(),
            }
            .is_kept_for_an_hour()
        }

        fn to_count(&self) -> Option<aws_sdk_bedrockruntime::types::CountTokensInput> {
            let request = aws_sdk_bedrockruntime::types::ConverseTokensRequest::builder()
                .set_messages(self.messages.clone())
                .set_system(self.system.clone())
                .set_tool_config(self.tool_config.clone())
                .set_additional_model_request_fields(self.additional_model_request_fields.clone())
                .build();
            Some(aws_sdk_bedrockruntime::types::CountTokensInput::Converse(
                request,
            ))
        }

        fn is_under_draft(&self) -> bool {
            let guardrail = self.guardrail_config.as_ref();
            guardrail.is_some_and(|guardrail| {
                crate::operation::details::is_draft_guardrail(
                    Some(guardrail.guardrail_identifier()),
                    Some(guardrail.guardrail_version()),
                )
            })
        }

        fn sampling(&self) -> crate::operation::Sampling {
            let as_written = crate::operation::sampling::as_written;
            let Some(asked) = &self.inference_config else {
                return crate::operation::Sampling::default();
            };
            crate::operation::Sampling {
                max_tokens: asked.max_tokens.and_then(|tokens| tokens.try_into().ok()),
                temperature: asked.temperature.map(as_written),
                top_p: asked.top_p.map(as_written),
            }
        }

        fn is_sampled(&self) -> bool {
            let inference = self.inference_config.as_ref();
            inference.and_then(|inference| inference.temperature) != Some(0.0)
        }
    };
}
pub(super) use conversation;
