//! Interceptors of a client see every member of every input.

use crate::{
    inputs, other_inputs,
    vary::{Vary, every_change},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::interceptors::{Intercept, context::BeforeSerializationInterceptorContextRef},
};
use aws_smithy_types::config_bag::ConfigBag;
use bedrock_sim::Simulator;
use std::{
    marker::PhantomData,
    sync::{Arc, Mutex},
};
use tower::ServiceExt;
use tower_bedrock::{Bedrock, Operation, Request};

/// Keeps the input that it sees first, and lets nothing be sent.
#[derive(Debug)]
struct Spy<I>(Arc<Mutex<Option<I>>>, PhantomData<I>);

impl<I: Operation> Intercept for Spy<I> {
    fn name(&self) -> &'static str {
        "Spy"
    }

    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input().downcast_ref::<I>().cloned();
        *self.0.lock().expect("no test panics in it") = input;
        Err("seen".into())
    }
}

async fn check<I: Operation>(make: impl Fn(&mut Vary) -> I) {
    let (whole, changed) = every_change(make);
    for input in [vec![whole], changed].concat() {
        let seen = Arc::default();
        let spy = Spy(Arc::clone(&seen), PhantomData);
        let bedrock = Bedrock::new(Simulator::new().sdk_config().interceptor(spy));
        let error = bedrock.oneshot(Request::new(input.clone())).await;
        let error = error.err().expect("the spy ends the call").to_string();
        assert!(
            error.contains("seen") && !error.contains("member"),
            "{error}"
        );
        assert!(
            seen.lock().expect("no test panics in it").take() == Some(input),
            "{} has a member that its `plumbing!` does not name",
            I::NAME
        );
    }
}

#[tokio::test(start_paused = true)]
async fn interceptors_see_every_member_of_every_input() {
    check(|v| inputs::converse(v, inputs::CHOICES[0])).await;
    check(|v| inputs::count_converse(v, inputs::CHOICES[0])).await;
    check(inputs::count_invoke_model).await;
    check(inputs::invoke_model).await;
    check(inputs::apply_guardrail).await;
    check(other_inputs::guardrail_checks).await;
    check(other_inputs::start_async_invoke).await;
    check(other_inputs::get_async_invoke).await;
    check(other_inputs::list_async_invokes).await;
    check(other_inputs::converse_stream).await;
    check(other_inputs::invoke_model_stream).await;
}
