//! The inputs of streams, checks and jobs, with every member that the SDK can write.

use super::{inputs, vary::Vary};
use aws_sdk_bedrockruntime::{
    operation::{
        converse_stream::ConverseStreamInput, get_async_invoke::GetAsyncInvokeInput,
        invoke_guardrail_checks::InvokeGuardrailChecksInput,
        invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
        list_async_invokes::ListAsyncInvokesInput, start_async_invoke::StartAsyncInvokeInput,
    },
    primitives::DateTime,
    types::{
        AsyncInvokeOutputDataConfig, AsyncInvokeS3OutputDataConfig, GuardrailChecksConfig,
        GuardrailChecksContentBlock, GuardrailChecksContentFilterCategoryConfig,
        GuardrailChecksContentFilterConfig, GuardrailChecksMessage,
        GuardrailChecksPromptAttackCategoryConfig, GuardrailChecksPromptAttackConfig,
        GuardrailChecksSensitiveInformationConfig, GuardrailChecksSensitiveInformationEntityConfig,
        GuardrailStreamConfiguration, Tag,
    },
};

pub(crate) fn converse_stream(v: &mut Vary) -> ConverseStreamInput {
    let input = inputs::converse(v, inputs::CHOICES[0]);
    let guardrail = v.some(|v| {
        GuardrailStreamConfiguration::builder()
            .guardrail_identifier(v.text())
            .guardrail_version(v.text())
            .trace(v.name())
            .stream_processing_mode(v.name())
            .build()
    });
    ConverseStreamInput::builder()
        .set_model_id(input.model_id)
        .set_messages(input.messages)
        .set_system(input.system)
        .set_inference_config(input.inference_config)
        .set_tool_config(input.tool_config)
        .set_additional_model_request_fields(input.additional_model_request_fields)
        .set_prompt_variables(input.prompt_variables)
        .set_additional_model_response_field_paths(input.additional_model_response_field_paths)
        .set_request_metadata(input.request_metadata)
        .set_performance_config(input.performance_config)
        .set_service_tier(input.service_tier)
        .set_output_config(input.output_config)
        .set_guardrail_config(guardrail)
        .build()
        .unwrap()
}

pub(crate) fn invoke_model_stream(v: &mut Vary) -> InvokeModelWithResponseStreamInput {
    let input = inputs::invoke_model(v);
    InvokeModelWithResponseStreamInput::builder()
        .set_body(input.body)
        .set_content_type(input.content_type)
        .set_accept(input.accept)
        .set_model_id(input.model_id)
        .set_trace(input.trace)
        .set_guardrail_identifier(input.guardrail_identifier)
        .set_guardrail_version(input.guardrail_version)
        .set_performance_config_latency(input.performance_config_latency)
        .set_service_tier(input.service_tier)
        .set_request_metadata(input.request_metadata)
        .build()
        .unwrap()
}

pub(crate) fn guardrail_checks(v: &mut Vary) -> InvokeGuardrailChecksInput {
    let message = GuardrailChecksMessage::builder()
        .role(v.name())
        .content(GuardrailChecksContentBlock::Text(v.text()));
    let filter = GuardrailChecksContentFilterCategoryConfig::builder().category(v.name());
    let attack = GuardrailChecksPromptAttackCategoryConfig::builder().category(v.name());
    let entity = GuardrailChecksSensitiveInformationEntityConfig::builder().r#type(v.name());
    let filters = GuardrailChecksContentFilterConfig::builder().categories(filter.build().unwrap());
    let attacks = GuardrailChecksPromptAttackConfig::builder().categories(attack.build().unwrap());
    let entities =
        GuardrailChecksSensitiveInformationConfig::builder().entities(entity.build().unwrap());
    InvokeGuardrailChecksInput::builder()
        .messages(message.build().unwrap())
        .set_checks(v.some(|v| {
            GuardrailChecksConfig::builder()
                .set_content_filter(v.some(|_| filters.build().unwrap()))
                .set_prompt_attack(v.some(|_| attacks.build().unwrap()))
                .set_sensitive_information(v.some(|_| entities.build().unwrap()))
                .build()
        }))
        .build()
        .unwrap()
}

pub(crate) fn start_async_invoke(v: &mut Vary) -> StartAsyncInvokeInput {
    let bucket = AsyncInvokeS3OutputDataConfig::builder()
        .s3_uri(v.text())
        .set_kms_key_id(v.some(Vary::text))
        .set_bucket_owner(v.some(Vary::text));
    let bucket = AsyncInvokeOutputDataConfig::S3OutputDataConfig(bucket.build().unwrap());
    let tag = Tag::builder().key(v.text()).value(v.text());
    StartAsyncInvokeInput::builder()
        .set_client_request_token(v.some(Vary::text))
        .set_model_id(v.some(Vary::text))
        .set_model_input(v.some(Vary::document))
        .set_output_data_config(v.some(|_| bucket))
        .set_tags(v.some(|_| vec![tag.build().unwrap()]))
        .build()
        .unwrap()
}

pub(crate) fn get_async_invoke(v: &mut Vary) -> GetAsyncInvokeInput {
    GetAsyncInvokeInput::builder()
        .invocation_arn(v.text())
        .build()
        .unwrap()
}

pub(crate) fn list_async_invokes(v: &mut Vary) -> ListAsyncInvokesInput {
    let mut time = || DateTime::from_secs(v.either(1, 2));
    let (after, before) = (time(), time());
    ListAsyncInvokesInput::builder()
        .set_submit_time_after(v.some(|_| after))
        .set_submit_time_before(v.some(|_| before))
        .set_status_equals(v.some(Vary::name))
        .set_max_results(v.some(Vary::int))
        .set_next_token(v.some(Vary::text))
        .set_sort_by(v.some(Vary::name))
        .set_sort_order(v.some(Vary::name))
        .build()
        .unwrap()
}
