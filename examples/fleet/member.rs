//! One process of the fleet.

use std::{error::Error, io::Write};

use aws_sdk_bedrockruntime::config::{self, BehaviorVersion, Credentials, Region};
use tokio::{
    io::{AsyncBufReadExt, BufReader, stdin},
    task::JoinSet,
};
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, Fleet, StackLayer};

use crate::{
    order::{Order, Said},
    traffic::Traffic,
};

/// Makes the calls whose numbers come in, and says what came of each, until no more come.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let mut lines = BufReader::new(stdin()).lines();
    let order = lines.next_line().await?.ok_or("there is no order")?;
    let order: Order = serde_json::from_str(&order)?;
    let traffic = Traffic::default();
    let layer = stack(&order);
    let handle = layer.handle();
    let service = layer.layer(Bedrock::new(client(&order, traffic.clone())));
    say(&Said::Ready)?;
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let Some(line) = line? else { break };
                let number = line.parse()?;
                let input = order.load.call(number, order.seed)?;
                let answer = service.clone().oneshot(input.into());
                let traffic = traffic.clone();
                calls.spawn(async move {
                    let error = answer.await.err().map(|error| error.to_string());
                    Said::Done { call: number, error, admitted: traffic.take() }
                });
            }
            Some(said) = calls.join_next() => say(&said?)?,
        }
    }
    // Who started this has ended, or has all that it wanted.
    handle.close();
    Ok(())
}

fn stack(order: &Order) -> StackLayer {
    let mut layer = StackLayer::new("us-east-1");
    if order.told {
        layer = layer.quotas(order.load.quotas());
    }
    let Some((url, name)) = &order.fleet else {
        return layer;
    };
    let fleet = Fleet::redis(url).prefix(name.as_str());
    layer.fleet(match order.cache {
        true => fleet,
        false => fleet.without_cache(),
    })
}

fn client(order: &Order, traffic: Traffic) -> config::Builder {
    config::Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(
            "example", "example", None, None, "example",
        ))
        .endpoint_url(&order.bedrock)
        .interceptor(traffic)
}

fn say(said: &Said) -> Result<(), Box<dyn Error>> {
    let line = serde_json::to_string(said)?;
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(())
}
