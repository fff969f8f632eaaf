use super::*;
use proptest::prelude::*;

fn document() -> impl Strategy<Value = Document> {
    let leaf = prop_oneof![
        Just(Document::Null),
        any::<bool>().prop_map(Document::Bool),
        ".{0,40}".prop_map(Document::String),
    ];
    leaf.prop_recursive(4, 200, 30, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..30).prop_map(Document::Array),
            prop::collection::hash_map(".{0,9}", inner, 0..30).prop_map(Document::Object),
        ]
    })
}

proptest! {
    #[test]
    fn a_document_has_as_many_bytes_as_the_allocator_gave_out(document in document()) {
        let mut copy = None;
        let counted = allocation_counter::measure(|| copy = Some(document.clone()));
        let heap = copy.expect("it is copied").heap() as i64;
        prop_assert_eq!(heap, counted.bytes_current);
    }
}

#[test]
fn results_of_checks_have_as_many_bytes_as_the_allocator_gave_out() {
    use aws_sdk_bedrockruntime::operation::invoke_guardrail_checks::InvokeGuardrailChecksOutput;
    use aws_sdk_bedrockruntime::types::{
        GuardrailChecksContentFilterCategory as Category, GuardrailChecksContentFilterResult,
        GuardrailChecksContentFilterResultEntry, GuardrailChecksResults,
    };
    let entry = || {
        GuardrailChecksContentFilterResultEntry::builder()
            .category(Category::Hate)
            .severity_score(0.5)
            .build()
            .expect("all is given")
    };
    let filter = GuardrailChecksContentFilterResult::builder()
        .set_results(Some(vec![entry(), entry(), entry()]))
        .build()
        .expect("all is given");
    let results = GuardrailChecksResults::builder()
        .content_filter(filter)
        .build();
    let output = InvokeGuardrailChecksOutput::builder()
        .results(results)
        .build();
    let mut copy = None;
    let counted = allocation_counter::measure(|| copy = Some(output.clone()));
    let heap = copy.expect("it is copied").heap() as i64;
    assert_eq!(heap, counted.bytes_current);
    assert!(heap > 0);
}
