//! The SDK's own serializers, reached through its public runtime API.

use crate::operation::Operation;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{interceptors::context::Input, orchestrator::HttpRequest, ser_de::SerializeRequest},
};
use aws_smithy_types::config_bag::ConfigBag;

/// The HTTP request that the SDK would send, before endpoint and signature.
pub(crate) fn serialize<I: Operation>(input: &I) -> Result<HttpRequest, BoxError> {
    I::serializer().serialize_input(Input::erase(input.clone()), &mut ConfigBag::base())
}
