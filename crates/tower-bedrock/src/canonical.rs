//! One byte string for every spelling of a JSON value.

use serde::de::IgnoredAny;

/// Deeper than any request that a person writes; past it a value has no canonical form.
const MAX_DEPTH: usize = 256;

/// `json` without white space and with the members of each object in the order of their names.
///
/// Names in `without` are left out of the outermost object. Numbers and strings keep their very
/// spelling: nothing is rounded and nothing is folded, so different values never meet, and the
/// worst that two spellings of one value can do is miss. Anything but one well-formed value is
/// `None`.
pub(crate) fn canonical(json: &[u8], without: &[&str]) -> Option<Vec<u8>> {
    serde_json::from_slice::<IgnoredAny>(json).ok()?;
    let mut walk = Walk {
        rest: json,
        out: Vec::with_capacity(json.len()),
    };
    walk.value(0, without)?;
    Some(walk.out)
}

/// Walks JSON that is known to be well-formed.
struct Walk<'a> {
    rest: &'a [u8],
    out: Vec<u8>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, depth: usize, without: &[&str]) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(depth, without),
            b'[' => self.array(depth),
            b'"' => {
                let text = self.string()?;
                self.out.extend_from_slice(text);
                Some(())
            }
            _ => {
                let end = self
                    .rest
                    .iter()
                    .position(|&b| is_space(b) || b",]}".contains(&b));
                let (scalar, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                self.out.extend_from_slice(scalar);
                Some(())
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.take(b'[')?;
        self.out.push(b'[');
        while self.peek()? != b']' {
            self.value(depth + 1, &[])?;
            if self.peek()? == b',' {
                self.take(b',')?;
                self.out.push(b',');
            }
        }
        self.take(b']')?;
        self.out.push(b']');
        Some(())
    }

    /// Writes the members as they come, then puts them in order if they were not.
    fn object(&mut self, depth: usize, without: &[&str]) -> Option<()> {
        self.take(b'{')?;
        self.out.push(b'{');
        let first = self.out.len();
        let mut members: Vec<(&'a [u8], std::ops::Range<usize>)> = Vec::new();
        while self.peek()? != b'}' {
            let start = self.out.len();
            let name = self.string()?;
            self.out.extend_from_slice(name);
            self.take(b':')?;
            self.out.push(b':');
            self.value(depth + 1, &[])?;
            self.out.push(b',');
            if without
                .iter()
                .any(|left_out| &name[1..name.len() - 1] == left_out.as_bytes())
            {
                self.out.truncate(start);
            } else {
                members.push((name, start..self.out.len()));
            }
            if self.peek()? == b',' {
                self.take(b',')?;
            }
        }
        self.take(b'}')?;
        if !members.is_sorted_by_key(|(name, _)| *name) {
            members.sort_by_key(|(name, _)| *name);
            let unsorted = self.out.split_off(first);
            for (_, place) in members {
                self.out
                    .extend_from_slice(&unsorted[place.start - first..place.end - first]);
            }
        }
        self.out.push(b'}');
        Some(())
    }

    /// The next string with its quotes, as it is spelled.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.peek()?;
        let mut end = 1;
        loop {
            match self.rest.get(end)? {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let (text, rest) = self.rest.split_at(end + 1);
        self.rest = rest;
        Some(text)
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let start = self.rest.iter().position(|&b| !is_space(b))?;
        self.rest = &self.rest[start..];
        self.rest.first().copied()
    }

    fn take(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.rest = &self.rest[1..])
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::canonical;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    fn text(json: &str) -> Option<String> {
        canonical(json.as_bytes(), &["meta"]).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn members_are_ordered_and_white_space_is_gone() {
        let messy = "\t{ \"b\" : [ 1 , {\"z\":null, \"a\" : true} ] ,\n \"a\":\"x y\" } ";
        let tidy = r#"{"a":"x y","b":[1,{"a":true,"z":null,}],}"#;
        assert_eq!(text(messy).unwrap(), tidy);
    }

    #[test]
    fn numbers_and_strings_keep_their_spelling() {
        for scalar in [
            "9007199254740993",
            "1.0",
            "1e400",
            "-0",
            r#""\u00e9""#,
            r#""a\\\"b""#,
        ] {
            assert_eq!(text(scalar).unwrap(), scalar);
        }
        assert_ne!(text("9007199254740993"), text("9007199254740992"));
        assert_ne!(text("1.0"), text("1"));
    }

    #[test]
    fn empty_and_missing_differ_and_only_the_outermost_name_is_left_out() {
        assert_ne!(text(r#"{"a":[]}"#), text("{}"));
        assert_eq!(text(r#"{"meta":{"k":1},"a":1}"#), text(r#"{"a":1}"#));
        assert_ne!(text(r#"{"a":{"meta":1}}"#), text(r#"{"a":{}}"#));
    }

    #[test]
    fn what_is_not_one_value_has_no_form() {
        for broken in ["", "{", "{} {}", "[1,]", "nul", "{\"a\" 1}"] {
            assert_eq!(text(broken), None, "{broken}");
        }
        assert_eq!(text(&"[".repeat(100_000)), None);
        assert_eq!(
            text(&format!("{}{}", "[".repeat(1_000), "]".repeat(1_000))),
            None
        );
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "\\PC{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("\\PC{0,4}", inner), 0..4).prop_map(|members| {
                    Value::Object(members.into_iter().collect::<Map<_, _>>())
                }),
            ]
        })
    }

    /// The same value with each object's members the other way round and white space between.
    fn respelled(value: &Value) -> String {
        match value {
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(respelled).collect();
                format!("[ {} ]", items.join(" ,\n"))
            }
            Value::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .rev()
                    .map(|(name, value)| {
                        format!("{} : {}", Value::from(name.as_str()), respelled(value))
                    })
                    .collect();
                format!("{{ {}\t}}", members.join(", "))
            }
            scalar => scalar.to_string(),
        }
    }

    proptest! {
        #[test]
        fn equal_values_have_equal_forms(value in json()) {
            let plain = canonical(value.to_string().as_bytes(), &[]);
            prop_assert!(plain.is_some());
            prop_assert_eq!(plain, canonical(respelled(&value).as_bytes(), &[]));
        }

        #[test]
        fn different_values_have_different_forms(a in json(), b in json()) {
            let forms = [&a, &b].map(|value| canonical(value.to_string().as_bytes(), &[]));
            prop_assert_eq!(a == b, forms[0] == forms[1]);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = canonical(&bytes, &[]);
        }
    }
}
