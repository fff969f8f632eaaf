use super::{Prompt, of_body};
use crate::request::Conversation;
use aws_sdk_bedrockruntime::types::{
    CachePointBlock, CachePointType, CacheTtl, ContentBlock, ConversationRole, Message,
    SystemContentBlock, Tool, ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::Document;
use std::collections::HashMap;

fn point(ttl: Option<CacheTtl>) -> CachePointBlock {
    let point = CachePointBlock::builder().r#type(CachePointType::Default);
    point.set_ttl(ttl).build().unwrap()
}

fn system(text: &str) -> Vec<SystemContentBlock> {
    vec![SystemContentBlock::Text(text.to_owned())]
}

fn cached(text: &str) -> Vec<SystemContentBlock> {
    let mut blocks = system(text);
    blocks.push(SystemContentBlock::CachePoint(point(None)));
    blocks
}

fn said(texts: &[&str]) -> Vec<Message> {
    let message = |text: &&str| {
        let content = ContentBlock::Text((*text).to_owned());
        let message = Message::builder().role(ConversationRole::User);
        message.content(content).build().unwrap()
    };
    texts.iter().map(message).collect()
}

/// With a cache point at the end of the last message.
fn said_and_cached(texts: &[&str]) -> Vec<Message> {
    let mut messages = said(texts);
    let last = messages.last_mut().unwrap();
    last.content.push(ContentBlock::CachePoint(point(None)));
    messages
}

fn tool(name: &str) -> Tool {
    let schema: HashMap<_, _> = (0..20)
        .map(|n| (n.to_string(), Document::from(n)))
        .collect();
    let spec = ToolSpecification::builder().name(name);
    let spec = spec.input_schema(ToolInputSchema::Json(Document::Object(schema)));
    Tool::ToolSpec(spec.build().unwrap())
}

fn of(tools: &[Tool], system: &[SystemContentBlock], messages: &[Message]) -> Option<Conversation> {
    let prompt = Prompt {
        tools,
        system,
        messages,
    };
    prompt.conversation()
}

#[test]
fn a_conversation_goes_on_under_one_key_while_its_cache_point_moves() {
    let first = of(&[], &system("s"), &said_and_cached(&["hello"])).unwrap();
    assert!(!first.is_shared());
    for next in [
        &["hello", "and", "so"][..],
        &["hello", "and", "so", "on", "x"],
    ] {
        assert_eq!(of(&[], &system("s"), &said_and_cached(next)), Some(first));
        // One in the system besides says nothing of the conversation.
        assert_eq!(of(&[], &cached("s"), &said_and_cached(next)), Some(first));
    }
    assert_ne!(
        of(&[], &system("s"), &said_and_cached(&["hi"])),
        Some(first)
    );
    assert_ne!(
        of(&[], &system("t"), &said_and_cached(&["hello"])),
        Some(first)
    );
}

#[test]
fn what_is_before_the_first_cache_point_is_shared() {
    let shared = of(&[tool("t")], &cached("s"), &said(&["hello"])).unwrap();
    assert!(shared.is_shared());
    assert_eq!(of(&[tool("t")], &cached("s"), &said(&["hi"])), Some(shared));
    assert_ne!(
        of(&[tool("u")], &cached("s"), &said(&["hello"])),
        Some(shared)
    );
    let tools = [tool("t"), Tool::CachePoint(point(None))];
    let of_tools = of(&tools, &cached("s"), &[]);
    assert_eq!(of(&tools, &cached("other"), &[]), of_tools);
    assert_ne!(of_tools, Some(shared));
}

#[test]
fn without_a_cache_point_it_is_what_the_system_says() {
    let of_system = of(&[], &system("s"), &said(&["hello"])).unwrap();
    assert!(of_system.is_shared());
    assert_eq!(of(&[], &system("s"), &said(&["hi"])), Some(of_system));
    assert_eq!(of(&[tool("t")], &[], &said(&["hello"])), None);
}

#[test]
fn any_cache_point_may_ask_for_an_hour() {
    let an_hour = || point(Some(CacheTtl::OneHour));
    let kept = |tools: &[Tool], system: &[SystemContentBlock], messages: &[Message]| {
        let prompt = Prompt {
            tools,
            system,
            messages,
        };
        prompt.is_kept_for_an_hour()
    };
    assert!(!kept(
        &[Tool::CachePoint(point(None))],
        &cached("s"),
        &said_and_cached(&["a"])
    ));
    assert!(kept(&[Tool::CachePoint(an_hour())], &[], &[]));
    assert!(kept(&[], &[SystemContentBlock::CachePoint(an_hour())], &[]));
    let mut messages = said(&["a"]);
    messages[0]
        .content
        .push(ContentBlock::CachePoint(an_hour()));
    assert!(kept(&[], &[], &messages));
}

#[test]
fn a_body_is_read_by_its_marks() {
    let point = r#""cache_control":{"type":"ephemeral"}"#;
    let body = |system: &str, messages: &str| {
        let text = format!(r#"{{"max_tokens":9,"system":[{system}],"messages":[{messages}]}}"#);
        of_body(text.as_bytes())
    };
    let text = |text: &str, more: &str| format!(r#"{{"type":"text","text":"{text}"{more}}}"#);
    let with = format!(",{point}");
    let turn = |said: &str, more: &str| {
        let content = text(said, more);
        format!(r#"{{"role":"user","content":[{content}]}}"#)
    };
    assert_eq!(body(&text("s", ""), &turn("hello", "")), None);
    let shared = body(&text("s", &with), &turn("hello", "")).unwrap();
    assert!(shared.is_shared());
    assert_eq!(body(&text("s", &with), &turn("hi", "")), Some(shared));
    // The point moves on with each turn, and its first message stays.
    let (hello, so, on) = (turn("hello", ""), turn("so", &with), turn("on", &with));
    let second = body(&text("s", ""), &format!("{hello},{so}")).unwrap();
    let third = body(&text("s", ""), &format!("{hello},{},{on}", turn("so", "")));
    assert!(!second.is_shared());
    assert_eq!(third, Some(second));
    assert_ne!(
        body(&text("s", ""), &format!("{},{so}", turn("hi", ""))),
        Some(second)
    );
}
