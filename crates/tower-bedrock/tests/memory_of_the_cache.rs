//! The cache takes no more memory than its bound, whatever its answers are: by a counting allocator, with
//! answers that the real SDK client read.

mod common;
#[path = "common/scripted.rs"]
mod scripted;
mod sdk_source;

use aws_sdk_bedrockruntime::{
    operation::{
        apply_guardrail::ApplyGuardrailInput, converse::ConverseInput,
        converse_stream::ConverseStreamInput, count_tokens::CountTokensInput,
        get_async_invoke::GetAsyncInvokeInput, invoke_guardrail_checks::InvokeGuardrailChecksInput,
        invoke_model::InvokeModelInput,
        invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
        list_async_invokes::ListAsyncInvokesInput, start_async_invoke::StartAsyncInvokeInput,
    },
    primitives::Blob,
    types::{
        ConverseTokensRequest, CountTokensInput as Counted, GuardrailContentBlock,
        GuardrailContentSource, GuardrailTextBlock,
    },
};
use bedrock_sim::{ScriptedAnswer, Simulator};
use common::{BASE_MODEL, MODEL, bedrock, prompt, simulator, stream_prompt};
use scripted::Wire;
use std::{collections::BTreeSet, fs, time::Duration};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheUse, EventStream, Operation, Request, StreamEvent, UnaryOperation,
    policy::CachePolicy,
};

const BOUND: u64 = 1 << 19;

/// The operations whose answers are kept. Each has a test below.
const KEPT: [&str; 6] = [
    ApplyGuardrailInput::NAME,
    ConverseInput::NAME,
    ConverseStreamInput::NAME,
    CountTokensInput::NAME,
    InvokeModelInput::NAME,
    InvokeModelWithResponseStreamInput::NAME,
];

/// Those whose answers are not, or that are not served.
const NOT_KEPT: [&str; 5] = [
    GetAsyncInvokeInput::NAME,
    InvokeGuardrailChecksInput::NAME,
    "InvokeModelWithBidirectionalStream",
    ListAsyncInvokesInput::NAME,
    StartAsyncInvokeInput::NAME,
];

/// `ConverseStream` is `converse_stream`.
fn module(operation: &str) -> String {
    let mut module = String::new();
    for letter in operation.chars() {
        if letter.is_uppercase() && !module.is_empty() {
            module.push('_');
        }
        module.extend(letter.to_lowercase());
    }
    module
}

#[test]
fn every_operation_of_the_sdk_is_measured_or_known_not_to_be_kept() {
    let files = fs::read_dir(sdk_source::folder().join("operation")).expect("the SDK has a folder");
    let files = files.map(|file| file.expect("it can be read").file_name());
    let files = files.map(|file| file.into_string().expect("it is text"));
    let theirs = files.filter_map(|file| file.strip_suffix(".rs").map(str::to_owned));
    let known: BTreeSet<_> = KEPT
        .iter()
        .chain(&NOT_KEPT)
        .map(|name| module(name))
        .collect();
    let new: Vec<_> = theirs.filter(|name| !known.contains(name)).collect();
    assert!(
        new.is_empty(),
        "measure the answers that are kept of {new:?}"
    );
    // What is measured below, by its name.
    let source = include_str!("memory_of_the_cache.rs");
    for name in KEPT {
        let input = format!("Request<{name}Input>");
        assert!(source.contains(&input), "no test has requests of {name}");
    }
}

fn policy() -> CachePolicy {
    let policy = CachePolicy::new("us-east-1", Duration::from_secs(3600));
    policy.tool_use(true)
}

fn run(calls: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a timer needs no rights").block_on(calls);
}

/// The heap of a cache that is filled over its bound, in parts of the bound.
fn heap<I: UnaryOperation>(
    request: impl Fn(u32) -> Request<I>,
    body: &str,
    bedrock: impl Fn(Bedrock) -> Bedrock,
) -> f64 {
    let body = body.to_owned();
    let wire = Wire::forgetting(move |_, _| {
        http::Response::builder()
            .header("content-type", "application/json")
            .header("content-length", body.len())
            .header("x-amzn-requestid", "6bd8a5b4-6f7b-4b6e-9d4f-0b1f8c6a3e21")
            .header("x-amzn-bedrock-input-token-count", "7")
            .header("x-amzn-bedrock-output-token-count", "5")
            .body(body.clone())
            .expect("the status is valid")
    });
    let client = Bedrock::new(Simulator::new().sdk_config().http_client(wire.client()));
    let client = bedrock(client);
    // What the client itself keeps, it has after a call.
    let other = policy().layer(BOUND).layer(client.clone());
    run(async { drop(other.oneshot(request(0)).await.expect("the wire answers")) });
    let mut cache = None;
    let counted = allocation_counter::measure(|| {
        let layer = policy().layer(BOUND);
        let service = layer.layer(client.clone());
        let handle = layer.handle();
        run(async {
            for number in 0..20_000 {
                let call = service.clone().oneshot(request(number));
                drop(call.await.expect("the wire answers"));
                if handle.snapshot().store.evicted > 100 {
                    break;
                }
            }
        });
        assert!(
            handle.snapshot().store.evicted > 0,
            "the bound is not reached"
        );
        cache = Some((layer, service));
    });
    drop(cache);
    counted.bytes_current as f64 / BOUND as f64
}

fn check<I: UnaryOperation>(name: &str, request: impl Fn(u32) -> Request<I> + Copy, body: &str) {
    assert!(
        serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok(),
        "{name}"
    );
    let plain = heap(request, body, |bedrock| bedrock);
    let raw = heap(request, body, Bedrock::with_raw_responses);
    println!("{name}: {plain:.2} of the bound, with the raw response {raw:.2}");
    for share in [plain, raw] {
        assert!(
            (0.4..=1.2).contains(&share),
            "{name}: {share:.2} of the bound"
        );
    }
}

fn asked(number: u32) -> Request<ConverseInput> {
    Request::new(prompt(&number.to_string()))
}

fn answer(content: &str, fields: &str) -> String {
    format!(
        r#"{{"output":{{"message":{{"role":"assistant","content":[{content}]}}}},
            "stopReason":"end_turn","metrics":{{"latencyMs":200}},"additionalModelResponseFields":{fields},
            "usage":{{"inputTokens":3,"outputTokens":2,"totalTokens":5}}}}"#
    )
}

const TEXT: &str = r#"{"text":"hi"}"#;

#[test]
fn messages_short_and_long_stay_within_a_fifth_more_than_the_bound() {
    check("short", asked, &answer(TEXT, "null"));
    let long = format!(r#"{{"text":"{}"}}"#, "and so on ".repeat(800));
    check("long", asked, &answer(&long, "null"));
    let blocks = [TEXT; 9].join(",");
    check("nine blocks", asked, &answer(&blocks, "null"));
    let thought = r#"{"reasoningContent":{"reasoningText":{"text":"hm hm hm","signature":"abc"}}}"#;
    check(
        "reasoning",
        asked,
        &answer(&format!("{thought},{TEXT}"), "null"),
    );
    let tenants = |number: u32| asked(number).tenant(format!("tenant-{number}"));
    check("tenants", tenants, &answer(TEXT, "null"));
    let profiles = |number: u32| {
        let mut input = prompt("hello");
        let name = "application-inference-profile/a1b2c3d4e5f6";
        let arn = format!("arn:aws:bedrock:us-east-1:123456789012:{name}{number:040}");
        input.model_id = Some(arn);
        Request::new(input)
    };
    check("long names of models", profiles, &answer(TEXT, "null"));
}

#[test]
fn documents_stay_within_a_fifth_more_than_the_bound() {
    let tool = |input: &str| {
        let tool = format!(r#"{{"toolUse":{{"toolUseId":"1","name":"f","input":{input}}}}}"#);
        answer(&tool, "null").replace("end_turn", "tool_use")
    };
    check("a tool", asked, &tool(r#"{"city":"Rome","days":[1,2,3]}"#));
    // Of 40 kB each, which take more than all of this bound, and of less.
    for (name, item, count) in [
        ("numbers", "1", 20_000),
        ("objects", r#"{"a":1}"#, 5_000),
        ("empty objects", "{}", 13_000),
        ("fewer empty objects", "{}", 3_000),
        ("lists", "[1]", 500),
    ] {
        let fields = format!("[{}]", vec![item; count].join(","));
        within(name, &answer(TEXT, &fields));
    }
    let small = format!("[{}]", vec![r#"{"a":[1],"b":"c"}"#; 40].join(","));
    check("small objects", asked, &answer(TEXT, &small));
}

/// The same of answers of which the bound takes a few, or none.
fn within(name: &str, body: &str) {
    let body = body.to_owned();
    let wire = Wire::forgetting(move |_, _| scripted::json(200, body.clone()));
    let client = Bedrock::new(Simulator::new().sdk_config().http_client(wire.client()));
    let other = policy().layer(BOUND).layer(client.clone());
    run(async { drop(other.oneshot(asked(0)).await.expect("the wire answers")) });
    let mut cache = None;
    let counted = allocation_counter::measure(|| {
        let layer = policy().layer(BOUND);
        let service = layer.layer(client.clone());
        run(async {
            for number in 0..30 {
                let call = service.clone().oneshot(asked(number));
                drop(call.await.expect("the wire answers"));
            }
        });
        cache = Some((layer, service));
    });
    let share = counted.bytes_current as f64 / BOUND as f64;
    println!("{name}: {share:.2} of the bound");
    assert!(share <= 1.2, "{name}: {share:.2} of the bound");
}

fn invoked(number: u32) -> Request<InvokeModelInput> {
    let body = format!(r#"{{"prompt":"{number}"}}"#);
    let input = InvokeModelInput::builder().model_id(BASE_MODEL);
    Request::new(input.body(Blob::new(body)).build().expect("all is given"))
}

fn counted(number: u32) -> Request<CountTokensInput> {
    let messages = prompt(&number.to_string()).messages;
    let request = ConverseTokensRequest::builder().set_messages(messages);
    let input = CountTokensInput::builder()
        .model_id(BASE_MODEL)
        .input(Counted::Converse(request.build()));
    Request::new(input.build().expect("all is given"))
}

fn judged(number: u32) -> Request<ApplyGuardrailInput> {
    let text = GuardrailTextBlock::builder()
        .text(number.to_string())
        .build();
    let input = ApplyGuardrailInput::builder()
        .guardrail_identifier("gr-1")
        .guardrail_version("1")
        .source(GuardrailContentSource::Input)
        .content(GuardrailContentBlock::Text(text.expect("all is given")));
    Request::new(input.build().expect("all is given"))
}

#[test]
fn answers_of_the_other_operations_stay_within_a_fifth_more_than_the_bound() {
    check("tokens", counted, r#"{"inputTokens":7}"#);
    let text = r#"{"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}"#;
    check("a short body", invoked, text);
    let embedding = format!(r#"{{"embedding":[{}]}}"#, vec!["0.25"; 1024].join(","));
    check("an embedding", invoked, &embedding);
    let fine = r#"{"action":"NONE","outputs":[],"assessments":[{}]}"#;
    check("a verdict", judged, fine);
    let found = r#"{"action":"GUARDRAIL_INTERVENED","actionReason":"blocked","outputs":[{"text":"Sorry."}],
        "assessments":[{
            "topicPolicy":{"topics":[{"name":"money","type":"DENY","action":"BLOCKED"}]},
            "contentPolicy":{"filters":[
                {"type":"HATE","confidence":"LOW","action":"NONE"},{"type":"INSULTS","confidence":"LOW","action":"NONE"}]},
            "wordPolicy":{"customWords":[{"match":"a","action":"BLOCKED"}],"managedWordLists":[]},
            "sensitiveInformationPolicy":{"piiEntities":[{"match":"b","type":"EMAIL","action":"BLOCKED"}],
                "regexes":[{"name":"c","match":"d","regex":"e","action":"BLOCKED"}]}}]}"#;
    check("an assessment", judged, found);
}

fn streamed(number: u32) -> Request<ConverseStreamInput> {
    Request::new(stream_prompt(&number.to_string()))
}

fn streamed_body(number: u32) -> Request<InvokeModelWithResponseStreamInput> {
    let body = format!(
        r#"{{"anthropic_version":"bedrock-2023-05-31","max_tokens":20000,
            "messages":[{{"role":"user","content":"{number}"}}]}}"#
    );
    let input = InvokeModelWithResponseStreamInput::builder().model_id(MODEL);
    Request::new(input.body(Blob::new(body)).build().expect("all is given"))
}

/// The heap of a cache that is filled with streams of so many words, in parts of the bound.
fn recorded<I, T>(name: &str, request: impl Fn(u32) -> Request<I>, words: usize)
where
    I: Operation<Response = EventStream<T>>,
    T: StreamEvent,
{
    // As many calls as fill the cache, once with it and once without.
    let filled = |cache: CacheUse, most: u32| {
        let sim = simulator();
        let text = "and so on ".repeat(words);
        sim.script([ScriptedAnswer::new().text(text).times(2_000)]);
        let client = bedrock(&sim);
        let (mut kept, mut calls) = (None, 0);
        let counted = allocation_counter::measure(|| {
            let layer = policy().layer(BOUND);
            let service = layer.layer(client);
            let handle = layer.handle();
            run(async {
                while calls < most && handle.snapshot().store.evicted < 10 {
                    let call = service.clone().oneshot(request(calls).cache(cache));
                    let mut stream = call.await.expect("the simulator answers");
                    while stream.recv().await.expect("it streams on").is_some() {}
                    calls += 1;
                }
            });
            kept = Some((layer, service));
        });
        drop(kept);
        (counted.bytes_current as f64 / BOUND as f64, calls)
    };
    let (whole, calls) = filled(CacheUse::Use, 2_000);
    assert!(calls < 2_000, "the bound is not reached");
    let share = whole - filled(CacheUse::NoStore, calls).0;
    println!("{name}, {words} words: {share:.2} of the bound, {calls} calls");
    assert!(
        (0.4..=1.2).contains(&share),
        "{name}, {words} words: {share:.2}"
    );
}

#[test]
fn recorded_streams_stay_within_a_fifth_more_than_the_bound() {
    for words in [3, 2_000] {
        recorded("messages", streamed, words);
    }
    recorded("chunks", streamed_body, 3);
}
