//! Readers of one body, polled by hand.

use super::{Record, reader::Reader};
use bytes::Bytes;
use http_body::{Body, Frame};
use proptest::prelude::*;
use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

const PLENTY: usize = 1 << 20;

/// A body that has what the test puts into it, and counts those who drop it.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Sent>>);

#[derive(Default)]
struct Sent {
    frames: VecDeque<Option<io::Result<Bytes>>>,
    waker: Option<Waker>,
    dropped: usize,
}

impl Wire {
    fn body(&self) -> ScriptedBody {
        ScriptedBody(self.clone())
    }

    fn send(&self, frame: Option<io::Result<&'static [u8]>>) {
        let mut sent = self.0.lock().unwrap();
        sent.frames
            .push_back(frame.map(|frame| frame.map(Bytes::from_static)));
        let waker = sent.waker.take();
        drop(sent);
        waker.into_iter().for_each(Waker::wake);
    }

    fn dropped(&self) -> usize {
        self.0.lock().unwrap().dropped
    }
}

struct ScriptedBody(Wire);

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let mut sent = self.0.0.lock().unwrap();
        match sent.frames.pop_front() {
            Some(frame) => Poll::Ready(frame.map(|frame| frame.map(Frame::data))),
            None => {
                sent.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for ScriptedBody {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().dropped += 1;
    }
}

/// A task that counts how often it was woken.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Task {
    fn woken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn poll(
    reader: &mut Reader<ScriptedBody>,
    task: &Arc<Task>,
) -> Poll<Option<Result<Bytes, String>>> {
    let waker = Waker::from(Arc::clone(task));
    let polled = Pin::new(reader).poll_frame(&mut Context::from_waker(&waker));
    polled.map(|frame| {
        frame.map(|frame| {
            frame
                .map(|frame| frame.into_data().unwrap())
                .map_err(|error| error.to_string())
        })
    })
}

fn chunk(bytes: &'static [u8]) -> Poll<Option<Result<Bytes, String>>> {
    Poll::Ready(Some(Ok(Bytes::from_static(bytes))))
}

#[test]
fn a_reader_that_stopped_polling_stalls_nobody() {
    let wire = Wire::default();
    let (record, mut first) = Record::new(wire.body(), PLENTY);
    let mut second = record.join().unwrap();
    let (one, two) = (Arc::new(Task::default()), Arc::new(Task::default()));
    assert!(poll(&mut first, &one).is_pending());
    // The body knows the waker of this one last, which is not polled again.
    assert!(poll(&mut second, &two).is_pending());
    wire.send(Some(Ok(b"a")));
    assert_eq!(one.woken(), 1);
    assert_eq!(poll(&mut first, &one), chunk(b"a"));
    assert_eq!(poll(&mut second, &two), chunk(b"a"));
}

#[test]
fn whoever_drives_wakes_the_others() {
    let wire = Wire::default();
    let (record, mut first) = Record::new(wire.body(), PLENTY);
    let mut second = record.join().unwrap();
    let (one, two) = (Arc::new(Task::default()), Arc::new(Task::default()));
    assert!(poll(&mut first, &one).is_pending());
    // Past the waker: as if the news came in just now.
    wire.0.lock().unwrap().waker = None;
    wire.send(Some(Ok(b"a")));
    assert_eq!(poll(&mut second, &two), chunk(b"a"));
    assert_eq!((one.woken(), two.woken()), (1, 0));
}

#[test]
fn the_others_go_on_when_the_driver_leaves_and_the_last_one_takes_the_body_along() {
    let wire = Wire::default();
    let (record, mut first) = Record::new(wire.body(), PLENTY);
    let mut second = record.join().unwrap();
    let task = Arc::new(Task::default());
    assert!(poll(&mut second, &task).is_pending());
    assert!(poll(&mut first, &task).is_pending());
    drop(first);
    wire.send(Some(Ok(b"a")));
    assert_eq!(poll(&mut second, &task), chunk(b"a"));
    assert_eq!(wire.dropped(), 0);
    drop(second);
    assert_eq!(wire.dropped(), 1);
    assert!(record.join().is_none());
    assert!(record.recording().is_none());
}

#[test]
fn a_break_reaches_every_reader_also_one_that_joins_after_it() {
    let wire = Wire::default();
    let (record, mut first) = Record::new(wire.body(), PLENTY);
    let task = Arc::new(Task::default());
    wire.send(Some(Ok(b"a")));
    wire.send(Some(Err(io::Error::other("reset"))));
    let broken = Poll::Ready(Some(Err("reset".to_owned())));
    assert_eq!(poll(&mut first, &task), chunk(b"a"));
    assert_eq!(poll(&mut first, &task), broken);
    assert_eq!(poll(&mut first, &task), Poll::Ready(None));
    let mut second = record.join().unwrap();
    assert_eq!(poll(&mut second, &task), chunk(b"a"));
    assert_eq!(poll(&mut second, &task), broken);
    assert!(record.recording().is_none());
}

#[test]
fn nothing_is_kept_of_a_record_that_forgets() {
    let wire = Wire::default();
    let (record, mut first) = Record::new(wire.body(), PLENTY);
    let task = Arc::new(Task::default());
    wire.send(Some(Ok(b"a")));
    record.forget();
    wire.send(None);
    assert_eq!(poll(&mut first, &task), chunk(b"a"));
    assert_eq!(poll(&mut first, &task), Poll::Ready(None));
    assert!(record.join().is_none());
    assert!(record.recording().is_none());
    assert_eq!(wire.dropped(), 1);
}

#[derive(Debug, Clone)]
enum Op {
    Send(u8),
    Join,
    Leave(usize),
    Poll(usize),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        3 => any::<u8>().prop_map(Op::Send),
        1 => Just(Op::Join),
        1 => (0..6_usize).prop_map(Op::Leave),
        6 => (0..6_usize).prop_map(Op::Poll),
    ];
    prop::collection::vec(op, 0..60)
}

proptest! {
    #[test]
    fn no_interleaving_loses_a_byte_or_a_wake_up(ops in ops()) {
        static BYTES: [u8; 256] = {
            let mut bytes = [0; 256];
            let mut at = 0;
            while at < 256 {
                bytes[at] = at as u8;
                at += 1;
            }
            bytes
        };
        let wire = Wire::default();
        let (record, first) = Record::new(wire.body(), PLENTY);
        // Each reader with its task, what it has read, and how often it was woken when it had to wait.
        let mut readers = vec![(first, Arc::new(Task::default()), vec![], None)];
        let mut sent = vec![];
        for op in ops {
            match op {
                Op::Send(byte) => {
                    wire.send(Some(Ok(&BYTES[usize::from(byte)..=usize::from(byte)])));
                    sent.push(byte);
                }
                Op::Join => {
                    let joined = record.join();
                    prop_assert_eq!(joined.is_none(), readers.is_empty());
                    readers.extend(joined.map(|reader| (reader, Arc::default(), vec![], None)));
                }
                Op::Leave(index) if index < readers.len() => drop(readers.remove(index)),
                Op::Poll(index) if index < readers.len() => {
                    let (reader, task, read, waits) = &mut readers[index];
                    match poll(reader, task) {
                        Poll::Ready(Some(Ok(bytes))) => {
                            read.extend_from_slice(&bytes);
                            *waits = None;
                        }
                        Poll::Pending => *waits = Some(task.woken()),
                        Poll::Ready(end) => prop_assert!(false, "{end:?}"),
                    }
                }
                Op::Leave(_) | Op::Poll(_) => {}
            }
            for (_, task, read, waits) in &readers {
                prop_assert!(sent.starts_with(read));
                // Whoever waits has read all, or was woken since.
                let woken = waits.is_some_and(|before| task.woken() > before);
                prop_assert!(waits.is_none() || woken || *read == sent);
            }
        }
        wire.send(None);
        for (reader, task, mut read, _) in readers {
            let mut reader = reader;
            while let Poll::Ready(Some(Ok(bytes))) = poll(&mut reader, &task) {
                read.extend_from_slice(&bytes);
            }
            prop_assert_eq!(&read, &sent);
            let recording = record.recording().unwrap();
            prop_assert_eq!(&recording.bytes()[..], &sent[..]);
            prop_assert_eq!(recording.pace().len(), sent.len());
        }
    }
}
