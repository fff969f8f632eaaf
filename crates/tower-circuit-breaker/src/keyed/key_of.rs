use std::fmt;
use std::hash::Hash;

/// Says which circuit a request belongs to.
///
/// Closures `Fn(&Req) -> Key` implement it. A type that implements it for several request types
/// with one `Key` lets one layer value, and so one set of circuits, serve them all.
///
/// The key is made for every call: a number or an `Arc<str>` costs no allocation, a `String` costs
/// one. Its `Display` text appears in [`Open`](crate::Open) and in log lines, so it should hold no
/// secret.
pub trait KeyOf<Req> {
    /// Tells circuits apart.
    ///
    /// Prefer a type without lifetimes: with a `&'static str` the service cannot be called in the
    /// `async` block of every spawned task (rust-lang/rust#102211). Use a number or an `Arc<str>`;
    /// or spawn the future itself, or call `boxed_clone()` on the service first.
    type Key: Hash + Eq + Clone + fmt::Display;

    /// The key of the circuit that decides about `request`.
    fn key(&self, request: &Req) -> Self::Key;
}

impl<F, Req, Key> KeyOf<Req> for F
where
    F: Fn(&Req) -> Key,
    Key: Hash + Eq + Clone + fmt::Display,
{
    type Key = Key;

    fn key(&self, request: &Req) -> Key {
        self(request)
    }
}
