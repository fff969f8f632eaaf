//! The batch as calls of Converse.

use crate::{
    Flags, causes,
    measure::measure,
    report::{Outcome, Run},
    target,
};
use aws_sdk_bedrockruntime::{Client, config, operation::converse::ConverseInput};
use examples::Throttles;
use std::error::Error;
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, CacheStatus, Request};

/// What a user has today: the SDK's client and its default retries.
pub(crate) async fn plain(flags: &Flags, batch: &[ConverseInput]) -> Result<Run, Box<dyn Error>> {
    let target = target::fresh(flags).await?;
    let throttles = Throttles::default();
    let config = config::Builder::from(target.config()).interceptor(throttles.clone());
    let client = Client::from_conf(config.build());
    flags.announce("the plain SDK", &target);
    let mut run = measure(flags, batch, |input| {
        let call = client
            .converse()
            .set_model_id(input.model_id)
            .set_messages(input.messages)
            .set_inference_config(input.inference_config);
        async move {
            call.send().await.map_err(|error| causes(&error))?;
            Ok(whole(false))
        }
    })
    .await;
    run.throttled = throttles.count();
    Ok(run)
}

/// The same client under the stack.
pub(crate) async fn stack(flags: &Flags, batch: &[ConverseInput]) -> Result<Run, Box<dyn Error>> {
    let target = target::fresh(flags).await?;
    let throttles = Throttles::default();
    let config = config::Builder::from(target.config()).interceptor(throttles.clone());
    let service = target::stack(flags, &target).layer(Bedrock::new(config));
    flags.announce("the stack", &target);
    let mut run = measure(flags, batch, |input| {
        let answer = service.clone().oneshot(Request::new(input));
        async move {
            let answer = answer.await.map_err(|error| error.to_string())?;
            let cache = answer.meta().cache();
            Ok(whole(matches!(
                cache,
                Some(CacheStatus::Hit | CacheStatus::Joined)
            )))
        }
    })
    .await;
    run.throttled = throttles.count();
    run.cache_hits.get_or_insert_default();
    Ok(run)
}

fn whole(is_from_cache: bool) -> Outcome {
    Outcome::Whole {
        is_from_cache,
        first_event: None,
    }
}
