//! Interceptors of the user's own whose errors show what they look at.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
                Input,
            },
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

#[derive(Debug)]
pub(crate) struct Refuses(pub(crate) fn(&Input) -> String);

impl Intercept for Refuses {
    fn name(&self) -> &'static str {
        "Refuses"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Err((self.0)(context.input()).into())
    }
}

#[derive(Debug)]
pub(crate) struct Reveals;

impl Intercept for Reveals {
    fn name(&self) -> &'static str {
        "Reveals"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
        Err(format!("refused {body} with {request:?}").into())
    }
}
