//! The frames of a streamed answer, each made when it is asked for.

use std::vec;

use bytes::Bytes;
use serde_json::Value;

use super::playback::TimedFrame;
use crate::model::{Answer, EventCursor, Latency};
use crate::wire::{Format, Timing};

/// What the frames of an answer are made from.
pub(super) struct Frames {
    pub(super) answer: Answer,
    pub(super) format: Format,
    pub(super) latency: Latency,
    pub(super) timing: Timing,
}

impl Frames {
    /// One frame for each event of the answer, or for each that its script sets.
    pub(super) fn each(mut self) -> Box<dyn Iterator<Item = TimedFrame> + Send> {
        match self.answer.events.take() {
            Some(events) => self.scripted(events.into_iter()),
            None => self.drawn(),
        }
    }

    fn drawn(self) -> Box<dyn Iterator<Item = TimedFrame> + Send> {
        let mut cursor = EventCursor::new();
        Box::new(std::iter::from_fn(move || {
            loop {
                let event = cursor.advance(&self.answer)?;
                let frame = self.format.frame(&self.answer, &event, self.timing);
                // Some formats skip some events.
                if let Some(bytes) = frame {
                    return Some(self.timed(bytes, event.tokens));
                }
            }
        }))
    }

    fn scripted(self, events: vec::IntoIter<Value>) -> Box<dyn Iterator<Item = TimedFrame> + Send> {
        let whole = self.answer.usage.output;
        let last = (events.len() as u64).saturating_sub(1);
        Box::new(events.enumerate().map(move |(at, event)| {
            let share = u128::from(whole) * at as u128 / u128::from(last.max(1));
            let tokens = u64::try_from(share).unwrap_or(whole);
            self.timed(self.format.scripted_frame(&event), tokens)
        }))
    }

    fn timed(&self, bytes: Bytes, tokens: u64) -> TimedFrame {
        TimedFrame {
            bytes,
            due: self.latency.until(tokens),
            tokens,
        }
    }
}
