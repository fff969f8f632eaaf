//! A wire that answers every call of a real client with one response.

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use bedrock_sim::Simulator;
use tower_bedrock::Bedrock;

#[derive(Clone, Debug)]
struct Answers {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: &'static str,
}

impl HttpClient for Answers {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Answers {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let mut response = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        let response = response.body(SdkBody::from(self.body));
        let response = response.expect("status and headers are valid");
        let response = HttpResponse::try_from(response).expect("the SDK takes it");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// The leaf around the real SDK client, which gets this JSON for an answer, whatever it asks.
pub(crate) fn answering(
    status: u16,
    headers: &[(&'static str, &str)],
    body: &'static str,
) -> Bedrock {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    let json = ("content-type", "application/json".to_owned());
    let wire = SharedHttpClient::new(Answers {
        status,
        headers: headers.chain([json]).collect(),
        body,
    });
    Bedrock::new(Simulator::new().sdk_config().http_client(wire))
}
