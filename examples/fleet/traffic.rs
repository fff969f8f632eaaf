use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_bedrockruntime::config::{
    ConfigBag, Intercept, RuntimeComponents,
    interceptors::{
        BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
    },
};
use aws_smithy_types::config_bag::{Storable, StoreReplace};

/// Notes when calls were sent that were let in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    admitted: Arc<Mutex<Vec<u64>>>,
}

/// In milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct SentAt(u64);

impl Storable for SentAt {
    type Storer = StoreReplace<Self>;
}

impl Traffic {
    /// What was noted since it was last asked.
    pub(crate) fn take(&self) -> Vec<u64> {
        mem::take(&mut self.admitted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Traffic {
    fn name(&self) -> &'static str {
        "Traffic"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        config.interceptor_state().store_put(SentAt(now()));
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if let Some(SentAt(at)) = config.load::<SentAt>()
            && context.response().status().as_u16() == 200
        {
            let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
            admitted.push(*at);
        }
        Ok(())
    }
}

/// In milliseconds since 1970: processes of one machine agree on that.
pub(crate) fn now() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    time.map_or(0, |time| time.as_millis() as u64)
}
