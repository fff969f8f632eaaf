use super::{
    known::Known,
    service::ResolveProfiles,
    settings::{BoxError, Settings},
};
use crate::policy::Profiles;
use std::{future::Future, sync::Arc, time::Duration};
use tower_layer::Layer;

/// Puts [`ResolveProfiles`] around services: a request that names an ARN in a table of [`Profiles`]
/// counts as one of the model that it [stands for](crate::Request::stands_for).
///
/// The layer belongs outside the policies that read it: retries, circuit breaker and quota. A
/// [`StackLayer`](crate::StackLayer) has it, with the table of its
/// [`quotas`](crate::StackLayer::quotas).
///
/// With [`ask`](Self::ask) application inference profiles that are not in the table are asked of AWS,
/// once each.
///
/// # Clone
///
/// Clones, and all services of one value, share what was asked.
///
/// # Knobs
///
/// Knobs come first: once a clone or a service was taken from this layer, turning a knob panics,
/// since those would go on with other settings.
#[derive(Debug)]
pub struct ResolveProfilesLayer {
    known: Arc<Known>,
}

impl ResolveProfilesLayer {
    /// Knows what `table` tells.
    #[must_use]
    pub fn new(table: Profiles) -> Self {
        Self {
            known: Arc::new(Known::new(table)),
        }
    }

    /// Asks `ask` for the models of an application inference profile, by the profile's ARN: their
    /// ARNs, as `GetInferenceProfile` answers them. Default: nobody is asked.
    ///
    /// With the package `aws-sdk-bedrock`, and the permission `bedrock:GetInferenceProfile`:
    ///
    /// ```ignore
    /// let layer = ResolveProfilesLayer::new(Profiles::new()).ask(move |arn| {
    ///     let get = client.get_inference_profile().inference_profile_identifier(arn);
    ///     async move {
    ///         let models = get.send().await?.models;
    ///         let arns = models.into_iter().filter_map(|model| model.model_arn).collect();
    ///         Ok::<_, aws_sdk_bedrock::Error>(arns)
    ///     }
    /// });
    /// ```
    ///
    /// Each ARN is asked for once, whatever number of calls waits for the answer, in a task of its
    /// own. What stands for one model in several Regions is taken for the system profile of their
    /// geography, such as `us.…` or `global.…`.
    ///
    /// A failure fails no call. Calls go on with the ARN as their model then, and the next one asks
    /// again after the [pause](Self::pause). With the feature `tracing` it is logged once.
    #[must_use]
    #[track_caller]
    pub fn ask<F, E>(mut self, ask: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<String>, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.settings().ask = Some(Box::new(move |arn| {
            let answer = ask(arn);
            Box::pin(async move { answer.await.map_err(Into::into) })
        }));
        self
    }

    /// Sets how long calls wait for an answer, from when it was asked. Default: 5 seconds.
    ///
    /// Later calls do not wait for it any more. It is still used when it comes.
    #[must_use]
    #[track_caller]
    pub fn patience(mut self, longest: Duration) -> Self {
        self.settings().patience = longest;
        self
    }

    /// Sets for how long an ARN is not asked for after a failure. Default: 60 seconds.
    #[must_use]
    #[track_caller]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.settings().pause = pause;
        self
    }

    /// Takes what an account's quotas tell beside the table: it replaces the same entries, and what they
    /// told before.
    pub(crate) fn tell(&self, told: Profiles) {
        self.known.tell(told);
    }

    #[track_caller]
    fn settings(&mut self) -> &mut Settings {
        Arc::get_mut(&mut self.known)
            .and_then(Known::settings_mut)
            .expect(
                "`ResolveProfilesLayer` is already shared: turn its knobs before taking a clone or \
                 a service of it",
            )
    }
}

impl Clone for ResolveProfilesLayer {
    fn clone(&self) -> Self {
        Self {
            known: self.known.share(),
        }
    }
}

impl<S> Layer<S> for ResolveProfilesLayer {
    type Service = ResolveProfiles<S>;

    fn layer(&self, inner: S) -> ResolveProfiles<S> {
        ResolveProfiles::new(inner, self.known.share())
    }
}
