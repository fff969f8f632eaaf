//! The quota of the day is used up.

use std::time::Duration;

use tokio::time::timeout;
use tower::BoxError;
use tower_quota::{Cause, Rejected, Settle};

use super::calls::QUOTA;
use super::fleet::Fleet;
use super::process::Call;
use crate::support::{SECOND, Server};

const HINT: Duration = Duration::from_secs(600);

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_one_is_told_the_others_go_by() {
    let server = Server::start();
    let fleet = Fleet::new(&server.url());
    let (one, others) = fleet.processes.split_first().unwrap();
    // More than go while it becomes known.
    let waiting = others
        .iter()
        .map(|other| other.calls(10 * QUOTA, Call::default()))
        .collect::<Vec<_>>();
    let call = Call {
        comes_to: Settle::exhausted().retry_after(HINT),
        ..Call::default()
    };
    one.call(call).await.unwrap().unwrap();
    for (calls, other) in waiting.into_iter().zip(others) {
        let mut rejected = 0;
        for call in calls {
            // Half as long as there is quota for.
            let ended = timeout(10 * SECOND, call).await.expect("it is rejected");
            rejected += usize::from(ended.unwrap().is_err_and(|err| is_exhausted(&err)));
        }
        assert!(rejected > 0);
        let next = other.call(Call::default()).await.unwrap();
        assert!(is_exhausted(&next.unwrap_err()), "at once");
    }
}

fn is_exhausted(err: &BoxError) -> bool {
    let rejected = err.downcast_ref::<Rejected>().expect("no other error");
    assert_eq!(rejected.cause(), &Cause::Exhausted);
    let retry_after = rejected.retry_after().expect("a time");
    assert!(retry_after <= HINT + SECOND, "{retry_after:?}");
    assert!(retry_after > HINT / 2, "{retry_after:?}");
    true
}
