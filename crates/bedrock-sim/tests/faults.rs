//! Every scripted fault as the SDK sees it, over both fronts.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use std::{io::ErrorKind, time::Duration};

use aws_sdk_bedrockruntime::{
    Client,
    error::{ProvideErrorMetadata as _, SdkError},
    operation::{
        RequestId as _,
        converse::{ConverseError, ConverseOutput},
    },
};
use bedrock_sim::{Fault, Latency, Model, Operation, ScriptedAnswer, Simulator};
use fronts::{CLAUDE, NOVA, both, user};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

async fn call(client: &Client) -> Result<ConverseOutput, SdkError<ConverseError>> {
    client
        .converse()
        .model_id(CLAUDE)
        .messages(user("hello"))
        .send()
        .await
}

#[tokio::test]
async fn every_error_has_its_status_code_type_and_hint() {
    let rows: [(Fault, u16, Option<&str>); 16] = [
        (Fault::throttling(), 429, Some("ThrottlingException")),
        (Fault::throttling_400(), 400, Some("ThrottlingException")),
        (Fault::throttling_daily(), 429, Some("ThrottlingException")),
        (
            Fault::model_not_ready(),
            429,
            Some("ModelNotReadyException"),
        ),
        (Fault::bare_429(), 429, None),
        (
            Fault::too_many_requests(),
            429,
            Some("TooManyRequestsException"),
        ),
        (Fault::overloaded(), 529, Some("overloaded_error")),
        (
            Fault::service_unavailable(),
            503,
            Some("ServiceUnavailableException"),
        ),
        (
            Fault::internal_server(),
            500,
            Some("InternalServerException"),
        ),
        (Fault::model_timeout(), 408, Some("ModelTimeoutException")),
        (Fault::model_error(), 424, Some("ModelErrorException")),
        (
            Fault::model_stream_error(),
            424,
            Some("ModelStreamErrorException"),
        ),
        (
            Fault::service_quota_exceeded(),
            400,
            Some("ServiceQuotaExceededException"),
        ),
        (Fault::validation(), 400, Some("ValidationException")),
        (Fault::access_denied(), 403, Some("AccessDeniedException")),
        (
            Fault::resource_not_found(),
            404,
            Some("ResourceNotFoundException"),
        ),
    ];
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for (fault, status, code) in rows {
        for client in &clients {
            simulator.script([
                fault.clone(),
                fault
                    .clone()
                    .message("my words")
                    .retry_after(Duration::from_millis(1_500)),
                fault.clone().http_retry_after(Duration::from_millis(1_500)),
            ]);
            for (ms, seconds) in [(None, None), (Some("1500"), None), (None, Some("2"))] {
                let error = call(client).await.unwrap_err();
                let raw = error.raw_response().unwrap();
                assert_eq!(raw.status().as_u16(), status, "{fault:?}");
                assert_eq!(raw.headers().get("x-amz-retry-after"), ms);
                assert_eq!(raw.headers().get("retry-after"), seconds);
                assert!(raw.headers().get("x-amzn-requestid").is_some());
                let error = error.into_service_error();
                assert_eq!(error.code(), code);
                // Without a code the SDK keeps nothing but the raw answer.
                assert!(code.is_none() || error.request_id().is_some());
                assert!(code.is_none() || (error.message() == Some("my words")) == ms.is_some());
            }
        }
    }
    for client in &clients {
        call(client).await.unwrap();
    }
}

#[tokio::test]
async fn modelled_errors_are_typed() {
    let simulator = Simulator::new();
    let client = simulator.sdk_client();
    simulator.script([
        Fault::throttling_400(),
        Fault::model_not_ready(),
        Fault::service_unavailable(),
        Fault::internal_server(),
        Fault::model_timeout(),
        Fault::model_error(),
        Fault::validation(),
        Fault::access_denied(),
        Fault::resource_not_found(),
    ]);
    let next = async || call(&client).await.unwrap_err().into_service_error();
    assert!(next().await.is_throttling_exception());
    assert!(next().await.is_model_not_ready_exception());
    assert!(next().await.is_service_unavailable_exception());
    assert!(next().await.is_internal_server_exception());
    assert!(next().await.is_model_timeout_exception());
    let ConverseError::ModelErrorException(error) = next().await else {
        panic!("not a model error")
    };
    assert_eq!(error.original_status_code(), Some(500));
    assert!(next().await.is_validation_exception());
    assert!(next().await.is_access_denied_exception());
    assert!(next().await.is_resource_not_found_exception());
}

#[tokio::test]
async fn a_fault_waits_for_the_call_it_is_meant_for() {
    let simulator = Simulator::new();
    let client = simulator.sdk_client();
    simulator.script([
        Fault::throttling().model(NOVA),
        Fault::internal_server().operation(Operation::ConverseStream),
        Fault::validation().times(2),
    ]);
    for _ in 0..2 {
        assert!(
            call(&client)
                .await
                .unwrap_err()
                .into_service_error()
                .is_validation_exception()
        );
    }
    call(&client).await.unwrap();
    let streamed = client
        .converse_stream()
        .model_id(CLAUDE)
        .messages(user("hello"))
        .send()
        .await;
    assert!(
        streamed
            .unwrap_err()
            .into_service_error()
            .is_internal_server_exception()
    );
    let nova = client
        .converse()
        .model_id(NOVA)
        .messages(user("hello"))
        .send()
        .await;
    assert!(
        nova.unwrap_err()
            .into_service_error()
            .is_throttling_exception()
    );
}

#[tokio::test]
async fn random_faults_come_at_their_rate_and_by_the_seed() {
    let pattern = async |seed| {
        let simulator = Simulator::new().seed(seed);
        let client = simulator.sdk_client();
        simulator.script([Fault::throttling().rate(0.25)]);
        let mut struck = Vec::new();
        for _ in 0..400 {
            struck.push(call(&client).await.is_err());
        }
        struck
    };
    let first = pattern(7).await;
    let hits = first.iter().filter(|hit| **hit).count();
    assert!((70..=130).contains(&hits), "{hits}");
    assert_eq!(first, pattern(7).await);
    assert_ne!(first, pattern(8).await);
}

#[tokio::test]
async fn a_reset_connection_is_an_io_error() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        simulator.script([Fault::connection_reset()]);
        let error = call(client).await.unwrap_err();
        assert!(
            matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()),
            "{error:?}"
        );
        call(client).await.unwrap();
    }
}

#[tokio::test]
async fn a_reset_is_a_tcp_reset_before_the_reply_and_within_a_stream() {
    let simulator = Simulator::new();
    let server = simulator.serve("127.0.0.1:0").await.unwrap();
    let body = r#"{"messages": [{"role": "user", "content": [{"text": "hello"}]}]}"#;
    let request = format!(
        "POST /model/{CLAUDE}/converse-stream HTTP/1.1\r\nhost: sim\r\nauthorization: anything\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let reset = Fault::connection_reset;
    for fault in [reset(), reset().at(0), reset().at(2)] {
        simulator.script([fault.clone()]);
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let error = stream.read_to_end(&mut answer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{fault:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn faults_charge_what_their_kind_says() {
    let simulator = Simulator::new().model(Model::new(CLAUDE).burndown(5).max_tokens(8_192));
    let client = simulator.sdk_client();
    let whole = call(&client).await.unwrap();
    let output = u64::try_from(whole.usage().unwrap().output_tokens()).unwrap();
    for (fault, settled) in [
        (Fault::throttling(), 0),
        (Fault::internal_server(), 0),
        (Fault::model_timeout(), 6 + 5 * output),
        (Fault::connection_reset(), 6 + 5 * output),
        (Fault::model_error(), 6),
        (Fault::hang(), 6),
        (Fault::slow_body(Duration::from_secs(1)), 6 + 5 * output),
    ] {
        simulator.reset();
        simulator.script([fault.clone()]);
        drop(tokio::time::timeout(Duration::from_secs(3_600), call(&client)).await);
        let usage = simulator.usage();
        let usage = usage.model(CLAUDE).unwrap();
        assert_eq!(usage.settled, settled, "{fault:?}");
        assert_eq!((usage.in_flight, usage.faulted), (0, 1), "{fault:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_hung_call_waits_for_its_caller_and_a_slow_body_trickles() {
    let simulator = Simulator::new();
    let client = simulator.sdk_client();
    simulator.script([Fault::hang(), Fault::slow_body(Duration::from_secs(1))]);
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    tokio::time::timeout(year, call(&client)).await.unwrap_err();
    let start = tokio::time::Instant::now();
    call(&client).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_fault_can_be_for_a_span_of_time() {
    let simulator = Simulator::new();
    let client = simulator.sdk_client();
    let second = Duration::from_secs(1);
    tokio::time::advance(5 * second).await;
    simulator.script([Fault::service_unavailable()
        .rate(1.0)
        .during(10 * second..20 * second)]);
    // One without a rate waits for its time, and lets those behind it pass.
    simulator.script([Fault::throttling().during(30 * second..40 * second)]);
    for (wait, answered) in [
        (0, true),
        (10, false),
        (9, false),
        (1, true),
        (10, false),
        (1, true),
    ] {
        tokio::time::advance(wait * second).await;
        let answer = call(&client).await;
        assert_eq!(answer.is_ok(), answered, "after {wait} s more");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_fault_can_be_for_one_prompt() {
    let simulator = Simulator::new();
    let client = simulator.sdk_client();
    simulator.script([Fault::model_error().rate(1.0).prompt("poison")]);
    let ask = async |text: &str| {
        let ask = client.converse().model_id(CLAUDE).messages(user(text));
        ask.send().await.is_ok()
    };
    assert!(ask("hello").await);
    assert!(!ask("some poison please").await);
    assert!(ask("hello again").await);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_error_and_an_answer_can_take_their_time() {
    let simulator = Simulator::new().latency(Latency::new(Duration::from_secs(1), Duration::ZERO));
    let client = simulator.sdk_client();
    let delay = Duration::from_secs(2);
    simulator.script([Fault::service_unavailable().delay(delay)]);
    simulator.script([ScriptedAnswer::new().delay(delay)]);
    let mut took = vec![];
    for _ in 0..3 {
        let start = tokio::time::Instant::now();
        drop(call(&client).await);
        took.push(start.elapsed().as_secs());
    }
    assert_eq!(took, [2, 3, 1]);
}

#[tokio::test]
async fn a_throttled_call_does_not_use_up_a_fault_behind_the_quota() {
    let simulator = Simulator::new()
        .model(Model::new(CLAUDE).requests_per_minute(0))
        .model(Model::new(NOVA));
    let client = simulator.sdk_client();
    simulator.script([Fault::model_error()]);
    assert!(
        call(&client)
            .await
            .unwrap_err()
            .into_service_error()
            .is_throttling_exception()
    );
    let nova = client
        .converse()
        .model_id(NOVA)
        .messages(user("hello"))
        .send()
        .await;
    assert!(
        nova.unwrap_err()
            .into_service_error()
            .is_model_error_exception()
    );
}

#[tokio::test]
async fn a_call_that_is_throttled_leaves_its_scripted_answer_to_the_next() {
    let simulator = Simulator::new()
        .model(Model::new(CLAUDE).requests_per_minute(0))
        .model(Model::new(NOVA));
    simulator.script([ScriptedAnswer::new().text("42")]);
    let client = simulator.sdk_client();
    call(&client).await.unwrap_err();
    let answered = client.converse().model_id(NOVA).messages(user("hello"));
    let answered = answered.send().await.unwrap();
    let message = answered.output.unwrap();
    let content = &message.as_message().unwrap().content;
    assert_eq!(content[0].as_text().unwrap(), "42");
}
