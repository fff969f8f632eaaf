//! Values in the shape of a JSON schema, for the input of tool calls.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::words::WORDS;

/// Bounds what a hostile schema can make of a small request.
const NODES: u32 = 500;
const DEPTH: u32 = 16;
const LENGTH: u64 = 1_000;
/// How many characters of JSON may be copied from the schema.
const COPIED: usize = 100_000;

/// An object for a tool's input; every property is filled in.
pub(crate) fn draw(schema: &Value, rng: &mut Rng) -> Value {
    let mut shaper = Shaper {
        root: schema,
        rng,
        nodes: NODES,
        copied: 0,
    };
    match shaper.value(schema, 0) {
        object @ Value::Object(_) => object,
        _ => json!({}),
    }
}

struct Shaper<'a> {
    root: &'a Value,
    rng: &'a mut Rng,
    nodes: u32,
    copied: usize,
}

impl<'a> Shaper<'a> {
    fn value(&mut self, schema: &'a Value, depth: u32) -> Value {
        if self.nodes == 0 {
            return Value::Null;
        }
        self.nodes -= 1;
        if depth > DEPTH {
            return Value::Null;
        }
        // A default is valid for sure, a value that is guessed from the type may not be.
        if let Some(fixed) = schema.get("const").or_else(|| schema.get("default")) {
            return self.copy(fixed);
        }
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            let choice = self.rng.choice(choices);
            return choice.map_or(Value::Null, |choice| self.copy(choice));
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target
                .strip_prefix('#')
                .and_then(|at| self.root.pointer(at));
            return target.map_or(Value::Null, |target| self.value(target, depth + 1));
        }
        if let Some(first) = ["anyOf", "oneOf", "allOf"]
            .iter()
            .find_map(|key| schema.get(*key)?.as_array()?.first())
        {
            return self.value(first, depth + 1);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "integer" => self.integer(schema),
            "number" => number(schema),
            "boolean" => self.rng.bool().into(),
            "null" => Value::Null,
            _ => self.text(schema),
        }
    }

    /// A value of the schema's own; null once there are too many of them.
    fn copy(&mut self, value: &Value) -> Value {
        if self.copied > COPIED {
            return Value::Null;
        }
        self.copied += value.to_string().len();
        value.clone()
    }

    fn object(&mut self, schema: &'a Value, depth: u32) -> Value {
        let mut properties: Vec<_> = schema
            .get("properties")
            .and_then(Value::as_object)
            .map(|properties| properties.iter().collect())
            .unwrap_or_default();
        // What is drawn must not depend on the order of keys, as the digest does not.
        properties.sort_unstable_by_key(|(name, _)| *name);
        let members: Map<_, _> = properties
            .into_iter()
            .map(|(name, schema)| (name.clone(), self.value(schema, depth + 1)))
            .collect();
        members.into()
    }

    fn array(&mut self, schema: &'a Value, depth: u32) -> Value {
        let most = bound(schema, "maxItems").unwrap_or(LENGTH);
        let length = bound(schema, "minItems").unwrap_or(0).max(1).min(most);
        let Some(item) = schema.get("items") else {
            return json!([]);
        };
        let mut items = Vec::new();
        while (items.len() as u64) < length && self.nodes > 0 {
            items.push(self.value(item, depth + 1));
        }
        items.into()
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let get = |key| schema.get(key).and_then(Value::as_i64);
        let least = get("minimum").or_else(|| get("exclusiveMinimum").map(|n| n.saturating_add(1)));
        let most = get("maximum").or_else(|| get("exclusiveMaximum").map(|n| n.saturating_sub(1)));
        let (least, most) = match (least, most) {
            (Some(least), Some(most)) => (least, most.max(least)),
            (Some(least), None) => (least, least.saturating_add(99)),
            (None, Some(most)) => (most.min(1), most),
            (None, None) => (1, 100),
        };
        self.rng.i64(least..=most).into()
    }

    fn text(&mut self, schema: &Value) -> Value {
        match schema.get("format").and_then(Value::as_str) {
            Some("date") => return "2026-01-31".into(),
            Some("date-time") => return "2026-01-31T12:00:00Z".into(),
            Some("time") => return "12:00:00Z".into(),
            Some("email") => return "someone@example.com".into(),
            Some("uri" | "url") => return "https://example.com/".into(),
            Some("uuid") => return "00000000-0000-4000-8000-000000000000".into(),
            _ => {}
        }
        let mut text = self
            .rng
            .choice(WORDS)
            .copied()
            .unwrap_or_default()
            .to_owned();
        let least = bound(schema, "minLength").unwrap_or(0);
        while (text.len() as u64) < least {
            text.push_str(self.rng.choice(WORDS).copied().unwrap_or("the"));
        }
        if let Some(most) = bound(schema, "maxLength") {
            text.truncate(usize::try_from(most.max(least)).unwrap_or(usize::MAX));
        }
        text.into()
    }
}

/// The middle of the range.
fn number(schema: &Value) -> Value {
    let get = |key| schema.get(key).and_then(Value::as_f64);
    let least = get("minimum").or_else(|| get("exclusiveMinimum"));
    let most = get("maximum").or_else(|| get("exclusiveMaximum"));
    let (least, most) = match (least, most) {
        (Some(least), Some(most)) => (least, most),
        (Some(least), None) => (least, least + 2.0),
        (None, Some(most)) => (most - 2.0, most),
        (None, None) => (0.0, 2.0),
    };
    json!(least + (most - least) / 2.0)
}

/// The schema's type; of several the first that is not null; without one, what its members hint.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn bound(schema: &Value, key: &str) -> Option<u64> {
    Some(schema.get(key)?.as_u64()?.min(LENGTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_has_every_property_in_its_shape() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string", "minLength": 5, "maxLength": 6},
                "unit": {"enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer", "minimum": 1, "maximum": 7},
                "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                "tags": {"type": "array", "minItems": 2, "items": {"type": ["null", "boolean"]}},
                "at": {"$ref": "#/$defs/place"},
            },
            "$defs": {"place": {"properties": {"lat": {"type": "number"}}}},
        });
        let value = draw(&schema, &mut Rng::with_seed(1));
        let city = value["city"].as_str().unwrap();
        assert!((5..=6).contains(&city.len()), "{city}");
        assert!(["celsius", "fahrenheit"].contains(&value["unit"].as_str().unwrap()));
        assert!((1..=7).contains(&value["days"].as_i64().unwrap()));
        let share = value["share"].as_f64().unwrap();
        assert!(share > 0.0 && share < 1.0);
        assert_eq!(value["tags"].as_array().unwrap().len(), 2);
        assert!(value["at"]["lat"].is_number());
        assert_eq!(value, draw(&schema, &mut Rng::with_seed(1)));
    }

    #[test]
    fn a_hostile_schema_stays_small() {
        let schema = json!({
            "properties": {"x": {"$ref": "#/$defs/y"}},
            "$defs": {"y": {"type": "array", "minItems": 1_000_000, "items": {"$ref": "#/$defs/y"}}},
        });
        let value = draw(&schema, &mut Rng::with_seed(1));
        assert!(value.to_string().len() < 10_000);

        let big = "x".repeat(COPIED);
        let properties: Map<_, _> = (0..400)
            .map(|n| (n.to_string(), json!({"$ref": "#/$defs/big"})))
            .collect();
        let schema = json!({"properties": properties, "$defs": {"big": {"const": big}}});
        let value = draw(&schema, &mut Rng::with_seed(1));
        assert!(value.to_string().len() < 2 * COPIED);
    }
}
