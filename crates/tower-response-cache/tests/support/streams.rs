//! A policy for responses that come to their end later.

#![allow(dead_code)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tower::BoxError;
use tower_response_cache::{CacheStatus, Codec, Keep, KeepTicket, Lookup, Policy};

pub(crate) const TTL: Duration = Duration::from_secs(60);
pub(crate) const STALE: Duration = Duration::from_secs(30);

pub(crate) type Request = &'static str;

/// What callers get; the ticket is with the one that the service answered.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) text: &'static str,
    pub(crate) status: Option<CacheStatus>,
    pub(crate) ticket: Option<KeepTicket<Value>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) text: &'static str,
    pub(crate) open: bool,
}

impl Stream {
    /// The stream is complete, and its text worth keeping.
    pub(crate) fn complete(&mut self) {
        let ticket = self.ticket.take().expect("this one was asked for");
        let value = Value {
            text: self.text,
            open: false,
        };
        let keep = Keep::new(TTL).stale_while_revalidate(STALE);
        ticket.store(value, keep.with_tags([self.text]));
    }

    pub(crate) fn is(&self, text: &str, status: CacheStatus) -> bool {
        (self.text, self.status) == (text, Some(status))
    }
}

/// The first word of a request is its key; with `refresh` behind it a new answer is made, and with
/// `only-if-cached` none. A text is kept at once if it is `short`, is complete at once if it is
/// `complete`, nobody can join it if it is `late`, nor share it if it is `private`.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    pub(crate) unclaimed: Arc<Mutex<Vec<Stream>>>,
}

impl Codec for Value {
    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.text.as_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        (bytes == b"text").then_some(Self {
            text: "text",
            open: false,
        })
    }
}

impl Policy<Request, Stream, BoxError> for Streams {
    type Key = Request;
    type Value = Value;
    type Context = ();

    fn lookup(&self, req: &Request) -> Lookup<Request> {
        match req.split_once(' ') {
            Some((key, "refresh")) => Lookup::Refresh(key),
            Some((key, _)) => Lookup::Use(key),
            None => Lookup::Use(req),
        }
    }

    fn context(&self, _: &Request) {}

    fn absent(&self, req: &Request) -> Option<Result<Stream, BoxError>> {
        let only = req.ends_with(" only-if-cached");
        only.then(|| Err("absent".into()))
    }

    fn keep(&self, (): &(), res: &Stream) -> Option<Keep> {
        let keep = Keep::new(TTL).stale_while_revalidate(STALE);
        Some(if res.text == "short" {
            keep
        } else {
            Keep::later()
        })
    }

    fn later(&self, (): &(), res: &mut Stream, ticket: KeepTicket<Value>) {
        assert!(res.text != "panic", "on purpose");
        res.ticket = Some(ticket);
        if res.text == "complete" {
            res.complete();
        }
    }

    fn unclaimed(&self, res: Stream) {
        self.unclaimed.lock().expect("no panic").push(res);
    }

    fn share(&self, res: &Stream) -> Option<Value> {
        let value = Value {
            text: res.text,
            open: true,
        };
        (res.text != "private").then_some(value)
    }

    fn restore(&self, value: Value, status: CacheStatus) -> Option<Result<Stream, BoxError>> {
        let stream = Stream {
            text: value.text,
            status: Some(status),
            ticket: None,
        };
        (!value.open || value.text != "late").then_some(Ok(stream))
    }

    fn mark(&self, res: &mut Stream, status: CacheStatus) {
        res.status = Some(status);
    }
}
