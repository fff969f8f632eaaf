//! What the tests share: a scripted service whose answers are words, and a cost that reads them.
#![allow(dead_code)]

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tower::{BoxError, Layer};
use tower_quota::{
    Ask, Cost, Limit, LimitsOf, MemoryLedger, Priority, Quota, QuotaLayer, Rejected, Reservation,
    Settle,
};
use tower_test::mock::{self, Mock};

pub(crate) type Handle = mock::Handle<Request, &'static str>;
pub(crate) type Service = Quota<Mock<Request, &'static str>, Words, MemoryLedger<&'static str>>;
pub(crate) type Layered = QuotaLayer<Words, MemoryLedger<&'static str>>;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Request {
    pub(crate) key: &'static str,
    pub(crate) name: u64,
    pub(crate) tokens: u64,
    pub(crate) priority: Priority,
    pub(crate) tenant: u64,
    pub(crate) deadline: Option<Instant>,
}

pub(crate) fn tokens(tokens: u64) -> Request {
    Request {
        tokens,
        ..Request::default()
    }
}

/// Reads from the answer what the call came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words;

impl Cost<Request, &'static str, BoxError> for Words {
    type Key = &'static str;
    type Context = u64;

    fn ask(&self, req: &Request) -> (Ask<&'static str>, u64) {
        let ask = Ask::new(req.key)
            .tokens(req.tokens)
            .priority(req.priority)
            .tenant(&req.tenant);
        let ask = match req.deadline {
            Some(deadline) => ask.deadline(deadline),
            None => ask,
        };
        (ask, req.name)
    }

    fn settle(&self, _: &u64, result: &mut Result<&'static str, BoxError>) -> Settle {
        let text = result
            .as_ref()
            .map_or_else(ToString::to_string, ToString::to_string);
        let mut words = text.split(' ');
        let kind = words.next();
        let number = words.next().and_then(|n| n.parse().ok());
        match (kind, number) {
            (Some("used"), Some(tokens)) => Settle::Used(tokens),
            (Some("refund"), _) => Settle::Refund,
            (Some("later"), _) => Settle::Later,
            (Some("throttled"), hint) => match hint {
                Some(hint) => Settle::throttled().retry_after(Duration::from_secs(hint)),
                None => Settle::throttled(),
            },
            (Some("exhausted"), hint) => match hint {
                Some(hint) => Settle::exhausted().retry_after(Duration::from_secs(hint)),
                None => Settle::exhausted(),
            },
            _ => Settle::Reserved,
        }
    }

    fn later(&self, _: u64, result: &mut Result<&'static str, BoxError>, reservation: Reservation) {
        if let Ok(text) = result {
            if let Some(tokens) = text.strip_prefix("later ") {
                reservation.settle(tokens.parse().expect("a number"));
            }
        }
    }

    fn throttled(&self, err: &mut BoxError, retry_after: Duration) {
        *err = format!("throttled, wait {}ms", retry_after.as_millis()).into();
    }
}

pub(crate) fn layer(limits: impl LimitsOf<&'static str> + Send + Sync + 'static) -> Layered {
    QuotaLayer::new(limits, Words)
}

/// One call an hour: a limit of an hour is a window on which nothing is tried, so who waits goes
/// at a time that is known.
pub(crate) fn one_an_hour() -> Layered {
    layer(Limit::calls(1, HOUR).margin(Duration::ZERO))
}

/// So many tokens an hour.
pub(crate) fn tokens_an_hour(amount: u64) -> Limit {
    Limit::tokens(amount, HOUR).margin(Duration::ZERO)
}

pub(crate) fn service(layer: &Layered) -> (Service, Handle) {
    let (inner, mut handle) = mock::pair();
    handle.allow(u64::MAX);
    (layer.layer(inner), handle)
}

/// A year on the paused clock: what hangs fails in milliseconds.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(365 * 24 * 60 * 60), future)
        .await
        .expect("it should not hang")
}

pub(crate) fn rejected(result: Result<&'static str, BoxError>) -> Rejected {
    let error = result.expect_err("it is rejected");
    *error.downcast().expect("the rejection is `Rejected`")
}
