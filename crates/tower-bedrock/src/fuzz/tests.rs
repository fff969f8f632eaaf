use super::streams;
use std::{fs, path::Path};

/// What the fuzzer found worth keeping, run again without it.
#[test]
fn streams_of_the_corpus_keep_their_promises() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/streams");
    let files = fs::read_dir(corpus).unwrap();
    let mut ran = 0;
    for file in files {
        streams(&fs::read(file.unwrap().path()).unwrap());
        ran += 1;
    }
    assert!(ran > 10, "{ran}");
}

#[test]
fn streams_of_made_up_bytes_keep_their_promises() {
    proptest::proptest!(|(data in proptest::collection::vec(proptest::num::u8::ANY, 0..200))| {
        streams(&data);
    });
}
