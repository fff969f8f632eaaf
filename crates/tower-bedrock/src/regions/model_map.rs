//! By which id does a Region serve a model, if at all?

use super::{
    geography,
    settings::{PrefixRule, Settings},
};
use crate::model_id::{self, one_name};
use std::borrow::Cow;

/// The id by which `region` serves what the caller calls `id`; `None` where that may not go, by the user's closure
/// too, which says so by an empty id.
pub(crate) fn id_in<'a>(settings: &Settings, region: &str, id: &'a str) -> Option<Cow<'a, str>> {
    let models = settings.models.as_ref();
    if let Some(other) = models.and_then(|models| models(region, id)) {
        // No model is called nothing.
        return (!other.is_empty()).then(|| other.into());
    }
    if let Some(other) = by_rule(&settings.prefixes, region, one_name(id)) {
        return Some(other.into());
    }
    goes_by_itself(region, settings.first(), id).then_some(id.into())
}

/// By the rule with the longest beginning, of equal ones the last. One with an empty beginning is for ids
/// without a geography: it would send every profile anywhere.
fn by_rule(rules: &[PrefixRule], region: &str, name: &str) -> Option<String> {
    let fits = |rule: &&PrefixRule| {
        if rule.from.is_empty() {
            is_bare(name)
        } else {
            name.starts_with(&*rule.from)
        }
    };
    let rules = rules.iter().filter(|rule| *rule.region == *region);
    let rule = rules.filter(fits).max_by_key(|rule| rule.from.len())?;
    Some(format!("{}{}", rule.to, &name[rule.from.len()..]))
}

/// Whether a call may go to `region` though nobody said so: nothing crosses a geography by itself.
fn goes_by_itself(region: &str, first: &str, id: &str) -> bool {
    // Bedrock takes an ARN in the Region that it names.
    if let Some(named) = model_id::region(id).filter(|named| !named.is_empty()) {
        return named == geography::aws_region(region);
    }
    match model_id::geography(one_name(id)) {
        // Such a profile sends a call anywhere, yet it is called, billed and logged where it is sent.
        None | Some("global") => geography::is_same(region, first),
        Some(prefix) => geography::has_profiles_of(region, prefix),
    }
}

fn is_bare(name: &str) -> bool {
    !name.starts_with("arn:") && model_id::geography(name).is_none()
}

#[cfg(test)]
mod tests;
