use super::one_name::one_name;

/// What AWS puts before a model's id to name where a cross-Region profile may send a call.
const GEOGRAPHIES: &[&str] = &[
    "af", "apac", "au", "ca", "eu", "global", "il", "in", "jp", "me", "mx", "sa", "us", "us-gov",
];

/// The id of the model itself, such as `anthropic.claude-sonnet-4-5-20250929-v1:0`, out of a model
/// id, an inference profile, or the ARN of either.
///
/// `None` where the ARN does not say which model it stands for: application inference profiles,
/// provisioned throughput, custom and imported models, prompts, prompt routers.
pub(crate) fn base_model(id: &str) -> Option<&str> {
    let name = one_name(id);
    if name.starts_with("arn:") {
        return None;
    }
    // Only known prefixes are taken off: vendors are followed by a dot as well.
    match geography(name) {
        Some(geography) => name.get(geography.len() + 1..),
        None => Some(name),
    }
}

/// The geography that the name of a profile begins with, such as `us` or `global`.
pub(crate) fn geography(name: &str) -> Option<&str> {
    let (first, _) = name.split_once('.')?;
    GEOGRAPHIES.contains(&first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::base_model;

    const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

    #[test]
    fn every_prefix_and_arn_of_a_model_is_taken_off() {
        for geography in super::GEOGRAPHIES {
            let id = format!("{geography}.{SONNET}");
            assert_eq!(base_model(&id), Some(SONNET), "{id}");
            for arn in [
                format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{id}"),
                format!("arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/{id}"),
            ] {
                assert_eq!(base_model(&arn), Some(SONNET), "{arn}");
            }
        }
        for arn in [
            format!("arn:aws:bedrock:us-east-1::foundation-model/{SONNET}"),
            format!("arn:aws-cn:bedrock:cn-north-1::foundation-model/{SONNET}"),
        ] {
            assert_eq!(base_model(&arn), Some(SONNET), "{arn}");
        }
    }

    #[test]
    fn a_dot_in_a_models_name_is_no_geography() {
        for id in [
            SONNET,
            "amazon.nova-2.5-lite-v1:0",
            "qwen.qwen3.5-32b",
            "minimax.minimax-m2.1",
            "llama",
            "",
        ] {
            assert_eq!(base_model(id), Some(id), "{id}");
        }
        assert_eq!(base_model("us.vendor.model-4.7"), Some("vendor.model-4.7"));
    }

    #[test]
    fn an_arn_that_names_no_model_has_none() {
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
            assert_eq!(base_model(&arn), None, "{arn}");
        }
        assert_eq!(base_model("arn:aws:bedrock"), None);
    }
}
