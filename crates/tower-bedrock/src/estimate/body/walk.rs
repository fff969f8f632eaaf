//! Reads the JSON body of `InvokeModel`, once, for what it costs.

use super::families::{Family, Path, family};
use crate::estimate::{
    Estimate,
    rules::{IMAGE, MESSAGE, TOOL, TOOL_CALL, audio, bytes, document, text, video},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// What `body` says to `model`. Of one that is not JSON its length alone.
pub(crate) fn estimate(model: &str, body: &[u8]) -> Estimate {
    let family = family(model);
    let paths = match family {
        Family::Text(paths) => paths,
        Family::NoOutput => &[],
    };
    let mut found = Found {
        tokens: 0,
        json: 0,
        limit: None,
        paths,
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    let whole = Place::OUTERMOST.value(&mut found).deserialize(&mut json);
    let input = match whole.and_then(|()| json.end()) {
        Ok(()) => found.tokens.saturating_add(bytes(found.json)),
        Err(_) => bytes(body.len()),
    };
    let max_output = match family {
        Family::Text(_) => found.limit.map(|(_, limit)| limit),
        Family::NoOutput => Some(0),
    };
    Estimate { input, max_output }
}

struct Found {
    tokens: u64,
    /// Of what the model reads as JSON, the length.
    json: usize,
    /// With the rank of its path.
    limit: Option<(usize, u64)>,
    paths: &'static [Path],
}

impl Found {
    fn add(&mut self, tokens: u64) {
        self.tokens = self.tokens.saturating_add(tokens);
    }

    fn number(&mut self, place: &Place<'_>, number: u64) {
        let here = |path: &Path| match place.depth {
            1 => *path == [place.name],
            2 => *path == [place.parent, place.name],
            _ => false,
        };
        let Some(rank) = self.paths.iter().position(here) else {
            return;
        };
        if self.limit.is_none_or(|(other, _)| rank < other) {
            self.limit = Some((rank, number));
        }
    }
}

/// Where in the body a value is.
#[derive(Clone, Copy)]
struct Place<'n> {
    /// How many members are around it.
    depth: usize,
    /// The member that it is the value of, or in a list of.
    name: &'n str,
    parent: &'n str,
    medium: Medium,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Medium {
    /// Text and whatever else says nothing of itself.
    Any,
    Document,
    Video,
    Audio,
    /// A schema or a tool's input, which the model reads as JSON.
    Json,
}

impl<'n> Place<'n> {
    const OUTERMOST: Self = Place {
        depth: 0,
        name: "",
        parent: "",
        medium: Medium::Any,
    };

    fn member(&self, name: &'n str) -> Self {
        let medium = match (self.medium, name) {
            (Medium::Json, _)
            | (_, "input_schema" | "inputSchema" | "parameters" | "input" | "json") => Medium::Json,
            (_, "document") => Medium::Document,
            (_, "video") => Medium::Video,
            (_, "audio") => Medium::Audio,
            (medium, _) => medium,
        };
        Self {
            depth: self.depth + 1,
            name,
            parent: self.name,
            medium,
        }
    }

    fn value<'f>(self, found: &'f mut Found) -> Value<'n, 'f> {
        Value { place: self, found }
    }

    /// What the member itself costs, whatever its value.
    fn overhead(&self, found: &mut Found) {
        match self.name {
            "role" => found.add(MESSAGE),
            "input_schema" | "inputSchema" | "parameters" => found.add(TOOL),
            "tool_use_id" | "toolUseId" | "tool_call_id" => found.add(TOOL_CALL),
            // Quotes, colon and comma.
            name if self.medium == Medium::Json => found.json += name.len() + 4,
            _ => {}
        }
    }

    /// Names and ids that the model's prompt does not have, or that the overhead stands for.
    fn is_unread(&self) -> bool {
        matches!(
            self.name,
            "anthropic_version"
                | "cache_control"
                | "cachePoint"
                | "format"
                | "id"
                | "media_type"
                | "role"
                | "schemaVersion"
                | "tool_call_id"
                | "tool_use_id"
                | "toolUseId"
                | "type"
        )
    }

    fn string(&self, value: &str, found: &mut Found) {
        if self.medium == Medium::Json {
            found.json += value.len() + 2;
        } else if self.is_medium(value) {
            let len = Some(value.len() / 4 * 3);
            found.add(match self.medium {
                Medium::Video => video(len),
                Medium::Audio => audio(len),
                Medium::Document => document(len),
                _ if is_pdf(value) => document(len),
                _ => IMAGE,
            });
        } else if !self.is_unread() {
            found.add(text(value));
        }
    }

    fn is_medium(&self, value: &str) -> bool {
        value.starts_with("data:")
            || matches!(
                self.name,
                "bytes" | "data" | "image" | "images" | "inputImage"
            ) && is_base64(value)
    }
}

/// Whether it begins as base64 does and text seldom.
fn is_base64(value: &str) -> bool {
    let mut start = value.bytes().take(64);
    start.all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}

fn is_pdf(value: &str) -> bool {
    value.starts_with("JVBERi0") || value.starts_with("data:application/pdf")
}

struct Value<'n, 'f> {
    place: Place<'n>,
    found: &'f mut Found,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.place.string(value, self.found);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.found.number(&self.place, value);
        self.visit_unit()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        if self.place.medium == Medium::Json {
            self.found.json += 4;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { place, found } = self;
        while items.next_element_seed(place.value(&mut *found))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { place, found } = self;
        while let Some(Name(name)) = members.next_key()? {
            let member = place.member(&name);
            member.overhead(found);
            members.next_value_seed(member.value(&mut *found))?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

    fn read(model: &str, body: &serde_json::Value) -> Estimate {
        estimate(model, body.to_string().as_bytes())
    }

    #[test]
    fn every_family_says_its_limit_in_its_own_way() {
        for (model, body, limit) in [
            (CLAUDE, json!({"max_tokens": 64}), Some(64)),
            (
                "anthropic.claude-v2:1",
                json!({"max_tokens_to_sample": 65}),
                Some(65),
            ),
            (
                "us.amazon.nova-pro-v1:0",
                json!({"inferenceConfig": {"maxTokens": 66}}),
                Some(66),
            ),
            (
                "amazon.nova-lite-v1:0",
                json!({"inferenceConfig": {"max_new_tokens": 67}}),
                Some(67),
            ),
            ("amazon.nova-lite-v1:0", json!({"max_tokens": 67}), None),
            (
                "amazon.titan-text-express-v1",
                json!({"textGenerationConfig": {"maxTokenCount": 68}}),
                Some(68),
            ),
            (
                "us.meta.llama3-3-70b-instruct-v1:0",
                json!({"max_gen_len": 69}),
                Some(69),
            ),
            (
                "mistral.mistral-large-2402-v1:0",
                json!({"max_tokens": 70}),
                Some(70),
            ),
            ("cohere.command-r-v1:0", json!({"max_tokens": 71}), Some(71)),
            ("deepseek.r1-v1:0", json!({"max_tokens": 72}), Some(72)),
            (
                "ai21.jamba-1-5-mini-v1:0",
                json!({"max_tokens": 73}),
                Some(73),
            ),
            ("ai21.j2-ultra-v1", json!({"maxTokens": 74}), Some(74)),
            ("qwen.qwen3-32b-v1:0", json!({"max_tokens": 75}), Some(75)),
            (
                "openai.gpt-oss-120b-1:0",
                json!({"max_tokens": 5, "max_completion_tokens": 76}),
                Some(76),
            ),
            (
                "amazon.titan-embed-text-v2:0",
                json!({"inputText": "hello"}),
                Some(0),
            ),
            (
                "cohere.embed-english-v3",
                json!({"texts": ["hello"], "max_tokens": 9}),
                Some(0),
            ),
            ("vendor.unheard-of", json!({"max_gen_len": 77}), Some(77)),
            (
                "arn:aws:bedrock:us-east-1:1:application-inference-profile/x",
                json!({"max_tokens": 78}),
                Some(78),
            ),
            (CLAUDE, json!({"max_tokens": "many"}), None),
            (CLAUDE, json!({"max_tokens": -1}), None),
            (CLAUDE, json!({"thinking": {"max_tokens": 5}}), None),
            (CLAUDE, json!({"messages": [{"max_tokens": 5}]}), None),
        ] {
            assert_eq!(read(model, &body).max_output, limit, "{model} {body}");
        }
    }

    #[test]
    fn text_counts_by_its_length_and_names_and_numbers_do_not() {
        let body = json!({
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 1_000,
            "temperature": 0.5,
            "system": "x".repeat(40),
            "messages": [
                {"role": "user", "content": "y".repeat(400)},
                {"role": "assistant", "content": [{"type": "text", "text": "z\n".repeat(20)}]},
            ],
        });
        assert_eq!(read(CLAUDE, &body).input, 10 + 100 + 10 + 2 * MESSAGE);
        let titan = json!({"inputText": "x".repeat(80), "textGenerationConfig": {}});
        assert_eq!(read("amazon.titan-text-express-v1", &titan).input, 20);
    }

    #[test]
    fn tools_count_as_json() {
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let tool = json!({"name": "weather", "description": "looks", "input_schema": schema});
        let input = read(CLAUDE, &json!({"tools": [tool]})).input;
        let exact = TOOL + text("weather") + text("looks") + text(&schema.to_string());
        assert!(input.abs_diff(exact) <= 3, "{input} instead of {exact}");
    }

    #[test]
    fn base64_is_a_medium_and_not_text() {
        let image = "iVBORw0KGgo".to_owned() + &"A".repeat(400_000);
        let pdf = "JVBERi0".to_owned() + &"A".repeat(200_000);
        let nova = "us.amazon.nova-lite-v1:0";
        for (model, content, tokens) in [
            (
                CLAUDE,
                json!({"type": "image", "source": {"type": "base64", "data": image}}),
                IMAGE,
            ),
            (
                CLAUDE,
                json!({"type": "document", "source": {"data": pdf}}),
                6_000,
            ),
            (
                CLAUDE,
                json!({"type": "document", "source": {"type": "text", "data": "a b c d "}}),
                2,
            ),
            (
                nova,
                json!({"image": {"format": "png", "source": {"bytes": image}}}),
                IMAGE,
            ),
            (
                nova,
                json!({"document": {"format": "docx", "source": {"bytes": "UEsDBA"}}}),
                3_000,
            ),
            (
                nova,
                json!({"video": {"format": "mp4", "source": {"bytes": "AAAA"}}}),
                10_000,
            ),
            (
                "qwen.qwen3-vl-235b-a22b",
                json!({"image_url": {"url": format!("data:image/png;base64,{image}")}}),
                IMAGE,
            ),
            (
                "meta.llama3-2-11b-instruct-v1:0",
                json!({"images": [image, image]}),
                2 * IMAGE,
            ),
            (
                "amazon.titan-embed-image-v1",
                json!({"inputImage": image}),
                IMAGE,
            ),
        ] {
            assert_eq!(read(model, &content).input, tokens, "{model}");
        }
    }

    #[test]
    fn what_is_not_json_counts_by_its_bytes() {
        for body in [
            "not json",
            "{\"max_tokens\": 5",
            "{} {}",
            "",
            "{\"a\": \"\u{7}\"}",
        ] {
            let read = estimate(CLAUDE, body.as_bytes());
            assert_eq!(read.input, bytes(body.len()), "{body}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(estimate(CLAUDE, deep.as_bytes()).input, 25_000);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            estimate(CLAUDE, &body);
        }

        #[test]
        fn longer_text_never_costs_less(a in "\\PC{0,200}", more in "\\PC{0,200}") {
            let cost = |text: &str| {
                read(CLAUDE, &json!({"messages": [{"role": "user", "content": text}]})).input
            };
            prop_assert_eq!(cost(&a), MESSAGE + (a.len() as u64).div_ceil(4));
            let longer = cost(&format!("{a}{more}"));
            prop_assert!(longer >= cost(&a));
        }
    }
}
