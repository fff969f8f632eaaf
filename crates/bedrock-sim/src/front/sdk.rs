use std::time::SystemTime;

use aws_sdk_bedrockruntime::{
    Client,
    config::{
        BehaviorVersion, Builder, Config, Credentials, Region, StalledStreamProtectionConfig,
        retry::RetryConfig,
    },
};
use aws_smithy_async::{rt::sleep::TokioSleep, time::TimeSource};
use tokio::time::Instant;

use crate::simulator::Simulator;

impl Simulator {
    /// A configuration for the SDK's client with this simulator [inside](Simulator::http_client).
    ///
    /// Made-up credentials, region us-east-1, tokio's sleep and clock, the latest behaviour
    /// version, retries disabled, no stalled-stream protection. Change any of it before building.
    #[cfg_attr(docsrs, doc(cfg(feature = "sdk")))]
    #[must_use]
    pub fn sdk_config(&self) -> Builder {
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("sim", "sim", None, None, "bedrock-sim"))
            .http_client(self.http_client())
            .sleep_impl(TokioSleep::new())
            .time_source(TokioClock::new())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
    }

    /// A client of [`sdk_config`](Simulator::sdk_config).
    #[cfg_attr(docsrs, doc(cfg(feature = "sdk")))]
    #[must_use]
    pub fn sdk_client(&self) -> Client {
        Client::from_conf(self.sdk_config().build())
    }
}

/// The time of day, moved on by tokio's clock.
#[derive(Debug)]
struct TokioClock {
    then: SystemTime,
    at: Instant,
}

impl TokioClock {
    fn new() -> Self {
        Self {
            then: SystemTime::now(),
            at: Instant::now(),
        }
    }
}

impl TimeSource for TokioClock {
    fn now(&self) -> SystemTime {
        self.then + self.at.elapsed()
    }
}
