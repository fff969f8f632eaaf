use crate::{Converse, prompt};
use std::time::Duration;
use tower::ServiceExt;
use tower_bedrock::{
    Error, ErrorKind, Request,
    aws_sdk_bedrockruntime::types::{ContentBlock, ConverseOutput, Message},
};

/// What the model makes of `text`; the beginning of `text` where there is no capacity for that now.
///
/// # Errors
///
/// Whatever else the call fails with.
pub async fn summarize(bedrock: impl Converse, text: &str) -> Result<String, Error> {
    let prompt = ContentBlock::Text(format!("In one sentence: {text}"));
    let input = prompt::input(vec![prompt::user(vec![prompt])], 100);
    let request = Request::new(input).timeout(Duration::from_secs(30));
    match bedrock.oneshot(request).await {
        Ok(answer) => Ok(text_of(answer.output()).to_owned()),
        Err(error) if is_for_want_of_capacity(error.kind()) => {
            Ok(text.chars().take(80).chain(['…']).collect())
        }
        Err(error) => Err(error),
    }
}

fn is_for_want_of_capacity(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Throttled
            | ErrorKind::Exhausted
            | ErrorKind::Capacity
            | ErrorKind::CircuitOpen
            | ErrorKind::QuotaRejected
    )
}

pub(crate) fn text_of(output: Option<&ConverseOutput>) -> &str {
    let message = output.and_then(|output| output.as_message().ok());
    let mut blocks = message.into_iter().flat_map(Message::content);
    blocks
        .find_map(|block| block.as_text().ok())
        .map_or("", String::as_str)
}
