use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_bedrockruntime::{Client, config};
use tokio::{sync::Semaphore, time::sleep};

use super::{
    Caller, cause,
    sdk::{is_transient, send},
};
use crate::server;

const UNDER_WAY: usize = 6;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(32);

/// A few calls at a time, first come, first served, and throttled ones until they pass. Who waits
/// for the next try lets others go meanwhile.
pub(super) fn caller(config: config::Builder, seed: u64) -> Caller {
    let client = Client::from_conf(config.build());
    let semaphore = Arc::new(Semaphore::new(UNDER_WAY));
    let rng = Arc::new(Mutex::new(server::rng(seed, "semaphore")));
    Arc::new(move |input| {
        let (client, semaphore, rng) = (client.clone(), Arc::clone(&semaphore), Arc::clone(&rng));
        Box::pin(async move {
            let mut wait = FIRST_WAIT;
            loop {
                let permit = semaphore.acquire().await;
                let result = send(client.clone(), input.clone()).await;
                drop(permit);
                match result {
                    Ok(_) => return Ok(()),
                    Err(error) if !is_transient(&error) => return Err(cause(&error)),
                    Err(_) => {}
                }
                // Half of it more or less, so that those throttled together come back apart.
                let chance = rng.lock().unwrap_or_else(PoisonError::into_inner).f64();
                sleep(wait.mul_f64(0.5 + chance)).await;
                wait = (2 * wait).min(LONGEST_WAIT);
            }
        })
    })
}
