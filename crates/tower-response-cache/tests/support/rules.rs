//! The policy of the stress: it keeps, shares and fails by the number of a call.

#![allow(dead_code)]

use std::time::Duration;

use tokio::time::sleep;
use tower_response_cache::{CacheStatus, Codec, Keep, KeepTicket, Lookup, Policy};

const TTL: Duration = Duration::from_millis(80);
const STALE: Duration = Duration::from_millis(200);
/// An answer comes to its end this much later, at most.
const LATER: Duration = Duration::from_millis(60);

pub(crate) type Key = (u64, u64);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    Use,
    Refresh,
    Bypass,
    NoStore,
    OnlyIfCached,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) tenant: u64,
    pub(crate) key: u64,
    pub(crate) how: How,
}

/// An answer knows what it is an answer to, and when its call began.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) of: Key,
    pub(crate) call: u64,
    pub(crate) keep: bool,
    pub(crate) share: bool,
    /// It has not come to its end.
    pub(crate) open: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Answer(Answer),
    Failed(u64),
}

impl Codec for Value {
    fn encode(&self) -> Option<Vec<u8>> {
        let Self::Answer(answer) = self else {
            return None;
        };
        let numbers = [answer.of.0, answer.of.1, answer.call];
        Some(numbers.into_iter().flat_map(u64::to_le_bytes).collect())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| {
            let bytes = bytes.get(at * 8..at * 8 + 8)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        Some(Self::Answer(Answer {
            of: (number(0)?, number(1)?),
            call: number(2)?,
            keep: true,
            share: true,
            open: false,
        }))
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    Mine,
    Throttled,
    Absent,
    /// Everybody's, of this tenant.
    Shared(u64),
}

pub(crate) struct Rules;

fn kept(res: &Answer) -> Keep {
    Keep::new(TTL)
        .stale_while_revalidate(STALE)
        .stale_if_error(2 * STALE)
        .with_tags([format!("tenant {}", res.of.0)])
}

impl Policy<Request, Answer, Failure> for Rules {
    type Key = Key;
    type Value = Value;
    type Context = How;

    fn lookup(&self, req: &Request) -> Lookup<Key> {
        let key = (req.tenant, req.key);
        match req.how {
            How::Refresh => Lookup::Refresh(key),
            How::Bypass => Lookup::Bypass,
            How::Use | How::NoStore | How::OnlyIfCached => Lookup::Use(key),
        }
    }

    fn context(&self, req: &Request) -> How {
        req.how
    }

    fn absent(&self, req: &Request) -> Option<Result<Answer, Failure>> {
        (req.how == How::OnlyIfCached).then_some(Err(Failure::Absent))
    }

    fn keep(&self, how: &How, res: &Answer) -> Option<Keep> {
        assert!(res.call % 40 != 0, "keep");
        let keep = || if res.open { Keep::later() } else { kept(res) };
        (res.keep && *how != How::NoStore).then(keep)
    }

    /// The end comes a little later, or never.
    fn later(&self, _: &How, res: &mut Answer, ticket: KeepTicket<Value>) {
        assert!(res.call % 41 != 0, "keep");
        let complete = Answer {
            open: false,
            ..res.clone()
        };
        tokio::spawn(async move {
            sleep(LATER * (complete.call % 11) as u32 / 10).await;
            if complete.call % 4 != 0 {
                let keep = kept(&complete);
                ticket.store(Value::Answer(complete), keep);
            }
        });
    }

    fn share(&self, res: &Answer) -> Option<Value> {
        res.share.then(|| Value::Answer(res.clone()))
    }

    fn share_error(&self, _: &How, err: &Failure) -> Option<Value> {
        match err {
            Failure::Shared(tenant) => Some(Value::Failed(*tenant)),
            _ => None,
        }
    }

    fn keep_error(&self, _: &How, _: &Failure) -> Option<Keep> {
        Some(Keep::new(Duration::from_millis(20)))
    }

    fn stale_if_error(&self, _: &How, err: &Failure) -> bool {
        *err == Failure::Throttled
    }

    fn restore(&self, value: Value, _: CacheStatus) -> Option<Result<Answer, Failure>> {
        Some(match value {
            // Whoever comes late cannot have it all.
            Value::Answer(answer) if answer.open && answer.call % 5 == 0 => return None,
            Value::Answer(answer) => Ok(answer),
            Value::Failed(tenant) => Err(Failure::Shared(tenant)),
        })
    }
}
