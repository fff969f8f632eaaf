use std::{sync::Arc, time::Duration};

use aws_sdk_bedrockruntime::{Client, config};
use tokio::time::sleep;

use super::{Caller, cause, sdk::send};

const TRIES: u32 = 5;

/// The loop that many applications have.
pub(super) fn caller(config: config::Builder) -> Caller {
    let client = Client::from_conf(config.build());
    Arc::new(move |input| {
        let client = client.clone();
        Box::pin(async move {
            let mut wait = Duration::from_secs(1);
            let mut tries = 1;
            loop {
                match send(client.clone(), input.clone()).await {
                    Ok(_) => return Ok(()),
                    Err(error) if tries == TRIES => return Err(cause(&error)),
                    Err(_) => sleep(wait).await,
                }
                wait *= 2;
                tries += 1;
            }
        })
    })
}
