use std::time::Duration;

use super::playback::{BodyEnd, TimedFrame};
use crate::fault::{Fault, FaultKind};
use crate::wire::{StreamException, event_stream};

/// Frames up to where a fault strikes, and the fault's own frame there if it has one.
pub(super) struct StruckFrames<I> {
    frames: I,
    fault: Fault,
    /// How many frames come before it strikes; `None` once it has.
    left: Option<u64>,
    /// When the last frame was due, and the tokens that were out with it.
    last: Option<(Duration, u64)>,
}

impl<I: Iterator<Item = TimedFrame>> StruckFrames<I> {
    pub(super) fn new(frames: I, fault: Fault) -> Self {
        Self {
            frames,
            left: Some(fault.at.unwrap_or(1)),
            fault,
            last: None,
        }
    }

    /// How a body ends that the fault strikes.
    pub(super) fn end(&self) -> BodyEnd {
        match self.fault.kind {
            FaultKind::ConnectionReset => BodyEnd::Reset,
            FaultKind::Hang => BodyEnd::Stall,
            _ => BodyEnd::Clean,
        }
    }

    /// What the reader gets in place of the frame that was struck.
    fn strike(&self, struck: Option<TimedFrame>) -> Option<TimedFrame> {
        // It delivers nothing, and so costs no more than what was before.
        let tokens = self.last.map_or(0, |(_, tokens)| tokens);
        let due = struck.as_ref().map(|frame| frame.due);
        let due = due.or(self.last.map(|(due, _)| due)).unwrap_or_default();
        let bytes = match self.fault.kind {
            FaultKind::StreamException => {
                let exception = self.fault.exception.unwrap_or(StreamException::Throttling);
                event_stream::exception(exception, self.fault.message.as_deref())
            }
            FaultKind::StreamCutInFrame => {
                let frame = struck?.bytes;
                frame.slice(..frame.len() / 2)
            }
            FaultKind::StreamCorrupt => event_stream::corrupt(&struck?.bytes),
            _ => return None,
        };
        Some(TimedFrame { bytes, due, tokens })
    }
}

impl<I: Iterator<Item = TimedFrame>> Iterator for StruckFrames<I> {
    type Item = TimedFrame;

    fn next(&mut self) -> Option<TimedFrame> {
        let left = self.left?;
        let frame = self.frames.next();
        match frame {
            Some(frame) if left > 0 => {
                self.left = Some(left - 1);
                self.last = Some((frame.due, frame.tokens));
                Some(frame)
            }
            // A stream with fewer events is struck at its end.
            struck => {
                self.left = None;
                self.strike(struck)
            }
        }
    }
}
