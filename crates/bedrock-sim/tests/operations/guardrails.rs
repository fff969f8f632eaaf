//! Which texts does a guardrail look at, and what does it make of them?

use crate::fronts::{CLAUDE, both, user};
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, GuardrailAction, GuardrailConfiguration, GuardrailContentBlock,
    GuardrailContentSource, GuardrailConverseContentBlock, GuardrailConverseTextBlock,
    GuardrailTextBlock, Message, StopReason,
};
use bedrock_sim::Simulator;

#[tokio::test]
async fn a_guardrail_blocks_a_scripted_word() {
    let simulator = Simulator::new().guardrail_word("Voldemort");
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        for (text, action) in [
            ("hello", GuardrailAction::None),
            ("hello voldemort", GuardrailAction::GuardrailIntervened),
        ] {
            let block = GuardrailTextBlock::builder().text(text).build().unwrap();
            let output = client
                .apply_guardrail()
                .guardrail_identifier("abc123")
                .guardrail_version("1")
                .source(GuardrailContentSource::Input)
                .content(GuardrailContentBlock::Text(block))
                .send()
                .await
                .unwrap();
            assert_eq!(*output.action(), action);
            assert_eq!(output.usage().unwrap().word_policy_units(), 1);
        }
        let output = client
            .converse()
            .model_id(CLAUDE)
            .messages(user("who is Voldemort?"))
            .guardrail_config(
                GuardrailConfiguration::builder()
                    .guardrail_identifier("abc123")
                    .guardrail_version("1")
                    .build(),
            )
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), StopReason::GuardrailIntervened);
    }
}

#[tokio::test]
async fn a_guardrail_looks_at_marked_content_alone_where_there_is_some() {
    let simulator = Simulator::new().guardrail_word("forbidden");
    let client = simulator.sdk_client();
    let config = || GuardrailConfiguration::builder().guardrail_identifier("g");
    let config = config().guardrail_version("1").build();
    for (plain, marked, guardrail, stop) in [
        ("forbidden", "fine", Some(&config), StopReason::EndTurn),
        (
            "fine",
            "forbidden",
            Some(&config),
            StopReason::GuardrailIntervened,
        ),
        ("fine", "forbidden", None, StopReason::EndTurn),
    ] {
        let text = GuardrailConverseTextBlock::builder()
            .text(marked)
            .build()
            .unwrap();
        let message = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text(plain.to_owned()))
            .content(ContentBlock::GuardContent(
                GuardrailConverseContentBlock::Text(text),
            ))
            .build()
            .unwrap();
        let call = client.converse().model_id(CLAUDE).messages(message);
        let output = call
            .set_guardrail_config(guardrail.cloned())
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), stop, "{plain}, {marked}");
    }
}

#[tokio::test]
async fn a_guardrail_counts_the_characters_of_its_texts() {
    let client = Simulator::new().sdk_client();
    let call = client
        .apply_guardrail()
        .guardrail_identifier("g")
        .guardrail_version("1");
    let text = |text: &str| GuardrailTextBlock::builder().text(text).build().unwrap();
    let output = call
        .source(GuardrailContentSource::Input)
        .content(GuardrailContentBlock::Text(text(&"x".repeat(995))))
        .content(GuardrailContentBlock::Text(text("world")))
        .send()
        .await
        .unwrap();
    assert_eq!(output.usage().unwrap().word_policy_units(), 1);
    let coverage = output
        .guardrail_coverage()
        .unwrap()
        .text_characters()
        .unwrap();
    assert_eq!(
        (coverage.guarded(), coverage.total()),
        (Some(1_000), Some(1_000))
    );
}
