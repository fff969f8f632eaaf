//! Reads a request's JSON and complains about it as the service does.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::ServiceError;

/// Who checks the JSON, and so how it complains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checker {
    /// The service's own protocol: `SerializationException`.
    Service,
    /// The model's request schema behind `InvokeModel`: `ValidationException`.
    Schema,
}

/// A value and the way to it.
///
/// Deliberately without `Debug`: prompts never reach a log.
#[derive(Clone)]
pub(crate) struct JsonField<'a> {
    pub(crate) value: &'a Value,
    checker: Checker,
    path: String,
}

pub(crate) fn parse(body: &[u8], checker: Checker) -> Result<Value, ServiceError> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(other) => Err(JsonField::root(&other, checker).mismatch("Object")),
        Err(error) => Err(match checker {
            Checker::Service => {
                ServiceError::serialization(format!("could not parse the body: {error}"))
            }
            Checker::Schema => malformed(&format!("body is not valid JSON: {error}")),
        }),
    }
}

fn malformed(what: &str) -> ServiceError {
    ServiceError::validation(format!(
        "Malformed input request: {what}, please reformat your input and try again."
    ))
}

impl<'a> JsonField<'a> {
    pub(crate) fn root(value: &'a Value, checker: Checker) -> Self {
        Self {
            value,
            checker,
            path: String::new(),
        }
    }

    /// Where this is, as the service names places: `messages.0.content`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The member, if it is there and not null.
    pub(crate) fn get(&self, key: &str) -> Result<Option<JsonField<'a>>, ServiceError> {
        Ok(self
            .object()?
            .get(key)
            // Some SDKs write what is not set as null.
            .filter(|value| !value.is_null())
            .map(|value| self.child(value, key)))
    }

    /// The member, or the complaint that it is missing.
    pub(crate) fn require(&self, key: &str) -> Result<JsonField<'a>, ServiceError> {
        self.get(key)?.ok_or_else(|| match self.checker {
            Checker::Service => {
                let mut path = self.path.clone();
                push(&mut path, key);
                constraint(&format!("Value at '{path}'"), "Member must not be null")
            }
            Checker::Schema => malformed(&format!(
                "#{}: required key [{key}] not found",
                self.pointer()
            )),
        })
    }

    /// The first member that is none of these, null or not.
    pub(crate) fn other_than(&self, known: &[&str]) -> Result<Option<&'a str>, ServiceError> {
        let mut keys = self.object()?.keys().map(String::as_str);
        Ok(keys.find(|key| !known.contains(key)))
    }

    /// Refuses members that the model's schema does not name; the service's own protocol lets
    /// unknown ones pass.
    pub(crate) fn allow_only(&self, known: &[&str]) -> Result<(), ServiceError> {
        match self.other_than(known)? {
            Some(key) if self.checker == Checker::Schema => Err(malformed(&format!(
                "#{}: extraneous key [{key}] is not permitted",
                self.pointer()
            ))),
            _ => Ok(()),
        }
    }

    /// The one member of a union that is set.
    pub(crate) fn variant(&self) -> Result<(&'a str, JsonField<'a>), ServiceError> {
        let members = self.object()?.iter();
        let set: Vec<_> = members.filter(|(_, value)| !value.is_null()).collect();
        match (&*set, self.checker) {
            ([(key, value)], _) => Ok((key, self.child(value, key))),
            // A JSON schema does not say which of its alternatives was meant.
            (_, Checker::Schema) => Err(malformed(&format!(
                "#{}: #: {} subschemas matched instead of one",
                self.pointer(),
                set.len()
            ))),
            ([], Checker::Service) => Err(constraint(
                &format!("Value at '{}'", self.path),
                "Member must have exactly one of its fields set",
            )),
            (_, Checker::Service) => Err(ServiceError::serialization(format!(
                "Unexpected field in a union at '{}': only one may be set",
                self.path
            ))),
        }
    }

    pub(crate) fn object(&self) -> Result<&'a Map<String, Value>, ServiceError> {
        self.value
            .as_object()
            .ok_or_else(|| self.mismatch("Object"))
    }

    pub(crate) fn items(&self) -> Result<Vec<JsonField<'a>>, ServiceError> {
        let array = self.value.as_array().ok_or_else(|| self.mismatch("List"))?;
        Ok(array
            .iter()
            .enumerate()
            .map(|(at, value)| self.child(value, &at.to_string()))
            .collect())
    }

    pub(crate) fn text(&self) -> Result<&'a str, ServiceError> {
        self.value.as_str().ok_or_else(|| self.mismatch("String"))
    }

    /// A whole number of at least `least`.
    pub(crate) fn count(&self, least: i64) -> Result<u64, ServiceError> {
        let number = match self.value {
            // Some SDKs write every number as a double.
            Value::Number(number) => number.as_i64().or_else(|| {
                let float = number.as_f64()?;
                (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
            }),
            _ => None,
        };
        let number = number.ok_or_else(|| self.mismatch("Integer"))?;
        match u64::try_from(number) {
            // The service model's integers have 32 bits.
            Ok(count) if number >= least && number <= i64::from(i32::MAX) => Ok(count),
            Ok(_) if number > i64::from(i32::MAX) => Err(self.mismatch("Integer")),
            _ => Err(self.refuse(&format!(
                "Member must have value greater than or equal to {least}"
            ))),
        }
    }

    /// Checks that it is a number within the range.
    pub(crate) fn between(&self, least: f64, most: f64) -> Result<(), ServiceError> {
        let number = self.value.as_f64().ok_or_else(|| self.mismatch("Float"))?;
        let (comparison, bound) = match number {
            number if number < least => ("greater", least),
            number if number > most => ("less", most),
            _ => return Ok(()),
        };
        Err(self.refuse(&format!(
            "Member must have value {comparison} than or equal to {bound}"
        )))
    }

    /// A text that is one of these.
    pub(crate) fn one_of(&self, values: &[&'static str]) -> Result<&'static str, ServiceError> {
        let text = self.text()?;
        values
            .iter()
            .find(|value| **value == text)
            .copied()
            .ok_or_else(|| {
                self.refuse(&format!(
                    "Member must satisfy enum value set: [{}]",
                    values.join(", ")
                ))
            })
    }

    /// The complaint that this value breaks a rule of the service model.
    pub(crate) fn refuse(&self, rule: &str) -> ServiceError {
        match self.checker {
            Checker::Service => {
                let value = match self.value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                // Cut short: the message of an error must not carry a whole prompt.
                let value: String = value.chars().take(64).collect();
                constraint(&format!("Value '{value}' at '{}'", self.path), rule)
            }
            Checker::Schema => malformed(&format!("#{}: {rule}", self.pointer())),
        }
    }

    /// A complaint in plain words, with the place where the model's schema is at fault.
    pub(crate) fn complain(&self, message: &str) -> ServiceError {
        match self.checker {
            Checker::Service => ServiceError::validation(message),
            Checker::Schema => ServiceError::validation(format!("{}: {message}", self.path)),
        }
    }

    pub(crate) fn mismatch(&self, wanted: &str) -> ServiceError {
        let found = match self.value {
            Value::Null => "Null",
            Value::Bool(_) => "Boolean",
            Value::Number(_) => "Number",
            Value::String(_) => "String",
            Value::Array(_) => "JSONArray",
            Value::Object(_) => "JSONObject",
        };
        match self.checker {
            Checker::Service => {
                let place = if self.path.is_empty() {
                    "the body"
                } else {
                    &self.path
                };
                ServiceError::serialization(format!(
                    "{}_VALUE can not be converted to {wanted} at {place}",
                    found.trim_start_matches("JSON").to_uppercase()
                ))
            }
            Checker::Schema => malformed(&format!(
                "#{}: expected type: {wanted}, found: {found}",
                self.pointer()
            )),
        }
    }

    fn child(&self, value: &'a Value, key: &str) -> JsonField<'a> {
        let mut path = self.path.clone();
        push(&mut path, key);
        JsonField {
            value,
            checker: self.checker,
            path,
        }
    }

    fn pointer(&self) -> String {
        self.path
            .split('.')
            .filter(|part| !part.is_empty())
            .fold(String::new(), |mut all, part| {
                let _ = write!(all, "/{part}");
                all
            })
    }
}

fn push(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

fn constraint(subject: &str, rule: &str) -> ServiceError {
    ServiceError::validation(format!(
        "1 validation error detected: {subject} failed to satisfy constraint: {rule}"
    ))
}
