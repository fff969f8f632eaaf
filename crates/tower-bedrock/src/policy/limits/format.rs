//! What a file of quotas looks like.

use super::{
    error::QuotasError,
    model_quota::ModelQuota,
    quotas::{Models, Quotas},
};
use crate::model_id::{base_model, one_name};
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;
use toml::{Spanned, Value};

pub(super) const TOKENS_PER_MINUTE: &str = "tokens_per_minute";
pub(super) const REQUESTS_PER_MINUTE: &str = "requests_per_minute";
pub(super) const TOKENS_PER_DAY: &str = "tokens_per_day";

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Format {
    models: ModelTable,
    profiles: BTreeMap<ModelId, Spanned<ModelId>>,
    regions: BTreeMap<Region, RegionTable>,
    /// Of all models together.
    #[serde(deserialize_with = "amount")]
    tokens_per_day: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RegionTable {
    models: ModelTable,
    #[serde(deserialize_with = "amount")]
    tokens_per_day: Option<u64>,
}

/// The ids keep their places, for the mistake that shows only when a table is read: no limit.
type ModelTable = BTreeMap<Spanned<ModelId>, LimitTable>;

#[derive(Deserialize, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct LimitTable {
    #[serde(deserialize_with = "amount")]
    tokens_per_minute: Option<u64>,
    #[serde(deserialize_with = "amount")]
    requests_per_minute: Option<u64>,
    #[serde(deserialize_with = "amount")]
    tokens_per_day: Option<u64>,
    #[serde(deserialize_with = "amount")]
    tokens_burst: Option<u64>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct Region(Box<str>);

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct ModelId(Box<str>);

impl Format {
    /// The table that the file describes; `text` is the file, to tell the place of a mistake in.
    pub(super) fn quotas(self, text: &str) -> Result<Quotas, QuotasError> {
        let mut quotas = Quotas {
            models: models(self.models, text)?,
            tokens_per_day: self.tokens_per_day,
            ..Quotas::new()
        };
        for (Region(region), table) in self.regions {
            if let Some(tokens) = table.tokens_per_day {
                quotas.tokens_per_day_in.insert(region.clone(), tokens);
            }
            let models = models(table.models, text)?;
            if !models.is_empty() {
                quotas.regions.insert(region, models);
            }
        }
        for (ModelId(arn), model) in self.profiles {
            let at = model.span();
            let ModelId(model) = model.into_inner();
            if base_model(&model).is_none() {
                let reason = format!(
                    "`{model}` does not say its model either; write a model id or a system \
                     profile's, such as us.anthropic.claude-sonnet-4-5-20250929-v1:0"
                );
                return Err(QuotasError::at(text, &at, reason));
            }
            quotas.profiles = quotas.profiles.with(arn, model);
        }
        Ok(quotas)
    }
}

fn models(table: ModelTable, text: &str) -> Result<Models, QuotasError> {
    let without_limit = table.iter().filter(|(_, limits)| limits.is_empty());
    // The table is in the order of the ids, and the first mistake in the file is the one to tell.
    if let Some((id, _)) = without_limit.min_by_key(|(id, _)| id.span().start) {
        let reason = format!(
            "model `{}` has no limit; set `{TOKENS_PER_MINUTE}`, `{REQUESTS_PER_MINUTE}` or \
             `{TOKENS_PER_DAY}`, or leave the model out",
            id.get_ref().0
        );
        return Err(QuotasError::at(text, &id.span(), reason));
    }
    let mut models = Models::new();
    let mut spelled = BTreeMap::<Box<str>, Box<str>>::new();
    for (id, limits) in table {
        let at = id.span();
        let ModelId(id) = id.into_inner();
        let name: Box<str> = one_name(&id).into();
        models.insert(name.clone(), limits.into());
        if let Some(other) = spelled.insert(name, id.clone()) {
            let reason = format!("`{id}` and `{other}` are one model; keep one of them");
            return Err(QuotasError::at(text, &at, reason));
        }
    }
    Ok(models)
}

impl LimitTable {
    /// A burst alone is no limit.
    fn is_empty(&self) -> bool {
        let limits = [
            self.tokens_per_minute,
            self.requests_per_minute,
            self.tokens_per_day,
        ];
        limits.iter().all(Option::is_none)
    }
}

impl From<LimitTable> for ModelQuota {
    fn from(limits: LimitTable) -> Self {
        Self {
            tokens_per_minute: limits.tokens_per_minute,
            requests_per_minute: limits.requests_per_minute,
            tokens_per_day: limits.tokens_per_day,
            tokens_burst: limits.tokens_burst,
        }
    }
}

/// Parts of small letters and at last a number, as in `us-gov-west-1`. Which Regions there are is
/// for AWS to say: new ones come without a new version of this crate.
impl TryFrom<String> for Region {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let mut parts = name.rsplit('-');
        let number = parts.next().unwrap_or_default();
        let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let is_region = !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
            && parts.clone().count() >= 2
            && parts.all(letters);
        if is_region {
            return Ok(Self(name.into()));
        }
        let name = name.escape_debug();
        Err(format!(
            "`{name}` is not an AWS Region; write it like us-east-1"
        ))
    }
}

impl TryFrom<String> for ModelId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        if id.is_empty() {
            return Err("a model id is empty; write it as requests do".to_owned());
        }
        if id.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let id = id.escape_debug();
            return Err(format!(
                "model id `{id}` has spaces; write it as requests do"
            ));
        }
        Ok(Self(id.into()))
    }
}

const NEGATIVE: &str = "is negative; write a whole number, 0 or more";

/// Serde's own number would do, but its complaints tell nobody what to write instead. Ours begin
/// with "is", to go after the member's name.
fn amount<'de, D: Deserializer<'de>>(value: D) -> Result<Option<u64>, D::Error> {
    // TOML's numbers have 64 bits and a sign. Nothing but a longer one fails to be a value.
    let value = Value::deserialize(value).map_err(|error| {
        D::Error::custom(if error.to_string().contains("integer `-") {
            NEGATIVE.to_owned()
        } else {
            format!("is too large; the largest number is {}", i64::MAX)
        })
    })?;
    Err(D::Error::custom(match value {
        Value::Integer(number) => match u64::try_from(number) {
            Ok(number) => return Ok(Some(number)),
            Err(_) => NEGATIVE,
        },
        Value::Float(_) => "is not a whole number; write it like 200_000",
        Value::String(_) => "is a string; write a number without quotes, like 200_000",
        Value::Boolean(_) => "is a boolean; write a whole number like 200_000",
        Value::Datetime(_) => "is a date; write a whole number like 200_000",
        Value::Array(_) => "is a list; write a whole number like 200_000",
        Value::Table(_) => "is a table; write a whole number like 200_000",
    }))
}
