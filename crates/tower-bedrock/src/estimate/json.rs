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
        // As long as most are that somebody typed.
        Number::Float(_) => 4,
    }
}
