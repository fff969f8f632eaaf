use crate::{client::Bedrock, regions::Settings};
use aws_sdk_bedrockruntime::{Client, config::Region};
use std::sync::Arc;

/// Says which Region calls are sent to: the name of one, such as `"us-east-1"`, a client that knows it, or
/// several [`Regions`](crate::Regions) by the first of them.
///
/// A client without a Region sends nothing: each call fails with
/// [`ErrorKind::Invalid`](crate::ErrorKind), and the error says so.
pub trait IntoRegion {
    /// The Region's name; empty where there is none.
    fn into_region(self) -> Arc<str>;

    /// All of them, where there are several.
    #[doc(hidden)]
    fn into_regions(self) -> Arc<Settings>
    where
        Self: Sized,
    {
        Arc::new(Settings::of_one(self.into_region()))
    }
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

/// Of a stack that knows them.
impl IntoRegion for &Arc<Settings> {
    fn into_region(self) -> Arc<str> {
        Arc::clone(self.first())
    }

    fn into_regions(self) -> Arc<Settings> {
        Arc::clone(self)
    }
}
