use serde::{Deserialize, de::IgnoredAny};

/// A member of a JSON object as one family of models has it, or whatever another one has under its name.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Maybe<T> {
    Is(T),
    IsNot(IgnoredAny),
}

/// One that may be absent.
pub(crate) type Member<T> = Option<Maybe<T>>;

pub(crate) fn get<T>(member: &Member<T>) -> Option<&T> {
    match member {
        Some(Maybe::Is(value)) => Some(value),
        Some(Maybe::IsNot(_)) | None => None,
    }
}
