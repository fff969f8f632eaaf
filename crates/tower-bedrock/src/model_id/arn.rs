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

/// Whether an id is the ARN of an application inference profile, which AWS can be asked about.
pub(crate) fn is_application_profile(id: &str) -> bool {
    matches!(resource(id), Some(("application-inference-profile", _)))
}
