use crate::operation::Operation;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::context::Input,
        orchestrator::{HttpRequest, HttpResponse},
        runtime_plugin::RuntimePlugin,
        ser_de::{
            DeserializeResponse, SerializeRequest, SharedRequestSerializer,
            SharedResponseDeserializer,
        },
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use bytes::Bytes;
use std::fmt;

/// One operation's serializer and deserializer, where its runtime plugin registers them for the
/// SDK's orchestrator.
///
/// The types around it keep out what makes these panic: an input of another operation, a body that
/// is not in memory.
pub struct Codec {
    config: ConfigBag,
}

impl Codec {
    pub(crate) fn of(operation: &dyn RuntimePlugin) -> Self {
        let mut config = ConfigBag::base();
        if let Some(layer) = operation.config() {
            config.push_shared_layer(layer);
        }
        Self { config }
    }

    pub(super) fn encode<I: Operation>(&self, input: I) -> Result<HttpRequest, BoxError> {
        self.config
            .load::<SharedRequestSerializer>()
            .ok_or("the SDK has no serializer for the operation")?
            .serialize_input(Input::erase(input), &mut ConfigBag::base())
    }

    pub(super) fn decode<I: Operation>(
        &self,
        response: &HttpResponse,
    ) -> Result<I::Output, I::Error> {
        let Some(deserializer) = self.config.load::<SharedResponseDeserializer>() else {
            return Err(I::unreadable("the SDK has no deserializer"));
        };
        match deserializer.deserialize_nonstreaming_with_config(response, &self.config) {
            Ok(output) => output
                .downcast()
                .map_err(|_| I::unreadable("the SDK made an output of another type")),
            Err(error) => {
                let mut of_operation = None;
                let _ = error.map_operation_error(|error| of_operation = Some(error));
                Err(of_operation
                    .and_then(|error| error.downcast().ok())
                    .unwrap_or_else(|| I::unreadable("the SDK made an error of another type")))
            }
        }
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").finish_non_exhaustive()
    }
}

/// The response in the SDK's own type.
pub(super) fn response(response: http::Response<impl Into<Bytes>>) -> HttpResponse {
    let response = response.map(|body| SdkBody::from(body.into()));
    response
        .try_into()
        .expect("the SDK takes every status and header that `http` does")
}
