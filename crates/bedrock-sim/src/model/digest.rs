//! Hashes that are the same in every process: what answers are drawn from and prefixes are known by.

use serde_json::Value;

/// A hash of a JSON value that is the same in every process and for every order of keys.
pub(crate) fn digest(value: &Value) -> u64 {
    let mut hash = OFFSET;
    absorb(&mut hash, value);
    hash
}

/// Chains a further part onto a digest.
pub(crate) fn chain(digest: u64, part: u64) -> u64 {
    let mut hash = digest;
    bytes(&mut hash, &part.to_le_bytes());
    hash
}

pub(crate) fn digest_text(text: &str) -> u64 {
    let mut hash = OFFSET;
    bytes(&mut hash, text.as_bytes());
    hash
}

// FNV-1a: short, fixed for ever, and good enough where nobody gains from a collision.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

fn bytes(hash: &mut u64, bytes: &[u8]) {
    for byte in bytes {
        *hash = (*hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    }
}

fn absorb(hash: &mut u64, value: &Value) {
    match value {
        Value::Array(items) => {
            bytes(hash, b"[");
            for item in items {
                absorb(hash, item);
                bytes(hash, b",");
            }
            bytes(hash, b"]");
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // SDKs write members in an order of their own, some in a random one.
            members.sort_unstable_by_key(|(key, _)| *key);
            bytes(hash, b"{");
            for (key, value) in members {
                bytes(hash, &(key.len() as u64).to_le_bytes());
                bytes(hash, key.as_bytes());
                absorb(hash, value);
            }
            bytes(hash, b"}");
        }
        Value::String(text) => {
            bytes(hash, b"\"");
            // With its length: without it "ab", "c" and "a", "bc" could be taken for each other.
            bytes(hash, &(text.len() as u64).to_le_bytes());
            bytes(hash, text.as_bytes());
        }
        plain => bytes(hash, plain.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::digest;

    #[test]
    fn a_digest_does_not_depend_on_the_order_of_keys() {
        let one: serde_json::Value =
            serde_json::from_str(r#"{"a": {"x": 1, "y": [2]}, "b": 3}"#).unwrap();
        let two: serde_json::Value =
            serde_json::from_str(r#"{"b": 3, "a": {"y": [2], "x": 1}}"#).unwrap();
        assert_eq!(digest(&one), digest(&two));
        assert_ne!(
            digest(&one),
            digest(&json!({"a": {"x": 1, "y": [2]}, "b": "3"}))
        );
        assert_ne!(digest(&json!([["a"], "b"])), digest(&json!([["a", "b"]])));
    }
}
