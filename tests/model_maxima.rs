//! The simulator and the client each have a table of how many output tokens a model writes at most.
//! Neither is taken from the other, or one mistake would hide the other; here they are compared.

use bedrock_sim::Model;
use tower_bedrock::policy::MaxOutput;

/// Models on which both agree.
const SAME: &[&str] = &[
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-instant-v1",
    "anthropic.claude-opus-4-1-20250805-v1:0",
    "anthropic.claude-opus-4-20250514-v1:0",
    "anthropic.claude-opus-4-5-20251101-v1:0",
    "anthropic.claude-sonnet-4-20250514-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-v2:1",
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.amazon.nova-lite-v1:0",
    "cohere.command-r-v1:0",
    "mistral.mixtral-8x7b-instruct-v0:1",
];

/// Sources differ on Claude 4.6 and later. The client takes the most of them: what it assumes too
/// high only holds quota back until the answer is there, what it assumes too low is throttled. The
/// simulator keeps what the documentation said of the models that it was written after.
const SINCE_CLAUDE_4_6: &[&str] = &[
    "anthropic.claude-fable-5-1-v1:0",
    "anthropic.claude-opus-4-6-v1:0",
    "anthropic.claude-opus-4-8-v1:0",
    "anthropic.claude-opus-5-v1:0",
    "anthropic.claude-sonnet-4-6-v1:0",
    "us.anthropic.claude-sonnet-5-v1:0",
];

/// Others on which they differ: the model, the simulator's maximum, the client's.
const DIFFERENT: &[(&str, u64, u64)] = &[
    // A round number here, the exact one there.
    ("amazon.nova-2-lite-v1:0", 64_000, 65_535),
    // The simulator has a table for Claude and Nova alone, and one default for all others.
    ("amazon.titan-text-premier-v1:0", 4_096, 3_072),
    ("deepseek.r1-v1:0", 4_096, 8_192),
    ("meta.llama3-70b-instruct-v1:0", 4_096, 2_048),
    ("meta.llama4-scout-17b-instruct-v1:0", 4_096, 8_192),
    ("openai.gpt-oss-120b-1:0", 4_096, 16_384),
    ("vendor.unknown-v1:0", 4_096, 8_192),
];

/// What the simulator and what the client say of a model.
fn maxima(id: &str) -> (u64, u64) {
    (Model::new(id).output_limit(), MaxOutput::standard().of(id))
}

#[test]
fn the_simulator_and_the_client_agree_on_what_most_models_write() {
    for id in SAME {
        let (simulator, client) = maxima(id);
        assert_eq!(simulator, client, "{id}");
    }
}

#[test]
fn each_difference_between_them_is_known() {
    for id in SINCE_CLAUDE_4_6 {
        assert_eq!(maxima(id), (64_000, 128_000), "{id}");
    }
    for (id, simulator, client) in DIFFERENT {
        assert_eq!(maxima(id), (*simulator, *client), "{id}");
    }
}
