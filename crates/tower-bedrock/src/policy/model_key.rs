//! What Bedrock keeps apart: the key of circuits and quotas.

use crate::{model_id::one_name, operation::Operation, request::Request};
use aws_sdk_bedrockruntime::operation::{
    apply_guardrail::ApplyGuardrailInput, count_tokens::CountTokensInput,
    get_async_invoke::GetAsyncInvokeInput, invoke_guardrail_checks::InvokeGuardrailChecksInput,
    list_async_invokes::ListAsyncInvokesInput, start_async_invoke::StartAsyncInvokeInput,
};
use std::sync::Arc;

/// The operations that draw no tokens of a model.
const DRAW_NONE: [&str; 6] = [
    ApplyGuardrailInput::NAME,
    CountTokensInput::NAME,
    GetAsyncInvokeInput::NAME,
    InvokeGuardrailChecksInput::NAME,
    ListAsyncInvokesInput::NAME,
    StartAsyncInvokeInput::NAME,
];

/// `"region/model"` for a call that draws on the model's tokens, the same however the request spells
/// the model. One that draws none has a key apart, which ends in the operation's name, and so has
/// one that names no model. `region` is where calls go that say nothing else.
pub(super) fn key<I: Operation>(region: &Arc<str>, request: &Request<I>) -> Arc<str> {
    let region = request.options().region_or(region);
    match request.quota_model() {
        Some(model) if I::DRAWS_TOKENS => model_key(region, model),
        Some(model) => format!("{region}/{}/{}", one_name(model), I::NAME).into(),
        None => format!("{region}/{}", I::NAME).into(),
    }
}

pub(crate) fn model_key(region: &str, model: &str) -> Arc<str> {
    format!("{region}/{}", one_name(model)).into()
}

/// Whether a key belongs to calls that draw on a model's tokens.
pub(super) fn draws_tokens(key: &str) -> bool {
    let last = key.rsplit('/').next();
    !DRAW_NONE.contains(&last.unwrap_or(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_bedrockruntime::operation::converse::ConverseInput;

    const PROFILE: &str = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3";

    #[test]
    fn a_model_has_one_key_however_it_is_spelled() {
        let region = Arc::from("us-east-1");
        let profile = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        let converse = |id: &str| {
            let input = ConverseInput::builder().model_id(id).build().unwrap();
            Request::new(input)
        };
        let expected = format!("us-east-1/{profile}");
        for request in [
            converse(profile),
            converse(&format!(
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/{profile}"
            )),
            converse(&format!("arn:aws:bedrock:::inference-profile/{profile}")),
            converse(PROFILE).stands_for(profile),
        ] {
            assert_eq!(*key(&region, &request), *expected);
        }
        assert_eq!(
            *key(&region, &converse(PROFILE)),
            format!("us-east-1/{PROFILE}")
        );
        let mut elsewhere = converse(PROFILE);
        elsewhere.send_to("us-west-2".into());
        elsewhere.ask_model("eu.amazon.nova-micro-v1:0".into(), None);
        assert_eq!(
            *key(&region, &elsewhere),
            *"us-west-2/eu.amazon.nova-micro-v1:0"
        );
    }

    #[test]
    fn only_calls_that_draw_tokens_have_the_models_key() {
        let region = Arc::from("eu-west-1");
        let converse = ConverseInput::builder().model_id(PROFILE).build().unwrap();
        let count = CountTokensInput::builder()
            .model_id(PROFILE)
            .build()
            .unwrap();
        let guardrail = ApplyGuardrailInput::builder().build().unwrap();
        let start = StartAsyncInvokeInput::builder().model_id(PROFILE);
        let checks = InvokeGuardrailChecksInput::builder().build().unwrap();
        let get = GetAsyncInvokeInput::builder().build().unwrap();
        let list = ListAsyncInvokesInput::builder().build().unwrap();
        let converse = key(&region, &Request::new(converse));
        assert_eq!(&*converse, format!("eu-west-1/{PROFILE}"));
        assert!(draws_tokens(&converse));
        for other in [
            key(&region, &Request::new(count)),
            key(&region, &Request::new(guardrail)),
            key(&region, &Request::new(start.build().unwrap())),
            key(&region, &Request::new(checks)),
            key(&region, &Request::new(get)),
            key(&region, &Request::new(list)),
        ] {
            assert_ne!(converse, other);
            assert!(!draws_tokens(&other), "{other}");
        }
    }
}
