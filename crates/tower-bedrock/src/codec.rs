use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::context::Input,
        orchestrator::{HttpRequest, HttpResponse},
        result::CreateUnhandledError,
        runtime_plugin::RuntimePlugin,
        ser_de::{
            DeserializeResponse, SerializeRequest, SharedRequestSerializer,
            SharedResponseDeserializer,
        },
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use std::{error::Error as StdError, fmt, marker::PhantomData};

/// One operation's serializer and deserializer, taken from where its runtime plugin registers them
/// for the SDK's orchestrator: the SDK does not export them otherwise.
///
/// Its types keep out what makes these panic, an input of another operation; `wire` keeps out the
/// rest, a body that is not in memory.
pub struct Codec<I, O, E> {
    config: ConfigBag,
    /// The operation's error for an answer that the SDK cannot read.
    unreadable: fn(&'static str) -> E,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O, E> Codec<I, O, E>
where
    I: fmt::Debug + Send + Sync + 'static,
    O: fmt::Debug + Send + Sync + 'static,
    E: StdError + Send + Sync + 'static,
{
    pub(crate) fn of(operation: &dyn RuntimePlugin) -> Self
    where
        E: CreateUnhandledError,
    {
        let mut config = ConfigBag::base();
        if let Some(layer) = operation.config() {
            config.push_shared_layer(layer);
        }
        Self {
            config,
            unreadable: |why| E::create_unhandled_error(why.into(), None),
            types: PhantomData,
        }
    }

    pub(crate) fn encode(&self, input: I) -> Result<HttpRequest, BoxError> {
        self.config
            .load::<SharedRequestSerializer>()
            .ok_or("the SDK has no serializer for the operation")?
            .serialize_input(Input::erase(input), &mut ConfigBag::base())
    }

    pub(crate) fn decode(&self, response: &HttpResponse) -> Result<O, E> {
        let Some(deserializer) = self.config.load::<SharedResponseDeserializer>() else {
            return Err((self.unreadable)("the SDK has no deserializer"));
        };
        match deserializer.deserialize_nonstreaming_with_config(response, &self.config) {
            Ok(output) => output
                .downcast()
                .map_err(|_| (self.unreadable)("the SDK made an output of another type")),
            Err(error) => {
                // The operation's own error, if it is one, is inside of the SDK's general one.
                let mut of_operation = None;
                let _ = error.map_operation_error(|error| of_operation = Some(error));
                Err(of_operation
                    .and_then(|error| error.downcast().ok())
                    .unwrap_or_else(|| (self.unreadable)("the SDK made an error of another type")))
            }
        }
    }

    /// The output of a streamed operation, whose body is still to be read; `None` if the SDK makes no
    /// such thing of the response.
    pub(crate) fn receive(&self, mut response: HttpResponse) -> Option<O> {
        let deserializer = self.config.load::<SharedResponseDeserializer>()?;
        let read = deserializer.deserialize_streaming_with_config(&mut response, &self.config)?;
        read.ok()?.downcast().ok()
    }
}

impl<I, O, E> fmt::Debug for Codec<I, O, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").finish_non_exhaustive()
    }
}
