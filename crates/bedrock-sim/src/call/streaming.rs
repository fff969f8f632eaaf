//! What a body is made of when it comes in pieces, whole or broken.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};

use super::{
    admitted::Admitted,
    frames::Frames,
    playback::{BodyEnd, Playback, TimedFrame},
    reply::{Reply, ReplyBody},
    struck_frames::StruckFrames,
};
use crate::fault::{FaultKind, Stage};
use crate::operation::Operation;
use crate::wire::{Format, Timing, event_stream};

/// How many pieces a plain body is cut into when it is slow.
const PIECES: usize = 10;

/// The reply that delivers the answer event by event, as the call's fault has it.
pub(super) fn reply(operation: Operation, format: Format, mut call: Admitted) -> Reply {
    let frames = Frames {
        timing: Timing::new(call.latency, call.answer.usage.output),
        answer: call.answer,
        format,
        latency: call.latency,
    };
    let frames = frames.each();
    // From here on it is what was delivered that counts, not what the clock says.
    call.admission.produced(0);
    let (started, admission) = (call.started, call.admission);
    let playback = match call.fault {
        Some(fault) if fault.stage() == Stage::InStream => {
            let struck = StruckFrames::new(frames, fault);
            let end = struck.end();
            Playback::new(Box::new(struck), end, started, Duration::ZERO, admission)
        }
        fault => {
            let slow = fault.filter(|fault| fault.kind == FaultKind::SlowBody);
            let pause = slow.map_or(Duration::ZERO, |fault| fault.pause());
            Playback::new(frames, BodyEnd::Clean, started, pause, admission)
        }
    };
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

/// Turns a full body into a trickle, if that is the call's fault.
pub(super) fn slow_down(reply: &mut Reply, call: Admitted) {
    let slow = call
        .fault
        .as_ref()
        .filter(|fault| fault.kind == FaultKind::SlowBody);
    if let (ReplyBody::Full(body), Some(fault)) = (&reply.body, slow) {
        let length = body.len();
        let size = length.div_ceil(PIECES).max(1);
        let (body, tokens) = (body.clone(), call.answer.usage.output);
        let frames = (0..length).step_by(size).map(move |from| TimedFrame {
            bytes: body.slice(from..(from + size).min(length)),
            due: Duration::ZERO,
            tokens,
        });
        let (end, pause) = (BodyEnd::Clean, fault.pause());
        let (started, admission) = (call.started, call.admission);
        let playback = Playback::new(Box::new(frames), end, started, pause, admission);
        // The length is known and stays announced: to its reader the body is slow, not chunked.
        reply.set("content-length", length);
        reply.body = ReplyBody::Playback(Box::new(playback));
    }
}
