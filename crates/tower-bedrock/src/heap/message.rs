//! What the message of a model has on the heap, and what comes with it.

use super::{Heap, members, variants};
use aws_sdk_bedrockruntime::operation::{
    converse::ConverseOutput, count_tokens::CountTokensOutput, invoke_model::InvokeModelOutput,
};

impl Heap for ConverseOutput {
    fn heap(&self) -> usize {
        self.output.heap()
            + self.usage.heap()
            + self.additional_model_response_fields.heap()
            + self.trace.heap()
    }
}

impl Heap for InvokeModelOutput {
    fn heap(&self) -> usize {
        self.body.heap() + self.content_type.heap()
    }
}

impl Heap for CountTokensOutput {
    fn heap(&self) -> usize {
        0
    }
}

variants! {
    ConverseOutput { Message }
    ContentBlock { Text, ToolUse, ReasoningContent, CitationsContent }
    ReasoningContentBlock { ReasoningText, RedactedContent }
    CitationGeneratedContent { Text }
    CitationSourceContent { Text }
    CitationLocation { Web }
}

members! {
    Message { content }
    ToolUseBlock { tool_use_id, name, input }
    ReasoningTextBlock { text, signature }
    CitationsContentBlock { content, citations }
    Citation { title, source, source_content, location }
    WebLocation { url, domain }
    TokenUsage { cache_details }
    CacheDetail {}
    ConverseTrace { guardrail, prompt_router }
    PromptRouterTrace { invoked_model_id }
}
