use super::{
    set::MOST,
    settings::{PrefixRule, Settings},
};
use crate::{client::Bedrock, region::IntoRegion};
use aws_sdk_bedrockruntime::config::{Builder, Region};
use aws_types::{SdkConfig, service_config::ServiceConfigKey};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Bedrock in several Regions, each with a quota of its own: the leaf of a stack that chooses among them.
///
/// Both the layer and the leaf are made of it:
///
/// ```
/// # use aws_types::SdkConfig;
/// # use tower::Layer;
/// use tower_bedrock::{Regions, Stack, StackLayer};
///
/// # fn example(config: &SdkConfig) -> Stack<Regions> {
/// let regions = Regions::new(config, ["us-east-1", "us-west-2"]);
/// let stack = StackLayer::new(&regions);
/// stack.layer(regions)
/// # }
/// ```
///
/// As a service of its own it chooses nothing: it sends a request to the Region that its
/// [options](crate::Options::region) name, and one that names none to the first.
///
/// # Clone
///
/// A clone shares the services; it costs a reference count.
///
/// # Knobs
///
/// Knobs come first: once a clone or a stack's layer was taken from this value, turning a knob panics, since
/// those would go on with other settings.
///
/// # Errors
///
/// Those of the services, and [`Invalid`](crate::ErrorKind) for a Region that is not listed.
pub struct Regions<S = Bedrock> {
    settings: Arc<Settings>,
    pub(super) services: Arc<[(Arc<str>, S)]>,
    taken: AtomicBool,
}

impl Regions {
    /// A client for each of these Regions, from one configuration: in the order in which they are to be
    /// used up.
    ///
    /// # Panics
    ///
    /// If no Region is named, one is named twice or has a name that no Region has; if the configuration has an
    /// endpoint of its own, in the program or in the environment, and there are several Regions, for all calls would go to
    /// that endpoint: hand clients in by [`of`](Self::of) then. And as [`Bedrock::new`].
    #[must_use]
    #[track_caller]
    pub fn new(config: &SdkConfig, names: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        let names: Vec<Arc<str>> = names.into_iter().map(Into::into).collect();
        for name in &names {
            let is_one = !name.contains(char::is_whitespace);
            assert!(is_one, "`{name}` is not the name of an AWS Region");
        }
        assert!(
            names.len() < 2 || !has_endpoint(config),
            "the configuration has an endpoint of its own, to which the calls of all `Regions` would go: \
             hand in a client for each by `Regions::of`"
        );
        Self::of(names.into_iter().map(|name| {
            let region = Region::new(name.to_string());
            let bedrock = Bedrock::new(Builder::from(config).region(region));
            (name, bedrock)
        }))
    }
}

impl<S> Regions<S> {
    /// A service for each Region, by the name that this has in keys, quotas, errors and telemetry: in the
    /// order in which they are to be used up.
    ///
    /// A name begins with the Region's own. What follows after a space tells accounts apart, each of
    /// which has a quota of its own: `"us-east-1"` and `"us-east-1 batch"`.
    ///
    /// # Panics
    ///
    /// If there is none or more than 32, or a name is there twice, is empty or has a `/` in it.
    #[must_use]
    #[track_caller]
    pub fn of(services: impl IntoIterator<Item = (impl Into<Arc<str>>, S)>) -> Self {
        let services = services.into_iter();
        let services: Arc<[_]> = services.map(|(name, one)| (name.into(), one)).collect();
        let names: Box<[Arc<str>]> = services.iter().map(|(name, _)| Arc::clone(name)).collect();
        assert!(!names.is_empty(), "`Regions` need one Region at least");
        assert!(
            names.len() <= MOST,
            "`Regions` are {MOST} at most, and {} are listed",
            names.len()
        );
        for (place, name) in names.iter().enumerate() {
            assert!(
                !name.starts_with(' ') && !name.is_empty() && !name.contains('/'),
                "`{name}` is not the name of one of `Regions`"
            );
            assert!(
                !names[..place].contains(name),
                "`{name}` is listed twice in `Regions`"
            );
        }
        Self {
            settings: Arc::new(Settings::new(names)),
            services,
            taken: AtomicBool::new(false),
        }
    }

    /// Sets how long a call waits for a Region before the next one is asked. Default: 3 seconds.
    ///
    /// It is what makes the first Region's quota used up before the second one is: with none, calls
    /// would spill over while the first is short for a moment only. Longer than that, a person would
    /// notice.
    #[must_use]
    #[track_caller]
    pub fn patience(self, wait: Duration) -> Self {
        self.set(|settings| settings.patience = wait)
    }

    /// Sets how long a call of a [conversation](crate::Request::conversation) waits at most for the Region that
    /// has its prompt in the cache. Default: 30 seconds.
    ///
    /// What a move costs is weighed: beside its [patience](Self::patience) a call waits twice as long as the
    /// quota of another Region would take for what is missing in that one's cache, and no longer than this.
    #[must_use]
    #[track_caller]
    pub fn conversation_patience(self, wait: Duration) -> Self {
        self.set(|settings| settings.conversation_patience = wait)
    }

    /// Has the ids of models that begin with `from` begin with `to` in `region`, as in
    /// `model_in("eu-west-1", "us.", "eu.")`. That allows calls of these models to go there, though
    /// it is another geography. Default: an id is the same everywhere, and goes nowhere but in its geography.
    ///
    /// An empty `from` is for ids without a geography: with an empty `to` they are the same there. Of several
    /// rules that fit an id the one with the longest `from` counts, of equal ones the last.
    ///
    /// # Panics
    ///
    /// As every knob, and if `region` is not listed.
    #[must_use]
    #[track_caller]
    pub fn model_in(
        self,
        region: &str,
        from: impl Into<Box<str>>,
        to: impl Into<Box<str>>,
    ) -> Self {
        let place = self.settings.place(region);
        let place = place.unwrap_or_else(|| {
            let listed = self.settings.listed();
            panic!("`{region}` is not one of the `Regions`: {listed}")
        });
        let region = Arc::clone(&self.settings.names[place]);
        let (from, to) = (from.into(), to.into());
        self.set(|settings| settings.prefixes.push(PrefixRule { region, from, to }))
    }

    /// Lets `models` say which id a model has in a Region, by the Region's listed name and the id of the request:
    /// before any rule of [`model_in`](Self::model_in), which counts where it says `None`. With an empty id
    /// calls of the model do not go there. Default: it says nothing.
    ///
    /// It is asked once for each model and Region, and what it said is remembered.
    #[must_use]
    #[track_caller]
    pub fn models(
        self,
        models: impl Fn(&str, &str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.set(|settings| settings.models = Some(Box::new(models)))
    }

    /// Lets `other` answer calls of `model` when no Region has room for it: none within
    /// [`other_model_after`](Self::other_model_after), or all have failed. Default: no other model answers.
    ///
    /// [`ResponseMetadata::model_id`](crate::ResponseMetadata::model_id) says which one it was. Called once more
    /// for a model, it adds another one that comes after those before.
    #[must_use]
    #[track_caller]
    pub fn or_model(self, model: impl Into<Arc<str>>, other: impl Into<Arc<str>>) -> Self {
        let pair = (model.into(), other.into());
        self.set(|settings| settings.others.push(pair))
    }

    /// Sets how long a call would have to wait in all Regions before [another model](Self::or_model)
    /// answers it. Default: 10 seconds.
    #[must_use]
    #[track_caller]
    pub fn other_model_after(self, wait: Duration) -> Self {
        self.set(|settings| settings.other_model_after = wait)
    }

    /// Sets for how long a model is left out in a Region that does not serve it. Default: 10 minutes.
    #[must_use]
    #[track_caller]
    pub fn left_out_for(self, time: Duration) -> Self {
        self.set(|settings| settings.left_out_for = time)
    }

    /// Sets whether a cache keeps answers of all Regions, for equal requests wherever they would go.
    /// Default: it does. With `false` it keeps those of the first alone.
    #[must_use]
    #[track_caller]
    pub fn share_answers(self, share: bool) -> Self {
        self.set(|settings| settings.share_answers = share)
    }

    #[track_caller]
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let settings = Arc::get_mut(&mut self.settings).filter(|_| !*self.taken.get_mut());
        let settings = settings.expect(
            "`Regions` are already shared: turn their knobs before taking a clone or a stack of them",
        );
        change(settings);
        self
    }

    pub(crate) fn share(&self) -> Arc<Settings> {
        // A knob owns the value, so whatever handed it over has ordered this store before it.
        self.taken.store(true, Ordering::Relaxed);
        Arc::clone(&self.settings)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|(name, _)| &**name)
    }

    /// The service of a Region, if it is listed.
    #[must_use]
    pub fn get(&self, region: &str) -> Option<&S> {
        let mut services = self.services.iter();
        let (_, service) = services.find(|(name, _)| **name == *region)?;
        Some(service)
    }
}

/// Whether all clients of it have one endpoint, as the SDK's own conversion finds that.
fn has_endpoint(config: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder()
        .service_id("Bedrock Runtime")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let of_service = config.service_config().zip(key.ok());
    config.endpoint_url().is_some()
        || of_service.is_some_and(|(config, key)| config.load_config(key).is_some())
}

impl<S> IntoRegion for &Regions<S> {
    fn into_region(self) -> Arc<str> {
        Arc::clone(self.settings.first())
    }

    fn into_regions(self) -> Arc<Settings> {
        self.share()
    }
}

impl<S> Clone for Regions<S> {
    fn clone(&self) -> Self {
        Self {
            settings: self.share(),
            services: Arc::clone(&self.services),
            taken: AtomicBool::new(true),
        }
    }
}

impl<S> fmt::Debug for Regions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Regions")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
