use std::time::Duration;

use crate::call::{Ask, Settle};
use crate::ledger::Reservation;

/// Says what a call costs: what to reserve before it, and what it came to.
///
/// Closures `Fn(&Req) -> Ask<Key>` implement it; every call then counts as what it reserved. One
/// type may implement it for several request types with the same `Key`: then one layer value
/// serves them all from one ledger.
///
/// ```
/// use tower_quota::{Ask, Cost, Settle};
///
/// struct ByLength;
///
/// impl<E> Cost<String, String, E> for ByLength {
///     type Key = u32;
///     type Context = usize;
///
///     fn ask(&self, req: &String) -> (Ask<u32>, usize) {
///         (Ask::new(7).tokens(req.len() as u64 + 1000), req.len())
///     }
///
///     fn settle(&self, question: &usize, result: &mut Result<String, E>) -> Settle {
///         match result {
///             Ok(answer) => Settle::Used((question + answer.len()) as u64),
///             Err(_) => Settle::Refund,
///         }
///     }
/// }
/// ```
pub trait Cost<Req, Res, E> {
    /// Tells apart what has limits of its own, such as a model in a region.
    ///
    /// It is made for every call: a number or an `Arc<str>` costs no allocation. Its `Display` text
    /// appears in errors and events and should hold no secret. Prefer a type without lifetimes: with
    /// a `&'static str` the service cannot be called in every spawned task (rust-lang/rust#102211).
    type Key;

    /// What the other methods want to know of the request, which is gone by then. `()` if nothing.
    type Context;

    /// Says what `req` asks for, and takes from it what the other methods need.
    fn ask(&self, req: &Req) -> (Ask<Self::Key>, Self::Context);

    /// Says what the call came to, and may change its result, as to mark an error by what is
    /// known of others. Not called for calls that were rejected, and not for errors of readiness,
    /// which are refunded.
    fn settle(&self, context: &Self::Context, result: &mut Result<Res, E>) -> Settle;

    /// Takes the reservation of a call that was [`Settle::Later`], to be settled by whoever reads
    /// the response to its end, and [confirmed](Reservation::confirmed) at its first event. By
    /// default it is dropped, and so counts as what it reserved; where `result` is an answer it is
    /// confirmed before that.
    fn later(
        &self,
        context: Self::Context,
        result: &mut Result<Res, E>,
        mut reservation: Reservation,
    ) {
        let _ = context;
        if result.is_ok() {
            reservation.confirmed();
        }
    }

    /// Sees the error of a throttled call, once the ledger knows of it, and after what time one
    /// like it may go: a hint for a retry where the server gives none. Does nothing by default.
    ///
    /// It does not count those who wait already, since a retry takes its place behind them.
    fn throttled(&self, err: &mut E, retry_after: Duration) {
        let _ = (err, retry_after);
    }
}

impl<F, Req, Res, E, Key> Cost<Req, Res, E> for F
where
    F: Fn(&Req) -> Ask<Key>,
{
    type Key = Key;
    type Context = ();

    fn ask(&self, req: &Req) -> (Ask<Key>, ()) {
        (self(req), ())
    }

    fn settle(&self, (): &(), _: &mut Result<Res, E>) -> Settle {
        Settle::Reserved
    }
}
