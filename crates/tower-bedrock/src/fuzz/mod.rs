//! Can what comes over the wire make a stream panic, hang, or say that it is whole when it is not?
//!
//! The fuzz target in `fuzz/` calls [`streams`] with whatever it makes up. A test calls it with what was
//! worth keeping of that.

mod check;
mod frame;
mod input;
mod script;
mod scripted_body;
mod template;

use aws_sdk_bedrockruntime::types::{ConverseStreamOutput, ResponseStream};
use script::Script;

/// Makes a stream of `data` and reads it in all ways.
///
/// # Panics
///
/// If the stream does not keep its promises.
pub fn streams(data: &[u8]) {
    let script = Script::read(data);
    if script.is_converse {
        check::all_ways::<ConverseStreamOutput>(&script);
    } else {
        check::all_ways::<ResponseStream>(&script);
    }
}

#[cfg(test)]
mod tests;
