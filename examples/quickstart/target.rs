//! Where the batch is sent to, and what the stack knows of it.

use crate::Flags;
use bedrock_sim::{Fault, Latency, Model, Simulator, StreamException};
use examples::Target;
use std::{error::Error, time::Duration};
use tower_bedrock::{
    StackLayer,
    policy::{ModelQuota, Quotas},
};

/// Every run gets a fresh quota, and as many streams that fail on their way.
pub(crate) async fn fresh(flags: &Flags) -> Result<Target, Box<dyn Error>> {
    if flags.aws {
        return Ok(Target::aws().await?);
    }
    let model = Model::new(&flags.model)
        .requests_per_minute(flags.rpm)
        .burst(Duration::from_secs(10));
    let latency = Latency::new(Duration::from_millis(80), Duration::from_millis(1));
    let simulator = Simulator::new().latency(latency).model(model);
    if flags.stream {
        let throttled = Fault::stream_exception(StreamException::Throttling).at(0);
        simulator.script([throttled.rate(0.05), Fault::stream_cut().at(3).rate(0.02)]);
    }
    Ok(Target::simulated(&simulator).await?)
}

pub(crate) fn stack(flags: &Flags, target: &Target) -> StackLayer {
    let layer = StackLayer::new(target.region());
    // Of the real service nothing is known here: the stack finds its limit.
    if flags.aws {
        return layer;
    }
    let quota = ModelQuota::new().requests_per_minute(flags.rpm);
    layer.quotas(Quotas::new().model(&*flags.model, quota))
}
