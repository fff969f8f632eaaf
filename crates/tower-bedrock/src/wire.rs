//! The SDK's own serializers, reached through its public runtime API.

use crate::operation::Operation;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::context::Input,
        orchestrator::HttpRequest,
        runtime_plugin::RuntimePlugin,
        ser_de::{SerializeRequest, SharedRequestSerializer},
    },
};
use aws_smithy_types::config_bag::ConfigBag;

/// The serializer that an operation's runtime plugin registers with the SDK's orchestrator.
pub(crate) fn serializer(operation: &dyn RuntimePlugin) -> SharedRequestSerializer {
    let mut config = ConfigBag::base();
    if let Some(layer) = operation.config() {
        config.push_shared_layer(layer);
    }
    config
        .load::<SharedRequestSerializer>()
        .cloned()
        .expect("every operation of the SDK registers its serializer")
}

/// The HTTP request that the SDK would send, before endpoint and signature.
pub(crate) fn serialize<I: Operation>(input: &I) -> Result<HttpRequest, BoxError> {
    I::serializer().serialize_input(Input::erase(input.clone()), &mut ConfigBag::base())
}
