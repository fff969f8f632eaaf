use crate::{ConverseStream, prompt};
use tower::ServiceExt;
use tower_bedrock::{Error, ErrorKind, Request, aws_sdk_bedrockruntime::types::ContentBlock};

/// Says the answer to `question` sentence by sentence while it comes, and tells if it was not all.
///
/// # Errors
///
/// If nothing was said.
pub async fn read_aloud(
    bedrock: impl ConverseStream,
    question: &str,
    mut say: impl FnMut(&str),
) -> Result<(), Error> {
    let prompt = prompt::user(vec![ContentBlock::Text(question.to_owned())]);
    let input = prompt::stream_input(vec![prompt], 1000);
    let mut pieces = bedrock.oneshot(Request::new(input)).await?.text();
    let mut sentence = String::new();
    loop {
        match pieces.recv().await {
            Ok(Some(piece)) => {
                sentence += &piece;
                while let Some(end) = sentence.find(['.', '?', '!']) {
                    let rest = sentence.split_off(end + 1);
                    say(sentence.trim());
                    sentence = rest;
                }
            }
            Ok(None) => {
                if !sentence.trim().is_empty() {
                    say(sentence.trim());
                }
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::Truncated => {
                say("I lost the thread.");
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
}
