//! How many bytes does an answer have on the heap?
//!
//! Read this, then `message` and `guardrail`, which say it of the SDK's types. A type that a later SDK adds
//! counts as nothing here; the size of the answer's body makes up for some of it.

mod guardrail;
mod message;

use aws_smithy_types::{Blob, Document};
use std::{collections::HashMap, sync::Arc};

/// What has bytes on the heap beside its own.
pub(crate) trait Heap {
    /// How many, by the capacities.
    fn heap(&self) -> usize;
}

/// The two counts of an `Arc`: bytes.
pub(crate) const COUNTS: usize = 16;

/// The bytes of a value that is shared.
pub(crate) fn shared<T: Heap>(value: &T) -> usize {
    COUNTS + size_of::<T>() + value.heap()
}

/// The bytes of a `Bytes` of this length, which has its counts apart from them.
pub(crate) fn shared_bytes(length: usize) -> usize {
    if length == 0 { 0 } else { length + 32 }
}

impl Heap for String {
    fn heap(&self) -> usize {
        self.capacity()
    }
}

impl Heap for Arc<str> {
    fn heap(&self) -> usize {
        COUNTS + self.len()
    }
}

impl Heap for Blob {
    fn heap(&self) -> usize {
        self.as_ref().len()
    }
}

impl<T: Heap> Heap for Option<T> {
    fn heap(&self) -> usize {
        self.as_ref().map_or(0, T::heap)
    }
}

impl<T: Heap> Heap for Vec<T> {
    fn heap(&self) -> usize {
        self.capacity() * size_of::<T>() + self.iter().map(T::heap).sum::<usize>()
    }
}

impl<V: Heap> Heap for HashMap<String, V> {
    fn heap(&self) -> usize {
        let members = self.iter().map(|(key, value)| key.heap() + value.heap());
        table::<(String, V)>(self.capacity()) + members.sum::<usize>()
    }
}

impl Heap for Document {
    fn heap(&self) -> usize {
        match self {
            Self::Object(members) => members.heap(),
            Self::Array(items) => items.heap(),
            Self::String(text) => text.heap(),
            Self::Number(_) | Self::Bool(_) | Self::Null => 0,
        }
    }
}

/// The bytes of a hash table, of which an eighth stays free from 8 places on. Each place has a byte of its
/// hash beside it, and so has each of a group of 16 more.
fn table<T>(capacity: usize) -> usize {
    let places = match capacity {
        0 => return 0,
        1..8 => capacity + 1,
        _ => capacity / 7 * 8,
    };
    places * (size_of::<T>() + 1) + 16
}

/// Types whose heap is that of these members.
macro_rules! members {
    ($($name:ident { $($member:ident),* $(,)? })*) => {$(
        impl $crate::heap::Heap for aws_sdk_bedrockruntime::types::$name {
            fn heap(&self) -> usize {
                0 $(+ $crate::heap::Heap::heap(&self.$member))*
            }
        }
    )*};
}

/// Enums whose heap is that of what these variants hold.
macro_rules! variants {
    ($($name:ident { $($variant:ident),* $(,)? })*) => {$(
        impl $crate::heap::Heap for aws_sdk_bedrockruntime::types::$name {
            fn heap(&self) -> usize {
                match self {
                    $(Self::$variant(held) => $crate::heap::Heap::heap(held),)*
                    _ => 0,
                }
            }
        }
    )*};
}
use {members, variants};

#[cfg(test)]
mod tests;
