//! Conversations come again: where they begin there has to be room for that, and where they move to for
//! all who move.

mod common;
#[path = "common/regions.rs"]
mod two;

use aws_sdk_bedrockruntime::{
    operation::converse::ConverseInput,
    types::{CachePointBlock, CachePointType, ContentBlock},
};
use bedrock_sim::{Latency, Model, Simulator};
use common::{MODEL, prompt};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use tower::ServiceExt;
use tower_bedrock::{
    Regions, Request, Stack,
    policy::{ModelQuota, Quotas},
    stack::Handle,
};
use two::{EAST, WEST, listed, stack_of};

/// Two Regions with so many tokens a minute, a whole minute's at once.
fn world(per_minute: u64) -> (Stack<Regions>, Handle) {
    let minute = Duration::from_secs(60);
    let model = || {
        Model::new(MODEL)
            .tokens_per_minute(per_minute)
            .burst(minute)
    };
    let latency = Latency::new(Duration::from_secs(1), Duration::ZERO);
    let sim = || Simulator::new().latency(latency).model(model());
    let quota = ModelQuota::new().tokens_per_minute(per_minute);
    stack_of(listed(&sim(), &sim()), Quotas::new().model(MODEL, quota))
}

/// What is said, and so many tokens before it, all of it cached.
fn cached(text: &str, tokens: usize) -> ConverseInput {
    let mut input = prompt("");
    let point = CachePointBlock::builder().r#type(CachePointType::Default);
    let messages = input.messages.as_mut().expect("there is one");
    messages[0].content = vec![
        ContentBlock::Text(format!("{text} ").repeat(tokens * 4 / (text.len() + 1))),
        ContentBlock::CachePoint(point.build().expect("all is given")),
    ];
    input
}

async fn ask(stack: &Stack<Regions>, request: Request<ConverseInput>) -> String {
    let answer = stack.clone().oneshot(request).await;
    let answer = answer.expect("it is answered");
    answer.meta().region().expect("it was sent").to_owned()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_conversation_begins_where_others_leave_it_room() {
    let (stack, _) = world(60_000);
    let mut regions = Vec::new();
    // Twice what a Region brings, though each has a minute's worth to spare.
    for number in 0..24 {
        let text = format!("hello {number}");
        let chat = Request::new(cached(&text, 2_000)).conversation(&text);
        regions.push(ask(&stack, chat).await);
    }
    assert!(
        regions[..4].iter().all(|region| region == EAST),
        "{regions:?}"
    );
    let west = regions.iter().filter(|region| *region == WEST).count();
    assert!((8..=16).contains(&west), "{regions:?}");
    // Whoever does not come again goes by the order, as long as there is anything to spare.
    let (stack, _) = world(60_000);
    for number in 0..16 {
        let call = Request::new(cached(&format!("hello {number}"), 2_000));
        assert_eq!(ask(&stack, call).await, EAST, "{number}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn conversations_do_not_move_all_at_once() {
    let (stack, handle) = world(200_000);
    // No answer is kept for a turn that is another.
    let chat = |number: usize, turn: &str| {
        let text = format!("hello {number}");
        let mut input = cached(&text, 10_000);
        let messages = input.messages.as_mut().expect("there is one");
        messages[0]
            .content
            .push(ContentBlock::Text(turn.to_owned()));
        Request::new(input).conversation(text)
    };
    // What a Region brings is known once it was asked.
    let other = Request::new(cached("other", 100)).region(WEST);
    assert_eq!(ask(&stack, other).await, WEST);
    for number in 0..8 {
        assert_eq!(ask(&stack, chat(number, "a").region(EAST)).await, EAST);
        sleep(Duration::from_secs(5)).await;
    }
    // Others have the East wait longer than writing one of them anew takes, and not several.
    let east: Arc<str> = format!("{EAST}/{MODEL}").into();
    let wait = || handle.quota().wait_for(&east, 10_000);
    let mut others = 0;
    while wait() < Duration::from_secs(13) {
        let other = Request::new(cached(&format!("other {others}"), 5_000));
        let (stack, other) = (stack.clone(), other.region(EAST));
        tokio::spawn(async move { ask(&stack, other).await });
        tokio::task::yield_now().await;
        others += 1;
        assert!(others < 1_000, "{:?}", wait());
    }
    let calls = (0..8).map(|number| {
        let (stack, chat) = (stack.clone(), chat(number, "b"));
        tokio::spawn(async move { ask(&stack, chat).await })
    });
    let mut moved = 0;
    for call in calls.collect::<Vec<_>>() {
        moved += usize::from(call.await.unwrap() == WEST);
    }
    assert!((1..=3).contains(&moved), "{moved} of 8, {:?}", wait());
}
