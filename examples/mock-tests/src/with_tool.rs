use crate::{Converse, prompt, summarize::text_of};
use tower::ServiceExt;
use tower_bedrock::{
    Error, Request,
    aws_sdk_bedrockruntime::types::{
        ContentBlock, Message, ToolResultBlock, ToolResultContentBlock, ToolUseBlock,
    },
};

/// What the model answers to `question`, once it has had all that it asks `tool` for.
///
/// # Errors
///
/// Whatever a call fails with.
pub async fn with_tool(
    bedrock: impl Converse + Clone,
    question: &str,
    tool: impl Fn(&ToolUseBlock) -> String,
) -> Result<String, Error> {
    let question = ContentBlock::Text(question.to_owned());
    let mut messages = vec![prompt::user(vec![question])];
    loop {
        let input = prompt::input(messages.clone(), 1000);
        let answer = bedrock.clone().oneshot(Request::new(input)).await?;
        let said = answer.output().and_then(|output| output.as_message().ok());
        let uses = said.into_iter().flat_map(Message::content);
        let results: Vec<_> = uses
            .filter_map(|block| block.as_tool_use().ok())
            .map(|used| result(used, tool(used)))
            .collect();
        if results.is_empty() {
            return Ok(text_of(answer.output()).to_owned());
        }
        messages.extend(said.cloned());
        messages.push(prompt::user(results));
    }
}

fn result(used: &ToolUseBlock, text: String) -> ContentBlock {
    let result = ToolResultBlock::builder()
        .tool_use_id(used.tool_use_id())
        .content(ToolResultContentBlock::Text(text));
    ContentBlock::ToolResult(result.build().expect("id and content are set"))
}
