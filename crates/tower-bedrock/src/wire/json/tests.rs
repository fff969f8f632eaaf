use super::{canonical, nothing};
use proptest::prelude::*;
use serde_json::{Map, Value};
fn text(json: &str) -> Option<String> {
    let form = canonical(json.as_bytes(), |name| name == b"meta")?;
    Some(String::from_utf8(form.pieces().collect::<Vec<_>>().concat()).unwrap())
}

fn whole(json: &str) -> Option<Vec<u8>> {
    let form = canonical(json.as_bytes(), nothing)?;
    Some(form.pieces().collect::<Vec<_>>().concat())
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
            prop::collection::vec(("\\PC{0,4}", inner), 0..4)
                .prop_map(|members| { Value::Object(members.into_iter().collect::<Map<_, _>>()) }),
        ]
    })
}

/// The same value with each object's members the other way round and `space` between all parts.
fn respelled(value: &Value, space: &str) -> String {
    let between = format!("{space},{space}");
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| respelled(item, space)).collect();
            format!("[{space}{}{space}]", items.join(&between))
        }
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .rev()
                .map(|(name, value)| {
                    let (name, value) = (Value::from(name.as_str()), respelled(value, space));
                    format!("{name}{space}:{space}{value}")
                })
                .collect();
            format!("{{{space}{}{space}}}", members.join(&between))
        }
        scalar => scalar.to_string(),
    }
}

proptest! {
    #[test]
    fn equal_values_have_equal_forms(value in json()) {
        let form = whole(&value.to_string());
        prop_assert!(form.is_some());
        for space in ["", " ", "\t\n"] {
            prop_assert_eq!(&form, &whole(&respelled(&value, space)));
        }
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
