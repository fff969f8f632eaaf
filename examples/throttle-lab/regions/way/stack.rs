use std::sync::Arc;

use tower::{Layer, ServiceExt};
use tower_bedrock::{Request, StackLayer, policy::Quotas};

use super::{Answered, Caller, Client, Plan};
use crate::{
    server::model_id,
    strategy::{
        bedrock::{bedrock, model_quota},
        cause,
    },
};

/// A stack over one Region, as it comes.
pub(super) fn caller(plan: &Plan, region: usize, client: Client) -> Caller {
    let place = client.place;
    let mut layer = StackLayer::new(place.region);
    if plan.told {
        let quota = model_quota(&place.scenario.quota);
        layer = layer.quotas(Quotas::new().model(model_id(&place.scenario), quota));
    }
    let stack = layer.layer(bedrock(client.config));
    Arc::new(move |call| {
        let answer = stack.clone().oneshot(Request::new(call.input));
        Box::pin(async move {
            let answer = answer.await.map_err(|error| cause(&error))?;
            let output = answer.into_output();
            Ok(Answered { region, output })
        })
    })
}
