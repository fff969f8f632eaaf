//! What a body is made of when it comes in pieces, whole or broken.

use std::{collections::VecDeque, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode};

use super::{
    admitted::Admitted,
    playback::{BodyEnd, Playback, TimedFrame},
    reply::{Reply, ReplyBody},
};
use crate::fault::{Fault, FaultKind, Stage};
use crate::model::{Answer, Latency};
use crate::operation::Operation;
use crate::wire::{Request, StreamException, Timing, event_stream};

/// How many pieces a plain body is cut into when it is slow.
const PIECES: usize = 10;

/// The answer's frames and when they are due.
pub(super) fn frames(
    request: &Request,
    answer: &Answer,
    timing: Timing,
    latency: Latency,
) -> VecDeque<TimedFrame> {
    let events = answer.stream_events();
    let frame = |event| {
        let bytes = request.format.frame(answer, event, timing)?;
        Some(TimedFrame {
            bytes,
            due: latency.until(event.tokens),
            tokens: event.tokens,
        })
    };
    events.iter().filter_map(frame).collect()
}

/// The reply that plays the frames, as the call's fault has it.
pub(super) fn reply(
    operation: Operation,
    mut frames: VecDeque<TimedFrame>,
    mut call: Admitted,
) -> Reply {
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
    reply.set(
        "content-type",
        HeaderValue::from_static(event_stream::CONTENT_TYPE),
    );
    if operation == Operation::InvokeModelWithResponseStream {
        reply.set(
            "x-amzn-bedrock-content-type",
            HeaderValue::from_static("application/json"),
        );
    }
    reply
}

/// Cuts the frames at the fault's event and puts there what the fault puts there.
fn break_stream(frames: &mut VecDeque<TimedFrame>, fault: &Fault) -> BodyEnd {
    // A stream with fewer events is struck at its end.
    let at = usize::try_from(fault.at.unwrap_or(1))
        .unwrap_or(usize::MAX)
        .min(frames.len());
    let mut rest = frames.split_off(at);
    // What is put in the event's place delivers nothing, and so costs no more than what was before.
    let tokens = frames.back().map_or(0, |frame| frame.tokens);
    let struck = rest.pop_front();
    let due = struck
        .as_ref()
        .or(frames.back())
        .map_or(Duration::ZERO, |frame| frame.due);
    let bytes = match fault.kind {
        FaultKind::StreamException => {
            let exception = fault.exception.unwrap_or(StreamException::Throttling);
            Some(event_stream::exception(exception, fault.message.as_deref()))
        }
        FaultKind::StreamCutInFrame => {
            struck.map(|frame| frame.bytes.slice(..frame.bytes.len() / 2))
        }
        FaultKind::StreamCorrupt => struck.map(|frame| event_stream::corrupt(&frame.bytes)),
        _ => None,
    };
    frames.extend(bytes.map(|bytes| TimedFrame { bytes, due, tokens }));
    match fault.kind {
        FaultKind::ConnectionReset => BodyEnd::Reset,
        FaultKind::Hang => BodyEnd::Stall,
        _ => BodyEnd::Clean,
    }
}

/// Turns a full body into a trickle, if that is the call's fault.
pub(super) fn slow_down(reply: &mut Reply, call: Admitted) {
    let slow = call
        .fault
        .as_ref()
        .filter(|fault| fault.kind == FaultKind::SlowBody);
    if let (ReplyBody::Full(body), Some(fault)) = (&reply.body, slow) {
        let length = body.len();
        // The length is known and stays announced: to its reader the body is slow, not chunked.
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
        reply.set("content-length", length);
        reply.body = ReplyBody::Playback(Box::new(playback));
    }
}
