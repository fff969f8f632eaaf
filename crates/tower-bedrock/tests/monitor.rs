//! What the monitor counts, and when it advises what.

mod common;

use aws_sdk_bedrockruntime::{operation::invoke_model::InvokeModelInput, primitives::Blob};
use bedrock_sim::Fault;
use common::{MODEL, bedrock, prompt, simulator};
use std::sync::{Arc, Mutex};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    StackLayer, Usage,
    monitor::{Advice, Monitor, Reason, Record},
    policy::{Burndown, Quotas, TokenCost},
};

fn key(text: &str) -> Arc<str> {
    text.into()
}

/// An answer to 100 input tokens under `max_tokens`, at burndown 1.
fn answer(max_tokens: u32, output: u64) -> Record {
    let mut record = Record::default();
    record.reserved_tokens = 100 + u64::from(max_tokens);
    record.max_tokens = Some(max_tokens);
    record.usage = Some(Usage::new(100, output));
    record.charged_tokens = 100 + output;
    record.cut_off = output == u64::from(max_tokens);
    record
}

/// The same without `max_tokens`, of a model that writes up to 8192.
fn unset(output: u64) -> Record {
    let mut record = answer(8192, output);
    record.max_tokens = None;
    record
}

fn throttled() -> Record {
    let mut record = Record::default();
    record.reserved_tokens = 1100;
    record.max_tokens = Some(1000);
    record
}

/// The advice after those calls of one key.
fn after(records: impl IntoIterator<Item = Record>) -> Option<Advice> {
    let monitor = Monitor::new();
    let key = key("us-east-1/m");
    records
        .into_iter()
        .for_each(|record| monitor.record(&key, record));
    monitor.advice().pop()
}

#[test]
fn calls_and_tokens_are_counted_by_key() {
    let monitor = Monitor::new();
    let (a, b) = (key("us-east-1/a"), key("us-east-1/b"));
    let mut cached = answer(50, 50);
    let usage = cached.usage.as_mut().unwrap();
    (usage.cache_read_tokens, usage.cache_write_tokens) = (7, 3);
    monitor.record(&a, cached);
    monitor.record(&a, unset(20));
    monitor.clone().record(&a, throttled());
    monitor.record(&b, throttled());

    let snapshot = monitor.snapshot("us-east-1/a").unwrap();
    assert_eq!((snapshot.calls, snapshot.answers), (3, 2));
    assert_eq!((snapshot.unset, snapshot.cut_off), (1, 1));
    assert_eq!(
        (snapshot.usage.input_tokens, snapshot.usage.output_tokens),
        (200, 70)
    );
    let cache = (
        snapshot.usage.cache_read_tokens,
        snapshot.usage.cache_write_tokens,
    );
    assert_eq!(cache, (7, 3));
    assert_eq!(
        (snapshot.reserved_tokens, snapshot.charged_tokens),
        (150 + 8292 + 1100, 150 + 120)
    );
    assert_eq!(snapshot.over_reservation(), Some(9542.0 / 270.0));

    let snapshot = monitor.snapshot("us-east-1/b").unwrap();
    assert_eq!(
        (snapshot.calls, snapshot.answers, snapshot.charged_tokens),
        (1, 0, 0)
    );
    assert_eq!(snapshot.over_reservation(), None);
    assert_eq!(snapshot.suggested_max_tokens, None);
    assert_eq!(monitor.snapshot("us-east-1/c"), None);
    assert_eq!(monitor.keys(), [a, b]);
}

#[test]
fn a_max_tokens_that_is_not_set_is_advised_after_twenty_calls() {
    assert_eq!(after((0..19).map(|_| unset(300))), None);
    let advice = after((0..20).map(|_| unset(300))).unwrap();
    assert_eq!(advice.reason, Reason::Unset { calls: 20 });
    // 300 is in the step up to 319; a fifth more is 382.
    assert_eq!(advice.suggested_max_tokens, Some(390));
    assert_eq!(
        advice.to_string(),
        "us-east-1/m: 20 calls set no max_tokens, and the model's maximum counts against the \
         quota until each ends; going by 20 answers, max_tokens 390 is enough"
    );
}

#[test]
fn there_is_no_value_to_suggest_before_there_are_answers() {
    let mut failed = throttled();
    failed.max_tokens = None;
    let advice = after((0..20).map(|_| failed).chain([unset(300)])).unwrap();
    assert_eq!(advice.suggested_max_tokens, None);
    assert!(
        advice
            .to_string()
            .ends_with("; set max_tokens to what answers need")
    );
}

#[test]
fn an_over_reservation_above_three_is_advised_after_twenty_answers() {
    // 1300 reserved for 400 charged.
    let wasteful = || answer(1200, 300);
    assert_eq!(after((0..19).map(|_| wasteful())), None);
    let failures = (0..100).map(|_| throttled());
    let advice = after(failures.chain((0..20).map(|_| wasteful()))).unwrap();
    assert_eq!(advice.reason, Reason::OverReserved { ratio: 3.25 });
    assert_eq!(advice.suggested_max_tokens, Some(390));
    assert_eq!(
        advice.to_string(),
        "us-east-1/m: calls reserve 3.2 times the tokens they are charged in the end; \
         going by 20 answers, max_tokens 390 is enough"
    );
    // 1200 reserved for 400 charged.
    assert_eq!(after((0..100).map(|_| answer(1100, 300))), None);
}

#[test]
fn the_suggestion_suits_ninety_nine_of_a_hundred_answers() {
    let most = (0..198).map(|_| answer(8000, 10));
    let with = |longest: usize| {
        let longest = (0..longest).map(|_| answer(8000, 2000));
        after(most.clone().chain(longest))
            .unwrap()
            .suggested_max_tokens
    };
    assert_eq!(with(2), Some(12));
    // 2000 is in the step up to 2047; a fifth more is 2456.
    assert_eq!(with(3), Some(2500));
}

#[test]
fn an_answer_that_was_cut_off_wanted_to_be_longer() {
    let short = (0..97).map(|_| answer(8000, 10));
    let cut = (0..3).map(|_| answer(1000, 1000));
    let advice = after(short.clone().chain(cut)).unwrap();
    // 2000 wanted, as above.
    assert_eq!(advice.suggested_max_tokens, Some(2500));
    assert!(
        advice
            .to_string()
            .ends_with("is enough (3 were cut off by max_tokens)")
    );
    // No less than all had is enough for these.
    let cut = (0..3).map(|_| answer(8000, 8000));
    assert_eq!(after(short.chain(cut)), None);
}

#[test]
fn answers_that_need_what_they_reserve_give_no_advice() {
    assert_eq!(after((0..100).map(|_| unset(8000))), None);
    // The input was taken to be far longer than it was.
    let misjudged = || {
        let mut record = answer(50, 45);
        record.reserved_tokens += 10_000;
        record
    };
    assert_eq!(after((0..100).map(|_| misjudged())), None);
    // Most of what these reserve are reads of the prompt cache, which are given back.
    let cached = || {
        let mut record = answer(50, 45);
        record.reserved_tokens += 10_000;
        record.usage.as_mut().unwrap().cache_read_tokens = 10_000;
        record
    };
    assert_eq!(after((0..100).map(|_| cached())), None);
    // The same where max_tokens is not set and what is reserved for it has to be inferred.
    let inferred = || {
        let mut record = cached();
        record.max_tokens = None;
        record
    };
    assert_eq!(after((0..100).map(|_| inferred())), None);
}

#[test]
fn each_key_is_told_once_and_can_be_asked_for_what_is_known_by_now() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let monitor = Monitor::new()
        .after(5)
        .over_reservation(2.0)
        .on_advice(move |advice| heard.lock().unwrap().push(advice.clone()));
    let (a, b) = (key("us-east-1/a"), key("us-east-1/b"));
    for _ in 0..5 {
        monitor.record(&a, unset(300));
        // 1000 reserved for 400 charged.
        monitor.record(&b, answer(900, 300));
    }
    for _ in 0..100 {
        monitor.record(&a, unset(3000));
        monitor.record(&b, answer(900, 300));
    }
    let told = told.lock().unwrap();
    let keys: Vec<_> = told.iter().map(|advice| &*advice.key).collect();
    assert_eq!(keys, ["us-east-1/a", "us-east-1/b"]);
    assert_eq!(told[0].suggested_max_tokens, Some(390));
    let now = monitor.advice();
    assert_eq!(now.len(), 2);
    assert_eq!(now[0].suggested_max_tokens, Some(3700));
    assert_eq!(now[0].reason, Reason::Unset { calls: 105 });
    assert_eq!(now[1].reason, Reason::OverReserved { ratio: 2.5 });
}

#[test]
fn whoever_is_told_may_ask_the_monitor() {
    let slot = Arc::new(Mutex::new(None::<Monitor>));
    let inside = Arc::clone(&slot);
    let monitor = Monitor::new().after(1).on_advice(move |advice| {
        let monitor = inside.lock().unwrap().clone().unwrap();
        assert_eq!(monitor.snapshot(&advice.key).unwrap().calls, 1);
        *inside.lock().unwrap() = None;
    });
    *slot.lock().unwrap() = Some(monitor.clone());
    monitor.record(&key("us-east-1/m"), unset(1));
    assert!(slot.lock().unwrap().is_none());
}

#[test]
fn the_number_of_keys_is_bounded() {
    let monitor = Monitor::new().max_keys(2);
    for n in 0..5 {
        monitor.record(&key(&format!("us-east-1/{n}")), throttled());
    }
    monitor.record(&key("us-east-1/0"), throttled());
    assert_eq!(monitor.keys(), [key("us-east-1/0"), key("us-east-1/1")]);
    assert_eq!(monitor.snapshot("us-east-1/0").unwrap().calls, 2);
    assert_eq!(monitor.untracked(), 3);
}

#[test]
fn numbers_beyond_all_measure_do_no_harm() {
    let monitor = Monitor::new().after(0);
    let mut huge = Record::default();
    huge.reserved_tokens = u64::MAX;
    huge.charged_tokens = u64::MAX;
    huge.cut_off = true;
    huge.usage = Some(Usage::new(u64::MAX, u64::MAX));
    let key = key("us-east-1/m");
    for max_tokens in [None, Some(u32::MAX), Some(0)] {
        huge.max_tokens = max_tokens;
        monitor.record(&key, huge);
    }
    let snapshot = monitor.snapshot(&key).unwrap();
    assert_eq!(snapshot.reserved_tokens, u64::MAX);
    assert_eq!(snapshot.suggested_max_tokens, Some(u32::MAX));
    assert_eq!(monitor.advice(), []);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_monitor_of_a_stack_counts_what_bedrock_charges() {
    let sim = simulator();
    let layer = StackLayer::new("us-east-1");
    let monitor = layer.handle().monitor();
    let stack = layer.layer(bedrock(&sim));
    sim.script([Fault::throttling(), Fault::internal_server()]);
    let mut cut = prompt("a");
    cut.inference_config.as_mut().unwrap().max_tokens = Some(1);
    let mut open = prompt("b");
    open.inference_config = None;
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":640,
        "messages":[{"role":"user","content":"hello"}]}"#;
    let invoked = InvokeModelInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body))
        .build()
        .unwrap();
    for input in [cut, open.clone(), open] {
        stack.clone().oneshot(input.into()).await.unwrap();
    }
    stack.oneshot(invoked.into()).await.unwrap();

    let snapshot = monitor.snapshot(&format!("us-east-1/{MODEL}")).unwrap();
    // The second of the same came out of the cache, and two attempts failed.
    assert_eq!((snapshot.calls, snapshot.answers), (5, 3));
    assert_eq!((snapshot.unset, snapshot.cut_off), (1, 1));
    let account = sim.usage().model(MODEL).unwrap().clone();
    assert_eq!(snapshot.usage.input_tokens, account.input_tokens);
    assert_eq!(snapshot.usage.output_tokens, account.output_tokens);
    assert_eq!(snapshot.charged_tokens, account.settled);
    assert!(snapshot.over_reservation().unwrap() > 10.0);
    assert_eq!(layer.handle().monitor().keys(), monitor.keys());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stack_whose_calls_set_no_max_tokens_is_advised() {
    let sim = simulator();
    let monitor = Monitor::new().after(10);
    // Knobs that come later keep it.
    let cost = TokenCost::new("us-east-1")
        .monitored_by(monitor.clone())
        .burndown(Burndown::standard());
    let layer = StackLayer::new("us-east-1").quota(cost.layer(Quotas::new()));
    let stack = layer.layer(bedrock(&sim));
    let mut longest = 0;
    for n in 0..10 {
        let mut input = prompt(&n.to_string());
        input.inference_config = None;
        let answer = stack.clone().oneshot(input.into()).await.unwrap();
        longest = longest.max(answer.meta().usage().unwrap().output_tokens);
    }
    let advice = monitor.advice().pop().unwrap();
    assert_eq!(*advice.key, format!("us-east-1/{MODEL}"));
    assert_eq!(advice.reason, Reason::Unset { calls: 10 });
    let suggested = u64::from(advice.suggested_max_tokens.unwrap());
    assert!((longest * 12 / 10..=longest * 15 / 10).contains(&suggested));
}
