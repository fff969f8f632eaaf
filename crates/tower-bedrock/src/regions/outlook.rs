use crate::{estimate::Estimate, operation::Operation, request::Request};
use std::{sync::Arc, time::Duration};

/// What a call would find below the choice, by the key `"region/model"`: what the circuits and the ledger
/// of the stack know. Asking changes nothing, and makes no key.
pub(crate) trait Outlook: Send + Sync {
    /// How long a call of so many tokens would wait for its turn, the queue counted in;
    /// [`Duration::MAX`] if it never goes. A stack that is closed has no wait: it turns the call away.
    fn wait(&self, key: &Arc<str>, tokens: u64) -> Duration;

    /// How long the circuit rejects calls; zero if it lets them through, or a probe.
    fn open_for(&self, key: &Arc<str>) -> Duration;

    /// What the quota brings in a minute, if that is known. It may allocate.
    fn tokens_per_minute(&self, key: &Arc<str>) -> Option<u64>;

    /// How many tokens were used so far, those under way by what such calls usually come to. It may allocate.
    fn used(&self, key: &Arc<str>) -> u64;

    /// How many tokens the call would reserve in `region` as one of `model`.
    fn tokens(&self, region: &Arc<str>, model: &str, asked: &Asked<'_>) -> u64;
}

/// What a request tells of its tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) estimate: Estimate,
    /// The exact count of the input, if the request brought it.
    pub(crate) input_tokens: Option<u64>,
    /// A body of a model's own format.
    pub(crate) body: Option<&'a [u8]>,
}

impl<'a> Asked<'a> {
    /// Of a request that asks `model`.
    pub(crate) fn of<I: Operation>(request: &'a Request<I>, model: &str) -> Self {
        Self {
            estimate: request.estimated(model),
            input_tokens: request.options().input_tokens(),
            body: request.body(),
        }
    }
}
