use super::arn::resource;

/// The one name of what Bedrock keeps a quota for, however a request spells it: the id of a model or
/// of a system profile, also where an ARN says it. An account or a Region in such an ARN makes no
/// difference, for a call counts where it is sent, in the account that sends it.
///
/// Any other ARN says nothing of its model and is its own name.
pub(crate) fn one_name(id: &str) -> &str {
    match resource(id) {
        Some(("foundation-model" | "inference-profile", name)) => name,
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use super::one_name;

    #[test]
    fn every_spelling_of_a_model_or_system_profile_is_one_name() {
        let profile = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        let model = "anthropic.claude-sonnet-4-5-20250929-v1:0";
        for (id, name) in [
            (profile.to_owned(), profile),
            (model.to_owned(), model),
            (
                format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{profile}"),
                profile,
            ),
            (
                format!("arn:aws:bedrock:us-east-1::inference-profile/{profile}"),
                profile,
            ),
            (
                format!("arn:aws:bedrock:::inference-profile/{profile}"),
                profile,
            ),
            (
                format!("arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/{profile}"),
                profile,
            ),
            (
                format!("arn:aws:bedrock:us-east-1::foundation-model/{model}"),
                model,
            ),
        ] {
            assert_eq!(one_name(&id), name, "{id}");
        }
    }

    #[test]
    fn an_arn_that_names_no_model_is_its_own_name() {
        for resource in [
            "application-inference-profile/a1b2c3d4e5f6",
            "provisioned-model/abc",
            "custom-model-deployment/abc",
            "imported-model/abc",
            "default-prompt-router/anthropic.claude:1",
            "prompt/ABCDE:1",
            "foundation-model",
        ] {
            let arn = format!("arn:aws:bedrock:us-east-1:123456789012:{resource}");
            assert_eq!(one_name(&arn), arn);
        }
        assert_eq!(one_name("arn:aws:bedrock"), "arn:aws:bedrock");
    }
}
