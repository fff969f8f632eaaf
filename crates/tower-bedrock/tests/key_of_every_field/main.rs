//! Every field of every input counts in the key, and no field of a later SDK is missed.
//!
//! The inputs are whole: the SDK's own source says which members its serializers can write, and a
//! member that no input here has is an error. Each part of each input is then changed by itself.

#![allow(
    clippy::unwrap_used,
    reason = "what the SDK requires is given, and the test fails otherwise"
)]

mod contents;
mod inputs;
mod other_inputs;
mod sdk;
#[path = "../sdk_source/mod.rs"]
mod sdk_source;
mod shown;
mod vary;

use sdk::Sdk;
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};
use tower_bedrock::{CacheKey, CacheScope, Operation, Request, wire};
use vary::{Vary, every_change};

static SDK: LazyLock<Sdk> = LazyLock::new(Sdk::find);

fn check<I: Operation>(parts: usize, make: impl Fn(&mut Vary) -> I) {
    let key = |input: &I| CacheKey::of(&Request::new(input.clone()), &CacheScope::new()).unwrap();
    let (unchanged, changed) = every_change(make);
    assert!(changed.len() >= parts, "{} parts", changed.len());
    assert_eq!(key(&unchanged), key(&unchanged.clone()));
    let mut keys = HashMap::from([(key(&unchanged), &unchanged)]);
    for input in &changed {
        // The SDK's own `Debug` hides what is the user's, so the serialized forms are shown.
        if let Some(other) = keys.insert(key(input), input) {
            let text = |input| String::from_utf8(wire::canonical(input).unwrap()).unwrap();
            assert_eq!(text(other), text(input), "two inputs with one key");
            panic!("a change that is not on the wire: {}", text(input));
        }
    }
}

#[test]
fn each_part_of_a_conversation_changes_the_key() {
    for choice in inputs::CHOICES {
        check(250, |v| inputs::converse(v, choice));
        check(200, |v| inputs::count_converse(v, choice));
    }
}

#[test]
fn each_part_of_the_other_inputs_changes_the_key() {
    check(16, inputs::invoke_model);
    check(3, inputs::count_invoke_model);
    check(12, inputs::apply_guardrail);
    check(8, other_inputs::guardrail_checks);
    check(14, other_inputs::start_async_invoke);
    check(1, other_inputs::get_async_invoke);
    check(14, other_inputs::list_async_invokes);
}

fn whole<I: Operation>(make: impl Fn(&mut Vary) -> I) -> http::Request<bytes::Bytes> {
    let (whole, _) = every_change(make);
    let fields = format!("{whole:?}");
    assert!(
        !fields.contains(": None"),
        "{} has a field that inputs.rs does not fill: {fields}",
        I::NAME
    );
    wire::encode(&whole).unwrap()
}

fn assert_covers(root: &str, requests: &[http::Request<bytes::Bytes>]) {
    let shapes = SDK.shapes(root);
    let mut seen = BTreeSet::new();
    for request in requests {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        sdk::note(&body, root, &shapes, &mut seen);
    }
    let all = sdk::all(&shapes);
    let missed: Vec<_> = all.difference(&seen).collect();
    assert!(
        missed.is_empty(),
        "the SDK writes members that no input has; fill them in inputs.rs: {missed:?}"
    );
    assert!(!seen.is_empty());
}

#[test]
fn the_inputs_have_all_that_the_sdk_writes_into_a_body() {
    let converse = inputs::CHOICES.map(|choice| whole(|v| inputs::converse(v, choice)));
    assert_covers("converse_input_input", &converse);
    let count = inputs::CHOICES.map(|choice| whole(|v| inputs::count_converse(v, choice)));
    let invoke_model = [whole(inputs::count_invoke_model)];
    assert_covers(
        "count_tokens_input_input",
        &[&count[..], &invoke_model].concat(),
    );
    assert_covers(
        "apply_guardrail_input_input",
        &[whole(inputs::apply_guardrail)],
    );
    assert_covers(
        "invoke_guardrail_checks_input_input",
        &[whole(other_inputs::guardrail_checks)],
    );
    assert_covers(
        "start_async_invoke_input_input",
        &[whole(other_inputs::start_async_invoke)],
    );
    whole(other_inputs::converse_stream);
    whole(other_inputs::invoke_model_stream);
    // All that these have is in the path and the query.
    whole(other_inputs::get_async_invoke);
    whole(other_inputs::list_async_invokes);
}

#[test]
fn the_inputs_have_all_that_the_sdk_writes_into_headers() {
    let request = whole(inputs::invoke_model);
    let written: BTreeSet<_> = request
        .headers()
        .keys()
        .map(|name| name.as_str().to_owned())
        .collect();
    let possible = SDK.headers("invoke_model");
    assert!(possible.len() > 6, "the SDK writes headers in another way");
    let missed: Vec<_> = possible.difference(&written).collect();
    assert!(
        missed.is_empty(),
        "the SDK writes headers that no input has; fill them in inputs.rs: {missed:?}"
    );
    for operation in [
        "converse",
        "count_tokens",
        "apply_guardrail",
        "invoke_guardrail_checks",
        "start_async_invoke",
        "get_async_invoke",
        "list_async_invokes",
    ] {
        let headers = SDK.headers(operation);
        assert!(
            headers.is_empty(),
            "{operation} has headers now: {headers:?}"
        );
    }
}
