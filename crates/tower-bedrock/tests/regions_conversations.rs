//! A conversation stays in the Region that has its prompt in the cache, as long as that is worth it.

mod common;
#[path = "common/regions.rs"]
mod two;

use aws_sdk_bedrockruntime::{
    operation::{converse::ConverseInput, converse_stream::ConverseStreamInput},
    types::{
        CachePointBlock, CachePointType, CacheTtl, ContentBlock, ConversationRole, Message,
        SystemContentBlock,
    },
};
use bedrock_sim::{Model, Simulator};
use common::{MODEL, prompt, simulator};
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Regions, Request, Stack, StackLayer,
    policy::{ModelQuota, Quotas},
    stack::Handle,
};
use tower_quota::Limit;
use two::{EAST, WEST, listed, stack_of};

const PER_MINUTE: u64 = 200_000;

fn point(ttl: Option<CacheTtl>) -> CachePointBlock {
    let point = CachePointBlock::builder().r#type(CachePointType::Default);
    point.set_ttl(ttl).build().expect("all is given")
}

/// Some 27,500 tokens, if the text is a short word.
fn long(text: &str) -> String {
    format!("{text} word ").repeat(10_000)
}

fn said(role: ConversationRole, text: &str) -> Message {
    let content = ContentBlock::Text(text.to_owned());
    let message = Message::builder().role(role);
    message.content(content).build().expect("all is given")
}

/// One turn of a chat, all of it cached.
fn turn(texts: &[&str]) -> ConverseInput {
    let mut input = prompt("");
    let both = |text: &&str| {
        let answer = said(ConversationRole::Assistant, "Yes.");
        [answer, said(ConversationRole::User, text)]
    };
    // The user begins.
    let mut messages: Vec<_> = texts.iter().flat_map(both).skip(1).collect();
    messages[0].content.push(ContentBlock::Text(long(texts[0])));
    let last = messages.last_mut().expect("there is one");
    last.content.push(ContentBlock::CachePoint(point(None)));
    input.messages = Some(messages);
    input
}

fn streamed(input: ConverseInput) -> ConverseStreamInput {
    ConverseStreamInput::builder()
        .set_model_id(input.model_id)
        .set_messages(input.messages)
        .set_inference_config(input.inference_config)
        .build()
        .expect("all is given")
}

/// A prompt after a system prompt that all chats have in common.
fn after_system(text: &str, ttl: Option<CacheTtl>) -> ConverseInput {
    let mut input = prompt(text);
    input.system = Some(vec![
        SystemContentBlock::Text(long("system")),
        SystemContentBlock::CachePoint(point(ttl)),
    ]);
    input
}

fn key(region: &str) -> Arc<str> {
    format!("{region}/{MODEL}").into()
}

fn world() -> (Stack<Regions>, Handle) {
    let sim = || Simulator::new().model(Model::new(MODEL).tokens_per_minute(PER_MINUTE));
    let quota = ModelQuota::new().tokens_per_minute(PER_MINUTE);
    stack_of(listed(&sim(), &sim()), Quotas::new().model(MODEL, quota))
}

async fn ask(stack: &Stack<Regions>, request: Request<ConverseInput>) -> String {
    let answer = stack
        .clone()
        .oneshot(request)
        .await
        .expect("it is answered");
    answer.meta().region().expect("it was sent").to_owned()
}

/// The same, while the East takes nobody.
async fn ask_in_the_west<F: Future>(handle: &Handle, ask: F) -> F::Output {
    let circuit = handle.circuits().handle(&key(EAST));
    circuit.force_open();
    let answer = ask.await;
    circuit.reset();
    answer
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_conversation_goes_on_where_it_was_answered() {
    let (stack, handle) = world();
    let chat = |texts: &[&str]| Request::new(turn(texts)).conversation("chat 1");
    let first = ask_in_the_west(&handle, ask(&stack, chat(&["hello"]))).await;
    assert_eq!(first, WEST);
    let mut texts = vec!["hello"];
    for next in ["and", "so", "on"] {
        texts.push(next);
        assert_eq!(ask(&stack, chat(&texts)).await, WEST, "{texts:?}");
        sleep(Duration::from_secs(60)).await;
    }
    // Others go by the order.
    assert_eq!(ask(&stack, Request::new(turn(&["else"]))).await, EAST);
    sleep(Duration::from_secs(60)).await;
    let other = Request::new(turn(&["hello", "else"])).conversation("chat 2");
    assert_eq!(ask(&stack, other).await, EAST);
    sleep(Duration::from_secs(60)).await;
    let tenant = chat(&["hello", "tenant"]).tenant("other");
    assert_eq!(ask(&stack, tenant).await, EAST);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_is_found_by_how_its_prompt_begins() {
    let (stack, handle) = world();
    let chat = |texts: &[&str]| Request::new(turn(texts)).conversation_of_prompt();
    let first = ask_in_the_west(&handle, ask(&stack, chat(&["hello"]))).await;
    assert_eq!(first, WEST);
    assert_eq!(ask(&stack, chat(&["hello", "so"])).await, WEST);
    assert_eq!(ask(&stack, chat(&["hi", "so"])).await, EAST);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_tells_at_its_end_where_it_is_warm() {
    let (stack, handle) = world();
    let request = |texts: &[&str]| Request::new(streamed(turn(texts))).conversation("chat");
    let stream = stack.clone().oneshot(request(&["hello"]));
    let stream = ask_in_the_west(&handle, stream).await.unwrap();
    assert_eq!(stream.meta().region(), Some(WEST));
    stream.message().await.unwrap();
    let next = stack
        .clone()
        .oneshot(request(&["hello", "so"]))
        .await
        .unwrap();
    assert_eq!(next.meta().region(), Some(WEST));
    // Of one that its reader leaves nobody knows.
    let (stack, handle) = world();
    let left = stack.clone().oneshot(request(&["hello"]));
    drop(ask_in_the_west(&handle, left).await.unwrap());
    let next = stack.oneshot(request(&["hello", "so"])).await.unwrap();
    assert_eq!(next.meta().region(), Some(EAST));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_cold_cache_holds_nobody() {
    let (stack, handle) = world();
    let chat = |text: &str, ttl: Option<CacheTtl>| {
        let request = Request::new(after_system(text, ttl));
        request.conversation("chat")
    };
    let first = ask_in_the_west(&handle, ask(&stack, chat("a", None))).await;
    assert_eq!(first, WEST);
    sleep(Duration::from_secs(299)).await;
    assert_eq!(ask(&stack, chat("b", None)).await, WEST);
    sleep(Duration::from_secs(301)).await;
    assert_eq!(ask(&stack, chat("c", None)).await, EAST);
    // An hour is kept where a cache point asks for it.
    let (stack, handle) = world();
    let an_hour = Some(CacheTtl::OneHour);
    let first = ask_in_the_west(&handle, ask(&stack, chat("a", an_hour.clone()))).await;
    assert_eq!(first, WEST);
    sleep(Duration::from_secs(3500)).await;
    assert_eq!(ask(&stack, chat("b", an_hour)).await, WEST);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_prompt_that_is_not_cached_holds_nobody() {
    let (stack, handle) = world();
    let chat = |text: &str| Request::new(prompt(text)).conversation("chat");
    assert_eq!(ask_in_the_west(&handle, ask(&stack, chat("a"))).await, WEST);
    assert_eq!(ask(&stack, chat("b")).await, EAST);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_beginning_that_all_share_is_at_home_in_both_regions() {
    let (stack, handle) = world();
    let chat = |text: &str| Request::new(after_system(text, None)).conversation_of_prompt();
    assert_eq!(ask_in_the_west(&handle, ask(&stack, chat("a"))).await, WEST);
    // Its only home.
    assert_eq!(ask(&stack, chat("b")).await, WEST);
    let circuit = handle.circuits().handle(&key(WEST));
    circuit.force_open();
    assert_eq!(ask(&stack, chat("c")).await, EAST);
    circuit.reset();
    // Two homes, so the order of the list counts.
    for text in ["d", "e"] {
        sleep(Duration::from_secs(60)).await;
        assert_eq!(ask(&stack, chat(text)).await, EAST);
    }
}

/// Where a conversation of some 27,500 tokens goes on, whose Region would have it wait so many seconds.
async fn goes_on_after(wait: u64) -> String {
    // A minute's tokens are used at once, so the next call's turn is a minute later.
    let limit = Limit::tokens_per_minute(PER_MINUTE).enforced();
    let regions = listed(&simulator(), &simulator());
    let layer = StackLayer::new(&regions).quotas(limit);
    let handle = layer.handle();
    let stack = layer.layer(regions);
    let chat = |texts: &[&str]| Request::new(turn(texts)).conversation("chat");
    let first = ask_in_the_west(&handle, ask(&stack, chat(&["hello"]))).await;
    assert_eq!(first, WEST);
    // What writing anew costs is known of a Region that was called.
    let elsewhere = Request::new(prompt("hello")).region(EAST);
    assert_eq!(ask(&stack, elsewhere).await, EAST);
    for number in 0..5 {
        let other = Request::new(turn(&[&format!("other {number}")])).region(WEST);
        assert_eq!(ask(&stack, other).await, WEST);
    }
    sleep(Duration::from_secs(60 - wait)).await;
    let region = timeout(
        Duration::from_secs(60),
        ask(&stack, chat(&["hello", "and"])),
    );
    region.await.expect("it waits for its turn at most")
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_conversation_leaves_when_its_wait_is_longer_than_writing_anew() {
    // At 200,000 tokens a minute they are written anew within 8.3 s, and twice as much is waited for beside
    // the 3 s that any call waits: nearly 20 s.
    assert_eq!(goes_on_after(19).await, WEST);
    assert_eq!(goes_on_after(21).await, EAST);
}
