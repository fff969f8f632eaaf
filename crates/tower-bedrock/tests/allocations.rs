//! What a call costs is told without copying its prompt.

mod common;

use aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput};
use common::prompt;
use tower_bedrock::{Error, Request, Response, policy::TokenCost};
use tower_quota::{Ask, Cost};

fn ask(cost: &TokenCost, request: &Request<ConverseInput>) -> Ask<std::sync::Arc<str>> {
    Cost::<_, Response<ConverseOutput>, Error>::ask(cost, request).0
}

#[test]
fn an_estimate_allocates_nothing() {
    let cost = TokenCost::new("us-east-1");
    let request = Request::new(prompt(&"and so on ".repeat(100_000)));
    // The first call of a model makes its key.
    ask(&cost, &request);
    let counted = allocation_counter::measure(|| assert!(ask(&cost, &request).tokens > 250_000));
    assert_eq!(counted.count_total, 0);
}
