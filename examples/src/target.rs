use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::{Credentials, SharedCredentialsProvider};
use bedrock_sim::{Server, Simulator};
use std::io;

/// Where an example sends its calls: a simulator of its own, or the real service.
#[derive(Debug)]
pub struct Target {
    config: SdkConfig,
    region: String,
    /// Serves until it is dropped.
    server: Option<Server>,
}

impl Target {
    /// Serves `simulator` on a free port of this machine.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub async fn simulated(simulator: &Simulator) -> io::Result<Self> {
        Self::simulated_in("us-east-1", simulator).await
    }

    /// The same as if it were in that Region.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub async fn simulated_in(region: &str, simulator: &Simulator) -> io::Result<Self> {
        let server = simulator.serve("127.0.0.1:0").await?;
        let credentials = Credentials::new("example", "example", None, None, "example");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(server.url())
            .build();
        Ok(Self {
            config,
            region: region.to_owned(),
            server: Some(server),
        })
    }

    /// The real Amazon Bedrock, with the default chain of credentials and Region.
    ///
    /// # Errors
    ///
    /// If no Region is configured.
    pub async fn aws() -> Result<Self, &'static str> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let region = config
            .region()
            .ok_or("no AWS Region is configured; set AWS_REGION, such as AWS_REGION=us-east-1")?
            .to_string();
        Ok(Self {
            config,
            region,
            server: None,
        })
    }

    /// What an SDK client is made of.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The Region the calls are sent to.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The target in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.server {
            Some(server) => format!("a simulated Bedrock at {}", server.url()),
            None => format!("Amazon Bedrock in {}", self.region),
        }
    }
}
