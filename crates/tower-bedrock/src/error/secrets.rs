//! Values that a text gives names of secrets to. A provider of credentials that a user wrote may say
//! what it read.

/// What the last part of such a name is, without what stands between its words.
const NAMES: [&str; 9] = [
    "accesskey",
    "apikey",
    "authorization",
    "credential",
    "passwd",
    "password",
    "secret",
    "signature",
    "token",
];

/// The text with `…` for each value that a name of a secret stands before, as in `token=…`.
pub(super) fn without_secrets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = rest.split_at(at + 1);
        kept.push_str(before);
        rest = after;
        if is_secret(name(&before[..at])) {
            let value = after.trim_start_matches([' ', '"', '\'', '\\']);
            kept.push_str(&after[..after.len() - value.len()]);
            let length = length_of_value(value);
            // A word after a colon may be prose: "cannot read the token: it is gone".
            let is_quoted = after.len() - value.len() > 1;
            let is_prose = before.ends_with(':') && after.starts_with(' ') && !is_quoted;
            if length > 0 && !(is_prose && is_word(&value[..length])) {
                kept.push('…');
                rest = &value[length..];
            } else {
                rest = value;
            }
        }
    }
    kept + rest
}

/// What stands last in a text, as `"secret_key"` in `{"secret_key"`.
fn name(before: &str) -> &str {
    let before = before.trim_end_matches([' ', '"', '\'', '\\']);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    &before[before.trim_end_matches(is_part).len()..]
}

fn is_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|secret| name.ends_with(secret))
}

fn length_of_value(value: &str) -> usize {
    let end = |text: &str| {
        let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '&' | '}');
        text.find(ends).unwrap_or(text.len())
    };
    let first = end(value);
    // The scheme of an `Authorization` is none of its secret.
    match &value[..first] {
        "Bearer" | "Basic" => first + 1 + end(value.get(first + 1..).unwrap_or_default()),
        _ => first,
    }
    .min(value.len())
}

fn is_word(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_secrets_are_left_out() {
        for (said, told) in [
            (
                "aws_secret_access_key=abc aws_session_token = d/e+f==",
                "aws_secret_access_key=… aws_session_token = …",
            ),
            (
                r#"{"SecretAccessKey": "abc", "AccessKeyId": "AKID"}"#,
                r#"{"SecretAccessKey": "…", "AccessKeyId": "AKID"}"#,
            ),
            ("x-amz-security-token: Abc", "x-amz-security-token: …"),
            ("authorization: Bearer abc def", "authorization: … def"),
            ("Authorization: Bearer", "Authorization: …"),
            ("GET https://a/?token=abc&x=1", "GET https://a/?token=…&x=1"),
            ("password:hunter2", "password:…"),
        ] {
            assert_eq!(without_secrets(said), told);
        }
    }

    #[test]
    fn prose_and_other_names_are_kept() {
        for said in [
            "cannot read the token: it is gone",
            "no token",
            "token:",
            "max_tokens=200000",
            "arn:aws:iam::123456789012:role/token-reader",
            "profile `tokens` is not defined: a=b",
        ] {
            assert_eq!(without_secrets(said), said);
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(token|secret|Bearer|[=: \"'ü,a]){0,12}") {
            without_secrets(&text);
        }
    }
}
