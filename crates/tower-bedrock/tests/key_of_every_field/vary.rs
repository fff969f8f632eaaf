use aws_sdk_bedrockruntime::primitives::Blob;
use aws_smithy_types::{Document, Number};
use std::collections::HashMap;

/// Gives the parts of an input: all of them as they are at first, but for the one to change.
///
/// A part is a value, or whether an optional one is there at all.
pub(crate) struct Vary {
    given: usize,
    change: Option<usize>,
}

/// The input without a change, and with each of its parts changed, one at a time.
pub(crate) fn every_change<I>(make: impl Fn(&mut Vary) -> I) -> (I, Vec<I>) {
    let vary = |change| Vary { given: 0, change };
    let mut count = vary(None);
    let unchanged = make(&mut count);
    let changed = (0..count.given).map(|part| make(&mut vary(Some(part))));
    (unchanged, changed.collect())
}

impl Vary {
    pub(crate) fn either<T>(&mut self, first: T, changed: T) -> T {
        let is_changed = self.change == Some(self.given);
        self.given += 1;
        if is_changed { changed } else { first }
    }

    /// There at first, missing when changed.
    pub(crate) fn some<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let is_there = self.either(true, false);
        // Made in any case, or the parts after it would be other ones.
        let value = value(self);
        is_there.then_some(value)
    }

    pub(crate) fn text(&mut self) -> String {
        // One letter with an accent, and a letter and an accent.
        self.either("caf\u{e9}", "cafe\u{301}").to_owned()
    }

    /// A value of one of the SDK's enums, which are open.
    pub(crate) fn name<T: for<'a> From<&'a str>>(&mut self) -> T {
        self.either("one", "other").into()
    }

    pub(crate) fn int(&mut self) -> i32 {
        self.either(7, 8)
    }

    pub(crate) fn float(&mut self) -> f32 {
        self.either(0.5, 0.500_000_1)
    }

    pub(crate) fn bool(&mut self) -> bool {
        self.either(true, false)
    }

    pub(crate) fn blob(&mut self) -> Blob {
        Blob::new(self.either([1, 2, 3], [1, 2, 4]))
    }

    /// A JSON value, whose number no 64-bit float can tell from its neighbour.
    pub(crate) fn document(&mut self) -> Document {
        let number = Document::Number(Number::PosInt(self.either(1 << 53, (1 << 53) + 1)));
        let inner = HashMap::from([(self.text(), number), (self.text() + "!", Document::Null)]);
        Document::Array(vec![Document::Object(inner)])
    }
}
