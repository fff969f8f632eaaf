//! Which answers the cache keeps by what they say and by what was asked, through the real SDK client.

mod common;
#[path = "common/scripted.rs"]
mod scripted;

use aws_sdk_bedrockruntime::{
    operation::{
        apply_guardrail::ApplyGuardrailInput, converse::ConverseInput,
        converse_stream::ConverseStreamInput, invoke_model::InvokeModelInput,
    },
    primitives::Blob,
    types::{
        GuardrailConfiguration, GuardrailContentBlock, GuardrailContentSource,
        GuardrailStreamConfiguration, GuardrailTextBlock,
    },
};
use bedrock_sim::Simulator;
use common::{MODEL, bedrock, prompt, simulator, stream_prompt};
use scripted::{Wire, json};
use std::time::Duration;
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheStatus, Error, Request, Response, UnaryOperation, policy::CachePolicy,
};

const MIB: u64 = 1 << 20;

fn policy() -> CachePolicy {
    CachePolicy::new("us-east-1", Duration::from_secs(3600))
}

/// Whether an answer is kept that has this body.
async fn keeps<I: UnaryOperation>(policy: CachePolicy, request: I, body: &str) -> bool {
    let body = body.to_owned();
    let wire = Wire::new(move |_, _| json(200, body.clone()));
    let bedrock = Bedrock::new(Simulator::new().sdk_config().http_client(wire.client()));
    let service = policy.layer(MIB).layer(bedrock);
    answers_from_cache(service, request).await
}

async fn answers_from_cache<I, S>(service: S, request: I) -> bool
where
    I: UnaryOperation,
    S: Service<Request<I>, Response = Response<I::Output>, Error = Error> + Clone,
{
    let mut statuses = vec![];
    for _ in 0..2 {
        let call = service.clone().oneshot(Request::new(request.clone()));
        statuses.push(call.await.expect("the wire answers").meta().cache());
    }
    assert_eq!(statuses[0], Some(CacheStatus::Miss));
    statuses[1] == Some(CacheStatus::Hit)
}

fn converse(content: &str, tokens: u32) -> String {
    format!(
        r#"{{"output":{{"message":{{"role":"assistant","content":[{content}]}}}},
            "stopReason":"end_turn","metrics":{{"latencyMs":200}},
            "usage":{{"inputTokens":3,"outputTokens":{tokens},"totalTokens":5}}}}"#
    )
}

const THOUGHT: &str = r#"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}}"#;

#[tokio::test(start_paused = true)]
async fn an_answer_that_has_nothing_for_its_reader_is_not_kept() {
    for (content, kept) in [
        (String::new(), false),
        (r#"{"text":""}"#.to_owned(), false),
        (r#"{"text":" \n "}"#.to_owned(), false),
        (THOUGHT.to_owned(), false),
        (format!(r#"{THOUGHT},{{"text":""}}"#), false),
        (format!(r#"{THOUGHT},{{"text":"hi"}}"#), true),
        (r#"{"text":"hi"}"#.to_owned(), true),
    ] {
        for tokens in [0, 7] {
            let body = converse(&content, tokens);
            let is_kept = keeps(policy(), prompt("hello"), &body).await;
            assert_eq!(is_kept, kept, "{content}");
        }
    }
}

fn invoke(model: &str) -> InvokeModelInput {
    let input = InvokeModelInput::builder().model_id(model);
    input.body(Blob::new("{}")).build().expect("all is given")
}

#[tokio::test(start_paused = true)]
async fn each_familys_body_is_read_by_what_it_says() {
    for (body, kept) in [
        (
            r#"{"embedding":[0.1],"embeddingsByType":{"float":[0.1]},"inputTextTokenCount":2}"#,
            true,
        ),
        (
            r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop","stop_reason":null}]}"#,
            true,
        ),
        (
            r#"{"generation":"hi","stop_reason":null,"finish_reason":"stop"}"#,
            true,
        ),
        (r#"{"results":[{"index":0,"relevance_score":0.9}]}"#, true),
        (
            r#"{"content":[{"type":"thinking","thinking":"hm"}],"stop_reason":"end_turn"}"#,
            false,
        ),
        (
            r#"{"choices":[{"text":"hi","finish_reason":"length","stop_reason":null}]}"#,
            false,
        ),
        (
            r#"{"content":[{"type":"text","text":" \n "}],"stop_reason":"end_turn"}"#,
            false,
        ),
        (r#"{"images":["AAAA"],"error":null}"#, false),
    ] {
        let is_kept = keeps(policy(), invoke(MODEL), body).await;
        assert_eq!(is_kept, kept, "{body}");
    }
}

fn guarded(version: &str) -> ConverseInput {
    let guardrail = GuardrailConfiguration::builder()
        .guardrail_identifier("gr-1")
        .guardrail_version(version);
    let mut input = prompt("hello");
    input.guardrail_config = Some(guardrail.build());
    input
}

fn of_prompt(version: &str) -> ConverseInput {
    let arn = format!("arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDE12345{version}");
    let input = ConverseInput::builder().model_id(arn);
    input.build().expect("all is given")
}

#[tokio::test(start_paused = true)]
async fn what_a_draft_had_a_part_in_is_kept_only_if_the_user_says_so() {
    let body = converse(r#"{"text":"hi"}"#, 2);
    for (input, is_draft) in [
        (guarded("DRAFT"), true),
        (guarded("1"), false),
        (of_prompt(""), true),
        (of_prompt(":DRAFT"), true),
        (of_prompt(":3"), false),
    ] {
        let by_default = keeps(policy(), input.clone(), &body).await;
        assert_eq!(by_default, !is_draft, "{input:?}");
        assert!(keeps(policy().drafts(true), input, &body).await);
    }
    let body = r#"{"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}"#;
    for (version, kept) in [(Some("DRAFT"), false), (None, false), (Some("12"), true)] {
        let mut input = invoke(MODEL);
        input.guardrail_identifier = Some("gr-1".to_owned());
        input.guardrail_version = version.map(str::to_owned);
        assert_eq!(keeps(policy(), input, body).await, kept, "{version:?}");
    }
}

fn verdict_on(version: &str) -> ApplyGuardrailInput {
    let text = GuardrailTextBlock::builder().text("hello").build();
    let input = ApplyGuardrailInput::builder()
        .guardrail_identifier("gr-1")
        .guardrail_version(version)
        .source(GuardrailContentSource::Input)
        .content(GuardrailContentBlock::Text(text.expect("all is given")));
    input.build().expect("all is given")
}

#[tokio::test(start_paused = true)]
async fn verdicts_of_a_guardrails_numbered_version_are_kept() {
    for action in ["NONE", "GUARDRAIL_INTERVENED"] {
        let body = format!(r#"{{"action":"{action}","outputs":[],"assessments":[]}}"#);
        for (version, kept) in [("1", true), ("DRAFT", false)] {
            let is_kept = keeps(policy(), verdict_on(version), &body).await;
            assert_eq!(is_kept, kept, "{action} by {version}");
        }
        assert!(keeps(policy().drafts(true), verdict_on("DRAFT"), &body).await);
    }
}

fn guarded_stream(version: &str) -> ConverseStreamInput {
    let guardrail = GuardrailStreamConfiguration::builder()
        .guardrail_identifier("gr-1")
        .guardrail_version(version);
    let mut input = stream_prompt("hello");
    input.guardrail_config = Some(guardrail.build());
    input
}

#[tokio::test(start_paused = true)]
async fn a_stream_under_a_draft_is_not_kept_either() {
    for (version, drafts, kept) in [
        ("DRAFT", false, false),
        ("DRAFT", true, true),
        ("2", false, true),
    ] {
        let sim = simulator();
        let service = policy().drafts(drafts).layer(MIB).layer(bedrock(&sim));
        let mut statuses = vec![];
        for _ in 0..2 {
            let call = service
                .clone()
                .oneshot(Request::new(guarded_stream(version)));
            let mut stream = call.await.expect("the simulator answers");
            while stream.recv().await.expect("it streams on").is_some() {}
            statuses.push(stream.meta().cache());
        }
        let again = if kept {
            CacheStatus::Hit
        } else {
            CacheStatus::Miss
        };
        assert_eq!(
            statuses,
            [Some(CacheStatus::Miss), Some(again)],
            "{version}"
        );
    }
}
