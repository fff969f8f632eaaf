use serde_json::{Value, json};

use super::check::{Checker, JsonField, ServiceError, parse};
use super::part::guardrail::assessment;
use crate::model::guardrail;

/// How many characters of text make one unit of a policy.
const UNIT: u64 = 1_000;

/// The answer of a guardrail whose only policy is a list of blocked words.
pub(crate) fn answer(body: &[u8], words: &[String]) -> Result<Value, ServiceError> {
    let body = parse(body, Checker::Service)?;
    let root = JsonField::root(&body, Checker::Service);
    root.require("source")?.one_of(&["INPUT", "OUTPUT"])?;
    let (mut texts, mut characters, mut images) = (String::new(), 0_u64, 0_u64);
    // Images are counted and never looked at.
    for block in root.require("content")?.items()? {
        match block.variant()? {
            ("text", block) => {
                let text = block.require("text")?.text()?;
                characters += text.chars().count() as u64;
                texts.push_str(text);
                texts.push('\n');
            }
            ("image", _) => images += 1,
            _ => return Err(block.complain("a guardrail's content block is a text or an image")),
        }
    }
    // Two policies look at text, whether they find something or not.
    let units = characters.div_ceil(UNIT);
    let usage = json!({
        "topicPolicyUnits": 0,
        "contentPolicyUnits": units,
        "wordPolicyUnits": units,
        "sensitiveInformationPolicyUnits": 0,
        "sensitiveInformationPolicyFreeUnits": 0,
        "contextualGroundingPolicyUnits": 0,
        "contentPolicyImageUnits": images,
    });
    let found = guardrail::blocked_words(&texts, words);
    let (action, reason, outputs, assessments) = if found.is_empty() {
        ("NONE", "No action.", json!([]), json!([]))
    } else {
        let outputs = json!([{"text": guardrail::BLOCKED}]);
        let assessments = json!([assessment(&found)]);
        (
            "GUARDRAIL_INTERVENED",
            "Guardrail blocked.",
            outputs,
            assessments,
        )
    };
    Ok(json!({
        "usage": usage,
        "action": action,
        "actionReason": reason,
        "outputs": outputs,
        "assessments": assessments,
        "guardrailCoverage": {
            "textCharacters": {"guarded": characters, "total": characters},
            "images": {"guarded": images, "total": images},
        },
    }))
}
