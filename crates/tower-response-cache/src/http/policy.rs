use std::sync::Arc;

use http::{StatusCode, header};
use http_body::Body;

use super::answer::Answer;
use super::asked::{Asked, nothing_stored};
use super::failure::{Failure, FailureKind};
use super::settings::HttpSettings;
use super::stored::{Generations, HttpKey, Stored, StoredResponse, Unshared, mark};
use crate::policy::{CacheStatus, Keep, Lookup, Policy};

/// Takes to the cache what was decided about a request when it came, and about its answer by the origin.
pub(crate) struct HttpPolicy {
    pub(super) settings: HttpSettings,
    pub(super) generations: Generations,
    pub(super) unshared: Unshared,
}

impl<Req, Res, E> Policy<Asked<Req>, Answer<Res>, Failure<E, Res>> for Arc<HttpPolicy>
where
    Res: Body,
{
    type Key = HttpKey;
    type Value = Stored;
    type Context = ();

    fn lookup(&self, asked: &Asked<Req>) -> Lookup<HttpKey> {
        asked.lookup.clone()
    }

    fn context(&self, _: &Asked<Req>) {}

    fn absent(&self, asked: &Asked<Req>) -> Option<Result<Answer<Res>, Failure<E, Res>>> {
        let only = asked.demand.only_if_cached;
        only.then(|| {
            let mut res = nothing_stored();
            let said = CacheStatus::Absent.cache_status(self.settings.name);
            mark(res.headers_mut(), said);
            Ok(Answer::said(res))
        })
    }

    fn keep(&self, (): &(), answer: &Answer<Res>) -> Option<Keep> {
        answer.kept.as_ref().map(|kept| kept.keep.clone())
    }

    fn share(&self, answer: &Answer<Res>) -> Option<Stored> {
        let kept = answer.kept.as_ref()?;
        Some(Arc::clone(&kept.stored))
    }

    /// What callers get that have waited for some calls which all failed. No caller's own refusal is theirs.
    fn share_outage(&self, (): &(), failure: &Failure<E, Res>) -> Option<Stored> {
        if !self.settings.share_failures {
            return None;
        }
        let (status, retry_after) = match &failure.kind {
            FailureKind::Error(_) => (StatusCode::BAD_GATEWAY, None),
            FailureKind::Down(res) => (res.status(), res.headers().get(header::RETRY_AFTER)),
            FailureKind::Refused(_) => return None,
        };
        let shared = StoredResponse::failure(status, retry_after, failure.call);
        Some(Arc::new(shared))
    }

    fn stale_if_error(&self, (): &(), failure: &Failure<E, Res>) -> bool {
        failure.stale_is_better
    }

    fn restore(
        &self,
        stored: Stored,
        status: CacheStatus,
    ) -> Option<Result<Answer<Res>, Failure<E, Res>>> {
        let is_for_others = match status {
            CacheStatus::Joined => !stored.is_asked_for_each_time(),
            CacheStatus::StaleIfError => stored.is_better_than_a_failure(),
            _ => true,
        };
        let res = is_for_others.then(|| stored.response(self.settings.name, status))?;
        Some(Ok(Answer::said(res)))
    }

    fn mark(&self, answer: &mut Answer<Res>, status: CacheStatus) {
        let Some(call) = answer.call else { return };
        let collapsed = status == CacheStatus::Joined;
        let said = call.header(self.settings.name, collapsed, answer.kept.is_some());
        mark(answer.res.headers_mut(), said);
    }
}
