use std::sync::Arc;

use aws_sdk_bedrockruntime::config::retry::RetryConfig;

use super::{Answered, Caller, Client, Plan};
use crate::strategy::{cause, sdk::send};

/// The SDK's client of one Region, with the retries that it comes with.
pub(super) fn sdk(_: &Plan, region: usize, client: Client) -> Caller {
    let config = client.config.retry_config(RetryConfig::standard());
    let client = aws_sdk_bedrockruntime::Client::from_conf(config.build());
    Arc::new(move |call| {
        let answer = send(client.clone(), call.input);
        Box::pin(async move {
            let output = answer.await.map_err(|error| cause(&error))?;
            Ok(Answered { region, output })
        })
    })
}

/// The first Region, and the next one when that has failed: what many applications have.
pub(super) fn caller(regions: Vec<Caller>) -> Caller {
    let regions = Arc::new(regions);
    Arc::new(move |call| {
        let regions = Arc::clone(&regions);
        Box::pin(async move {
            let mut last = Err("there is no Region".to_owned());
            for region in &*regions {
                last = region(call.clone()).await;
                if last.is_ok() {
                    break;
                }
            }
            last
        })
    })
}
