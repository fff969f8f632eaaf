//! What is written to a prompt cache and read from it?

use std::time::Duration;

use crate::fronts::{CLAUDE, user};
use aws_sdk_bedrockruntime::{
    error::ProvideErrorMetadata as _,
    types::{
        CachePointBlock, CachePointType, ContentBlock, ConversationRole, Message,
        SystemContentBlock,
    },
};
use bedrock_sim::Simulator;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_cache_point_writes_then_reads_until_it_expires() {
    let simulator = Simulator::new();
    let client = simulator.sdk_client();
    let point = CachePointBlock::builder()
        .r#type(CachePointType::Default)
        .build()
        .unwrap();
    let call = || {
        client
            .converse()
            .model_id(CLAUDE)
            .system(SystemContentBlock::Text("x".repeat(400)))
            .system(SystemContentBlock::CachePoint(point.clone()))
            .messages(user("hello"))
            .send()
    };
    for (read, write) in [(0, 100), (100, 0)] {
        let output = call().await.unwrap();
        let usage = output.usage().unwrap();
        assert_eq!(usage.cache_read_input_tokens(), Some(read));
        assert_eq!(usage.cache_write_input_tokens(), Some(write));
        assert_eq!(usage.input_tokens(), 6);
        assert_eq!(usage.total_tokens(), 106 + usage.output_tokens());
    }
    tokio::time::advance(Duration::from_secs(301)).await;
    let output = call().await.unwrap();
    assert_eq!(
        output.usage().unwrap().cache_write_input_tokens(),
        Some(100)
    );
    // Cache reads cost no quota.
    let usage = simulator.usage();
    let usage = usage.model(CLAUDE).unwrap();
    assert_eq!(
        (usage.cache_read_tokens, usage.cache_write_tokens),
        (100, 200)
    );
    assert_eq!(usage.settled, 18 + 200 + usage.output_tokens * 5);
}

#[tokio::test]
async fn four_cache_points_are_taken_and_not_five() {
    let client = Simulator::new().sdk_client();
    let point = CachePointBlock::builder().r#type(CachePointType::Default);
    let point = ContentBlock::CachePoint(point.build().unwrap());
    for points in [4, 5] {
        let message = Message::builder().role(ConversationRole::User);
        let message = (0..points).fold(message, |message, n| {
            message
                .content(ContentBlock::Text(n.to_string()))
                .content(point.clone())
        });
        let call = client
            .converse()
            .model_id(CLAUDE)
            .messages(message.build().unwrap());
        let answer = call.send().await;
        let said = answer.as_ref().err().and_then(|error| error.message());
        let complaint = "The model returned the following errors: A maximum of 4 blocks with \
                         cache_control may be provided. Found 5.";
        assert_eq!(said, (points == 5).then_some(complaint));
    }
}
