use crate::{
    Flags,
    report::{Outcome, Run},
};
use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use futures_util::{StreamExt, stream};
use std::future::Future;
use tokio::time::Instant;

/// Sends the whole batch, so many calls at a time.
pub(crate) async fn measure<F>(
    flags: &Flags,
    batch: &[ConverseInput],
    send: impl Fn(ConverseInput) -> F,
) -> Run
where
    F: Future<Output = Result<Outcome, String>>,
{
    let start = Instant::now();
    let outcomes: Vec<_> = stream::iter(batch.iter().cloned().map(send))
        .buffer_unordered(flags.workers.get())
        .collect()
        .await;
    let errors = outcomes.iter().filter_map(|outcome| match outcome {
        Ok(Outcome::Broken(error)) => error.as_ref(),
        Ok(Outcome::Whole { .. }) => None,
        Err(error) => Some(error),
    });
    if let Some(error) = errors.into_iter().next() {
        eprintln!("  first failure: {error}");
    }
    let mut run = Run::of(&outcomes, flags.stream);
    run.seconds = start.elapsed().as_secs_f64();
    run
}
