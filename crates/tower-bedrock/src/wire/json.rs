//! One byte string for every spelling of a JSON value.

use memchr::memchr2;
use std::{borrow::Cow, ops::Range};

/// Deeper than any request that a person writes. Past it a value has no canonical form, since the
/// walk recurses and a hostile body must not overflow the stack.
const MAX_DEPTH: usize = 256;

/// `json` without white space and with the members of each object in the order of their names.
///
/// Members of the outermost object whose names `is_left_out` are not in it. Numbers and strings
/// keep their spelling: nothing is rounded or folded, so different values never get one form. Two
/// spellings of one value get two, which costs a cache miss and no wrong answer. Anything but one
/// value is `None`. The inside of a string is not checked: it serves as an identity as it is.
///
/// The SDK writes what is canonical already, but for maps. Without maps nothing is copied.
pub(super) fn canonical(json: &[u8], is_left_out: impl Fn(&[u8]) -> bool) -> Option<Cow<'_, [u8]>> {
    let mut walk = Walk {
        json,
        at: 0,
        copied: 0,
        out: Vec::new(),
        members: Vec::with_capacity(16),
    };
    walk.skip_space();
    walk.value(0, &is_left_out)?;
    walk.skip_space();
    (walk.at == json.len()).then(|| walk.finish())
}

/// Walks JSON, and writes its canonical form from where the two first differ.
struct Walk<'a> {
    json: &'a [u8],
    at: usize,
    /// Up to here `out` has the form; from here to `at` the form is what `json` says.
    copied: usize,
    out: Vec<u8>,
    /// The members seen so far of each object that is open, the outermost first.
    members: Vec<Member>,
}

struct Member {
    /// Without its quotes, in `json`.
    name: Range<usize>,
    /// Name, colon and value, in the form.
    place: Range<usize>,
}

/// What is left out of the objects inside: nothing.
fn nothing(_: &[u8]) -> bool {
    false
}

impl<'a> Walk<'a> {
    /// Goes past one value, and past no white space before or after it.
    fn value(&mut self, depth: usize, is_left_out: &dyn Fn(&[u8]) -> bool) -> Option<()> {
        match *self.json.get(self.at)? {
            _ if depth > MAX_DEPTH => None,
            b'{' => self.object(depth, is_left_out),
            b'[' => self.array(depth),
            b'"' => self.string().map(drop),
            _ => self.scalar(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        if self.next_is(b']') {
            return Some(());
        }
        loop {
            self.skip_space();
            self.value(depth + 1, &nothing)?;
            if self.next_is(b']') {
                return Some(());
            }
            self.next_is(b',').then_some(())?;
        }
    }

    fn object(&mut self, depth: usize, is_left_out: &dyn Fn(&[u8]) -> bool) -> Option<()> {
        self.at += 1;
        if self.next_is(b'}') {
            return Some(());
        }
        let (start, first) = (self.offset(), self.members.len());
        let mut in_order = true;
        loop {
            self.skip_space();
            let from = self.offset();
            let name = self.string()?;
            self.next_is(b':').then_some(())?;
            self.skip_space();
            self.value(depth + 1, &nothing)?;
            if is_left_out(&self.json[name.clone()]) {
                // Written anew without it, as if it stood in the wrong place.
                in_order = false;
            } else {
                let last = self.members[first..].last();
                let follows = last.is_none_or(|last| self.name(last) <= &self.json[name.clone()]);
                in_order &= follows;
                self.members.push(Member {
                    name,
                    place: from..self.offset(),
                });
            }
            self.skip_space();
            if self.next_is(b',') {
                continue;
            }
            if !in_order {
                self.put_in_order(start, first);
            }
            self.members.truncate(first);
            return self.next_is(b'}').then_some(());
        }
    }

    /// Writes anew the object that begins at `start` of the form, up to its closing brace.
    fn put_in_order(&mut self, start: usize, first: usize) {
        self.copy();
        let written = self.out.split_off(start);
        let json = self.json;
        // A stable sort: of two members of one name, which JSON allows, the last one stays the last.
        self.members[first..].sort_by_key(|member| &json[member.name.clone()]);
        for (index, Member { place, .. }) in self.members[first..].iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            let place = place.start - start..place.end - start;
            self.out.extend_from_slice(&written[place]);
        }
    }

    /// Past a string; its place without the quotes.
    fn string(&mut self) -> Option<Range<usize>> {
        (*self.json.get(self.at)? == b'"').then_some(())?;
        let start = self.at + 1;
        let mut at = start;
        loop {
            // Most of a request is text: its end is looked for many bytes at a time.
            at += memchr2(b'"', b'\\', self.json.get(at..)?)?;
            if self.json[at] == b'"' {
                self.at = at + 1;
                return Some(start..at);
            }
            // A backslash and what it escapes, which may be a quote.
            at += 2;
        }
    }

    fn scalar(&mut self) -> Option<()> {
        let rest = &self.json[self.at..];
        let end = rest
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte));
        let (scalar, _) = rest.split_at(end.unwrap_or(rest.len()));
        // No more is checked: two texts that differ have two forms whatever they mean.
        let is_number = matches!(scalar.first()?, b'-' | b'0'..=b'9');
        let is_value = is_number || [&b"true"[..], b"false", b"null"].contains(&scalar);
        is_value.then(|| self.at += scalar.len())
    }

    /// Past white space and, if it comes next, `byte`.
    fn next_is(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_next = self.json.get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip_space(&mut self) {
        let is_space = |&byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        if self.json.get(self.at).is_some_and(is_space) {
            self.copy();
            let spaces = self.json[self.at..]
                .iter()
                .take_while(|byte| is_space(byte));
            self.at += spaces.count();
            self.copied = self.at;
        }
    }

    fn name(&self, member: &Member) -> &'a [u8] {
        &self.json[member.name.clone()]
    }

    /// Where the form ends.
    fn offset(&self) -> usize {
        self.out.len() + self.at - self.copied
    }

    fn copy(&mut self) {
        self.out.extend_from_slice(&self.json[self.copied..self.at]);
        self.copied = self.at;
    }

    fn finish(mut self) -> Cow<'a, [u8]> {
        if self.copied == 0 {
            return Cow::Borrowed(self.json);
        }
        self.copy();
        Cow::Owned(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::{canonical, nothing};
    use proptest::prelude::*;
    use serde_json::{Map, Value};
    use std::borrow::Cow;

    fn text(json: &str) -> Option<String> {
        let form = canonical(json.as_bytes(), |name| name == b"meta")?;
        Some(String::from_utf8(form.into_owned()).unwrap())
    }

    fn whole(json: &str) -> Option<Cow<'_, [u8]>> {
        canonical(json.as_bytes(), nothing)
    }

    #[test]
    fn members_are_ordered_and_white_space_is_gone() {
        let messy = "\t{ \"b\" : [ 1 , {\"z\":null, \"a\" : true} ] ,\n \"a\":\"x y\" } ";
        let tidy = r#"{"a":"x y","b":[1,{"a":true,"z":null}]}"#;
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
            let (plain, messy) = (value.to_string(), respelled(&value));
            let form = whole(&plain);
            prop_assert!(form.is_some());
            prop_assert_eq!(&form, &whole(&messy));
            prop_assert_eq!(serde_json::from_slice::<Value>(&form.unwrap()).unwrap(), value);
        }

        #[test]
        fn different_values_have_different_forms(a in json(), b in json()) {
            let texts = [&a, &b].map(Value::to_string);
            prop_assert_eq!(a == b, whole(&texts[0]) == whole(&texts[1]));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = canonical(&bytes, |_| true);
        }
    }
}
