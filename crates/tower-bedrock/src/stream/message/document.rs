use aws_smithy_json::deserialize::{json_token_iter, token::expect_document};
use aws_smithy_types::Document;
use serde::de::IgnoredAny;

/// JSON as the SDK reads it in an answer of Converse; `None` if it is none.
///
/// A number is what the SDK makes of it, too: one that is out of the range of `f64` is infinite.
pub(crate) fn document(json: &str) -> Option<Document> {
    // The SDK's reader lets some pass that is no JSON.
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    expect_document(&mut json_token_iter(json.as_bytes()).peekable()).ok()
}
