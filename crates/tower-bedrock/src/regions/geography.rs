//! Which part of the world is a Region in, as far as its name tells?

/// The AWS Region that a listed name begins with: `us-east-1` of `us-east-1 batch account`.
pub(crate) fn aws_region(name: &str) -> &str {
    let is_other = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    name.split(is_other).next().unwrap_or(name)
}

/// Whether two Regions are in one geography. AWS names Regions by it, so this holds for those that are
/// newer than this table, too; one whose name says nothing is in one of its own.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    geography(aws_region(one)) == geography(aws_region(other))
}

/// Whether a profile with this geography before its model's id is one of the Region's.
pub(crate) fn has_profiles_of(region: &str, prefix: &str) -> bool {
    let region = aws_region(region);
    match prefix {
        "apac" => geography(region) == "ap",
        // Countries whose Regions AWS names by the point of the compass.
        "au" => ["ap-southeast-2", "ap-southeast-4"].contains(&region),
        "in" => ["ap-south-1", "ap-south-2"].contains(&region),
        "jp" => ["ap-northeast-1", "ap-northeast-3"].contains(&region),
        prefix => geography(region) == prefix,
    }
}

/// What comes before the point of the compass.
fn geography(region: &str) -> &str {
    match region.split_once('-') {
        // A partition of its own: `us-gov-west-1`, `us-iso-east-1`, `us-isob-east-1`.
        Some(("us", rest)) if rest.starts_with("gov-") || rest.starts_with("iso") => {
            let partition = rest.split('-').next().map_or(0, str::len);
            &region[.."us-".len() + partition]
        }
        Some((geography, _)) => geography,
        None => region,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_with_its_region() {
        for name in [
            "us-east-1",
            "us-east-1 batch account",
            "us-east-1/batch",
            "us-east-1: batch",
        ] {
            assert_eq!(aws_region(name), "us-east-1", "{name}");
        }
        assert_eq!(aws_region(""), "");
    }

    #[test]
    fn the_geography_is_what_the_name_begins_with() {
        for (one, other, same) in [
            ("us-east-1", "us-west-2", true),
            ("us-east-1", "us-east-1 batch account", true),
            ("us-east-1", "us-gov-west-1", false),
            ("us-gov-east-1", "us-gov-west-1", true),
            ("us-iso-east-1", "us-isob-east-1", false),
            ("us-east-1", "eu-west-1", false),
            ("us-east-1", "ca-central-1", false),
            ("eu-west-1", "eusc-de-east-1", false),
            ("ap-northeast-1", "ap-southeast-2", true),
            ("cn-north-1", "cn-northwest-1", true),
            // Unknown when this was written.
            ("xx-east-1", "xx-west-9", true),
            ("xx-east-1", "xy-east-1", false),
            ("prod", "batch", false),
            ("prod", "prod", true),
            ("us", "us-east-1", true),
        ] {
            assert_eq!(is_same(one, other), same, "{one} {other}");
            assert_eq!(is_same(other, one), same, "{other} {one}");
        }
    }

    #[test]
    fn a_profile_is_of_the_regions_that_its_prefix_names() {
        for (region, prefix, is) in [
            ("us-east-1", "us", true),
            ("us-west-2 batch", "us", true),
            ("us-gov-west-1", "us-gov", true),
            ("us-gov-west-1", "us", false),
            ("us-east-1", "us-gov", false),
            ("ca-central-1", "us", false),
            ("ca-central-1", "ca", true),
            ("eu-central-1", "eu", true),
            ("eu-central-1", "us", false),
            ("ap-south-1", "apac", true),
            ("ap-south-1", "in", true),
            ("ap-northeast-1", "jp", true),
            ("ap-northeast-2", "jp", false),
            ("ap-northeast-1", "apac", true),
            ("ap-southeast-2", "au", true),
            ("ap-southeast-1", "au", false),
            ("ap-southeast-1", "ap", true),
            ("us-east-1", "jp", false),
            ("sa-east-1", "sa", true),
        ] {
            assert_eq!(has_profiles_of(region, prefix), is, "{region} {prefix}");
        }
    }
}
