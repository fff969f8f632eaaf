//! An application whose calls of Bedrock can be answered by anything: see its `tests`.

mod converse;
mod prompt;
mod read_aloud;
mod summarize;
mod with_tool;

pub use self::{
    converse::{Converse, ConverseStream, MODEL},
    read_aloud::read_aloud,
    summarize::summarize,
    with_tool::with_tool,
};
