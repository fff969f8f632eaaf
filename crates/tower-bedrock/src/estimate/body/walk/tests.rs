use super::*;
use crate::estimate::rules::{IMAGE, MESSAGE, TOOL, text};
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
        assert_eq!(
            read(model, &body).max_output_tokens,
            limit,
            "{model} {body}"
        );
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
    assert_eq!(
        read(CLAUDE, &body).input_tokens,
        10 + 100 + 10 + 2 * MESSAGE
    );
    let titan = json!({"inputText": "x".repeat(80), "textGenerationConfig": {}});
    assert_eq!(
        read("amazon.titan-text-express-v1", &titan).input_tokens,
        20
    );
}

#[test]
fn tools_count_as_json() {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool = json!({"name": "weather", "description": "looks", "input_schema": schema});
    let input = read(CLAUDE, &json!({"tools": [tool]})).input_tokens;
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
        (
            "us.twelvelabs.pegasus-1-2-v1:0",
            json!({"mediaSource": {"base64String": image}}),
            10_000,
        ),
        (
            "us.twelvelabs.pegasus-1-5-v1:0",
            json!({"mediaSource": {"s3Location": {"uri": "s3://bucket/film.mp4"}}}),
            10_000,
        ),
        (
            "twelvelabs.marengo-embed-3-0-v1:0",
            json!({"image": {"mediaSource": {"base64String": image}}}),
            IMAGE,
        ),
        (
            "us.stability.stable-image-inpaint-v1:0",
            json!({"image": image, "mask": image}),
            2 * IMAGE,
        ),
        (
            "us.stability.stable-style-transfer-v1:0",
            json!({"init_image": image, "style_image": image}),
            2 * IMAGE,
        ),
        (
            "amazon.nova-canvas-v1:0",
            json!({"inPaintingParams": {"image": image, "maskImage": image}}),
            2 * IMAGE,
        ),
        (
            "amazon.nova-canvas-v1:0",
            json!({"textToImageParams": {"conditionImage": image}}),
            IMAGE,
        ),
        (
            "amazon.nova-canvas-v1:0",
            json!({"virtualTryOnParams": {"sourceImage": image, "referenceImage": image}}),
            2 * IMAGE,
        ),
        (
            "openai.gpt-oss-120b-1:0",
            json!({"input_audio": {"data": image}}),
            2_000,
        ),
    ] {
        assert_eq!(read(model, &content).input_tokens, tokens, "{model}");
    }
}

#[test]
fn text_under_a_media_name_is_text() {
    for (name, value) in [
        ("image", "a red bicycle in front of a house"),
        (
            "mask",
            "the sky, and what is above the trees, without the birds",
        ),
        ("uri", "s3://bucket/object"),
    ] {
        let read = read("vendor.model", &json!({name: value}));
        assert_eq!(read.input_tokens, text(value), "{name}");
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
        assert_eq!(read.input_tokens, bytes(body.len()), "{body}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(estimate(CLAUDE, deep.as_bytes()).input_tokens, 25_000);
}

proptest! {
    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        estimate(CLAUDE, &body);
    }

    #[test]
    fn longer_text_never_costs_less(a in "\\PC{0,200}", more in "\\PC{0,200}") {
        let cost = |text: &str| {
            read(CLAUDE, &json!({"messages": [{"role": "user", "content": text}]})).input_tokens
        };
        prop_assert_eq!(cost(&a), MESSAGE + (a.len() as u64).div_ceil(4));
        let longer = cost(&format!("{a}{more}"));
        prop_assert!(longer >= cost(&a));
    }
}
