//! What the JSON body of `InvokeModel` costs, each vendor's in its own format.

mod families;
mod walk;

pub(crate) use self::walk::estimate;
