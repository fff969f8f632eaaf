//! What a client's own interceptors see of a call, and what becomes of what they change.

mod common;
#[path = "common/scripted.rs"]
mod scripted;

use aws_sdk_bedrockruntime::{
    Client, Config,
    config::Builder,
    operation::converse::ConverseInput,
    types::{InferenceConfiguration, SystemContentBlock},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextMut, BeforeSerializationInterceptorContextRef,
                Input,
            },
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use bedrock_sim::Simulator;
use common::{BASE_MODEL, MODEL, prompt};
use scripted::{Wire, answer, json};
use std::{
    fmt,
    sync::{Arc, Mutex},
};
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, CacheStatus, Error, ErrorKind, Request, StackLayer};

/// An interceptor that does this to inputs of Converse.
struct Change<F>(F);

impl<F> fmt::Debug for Change<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Change")
    }
}

impl<F> Intercept for Change<F>
where
    F: Fn(&mut ConverseInput) -> Result<(), BoxError> + Send + Sync,
{
    fn name(&self) -> &'static str {
        "Change"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut().downcast_mut();
        (self.0)(input.expect("only Converse is called"))
    }
}

/// An interceptor that notes each input that it is shown.
#[derive(Debug, Clone, Default)]
struct Spy(Arc<Mutex<Vec<ConverseInput>>>);

impl Spy {
    fn note(&self, input: &Input) -> Result<(), BoxError> {
        let input = input.downcast_ref::<ConverseInput>();
        let input = input.expect("only Converse is called").clone();
        self.0.lock().expect("no test panics in it").push(input);
        Ok(())
    }
}

impl Intercept for Spy {
    fn name(&self) -> &'static str {
        "Spy"
    }

    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.note(context.input())
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.note(context.input())
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.note(context.input())
    }
}

fn config(wire: &Wire) -> Builder {
    Simulator::new().sdk_config().http_client(wire.client())
}

fn changing(
    wire: &Wire,
    change: impl Fn(&mut ConverseInput) -> Result<(), BoxError> + Send + Sync + 'static,
) -> Bedrock {
    Bedrock::new(config(wire).interceptor(Change(change)))
}

fn to_profile(input: &mut ConverseInput) -> Result<(), BoxError> {
    input.model_id = Some(MODEL.to_owned());
    Ok(())
}

fn on_base_model() -> Request<ConverseInput> {
    let mut input = prompt("hello");
    input.model_id = Some(BASE_MODEL.to_owned());
    Request::new(input)
}

fn body(wire: &Wire, number: usize) -> serde_json::Value {
    serde_json::from_slice(wire.arrived()[number].body()).expect("it is JSON")
}

#[tokio::test(start_paused = true)]
async fn interceptors_see_the_whole_input_from_their_first_hook_on() {
    let wire = Wire::new(|_, _| answer());
    let spy = Spy::default();
    let config: Config = config(&wire).interceptor(spy.clone()).build();
    for bedrock in [
        Bedrock::new(config.to_builder()),
        Bedrock::from(Client::from_conf(config)),
    ] {
        let stack = StackLayer::new("us-east-1").layer(bedrock);
        stack.oneshot(prompt("hello").into()).await.unwrap();
        let seen = std::mem::take(&mut *spy.0.lock().unwrap());
        assert_eq!(seen, vec![prompt("hello"); 3]);
    }
    assert_eq!(wire.arrived().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_an_interceptor_changes_is_sent_with_each_attempt() {
    let wire = Wire::new(|_, before| match before {
        0 => json(503, r#"{"message": "not now"}"#),
        _ => answer(),
    });
    let bedrock = changing(&wire, |input| {
        let rule = SystemContentBlock::Text("Be kind.".to_owned());
        input.system.get_or_insert_default().push(rule);
        let limits = InferenceConfiguration::builder().max_tokens(7).build();
        input.inference_config = Some(limits);
        Ok(())
    });
    let stack = StackLayer::new("us-east-1").layer(bedrock);
    let answer = stack.oneshot(prompt("hello").into()).await.unwrap();
    assert_eq!(answer.meta().attempts(), 2);
    for attempt in 0..2 {
        let body = body(&wire, attempt);
        assert_eq!(body["system"], serde_json::json!([{"text": "Be kind."}]));
        assert_eq!(body["inferenceConfig"]["maxTokens"], 7);
        assert_eq!(body["messages"][0]["content"][0]["text"], "hello");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_sent_with_a_long_prompt_and_its_answer_kept() {
    let wire = Wire::new(|_, _| answer());
    let bedrock = changing(&wire, |input| {
        let rule = SystemContentBlock::Text("Be kind.".to_owned());
        input.system.get_or_insert_default().push(rule);
        Ok(())
    });
    let stack = StackLayer::new("us-east-1").layer(bedrock);
    let long = "prompt ".repeat(150_000);
    for status in [CacheStatus::Miss, CacheStatus::Hit] {
        let call = stack.clone().oneshot(prompt(&long).into());
        assert_eq!(call.await.unwrap().meta().cache(), Some(status));
    }
    assert_eq!(wire.arrived().len(), 1);
    let body = body(&wire, 0);
    assert_eq!(body["system"], serde_json::json!([{"text": "Be kind."}]));
    assert_eq!(body["messages"][0]["content"][0]["text"], long);
}

#[tokio::test(start_paused = true)]
async fn what_an_interceptor_leaves_as_it_is_is_sent_as_it_is() {
    let wire = Wire::new(|_, _| answer());
    let bedrock = changing(&wire, |_| Ok(()));
    bedrock.oneshot(prompt("hello").into()).await.unwrap();
    let plain = Wire::new(|_, _| answer());
    let bedrock = Bedrock::new(config(&plain));
    bedrock.oneshot(prompt("hello").into()).await.unwrap();
    assert_eq!(body(&wire, 0), body(&plain, 0));
    assert_eq!(wire.arrived()[0].uri(), plain.arrived()[0].uri());
}

#[tokio::test(start_paused = true)]
async fn an_interceptor_that_refuses_an_input_fails_the_call_at_once() {
    let wire = Wire::new(|_, _| answer());
    let bedrock = changing(&wire, |input| match input.model_id() {
        Some(MODEL) => Err("the model is not on the list".into()),
        _ => Ok(()),
    });
    let stack = StackLayer::new("us-east-1").layer(bedrock);
    let error = stack.clone().oneshot(prompt("hello").into()).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Invalid, Some(1))
    );
    assert!(wire.arrived().is_empty());
    stack.oneshot(on_base_model()).await.unwrap();
}

fn assert_refused(error: &Error) {
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
    for part in [BASE_MODEL, MODEL, "interceptor", "Request::stands_for"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_never_counts_as_one_of_a_model_that_it_is_not_sent_to() {
    let wire = Wire::new(|_, _| answer());
    let bedrock = changing(&wire, to_profile);
    let other = on_base_model().stands_for("amazon.nova-lite-v1:0");
    for request in [on_base_model(), other] {
        let error = bedrock.clone().oneshot(request).await.unwrap_err();
        assert_eq!(error.operation(), Some("Converse"));
        if error.to_string().contains("nova") {
            assert_eq!(error.kind(), ErrorKind::Invalid);
        } else {
            assert_refused(&error);
        }
    }
    assert!(wire.arrived().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_changed_model_goes_on_where_the_request_says_that_it_counts_as_that() {
    let wire = Wire::new(|_, _| answer());
    let stack = StackLayer::new("us-east-1");
    let service = stack.layer(changing(&wire, to_profile));
    let request = on_base_model().stands_for(MODEL);
    let answer = service.oneshot(request).await.unwrap();
    assert_eq!(answer.meta().model_id(), Some(MODEL));
    let path = wire.arrived()[0].uri().path().replace("%3A", ":");
    assert_eq!(path, format!("/model/{MODEL}/converse"));
    let used = |model: &str| {
        stack
            .handle()
            .quota()
            .snapshot(&format!("us-east-1/{model}").into())
    };
    assert!(used(MODEL).is_some() && used(BASE_MODEL).is_none());
}

#[tokio::test(start_paused = true)]
async fn an_arn_of_the_same_model_or_of_one_that_was_told_is_no_other_model() {
    const PROFILE: &str = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3";
    let wire = Wire::new(|_, _| answer());
    let same = changing(&wire, |input| {
        let arn = format!("arn:aws:bedrock:us-east-1:1:inference-profile/{MODEL}");
        input.model_id = Some(arn);
        Ok(())
    });
    same.oneshot(prompt("hello").into()).await.unwrap();
    let for_a_team = changing(&wire, |input| {
        input.model_id = Some(PROFILE.to_owned());
        Ok(())
    });
    let told = Request::new(prompt("hello")).stands_for(MODEL);
    for_a_team.clone().oneshot(told).await.unwrap();
    let error = for_a_team.oneshot(prompt("hello").into()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(wire.arrived().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_input_that_cannot_be_serialized_fails_as_the_sdk_says() {
    let wire = Wire::new(|_, _| answer());
    let nameless = || ConverseInput::builder().build().unwrap();
    for bedrock in [Bedrock::new(config(&wire)), changing(&wire, |_| Ok(()))] {
        let error = bedrock.oneshot(nameless().into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("model_id"), "{error}");
    }
    assert!(wire.arrived().is_empty());
}
