//! What the JSON body of `InvokeModel` costs, each vendor's in its own format.
//!
//! `walk` goes through the body and has each `place` say what stands there; sums are in `found`.
//! `families` knows where a vendor's format puts the limit of output.

mod families;
mod found;
mod place;
mod walk;

pub(crate) use self::walk::estimate;
