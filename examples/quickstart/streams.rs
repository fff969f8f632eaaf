//! The batch as calls of ConverseStream, each read to its end.

use crate::{
    Flags, causes,
    measure::measure,
    report::{Outcome, Run},
    target,
};
use aws_sdk_bedrockruntime::{
    Client, config,
    error::SdkError,
    operation::{converse::ConverseInput, converse_stream::ConverseStreamInput},
    types::ConverseStreamOutput as Event,
};
use examples::Throttles;
use std::error::Error;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, CacheStatus, ErrorKind, Request};

/// What a user has today: the SDK retries what fails before the stream, and nothing in it.
pub(crate) async fn plain(flags: &Flags, batch: &[ConverseInput]) -> Result<Run, Box<dyn Error>> {
    let target = target::fresh(flags).await?;
    let throttles = Throttles::default();
    let config = config::Builder::from(target.config()).interceptor(throttles.clone());
    let client = Client::from_conf(config.build());
    flags.announce("the plain SDK", &target);
    let mut run = measure(flags, batch, |input| {
        let call = client
            .converse_stream()
            .set_model_id(input.model_id)
            .set_messages(input.messages)
            .set_inference_config(input.inference_config);
        let throttles = throttles.clone();
        async move {
            let asked = Instant::now();
            let mut answer = call.send().await.map_err(|error| causes(&error))?;
            let (mut first_event, mut has_stopped) = (None, false);
            let end = loop {
                match answer.stream.recv().await {
                    Ok(Some(event)) => {
                        first_event.get_or_insert_with(|| asked.elapsed());
                        has_stopped |= matches!(event, Event::MessageStop(_));
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            if let Err(SdkError::ServiceError(error)) = &end
                && error.err().is_throttling_exception()
            {
                throttles.add();
            }
            match end.map_err(|error| causes(&error)) {
                Err(error) if first_event.is_none() => Err(error),
                Err(error) => Ok(Outcome::Broken(Some(error))),
                Ok(()) if has_stopped => Ok(Outcome::Whole {
                    is_from_cache: false,
                    first_event,
                }),
                // The receiver takes a cut for the end.
                Ok(()) => Ok(Outcome::Broken(None)),
            }
        }
    })
    .await;
    run.throttled = throttles.count();
    Ok(run)
}

/// The same client under the stack.
pub(crate) async fn stack(flags: &Flags, batch: &[ConverseInput]) -> Result<Run, Box<dyn Error>> {
    let target = target::fresh(flags).await?;
    let layer = target::stack(flags, &target);
    let retries = layer.handle().backoff();
    let service = layer.layer(Bedrock::new(target.config()));
    let throttles = Throttles::default();
    flags.announce("the stack", &target);
    let mut run = measure(flags, batch, |input| {
        let input = ConverseStreamInput::builder()
            .set_model_id(input.model_id)
            .set_messages(input.messages)
            .set_inference_config(input.inference_config)
            .build()
            .expect("nothing is required");
        let answer = service.clone().oneshot(Request::new(input));
        let throttles = throttles.clone();
        let seen = move |error: &tower_bedrock::Error| {
            if error.kind() == ErrorKind::Throttled {
                throttles.add();
            }
            error.to_string()
        };
        async move {
            let asked = Instant::now();
            let mut stream = answer.await.map_err(|error| seen(&error))?;
            // The call answers when the first event is there.
            let first_event = Some(asked.elapsed());
            loop {
                match stream.recv().await {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(error) => return Ok(Outcome::Broken(Some(seen(&error)))),
                }
            }
            let cache = stream.meta().cache();
            Ok(Outcome::Whole {
                is_from_cache: matches!(cache, Some(CacheStatus::Hit | CacheStatus::Joined)),
                first_event,
            })
        }
    })
    .await;
    run.throttled = retries.snapshot().throttled + throttles.count();
    run.cache_hits.get_or_insert_default();
    Ok(run)
}
