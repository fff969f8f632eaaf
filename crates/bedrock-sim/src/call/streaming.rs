//! What a body is made of when it comes in pieces, whole or broken.

use std::{collections::VecDeque, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode};

use super::{
    admitted::Admitted,
    playback::{BodyEnd, Playback, TimedFrame},
    reply::{Reply, ReplyBody},
};
use crate::fault::{Fault, FaultKind, Stage};
use crate::operation::Operation;
use crate::wire::{Request, StreamException, Timing, event_stream};

/// How many pieces a plain body is cut into when it is slow.
const PIECES: usize = 10;

/// The reply that delivers the answer event by event, as the call's fault has it.
pub(super) fn reply(
    operation: Operation,
    request: &Request,
    timing: Timing,
    mut call: Admitted,
) -> Reply {
    let events = call.answer.stream_events();
    let frame = |event| {
        let bytes = request.format.frame(&call.answer, event, timing)?;
        Some(TimedFrame {
            bytes,
            due: call.latency.until(event.tokens),
            tokens: event.tokens,
        })
    };
    let mut frames = events.iter().filter_map(frame).collect();
    let (mut end, mut pause) = (BodyEnd::Clean, Duration::ZERO);
    if let Some(fault) = &call.fault {
        if fault.stage() == Stage::InStream {
            end = break_stream(&mut frames, fault);
        } else if fault.kind == FaultKind::SlowBody {
            pause = fault.pause();
        }
    }
    // From here on it is what was delivered that counts, not what the clock says.
    call.admission.produced(0);
    let playback = Playback::new(frames, end, call.started, pause, call.admission);
    let mut reply = Reply {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: ReplyBody::Playback(Box::new(playback)),
    };
    let text = HeaderValue::from_static;
    reply.set("content-type", text(event_stream::CONTENT_TYPE));
    if operation == Operation::InvokeModelWithResponseStream {
        reply.set("x-amzn-bedrock-content-type", text("application/json"));
    }
    reply
}

/// Cuts the frames at the fault's event, puts the fault's own frame there if it has one, and says
/// how the body ends.
fn break_stream(frames: &mut VecDeque<TimedFrame>, fault: &Fault) -> BodyEnd {
    // A stream with fewer events is struck at its end.
    let at = usize::try_from(fault.at.unwrap_or(1))
        .unwrap_or(usize::MAX)
        .min(frames.len());
    let struck = frames.split_off(at).pop_front();
    let last = frames.back();
    // What is put in the event's place delivers nothing, and so costs no more than what was before.
    let tokens = last.map_or(0, |frame| frame.tokens);
    let due = struck
        .as_ref()
        .or(last)
        .map_or(Duration::ZERO, |frame| frame.due);
    let (bytes, end) = match fault.kind {
        FaultKind::ConnectionReset => (None, BodyEnd::Reset),
        FaultKind::Hang => (None, BodyEnd::Stall),
        FaultKind::StreamException => {
            let exception = fault.exception.unwrap_or(StreamException::Throttling);
            let frame = event_stream::exception(exception, fault.message.as_deref());
            (Some(frame), BodyEnd::Clean)
        }
        FaultKind::StreamCutInFrame => {
            let half = struck.map(|frame| frame.bytes.slice(..frame.bytes.len() / 2));
            (half, BodyEnd::Clean)
        }
        FaultKind::StreamCorrupt => {
            let corrupt = struck.map(|frame| event_stream::corrupt(&frame.bytes));
            (corrupt, BodyEnd::Clean)
        }
        _ => (None, BodyEnd::Clean),
    };
    frames.extend(bytes.map(|bytes| TimedFrame { bytes, due, tokens }));
    end
}

/// Turns a full body into a trickle, if that is the call's fault.
pub(super) fn slow_down(reply: &mut Reply, call: Admitted) {
    let slow = call
        .fault
        .as_ref()
        .filter(|fault| fault.kind == FaultKind::SlowBody);
    if let (ReplyBody::Full(body), Some(fault)) = (&reply.body, slow) {
        let length = body.len();
        let size = length.div_ceil(PIECES).max(1);
        let frames = (0..length)
            .step_by(size)
            .map(|from| TimedFrame {
                bytes: body.slice(from..(from + size).min(length)),
                due: Duration::ZERO,
                tokens: call.answer.usage.output,
            })
            .collect();
        let (end, pause) = (BodyEnd::Clean, fault.pause());
        let playback = Playback::new(frames, end, call.started, pause, call.admission);
        // The length is known and stays announced: to its reader the body is slow, not chunked.
        reply.set("content-length", length);
        reply.body = ReplyBody::Playback(Box::new(playback));
    }
}
