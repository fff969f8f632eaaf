use aws_smithy_types::{Document, Number};
use serde_json::Value;

/// JSON as the SDK has it.
pub(super) fn document(json: Value) -> Document {
    match json {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(value),
        Value::String(value) => Document::String(value),
        Value::Number(value) => Document::Number(number(&value)),
        Value::Array(items) => Document::Array(items.into_iter().map(document).collect()),
        Value::Object(members) => {
            let members = members.into_iter();
            Document::Object(
                members
                    .map(|(name, value)| (name, document(value)))
                    .collect(),
            )
        }
    }
}

fn number(value: &serde_json::Number) -> Number {
    if let Some(positive) = value.as_u64() {
        Number::PosInt(positive)
    } else if let Some(negative) = value.as_i64() {
        Number::NegInt(negative)
    } else {
        Number::Float(value.as_f64().unwrap_or(f64::NAN))
    }
}
