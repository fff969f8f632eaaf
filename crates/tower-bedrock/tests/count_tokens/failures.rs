//! Counts that fail or take too long.

use super::*;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_model_that_cannot_count_is_left_alone_for_a_minute() {
    let (sim, notes) = (simulator(), Notes::default());
    fails(&sim, 1);
    let layer = CountTokensLayer::new(bedrock(&sim)).all();
    let service = layer.layer(noting::<ConverseInput>(bedrock(&sim), &notes));
    let other = layer.layer(noting::<ConverseInput>(bedrock(&sim), &notes));
    service.clone().oneshot(prompt("a").into()).await.unwrap();
    advance(59 * SECOND).await;
    other.oneshot(prompt("b").into()).await.unwrap();
    assert_eq!(notes.taken(), [None, None]);
    let counts = layer.handle().snapshot();
    assert_eq!((counts.counted, counts.failed, counts.paused), (0, 1, 1));
    advance(SECOND).await;
    service.oneshot(prompt("c").into()).await.unwrap();
    assert!(notes.taken()[0].is_some());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_models_failure_is_its_profiles_and_no_other_models() {
    const OTHER: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
    let notes = Notes::default();
    let sim = simulator()
        .model(Model::new(BASE_MODEL))
        .model(Model::new(OTHER));
    fails(&sim, 1);
    let layer = CountTokensLayer::new(bedrock(&sim)).all();
    let service = layer.layer(noting::<InvokeModelInput>(bedrock(&sim), &notes));
    for model in [MODEL, BASE_MODEL, OTHER] {
        let call = service.clone().oneshot(invoke(model).into());
        call.await.unwrap();
    }
    assert!(matches!(notes.taken()[..], [None, None, Some(_)]));
    let counts = layer.handle().snapshot();
    assert_eq!((counts.counted, counts.failed, counts.paused), (1, 1, 1));
}

/// A counter that hangs the first time and answers from then on.
fn hangs_once() -> Counter {
    let hung = Arc::new(AtomicBool::new(false));
    BoxCloneSyncService::new(service_fn(move |_| {
        let hangs = !hung.swap(true, Ordering::Relaxed);
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(count(7))
        }
    }))
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_count_that_takes_too_long_is_gone_without() {
    let (sim, notes) = (simulator(), Notes::default());
    let layer = CountTokensLayer::new(hangs_once())
        .all()
        .patience(2 * SECOND);
    let service = layer.layer(noting::<ConverseInput>(bedrock(&sim), &notes));
    let start = Instant::now();
    soon(service.oneshot(prompt("a").into())).await.unwrap();
    assert_eq!(notes.taken(), [None]);
    assert_eq!(start.elapsed().as_secs(), 2);
    assert_eq!(layer.handle().snapshot().failed, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_callers_deadline_ends_the_wait_and_is_not_held_against_the_model() {
    let sim = simulator();
    let layer = CountTokensLayer::new(hangs_once()).all();
    let service = layer.layer(bedrock(&sim));
    let hasty = Request::new(prompt("a")).timeout(SECOND);
    let start = Instant::now();
    let error = soon(service.clone().oneshot(hasty)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(start.elapsed().as_secs(), 1);
    soon(service.oneshot(prompt("b").into())).await.unwrap();
    let counts = layer.handle().snapshot();
    assert_eq!((counts.counted, counts.failed, counts.paused), (1, 1, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_counter_that_is_never_ready_or_fails_holds_nobody_up() {
    let (layer, mut counts, inner, mut calls) = mocked();
    counts.allow(0);
    let mut service = layer.layer(inner);
    let call = tokio::spawn(soon(
        service.ready().await.unwrap().call(prompt("a").into()),
    ));
    let start = Instant::now();
    let (request, answer) = soon(calls.next_request()).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(request.options().input_tokens(), None);
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();

    advance(60 * SECOND).await;
    counts.send_error(Error::new(ErrorKind::Capacity, "down"));
    let call = tokio::spawn(soon(
        service.ready().await.unwrap().call(prompt("a").into()),
    ));
    let (request, answer) = soon(calls.next_request()).await.unwrap();
    assert_eq!(request.options().input_tokens(), None);
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();
    assert_eq!(layer.handle().snapshot().failed, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_count_below_nothing_is_none() {
    let (layer, mut counts, inner, mut calls) = mocked();
    let mut service = layer.layer(inner);
    let call = tokio::spawn(soon(
        service.ready().await.unwrap().call(prompt("a").into()),
    ));
    counts
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(count(-1));
    let (request, answer) = calls.next_request().await.unwrap();
    assert_eq!(request.options().input_tokens(), None);
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();
}
