use crate::client::Bedrock;
use aws_sdk_bedrockruntime::{Client, config::Region};
use std::sync::Arc;

/// Says which Region calls are sent to: the name of one, such as `"us-east-1"`, or a client that knows it.
///
/// A client without a Region sends nothing: each call fails with
/// [`ErrorKind::Invalid`](crate::ErrorKind), and the error says so.
pub trait IntoRegion {
    /// The Region's name; empty where there is none.
    fn into_region(self) -> Arc<str>;
}

impl IntoRegion for &Bedrock {
    fn into_region(self) -> Arc<str> {
        self.region().unwrap_or_default().into()
    }
}

impl IntoRegion for &Client {
    fn into_region(self) -> Arc<str> {
        let region = self.config().region();
        region.map(Region::as_ref).unwrap_or_default().into()
    }
}

impl IntoRegion for &str {
    fn into_region(self) -> Arc<str> {
        self.into()
    }
}

impl IntoRegion for String {
    fn into_region(self) -> Arc<str> {
        self.into()
    }
}

impl IntoRegion for Arc<str> {
    fn into_region(self) -> Arc<str> {
        self
    }
}
