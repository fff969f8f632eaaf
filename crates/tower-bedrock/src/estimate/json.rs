use aws_smithy_types::{Document, Number};

/// The length of the value as compact JSON, in bytes, escapes left out.
pub(super) fn len(value: &Document) -> usize {
    match value {
        Document::Object(members) => {
            let members = members.iter();
            1 + members
                .map(|(name, value)| name.len() + 4 + len(value))
                .sum::<usize>()
                .max(1)
        }
        Document::Array(items) => 1 + items.iter().map(|item| len(item) + 1).sum::<usize>().max(1),
        Document::String(text) => text.len() + 2,
        Document::Number(number) => digits(*number),
        Document::Bool(true) | Document::Null => 4,
        Document::Bool(false) => 5,
    }
}

fn digits(number: Number) -> usize {
    let decimal = |n: u64| n.checked_ilog10().map_or(1, |log| log as usize + 1);
    match number {
        Number::PosInt(n) => decimal(n),
        Number::NegInt(n) => 1 + decimal(n.unsigned_abs()),
        // The length of most that people type, such as 0.75.
        Number::Float(_) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn document(value: &Value) -> Document {
        match value {
            Value::Null => Document::Null,
            Value::Bool(value) => Document::Bool(*value),
            Value::String(text) => Document::String(text.clone()),
            Value::Number(n) => Document::Number(match n.as_u64() {
                Some(n) => Number::PosInt(n),
                None => Number::NegInt(n.as_i64().unwrap_or(0)),
            }),
            Value::Array(items) => Document::Array(items.iter().map(document).collect()),
            Value::Object(members) => {
                let members = members.iter().map(|(k, v)| (k.clone(), document(v)));
                Document::Object(members.collect())
            }
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "[a-z ]{0,9}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-z]{0,5}", inner, 0..4)
                    .prop_map(|members| members.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_the_length_of_compact_json(value in json()) {
            prop_assert_eq!(len(&document(&value)), value.to_string().len());
        }
    }
}
