use std::sync::Arc;

use http_body::Body;

use super::answer::Answer;
use super::asked::{Asked, nothing_stored};
use super::failure::Failure;
use super::settings::HttpSettings;
use super::stored::{Generations, HttpKey, Stored, Unshared, mark};
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
        only.then(|| Ok(Answer::alone(nothing_stored())))
    }

    fn keep(&self, (): &(), answer: &Answer<Res>) -> Option<Keep> {
        answer.kept.as_ref().map(|kept| kept.keep.clone())
    }

    fn share(&self, answer: &Answer<Res>) -> Option<Stored> {
        let kept = answer.kept.as_ref()?;
        Some(Arc::clone(&kept.stored))
    }

    fn stale_if_error(&self, (): &(), failure: &Failure<E, Res>) -> bool {
        match failure {
            Failure::Error(_) => true,
            Failure::Response {
                stale_is_better, ..
            } => *stale_is_better,
        }
    }

    fn restore(
        &self,
        stored: Stored,
        status: CacheStatus,
    ) -> Option<Result<Answer<Res>, Failure<E, Res>>> {
        let res = stored.response(self.settings.name, status);
        Some(Ok(Answer::alone(res)))
    }

    fn mark(&self, answer: &mut Answer<Res>, status: CacheStatus) {
        mark(answer.res.headers_mut(), self.settings.name, status);
    }
}
