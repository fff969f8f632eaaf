//! The layer in a stack of layers.

use super::*;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_question_carries_the_whole_prompt_and_whose_it_is() {
    let (layer, mut counts, inner, mut calls) = mocked();
    let mut service = layer.layer(inner);
    let mut input = full_prompt();
    input.additional_model_request_fields = Some(Document::from("thinking"));
    let request = Request::new(input.clone())
        .tenant("acme")
        .priority(tower_bedrock::Priority::High);
    let call = tokio::spawn(soon(service.ready().await.unwrap().call(request)));
    let (question, answer) = counts.next_request().await.unwrap();
    assert_eq!(question.model_id.as_deref(), Some(BASE_MODEL));
    assert_eq!(question.options().tenant(), Some("acme"));
    assert_eq!(question.options().priority(), tower_bedrock::Priority::High);
    assert_eq!(
        question.options().deadline(),
        Some(Instant::now() + 5 * SECOND)
    );
    let Some(Counted::Converse(counted)) = &question.input else {
        panic!("it is a conversation");
    };
    assert_eq!(counted.messages, input.messages);
    assert_eq!(counted.system, input.system);
    assert_eq!(counted.tool_config, input.tool_config);
    let more = &counted.additional_model_request_fields;
    assert_eq!(more, &input.additional_model_request_fields);
    answer.send_response(count(7));
    let (request, answer) = calls.next_request().await.unwrap();
    assert_eq!(request.options().input_tokens(), Some(7));
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_instance_that_was_polled_ready_is_the_one_that_is_called() {
    let (layer, mut counts, inner, mut calls) = mocked();
    // A mock panics if one is called that is not ready; two calls may be made, and no more.
    calls.allow(1);
    counts.allow(1);
    let mut service = layer.layer(inner);
    let call = service.ready().await.unwrap().call(prompt("a").into());
    let call = tokio::spawn(soon(call));
    counts
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(count(7));
    let answer = calls.next_request().await.unwrap().1;
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();
    // The one that stayed behind has yet to become ready.
    assert!(timeout(SECOND, service.ready()).await.is_err());
    calls.allow(1);
    soon(service.ready()).await.unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn readiness_and_its_errors_are_the_inner_services() {
    let (layer, _counts, inner, mut calls) = mocked();
    let mut service = layer.layer(inner);
    calls.allow(0);
    assert!(timeout(SECOND, service.ready()).await.is_err());
    calls.send_error(Error::new(ErrorKind::Capacity, "down"));
    let error = service.ready().await.map(|_| ()).unwrap_err();
    assert_eq!(Error::from(error).kind(), ErrorKind::Capacity);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_dropped_request_takes_its_count_along_and_gives_its_place_back() {
    let (layer, mut counts, inner, mut calls) = mocked();
    let inner = tower::limit::ConcurrencyLimit::new(inner, 1);
    let mut service = layer.layer(inner);

    // While the counter becomes ready.
    counts.allow(0);
    let mut call = Box::pin(service.ready().await.unwrap().call(prompt("a").into()));
    assert!((&mut call).now_or_never().is_none());
    assert!(timeout(SECOND, service.ready()).await.is_err());
    drop(call);

    // While it counts.
    counts.allow(2);
    let mut call = Box::pin(
        soon(service.ready())
            .await
            .unwrap()
            .call(prompt("a").into()),
    );
    assert!((&mut call).now_or_never().is_none());
    let (_, answer) = counts.next_request().await.unwrap();
    drop(call);
    answer.send_response(count(7));

    // While the call is made.
    let mut call = Box::pin(
        soon(service.ready())
            .await
            .unwrap()
            .call(prompt("a").into()),
    );
    assert!((&mut call).now_or_never().is_none());
    let (_, answer) = counts.next_request().await.unwrap();
    answer.send_response(count(7));
    assert!((&mut call).now_or_never().is_none());
    let _asked = calls.next_request().await.unwrap();
    drop(call);

    soon(service.ready()).await.unwrap();
    let counts = layer.handle().snapshot();
    assert_eq!((counts.counted, counts.failed, counts.paused), (1, 0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_stacks_between_a_cache_and_a_retry_layer() {
    let sim = simulator();
    sim.script([Fault::throttling().operation(Operation::Converse)]);
    let layer = CountTokensLayer::new(bedrock(&sim)).all();
    let service = ServiceBuilder::new()
        .layer(policy::response_cache_layer(
            "us-east-1",
            60 * SECOND,
            1 << 20,
        ))
        .layer(layer.clone())
        .layer(policy::RetryPolicy::new().layer_over_quota())
        .service(bedrock(&sim));
    for _ in 0..3 {
        let call = service.clone().oneshot(Request::new(prompt("hello")));
        soon(call).await.unwrap();
    }
    assert_eq!(layer.handle().snapshot().counted, 1);
}

#[test]
fn everything_can_be_sent_between_threads() {
    fn check<T: Send + Sync>() {}
    fn send<T: Send>() {}
    check::<tower_bedrock::CountTokens<Bedrock, Bedrock>>();
    send::<tower_bedrock::CountTokensFuture<ConverseInput, Bedrock, Bedrock>>();
}
