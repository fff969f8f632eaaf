use aws_sdk_bedrockruntime::{config, operation::converse::ConverseInput};
use tower::ServiceBuilder;
use tower_bedrock::{Bedrock, Request, policy};

use super::{Caller, by_service};

/// Retries alone: any number of them, for 15 minutes.
pub(super) fn caller(config: config::Builder) -> Caller {
    by_service::<_, Request<ConverseInput>>(
        ServiceBuilder::new()
            .layer(policy::backoff())
            .service(Bedrock::new(config)),
    )
}
