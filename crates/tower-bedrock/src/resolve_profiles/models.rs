use crate::model_id::{base_model, one_name, region};
use std::sync::Arc;

/// The one model or system profile behind these models, by their ARNs as `GetInferenceProfile`
/// answers them. `None` if there are several models, or none.
///
/// AWS does not say which system profile an application profile was copied from. The Regions of its
/// models tell: one is the model itself, several are a profile of their geography.
pub(super) fn stands_for(models: &[String]) -> Option<Arc<str>> {
    let (first, others) = models.split_first()?;
    let model = base_model(first)?;
    if others.iter().any(|other| base_model(other) != Some(model)) {
        return None;
    }
    let geography = match others {
        [] => None,
        _ => geography(models),
    };
    Some(match geography {
        Some(geography) => format!("{geography}.{model}").into(),
        // One alone may be a system profile itself, if somebody answers with its id.
        None if others.is_empty() => one_name(first).into(),
        None => model.into(),
    })
}

/// The prefix of the system profile that sends to the Regions of all of these; `None` if it is not known.
fn geography(models: &[String]) -> Option<&'static str> {
    let regions = || models.iter().map(|arn| region(arn).unwrap_or_default());
    let all = |names: &[&str]| regions().all(|region| names.contains(&region));
    let all_in = |area: &str| regions().all(|region| region.starts_with(area));
    if regions().any(str::is_empty) {
        return Some("global");
    }
    if all(&["ap-northeast-1", "ap-northeast-3"]) {
        return Some("jp");
    }
    if all(&["ap-southeast-2", "ap-southeast-4"]) {
        return Some("au");
    }
    if all(&["ap-south-1", "ap-south-2"]) {
        return Some("in");
    }
    let areas = [
        ("us-gov-", "us-gov"),
        ("us-", "us"),
        ("eu-", "eu"),
        ("ap-", "apac"),
        ("ca-", "ca"),
    ];
    let area = areas.into_iter().find(|(area, _)| all_in(area));
    area.map(|(_, geography)| geography)
}

#[cfg(test)]
mod tests {
    use super::stands_for;

    const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

    fn of(regions: &[&str]) -> Option<String> {
        let arn = |region: &&str| format!("arn:aws:bedrock:{region}::foundation-model/{SONNET}");
        let models: Vec<_> = regions.iter().map(arn).collect();
        stands_for(&models).map(|model| model.to_string())
    }

    #[test]
    fn the_regions_tell_the_system_profile() {
        for (regions, geography) in [
            (&["us-east-1"][..], ""),
            (&["us-east-1", "us-east-2", "us-west-2"], "us."),
            (&["eu-west-1", "eu-north-1"], "eu."),
            (&["us-gov-west-1", "us-gov-east-1"], "us-gov."),
            (&["ap-northeast-1", "ap-northeast-3"], "jp."),
            (&["ap-southeast-2", "ap-southeast-4"], "au."),
            (&["ap-northeast-1", "ap-southeast-2", "ap-south-1"], "apac."),
            (&["", "us-east-1", "eu-west-1"], "global."),
            // Some profile that is not known: the model's own quota is near.
            (&["us-east-1", "eu-west-1"], ""),
        ] {
            assert_eq!(
                of(regions),
                Some(format!("{geography}{SONNET}")),
                "{regions:?}"
            );
        }
    }

    #[test]
    fn several_models_or_none_are_no_model() {
        assert_eq!(of(&[]), None);
        let models = [SONNET, "amazon.nova-lite-v1:0"].map(str::to_owned);
        assert_eq!(stands_for(&models), None);
        let profile = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a";
        assert_eq!(stands_for(&[profile.to_owned()]), None);
    }

    #[test]
    fn an_id_is_an_answer_too() {
        let profile = format!("us.{SONNET}");
        assert_eq!(
            stands_for(std::slice::from_ref(&profile)).as_deref(),
            Some(&*profile)
        );
    }
}
