/// The resource of a Bedrock ARN: its type and its name. `None` for what is no ARN or has no type.
pub(super) fn resource(id: &str) -> Option<(&str, &str)> {
    // arn:partition:service:region:account:resource, and only the resource may have more colons.
    id.strip_prefix("arn:")?
        .splitn(5, ':')
        .nth(4)?
        .split_once('/')
}

/// The Region of an ARN, which may be empty.
pub(crate) fn region(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(2)
}

/// Whether an id is the ARN of a prompt without a number of a version: its draft, which changes under
/// the same name.
pub(crate) fn is_draft_prompt(id: &str) -> bool {
    let Some(("prompt", name)) = resource(id) else {
        return false;
    };
    let version = name.split_once(':').map(|(_, version)| version);
    !version.is_some_and(is_number)
}

/// Whether what names the version of a guardrail or a prompt is a number. A draft has another name.
pub(crate) fn is_number(version: &str) -> bool {
    !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an id is the ARN of an application inference profile, which AWS can be asked about.
pub(crate) fn is_application_profile(id: &str) -> bool {
    matches!(resource(id), Some(("application-inference-profile", _)))
}

#[cfg(test)]
mod tests {
    use super::is_draft_prompt;

    #[test]
    fn a_prompt_without_a_number_is_a_draft() {
        for (resource, is_draft) in [
            ("prompt/ABCDE", true),
            ("prompt/ABCDE:DRAFT", true),
            ("prompt/ABCDE:", true),
            ("prompt/ABCDE:12", false),
            ("foundation-model/a.model-v1", false),
            ("default-prompt-router/anthropic.claude:1", false),
            ("application-inference-profile/a1b2", false),
        ] {
            let arn = format!("arn:aws:bedrock:us-east-1:123456789012:{resource}");
            assert_eq!(is_draft_prompt(&arn), is_draft, "{arn}");
        }
        assert!(!is_draft_prompt("us.amazon.nova-micro-v1:0"));
    }
}
