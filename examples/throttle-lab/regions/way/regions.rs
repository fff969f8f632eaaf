use std::sync::Arc;

use tower::{Layer, ServiceExt};
use tower_bedrock::{Regions, Request, StackLayer, policy::Quotas};

use super::{Answered, Caller, Client, Plan};
use crate::{
    server::model_id,
    strategy::{
        bedrock::{bedrock, model_quota},
        cause,
    },
};

/// One stack over all Regions, as it comes; conversations are named.
pub(super) fn caller(plan: &Plan, clients: Vec<Client>) -> Caller {
    let mut quotas = Quotas::new();
    let mut names = Vec::new();
    let services = clients.into_iter().map(|client| {
        let (region, scenario) = (client.place.region, client.place.scenario);
        names.push(region);
        let quota = model_quota(&scenario.quota);
        quotas = std::mem::take(&mut quotas).model_in(region, model_id(&scenario), quota);
        (region, bedrock(client.config))
    });
    let regions = Regions::of(services);
    let mut layer = StackLayer::new(&regions);
    if plan.told {
        layer = layer.quotas(quotas);
    }
    let stack = layer.layer(regions);
    let names = Arc::new(names);
    Arc::new(move |call| {
        let mut request = Request::new(call.input);
        if let Some(number) = call.conversation {
            request = request.conversation(number.to_string());
        }
        let answer = stack.clone().oneshot(request);
        let names = Arc::clone(&names);
        Box::pin(async move {
            let answer = answer.await.map_err(|error| cause(&error))?;
            let region = answer.meta().region();
            let region = names.iter().position(|name| Some(*name) == region);
            Ok(Answered {
                region: region.expect("an answer says its Region"),
                output: answer.into_output(),
            })
        })
    })
}
