//! The operations that are served, against those that the SDK has.

mod sdk_source;

use aws_sdk_bedrockruntime::operation::{
    apply_guardrail::ApplyGuardrailInput, converse::ConverseInput,
    converse_stream::ConverseStreamInput, count_tokens::CountTokensInput,
    get_async_invoke::GetAsyncInvokeInput, invoke_guardrail_checks::InvokeGuardrailChecksInput,
    invoke_model::InvokeModelInput,
    invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
    list_async_invokes::ListAsyncInvokesInput, start_async_invoke::StartAsyncInvokeInput,
};
use std::{collections::BTreeSet, fs};
use tower_bedrock::Operation;

const SERVED: [&str; 10] = [
    ApplyGuardrailInput::NAME,
    ConverseInput::NAME,
    ConverseStreamInput::NAME,
    CountTokensInput::NAME,
    GetAsyncInvokeInput::NAME,
    InvokeGuardrailChecksInput::NAME,
    InvokeModelInput::NAME,
    InvokeModelWithResponseStreamInput::NAME,
    ListAsyncInvokesInput::NAME,
    StartAsyncInvokeInput::NAME,
];

/// Its input goes on while the answer does: no request can be kept, repeated or counted beforehand.
const NOT_SERVED: [&str; 1] = ["InvokeModelWithBidirectionalStream"];

/// `converse_stream` is `ConverseStream`.
fn name(module: &str) -> String {
    let words = module.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}

#[test]
fn every_operation_of_the_sdk_is_served_or_known_not_to_be() {
    let files = fs::read_dir(sdk_source::folder().join("operation")).expect("the SDK has a folder");
    let files = files.map(|file| file.expect("it can be read").file_name());
    let files = files.map(|file| file.into_string().expect("it is text"));
    let theirs: BTreeSet<_> = files
        .filter_map(|file| file.strip_suffix(".rs").map(name))
        .collect();
    let ours = SERVED.iter().chain(&NOT_SERVED);
    let ours: BTreeSet<_> = ours.map(|name| (*name).to_owned()).collect();
    let new: Vec<_> = theirs.difference(&ours).collect();
    assert!(
        new.is_empty(),
        "the SDK has operations that nobody decided on: {new:?}"
    );
    assert_eq!(theirs, ours, "the SDK has lost operations");
}

#[test]
fn the_docs_name_what_is_served_and_what_is_not() {
    let (readme, guide) = (
        include_str!("../README.md"),
        include_str!("../docs/requests.md"),
    );
    for name in SERVED.iter().chain(&NOT_SERVED) {
        assert!(guide.contains(&format!("`{name}`")), "{name}");
    }
    assert!(NOT_SERVED.iter().all(|name| readme.contains(name)));
}
